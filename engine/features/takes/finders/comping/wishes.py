"""Wishes of the user for a comp: stars, and the answers to switches that were proposed before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from engine.document.decisions import Verdict, edited
from engine.document.kinds.comp import COMP, covered
from engine.document.kinds.take import TAKE, takes_of
from engine.document.marks.stars import AVOIDED, MOST_STARS, ratings_of
from engine.document.state import DocumentState
from engine.document.tracks.track import Track
from engine.features.takes.finders.comping.lanes import LanePassage, pairs_in, playing

_RATINGS = {Verdict.ACCEPTED: MOST_STARS, Verdict.REJECTED: AVOIDED}


def wishes_of(state: DocumentState) -> list[tuple[int, int, int]]:
    """Return the rated spans [start, stop), and those of switches that were accepted or rejected before."""
    switches = (one.id for one in state.proposals.values() if one.kind == COMP.name)
    decided = ((*state.span(key), _RATINGS.get(state.verdict(key), 0)) for key in switches)
    return [*ratings_of(state), *(one for one in decided if one[2])]


def chosen_switches(state: DocumentState) -> dict[str, tuple[int, int]]:
    """Return the bars that accepted switches cover in the take that stays, [start, stop), by proposal."""
    return {
        key: covered(edited(one, state.decisions[key]))
        for key, one in state.proposals.items()
        if one.kind == COMP.name and state.verdict(key) is Verdict.ACCEPTED
    }


def common_samples(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Return how much two spans share."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def lane_wishes(
    state: DocumentState, passage: LanePassage, played: Sequence[Track]
) -> Iterator[tuple[int, int, int, int]]:
    """Yield spans [start, stop) of takes on lanes with their rating: take, start, stop and stars.

    A star is for the take that plays where it is; takes of rejected switches are avoided.

    Parameters
    ----------
    played : the tracks of the passage after accepted switches
    """
    for start, stop, stars in ratings_of(state):
        first, last = max(start, passage.start_samples), min(stop, passage.stop_samples)
        if first < last:
            now = playing(state, passage, played, np.array([first, last]))[:, 0]
            if now[0] >= 0 and (now == now[0]).all():
                yield int(now[0]), first, last, stars
    for one in state.proposals.values():
        if one.kind == TAKE.name and state.verdict(one.id) is Verdict.REJECTED:
            rejected = edited(one, state.decisions[one.id])
            start, stop = rejected.start_samples, rejected.stop_samples
            for take in _playing_any(state, passage, takes_of(rejected), (start, stop)):
                yield take, start, stop, AVOIDED


def _playing_any(
    state: DocumentState, passage: LanePassage, wanted: Sequence[tuple[str, int]], span: tuple[int, int]
) -> list[int]:
    """Return the takes of a passage that some sources play in a span."""
    return [
        take
        for take in range(passage.count)
        if any(
            one in wanted
            for track, lanes in zip(passage.tracks, passage.lanes, strict=True)
            for one in pairs_in(state, track, lanes[take], *span)
        )
    ]
