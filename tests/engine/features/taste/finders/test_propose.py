"""Proposing from what was heard: one step of the threshold, minutes to keep, and what an outlook says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.document.analysis import Listening, ScoreCurve
from engine.document.file.storage import apply_rows
from engine.document.proposals import BY_TALK
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.features.taste.document_cuts import (
    look_ahead,
    propose,
    propose_pauses,
    share_of_minutes,
    stepped_percentile,
)
from tests.sources import one_source_track

RATE_HZ = 8_000
LENGTH_S = 120
HOP = 1_600


def document(**settings: object) -> DocumentState:
    """A document of one track."""
    source = Source("s", "a.wav", "0", RATE_HZ, 1, LENGTH_S * RATE_HZ, "WAV", "PCM_16")
    return DocumentState(RATE_HZ, {"s": source}, (one_source_track("t", source, "a", 0),), settings=settings)


def wavy(seed: int) -> ScoreCurve:
    """Scores that come and go over seconds."""
    n = LENGTH_S * RATE_HZ // HOP
    wave = np.convolve(np.random.default_rng(seed).standard_normal(n + 60), np.hanning(40), "same")[:n]
    scores = 1 / (1 + np.exp(-2 * wave / wave.std()))
    return ScoreCurve(np.arange(n, dtype=np.int64) * HOP + HOP // 2, scores.astype(np.float32), "test")


def proposed(state: DocumentState, curve: ScoreCurve, **settings: object) -> DocumentState:
    return apply_rows(state, propose(state, curve, None, None, settings).edit.changes)


MODES: tuple[dict[str, object], ...] = (
    {"threshold_mode": "automatic"},
    {"threshold_mode": "score", "score": 0.6},
    {"threshold_mode": "score", "score": 0.0},
    {"threshold_mode": "score", "score": 1.0},
    {"threshold_mode": "keep", "keep": 0.7},
    {"threshold_mode": "percentile", "percentile": 40.0},
    {"threshold_mode": "percentile", "percentile": 99.5},
)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("wanted", MODES, ids=lambda wanted: "-".join(map(str, wanted.values())))
def test_a_step_starts_from_the_threshold_in_force(wanted: dict[str, object], seed: int) -> None:
    curve = wavy(seed)
    state = proposed(document(), curve, **wanted)
    in_force = state.settings["threshold"]
    assert isinstance(in_force, float)
    for direction in (1, -1):
        percentile = stepped_percentile(state, curve, None, direction)
        found = proposed(state, curve, threshold_mode="percentile", percentile=percentile)
        stepped = found.settings["threshold"]
        assert isinstance(stepped, float)
        at_its_end = percentile == (100.0 if direction > 0 else 0.0)
        assert at_its_end or (stepped > in_force if direction > 0 else stepped < in_force)


def test_steps_are_whole_points_of_percentile() -> None:
    curve = wavy(1)
    state = proposed(document(), curve)
    first = stepped_percentile(state, curve, None, 1)
    state = proposed(state, curve, threshold_mode="percentile", percentile=first)
    assert [stepped_percentile(state, curve, None, step) for step in (1, -1)] == [first + 1, first - 1]


def test_without_scores_a_step_goes_from_the_percentile_asked_for() -> None:
    nothing = ScoreCurve(np.zeros(0, np.int64), np.zeros(0, np.float32), "test")
    assert stepped_percentile(document(threshold=0.7), nothing, None, 1) == 41.0
    assert stepped_percentile(DocumentState(), wavy(1), None, -1) == 39.0


def test_a_long_cut_that_breaks_up_is_said_in_label_and_outlook() -> None:
    scores = np.full(LENGTH_S * RATE_HZ // HOP, 0.5, np.float32)
    scores[100:500] = 0.95
    scores[270:330] = 0.8  # between two odd stretches something less odd
    curve = ScoreCurve(np.arange(len(scores), dtype=np.int64) * HOP + HOP // 2, scores, "test")
    state = proposed(document(), curve, threshold_mode="score", score=0.7)
    assert len(state.proposals) == 1
    higher = {"threshold_mode": "score", "score": 0.9}
    made = propose(state, curve, None, None, higher)
    words = "2 cuts (1 more: 1 long cut broke up)"
    assert made.edit.label == f"Proposed {words}: {100 * made.plan.kept_share:.0f} % of the recording stays"
    outlook = look_ahead(state, curve, None, None, higher, SILENT)
    assert outlook.sentence.startswith(f"{words}, 0:5")
    assert outlook.sentence.endswith(" of 2:00 remain")
    assert outlook.threshold == 0.9
    state = apply_rows(state, made.edit.changes)
    again = propose(state, curve, None, None, {"threshold_mode": "score", "score": 0.7})
    assert again.edit.label.startswith("Proposed 1 cut: ")


def test_a_cut_of_another_finder_at_the_same_place_is_not_proposed_again() -> None:
    scores = np.full(LENGTH_S * RATE_HZ // HOP, 0.2, np.float32)
    scores[100:300] = scores[400:500] = 0.95
    curve = ScoreCurve(np.arange(len(scores), dtype=np.int64) * HOP + HOP // 2, scores, "test")
    score = {"threshold_mode": "score", "score": 0.7}
    first, second = sorted(
        proposed(document(), curve, **score).proposals.values(), key=lambda one: one.start_samples
    )
    state = replace(document(), proposals={"other": replace(first, id="other", maker=BY_TALK)})
    made = propose(state, curve, None, None, score)
    assert apply_rows(state, made.edit.changes).proposals.keys() == {"other", second.id}
    assert made.edit.label.endswith("; 1 is in the queue already")
    assert made.cuts.after == 2


def test_cuts_of_another_taste_are_not_counted_with_these() -> None:
    curve = wavy(1)
    state = proposed(document(), replace(curve, maker="other"), threshold_mode="score", score=0.3)
    made = propose(state, curve, None, None, {"threshold_mode": "score", "score": 0.7})
    assert (made.cuts.before, made.cuts.broke_up) == (0, 0)


@given(st.integers(0, 50), st.floats(0.3, 0.9), st.floats(0.0, 0.1))
def test_a_higher_threshold_adds_only_pieces_of_longer_cuts(seed: int, score: float, more: float) -> None:
    curve = wavy(seed)
    state = proposed(document(snap=False), curve, threshold_mode="score", score=score)
    higher = {"threshold_mode": "score", "score": score + more}
    cuts = propose(state, curve, None, None, higher).cuts
    assert (cuts.before, cuts.come, cuts.joined_fewer) == (len(state.proposals), 0, 0)
    assert cuts.after <= cuts.before + cuts.pieces_more


@pytest.mark.parametrize(
    ("minutes", "sentence"),
    [
        (0.0, "Cannot keep 0 minutes: give a number above 0."),
        (-2.0, "Cannot keep -2 minutes: give a number above 0."),
        (2.5, "Cannot keep 2.5 minutes: the recording lasts 2:00; give less."),
    ],
)
def test_minutes_that_cannot_be_kept(minutes: float, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        share_of_minutes(minutes, LENGTH_S)
    assert str(refused.value) == sentence


def test_minutes_are_a_share() -> None:
    assert share_of_minutes(0.5, LENGTH_S) == 0.25
    assert share_of_minutes(2.0, LENGTH_S) == 1.0


def test_pauses_need_somebody_who_listened_and_no_taste() -> None:
    state = document(threshold_mode="keep", keep=0.3)
    with pytest.raises(UsageError, match="not analysed yet"):
        propose_pauses(state, None)
    spans = np.array([[10, 15], [60, 70]], np.int64) * RATE_HZ
    heard = Listening(
        dead_air_samples=spans, dead_air_kinds=("silence", "room"), dead_air_db=np.full(2, -90, np.float32)
    )
    made = propose_pauses(state, heard)
    assert made.edit.label == "Proposed 2 cuts: 88 % of the recording stays"
    found = apply_rows(state, made.edit.changes)
    cuts = [(one.start_samples, one.stop_samples) for one in found.proposals.values()]
    assert cuts == [(80_000, 120_000), (480_000, 560_000)]
    assert not [one.reason for one in found.proposals.values() if "you keep" in one.reason]
    assert found.settings == state.settings
