"""How unlike the rest of its recording the rhythm around a moment is, and how far that is believed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.signal.stft import TUNING_BINS
from engine.core.progress import SILENT
from engine.features.taste.anomaly.recipes.own_faults.network import STEP_FRAMES, FrameFeatures
from engine.features.taste.anomaly.recipes.own_faults.practice import Practice
from engine.features.taste.anomaly.recipes.own_faults.rest import (
    EVERY_STEPS,
    LAGS_FRAMES,
    WINDOW_FRAMES,
    RhythmTrust,
    log_unlike_rhythm,
    onset_strengths,
    rhythm_trust,
    rhythms,
    stored_trust,
)
from engine.features.taste.anomaly.threshold import auc

BANDS = 16


def heard_of(levels_db: NDArray[np.float32]) -> FrameFeatures:
    """A stretch of which only the frames matter."""
    return FrameFeatures(levels_db, np.zeros((len(levels_db) // STEP_FRAMES, TUNING_BINS), np.float32))


def clicks(steps: int, every_frames: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Frames of a click at a steady pace in a quiet room, shape (STEP_FRAMES * steps, BANDS), in dB."""
    frames = rng.normal(-70.0, 0.5, (STEP_FRAMES * steps, BANDS)).astype(np.float32)
    frames[::every_frames] += 50.0
    return frames


def at_another_pace(rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Clicks of which the middle is too fast, and which steps these are."""
    frames = clicks(600, 25, rng)
    frames[STEP_FRAMES * 250 : STEP_FRAMES * 320] = clicks(70, 18, rng)
    is_fault = np.zeros(600, bool)
    is_fault[250:320] = True
    return frames, is_fault


def slow_rhythms(strengths: NDArray[np.float32]) -> NDArray[np.float64]:
    """The definition, a window and a lag at a time."""
    onsets = strengths.ravel().astype(np.float64)
    onsets = np.array([value - onsets[max(k - 50, 0) : k + 51].sum() / 101 for k, value in enumerate(onsets)])
    rows = []
    for middle in range(0, len(onsets), EVERY_STEPS * STEP_FRAMES):
        around = range(max(middle - WINDOW_FRAMES // 2, 0), min(middle + WINDOW_FRAMES // 2, len(onsets)))
        power = sum(onsets[k] ** 2 for k in around) / WINDOW_FRAMES + 1e-6
        rows.append(
            [
                sum(onsets[k] * onsets[k - lag] for k in around if k >= lag) / WINDOW_FRAMES / power
                for lag in LAGS_FRAMES.tolist()
            ]
        )
    return np.array(rows)


@pytest.mark.parametrize("steps", [1, 12, 70])
def test_a_rhythm_is_what_the_definition_says(steps: int) -> None:
    strengths = np.random.default_rng(steps).random((steps, STEP_FRAMES)).astype(np.float32)
    np.testing.assert_allclose(rhythms(strengths), slow_rhythms(strengths), atol=1e-4)


def test_an_onset_is_what_rises_above_the_floor() -> None:
    frames = np.full((STEP_FRAMES, 2), -90.0, np.float32)
    frames[3] = (-50.0, -30.0)
    frames[4] = (-40.0, -30.0)
    found = onset_strengths(heard_of(frames), floor_db=-60.0)
    np.testing.assert_allclose(found, [[0.0, 0.0, 0.0, 40.0, 10.0, 0.0, 0.0, 0.0]])


def test_a_passage_at_another_pace_is_unlike_the_rest() -> None:
    frames, is_fault = at_another_pace(np.random.default_rng(0))
    logs = log_unlike_rhythm(onset_strengths(heard_of(frames), -60.0), SILENT)
    assert np.median(logs) == pytest.approx(0.0, abs=0.05)
    assert auc(is_fault, logs) > 0.95


@pytest.mark.parametrize("steps", [0, 20])
def test_what_is_too_short_to_have_a_rest_is_unlike_nothing(steps: int) -> None:
    strengths = np.random.default_rng(0).random((steps, STEP_FRAMES)).astype(np.float32)
    np.testing.assert_array_equal(log_unlike_rhythm(strengths, SILENT), np.zeros(steps))


def practised(frames: NDArray[np.float32], is_fault: NDArray[np.bool_]) -> Practice:
    return Practice(heard_of(frames), is_fault[:, None].astype(np.float32))


def test_rhythm_is_believed_where_it_finds_what_was_planted() -> None:
    rng = np.random.default_rng(1)
    steady = rhythm_trust([practised(*at_another_pace(rng)) for _ in range(3)])
    assert steady.trust == 1.0
    assert steady.std > 0.0
    rain = [rng.normal(-30.0, 3.0, (STEP_FRAMES * 600, BANDS)).astype(np.float32) for _ in range(3)]
    for frames in rain:
        frames[STEP_FRAMES * 250 : STEP_FRAMES * 320, :8] += 20.0
    _, is_fault = at_another_pace(rng)
    assert rhythm_trust([practised(frames, is_fault) for frames in rain]).trust < 0.2


def test_nothing_is_believed_of_pieces_too_short_to_tell() -> None:
    rng = np.random.default_rng(1)
    short = practised(clicks(60, 25, rng), rng.random(60) < 0.5)
    clean = practised(clicks(600, 25, rng), np.zeros(600, bool))
    assert rhythm_trust([short, clean]).trust == 0.0


@pytest.mark.parametrize("trust", [0.0, 0.5, 1.0])
def test_what_is_not_believed_is_no_part_of_the_score(trust: float) -> None:
    strengths = np.random.default_rng(0).random((100, STEP_FRAMES)).astype(np.float32)
    believed = RhythmTrust(trust, 0.25, -40.0).believed(strengths, SILENT)
    np.testing.assert_allclose(believed, trust * log_unlike_rhythm(strengths, SILENT))


def test_trust_goes_to_disk_and_back() -> None:
    trust = RhythmTrust(0.5, 0.25, -40.0)
    assert stored_trust(trust.facts()) == trust
    assert stored_trust({}) is None
    np.testing.assert_allclose(trust.odder(np.array([0.0, 0.5])), [0.0, 2.0])
    with pytest.raises(ValueError, match="trust"):
        stored_trust({**trust.facts(), "rhythm_std": 0.0})
