"""New songs that score like the edits: one question each by their notes, with the faults in them cut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.document.analysis import NOWHERE, Listening, ScoreCurve
from engine.document.proposals import QUESTION, Evidence, Verdict
from engine.document.settings import CutSettings
from engine.features.taste.cuts.propose import CutPlan, propose_cuts
from tests.engine.features.taste.cuts.test_propose import RATE_HZ, grid_of, steps
from tests.engine.features.taste.cuts.test_unfamiliar import FAMILIAR, FAULT, NEW, silent_from

LENGTH_S = 300.0
EVERYWHERE = steps((LENGTH_S, FAMILIAR))
ONE = ((60.0, 150.0, 0),)
Song = tuple[float, float, int]


def with_songs(curve: ScoreCurve, *songs: Song) -> ScoreCurve:
    """Return a curve with unfamiliar playing: start and stop in seconds, and the number of the song."""
    spans = np.rint(np.array([one[:2] for one in songs]) * RATE_HZ).astype(np.int64)
    numbers = np.array([one[2] for one in songs], np.int64)
    return replace(curve, unfamiliar_samples=spans, unfamiliar_songs=numbers)


def planned(curve: ScoreCurve, mode: str = "automatic", value: float = 0.5, **given: Any) -> CutPlan:
    wish: dict[str, Any] = {} if mode == "automatic" else {mode: value}
    settings = CutSettings(threshold_mode=mode, minimum_kept_s=4.0, **wish)
    return propose_cuts(
        curve,
        given.pop("listening", None),
        given.pop("grid", grid_of(LENGTH_S)),
        length_samples=round(LENGTH_S * RATE_HZ),
        rate_hz=RATE_HZ,
        settings=settings,
        **given,
    )


def asked(plan: CutPlan) -> list[tuple[float, float]]:
    rows = [one for one in plan.proposals if QUESTION in one.payload]
    assert plan.questions == len(rows)
    assert all(one.evidence is Evidence.WEAK for one in rows)
    return [(one.start_samples / RATE_HZ, one.stop_samples / RATE_HZ) for one in rows]


def cut(plan: CutPlan) -> list[tuple[float, float]]:
    rows = [one for one in plan.proposals if QUESTION not in one.payload]
    return [(one.start_samples / RATE_HZ, one.stop_samples / RATE_HZ) for one in rows]


def samples(*spans_s: tuple[float, float]) -> np.ndarray:
    return np.rint(np.array(spans_s) * RATE_HZ).astype(np.int64)


def test_a_new_song_that_scores_like_the_edits_is_one_question() -> None:
    plan = planned(with_songs(EVERYWHERE, *ONE))
    assert asked(plan) == [(60.0, 150.0)]
    assert (cut(plan), plan.kept_share) == ([], 1.0)
    assert plan.proposals[0].reason.startswith("Unfamiliar music, 1:00 to 2:30: steady tempo")


def test_songs_next_to_each_other_are_asked_about_one_by_one() -> None:
    curve = with_songs(EVERYWHERE, (60.0, 150.0, 0), (150.0, 200.0, 1), (201.0, 260.0, 2))
    assert asked(planned(curve)) == [(60.0, 150.0), (150.0, 200.0), (201.0, 260.0)]


@pytest.mark.parametrize(("mode", "value"), [("percentile", 99.0), ("score", 0.9), ("keep", 0.9)])
def test_only_the_default_asks(mode: str, value: float) -> None:
    assert asked(planned(with_songs(EVERYWHERE, *ONE), mode, value)) == []


def test_what_is_no_music_is_not_asked_about() -> None:
    curve, grid = with_songs(EVERYWHERE, *ONE), grid_of(LENGTH_S)
    free = replace(grid, free_samples=samples((60.0, 130.0)))
    few = Listening(np.arange(0, 300, dtype=np.int64) * RATE_HZ, np.zeros(0, np.float32), 200, "ears 1")
    assert asked(planned(curve, grid=None)) == []
    assert asked(planned(curve, grid=free)) == []
    assert asked(planned(curve, listening=few)) == []


def test_faults_in_a_new_song_are_cuts_as_without_the_question() -> None:
    curve = steps((90, FAMILIAR), (12, FAULT), (198, FAMILIAR))
    plan, plain = planned(with_songs(curve, *ONE)), planned(curve)
    assert asked(plan) == [(60.0, 150.0)]
    assert [one for one in plan.proposals if QUESTION not in one.payload] == list(plain.proposals)
    assert plan.kept_samples == plain.kept_samples
    assert len(plain.proposals) == 1


def test_an_answer_to_a_fault_in_a_new_song_leaves_the_question() -> None:
    curve = with_songs(steps((90, FAMILIAR), (12, FAULT), (198, FAMILIAR)), *ONE)
    ((start_s, stop_s),) = cut(planned(curve))
    for verdict in (Verdict.ACCEPTED, Verdict.REJECTED):
        decided = ((round(start_s * RATE_HZ), round(stop_s * RATE_HZ), verdict),)
        assert asked(planned(curve, decided=decided)) == [(60.0, 150.0)]


def test_cuts_at_the_ends_of_a_new_song_are_no_part_of_the_question() -> None:
    curve = with_songs(steps((55, FAMILIAR), (8, FAULT), (82, FAMILIAR), (8, FAULT), (147, FAMILIAR)), *ONE)
    plan = planned(curve)
    (_, start_s), (stop_s, _) = cut(plan)
    assert asked(plan) == [(start_s, stop_s)]
    assert (start_s, stop_s) == pytest.approx((63.0, 145.0), abs=1.5)


def test_what_is_cut_for_the_most_part_is_not_asked_about() -> None:
    curve = steps((60, FAMILIAR), (50, FAULT), (190, FAMILIAR))
    plan = planned(with_songs(curve, *ONE), listening=silent_from(60.0, 110.0, LENGTH_S))
    assert (asked(plan), len(cut(plan))) == ([], 1)


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.REJECTED])
def test_an_answered_question_is_not_asked_again(verdict: Verdict) -> None:
    (span,) = samples(ONE[0][:2]).tolist()
    assert asked(planned(with_songs(EVERYWHERE, *ONE), decided=((*span, verdict),))) == []


def test_a_kept_song_is_familiar_wherever_it_comes_again() -> None:
    curve = with_songs(EVERYWHERE, (20.0, 80.0, 0), (90.0, 150.0, 1), (160.0, 220.0, 0), (230.0, 280.0, 3))
    plan = planned(curve, familiar=samples((20.0, 80.0)))
    assert asked(plan) == [(90.0, 150.0), (230.0, 280.0)]


def test_a_fault_in_a_kept_song_does_not_make_its_like_familiar() -> None:
    curve = steps((90, FAMILIAR), (12, FAULT), (118, FAMILIAR), (12, FAULT), (68, FAMILIAR))
    kept = planned(with_songs(curve, *ONE), familiar=samples(ONE[0][:2]))
    assert asked(kept) == []
    assert cut(kept) == cut(planned(curve))
    assert len(cut(kept)) == 2


@pytest.mark.parametrize("fault_s", [20, 30, 40])
def test_a_long_fault_in_a_familiar_song_does_not_withdraw_cuts_elsewhere(fault_s: int) -> None:
    curve = steps((90, FAMILIAR), (fault_s, FAULT), (120, FAMILIAR), (12, FAULT), (68, FAMILIAR))
    plan = planned(with_songs(curve, *ONE), familiar=samples(ONE[0][:2]))
    assert asked(plan) == []
    inside, *elsewhere = cut(plan)
    assert inside == pytest.approx((90.0, 90.0 + fault_s), abs=0.5)
    assert elsewhere == cut(planned(curve))
    assert len(elsewhere) == 1


def test_a_new_song_that_scores_high_is_one_question_from_its_beginning_to_its_end() -> None:
    curve = steps((60, FAMILIAR), (50, NEW), (190, FAMILIAR))
    assert len(asked(planned(curve))) == 1
    plan = planned(with_songs(curve, *ONE))
    assert asked(plan) == [(60.0, 150.0)]
    assert cut(plan) == []
    kept = planned(with_songs(curve, *ONE), familiar=samples(ONE[0][:2]))
    assert kept.proposals == ()


def test_known_music_that_scores_high_is_not_asked_about() -> None:
    curve = steps((60, FAMILIAR), (50, NEW), (190, FAMILIAR))
    assert len(asked(planned(curve))) == 1
    assert asked(planned(replace(curve, knows_music=True))) == []
    assert len(asked(planned(replace(curve, knows_music=True), grid=None))) == 1


def test_playing_beyond_the_end_of_the_recording_ends_with_it() -> None:
    assert asked(planned(with_songs(EVERYWHERE, (240.0, 300.3, 0)))) == [(240.0, 300.0)]


def test_scores_without_notes_ask_nothing() -> None:
    assert planned(replace(EVERYWHERE, unfamiliar_samples=NOWHERE)).proposals == ()
