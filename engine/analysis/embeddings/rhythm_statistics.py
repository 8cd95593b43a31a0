"""How the bands of a window pulse: which rates of modulation they hold, and after how long they repeat."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

_GROUPS = 8
_RATES = 16
_SLOWEST_HZ, _FASTEST_HZ = 0.7, 24.0
_LAGS = 32
_SHORTEST_LAG_S, _LONGEST_LAG_S = 0.06, 1.2
_FLOOR = 1e-3

RHYTHM_SIZE = _GROUPS * _RATES + 3 * _LAGS


def rhythm_statistics(rises_db: Tensor, frames_per_s: float) -> Tensor:
    """Return the modulation and the pulse of windows, shape (n, RHYTHM_SIZE).

    Parameters
    ----------
    rises_db : how much each mel band rises from frame to frame, zero where it falls, shape (n, bands, frames)
    """
    strength = rises_db.reshape(len(rises_db), _GROUPS, -1, rises_db.shape[2]).mean(dim=2)
    strength = strength - strength.mean(dim=2, keepdim=True)
    pulses = [
        _pulse(heard, frames_per_s) for heard in (strength.mean(dim=1), strength[:, 0], strength[:, -1])
    ]
    return torch.cat([_modulation(strength, frames_per_s), *pulses], dim=1)


def _modulation(strength: Tensor, frames_per_s: float) -> Tensor:
    """Return the log power of rates from 0.7 to 24 Hz, shape (n, groups * rates), of (n, groups, frames)."""
    frames = strength.shape[2]
    padded = 2 * frames
    tapered = strength * torch.hann_window(frames, periodic=False)
    power = torch.fft.rfft(tapered, n=padded, dim=2).abs().square()
    rates_hz = np.fft.rfftfreq(padded, 1.0 / frames_per_s)
    edges_hz = np.geomspace(_SLOWEST_HZ, _FASTEST_HZ, _RATES + 1)
    found = []
    for low_hz, high_hz in pairwise(edges_hz):
        inside = np.flatnonzero((rates_hz >= low_hz) & (rates_hz < high_hz))
        if not len(inside):  # a window of a second resolves half a hertz
            inside = np.abs(rates_hz - low_hz).argmin(keepdims=True)
        found.append(power[:, :, torch.tensor(inside)].mean(dim=2))
    return torch.log(torch.stack(found, dim=2) + _FLOOR).flatten(1)


def _pulse(strength: Tensor, frames_per_s: float) -> Tensor:
    """Return the highest autocorrelation within each of 32 ranges of lags, shape (n, lags)."""
    padded = 2 * strength.shape[1]
    spectrum = torch.fft.rfft(strength, n=padded, dim=1)
    correlation = torch.fft.irfft(spectrum.abs().square(), n=padded, dim=1)
    relative = correlation / (correlation[:, :1] + _FLOOR)
    edges = (np.geomspace(_SHORTEST_LAG_S, _LONGEST_LAG_S, _LAGS + 1) * frames_per_s).astype(int)
    found = [relative[:, start : max(stop, start + 1)].amax(dim=1) for start, stop in pairwise(edges)]
    return torch.stack(found, dim=1)
