"""The content of a document at one moment, frozen and shared between threads, and edits of it.

Content is rows of classes, each with a primary key. An edit is the rows before and after; `Change` names the
rows that it changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.document.proposals import Decision, Proposal, Verdict, decided_span
from engine.document.tracks import Source, Track, is_whole, rejoined


@dataclass(frozen=True, slots=True)
class Marker:
    """A named position of the document, or a named region [start, stop) where the two differ.

    Markers are in source positions, so that no cut moves them.
    """

    id: str
    start_samples: int
    stop_samples: int
    name: str

    @property
    def is_region(self) -> bool:
        """Whether it names a span rather than a position."""
        return self.stop_samples > self.start_samples


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
        reverts the user's latest edit (decision 5)
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


_FIELDS: Mapping[type[Row], str] = {
    Source: "sources",
    Track: "tracks",
    Proposal: "proposals",
    Decision: "proposals",
    Setting: "settings",
    CurrentAnalysis: "analyses",
    Marker: "markers",
}
"""The field of a `Change` that names changed rows of a class."""


def row_changes(pairs: Iterable[tuple[Row | None, Row | None]]) -> tuple[RowChange, ...]:
    """Return the changes of rows given as (before, after), without those that stay as they are."""
    return tuple(RowChange(before, after) for before, after in pairs if before != after)


def change_of(label: str, changes: Iterable[RowChange]) -> Change:
    """Return the record of changed rows. A decision counts as a change of its proposal."""
    keys: dict[str, set[str]] = {}
    for change in changes:
        keys.setdefault(_FIELDS[change.row_type], set()).add(change.key)
    return Change(label, **{name: frozenset(some) for name, some in keys.items()})


def united(changes: Sequence[Change]) -> Change:
    """Return one record of several changes in a row, called as the last."""

    names = set(_FIELDS.values())
    every = {name: frozenset().union(*(getattr(change, name) for change in changes)) for name in names}
    return Change(changes[-1].label, **every)


def merged(earlier: tuple[RowChange, ...], later: tuple[RowChange, ...]) -> tuple[RowChange, ...]:
    """Return the one set of changes that does both: the rows before the first, after the last."""
    by_row = {(change.row_type, change.key): change for change in earlier}
    for change in later:
        row = (change.row_type, change.key)
        first = by_row.get(row)
        by_row[row] = change if first is None else RowChange(first.before, change.after)
    return tuple(change for change in by_row.values() if change.before != change.after)


@dataclass(frozen=True, slots=True)
class DocumentState:
    """The content of a document.

    Attributes
    ----------
    rate_hz : the document's rate; 0 until the first source is imported
    sources : by id
    tracks : in their order on screen
    proposals : by id, ordered by start
    decisions : by proposal id; a proposal without one is undecided
    settings : plain JSON values by name, see `engine.document.settings`
    analyses : id of the current analysis by kind ("score", "beats", "listening")
    markers : by id, ordered by start
    """

    rate_hz: int = 0
    sources: Mapping[str, Source] = field(default_factory=dict)
    tracks: tuple[Track, ...] = ()
    proposals: Mapping[str, Proposal] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    analyses: Mapping[str, str] = field(default_factory=dict)
    markers: Mapping[str, Marker] = field(default_factory=dict)

    @property
    def length_samples(self) -> int:
        """The end of the last track."""
        return max((track.stop_samples for track in self.tracks), default=0)

    def channels(self, track: Track) -> int:
        """Return the number of channels of a track: that of its widest source."""
        return max(self.sources[key].channels for key in track.source_ids)

    def is_one_source(self, track: Track) -> bool:
        """Return whether a track plays all of one source unchanged."""
        first = track.clips[0]
        return len(track.clips) == 1 and is_whole(first, self.sources[first.source_id], self.rate_hz)

    def recorded(self, track: Track) -> tuple[object, ...]:
        """Return the identity of a track's audio: equal where the same samples play at the same places."""
        alike = replace(track, clips=rejoined(track.clips))
        if self.is_one_source(alike):  # as before a track had clips, for ids that are stored
            return track.clips[0].source_id, track.start_samples
        return tuple(clip.sound for clip in alike.clips), track.start_samples

    def verdict(self, proposal_id: str) -> Verdict:
        """Return the answer to a proposal; without a decision it is undecided."""
        decision = self.decisions.get(proposal_id)
        return Verdict.UNDECIDED if decision is None else decision.verdict

    def span(self, proposal_id: str) -> tuple[int, int]:
        """Return the span [start, stop) of a proposal as the user has it now."""
        return decided_span(self.proposals[proposal_id], self.decisions.get(proposal_id))
