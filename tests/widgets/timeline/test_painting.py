"""What is painted, pixel by pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.document.analysis import BeatGrid, ScoreCurve
from engine.document.proposals import Proposal, Verdict
from engine.document.state import DocumentState
from tests.widgets.timeline.made_up import MadeUp
from widgets import theme
from widgets.theme import DARK, LIGHT
from widgets.timeline.canvas import Canvas
from widgets.timeline.edits.coverage import TINT
from widgets.timeline.edits.spans import Spans
from widgets.timeline.frame import Frame
from widgets.timeline.timeline_view import TimelineView

GROUND = theme.color(DARK.bg).rgba()
LANES, FLAGS = slice(190, 428), slice(166, 190)


def picture(view: TimelineView) -> NDArray[np.uint32]:
    """Paint the canvas as a screen would see it, uint32, shape (rows, columns)."""
    canvas = view.canvas
    image = QImage(canvas.size() * canvas.devicePixelRatioF(), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(canvas.devicePixelRatioF())
    painter = QPainter(image)
    canvas.paint_onto(painter, canvas.rect())
    painter.end()
    return np.frombuffer(image.bits(), np.uint32).reshape(image.height(), image.width()).copy()


def silent(view: TimelineView) -> TimelineView:
    """Take the waveforms away, so that only what lies over them is seen."""
    view.lanes.set_waves({})
    return view


def rgba(token: str) -> int:
    return theme.color(token).rgba()


def test_a_waveform_stands_where_its_samples_are(view: TimelineView) -> None:
    sound = np.zeros((100_000, 1), np.float32)
    sound[30_000:30_100] = 0.5
    sound[60_000:60_100] = -0.5
    view.lanes.set_document(replace(view.canvas.state, proposals={}, decisions={}))
    view.lanes.set_waves({"kick": MadeUp(sound)})
    top, bottom = view.canvas.frame.layout.sound_top(0), view.canvas.frame.layout.lane_tops[1]
    seen = picture(view)[top : bottom - 1]
    heights = np.count_nonzero(seen != GROUND, axis=0)
    heights[:20] = 0  # the playhead stands at the start
    assert heights[-1] == len(seen), "the edge of the clip"
    heights[-1] = 0
    # the column after each is drawn from there back to silence
    assert np.flatnonzero(heights > 4).tolist() == [300, 301, 600, 601]
    assert np.flatnonzero(seen[:, 300] != GROUND).max() <= (bottom - top) / 2
    assert np.flatnonzero(seen[:, 600] != GROUND).min() >= (bottom - top) / 2 - 1
    assert heights[300] == pytest.approx((bottom - top) / 2 * 0.92, abs=2)


def test_an_accepted_span_is_orange_and_hatched(view: TimelineView) -> None:
    seen = picture(silent(view))
    inside = seen[view.canvas.frame.layout.sound_top(0) : 427, 102:198]
    tint = rgba(theme.mix(DARK.bg, DARK.accepted, TINT).name())
    assert np.mean(inside == tint) == pytest.approx(10 / 11, abs=0.03)
    hatched = np.argwhere(inside[:60] != tint)
    sums = hatched.sum(axis=1) % 11
    assert len(np.unique(sums)) == 1
    assert seen[178, 195] == rgba(DARK.accepted)


def test_a_rejected_span_has_dashed_edges_and_an_undecided_one_plain(view: TimelineView) -> None:
    layout = view.canvas.frame.layout
    rows = np.r_[layout.sound_top(0) + 2 : layout.lane_tops[1], layout.sound_top(1) : 426]  # below bars
    seen = picture(silent(view))[rows]
    assert 0.4 < np.mean(seen[:, 700] == rgba(DARK.rejected)) < 0.7
    assert np.all(seen[:, 400] == rgba(DARK.undecided))
    assert len(np.unique(seen[:100, 410:490])) == 1


def test_each_flag_has_its_own_sign(view: TimelineView) -> None:
    seen = picture(silent(view))[FLAGS]
    signs = {
        name: (seen[6:17, x : x + 9] != seen[1, x])
        for name, x in (("accepted", 106), ("undecided", 406), ("rejected", 706))
    }
    assert all(sign.any() for sign in signs.values())
    assert not np.array_equal(signs["accepted"], signs["rejected"])
    assert not np.array_equal(signs["undecided"], signs["rejected"])


def test_the_current_proposal_is_stronger(view: TimelineView) -> None:
    before = picture(silent(view))
    view.canvas.set_current("middle")
    after = picture(view)
    assert np.all(after[182:426, 400:402] == rgba(DARK.undecided))
    assert QColor(int(after[300, 450])).blue() > QColor(int(before[300, 450])).blue()
    np.testing.assert_array_equal(before[:, 600:], after[:, 600:])


def test_a_moving_playhead_changes_only_its_strips(view: TimelineView) -> None:
    view.canvas.set_playhead(10_000)
    before = picture(view)
    standing = view.canvas.compose()
    view.canvas.set_playhead(50_000)
    after = picture(view)
    assert view.canvas.compose() is standing
    changed = np.flatnonzero((before != after).any(axis=0))
    assert set(changed) <= set(range(88, 113)) | set(range(488, 513))
    assert after[500, 500] == rgba(DARK.playhead)


def test_a_part_is_painted_as_the_whole(view: TimelineView) -> None:
    canvas = view.canvas
    whole = picture(view)
    image = QImage(canvas.size(), QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    part = QRect(123, 200, 61, 150)
    painter.setClipRect(part)
    canvas.paint_onto(painter, part)
    painter.end()
    seen = np.frombuffer(image.bits(), np.uint32).reshape(image.height(), image.width())
    np.testing.assert_array_equal(seen[200:350, 123:184], whole[200:350, 123:184])


@pytest.mark.parametrize("dpr", [1.0, 1.5, 2.0])
def test_the_image_holds_device_pixels(
    view: TimelineView, grid: BeatGrid, monkeypatch: pytest.MonkeyPatch, dpr: float
) -> None:
    silent(view).canvas.set_grid(grid)
    view.canvas.set_viewport(replace(view.canvas.viewport, samples_per_px=25.0))
    monkeypatch.setattr(Canvas, "devicePixelRatioF", lambda _: dpr)
    view.canvas.redraw()
    seen = picture(view)
    assert seen.shape == (round(600 * dpr), round(1_000 * dpr))
    row = seen[round(520 * dpr)]
    downbeats = np.flatnonzero(row == rgba(DARK.downbeat))
    assert set(np.arange(80, 1_000, 80) * dpr) <= set(downbeats)
    assert np.diff(downbeats).min() > 1, "a hairline is one device pixel"


def test_muted_tracks_are_drawn_weaker(view: TimelineView, state: DocumentState) -> None:
    loud = picture(view)[LANES]
    muted = tuple(replace(track, mute=True) for track in state.tracks)
    view.lanes.set_document(replace(state, tracks=muted))
    weak = picture(view)[LANES]
    outside = slice(520, 690)
    peak = rgba(DARK.wave_inks(DARK.accent(0))[0])
    assert np.any(loud[:, outside] == peak)
    assert not np.any(weak[:, outside] == peak)


def test_single_samples_are_dots_on_a_line(view: TimelineView) -> None:
    sound = np.zeros((100_000, 1), np.float32)
    sound[1::2] = 0.5
    view.lanes.set_document(replace(view.canvas.state, proposals={}, decisions={}))
    view.lanes.set_waves({"kick": MadeUp(sound)})
    view.canvas.set_viewport(replace(view.canvas.viewport, start_samples=60_000.0, samples_per_px=1 / 16))
    seen = picture(view)[164:295]
    is_ink = seen == rgba(DARK.wave_inks(DARK.accent(0))[0])
    dots = [int(np.count_nonzero(is_ink[:, x - 2 : x + 3])) for x in range(16, 900, 16)]
    between = [int(np.count_nonzero(is_ink[:, x - 2 : x + 3])) for x in range(24, 900, 16)]
    assert min(dots) > max(between)


def test_the_score_is_a_curve_a_threshold_and_heat(view: TimelineView, curve: ScoreCurve) -> None:
    silent(view).set_score(curve, 0.5)
    seen = picture(view)[84:165]
    yellow = (seen[:60] >> 16 & 0xFF).astype(int) - (seen[:60] & 0xFF).astype(int) > 60
    assert np.mean(yellow.any(axis=0)) > 0.98
    dashes = (seen[:60] == rgba(DARK.dim)).sum(axis=1)
    assert dashes.max() > 400
    heat = seen[72]
    hottest, coldest = int(np.argmax(curve.scores)), int(np.argmin(curve.scores))
    at = [int(curve.times_samples[index] / 100) for index in (hottest, coldest)]
    assert QColor(int(heat[at[0]])).red() > QColor(int(heat[at[1]])).red() + 80


def test_thousands_of_proposals_are_a_ribbon_and_a_tint(view: TimelineView, state: DocumentState) -> None:
    """Too narrow for flags, they are bars as high and a tint as strong as they cover the time."""
    proposals = {
        f"p{i:05}": Proposal(f"p{i:05}", "cut", i * 20, i * 20 + 10, 0.5, "", "") for i in range(5_000)
    }
    silent(view).lanes.set_document(replace(state, proposals=proposals, decisions={}))
    seen = picture(view)
    undecided = seen[FLAGS, 20:] == rgba(DARK.undecided)
    assert np.all(undecided.sum(axis=0)[undecided.any(axis=0)] == 11), "half of the strip, over its hairline"
    assert np.mean(undecided.any(axis=0)) == pytest.approx(3 / 4, abs=0.01), "a gap between two bars"
    assert seen[400, 321] == rgba(theme.mix(DARK.bg, DARK.undecided, TINT / 2).name())
    assert len(np.unique(seen[250, 20:-1])) == 1, "and no line through the lanes until the clip ends"


def test_another_theme_repaints_everything(view: TimelineView) -> None:
    silent(view).set_theme(LIGHT)
    seen = picture(view)
    assert seen[590, 900] == rgba(LIGHT.bg)
    assert seen[178, 395] == rgba(LIGHT.bg)
    assert seen[168, 430] == rgba(LIGHT.undecided)
    assert not np.any(seen == GROUND)


def test_a_drag_is_drawn_before_it_is_decided(view: TimelineView, state: DocumentState) -> None:
    silent(view).canvas.set_current("middle")
    before = picture(view)
    QTest.mousePress(view.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(500, 300))
    QTest.mouseMove(view.canvas, QPoint(600, 300))
    during = picture(view)
    assert view.canvas.state is state or view.canvas.state.span("middle") == (40_000, 50_000)
    assert during[400, 599] == rgba(DARK.undecided) != before[400, 599]
    view.canvas.mouse.cancel()
    np.testing.assert_array_equal(picture(view), before)


def test_verdicts_of_spans_follow_decisions(state: DocumentState) -> None:
    spans = Spans.of(state)
    assert [list(Verdict)[v] for v in spans.verdicts] == [
        Verdict.ACCEPTED,
        Verdict.UNDECIDED,
        Verdict.REJECTED,
    ]


def test_a_frame_snaps_to_device_pixels(view: TimelineView) -> None:
    frame = Frame(view.canvas.viewport, view.canvas.frame.layout, DARK, 1.5)
    assert frame.columns == 1_500
    assert frame.snapped(0.4) * 1.5 == pytest.approx(1.0)
    assert frame.vertical(10.2, 0, 5).width() == pytest.approx(1 / 1.5)


@pytest.mark.parametrize("samples_per_px", [100.0, 90.0, 70.0, 60.0])
def test_a_flag_alone_is_filled_from_its_first_column(view: TimelineView, samples_per_px: float) -> None:
    """Where it begins within a column nothing parts it from itself."""
    silent(view).canvas.set_viewport(
        replace(view.canvas.viewport, start_samples=30_000.0, samples_per_px=samples_per_px).clamped()
    )
    left, right = (round(view.canvas.viewport.x_at(at)) for at in (40_000, 50_000))
    seen = np.flatnonzero(picture(view)[FLAGS][1, left - 10 : right + 10] == rgba(DARK.undecided))
    assert np.all(np.diff(seen) == 1), "in one piece"
    assert abs(len(seen) - 10_000 / samples_per_px) <= 2


def test_the_caption_is_painted_anew_with_other_sound(view: TimelineView, qtbot: QtBot) -> None:
    canvas, painted = view.canvas, []

    class Watching(QObject):
        def eventFilter(self, _: QObject, event: QEvent) -> bool:
            if isinstance(event, QPaintEvent):
                painted.append(event.rect().top())
            return False

    with qtbot.waitExposed(view):
        view.show()
    watching = Watching(view)
    for before in (True, False):
        QApplication.processEvents()
        painted.clear()
        canvas.installEventFilter(watching)
        canvas.set_before(before)
        qtbot.waitUntil(lambda: any(top == 0 for top in painted), timeout=2_000)
        canvas.removeEventFilter(watching)


def test_the_canvas_is_painted_whole_when_a_lane_opens_or_closes(view: TimelineView, qtbot: QtBot) -> None:
    """Also where the same curve is shown: the lanes below have moved."""
    canvas, painted = view.canvas, list[QRect]()

    class Watching(QObject):
        def eventFilter(self, _: QObject, event: QEvent) -> bool:
            if isinstance(event, QPaintEvent):
                painted.append(event.rect())
            return False

    view.set_score(None, None, "mine")
    with qtbot.waitExposed(view):
        view.show()
    watching = Watching(view)
    canvas.installEventFilter(watching)
    for taste in ("", "mine"):
        QApplication.processEvents()
        painted.clear()
        view.set_score(None, None, taste)
        qtbot.waitUntil(lambda: canvas.rect() in painted, timeout=2_000)
    canvas.removeEventFilter(watching)
