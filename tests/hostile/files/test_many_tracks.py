"""Sixty-four tracks, each with a name of two hundred characters: imported, shown, exported, opened again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.cli.main import main
from tests.desktop.conftest import Hands
from tests.hostile.bad_files import good
from tests.hostile.status import drop

TRACKS = 64


def name(number: int) -> str:
    """Two hundred characters that differ in the middle, by letters: numbers would count takes."""
    letters = f"{number:03}".translate(str.maketrans("0123456789", "abcdefghij"))
    return f"{'Overhead left of the big room '[:20] * 4}{letters}{'x' * 117}"


@pytest.fixture
def desk(hands: Hands, tmp_path: Path) -> Hands:
    folder = tmp_path / "takes"
    folder.mkdir()
    hands.window.resize(1024, 700)
    drop(hands, *(good(folder / f"{name(number)}.wav", seed=number) for number in range(TRACKS)))
    return hands


def test_all_come_in_under_their_whole_names(desk: Hands) -> None:
    window = desk.window
    assert [track.name for track in window.session.state.tracks] == [name(k) for k in range(TRACKS)]
    assert window.width() <= 1024, "no name makes the window wider"
    picture = window.timeline.canvas.grab().toImage()
    assert len({picture.pixel(x, y) for x in range(9, 400, 7) for y in range(60, picture.height(), 3)}) >= 3


def test_they_are_edited_and_opened_again(desk: Hands) -> None:
    window = desk.window
    window.selecting.select(1_000, 3_000)
    desk.press("Delete")
    assert window.review.current is not None
    for _ in range(3):
        QTest.keyClick(window.timeline, Qt.Key.Key_Plus)
        QTest.keyClick(window.timeline, Qt.Key.Key_PageDown)
    assert window.width() <= 1024
    path = window.session.path
    assert path is not None
    window.session.open(path)
    desk.finish_work()
    assert len(window.session.state.tracks) == TRACKS


def test_stems_of_them_are_written_or_told(
    desk: Hands, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = desk.window.session.path
    assert path is not None
    desk.window.session.close()
    status = main(["export", str(path), "--out", str(tmp_path / "mix.wav"), "--stems"])
    written = list(tmp_path.glob("**/*.wav"))
    told = capsys.readouterr().err
    assert status == 0, told
    assert len([one for one in written if one.parent.name != "takes"]) >= TRACKS
