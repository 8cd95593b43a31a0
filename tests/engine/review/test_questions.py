"""Undecided questions count as no cuts; answered ones as their answers say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.document.proposals import QUESTION, UNFAMILIAR, Decision, Evidence, Proposal, Verdict
from engine.document.state import DocumentState
from engine.review.answers import without_questions

CUT = Proposal("cut-1", "cut", 1_000, 2_000, 0.9, "A pause.", "taste 1")
ASKED = replace(
    CUT,
    id="cut-2",
    start_samples=5_000,
    stop_samples=9_000,
    payload={QUESTION: UNFAMILIAR},
    evidence=Evidence.WEAK,
)


@pytest.mark.parametrize(
    ("verdict", "rest"),
    [(None, {"cut-1"}), (Verdict.ACCEPTED, {"cut-1", "cut-2"}), (Verdict.REJECTED, {"cut-1", "cut-2"})],
)
def test_an_undecided_question_is_left_out(verdict: Verdict | None, rest: set[str]) -> None:
    decisions = {} if verdict is None else {ASKED.id: Decision(ASKED.id, verdict)}
    state = DocumentState(8_000, {}, (), {one.id: one for one in (CUT, ASKED)}, decisions)
    assert set(without_questions(state).proposals) == rest


def test_a_document_without_questions_is_the_same() -> None:
    state = DocumentState(8_000, {}, (), {CUT.id: CUT}, {})
    assert without_questions(state) is state
