"""Drums on eight microphones: heard close, edited by hand on some of them, and taken to another program."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from engine.sound.edl.build import build
from tests.desktop.conftest import fill, type_path
from tests.desktop.hour.editor import MINUTES, Editor
from tests.desktop.hour.edits import make_edits, undo_all
from tests.desktop.hour.listening import find_places
from tests.desktop.hour.recordings import drums


def import_takes(editor: Editor, folder: Path) -> None:
    takes = drums(folder, MINUTES)
    with editor.point("eight microphones"):
        editor.ask("Ctrl+N", type_path(folder / "drums.offcut"))
        editor.ask("Ctrl+O", type_path(*takes))
        editor.hands.finish_work()
        assert len(editor.window.session.state.tracks) == 8
    editor.picture("drums")


def look_close(editor: Editor) -> None:
    window = editor.window
    with editor.point("from the whole take to single hits, and back"):
        editor.press(*["+"] * 12, "G", "G", "Shift+G")
        editor.picture("drums-close")
        editor.press("Alt+Shift+W")
        editor.settle()
        editor.picture("drums-spectrograms")
        editor.press("Alt+Shift+W", "Shift+Z")
    assert window.session.grid is not None


def slip_one_track(editor: Editor) -> None:
    window = editor.window
    with editor.point("a hit of one microphone slipped"):
        window.zooms.go_to(8 * window.session.state.rate_hz)
        editor.press("PgDown", "Alt+T", "Shift+Right")
        editor.find("Slip the selection…", fill(Milliseconds="-3.5"))
        slip = window.session.state.proposals[window.review.here()]
        assert slip.tracks == (window.session.state.tracks[0].id,)
        editor.press("Ctrl+Shift+Right", "C", "Esc")


def take_on(editor: Editor, folder: Path) -> None:
    window = editor.window
    with editor.point("stems, as heard"):
        editor.press("Q")
        editor.picture("drums-result")
        editor.ask("Ctrl+E", fill(Folder=str(folder), File="drums"))
        editor.hands.finish_work()
        assert soundfile.info(folder / "drums.wav").frames == build(window.session.state).length_samples


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_drums_on_eight_microphones(editor: Editor, tmp_path: Path) -> None:
    import_takes(editor, tmp_path)
    look_close(editor)
    find_places(editor)
    make_edits(editor)
    slip_one_track(editor)
    take_on(editor, tmp_path)
    undo_all(editor)
    editor.write_report("Drums on eight microphones")
