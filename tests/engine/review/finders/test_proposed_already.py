"""Two finders that propose the same cut: one row for it, whichever comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.document.file.storage import apply_rows
from engine.document.proposals import Alternative, Decision, Evidence, Proposal, Verdict
from engine.document.state import DocumentState
from engine.features.registry import FoundEdits
from engine.review.finders import FinderRequest, FinderSettings, Found

SPAN = (10_000, 20_000)
MAKERS = {"dead-air": "pauses", "arrangement": "arranging", "takes": "takes", "comp": "comping"}


def made(maker: str, start: int = SPAN[0], stop: int = SPAN[1], kind: str = "cut") -> Proposal:
    return Proposal(f"{maker}-{kind}-{start}", kind, start, stop, 0.8, "A pause.", maker)


def found(finder: str, state: DocumentState, *proposals: Proposal) -> FoundEdits:
    request = FinderRequest(finder, MAKERS[finder], state, {}, {}, FinderSettings(), ())
    return FoundEdits(request, Found(proposals), {})


def holding(*proposals: Proposal, verdict: Verdict = Verdict.UNDECIDED) -> DocumentState:
    decisions = (
        {} if verdict is Verdict.UNDECIDED else {one.id: Decision(one.id, verdict) for one in proposals}
    )
    return DocumentState(8_000, {}, (), {one.id: one for one in proposals}, decisions)


@pytest.mark.parametrize(("first", "second"), [("dead-air", "arrangement"), ("arrangement", "dead-air")])
@pytest.mark.parametrize("verdict", [Verdict.UNDECIDED, Verdict.ACCEPTED])
def test_the_finder_that_comes_later_leaves_out_what_the_queue_says(
    first: str, second: str, verdict: Verdict
) -> None:
    state = holding(made(MAKERS[first]), verdict=verdict)
    again, other = made(MAKERS[second], SPAN[0] + 100, SPAN[1] + 200), made(MAKERS[second], 50_000, 60_000)
    later = found(second, state, again, other)
    after = apply_rows(state, later.proposing(state).changes)
    assert set(after.proposals) == {*state.proposals, other.id}
    assert later.known_sentence(state)
    assert not found(second, state, other).known_sentence(state)


@pytest.mark.parametrize("again", [
    made("arranging", SPAN[0], SPAN[1] + 1_000),
    replace(made("arranging"), alternatives=(Alternative("As in arrangement 2", 9_000, 20_000),)),
    made("arranging", kind="mute"),
])  # fmt: skip
def test_what_says_something_else_stays(again: Proposal) -> None:
    state = holding(made("pauses"))
    after = apply_rows(state, found("arrangement", state, again).proposing(state).changes)
    assert set(after.proposals) == {*state.proposals, again.id}


@pytest.mark.parametrize("verdict", [Verdict.UNDECIDED, Verdict.ACCEPTED])
def test_a_weak_row_hides_no_strong_one_before_it_is_accepted(verdict: Verdict) -> None:
    weak = replace(made("pauses"), evidence=Evidence.WEAK)
    state, strong = holding(weak, verdict=verdict), made("arranging")
    after = apply_rows(state, found("arrangement", state, strong).proposing(state).changes)
    assert (strong.id in after.proposals) is (verdict is Verdict.UNDECIDED)
    also_weak = replace(strong, evidence=Evidence.WEAK)
    after = apply_rows(state, found("arrangement", state, also_weak).proposing(state).changes)
    assert also_weak.id not in after.proposals


def test_a_comp_leaves_out_the_cut_of_a_take_with_its_alternatives() -> None:
    ways = (Alternative("With the pause after it", SPAN[0], 21_000),)
    state = holding(replace(made("takes"), alternatives=ways))
    assert not found("comp", state, replace(made("comping"), alternatives=ways)).fresh(state)


def test_what_the_user_rejected_for_one_reason_may_come_for_another() -> None:
    state = holding(made("pauses"), verdict=Verdict.REJECTED)
    assert len(found("arrangement", state, made("arranging")).fresh(state)) == 1


def test_the_list_of_takes_has_all_of_its_own() -> None:
    state = holding(made("arranging"))
    assert len(found("takes", state, made("takes")).fresh(state)) == 1


def test_a_finder_that_proposes_again_replaces_its_own() -> None:
    state = holding(made("pauses"))
    moved = made("pauses", SPAN[0] + 10)
    after = apply_rows(state, found("dead-air", state, moved).proposing(state).changes)
    assert set(after.proposals) == {moved.id}
