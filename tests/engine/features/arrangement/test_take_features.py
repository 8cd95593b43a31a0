"""Features of steps and of takes as exact columns, and performances from their first sound to their last."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.found_takes import FalseStart, FoundTakes, Take, TakeGroup
from engine.document.analysis import ScoreCurve
from engine.features.arrangement.step_features import (
    ALIKE_LATER,
    COLUMNS,
    HAS_BEAT,
    IS_PLAYED,
    LAGS,
    PLACES,
    SPECTRUM,
    TAKES,
    StepFeatures,
    features_of_steps,
    places_of,
    powers_of,
    talk_of,
    with_sections,
)
from engine.features.arrangement.steps import Section
from engine.features.arrangement.take_features import again_of, same_places, with_borders
from engine.features.takes.features import BROAD_BANDS, Frames
from tests.engine.features.arrangement import made


def frames_of(levels_db: NDArray[np.float32], chroma: NDArray[np.float32] | None = None) -> Frames:
    """Return frames with these levels, ten a second, and the same in all bands."""
    n = len(levels_db) // 2
    bands = np.repeat(levels_db[:, None], BROAD_BANDS, axis=1)
    own = np.zeros((n, 12), np.float32) if chroma is None else chroma
    return Frames(
        own, np.zeros((n, BROAD_BANDS), np.float32), levels_db, bands, np.zeros((n, 60), np.float32)
    )


def levels(n: int, *spans: tuple[int, int], loud_db: float = -20.0) -> NDArray[np.float32]:
    found = np.full(n, -80.0, np.float32)
    for first, last in spans:
        found[first:last] = loud_db
    return found


def take(start_s: float, stop_s: float, low: float = 0.0, high: float = 1.0, speed: float = 1.0) -> Take:
    return Take(start_s, stop_s, high - low >= 0.9, 0, speed, low, high)


def features(levels_db: NDArray[np.float32], found: FoundTakes, n: int) -> StepFeatures:
    return features_of_steps(frames_of(levels_db), found, made.steps(n))


def test_a_step_without_takes_has_no_features_of_takes() -> None:
    found = again_of(FoundTakes(), made.steps(5), np.zeros(5, np.float32))
    assert found.features.shape == (5, 20)
    assert not found.features.any()
    assert found.earlier.tolist() == found.later.tolist() == [-1] * 5
    assert again_of(FoundTakes(), made.steps(0), np.zeros(0, np.float32)).features.shape == (0, 20)


THREE = TakeGroup("p", (take(0.0, 4.0), take(5.0, 7.0, 0.0, 0.5), take(8.0, 12.0, speed=1.1)))


def test_features_of_takes_say_which_is_whole_first_last_loudest_and_fastest() -> None:
    loud = np.full(24, -10.0, np.float32)
    loud[16:] = -4.0
    found = again_of(FoundTakes((THREE,)), made.steps(24), loud).features
    counts = [np.log(3) / 2.0, np.log1p(2) / 2.0]
    first, middle, last = found[0], found[10], found[16]
    #      any, complete, whole, first, last, loudest, fastest, rank from either end
    np.testing.assert_allclose(first[:11], [1, 1, 1, 1, 0, 0, 0, 1, 1 / 2, *counts], atol=1e-6)
    np.testing.assert_allclose(middle[:11], [1, 0, 0, 0, 0, 0, 0, 1 / 2, 1 / 2, *counts], atol=1e-6)
    np.testing.assert_allclose(last[:11], [1, 1, 1, 0, 1, 1, 1, 1 / 2, 1, *counts], atol=1e-6)
    #      from, to, group, level against the loudest whole one
    np.testing.assert_allclose(first[11:15], [0.0, 1.0, 0.0, -0.6], atol=1e-6)
    np.testing.assert_allclose(middle[11:15], [0.0, 0.5, 0.0, -0.6], atol=1e-6)
    np.testing.assert_allclose(last[11:15], [0.0, 1.0, 0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(found[:8, 15], np.arange(8) / 8.0, atol=1e-6)
    np.testing.assert_allclose(found[10:14, 15], np.arange(4) / 8.0, atol=1e-6)
    assert not found[[8, 9, 14, 15]].any()


def test_repetitions_lead_to_the_nearest_take_that_has_the_music() -> None:
    found = again_of(FoundTakes((THREE,)), made.steps(24), np.zeros(24, np.float32))
    assert found.later[:8].tolist() == [
        10,
        11,
        12,
        13,
        20,
        21,
        22,
        23,
    ]  # the second has no half
    assert found.later[10:14].tolist() == [16, 17, 18, 19]
    assert found.earlier[16:24].tolist() == [10, 11, 12, 13, 4, 5, 6, 7]
    assert found.earlier[:10].tolist() == [-1] * 10
    assert found.features[:, 18].tolist() == [0.0] * 10 + [1.0] * 4 + [0.0] * 2 + [1.0] * 8
    assert found.features[:, 19].tolist() == [1.0] * 8 + [0.0] * 2 + [1.0] * 4 + [0.0] * 10
    own, there = same_places(THREE, 2, 1, made.steps(24))
    assert (own.tolist(), there.tolist()) == ([16, 17, 18, 19], [10, 11, 12, 13])
    own, there = same_places(THREE, 1, 1, made.steps(24))
    assert own.tolist() == there.tolist() == [10, 11, 12, 13]


def test_groups_are_numbered_from_zero_to_one_and_attempts_have_their_likelihood() -> None:
    groups = tuple(
        TakeGroup("", (take(2.0 * at, 2.0 * at + 1.0), take(2.0 * at + 1.0, 2.0 * at + 2.0)))
        for at in range(3)
    )
    starts = (FalseStart(0.0, 1.0, 4.0, 0.25, ""), FalseStart(0.5, 1.5, 1.5, 0.75, ""))
    found = again_of(FoundTakes(groups, starts), made.steps(12), np.zeros(12, np.float32)).features
    assert found[[0, 4, 8], 13].tolist() == [0.0, 0.5, 1.0]
    assert found[:4, 16].tolist() == [0.25, 0.75, 0.75, 0.0]
    np.testing.assert_allclose(found[:4, 17], [np.log1p(3.0) / 4.0, 0.0, 0.0, 0.0], atol=1e-6)


def test_performances_take_in_sounds_less_than_a_pause_away() -> None:
    one = levels(200, (20, 23), (30, 80), (86, 88))
    assert with_borders(one, ((3.0, 8.0),)) == ((2.0, 8.8),)
    far = levels(200, (10, 13), (30, 80), (100, 103))
    assert with_borders(far, ((3.0, 8.0),)) == ((3.0, 8.0),)
    assert with_borders(one, ()) == ()
    assert with_borders(np.zeros(0, np.float32), ((3.0, 8.0),)) == ((3.0, 8.0),)


def test_a_performance_ends_where_it_has_died_away_or_the_next_one_begins() -> None:
    fading = levels(200, (30, 80))
    fading[80:100] = np.linspace(-20.0, -77.0, 20)
    ((start_s, stop_s),) = with_borders(fading, ((3.0, 8.0),))
    assert start_s == 3.0
    assert stop_s == 9.9  # the last tenth is below the floor, 76 dB below full scale
    long = levels(700, (30, 480))
    long[480:560] = -60.0
    assert with_borders(long, ((3.0, 48.0),)) == ((3.0, 52.0),)  # for four seconds at most
    assert with_borders(long, ((3.0, 48.0), (50.0, 52.0)))[0] == (3.0, 50.0)


def test_a_window_that_catches_a_sound_does_not_begin_it() -> None:
    caught = levels(100, (30, 80))
    caught[29] = -35.0  # 15 dB softer, and well above the floor
    assert with_borders(caught, ((2.9, 8.0),)) == ((3.0, 8.0),)
    swelling = levels(100, (30, 80))
    swelling[27:30] = [-44.0, -36.0, -28.0]  # by 8 dB a step
    assert with_borders(swelling, ((3.0, 8.0),)) == ((2.7, 8.0),)


def test_the_power_of_a_step_is_that_of_its_part_of_each_frame() -> None:
    one = np.array([-10.0] * 5 + [-20.0] * 5 + [-200.0] * 5, np.float32)
    np.testing.assert_allclose(powers_of(frames_of(one), made.steps(3)), [-10.0, -20.0, -120.0], atol=1e-4)
    quarter = powers_of(frames_of(one), made.steps(3, 0.25))  # 2.5 frames each
    np.testing.assert_allclose(quarter, [-10.0, -10.0, -20.0], atol=1e-4)
    across = powers_of(frames_of(one), made.steps(2, 0.75))
    mean = 10.0 * np.log10((5 * 0.1 + 2.5 * 0.01) / 7.5)
    np.testing.assert_allclose(across[0], mean, atol=1e-4)


def test_loudness_is_relative_to_the_loud_parts_in_twenties_of_dB() -> None:
    one = np.repeat([-20.0, -30.0, -20.0, -120.0], 5).astype(np.float32)
    found = features(one, FoundTakes(), 4).features
    np.testing.assert_allclose(found[:, 0], [0.5, 0.0, 0.5, -2.5], atol=1e-4)  # 60 dB below at most
    np.testing.assert_allclose(found[:, 1], [0.0, -10 / 15, 10 / 15, -3.0], atol=1e-4)  # limited to 3
    np.testing.assert_allclose(found[:, 2], [-10 / 15, 10 / 15, -3.0, 0.0], atol=1e-4)
    around = np.mean([0.0, -10.0, 0.0, -60.0])
    np.testing.assert_allclose(found[:, 3], (np.array([0, -10, 0, -60]) - around) / 15.0, atol=1e-4)
    assert not found[:, SPECTRUM].any()  # all bands are the same
    level = StepFeatures(made.steps(4), found, np.full(4, -1), np.full(4, -1), FoundTakes())
    np.testing.assert_allclose(level.levels_db, [0.0, -10.0, 0.0, -60.0], atol=1e-3)
    assert level.level_db(0, 2) == pytest.approx(10 * np.log10(0.55), abs=1e-3)


def test_places_beats_and_playing_are_columns() -> None:
    found = features(levels(40, (10, 30)), FoundTakes(played_s=((1.0, 3.0),)), 8).features
    assert found.shape == (8, COLUMNS) == (8, 72)
    assert found[:, IS_PLAYED].tolist() == [0, 0, 1, 1, 1, 1, 0, 0]
    assert found[:, IS_PLAYED + 1].tolist() == [1, 0, 0, 0, 1, 0, 0, 0]  # downbeats
    assert found[:, HAS_BEAT].tolist() == [1] * 8
    assert found[:, HAS_BEAT + 1].tolist() == [0] * 8  # half a second as usual
    np.testing.assert_allclose(found[:, PLACES], np.stack(places_of(8), axis=1), atol=1e-6)
    assert found[:, PLACES.stop].tolist() == [0, 0, 1, 0, 0, 0, -1, 0]
    np.testing.assert_allclose(places_of(4)[0], [0.0, 0.25, 0.5, 0.75])
    np.testing.assert_allclose(places_of(4)[2], places_of(4)[1][::-1])
    assert [len(column) for column in places_of(0)] == [0, 0, 0]
    assert not found[:, TAKES].any()


def test_phases_count_from_where_playing_begins_and_to_where_it_ends() -> None:
    found = features(levels(60, (10, 50)), FoundTakes(played_s=((1.0, 5.0),)), 12).features
    counted = [0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1]
    left = [1, 0, 7, 6, 5, 4, 3, 2, 1, 0, 1, 0]
    begin = PLACES.stop + 1
    for cycle, column in zip((4, 8, 16, 32), range(begin, begin + 8, 2), strict=True):
        turns = 2 * np.pi * np.array(counted) / cycle
        np.testing.assert_allclose(found[:, column], np.sin(turns), atol=1e-5)
        np.testing.assert_allclose(found[:, column + 1], np.cos(turns), atol=1e-5)
    np.testing.assert_allclose(found[:, begin + 8], np.array(counted) / 16.0, atol=1e-6)
    np.testing.assert_allclose(found[:, begin + 9], np.log1p(0.5 * np.array(counted)) / 3.0, atol=1e-6)
    np.testing.assert_allclose(found[:, begin + 18], np.array(left) / 16.0, atol=1e-6)
    np.testing.assert_allclose(found[:, begin + 19], np.log1p(0.5 * np.array(left)) / 3.0, atol=1e-6)
    total = np.array(counted) + np.array(left) + 1
    np.testing.assert_allclose(found[:, begin + 20], np.log(total) / 5.0, atol=1e-6)
    assert begin + 21 == TAKES.start


def test_a_loop_of_four_steps_is_alike_to_the_steps_four_eight_and_more_later() -> None:
    chroma = np.zeros((100, 12), np.float32)
    steps = made.steps(40)
    owner = (np.arange(100) * 2 // 5) % 4  # the step of each frame, half a second being 2.5 frames
    chroma[np.arange(100), owner] = 1.0
    found = features_of_steps(frames_of(levels(200, (0, 200)), chroma), FoundTakes(), steps).features
    alike = found[:, ALIKE_LATER]
    assert alike.shape == (40, len(LAGS))
    for column, lag in enumerate(LAGS):
        assert (alike[: 40 - lag, column] > 0.99).all()
        assert not alike[40 - lag :, column].any()


def test_scores_are_read_in_the_middle_of_steps() -> None:
    curve = ScoreCurve(np.array([0, 1000, 2000]), np.array([0.5, 1.0, 0.0]), "m")
    found = features_of_steps(frames_of(levels(20)), FoundTakes(), made.steps(4), curve).features
    np.testing.assert_allclose(found[:, -2], [0.25, 0.75, 0.5, -0.5], atol=1e-6)
    assert found[:, -1].tolist() == [1.0] * 4
    assert not features(levels(20), FoundTakes(), 4).features[:, -2:].any()


def test_no_steps_have_no_features() -> None:
    found = features_of_steps(frames_of(np.zeros(0, np.float32)), FoundTakes(), made.steps(0))
    assert found.features.shape == (0, COLUMNS)
    assert (len(found), found.tuning_s, len(found.powers_db)) == (0, (), 0)


def sections(*spans_s: tuple[float, float, str]) -> tuple[Sequence[Section], Sequence[str]]:
    plain = features(levels(100), FoundTakes(), 20)
    found = with_sections(plain, spans_s)
    return found.sections, found.labels


def test_sections_are_at_the_nearest_edges_with_labels_by_first_appearance() -> None:
    found, labels = sections((0.2, 2.1, "B"), (2.1, 2.2, "C"), (3.0, 4.8, "A"), (5.0, 9.9, "B"))
    assert found == (Section(0, 4, 0), Section(6, 10, 1), Section(10, 20, 0))
    assert labels == ("B", "A")
    assert sections() == ((), ())


def test_steps_of_talk_have_their_middle_in_it() -> None:
    assert talk_of(made.steps(6), [(0.3, 0.8), (2.0, 2.5)]).tolist() == [
        False,
        True,
        False,
        False,
        True,
        False,
    ]
    assert not talk_of(made.steps(6), [(0.3, 0.7), (9.0, 12.0)]).any()
