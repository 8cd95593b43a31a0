"""How analyses are kept in the file: plain facts as JSON, arrays as one compressed block."""

from __future__ import annotations

import json
import sqlite3
from io import BytesIO

import numpy as np

from engine.document.analysis import Analysis, BeatGrid, Listening, NearestKept, ScoreCurve
from engine.document.checksums import Tally, digest

_ANALYSES: dict[str, type[Analysis]] = {
    "score": ScoreCurve,
    "nearest": NearestKept,
    "beats": BeatGrid,
    "listening": Listening,
}
# As bytes, since damaged text may be no text at all.
_WRITTEN = "CAST(facts AS BLOB), arrays, digest"


def write_analysis(connection: sqlite3.Connection, tally: Tally, analysis_id: str, analysis: Analysis) -> str:
    """Store what listening found and return its kind; an analysis is never changed afterwards."""
    kind = next(name for name, kind_type in _ANALYSES.items() if isinstance(analysis, kind_type))
    values = {name: getattr(analysis, name) for name in analysis.__dataclass_fields__}
    block = BytesIO()
    np.savez_compressed(
        block, allow_pickle=False, **{n: v for n, v in values.items() if isinstance(v, np.ndarray)}
    )
    facts = json.dumps({name: value for name, value in values.items() if not isinstance(value, np.ndarray)})
    arrays = block.getvalue()
    before = connection.execute(
        "SELECT id, kind, digest FROM analysis WHERE id = ?", (analysis_id,)
    ).fetchone()
    if before is not None:
        tally.count("analysis", before)
    found = digest(facts.encode() + arrays)
    connection.execute(
        "INSERT OR REPLACE INTO analysis VALUES (?, ?, ?, ?, ?)", (analysis_id, kind, facts, arrays, found)
    )
    tally.count("analysis", (analysis_id, kind, found))
    return kind


def read_analysis(connection: sqlite3.Connection, analysis_id: str) -> Analysis | None:
    """Return a stored analysis; None where it is missing or damaged, since listening again makes it anew."""
    row = connection.execute(f"SELECT kind, {_WRITTEN} FROM analysis WHERE id = ?", (analysis_id,)).fetchone()
    if row is None or not _is_sound(*row[1:]):
        return None
    kind, facts, blob, _ = row
    with np.load(BytesIO(blob), allow_pickle=False) as arrays:
        return _ANALYSES[kind](**json.loads(facts), **{name: arrays[name] for name in arrays.files})


def sound_analyses(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the ids of the stored analyses that are as they were written."""
    rows = connection.execute(f"SELECT id, {_WRITTEN} FROM analysis")
    return frozenset(key for key, *written in rows if _is_sound(*written))


def _is_sound(facts: bytes, arrays: bytes, expected: int) -> bool:
    return digest(facts + arrays) == expected
