"""What the queue shows at this moment: the proposals that pass, in order and in groups, some folded away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.document.state import DocumentState
from engine.document.table import VERDICTS, ProposalTable, table_of

Grouping = Literal["", "state", "kind", "maker"]


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
        """What keys walk through and 'all shown' means: all but what is folded away."""
        if len(self.groups) == 1 and not self.groups[0].folded:
            return self.groups[0].ids
        return tuple(key for group in self.groups if not group.folded for key in group.ids)


def listing(
    state: DocumentState, ids: tuple[str, ...], by: Grouping = "", folded: Iterable[str] = ()
) -> Listing:
    """Part an ordered queue into groups; within each the order stays.

    Parameters
    ----------
    by : "state" begins with the undecided; kinds and makers come in the order of their names
    folded : names of groups that show their heading only
    """
    if not by:
        return Listing((QueueGroup("", ids),))
    table = table_of(state)
    places, names_of = table.made.places, _names(table, by)
    members: dict[str, list[str]] = {verdict.value: [] for verdict in VERDICTS} if by == "state" else {}
    for key in ids:
        members.setdefault(names_of[places[key]], []).append(key)
    names = members if by == "state" else sorted(members)
    away = frozenset(folded)
    return Listing(
        tuple(QueueGroup(name, tuple(members[name]), name in away) for name in names if members[name])
    )


def _names(table: ProposalTable, by: Grouping) -> Sequence[str]:
    """Return the group of each proposal, by place."""
    if by == "state":
        return [VERDICTS[code].value for code in table.verdicts.tolist()]
    return table.made.kinds if by == "kind" else [proposal.maker for proposal in table.made.rows]
