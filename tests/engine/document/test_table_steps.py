"""A table that took in one proposal, or let one go, is the table that would be made anew."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import table as tables
from engine.document.edits.by_hand import edit_by_hand
from engine.document.edits.proposals import decide
from engine.document.file.storage import apply_rows
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.table import Made, ProposalTable, Step, step_between, table_of
from engine.document.tracks import Source
from engine.review.queue import queue
from engine.sound.edl.build import build, in_place
from tests.counting import calls_of
from tests.sources import one_source_track
from tests.timing import fastest_cpu_s

RATE_HZ = 1_000
WAYS = ("cut", "gain", "keep", "undo", "answer")
ASKED = (
    "kinds",
    "words",
    "by_score",
    "by_length",
    "is_by_hand",
    "crossfades_ms",
    "track_sets",
    "kind_counts",
)


def document(count: int, seed: int = 0) -> DocumentState:
    """Cuts of few different lengths and scores, so that many are equal, some answered and moved."""
    rng = np.random.default_rng(seed)
    length = 10 * count + 100
    source = Source("s", "a.wav", "0", RATE_HZ, 1, length, "WAV", "PCM_16")
    made = {
        f"p{k}": Proposal(
            f"p{k}",
            "cut",
            10 * k,
            10 * k + int(rng.integers(2, 5)),
            float(rng.integers(1, 4)) / 4,
            "Odd.",
            "taste",
            (),
            {"crossfade_ms": float(rng.integers(1, 3))},
        )
        for k in range(count)
    }
    decisions = {
        f"p{k}": Decision(f"p{k}", Verdict.ACCEPTED if k % 2 else Verdict.REJECTED, flagged=k % 3 == 0)
        for k in range(0, count, 3)
    }
    return DocumentState(RATE_HZ, {"s": source}, (one_source_track("t", source, "a", 0),), made, decisions)


def assert_equal(found: ProposalTable, anew: ProposalTable) -> None:
    for field in fields(ProposalTable):
        if field.name not in ("made", "effects", "decisions"):
            one, other = getattr(found, field.name), getattr(anew, field.name)
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other, err_msg=field.name)
    for name in (*(field.name for field in fields(Made)), *ASKED, "track_set_places", "kind_counts"):
        one, other = getattr(found.made, name), getattr(anew.made, name)
        if isinstance(one, np.ndarray):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other, err_msg=name)
        else:
            assert one == other, name
    for place, effect in found.effects.items():
        assert effect == anew.effect(place)


@given(
    seed=st.integers(0, 99),
    steps=st.lists(
        st.tuples(st.sampled_from(WAYS), st.integers(0, 200)),
        max_size=12,
    ),
    asks=st.booleans(),
)
def test_steps_leave_what_would_be_made_anew(seed: int, steps: list[tuple[str, int]], asks: bool) -> None:
    state = document(20, seed)
    before: list[DocumentState] = []
    table_of(state)
    for what, place in steps:
        if asks:
            for name in ASKED:
                getattr(table_of(state).made, name)
            in_place(state)
        if what == "undo":
            state = before.pop() if before else state
        elif what == "answer":
            key = list(state.proposals)[place % len(state.proposals)]
            state = apply_rows(state, decide(state, [key], Verdict.ACCEPTED).changes)
        else:
            before.append(state)
            payload: dict[str, object] = {"gain_db": -3.0} if what == "gain" else {}
            edit, _ = edit_by_hand(
                state,
                what,
                place,
                place + 7,
                payload if what != "cut" else {"crossfade_ms": 0.0},
                ["t"] if what == "gain" and place % 2 else (),
            )
            state = apply_rows(state, edit.changes)
        found = table_of(state)
        assert_equal(found, ProposalTable.of(state))
        for order in ("time", "score", "length"):
            ids = queue(state, order)
            tables._latest = None
            assert queue(state, order) == ids
            tables._latest = found
        heard = build(state).length_samples
        tables._latest = None
        assert build(replace(state)).length_samples == heard
        tables._latest = found


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("abc", "abxc", Step(2, came=True)),
        ("abc", "xabc", Step(0, came=True)),
        ("abc", "abcx", Step(3, came=True)),
        ("abc", "ac", Step(1, came=False)),
        ("abc", "ab", Step(2, came=False)),
        ("", "x", Step(0, came=True)),
        ("abc", "abc", None),
        ("abc", "axyc", None),
        ("abc", "abcxy", None),
        ("abc", "cabx", None),
    ],
)
def test_a_step_is_told_from_more(before: str, after: str, step: Step | None) -> None:
    assert step_between(tuple(before), tuple(after)) == step


def test_an_edit_by_hand_makes_only_its_own_rows_anew() -> None:
    calls = []
    for count in (100, 5_000):
        state = document(count)
        edit = edit_by_hand(state, "cut", 501, 505, {"crossfade_ms": 0.0})[0]
        more = apply_rows(state, edit.changes)
        for name in ASKED:
            getattr(table_of(state).made, name)
        calls.append(calls_of(lambda more=more: table_of(more).made.crossfades_ms))
    assert calls[1] < 1.1 * calls[0], calls


@pytest.mark.alone
def test_an_edit_by_hand_among_thousands_is_cheap() -> None:
    state = document(10_000)
    more = apply_rows(state, edit_by_hand(state, "cut", 50_001, 50_005, {"crossfade_ms": 0.0})[0].changes)
    table = table_of(state)
    for name in ASKED:
        getattr(table.made, name)

    def step() -> None:
        tables._latest = table
        assert table_of(more).made.crossfades_ms is not None

    def anew() -> None:
        tables._latest = None
        assert table_of(more).made.crossfades_ms is not None

    assert fastest_cpu_s(step) < fastest_cpu_s(anew) / 4
