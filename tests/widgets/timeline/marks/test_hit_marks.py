"""Hits over their lanes: where ticks and arrows stand, what their colours say, and that many cost little."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor

from engine.document.proposals import Verdict
from engine.document.table import VERDICTS
from tests.counting import calls_of
from tests.engine.features.timing.hits.played import EIGHTH, RATE_HZ, played
from tests.timing import slowness
from widgets.theme import DARK, LIGHT, Theme, contrast
from widgets.timeline.frame import Frame, Wish, lay_out
from widgets.timeline.marks.grid import Beats, ground_row
from widgets.timeline.marks.hits import NO_HITS, HitMarks, fill_hits
from widgets.timeline.viewport import Viewport

pytestmark = pytest.mark.usefixtures("qapp")  # fonts and scale are asked of it
LANES = ("Kick", "Snare", "Hat", "OHL")
GROUND = QColor(DARK.bg).rgba()


def a_frame(start_s: float, seconds: float, width: int = 1_000, dpr: float = 1.0) -> Frame:
    view = Viewport(start_s * RATE_HZ, seconds * RATE_HZ / width, width, 10_000 * EIGHTH, RATE_HZ)
    return Frame(view, lay_out(width, 700, (Wish(),) * 4, has_edits=True), DARK, dpr)


def drawn(marks: HitMarks, frame: Frame) -> np.ndarray:
    pixels = np.full((round(frame.layout.height * frame.dpr), frame.columns), GROUND, np.uint32)
    fill_hits(pixels, frame, marks, LANES)
    return pixels


def rows_of(frame: Frame, lane: int) -> slice:
    return slice(*(round(y * frame.dpr) for y in frame.layout.lane_tops[lane : lane + 2]))


@pytest.mark.parametrize("dpr", [1.0, 2.0])
def test_each_hit_has_a_tick_in_the_lane_of_its_drum(dpr: float) -> None:
    hits, state, _ = played(16)
    marks = HitMarks.of(hits, state)
    frame = a_frame(0, 5, dpr=dpr)
    pixels = drawn(marks, frame)
    for lane in range(4):
        here = marks.tracks == lane
        accepted = marks.verdicts == VERDICTS.index(Verdict.ACCEPTED)
        sounds_at = np.where(accepted, marks.targets, marks.onsets)[here]
        inked = np.flatnonzero((pixels[rows_of(frame, lane)] != GROUND).any(axis=0))
        for position in sounds_at.tolist():
            assert round(frame.viewport.x_at(position) * dpr) in inked
        assert (len(inked) > 0) == bool(here.any())


def test_an_arrow_reaches_from_the_hit_to_where_it_goes() -> None:
    hits, state, _ = played(16)
    marks = HitMarks.of(hits, state)
    frame = a_frame(0.2, 0.4)  # 19 samples a pixel
    pixels = drawn(marks, frame)[rows_of(frame, 2)]
    row = 0
    left, right = sorted(frame.viewport.x_at(at) for at in (marks.onsets[row], marks.targets[row]))
    axis = np.flatnonzero((pixels[:, round(left) : round(right)] != GROUND).all(axis=1))
    assert len(axis), "a shaft runs all the way"
    ink = QColor(int(pixels[axis[0], round((left + right) / 2)]))
    hue = QColor(DARK.early if marks.targets[row] > marks.onsets[row] else DARK.late).hue()
    assert abs(ink.hue() - hue) < 12


def test_far_out_bars_tell_early_from_late() -> None:
    hits, state, _ = played(2_000)
    marks = HitMarks.of(hits, state)
    late = replace(marks, targets=marks.onsets - 960, verdicts=np.zeros_like(marks.verdicts))
    early = replace(marks, targets=marks.onsets + 960, verdicts=np.zeros_like(marks.verdicts))
    frame = a_frame(0, 480)
    for shifted, token, other in ((late, DARK.late, DARK.early), (early, DARK.early, DARK.late)):
        pixels = drawn(shifted, frame)
        assert (pixels == QColor(token).rgba()).any()
        assert not (pixels == QColor(other).rgba()).any()
    up, down = (np.flatnonzero((drawn(one, frame) != GROUND).any(axis=1)) for one in (early, late))
    assert up.min() < down.min()


def test_a_preview_scales_what_is_undecided_alone() -> None:
    hits, state, _ = played(48)
    marks = HitMarks.of(hits, state)
    half = marks.scaled(0.5, 0.0, np.inf)
    is_open = marks.verdicts == VERDICTS.index(Verdict.UNDECIDED)
    by, halved = marks.targets - marks.onsets, half.targets - half.onsets
    np.testing.assert_allclose(halved[is_open], by[is_open] / 2)
    np.testing.assert_array_equal(halved[~is_open], by[~is_open])
    least = marks.scaled(1.0, 480.0, np.inf)
    stays = is_open & (np.abs(by) < 480)
    assert stays.any()
    np.testing.assert_array_equal((least.targets == least.onsets)[stays], True)


def test_divisions_stand_behind_the_beats_where_there_is_room() -> None:
    _, _, grid = played(64)
    beats, lines = Beats.of(grid), np.arange(0, 64 * EIGHTH, EIGHTH // 2)
    near, far = a_frame(0, 4), a_frame(0, 60)
    assert (ground_row(near, beats, lines) == QColor(DARK.division).rgba()).any()
    assert not (ground_row(far, beats, lines) == QColor(DARK.division).rgba()).any()
    assert (ground_row(near, beats, lines) == QColor(DARK.downbeat).rgba()).any()


def test_nothing_is_drawn_without_hits() -> None:
    frame = a_frame(0, 4)
    assert (drawn(NO_HITS, frame) == GROUND).all()
    _, state, _ = played(8)
    assert HitMarks.of(None, state) is NO_HITS


def test_hits_are_filled_in_with_as_many_calls_however_many_they_are() -> None:
    frame, calls = a_frame(0, 500.0, 1_600), []
    for count in (100, 3_000):
        hits, state, _ = played(count)
        marks = HitMarks.of(hits, state)
        drawn(marks, frame)
        calls.append(calls_of(lambda marks=marks: drawn(marks, frame)))
    assert calls[1] < 1.1 * calls[0], calls


@pytest.mark.alone
@pytest.mark.parametrize("seconds", [2.0, 20.0, 500.0, 5_000.0])
def test_thousands_of_hits_cost_a_small_part_of_a_frame(seconds: float) -> None:
    hits, state, _ = played(6_000)
    marks, frame = HitMarks.of(hits, state), a_frame(0, seconds, 1_600)
    taken = []
    for _ in range(15):
        began = time.thread_time()
        drawn(marks, frame)
        taken.append(time.thread_time() - began)
    assert np.median(taken) < 0.005 * slowness(), "most of it fills the ground, which is no part of it"


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=lambda tokens: tokens.name)
def test_early_and_late_are_seen_and_told_apart(tokens: Theme) -> None:
    assert contrast(tokens.early, tokens.bg) >= 3.0
    assert contrast(tokens.late, tokens.bg) >= 3.0
