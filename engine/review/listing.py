"""The visible queue: the filtered proposals, in order and in groups, some collapsed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.document.analysis import DetectedSounds
from engine.document.marks.markers import Marker
from engine.document.state import DocumentState
from engine.document.table import VERDICTS, ProposalTable, table_of
from engine.review.sounds_in_cuts import words_of_cuts

Grouping = Literal["", "region", "state", "kind", "maker", "sound"]
OUTSIDE = "outside of regions"
NOT_NAMED = "nothing that has a name"


@dataclass(frozen=True, slots=True)
class QueueGroup:
    """Proposals under one heading.

    Attributes
    ----------
    name : the heading; empty where the queue is not grouped
    folded : only the heading is shown
    """

    name: str
    ids: tuple[str, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """The queue as it is on screen, group after group."""

    groups: tuple[QueueGroup, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids for keyboard navigation and 'all shown': those outside collapsed groups."""
        if len(self.groups) == 1 and not self.groups[0].folded:
            return self.groups[0].ids
        return tuple(key for group in self.groups if not group.folded for key in group.ids)


def listing(
    state: DocumentState,
    ids: tuple[str, ...],
    by: Grouping = "",
    folded: Iterable[str] = (),
    sounds: DetectedSounds | None = None,
) -> Listing:
    """Split an ordered queue into groups; within each the order stays.

    Parameters
    ----------
    by : "region" comes in the order of time and "state" begins with the undecided; kinds and makers come in
        the order of their names, and "sound" goes by the likeliest name of the sound
    folded : names of collapsed groups
    sounds : detected sounds, None if not analysed
    """
    if not by:
        return Listing((QueueGroup("", ids),))
    table = table_of(state)
    places, first = table.made.places, [verdict.value for verdict in VERDICTS] if by == "state" else []
    names_of = _regions(state, table) if by == "region" else _names(table, by, sounds)
    if by == "region":
        first = [region.name for region in _in_order(state)]
    members: dict[str, list[str]] = {name: [] for name in first}
    for key in ids:
        members.setdefault(names_of[places[key]], []).append(key)
    names = members if first else sorted(members, key=lambda name: (name == NOT_NAMED, name))
    away = frozenset(folded)
    return Listing(
        tuple(QueueGroup(name, tuple(members[name]), name in away) for name in names if members[name])
    )


def _in_order(state: DocumentState) -> list[Marker]:
    return sorted((one for one in state.markers.values() if one.is_region), key=lambda one: one.start_samples)


def _regions(state: DocumentState, table: ProposalTable) -> Sequence[str]:
    """Return the name of the region in which each proposal begins, the last to begin where they overlap."""
    names = np.full(len(table.made.ids), OUTSIDE, dtype=object)
    for region in _in_order(state):
        starts = table.starts_samples
        names[(starts >= region.start_samples) & (starts < region.stop_samples)] = region.name
    found: list[str] = names.tolist()
    return found


def _names(table: ProposalTable, by: Grouping, sounds: DetectedSounds | None) -> Sequence[str]:
    """Return the group of each proposal, by place."""
    if by == "sound":
        if sounds is None:
            return [NOT_NAMED] * len(table.made.ids)
        return [words[0] if words else NOT_NAMED for words in words_of_cuts(table.made, sounds)]
    if by == "state":
        return [VERDICTS[code].value for code in table.verdicts.tolist()]
    return table.made.kinds if by == "kind" else [proposal.maker for proposal in table.made.rows]
