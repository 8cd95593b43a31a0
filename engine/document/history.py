"""The stored steps of undo and redo; they survive a restart."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from engine.document.change import RowChange, merged
from engine.document.rows import changes_from_json, changes_to_json


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the history: what it was called and which rows it changed."""

    number: int
    label: str
    changes: tuple[RowChange, ...]
    merges_as: str


def last_done(connection: sqlite3.Connection) -> Step | None:
    """Return the step that undo would take back."""
    return _step(connection, "undone = 0 ORDER BY step DESC")


def first_undone(connection: sqlite3.Connection) -> Step | None:
    """Return the step that redo would do again."""
    return _step(connection, "undone = 1 ORDER BY step")


def _step(connection: sqlite3.Connection, condition: str) -> Step | None:
    found = connection.execute(
        f"SELECT step, label, changes, merges_as FROM history WHERE {condition} LIMIT 1"
    ).fetchone()
    if found is None:
        return None
    number, label, changes, merges_as = found
    return Step(number, label, changes_from_json(changes), merges_as)


def push(connection: sqlite3.Connection, label: str, changes: tuple[RowChange, ...], merges_as: str) -> None:
    """Add a step; what had been undone can no longer be redone.

    A step that carries the same `merges_as` as the one before it becomes part of that one, so that holding a
    threshold key is one undo.
    """
    redo_was_dropped = connection.execute("DELETE FROM history WHERE undone = 1").rowcount > 0
    if merges_as and not redo_was_dropped:
        last = last_done(connection)
        if last is not None and last.merges_as == merges_as:
            changes = merged(last.changes, changes)
            connection.execute("DELETE FROM history WHERE step = ?", (last.number,))
    connection.execute(
        "INSERT INTO history (label, changes, merges_as, undone) VALUES (?, ?, ?, 0)",
        (label, changes_to_json(changes), merges_as),
    )


def mark(connection: sqlite3.Connection, step: Step, *, undone: bool) -> None:
    """Say that a step was undone or done again."""
    connection.execute("UPDATE history SET undone = ? WHERE step = ?", (int(undone), step.number))
