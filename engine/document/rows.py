"""How the rows of a document are written down: one table a row class, one column a field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from engine.document.change import CurrentAnalysis, Row, RowChange, Setting
from engine.document.decisions import Decision, Verdict
from engine.document.proposals import Alternative, Proposal
from engine.document.track import Source, Track


@dataclass(frozen=True, slots=True)
class Table:
    """Where rows of one class are kept.

    Attributes
    ----------
    name : of the SQLite table
    row_type : the class of its rows; its fields are the columns, in order
    json_columns : columns that hold a JSON text
    """

    name: str
    row_type: type[Row]
    json_columns: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns; the first is the key."""
        return tuple(field.name for field in fields(self.row_type))

    def encode(self, row: Row) -> tuple[object, ...]:
        """Return the values of a row's columns."""
        return tuple(
            json.dumps(_plain(getattr(row, column)), separators=(",", ":"))
            if column in self.json_columns
            else getattr(row, column)
            for column in self.columns
        )

    def decode(self, values: Iterable[object]) -> Row:
        """Return the row of what `encode` returned."""
        named = {
            column: json.loads(cast(str, value)) if column in self.json_columns else value
            for column, value in zip(self.columns, values, strict=True)
        }
        return self.row_type(**_typed(self.row_type, named))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Alternative):
        return [value.label, value.start_samples, value.stop_samples]
    return value


def _typed(row_type: type[Row], named: dict[str, Any]) -> dict[str, Any]:
    if row_type is Decision:
        named["verdict"] = Verdict(named["verdict"])
        named["flagged"] = bool(named["flagged"])
    elif row_type is Track:
        named["mute"], named["solo"] = bool(named["mute"]), bool(named["solo"])
    elif row_type is Proposal:
        named["alternatives"] = tuple(Alternative(*values) for values in named["alternatives"])
    return named


TABLES: Mapping[type[Row], Table] = {
    table.row_type: table
    for table in (
        Table("source", Source),
        Table("track", Track),
        Table("proposal", Proposal, frozenset({"alternatives", "payload"})),
        Table("decision", Decision),
        Table("setting", Setting, frozenset({"value"})),
        Table("current_analysis", CurrentAnalysis),
    )
}
_BY_NAME = {table.name: table for table in TABLES.values()}


def changes_to_json(changes: Iterable[RowChange]) -> str:
    """Write changes down for the history."""
    return json.dumps(
        [
            [
                TABLES[change.row_type].name,
                None if change.before is None else TABLES[change.row_type].encode(change.before),
                None if change.after is None else TABLES[change.row_type].encode(change.after),
            ]
            for change in changes
        ],
        separators=(",", ":"),
    )


def changes_from_json(text: str) -> tuple[RowChange, ...]:
    """Read what `changes_to_json` wrote."""
    return tuple(
        RowChange(
            None if before is None else _BY_NAME[name].decode(before),
            None if after is None else _BY_NAME[name].decode(after),
        )
        for name, before, after in json.loads(text)
    )
