"""Edits before they are applied, and the record of what an edit changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from engine.document.decisions import Decision
from engine.document.marks.markers import Marker
from engine.document.proposals import Proposal
from engine.document.tracks.track import Source, Track


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a document: a plain JSON value under a name."""

    id: str
    value: object


@dataclass(frozen=True, slots=True)
class CurrentAnalysis:
    """The current stored analysis of a kind ("score", "beats", "listening")."""

    id: str
    analysis_id: str


Row = Source | Track | Proposal | Decision | Marker | Setting | CurrentAnalysis


def row_key(row: Row) -> str:
    """Return the primary key of a row."""
    return row.proposal_id if isinstance(row, Decision) else row.id


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row before and after an edit; None if it does not exist."""

    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        """The row after the edit, or the one that the edit took away."""
        row = self.before if self.after is None else self.after
        assert row is not None
        return row

    @property
    def row_type(self) -> type[Row]:
        """The class of the row, which names its table."""
        return type(self.row)

    @property
    def key(self) -> str:
        """The primary key of the row."""
        return row_key(self.row)

    @property
    def inverse(self) -> RowChange:
        """The change that takes this one back."""
        return RowChange(before=self.after, after=self.before)


@dataclass(frozen=True, slots=True)
class Edit:
    """The changes of an edit, in words and rows.

    Attributes
    ----------
    label : text of the status line, such as "Accepted cut 2:31.0 – 2:44.6"
    changes : the rows before and after
    merges_as : consecutive edits with the same name become one step of undo; empty for a separate step
    by_listening : made by analysis: it becomes part of the step that last changed the sound, so that undo
        reverts the user's latest edit (decision 7)
    """

    label: str
    changes: tuple[RowChange, ...]
    merges_as: str = ""
    by_listening: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """The rows that an edit, an undo or a redo changed; views repaint only those."""

    label: str
    sources: frozenset[str] = frozenset()
    tracks: frozenset[str] = frozenset()
    proposals: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()
    analyses: frozenset[str] = frozenset()
    markers: frozenset[str] = frozenset()


def row_changes(pairs: Iterable[tuple[Row | None, Row | None]]) -> tuple[RowChange, ...]:
    """Return the changes of rows given as (before, after), without those that stay as they are."""
    return tuple(RowChange(before, after) for before, after in pairs if before != after)


def change_of(label: str, changes: Iterable[RowChange]) -> Change:
    """Return the record of changed rows. A decision counts as a change of its proposal."""
    keys: dict[type[Row], set[str]] = {}
    for change in changes:
        keys.setdefault(change.row_type, set()).add(change.key)
    return Change(
        label=label,
        sources=frozenset(keys.get(Source, ())),
        tracks=frozenset(keys.get(Track, ())),
        proposals=frozenset(keys.get(Proposal, set()) | keys.get(Decision, set())),
        settings=frozenset(keys.get(Setting, ())),
        analyses=frozenset(keys.get(CurrentAnalysis, ())),
        markers=frozenset(keys.get(Marker, ())),
    )


def united(changes: Sequence[Change]) -> Change:
    """Return one record of several changes in a row, called as the last."""

    def all_of(name: str) -> frozenset[str]:
        return frozenset().union(*(getattr(change, name) for change in changes))

    names = [field.name for field in fields(Change) if field.name != "label"]
    return Change(changes[-1].label, **{name: all_of(name) for name in names})


def merged(earlier: tuple[RowChange, ...], later: tuple[RowChange, ...]) -> tuple[RowChange, ...]:
    """Return the one set of changes that does both: the rows before the first, after the last."""
    by_row = {(change.row_type, change.key): change for change in earlier}
    for change in later:
        row = (change.row_type, change.key)
        first = by_row.get(row)
        by_row[row] = change if first is None else RowChange(first.before, change.after)
    return tuple(change for change in by_row.values() if change.before != change.after)
