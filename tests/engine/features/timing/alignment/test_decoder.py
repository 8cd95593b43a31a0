"""Lines near strokes, the push and pull before they are known, and the lines of whole performances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.features.timing.alignment.decoder import (
    BELIEFS,
    REACH,
    Costs,
    _smoothest,
    decode,
    follow,
    near,
    nearest,
    place,
)
from engine.features.timing.alignment.lines import Lines
from engine.features.timing.alignment.strokes import gather
from tests.engine.features.timing.alignment.strokes_made import (
    HAT,
    KICK,
    RATE_HZ,
    SNARE,
    hits_of,
    lines_of,
    ms,
    rock,
)


def _lines(*positions: float) -> Lines:
    count = len(positions)
    return Lines(
        np.array(positions, np.float64),
        np.arange(count, dtype=np.float64),
        np.where(np.arange(count) % 4, 1, 0).astype(np.int8),
        1000,
    )


def test_the_nearest_line_is_the_earlier_of_two_as_near() -> None:
    lines = np.array([0.0, 10.0, 30.0])
    at = np.array([-99.0, 0.0, 4.9, 5.0, 5.1, 10.0, 20.0, 20.1, 999.0])
    assert nearest(at, lines).tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2]
    assert nearest(at, lines[:1]).tolist() == [0] * 9
    assert nearest(at, lines[:0]).tolist() == [0] * 9
    assert nearest(at[:0], lines).tolist() == []


def test_the_nearest_line_is_that_of_all_distances() -> None:
    rng = np.random.default_rng(1)
    lines, at = np.sort(rng.uniform(0.0, 100.0, 30)), rng.uniform(-10.0, 110.0, 500)
    assert nearest(at, lines).tolist() == np.abs(at[:, None] - lines).argmin(axis=1).tolist()


def test_seven_lines_around_each_stroke_are_considered_as_far_as_there_are() -> None:
    found = near(np.array([12.0, 41.0]), np.zeros(2), _lines(0.0, 10.0, 20.0, 30.0, 40.0, 50.0))
    assert found.lines.tolist() == [[-1, -1, 0, 1, 2, 3, 4], [1, 2, 3, 4, 5, -1, -1]]
    inf = np.inf
    assert found.offsets_samples.tolist() == [
        [inf, inf, 12.0, 2.0, -8.0, -18.0, -28.0],
        [31.0, 21.0, 11.0, 1.0, -9.0, inf, inf],
    ]


def test_the_lines_near_a_stroke_never_go_back_before_those_of_the_stroke_before() -> None:
    """A stroke that is expected later than it is may be nearer to an earlier line."""
    lines = _lines(*np.arange(0.0, 200.0, 10.0))
    found = near(np.array([100.0, 101.0, 120.0]), np.array([0.0, 40.0, 0.0]), lines)
    assert found.lines[:, REACH].tolist() == [10, 10, 12]
    late = near(np.array([100.0]), np.array([40.0]), lines)
    assert late.lines[:, REACH].tolist() == [6]
    assert late.offsets_samples[0, REACH] == 40.0  # from the line itself, not from where it is expected


def test_without_lines_or_strokes_nothing_is_near() -> None:
    assert near(np.array([5.0]), np.zeros(1), _lines()).lines.tolist() == [[-1] * 7]
    assert np.all(np.isinf(near(np.array([5.0]), np.zeros(1), _lines()).offsets_samples))
    assert near(np.zeros(0), np.zeros(0), _lines(1.0)).lines.shape == (0, 7)


def _costs(lines: list[list[int]], first: list[list[float]], none: float, sharing: float = np.inf) -> Costs:
    """Return costs in which a line costs the same whatever the stroke before is on."""
    numbers, alone = np.array(lines), np.array(first)
    following = np.repeat(alone[:, None, :], numbers.shape[1], axis=1)
    shared = np.full(following.shape, sharing)
    return Costs(numbers, alone, following, shared, np.full(len(numbers), none))


def test_strokes_take_lines_in_order_although_each_alone_would_take_another() -> None:
    found = decode(_costs([[0, 1], [0, 1]], [[9.0, 0.0], [0.0, 5.0]], 20.0))
    assert found.choices.tolist() == [0, 1]  # 14; both on their own best lines would cross


def test_two_strokes_share_a_line_where_that_is_cheaper() -> None:
    lines, first = [[0, 1], [0, 1]], [[0.0, 9.0], [0.0, 9.0]]
    assert decode(_costs(lines, first, 20.0, sharing=3.0)).choices.tolist() == [0, 0]
    assert decode(_costs(lines, first, 20.0, sharing=9.5)).choices.tolist() == [0, 1]
    assert decode(_costs(lines, first, 4.0)).choices.tolist() in ([0, -1], [-1, 0])


def test_a_line_is_taken_once_although_a_stroke_without_one_lies_between() -> None:
    """The line that was taken last is remembered beyond the stroke that took none."""
    costs = _costs([[3], [3], [3]], [[0.0], [50.0], [0.0]], 2.0)
    found = decode(costs)
    assert sorted(found.choices.tolist()) == [-1, -1, 0]
    assert found.choices[1] == -1
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1.0)
    np.testing.assert_allclose(found.posterior[[0, 2], 0], 0.5 / (1.0 + np.exp(-2.0) / 2.0), rtol=1e-9)


def test_a_stroke_with_no_line_near_takes_none() -> None:
    found = decode(_costs([[-1, -1], [0, 1]], [[0.0, 0.0], [1.0, 0.0]], 5.0))
    assert found.choices.tolist() == [-1, 1]
    assert found.posterior[0].tolist() == [0.0, 0.0, 1.0]
    share = 1.0 / (1.0 + np.exp(-1.0) + np.exp(-5.0))
    np.testing.assert_allclose(found.posterior[1], [np.exp(-1.0) * share, share, np.exp(-5.0) * share])


@pytest.mark.parametrize("seed", range(4))
def test_the_offset_of_the_playing_is_the_cheapest_of_all_paths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    fits, times_s = rng.uniform(0.0, 3.0, (2, 5, 4)), np.cumsum(rng.uniform(0.0, 1.0, 5))
    offsets_ms, wanders_ms = np.array([-30.0, -10.0, 10.0, 30.0]), 20.0
    paths = np.array(np.meshgrid(*[range(4)] * 5, indexing="ij")).reshape(5, -1).T
    kept = np.exp(-np.maximum(np.diff(times_s), 0.02) / 8.0)
    spread = 2.0 * wanders_ms**2 * (1.0 - kept**2)
    at = offsets_ms[paths]
    moves = ((at[:, 1:] - kept * at[:, :-1]) ** 2 / spread).sum(axis=1) + 0.5 * (at[:, 0] / wanders_ms) ** 2
    totals = fits[:, np.arange(5), paths].sum(axis=2) + moves
    way, best = np.unravel_index(int(totals.argmin()), totals.shape)
    found = _smoothest(fits, times_s, offsets_ms, wanders_ms)
    assert found[0] == way
    assert found[1].tolist() == paths[best].tolist()


@pytest.mark.parametrize("late_ms", [0.0, 25.0, -40.0])
def test_playing_that_is_late_throughout_is_followed_to_a_step(late_ms: float) -> None:
    """Steps are a twentieth of the distance between lines: 6.25 ms of 125 ms."""
    lines = lines_of(8)
    onsets = lines.positions_samples[:-1] + ms(late_ms)
    offsets, jitter_ms = follow(onsets, lines, np.ones(len(lines.beats)))
    np.testing.assert_allclose(offsets, ms(late_ms), atol=ms(6.25 / 2 + 0.1))
    assert jitter_ms == 5.0


def test_playing_that_scatters_has_a_wider_jitter() -> None:
    lines = lines_of(16)
    onsets = lines.positions_samples[:-1] + np.random.default_rng(2).normal(0.0, ms(20.0), 256)
    offsets, jitter_ms = follow(np.sort(onsets), lines, np.ones(len(lines.beats)))
    assert jitter_ms == 20.0
    assert np.abs(offsets).max() < ms(20.0)


def test_nothing_is_followed_without_strokes_or_with_one_line() -> None:
    lines = lines_of(1)
    assert follow(np.zeros(0), lines, np.ones(17))[0].tolist() == []
    one = _lines(10.0)
    offsets, jitter_ms = follow(np.array([3.0, 4.0]), one, np.ones(1))
    assert (offsets.tolist(), jitter_ms) == ([0.0, 0.0], 5.0)


def test_strokes_on_their_lines_take_them_with_certainty() -> None:
    lines, (numbers, tracks) = lines_of(4), rock(4)
    strokes = gather(hits_of(lines.positions_samples[numbers], tracks), RATE_HZ)
    found = place(strokes, lines)
    assert found.lines.tolist() == list(range(0, 64, 2))
    assert found.confidences.min() > 0.99
    assert found.candidates.shape == (32, 7)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1.0)
    columns = (found.candidates == found.lines[:, None]).argmax(axis=1)
    np.testing.assert_array_equal(found.posterior[np.arange(32), columns], found.confidences)


def test_the_costs_of_further_evidence_count() -> None:
    """Evidence that forbids the nearest line moves every stroke to the next one."""
    lines, (numbers, tracks) = lines_of(2), rock(2)
    strokes = gather(hits_of(lines.positions_samples[numbers], tracks), RATE_HZ)

    def without_own(costs: Costs) -> Costs:
        is_own = costs.lines % 2 == 0
        first = np.where(is_own, np.inf, costs.first)
        following = np.where(is_own[:, None, :], np.inf, costs.following)
        return replace(costs, first=first, following=following, none=costs.none + 1e3)

    found = place(strokes, lines, BELIEFS, without_own)
    assert np.all(found.lines % 2 == 1)
    assert np.all(np.diff(found.lines) > 0)


def test_a_bounce_after_a_louder_stroke_belongs_to_no_line() -> None:
    lines, (numbers, tracks) = lines_of(6), rock(6)
    onsets = np.append(lines.positions_samples[numbers], lines.positions_samples[36] + ms(58.0))
    strengths = np.full(len(onsets), -6.0)
    place_of_bounce = int(np.count_nonzero(onsets < onsets[-1]))
    strengths[place_of_bounce] = -30.0
    strokes = gather(hits_of(onsets, np.append(tracks, SNARE), strengths), RATE_HZ)
    found = place(strokes, lines)
    bounce = int(np.argmin(np.abs(strokes.onsets_samples - onsets[-1])))
    assert found.lines[bounce] == -1
    assert np.delete(found.lines, bounce).tolist() == list(range(0, 96, 2))


@pytest.mark.parametrize("tracks", [[KICK], [KICK, HAT]])
def test_one_stroke_and_no_lines_have_their_places(tracks: list[int]) -> None:
    lines = lines_of(2)
    strokes = gather(
        hits_of(np.full(len(tracks), lines.positions_samples[5] + 9.0), np.array(tracks)), RATE_HZ
    )
    assert place(strokes, lines).lines.tolist() == [5]
    nowhere = place(strokes, _lines())
    assert nowhere.lines.tolist() == [-1]
    assert nowhere.confidences.tolist() == [1.0]
    assert nowhere.posterior.tolist() == [[0.0, 1.0]]
