"""Reference takes are played whole, and reasons of cuts say whether they can be checked by ear."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.analysis.found_takes import FoundTakes, Take, TakeGroup
from engine.document.proposals import Evidence
from engine.features.arrangement.decode import Bounds
from engine.features.arrangement.reasons import Reasons
from engine.features.arrangement.references import keeping_references
from engine.features.arrangement.step_features import StepFeatures
from engine.features.arrangement.steps import order_of
from tests.engine.features.arrangement import made

SONG, BRIEF, LAST = (0, 80), (86, 110), (116, 200)
"""Steps of half a second, with pauses of 3 s between."""


def heard(brief_db: float, lasts: int = 24, **known: object) -> StepFeatures:
    """Return two songs of 40 s with something brief between them, so many dB louder than the songs."""
    parts = [(80, True), (6, False), (lasts, True), (30 - lasts, False), (6, False), (78, True)]
    one = made.heard(np.random.default_rng(0), parts)
    one.features[86 : 86 + lasts, 0] += brief_db / 20.0
    played_s = ((0.0, 40.0), (43.0, 43.0 + lasts / 2.0), (61.0, 100.0))
    return replace(one, takes=FoundTakes((), (), played_s), **known)


def reason_of_brief(one: StepFeatures, lasts: int = 24) -> tuple[Evidence, str]:
    reasons = Reasons.of(one, order_of([(0, 80), (122, 200)]))
    reason = reasons.of_cut((86, 86 + lasts))
    return reason.evidence, reason.text


@pytest.mark.parametrize(
    ("brief_db", "lasts", "evidence"),
    [
        (0.0, 24, Evidence.WEAK),
        (3.0, 12, Evidence.WEAK),
        (-8.0, 24, Evidence.STRONG),
        (0.0, 6, Evidence.STRONG),
    ],
    ids=["as loud, 12 s", "louder, 6 s", "softer, 12 s", "as loud, 3 s"],
)
def test_a_brief_performance_as_loud_as_the_songs_is_cut_with_weak_evidence(
    brief_db: float, lasts: int, evidence: Evidence
) -> None:
    found, text = reason_of_brief(heard(brief_db, lasts), lasts)
    assert found is evidence
    assert f"{lasts / 2:.0f} s" in text
    assert "3.0 s" in text


def test_tuning_is_named_however_loud_it_is() -> None:
    evidence, text = reason_of_brief(heard(0.0, tuning_s=((43.0, 55.0),)))
    assert evidence is Evidence.STRONG
    assert text.startswith("Tuning")


def take(start_s: float, stop_s: float) -> Take:
    return Take(start_s, stop_s, True, 0, 1.0, 0.0, 1.0)


@pytest.mark.parametrize("plays_on", [True, False])
def test_music_after_a_rest_belongs_to_the_take_where_both_are_played(plays_on: bool) -> None:
    # Two takes of 30 s; after a rest of 1.5 s the second goes on for 4 s.
    parts = [(60, True), (8, False), (60, True), (3, False), (8, True), (20, False)]
    one = made.heard(np.random.default_rng(0), parts)
    group = TakeGroup("passage at 0:00", (take(0.0, 30.0), take(34.0, 64.0)))
    one = replace(one, takes=FoundTakes((group,), (), ((0.0, 30.0), (34.0, 64.0), (65.5, 69.5))))
    played = np.zeros(len(one), np.int64)
    played[68 : 139 if plays_on else 128] = 1
    bounds = keeping_references(Bounds.none(len(one)), one, played)
    assert bounds.must[68:128].all()
    assert bounds.must[131:139].all() == plays_on
    assert bounds.never[131:139].all() != plays_on
    assert bounds.never[:60].all()


@pytest.mark.parametrize("plays_on", [True, False])
def test_music_before_a_rest_belongs_to_the_take_where_both_are_played(plays_on: bool) -> None:
    # Two takes of 30 s. A count-in of 2 s, a phrase of 6 s and a rest of 1.5 s come before the second.
    parts = [(60, True), (8, False), (16, True), (3, False), (60, True), (13, False)]
    one = made.heard(np.random.default_rng(0), parts)
    group = TakeGroup("passage at 0:00", (take(0.0, 30.0), take(43.5, 73.5)))
    one = replace(one, takes=FoundTakes((group,), (), ((0.0, 30.0), (34.0, 42.0), (43.5, 73.5))))
    played = np.zeros(len(one), np.int64)
    played[72 if plays_on else 87 : 147] = 1
    bounds = keeping_references(Bounds.none(len(one)), one, played)
    assert bounds.must[87:147].all()
    assert bounds.must[72:87].all() == plays_on
    assert bounds.never[68:72].all()
    assert bounds.never[72:87].all() != plays_on


def test_tuning_after_a_rest_does_not_belong_to_the_take() -> None:
    parts = [(60, True), (8, False), (60, True), (3, False), (8, True), (20, False)]
    one = made.heard(np.random.default_rng(0), parts)
    group = TakeGroup("passage at 0:00", (take(0.0, 30.0), take(34.0, 64.0)))
    played_s = ((0.0, 30.0), (34.0, 64.0), (65.5, 69.5))
    one = replace(one, takes=FoundTakes((group,), (), played_s), tuning_s=((65.5, 69.5),))
    played = np.zeros(len(one), np.int64)
    played[68:139] = 1
    bounds = keeping_references(Bounds.none(len(one)), one, played)
    assert bounds.must[68:128].all()
    assert not bounds.must[128:].any()
    assert bounds.never[128:139].all()


def test_what_is_left_of_a_cut_take_is_cut_with_it() -> None:
    # The performance of the first take lasts a step longer than what the takes have in common.
    parts = [(61, True), (7, False), (60, True), (12, False)]
    one = made.heard(np.random.default_rng(0), parts)
    group = TakeGroup("passage at 0:00", (take(0.0, 30.0), take(34.0, 64.0)))
    one = replace(one, takes=FoundTakes((group,), (), ((0.0, 30.5), (34.0, 64.0))))
    played = np.zeros(len(one), np.int64)
    played[:50] = played[68:128] = 1
    bounds = keeping_references(replace(Bounds.none(len(one)), least_steps=4), one, played)
    assert bounds.must[68:128].all()
    assert not bounds.must[:61].any()
    assert bounds.never[:61].all()


def test_a_cut_without_another_reason_names_the_habit_of_the_editor() -> None:
    one, order, habit = heard(0.0), order_of([(0, 40), (122, 200)]), "Editor 'mine' leaves out sections."
    for reasons in (Reasons.of(one, order, habit), Reasons.of(one, order)):
        cut = reasons.of_cut((44, 70))
        assert cut.evidence is Evidence.WEAK
        assert cut.text.endswith(habit) is bool(reasons.habit)
        assert reasons.of_move((44, 70)).text.endswith(habit) is bool(reasons.habit)
