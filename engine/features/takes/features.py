"""Features of takes: pitch classes and the movement of broad bands, five times a second.

Chroma are the energies of semitone bands, compressed and folded to pitch classes (T. Fujishima, ICMC 1999;
M. Müller and S. Ewert, "Chroma Toolbox", ISMIR 2011), tuned to the recording. Levels of broad bands against
their own mean over seconds distinguish sounds without pitch, such as drums. Frames can be computed while
another consumer reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.bands import triangles
from engine.analysis.signal.span_means import means_around
from engine.analysis.signal.streams import alongside, resampled
from engine.core.progress import SILENT, Progress, gathered

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float32]


RATE_HZ = 22_000
HOP_SAMPLES = 2_200
N_FFT = 8_192
STEPS_PER_S = 10.0
"""How often the level is known."""
FRAMES_PER_S = 5.0
"""How often all else is: two steps a frame."""

PITCH_CLASSES = 12
_PER_SEMITONE = 3
_LOWEST_HZ = 82.41 * 2.0 ** (-1.0 / 24.0)
_SEMITONES = 60
_BROAD_HZ = (40.0, 90.0, 160.0, 300.0, 550.0, 1000.0, 1800.0, 3200.0, 5500.0, 8000.0, 10_800.0)
BROAD_BANDS = len(_BROAD_HZ) - 1

_CHROMA_RANGE_DB = 60.0
_BROAD_RANGE_DB = 60.0
_FLOOR_POWER = 1e-12
_AROUND_CHROMA_FRAMES = 101
"""The key that chroma are held against is that of 20 s."""
_CHROMA_SMOOTHED = np.array([1.0, 2.0, 3.0, 2.0, 1.0], np.float32) / 9.0
_AROUND_FRAMES = 31
"""The mean that broad bands are held against is of 6 s."""
_LEAST_TONAL = 0.15
"""Chroma that differ less over the pitch classes count for less: noise has some, and it means nothing."""
_LEAST_OWN = 0.3
_TUNED_FROM, _AT_ONCE = 12, 4096
"""Semitones below are narrower than the bins of a spectrum; frames in memory at a time."""
_LEAST_TUNED = 0.15
"""Of music it is 0.3 to 0.7, of drums and noise 0.02."""
_LEAST_MOVING_DB = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Features of every moment.

    Attributes
    ----------
    chroma : shape (n, 12), of mean 0, length at most 1
    broad : shape (n, bands), length at most 1
    levels_db : shape (steps,), below full scale, `STEPS_PER_S` of them a second
    bands_db : shape (steps, bands), the same of each broad band
    notes_db : shape (n, semitones), the same of each semitone band, from the lowest E of a guitar on
    tunings : shape (n, 2), vectors: their angle is the deviation from A4 = 440 Hz, a semitone a turn, and
        their length, 0 to 1, how much of the sound has it
    """

    chroma: Floats
    broad: Floats
    levels_db: Floats
    bands_db: Floats = field(default_factory=lambda: np.zeros((0, BROAD_BANDS), np.float32))
    notes_db: Floats = field(default_factory=lambda: np.zeros((0, _SEMITONES), np.float32))
    tunings: Floats = field(default_factory=lambda: np.zeros((0, 2), np.float32))

    def __len__(self) -> int:
        return len(self.chroma)

    def part(self, start: int, stop: int) -> Frames:
        """Return some of the frames, from `start` on and before `stop`."""
        if start <= 0 and stop >= len(self):
            return self
        steps = slice(round(start * STEPS_PER_S / FRAMES_PER_S), round(stop * STEPS_PER_S / FRAMES_PER_S))
        frames = slice(start, stop)
        return Frames(
            self.chroma[frames],
            self.broad[frames],
            self.levels_db[steps],
            self.bands_db[steps],
            self.notes_db[frames],
            self.tunings[frames],
        )


def frames_of(
    blocks: Iterable[Floats], rate_hz: int, total_samples: int = 0, progress: Progress = SILENT
) -> Frames:
    """Analyse a mono stream; the middle of frame i is at (i + 0.25) / FRAMES_PER_S seconds.

    Parameters
    ----------
    blocks : mono float32 at `rate_hz`, each of shape (n,); non-finite samples count as silence
    total_samples : how many are expected, for the progress

    Raises
    ------
    Cancelled : the user asked for it
    """
    expected = total_samples / rate_hz * STEPS_PER_S
    doing = "Looking for repeated passages"
    return frames_from(gathered(power_blocks(blocks, rate_hz), expected, doing, progress))


def power_blocks(blocks: Iterable[Floats], rate_hz: int) -> Iterator[Floats]:
    """Yield the power of a mono stream in the bands that frames are made of, `STEPS_PER_S` rows a second."""
    from engine.analysis.signal.stft import band_power_blocks  # torch: only once audio is analysed

    yield from band_power_blocks(resampled(blocks, rate_hz, RATE_HZ), _bank(), N_FFT, HOP_SAMPLES)


@cache
def _bank() -> torch.Tensor:
    """Return the bands of frames; making them takes as long as scoring a recording of a second."""
    from engine.analysis.signal.stft import bank_tensor

    return bank_tensor(np.concatenate([_semitone_bank(), _broad_bank()]))


def frames_from(powers: Sequence[Floats]) -> Frames:
    """Return the frames of all that `power_blocks` yielded of a stream."""
    none = np.zeros((0, _SEMITONES * _PER_SEMITONE + BROAD_BANDS), np.float32)
    steps = np.concatenate([none, *powers])
    fine, broad = steps[:, : _SEMITONES * _PER_SEMITONE], steps[:, _SEMITONES * _PER_SEMITONE :]
    levels_db = (10.0 * np.log10(broad.sum(axis=1) + _FLOOR_POWER)).astype(np.float32)
    bands_db = (10.0 * np.log10(broad + _FLOOR_POWER)).astype(np.float32)
    return Frames(_chroma(fine), _movement(broad), levels_db, bands_db, _notes_db(fine), _tunings(fine))


def _semitone_bank() -> Floats:
    """Return narrow triangles, three a semitone, shape (semitones * 3, bins)."""
    bins_hz = np.arange(N_FFT // 2 + 1) * (RATE_HZ / N_FFT)
    centres_hz = _LOWEST_HZ * 2.0 ** ((np.arange(_SEMITONES * _PER_SEMITONE) + 0.5) / (12 * _PER_SEMITONE))
    width_hz = np.maximum(centres_hz * (2.0 ** (1.0 / (12 * _PER_SEMITONE)) - 1.0), RATE_HZ / N_FFT)
    return _scaled(triangles(bins_hz, centres_hz, width_hz).astype(np.float32))


def _broad_bank() -> Floats:
    bins_hz = np.arange(N_FFT // 2 + 1) * (RATE_HZ / N_FFT)
    edges = np.array(_BROAD_HZ)
    inside = (bins_hz >= edges[:-1, None]) & (bins_hz < edges[1:, None])
    return _scaled(inside.astype(np.float32))


def _scaled(bank: Floats) -> Floats:
    """Return a bank in which a sine of full scale reads about 1."""
    return bank / np.float32((N_FFT / 4.0) ** 2)


def _halved(steps: Floats) -> Floats:
    """Return the means of each two steps, shape (n // 2, bands)."""
    whole = len(steps) // 2 * 2
    means: Floats = steps[:whole].reshape(-1, 2, steps.shape[1]).mean(axis=1)
    return means


def _decibels(power: Floats, range_db: float) -> Floats:
    """Return levels above a floor that is so far below the loud ones of the recording, 0 there."""
    if not len(power):
        return power
    loud = float(np.quantile(power.max(axis=1), 0.9))
    floor = max(loud * 10.0 ** (-range_db / 10.0), _FLOOR_POWER)
    levels: Floats = (10.0 * np.log10(np.maximum(power, floor) / floor)).astype(np.float32)
    return levels


def _notes_db(fine: Floats) -> Floats:
    """Return the level of each semitone: the loudest of its bands, so that pitches may glide."""
    loudest = _halved(fine).reshape(-1, _SEMITONES, _PER_SEMITONE).max(axis=2)
    levels: Floats = (10.0 * np.log10(loudest + _FLOOR_POWER)).astype(np.float32)
    return levels


def _tunings(fine: Floats) -> Floats:
    """Return the mean direction of the peaks of each frame, weighted by their amplitudes, shape (n, 2).

    A peak is placed between bands by a parabola through the levels around it.
    """
    halved, lowest = _halved(fine), _TUNED_FROM * _PER_SEMITONE
    vectors = np.zeros((len(halved), 2), np.float32)
    for start in range(0, len(halved), _AT_ONCE):
        power = halved[start : start + _AT_ONCE, lowest - 1 :]
        levels = np.log(power + _FLOOR_POWER)
        frames, bands = np.nonzero((levels[:, 1:-1] > levels[:, :-2]) & (levels[:, 1:-1] >= levels[:, 2:]))
        below, here, above = (levels[frames, bands + step] for step in range(3))
        places = bands + 0.5 * (below - above) / (below - 2.0 * here + above)
        weights = np.sqrt(power[frames, bands + 1])
        turns = 2.0 * np.pi / _PER_SEMITONE * (places - _PER_SEMITONE // 2)
        parts = (weights * np.cos(turns), weights * np.sin(turns), weights)
        x, y, total = (np.bincount(frames, part, minlength=len(power)) for part in parts)
        vectors[start : start + _AT_ONCE] = np.stack([x, y], axis=1) / (total[:, None] + _FLOOR_POWER)
    return vectors


def tuning_cents(frames: Frames, start_s: float, stop_s: float) -> float | None:
    """Return the deviation of a passage from A4 = 440 Hz, -50 to 50; None if hardly any of it has a pitch."""
    first, last = (round(at_s * FRAMES_PER_S) for at_s in (start_s, stop_s))
    part = frames.tunings[first:last]
    along, across = part.mean(axis=0).tolist() if len(part) else (0.0, 0.0)
    if np.hypot(along, across) < _LEAST_TUNED:
        return None
    return float(50.0 * np.arctan2(across, along) / np.pi)


def _chroma(fine: Floats) -> Floats:
    """Return pitch classes of three bands a semitone, the fold tuned to the recording."""
    levels = _decibels(_halved(fine), _CHROMA_RANGE_DB) / np.float32(_CHROMA_RANGE_DB)
    if not len(levels):
        return np.zeros((0, PITCH_CLASSES), np.float32)
    # Energy above the surroundings: neither the slope of a spectrum nor noise has a pitch.
    around = _boxed(levels.T, 2 * 3 * _PER_SEMITONE + 1).T
    levels = np.maximum(levels - around, np.float32(0.0))
    shares = np.square(levels).sum(axis=0).reshape(_SEMITONES, _PER_SEMITONE).sum(axis=0)
    off = int(np.argmax(shares)) - _PER_SEMITONE // 2
    # An energy one band off the tuning would be counted to the neighbour.
    semitones = np.roll(levels, -off, axis=1).reshape(len(levels), _SEMITONES, _PER_SEMITONE).max(axis=2)
    folded = semitones.reshape(len(levels), -1, PITCH_CLASSES).sum(axis=1)
    smooth = _smoothed(folded, _CHROMA_SMOOTHED)
    tonal = _unit(smooth - smooth.mean(axis=1, keepdims=True), _LEAST_TONAL)
    # The common part of a passage does not distinguish its moments.
    sounding: Floats = np.square(tonal).sum(axis=1, keepdims=True)
    weights = np.maximum(_boxed(sounding, _AROUND_CHROMA_FRAMES), np.float32(1e-3))
    common = _boxed(tonal * sounding, _AROUND_CHROMA_FRAMES) / weights
    own = (tonal - common) * np.sqrt(sounding)
    return _unit(own.astype(np.float32), _LEAST_OWN)


def _movement(broad: Floats) -> Floats:
    """Return how far broad bands are from their mean over some seconds."""
    levels = _decibels(_halved(broad), _BROAD_RANGE_DB)
    if not len(levels):
        return np.zeros((0, BROAD_BANDS), np.float32)
    return _unit(levels - _boxed(levels, _AROUND_FRAMES), _LEAST_MOVING_DB * np.sqrt(BROAD_BANDS))


def _boxed(rows: Floats, width: int) -> Floats:
    """Return the moving mean along the first axis; truncated at the ends."""
    return means_around(rows, width).astype(np.float32)


def _smoothed(rows: Floats, kernel: Floats) -> Floats:
    half = len(kernel) // 2
    padded = np.pad(rows, ((half, half), (0, 0)), mode="edge")
    out = np.zeros_like(rows)
    for number, weight in enumerate(kernel):
        out += weight * padded[number : number + len(rows)]
    return out


def _unit(rows: Floats, least: float) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = (rows / np.hypot(lengths, least)).astype(np.float32)
    return unit


class FramesInPassing:
    """Analyses a mono stream that passes through it, and has its frames once it has passed.

    It holds 27 MB an hour, and of the blocks themselves a minute at most.

    Parameters
    ----------
    rate_hz : of the stream
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._powers: list[Floats] = []

    def passing(self, blocks: Iterable[Floats]) -> Iterator[Floats]:
        """Yield the same blocks, each of shape (n,), as they came; once for each of these."""
        yield from alongside(blocks, self._follow)

    def _follow(self, blocks: Iterator[Floats]) -> Iterator[None]:
        for power in power_blocks(blocks, self._rate_hz):
            self._powers.append(power)
            yield

    def frames(self) -> Frames:
        """Return the frames of the stream."""
        return frames_from(self._powers)
