"""The baseline does what Beat Detective does."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lab.evaluation.timing.baselines.beat_detective import BeatDetectiveSettings, beat_detective
from tests.engine.features.timing.alignment.strokes_made import HAT, SNARE, hits_of, lines_of, ms

_LINES = lines_of(2)


def test_each_trigger_goes_to_the_nearest_line_and_takes_its_part_along() -> None:
    onsets = _LINES.positions_samples[[0, 4, 8]] + np.array([ms(10.0), ms(-20.0), ms(80.0)])
    soft = onsets[1] + ms(30.0)
    hits = hits_of(
        np.append(onsets, soft), np.array([SNARE, SNARE, SNARE, HAT]), np.array([-6.0, -6.0, -6.0, -40.0])
    )

    placement = beat_detective(BeatDetectiveSettings(sensitivity=0.5))(hits, _LINES)

    # The third is past the middle between lines: the nearest is the wrong one.
    np.testing.assert_array_equal(placement.lines, [0, 4, 4, 9])
    moved = placement.targets_samples - hits.onsets_samples
    np.testing.assert_allclose(moved, [ms(-10.0), ms(20.0), ms(20.0), ms(125.0 - 80.0)], atol=1e-6)


def test_strength_exclusion_and_pad() -> None:
    onsets = _LINES.positions_samples[[0, 4]] + np.array([ms(10.0), ms(30.0)])
    hits = hits_of(onsets, np.array([SNARE, SNARE]))

    half = beat_detective(BeatDetectiveSettings(strength=0.5))(hits, _LINES)
    np.testing.assert_allclose(half.targets_samples - onsets, [ms(-5.0), ms(-15.0)], atol=1e-6)
    # A quarter of half the distance between lines: 15.6 ms.
    excluded = beat_detective(BeatDetectiveSettings(exclude_within=0.25))(hits, _LINES)
    np.testing.assert_allclose(excluded.targets_samples - onsets, [0.0, ms(-30.0)], atol=1e-6)


@pytest.mark.parametrize("count", [0, 1])
def test_little_is_no_trouble(count: int) -> None:
    hits = hits_of(_LINES.positions_samples[:count], np.full(count, SNARE))

    placement = beat_detective()(hits, _LINES)

    np.testing.assert_array_equal(placement.targets_samples, hits.onsets_samples)
