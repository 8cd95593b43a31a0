"""Steps and how orders are compared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.analysis import BeatGrid
from engine.features.arrangement.network import passes_of
from engine.features.arrangement.steps import order_of, steps_of
from engine.lab.evaluation.arranging.compared import compared, edit_distance, f_of_places
from tests.engine.features.arrangement import made

short = st.lists(st.integers(0, 6), max_size=9)


@given(short, short)
def test_the_distance_is_that_of_a_plain_table(some: list[int], others: list[int]) -> None:
    table = np.zeros((len(some) + 1, len(others) + 1), int)
    table[:, 0], table[0] = np.arange(len(some) + 1), np.arange(len(others) + 1)
    for row in range(1, len(some) + 1):
        for column in range(1, len(others) + 1):
            table[row, column] = min(
                table[row - 1, column] + 1,
                table[row, column - 1] + 1,
                table[row - 1, column - 1] + (some[row - 1] != others[column - 1]),
            )
    assert edit_distance(np.array(some, int), np.array(others, int)) == table[-1, -1]


@given(short)
def test_passes_count_what_was_played_before(order: list[int]) -> None:
    slow = [order[:number].count(step) for number, step in enumerate(order)]
    assert passes_of(np.array(order, np.int64)).tolist() == slow


def test_what_is_the_same_is_near_and_what_is_not_is_far() -> None:
    steps = made.steps(40)
    right = order_of([(4, 12), (4, 12), (20, 32)])
    same = compared(right, right, steps)
    assert (same.iou, same.cuts_f_beat, same.distance, same.length_error) == (1.0, 1.0, 0.0, 0.0)
    other = compared(order_of([(12, 20)]), right, steps)
    assert other.iou == 0.0
    assert other.distance > 0.6
    assert f_of_places(np.array([5.0]), np.array([5.4, 5.2]), 0.5) == pytest.approx(2 / 3)


@given(
    beats=st.lists(st.integers(0, 60_000), max_size=60, unique=True),
    played=st.lists(st.integers(0, 60), max_size=6, unique=True),
    length=st.integers(0, 70_000),
)
def test_steps_cover_a_recording_once(beats: list[int], played: list[int], length: int) -> None:
    places = np.array(sorted(beats), np.int64)
    grid = BeatGrid(places, np.arange(len(places)) % 4 + 1, 120.0, 1.0, "test")
    spans = np.array(sorted(played)[: len(played) // 2 * 2], float).reshape(-1, 2)
    steps = steps_of(grid, spans, length, 1000)
    edges = steps.edges_samples
    assert edges[0] == 0
    assert edges[-1] == length or len(steps) == 0
    assert (np.diff(edges) > 0).all()
    assert len(steps) == 0 or steps.lengths_s.max() <= 2.5
