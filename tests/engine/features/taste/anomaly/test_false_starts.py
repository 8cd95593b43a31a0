"""False starts beside a taste: scores are raised over what breaks off and comes again, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.analysis.found_takes import FalseStart
from engine.analysis.signal.loudness import level_of
from engine.core.progress import SILENT
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.score import Scores, score_blocks
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.features.taste.anomaly.threshold import HIGHEST_LIMIT, SURELY_ODD, likelier_than, raised_over
from tests.engine.conftest import TINY
from tests.engine.features.takes.playing import RATE_HZ, Sound, joined, passage


def told(start_s: float, stop_s: float, likelihood: float) -> FalseStart:
    return FalseStart.of(start_s, stop_s, stop_s + 2.0, likelihood)


def test_scores_are_raised_as_far_as_it_is_likely_and_never_lowered() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.99, 0.4, 0.5], np.float32)
    times_s = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    raised = raised_over(scores, times_s, [told(1.0, 2.0, 0.5), told(2.0, 5.0, 1.0)], 0.9)
    np.testing.assert_allclose(raised, [0.1, 0.95, SURELY_ODD, 0.99, SURELY_ODD, 0.5], rtol=1e-6)
    assert scores[1] == np.float32(0.2)
    assert raised_over(scores, times_s, [], 0.9) is scores


@pytest.mark.parametrize("limit", [0.5, 0.96, HIGHEST_LIMIT])
def test_a_false_start_is_above_any_limit(limit: float) -> None:
    raised = raised_over(np.zeros(3, np.float32), np.arange(3.0), [told(1.0, 2.0, 0.5)], limit)
    assert limit < raised[1] <= np.float32(SURELY_ODD)


def test_what_was_kept_as_likely_is_no_fault() -> None:
    found = [told(0.0, 3.0, 0.4), told(5.0, 8.0, 0.55), told(10.0, 14.0, 0.9)]
    assert [one.start_s for one in likelier_than(found, 0.0)] == [5.0, 10.0]
    assert [one.start_s for one in likelier_than(found, 0.6)] == [10.0]
    assert likelier_than(found, 0.85) == ()


def test_what_is_like_it_a_minute_later_is_no_fault() -> None:
    late = FalseStart.of(10.0, 14.0, 74.0, 0.9)
    assert likelier_than([late, told(80.0, 84.0, 0.9)], 0.0) == (told(80.0, 84.0, 0.9),)


def scored(taste: Taste, audio: Sound, blocks: int = 1) -> Scores:
    pieces = np.array_split(audio, blocks)
    return score_blocks(taste, pieces, RATE_HZ, len(audio), SILENT, level_db=level_of([audio]))


def rehearsal() -> tuple[Sound, list[tuple[float, float]]]:
    whole = passage(1, 20.0)
    return joined(passage(4, 8.0), whole[: 5 * RATE_HZ], whole, passage(5, 6.0))


def test_an_attempt_is_raised_and_all_else_scores_as_before(taste: Taste) -> None:
    audio, spans = rehearsal()
    # Far more typical of what was kept than it is: nothing is odd of itself.
    taste = replace(taste, kept_scores=replace(taste.kept_scores, mean=taste.kept_scores.mean + 10.0))
    curve, blind = (
        scored(taste, audio),
        scored(replace(taste, habits=replace(taste.habits, likeliest_start=1.0)), audio),
    )
    (start,) = curve.false_starts
    assert (blind.false_starts, curve.false_starts_s.shape) == ((), (1, 3))
    assert (start.start_s, start.stop_s) == pytest.approx(spans[1], abs=0.5)
    over = (curve.times_s >= start.start_s) & (curve.times_s < start.stop_s)
    assert over.any()
    assert curve.scores[over].min() >= np.float32(0.95) > blind.scores[over].min()
    np.testing.assert_array_equal(curve.scores[~over], blind.scores[~over])
    assert scored(taste, audio, 50).false_starts == curve.false_starts


@pytest.mark.parametrize("length_s", [0.0, 0.5, 10.0])
def test_where_takes_cannot_be_judged_nothing_changes(length_s: float, taste: Taste) -> None:
    audio = passage(1, 20.0)[: round(length_s * RATE_HZ)]
    curve, blind = (
        scored(taste, audio),
        scored(replace(taste, habits=replace(taste.habits, likeliest_start=1.0)), audio),
    )
    assert curve.false_starts == ()
    np.testing.assert_array_equal(curve.scores, blind.scores)


def test_a_taste_knows_what_was_kept_of_it(tmp_path: Path) -> None:
    audio, _ = rehearsal()
    soundfile.write(tmp_path / "kept.wav", audio, RATE_HZ)
    config = TINY.model_copy(update={"epochs": 1})
    learn(LearnRequest((tmp_path / "kept.wav",), config, 3, tmp_path / "kept.taste"), SILENT)
    taste = load_taste(tmp_path / "kept.taste")
    assert 0.5 < taste.habits.likeliest_start < 1.0
    assert scored(taste, audio).false_starts == ()
