"""Answers to questions about unfamiliar passages: they change at once which other cuts are proposed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.analysis import FRAGMENT, BeatGrid, ScoreCurve
from engine.document.file.storage import apply_rows
from engine.document.proposals import QUESTION, Decision, Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.features.taste.cuts.unfamiliar import with_familiar
from engine.features.taste.document_cuts import answer, familiar_passages, propose
from engine.review.evidence import Analyses
from tests.sources import one_source_track

RATE_HZ, HOP = 8_000, 1_600
LENGTH_S = 300
NEW = ((60, 110), (180, 230))
"""Two passages of the same new song, in seconds."""


def curve(*, new: float = 0.93, again: float = 0.92) -> ScoreCurve:
    times = np.arange(LENGTH_S * RATE_HZ // HOP, dtype=np.int64) * HOP + HOP // 2
    scores = np.full(len(times), 0.4, np.float32)
    for (start, stop), score in zip(NEW, (new, again), strict=True):
        scores[(times >= start * RATE_HZ) & (times < stop * RATE_HZ)] = score
    parts = np.where(scores > 0.5, 3.0, 0.0)[:, None].astype(np.float32)
    limits = np.array([4.0], np.float32)
    return ScoreCurve(times, scores, "taste 1", ("noise",), parts, part_limits=limits)


def document(scored: ScoreCurve, **settings: object) -> DocumentState:
    source = Source("s", "a.wav", "0", RATE_HZ, 1, LENGTH_S * RATE_HZ, "WAV", "PCM_16")
    track = one_source_track("t", source, "a", 0)
    state = DocumentState(
        RATE_HZ, {"s": source}, (track,), settings={"threshold_mode": "automatic", **settings}
    )
    return apply_rows(state, propose(state, scored, None, None, {}).edit.changes)


def questions(state: DocumentState) -> list[str]:
    """Return the undecided questions by their places."""
    asked = [
        key
        for key, one in state.proposals.items()
        if QUESTION in one.payload and state.verdict(key) is Verdict.UNDECIDED
    ]
    return sorted(asked, key=lambda key: state.span(key)[0])


def answered(state: DocumentState, ids: list[str], verdict: Verdict, scored: ScoreCurve) -> DocumentState:
    return apply_rows(state, answer(state, ids, verdict, Analyses(scored)).changes)


def test_keeping_a_passage_withdraws_questions_about_its_like() -> None:
    scored = curve()
    state = document(scored)
    first, _ = questions(state)
    kept = answered(state, [first], Verdict.REJECTED, scored)
    assert questions(kept) == []
    assert kept.verdict(first) is Verdict.REJECTED
    np.testing.assert_allclose(familiar_passages(kept) / RATE_HZ, [NEW[0]], atol=1.5)


def test_keeping_a_song_withdraws_questions_about_its_other_takes() -> None:
    spans = np.array([*NEW, (240, 280)], np.int64) * RATE_HZ
    scored = replace(
        curve(new=0.4, again=0.4), unfamiliar_samples=spans, unfamiliar_songs=np.array([0, 0, 2])
    )
    beats = np.arange(0, LENGTH_S * RATE_HZ, RATE_HZ // 2)
    grid = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 1.0, "beats 1")
    state = document(curve(new=0.4, again=0.4))
    state = apply_rows(state, propose(state, scored, grid, None, {}).edit.changes)
    first, _, other = questions(state)
    kept = apply_rows(state, answer(state, [first], Verdict.REJECTED, Analyses(scored, grid=grid)).changes)
    assert questions(kept) == [other]
    np.testing.assert_array_equal(familiar_passages(kept), spans[:1])


def test_what_is_much_stranger_is_still_asked() -> None:
    scored = curve(again=0.99)
    state = document(scored)
    kept = answered(state, questions(state)[:1], Verdict.REJECTED, scored)
    (left,) = questions(kept)
    assert np.array(kept.span(left)) / RATE_HZ == pytest.approx(NEW[1], abs=1.5)


def test_taking_the_answer_back_asks_again() -> None:
    scored = curve()
    state = document(scored)
    first, second = questions(state)
    kept = answered(state, [first], Verdict.REJECTED, scored)
    back = answered(kept, [first], Verdict.UNDECIDED, scored)
    assert questions(back) == [first, second]
    assert back.proposals == state.proposals


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.UNDECIDED])
def test_other_answers_change_nothing_else(verdict: Verdict) -> None:
    scored = curve()
    state = document(scored)
    first, second = questions(state)
    assert {second} <= set(answered(state, [first], verdict, scored).proposals)
    made = answer(state, [first], verdict, Analyses(scored))
    assert all(change.row_type is Decision for change in made.changes)


def test_answers_to_cuts_of_another_taste_or_without_scores_are_plain() -> None:
    scored = curve()
    state = document(scored)
    first, _ = questions(state)
    for known in (Analyses(), Analyses(replace(scored, maker="taste 2"))):
        assert len(answer(state, [first], Verdict.REJECTED, known).changes) == 1


def test_a_threshold_of_the_user_stays_as_it_is() -> None:
    scored = curve()
    state = document(scored)
    state = replace(state, settings={**state.settings, "threshold_mode": "score"})
    first, _ = questions(state)
    assert len(answer(state, [first], Verdict.REJECTED, Analyses(scored)).changes) == 1


def test_a_fault_that_a_rule_finds_in_a_kept_passage_is_a_cut() -> None:
    fault = np.array([[70, 80]], np.int64) * RATE_HZ
    scored = curve()
    scores = scored.scores.copy()
    scores[70 * RATE_HZ // HOP : 80 * RATE_HZ // HOP] = 0.98
    scored = replace(scored, scores=scores, faults_samples=fault, fault_kinds=(FRAGMENT,))
    state = document(scored)
    first = questions(state)[0]
    kept = answered(state, [first], Verdict.REJECTED, scored)
    spans = [kept.span(key) for key in kept.proposals if kept.verdict(key) is Verdict.UNDECIDED]
    assert (70 * RATE_HZ, 80 * RATE_HZ) in spans


def test_unknown_proposals_are_refused() -> None:
    with pytest.raises(UsageError):
        answer(document(curve()), ["nothing"], Verdict.REJECTED, Analyses(curve()))


def test_limits_rise_to_the_passage_and_never_fall() -> None:
    scored = curve(new=0.93, again=0.97)
    passages = np.array(NEW[:1]) * RATE_HZ
    taught = with_familiar(scored, passages, RATE_HZ)
    assert taught.limit == pytest.approx(0.93, abs=0.01)
    np.testing.assert_array_equal(taught.part_limits, scored.part_limits)
    assert with_familiar(replace(scored, limit=0.96), passages, RATE_HZ).limit == 0.96
    assert with_familiar(scored, passages[:0], RATE_HZ) is scored
