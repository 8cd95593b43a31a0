"""What an editor would do, asked for by keys: proposed, another way, to a length, as one's own editor."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from desktop.features.arrangement.panel import EditorList
from engine.cli.main import main
from engine.core.progress import SILENT, Progress
from engine.document.analysis import SOUNDS
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.document.proposals import BY_ARRANGING, Evidence, Verdict
from engine.recordings.analyses import AnalysisRequest, FoundAnalyses
from engine.recordings.detect_sounds import analyse
from engine.recordings.listen import listen_to_document
from engine.recordings.media import locate_all
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import place_in
from tests.conftest import live_in
from tests.desktop.conftest import Hands, type_path, with_caches
from tests.engine.features.takes.playing import RATE_HZ, joined, passage, quiet

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture(scope="module")
def listened_jam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A passage that breaks off, is played, something else, and the passage twice more; analysed once."""
    folder = tmp_path_factory.mktemp("jam")
    whole, short = passage(1, 20.0), passage(1, 20.0)[: 6 * RATE_HZ]
    audio, _ = joined(short, whole, passage(2, 9.0), whole, passage(1, 20.0, semitones=2))
    soundfile.write(folder / "jam.wav", audio, RATE_HZ, "PCM_16")
    project = folder / "jam.offcut"
    with pytest.MonkeyPatch.context() as patch:
        live_in(folder, patch)
        assert main(["new", str(project), str(folder / "jam.wav")]) == 0
        store(project, listen_to_document)
    return project


@pytest.fixture(scope="module")
def jam(listened_jam: Path) -> Path:
    """The same document with its sounds, which the first arrangement detects."""
    with_sounds = listened_jam.with_name("sounds.offcut")
    shutil.copy(listened_jam, with_sounds)
    store(with_sounds, analyse)
    return with_sounds


def store(path: Path, make: Callable[[AnalysisRequest, Progress], FoundAnalyses]) -> None:
    """Store analyses in a document as the window does."""
    with Document.open(path) as document:
        found = make(AnalysisRequest(document.state, locate_all(document.state, path.parent)), SILENT)
        edit = set_analyses(document.state, found.ids, "Recording analysed", by_listening=True)
        document.apply(edit, {found.ids[kind]: analysis for kind, analysis in found.analyses.items()})


@pytest.fixture
def rehearsal(hands: Hands, jam: Path, tmp_path: Path) -> Hands:
    """The window on the jam with all its analyses."""
    return opened(hands, with_caches(jam, tmp_path / "jam.offcut"))


def opened(hands: Hands, project: Path) -> Hands:
    hands.window.editors.said.connect(hands.said.append)
    hands.window.session.open(project)
    hands.finish_work()
    return hands


def arranged(hands: Hands) -> set[str]:
    return {key for key, one in hands.window.session.state.proposals.items() if one.maker == BY_ARRANGING}


def test_an_arrangement_is_proposed_and_taken_back_by_keys(
    hands: Hands, listened_jam: Path, tmp_path: Path
) -> None:
    rehearsal = opened(hands, with_caches(listened_jam, tmp_path / "jam.offcut"))
    before = rehearsal.window.session.state
    rehearsal.press("Alt+Shift+E")
    rehearsal.finish_work()
    assert arranged(rehearsal)
    assert any("of 1:" in said and "would be left" in said for said in rehearsal.said)
    assert all(rehearsal.window.session.state.proposals[key].reason for key in arranged(rehearsal))
    rehearsal.press("Ctrl+Z")
    state = rehearsal.window.session.state
    assert SOUNDS in state.analyses, "talk was detected; analyses are not steps"
    assert state == replace(before, analyses=state.analyses)


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


def half_a_minute(dialog: QWidget) -> None:
    accept_minutes(dialog, "0.5")


def nearly_all(dialog: QWidget) -> None:
    accept_minutes(dialog, "1.4")


def accept_minutes(dialog: QWidget, minutes: str) -> None:
    (line,) = dialog.findChildren(QLineEdit)
    line.setText(minutes)
    dialog.accept()  # type: ignore[attr-defined]


def test_a_length_is_asked_for_and_met_about(rehearsal: Hands) -> None:
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


# Two arrangements by ear.


def two_arrangements(hands: Hands) -> None:
    """Propose an arrangement, and random ones until one differs: the first seeds may give the same."""
    hands.press("Alt+Shift+E")
    hands.finish_work()
    for _ in range(4):
        if hands.window.editors.panel.isHidden():
            hands.press("Alt+Shift+S")
            hands.finish_work()


def heard_row(hands: Hands) -> str:
    """Return the letter of the arrangement that the panel shows as heard."""
    rows = hands.window.editors.panel.rows
    return "".join(row.letter for row in rows if row.is_heard)


def test_two_arrangements_are_heard_in_turn_at_the_same_moment(rehearsal: Hands) -> None:
    window = rehearsal.window
    transport = window.transport
    rehearsal.press("Alt+Shift+Q")
    assert "‹editor.surprise›" in rehearsal.refused[-1]
    two_arrangements(rehearsal)
    assert not window.editors.panel.isHidden()
    own = transport.result
    rehearsal.press("Alt+Shift+Q")
    assert heard_row(rehearsal) == "B"
    assert re.match(r"B: seed \d, ", rehearsal.said[-1])
    assert "The other one: the likeliest, " in rehearsal.said[-1]
    assert transport.plays_result
    second = transport.result
    assert second != own
    rehearsal.press("Alt+Shift+Q")
    assert heard_row(rehearsal) == "A"
    first = transport.result
    rehearsal.press("Space")
    rehearsal.qtbot.waitUntil(lambda: transport.is_playing and transport.playhead_samples > 0)
    for other in (second, first, second):
        rehearsal.press("Alt+Shift+Q")
        assert transport.is_playing
        assert transport.result == other
        at = transport.playhead_samples
        assert other.all_results(at), "the moment is one that it plays"
    state = window.session.state
    rehearsal.press("Esc")
    assert not transport.is_playing
    assert transport.tried is not None
    rehearsal.press("Esc")
    assert transport.tried is None
    assert window.editors.panel.isHidden()
    assert transport.result == own
    assert window.session.state is state


def test_a_moment_that_the_other_leaves_out_gives_way_to_the_nearest_that_both_play(rehearsal: Hands) -> None:
    window = rehearsal.window
    transport = window.transport
    rehearsal.press("Alt+Shift+E")
    rehearsal.finish_work()
    rehearsal.press_and_answer("Alt+Shift+M", nearly_all)
    rehearsal.finish_work()
    heard = {}
    for _ in range(2):
        rehearsal.press("Alt+Shift+Q")
        heard[heard_row(rehearsal)] = transport.result
    half = RATE_HZ // 2
    here, there, moment = next(
        (one, other, moment)
        for one, other in (("A", "B"), ("B", "A"))
        for moment in range(half, window.session.state.length_samples, half)
        if heard[one].all_results(moment) and not heard[other].all_results(moment)
    )
    while heard_row(rehearsal) != here:
        rehearsal.press("Alt+Shift+Q")
    at = heard[here].to_result(moment)
    transport.seek(moment, at)
    rehearsal.press("Space")
    rehearsal.press("Alt+Shift+Q")
    assert heard_row(rehearsal) == there
    expected = heard[there].to_source(place_in(heard[there], heard[here], at))
    rehearsal.qtbot.waitUntil(lambda: bool(heard[there].all_results(transport.playhead_samples)))
    assert transport.is_playing
    assert abs(transport.playhead_samples - expected) < RATE_HZ
    rehearsal.press("Esc")


def test_the_one_that_is_heard_is_taken_as_one_step(rehearsal: Hands) -> None:
    window = rehearsal.window
    two_arrangements(rehearsal)
    before = window.session.state
    rehearsal.press("Alt+Shift+K")
    assert "‹editor.compare›" in rehearsal.refused[-1]
    rehearsal.press("Alt+Shift+Q")
    rehearsal.press("Alt+Shift+Q")
    assert heard_row(rehearsal) == "A"
    heard = window.transport.result
    rehearsal.press("Alt+Shift+K")
    assert rehearsal.said[-1].startswith("Took A: the likeliest, ")
    assert window.transport.tried is None
    assert window.transport.result == heard == build(window.session.state)
    assert window.editors.panel.isHidden()
    for key in arranged(rehearsal):
        is_weak = window.session.state.proposals[key].evidence is Evidence.WEAK
        assert window.session.state.verdict(key) is (Verdict.UNDECIDED if is_weak else Verdict.ACCEPTED)
    rehearsal.press("Ctrl+Z")
    assert window.session.state == before
    rehearsal.press("Ctrl+Shift+Z")
    assert build(window.session.state) == heard


def test_answers_go_on_while_two_are_compared(rehearsal: Hands) -> None:
    window = rehearsal.window
    two_arrangements(rehearsal)
    rehearsal.press("Alt+Shift+Q")
    was = window.transport.result.length_samples
    proposals = window.session.state.proposals
    key = next(
        key
        for key in arranged(rehearsal)
        if key.startswith("cut") and proposals[key].evidence is Evidence.STRONG
    )
    window.review.visit(key)
    cut = window.session.state.proposals[key]
    rehearsal.press("X")
    assert window.transport.result.length_samples == was + cut.stop_samples - cut.start_samples
    rehearsal.press("Q")
    assert not heard_row(rehearsal)
    assert window.transport.edit_list is None
    rehearsal.press("Alt+Shift+K")
    assert "‹editor.compare›" in rehearsal.refused[-1]
    rehearsal.press("Alt+Shift+Q")
    assert heard_row(rehearsal) == "B"


def test_a_click_hears_a_row_and_blocks_wait_until_it_is_taken(rehearsal: Hands) -> None:
    window = rehearsal.window
    two_arrangements(rehearsal)
    QTest.mouseClick(window.editors.panel.row_views[0], Qt.MouseButton.LeftButton)
    assert heard_row(rehearsal) == "A"
    rehearsal.press("F5")
    rehearsal.press("Ctrl+Shift+PgUp")
    assert "‹editor.take›" in rehearsal.refused[-1]
    assert window.session.undo_label.startswith("Proposed an arrangement")


def test_other_tracks_end_the_comparison(rehearsal: Hands) -> None:
    window = rehearsal.window
    two_arrangements(rehearsal)
    rehearsal.press("Alt+Shift+Q")
    rehearsal.press("PgDown")
    rehearsal.press("Alt+M")
    assert window.editors.panel.isHidden()
    assert window.transport.tried is None
    rehearsal.press("Ctrl+Z")
    rehearsal.press("Alt+Shift+Q")
    assert "‹editor.surprise›" in rehearsal.refused[-1]


# Learning one.


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recording and an edit of it, a file that is no edit of it, and a copy."""
    folder = tmp_path_factory.mktemp("pair")
    take, rest = passage(3, 12.0), passage(4, 10.0)
    soundfile.write(
        folder / "monday raw.wav", np.concatenate([quiet(3.0), take, quiet(4.0, 2), rest]), RATE_HZ
    )
    soundfile.write(folder / "monday edit.wav", np.concatenate([take, rest]), RATE_HZ)
    soundfile.write(folder / "tuesday edit.wav", passage(9, 8.0), RATE_HZ)
    return folder


def test_an_editor_is_learned_told_in_words_and_used_at_once(
    rehearsal: Hands, pair: Path, tmp_path: Path
) -> None:
    window, out = rehearsal.window, tmp_path / "mine.editor"
    rehearsal.press("Alt+Shift+H")
    learning = window.editors.learning
    panel = learning.panel
    dialog = panel.window()
    rehearsal.qtbot.waitUntil(dialog.isActiveWindow)
    panel.add_files(map(str, sorted(pair.iterdir())))
    assert panel.problem() == "Which recording was tuesday edit.wav made of?"
    row = next(number for number, one in enumerate(panel.shown_pairs) if not one.raws)
    panel.choose(row)
    panel.set_recordings([pair / "monday raw.wav"])
    assert not panel.problem()
    rehearsal.do_and_answer(lambda: QTest.keyClick(dialog, Qt.Key.Key_Return), type_path(tmp_path / "mine"))
    rehearsal.qtbot.waitUntil(lambda: bool(panel.shown_pairs[0].said) or not panel.is_busy, timeout=60_000)
    rehearsal.finish_work()
    found = [one.said for one in panel.shown_pairs]
    assert [one.is_refused for one in panel.shown_pairs] == [number == row for number in range(2)]
    assert any("found" in said and "0:07 left out" in said for said in found)
    assert "not made of it" in found[row] or "comes from" in found[row]
    assert out.exists()
    told = panel.learned_text
    assert "Learned mine from 1 pair" in told
    assert "Length of a piece" in told
    assert "Offcut could not use 1 pair." in told
    dialog.activateWindow()
    rehearsal.qtbot.waitUntil(dialog.isActiveWindow)
    QTest.keyClick(dialog, Qt.Key.Key_A, ALT)
    rehearsal.qtbot.waitUntil(dialog.isHidden)
    rehearsal.finish_work()
    assert any("Editor: mine." in said for said in rehearsal.said)
    assert window.editors.path == out

    learned, said = window.editors.path, len(rehearsal.said)
    window.editors.path = None

    def take_the_first(dialog: QWidget) -> None:
        form = dialog.findChild(EditorList)
        assert form.chosen() == learned
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    rehearsal.do_and_answer(lambda: window.commands.run("editor.choose"), take_the_first)
    rehearsal.finish_work()
    assert window.editors.path == learned
    assert any("Editor: mine." in one for one in rehearsal.said[said:])


def test_what_is_wrong_with_pairs_is_one_sentence(hands: Hands, pair: Path) -> None:
    hands.press("Alt+Shift+H")
    panel = hands.window.editors.learning.panel
    raw, edited = pair / "monday raw.wav", pair / "monday edit.wav"
    assert panel.problem() == "Add at least one pair."
    panel.add_files([str(raw)])
    assert panel.problem() == "Which file was made of monday raw.wav?"
    panel.set_edited(raw)
    assert "choose two files" in panel.problem()
    panel.set_edited(edited)
    assert not panel.problem()
    panel.add_files([str(edited), str(edited)])
    assert len(panel.pairs) == 1
    panel.add_files([str(pair / "tuesday edit.wav")])
    panel.set_recordings([raw])
    panel.set_edited(edited)
    assert panel.problem() == "monday edit.wav is named twice as an edited file: name it once."


def test_learning_that_is_cancelled_leaves_nothing(hands: Hands, pair: Path, tmp_path: Path) -> None:
    hands.press("Alt+Shift+H")
    learning = hands.window.editors.learning
    learning.panel.add_files(map(str, sorted(pair.glob("monday*"))))
    dialog = learning.panel.window()
    hands.do_and_answer(lambda: QTest.keyClick(dialog, Qt.Key.Key_Return), type_path(tmp_path / "mine"))
    assert learning.panel.is_busy
    (cancel,) = (one for one in dialog.findChildren(QPushButton) if one.text().endswith("Cancel learning"))
    assert cancel.isVisible()
    cancel.click()
    hands.finish_work()
    assert not learning.panel.is_busy
    assert not list(tmp_path.glob("*.editor"))
    assert len(learning.panel.pairs) == 1


def test_nothing_that_fits_is_told_where_it_was_asked(hands: Hands, pair: Path, tmp_path: Path) -> None:
    hands.press("Alt+Shift+H")
    learning = hands.window.editors.learning
    learning.panel.add_files([str(pair / "tuesday edit.wav")])
    learning.panel.set_recordings([tmp_path / "gone.wav"])
    dialog = learning.panel.window()
    hands.do_and_answer(lambda: QTest.keyClick(dialog, Qt.Key.Key_Return), type_path(tmp_path / "mine"))
    hands.finish_work()
    assert "gone.wav is not there" in learning.panel.said
    assert learning.panel.shown_pairs[0].is_refused
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isHidden()
