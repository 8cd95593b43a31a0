"""Training batches: segments of pieces, mixed, equalized and degraded at random each time.

All is done to levels of bands, where a mix, a room, a codec and a noise cost next to nothing: powers add.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import lfilter
from torch import Tensor

from engine.analysis.beats.activations import BANDS, FLOOR_DB, FRAMES_PER_S, network_input, reference_db
from engine.lab.training.beats.cache import CachedPiece

SEGMENT_FRAMES = 2000
_WIDEN = 0.5
"""Weight of the frames next to a beat, after Böck and Davies."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A segment of a piece: levels (frames, BANDS), targets and weights (frames, 2) of beat and downbeat."""

    levels: Floats
    targets: Floats
    weights: Floats


def plain_levels(piece: CachedPiece) -> Floats:
    """Return the input features of an unchanged piece, shape (frames, BANDS)."""
    level = _decibels(_mixed([_power(stem) for stem in piece.stems]))
    return network_input(level.astype(np.float16), reference_db(level.astype(np.float16)))


def spoiled_levels(piece: CachedPiece, rng: np.random.Generator) -> Floats:
    """Return the input features of a piece that is mixed, equalized and degraded at random."""
    stems = [_power(stem) for stem in piece.stems]
    if len(stems) == 2:
        chance = rng.random()
        if chance < 0.12:
            stems = stems[:1]
        elif chance < 0.2:
            stems = stems[1:]
    shift = int(rng.integers(-2, 3))
    mixed = _mixed(
        [_shifted(stem, shift) * _colour(rng, 4.0) * 10 ** (rng.normal(0.0, 0.5)) for stem in stems]
    )
    mixed = mixed * _colour(rng, 4.0)
    if rng.random() < 0.35:
        mixed = _in_a_room(rng, mixed)
    loud = float(np.quantile(mixed.max(axis=1), 0.95))
    if rng.random() < 0.4:
        below_db = rng.uniform(18.0, 55.0)
        noise = _colour(rng, 8.0) * rng.gamma(4.0, 0.25, mixed.shape).astype(np.float32)
        mixed = mixed + loud * np.float32(10 ** (-below_db / 10)) * noise
    level = _decibels(mixed)
    if rng.random() < 0.2:  # a compressor
        frame_db = level.max(axis=1, keepdims=True)
        level = level - np.float32(rng.uniform(0.1, 0.5)) * np.maximum(
            frame_db - np.float32(10 * np.log10(loud + 1e-10) - 30), 0.0
        )
    if rng.random() < 0.12:
        level[:, int(rng.integers(35, BANDS)) :] = FLOOR_DB
    if rng.random() < 0.12:
        level[:, : int(rng.integers(1, 10))] = FLOOR_DB
    kept = level.astype(np.float16)
    return network_input(kept, reference_db(kept) + float(np.clip(rng.normal(0.0, 4.0), -10.0, 10.0)))


def _power(level: NDArray[np.float16]) -> Floats:
    power: Floats = np.power(np.float32(10.0), level.astype(np.float32) / np.float32(10.0))
    return power


def _decibels(power: Floats) -> Floats:
    level: Floats = np.float32(10.0) * np.log10(np.maximum(power, np.float32(10 ** (FLOOR_DB / 10))))
    return level


def _mixed(stems: Sequence[Floats]) -> Floats:
    return stems[0] if len(stems) == 1 else stems[0] + stems[1]


def _shifted(power: Floats, bands: int) -> Floats:
    """Move all up or down by bands, as another tuning would."""
    if not bands:
        return power
    moved = np.full_like(power, power.min())
    if bands > 0:
        moved[:, bands:] = power[:, :-bands]
    else:
        moved[:, :bands] = power[:, -bands:]
    return moved


def _colour(rng: np.random.Generator, spread_db: float) -> Floats:
    """Draw the gains of an equaliser, shape (BANDS,), as power."""
    places = np.linspace(0.0, 1.0, BANDS)
    curve = rng.normal(0.0, spread_db) * (places - 0.5) * 2.0
    for ripple in (1, 2, 3):
        curve = curve + rng.normal(0.0, spread_db / 2.0) * np.cos(np.pi * (ripple * places + rng.random()))
    return (10 ** (curve / 10)).astype(np.float32)


def _in_a_room(rng: np.random.Generator, power: Floats) -> Floats:
    """Let sound decay as in a room: a tail that falls by 60 dB in 0.2 to 1.5 s."""
    fall = 10 ** (-6.0 / (FRAMES_PER_S * rng.uniform(0.2, 1.5)))
    wet = 10 ** rng.uniform(-2.2, -0.6)
    tail = lfilter([0.0, wet], [1.0, -fall], power, axis=0)
    in_room: Floats = (power + tail).astype(np.float32)
    return in_room


def targets_of(piece: CachedPiece, frames: int) -> tuple[Floats, Floats]:
    """Return targets and weights of a whole piece, each of shape (frames, 2)."""
    targets = np.zeros((frames, 2), np.float32)
    for column, beats in enumerate((piece.beats, piece.beats[piece.positions == 1])):
        for offset, value in ((-1, _WIDEN), (1, _WIDEN), (0, 1.0)):
            at = beats + offset
            at = at[(at >= 0) & (at < frames)]
            targets[at, column] = np.maximum(targets[at, column], value)
    weights = np.ones((frames, 2), np.float32)
    for start, stop in piece.silent:
        weights[start:stop] = 0.0
    if not piece.has_bars:
        weights[:, 1] = 0.0
    return targets, weights


def example(piece: CachedPiece, rng: np.random.Generator) -> Example:
    """Draw a segment of `SEGMENT_FRAMES` of a piece; shorter pieces are padded with zero weight."""
    levels = spoiled_levels(piece, rng)
    targets, weights = targets_of(piece, len(levels))
    start = int(rng.integers(0, max(1, len(levels) - SEGMENT_FRAMES + 1)))
    cut = slice(start, start + SEGMENT_FRAMES)
    lacking = max(0, SEGMENT_FRAMES - len(levels[cut]))
    pads = ((0, lacking), (0, 0))
    return Example(np.pad(levels[cut], pads), np.pad(targets[cut], pads), np.pad(weights[cut], pads))


def batches(
    pieces: Sequence[CachedPiece], rng: np.random.Generator, steps: int, size: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield levels, targets and weights of `steps` batches, drawn without repeating until all were drawn."""
    order: list[int] = []
    for _ in range(steps):
        while len(order) < size:
            order += rng.permutation(len(pieces)).tolist()
        chosen, order = order[:size], order[size:]
        drawn = [example(pieces[number], rng) for number in chosen]
        yield (
            torch.from_numpy(np.stack([one.levels for one in drawn])),
            torch.from_numpy(np.stack([one.targets for one in drawn])),
            torch.from_numpy(np.stack([one.weights for one in drawn])),
        )
