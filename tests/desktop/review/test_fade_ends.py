"""Fades at the ends in the window: asked for, refused in the form, made, replaced, undone; as by the verb."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QWidget

from desktop.commands import COMMANDS
from engine.cli.main import main
from engine.document.document import Document
from engine.document.proposals import Verdict
from engine.review.by_hand import fades_ms
from engine.sound.edl.build import build
from tests.desktop.conftest import RAW, Hands, fill, named_field
from widgets.forms.short_forms import NumbersForm


def ask(hands: Hands, **values: str) -> None:
    hands.do_and_answer(lambda: hands.window.commands.run("hand.fade_ends"), fill(**values))


def test_the_command_is_in_its_group_and_has_no_key() -> None:
    command = next(one for one in COMMANDS if one.id == "hand.fade_ends")
    assert (command.group, command.keys) == ("By hand", ())


def test_fades_are_made_replaced_and_undone_in_one_step_each(song: Hands, tmp_path: Path) -> None:
    session = song.window.session
    before = build(session.state)
    ask(song, **{"Fade in": "20", "Fade out": "1500"})
    state = session.state
    assert not song.refused
    assert fades_ms(state) == (20.0, 1_500.0)
    assert [state.verdict(key) for key in state.proposals] == [Verdict.ACCEPTED] * 2
    length, rate_hz = state.length_samples, state.rate_hz
    assert {state.span(key) for key in state.proposals} == {
        (0, rate_hz // 50),
        (length - 3 * rate_hz // 2, length),
    }
    assert song.window.review.current in state.proposals
    faded = build(state)
    assert faded != before
    ask(song, **{"Fade out": "900"})  # the form begins with the fades there are
    assert fades_ms(session.state) == (20.0, 900.0)
    song.press("Ctrl+Z")
    assert build(session.state) == faded
    song.press("Ctrl+Z")
    assert build(session.state) == before
    assert not session.state.proposals
    song.press("Ctrl+Shift+Z")
    assert build(session.state) == faded

    project = tmp_path / "verbs.offcut"
    assert main(["new", str(project), *map(str, RAW)]) == 0
    assert main(["edit", str(project), "fade-ends", "--in-ms", "20", "--out-ms", "1500"]) == 0
    with Document.open(project) as document:
        assert document.state.proposals.keys() == session.state.proposals.keys()


def test_the_form_refuses_what_does_not_fit_while_it_is_typed(song: Hands) -> None:
    window = song.window
    window.selecting.select(100, window.session.state.rate_hz)
    song.press("Delete")  # 100 samples are left in front of the cut
    before = window.session.state
    told: list[str] = []

    def answer(dialog: QWidget) -> None:
        assert isinstance(dialog, QDialog)
        form = dialog.findChild(NumbersForm)
        assert form is not None
        for text in ("10", "-1", "70000", "0"):
            field = named_field(dialog, "Fade in")
            field.setFocus()
            field.selectAll()
            QTest.keyClicks(field, text)
            told.append(form.problem())
        assert form.outlook()
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    song.do_and_answer(lambda: window.commands.run("hand.fade_ends"), answer)
    assert [bool(problem) for problem in told] == [True, True, True, False]
    assert "does not fit" in told[0]
    assert window.session.state == before


def test_a_window_without_a_recording_refuses_without_a_form(hands: Hands) -> None:
    hands.window.commands.run("hand.fade_ends")
    assert len(hands.refused) == 1
