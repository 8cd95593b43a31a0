"""The same moment in another arrangement, held against looking at every sample."""

from __future__ import annotations

import numpy as np

from engine.sound.edl.edit_list import EditList, Segment, place_in

LENGTH = 400


def random_list(rng: np.random.Generator) -> EditList:
    """Return a few spans of the source in any order, butt-joined, some of them twice."""
    segments, at = [], 0
    for _ in range(int(rng.integers(1, 6))):
        start, stop = sorted(rng.choice(LENGTH, 2, replace=False).tolist())
        segments.append(Segment(start, stop, at))
        at += stop - start
    return EditList.of(segments, 1_000, at, LENGTH)


def heard(edits: EditList) -> list[int]:
    """Return the source position of every sample of the result, segment by segment."""
    return [one for segment in edits.segments for one in range(segment.start_samples, segment.stop_samples)]


def test_it_is_the_nearest_that_both_play(rng: np.random.Generator) -> None:
    for _ in range(200):
        here, there = random_list(rng), random_list(rng)
        played, other = heard(here), heard(there)
        shared = set(played) & set(other)
        for at in rng.integers(0, len(played), 5).tolist():
            found = place_in(there, here, at)
            if not shared:
                assert found == there.to_result(played[at])
                continue
            reached = other[found]
            assert abs(reached - played[at]) == min(abs(one - played[at]) for one in shared)
            places = [place for place, one in enumerate(other) if one == reached]
            assert abs(found - at) == min(abs(place - at) for place in places)


def test_the_same_list_stays_where_it_is(rng: np.random.Generator) -> None:
    for _ in range(50):
        edits = random_list(rng)
        at = int(rng.integers(0, edits.length_samples))
        assert place_in(edits, edits, at) == at


def test_nothing_is_heard_of_an_empty_one() -> None:
    empty = EditList.of([], 1_000, 0, LENGTH)
    whole = EditList.of([Segment(0, LENGTH, 0)], 1_000, LENGTH, LENGTH)
    assert place_in(empty, whole, 100) == 0
    assert place_in(whole, empty, 0) == 0
