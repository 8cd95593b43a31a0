"""Clips in the real window: chosen, moved, trimmed and split by keys and by mouse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QDialog, QTreeWidget, QWidget

from engine.core.progress import SILENT
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits.clips import place_clips, set_clips
from engine.document.edits.proposals import set_analyses
from engine.document.settings import Ripple
from engine.document.tracks import Clip
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.desktop.conftest import Hands
from tests.hostile.bad_files import RATE_HZ, good
from widgets.timeline.clip_bars import Bar, bars

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def day(hands: Hands, tmp_path: Path) -> Hands:
    """Three recordings of 4 s, the second and the third two and six seconds later."""
    files = tuple(
        good(tmp_path / f"{name}.wav", 4, 1, seed) for seed, name in enumerate(("rec", "cam", "phone"))
    )
    grid = BeatGrid(np.array([0, 9 * RATE_HZ]), np.array([1, 2]), 6.0, 0.9, "test")  # nothing is listened to
    path = tmp_path / "day.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest(files), SILENT)))
        made.apply(set_analyses(made.state, {"beats": "beats-0"}, "Heard"), {"beats-0": grid})
        later = (clip.id for track in made.state.tracks[1:] for clip in track.clips)
        made.apply(place_clips(made.state, dict(zip(later, (2 * RATE_HZ, 6 * RATE_HZ), strict=True))))
    hands.window.session.open(path)
    hands.finish_work()
    hands.window.timeline.canvas.snapping.is_on = False
    return hands


def clips(hands: Hands) -> list[Clip]:
    return [clip for track in hands.window.session.state.tracks for clip in track.clips]


def starts_s(hands: Hands) -> list[float]:
    return [clip.start_samples / RATE_HZ for clip in clips(hands)]


def bar(hands: Hands, number: int) -> Bar:
    canvas = hands.window.timeline.canvas
    wanted = clips(hands)[number].id
    return next(one for one in bars(canvas.frame, canvas.shown.clips) if one.clip.id == wanted)


def drag(hands: Hands, at: QPoint, by_px: int, held: Qt.KeyboardModifier = NONE) -> None:
    canvas = hands.window.timeline.canvas
    QTest.mousePress(canvas, LEFT, held, at)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(canvas, at + QPoint(round(by_px * share), 0))
    QTest.mouseRelease(canvas, LEFT, held, at + QPoint(by_px, 0))


def middle(hands: Hands, number: int) -> QPoint:
    return bar(hands, number).area.center().toPoint()


def test_a_clip_is_chosen_moved_and_let_go_by_keys(day: Hands) -> None:
    day.window.timeline.heads.choose(day.window.session.state.tracks[1].id)
    day.window.transport.seek(3 * RATE_HZ)
    day.press("Y")
    assert [clip.id for clip in day.window.clips.chosen] == [clips(day)[1].id]
    day.press("Alt+Right")
    day.press("Alt+Shift+Right")
    day.press("Ctrl+Alt+Left")
    assert clips(day)[1].start_samples == round(2.11 * RATE_HZ) - 1
    day.press("Ctrl+Z")
    assert clips(day)[1].start_samples == 2 * RATE_HZ  # nudges are one step
    day.press("Esc")
    assert not day.window.clips.chosen


def test_keys_mean_clips_only_while_some_are_chosen(day: Hands) -> None:
    day.window.timeline.heads.choose(day.window.session.state.tracks[1].id)
    day.window.transport.seek(3 * RATE_HZ)
    day.press("Y")
    assert day.window.commands.layer == "clips"
    day.press("L")
    assert clips(day)[1].is_locked
    day.press("Ctrl+Z")
    day.press("Esc")
    assert not day.window.commands.layer
    day.press("L")
    assert not any(clip.is_locked for clip in clips(day))
    day.press("K")
    day.press("Shift+S")
    assert any(track.solo for track in day.window.session.state.tracks)


def test_trims_copies_locks_and_removals_by_key(day: Hands) -> None:
    window = day.window
    window.timeline.heads.choose(window.session.state.tracks[1].id)
    window.transport.seek(3 * RATE_HZ)
    day.press("Y")
    day.press("I")
    window.transport.seek(5 * RATE_HZ)
    day.press("O")
    assert (clips(day)[1].start_samples, clips(day)[1].length_samples) == (3 * RATE_HZ, 2 * RATE_HZ)
    day.press("Ctrl+D")
    assert [one.start_samples for one in window.session.state.tracks[1].clips] == [3 * RATE_HZ, 5 * RATE_HZ]
    day.press("L")
    day.press("Alt+Right")
    assert day.refused
    day.press("L")
    day.press("Down")
    day.press("Delete")
    assert [one.start_samples for one in window.session.state.tracks[1].clips] == [3 * RATE_HZ]
    window.commands.run("clips.here")
    assert day.refused[-1].startswith("No clip is chosen.")


def test_a_drag_moves_a_clip_and_what_it_played_before_is_silent(day: Hands) -> None:
    canvas = day.window.timeline.canvas
    by_px = round(RATE_HZ / canvas.viewport.samples_per_px)
    drag(day, middle(day, 1), by_px)
    assert starts_s(day)[1] == pytest.approx(3.0, abs=0.02)
    assert [clip.id for clip in day.window.clips.chosen] == [clips(day)[1].id]
    wave = canvas._layers._waves[day.window.session.state.tracks[1].id]
    assert wave.columns(0, 0.0, 100.0, 10).maximum.any()


def test_chosen_clips_are_dragged_together_and_stop_at_the_start(day: Hands) -> None:
    canvas = day.window.timeline.canvas
    QTest.mouseClick(canvas, LEFT, NONE, middle(day, 1))
    QTest.mouseClick(canvas, LEFT, CTRL, middle(day, 2))
    assert len(day.window.clips.chosen) == 2
    drag(day, middle(day, 2), -canvas.width())
    assert starts_s(day) == [0.0, 0.0, 4.0]
    day.press("Ctrl+Z")
    assert starts_s(day) == [0.0, 2.0, 6.0]


def test_a_clip_is_dropped_on_another_track(day: Hands) -> None:
    canvas = day.window.timeline.canvas
    start, stop = middle(day, 2), middle(day, 0)
    QTest.mousePress(canvas, LEFT, NONE, start)
    for share in (0.5, 1.0):
        QTest.mouseMove(canvas, QPoint(start.x(), round(start.y() + share * (stop.y() - start.y()))))
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(start.x(), stop.y()))
    tracks = day.window.session.state.tracks
    assert [len(track.clips) for track in tracks] == [2, 1]
    assert day.window.timeline.heads.current_track() == tracks[0], "the track of the selected clip"
    day.press("Ctrl+Z")
    assert [len(track.clips) for track in day.window.session.state.tracks] == [1, 1, 1]


def test_a_dragged_clip_snaps_to_the_end_of_another(day: Hands) -> None:
    canvas = day.window.timeline.canvas
    canvas.snapping.is_on = True
    near_px = round(2.02 * RATE_HZ / canvas.viewport.samples_per_px)
    drag(day, middle(day, 1), near_px)
    assert starts_s(day)[1] == 4.0
    day.press("Ctrl+Z")
    drag(day, middle(day, 1), near_px, ALT)
    assert starts_s(day)[1] != 4.0


def test_an_edge_is_trimmed_by_mouse_and_goes_back(day: Hands) -> None:
    area, canvas = bar(day, 1).area, day.window.timeline.canvas
    by_px = round(RATE_HZ / canvas.viewport.samples_per_px)
    right = QPoint(round(area.right()) - 2, round(area.center().y()))
    drag(day, right, -by_px)
    assert clips(day)[1].length_samples == pytest.approx(3 * RATE_HZ, rel=0.01)
    drag(day, right - QPoint(by_px, 0), 20 * by_px)
    assert clips(day)[1].length_samples == 4 * RATE_HZ


def ripple(hands: Hands) -> tuple[str, str, list[str]]:
    """Return the mode of the document, its words in the status bar, and the checked entries of the menu."""
    window = hands.window
    names = [f"clips.ripple_{mode}" for mode in Ripple]
    checked = [name for name in names if window.commands.action(name).isChecked()]
    bar = window.status_bar
    return window.clips.rippling.mode, bar.mode if bar._mode.isVisible() else "", checked


def test_ripple_is_switched_by_key_menu_and_status_bar(day: Hands) -> None:
    assert ripple(day) == ("off", "", ["clips.ripple_off"])
    day.press("Shift+N")
    assert ripple(day) == ("track", "Ripple: track", ["clips.ripple_track"])
    day.window.commands.run("clips.ripple_all")
    assert ripple(day) == ("all", "Ripple: all tracks", ["clips.ripple_all"])
    day.window.commands.run("clips.ripple_all")
    assert ripple(day) == ("all", "Ripple: all tracks", ["clips.ripple_all"])
    day.window.session.open(day.window.session.path)
    assert ripple(day)[0] == "all", "it is kept in the document"
    QTest.mouseClick(day.window.status_bar._mode, LEFT)
    assert ripple(day) == ("off", "", ["clips.ripple_off"])
    day.press("Ctrl+Z")
    assert ripple(day)[0] == "all"


def test_ripple_is_refused_without_a_document(hands: Hands) -> None:
    hands.press("Shift+N")
    assert hands.refused
    assert ripple(hands) == ("off", "", ["clips.ripple_off"])


def test_later_clips_follow_keys(day: Hands) -> None:
    window = day.window
    window.commands.run("clips.ripple_all")
    window.timeline.heads.choose(window.session.state.tracks[1].id)
    window.transport.seek(3 * RATE_HZ)
    day.press("Y")
    day.press("Alt+Shift+Right")
    day.press("Alt+Shift+Right")
    assert starts_s(day) == [0.0, 2.2, 6.2]
    day.press("Ctrl+Z")
    assert starts_s(day) == [0.0, 2.0, 6.0], "nudges are one step"
    window.transport.seek(3 * RATE_HZ)
    day.press("I")
    assert starts_s(day) == [0.0, 2.0, 5.0]
    day.press("Ctrl+D")
    assert starts_s(day) == [0.0, 2.0, 5.0, 8.0]
    day.press("Delete")
    assert starts_s(day) == [0.0, 2.0, 5.0]
    window.transport.seek(3 * RATE_HZ)
    day.press("Y")
    window.transport.seek(RATE_HZ)
    day.press("P")
    assert starts_s(day) == [0.0, 1.0, 4.0]


def test_later_clips_follow_the_mouse(day: Hands) -> None:
    canvas = day.window.timeline.canvas
    by_px = round(RATE_HZ / canvas.viewport.samples_per_px)
    day.window.commands.run("clips.ripple_all")
    drag(day, middle(day, 1), by_px)
    assert starts_s(day) == [0.0, pytest.approx(3.0, abs=0.02), pytest.approx(7.0, abs=0.02)]
    day.press("Ctrl+Z")
    for is_start in (True, False):
        area, by_px = bar(day, 1).area, round(RATE_HZ / canvas.viewport.samples_per_px)
        edge_px, by = (area.left() + 2, by_px) if is_start else (area.right() - 2, -by_px)
        drag(day, QPoint(round(edge_px), round(area.center().y())), by)
        assert starts_s(day) == [0.0, 2.0, pytest.approx(5.0, abs=0.02)]
        assert clips(day)[1].length_samples == pytest.approx(3 * RATE_HZ, rel=0.01)
        day.press("Ctrl+Z")
    day.window.commands.run("clips.ripple_track")
    drag(day, middle(day, 1), by_px)
    assert starts_s(day)[2] == 6.0


def test_a_drag_shows_the_clips_that_follow(day: Hands) -> None:
    canvas = day.window.timeline.canvas
    by_px = round(RATE_HZ / canvas.viewport.samples_per_px)
    at, later = middle(day, 1), bar(day, 2).area
    place = QPoint(round(later.left() - by_px / 2), round(later.center().y()))
    empty = canvas.grab().toImage().pixelColor(place)
    for mode in ("clips.ripple_off", "clips.ripple_all"):
        day.window.commands.run(mode)
        QTest.mousePress(canvas, LEFT, NONE, at)
        for share in (0.5, 1.0):
            QTest.mouseMove(canvas, at - QPoint(round(by_px * share), 0))
        assert (canvas.grab().toImage().pixelColor(place) != empty) is (mode == "clips.ripple_all")
        QTest.mouseRelease(canvas, LEFT, NONE, at)


def test_a_locked_clip_refuses_what_would_move_it(day: Hands) -> None:
    session, refused = day.window.session, list[str]()
    session.apply(set_clips(session.state, [clips(day)[2].id], is_locked=True))
    day.window.clips.refused.connect(refused.append)
    day.window.commands.run("clips.ripple_all")
    drag(day, middle(day, 1), 50)
    assert len(refused) == 1
    assert "phone" in refused[0]
    assert starts_s(day) == [0.0, 2.0, 6.0]


def test_a_locked_clip_says_so_when_it_is_dragged(day: Hands) -> None:
    session = day.window.session
    session.apply(set_clips(session.state, [clips(day)[1].id], is_locked=True))
    refused: list[str] = []
    day.window.clips.refused.connect(refused.append)
    drag(day, middle(day, 1), 50)
    assert len(refused) == 1
    assert starts_s(day)[1] == 2.0


def test_the_result_has_no_bars(day: Hands) -> None:
    canvas = day.window.timeline.canvas
    assert len(canvas.shown.clips.lanes) == 3
    day.window.commands.run("transport.source_result")
    assert not canvas.shown.clips.lanes
    assert not canvas.frame.layout.bars


def test_files_of_one_day_are_placed_in_a_dialog(hands: Hands, tmp_path: Path) -> None:
    long = good(tmp_path / "ZOOM0001.wav", 24, 1, 7)
    samples = np.asarray(_read(long))
    phone = tmp_path / "phone.wav"
    _write(phone, samples[8 * RATE_HZ : 20 * RATE_HZ] * 0.5)
    shown: list[list[str]] = []

    def answer(dialog: QWidget) -> None:
        rows = dialog.findChild(QTreeWidget)
        shown.append([rows.topLevelItem(number).text(2) for number in range(2)])
        assert isinstance(dialog, QDialog)
        dialog.accept()

    hands.do_and_answer(
        lambda: (hands.window.recordings.import_files((long, phone)), hands.finish_work()), answer
    )
    assert shown == [["0:00.000", "0:08.000"]]
    assert starts_s(hands) == [0.0, 8.0]


def test_places_are_changed_before_anything_is_imported(hands: Hands, tmp_path: Path) -> None:
    long = good(tmp_path / "ZOOM0001.wav", 24, 1, 7)
    phone = tmp_path / "phone.wav"
    _write(phone, np.asarray(_read(long))[8 * RATE_HZ : 20 * RATE_HZ] * 0.5)

    def answer(dialog: QWidget) -> None:
        box = dialog.findChild(QComboBox)
        box.setCurrentText("One after another")
        assert isinstance(dialog, QDialog)
        dialog.accept()

    hands.do_and_answer(
        lambda: (hands.window.recordings.import_files((long, phone)), hands.finish_work()), answer
    )
    (track,) = hands.window.session.state.tracks
    assert [clip.start_samples for clip in track.clips] == [0, 24 * RATE_HZ]


def _read(path: Path) -> np.ndarray:
    import soundfile

    return soundfile.read(path, dtype="float32")[0]


def _write(path: Path, samples: np.ndarray) -> None:
    import soundfile

    soundfile.write(path, samples, RATE_HZ, "FLOAT")
