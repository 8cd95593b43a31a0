"""Takes of a song are found in a folder of recordings, and the chosen one is imported or opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget, QWidget

from engine.cli.main import main
from engine.features.day.known.library import KnownTake, Library
from tests.desktop.conftest import Hands, fill, press_button, type_path
from tests.engine.features.day.known.songs_played import played
from tests.engine.features.takes.playing import RATE_HZ, joined, passage

BEFORE_S = 17.0
"""Where the song begins in the second recording."""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder with two recordings of the song, the second with a document."""
    folder = tmp_path / "archive"
    folder.mkdir()
    soundfile.write(folder / "a.wav", passage(1, 40.0, semitones=-2), RATE_HZ)
    soundfile.write(folder / "b.wav", joined(passage(7, 15.0), passage(1, 40.0))[0], RATE_HZ)
    for path in folder.iterdir():
        os.utime(path, (1_750_000_000, 1_750_000_000))
    assert main(["new", str(folder / "b.offcut"), str(folder / "b.wav")]) == 0
    return folder


def _open_row(row: int, seen: list[str]) -> Callable[[QWidget], None]:
    def answer(dialog: QWidget) -> None:
        rows = dialog.findChild(QListWidget)
        assert rows is not None
        seen.extend(rows.item(number).text() for number in range(rows.count()))
        rows.setCurrentRow(row)
        QTest.keyClick(rows, "\r")

    return answer


def _search(hands: Hands, *answers: Callable[[QWidget], None]) -> None:
    def do() -> None:
        hands.window.commands.run("day.find_song")
        hands.finish_work()

    hands.do_and_answer(do, *answers)


def test_a_recording_of_a_song_leads_to_its_takes(hands: Hands, archive: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", passage(1, 40.0), RATE_HZ)
    seen: list[str] = []
    asked = (press_button("&Search"), fill())
    _search(hands, *asked, type_path(tmp_path / "song.wav"), type_path(archive), _open_row(1, seen))
    assert [row.split("  ·  ")[:2] for row in seen] == [["2025-06-15", "a.wav"], ["2025-06-15", "b.offcut"]]
    assert "2 semitones lower" in seen[0]
    window = hands.window
    assert window.session.path == archive / "b.offcut"
    assert window.transport.playhead_samples == pytest.approx(BEFORE_S * RATE_HZ, abs=RATE_HZ)


def test_a_known_song_is_found_and_its_recording_imported(hands: Hands, archive: Path) -> None:
    Library().allow(True)
    Library().add("Golden", [KnownTake(played(1))])
    seen: list[str] = []
    window = hands.window
    _search(hands, fill(), type_path(archive), _open_row(0, seen))
    assert len(seen) == 2
    hands.finish_work()
    assert [Path(one.path).name for one in window.session.state.sources.values()] == ["a.wav"]


def test_without_consent_nothing_is_stored(hands: Hands) -> None:
    _search(hands, press_button("&Never"))
    assert Library().is_allowed() is False
    assert not hands.window.work.is_busy
