"""Tracks recorded with those that move: named at import and in the form, and asked about once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

from engine.cli.main import main
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.document.edits.tracks import set_track
from engine.document.proposals import Verdict
from engine.review.moves import moves_of
from tests.desktop.conftest import Hands, named_field, type_path
from tests.engine.features.timing.hits.kit_and_bass import BASS, MICROPHONES, UNNAMED, written
from widgets.controls.fields import CheckBox


@pytest.fixture
def four_of_seven(hands: Hands, tmp_path: Path, data_dir: Path) -> Hands:
    """The window on a document in which only the microphones with a drum in their name have a role."""
    path = tmp_path / "band.offcut"
    paths = written(data_dir, tmp_path)
    assert main(["new", str(path), *map(str, paths.values())]) == 0
    with Document.open(path) as made:
        for track in made.state.tracks:
            if track.name in UNNAMED:
                made.apply(set_track(made.state, track.id, role="", group=""))
        beats = np.arange(0, made.state.length_samples, made.state.rate_hz // 2, dtype=np.int64)
        grid = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 0.9, "test")
        made.apply(set_analyses(made.state, {"beats": "beats-0"}, "Heard"), {"beats-0": grid})
    hands.window.session.open(path)
    hands.finish_work()
    return hands


def _propose(hands: Hands, *, moves_too: bool) -> list[str]:
    """Propose timing on an even grid; return what the form says."""
    shown: list[str] = []

    def answer(dialog: QWidget) -> None:
        shown.extend(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())
        box = next(one for one in dialog.findChildren(CheckBox) if one.text().startswith("Move them"))
        assert box.isChecked()
        if not moves_too:
            QTest.keyClick(box, Qt.Key.Key_Space)
        for name, text in (("Tempo", "112"), ("First bar", "0:00.652")):
            field = named_field(dialog, name)
            field.setFocus()
            field.selectAll()
            QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)

    hands.press_and_answer("Ctrl+Shift+T", answer)
    hands.finish_work()
    assert not hands.refused
    return shown


def _answering(name: str) -> Callable[[QWidget], None]:
    def answer(dialog: QWidget) -> None:
        assert isinstance(dialog, QMessageBox)
        assert all(one in dialog.text() for one in UNNAMED)
        next(one for one in dialog.buttons() if one.text().replace("&", "").startswith(name)).click()

    return answer


def _accept_all(hands: Hands, *answers: Callable[[QWidget], None]) -> None:
    hands.do_and_answer(lambda: hands.window.commands.run("timing.accept_range"), *answers)


def test_an_import_names_what_joined_the_drums_by_its_sound(
    hands: Hands, data_dir: Path, tmp_path: Path
) -> None:
    paths = written(data_dir, tmp_path)
    hands.press_and_answer("Ctrl+O", type_path(*paths.values()))
    hands.finish_work()
    told = next(sentence for sentence in hands.said if sentence.startswith("Imported"))
    assert "6 as group Drums" in told
    assert all(name in told for name in UNNAMED)
    assert {track.name: track.group for track in hands.window.session.state.tracks} == {
        **dict.fromkeys(MICROPHONES, "Drums"),
        BASS: "",
    }


def test_the_form_names_the_tracks_and_moves_them_too(four_of_seven: Hands) -> None:
    hands = four_of_seven
    shown = _propose(hands, moves_too=True)
    assert any(all(name in text for name in UNNAMED) for text in shown)
    state = hands.window.session.state
    moved = {track.name for track in state.tracks if track.id in hands.window.session.hits.track_ids}
    assert moved == set(MICROPHONES)
    _accept_all(hands)
    assert moves_of(hands.window.session.state).are(Verdict.ACCEPTED).any()


def test_accepting_many_asks_once_while_tracks_stay(four_of_seven: Hands) -> None:
    hands = four_of_seven
    _propose(hands, moves_too=False)
    assert all(name in hands.said[-1] for name in UNNAMED)
    _accept_all(hands, lambda dialog: dialog.reject())
    assert not moves_of(hands.window.session.state).are(Verdict.ACCEPTED).any()
    _accept_all(hands, _answering("Accept"))
    accepted = moves_of(hands.window.session.state).are(Verdict.ACCEPTED)
    assert accepted.any()
    hands.press("Ctrl+Z")
    assert not moves_of(hands.window.session.state).are(Verdict.ACCEPTED).any()
    _accept_all(hands)
    assert moves_of(hands.window.session.state).are(Verdict.ACCEPTED).sum() == accepted.sum()


def test_moving_them_too_proposes_again_and_accepts_nothing(four_of_seven: Hands) -> None:
    hands = four_of_seven
    _propose(hands, moves_too=False)
    hands.press("Return")
    _accept_all(hands, _answering("Move"))
    hands.finish_work()
    state = hands.window.session.state
    moves = moves_of(state)
    assert not moves.are(Verdict.ACCEPTED).any()
    hits = [one for one in state.proposals.values() if one.kind == "hit"]
    names = {track.id: track.name for track in state.tracks}
    assert {names[key] for key in hits[0].tracks} == set(MICROPHONES)
    _accept_all(hands)
    assert moves_of(hands.window.session.state).are(Verdict.ACCEPTED).any()
