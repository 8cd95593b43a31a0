"""The stored steps of undo and redo; they survive a restart."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass

from engine.core.errors import DocumentError
from engine.document.file.rows import NOT_AS_WRITTEN, TABLES, changes_from_json, changes_to_json
from engine.document.file.transaction import Tally, digest
from engine.document.limits import LONGEST_TEXT
from engine.document.proposals import Decision
from engine.document.state import CurrentAnalysis, Row, RowChange, Setting, merged
from engine.document.tracks import Track, sound_of

_LAST_DONE = "undone = 0 ORDER BY step DESC LIMIT 1"
# Undone steps are at the end and found from there, not by reading all that was ever done.
_UNDONE = f"step > coalesce((SELECT step FROM history WHERE {_LAST_DONE}), 0)"
_FIRST_UNDONE = f"{_UNDONE} ORDER BY step LIMIT 1"
_SUMMED = "step, label, merges_as, undone, digest"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the history: its label and the rows it changed."""

    number: int
    label: str
    changes: tuple[RowChange, ...]


@dataclass(frozen=True, slots=True)
class StepLabel:
    """One step of the history, for a list.

    Attributes
    ----------
    number, digest : together they identify the content of the step; a number alone may be reused
    undone : whether the step was undone and can be redone
    """

    number: int
    label: str
    undone: bool
    digest: int


def steps(connection: sqlite3.Connection, first: int = 0) -> tuple[StepLabel, ...]:
    """Return every step from a number on, the oldest first; undone steps come last."""
    wanted = "SELECT step, label, undone, digest FROM history WHERE step >= ? ORDER BY step"
    found = connection.execute(wanted, (first,))
    return tuple(StepLabel(number, label, bool(undone), summed) for number, label, undone, summed in found)


def step_decisions(connection: sqlite3.Connection, number: int) -> tuple[RowChange, ...]:
    """Return the decisions that a step changed; () if it changed other rows only.

    Raises
    ------
    DocumentError : the step is damaged
    """
    wanted = f"step = {number:d} AND {_holds(Decision)}"
    step = _step(connection, wanted)  # a step of ten thousand proposals is not read for nothing
    return () if step is None else tuple(change for change in step.changes if change.row_type is Decision)


def _holds(row_type: type[Row]) -> str:
    return f"instr(changes, '[\"{TABLES[row_type].name}\",')"


def undo_labels(connection: sqlite3.Connection) -> tuple[str, str]:
    """Return the labels of the steps that undo and redo would apply, or ""."""
    return _label(connection, _LAST_DONE), _label(connection, _FIRST_UNDONE)


def _label(connection: sqlite3.Connection, condition: str) -> str:
    found = connection.execute(f"SELECT label FROM history WHERE {condition}").fetchone()
    return "" if found is None else str(found[0])


def last_done_number(connection: sqlite3.Connection) -> int:
    """Return the number of the step that undo would revert, 0 without one."""
    found = connection.execute(f"SELECT step FROM history WHERE {_LAST_DONE}").fetchone()
    return 0 if found is None else int(found[0])


def last_done(connection: sqlite3.Connection) -> Step | None:
    """Return the step that undo would take back."""
    return _step(connection, _LAST_DONE)


def first_undone(connection: sqlite3.Connection) -> Step | None:
    """Return the step that redo would do again."""
    return _step(connection, _FIRST_UNDONE)


def _step(connection: sqlite3.Connection, condition: str) -> Step | None:
    found = connection.execute(
        f"SELECT step, label, changes, digest FROM history WHERE {condition}"
    ).fetchone()
    if found is None:
        return None
    number, label, changes, expected = found
    try:
        if digest(changes.encode()) == expected:
            return Step(number, label, changes_from_json(changes))
    except NOT_AS_WRITTEN as error:
        raise _damaged(label) from error
    raise _damaged(label)


def _damaged(label: str) -> DocumentError:
    return DocumentError(
        f"The step {label!r} of the history is damaged and stays as it is; the document itself is sound."
    )


def push(
    connection: sqlite3.Connection, tally: Tally, label: str, changes: tuple[RowChange, ...], merges_as: str
) -> None:
    """Add a step; undone steps can no longer be redone.

    A step with the same `merges_as` as the previous one is merged into it, so that holding a threshold key is
    one undo; if the two cancel out, both are removed.
    """
    label, merges_as = _as_text(label), _as_text(merges_as)
    redo_was_dropped = _delete(connection, tally, _UNDONE) > 0
    last = f"SELECT merges_as FROM history WHERE {_LAST_DONE}"
    if merges_as and not redo_was_dropped and connection.execute(last).fetchone() == (merges_as,):
        with suppress(DocumentError):  # a damaged step is left alone, and this one stands for itself
            step = last_done(connection)
            assert step is not None
            changes = merged(step.changes, changes)
            _delete(connection, tally, f"step = {step.number}")
            if not changes:
                return
    text = changes_to_json(changes)
    found = digest(text.encode())
    number = connection.execute(
        "INSERT INTO history (label, changes, merges_as, undone, digest) VALUES (?, ?, ?, 0, ?)",
        (label, text, merges_as, found),
    ).lastrowid
    tally.count("history", (number, label, merges_as, 0, found))


def join(connection: sqlite3.Connection, tally: Tally, changes: tuple[RowChange, ...]) -> int | None:
    """Merge results of analysis into the step that last changed the sound.

    Returns
    -------
    The number of that step; None, without a change, if no step qualifies, or a later step changed the same
    analyses.
    """
    try:
        step = _step_to_join(connection, {change.key for change in changes})
    except DocumentError:  # a damaged step is left alone
        return None
    if step is None:
        return None
    text = changes_to_json(merged(step.changes, changes))
    _count(connection, tally, step.number)
    connection.execute(
        "UPDATE history SET changes = ?, digest = ? WHERE step = ?",
        (text, digest(text.encode()), step.number),
    )
    _count(connection, tally, step.number)
    return step.number


def _step_to_join(connection: sqlite3.Connection, kinds: set[str]) -> Step | None:
    """Return the step that last changed how tracks sound, or the taste that listens to them.

    None also where a step after it changed an analysis of these kinds: that one would be lost from undo.
    """
    wanted = f"undone = 0 AND ({_holds(Track)} OR {_holds(Setting)} OR {_holds(CurrentAnalysis)})"
    found = connection.execute(f"SELECT step FROM history WHERE {wanted} ORDER BY step DESC").fetchall()
    for (number,) in found:
        step = _step(connection, f"step = {number:d}")
        assert step is not None
        if any(map(_is_of_sound, step.changes)):
            return step
        if any(change.row_type is CurrentAnalysis and change.key in kinds for change in step.changes):
            return None
    return None


def _is_of_sound(change: RowChange) -> bool:
    if change.row_type is Setting:
        return change.key == "taste"
    before, after = ((row,) if isinstance(row, Track) else () for row in (change.before, change.after))
    return sound_of(before) != sound_of(after)


def _count(connection: sqlite3.Connection, tally: Tally, number: int) -> None:
    """Count a step as it is: before it changes, and after."""
    summed = f"SELECT {_SUMMED} FROM history WHERE step = ?"
    tally.count("history", connection.execute(summed, (number,)).fetchone())


def _as_text(label: str) -> str:
    """Return a label that a list can show: it may name a file whose name is not text."""
    return label.encode("utf-8", "replace").decode()[:LONGEST_TEXT]


def mark(connection: sqlite3.Connection, tally: Tally, step: Step, *, undone: bool) -> None:
    """Mark a step as undone or redone; later edits no longer merge with it."""
    _count(connection, tally, step.number)
    connection.execute(
        "UPDATE history SET undone = ?, merges_as = '' WHERE step = ?", (int(undone), step.number)
    )
    _count(connection, tally, step.number)


def _delete(connection: sqlite3.Connection, tally: Tally, condition: str) -> int:
    """Delete steps and return their number."""
    gone = connection.execute(f"SELECT {_SUMMED} FROM history WHERE {condition}").fetchall()
    for values in gone:
        tally.count("history", values)
    if gone:
        connection.execute(f"DELETE FROM history WHERE {condition}")
    return len(gone)
