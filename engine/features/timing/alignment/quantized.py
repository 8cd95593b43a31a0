"""Playing that is on the grid already: programmed drums, replaced drums, takes that were quantized before.

A machine repeats itself: each drum has a constant delay, the latency of its sample or of its microphone.
People do not play like that, so a constant delay is latency, not timing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.drums.hits import Hits
from engine.features.timing.alignment.placement import Lines
from engine.features.timing.alignment.strokes import GRACES, SURE_OF_A_HIT

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_PAIR_MS = 1.0
_LEAST_PAIRS = 0.38
"""Of the pairs of hits of a drum, this share agrees within `_PAIR_MS`. With a deviation of 2 ms a fourth
does, with 5 ms a tenth; programmed drums reach 0.5 to 1, although some onsets are found early or late."""
_FEWEST_STROKES = 12
_LEAST_CONFIDENCE = 0.5
_NEAR_MS = 0.15
_LAYERS_MS = 8.0
"""Samples of one drum rise by up to this much sooner or later than each other."""
_LEAST_ALIKE = 3
_SMALL_MS = 6.0
"""The accuracy of an onset in the sound of other drums."""
_MOST_SHARE, _MOST_MS = 0.45, 40.0
_PART = 2


@dataclass(frozen=True, slots=True, eq=False)
class QuantizedPlaying:
    """A performance that a machine played, or that was quantized.

    Attributes
    ----------
    off : bool, shape (n,), certain hits with a delay that their drum does not repeat
    on : bool, shape (n,), hits with the usual delay of their drum
    late_ms : the latency of all drums, the median over the hits; negative for early
    """

    off: Flags
    on: Flags
    late_ms: float

    def moves(self, of_hits: NDArray[np.int64], graces: Flags) -> Flags:
        """Return which strokes a machine did not put where they are, shape (s,).

        Parameters
        ----------
        of_hits : shape (n,), the stroke of each hit
        graces : bool, shape (n,), which hits are grace notes
        """
        strokes = np.arange(int(of_hits.max(initial=-1)) + 1)
        moved: Flags = np.isin(strokes, of_hits[self.off & ~graces]) & ~np.isin(strokes, of_hits[self.on])
        return moved


def quantized_playing(hits: Hits, lines: Lines) -> QuantizedPlaying | None:
    """Detect quantized playing, and hits off their usual delay in it.

    Returns
    -------
    playing : None for human playing, or if fewer than a dozen hits are confident enough to decide
    """
    if len(lines.positions_samples) < 2:
        return None
    away_ms, nearest = _away(hits.onsets_samples, lines)
    counts = (hits.confidences >= _LEAST_CONFIDENCE) & ~np.isin(hits.ornaments, GRACES)
    if np.count_nonzero(counts) < _FEWEST_STROKES or _agreement(away_ms, hits.tracks, counts) < _LEAST_PAIRS:
        return None
    spacing_ms = float(np.median(np.diff(lines.positions_samples))) / lines.rate_hz * 1000.0
    on_beats = lines.levels[nearest] < _PART
    on = np.zeros(len(away_ms), np.bool_)
    for track in np.unique(hits.tracks).tolist():
        own = np.flatnonzero(hits.tracks == track)
        on[own] = _repeated(away_ms[own], counts[own], on_beats[own], spacing_ms)
    clear = (hits.unsure_samples == 0.0) & (hits.confidences >= SURE_OF_A_HIT) & counts
    late_ms = float(np.median(away_ms[on & counts])) if (on & counts).any() else 0.0
    return QuantizedPlaying(clear & ~on, on, late_ms)


def _away(onsets_samples: Floats, lines: Lines) -> tuple[Floats, NDArray[np.int64]]:
    """Return the delay of each onset after the nearest line, in ms, and the number of that line."""
    positions = lines.positions_samples
    turns = np.interp(onsets_samples, positions, np.arange(len(positions), dtype=np.float64))
    nearest = np.rint(turns).astype(np.int64)
    return (onsets_samples - positions[nearest]) / lines.rate_hz * 1000.0, nearest


def _agreement(away_ms: Floats, tracks: NDArray[np.int16], counts: Flags) -> float:
    """Return the share of pairs of hits of one drum with the same delay."""
    alike, total = 0.0, 0
    for track in np.unique(tracks).tolist():
        own = away_ms[(tracks == track) & counts]
        if len(own) > _LEAST_ALIKE:
            alike += float(_near_count(own, own, _PAIR_MS).sum() - len(own)) / (len(own) - 1)
            total += len(own)
    return alike / max(total, 1)


def _near_count(of: Floats, among: Floats, within_ms: float) -> NDArray[np.int64]:
    """Count for each value the members of `among` within some ms of it, itself included."""
    order = np.sort(among)
    return np.searchsorted(order, of + within_ms, "right") - np.searchsorted(order, of - within_ms, "left")


def _repeated(away_ms: Floats, counts: Flags, on_beats: Flags, spacing_ms: float) -> Flags:
    """Return the hits of one drum with a repeated delay: near its latency, or shared on the same lines.

    A drum with a constant delay on its off-beats alone is swung, which is not a latency.
    """
    sure = away_ms[counts]
    if len(sure) < _LEAST_ALIKE:
        return np.zeros(len(away_ms), np.bool_)
    together = _near_count(away_ms, sure, _NEAR_MS)
    limit_ms = min(_MOST_MS, _MOST_SHARE * spacing_ms)
    is_latency = (np.abs(away_ms) <= limit_ms) & (on_beats | (np.abs(away_ms) <= _SMALL_MS))
    if not (is_latency & counts).any():
        return np.zeros(len(away_ms), np.bool_)
    latency_ms = away_ms[int(np.argmax(np.where(is_latency & counts, together, -1)))]
    layers_ms = away_ms[is_latency & counts & (together >= _LEAST_ALIKE)]
    near: Flags = (np.abs(away_ms) <= _SMALL_MS) | (np.abs(away_ms - latency_ms) <= _LAYERS_MS)
    return near | (_near_count(away_ms, layers_ms, 2.0 * _NEAR_MS) > 0)
