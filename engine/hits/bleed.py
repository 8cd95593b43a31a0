"""How much of what a distant microphone hears of a stroke is one of its drums, by octave.

Each drum is known by its other hits: what a microphone hears in an octave after them beyond what it heard
before. Of drums that sound together each has the share of its power (N. Wiener's filter, from the powers of
what is to be told apart).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.document.kinds.hit import OCTAVES_HZ
from engine.timebase import s_to_samples

Sound = NDArray[np.float32]

AFTER_S = 0.06
BEFORE_S = 0.02
_MOST_HITS = 40


def octave_powers(sound: Sound, onsets_samples: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Return the mean power that hits add to a microphone, by octave of `OCTAVES_HZ`, shape (10,).

    Parameters
    ----------
    sound : shape (frames,)
    onsets_samples : where they rise at their own microphone, shape (n,); the median over at most 40 of them
    """
    if not len(onsets_samples):
        return np.zeros(len(OCTAVES_HZ))
    chosen = onsets_samples[np.linspace(0, len(onsets_samples) - 1, _MOST_HITS).astype(int)]
    before, after = s_to_samples(BEFORE_S, rate_hz), s_to_samples(AFTER_S, rate_hz)
    found = []
    for onset in np.unique(np.maximum(chosen, 0).astype(np.int64)).tolist():
        quiet = _powers(sound[max(0, onset - before) : onset], rate_hz)
        found.append(_powers(sound[onset : onset + after], rate_hz) - quiet)
    median: NDArray[np.float64] = np.maximum(np.median(np.array(found), axis=0), 0.0)
    return median


def bleed_shares(
    microphones: Mapping[str, Sound],
    voice_onsets: NDArray[np.float64],
    other_onsets: Sequence[NDArray[np.float64]],
    at_samples: float,
    rate_hz: int,
) -> dict[str, list[float]]:
    """Return how much of each octave of other microphones is one voice of a stroke, by name.

    It is what the payload of a flam holds as its bleed.

    Parameters
    ----------
    microphones : all but that of the voice, shape (frames,) each
    voice_onsets : the other hits of its drum, best those where nothing else sounds
    other_onsets : the same of each of the other drums of the stroke
    at_samples : where the stroke begins, for what rings there already
    """
    before, shares = s_to_samples(BEFORE_S, rate_hz), {}
    start = max(0, int(at_samples) - before)
    for name, sound in microphones.items():
        own = octave_powers(sound, voice_onsets, rate_hz)
        rest = sum((octave_powers(sound, onsets, rate_hz) for onsets in other_onsets), np.zeros(len(own)))
        ringing = _powers(sound[start : int(at_samples)], rate_hz)
        whole = own + rest + ringing
        found = np.divide(own, whole, out=np.zeros(len(own)), where=whole > 0.0)
        shares[name] = np.round(found, 3).tolist()
    return shares


def _powers(sound: Sound, rate_hz: int) -> NDArray[np.float64]:
    """Return the mean power of a sound by octave; the lowest and the highest reach to the ends.

    Its window falls, so that where a sound is cut off nothing high is heard.
    """
    if not len(sound):
        return np.zeros(len(OCTAVES_HZ))
    window = np.hanning(2 * len(sound) + 1)[len(sound) + 1 :]
    spectrum = np.square(np.abs(np.fft.rfft(sound * window))) / (
        len(sound) * np.sum(np.square(window)) + 1e-12
    )
    frequencies = np.fft.rfftfreq(len(sound), 1 / rate_hz)
    edges = np.sqrt(np.array(OCTAVES_HZ[:-1]) * np.array(OCTAVES_HZ[1:]))
    octaves = np.searchsorted(edges, frequencies)
    return np.array([np.sum(spectrum[octaves == octave]) for octave in range(len(OCTAVES_HZ))])
