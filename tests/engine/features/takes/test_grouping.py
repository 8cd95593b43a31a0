"""Pairs, takes and attempts from given paths and edges of playing: frames in, frames out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.features.takes.features import BROAD_BANDS, FRAMES_PER_S, Frames
from engine.features.takes.find import (
    Broken,
    Edges,
    Member,
    _group,
    false_starts,
    grouped,
    near_pairs,
    takes_of,
)
from engine.features.takes.pairs import (
    Pair,
    Paths,
    _first_columns,
    _idle,
    chance_of,
    drawn_from,
    find_pairs,
    one_to_one,
    outline,
    pairs_of,
    turned,
)


def edges(*spans: tuple[int, int]) -> Edges:
    table = np.array(spans, np.int64).reshape(-1, 2)
    return Edges(table[:, 0], table[:, 1])


def pair(
    one: tuple[float, float], other: tuple[float, float], score: float = 20.0, semitones: int = 0
) -> Pair:
    speed = (one[1] - one[0]) / (other[1] - other[0])
    return Pair((one[0], other[0]), (one[1], other[1]), semitones, score, speed)


def frames_of(joined: np.ndarray) -> Frames:
    """Return frames of chroma and bands."""
    rows = joined.astype(np.float32)
    return Frames(rows[:, :12], rows[:, 12:], np.zeros(2 * len(rows), np.float32))


def drawn(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return frames of length 1, each half in chroma and bands, nearly at right angles to each other."""
    rows = rng.standard_normal((n, 12 + BROAD_BANDS))
    for part in (slice(0, 12), slice(12, None)):
        rows[:, part] -= rows[:, part].mean(axis=1, keepdims=True)
        rows[:, part] /= np.linalg.norm(rows[:, part], axis=1, keepdims=True)
    return rows


def test_a_place_on_one_side_of_a_pair_is_somewhere_on_the_other() -> None:
    one = pair((100.0, 200.0), (400.0, 450.0))
    assert one.speed == 2.0
    assert (one.length(0), one.length(1)) == (100.0, 50.0)
    assert [one.other(0, place) for place in (100.0, 150.0, 220.0)] == [400.0, 425.0, 460.0]
    assert one.other(1, 425.0) == 150.0
    assert list(one.sides()) == [(100.0, 200.0), (400.0, 450.0)]


def test_the_stronger_of_pairs_through_the_same_passages_stays() -> None:
    strong = pair((0, 100), (200, 300), 50.0)
    inside = pair((10, 60), (210, 260), 30.0)
    beside = pair((10, 90), (280, 360), 30.0)  # a fifth of its later side
    apart = pair((10, 60), (400, 450), 30.0)
    fast = pair((500, 600), (700, 780), 90.0)  # 1.25 times as fast is too much
    assert one_to_one([inside, apart, strong, fast, beside]) == [strong, apart]
    assert one_to_one([]) == []
    slower = pair((500, 600), (700, 781), 90.0)
    assert one_to_one([strong, slower]) == [slower, strong]


def test_paths_are_pairs_in_keys_from_five_below_to_six_above() -> None:
    cells = np.array(
        [[0, 10, 19, 30, 39], [1, 0, 9, 20, 24], [6, 0, 9, 20, 29], [7, 0, 9, 20, 29], [11, 0, 9, 20, 29]]
    )
    found = pairs_of(Paths(cells, np.array([5.0, 6.0, 7.0, 8.0, 9.0], np.float32)), 2)
    assert [one.semitones for one in found] == [0, 1, 6, -5, -1]
    assert (found[0].starts, found[0].stops, found[0].score) == ((20, 60), (40, 80), 10.0)
    assert [one.speed for one in found] == [1.0, 2.0, 1.0, 1.0, 1.0]


def test_frames_are_turned_by_semitones_and_bands_are_not() -> None:
    joined = np.arange(2 * 22, dtype=np.float32).reshape(2, 22)
    found = turned(joined, [0, 2])
    assert found.shape == (2, 2, 22)
    np.testing.assert_array_equal(found[0], joined)
    assert found[1, 0, :4].tolist() == [10.0, 11.0, 0.0, 1.0]
    np.testing.assert_array_equal(found[1, :, 12:], joined[:, 12:])


def test_the_outline_is_the_mean_of_each_two_frames_with_bands_at_four_fifths() -> None:
    rows = np.zeros((5, 22))
    rows[:, 0] = [1.0, 3.0, 5.0, 7.0, 100.0]
    rows[:, 12] = [10.0, 20.0, 0.0, 0.0, 100.0]
    found = outline(frames_of(rows))
    assert found[:, 0].tolist() == [2.0, 6.0]
    np.testing.assert_allclose(found[:, 12], [12.0, 0.0])


def test_chance_is_how_alike_a_drawn_frame_in_ten_is_and_at_least_four_tenths(
    rng: np.random.Generator,
) -> None:
    joined = rng.standard_normal((50, 22)).astype(np.float32)
    some = drawn_from(joined)
    np.testing.assert_array_equal(some, drawn_from(joined))
    wanted = np.maximum(np.quantile(joined @ some.T, 0.9, axis=1), 0.4)
    np.testing.assert_allclose(chance_of(joined, some), wanted, atol=1e-4)
    np.testing.assert_allclose(chance_of(np.zeros((3, 22), np.float32), some), 0.4)


def test_frames_are_compared_with_later_performances_and_hardly_in_breaks() -> None:
    spans = np.array([[2, 6], [8, 12], [20, 25]])
    assert _first_columns(26, spans).tolist() == [2, 2, *[8] * 6, *[20] * 12, *[26] * 6]
    idle = _idle(30, spans)
    rest, long_break = np.float32(0.4), np.float32(200.0)
    np.testing.assert_array_equal(idle[:12], [rest, rest, *[0] * 4, rest, rest, *[0] * 4])
    np.testing.assert_array_equal(idle[12:], [*[long_break] * 8, *[0] * 5, *[rest] * 5])


def test_a_passage_played_again_is_one_pair(rng: np.random.Generator) -> None:
    rows = drawn(rng, 120)
    rows[70:110] = rows[10:50]
    spans = np.array([[10, 52], [68, 112]])
    (found,) = find_pairs(frames_of(rows), spans, in_all_keys=False)
    np.testing.assert_allclose([*found.starts, *found.stops], [10, 70, 50, 110], atol=2)
    assert (found.semitones, found.score > 20.0) == (0, True)
    assert find_pairs(frames_of(rows), spans[:1]) == []
    assert find_pairs(frames_of(rows), np.zeros((0, 2), np.int64)) == []


def test_a_passage_three_semitones_higher_is_found_in_all_keys_alone(rng: np.random.Generator) -> None:
    rows = drawn(rng, 120)
    rows = (rows + np.roll(rows, 1, axis=0)) / 2.0  # hardly changes from frame to frame
    rows[70:110] = rows[10:50]
    rows[70:110, :12] = np.roll(rows[10:50, :12], 3, axis=1)
    rows[:, 12:] = 0.0
    rows[:, :12] *= 2.0
    spans = np.array([[10, 52], [68, 112]])
    found = find_pairs(frames_of(rows), spans)
    assert found[0].semitones == 3
    np.testing.assert_allclose([*found[0].starts, *found[0].stops], [10, 70, 50, 110], atol=3)
    assert all(one.score < found[0].score for one in find_pairs(frames_of(rows), spans, in_all_keys=False))


def test_borders_are_moved_to_edges_within_eight_tenths_of_a_second() -> None:
    own = edges((100, 200), (300, 404))
    moved = own.settled(pair((103.0, 196.0), (297.0, 400.0)))
    assert (moved.starts, moved.stops) == ((100.0, 300.0), (200.0, 404.0))
    far = own.settled(pair((105.0, 185.0), (306.0, 386.0)))
    # Starts stay; no end is at an edge yet, so that ends may ring on for longer.
    assert (far.starts, far.stops) == ((105.0, 306.0), (200.0, 386.0))
    nowhere = edges().settled(pair((1.0, 2.0), (3.0, 4.0)))
    assert (nowhere.starts, nowhere.stops) == ((1.0, 3.0), (2.0, 4.0))


def test_edges_around_a_place_are_found_within_their_limits() -> None:
    own = edges((100, 200), (203, 300))
    assert own.stop_after(198.0, 1.0, 4.0) == 200.0
    assert own.stop_after(203.0, 1.0, 4.0) == 200.0  # just before
    assert own.stop_after(206.0, 1.0, 4.0) is None
    assert own.start_before(104.0, 1.0, 6.0) == 100.0
    assert own.start_before(201.0, 1.0, 6.0) == 203.0  # nearest, a little later
    assert own.start_before(90.0, 1.0, 6.0) is None
    assert own.stop_of(204.0) == 200.0  # within a second
    assert own.stop_of(206.0) == 300.0
    assert own.stop_of(400.0) == 400.0


def test_takes_need_a_break_between_and_borders_at_edges() -> None:
    own = edges((0, 100), (110, 210), (212, 300))
    takes = pair((0, 100), (110, 210), 9.0)
    assert own.count(takes) == 4
    assert takes_of([takes], own) == [takes]
    assert takes_of([replace(takes, score=7.9)], own) == []
    half = pair((40, 100), (150, 210), 16.0)
    assert own.count(half) == 2
    assert takes_of([half, replace(half, score=15.9)], own) == [half]
    one_edge = pair((40, 100), (150, 190), 39.0)
    assert takes_of([one_edge], own) == []
    no_break = pair((110, 210), (212, 300), 30.0)  # 0.4 s are a rest
    assert own.part(takes)
    assert not own.part(no_break)
    assert takes_of([no_break], own) == []
    assert takes_of([pair((0, 24), (110, 134), 39.0)], own) == []  # less than five seconds


def test_takes_of_a_passage_are_placed_on_the_longest_one() -> None:
    whole = pair((0, 100), (200, 300), 60.0)
    part = pair((50, 100), (400, 450), 30.0, semitones=2)
    leads_on = pair((400, 450), (600, 640), 20.0, semitones=-1)
    other = pair((700, 760), (800, 860), 40.0)
    first, second = grouped([part, other, leads_on, whole])
    assert first == (
        Member(0, 100, 0, 100, 0, 1.0, 60.0),
        Member(200, 300, 0.0, 100.0, 0, 1.0, 60.0),
        Member(400, 450, 50.0, 100.0, 2, 1.0, 30.0),
        Member(600, 640, 50.0, 100.0, 1, 1.25, 20.0),
    )
    assert [(one.start, one.stop) for one in second] == [(700, 760), (800, 860)]
    assert grouped([]) == []
    # A pair between two members adds nothing.
    assert grouped([whole, part, pair((250, 300), (400, 450), 10.0)])[0] == first[:3]


def test_a_group_says_which_takes_are_complete_and_where_the_others_are() -> None:
    made = _group(
        [
            Member(50, 100, 50.0, 100.0, 4, 1.0, 9.0),
            Member(200, 300, 0.0, 100.0, 9, 1.2, 9.0),
            Member(400, 490, 4.0, 96.0, 3, 1.5, 9.0),
        ]
    )
    assert made.name == "passage at 0:40"
    assert [one.complete for one in made.takes] == [False, True, True]
    assert [(one.start_s, one.stop_s) for one in made.takes] == [(10.0, 20.0), (40.0, 60.0), (80.0, 98.0)]
    assert [one.transposed_semitones for one in made.takes] == [-5, 0, 6]
    assert [one.speed for one in made.takes] == [0.833, 1.0, 1.25]
    assert [(one.from_share, one.to_share) for one in made.takes] == [(0.5, 1.0), (0.0, 1.0), (0.04, 0.96)]


ATTEMPT = pair((0, 30), (40, 70), 12.0)
OWN = edges((0, 30), (40, 200))


def likelihood_of(attempt_score: float, *, cover: float = 1.0) -> float:
    """Return the likelihood of an attempt from its very start, 2 s before it comes again and goes on."""
    odds = -1.0 + 0.8 * math.log(attempt_score / 6.0) - 3.0 * 2.0 / 240.0 + 0.8 + 1.5 * 0.6
    return 1.0 / (1.0 + math.exp(-(odds + 2.0 * (cover - 0.8))))


def test_an_attempt_is_as_likely_as_its_features_say() -> None:
    (found,) = false_starts([Broken([ATTEMPT], OWN)], [])
    assert (found.start_s, found.stop_s, found.begins_again_s) == (0.0, 6.0, 8.0)
    assert found.likelihood == pytest.approx(likelihood_of(12.0), abs=6e-4)
    assert found.reason == "Begins as 0:08 does and breaks off after 6 s."
    part = pair((15, 30), (40, 55), 12.0)
    (half,) = false_starts([Broken([part], OWN)], [])
    assert half.start_s == 3.0  # it began long before what comes again
    assert half.likelihood == pytest.approx(likelihood_of(12.0, cover=0.5), abs=6e-4)


def test_without_a_break_or_a_longer_repetition_nothing_broke_off() -> None:
    assert false_starts([Broken([ATTEMPT], edges((0, 200)))], []) == []
    assert false_starts([Broken([ATTEMPT], edges((0, 30), (40, 72)))], []) == []  # ends as the attempt does
    assert false_starts([Broken([], OWN)], []) == []
    assert false_starts([], []) == []


def test_of_attempts_that_end_at_a_break_the_likeliest_is_returned_and_soft_breaks_are_less_likely() -> None:
    weak = pair((5, 30), (45, 70), 3.0)
    (found,) = false_starts([Broken([weak, ATTEMPT], OWN)], [])
    assert found.likelihood == pytest.approx(likelihood_of(12.0), abs=6e-4)
    soft = Broken([ATTEMPT], edges((0, 33), (40, 200)), is_soft=True)
    (same,) = false_starts([Broken([ATTEMPT], OWN), soft], [])
    assert (same.stop_s, same.likelihood) == (found.stop_s, found.likelihood)
    (alone,) = false_starts([soft], [])
    assert alone.likelihood < found.likelihood


def test_where_several_takes_end_an_attempt_is_less_likely() -> None:
    def member(start: float, stop: float) -> Member:
        return Member(start, stop, 0.0, 100.0, 0, 1.0, 9.0)

    (plain,) = false_starts([Broken([ATTEMPT], OWN)], [])
    one_more = [[member(0, 30), member(300, 330)]]
    assert false_starts([Broken([ATTEMPT], OWN)], one_more)[0].likelihood == plain.likelihood
    two_more = [[*one_more[0], member(400, 430)]]
    (found,) = false_starts([Broken([ATTEMPT], OWN)], two_more)
    assert found.likelihood == pytest.approx(
        1.0 / (1.0 + math.exp(2.5) * (1.0 / likelihood_of(12.0) - 1.0)), abs=6e-4
    )


def test_the_end_of_a_performance_is_compared_with_later_beginnings(
    rng: np.random.Generator,
) -> None:
    rows = drawn(rng, 160)
    rows[100:115] = rows[40:55]
    spans = np.array([[0, 55], [100, 160]])
    found = list(near_pairs(frames_of(rows), spans))
    np.testing.assert_allclose([*found[0].starts, *found[0].stops], [40, 100, 55, 115], atol=2)
    far = np.array([[0, 55], [100 + round(130 * FRAMES_PER_S), 1000]])
    assert list(near_pairs(frames_of(rows), far)) == []
    assert list(near_pairs(frames_of(rows), spans[:1])) == []
