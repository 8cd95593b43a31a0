"""Which lanes an edit is about: all of them, or those of some tracks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.document.table import VERDICTS
from widgets.timeline.frame import Layout
from widgets.timeline.spans import Spans

Shares = tuple[tuple[frozenset[str] | None, NDArray[np.bool_]], ...]
"""Tracks, or None for all, whose lanes are covered alike, with where each of `VERDICTS` covers them."""


def areas_of(layout: Layout, lanes: Sequence[str], tracks: Sequence[str]) -> list[tuple[int, int]]:
    """Return from where to where the lanes of some tracks reach, as far as they are seen; no tracks are all.

    Parameters
    ----------
    lanes : ids of the tracks, in the order of their lanes
    """
    if not tracks:
        return [(layout.lanes_top, layout.lanes_bottom)]
    edges = zip(lanes, layout.lane_tops, layout.lane_tops[1:], strict=False)
    seen = (
        (max(top, layout.lanes_top), min(bottom, layout.lanes_bottom))
        for track, top, bottom in edges
        if track in tracks
    )
    return [(top, bottom) for top, bottom in seen if top < bottom]


def shares_of(
    spans: Spans,
    found: NDArray[np.int64],
    edges: NDArray[np.float64],
    lanes: Sequence[str],
    covered: NDArray[np.bool_],
) -> Shares:
    """Return the lanes that are covered alike, with what covers them.

    Parameters
    ----------
    found : indices of the spans that cover anything, shape (m,)
    covered : shape (3, columns), where spans of each verdict are, whatever their tracks
    """
    places = spans.tracks[found]
    if not places.any():
        return ((None, covered),)
    sets, rows = np.unique(places, return_inverse=True)
    n_verdicts = len(VERDICTS)
    row = rows * n_verdicts + spans.verdicts[found]
    by_set = spans.touched(edges, found, row, len(sets) * n_verdicts).reshape(len(sets), n_verdicts, -1)
    alike: dict[tuple[bool, ...], list[str]] = {}
    for track in lanes:
        alike.setdefault(tuple(spans.of_track(track)[sets].tolist()), []).append(track)
    return tuple((frozenset(tracks), by_set[np.array(holds)].any(axis=0)) for holds, tracks in alike.items())
