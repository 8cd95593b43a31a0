"""The header and the tables of an `.offcut` file, of each version, and the migrations from one to the next.

SQLite would execute the schema of a foreign file: views instead of tables, triggers, computed columns. The
schema is compared with that of its version before anything else is read.

All migrations happen in one transaction. Each knows its two versions only and uses nothing of the present row
classes, which go on changing. New columns go to the end of their table, since checksums and readers take the
columns in the order of the table.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.core.errors import DocumentError
from engine.core.files.regular_file import read_beginning
from engine.core.wording import reason_of
from engine.document.file.transaction import digest, require_intact, write_anew

APPLICATION_ID = 0x0FFC0701
SCHEMA_VERSION = 7
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"

# A column that is added later goes to the end of its table and of its row class, see `MIGRATIONS`.
SCHEMA = """
CREATE TABLE source (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, content_hash TEXT NOT NULL, rate_hz INTEGER NOT NULL,
    channels INTEGER NOT NULL, frames INTEGER NOT NULL, container TEXT NOT NULL, subtype TEXT NOT NULL
) STRICT;
CREATE TABLE track (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, position INTEGER NOT NULL,
    "group" TEXT NOT NULL, gain_db REAL NOT NULL,
    mute INTEGER NOT NULL, solo INTEGER NOT NULL, pan REAL NOT NULL, color TEXT NOT NULL,
    role TEXT NOT NULL, height_px INTEGER NOT NULL, is_collapsed INTEGER NOT NULL,
    channels_open INTEGER NOT NULL, picture TEXT NOT NULL, clips TEXT NOT NULL
) STRICT;
CREATE TABLE marker (
    id TEXT PRIMARY KEY, start_samples INTEGER NOT NULL, stop_samples INTEGER NOT NULL, name TEXT NOT NULL
) STRICT;
CREATE TABLE proposal (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, start_samples INTEGER NOT NULL, stop_samples INTEGER NOT NULL,
    score REAL NOT NULL, reason TEXT NOT NULL, maker TEXT NOT NULL,
    alternatives TEXT NOT NULL, payload TEXT NOT NULL, nearest_kept TEXT NOT NULL, tracks TEXT NOT NULL,
    evidence TEXT NOT NULL
) STRICT;
CREATE TABLE decision (
    proposal_id TEXT PRIMARY KEY, verdict TEXT NOT NULL, alternative INTEGER NOT NULL,
    start_samples INTEGER, stop_samples INTEGER, flagged INTEGER NOT NULL, payload TEXT NOT NULL,
    note TEXT NOT NULL
) STRICT;
CREATE TABLE setting (id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE current_analysis (id TEXT PRIMARY KEY, analysis_id TEXT NOT NULL) STRICT;
CREATE TABLE analysis (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, facts TEXT NOT NULL, arrays BLOB NOT NULL,
    digest INTEGER NOT NULL
) STRICT;
CREATE TABLE history (
    step INTEGER PRIMARY KEY, label TEXT NOT NULL, changes TEXT NOT NULL, merges_as TEXT NOT NULL,
    undone INTEGER NOT NULL, digest INTEGER NOT NULL
) STRICT;
CREATE TABLE stored_audio (
    key TEXT PRIMARY KEY, rate_hz INTEGER NOT NULL, channels INTEGER NOT NULL, frames INTEGER NOT NULL,
    encoding TEXT NOT NULL, bytes BLOB NOT NULL, digest INTEGER NOT NULL
) STRICT;
CREATE TABLE checksum (name TEXT PRIMARY KEY, digest INTEGER NOT NULL) STRICT;
"""

# What each version added to the tables: the columns, all of them where none is named.
ADDED: Mapping[int, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        2: {"checksum": (), "analysis": ("digest",), "history": ("digest",)},
        3: {
            "track": ("pan", "color", "role", "height_px", "is_collapsed", "channels_open", "picture"),
            "proposal": ("nearest_kept",),
            "marker": (),
        },
        4: {"proposal": ("tracks",), "decision": ("payload",), "stored_audio": ()},
        5: {"decision": ("note",)},
        6: {"proposal": ("evidence",)},
        7: {"track": ("clips",)},
    }
)
# What each version took away: a column, its type, and the column before it.
REMOVED: Mapping[int, Mapping[str, tuple[tuple[str, str, str], ...]]] = MappingProxyType(
    {7: {"track": (("source_id", "TEXT", "id"), ("start_samples", "INTEGER", "position"))}}
)

STATEMENTS = tuple(statement.strip() for statement in SCHEMA.split(";") if statement.strip())


def require_document(path: Path) -> None:
    """Look at the first bytes of a file without opening it as a database.

    Raises
    ------
    DocumentError : the file is missing, unreadable, or not an Offcut document
    """
    try:
        header = read_beginning(path, _HEADER_BYTES)
    except FileNotFoundError as error:
        raise DocumentError(f"{path} is not there; check the name, or make it with 'offcut new'.") from error
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {reason_of(error)}.") from error
    is_ours = header.startswith(_MAGIC) and int.from_bytes(header[68:72], "big") == APPLICATION_ID
    if len(header) < _HEADER_BYTES or not is_ours:
        raise DocumentError(f"{path} is not an Offcut document; to import a recording, use 'offcut new'.")


_TABLE = re.compile(r'CREATE TABLE "?(\w+)"? ?\((.*)\) STRICT', re.DOTALL)
_COLUMN = re.compile(
    r'"?(?P<name>\w+)"? (?P<type>TEXT|INTEGER|REAL|BLOB)(?P<rule> PRIMARY KEY| NOT NULL|)'
    r"(?: DEFAULT (?:-?[\d.]+|'\w*'))?"
)
_MOST_ENTRIES = 1_000
_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema LIMIT ?"

Layout = Mapping[str, tuple["Column", ...]]


class ForeignLayoutError(ValueError):
    """The tables of a file are not those of its version; the message names them."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    type : TEXT, INTEGER, REAL or BLOB, as SQLite holds each value of it
    rule : PRIMARY KEY, NOT NULL, or empty
    """

    name: str
    type: str
    rule: str


@lru_cache
def layout_of(version: int) -> Layout:
    """Return the tables of a version and their columns in order."""
    found = dict(filter(None, map(_parsed, STATEMENTS)))
    for since in range(SCHEMA_VERSION, version, -1):
        for table, columns in ADDED[since].items():
            others = tuple(column for column in found[table] if column.name not in columns)
            found |= {table: others if columns else ()}
        for table, removed in REMOVED.get(since, {}).items():
            for name, kind, before in removed:
                place = 1 + [column.name for column in found[table]].index(before)
                column = Column(name, kind, "NOT NULL")
                found |= {table: (*found[table][:place], column, *found[table][place:])}
    return {table: columns for table, columns in found.items() if columns}


def require_layout(connection: sqlite3.Connection, version: int) -> None:
    """Compare the tables of a file with those of its version.

    A newer version may have more tables, and more columns after those that this one knows.

    Raises
    ------
    ForeignLayoutError : the file has any other schema
    """
    expected = layout_of(min(version, SCHEMA_VERSION))
    entries = connection.execute(_SCHEMA, (_MOST_ENTRIES,)).fetchall()
    if version > SCHEMA_VERSION:
        _require_known(connection, expected, {name for kind, name, *_ in entries if kind == "table"})
        return
    missing = set(expected)
    for kind, name, table, sql in entries:
        if kind == "index" and sql is None and name == f"sqlite_autoindex_{table}_1":
            continue
        if kind != "table" or name not in expected:
            raise ForeignLayoutError(f"it has a {_shown(kind)} {_shown(name)} that no Offcut makes")
        if _parsed(sql) != (name, expected[name]):
            raise ForeignLayoutError(f"its table {_shown(name)} is not as Offcut makes it")
        missing.discard(name)
    if missing:
        raise ForeignLayoutError(f"it has no table {_shown(min(missing))}")


def _require_known(connection: sqlite3.Connection, expected: Layout, tables: set[str]) -> None:
    for name, columns in expected.items():
        found = [(one[1], one[2], one[6]) for one in connection.execute(f"PRAGMA table_xinfo({name})")]
        if name not in tables or found[: len(columns)] != [(one.name, one.type, 0) for one in columns]:
            raise ForeignLayoutError(f"its table {_shown(name)} is not as any Offcut makes it")


def _parsed(statement: object) -> tuple[str, tuple[Column, ...]] | None:
    """Return the table that a statement makes, or None if it is not as plain as Offcut's."""
    found = _TABLE.fullmatch(" ".join(statement.split())) if isinstance(statement, str) else None
    if found is None:
        return None
    columns = [_COLUMN.fullmatch(column.strip()) for column in found[2].split(",")]
    plain = tuple(Column(one["name"], one["type"], one["rule"].strip()) for one in columns if one)
    return (found[1], plain) if len(plain) == len(columns) else None


def _shown(name: object) -> str:
    return ascii(str(name)[:40])


FIRST_WITH_CHECKSUMS = 2


def _execute(statements: tuple[str, ...], connection: sqlite3.Connection) -> None:
    for statement in statements:
        connection.execute(statement)


def _add_checksums(connection: sqlite3.Connection) -> None:
    """From 1 to 2: a checksum for each table, and a digest for each large value."""
    connection.execute("CREATE TABLE checksum (name TEXT PRIMARY KEY, digest INTEGER NOT NULL) STRICT")
    for table in ("analysis", "history"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN digest INTEGER NOT NULL DEFAULT 0")
    analyses = connection.execute("SELECT facts, arrays, id FROM analysis").fetchall()
    connection.executemany(
        "UPDATE analysis SET digest = ? WHERE id = ?",
        [(digest(facts.encode() + arrays), key) for facts, arrays, key in analyses],
    )
    steps = connection.execute("SELECT changes, step FROM history").fetchall()
    connection.executemany(
        "UPDATE history SET digest = ? WHERE step = ?",
        [(digest(changes.encode()), step) for changes, step in steps],
    )


_STATEMENTS_OF: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        2: (  # display and pan of each lane, markers, and the reference example nearest to a proposal
            "ALTER TABLE track ADD COLUMN pan REAL NOT NULL DEFAULT 0.0",
            "ALTER TABLE track ADD COLUMN color TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE track ADD COLUMN role TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE track ADD COLUMN height_px INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE track ADD COLUMN is_collapsed INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE track ADD COLUMN channels_open INTEGER NOT NULL DEFAULT 1",
            "ALTER TABLE track ADD COLUMN picture TEXT NOT NULL DEFAULT 'waveform'",
            "ALTER TABLE proposal ADD COLUMN nearest_kept TEXT NOT NULL DEFAULT 'null'",
            "CREATE TABLE marker (id TEXT PRIMARY KEY, start_samples INTEGER NOT NULL,"
            " stop_samples INTEGER NOT NULL, name TEXT NOT NULL) STRICT",
        ),
        3: (  # the tracks of a proposal, the user's payload changes, and the audio of edits
            "ALTER TABLE proposal ADD COLUMN tracks TEXT NOT NULL DEFAULT 'null'",
            "ALTER TABLE decision ADD COLUMN payload TEXT NOT NULL DEFAULT 'null'",
            "CREATE TABLE stored_audio (key TEXT PRIMARY KEY, rate_hz INTEGER NOT NULL,"
            " channels INTEGER NOT NULL, frames INTEGER NOT NULL, encoding TEXT NOT NULL,"
            " bytes BLOB NOT NULL, digest INTEGER NOT NULL) STRICT",
        ),
        4: ("ALTER TABLE decision ADD COLUMN note TEXT NOT NULL DEFAULT ''",),
        5: ("ALTER TABLE proposal ADD COLUMN evidence TEXT NOT NULL DEFAULT 'strong'",),
    }
)
"""Migrations from a version to the next that are statements alone."""


def _add_clips(connection: sqlite3.Connection) -> None:
    """From 6 to 7: a track has clips, each of a source; before it was one whole source."""
    steps = _readable_steps(connection)
    rate_hz, lengths = _rate_and_lengths(connection, steps.values())

    def clips(source_id: str, start_samples: int) -> str:
        if source_id not in lengths:
            raise ValueError(f"a track has no source {source_id[:40]!a}")
        own_hz, frames = lengths[source_id]
        if own_hz <= 0:
            raise ValueError(f"a source has a rate of {own_hz} Hz")
        length = (2 * frames * rate_hz + own_hz) // (2 * own_hz)
        clip = [f"clip-{source_id}", source_id, start_samples, 0, length, 0.0, 0, 0, "", False]
        return json.dumps([clip], separators=(",", ":"))

    connection.execute("ALTER TABLE track ADD COLUMN clips TEXT NOT NULL DEFAULT ''")
    tracks = connection.execute("SELECT source_id, start_samples, id FROM track").fetchall()
    connection.executemany(
        "UPDATE track SET clips = ? WHERE id = ?", [(clips(*place), key) for *place, key in tracks]
    )
    for column in ("source_id", "start_samples"):
        connection.execute(f"ALTER TABLE track DROP COLUMN {column}")
    for step, some in steps.items():
        with suppress(ValueError, TypeError, RecursionError):  # then it stays, and undo reports the damage
            text = json.dumps([_with_clips(change, clips) for change in some], separators=(",", ":"))
            values = text, digest(text.encode()), step
            connection.execute("UPDATE history SET changes = ?, digest = ? WHERE step = ?", values)


def _readable_steps(connection: sqlite3.Connection) -> dict[int, list[list[Any]]]:
    """Return the changes of the steps that name tracks, sources or the rate, without damaged ones."""
    wanted = ('["track",', '["source",', "rate_hz")
    found = {}
    rows = connection.execute(  # bytes, since a damaged text may not be one
        "SELECT step, CAST(changes AS BLOB), digest FROM history"
        f" WHERE {' OR '.join(['instr(changes, ?)'] * 3)} ORDER BY step",
        wanted,
    )
    for step, changes, expected in rows:
        if digest(changes) == expected:
            with suppress(ValueError, RecursionError):
                read = json.loads(changes)
                if isinstance(read, list) and all(map(_is_change, read)):
                    found[step] = read
    return found


def _is_change(read: Any) -> bool:
    return (
        isinstance(read, list)
        and len(read) == 3
        and all(row is None or isinstance(row, list) for row in read[1:])
    )


def _rate_and_lengths(
    connection: sqlite3.Connection, steps: Collection[list[list[Any]]]
) -> tuple[int, dict[str, tuple[int, int]]]:
    """Return the rate, and the rate and frames of each source, of those in the history too."""
    rate_hz = 0
    lengths: dict[str, tuple[int, int]] = {}
    for name, row in ((name, row) for some in steps for name, *rows in some for row in rows):
        match name, row:
            case "source", [str(key), _, _, int(own_hz), _, int(frames), *_]:
                lengths[key] = own_hz, frames
            case "setting", ["rate_hz", str(value)] if not rate_hz:  # a document whose import was undone
                rate_hz = _whole(value)
    for (value,) in connection.execute("SELECT value FROM setting WHERE id = 'rate_hz'"):
        rate_hz = _whole(value)
    for key, own_hz, frames in connection.execute("SELECT id, rate_hz, frames FROM source"):
        lengths[key] = own_hz, frames
    return rate_hz, lengths


def _whole(text: str) -> int:
    """Return the whole number of a JSON text; 0 if it is something else, which reading the rows reports."""
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
        if type(value) is int:
            return value
    return 0


def _with_clips(change: list[Any], clips: Callable[[str, int], str]) -> list[Any]:
    """Return a change of the history in the columns of version 7."""
    name, *rows = change
    if name != "track":
        return change
    added = ["", 0.0, 0, 0, 0.0, "", "", 0, 0, 1, "waveform"]  # what the oldest steps do not have
    made: list[object] = [name]
    for row in rows:
        if row is None:
            made.append(None)
        else:
            key, source_id, track, position, start_samples, *rest = row
            made.append([key, track, position, *rest, *added[len(rest) :], clips(source_id, start_samples)])
    return made


MIGRATIONS: Mapping[int, Callable[[sqlite3.Connection], None]] = MappingProxyType(
    {
        1: _add_checksums,
        **{version: partial(_execute, statements) for version, statements in _STATEMENTS_OF.items()},
        6: _add_clips,
    }
)
"""Migration from each version to the next."""


def migrate(connection: sqlite3.Connection, version: int, tables: Collection[str]) -> None:
    """Migrate a document to the present version; the caller has begun a transaction and made a backup.

    Parameters
    ----------
    version : present version of the document, at least 1
    tables : the present tables that have a checksum

    Raises
    ------
    ValueError : the document has not the tables of its version, or is damaged
    sqlite3.Error : it cannot be written
    """
    try:
        if version >= FIRST_WITH_CHECKSUMS:
            # What is damaged now would get sound checksums below.
            require_intact(connection, set(tables) & layout_of(version).keys())
        for step in range(version, SCHEMA_VERSION):
            MIGRATIONS[step](connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise ValueError(error) from error
        raise
    write_anew(connection, tables)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
