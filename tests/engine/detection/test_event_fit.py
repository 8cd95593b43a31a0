"""What is fitted for events is what made the answers, and a threshold lets through what was asked for."""

import numpy as np
import pytest

from engine.evaluation.separation.event_fit import Places, by_example, by_words, slope_and_offset, threshold
from engine.evaluation.separation.events import heard_of
from tests.engine.detection.test_scored_events import made, sounds  # noqa: F401


def test_the_line_that_drew_the_answers_is_found(rng: np.random.Generator) -> None:
    odds = rng.normal(-1.0, 2.0, 20_000)
    right = rng.random(len(odds)) < 1.0 / (1.0 + np.exp(-(1.4 * odds - 0.6)))
    # The deviation of both is below 0.03 with so many.
    assert slope_and_offset(odds, right) == pytest.approx((1.4, -0.6), abs=0.1)


def test_above_the_threshold_are_as_many_false_alarms_as_asked(rng: np.random.Generator) -> None:
    odds = rng.normal(size=500)
    right = rng.random(500) < 0.3
    begins_at = threshold(odds, right, 12.7)
    assert ((odds > begins_at) & ~right).sum() == 12
    assert threshold(odds, np.ones(500, bool), 3.0) == -np.inf


@pytest.mark.parametrize("look", [by_words, by_example])
def test_places_of_a_made_recording_are_gathered(look, made) -> None:  # noqa: F811
    recording, places = made[0], Places()
    look(recording, heard_of(recording.samples), places)
    assert len(places.odds) == len(places.right) > 0
    assert np.isfinite(places.odds).all()
    prompts = places.minutes / (len(recording.samples) / 16_000 / 60)
    assert prompts == pytest.approx(round(prompts))
    assert 1 <= round(prompts) <= len(recording.names)
