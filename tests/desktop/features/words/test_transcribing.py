"""What the transcript offers without words, and consent before a model is downloaded."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QWidget

from engine.features.words.model import ABOUT, installed_model, model_folder
from tests.desktop.conftest import Hands, type_path
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good


@pytest.fixture
def jam(hands: Hands, tmp_path: Path) -> Hands:
    hands.window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"), ()))
    hands.finish_work()
    hands.press("Shift+F7")
    return hands


def test_without_a_recording_nothing_is_offered(hands: Hands) -> None:
    hands.press("Shift+F7")
    assert hands.window.words.panel.offers == ()
    assert hands.window.words.panel.view.isHidden()


@pytest.fixture
def no_recogniser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)


@pytest.mark.usefixtures("no_recogniser")
def test_without_the_recogniser_the_panel_says_so_in_one_sentence(jam: Hands) -> None:
    assert jam.window.words.panel.offers == ()
    jam.window.commands.run("words.transcribe")
    assert len(jam.refused) == 1


def test_without_a_model_there_are_two_ways_to_one(jam: Hands) -> None:
    panel = jam.window.words.panel
    assert panel.offers == ("words.model", "words.download")
    jam.window.commands.run("words.transcribe")
    assert len(jam.refused) == 1
    model_folder().mkdir()
    jam.window.words.transcribing.model_changed.emit()
    assert panel.offers == ("words.transcribe",)


def test_nothing_is_downloaded_without_consent(jam: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    seen = []

    def go_back(dialog: QWidget) -> None:
        assert isinstance(dialog, QMessageBox)
        seen.append(dialog.informativeText())
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    jam.do_and_answer(lambda: jam.window.commands.run("words.download"), go_back)
    jam.finish_work()
    assert ABOUT in seen[0]
    assert installed_model() is None


def test_a_folder_without_a_model_is_refused(jam: Hands, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    jam.do_and_answer(lambda: jam.window.commands.run("words.model"), type_path(tmp_path / "nothing"))
    jam.finish_work()
    assert len(jam.refused) == 1
    assert installed_model() is None
