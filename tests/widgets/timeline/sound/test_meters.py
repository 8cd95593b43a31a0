"""Meters in the heads: what they show, what is painted for it, and how little it costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from engine.document.state import DocumentState
from tests.counting import calls_of
from tests.timing import fastest_cpu_s, slowness
from tests.widgets.timeline.made_up import MadeUp
from widgets.theme import DARK, LIGHT
from widgets.timeline.heads.meters import LIGHT_PX
from widgets.timeline.timeline_view import TimelineView

LEFT = Qt.MouseButton.LeftButton


class Painted(QObject):
    """Counts what is painted."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self.widgets: list[QObject] = []
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.widgets.append(watched)
        return False


def colour_at(widget: QWidget, x: int, y: int) -> str:
    image = QImage(widget.size(), QImage.Format.Format_RGB32)
    widget.render(image)
    return QColor(image.pixel(x, y)).name()


def test_only_meters_are_painted_while_something_plays(qtbot: QtBot, view: TimelineView) -> None:
    heads = view.heads
    kick, keys = heads.heads["kick"], heads.heads["keys"]
    qtbot.wait(50)
    seen = Painted(view.canvas, heads, kick, keys, kick.gain, kick.meter, keys.meter, heads.mix)
    with qtbot.waitSignal(view.destroyed, timeout=100, raising=False):
        assert heads.show_levels({"kick": 0.5}, (0.5, 0.4), 0.55, 0.033)
    assert set(seen.widgets) == {kick.meter, heads.mix}
    seen.widgets.clear()
    heads.show_levels({"kick": 0.5}, (0.5, 0.4), 0.55, 0.0)
    QApplication.processEvents()
    assert seen.widgets == []  # nothing is another than before


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_a_bar_fills_from_below_and_its_light_is_on_top(view: TimelineView, tokens: object) -> None:
    view.set_theme(tokens)  # type: ignore[arg-type]
    meter = view.heads.heads["kick"].meter
    height = meter.height()
    assert {colour_at(meter, 1, y) for y in (0, height // 2, height - 1)} == {meter.theme.control}
    meter.follow(10 ** (-30 / 20), 0.03)  # half of what it shows
    assert colour_at(meter, 1, height - 2) == meter.theme.level
    assert colour_at(meter, 1, round(height * 0.4)) == meter.theme.control
    meter.follow(1.0, 0.03)
    assert colour_at(meter, 1, 0) == meter.theme.clip
    assert colour_at(meter, 1, LIGHT_PX + 4) == meter.theme.level_high
    QTest.mouseClick(meter, LEFT)
    assert colour_at(meter, 1, 0) == meter.theme.control


def test_a_meter_tells_its_peak_and_leaves_menu_and_choice_to_its_head(view: TimelineView) -> None:
    head = view.heads.heads["kick"]
    meter, chosen = head.meter, []
    head.touched.connect(lambda: chosen.append(True))
    meter.follow(1.2, 0.03)
    at = meter.mapToGlobal(QPoint(1, 5))
    QApplication.sendEvent(meter, QHelpEvent(QEvent.Type.ToolTip, QPoint(1, 5), at))
    assert QToolTip.text() == "Peak +1.6 dB\nclipped; click clears it"
    assert (meter.accessibleName(), meter.accessibleDescription()) == ("Level of Kick", "clipped")
    QTest.mouseClick(meter, LEFT)
    assert (chosen, meter.accessibleDescription()) == ([], "")
    QTest.mouseClick(meter, Qt.MouseButton.RightButton)
    assert chosen == [True]


@pytest.mark.parametrize("collapsed", [False, True])
def test_a_meter_stands_beside_what_else_is_in_its_head(
    view: TimelineView, state: DocumentState, collapsed: bool
) -> None:
    tracks = tuple(replace(track, is_collapsed=collapsed) for track in state.tracks)
    view.lanes.set_document(replace(state, tracks=tracks))
    for head in view.heads.heads.values():
        meter = head.meter.geometry()
        assert head.rect().contains(meter)
        assert meter.height() >= 12
        others = [one.geometry() for one in head.controls if one.isVisibleTo(head)]
        assert not any(meter.intersects(other) for other in others)


def with_meters(qtbot: QtBot, state: DocumentState) -> TimelineView:
    """A view of sixty-four tracks."""
    view = TimelineView(DARK)
    qtbot.addWidget(view)
    (track, *_) = state.tracks
    tracks = tuple(replace(track, id=f"t{number}", position=number) for number in range(64))
    view.lanes.set_document(replace(state, tracks=tracks, proposals={}, decisions={}))
    return view


def test_a_meter_costs_few_calls_a_report(qtbot: QtBot, state: DocumentState) -> None:
    view, tracks = with_meters(qtbot, state), [f"t{number}" for number in range(64)]
    view.heads.show_levels(dict.fromkeys(tracks, 0.5), (0.5, 0.5), 0.5, 0.033)
    report = dict.fromkeys(tracks, 0.6), (0.6, 0.6), 0.6, 0.033
    assert calls_of(lambda: view.heads.show_levels(*report)) < 50 * 64


@pytest.mark.alone
def test_sixty_four_meters_cost_little(qtbot: QtBot, state: DocumentState) -> None:
    view = with_meters(qtbot, state)
    peaks = np.random.default_rng(1).uniform(0, 1, (200, 64)).tolist()

    def a_second() -> None:
        for row in peaks[:30]:
            levels = {f"t{number}": peak for number, peak in enumerate(row)}
            view.heads.show_levels(levels, (row[0], row[1]), row[2], 0.033)

    assert fastest_cpu_s(a_second) < 0.05 * slowness()


@pytest.mark.parametrize("samples_per_px", [100.0, 10.0, 0.5, 0.1])
def test_a_clipped_peak_is_red_at_any_zoom(
    view: TimelineView, waves: dict[str, MadeUp], samples_per_px: float
) -> None:
    sound = np.full((100_000, 1), 0.2, np.float32)
    sound[50_007] = -1.0
    view.lanes.set_waves({**waves, "kick": MadeUp(sound)})
    start = max(50_000 - 500 * samples_per_px, 0.0)
    view.canvas.set_viewport(
        replace(view.canvas.viewport, start_samples=start, samples_per_px=samples_per_px)
    )
    view.canvas.redraw()
    image = QImage(view.canvas.size(), QImage.Format.Format_RGB32)
    view.canvas.render(image)
    top, bottom = view.canvas.frame.layout.lane_tops[:2]
    pixels = np.frombuffer(image.bits(), np.uint32).reshape(image.height(), -1)[top:bottom]
    rows, columns = np.nonzero(pixels == QColor(DARK.clip).rgba())
    assert rows.min() > (bottom - top) / 2  # it is below the middle
    assert columns.mean() == pytest.approx((50_007 - start) / samples_per_px, abs=3)
