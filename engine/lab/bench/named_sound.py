"""Made-up recordings of two sounds that are recognised by name: a siren and speech, in turn."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 44_100
CHANNELS = 2
SIREN, SPEECH = "siren", "speech"
TURN_S = 20
"""The siren and then the speech; a recording repeats both."""
_HORN_HZ = (700.0, 950.0)
_VOICE_HZ = 120.0
_HARMONICS = 28
_FORMANTS_HZ = np.array([[700, 1200, 2600], [300, 2200, 3000], [400, 800, 2500], [550, 1800, 2500]])
_FORMANT_WIDTH_HZ = 130.0
_SYLLABLE_S = 0.22
_NOISE = 0.02


@cache
def turn() -> NDArray[np.float32]:
    """Return ten seconds of a two-tone siren and ten of vowels, over noise, shape (samples, channels)."""
    times_s = np.arange(TURN_S // 2 * RATE_HZ) / RATE_HZ
    horn_hz = np.where(times_s % 1.0 < 0.5, *_HORN_HZ)
    siren = 0.3 * np.sign(np.sin(2 * np.pi * np.cumsum(horn_hz) / RATE_HZ))
    noise = np.random.default_rng(0).standard_normal((TURN_S * RATE_HZ, CHANNELS))
    sounds = np.concatenate([siren, _speech(times_s)])
    return np.asarray(_NOISE * noise + sounds[:, None], np.float32)


def write(path: Path, length_s: float) -> Path:
    """Write a recording of that length as 16-bit WAV."""
    left = round(length_s * RATE_HZ)
    with soundfile.SoundFile(path, "w", RATE_HZ, CHANNELS, subtype="PCM_16") as file:
        while left > 0:
            file.write(turn()[:left])
            left -= len(turn())
    return path


def _speech(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return vowels that change with each syllable, of a voice whose pitch moves."""
    voice_hz = _VOICE_HZ * (1.0 + 0.15 * np.sin(2 * np.pi * 0.7 * times_s))
    phase = 2 * np.pi * np.cumsum(voice_hz) / RATE_HZ
    syllable = (times_s / _SYLLABLE_S).astype(int)
    vowels = np.random.default_rng(1).integers(len(_FORMANTS_HZ), size=syllable[-1] + 1)
    spoken = np.zeros(len(times_s))
    for harmonic in range(1, _HARMONICS + 1):
        away = (harmonic * _VOICE_HZ - _FORMANTS_HZ) / _FORMANT_WIDTH_HZ
        level_of_vowel = (np.exp(-0.5 * away**2) * (1.0, 0.5, 0.25)).sum(axis=1) + 0.01
        spoken += level_of_vowel[vowels][syllable] * np.sin(harmonic * phase)
    swell = np.sin(np.pi * (times_s / _SYLLABLE_S % 1.0)) ** 0.5
    return np.asarray(0.3 * spoken * swell / np.abs(spoken).max())
