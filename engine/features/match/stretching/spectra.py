"""Spectra in bands of half a semitone: a change of pitch shifts the bands, and a change of tempo does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from engine.analysis.signal.bands import triangles
from engine.analysis.signal.stft import band_power_blocks, bank_tensor
from engine.features.match.sound import RATE_HZ, Floats

HOP_SAMPLES = 128
COARSE_HOP_SAMPLES = 512
BANDS_PER_SEMITONE = 2
MOST_SEMITONES = 4.5
MARGIN_BANDS = round(MOST_SEMITONES * BANDS_PER_SEMITONE)
_WINDOW_SAMPLES = 1024
_LOWEST_HZ, _HIGHEST_HZ = 110.0, 4800.0
BANDS = int(12 * BANDS_PER_SEMITONE * np.log2(_HIGHEST_HZ / _LOWEST_HZ)) + 1
_NARROWEST_BINS = 1.2
_FLOOR, _QUIETEST = 1e-3, 1e-4  # of the mean of a band, and of all bands
AROUND_S = 1.0
_CHUNK_FRAMES = 4096
_EDGE_FRAMES = _WINDOW_SAMPLES // HOP_SAMPLES


@dataclass(frozen=True, slots=True, eq=False)
class Spectra:
    """Spectra of a recording, made where they are asked for.

    Attributes
    ----------
    mono : at `RATE_HZ`
    coarse : log power, shape (frames, BANDS), a frame every `COARSE_HOP_SAMPLES`
    floor : power that counts as silence, shape (BANDS,)
    """

    mono: Floats
    coarse: Floats
    floor: Floats
    _chunks: dict[int, Floats] = field(default_factory=dict)

    def levels(self, first: int, last: int) -> Floats:
        """Return log powers of frames [first, last), shape (last - first, BANDS); outside of it, silence.

        The middle of frame i is sample i * `HOP_SAMPLES`.
        """
        found = np.empty((max(0, last - first), BANDS), np.float32)
        for number in range(first // _CHUNK_FRAMES, -(-last // _CHUNK_FRAMES)):
            begin = number * _CHUNK_FRAMES
            start, stop = max(first, begin), min(last, begin + _CHUNK_FRAMES)
            found[start - first : stop - first] = self._chunk(number)[start - begin : stop - begin]
        return found

    def _chunk(self, number: int) -> Floats:
        known = self._chunks.get(number)
        if known is None:
            first = number * _CHUNK_FRAMES - _EDGE_FRAMES
            start, stop = (
                edge * HOP_SAMPLES for edge in (first, first + _CHUNK_FRAMES + 2 * _EDGE_FRAMES - 1)
            )
            piece = np.zeros(stop - start, np.float32)
            inside = self.mono[max(0, start) : max(0, stop)]
            lead = max(0, -start)
            piece[lead : lead + len(inside)] = inside
            power = _powers(piece, HOP_SAMPLES)[_EDGE_FRAMES : _EDGE_FRAMES + _CHUNK_FRAMES]
            known = self._chunks[number] = np.log(power + self.floor).astype(np.float16)
        return known


def spectra_of(mono: Floats) -> Spectra:
    """Return the spectra of a recording at `RATE_HZ`."""
    power = _powers(mono, COARSE_HOP_SAMPLES)
    means = power.mean(axis=0, dtype=np.float64) if len(power) else np.zeros(BANDS)
    floor = (_FLOOR * means + _QUIETEST * means.mean() + 1e-12).astype(np.float32)
    return Spectra(mono, np.log(power + floor), floor)


def _powers(mono: Floats, hop_samples: int) -> Floats:
    blocks = list(band_power_blocks([mono], _bank(), _WINDOW_SAMPLES, hop_samples))
    return np.concatenate(blocks) if blocks else np.zeros((0, BANDS), np.float32)


@cache
def _bank() -> torch.Tensor:
    """Return triangles a semitone wide on either side, or as narrow as the window has bins."""
    bins_hz = np.arange(_WINDOW_SAMPLES // 2 + 1) * RATE_HZ / _WINDOW_SAMPLES
    middles = _LOWEST_HZ * 2.0 ** (np.arange(BANDS) / (12.0 * BANDS_PER_SEMITONE))
    widths = np.maximum(middles * (2.0 ** (1 / 12) - 1.0), _NARROWEST_BINS * RATE_HZ / _WINDOW_SAMPLES)
    found = triangles(bins_hz, middles, widths)
    return bank_tensor((found / found.sum(axis=1, keepdims=True)).astype(np.float32))


def at_pitch(levels: Floats, semitones: float) -> Floats:
    """Return the bands of a sound that was made higher by some semitones where those of its source are.

    The outermost bands are left out, so that all shifts up to `MOST_SEMITONES` have equally many.

    Parameters
    ----------
    levels : shape (frames, BANDS)

    Returns
    -------
    bands : shape (frames, BANDS - 2 * MARGIN_BANDS)
    """
    shift = min(max(semitones * BANDS_PER_SEMITONE, -float(MARGIN_BANDS)), float(MARGIN_BANDS))
    whole = min(int(np.floor(shift)), MARGIN_BANDS - 1)
    part = np.float32(shift - whole)
    first, count = MARGIN_BANDS + whole, BANDS - 2 * MARGIN_BANDS
    one, other = levels[:, first : first + count], levels[:, first + 1 : first + 1 + count]
    return one if part == 0.0 else (np.float32(1.0) - part) * one + part * other


def rows_at(at: NDArray[np.floating[Any]]) -> tuple[NDArray[np.int64], Floats]:
    """Return the row before each place between rows, shape (n,), and the share of the next, shape (n, 1)."""
    low = np.floor(at).astype(np.int64)
    return low, (at - low).astype(np.float32)[:, None]


def between(levels: Floats, low: NDArray[np.int64], part: Floats) -> Floats:
    """Return levels between rows, linearly interpolated, shape (n, bands).

    Parameters
    ----------
    low, part : of `rows_at`; the last row has no places after it, but for a share of 0
    """
    return (1.0 - part) * levels[low] + part * levels[np.minimum(low + 1, len(levels) - 1)]


def two_by_two(levels: Floats) -> Floats:
    """Return the means of neighbouring bands: those that were moved by a fraction of a band differ less."""
    count = levels.shape[1] // 2 * 2
    pooled = levels[:, 0:count:2] + levels[:, 1:count:2]
    pooled *= np.float32(0.5)
    return pooled


def changes(levels: Floats, around_frames: int, within: tuple[int, int] | None = None) -> Floats:
    """Return the bands two by two, less their mean over some time, so that no equaliser counts.

    Parameters
    ----------
    within : frames that count in the means; others belong to other pieces
    """
    pooled = two_by_two(levels)
    around = max(1, around_frames)
    if within is None:
        pooled -= uniform_filter1d(pooled, around, axis=0, mode="nearest")
        return pooled
    counts = np.zeros((len(pooled), 1), np.float32)
    counts[max(0, within[0]) : max(0, within[1])] = 1.0
    shares = uniform_filter1d(counts, around, axis=0, mode="constant")
    means = uniform_filter1d(pooled * counts, around, axis=0, mode="constant")
    pooled -= means / np.maximum(shares, np.float32(0.5 / around))
    return pooled


def around_frames(speed: float = 1.0, around_s: float = AROUND_S) -> int:
    """Return the frames of the time over which `changes` takes means, in sound that plays at a speed."""
    return round(around_s * RATE_HZ / HOP_SAMPLES / speed)
