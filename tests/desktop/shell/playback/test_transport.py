"""The two views of time in the real window: switched at the playhead, heard and seen alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from desktop.main_window import MainWindow
from engine.document.analysis import BeatGrid
from engine.document.edits.by_hand import edit_by_hand
from engine.document.edits.proposals import set_analyses
from engine.document.proposals import Verdict
from engine.sound.edl.build import removed_only, whole
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import RATE_HZ, good
from widgets.timeline.ruler import RulerMode

SECONDS = 20
CUTS = ((2, 5), (8, 10), (14, 17))
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def at(seconds: float) -> int:
    return round(seconds * RATE_HZ)


@pytest.fixture
def reviewing(hands: Hands, tmp_path: Path) -> Hands:
    """Twenty seconds of noise; the cut from 2 to 5 s is accepted, the playhead is at its start."""
    cuts = tuple((at(start), at(stop)) for start, stop in CUTS)
    path = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", SECONDS, 2), cuts)
    hands.window.session.open(path)
    hands.finish_work()
    hands.press("A")
    return hands


def zoom_in(window: MainWindow) -> None:
    """Show 10 s around the playhead."""
    view = window.timeline.canvas.viewport
    near = replace(view, samples_per_px=at(10) / view.width_px)
    playhead = window.timeline.canvas.times.to_view(window.transport.playhead_samples)
    window.timeline.canvas.set_viewport(near.moved(playhead - at(4)))


def label(window: MainWindow, name: str) -> str:
    return next(one.text() for one in window.findChildren(QLabel) if one.accessibleName() == name)


@pytest.mark.parametrize(
    ("playhead_s", "shown"), [(1.0, "0:01.000"), (3.0, "0:02.000"), (9.0, "0:06.000"), (18.0, "0:15.000")]
)
def test_q_switches_at_the_playhead_while_stopped(reviewing: Hands, playhead_s: float, shown: str) -> None:
    window, canvas = reviewing.window, reviewing.window.timeline.canvas
    window.transport.seek(at(playhead_s))
    zoom_in(window)
    x = canvas.x_of(at(playhead_s))
    reviewing.press("Q")
    assert window.timeline.canvas.viewport.length_samples == at(17)
    assert window.top_bar.view == "result"
    assert label(window, "Last command") == "Result: 0:17 of 0:20"
    assert label(window, "Playhead") == shown
    if 7 < playhead_s < 12:  # nearer to the ends the window cannot follow
        assert canvas.x_of(at(playhead_s)) == pytest.approx(x, abs=1)
    reviewing.press("Q")
    assert window.transport.playhead_samples == at(playhead_s)
    assert window.timeline.canvas.viewport.length_samples == at(20)
    assert label(window, "Last command") == "Source: 0:20"
    assert label(window, "Playhead") == f"0:{playhead_s:06.3f}"


def test_q_switches_at_the_playhead_while_playing(reviewing: Hands) -> None:
    window = reviewing.window
    window.transport.seek(at(5.5))
    zoom_in(window)
    reviewing.press("Space")
    reviewing.qtbot.waitUntil(lambda: window.transport.playhead_samples > at(5.6))
    before = window.transport.playhead_samples
    reviewing.press("Q")
    assert window.transport.is_playing
    assert window.timeline.canvas.times.edit_list is not None
    assert before <= window.transport.playhead_samples < at(8)
    reviewing.qtbot.waitUntil(lambda: window.transport.playhead_samples > before + at(0.2))
    shown = window.transport.shown_samples
    assert shown == window.transport.playhead_samples - at(3)
    reviewing.press("Space")


@pytest.mark.parametrize(("view", "time"), [("source", "0:09.250"), ("result", "0:06.250")])
def test_the_time_is_copied_as_the_clock_shows_it(reviewing: Hands, view: str, time: str) -> None:
    window = reviewing.window
    if view == "result":
        reviewing.press("Q")
    window.transport.seek(at(9.25))
    reviewing.press("Ctrl+Shift+C")
    assert QApplication.clipboard().text() == time == label(window, "Playhead")
    assert label(window, "Last command") == f"Copied {time}"


def test_without_a_recording_there_is_no_time_to_copy(hands: Hands) -> None:
    hands.press("Ctrl+Shift+C")
    assert "‹file.import›" in hands.refused[-1]


def test_accepting_in_the_result_closes_the_gap_under_the_playhead(reviewing: Hands) -> None:
    window, canvas = reviewing.window, reviewing.window.timeline.canvas
    reviewing.press("Q")
    window.review.choose(f"cut-{at(8)}")
    window.transport.seek(at(11))
    zoom_in(window)
    x = canvas.x_of(at(11))
    reviewing.press("Shift+A")
    assert window.timeline.canvas.viewport.length_samples == at(15)
    assert canvas.x_of(at(11)) == pytest.approx(x, abs=1)
    assert label(window, "Playhead") == "0:06.000"
    reviewing.press("Ctrl+Z")
    assert window.session.state.verdict(f"cut-{at(8)}") is Verdict.UNDECIDED
    assert window.timeline.canvas.viewport.length_samples == at(17)
    assert canvas.x_of(at(11)) == pytest.approx(x, abs=1)


def test_playing_from_inside_a_cut_starts_at_its_seam(reviewing: Hands) -> None:
    window = reviewing.window
    window.transport.seek(at(3))
    reviewing.press("Q")
    reviewing.press("Space")
    reviewing.qtbot.waitUntil(lambda: window.transport.playhead_samples >= at(5))
    reviewing.press("Space")
    assert at(5) <= window.transport.playhead_samples < at(8)


@pytest.mark.parametrize(("result_s", "source_s"), [(1.0, 1.0), (2.5, 5.5), (12.0, 15.0)])
def test_the_mouse_seeks_in_the_result(reviewing: Hands, result_s: float, source_s: float) -> None:
    window, canvas = reviewing.window, reviewing.window.timeline.canvas
    reviewing.press("Q")
    x, y = round(window.timeline.canvas.viewport.x_at(at(result_s))), canvas.frame.layout.ruler_top + 5
    QTest.mouseClick(canvas, LEFT, NO_KEYS, QPoint(x, y))
    tolerance = window.timeline.canvas.viewport.samples_per_px
    assert window.transport.playhead_samples == pytest.approx(at(source_s), abs=tolerance)


def test_what_is_drawn_is_what_is_played(reviewing: Hands) -> None:
    """One path: the lane's samples over a seam are the renderer's, crossfade and all."""
    window = reviewing.window
    reviewing.press("Q")
    programme = window.transport.edit_list
    assert programme is not None
    track = window.session.state.tracks[0]
    seam = int(programme.seams_samples[1])
    wave, span = window.timeline.canvas._layers._waves[track.id], (seam - 2_000, seam + 2_000)
    reviewing.qtbot.waitUntil(lambda: wave.samples(*span) is not None)  # they are read on another thread
    drawn = wave.samples(*span)
    with window.transport._renderer(programme)() as renderer:
        np.testing.assert_array_equal(drawn, renderer.read(*span))


def by_hand(window: MainWindow, kind: str, start_s: float, stop_s: float, payload: dict[str, object]) -> str:
    edit, made = edit_by_hand(window.session.state, kind, at(start_s), at(stop_s), payload)
    window.session.apply(edit)
    return made.id


def test_the_source_is_heard_and_drawn_as_its_sound_is_edited(reviewing: Hands) -> None:
    """The source is the recording in its own order; what an edit changes of its sound is in both views."""
    window = reviewing.window
    mute = by_hand(window, "mute", 10.0, 11.0, {"crossfade_ms": 0.0})
    track, span = window.session.state.tracks[0], (at(9.5), at(11.5))
    programme = window.transport._chosen()
    assert programme.plays_as(whole(window.session.state))
    wave = window.timeline.canvas._layers._waves[track.id]
    reviewing.qtbot.waitUntil(lambda: wave.samples(*span) is not None)
    with window.transport._renderer(programme)() as renderer:
        heard = renderer.read(*span)
    np.testing.assert_array_equal(wave.samples(*span), heard)
    assert not heard[at(0.5) : at(1.5)].any()
    assert heard[: at(0.5)].any()
    with window.transport._renderer(removed_only(window.session.state, mute))() as only:
        assert np.abs(only.read(at(0.2), at(0.8))).max() > 0.01, "only it: as it was recorded"
    reviewing.press("Ctrl+Z")
    assert window.transport._chosen() == whole(window.session.state)
    wave = window.timeline.canvas._layers._waves[track.id]
    reviewing.qtbot.waitUntil(lambda: wave.samples(*span) is not None)
    assert np.all(wave.samples(*span)[at(0.5) : at(1.5)].any(axis=1))


def test_playing_the_source_follows_what_changes_its_sound_and_no_cut(reviewing: Hands) -> None:
    window = reviewing.window
    window.transport.seek(at(1))
    reviewing.press("Space")
    playing = window.transport._programme
    window.review.choose(f"cut-{at(8)}")
    reviewing.press("A")
    assert window.transport._programme is playing, "a cut is not heard in the source"
    by_hand(window, "gain", 12.0, 13.0, {"gain_db": -6.0})
    assert window.transport._programme == window.transport._chosen() != playing
    assert window.transport.is_playing
    reviewing.press("Space")


def test_another_document_is_shown_in_the_chosen_view(reviewing: Hands, tmp_path: Path) -> None:
    window = reviewing.window
    reviewing.press("Q")
    path = make_document(tmp_path / "other.offcut", good(tmp_path / "other.wav", 6, 1), ((at(1), at(2)),))
    window.session.open(path)
    reviewing.finish_work()
    assert window.timeline.canvas.viewport.length_samples == at(6)
    reviewing.press("A")
    assert window.timeline.canvas.viewport.length_samples == at(5)


def test_without_a_document_there_is_one_view_as_good_as_the_other(hands: Hands) -> None:
    hands.press("Q")
    hands.press("F6")
    hands.press("Q")
    assert label(hands.window, "Last command") == "Source: 0:00"


def test_the_ruler_steps_through_its_modes_and_is_remembered(
    reviewing: Hands, qapp: QApplication, tmp_path: Path
) -> None:
    window = reviewing.window
    reviewing.press("F6")
    assert label(window, "Last command") == "Ruler in samples"
    reviewing.press("F6")
    assert label(window, "Last command").startswith("Ruler in bars and beats: shows time until")
    beats = np.arange(0, at(SECONDS), RATE_HZ // 2)
    grid = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 1.0, "test")
    edit = set_analyses(window.session.state, {"beats": "beats-0"}, "Heard")
    window.session.apply(edit, {"beats-0": grid})
    assert window.timeline.canvas.shown.ruler_mode is RulerMode.BARS
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    again = MainWindow(qapp, settings)
    assert again.timeline.canvas.shown.ruler_mode is RulerMode.BARS
    again.close()
    again.deleteLater()
    reviewing.press("F6")
    assert "no time of day" in label(window, "Last command")
    reviewing.press("F6")
    assert label(window, "Last command") == "Ruler in time"


def test_looping_is_said_only_where_something_loops(reviewing: Hands) -> None:
    window = reviewing.window
    loops = window.top_bar._buttons["loop"]
    window.review.choose(None)
    reviewing.press("Shift+L")
    assert reviewing.refused[-1].startswith("Nothing to loop")
    assert not window.transport.loops
    reviewing.press("Down")
    start, stop = window.review.span()
    window.transport.seek(stop + 1)
    reviewing.press("Shift+L")
    assert window.status_bar.message == "Loop on: Space repeats the proposal"
    assert loops.isChecked()
    assert window.transport.playhead_samples == start, "from behind it, it would never come round"
    reviewing.press("Space")
    assert window.player._loop == (start, stop)
    reviewing.press("Shift+L")
    assert window.status_bar.message == "Playing"
    assert not loops.isChecked()
    reviewing.press("Shift+L")
    assert window.status_bar.message == "Looping the current proposal"
    reviewing.press("Space")
    reviewing.press("Shift+L")
    assert window.status_bar.message == "Loop off"
    reviewing.press("Shift+A")
    reviewing.press("Q")
    reviewing.press("Shift+L")
    assert "‹transport.source_result›" in reviewing.refused[-1]
    assert not window.transport.loops
