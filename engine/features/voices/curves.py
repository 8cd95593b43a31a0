"""Gains along curves as proposals."""

from __future__ import annotations

from collections.abc import Sequence

from engine.document.kinds.sounding import CURVE, CURVE_START, GAIN, GAIN_DB, MOST_POINTS, RAMP_MS
from engine.document.proposals import Proposal
from engine.review.finders import FinderRequest

Point = tuple[int, float]
"""A position of the timeline in samples, and the share of a gain there."""


def gain_proposals(
    request: FinderRequest, tracks: tuple[str, ...], gain_db: float, points: Sequence[Point], reason: str
) -> list[Proposal]:
    """Return the proposals of a gain along a curve: one, or several if it has more points than a gain holds.

    Neighbours share a point, where the gain changes hands.
    """
    if all(share == 1.0 for _, share in points):
        span = points[0][0], points[-1][0]
        return [request.proposal(GAIN.name, *span, 1.0, reason, {GAIN_DB: gain_db, RAMP_MS: 0.0}, tracks)]
    made = []
    for first in range(0, len(points) - 1, MOST_POINTS - 1):
        part = points[first : first + MOST_POINTS]
        start, stop = part[0][0], part[-1][0]
        payload = {
            GAIN_DB: gain_db,
            CURVE_START: start,
            CURVE: [[at - start, round(share, 5)] for at, share in part],
        }
        made.append(request.proposal(GAIN.name, start, stop, 1.0, reason, payload, tracks))
    return made
