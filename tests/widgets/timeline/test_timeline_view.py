"""State flows in: what the timeline makes of it, and what its heads say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop.bench.frame_times import frame_times, walk
from engine.core.wording import gain_text
from engine.document.analysis import ScoreCurve
from engine.document.state import DocumentState
from engine.sound.edl.build import build
from tests.widgets.timeline import made_up
from widgets import theme
from widgets.theme import LIGHT
from widgets.timeline.frame import SCORE, Wish, lay_out
from widgets.timeline.timeline_view import TimelineView


def test_a_page_turns_only_where_the_position_is_out_of_view(qtbot: QtBot, view: TimelineView) -> None:
    view.canvas.set_viewport(replace(view.canvas.viewport, samples_per_px=10.0))
    assert view.canvas.viewport.holds(9_999)
    with qtbot.assertNotEmitted(view.canvas.viewport_changed):
        view.zooms.turn_page(9_999)
    with qtbot.waitSignal(view.canvas.viewport_changed):
        view.zooms.turn_page(10_000)
    assert view.canvas.viewport.holds(10_000)


@pytest.mark.parametrize("is_result", [False, True])
def test_a_window_that_was_told_is_shown_again(
    view: TimelineView, state: DocumentState, is_result: bool
) -> None:
    view.lanes.set_document(state, build(state) if is_result else None)
    view.zooms.zoom_to(*state.span("middle"))
    start, stop = view.zooms.visible_span
    assert start <= state.span("middle")[0] < state.span("middle")[1] <= stop
    told = view.zooms.window_samples
    view.zooms.fit()
    view.zooms.show_window(*told)
    assert view.zooms.window_samples == pytest.approx(told)


def test_zooming_to_a_seam_shows_the_seconds_around_it(view: TimelineView, state: DocumentState) -> None:
    view.lanes.set_document(state, build(state))
    view.zooms.zoom_to(*state.span("early"))
    assert view.canvas.viewport.holds(build(state).to_result(state.span("early")[0]))
    assert view.canvas.viewport.visible_samples == pytest.approx(6 * state.rate_hz)


def test_keys_zoom_about_the_playhead_where_it_is_in_view(view: TimelineView) -> None:
    view.canvas.set_playhead(30_000)
    view.zooms.zoom(4.0)
    assert view.canvas.viewport.x_at(30_000) == pytest.approx(300)
    view.zooms.fit()
    assert view.canvas.viewport.start_samples == 0
    view.zooms.reveal(70_000, 80_000)
    assert view.canvas.viewport.start_samples == 0


def test_setting_a_window_is_no_wish_of_the_user(qtbot: QtBot, view: TimelineView) -> None:
    with qtbot.assertNotEmitted(view.canvas.viewport_changed):
        view.canvas.set_viewport(replace(view.canvas.viewport, samples_per_px=20.0))


def test_a_fitted_view_stays_fitted_when_the_window_grows(qtbot: QtBot, view: TimelineView) -> None:
    view.zooms.fit()
    with qtbot.waitSignal(view.canvas.viewport_changed):
        view.resize(1_500 + theme.HEADS, 600)
    assert view.canvas.viewport.width_px == 1_500
    assert view.canvas.viewport.visible_samples == pytest.approx(100_000)


@pytest.mark.parametrize(("switch", "setting"), [("mute", {"mute": True}), ("solo", {"solo": True})])
def test_switches_of_a_head_tell_what_was_asked(
    qtbot: QtBot, view: TimelineView, switch: str, setting: dict[str, bool]
) -> None:
    button = getattr(view.heads.heads["keys"], switch)
    assert button.accessibleName() == f"{switch.capitalize()} Keys"
    with qtbot.waitSignal(view.heads.track_changed) as changed:
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(5, 5))
    assert changed.args == ["keys", setting, ""]


def test_a_switch_keeps_the_focus_when_the_document_answers(
    qtbot: QtBot, view: TimelineView, state: DocumentState
) -> None:
    view.activateWindow()
    view.heads.heads["kick"].mute.setFocus()
    muted = tuple(replace(track, mute=track.id == "kick") for track in state.tracks)
    view.lanes.set_document(replace(state, tracks=muted))
    qtbot.waitUntil(lambda: view.heads.heads["kick"].mute.hasFocus())
    assert view.heads.heads["kick"].mute.isChecked()


def test_heads_stand_beside_their_lanes_and_are_named(view: TimelineView) -> None:
    layout = view.canvas.frame.layout
    for index, head in enumerate(view.heads.heads.values()):
        assert head.mapTo(view.heads, QPoint()).y() == layout.lane_tops[index]
        assert head.height() == layout.lane_tops[index + 1] - layout.lane_tops[index]
    assert view.heads.heads["keys"].accessibleDescription() == "stereo, gain −3.0 dB"
    assert view.canvas.accessibleDescription() == "2 tracks, 3 proposals"


def test_the_score_head_names_the_taste(view: TimelineView, curve: ScoreCurve) -> None:
    view.set_score(curve, 0.62, "Band 2026")
    assert view.heads.score.accessibleDescription() == "Band 2026, threshold 0.62"
    view.set_score(None, 0.62)
    assert view.heads.score.accessibleDescription() == ""


def test_the_score_lane_takes_room_only_where_there_is_a_taste(view: TimelineView, curve: ScoreCurve) -> None:
    def height() -> int:
        layout = view.canvas.frame.layout
        return layout.sounds_top - layout.score_top

    assert height() == theme.px(SCORE), "a taste is chosen, and its scores are about to come"
    view.set_score(None, None)
    assert height() == 0
    assert not view.heads.score.isVisible()
    view.set_score(curve, 0.5)
    assert height() == theme.px(SCORE)
    assert view.heads.score.isVisible()


@pytest.mark.parametrize(
    ("gain_db", "text"), [(0.0, "0.0 dB"), (-0.04, "0.0 dB"), (-1.5, "−1.5 dB"), (6, "+6.0 dB")]
)
def test_gains_are_written_with_their_sign(gain_db: float, text: str) -> None:
    assert gain_text(gain_db) == text


@pytest.mark.parametrize("channels", [(), (1,), (1,) * 8, (2, 64), (1,) * 200])
@pytest.mark.parametrize("height", [1, 500, 1_000])
def test_lanes_never_become_too_low_to_read(
    view: TimelineView, channels: tuple[int, ...], height: int
) -> None:
    assert view.isVisible()
    layout = lay_out(1_000, height, tuple(map(Wish, channels)), scroll=10**6)
    heights = [bottom - top for top, bottom in zip(layout.lane_tops, layout.lane_tops[1:], strict=False)]
    assert all(each >= max(64, 20 * count) for each, count in zip(heights, channels, strict=True))
    assert 0 <= layout.scroll <= layout.scroll_limit
    assert layout.scroll == layout.scroll_limit


def test_everything_grows_with_the_text(qtbot: QtBot, state: DocumentState) -> None:
    theme.set_text_scale(2.0)
    try:
        large = TimelineView()
        qtbot.addWidget(large)
        large.resize(1_600, 1_000)
        with qtbot.waitExposed(large):
            large.show()
        large.lanes.set_document(state)
        large.set_score(None, None, "Band 2026")
        layout = large.canvas.frame.layout
        assert (layout.ruler_top, layout.score_top, layout.edits_top, layout.lanes_top) == (
            112,
            168,
            332,
            380,
        )
        assert large.heads.width() == 2 * theme.HEADS
        head = large.heads.heads["keys"]
        assert QRect(QPoint(), head.size()).contains(head.solo.geometry())
        assert head.mute.height() == 32
    finally:
        theme.set_text_scale(None)


def test_heads_change_their_colours_with_the_theme(view: TimelineView) -> None:
    view.set_theme(LIGHT)
    head = view.heads.heads["kick"]
    image = QImage(head.size(), QImage.Format.Format_RGB32)
    head.render(image)
    assert image.pixelColor(0, 60).name() == LIGHT.accent(0)
    assert image.pixelColor(150, 100).name() == LIGHT.panel


def test_no_state_is_shown_after_it_is_taken_away(view: TimelineView) -> None:
    view.canvas.set_current("middle")
    view.lanes.set_document(DocumentState())
    view.lanes.set_waves({})
    assert view.heads.heads == {}
    assert not view.grab().isNull()


def test_a_walk_goes_from_the_whole_to_single_samples(view: TimelineView) -> None:
    windows = walk(view.canvas.viewport, 200)
    zooms = [window.samples_per_px for window in windows]
    assert max(zooms) > view.canvas.viewport.coarsest_samples_per_px * 0.7
    assert min(zooms) == 1 / 16
    assert windows[0].visible_samples > windows[99].visible_samples


@pytest.mark.alone
def test_frames_are_quick_enough_to_scroll(view: TimelineView) -> None:
    # far above what is measured (a few ms), so that a busy machine does not fail it
    assert sorted(frame_times(view, walk(view.canvas.viewport, 40)))[20] < 60.0


def test_a_whole_document_is_drawn_in_the_light_look(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made_up, "RATE_HZ", 800)
    shown = TimelineView(LIGHT)
    qtbot.addWidget(shown)
    shown.resize(900, 600)
    with qtbot.waitExposed(shown):
        shown.show()
    made_up.show_made_up(shown)
    assert shown.canvas.compose().pixelColor(132, 20).name() in (LIGHT.wave2, LIGHT.bg)
