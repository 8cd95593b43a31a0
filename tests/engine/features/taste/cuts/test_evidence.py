"""By default, a cut has evidence of a fault; merely unlike the training data is not a fault."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import FRAGMENT, OTHER_LEVEL, OTHER_TEMPO, ScoreCurve
from engine.document.proposals import QUESTION, Evidence
from engine.features.taste.cuts.default_cuts import are_faults, share_in
from tests.engine.features.taste.cuts.test_propose import RATE_HZ, plan_of, spans_of, steps

FAMILIAR, ODD = 0.4, 0.99


def curve_with(name: str, value: float) -> ScoreCurve:
    """A curve that is odd from 30 to 40 s, there with a part of its score; the highest of the edits is 2."""
    curve = steps((30, FAMILIAR), (10, ODD), (30, FAMILIAR))
    parts = np.where(curve.scores > FAMILIAR, value, 0.0)[:, None].astype(np.float32)
    return replace(curve, part_names=(name,), parts=parts, part_limits=np.array([2.0], np.float32))


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [("talk", 3.0, 1), ("talk", 1.0, 0), ("unlike-kept", 9.0, 0), ("unlike-rest-rhythm", 3.0, 1)],
)
def test_a_cut_needs_a_kind_of_fault_above_all_of_the_edits(name: str, value: float, count: int) -> None:
    assert len(plan_of(curve_with(name, value), 70).proposals) == count


@pytest.mark.parametrize(("name", "count"), [("talk", 1), ("unlike-rest-rhythm", 0)])
def test_a_song_that_no_edit_plays_has_a_rhythm_of_its_own(name: str, count: int) -> None:
    song = np.array([[25, 45]], np.int64) * RATE_HZ
    curve = replace(
        curve_with(name, 3.0), unfamiliar_samples=song, unfamiliar_songs=np.array([1]), knows_music=True
    )
    assert sum(QUESTION not in one.payload for one in plan_of(curve, 70).proposals) == count


def scored(*passages: tuple[int, float, float]) -> ScoreCurve:
    """A curve of passages: seconds, score, and its part "talk"; the highest of the edits is 2."""
    curve = steps(*((seconds, score) for seconds, score, _ in passages))
    values = np.concatenate([np.full(seconds, value) for seconds, _, value in passages])
    at = np.minimum(curve.times_samples // RATE_HZ, len(values) - 1)
    parts = values[at][:, None].astype(np.float32)
    return replace(curve, part_names=("talk",), parts=parts, part_limits=np.array([2.0], np.float32))


@pytest.mark.parametrize(("usual", "count"), [(1.7, 0), (0.2, 1)])
def test_what_a_new_song_sounds_like_throughout_is_not_a_fault(usual: float, count: int) -> None:
    curve = scored((100, FAMILIAR, usual), (12, ODD, 3.0), (80, FAMILIAR, usual))
    song = np.array([[0, 190]], np.int64) * RATE_HZ
    curve = replace(curve, unfamiliar_samples=song, unfamiliar_songs=np.array([1]), knows_music=True)
    assert sum(QUESTION not in one.payload for one in plan_of(curve, 192).proposals) == count


def test_a_long_cut_spares_the_music_without_evidence_before_and_within_it() -> None:
    curve = scored(
        (30, FAMILIAR, 0.0),
        (60, ODD, 0.0),
        (50, ODD, 3.0),
        (40, ODD, 0.5),
        (50, ODD, 3.0),
        (30, FAMILIAR, 0.0),
    )
    found = np.array(spans_of(plan_of(curve, 260)), np.float64).reshape(-1, 2) / RATE_HZ
    assert found == pytest.approx(np.array([[90.0, 140.0], [180.0, 230.0]]), abs=11.0)


def test_a_threshold_of_the_user_needs_no_evidence() -> None:
    curve = curve_with("unlike-kept", 9.0)
    assert len(plan_of(curve, 70, threshold_mode="score", score=0.9).proposals) == 1
    assert len(plan_of(curve, 70, threshold_mode="keep", keep=0.8).proposals) == 1


def test_a_taste_that_cannot_know_proposes_as_before() -> None:
    assert (
        len(plan_of(replace(curve_with("talk", 0.0), part_limits=np.zeros(0, np.float32)), 70).proposals) == 1
    )


FOUND_S = np.array([[30.3, 39.4]])


def with_rules(curve: ScoreCurve, *kinds: str) -> ScoreCurve:
    """The curve with faults that rules found in its odd passage."""
    faults = np.repeat(FOUND_S * RATE_HZ, len(kinds), axis=0).astype(np.int64)
    return replace(curve, faults_samples=faults, fault_kinds=kinds)


@pytest.mark.parametrize(("kind", "evidence"), [(OTHER_LEVEL, Evidence.STRONG), (FRAGMENT, Evidence.WEAK)])
def test_a_fault_of_a_rule_is_evidence_and_gives_the_edges(kind: str, evidence: Evidence) -> None:
    plan = plan_of(with_rules(curve_with("unlike-kept", 9.0), kind), 70)
    assert np.array(spans_of(plan)) == pytest.approx(FOUND_S * RATE_HZ, abs=0.15 * RATE_HZ)
    assert [one.evidence for one in plan.proposals] == [evidence]


@pytest.mark.parametrize(
    ("value", "kinds", "evidence"),
    [
        (2.1, (), Evidence.WEAK),
        (2.6, (), Evidence.STRONG),
        (2.1, (FRAGMENT,), Evidence.STRONG),
        (0.5, (FRAGMENT,), Evidence.WEAK),
        (0.5, (OTHER_TEMPO,), Evidence.WEAK),
        (0.5, (FRAGMENT, OTHER_TEMPO), Evidence.STRONG),
    ],
)
def test_strong_evidence_is_far_above_the_edits_or_has_two_signs(
    value: float, kinds: tuple[str, ...], evidence: Evidence
) -> None:
    plan = plan_of(with_rules(curve_with("talk", value), *kinds), 70)
    assert [one.evidence for one in plan.proposals] == [evidence]


def test_a_cut_is_strong_only_if_all_of_it_is() -> None:
    curve = with_kinds(3)
    high = replace(curve, parts=curve.parts * np.float32(2.0))
    mixed = replace(
        high, parts=np.where(high.times_samples[:, None] < 50 * RATE_HZ, high.parts, 0.9 * curve.parts)
    )
    evidence = [plan_of(one, 90).proposals[0].evidence for one in (high, mixed)]
    assert evidence == [Evidence.STRONG, Evidence.WEAK]


def test_shares_agree_with_counted_samples() -> None:
    rng = np.random.default_rng(5)
    edges = np.sort(rng.choice(400, 12, replace=False)).reshape(-1, 2)
    spans = np.sort(rng.choice(400, (30, 2)), axis=1) + np.array([0, 1])
    counted = np.zeros(402)
    for start, stop in edges:
        counted[start:stop] = 1.0
    wanted = [counted[start:stop].mean() for start, stop in spans]
    np.testing.assert_allclose(share_in(spans, edges), wanted)
    np.testing.assert_array_equal(share_in(spans, np.zeros((0, 2), np.int64)), np.zeros(30))


def with_kinds(count: int) -> ScoreCurve:
    """A curve that is odd from 30 to 60 s, with another kind of fault every ten seconds, `count` of them."""
    curve = steps((30, FAMILIAR), (30, ODD), (30, FAMILIAR))
    parts = np.zeros((len(curve.scores), 3), np.float32)
    for column in range(count):
        parts[(30 + 10 * column) * 5 : (40 + 10 * column) * 5, column] = 2.5
    limits = np.full(3, 2.0, np.float32)
    return replace(curve, part_names=("talk", "noise", "noodling"), parts=parts, part_limits=limits)


def test_a_long_cut_can_have_several_kinds_of_faults() -> None:
    assert plan_of(with_kinds(3), 90).questions == 0
    assert len(plan_of(with_kinds(3), 90).proposals) == 1


def test_a_passage_with_evidence_for_less_than_half_of_it_is_a_question() -> None:
    assert (plan_of(with_kinds(1), 90).questions, len(plan_of(with_kinds(1), 90).proposals)) == (1, 1)


def test_no_spans_have_no_evidence() -> None:
    none = np.zeros((0, 2), np.int64)
    assert are_faults(none, curve_with("talk", 3.0), none, RATE_HZ).shape == (0,)
