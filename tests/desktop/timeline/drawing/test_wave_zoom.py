"""Waveforms drawn higher, for the eye alone: by keys and wheel, told on the lane, and there next time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from desktop.main_window import MainWindow
from engine.cli.main import main
from engine.sound.edl.build import whole
from engine.sound.edl.render import render
from tests.desktop.conftest import Hands
from tests.hostile.bad_files import RATE_HZ, good
from widgets.timeline.sound.lanes import LARGEST, zoom_text, zoomed

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def song_path(tmp_path: Path) -> Path:
    path, recordings = tmp_path / "song.offcut", [good(tmp_path / f"{s}.wav", s) for s in (4, 5)]
    assert main(["new", str(path), *map(str, recordings)]) == 0
    return path


@pytest.fixture
def at_work(hands: Hands, song_path: Path) -> Hands:
    hands.window.resize(1280, 800)
    hands.window.session.open(song_path)
    hands.finish_work()
    return hands


def ids(window: MainWindow) -> list[str]:
    return [track.id for track in window.session.state.tracks]


def status(window: MainWindow) -> str:
    return window.status_bar._done.text()


def lane_rows(window: MainWindow, number: int) -> np.ndarray:
    """Return the pixels of a lane, less its foot, where the mark stands."""
    image = window.timeline.canvas.compose()
    rows = np.array(image.constBits(), np.uint8).reshape(image.height(), -1)
    tops = window.timeline.canvas.frame.layout.lane_tops
    return rows[tops[number] + 20 : tops[number + 1] - 26]


def turn(window: MainWindow, lane: int, steps: int, held: Qt.KeyboardModifier, *, sideways: bool) -> None:
    canvas = window.timeline.canvas
    tops = canvas.frame.layout.lane_tops
    at = QPointF(100, (tops[lane] + tops[lane + 1]) / 2)
    turned = QPoint(120 * steps, 0) if sideways else QPoint(0, 120 * steps)
    event = QWheelEvent(
        at,
        canvas.mapToGlobal(at),
        QPoint(),
        turned,
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_keys_draw_one_lane_higher_and_leave_the_others(at_work: Hands) -> None:
    window = at_work.window
    first, second = ids(window)[:2]
    before = [lane_rows(window, number) for number in (0, 1)]
    state = window.session.state
    at_work.press("Alt+Equal")
    assert "Choose a track first" in at_work.refused[-1]
    at_work.press("PgDown")
    at_work.press("Alt+Equal")
    at_work.press("Alt+Plus")
    assert window.timeline.lanes.wave_zooms == {first: 4.0}
    assert status(window) == f"Waveform of {state.tracks[0].name} ×4"
    after = [lane_rows(window, number) for number in (0, 1)]
    assert (before[0] != after[0]).mean() > 0.02
    assert np.array_equal(before[1], after[1])
    for _ in range(9):
        at_work.press("Alt+-")
    assert window.timeline.lanes.wave_zooms == {}
    assert status(window).endswith("×1")
    assert np.array_equal(lane_rows(window, 0), before[0])
    assert window.session.state is state, "the document knows nothing of it"
    assert second not in window.timeline.lanes.wave_zooms


def test_all_lanes_go_together_and_come_back_at_once(at_work: Hands) -> None:
    window = at_work.window
    before = render(window.session.state, whole(window.session.state), window.session.media, 0, 4_000)
    for _ in range(8):
        at_work.press("Ctrl+Equal")
    assert set(window.timeline.lanes.wave_zooms.values()) == {LARGEST}
    assert status(window) == "Waveforms ×64"
    after = render(window.session.state, whole(window.session.state), window.session.media, 0, 4_000)
    assert np.array_equal(before, after), "nothing is heard of it"
    at_work.press("Ctrl+-")
    assert status(window) == "Waveforms ×32"
    at_work.press("Ctrl+0")
    assert window.timeline.lanes.wave_zooms == {}


@pytest.mark.parametrize("sideways", [False, True])
def test_the_wheel_with_alt_turns_the_lane_under_it(at_work: Hands, sideways: bool) -> None:
    window, view = at_work.window, at_work.window.timeline.canvas.viewport
    turn(window, 1, 2, ALT, sideways=sideways)
    assert window.timeline.lanes.wave_zooms == {ids(window)[1]: 2.0}
    turn(window, 1, 1, ALT | SHIFT, sideways=sideways)
    assert window.timeline.lanes.wave_zooms == {
        ids(window)[0]: pytest.approx(2**0.5),
        ids(window)[1]: pytest.approx(8**0.5),
    }
    turn(window, 0, -9, ALT | SHIFT, sideways=sideways)
    assert window.timeline.lanes.wave_zooms == {}
    assert window.timeline.canvas.viewport == view, "time stays"


@pytest.mark.parametrize("samples_per_px", [400.0, 20.0, 0.5, 0.1])
def test_what_leaves_a_lane_is_cut_off_at_its_edge(at_work: Hands, samples_per_px: float) -> None:
    window = at_work.window
    window.timeline.zooms.show_window(
        1.0 * RATE_HZ, samples_per_px * window.timeline.canvas.viewport.width_px
    )
    window.timeline.canvas.grab()
    at_work.finish_work()
    beside = lane_rows(window, 1)
    window.timeline.lanes.set_wave_zooms({ids(window)[0]: LARGEST})
    assert np.array_equal(lane_rows(window, 1), beside), "nothing of it is drawn into the next lane"


def test_a_spectrogram_stays_as_it_is_and_is_not_marked(at_work: Hands) -> None:
    window = at_work.window
    at_work.press("Alt+Shift+W")
    at_work.qtbot.waitUntil(
        lambda: len(window.timeline.lanes._spectrograms) == len(ids(window)), timeout=60_000
    )
    at_work.finish_work()
    before = window.timeline.canvas.grab().toImage()
    window.timeline.lanes.set_wave_zooms(dict.fromkeys(ids(window), 8.0))
    assert window.timeline.canvas.grab().toImage() == before


def test_a_document_opens_as_high_as_it_was_left(
    at_work: Hands, song_path: Path, restarted: Callable[[], MainWindow], tmp_path: Path
) -> None:
    window = at_work.window
    first = ids(window)[0]
    at_work.press("PgDown")
    at_work.press("Alt+Equal")
    other = tmp_path / "other.offcut"
    assert main(["new", str(other), str(good(tmp_path / "c.wav", 3))]) == 0
    window.session.open(other)
    assert window.timeline.lanes.wave_zooms == {}
    window.close()
    again = restarted()
    again.session.open(song_path)
    assert again.timeline.lanes.wave_zooms == {first: 2.0}


@pytest.mark.parametrize(
    "stored", [{"wave_zooms": [1]}, {"wave_zooms": {"a": 1e9}}, {"wave_zooms": {"a": "x"}}]
)
def test_what_makes_no_sense_is_as_never_kept(at_work: Hands, song_path: Path, stored: object) -> None:
    window = at_work.window
    window.zooms.keep()
    places = json.loads(window._settings.value("places"))
    name = str(song_path.absolute())
    places[name] |= {"playhead_samples": 9, **stored}
    window._settings.setValue("places", json.dumps(places))
    window.zooms.restore()
    assert window.transport.playhead_samples == 0
    del places[name]["wave_zooms"]
    window._settings.setValue("places", json.dumps(places))
    window.zooms.restore()
    assert window.transport.playhead_samples == 9, "as it was left before waves could be drawn higher"


def test_steps_of_a_wheel_come_back_to_whole_numbers() -> None:
    zooms = dict[str, float]()
    for _ in range(4):
        zooms = zoomed(zooms, ["a"], 2**0.5)
    assert zooms == {"a": 4.0}
    for _ in range(4):
        zooms = zoomed(zooms, ["a"], 2**-0.5)
    assert zooms == {}
    assert [zoom_text(zoom) for zoom in (1.0, 2**0.5, 2.0, 64.0)] == ["×1", "×1.4", "×2", "×64"]
