"""Importing several recordings: at which rate, and what is said of those that are left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QInputDialog, QWidget

from desktop.app import show
from desktop.launch import main, read_ahead
from desktop.recordings.recordings import Recordings
from engine.audio.pictures.peak_cache import load_peaks
from engine.audio.reader import content_hash
from engine.errors import UsageError
from engine.progress import ReportingProgress
from engine.recordings import import_ahead
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
    assert offered == ["96 kHz, as 1 recording", "44.1 kHz, as 2 recordings", "8 kHz, as 1 recording"]
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
