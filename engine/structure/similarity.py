"""Similarity of bars: chords, pitches and spectrum at the same places of each bar.

Bars are compared slot by slot, so that harmonic rhythm and drum patterns count, as in the barwise features of
A. Marmoret, J. E. Cohen and F. Bimbot, "Barwise Music Structure Analysis with the Correlation Block-Matching
Segmentation Algorithm", TISMIR 6 (2023).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.structure.bars import Bars
from engine.takes.features import FRAMES_PER_S, PITCH_CLASSES, STEPS_PER_S, Frames

Floats = NDArray[np.float32]

_SLOTS = 8
"""Eighths of a bar in 4/4."""
_RANGE_DB = 50.0
_LOUD_QUANTILE = 0.9
_AROUND_SEMITONES = 4
_PLAIN_SHARE = 0.25
"""Bars that differ from the average bar by less than this share of the usual difference count as average."""
_FAINT_SHARE = 0.1
"""The same relative to the whole of a bar: the bars of a loop differ by less."""
_OF_CHORDS, _OF_PITCHES, _OF_RHYTHM, _OF_SPECTRUM = 0.37, 0.18, 0.26, 0.19
"""Weights, of sum 1."""


def similarity(frames: Frames, bars: Bars, is_played: NDArray[np.bool_]) -> Floats:
    """Return the similarity of each bar to each other, -1 to 1, shape (n, n); 0 for bars that are not played.

    Parameters
    ----------
    is_played : shape (n,)
    """
    pitches = _in_slots(_standing_out(frames.notes_db), FRAMES_PER_S, bars)
    chords = pitches.reshape(len(bars), _SLOTS, -1, PITCH_CLASSES).sum(axis=2)
    spectrum = _in_slots(_below_loud(frames.bands_db) + np.float32(1.0), STEPS_PER_S, bars)
    total = np.zeros((len(bars), len(bars)), np.float32)
    for weight, rows in (
        (_OF_CHORDS, chords),
        (_OF_PITCHES, pitches),
        (_OF_RHYTHM, spectrum),
        (_OF_SPECTRUM, spectrum.mean(axis=1)),
    ):
        total += np.float32(weight) * _alike(rows.reshape(len(bars), -1), is_played)
    return total


def _alike(rows: Floats, is_played: NDArray[np.bool_]) -> Floats:
    """Return the cosine of the differences of bars from the average bar, shape (n, n).

    Bars that hardly differ from the average get a direction of their own: all bars of a loop are alike.
    """
    if not is_played.any():
        return np.zeros((len(rows), len(rows)), np.float32)
    centred = np.where(is_played[:, None], rows - rows[is_played].mean(axis=0), np.float32(0.0))
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    usual = float(np.median(lengths[is_played]))
    whole = float(np.median(np.linalg.norm(rows[is_played], axis=1)))
    own = centred / np.hypot(lengths, max(_PLAIN_SHARE * usual, _FAINT_SHARE * whole) + 1e-6)
    rest = np.sqrt(np.maximum(0.0, 1.0 - np.square(own).sum(axis=1, keepdims=True))) * is_played[:, None]
    directions = np.concatenate([own, rest], axis=1).astype(np.float32)
    found: Floats = directions @ directions.T
    return found


def _standing_out(notes_db: Floats) -> Floats:
    """Return how far each semitone is above its neighbours, shape (frames, semitones)."""
    width = 2 * _AROUND_SEMITONES + 1
    levels = np.maximum(_below_loud(notes_db) + 1.0, 0.0)
    padded = np.pad(levels, ((0, 0), (_AROUND_SEMITONES, _AROUND_SEMITONES)), mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1).mean(axis=2)
    found: Floats = np.maximum(levels - around, 0.0).astype(np.float32)
    return found


def _below_loud(levels_db: Floats) -> Floats:
    """Return levels in ranges of 50 dB below the loud ones of the recording, at least -1."""
    loud_db = float(np.quantile(levels_db.max(axis=1), _LOUD_QUANTILE)) if len(levels_db) else 0.0
    found: Floats = np.maximum((levels_db - loud_db) / _RANGE_DB, -1.0).astype(np.float32)
    return found


def _in_slots(rows: Floats, rows_per_s: float, bars: Bars) -> Floats:
    """Return the means of rows in the slots of each bar, shape (bars, slots, columns)."""
    within = np.arange(_SLOTS) / _SLOTS
    starts_s = (bars.edges_s[:-1, None] + bars.lengths_s[:, None] * within).ravel()
    edges = np.clip(np.append(starts_s, bars.edges_s[-1]) * rows_per_s, 0.0, len(rows))
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    low = np.floor(edges).astype(np.int64)
    high = np.minimum(low + 1, len(rows))
    share = (edges - low)[:, None]
    at_edges = sums[low] * (1.0 - share) + sums[high] * share
    means = np.diff(at_edges, axis=0) / np.maximum(np.diff(edges), 1e-3)[:, None]
    return means.reshape(len(bars), _SLOTS, -1).astype(np.float32)
