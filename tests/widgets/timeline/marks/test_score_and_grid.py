"""The score curve, the ruler's steps and the beat grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import BeatGrid, ScoreCurve
from widgets.theme import DARK, color
from widgets.timeline.frame import Frame, Wish, lay_out
from widgets.timeline.marks.curve_lanes import (
    column_means,
    column_scores,
    curve_image,
    mean_line,
    score_at,
    score_y,
)
from widgets.timeline.marks.grid import Beats, ground_row, thinning
from widgets.timeline.ruler import decimals_of, label_step_s
from widgets.timeline.viewport import Viewport

pytestmark = pytest.mark.usefixtures("qapp")


def frame_of(samples_per_px: float, dpr: float = 1.0) -> Frame:
    viewport = Viewport(0.0, samples_per_px, 1_000, 100_000, 1_000)
    return Frame(viewport, lay_out(1_000, 600, (Wish(), Wish())), DARK, dpr)


@pytest.mark.parametrize("width", [3.0, 40.0, 1_700.0])
def test_scores_of_columns_equal_a_dense_sampling(curve: ScoreCurve, width: float) -> None:
    edges = 1_000 + np.arange(51) * width
    low, high = column_scores(curve, edges)
    for column in range(50):
        inside = curve.times_samples[
            (curve.times_samples >= edges[column]) & (curve.times_samples < edges[column + 1])
        ]
        at = np.concatenate([edges[column : column + 2], inside])
        values = np.interp(at, curve.times_samples, curve.scores)
        assert low[column] == pytest.approx(values.min())
        assert high[column] == pytest.approx(values.max())


@pytest.mark.parametrize("width", [3.0, 40.0, 1_700.0])
@pytest.mark.parametrize("start", [0, 1_000, 90_000])
def test_mean_scores_of_columns_equal_a_dense_sampling(curve: ScoreCurve, width: float, start: int) -> None:
    edges = start + np.arange(51) * width
    for column, mean in enumerate(column_means(curve, edges)):
        at = edges[column] + (np.arange(4_000) + 0.5) / 4_000 * width
        assert mean == pytest.approx(np.interp(at, curve.times_samples, curve.scores).mean(), abs=1e-5)


def test_a_closer_view_than_the_scores_shows_the_curve_itself(curve: ScoreCurve) -> None:
    edges = np.arange(0, 5_001, 10.0)
    low, high = column_scores(curve, edges)
    assert mean_line(curve, edges, low, high) == (low, high)
    wide = np.arange(0, 50_001, 5_000.0)
    lowest, highest = mean_line(curve, wide, *column_scores(curve, wide))
    means = column_means(curve, wide)
    assert np.all((lowest <= means + 1e-6) & (means <= highest + 1e-6)), "a line through the means"
    np.testing.assert_allclose(np.minimum(lowest[1:], lowest[:-1]) <= highest[1:], True)


def test_a_score_of_one_point_is_level() -> None:
    one = ScoreCurve(np.array([1_000]), np.array([0.25], np.float32), "")
    np.testing.assert_allclose(column_means(one, np.array([0.0, 900.0, 2_000.0])), 0.25)


def test_outside_of_what_was_scored_there_is_no_curve() -> None:
    curve = ScoreCurve(np.array([1_000, 1_200]), np.array([0.2, 0.4], np.float32), "")
    low, _ = column_scores(curve, np.array([0.0, 500, 850, 950, 1_150, 1_250, 1_350, 1_500]))
    assert np.isnan(low).tolist() == [True, True, False, False, False, False, True]


def test_the_curve_is_as_thick_as_asked_and_clear_elsewhere() -> None:
    level = np.full(5, 0.5)
    image = curve_image((level, level), 41, 2.0, DARK.score_line)
    alphas = [image.pixelColor(2, row).alphaF() for row in range(image.height())]
    assert sum(alphas) == pytest.approx(2.0, abs=0.02)
    assert image.pixelColor(2, 5).alpha() == 0
    gap = curve_image((np.full(5, np.nan), np.full(5, np.nan)), 41, 2.0, DARK.score_line)
    assert all(gap.pixelColor(2, row).alpha() == 0 for row in range(41))


@pytest.mark.parametrize("score", [0.0, 0.25, 0.62, 1.0])
def test_heights_and_scores_are_inverse(score: float) -> None:
    frame = frame_of(100)
    assert score_at(frame, score_y(frame, score)) == pytest.approx(score)


@pytest.mark.parametrize("dpr", [1.0, 1.5, 2.0])
def test_beats_stand_on_their_columns(grid: BeatGrid, dpr: float) -> None:
    frame = frame_of(10.0, dpr)
    row = ground_row(frame, Beats.of(grid))
    beat, downbeat = (color(token).rgba() for token in (DARK.beat, DARK.downbeat))
    assert len(row) == round(1_000 * dpr)
    np.testing.assert_array_equal(np.flatnonzero(row == downbeat), np.arange(0, 1_000, 200) * dpr)
    assert np.count_nonzero(row == beat) == 15
    assert row[round(50 * dpr)] == beat


def test_beats_vanish_first_and_bars_thin_out(grid: BeatGrid) -> None:
    without_beats = ground_row(frame_of(62.0), Beats.of(grid))
    assert not np.any(without_beats == color(DARK.downbeat).rgba())
    assert np.count_nonzero(without_beats == color(DARK.beat).rgba()) == 31
    far = ground_row(frame_of(620.0), Beats.of(grid))
    assert np.count_nonzero(far == color(DARK.beat).rgba()) <= 1_000 / 26
    assert np.all(ground_row(frame_of(10.0), None) == color(DARK.bg).rgba())


@pytest.mark.parametrize("zoom", [1.0, 77.0, 100.0])
def test_thinning_keeps_lines_apart(grid: BeatGrid, zoom: float) -> None:
    viewport = replace(frame_of(zoom).viewport, samples_per_px=zoom)
    every = thinning(grid.beats_samples, viewport)
    assert every * 500 / zoom >= 9
    assert every == 1 or every / 2 * 500 / zoom < 9


@pytest.mark.parametrize(
    ("s_per_px", "step_s", "decimals"), [(0.024, 2, 0), (1e-5, 1e-3, 3), (0.9, 120, 0), (2e-3, 0.2, 1)]
)
def test_ruler_steps_are_round_and_readable(s_per_px: float, step_s: float, decimals: int) -> None:
    step = label_step_s(s_per_px, 80)
    assert step == step_s
    assert decimals_of(step) == decimals
