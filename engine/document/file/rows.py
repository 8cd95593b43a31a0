"""How the rows of a document are written down: one table a row class, one column a field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, fields, replace
from enum import StrEnum
from itertools import chain, islice
from operator import attrgetter
from typing import Any, cast

from engine.document.file.checks import (
    require_alternatives,
    require_clips,
    require_columns,
    require_lists,
    require_names,
    require_plain,
    require_references,
    require_text,
    shown,
)
from engine.document.proposals import Alternative, Decision, Evidence, Proposal, ReferenceExample, Verdict
from engine.document.state import CurrentAnalysis, Marker, Row, RowChange, Setting
from engine.document.tracks import Clip, Picture, Source, Track

NOT_AS_WRITTEN = (ValueError, TypeError, KeyError, AttributeError)
"""Errors raised when a stored value is not as written."""

_NOTHING = "null"
_ESCAPE = "\0"  # no name of a file holds it
_JSON_AT_ONCE = 1_000  # one text is read far quicker than a thousand, and is checked before the next is read


def _real(value: float) -> float:
    return float(value) + 0.0  # SQLite gives 0.0 back for -0.0


def _text(value: str) -> str:
    """Return a text in a form that UTF-8 can hold: file names may be bytes that are not text."""
    text = str(value)
    if not text.isascii() or text.startswith(_ESCAPE):
        try:
            text.encode()
        except UnicodeEncodeError:
            return _ESCAPE + json.dumps(text)
        return _ESCAPE + json.dumps(text) if text.startswith(_ESCAPE) else text
    return text


def _texts(column: Sequence[str]) -> Sequence[str]:
    if _ESCAPE not in "".join(column):
        return column
    return [_unescaped(text) if text.startswith(_ESCAPE) else text for text in column]


def _unescaped(text: str) -> str:
    found = json.loads(text[len(_ESCAPE) :])
    if not isinstance(found, str):
        raise ValueError(f"{shown(text)} is not text")
    require_text(found)
    return found


def _json(value: object) -> str:
    return json.dumps(_plain(value), separators=(",", ":"), allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Alternative):
        plain = [value.label, value.start_samples, value.stop_samples]
        return [*plain, value.payload] if value.payload else plain
    if isinstance(value, ReferenceExample):
        return [value.path, value.start_s, value.stop_s, value.distance, value.offset_s]
    return value


def _from_json(texts: Sequence[str]) -> list[Any]:
    """Return the value of each text."""
    found: list[Any] = []
    for first in range(0, len(texts), _JSON_AT_ONCE):
        some = texts[first : first + _JSON_AT_ONCE]
        values: list[Any] = json_value(f"[{','.join(some)}]")
        if len(values) != len(some):
            raise ValueError("there is a text that is not one JSON value")
        found += values
    return found


def json_value(text: str) -> Any:
    """Return the value of a JSON text.

    Raises
    ------
    ValueError : it is none, or holds numbers that are none
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("a value is nested without end") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _any_values(texts: Sequence[str]) -> list[Any]:
    values = _from_json(texts)
    require_plain(values)
    return values


def _payloads(texts: Sequence[str]) -> list[dict[str, object]]:
    """Return payloads; equal texts give the same object, as for most proposals of a document."""
    alike = dict.fromkeys(texts)
    known = dict(zip(alike, _any_values(list(alike)), strict=True))
    _require_payloads([list(known.values())])
    return [known[text] for text in texts]


def _changes(texts: Sequence[str]) -> list[dict[str, object] | None]:
    """Return the users' payload changes; most are None."""
    given = _payloads([text for text in texts if text != _NOTHING])
    values = iter(given)
    return [None if text == _NOTHING else next(values) for text in texts]


def _require_payloads(columns: Sequence[Sequence[object]]) -> None:
    for value in chain.from_iterable(columns):
        if not isinstance(value, dict):
            raise ValueError(f"a payload is {shown(value)}")


def _names(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the tracks of proposals; most are about all of them."""
    alike = dict.fromkeys(texts)
    found = [value or [] for value in _any_values(list(alike))]
    require_lists(found)
    require_names([name for names in found for name in names])
    known = dict(zip(alike, map(tuple, found), strict=True))
    return [known[text] for text in texts]


def _alternatives(texts: Sequence[str]) -> list[tuple[Alternative, ...]]:
    found = _from_json(texts)
    require_lists(found)
    columns = _columns(list(chain.from_iterable(found)), [4, 3], {})
    if not columns:
        return [()] * len(found)
    require_alternatives(*columns[:3])
    _require_payloads(columns[3:])
    made = map(Alternative, *columns)
    return [tuple(islice(made, count)) for count in map(len, found)]


def _references(texts: Sequence[str]) -> list[ReferenceExample | None]:
    found = _from_json(texts)
    columns = _columns([one for one in found if one is not None], [5, 4], 0.0)
    if not columns:
        return [None] * len(found)
    require_references(*columns)
    made = map(ReferenceExample, *columns)
    return [None if one is None else next(made) for one in found]


def _columns(rows: list[Any], lengths: Sequence[int], added: object) -> list[tuple[Any, ...]]:
    """Return the columns of lists of one of these lengths; `added` completes shorter ones."""
    require_lists(rows)
    found = set(map(len, rows))
    if not found <= set(lengths):
        raise ValueError(f"a list of {max(found)} where {lengths[0]} belong together")
    if len(found) > 1:  # what came with a later version has a default
        rows = [[*row, added] if len(row) < lengths[0] else row for row in rows]
    return list(zip(*rows, strict=True))


def _clips(texts: Sequence[str]) -> list[tuple[Clip, ...]]:
    found = _from_json(texts)
    require_lists(found)
    columns = _columns(list(chain.from_iterable(found)), [len(fields(Clip))], None)
    if not columns:
        return [()] * len(found)
    require_clips([field.name for field in fields(Clip)], columns)
    made = (replace(clip, gain_db=_real(clip.gain_db)) for clip in map(Clip, *columns))
    return [tuple(islice(made, count)) for count in map(len, found)]


def _enumerated(kind: type[StrEnum]) -> Callable[[Sequence[str]], Sequence[object]]:
    members = {str(member): member for member in kind}

    def read(column: Sequence[str]) -> Sequence[object]:
        for value in set(column) - members.keys():
            raise ValueError(f"{shown(value)} is not one of {', '.join(members)}")
        return [members[value] for value in column]

    return read


# How fields are written, by their annotation: exactly what SQLite will give back, since checksums depend on
# it. Any other is JSON.
_WRITERS: Mapping[str, Callable[[Any], object]] = {
    "str": _text,
    "int": int,
    "float": _real,
    "bool": int,
    "int | None": lambda value: None if value is None else int(value),
    "Verdict": str,
    "Picture": str,
    "Evidence": str,
    "tuple[str, ...]": lambda names: _json(names) if names else _NOTHING,
    "tuple[Clip, ...]": lambda clips: _json([list(astuple(clip)) for clip in clips]),
}
# How whole columns are read, by the same annotation; None where SQLite gives the values themselves.
_READERS: Mapping[str, Callable[[Any], Sequence[object]] | None] = {
    **dict.fromkeys(("int", "float", "int | None")),
    "str": _texts,
    "bool": lambda column: [bool(value) for value in column],
    "Verdict": _enumerated(Verdict),
    "Picture": _enumerated(Picture),
    "Evidence": _enumerated(Evidence),
    "tuple[Alternative, ...]": _alternatives,
    "dict[str, object]": _payloads,
    "dict[str, object] | None": _changes,
    "tuple[str, ...]": _names,
    "ReferenceExample | None": _references,
    "tuple[Clip, ...]": _clips,
}


class Table:
    """Table for rows of one class; the fields of the class are its columns, in order, the first its key.

    Attributes
    ----------
    name : of the SQLite table
    row_type : the class of its rows
    delete_one, insert : statements; the first takes a key, the other the values that `encode_all` returns
    """

    def __init__(self, name: str, row_type: type[Row]) -> None:
        self.name = name
        self.row_type = row_type
        self.columns = tuple(field.name for field in fields(row_type))
        types = [str(field.type) for field in fields(row_type)]
        self._writers = tuple(_WRITERS.get(one, _json) for one in types)
        self._readers: list[tuple[int, Callable[[Any], Sequence[object]]]] = []
        for place, one in enumerate(types):
            read = _READERS.get(one, _any_values)
            if read is not None:
                self._readers.append((place, read))
        self.delete_one = f'DELETE FROM {name} WHERE "{self.columns[0]}" = ?'
        columns = ", ".join(f'"{column}"' for column in self.columns)
        marks = ", ".join("?" * len(self.columns))
        self.insert = f"INSERT OR REPLACE INTO {name} ({columns}) VALUES ({marks})"

    def select_some(self, count: int) -> str:
        """Return the statement that finds rows by `count` keys."""
        return f'SELECT * FROM {self.name} WHERE "{self.columns[0]}" IN ({", ".join("?" * count)})'

    def encode_all(self, rows: Sequence[Row]) -> list[tuple[object, ...]]:
        """Return the values of each row's columns as SQLite holds them, a column at a time, which is quick.

        Raises
        ------
        ValueError : a document cannot hold such a row
        """
        writers = zip(self.columns, self._writers, strict=True)
        columns = [list(map(write, map(attrgetter(name), rows))) for name, write in writers]
        require_columns(self.name, self.columns, columns)  # what could not be read again is not written
        return list(zip(*columns, strict=True))

    def decode(self, values: Sequence[object]) -> Row:
        """Return the row of what `encode_all` returned of one."""
        return self.decode_all([values])[0]

    def decode_all(self, rows: Sequence[Sequence[object]]) -> list[Row]:
        """Return the rows of stored values.

        Columns that a newer version has added are passed over; those that an older one did not have, as in
        the steps of its history, take the field's default.

        Raises
        ------
        ValueError, TypeError : these are not the values of such rows
        """
        columns: list[Any] = list(zip(*rows, strict=True))[: len(self.columns)]
        if not rows:
            return []
        require_columns(self.name, self.columns, columns)
        for place, read in self._readers:
            if place < len(columns):
                columns[place] = read(columns[place])
        return list(map(cast(Callable[..., Row], self.row_type), *columns))


TABLES: Mapping[type[Row], Table] = {
    table.row_type: table
    for table in (
        Table("source", Source),
        Table("track", Track),
        Table("proposal", Proposal),
        Table("decision", Decision),
        Table("marker", Marker),
        Table("setting", Setting),
        Table("current_analysis", CurrentAnalysis),
    )
}
_BY_NAME = {table.name: table for table in TABLES.values()}


def changes_to_json(changes: Sequence[RowChange]) -> str:
    """Write changes down for the history."""
    before, after = _encoded([one.before for one in changes]), _encoded([one.after for one in changes])
    names = [TABLES[change.row_type].name for change in changes]
    return json.dumps(list(zip(names, before, after, strict=True)), separators=(",", ":"))


def _encoded(rows: Sequence[Row | None]) -> list[tuple[object, ...] | None]:
    """Return the values of each row, None for None."""
    values: list[tuple[object, ...] | None] = [None] * len(rows)
    places: dict[type[Row], list[int]] = {}
    for place, row in enumerate(rows):
        if row is not None:
            places.setdefault(type(row), []).append(place)
    for row_type, some in places.items():
        found = TABLES[row_type].encode_all([row for row in map(rows.__getitem__, some) if row is not None])
        for place, one in zip(some, found, strict=True):
            values[place] = one
    return values


def changes_from_json(text: str) -> tuple[RowChange, ...]:
    """Read what `changes_to_json` wrote.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError : it is something else
    """
    changes = json_value(text)
    if not changes:
        return ()
    names, before, after = zip(*changes, strict=True)
    if any(old is None and new is None for old, new in zip(before, after, strict=True)):
        raise ValueError("a change of no row")
    return tuple(map(RowChange, _decoded(names, before), _decoded(names, after)))


def _decoded(names: Sequence[str], written: Sequence[Sequence[object] | None]) -> list[Row | None]:
    """Return the row of each, None for None."""
    rows: list[Row | None] = [None] * len(names)
    places: dict[tuple[str, int], list[int]] = {}
    for place, (name, values) in enumerate(zip(names, written, strict=True)):
        if values is not None:
            places.setdefault((name, len(values)), []).append(place)
    for (name, _), some in places.items():
        found = _BY_NAME[name].decode_all([values for values in map(written.__getitem__, some) if values])
        for place, row in zip(some, found, strict=True):
            rows[place] = row
    return rows
