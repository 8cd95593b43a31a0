"""What answers teach: the order of what is undecided and nothing else, and nothing once taken back."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.proposals import Decision, Verdict
from engine.document.table import table_of
from engine.review.calibration import (
    MOST_ANSWERS,
    Answer,
    Posterior,
    _evidence_of,
    answers_of,
    calibrate,
    findings,
    logistic,
    sentence,
    usefulness,
)
from engine.review.queue import next_id, queue
from tests.engine.review.calibration.material import cuts_the_quiet, decided, document

ACCEPTED, REJECTED, UNDECIDED = Verdict.ACCEPTED, Verdict.REJECTED, Verdict.UNDECIDED


def test_without_answers_the_score_decides() -> None:
    state, heard = document(30)
    calibration = calibrate(state, heard)
    assert calibration.learned.chances is None
    assert queue(state, "score", learned=calibration.learned) == queue(state, "score")
    assert sentence(calibration) == ""


def test_answers_move_the_chances_of_their_like() -> None:
    state, heard = document(40)
    taught = calibrate(decided(state, cuts_the_quiet(range(20))), heard).learned.chances
    assert taught is not None
    assert taught[21::2].min() > taught[20::2].max() + 0.2


def test_what_was_learned_is_said_where_it_is_clear() -> None:
    state, heard = document(60)
    taught = decided(state, cuts_the_quiet(range(24)))
    assert findings(calibrate(taught, heard))[0] == "you cut quiet passages"
    assert sentence(calibrate(taught, heard)).startswith("You cut quiet passages")
    assert sentence(calibrate(taught, heard)).endswith("From 24 decisions.")
    few = decided(state, cuts_the_quiet(range(4)))
    assert sentence(calibrate(few, heard)) == "No pattern found yet. From 4 decisions."


def test_answers_by_chance_teach_nothing_clear() -> None:
    said = 0
    for seed in range(40):
        state, heard = document(60, seed)
        dice = np.random.default_rng(seed)
        verdicts = {k: ACCEPTED if dice.random() < 0.5 else REJECTED for k in range(30)}
        said += bool(findings(calibrate(decided(state, verdicts), heard)))
    assert said <= 6, "one review in ten may be mistaken"


@given(st.lists(st.tuples(st.integers(0, 24), st.sampled_from((ACCEPTED, REJECTED))), max_size=12))
def test_nothing_decided_moves(answers: list[tuple[int, Verdict]]) -> None:
    state, heard = document(25)
    for place, verdict in answers:
        before = {
            order: queue(state, order, learned=calibrate(state, heard).learned)
            for order in ("score", "useful")
        }
        known = frozenset(state.decisions)
        state = decided(state, {place: verdict})
        for order, ids in before.items():
            after = queue(state, order, learned=calibrate(state, heard).learned)
            assert sorted(after) == sorted(ids)
            assert [after.index(key) for key in known] == [ids.index(key) for key in known]


@given(st.dictionaries(st.integers(0, 24), st.sampled_from((ACCEPTED, REJECTED)), min_size=1, max_size=9))
def test_what_is_taken_back_is_unlearned(answers: dict[int, Verdict]) -> None:
    state, heard = document(25)
    base = decided(state, {3: ACCEPTED})
    there = calibrate(base, heard)
    elsewhere = {place: verdict for place, verdict in answers.items() if place != 3}
    calibrate(decided(base, elsewhere), heard)
    back = calibrate(decided(base, dict.fromkeys(elsewhere, UNDECIDED)), heard)
    np.testing.assert_array_equal(back.learned.chances, there.learned.chances)
    np.testing.assert_array_equal(back.learned.usefulness, there.learned.usefulness)


def test_answers_to_another_tastes_proposals_teach_nothing() -> None:
    state, _ = document(20, maker="own-faults Other 9f9f")
    _, ours = document(20)
    calibration = calibrate(decided(state, cuts_the_quiet(range(8))), ours)
    assert calibration.count == 0
    assert calibration.learned.chances is None


def test_the_taste_brings_answers_along_and_none_counts_twice() -> None:
    first, heard = document(24)
    taught = decided(first, cuts_the_quiet(range(24)))
    answers = answers_of(taught, calibrate(taught, heard))
    assert len(answers) == 24
    other, elsewhere = document(20, seed=5)
    renamed = tuple(replace(answer, proposal_id=f"other-{answer.proposal_id}") for answer in answers)
    profits = calibrate(other, elsewhere, renamed)
    assert profits.count == 24
    assert profits.learned.chances is not None
    assert profits.learned.chances[1::2].min() > profits.learned.chances[0::2].max()
    again = calibrate(taught, heard, answers)
    assert again.count == 24, "this document answers for its own proposals"
    np.testing.assert_array_equal(again.learned.chances, calibrate(taught, heard).learned.chances)


def test_answers_of_an_older_version_are_weighed_by_name() -> None:
    state, heard = document(10)
    old = (Answer("old-1", True, {"loudness": -1.5, "no longer weighed": 3.0}),)
    assert calibrate(state, heard, old).count == 1


def test_usefulness_is_how_far_the_variance_falls() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(12, 3))
    root = rng.normal(size=(3, 3))
    known = Posterior(rng.normal(size=3), root @ root.T + np.eye(3))
    undecided, lengths = rng.random(12) < 0.7, rng.integers(1, 100, 12)
    found = usefulness(rows, known, undecided, lengths)
    chances = logistic(rows @ known.means)
    told = chances * (1 - chances)

    def spread(covariance: np.ndarray) -> float:
        variances = np.einsum("ij,jk,ik->i", rows, covariance, rows)
        weights = np.where(undecided, lengths, 0) / lengths[undecided].sum()
        return float((weights * told**2 * variances).sum())

    for place in range(12):
        answered = np.linalg.inv(known.covariance) + told[place] * np.outer(rows[place], rows[place])
        fall = spread(known.covariance) - spread(np.linalg.inv(answered))
        assert found[place] == pytest.approx(fall)


def test_the_search_goes_on_where_a_proposal_would_stand() -> None:
    state, heard = document(12)
    state = decided(state, cuts_the_quiet((0, 1, 2, 5)))
    learned = calibrate(state, heard).learned
    for order in ("score", "useful"):
        ids = queue(state, order, learned=learned)
        for place, key in enumerate(ids[:-1]):
            rest = ids[:place] + ids[place + 1 :]
            assert next_id(state, rest, key, order=order, learned=learned).proposal_id == ids[place + 1]


def test_the_most_useful_question_is_not_the_surest() -> None:
    state, heard = document(40)
    state = decided(state, cuts_the_quiet(range(6, 20)))
    learned = calibrate(state, heard).learned
    assert learned.chances is not None
    undecided = table_of(state).are(UNDECIDED)
    asked = queue(state, "useful", learned=learned)
    first = next(key for key in asked if key not in state.decisions)
    distance = np.abs(learned.chances - 0.5)
    assert distance[table_of(state).made.places[first]] < np.median(distance[undecided])


def test_the_same_analyses_are_equal_whoever_puts_them_together() -> None:
    _, heard = document(5)
    assert replace(heard) == heard
    assert hash(replace(heard)) == hash(heard)
    assert document(5)[1] != heard


def test_an_answer_is_learned_in_a_part_of_the_time_of_all() -> None:
    state, heard = document(10_000)
    state = decided(state, cuts_the_quiet(range(0, 10_000, 3)))
    begun = time.process_time()
    calibration = calibrate(state, heard)  # what no answer changes is weighed once
    all_s = time.process_time() - begun
    brought = tuple(
        replace(answer, proposal_id=f"other-{answer.proposal_id}")
        for answer in answers_of(state, calibration)
    )
    assert len(brought) == MOST_ANSWERS
    taken = []
    for place in (1, 4, 7, 10, 13):
        answer = Decision(f"c{place:05}", ACCEPTED)
        state = replace(state, decisions={**state.decisions, answer.proposal_id: answer})
        begun = time.process_time()
        queue(state, "score", learned=calibrate(state, heard, brought).learned)
        taken.append(time.process_time() - begun)
    assert min(taken) < 0.8 * all_s, "in computing time: another program must not fail a test"


def test_where_scores_begin_says_nothing() -> None:
    state, heard = document(41)
    known = _evidence_of(table_of(state).made, heard, state.rate_hz)
    assert np.std(known.rows[:, 0]) > 0.1
    assert np.median(known.rows[:, 0]) == pytest.approx(0.0, abs=1e-12)
