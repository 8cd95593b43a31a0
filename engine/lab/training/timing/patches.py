"""Spectra of five groups of microphones around each stroke: the audio inputs of a network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis.signal.bands import MelSettings, mel_filter_bank
from engine.analysis.signal.stft import POWER_FLOOR, bank_tensor
from engine.document.analysis import Role
from engine.features.timing.alignment.strokes import Strokes
from engine.lab.simulated.performances.performance import Performance

GROUPS, FRAMES, BANDS = 5, 12, 24
_HOP_S = 0.008
_BEFORE = 3
"""Frames before the onset: from 24 ms before it to 64 ms after it."""
_GROUP_OF: Mapping[Role, int] = MappingProxyType(
    {Role.KICK: 0, Role.SNARE: 1, Role.HAT: 2, Role.TOM: 3, Role.OVERHEAD: 4}
)
"""The microphones that are summed; all others are left out."""
_N_FFT = 1024
_DEPTH_DB, _QUIETEST_DB = 60.0, -40.0


def patches_of(performance: Performance, strokes: Strokes) -> NDArray[np.float16]:
    """Return log-mel spectra around each stroke, -2 to 2, float16, shape (s, GROUPS, FRAMES, BANDS).

    2 is the loudest value of a group in the performance, -2 is 60 dB less: gains of microphones do not count.
    """
    hop = _HOP_S * performance.rate_hz
    middles = strokes.onsets_samples[:, None] + (np.arange(FRAMES) - _BEFORE) * hop
    powers = [_mel_powers(sound, middles, performance.rate_hz) for sound in _groups(performance)]
    levels = 10.0 * np.log10(np.maximum(np.stack(powers, axis=1), POWER_FLOOR))
    loudest = levels.max(axis=(0, 2, 3), keepdims=True, initial=_QUIETEST_DB)
    half = _DEPTH_DB / 2.0
    scaled: NDArray[np.float64] = np.clip((levels - loudest + half) / half * 2.0, -2.0, 2.0)
    return scaled.astype(np.float16)


def no_patches(strokes: int) -> NDArray[np.float16]:
    """Return the patches of a performance without audio: of no groups."""
    return np.zeros((strokes, 0, FRAMES, BANDS), np.float16)


def _groups(performance: Performance) -> list[NDArray[np.float32]]:
    length = len(next(iter(performance.microphones.values())))
    groups = [np.zeros(length, np.float32) for _ in range(GROUPS)]
    for name, sound in performance.microphones.items():
        group = _GROUP_OF.get(performance.roles[name])
        if group is not None:
            groups[group] += sound
    return groups


def _mel_powers(
    sound: NDArray[np.float32], middles: NDArray[np.float64], rate_hz: int
) -> NDArray[np.float32]:
    """Return the mel power of frames around given samples, shape (*middles.shape, BANDS)."""
    windows = sliding_window_view(np.pad(sound, _N_FFT // 2), _N_FFT)
    starts = np.clip(np.rint(middles).astype(np.int64), 0, len(windows) - 1)
    frames = torch.from_numpy(windows[starts]) * torch.hann_window(_N_FFT)
    spectrum = torch.fft.rfft(frames)
    found: NDArray[np.float32] = (spectrum.abs().square() @ _bank(rate_hz)).numpy()
    return found


@cache
def _bank(rate_hz: int) -> Tensor:
    return bank_tensor(mel_filter_bank(MelSettings(rate_hz=rate_hz, n_fft=_N_FFT, n_mels=BANDS)))
