"""Costs of bars from given differences, prices of seams, and the user's stars, by plain computations."""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.features.takes.comp import (
    Comp,
    OnLanes,
    Run,
    _of_change,
    cheapest,
    prices,
    runs_of,
    stars_of,
    with_stars,
)
from engine.features.takes.comp_costs import (
    ASPECTS,
    FAST,
    LESS,
    LEVEL,
    MORE,
    ONE_TRACK,
    PITCH,
    SEVERAL_TRACKS,
    SIBLINGS,
    TIMING,
    TUNING,
    UNPLAYED,
    Costs,
    Differences,
    Weights,
    _at_seams,
    _loudest,
    _of_aspect,
    _of_level,
    _of_timing,
    _rises,
    aligned_levels,
    costs_of,
    deviations,
    differences,
    odds_of,
)
from engine.features.takes.following import HOP_S, Bars, Followed

Values = NDArray[np.float64]
NAMES = [one.name for one in (*ASPECTS, TIMING, LEVEL)]


def drawn(rng: np.random.Generator, tracks: int = 1, takes: int = 4, bars: int = 6) -> Differences:
    """Return differences drawn at random; a take does not differ from itself."""
    more = {name: rng.exponential(2.0, (tracks, takes, takes, bars)) for name in NAMES}
    for values in more.values():
        values[:, np.arange(takes), np.arange(takes)] = 0.0
    seams = rng.uniform(1.0, 9.0, (takes, takes, bars + 1))
    return Differences(more, (seams + seams.swapaxes(0, 1)) / 2)


def none(takes: int = 3, bars: int = 4, tracks: int = 1) -> Differences:
    more = {name: np.zeros((tracks, takes, takes, bars)) for name in NAMES}
    return Differences(more, np.zeros((takes, takes, bars + 1)))


def slow_deviations(more: Values) -> tuple[Values, Values]:
    """Return deviations of one track from its differences, shape (takes, takes, bars), bar by bar."""
    levels = np.log(more + 0.5)
    takes, _, bars = levels.shape
    own, among = np.zeros((takes, bars)), np.zeros((takes, bars))
    for take in range(takes):
        others = [one for one in range(takes) if one != take]
        for bar in range(bars):
            own[take, bar] = sorted(levels[take, one, bar] for one in others)[max((takes - 2) // 2, 0)]
            pairs = [levels[one, other, bar] for one in others for other in others if one != other]
            among[take, bar] = median(pairs) if pairs else median(own[take])
    if takes == 2:
        among = np.repeat(np.median(own, axis=1, keepdims=True), bars, axis=1)
    usual = np.median(own)
    spread = max(usual - np.quantile(own, 0.159), 0.05)
    return np.clip(own - among, -1.0, 2.0), np.clip((own - usual) / spread, -1.0, 8.0)


@pytest.mark.parametrize("takes", [2, 3, 4, 5])
def test_bars_deviate_from_their_siblings_and_from_the_passage(takes: int) -> None:
    found = drawn(np.random.default_rng(takes), 2, takes)
    made = deviations(found)
    assert {key[:2] for key in made} == {
        *((one.name, way) for one in ASPECTS for way in (MORE, LESS)),
        (TIMING.name, MORE),
        (LEVEL.name, MORE),
    }
    for name, way, against in made:
        for track in range(2):
            more = found.more[name][track] if way == MORE else found.more[name][track].swapaxes(0, 1)
            wanted = slow_deviations(more)[0 if against == SIBLINGS else 1]
            np.testing.assert_allclose(made[name, way, against][track], wanted, atol=1e-9)


def test_the_logit_of_several_tracks_is_their_soft_maximum() -> None:
    tracks = np.array([[0.0, 3.0, 700.0], [0.0, -3.0, -700.0]])
    wanted = [0.0, np.log((np.exp(3.0) + np.exp(-3.0)) / 2.0), 700.0 - np.log(2.0)]
    np.testing.assert_allclose(odds_of(tracks), wanted)
    np.testing.assert_array_equal(odds_of(tracks[:1]), tracks[0])


@pytest.mark.parametrize(("tracks", "known"), [(1, ONE_TRACK), (3, SEVERAL_TRACKS)])
def test_costs_are_those_of_a_logistic_regression(tracks: int, known: Weights) -> None:
    found = drawn(np.random.default_rng(tracks), tracks)
    is_played = np.ones((4, 6), bool)
    is_played[2, 3] = False
    made = costs_of(found, is_played)
    logits = sum(known.of.get(key, 0.0) * values for key, values in deviations(found).items())
    odds = known.offset + np.log(np.exp(logits).mean(axis=0))
    likely = 1.0 / (1.0 + np.exp(-odds))
    np.testing.assert_allclose(made.probabilities[is_played], likely[is_played], atol=1e-9)
    np.testing.assert_allclose(made.costs[is_played], -np.log1p(-likely)[is_played], atol=1e-9)
    assert (made.probabilities[2, 3], made.costs[2, 3]) == (1.0, UNPLAYED)
    assert made.price == known.price
    assert made.faults.shape == (4, 6)


def test_a_bar_that_differs_alone_is_the_likeliest_fault_and_is_named() -> None:
    found = none()
    found.more["tuning"][0, 1, [0, 2], 2] = 12.0  # the second take has more of it than both others
    found.more["entry"][0, [1, 2], 0, 1] = 12.0  # and the first has less of another
    made = costs_of(found, np.ones((3, 4), bool))
    worst = [tuple(divmod(int(at), 4)) for at in np.argsort(-made.costs, axis=None)[:2]]
    assert set(worst) == {(1, 2), (0, 1)}
    assert made.faults[1, 2] == "a note wrong or out of tune"
    assert made.faults[0, 1] == "a late or missing note"
    same = costs_of(none(), np.ones((3, 4), bool))
    assert len(np.unique(same.costs)) == 1


def edges(*rows: list[int]) -> Bars:
    table = np.array(rows, np.int64)
    return Bars(table, np.ones((len(rows), table.shape[1] - 1), bool), 0)


def test_stars_count_for_bars_that_are_mostly_covered_and_the_latest_rating_stays() -> None:
    bars = edges([0, 100, 200, 300], [1000, 1100, 1200, 1300])
    ratings = [(0, 151, 2), (60, 210, 1), (1040, 1300, -1), (1100, 1200, 3), (9000, 9999, 3)]
    assert stars_of(ratings, bars).tolist() == [[2, 1, 0], [-1, 3, -1]]
    assert stars_of([(0, 50, 1)], bars).tolist() == [[0] * 3] * 2  # a half is not most
    assert stars_of([], bars).tolist() == [[0] * 3] * 2
    assert stars_of([(0, 500, 3)], edges([100, 100, 200])).tolist() == [[0, 3]]
    costs = np.array([[0.5, 0.5, 0.5]])
    assert with_stars(costs, np.array([[0, 2, -1]])).tolist() == [[0.5, -1.5, 10.5]]


def test_the_price_of_a_seam_follows_its_sound_and_its_tempo() -> None:
    bars = edges([0, 100, 200, 300], [0, 100, 203, 300], [0, 120, 240, 360])
    found = drawn(np.random.default_rng(5), takes=3, bars=3)
    made = prices(found, bars, 0.2)
    lengths = np.diff(bars.edges_samples, axis=1)
    apart = found.seams_db[:, :, :3]
    usual = np.median([apart[one, other] for one in range(3) for other in range(3) if one != other])
    for one in range(3):
        for other in range(3):
            for bar in range(3):
                before = lengths[one, max(bar - 1, 0)]
                tempo = min(abs(np.log(before / lengths[other, bar])) / 0.03, 1.0)
                sound = min(max(apart[one, other, bar] / usual, 0.6), 2.0)
                wanted = 0.0 if one == other else 0.2 * (sound + 0.5 * tempo)
                assert made[one, other, bar] == pytest.approx(wanted)


def test_seams_between_equal_takes_cost_the_least_and_bars_of_no_length_are_no_error() -> None:
    made = prices(none(2, 2), edges([0, 100, 200], [0, 100, 200]), 1.0)
    np.testing.assert_allclose(made, 0.6 * (1 - np.eye(2))[:, :, None] * np.ones(2))
    assert np.isfinite(prices(none(2, 2), edges([0, 0, 0], [5, 5, 9]), 1.0)).all()


def test_bars_of_a_take_that_does_not_play_now_cost_half_of_a_seam() -> None:
    assert _of_change(None, 0.4) == 0.0
    lanes = OnLanes(np.ones((3, 4), bool), np.array([0, 2, -1, 0]))
    assert _of_change(lanes, 0.4).tolist() == [  # type: ignore[union-attr]
        [0.0, 0.2, 0.0, 0.0],
        [0.2, 0.2, 0.0, 0.2],
        [0.2, 0.0, 0.0, 0.2],
    ]


def test_a_comp_has_runs_switches_and_other_takes_without_those_that_do_not_play() -> None:
    costs = np.array([[0.0, 3.0, 3.0, 0.0], [1.0, 0.0, 0.0, 1.0], [1.0, 0.5, 0.5, 1.0], [1.0, 0.1, 0.1, 1.0]])
    seams = 0.2 * (1 - np.eye(4))[:, :, None] * np.ones(4)
    bars = edges(*[[0, 10, 20, 30, 40]] * 4)
    bars.is_played[3, 2] = False
    path = cheapest(costs, seams)
    made = Costs(np.zeros((4, 4)), costs, np.full((4, 4), ""), 0.2)
    comp = Comp(bars, made, np.zeros((4, 4), np.int64), seams, path, 0)
    assert comp.runs == (Run(0, 0, 1), Run(1, 1, 3), Run(0, 3, 4))
    assert comp.switches == (Run(1, 1, 3),)
    assert comp.others(Run(1, 1, 3)) == (2, 0)
    starred = Comp(bars, made, np.array([[0, 3, 3, 0], *[[0] * 4] * 3]), seams, path, 0)
    assert starred.others(Run(1, 1, 3)) == (0, 2)


def test_runs_of_a_path_of_one_bar_and_of_none() -> None:
    assert runs_of(np.array([2])) == (Run(2, 0, 1),)
    assert runs_of(np.array([1, 1, 0, 1])) == (Run(1, 0, 2), Run(0, 2, 3), Run(1, 3, 4))
    assert cheapest(np.array([[3.0], [1.0]]), np.zeros((2, 2, 1))).tolist() == [1]


def test_a_take_that_does_not_play_a_bar_is_not_chosen_for_it() -> None:
    seams = np.zeros((2, 2, 3))
    costs = np.array([[0.0, np.inf, 0.0], [1.0, 1.0, np.inf]])
    assert cheapest(costs, seams).tolist() == [0, 1, 0]


def test_rises_are_over_four_frames_and_never_below_zero() -> None:
    levels = np.array([[0.0, 1.0, 5.0, 2.0, 0.0, 0.0, 9.0, 2.0]], np.float32)
    assert _rises(levels).tolist() == [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 0.0]]


def test_the_largest_value_of_a_bar_is_from_just_before_it_to_before_the_next_attack() -> None:
    values = np.zeros(60, np.float32)  # a frame is a hundredth of a second
    edges_s = np.array([0.1, 0.3, 0.5])
    for at, wanted in ((7, [0, 0]), (8, [1, 0]), (25, [1, 0]), (26, [0, 0]), (28, [0, 1]), (46, [0, 0])):
        values[:] = 0.0
        values[at] = 1.0
        assert _loudest(values, edges_s, 0.01).tolist() == wanted, at
    assert _loudest(values[:5], edges_s, 0.01).tolist() == [0.0, 0.0]  # beyond the end


def stacked(rng: np.random.Generator, takes: int = 3) -> list[NDArray[np.float32]]:
    return [rng.normal(0.0, 2.0, (40, 240)).astype(np.float32) for _ in range(takes)]


def test_equal_takes_differ_in_no_aspect_and_one_that_is_louder_throughout_hardly_does() -> None:
    (one,) = stacked(np.random.default_rng(1), 1)
    edges_s = np.array([0.2, 1.0, 2.0])
    for aspect in ASPECTS:
        if aspect.resolution == FAST:
            assert not _of_aspect([one, one], aspect, edges_s).any()
            np.testing.assert_allclose(_of_aspect([one, one + 6.0], aspect, edges_s), 0.0, atol=1e-4)
    assert not _of_level([one, one + 6.0], edges_s).any()
    np.testing.assert_allclose(_at_seams([one, one + 6.0], edges_s)[[0, 1], [1, 0]], 6.0, atol=1e-4)
    assert not _of_timing([one, one], edges_s)[[0, 1], [0, 1]].any()


def test_a_level_that_changes_in_one_bar_differs_there_alone() -> None:
    (one,) = stacked(np.random.default_rng(2), 1)
    other = one.copy()
    other[:, 110:170] += 5.0  # from 1.1 to 1.7 s
    found = _of_level([one, other], np.array([0.0, 0.9, 1.95, 2.4]))
    np.testing.assert_allclose(found[0, 1], [0.0, 5.0, 0.0], atol=1e-4)
    np.testing.assert_allclose(found[1, 0], [0.0, 5.0, 0.0], atol=1e-4)
    seams = _at_seams([one, other], np.array([0.5, 1.1, 1.4]))
    np.testing.assert_allclose(seams[0, 1], [0.0, 2.5, 5.0], atol=1e-4)
    assert not seams[[0, 1], [0, 1]].any()


def test_an_attack_that_is_a_tenth_of_a_second_late_agrees_with_a_lag_alone() -> None:
    attack = np.zeros((40, 240), np.float32)
    attack[:, 50:60] = 40.0
    late = np.roll(attack, 10, axis=1)
    near = np.roll(attack, 3, axis=1)  # 30 ms are no fault
    edges_s = np.array([0.3, 1.2, 2.4])
    found = _of_timing([attack, late], edges_s)
    assert found[0, 1, 0] == pytest.approx(10.0, abs=0.01)
    assert found[1, 0, 0] == pytest.approx(10.0, abs=0.01)
    assert found[0, 1, 1] == 0.0  # silence
    assert _of_timing([attack, near], edges_s)[0, 1, 0] == 0.0


RATE_HZ = 8000


def follow_exactly(count: int, starts: list[int]) -> tuple[Followed, ...]:
    """Return takes that begin at some samples, in the same tempo."""
    hop = round(HOP_S * RATE_HZ)
    return tuple(
        Followed(hop, start + hop * np.arange(count, dtype=float), np.ones(count)) for start in starts
    )


def test_levels_of_takes_are_measured_at_the_frames_of_the_reference() -> None:
    sound = np.zeros(40_000, np.float32)
    at = np.arange(2_000)
    for start in (8_000, 24_000):  # half a second after each take begins
        sound[start : start + 2_000] = 0.5 * np.sin(2 * np.pi * 440.0 * at / RATE_HZ)

    def read(start: int, stop: int) -> NDArray[np.float32]:
        return sound[start:stop]

    takes = follow_exactly(200, [4_000, 20_000])
    one, other = aligned_levels(read, takes, RATE_HZ, PITCH)
    np.testing.assert_allclose(one, other, atol=1e-3)
    assert one.shape[1] == 50
    assert one.max() - one.min() == pytest.approx(40.0, abs=1.5)
    loud = one.max(axis=0) > one.max() - 3.0
    np.testing.assert_allclose(np.flatnonzero(loud)[[0, -1]], [26, 36], atol=2)


def test_the_differences_of_equal_takes_are_zero_and_have_all_aspects(rng: np.random.Generator) -> None:
    sound = rng.normal(0.0, 0.1, 16_000).astype(np.float32)
    sound = np.concatenate([sound, sound])

    def read(start: int, stop: int) -> NDArray[np.float32]:
        return sound[start:stop]

    takes = follow_exactly(240, [3_200, 19_200])
    bars = edges([3_200, 6_400, 11_200], [19_200, 22_400, 27_200])
    found = differences([read, read], takes, bars, RATE_HZ)
    assert set(found.more) == set(NAMES)
    for values in found.more.values():
        assert values.shape == (2, 2, 2, 2)
        np.testing.assert_allclose(values, 0.0, atol=1e-3)
    assert found.seams_db.shape == (2, 2, 3)
    np.testing.assert_allclose(found.seams_db, 0.0, atol=1e-3)
    assert {one.resolution for one in ASPECTS} == {FAST, PITCH, TUNING}
