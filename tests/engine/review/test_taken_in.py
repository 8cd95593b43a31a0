"""What edges were moved over: found at once, and the same as by looking at each proposal."""

from __future__ import annotations

import numpy as np

from engine.document.proposals import BY_HAND, Decision, Proposal, decided_span
from engine.document.state import DocumentState
from engine.review.overlaps import TakenIn, taken_in


def state_of(*spans: tuple[int, int], maker: str = "taste", **moved: tuple[int, int]) -> DocumentState:
    proposals = {
        f"p{number}": Proposal(f"p{number}", "cut", start, stop, 0.9, "Odd.", maker)
        for number, (start, stop) in enumerate(spans)
    }
    decisions = {key: Decision(key, start_samples=a, stop_samples=b) for key, (a, b) in moved.items()}
    return DocumentState(1_000, proposals=proposals, decisions=decisions)


def test_what_was_not_moved_takes_nothing_in() -> None:
    assert taken_in(state_of((0, 10), (20, 30)), "p0") == TakenIn()
    assert taken_in(state_of((0, 25), (20, 30)), "p0") == TakenIn(), "it lay over it from the start"


def test_whole_ones_and_parts_are_told_apart() -> None:
    state = state_of((0, 10), (20, 30), (40, 50), (60, 70), p0=(0, 45))
    assert taken_in(state, "p0") == TakenIn(("p1",), ("p2",))
    touching = state_of((0, 10), (20, 30), p0=(0, 20))
    assert taken_in(touching, "p0") == TakenIn()


def test_what_only_touched_it_where_it_was_made_is_taken_in() -> None:
    state = state_of((20, 40), (10, 20), (40, 50), (900, 950), p0=(5, 60))
    assert taken_in(state, "p0") == TakenIn(("p1", "p2"))


def test_to_the_sample_it_is_taken_in_wholly_in_part_or_not_at_all() -> None:
    moved = state_of((0, 5), (10, 20), (20, 30), (30, 40), p0=(10, 30))
    assert taken_in(moved, "p0") == TakenIn(("p1", "p2"))
    assert taken_in(state_of((0, 5), (10, 20), (29, 40), p0=(10, 30)), "p0") == TakenIn(("p1",), ("p2",))
    assert taken_in(state_of((0, 5), (9, 20), p0=(10, 30)), "p0") == TakenIn((), ("p1",))
    assert taken_in(state_of((0, 5), (5, 10), (4, 20), p0=(5, 30)), "p0") == TakenIn(("p1",))
    assert TakenIn(("a",), ("b",)).ids == ("a", "b")


def test_an_edit_by_hand_takes_in_all_it_covers() -> None:
    state = state_of((0, 100), (20, 30), (90, 120), maker=BY_HAND)
    assert taken_in(state, "p0") == TakenIn(("p1",), ("p2",))


def test_the_same_is_found_by_looking_at_each() -> None:
    rng = np.random.default_rng(3)
    for _ in range(100):
        starts = np.sort(rng.integers(0, 1_000, 12))
        spans = [(int(start), int(start + rng.integers(1, 60))) for start in starts]
        nudged = {f"p{k}": tuple(sorted(rng.choice(1_100, 2, replace=False).tolist())) for k in (2, 5)}
        state = state_of(*spans, **nudged)
        start, stop = state.span("p5")
        made = state.proposals["p5"]
        expected = []
        for key, other in state.proposals.items():
            a, b = decided_span(other, state.decisions.get(key))
            is_new = not (a < made.stop_samples and made.start_samples < b)
            if key != "p5" and a < stop and start < b and is_new:
                expected.append(key)
        assert sorted(taken_in(state, "p5").ids) == sorted(expected)
