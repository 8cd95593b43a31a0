"""A rehearsal on three tracks, from the files to what a band takes home."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import soundfile

from engine.document.proposals import Verdict
from engine.sound.edl.build import build
from tests.desktop.conftest import fill, type_path
from tests.desktop.hour.editor import MINUTES, Editor, press_enter
from tests.desktop.hour.edits import make_edits, undo_all
from tests.desktop.hour.listening import find_places, look_and_write
from tests.desktop.hour.recordings import rehearsal
from tests.hostile.bad_files import REFUSED

REVIEWED = 100


def import_takes(editor: Editor, folder: Path) -> None:
    takes = rehearsal(folder, MINUTES)
    broken = [REFUSED["not audio"][0](folder / f"{name}.wav") for name in ("notes", "more notes")]
    with editor.point("first screen"):
        editor.picture("first-screen")
    with editor.point("six files: two are broken, one is a copy, two rates") as point:
        editor.ask("Ctrl+N", type_path(folder / "rehearsal.offcut"))
        again = shutil.copy(takes[0], folder / "Copy of the guitar.wav")
        editor.ask("Ctrl+O", type_path(*takes, *broken, again), press_enter)
        editor.hands.finish_work()
        state = editor.window.session.state
        assert [track.name for track in state.tracks] == [take.stem for take in takes]
        assert state.rate_hz == 48_000
    assert all(name in point.said for name in ("notes.wav", "more notes.wav", "Copy of the guitar.wav"))
    assert str(folder) not in point.said, "who has just chosen files knows where they are"


def propose(editor: Editor) -> None:
    window = editor.window
    with editor.point("pauses, before any taste"):
        editor.press("Alt+R")
        editor.hands.finish_work()
        assert window.session.state.proposals
        editor.press("Shift+Z")
        editor.picture("whole-recording")


def review(editor: Editor) -> None:
    window = editor.window
    count = min(REVIEWED, len(window.session.state.proposals))
    with editor.point(f"{count} proposals answered as they come") as point:
        for number in range(count):
            editor.press("A" if number % 4 else "X")
        verdicts = [window.session.state.verdict(key) for key in window.session.state.proposals]
        assert sum(verdict is not Verdict.UNDECIDED for verdict in verdicts) == count
    assert point.keys <= 1.3 * count
    editor.picture("reviewed")


def take_home(editor: Editor, folder: Path) -> None:
    window = editor.window
    with editor.point("the result, which would clip, lowered and written"):
        editor.press("Q", "Shift+Z")
        editor.picture("result")
        editor.ask("Ctrl+E", fill(Folder=str(folder), File="home"), press_enter)
        editor.hands.finish_work()
        samples, rate_hz = soundfile.read(folder / "home.wav", always_2d=True)
        assert (len(samples), rate_hz) == (build(window.session.state).length_samples, 48_000)
        assert 0.99 < abs(samples).max() <= 1.0


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_a_rehearsal_on_three_tracks(editor: Editor, tmp_path: Path) -> None:
    import_takes(editor, tmp_path)
    propose(editor)
    review(editor)
    find_places(editor)
    look_and_write(editor)
    make_edits(editor)
    take_home(editor, tmp_path)
    undo_all(editor)
    editor.write_report("A rehearsal on three tracks")
