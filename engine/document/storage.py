"""The `.offcut` file: SQLite, one transaction an edit, on disk before anything is painted.

The rollback journal is used rather than the write-ahead log, since people keep these files in synced folders,
where the log's second file gets lost.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import cast
from zipfile import BadZipFile

import numpy as np

from engine.document.analysis import Analysis, BeatGrid, Listening, ScoreCurve
from engine.document.change import CurrentAnalysis, Row, RowChange, Setting, row_key
from engine.document.decisions import Decision
from engine.document.proposals import Proposal
from engine.document.rows import TABLES
from engine.document.state import DocumentState
from engine.document.track import Source, Track
from engine.errors import DocumentError

APPLICATION_ID = 0x0FFC0701
SCHEMA_VERSION = 1
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"

SCHEMA = """
CREATE TABLE source (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, content_hash TEXT NOT NULL, rate_hz INTEGER NOT NULL,
    channels INTEGER NOT NULL, frames INTEGER NOT NULL, container TEXT NOT NULL, subtype TEXT NOT NULL
) STRICT;
CREATE TABLE track (
    id TEXT PRIMARY KEY, source_id TEXT NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL,
    start_samples INTEGER NOT NULL, "group" TEXT NOT NULL, gain_db REAL NOT NULL,
    mute INTEGER NOT NULL, solo INTEGER NOT NULL
) STRICT;
CREATE TABLE proposal (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, start_samples INTEGER NOT NULL, stop_samples INTEGER NOT NULL,
    score REAL NOT NULL, reason TEXT NOT NULL, maker TEXT NOT NULL,
    alternatives TEXT NOT NULL, payload TEXT NOT NULL
) STRICT;
CREATE TABLE decision (
    proposal_id TEXT PRIMARY KEY, verdict TEXT NOT NULL, alternative INTEGER NOT NULL,
    start_samples INTEGER, stop_samples INTEGER, flagged INTEGER NOT NULL
) STRICT;
CREATE TABLE setting (id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE current_analysis (id TEXT PRIMARY KEY, analysis_id TEXT NOT NULL) STRICT;
CREATE TABLE analysis (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, facts TEXT NOT NULL, arrays BLOB NOT NULL
) STRICT;
CREATE TABLE history (
    step INTEGER PRIMARY KEY, label TEXT NOT NULL, changes TEXT NOT NULL, merges_as TEXT NOT NULL,
    undone INTEGER NOT NULL
) STRICT;
"""

_ANALYSES: dict[str, type[Analysis]] = {"score": ScoreCurve, "beats": BeatGrid, "listening": Listening}


def create(path: Path) -> sqlite3.Connection:
    """Make a new, empty document file and return its connection.

    Raises
    ------
    DocumentError : something with that name exists, or the folder cannot be written
    """
    try:
        path.open("xb").close()
    except FileExistsError as error:
        raise DocumentError(f"{path} exists already; open it, or choose another name.") from error
    except OSError as error:
        raise DocumentError(f"{path} cannot be made: {error.strerror}; choose another folder.") from error
    connection = _connect(path)
    connection.execute("PRAGMA synchronous = FULL")
    with Transaction(connection, path):
        for statement in SCHEMA.split(";"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    return connection


def schema_version(path: Path) -> int:
    """Return the version of a document file from its header, without opening the database.

    Raises
    ------
    DocumentError : the file is missing, unreadable, or not an Offcut document
    """
    try:
        with path.open("rb") as stream:
            header = stream.read(_HEADER_BYTES)
    except FileNotFoundError as error:
        raise DocumentError(f"{path} is not there; check the name, or make it with 'offcut new'.") from error
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}.") from error
    is_ours = header.startswith(_MAGIC) and int.from_bytes(header[68:72], "big") == APPLICATION_ID
    if len(header) < _HEADER_BYTES or not is_ours:
        raise DocumentError(f"{path} is not an Offcut document; to import a recording, use 'offcut new'.")
    return int.from_bytes(header[60:64], "big")


def open_existing(path: Path, *, read_only: bool) -> tuple[sqlite3.Connection, DocumentState]:
    """Open a document file whose header was checked, check the rest of it, and read it.

    Raises
    ------
    DocumentError : the file is damaged
    """
    connection = _connect(path, read_only=read_only)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise ValueError(found)
        return connection, read_state(connection)
    except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
        connection.close()
        raise DocumentError(f"{path} is damaged ({error}) and was left as it is.") from error


def _connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=2.0)


class Transaction:
    """All that is done inside the `with` block, or nothing of it.

    Parameters
    ----------
    check : called once the file is locked; what it raises ends the transaction

    Raises
    ------
    DocumentError : the disk is full, the folder read-only, or another program holds the file
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, check: Callable[[], None] | None = None
    ) -> None:
        self._connection = connection
        self._path = path
        self._check = check

    def __enter__(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._sentence(error) from error
        if self._check is not None:
            try:
                self._check()
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._connection.execute("COMMIT")
            except sqlite3.Error as failure:
                self._roll_back()
                raise self._sentence(failure) from failure
            return
        self._roll_back()
        if isinstance(error, sqlite3.Error):
            raise self._sentence(error) from error

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _sentence(self, error: sqlite3.Error) -> DocumentError:
        return DocumentError(f"{self._path} could not be written ({error}); nothing was changed.")


def write_rows(connection: sqlite3.Connection, changes: tuple[RowChange, ...]) -> None:
    """Write the rows after an edit."""
    for change in changes:
        table = TABLES[change.row_type]
        columns = ", ".join(f'"{column}"' for column in table.columns)
        if change.after is None:
            connection.execute(f'DELETE FROM {table.name} WHERE "{table.columns[0]}" = ?', (change.key,))
        else:
            marks = ", ".join("?" * len(table.columns))
            connection.execute(
                f"INSERT OR REPLACE INTO {table.name} ({columns}) VALUES ({marks})",
                table.encode(change.after),
            )


def read_state(connection: sqlite3.Connection) -> DocumentState:
    """Read the whole document."""
    tables: Tables = {}
    for row_type, table in TABLES.items():
        columns = ", ".join(f'"{column}"' for column in table.columns)
        rows = (table.decode(values) for values in connection.execute(f"SELECT {columns} FROM {table.name}"))
        tables[row_type] = {row_key(row): row for row in rows}
    return _state_of(tables)


def apply_rows(state: DocumentState, changes: tuple[RowChange, ...]) -> DocumentState:
    """Return the state after an edit; the state given stays as it is."""
    tables = _tables_of(state)
    for change in changes:
        if change.after is None:
            tables[change.row_type].pop(change.key, None)
        else:
            tables[change.row_type][change.key] = change.after
    return _state_of(tables)


Tables = dict[type[Row], dict[str, Row]]


def _tables_of(state: DocumentState) -> Tables:
    settings: dict[str, Row] = {name: Setting(name, value) for name, value in state.settings.items()}
    if state.rate_hz:
        settings["rate_hz"] = Setting("rate_hz", state.rate_hz)
    return {
        Source: dict(state.sources),
        Track: {track.id: track for track in state.tracks},
        Proposal: dict(state.proposals),
        Decision: dict(state.decisions),
        Setting: settings,
        CurrentAnalysis: {kind: CurrentAnalysis(kind, key) for kind, key in state.analyses.items()},
    }


def _state_of(tables: Tables) -> DocumentState:
    sources = cast(dict[str, Source], tables[Source])
    tracks = cast(dict[str, Track], tables[Track])
    proposals = cast(dict[str, Proposal], tables[Proposal])
    decisions = cast(dict[str, Decision], tables[Decision])
    settings = {name: row.value for name, row in cast(dict[str, Setting], tables[Setting]).items()}
    current = cast(dict[str, CurrentAnalysis], tables[CurrentAnalysis])
    by_start = sorted(proposals.values(), key=lambda one: (one.start_samples, one.stop_samples, one.id))
    return DocumentState(
        rate_hz=cast(int, settings.pop("rate_hz", 0)),
        sources=sources,
        tracks=tuple(sorted(tracks.values(), key=lambda track: (track.position, track.id))),
        proposals={proposal.id: proposal for proposal in by_start},
        decisions=decisions,
        settings=settings,
        analyses={kind: row.analysis_id for kind, row in current.items()},
    )


def write_analysis(connection: sqlite3.Connection, analysis_id: str, analysis: Analysis) -> None:
    """Store what listening found; an analysis is never changed afterwards."""
    kind = next(name for name, kind_type in _ANALYSES.items() if isinstance(analysis, kind_type))
    values = {name: getattr(analysis, name) for name in analysis.__dataclass_fields__}
    arrays = BytesIO()
    np.savez_compressed(
        arrays, allow_pickle=False, **{n: v for n, v in values.items() if isinstance(v, np.ndarray)}
    )
    facts = {name: value for name, value in values.items() if not isinstance(value, np.ndarray)}
    connection.execute(
        "INSERT OR REPLACE INTO analysis VALUES (?, ?, ?, ?)",
        (analysis_id, kind, json.dumps(facts), arrays.getvalue()),
    )


def read_analysis(connection: sqlite3.Connection, analysis_id: str) -> Analysis | None:
    """Return a stored analysis; None where it is missing or damaged, since listening again makes it anew."""
    row = connection.execute(
        "SELECT kind, facts, arrays FROM analysis WHERE id = ?", (analysis_id,)
    ).fetchone()
    if row is None:
        return None
    kind, facts, blob = row
    try:
        with np.load(BytesIO(blob), allow_pickle=False) as arrays:
            return _ANALYSES[kind](**json.loads(facts), **{name: arrays[name] for name in arrays.files})
    except (BadZipFile, zlib.error, EOFError, OSError, KeyError, TypeError, ValueError, AttributeError):
        return None
