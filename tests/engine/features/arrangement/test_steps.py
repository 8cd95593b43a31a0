"""Steps are beats where music is played and half seconds elsewhere; orders and spans are one thing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid
from engine.features.arrangement.steps import (
    Steps,
    length_s,
    order_of,
    order_of_spans,
    order_or_all,
    plays,
    spans_of,
    steps_of,
    with_outer_beats,
)
from tests.engine.features.arrangement import made

RATE_HZ = 1000


def grid_of(beats_samples: list[int], positions: list[int]) -> BeatGrid:
    return BeatGrid(np.array(beats_samples, np.int64), np.array(positions, np.int64), 120.0, 1.0, "test")


def played(*spans_s: tuple[float, float]) -> NDArray[np.float64]:
    return np.array(spans_s, np.float64).reshape(-1, 2)


def test_beats_are_steps_where_music_is_played_and_half_seconds_elsewhere() -> None:
    grid = grid_of([200, 2000, 2400, 2800, 3200, 4500], [2, 1, 2, 3, 4, 1])
    steps = steps_of(grid, played((2.0, 3.5)), 5000, RATE_HZ)
    edges = [0, 500, 1000, 1500, 2000, 2400, 2800, 3200, 3500, 4000, 4500, 5000]
    assert steps.edges_samples.tolist() == edges
    assert steps.bar_positions.tolist() == [0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0]


def test_a_beat_just_after_an_edge_is_the_beat_of_that_edge() -> None:
    steps = steps_of(grid_of([1080, 1600, 2120], [1, 2, 3]), played((1.0, 2.6)), 2700, RATE_HZ)
    assert steps.edges_samples.tolist() == [0, 500, 1000, 1600, 2120, 2700]
    assert steps.bar_positions.tolist() == [0, 0, 1, 2, 3]


def test_a_long_gap_between_beats_is_filled_with_half_seconds() -> None:
    steps = steps_of(grid_of([0, 1900, 4500], [1, 2, 1]), played((0.0, 5.0)), 5000, RATE_HZ)
    assert steps.edges_samples.tolist() == [0, 1900, 2400, 2900, 3400, 3900, 4500, 5000]
    assert steps.bar_positions.tolist() == [1, 2, 0, 0, 0, 0, 1]


def test_a_rest_that_would_be_a_short_step_is_joined_to_its_neighbour() -> None:
    assert steps_of(grid_of([], []), played(), 1100, RATE_HZ).edges_samples.tolist() == [0, 500, 1100]
    assert steps_of(grid_of([], []), played(), 1149, RATE_HZ).edges_samples.tolist() == [0, 500, 1149]
    assert steps_of(grid_of([], []), played(), 100, RATE_HZ).edges_samples.tolist() == [0, 100]
    assert steps_of(grid_of([], []), played((0.0, 0.1)), 700, RATE_HZ).edges_samples.tolist() == [0, 700]


def test_an_empty_recording_has_one_edge_and_no_steps() -> None:
    steps = steps_of(grid_of([0, 500], [1, 2]), played((0.0, 1.0)), 0, RATE_HZ)
    assert steps.edges_samples.tolist() == [0]
    assert len(steps) == 0
    assert steps.bar_beats == 4
    assert length_s(order_of([]), steps) == 0.0


@pytest.mark.parametrize(
    ("positions", "beats"),
    [
        ([1, 2, 3, 1, 2, 3, 1], 3),
        ([1, 2, 3, 4, 1, 2, 3, 1, 2, 3, 4, 1], 4),
        ([1, 1, 1, 1], 4),  # a bar of one beat is none
        ([0, 0, 0], 4),
        ([1, *[2] * 13, 1, 2, 1], 2),  # neither is one of more than twelve
        ([1, 2, 1, 2, 3, 1], 2),  # of equally many, the shorter
    ],
)
def test_a_bar_has_the_usual_number_of_beats(positions: list[int], beats: int) -> None:
    edges = 500 * np.arange(len(positions) + 1)
    assert Steps(edges, np.array(positions), RATE_HZ).bar_beats == beats


def test_the_nearest_edge_and_the_nearest_steps_are_those_of_all_distances(rng: np.random.Generator) -> None:
    edges = np.concatenate([[0], np.cumsum(rng.integers(150, 900, 30))])
    steps = Steps(edges, np.ones(30, np.int64), RATE_HZ)
    places_s = rng.uniform(-1.0, edges[-1] / RATE_HZ + 1.0, 200)
    starts_s = steps.edges_s[:-1]
    wanted = [min(range(30), key=lambda at: abs(starts_s[at] - place)) for place in places_s.tolist()]
    np.testing.assert_array_equal(steps.nearest_steps(places_s), wanted)
    nearest = [steps.nearest_edge(place) for place in places_s.tolist()]
    assert nearest == [min(range(31), key=lambda at: abs(steps.edges_s[at] - place)) for place in places_s]


def test_a_moment_between_two_steps_is_of_the_earlier_one() -> None:
    steps = made.steps(4)
    assert steps.nearest_steps(np.array([0.25, 0.75, 9.0, -1.0])).tolist() == [0, 1, 3, 0]
    assert steps.nearest_edge(0.25) == 0
    assert made.steps(1).nearest_steps(np.array([-3.0, 0.4, 9.0])).tolist() == [0, 0, 0]


def test_the_steps_within_a_span_are_those_with_their_middle_in_it() -> None:
    steps = Steps(np.array([0, 400, 1000, 1600]), np.zeros(3, np.int64), RATE_HZ)  # middles 200, 700, 1300
    assert steps.within(0, 1600) == (0, 3)
    assert steps.within(200, 700) == (0, 1)
    assert steps.within(201, 701) == (1, 2)
    assert steps.within(800, 900) == (2, 2)
    assert steps.within(5000, 9000) == (3, 3)
    assert order_of_spans([(900, 1600), (0, 450)], steps).tolist() == [2, 0]


def test_outer_beats_go_on_in_the_tempo_of_each_end_and_count_on() -> None:
    beats = [2000, 2400, 2800, 3200, 3600, 4000, 4400, 4800, 5200]
    positions = [3, 1, 2, 3, 1, 2, 3, 1, 2]
    found = with_outer_beats(grid_of(beats, positions), played((1.0, 6.1)), RATE_HZ)
    assert found.beats_samples.tolist() == [1200, 1600, *beats, 5600, 6000]
    assert found.bar_positions.tolist() == [1, 2, *positions, 3, 4]


def test_outer_beats_need_five_beats_in_a_run_and_no_slow_tempo() -> None:
    few = grid_of([2000, 2500, 3000, 3500], [1, 2, 3, 4])
    assert with_outer_beats(few, played((0.0, 9.0)), RATE_HZ).beats_samples.tolist() == [
        2000,
        2500,
        3000,
        3500,
    ]
    slow = grid_of([2000 * at for at in range(1, 7)], [1, 2, 3, 4, 1, 2])
    same = with_outer_beats(slow, played((0.0, 20.0)), RATE_HZ).beats_samples
    assert same.tolist() == slow.beats_samples.tolist()


def test_beats_outside_of_playing_are_dropped_and_each_run_goes_on_alone() -> None:
    beats = [1000, 1500, 2000, 2500, 3000, 6000, 9000, 9300, 9600, 9900, 10200]
    grid = grid_of(beats, [1, 2, 3, 4, 1, 2, 1, 2, 3, 4, 1])
    found = with_outer_beats(grid, played((0.4, 4.1), (8.5, 10.5)), RATE_HZ)
    first = [500, 1000, 1500, 2000, 2500, 3000, 3500, 4000]
    assert found.beats_samples.tolist() == [*first, 8700, 9000, 9300, 9600, 9900, 10200]
    assert found.bar_positions.tolist() == [4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1]
    empty = with_outer_beats(grid, played((4.2, 5.5)), RATE_HZ)
    assert len(empty.beats_samples) == len(empty.bar_positions) == 0


def test_spans_that_follow_each_other_become_one_and_empty_ones_vanish() -> None:
    order = order_of([(2, 4), (4, 6), (3, 3), (9, 8), (0, 1)])
    assert order.tolist() == [2, 3, 4, 5, 0]
    assert spans_of(order) == [(2, 6), (0, 1)]
    assert spans_of(order_of([(2, 4), (2, 4), (3, 5)])) == [(2, 4), (2, 4), (3, 5)]
    assert spans_of(order_of([])) == []
    assert order_of([]).dtype == np.int64
    assert order_or_all([(1, 3)], 4).tolist() == [1, 2]
    assert order_or_all([(3, 3)], 4).tolist() == [0, 1, 2, 3]
    assert plays(np.array([1, 2, 1, 1]), 4).tolist() == [0, 3, 1, 0]
    assert plays(order_of([]), 2).tolist() == [0, 0]
    assert length_s(np.array([0, 0, 2]), made.steps(3)) == pytest.approx(1.5)
