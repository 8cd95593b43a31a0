"""Documents of older versions: a file of each, and any document of whole clips as version 6 writes it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from engine.document.file.schema import SCHEMA_VERSION
from engine.document.file.storage import TABLE_NAMES
from engine.document.file.transaction import digest, write_anew

# A file of each version, made by the code of its time from the same scripted review.
OLDER = {
    version: Path(__file__).with_name(f"version-{version}.offcut") for version in range(1, SCHEMA_VERSION)
}


def as_version_6(path: Path) -> None:
    """Turn a document of one whole clip a track into one of version 6, as that version writes it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("BEGIN")
        rows = [_row_of_6(row) for row in raw.execute("SELECT * FROM track").fetchall()]
        raw.execute("DROP TABLE track")
        with closing(sqlite3.connect(OLDER[6])) as older:
            raw.execute(older.execute("SELECT sql FROM sqlite_schema WHERE name = 'track'").fetchone()[0])
        raw.executemany(f"INSERT INTO track VALUES ({', '.join('?' * 16)})", rows)
        for step, text in raw.execute("SELECT step, changes FROM history").fetchall():
            changes = [
                [name, *(row and _row_of_6(row) for row in pair)] if name == "track" else [name, *pair]
                for name, *pair in json.loads(text)
            ]
            new = json.dumps(changes, separators=(",", ":"))
            values = new, digest(new.encode()), step
            raw.execute("UPDATE history SET changes = ?, digest = ? WHERE step = ?", values)
        raw.execute("PRAGMA user_version = 6")
        write_anew(raw, TABLE_NAMES)
        raw.execute("COMMIT")


def _row_of_6(row: list[object]) -> list[object]:
    key, name, position, *rest, clips = row
    ((_, source_id, start, *_),) = json.loads(str(clips))
    return [key, source_id, name, position, start, *rest]
