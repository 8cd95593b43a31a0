"""Questions that an accepted cut has answered: the same as hearing the result with and without each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.review.answers import statistics
from engine.review.overlaps import cut_away, cut_away_with, is_cut_away
from engine.review.queue import next_id, previous_id
from engine.sound.edl.build import build, preview
from engine.sound.edl.edit_list import EditList
from tests.engine.sound.edl.recordings import timeline_state

LENGTH = 80_000
KINDS_TRIED = ("cut", "keep", "mute", "gain", "repeat", "move", "slip")
PAYLOADS: dict[str, dict[str, object]] = {
    "gain": {"gain_db": -6.0},
    "repeat": {"times": 2},
    "move": {"to_samples": 70_000},
    "slip": {"by_samples": 40.0},
}


def state_of(*proposals: tuple[str, str, int, int], accepted: tuple[str, ...] = ()) -> DocumentState:
    made = {
        key: Proposal(key, kind, start, stop, 0.9, "Odd.", "taste", (), PAYLOADS.get(kind, {}))
        for key, kind, start, stop in proposals
    }
    decisions = {key: Decision(key, verdict=Verdict.ACCEPTED) for key in accepted}
    return replace(timeline_state(LENGTH), proposals=made, decisions=decisions)


def ids_of(state: DocumentState) -> set[str]:
    return {key for key in state.proposals if is_cut_away(state, key)}


NESTED = (
    ("before", "cut", 1_000, 12_000),
    ("around", "cut", 10_000, 40_000),
    ("inside", "cut", 12_000, 20_000),
    ("quiet", "gain", 20_000, 30_000),
    ("kept", "keep", 30_000, 32_000),
    ("after", "cut", 50_000, 60_000),
)


def test_what_lies_in_an_accepted_cut_needs_no_answer() -> None:
    assert ids_of(state_of(*NESTED)) == set()
    state = state_of(*NESTED, accepted=("around",))
    assert ids_of(state) == {"inside", "quiet"}
    assert ids_of(state_of(*NESTED, accepted=("around", "kept"))) == {"inside", "quiet"}
    held = (*NESTED[:4], ("kept", "keep", 15_000, 16_000))
    assert ids_of(state_of(*held, accepted=("around", "kept"))) == {"quiet"}


def test_what_is_decided_is_not_among_them() -> None:
    state = state_of(*NESTED, accepted=("around", "inside"))
    assert ids_of(state) == {"quiet"}
    refused = {**state.decisions, "quiet": Decision("quiet", verdict=Verdict.REJECTED)}
    assert ids_of(replace(state, decisions=refused)) == set()


def test_an_answer_leads_past_what_it_cuts_away() -> None:
    state = state_of(*NESTED)
    ids = table_of(state).made.ids
    assert next_id(state, ids, "around", undecided_only=True).proposal_id == "inside"
    onward = next_id(state, ids, "around", undecided_only=True, accepting="around")
    assert onward.proposal_id == "kept"
    done = state_of(*NESTED, accepted=("around",))
    assert next_id(done, ids, "around", undecided_only=True).proposal_id == "kept"
    assert previous_id(done, ids, "after", undecided_only=True).proposal_id == "kept"
    assert next_id(done, ids, "around").proposal_id == "inside", "a plain move goes everywhere"
    assert statistics(done).cut_away == 2


def test_each_answer_that_is_not_asked_for_would_change_nothing() -> None:
    rng = np.random.default_rng(7)
    found = 0
    for _ in range(60):
        proposals = []
        for number in range(12):
            start = int(rng.integers(0, LENGTH - 30_000))
            kind = "cut" if number < 6 else str(rng.choice(KINDS_TRIED))
            proposals.append(
                (
                    f"p{number:02}",
                    kind,
                    start,
                    start + int(rng.integers(200, 30_000 if number < 4 else 6_000)),
                )
            )
        accepted = tuple(f"p{number:02}" for number in range(4))
        state = state_of(*proposals, accepted=accepted)
        now = build(state)
        for key in ids_of(state):
            found += 1
            assert as_heard(preview(state, key)) == as_heard(now), (key, proposals)
        with_one = cut_away_with(state, "p04")
        decided = state_of(*proposals, accepted=(*accepted, "p04"))
        expected = cut_away(decided)
        expected[table_of(state).made.places["p04"]] = with_one[table_of(state).made.places["p04"]]
        assert with_one.tolist() == expected.tolist()
    assert found > 100


def as_heard(edit_list: EditList) -> list[list[int]]:
    """What is heard of the source and when; what is done to the sound of what is not heard does not count."""
    columns = edit_list.starts_samples, edit_list.stops_samples, edit_list.result_starts_samples
    return [column.tolist() for column in columns]
