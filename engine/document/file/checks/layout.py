"""The tables of each file version: a file with any other schema was not made by Offcut.

SQLite would execute the schema of a foreign file: views instead of tables, triggers, computed columns. The
schema is checked before anything else is read.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from engine.document.file.schema import ADDED, REMOVED, SCHEMA_VERSION, STATEMENTS

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
            kept = tuple(column for column in found[table] if column.name not in columns)
            found |= {table: kept if columns else ()}
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
