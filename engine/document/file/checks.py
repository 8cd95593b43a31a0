"""Checks of the content of a document: sizes, values, and rows against each other. Each raises `ValueError`.

Checksums prove that a file is unchanged, not its origin. SQLite reports sizes before content is read into
memory. Values are checked a column at a time, which takes milliseconds for ten thousand rows, before a row is
built from them, and before they are written.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from math import isfinite
from operator import gt, ne
from types import MappingProxyType
from typing import Any

from engine.core.errors import UsageError
from engine.document.limits import (
    DEEPEST_JSON,
    FARTHEST_SAMPLES,
    HIGHEST_LANE_PX,
    HIGHEST_RATE_HZ,
    LONGEST_DOCUMENT_SAMPLES,
    LONGEST_ID,
    LONGEST_JSON,
    LONGEST_NOTE,
    LONGEST_ROW_BYTES,
    LONGEST_SOURCE_FRAMES,
    LONGEST_TEXT,
    LOUDEST_DB,
    LOWEST_RATE_HZ,
    MOST_CHANNELS,
    MOST_CLIPS,
    MOST_ROWS,
    QUIETEST_DB,
)
from engine.document.settings import cut_settings, ripple_of
from engine.document.state import DocumentState
from engine.document.tracks import source_length_samples

# Rows whose large values stay in the file: all that is read of them at once is this.
_READ_AT_ONCE = {
    "history": (("label", LONGEST_TEXT), ("merges_as", LONGEST_TEXT)),
    "analysis": (("id", LONGEST_ID), ("kind", LONGEST_ID)),
    "stored_audio": (("key", LONGEST_ID), ("encoding", LONGEST_ID)),
    "checksum": (("name", LONGEST_ID),),
}


def require_sizes(connection: sqlite3.Connection, tables: Iterable[str]) -> None:
    """Refuse a file with more rows, or longer ones, than any document has."""
    limits = [
        limit
        for table in tables
        for limit in (
            (f"rows of {table}", f"(SELECT count(*) FROM {table})", MOST_ROWS[table]),
            *(
                (f"letters in {table}.{column}", f"(SELECT max(length({column})) FROM {table})", longest)
                for column, longest in _READ_AT_ONCE.get(table, ())
            ),
        )
    ]
    found = connection.execute(f"SELECT {', '.join(query for _, query, _ in limits)}").fetchone()
    for (what, _, most), number in zip(limits, found, strict=True):
        if number is not None and number > most:
            raise ValueError(f"it has {number:,} {what}, and {most:,} are the most")


@contextmanager
def short_rows(connection: sqlite3.Connection) -> Iterator[None]:
    """Have SQLite refuse longer rows than those of any document, as it meets them."""
    before = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_ROW_BYTES)
    try:
        yield
    finally:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, before)


Values = Sequence[Any]
Rule = Callable[[Values], None]

_COLOR = re.compile("|#[0-9a-f]{6}")


def _whole(lowest: int, highest: int, *, or_none: bool = False) -> Rule:
    def require(values: Values) -> None:
        given = [value for value in values if value is not None] if or_none else values
        _require_types(given, int)
        _require_within(given, lowest, highest)

    return require


def _real(lowest: float, highest: float) -> Rule:
    def require(values: Values) -> None:
        _require_types(values, float, int)
        if any(map(ne, values, values)):  # what is not a number is neither the least nor the greatest
            raise ValueError("nan, which is not a number")
        _require_within(values, lowest, highest)

    return require


def _text(longest: int, *, given: bool = False) -> Rule:
    def require(values: Values) -> None:
        _require_types(values, str)
        length = max(map(len, values), default=0)
        if length > longest:
            raise ValueError(f"a text of {length:,} letters, and {longest:,} are the most")
        if given and "" in values:
            raise ValueError("an empty text")

    return require


def _color(values: Values) -> None:
    _require_types(values, str)
    for value in values:
        if not _COLOR.fullmatch(value):
            raise ValueError(shown(value))


def _truth(values: Values) -> None:
    _require_types(values, int, bool)
    _require_within(values, 0, 1)


def _require_types(values: Values, *expected: type) -> None:
    for found in set(map(type, values)).difference(expected):
        raise ValueError(f"a value of type {found.__name__}")


def _require_within(values: Values, lowest: float, highest: float) -> None:
    if not values:
        return
    for value in (min(values), max(values)):
        if not lowest <= value <= highest:
            raise ValueError(f"{value!r}, which is not from {lowest:g} to {highest:g}")


def shown(value: object) -> str:
    """Return any value as a short piece of a sentence."""
    return ascii(value)[:40]


_ID, _WORDS, _JSON = _text(LONGEST_ID, given=True), _text(LONGEST_TEXT), _text(LONGEST_JSON)
_POSITION, _POSITION_OR_NONE = _whole(0, FARTHEST_SAMPLES), _whole(0, FARTHEST_SAMPLES, or_none=True)
_ANYWHERE = _whole(-FARTHEST_SAMPLES, FARTHEST_SAMPLES)
_ANY_NUMBER = _real(-1e9, 1e9)
_FINITE = _real(-FARTHEST_SAMPLES, FARTHEST_SAMPLES)

# What each column holds as SQLite has it, in the order of the table. The steps of the history of older
# versions hold true and false, and whole numbers where others may be.
RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "source": (
            _ID,
            _text(LONGEST_TEXT, given=True),
            _WORDS,
            _whole(LOWEST_RATE_HZ, HIGHEST_RATE_HZ),
            _whole(1, MOST_CHANNELS),
            _whole(1, LONGEST_SOURCE_FRAMES),
            _WORDS,
            _WORDS,
        ),
        "track": (
            _ID,
            _WORDS,
            _whole(-MOST_ROWS["track"], MOST_ROWS["track"]),
            _WORDS,
            _real(QUIETEST_DB, LOUDEST_DB),
            _truth,
            _truth,
            _real(-1.0, 1.0),
            _color,
            _WORDS,
            _whole(0, HIGHEST_LANE_PX),
            _truth,
            _truth,
            _WORDS,
            _text(LONGEST_ROW_BYTES),
        ),
        "clip": (
            _ID,
            _ID,
            _ANYWHERE,
            _POSITION,
            _whole(1, FARTHEST_SAMPLES),
            _real(QUIETEST_DB, LOUDEST_DB),
            _POSITION,
            _POSITION,
            _WORDS,
            _truth,
        ),
        "proposal": (
            _ID,
            _text(LONGEST_ID, given=True),
            _POSITION,
            _POSITION,
            _ANY_NUMBER,
            _WORDS,
            _WORDS,
            _JSON,
            _JSON,
            _JSON,
            _JSON,
            _WORDS,
        ),
        "decision": (
            _ID,
            _WORDS,
            _whole(0, 1_000),
            _POSITION_OR_NONE,
            _POSITION_OR_NONE,
            _truth,
            _JSON,
            _text(LONGEST_NOTE),
        ),
        "marker": (_ID, _POSITION, _POSITION, _WORDS),
        "setting": (_ID, _JSON),
        "current_analysis": (_ID, _ID),
    }
)
_START, _STOP = "start_samples", "stop_samples"


def require_columns(table: str, names: Sequence[str], columns: Sequence[Values]) -> None:
    """Check the values of some rows, a column each, as SQLite holds them.

    Parameters
    ----------
    names : of the columns of the table; rows of an older version have fewer columns than names
    """
    for name, values, rule in zip(names, columns, RULES[table], strict=False):
        try:
            rule(values)
        except ValueError as error:
            raise ValueError(f"{table}.{name} holds {error}") from error
    if _START in names and _STOP in names:
        starts, stops = columns[names.index(_START)], columns[names.index(_STOP)]
        require_spans(f"{table}.{_START}", starts, stops)


def require_clips(names: Sequence[str], columns: Sequence[Values]) -> None:
    """Check the clips of tracks, a column each.

    Parameters
    ----------
    names : of their fields
    """
    require_columns("clip", names, columns)
    require_text("".join(chain.from_iterable(zip(columns[0], columns[1], columns[8], strict=True))))
    for length, fade_in, fade_out in zip(columns[4], columns[6], columns[7], strict=True):
        if fade_in + fade_out > length:
            raise ValueError(f"fades of {fade_in + fade_out} samples in a clip of {length}")


def require_alternatives(labels: Values, starts: Values, stops: Values) -> None:
    """Check the other edges of proposals; some may reach beyond the recording."""
    _WORDS(labels)
    require_text("".join(labels))
    for edges in (starts, stops):
        _ANYWHERE(edges)
    require_spans("proposal.alternatives", starts, stops)


def require_names(values: Values) -> None:
    """Check the tracks that proposals are about."""
    _ID(values)
    require_text("".join(values))


def require_references(paths: Values, *numbers: Values) -> None:
    """Check reference examples: file names, which may be bytes that are not text, and numbers."""
    _WORDS(paths)
    require_text("".join(paths))
    for values in numbers:
        require_numbers("proposal.nearest_kept", values)


def require_numbers(what: str, values: Values) -> None:
    """Require finite numbers."""
    try:
        _FINITE(values)
    except ValueError as error:
        raise ValueError(f"{what} holds {error}") from error


def require_lists(values: Values) -> None:
    """Require lists."""
    _require_types(values, list)


def require_spans(what: str, starts: Values, stops: Values) -> None:
    """Refuse spans that end before they start; None at either side is open."""
    with suppress(TypeError):  # where both are always given
        if not any(map(gt, starts, stops)):
            return
    for start, stop in zip(starts, stops, strict=True):
        if start is not None and stop is not None and start > stop:
            raise ValueError(f"{what} holds {start}, after its stop at {stop}")


def require_plain(values: Values) -> None:
    """Refuse JSON values that are nested too deeply or hold invalid numbers."""
    level: list[Any] = list(values)
    for _ in range(DEEPEST_JSON):
        if not level:
            return
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += [*value, *value.values()]
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, float) and not isfinite(value):
                raise ValueError(f"{value!r} is not a number")
            elif isinstance(value, str):
                require_text(value)
        level = inner
    raise ValueError(f"a value is nested more than {DEEPEST_JSON} deep")


def require_text(value: str) -> None:
    """Require text that encodes as UTF-8 or as the bytes of a file name."""
    value.encode("utf-8", "surrogateescape")


def require_coherent(state: DocumentState) -> None:
    """Refuse a document that edits cannot produce.

    Proposals may reach beyond the end of the recording: a track that is removed leaves them.
    """
    rate_hz: object = state.rate_hz
    if type(rate_hz) is not int or (rate_hz and not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ):
        raise ValueError(f"its rate is {shown(rate_hz)}")
    if not rate_hz and (state.tracks or state.proposals or state.markers):
        raise ValueError("it has no rate")
    _require_clips(state)
    for decision in state.decisions.values():
        if decision.alternative:
            proposal = state.proposals.get(decision.proposal_id)
            if proposal is not None and decision.alternative > len(proposal.alternatives):
                raise ValueError(f"proposal {shown(proposal.id)} has no alternative {decision.alternative}")
    try:
        cut_settings(state.settings)
        ripple_of(state.settings)
    except UsageError as error:
        raise ValueError(str(error).rstrip(".")) from error


def _require_clips(state: DocumentState) -> None:
    """Refuse tracks without a clip, and clips that are not of their sources."""
    lengths = {key: source_length_samples(one, state.rate_hz) for key, one in state.sources.items()}
    known: set[str] = set()
    for track in state.tracks:
        if not track.clips:
            raise ValueError(f"track {shown(track.id)} has no clip")
        if len(track.clips) > MOST_CLIPS:
            raise ValueError(f"track {shown(track.id)} has {len(track.clips):,} clips")
        for clip in track.clips:
            if clip.source_id not in lengths:
                raise ValueError(f"clip {shown(clip.id)} has no source")
            if clip.offset_samples + clip.length_samples > lengths[clip.source_id]:
                raise ValueError(f"clip {shown(clip.id)} reaches beyond its source")
            if clip.stop_samples > LONGEST_DOCUMENT_SAMPLES:
                raise ValueError(f"track {shown(track.id)} is longer than any recording")
            if clip.id in known:
                raise ValueError(f"there are two clips {shown(clip.id)}")
            known.add(clip.id)
