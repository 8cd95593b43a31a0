"""How well the network's peaks are the beats, before any decoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.beats.activations import BeatNetwork, chunked_probabilities
from engine.lab.training.beats.batches import plain_levels
from engine.lab.training.beats.cache import CachedPiece

_APART_FRAMES = 7
_LEAST = 0.2
_WINDOW_FRAMES = 3.5  # 70 ms


@dataclass(frozen=True, slots=True)
class Scores:
    """Mean F-measure within 70 ms of beats and downbeats over pieces; `pieces` counts them."""

    beat_f: float
    downbeat_f: float
    pieces: int


def peaks(activation: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the frames above `_LEAST` that are maxima within `_APART_FRAMES`."""
    padded = np.pad(activation, _APART_FRAMES)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _APART_FRAMES + 1).max(axis=1)
    return np.flatnonzero((activation >= around) & (activation > _LEAST))


def f_measure(truth: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """Return the F-measure of frames within 70 ms, each matched once; 1 where none are and none are found."""
    if not len(truth) or not len(found):
        return float(len(truth) == len(found))
    hits = at = 0
    for beat in truth:
        while at < len(found) and found[at] < beat - _WINDOW_FRAMES:
            at += 1
        if at < len(found) and found[at] <= beat + _WINDOW_FRAMES:
            hits += 1
            at += 1
    return 2.0 * hits / (len(truth) + len(found))


def score(network: BeatNetwork, pieces: Sequence[CachedPiece]) -> dict[str, Scores]:
    """Return the scores of each kind of piece (the first word of its name) and of all."""
    found: dict[str, list[tuple[float, float]]] = {}
    for piece in pieces:
        both = chunked_probabilities(network, torch.from_numpy(plain_levels(piece))).numpy()
        beat = f_measure(piece.beats, peaks(both[:, 0]))
        downbeats = piece.beats[piece.positions == 1]
        downbeat = f_measure(downbeats, peaks(both[:, 1])) if piece.has_bars else float("nan")
        for kind in (_kind(piece.name), "all"):
            found.setdefault(kind, []).append((beat, downbeat))
    return {
        kind: Scores(float(np.mean([b for b, _ in rows])), float(np.nanmean([d for _, d in rows])), len(rows))
        for kind, rows in sorted(found.items())
        if not all(np.isnan(d) for _, d in rows)
    }


def _kind(name: str) -> str:
    word = name.split()[0]
    return word if word in ("groove", "clicks", "no", "nothing") else "band"
