"""Case h16: what a killed ``new`` leaves, and documents that are empty."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.document.document import Document
from tests.hostile.bad_files import good

ROOT = Path(__file__).resolve().parents[2]
KILLED_BEFORE_THE_EDIT = """
import os, signal, sys
from engine.cli.main import main
from engine.document.document import Document
apply, last = Document.apply, int(sys.argv[1])
def dying(document, *given):
    global last
    last -= 1
    if last < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return apply(document, *given)
Document.apply = dying
main(sys.argv[2:])
"""
EDITS = (
    ("cut", "--start-s", "0", "--stop-s", "1"),
    ("recorder", "--tracks", "Kick", "--by-s", "0.1"),
    ("repair", "--start-s", "0", "--stop-s", "1", "--text", "dog"),
    ("split", "--clips", "Kick", "--at-s", "1"),
    ("split", "--at-s", "1"),
    ("fade-ends",),
    ("clock", "--time", "10:00:00"),
)


@pytest.fixture
def killed(inputs: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(inputs / "h16-new-killed" / "N.offcut", tmp_path / "N.offcut"))


@pytest.mark.parametrize("words", EDITS)
def test_an_edit_of_an_empty_document_is_refused_in_a_sentence(
    killed: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["edit", str(killed), *words]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "‹" not in said
    assert "offcut import-audio" in said


def test_new_goes_on_in_an_empty_document(killed: Path, tmp_path: Path) -> None:
    assert main(["new", str(killed), str(good(tmp_path / "take.wav"))]) == 0
    with Document.open(killed) as document:
        assert [track.name for track in document.state.tracks] == ["take"]


def test_new_refuses_a_document_that_was_emptied(killed: Path, tmp_path: Path) -> None:
    take = str(good(tmp_path / "take.wav"))
    assert main(["new", str(killed), take]) == 0
    with Document.open(killed) as document:
        document.undo()
        assert not document.is_new
    assert main(["new", str(killed), take]) == 1


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_a_new_document_appears_whole(tmp_path: Path) -> None:
    take, path = good(tmp_path / "take.wav"), tmp_path / "N.offcut"
    words = ["new", str(path), str(take)]
    done = subprocess.run([sys.executable, "-c", KILLED_BEFORE_THE_EDIT, "0", *words], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    assert main(words) == 0
    assert not list(tmp_path.glob(".*")), "what the killed one left is swept"
    with Document.open(path) as document:
        assert len(document.state.tracks) == 1
