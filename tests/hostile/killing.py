"""Kills reviews and looks at what they left: `python -m tests.hostile.killing MODE FOLDER SEED EVERY`.

It imports once and forks a child for each kill, so that hundreds take seconds. Each kill is one line of JSON.
Of all kills that a mode knows it does every n-th.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.core.errors import DocumentError
from engine.document.document import Document
from engine.document.state import DocumentState
from tests.engine.document.scripted import CLIP_STEPS, STEPS, review

RANDOM_KILLS = 200
COMMIT_KILLS = 40
LONGEST_STEP_S = 0.004
# One of each sort: import, analyses, many rows, a decision, undo, redo, a merged threshold, a removed track.
CLIP_EDITS = tuple(len(STEPS) + number for number in (0, 1, 2, 4, 5, 7, 8))
TRANSACTIONS = (0, 1, 2, 3, 7, 8, 10, 22, *CLIP_EDITS)
VERSION_1 = Path(__file__).parents[1] / "engine" / "document" / "version-1.offcut"

Sabotage = Callable[[], None]

EVERY_STEP = (*STEPS, *CLIP_STEPS)


@dataclass(frozen=True, slots=True)
class Killed:
    """What a killed program left.

    Attributes
    ----------
    acknowledged : edits that it had been told were on disk
    found : edits that are in the file; -1 where its state is none that the review passes through
    refusal : why the file could not be opened or edited, else empty
    left_journal : whether SQLite had to roll an edit back
    survived : the child came to its end first
    """

    acknowledged: int
    found: int
    refusal: str
    left_journal: bool
    survived: bool


def states_and_files(folder: Path) -> tuple[list[DocumentState], list[bytes]]:
    """Return the document after each number of steps: its state and its bytes."""
    states, files = [], []
    with Document.create(folder / "whole.offcut") as document:
        for step in (lambda _document: None, *EVERY_STEP):
            step(document)
            states.append(document.state)
            files.append(document.path.read_bytes())
    return states, files


def fork(path: Path, steps: range, sabotage: Sabotage) -> tuple[int, int]:
    """Start a child that opens a document and goes on with the review; return its id and its pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        sabotage()
        with Document.open(path) as document:
            for number in steps:
                EVERY_STEP[number](document)
                os.write(writing, b".")
    finally:
        os._exit(0)


def look(
    path: Path, child: int, reading: int, first: int, states: list[DocumentState], *, undo: bool = True
) -> Killed:
    """Wait for the end of a child, then open what it left and undo all of it."""
    _, status = os.waitpid(child, 0)
    acknowledged = first
    while told := os.read(reading, 100):
        acknowledged += len(told)
    os.close(reading)
    journal = path.with_name(f"{path.name}-journal")
    left_journal = journal.exists() and any(journal.read_bytes()[:8])
    survived = not os.WIFSIGNALED(status)
    try:
        with Document.open(path) as document:
            near = range(acknowledged, min(acknowledged + 2, len(states)))
            found = next((number for number in near if document.state == states[number]), -1)
            while undo and document.undo() is not None:
                pass
            undone = not undo or document.state == DocumentState()
            refusal = "" if undone else "it cannot be undone to its beginning"
    except DocumentError as error:
        return Killed(acknowledged, -1, str(error), left_journal, survived)
    return Killed(acknowledged, found, refusal, left_journal, survived)


def at_random_moments(folder: Path, rng: random.Random, every: int) -> Iterator[Killed]:
    """Kill whole reviews anywhere between their start and their end."""
    states, files = states_and_files(folder)
    path = folder / "killed.offcut"
    killed = 0
    while killed < RANDOM_KILLS // every:
        path.write_bytes(files[0])
        child, reading = fork(path, range(len(EVERY_STEP)), lambda: None)
        seen = rng.randrange(len(EVERY_STEP))
        for _acknowledged in range(seen):
            os.read(reading, 1)
        select.select([], [], [], rng.uniform(0, LONGEST_STEP_S))
        os.kill(child, signal.SIGKILL)
        left = look(path, child, reading, seen, states, undo=killed % 4 == 0)
        if not left.survived:
            killed += 1
            yield left


def at_each_statement(folder: Path, rng: random.Random, every: int) -> Iterator[Killed]:  # noqa: ARG001
    """Kill one opening and one edit before each of the statements it sends to SQLite."""
    states, files = states_and_files(folder)
    path = folder / "killed.offcut"
    for number in TRANSACTIONS:
        yield from _each_statement(path, files[number], range(number, number + 1), states, every)


def at_each_statement_of_a_migration(folder: Path, rng: random.Random, every: int) -> Iterator[Killed]:  # noqa: ARG001
    """Kill the opening of a version 1 document before each of its statements."""
    last = review(folder / "whole.offcut")
    states = [DocumentState()] * len(STEPS) + [last]
    stop = range(len(STEPS), len(STEPS))
    yield from _each_statement(folder / "killed.offcut", VERSION_1.read_bytes(), stop, states, every)


def _each_statement(
    path: Path, content: bytes, steps: range, states: list[DocumentState], every: int
) -> Iterator[Killed]:
    statement, survived = 0, False
    while not survived:
        statement += every
        path.write_bytes(content)
        child, reading = fork(path, steps, lambda last=statement: _die_at(last))
        killed = look(path, child, reading, steps.start, states)
        survived = killed.survived
        yield killed


def _die_at(last: int) -> None:
    """Have this process die before its n-th statement."""
    seen = 0

    def count(_statement: str) -> None:
        nonlocal seen
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

    _trace(count)


def inside_commits(folder: Path, rng: random.Random, every: int) -> Iterator[Killed]:  # noqa: ARG001
    """Kill edits while SQLite writes them, from the start of the commit to its end in small steps."""
    states, files = states_and_files(folder)
    path = folder / "killed.offcut"
    for number in (2, 3, 10):
        steps = range(number, number + 1)
        path.write_bytes(files[number])
        longest_s = _commit_s(path, steps, states)
        for part in range(0, COMMIT_KILLS, every):
            path.write_bytes(files[number])
            after_s = longest_s * 0.8 * part / COMMIT_KILLS
            child, reading = fork(path, steps, lambda wait_s=after_s: _die_in_commit(wait_s))
            yield look(path, child, reading, number, states)


def _commit_s(path: Path, steps: range, states: list[DocumentState]) -> float:
    """Return how long the last commit of these steps takes, as a child measures it."""
    report = path.with_suffix(".s")

    def measure() -> None:
        def note(statement: str) -> None:
            if statement == "COMMIT":
                report.write_text(str(time.monotonic()))

        _trace(note)

    child, reading = fork(path, steps, measure)
    os.read(reading, 1)
    ended_s = time.monotonic()
    look(path, child, reading, steps.start, states)
    return ended_s - float(report.read_text())


def _die_in_commit(wait_s: float) -> None:
    def kill_soon() -> None:
        time.sleep(wait_s)  # lets go of Python's lock, so that the commit goes on
        os.kill(os.getpid(), signal.SIGKILL)

    def start(statement: str) -> None:
        if statement == "COMMIT":
            threading.Thread(target=kill_soon, daemon=True).start()

    _trace(start)


def _trace(callback: Callable[[str], None]) -> None:
    """Have every connection made from now on tell its statements before they are done."""
    connect = sqlite3.connect

    def traced(*arguments: object, **named: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **named)  # type: ignore[call-overload]
        connection.set_trace_callback(callback)
        return connection

    sqlite3.connect = traced  # type: ignore[assignment]


MODES = {
    "random": at_random_moments,
    "statements": at_each_statement,
    "migration": at_each_statement_of_a_migration,
    "commits": inside_commits,
}

if __name__ == "__main__":
    mode, where, seed, every = sys.argv[1:]
    for one in MODES[mode](Path(where), random.Random(int(seed)), int(every)):
        print(json.dumps(asdict(one)), flush=True)
