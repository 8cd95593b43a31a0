"""Thousands of signs in one image: as if each had been drawn by itself, and quick."""

from __future__ import annotations

import numpy as np
import pytest

from engine.overview.results import SegmentState
from tests.timing import fastest_cpu_s
from widgets.taste.stamps import scattered, stamp

SIDE = 9


def drawn_slowly(shape, centres, states, colors, side):  # type: ignore[no-untyped-def]
    """Draw sign after sign, pixel after pixel."""
    image = np.zeros(shape, np.uint32)
    for (column, row), state, color in zip(centres.tolist(), states.tolist(), colors.tolist(), strict=True):
        mask = stamp(SegmentState(state), side)
        for y, x in zip(*np.nonzero(mask), strict=True):
            at = row - side // 2 + y, column - side // 2 + x
            if 0 <= at[0] < shape[0] and 0 <= at[1] < shape[1]:
                image[at] = color
    return image


def points(rng: np.random.Generator, count: int, shape: tuple[int, int]):  # type: ignore[no-untyped-def]
    centres = np.column_stack([rng.integers(0, shape[1], count), rng.integers(0, shape[0], count)])
    return (
        centres.astype(np.int64),
        rng.integers(0, len(SegmentState), count).astype(np.uint8),
        rng.integers(1, 2**32, count, dtype=np.uint32),
    )


@pytest.mark.parametrize("side", [5, SIDE, 18])
@pytest.mark.parametrize("count", [0, 1, 200])
def test_signs_are_drawn_as_if_one_by_one(rng: np.random.Generator, count: int, side: int) -> None:
    shape = (40, 60)
    centres, states, colors = points(rng, count, shape)
    np.testing.assert_array_equal(
        scattered(shape, centres, states, colors, side), drawn_slowly(shape, centres, states, colors, side)
    )


def test_points_outside_are_brought_to_the_edge() -> None:
    image = scattered((20, 30), np.array([[-50, 300]]), np.zeros(1, np.uint8), np.array([7], np.uint32), SIDE)
    assert image.any()


def test_every_state_has_a_sign_of_its_own() -> None:
    signs = [stamp(state, SIDE) for state in SegmentState]
    assert all(sign.any() for sign in signs)
    for number, one in enumerate(signs):
        for other in signs[:number]:
            assert np.mean(one != other) > 0.1


def test_twenty_thousand_points_take_less_than_a_frame_or_two(rng: np.random.Generator) -> None:
    shape = (600, 900)
    centres, states, colors = points(rng, 20_000, shape)
    order = np.argsort(states, kind="stable")
    took_s = fastest_cpu_s(lambda: scattered(shape, centres[order], states[order], colors[order], SIDE), 5)
    assert took_s < 0.03  # 2 ms where it was written
