"""What cannot hold beside what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.document.by_hand import edit_by_hand
from engine.document.decisions import Decision, Verdict
from engine.document.state import DocumentState
from engine.edl.build import build
from engine.edl.conflicts import conflicts_of
from tests.engine.edl.recordings import timeline_state

Made = tuple[str, tuple[int, int], dict[str, object]]


def accepted(
    state: DocumentState, kind: str, span: tuple[int, int], payload: dict[str, object]
) -> DocumentState:
    _, made = edit_by_hand(state, kind, *span, payload)
    decision = Decision(made.id, Verdict.ACCEPTED)
    return replace(
        state, proposals={**state.proposals, made.id: made}, decisions={**state.decisions, made.id: decision}
    )


PAIRS: dict[str, tuple[Made, Made, bool]] = {
    "moved to two places": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("move", (1_500, 2_500), {"to_samples": 9_000}),
        True,
    ),
    "moved into what is moved away": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("move", (8_000, 9_000), {"to_samples": 1_500}),
        True,
    ),
    "moved side by side": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("move", (2_000, 3_000), {"to_samples": 5_000}),
        False,
    ),
    "repeated and moved elsewhere": (
        ("repeat", (1_000, 2_000), {"times": 2}),
        ("move", (4_000, 5_000), {"to_samples": 9_000}),
        False,
    ),
    "repeated in two numbers": (
        ("repeat", (1_000, 2_000), {"times": 2}),
        ("repeat", (1_000, 2_000), {"times": 3}),
        True,
    ),
    "a part of what is repeated, repeated": (
        ("repeat", (1_000, 5_000), {"times": 2}),
        ("repeat", (2_000, 3_000), {"times": 3}),
        False,
    ),
    "slipped by two amounts": (
        ("slip", (1_000, 2_000), {"by_samples": 5.0}),
        ("slip", (1_500, 2_500), {"by_samples": 7.0}),
        True,
    ),
    "slipped by the same": (
        ("slip", (1_000, 2_000), {"by_samples": 5.0}),
        ("slip", (1_500, 2_500), {"by_samples": 5.0}),
        False,
    ),
    "muted and slipped": (("mute", (1_000, 2_000), {}), ("slip", (1_500, 2_500), {"by_samples": 5.0}), False),
    "kept and cut": (("keep", (1_000, 2_000), {}), ("cut", (500, 2_500), {}), False),
}


@pytest.mark.parametrize("what", PAIRS)
def test_a_conflict_is_told_of_both_and_its_outcome_is_the_same_in_any_order(what: str) -> None:
    first, second, clash = PAIRS[what]
    empty = timeline_state(16_000)
    state = accepted(accepted(empty, *first), *second)
    ids = list(state.proposals)
    assert conflicts_of(state, ids[0]) == ((ids[1],) if clash else ())
    assert conflicts_of(state, ids[1]) == ((ids[0],) if clash else ())
    assert build(state) == build(accepted(accepted(empty, *second), *first))
    undone = replace(state, decisions={ids[0]: state.decisions[ids[0]]})
    assert conflicts_of(undone, ids[0]) == (), "what nobody accepted is in nobody's way"
