"""Sound of a microphone that the voices of other tracks do not explain, band by band.

Faint syllables under the leakage of another voice are not louder than it as a whole, and are in some bands:
speech is sparse. Frames in which only one speaker speaks show how much of that voice passes to a microphone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Powers = NDArray[np.float32]
Flags = NDArray[np.bool_]

_NOISE_PERCENTILE, _ABOVE_NOISE = 10.0, 2.0
_PASSED_PERCENTILE = 98.0
"""Leakage is rarely above this share of the voice; chosen with the rest on nine made interviews."""
_FALL_DB = 1.5
"""Leakage falls by this much in a frame at least; rooms with 0.8 s of reverberation are that slow."""
_AUDIBLE, _LEAST_FRAMES = 30.0, 50
"""A voice is measured where it is this many times as strong as noise, in this many frames at least."""
_SMOOTH_FRAMES, _LEAST_BANDS = 5, 0.1
"""Frames over which bands are counted, and the share of bands that shows own sound."""
_LOW_BANDS, _CLEARLY = 8, 4.0
"""Bands below 1.1 kHz, where a murmur is; with this many times as much as expected they count twice."""
_LOUDEST_PERCENTILE = 98.0
"""Of noise in the other bands during common pauses: birds and keys are not speech."""
_NONE = 1e-20


def unexplained(bands: Powers, row: int, alone: Mapping[int, Flags], is_quiet: Flags) -> Flags:
    """Return whether each frame of a track has sound beyond its noise and leakage, shape (frames,).

    Parameters
    ----------
    bands : as `engine.features.words.speakers.band_powers` returns them, shape (tracks, frames, bands)
    alone : whether only its speaker speaks in each frame, by track
    is_quiet : whether no track has own sound in a frame, shape (frames,)
    """
    from scipy.ndimage import uniform_filter1d

    noise = _noise(bands[row])
    if is_quiet.sum() >= _LEAST_FRAMES:
        loudest = np.percentile(bands[row, is_quiet, _LOW_BANDS:], _LOUDEST_PERCENTILE, axis=0)
        noise[_LOW_BANDS:] = np.maximum(noise[_LOW_BANDS:], loudest)
    expected = np.broadcast_to(noise, bands[row].shape).copy()
    for other, flags in alone.items():
        if other == row:
            continue
        lasting = _lasting(np.maximum(bands[other] - _noise(bands[other]), 0.0))
        is_audible = flags[:, None] & (lasting > _AUDIBLE * _noise(bands[other]))
        expected += lasting * _passed(np.maximum(bands[row] - noise, 0.0), lasting, is_audible)
    counts = (bands[row] > expected).astype(np.float64)
    counts[:, :_LOW_BANDS] += bands[row, :, :_LOW_BANDS] > _CLEARLY * expected[:, :_LOW_BANDS]
    return np.asarray(uniform_filter1d(counts.mean(axis=1), _SMOOTH_FRAMES) > _LEAST_BANDS, np.bool_)


def _noise(power: Powers) -> Powers:
    return np.asarray(_ABOVE_NOISE * np.percentile(power, _NOISE_PERCENTILE, axis=0), np.float32)


def _lasting(power: Powers) -> Powers:
    """Return the power of a voice with its echoes, which last."""
    from scipy.ndimage import maximum_filter1d

    levels_db = 10.0 * np.log10(maximum_filter1d(power, 3, axis=0).astype(np.float64) + _NONE)
    falls_db = _FALL_DB * np.arange(len(power))[:, None]
    lasting_db = np.maximum.accumulate(levels_db + falls_db, axis=0) - falls_db
    return np.asarray(10.0 ** (lasting_db / 10.0), np.float32)


def _passed(found: Powers, voice: Powers, is_audible: NDArray[np.bool_]) -> Powers:
    """Return the share of a voice that passes to a microphone in each band; 0 where it is unknown."""
    shares = np.zeros(found.shape[1], np.float32)
    for band, flags in enumerate(is_audible.T):
        if flags.sum() >= _LEAST_FRAMES:
            ratios = found[flags, band] / np.maximum(voice[flags, band], _NONE)
            shares[band] = np.percentile(ratios, _PASSED_PERCENTILE)
    return shares
