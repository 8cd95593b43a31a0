"""Other edges for the same cut, in a musician's words."""

from __future__ import annotations

import numpy as np

from engine.core.spans import Samples
from engine.document.analysis import BeatGrid
from engine.document.proposals import Alternative
from engine.features.taste.cuts.edges import NOWHERE, Anchors

MOST = 4

AUDIBLE_S = 0.005
"""Edges closer than this sound the same, so they are not an alternative."""


def alternatives(
    spans: Samples,
    scored: Samples,
    near: Anchors,
    grid: BeatGrid | None,
    *,
    limits: Samples,
    rate_hz: int,
    minimum_cut: int,
) -> list[tuple[Alternative, ...]]:
    """Return up to four alternatives for each span, distinct from it and from each other.

    Parameters
    ----------
    spans : int64, shape (n, 2), as proposed
    scored : int64, shape (n, 2), where the score alone would put the edges
    near : anchors of all scored starts, then of all scored stops
    limits : int64, shape (n, 2), where the neighbours of each span end and begin
    """
    ways = {
        "Whole bars": _anchored(near.downbeat, spans),
        "On the beat": _anchored(near.beat, spans),
        "A beat tighter": _a_beat_tighter(spans, grid),
        "Not snapped": scored,
        "On the hits": _anchored(near.onset, spans),
        "At the quietest spots": _anchored(near.quiet, spans),
    }
    # An edge at a neighbour or at an end of the recording belongs there, whatever the other one does.
    fixed = spans == limits
    audible = AUDIBLE_S * rate_hz
    moved = [(label, np.where(fixed, spans, way).tolist()) for label, way in ways.items()]
    found = []
    for k, (span, (low, high)) in enumerate(zip(spans.tolist(), limits.tolist(), strict=True)):
        known = [span]
        chosen: list[Alternative] = []
        for label, way in moved:
            start, stop = way[k]
            fits = low <= start and stop <= high and stop - start >= max(1, minimum_cut)
            if fits and all(max(abs(start - a), abs(stop - b)) > audible for a, b in known):
                known.append([start, stop])
                chosen.append(Alternative(label, start, stop))
        found.append(tuple(chosen[:MOST]))
    return found


def _anchored(places: Samples, spans: Samples) -> Samples:
    """Return the spans with each edge at its anchor, if it has one."""
    table = places.reshape(2, -1).T
    return np.where(table != NOWHERE, table, spans)


def _a_beat_tighter(spans: Samples, grid: BeatGrid | None) -> Samples:
    """Return the spans shortened by the median beat at both edges."""
    if grid is None or grid.tempo_bpm <= 0 or len(grid.beats_samples) < 2:
        return spans
    beat = int(np.median(np.diff(grid.beats_samples)))
    return spans + np.array([beat, -beat], np.int64)
