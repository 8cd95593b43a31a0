"""The demo's day: files of three devices, imported by a command and the dialog of places."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from desktop.demo_files import is_demo
from tests.desktop.conftest import Hands


def test_the_day_is_imported_once_at_its_places(hands: Hands) -> None:
    window = hands.window

    def accept(dialog: QWidget) -> None:
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    def start() -> None:
        window.commands.run("file.demo_day")
        hands.finish_work()

    hands.do_and_answer(start, accept)
    tracks = {track.name: track for track in window.session.state.tracks}
    assert {name: len(track.clips) for name, track in tracks.items()} == {"ZOOM": 2, "Phone": 1, "Camera": 1}
    assert tracks["ZOOM"].clips[1].start_samples == tracks["ZOOM"].clips[0].stop_samples
    assert tracks["Phone"].clips[0].start_samples > 0
    assert is_demo(window.session.path)
    window.commands.run("file.demo_day")
    hands.finish_work()
    assert {track.id for track in window.session.state.tracks} == {track.id for track in tracks.values()}
