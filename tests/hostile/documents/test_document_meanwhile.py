"""A document that another process writes while it is opened and read."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.core.errors import DocumentError
from engine.document.document import Document
from engine.document.edits.proposals import decide, flag, replace_proposals
from engine.document.file import transaction
from engine.document.proposals import Verdict
from tests.engine.document.scripted import CUTS, IDS, review
from tests.mostly_long import mostly_long

ROOT = Path(__file__).resolve().parents[3]
OPENINGS = 50
ANSWERS = 30

# Answers one proposal after the other, all of them the same way before any the other way, until its standard
# input is closed: what is read of one moment holds at most one border between yes and no.
WRITER = """
import select, sys
from pathlib import Path
from engine.document.edits import proposals as edits
from engine.document.proposals import Verdict
from engine.document.document import Document
from tests.engine.document.scripted import IDS
with Document.open(Path(sys.argv[1])) as document:
    print("writing", flush=True)
    number = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        verdict = Verdict.REJECTED if number // len(IDS) % 2 else Verdict.ACCEPTED
        document.apply(edits.decide(document.state, [IDS[number % len(IDS)]], verdict))
        number += 1
print(number)
"""


@contextmanager
def _written_by_another(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "writing\n"
        yield process
        process.stdin.close()
        assert int(process.stdout.readline()) > len(IDS)
    assert process.returncode == 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "jam.offcut"
    review(target)
    with Document.open(target) as document:
        document.apply(replace_proposals(document.state, CUTS, {}, "Proposed"))
        document.apply(decide(document.state, IDS, Verdict.REJECTED))
    return target


@pytest.mark.skipif(os.name != "posix", reason="select reads pipes on POSIX only")
def test_a_document_that_another_process_writes_is_read_as_of_one_moment(path: Path) -> None:
    seen = set()
    with _written_by_another(path):
        for _ in range(OPENINGS):
            with Document.open(path) as document:
                accepted = [document.state.verdict(key) is Verdict.ACCEPTED for key in IDS]
                assert document.undo_label.startswith(("Accepted", "Rejected"))
                assert document.steps()
            assert sum(one is not other for one, other in pairwise(accepted)) <= 1
            seen.add(tuple(accepted))
    assert len(seen) > 5


# Runs a verb again and again until its standard input is closed, then prints how often it was refused.
VERBS = """
import contextlib, io, select, sys
from engine.cli.main import main
number = refused = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    with contextlib.redirect_stdout(io.StringIO()):
        refused += main([word.format(("accept", "reject")[number % 2]) for word in sys.argv[1:]]) != 0
    number += 1
    if number == 1:
        print("running", flush=True)
print(refused)
"""


@contextmanager
def _running(*words: object) -> Iterator[list[int]]:
    """Run a verb in a loop in another process; how often it was refused is added at the end."""
    command = [sys.executable, "-c", VERBS, *map(str, words)]
    refused: list[int] = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "running\n"
        yield refused
        process.stdin.close()
        refused.append(int(process.stdout.readline()))


@pytest.mark.skipif(os.name != "posix", reason="select reads pipes on POSIX only")
@mostly_long(
    "other",
    [("proposals", "PATH"), ("decide", "PATH", "{}", IDS[0])],
    keep=[("decide", "PATH", "{}", IDS[0])],
    ids=lambda words: words[0],
)
def test_no_answer_is_refused_beside_verbs_that_read_or_answer(path: Path, other: tuple[str, ...]) -> None:
    words = [str(path) if word == "PATH" else word for word in other]
    with _running(*words) as refused:
        for number in range(ANSWERS):
            verdict = ("accept", "reject")[number % 2]
            assert main(["decide", str(path), verdict, IDS[1]]) == 0
    assert refused == [0]
    with Document.open(path) as document:
        assert document.state.verdict(IDS[1]) is Verdict.REJECTED


def test_a_document_that_is_read_can_be_written(path: Path) -> None:
    with Document.open(path, to_read=True) as reading:
        assert reading.is_read_only
        assert reading.notice == ""
        with Document.open(path) as writing:
            assert not writing.is_read_only
            writing.apply(decide(writing.state, [IDS[0]], Verdict.ACCEPTED))
        assert reading.state.verdict(IDS[0]) is Verdict.REJECTED  # as it was when it was opened
        with pytest.raises(DocumentError):
            reading.undo()


@pytest.fixture
def soon_out_of_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for another program a tenth of a second."""
    monkeypatch.setattr(transaction, "_PATIENCE_S", 0.1)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Have another connection be in the middle of a write that does not end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.usefixtures("soon_out_of_patience")
@pytest.mark.parametrize(
    "words",
    [("proposals",), ("decide", "accept", "--all"), ("export", "--out", "a.json")],
    ids=lambda w: w[0],
)
def test_a_verb_says_in_one_sentence_that_another_program_writes(
    path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with _held(path):
        assert main([words[0], str(path), *words[1:]]) == 1
    told = capsys.readouterr().err
    assert told == f"offcut {words[0]}: {path} is being written by another program: try again.\n"


@pytest.mark.usefixtures("soon_out_of_patience")
def test_an_open_document_says_in_one_sentence_that_another_program_writes(path: Path) -> None:
    with Document.open(path) as document:
        state, label = document.state, document.undo_label
        known = document.analysis("score")
        with _held(path):
            for read in (
                document.steps,
                lambda: document.step_decisions(3),
                lambda: document.stored_analysis("score-1"),
                document.undo,
                lambda: document.apply(flag(state, IDS[0], True)),
                lambda: document.snapshot("now"),
            ):
                with pytest.raises(DocumentError, match=r"because another program is writing it: |written"):
                    read()
            assert document.undo_label == label
            assert document.analysis("score") is known is not None  # what was read once stays at hand
        assert document.state is state
        document.undo()
