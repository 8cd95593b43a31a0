"""Unfamiliar music is one question a passage; faults are unlike the playing around them, and are cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import Listening
from engine.document.kinds import kind_of
from engine.document.proposals import QUESTION, UNFAMILIAR, Evidence, Verdict
from engine.features.taste.cuts.propose import CutPlan
from tests.engine.features.taste.cuts.test_propose import HOP, RATE_HZ, grid_of, plan_of, spans_of, steps

FAMILIAR, NEW, FAULT = 0.4, 0.93, 0.99


def questions_of(plan: CutPlan) -> list[tuple[float, float]]:
    """Return the spans of questions, in seconds; each has weak evidence."""
    asked = [one for one in plan.proposals if QUESTION in one.payload]
    assert {one.evidence for one in asked} <= {Evidence.WEAK}
    return [(one.start_samples / RATE_HZ, one.stop_samples / RATE_HZ) for one in asked]


def silent_from(start_s: float, stop_s: float, length_s: float) -> Listening:
    dead = np.array([[start_s, stop_s]]) * RATE_HZ
    loudness = np.full(round(length_s * RATE_HZ) // HOP, -20, np.float32)
    attacks = np.arange(0, length_s, 0.25) * RATE_HZ
    return Listening(
        attacks.astype(np.int64),
        loudness,
        HOP,
        "ears 1",
        dead.astype(np.int64),
        ("silence",),
        np.array([-120.0], np.float32),
    )


def test_a_new_song_is_one_question() -> None:
    curve = steps((120, FAMILIAR), (90, NEW), (120, FAMILIAR))
    plan = plan_of(curve, 330, None, grid_of(330), threshold_mode="automatic")
    ((start_s, stop_s),) = questions_of(plan)
    assert (start_s, stop_s) == pytest.approx((120, 210), abs=1.5)
    assert (plan.questions, len(plan.proposals), plan.kept_share) == (1, 1, 1.0)
    assert plan.proposals[0].payload[QUESTION] == UNFAMILIAR
    kind_of(plan.proposals[0]).validate(plan.proposals[0].payload)


def test_a_familiar_bridge_does_not_divide_it() -> None:
    curve = steps((60, FAMILIAR), (50, NEW), (10, FAMILIAR), (50, NEW), (60, FAMILIAR))
    ((start_s, stop_s),) = questions_of(plan_of(curve, 230))
    assert (start_s, stop_s) == pytest.approx((60, 170), abs=1.5)


@pytest.mark.parametrize("fault_s", [4, 8, 12])
def test_faults_in_familiar_music_are_cuts(fault_s: int) -> None:
    curve = steps(*[(fault_s * 1.5, FAMILIAR), (fault_s, FAULT)] * 8, (30, FAMILIAR))
    plan = plan_of(curve, 8 * 2.5 * fault_s + 30)
    assert questions_of(plan) == []
    assert len(plan.proposals) == 8


def test_two_new_songs_are_two_questions_and_the_rest_between_is_a_cut() -> None:
    curve = steps((60, FAMILIAR), (60, NEW), (8, FAULT), (60, NEW), (60, FAMILIAR))
    plan = plan_of(curve, 248, silent_from(120, 128, 248))
    first, second = questions_of(plan)
    assert first == pytest.approx((60, 120), abs=1.5)
    assert second == pytest.approx((128, 188), abs=1.5)
    strong = [one for one in plan.proposals if one.evidence is Evidence.STRONG]
    assert [(one.start_samples, one.stop_samples) for one in strong] == [(120 * RATE_HZ, 128 * RATE_HZ)]


@pytest.mark.parametrize("verdict", [Verdict.REJECTED, Verdict.ACCEPTED])
def test_an_answered_question_is_not_asked_again(verdict: Verdict) -> None:
    curve = steps((60, FAMILIAR), (60, NEW), (60, FAMILIAR))
    (span,) = spans_of(plan_of(curve, 180))
    assert plan_of(curve, 180, decided=((*span, verdict),)).proposals == ()


@pytest.mark.parametrize("settings", [{"percentile": 72.0}, {"score": 0.6}])
def test_a_threshold_of_the_user_cuts_new_music_with_weak_evidence(settings: dict[str, float]) -> None:
    curve = steps((60, FAMILIAR), (60, NEW), (60, FAMILIAR), (8, FAULT), (60, FAMILIAR))
    (mode,) = settings
    plan = plan_of(curve, 248, threshold_mode=mode, **settings)
    assert [one.evidence for one in plan.proposals] == [Evidence.WEAK, Evidence.STRONG]
    assert plan.questions == 0


def test_a_wished_for_length_is_cut_from_all_music() -> None:
    curve = steps((60, FAMILIAR), (60, NEW), (60, FAMILIAR))
    plan = plan_of(curve, 180, threshold_mode="keep", keep=0.7)
    assert questions_of(plan) == []
    assert plan.kept_share == pytest.approx(0.7, abs=0.02)


def test_a_short_cut_has_weak_evidence_unless_it_is_dead_air() -> None:
    curve = steps((60, FAMILIAR), (4, FAULT), (60, FAMILIAR), (8, FAULT), (30, FAMILIAR))
    plan = plan_of(curve, 162)
    assert [one.evidence for one in plan.proposals] == [Evidence.WEAK, Evidence.STRONG]
    assert plan.questions == 0
    known = plan_of(curve, 162, silent_from(60, 64, 162))
    assert [one.evidence for one in known.proposals] == [Evidence.STRONG, Evidence.STRONG]


def test_sound_without_a_pulse_amid_music_is_a_cut_as_talk_and_tuning_are() -> None:
    grid = grid_of(180)
    free = replace(grid, free_samples=np.array([[60 * RATE_HZ, 120 * RATE_HZ]]))
    curve = steps((60, FAMILIAR), (60, NEW), (60, FAMILIAR))
    music, sound, unknown = (plan_of(curve, 180, None, one) for one in (grid, free, None))
    assert music.proposals[0].reason.startswith("Unfamiliar music, 1:00 to 2:00")
    assert [(one.evidence, QUESTION in one.payload) for one in sound.proposals] == [(Evidence.STRONG, False)]
    assert unknown.proposals[0].reason.startswith("Unfamiliar sound, 1:00 to 2:00")


def test_hardly_any_attacks_are_no_music() -> None:
    curve = steps((60, FAMILIAR), (60, NEW), (60, FAMILIAR))
    few = replace(silent_from(179, 180, 180), onsets_samples=np.arange(0, 180, 1) * RATE_HZ)
    assert plan_of(curve, 180, few, grid_of(180)).questions == 0
