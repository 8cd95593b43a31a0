"""Documents: changed bytes, and rows that a program with our checksums forged."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import strategies as st

from engine.core.errors import DocumentError
from engine.document.document import Document
from engine.document.file.storage import TABLE_NAMES
from engine.document.file.transaction import digest, write_anew
from engine.review.queue import queue
from engine.sound.edl.build import build, whole
from tests.engine.document.scripted import review
from tests.hostile.long.kinds.kind import Kind
from tests.hostile.long.mutations import BYTES, VALUES, done

_TABLES = (*TABLE_NAMES, "analysis", "history")


@dataclass(frozen=True, slots=True)
class Forge:
    """Write a value into a row, by number."""

    table: str
    column: int
    row: int
    value: object

    def write(self, connection: sqlite3.Connection) -> None:
        """Write it, where SQLite takes it."""
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({self.table})")]
        rows = [row[0] for row in connection.execute(f"SELECT rowid FROM {self.table}")]
        if rows:
            column, row = columns[self.column % len(columns)], rows[self.row % len(rows)]
            with suppress(sqlite3.Error, OverflowError, UnicodeEncodeError):
                connection.execute(
                    f'UPDATE {self.table} SET "{column}" = ? WHERE rowid = ?', (self.value, row)
                )


def prepare(folder: Path) -> bytes:
    """Review a recording to its end."""
    path = folder / "sound.offcut"
    review(path)
    return path.read_bytes()


def open_and_use(path: Path, *, comes_back: bool) -> None:
    """Open a document, look at all that is in it, take all of it back and do it again.

    `comes_back` tells whether that must lead to where it began: a forged history may say anything.
    """
    with Document.open(path) as document:
        state = document.state
        for kind in state.analyses:
            assert document.analysis(kind) is not None or document.notice, "an analysis is lost unsaid"
        build(state)
        whole(state)
        queue(state, "score")
        document.steps()
        if not document.is_read_only:
            with suppress(DocumentError):  # a step that is damaged says so
                undone = 0
                while document.undo() is not None:
                    undone += 1
                for _ in range(undone):
                    document.redo()
                again = replace(document.state, analyses=state.analyses)  # what is damaged is out of force
                assert again == state or not comes_back, "undo and redo lead elsewhere"


def attempt_bytes(sound: bytes, changes: tuple[object, ...], folder: Path) -> None:
    """Open a document with other bytes."""
    path = folder / "jam.offcut"
    path.write_bytes(done(changes, sound))
    open_and_use(path, comes_back=True)


def attempt_rows(sound: bytes, changes: tuple[Forge, ...], folder: Path) -> None:
    """Open a document with other rows, whose checksums are right."""
    path = folder / "jam.offcut"
    path.write_bytes(sound)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("digest_of", 2, _digest_of)
        for change in changes:
            change.write(connection)
        connection.execute("UPDATE history SET digest = digest_of(changes, x'')")
        connection.execute("UPDATE analysis SET digest = digest_of(facts, arrays)")
        write_anew(connection, TABLE_NAMES)
    open_and_use(path, comes_back=False)


def _digest_of(text: str, blob: bytes) -> int:
    return digest(text.encode() + blob)


_NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1) | st.sampled_from([-1, 0, 1, 2, 1 << 31, (1 << 63) - 1])
_TEXTS = (
    VALUES | st.text(max_size=12) | st.sampled_from(["cut", "accepted", "score-1", "keep", "../../x", "\0"])
)
_FORGERIES = st.lists(
    st.builds(
        Forge,
        st.sampled_from(_TABLES),
        st.integers(0, 19),
        st.integers(0, 60),
        st.one_of(_NUMBERS, st.floats(allow_nan=True), _TEXTS, st.none(), st.binary(max_size=20)),
    ),
    min_size=1,
    max_size=3,
).map(tuple)

DOCUMENT = Kind("document", prepare, BYTES, attempt_bytes)
ROWS = Kind("rows", prepare, _FORGERIES, attempt_rows)
