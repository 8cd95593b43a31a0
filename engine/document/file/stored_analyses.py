"""Storage of analyses in the file: scalar fields as JSON, arrays as one compressed block."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.document.analysis import (
    Analysis,
    BeatGrid,
    DetectedSounds,
    Listening,
    NearestReference,
    ScoreCurve,
    StoredCurve,
)
from engine.document.drums.hits import Hits
from engine.document.drums.pickup import PICKUP, StrokePickup
from engine.document.file.checks.arrays import (
    UNREADABLE,
    array_names,
    require_beats,
    require_curve,
    require_hits,
    require_listening,
    require_nearest,
    require_pickup,
    require_scores,
    require_sections,
    require_sounds,
    require_takes,
    unpacked,
)
from engine.document.file.checks.columns import shown
from engine.document.file.checks.limits import LONGEST_FACTS_BYTES, MOST_PACKED_BYTES
from engine.document.file.checksums import Tally, digest
from engine.document.file.rows import json_value
from engine.document.marks.sections import SECTIONS, StoredSections
from engine.document.takes import TAKES, StoredTakes


@dataclass(frozen=True, slots=True)
class Form:
    """A form in which analyses are stored.

    Attributes
    ----------
    made : the class of the analysis
    words : name in a sentence
    require : raises `ValueError` for an invalid one
    """

    made: type[Analysis]
    words: str
    require: Callable[[Any], None]


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "score": Form(ScoreCurve, "the scores", require_scores),
        "nearest": Form(NearestReference, "the nearest references", require_nearest),
        "beats": Form(BeatGrid, "the beats", require_beats),
        "listening": Form(Listening, "the onsets and the loudness", require_listening),
        "hits": Form(Hits, "the drum hits", require_hits),
        "promoted": Form(Hits, "the drum hits that you confirmed", require_hits),
        "sounds": Form(DetectedSounds, "the detected sounds", require_sounds),
        PICKUP: Form(StrokePickup, "which tracks were recorded together", require_pickup),
        TAKES: Form(StoredTakes, "the takes", require_takes),
        SECTIONS: Form(StoredSections, "the sections", require_sections),
        "curve": Form(StoredCurve, "a curve", require_curve),
    }
)
"""By the kind of the analysis; those that packages add have other kinds, and are curves."""


def require_analysis(analysis: Analysis) -> None:
    """Refuse an invalid analysis.

    Raises
    ------
    ValueError : it is invalid
    """
    if not isinstance(analysis.maker, str):
        raise ValueError("the maker is not text")
    FORMS[_form_of(analysis)].require(analysis)


def _form_of(analysis: Analysis) -> str:
    return next(name for name, form in FORMS.items() if isinstance(analysis, form.made))


# As bytes, since damaged text may be no text at all.
_WRITTEN = "CAST(facts AS BLOB), arrays, digest"
_SHORT = f"length(facts) <= {LONGEST_FACTS_BYTES} AND length(arrays) <= {MOST_PACKED_BYTES}"


def write_analysis(
    connection: sqlite3.Connection, tally: Tally, analysis_id: str, analysis: Analysis
) -> None:
    """Store an analysis; a stored one is never changed."""
    kind = _form_of(analysis)
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


def read_analysis(connection: sqlite3.Connection, analysis_id: str) -> Analysis | None:
    """Return a stored analysis; None if it is missing or damaged, since it can be computed again."""
    wanted = f"SELECT kind, {_WRITTEN} FROM analysis WHERE id = ? AND {_SHORT}"
    row = connection.execute(wanted, (analysis_id,)).fetchone()
    if row is None or not _is_sound(*row[1:]):
        return None
    kind, facts, block, _ = row
    try:
        made: Callable[..., Analysis] = FORMS[kind].made
        known = FORMS[kind].made.__dataclass_fields__
        values = json_value(facts.decode())
        numbers = unpacked(block, array_names(known))
        analysis = made(**{name: values[name] for name in known.keys() & values}, **numbers)
        require_analysis(analysis)
    except (*UNREADABLE, AttributeError):
        return None
    return analysis


@dataclass(frozen=True, slots=True)
class SoundAnalyses:
    """Intact and damaged analyses of a document.

    Attributes
    ----------
    in_force : ids of the current ones, by kind
    damaged : names of the others, such as "the scores" and "earlier beats"
    """

    in_force: Mapping[str, str]
    damaged: tuple[str, ...]


def sound_analyses(connection: sqlite3.Connection, current: Mapping[str, str]) -> SoundAnalyses:
    """Find the damaged analyses among all; the current ones are given by kind and id."""
    stored = connection.execute(f"SELECT id, {_WRITTEN} FROM analysis WHERE {_SHORT}")
    sound = {key for key, *written in stored if _is_sound(*written)}
    in_force = {kind: key for kind, key in current.items() if key in sound}
    damaged = [name_of(kind) for kind in current if kind not in in_force]
    for key, kind in connection.execute("SELECT id, kind FROM analysis").fetchall():
        if key not in sound and key not in current.values():
            damaged.append(f"earlier {name_of(kind).removeprefix('the ')}")
    return SoundAnalyses(in_force, tuple(dict.fromkeys(damaged)))


def name_of(kind: str) -> str:
    """Return the name of an analysis kind in a sentence."""
    return FORMS[kind].words if kind in FORMS else f"the analysis {shown(kind)}"


def is_of_kind(analysis: Analysis, kind: str) -> bool:
    """Return whether an analysis fits this kind."""
    return isinstance(analysis, FORMS.get(kind, FORMS["curve"]).made)


def _is_sound(facts: bytes, arrays: bytes, expected: int) -> bool:
    return digest(facts + arrays) == expected
