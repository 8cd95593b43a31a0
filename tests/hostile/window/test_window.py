"""Documents, recordings and devices that are damaged or vanish: a sentence, nothing lost or left behind."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from desktop.features.taste.widgets.learn_panel import LearnRequest
from desktop.main_window import MainWindow
from engine.document.document import Document
from engine.document.edits.proposals import decide
from engine.document.proposals import Verdict
from tests.desktop.conftest import Hands, choose_taste, fill, type_path
from tests.desktop.documents import make_document
from tests.desktop.sound_device import CapturingDevice, alsa_configuration
from tests.desktop.test_main_job import answer_learn
from tests.hostile.bad_files import RATE_HZ, REFUSED, good
from tests.hostile.status import drop, is_one_sentence, said
from tests.mostly_long import mostly_long

# Documents that are none, are damaged, or that somebody else changes.


NO_DOCUMENTS = b"", b"RIFF....WAVE", b"SQLite format 3\x00", b"hello\n" * 100


@mostly_long("content", NO_DOCUMENTS, keep=[b"SQLite format 3\x00"])
def test_what_is_no_document_keeps_the_one_that_is_open(
    reviewing: Hands, folder: Path, content: bytes
) -> None:
    other = folder / "other.offcut"
    other.write_bytes(content)
    state = reviewing.window.session.state
    reviewing.press_and_answer("Ctrl+Shift+O", type_path(other))
    for opened in (lambda: None, lambda: drop(reviewing, other)):
        opened()
        assert f"{other} is not an Offcut document" in said(reviewing.window)
        assert is_one_sentence(said(reviewing.window))
        assert reviewing.window.session.state == state
        assert reviewing.window.session.path == folder / "jam.offcut"
    assert other.read_bytes() == content
    reviewing.press("X")
    assert reviewing.window.session.state.verdict("cut-4000") is Verdict.REJECTED


def test_a_new_document_never_replaces_a_file(reviewing: Hands, folder: Path) -> None:
    before = (folder / "jam.offcut").read_bytes()
    reviewing.press_and_answer("Ctrl+N", type_path(folder / "jam.offcut"))
    assert "jam.offcut exists already" in said(reviewing.window)
    assert (folder / "jam.offcut").read_bytes() == before
    assert reviewing.window.session.path == folder / "jam.offcut"


def test_a_new_document_keeps_the_name_it_was_given(hands: Hands, folder: Path) -> None:
    hands.press_and_answer("Ctrl+N", type_path(folder / "take 1.2"))
    assert hands.window.session.path == folder / "take 1.2.offcut"


def test_a_damaged_analysis_is_heard_again_instead_of_stopping_the_window(hands: Hands, folder: Path) -> None:
    path = folder / "jam.offcut"
    drop(hands, good(folder / "jam.wav"))
    hands.window.session.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE analysis SET arrays = x'00'")
        other.commit()
    hands.window.session.open(path)
    hands.finish_work()
    assert hands.window.session.grid is not None
    assert hands.window.session.listening is not None


def test_another_program_changed_the_document(reviewing: Hands, folder: Path) -> None:
    elsewhere = folder / "elsewhere.offcut"  # a synced folder brings what was decided on another machine
    elsewhere.write_bytes((folder / "jam.offcut").read_bytes())
    with Document.open(elsewhere) as other:
        other.apply(decide(other.state, ["cut-12000"], Verdict.REJECTED))
    (folder / "jam.offcut").write_bytes(elsewhere.read_bytes())
    state = reviewing.window.session.state
    for key in ("A", "Ctrl+Z", "F", "Alt+Right"):
        reviewing.press(key)
        assert "jam.offcut was changed by another program; open it again" in said(reviewing.window)
        assert reviewing.window.session.state == state
    drop(reviewing, folder / "jam.offcut")
    reviewing.press("A")
    assert reviewing.window.session.state.verdict("cut-4000") is Verdict.ACCEPTED


def test_one_document_in_two_windows(reviewing: Hands, folder: Path, qapp: QApplication) -> None:
    second = MainWindow(qapp, QSettings(str(folder / "second.ini"), QSettings.Format.IniFormat))
    second.session.open(folder / "jam.offcut")
    second.commands.run("review.accept")
    reviewing.press("X")
    verdicts = {one: one.session.state.verdict("cut-4000") for one in (reviewing.window, second)}
    (refused,) = (one for one, verdict in verdicts.items() if verdict is Verdict.UNDECIDED)
    (decided,) = (verdict for verdict in verdicts.values() if verdict is not Verdict.UNDECIDED)
    assert "jam.offcut" in said(refused)
    assert is_one_sentence(said(refused))
    second.close()
    second.deleteLater()
    reviewing.window.session.close()
    with Document.open(folder / "jam.offcut") as document:
        assert document.state.verdict("cut-4000") is decided


@pytest.mark.parametrize("gone", ["deleted", "replaced"])
def test_a_document_that_vanishes_while_open_takes_no_decision_silently(
    reviewing: Hands, folder: Path, gone: str
) -> None:
    path = folder / "jam.offcut"
    state, content = reviewing.window.session.state, path.read_bytes()
    path.unlink()
    if gone == "replaced":
        path.write_bytes(content)
    reviewing.press("A")
    assert "jam.offcut" in said(reviewing.window)
    assert "nothing was changed" in said(reviewing.window)
    assert reviewing.window.session.state == state


def test_a_document_held_by_another_program(reviewing: Hands, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "jam.offcut", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        reviewing.press("A")
        assert "jam.offcut could not be written" in said(reviewing.window)
        assert reviewing.window.session.state.verdict("cut-4000") is Verdict.UNDECIDED
        other.execute("ROLLBACK")
    reviewing.press("A")
    assert reviewing.window.session.state.verdict("cut-4000") is Verdict.ACCEPTED


# Recordings and tastes that vanish while the document is open.


def make_gone(path: Path) -> None:
    path.unlink()


def make_short(path: Path) -> None:
    os.truncate(path, 1_000)


@pytest.mark.parametrize("harm", [make_gone, make_short])
def test_a_recording_that_vanishes_while_the_document_is_open(
    reviewing: Hands, folder: Path, harm: Callable[[Path], None]
) -> None:
    window, qtbot = reviewing.window, reviewing.qtbot
    state = window.session.state
    harm(folder / "jam.wav")
    for _ in range(12):
        reviewing.press("+")
    window.timeline.grab()
    for key in ("Space", "C", "D", "Z"):
        window.status_bar.set_message("")
        reviewing.press(key)
        qtbot.waitUntil(lambda: "jam.wav" in said(window), timeout=5_000)
        assert is_one_sentence(said(window))
        qtbot.waitUntil(lambda: not window.transport.is_playing, timeout=5_000)
    before = sorted(folder.iterdir())
    reviewing.press_and_answer("Ctrl+E", fill(File="mix"))
    reviewing.finish_work()
    assert "jam.wav" in said(window)
    assert sorted(folder.iterdir()) == before
    assert window.session.state == state


def test_a_recording_that_is_gone_when_the_document_opens(hands: Hands, folder: Path) -> None:
    path = make_document(folder / "jam.offcut", good(folder / "jam.wav"))
    (folder / "jam.wav").rename(folder / "elsewhere.wav")
    drop(hands, path)
    assert "jam.wav is missing" in said(hands.window)
    hands.press("A")
    assert hands.window.session.state.verdict("cut-4000") is Verdict.ACCEPTED
    hands.press("Space")
    hands.qtbot.waitUntil(lambda: "jam" in said(hands.window) and "missing" in said(hands.window))
    (folder / "elsewhere.wav").rename(folder / "jam.wav")
    drop(hands, path)
    assert hands.window.session.media


@pytest.mark.parametrize("harm", [make_gone, make_short, lambda path: path.write_text("no taste")])
def test_a_taste_that_vanishes_or_is_damaged(
    reviewing: Hands, folder: Path, taste: Path, harm: Callable[[Path], None]
) -> None:
    window = reviewing.window
    mine = folder / "mine.taste"
    mine.write_bytes(taste.read_bytes())
    reviewing.press_and_answer("Ctrl+T", *choose_taste(mine))
    reviewing.finish_work()
    assert window.session.curve is not None
    assert window.session.curve.maker.startswith("slicer-ae mine")
    state, content = window.session.state, (folder / "jam.offcut").read_bytes()
    harm(mine)
    reviewing.press("Ctrl+Shift+L")
    reviewing.finish_work()
    assert "mine.taste" in said(window)
    assert is_one_sentence(said(window))
    assert (window.session.state, (folder / "jam.offcut").read_bytes()) == (state, content)


@mostly_long("case", REFUSED, keep=("65 channels",))
def test_learning_from_a_bad_file_leaves_everything_as_it_was(
    reviewing: Hands, folder: Path, case: str
) -> None:
    make, words = REFUSED[case]
    window, state = reviewing.window, reviewing.window.session.state
    edited = (str(good(folder / "edited.wav", 12.0)), str(make(folder / "take.wav")))
    before = sorted(folder.rglob("*"))
    window.learning.learn(LearnRequest(edited, "ours", 1, 0), folder / "ours.taste", False)
    assert not window.learning_panel.isHidden()
    reviewing.finish_work()
    assert window.learning_panel.isHidden()
    assert "take.wav" in said(window)
    assert words in said(window)
    assert (sorted(folder.rglob("*")), window.session.state) == (before, state)


@pytest.mark.long
def test_a_taste_may_be_called_anything(reviewing: Hands, folder: Path) -> None:
    edited = good(folder / "edited.wav", 12.0)
    reviewing.press_and_answer("Ctrl+L", *answer_learn(edited, Name="AC/DC's", Epochs="1"))
    reviewing.finish_work()
    assert (folder / "AC-DC's.taste").is_file()
    assert not reviewing.refused


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ALSA is Linux's")
def test_a_sound_device_that_goes_away(hands: Hands, folder: Path, tmp_path: Path) -> None:
    device = CapturingDevice(tmp_path)
    window = hands.window
    with alsa_configuration(device.configuration):
        drop(hands, make_document(folder / "jam.offcut", good(folder / "jam.wav", 20.0)))
        hands.press("Space")
        hands.qtbot.waitUntil(lambda: window.transport.playhead_samples > 0.3 * RATE_HZ)
        device.unplug()
        hands.qtbot.waitUntil(lambda: said(window).startswith("No audio device"))
        assert is_one_sentence(said(window))
        assert window.transport.is_playing
        gone_at = window.transport.playhead_samples
        hands.qtbot.waitUntil(lambda: window.transport.playhead_samples > gone_at)
        hands.press("A")
        assert window.session.state.verdict("cut-4000") is Verdict.ACCEPTED
        hands.press("Space")
        assert not window.transport.is_playing
        window.player.close()
