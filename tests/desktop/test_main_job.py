"""The whole main job by keys in a real window: import, learn, review, hear, export, undo."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from engine.cli.main import main
from engine.document.proposals import Verdict
from tests.conftest import live_in
from tests.desktop.conftest import Hands, fill, named_field, type_path

EPOCHS = 2


@pytest.fixture(scope="module")
def song(data_dir: Path) -> np.ndarray:
    path = data_dir / "music" / "gm3_boom_Ripper.mp3"
    samples, _ = soundfile.read(path, dtype="int16")
    return samples


def recorded(made: Path, song: np.ndarray) -> Path:
    """Put one raw jam and one edit into a band's folder."""
    made.mkdir(parents=True)
    half = len(song) // 2
    soundfile.write(made / "edited.flac", song[:half], 44_100, subtype="PCM_16")
    noodling = song[half : half + 44_100 * 12][::-1]
    raw = np.concatenate([song[half:], noodling, song[half:], noodling // 4, song[half:]])
    soundfile.write(made / "jam.flac", raw, 44_100, subtype="PCM_16")
    return made


@pytest.fixture
def folder(tmp_path: Path, song: np.ndarray) -> Path:
    """A band's folder; the name is as awkward as names are."""
    return recorded(tmp_path / "the band's jams 🎸", song)


@pytest.fixture(scope="module")
def learned(song: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder where a taste was learned and cuts were proposed, once for all tests, and a copy of it."""
    place = tmp_path_factory.mktemp("learned")
    made = recorded(place / "the band's jams 🎸", song)
    recipe = place / "recipe.yaml"
    recipe.write_text(f"epochs: {EPOCHS}\n")
    project, taste = made / "jam.offcut", made / "Band.taste"
    with pytest.MonkeyPatch.context() as patch:
        live_in(place / "home", patch)
        for step in (
            ("new", project, made / "jam.flac"),
            ("learn", made / "edited.flac", "--config", recipe, "--seed", 3, "--out", taste),
            ("propose", project, "cuts", "--taste", taste, "--keep", 0.5),
        ):
            assert main([str(word) for word in step]) == 0
    shutil.copytree(made, place / "copy")
    return made, place / "copy"


@pytest.fixture
def reviewed(hands: Hands, learned: tuple[Path, Path]) -> Path:
    """The learned folder as it was first, its document open in the window."""
    made, copy = learned
    shutil.rmtree(made)
    shutil.copytree(copy, made)
    hands.press_and_answer("Ctrl+Shift+O", type_path(made / "jam.offcut"))
    hands.finish_work()
    assert not hands.refused
    assert len(hands.window.session.state.proposals) >= 2
    return made


def answer_learn(edited: Path, **fields: str) -> tuple[Callable[[QWidget], None], ...]:
    """Answer the learning form: add a recording through its file dialog, fill in, go."""

    def add(dialog: QWidget) -> None:
        button = next(one for one in dialog.findChildren(QPushButton) if one.text().startswith("Add"))
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        fold = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Compare methods")
        QTest.mouseClick(fold, Qt.MouseButton.LeftButton)
        for name, text in fields.items():
            field = named_field(dialog, name)
            field.selectAll()
            QTest.keyClicks(field, text)
        learn = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Learn")
        QTest.mouseClick(learn, Qt.MouseButton.LeftButton)

    return add, type_path(edited)


def learned_window(hands: Hands, folder: Path) -> None:
    hands.press_and_answer("Ctrl+N", type_path(folder / "jam.offcut"))
    hands.press_and_answer("Ctrl+O", type_path(folder / "jam.flac"))
    hands.finish_work()
    assert [track.name for track in hands.window.session.state.tracks] == ["jam"]
    fields = {"Name": "Band", "Epochs": str(EPOCHS), "Seed": "3"}
    hands.press_and_answer("Ctrl+L", *answer_learn(folder / "edited.flac", **fields))
    hands.finish_work()
    assert (folder / "Band.taste").is_file(), hands.refused
    hands.press_and_answer("Ctrl+R", fill(**{"Keep, percent": "60"}))
    assert not hands.refused
    assert len(hands.window.session.state.proposals) >= 2


def stored_verdicts(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as other:
        return [verdict for (verdict,) in other.execute("SELECT verdict FROM decision")]


def test_a_musician_goes_the_whole_way_by_keys(hands: Hands, folder: Path) -> None:
    learned_window(hands, folder)
    window, state = hands.window, lambda: hands.window.session.state
    if window.review.span()[0] == 0:
        hands.press("Down")  # a cut at the very start has no room on its left
    first = window.review.here()

    hands.press("A")
    assert state().verdict(first) is Verdict.ACCEPTED
    assert stored_verdicts(folder / "jam.offcut") == ["accepted"]
    assert window.review.current != first
    hands.press("Up")
    hands.press("X")
    assert state().verdict(first) is Verdict.REJECTED
    hands.press("Up")
    hands.press("Shift+U")
    assert (window.review.current, state().verdict(first)) == (first, Verdict.UNDECIDED)

    span = state().span(first)
    hands.press("E")
    hands.press("Alt+Right")
    assert state().span(first) == (span[0], span[1] + 441)
    hands.press("E")
    hands.press("Ctrl+Alt+Left")
    hands.press("Alt+Shift+Left")
    assert state().span(first)[0] == max(0, span[0] - 1 - 4410)
    for _ in range(3):
        hands.press("Ctrl+Z")
    assert state().span(first) == span
    hands.press("Ctrl+Shift+Z")
    assert state().span(first) == (span[0], span[1] + 441)
    hands.press("V")
    hands.press("F")
    assert state().decisions[first].flagged

    for key in ("B", "Shift+B", "T", "Z", "N", "N"):
        hands.press(key)
    assert not hands.refused

    hands.press("Ctrl+Shift+Return")
    assert {state().verdict(key) for key in state().proposals} == {Verdict.ACCEPTED}
    assert "at or above" in hands.said[-1]
    hands.press("Ctrl+Z")
    assert Verdict.UNDECIDED in {state().verdict(key) for key in state().proposals}
    hands.press("Ctrl+Shift+Z")

    hands.press_and_answer("Ctrl+E", fill(File="mix"))
    hands.finish_work()
    assert not hands.refused
    length = soundfile.info(folder / "mix.wav").frames
    cut = sum(stop - start for start, stop in (state().span(key) for key in state().proposals))
    assert length == state().length_samples - cut


@pytest.mark.long
def test_keys_and_verbs_give_the_same_bytes(
    hands: Hands, folder: Path, learned: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    learned_window(hands, folder)
    hands.press("Ctrl+Shift+Return")
    hands.press_and_answer("Ctrl+E", fill(File="by keys"))
    hands.finish_work()

    project, taste, mix = folder / "verbs.offcut", learned[1] / "Band.taste", folder / "by verbs.wav"
    steps = (
        ("new", project, folder / "jam.flac"),
        ("propose", project, "cuts", "--taste", taste, "--keep", 0.6),
        ("decide", project, "accept", "--all"),
        ("export", project, "--out", mix),
    )
    for step in steps:
        assert main([str(word) for word in step]) == 0, capsys.readouterr().err
    assert mix.read_bytes() == (folder / "by keys.wav").read_bytes()


@pytest.mark.usefixtures("reviewed")
def test_threshold_keys_move_queue_and_length_and_are_one_undo(hands: Hands) -> None:
    window = hands.window
    before = window.session.state
    kept = []
    for _ in range(6):
        hands.press("Alt+Up")
        kept.append(window.session.state.settings["percentile"])
    assert np.all(np.diff(kept) == 1.0)
    assert window.session.state.proposals != before.proposals
    hands.press("Ctrl+Z")
    assert window.session.state == before


@pytest.mark.usefixtures("reviewed")
def test_the_transport_by_keys_without_a_device(hands: Hands) -> None:
    window, transport = hands.window, hands.window.transport
    start, stop = window.review.span()
    for key in ("C", "R", "D", "1", "2"):
        before = transport.playhead_samples
        hands.press(key)
        hands.qtbot.waitUntil(lambda before=before: transport.playhead_samples != before, timeout=5000)
        hands.press("Esc")
        assert not transport.is_playing
        assert transport.playhead_samples == before
    hands.press("Space")
    hands.qtbot.waitUntil(lambda: transport.playhead_samples > 4410)
    hands.press("Q")
    assert transport.plays_result
    assert transport.is_playing
    hands.press("Space")
    assert not transport.is_playing
    hands.press("End")
    assert transport.playhead_samples == window.session.state.length_samples
    hands.press("Home")
    assert transport.playhead_samples == 0
    hands.press("Shift+F")  # near enough that every beat has a line
    transport.seek(start + 4410)
    hands.press("G")  # on a line of the grid, where an edge stays
    line = transport.playhead_samples
    hands.press("I")
    assert start < line < stop
    assert window.review.span() == (line, stop)


def test_a_restart_finds_everything_as_it_was(hands: Hands, reviewed: Path) -> None:
    hands.press("A")
    hands.press("X")
    state = hands.window.session.state
    hands.press_and_answer("Ctrl+Shift+O", type_path(reviewed / "jam.offcut"))
    hands.finish_work()
    assert hands.window.session.state == state
    hands.press("Ctrl+Z")
    hands.press("Ctrl+Z")
    assert not [one for one in hands.window.session.state.decisions.values() if one.verdict != "undecided"]


def test_nothing_is_replaced_without_asking(hands: Hands, reviewed: Path) -> None:
    (reviewed / "mix.wav").write_text("precious")

    def keep(dialog: QWidget) -> None:
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    def leave(dialog: QWidget) -> None:
        """Answer the form, keep what is there, and give the form up, which is still open."""
        fill(File="mix")(dialog)
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    hands.press_and_answer("Ctrl+E", leave, keep)
    hands.finish_work()
    assert (reviewed / "mix.wav").read_text() == "precious"


def test_a_named_snapshot_and_the_edit_list(hands: Hands, reviewed: Path) -> None:

    def name(dialog: QWidget) -> None:
        field = dialog.findChild(QLineEdit)
        QTest.keyClicks(field, "first pass")
        QTest.keyClick(field, Qt.Key.Key_Return)

    hands.press_and_answer("Ctrl+S", name)
    assert (reviewed / "jam snapshots" / "first pass.offcut").is_file()
    assert main(["export", str(reviewed / "jam.offcut"), "--out", str(reviewed / "edit.json")]) == 0
    assert json.loads((reviewed / "edit.json").read_text())["cuts"] == []


def test_moved_recordings_are_found_again_by_command(hands: Hands, reviewed: Path) -> None:
    window = hands.window
    elsewhere = reviewed / "archive"
    elsewhere.mkdir()
    (reviewed / "jam.flac").rename(elsewhere / "thursday.flac")
    hands.press_and_answer("Ctrl+Shift+O", type_path(reviewed / "jam.offcut"))
    hands.finish_work()
    assert "jam.flac is missing" in hands.refused[-1]
    hands.do_and_answer(lambda: window.commands.run("file.relink"), type_path(elsewhere))
    hands.finish_work()
    assert window.session.media
    assert [source.path for source in window.session.state.sources.values()] == [
        str(elsewhere / "thursday.flac")
    ]


def test_a_damaged_document_opens_from_its_backup_by_command(hands: Hands, reviewed: Path) -> None:
    window, project = hands.window, reviewed / "jam.offcut"
    hands.press("A")
    hands.press_and_answer("Ctrl+Shift+O", type_path(project))
    hands.finish_work()
    state = window.session.state
    window.session.close()
    project.write_bytes(project.read_bytes()[:5000])
    hands.press_and_answer("Ctrl+Shift+O", type_path(project))
    assert "damaged" in hands.refused[-1]
    hands.do_and_answer(lambda: window.commands.run("file.open_backup"), type_path(project))
    hands.finish_work()
    assert window.session.path == reviewed / "jam restored.offcut"
    assert set(window.session.state.proposals) == set(state.proposals)
