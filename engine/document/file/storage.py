"""The rows of an `.offcut` file: written, read, and laid over a state.

The rollback journal is used rather than the write-ahead log, since people keep these files in synced folders,
where the log's second file gets lost.
"""

from __future__ import annotations

import gc
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from engine.core.errors import DocumentError, ExportError
from engine.core.files.safe_write import replacing
from engine.document.file.checks import require_coherent, short_rows
from engine.document.file.rows import TABLES
from engine.document.file.schema import APPLICATION_ID, SCHEMA_VERSION, STATEMENTS
from engine.document.file.transaction import (
    ReadRows,
    Tally,
    connect,
    read_rows,
    reason_of,
    require_intact,
    write_anew,
)
from engine.document.limits import MOST_STATE_BYTES
from engine.document.proposals import Decision, Proposal
from engine.document.state import CurrentAnalysis, DocumentState, Marker, Row, RowChange, Setting
from engine.document.tracks import Source, Track

_KEYS_AT_ONCE = 500  # SQLite takes no more than 999 in one statement everywhere
_IN_TIME_ORDER = attrgetter("start_samples", "stop_samples", "id")
_MAPPINGS: Mapping[type[Row], str] = {
    Source: "sources",
    Proposal: "proposals",
    Decision: "decisions",
    Marker: "markers",
}
"""The fields of the state that hold rows by key."""
TABLE_NAMES = tuple(table.name for table in TABLES.values())


def create(path: Path, fill: Callable[[Path], None] | None = None) -> None:
    """Make a new document file: whole, or not at all.

    Parameters
    ----------
    fill : writes into the empty document, which has a name of its own until then

    Raises
    ------
    DocumentError : something with that name exists, or the folder cannot be written
    """
    if os.path.exists(path):  # noqa: PTH110 - a folder that may not be looked into is refused below
        raise exists_already(path)
    try:
        with replacing(path) as part:
            with closing(connect(part)) as connection:
                _write_empty(connection)
            if fill is not None:
                fill(part)
    except ExportError as error:
        raise DocumentError(str(error)) from error
    except sqlite3.Error as error:
        raise DocumentError(f"{path} cannot be made because {reason_of(error)}.") from error


def exists_already(path: Path) -> DocumentError:
    """Return the error for a new document whose name is taken."""
    return DocumentError(f"{path} exists already; open it, or choose another name.")


def _write_empty(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = MEMORY")  # a kill leaves no journal next to the file
    connection.execute("BEGIN IMMEDIATE")
    for statement in STATEMENTS:
        connection.execute(statement)
    write_anew(connection, TABLE_NAMES)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def write_rows(connection: sqlite3.Connection, tally: Tally, changes: tuple[RowChange, ...]) -> None:
    """Write the rows after an edit."""
    by_type: dict[type[Row], dict[str, Row | None]] = {}
    for change in changes:
        by_type.setdefault(change.row_type, {})[change.key] = change.after
    for row_type, rows in by_type.items():
        table = TABLES[row_type]
        keys = list(rows)
        for first in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[first : first + _KEYS_AT_ONCE]
            for before in connection.execute(table.select_some(len(some)), some):
                tally.count(table.name, before)
        connection.executemany(table.delete_one, [(key,) for key, row in rows.items() if row is None])
        written = table.encode_all([row for row in rows.values() if row is not None])
        connection.executemany(table.insert, written)
        for values in written:
            tally.count(table.name, values)


def read_state(connection: sqlite3.Connection) -> DocumentState:
    """Read the whole document, in a transaction of the caller, after checks of its tables and their sizes.

    Raises
    ------
    ValueError, ... : see `rows.NOT_AS_WRITTEN`; it is damaged, or was not made by Offcut
    sqlite3.Error : it is damaged, or another program writes it
    """
    with without_collection():
        read: dict[str, ReadRows] = {}
        room_bytes = MOST_STATE_BYTES
        with short_rows(connection):
            for name in TABLE_NAMES:
                read[name] = read_rows(connection, name, room_bytes)
                room_bytes -= read[name].size_bytes
        require_intact(connection, TABLE_NAMES, read)
        values: dict[str, Any] = {}
        for row_type, table in TABLES.items():
            rows = table.decode_all(read[table.name].rows)
            values |= _fields(row_type, dict(zip(map(attrgetter(table.columns[0]), rows), rows, strict=True)))
    state = DocumentState(**values)
    require_coherent(state)
    return state


@contextmanager
def without_collection() -> Iterator[None]:
    """Keep the garbage collector from walking over all the rows again and again: a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def apply_rows(state: DocumentState, changes: tuple[RowChange, ...]) -> DocumentState:
    """Return the state after an edit; the state given stays as it is, and so does every table not touched.

    Raises
    ------
    DocumentError : the edit was made for another state than this one
    """
    by_type: dict[type[Row], list[RowChange]] = {}
    for change in changes:
        by_type.setdefault(change.row_type, []).append(change)
    values: dict[str, Any] = {}
    for row_type, some in by_type.items():
        rows = _rows(state, row_type)
        for change in some:
            key, after = change.key, change.after
            # A damaged analysis is out of force in the state while its row is still there to be undone.
            if rows.get(key) != change.before and row_type is not CurrentAnalysis:
                raise DocumentError("The document changed meanwhile, so no edit was made: repeat it.")
            if after is None:
                rows.pop(key, None)
            else:
                rows[key] = after
        values |= _fields(row_type, rows)
    return replace(state, **values)


def _rows(state: DocumentState, row_type: type[Row]) -> dict[str, Row]:
    """Return the rows of one class by key, in a dictionary of their own."""
    if row_type in _MAPPINGS:
        return dict(getattr(state, _MAPPINGS[row_type]))
    if row_type is Track:
        return {track.id: track for track in state.tracks}
    if row_type is CurrentAnalysis:
        return {kind: CurrentAnalysis(kind, key) for kind, key in state.analyses.items()}
    rate = {"rate_hz": state.rate_hz} if state.rate_hz else {}
    return {name: Setting(name, value) for name, value in {**rate, **state.settings}.items()}


def _fields(row_type: type[Row], rows: dict[str, Any]) -> dict[str, object]:
    """Return the fields of the state that hold the rows of one class."""
    if row_type in (Proposal, Marker):
        rows = {row.id: row for row in sorted(rows.values(), key=_IN_TIME_ORDER)}
    if row_type in _MAPPINGS:
        return {_MAPPINGS[row_type]: rows}
    if row_type is Track:
        return {"tracks": tuple(sorted(rows.values(), key=lambda track: (track.position, track.id)))}
    if row_type is CurrentAnalysis:
        return {"analyses": {kind: row.analysis_id for kind, row in rows.items()}}
    settings = {name: row.value for name, row in rows.items()}
    return {"rate_hz": settings.pop("rate_hz", 0), "settings": settings}
