"""The tables and the header of an `.offcut` file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from engine.core.errors import DocumentError
from engine.core.files.regular_file import read_beginning
from engine.core.wording import reason_of

APPLICATION_ID = 0x0FFC0701
SCHEMA_VERSION = 7
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"

# A column that is added later goes to the end of its table and of its row class, see `migrations`.
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
