"""Spectra of takes of one passage, aligned frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.comping.following import HOP_S, Followed
from engine.features.loudness import finite
from engine.features.mel import band_power_blocks, bank_tensor, mel_filter_bank, triangles
from engine.features.mel_settings import MelSettings
from engine.notes.onsets import ReadMono

Floats = NDArray[np.float32]

_AROUND_S = 0.2
_FLOOR_DB = 40.0
"""Below the loudest twentieth of the frames of a track: softer sound is not compared."""
_MEL_BANDS, _LOWEST_HZ, _HIGHEST_HZ = 40, 80.0, 3_000.0


@dataclass(frozen=True, slots=True)
class Resolution:
    """A way to look at sound.

    Attributes
    ----------
    window_s : length of its windows
    step : hops of alignment between two frames
    bands_per_semitone : 0 for mel bands
    """

    window_s: float
    step: int
    bands_per_semitone: int

    @property
    def frame_s(self) -> float:
        """Distance of two frames."""
        return self.step * HOP_S


FAST, PITCH, TUNING = Resolution(0.023, 2, 0), Resolution(0.186, 4, 2), Resolution(0.37, 4, 4)


def aligned_levels(
    read: ReadMono, takes: Sequence[Followed], rate_hz: int, resolution: Resolution
) -> list[Floats]:
    """Measure the levels of each take, in dB, shape (bands, frames), at all frames of the reference take."""
    hop = round(resolution.frame_s * rate_hz)
    n_fft = int(2 ** round(np.log2(resolution.window_s * rate_hz)))
    bank = _bank(rate_hz, n_fft, resolution.bands_per_semitone)
    around = round(_AROUND_S * rate_hz)
    powers = []
    for take in takes:
        places = take.places_samples[:: resolution.step]
        first = int(places[0]) - around
        sound = finite(read(first, int(places[-1]) + around))
        power = np.concatenate(list(band_power_blocks([sound], bank, n_fft, hop)))
        rows = np.rint((places - first) / hop).astype(np.int64)
        powers.append(power[np.clip(rows, 0, len(power) - 1)])
    top = max(float(np.quantile(np.concatenate([one.max(axis=1) for one in powers]), 0.95)), 1e-9)
    floor = top * 10 ** (-_FLOOR_DB / 10)
    return [np.ascontiguousarray((10.0 * np.log10(one + floor)).astype(np.float32).T) for one in powers]


def _bank(rate_hz: int, n_fft: int, bands_per_semitone: int) -> torch.Tensor:
    if not bands_per_semitone:
        return bank_tensor(mel_filter_bank(MelSettings(rate_hz=rate_hz, n_fft=n_fft, n_mels=_MEL_BANDS)))
    bins_hz = np.arange(n_fft // 2 + 1) * rate_hz / n_fft
    in_octave = 12 * bands_per_semitone
    count = round(in_octave * np.log2(_HIGHEST_HZ / _LOWEST_HZ))
    centres_hz = _LOWEST_HZ * 2 ** (np.arange(count) / in_octave)
    widths_hz = np.maximum(centres_hz * (2 ** (1 / in_octave) - 1), rate_hz / n_fft)
    return bank_tensor(triangles(bins_hz, centres_hz, widths_hz).astype(np.float32))
