"""Importing several recordings: at which rate, and what is said of those that are left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QInputDialog, QPushButton, QWidget

from desktop.app import show
from desktop.launch import main, read_ahead
from desktop.recordings.recordings import Recordings
from engine.core.errors import UsageError
from engine.core.progress import ReportingProgress
from engine.recordings import import_ahead
from engine.sound.pictures.peak_cache import load_peaks
from engine.sound.reader import content_hash
from tests.desktop.conftest import Hands, type_path
from tests.hostile.bad_files import RATE_HZ, good

RATES_HZ = (8_000, 44_100, 96_000, 44_100)


@pytest.fixture
def takes(tmp_path: Path, rng: np.random.Generator) -> tuple[Path, ...]:
    """Two seconds each, the first at a telephone's rate."""
    paths = tuple(tmp_path / f"take {number}.wav" for number in range(len(RATES_HZ)))
    for path, rate_hz in zip(paths, RATES_HZ, strict=True):
        soundfile.write(path, rng.uniform(-0.5, 0.5, 2 * rate_hz), rate_hz)
    return paths


def choose(offered: list[str], row: int) -> Callable[[QWidget], None]:
    """Answer the question for a rate by keys, and write down what it offers."""

    def answer(dialog: QWidget) -> None:
        assert isinstance(dialog, QInputDialog)
        box = dialog.findChild(QComboBox)
        assert box is not None
        offered.extend(box.itemText(place) for place in range(box.count()))
        for _ in range(row):
            QTest.keyClick(box, Qt.Key.Key_Down)
        QTest.keyClick(box, Qt.Key.Key_Return)

    return answer


def test_recordings_of_several_rates_ask_and_the_highest_is_offered_first(
    hands: Hands, takes: tuple[Path, ...]
) -> None:
    offered: list[str] = []
    hands.press_and_answer("Ctrl+O", type_path(*takes), choose(offered, 0))
    hands.finish_work()
    assert offered == [
        "96 kHz, the rate of 1 recording",
        "44.1 kHz, the rate of 2 recordings",
        "8 kHz, the rate of 1 recording",
    ]
    state = hands.window.session.state
    assert (state.rate_hz, len(state.tracks)) == (96_000, 4)
    assert state.length_samples == 2 * 96_000


def test_another_rate_can_be_taken(hands: Hands, takes: tuple[Path, ...]) -> None:
    hands.press_and_answer("Ctrl+O", type_path(*takes), choose([], 1))
    hands.finish_work()
    assert hands.window.session.state.rate_hz == 44_100
    hands.window.recordings.import_files((takes[0],))  # the document has a rate now, and nobody asks
    hands.finish_work()
    assert "take 0.wav is in the document already" in hands.refused[-1]


def test_leaving_the_question_imports_nothing(hands: Hands, takes: tuple[Path, ...]) -> None:
    def leave(dialog: QWidget) -> None:
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    hands.do_and_answer(lambda: hands.window.files.drop([str(one) for one in takes]), leave)
    assert not hands.window.work.is_busy
    assert not hands.window.session.is_open


def test_without_a_question_the_highest_rate_is_taken(hands: Hands, takes: tuple[Path, ...]) -> None:
    recordings: Recordings = hands.window.recordings
    recordings.import_files(takes)
    hands.finish_work()
    assert hands.window.session.state.rate_hz == 96_000


def test_a_document_among_recordings_is_refused(
    hands: Hands, takes: tuple[Path, ...], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="is a document: open it separately"):
        hands.window.files.drop([str(takes[0]), str(tmp_path / "song.offcut")])


@pytest.mark.parametrize("word", ["exprot", "no such take.wav", "--demmo"])
def test_a_word_that_is_nothing_is_told_before_any_window(
    word: str, takes: tuple[Path, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "none of these")  # a window would end the program here
    assert main([str(takes[0]), word]) == 2
    assert capsys.readouterr().err.startswith(f"offcut: {word!r} is n")


def test_what_was_begun_before_the_window_is_taken_up(hands: Hands, tmp_path: Path) -> None:
    path = good(tmp_path / "early.wav", 30.0)
    read_ahead([str(path)])
    show(hands.window, [str(path)])
    hands.finish_work()
    (track,) = hands.window.session.state.tracks
    assert track.name == "early"
    assert hands.window.timeline.canvas.isVisible()
    assert load_peaks(content_hash(path), hands.window.session.state.rate_hz) is not None


def test_no_document_is_read_ahead(tmp_path: Path) -> None:
    document, recording = tmp_path / "a.offcut", good(tmp_path / "a.wav")
    document.touch()
    for arguments in (["--demo"], [str(document)], [str(recording), str(document)], []):
        read_ahead(arguments)
        told: list[float] = []
        import_ahead.finish(ReportingProgress(lambda fraction, *_, told=told: told.append(fraction)))
        assert load_peaks(content_hash(recording), RATE_HZ) is None
        assert told == []


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A recording in a folder where no document can be written: its name would be too long there."""
    folder = tmp_path / "card"
    folder.mkdir()
    return good(folder / f"{'r' * 250}.wav", 2.0)


def click(text: str) -> Callable[[QWidget], None]:
    """Answer a question by one of its buttons."""

    def answer(dialog: QWidget) -> None:
        buttons = {one.text(): one for one in dialog.findChildren(QPushButton)}
        assert f"&Save in {Path.home().name}" in buttons, "without a Music folder, the home folder is offered"
        QTest.mouseClick(buttons[text], Qt.MouseButton.LeftButton)

    return answer


def import_all(hands: Hands, *paths: Path) -> None:
    hands.window.recordings.import_files(paths)
    hands.finish_work()


def test_a_document_goes_elsewhere_where_its_recordings_cannot_be_written(
    hands: Hands, card: Path, tmp_path: Path
) -> None:
    hands.do_and_answer(lambda: import_all(hands, card), click("Cancel"))
    assert not hands.window.session.is_open
    place = type_path(tmp_path / "day.offcut")
    hands.do_and_answer(lambda: import_all(hands, card), click("&Choose…"), place)
    assert hands.window.session.path == tmp_path / "day.offcut"
    assert len(hands.window.session.state.tracks) == 1
    assert "‹file.copy_recordings›" in hands.said[-1], "the end of the analysis repeats it"
    assert list(card.parent.iterdir()) == [card]


def test_recordings_are_copied_from_a_card_and_read_there(hands: Hands, tmp_path: Path) -> None:
    card, disk = tmp_path / "card", tmp_path / "disk"
    card.mkdir()
    disk.mkdir()
    hands.window.session.create(disk / "day.offcut")
    import_all(hands, good(card / "a.wav", 2.0), good(card / "b.wav", 2.0, 2, 8))
    hands.do_and_answer(hands.window.files.copy_recordings, type_path(disk))
    hands.finish_work()
    state = hands.window.session.state
    assert sorted(one.path for one in state.sources.values()) == [str(disk / "a.wav"), str(disk / "b.wav")]
    assert (disk / "a.wav").read_bytes() == (card / "a.wav").read_bytes()
    hands.window.recordings.copy_to(disk)
    hands.finish_work()
    assert hands.refused[-1].startswith("All recordings are in")
    for one in card.iterdir():
        one.unlink()
    hands.window.session.open(disk / "day.offcut")
    hands.finish_work()
    assert set(hands.window.session.media.values()) == {disk / "a.wav", disk / "b.wav"}


def test_a_dropped_folder_is_the_recordings_in_it(hands: Hands, tmp_path: Path) -> None:
    card = tmp_path / "card"
    (card / "day 2").mkdir(parents=True)
    for length_s, name in enumerate(("b", "a", "day 2/c"), 1):
        good(card / f"{name}.wav", length_s, 1)
    (card / "notes.txt").write_text("a list")
    (card / "._a.wav").write_bytes(bytes(4096))  # which macOS leaves on cards
    hands.window.timeline.files_dropped.emit([str(card)])
    hands.finish_work()
    assert [track.name for track in hands.window.session.state.tracks] == ["a", "b", "c"]
    assert not hands.refused


@pytest.mark.parametrize("name", ["empty", "gone.wav", "form.pdf"])
def test_what_is_no_recording_is_refused_without_a_question(hands: Hands, tmp_path: Path, name: str) -> None:
    """The question whether a file is an edit would come before a refusal that needs no answer."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "form.pdf").write_text("a form")
    for path in (good(tmp_path / "jam.wav", 1, 1), tmp_path / name):
        hands.window.timeline.files_dropped.emit([str(path)])
        hands.finish_work()
    assert name in hands.window.status_bar.message
    assert len(hands.window.session.state.tracks) == 1
