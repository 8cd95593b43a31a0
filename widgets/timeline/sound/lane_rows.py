"""Which lanes an edit is about: all of them, or those of some tracks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from widgets.timeline.edits.spans import Spans
from widgets.timeline.frame import Layout

Shares = tuple[tuple[frozenset[str] | None, NDArray[np.float64], NDArray[np.float64]], ...]
"""Tracks, or None for all, whose lanes are covered alike; the coverage by `VERDICTS`; that by removals."""


def areas_of(layout: Layout, lanes: Sequence[str], tracks: Sequence[str]) -> list[tuple[int, int]]:
    """Return the vertical spans of some tracks' visible lanes; no tracks means all.

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
    without: str | None,
) -> Shares:
    """Return lanes with equal coverage, that coverage, and the coverage by those that remove their span.

    Parameters
    ----------
    found : indices of the spans in view, shape (m,)
    without : id of the span that does not count
    """
    if not spans.tracks[found].any():
        return ((None, *_shares(spans, edges, without, None)),)
    alike: dict[tuple[bool, ...], list[str]] = {}
    for track in lanes:
        alike.setdefault(tuple(spans.of_track(track).tolist()), []).append(track)
    return tuple((frozenset(tracks), *_shares(spans, edges, without, sets)) for sets, tracks in alike.items())


def _shares(
    spans: Spans, edges: NDArray[np.float64], without: str | None, sets: tuple[bool, ...] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    shares = spans.shares(edges, without, sets=sets)
    return shares, shares if spans.drops.all() else spans.shares(edges, without, sets=sets, drops=True)
