"""What a cut is heard against: the stretch most alike, with as much around it as the cut has."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.analysis import NearestReference
from engine.features.taste.cuts.reasons import LONGEST_EXAMPLE_S, nearest_examples


def heard_with(
    distances: list[float], kept_starts_s: list[float], duration_s: float = 60.0
) -> NearestReference:
    """Stretches of 2 s at 0, 1, 2, ... s of a document at 100 Hz."""
    count = len(distances)
    return NearestReference(
        np.arange(count, dtype=np.int64) * 100,
        200,
        np.zeros(count, np.int32),
        np.array(kept_starts_s),
        np.array(distances, np.float32),
        ["/kept/take.wav"],
        ["hash"],
        np.array([duration_s]),
        "m",
    )


def examples_of(start: int, stop: int, heard: NearestReference | None) -> tuple[float, float, float] | None:
    (found,) = nearest_examples(np.array([[start, stop]], np.int64), heard, 100)
    return None if found is None else (found.start_s, found.stop_s, found.offset_s)


def test_the_most_alike_stretch_inside_the_span_decides() -> None:
    heard = heard_with([0.0, 0.9, 0.5, 0.9, 0.9, 0.1], [30.0] * 6)
    assert examples_of(100, 600, heard) == (29.0, 34.0, 0.0)  # the one at 2 s; 0 s and 5 s reach out of it
    (found,) = nearest_examples(np.array([[100, 600]], np.int64), heard, 100)
    assert found is not None
    assert (found.path, found.distance) == ("/kept/take.wav", 0.5)


def test_a_long_span_is_heard_around_that_stretch_and_a_short_one_whole() -> None:
    heard = heard_with([0.9] * 20 + [0.1] + [0.9] * 20, [30.0] * 41)
    start_s, stop_s, offset_s = examples_of(0, 4_000, heard) or (0.0, 0.0, 0.0)
    assert stop_s - start_s == pytest.approx(LONGEST_EXAMPLE_S)
    assert (start_s, offset_s) == (27.0, 17.0)
    assert examples_of(1_950, 2_030, heard) == (30.0, 32.0, -0.5)  # shorter than a stretch


def test_an_example_ends_with_its_recording() -> None:
    heard = heard_with([0.9, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9], [0.2] * 7, duration_s=3.0)
    assert examples_of(0, 800, heard) == pytest.approx((0.0, 3.0, 0.8))


def test_without_examples_there_is_none() -> None:
    assert examples_of(0, 800, None) is None
    assert examples_of(0, 800, heard_with([], [])) is None
