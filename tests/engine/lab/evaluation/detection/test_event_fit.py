"""What is fitted for events is what made the answers, and a threshold lets through what was asked for."""

import numpy as np
import pytest

from engine.analysis.detection.detector import STEP_S
from engine.analysis.sound_names.prompts import text_encoder
from engine.lab.evaluation.detection.event_fit import Places, by_example, by_words, threshold, weights_of
from engine.lab.evaluation.separation.events import versions_of
from tests.engine.lab.evaluation.detection.test_scored_events import made, sounds  # noqa: F401


def test_the_line_that_drew_the_answers_is_found(rng: np.random.Generator) -> None:
    evidence = rng.normal((-1.0, 0.5), (2.0, 1.0), (20_000, 2))
    right = rng.random(len(evidence)) < 1.0 / (1.0 + np.exp(-(evidence @ (1.4, -0.7) - 0.6)))
    # The deviation of each is below 0.03 with so many.
    assert weights_of(evidence, right) == pytest.approx((1.4, -0.7, -0.6), abs=0.1)


def test_above_the_threshold_are_as_many_false_alarms_as_asked(rng: np.random.Generator) -> None:
    odds = rng.normal(size=500)
    right = rng.random(500) < 0.3
    begins_at = threshold(odds, right, 12.7)
    assert ((odds > begins_at) & ~right).sum() == 12
    assert threshold(odds, np.ones(500, bool), 3.0) == -np.inf


@pytest.mark.parametrize("is_by_words", [True, False])
def test_places_of_a_made_recording_are_gathered(is_by_words: bool, made) -> None:  # noqa: F811
    recording, places = made[0], Places()
    versions = versions_of(recording.samples)
    if is_by_words:
        prompts = [(text_encoder().encode(name)[None], recording.of(name)) for name in recording.names]
        by_words(versions, prompts, places)
    else:
        by_example(recording, versions[0], places)
    assert len(places.odds) == len(places.right) == len(places.evidence) > 0
    assert np.isfinite(places.odds).all()
    assert np.isfinite(places.evidence).all()
    prompts_searched = places.minutes / (len(versions[0].vectors) * STEP_S / 60)
    assert prompts_searched == pytest.approx(round(prompts_searched))
    assert 1 <= round(prompts_searched) <= len(recording.names)
