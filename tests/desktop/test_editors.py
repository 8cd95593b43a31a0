"""What an editor would do, asked for by keys: proposed, another way, to a length, as one's own editor."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.cli.main import main
from engine.document.proposals import BY_ARRANGING
from tests.desktop.conftest import Hands, type_path
from tests.engine.takes.playing import RATE_HZ, joined, passage


@pytest.fixture
def rehearsal(hands: Hands, tmp_path: Path) -> Hands:
    """The window on a passage that breaks off, is played, something else, and the passage twice more."""
    whole, short = passage(1, 20.0), passage(1, 20.0)[: 6 * RATE_HZ]
    audio, _ = joined(short, whole, passage(2, 9.0), whole, passage(1, 20.0, semitones=2))
    soundfile.write(tmp_path / "jam.wav", audio, RATE_HZ, "PCM_16")
    project = tmp_path / "jam.offcut"
    assert main(["new", str(project), str(tmp_path / "jam.wav")]) == 0
    hands.window.editors.said.connect(hands.said.append)
    hands.window.session.open(project)
    hands.finish_work()
    hands.window.work.listen(None)
    hands.finish_work()
    return hands


def arranged(hands: Hands) -> set[str]:
    return {key for key, one in hands.window.session.state.proposals.items() if one.maker == BY_ARRANGING}


def test_an_arrangement_is_proposed_and_taken_back_by_keys(rehearsal: Hands) -> None:
    before = rehearsal.window.session.state
    rehearsal.press("Alt+Shift+E")
    rehearsal.finish_work()
    assert arranged(rehearsal)
    assert any("of 1:" in said and "would be left" in said for said in rehearsal.said)
    assert all(rehearsal.window.session.state.proposals[key].reason for key in arranged(rehearsal))
    rehearsal.press("Ctrl+Z")
    assert rehearsal.window.session.state == before


def test_surprise_me_tells_its_seed_and_replaces_what_nobody_answered(rehearsal: Hands) -> None:
    rehearsal.press("Alt+Shift+E")
    rehearsal.finish_work()
    rehearsal.press("Alt+Shift+S")
    rehearsal.finish_work()
    assert any(said.endswith("Seed 1.") for said in rehearsal.said)
    state = rehearsal.window.session.state
    cuts = sorted((state.proposals[key].start_samples, key) for key in arranged(rehearsal))
    stops = [state.proposals[key].stop_samples for _, key in cuts if key.startswith("cut")]
    starts = [start for start, key in cuts if key.startswith("cut")]
    assert all(stop <= start for stop, start in zip(stops[:-1], starts[1:], strict=True))


def test_a_length_is_asked_for_and_met_about(rehearsal: Hands) -> None:
    def half_a_minute(dialog: QWidget) -> None:
        (line,) = dialog.findChildren(QLineEdit)
        line.setText("0.5")
        dialog.accept()  # type: ignore[attr-defined]

    rehearsal.press_and_answer("Alt+Shift+M", half_a_minute)
    rehearsal.finish_work()
    cut = sum(
        one.stop_samples - one.start_samples
        for one in rehearsal.window.session.state.proposals.values()
        if one.maker == BY_ARRANGING and one.kind == "cut"
    )
    left_s = (rehearsal.window.session.state.length_samples - cut) / RATE_HZ
    assert 15.0 <= left_s <= 60.0


def test_a_file_that_is_no_editor_is_refused_in_a_sentence(rehearsal: Hands, tmp_path: Path) -> None:
    before = rehearsal.window.session.state
    (tmp_path / "mine.editor").write_text("no editor")
    rehearsal.do_and_answer(
        lambda: rehearsal.window.commands.run("editor.choose"), type_path(tmp_path / "mine.editor")
    )
    rehearsal.finish_work()
    assert "mine.editor" in rehearsal.refused[-1]
    assert rehearsal.window.session.state is before


def test_nothing_is_arranged_without_a_recording(hands: Hands) -> None:
    hands.press("Alt+Shift+E")
    assert "import a recording first" in hands.refused[-1]
