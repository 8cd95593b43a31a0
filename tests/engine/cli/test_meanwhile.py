"""Others write a document while a verb analyses it, in this process or in another."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli import documents
from engine.cli.main import main
from engine.document.analysis import ScoreCurve
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.document.edits.tracks import set_track
from engine.document.state import DocumentState
from tests.engine.features.takes.playing import RATE_HZ, passage
from tests.mostly_long import mostly_long

ROOT = Path(__file__).resolve().parents[3]


class Terminal:
    """What a verb takes for a terminal; calls something at each new text of its progress."""

    def __init__(self, meanwhile: Callable[[str], object]) -> None:
        self.meanwhile = meanwhile
        self.texts: set[str] = set()
        self.said = ""

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        """Nothing waits."""

    def write(self, text: str) -> None:
        _, percent, told = text.partition("%  ")
        if percent and told not in self.texts:
            self.texts.add(told)
            self.meanwhile(told.strip())
        elif not percent:
            self.said += text


# In a process of its own a verb waits, at each new text of its progress, for a line of standard input.
VERB = """
import sys
from engine.cli.main import main
from tests.engine.cli.test_meanwhile import Terminal


def wait(told):
    print("at", told, file=sys.__stderr__, flush=True)
    sys.stdin.readline()


sys.stderr = Terminal(wait)
status = main(sys.argv[1:])
print(sys.stderr.said, end="", file=sys.__stderr__)
sys.exit(status)
"""
WAYS = (
    ("propose", "{project}", "takes"),
    ("propose", "{project}", "recorders"),
    ("propose", "{project}", "tempo"),
    ("propose", "{project}", "dead-air"),
    ("propose", "{project}", "cuts", "--taste", "{taste}", "--keep", "0.5"),
    ("propose", "{project}", "repair", "--words", "cough"),
    ("propose", "{project}", "like-this", "--start-s", "5", "--stop-s", "6", "--does", "cut"),
    ("propose", "{project}", "talk"),
    ("detect", "{project}", "--events"),
    ("arrange", "{project}", "--minutes", "0.2"),
    ("match", "{project}", "{edited}"),
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A document of two recordings, twenty seconds of music with a pause; a cut of it is undecided."""
    sound = np.concatenate([passage(11, 12.0), np.zeros(3 * RATE_HZ, np.float32), passage(12, 5.0)])
    for number in range(2):
        soundfile.write(tmp_path / f"{number}.wav", sound / (1 + number), RATE_HZ)
    soundfile.write(tmp_path / "edited.wav", sound[4 * RATE_HZ :], RATE_HZ)
    path = tmp_path / "jam.offcut"
    assert main(["new", str(path), str(tmp_path / "0.wav"), str(tmp_path / "1.wav")]) == 0
    assert main(["edit", str(path), "cut", "--start-s", "16.5", "--stop-s", "17"]) == 0
    assert main(["decide", str(path), "reset", "--all"]) == 0
    return path


RunWhile = Callable[[tuple[str, ...], Callable[[], object]], tuple[int, str]]


@pytest.fixture
def words_of(project: Path, taste_path: Path) -> Callable[[tuple[str, ...]], list[str]]:
    """Return what puts the files into the words of a way."""
    names = {"project": project, "taste": taste_path, "edited": project.parent / "edited.wav"}
    return lambda way: [word.format_map(names) for word in way]


@pytest.fixture
def run_while(words_of: Callable[[tuple[str, ...]], list[str]], monkeypatch: pytest.MonkeyPatch) -> RunWhile:
    """Run a verb, and something else each time that its progress has a new text.

    Returns the exit status of the verb, and all else that it writes to standard error.
    """

    def run(way: tuple[str, ...], meanwhile: Callable[[], object]) -> tuple[int, str]:
        def apart(_told: str) -> None:
            with monkeypatch.context() as patch:
                patch.setattr(sys, "stderr", sys.__stderr__)
                meanwhile()

        terminal = Terminal(apart)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", terminal)
            return main(words_of(way)), terminal.said.lstrip("\n")

    return run


@pytest.fixture
def run_apart_while(words_of: Callable[[tuple[str, ...]], list[str]]) -> RunWhile:
    """Do the same with the verb in a process of its own, as users have it."""

    def run(way: tuple[str, ...], meanwhile: Callable[[], object]) -> tuple[int, str]:
        said = ""
        with subprocess.Popen(
            [sys.executable, "-c", VERB, *words_of(way)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as process:
            assert process.stdin is not None
            assert process.stderr is not None
            for line in process.stderr:
                if line.startswith("at "):
                    meanwhile()
                    print(file=process.stdin, flush=True)
                else:
                    said += line.lstrip("\n")
        return process.returncode, said

    return run


@pytest.mark.parametrize("way", WAYS, ids=lambda way: " ".join(way[:3:2]))
def test_answers_that_are_given_during_the_analysis_are_taken_and_stay(
    project: Path, run_while: RunWhile, way: tuple[str, ...]
) -> None:
    _answers_are_taken(project, run_while, way)


@mostly_long("way", WAYS, keep=WAYS[1:2], ids=lambda way: " ".join(way[:3:2]))
def test_answers_that_are_given_while_another_process_analyses_are_taken_and_stay(
    project: Path, run_apart_while: RunWhile, way: tuple[str, ...]
) -> None:
    _answers_are_taken(project, run_apart_while, way)


def _answers_are_taken(project: Path, run_while: RunWhile, way: tuple[str, ...]) -> None:
    with Document.open(project) as document:
        (cut,) = document.state.proposals
    answers: list[str] = []

    def answer() -> None:
        answers.append(("reject", "accept")[len(answers) % 2])
        assert main(["decide", str(project), answers[-1], cut]) == 0

    assert run_while(way, answer) == (0, "")
    assert answers, "the analysis was reported"
    with Document.open(project) as document:
        assert document.state.verdict(cut) == f"{answers[-1]}ed"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: " ".join(way[:3:2]))
def test_what_was_found_in_other_tracks_is_not_stored(
    project: Path, run_while: RunWhile, way: tuple[str, ...]
) -> None:
    states: list[DocumentState] = []

    def mute() -> None:
        if not states:
            with Document.open(project) as document:
                document.apply(set_track(document.state, document.state.tracks[0].id, mute=True))
                states.append(document.state)

    status, said = run_while(way, mute)
    assert (status, said.count("\n")) == (1, 1)
    with Document.open(project) as document:
        assert document.state == states[0]


@pytest.mark.parametrize("way", [WAYS[4], *WAYS[-2:]], ids=lambda way: " ".join(way[:3:2]))
def test_another_taste_refuses_only_what_was_found_with_one(
    project: Path, run_while: RunWhile, way: tuple[str, ...]
) -> None:
    curve = ScoreCurve(np.array([0, RATE_HZ]), np.array([0.1, 0.9], np.float32), "slicer another")
    keys: list[str] = []

    def score() -> None:
        keys.append(f"score-{len(keys)}")
        with Document.open(project) as document:
            document.apply(set_analyses(document.state, {"score": keys[-1]}, "Scored"), {keys[-1]: curve})

    status, _ = run_while(way, score)
    assert status == (0 if way[0] == "match" else 1)
    with Document.open(project) as document:
        assert document.state.analyses["score"] == keys[-1]


def test_a_document_that_somebody_writes_is_refused_before_the_analysis(
    project: Path, run_while: RunWhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_PATIENCE_S", 0.1)
    with Document.open(project):
        status, _ = run_while(WAYS[0], lambda: pytest.fail("the analysis began"))
    assert status == 1
