"""The user's choices for the queue: filter, search, order, groups, and folded groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from engine.document.analysis import DetectedSounds
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.review.queue import Grouping, Learned, Listing, Order, QueueFilter, listing, queue

FILTERS: Mapping[str, QueueFilter] = MappingProxyType(
    {
        "all": QueueFilter(),
        "undecided": QueueFilter(is_open=True),
        "decided": QueueFilter(verdicts=frozenset({Verdict.ACCEPTED, Verdict.REJECTED})),
        "flagged": QueueFilter(flagged=True),
    }
)
"""Filters across kinds; any other name filters by the kind of that name."""

Sorting = Literal["time", "score", "length", "useful", "answered"]
"""An order of the queue, or the last answer first, which only the decided ones have."""

_SORTINGS: tuple[Sorting, ...] = ("time", "score", "length")
_GROUPINGS: tuple[Grouping, ...] = ("", "region", "state", "kind", "maker", "sound")


@dataclass(frozen=True, slots=True)
class QueueChoices:
    """How the queue is shown; each way to change it returns another one."""

    filter_name: str = "all"
    text: str = ""
    sorting: Sorting = "time"
    grouping: Grouping = ""
    folded: frozenset[str] = frozenset()

    @property
    def narrows(self) -> bool:
        """Whether some proposals may be left out on purpose."""
        return self.filter_name != "all" or bool(self.text.strip()) or bool(self.folded)

    @property
    def order(self) -> Order:
        """The order in which a proposal that left the queue is looked for."""
        return "time" if self.sorting == "answered" else self.sorting

    @property
    def keeps_places(self) -> bool:
        """Whether a proposal that left the queue still has a place in it, by its time, score or length."""
        return not self.grouping and self.sorting != "answered"

    def filtered(self, name: str) -> QueueChoices:
        """Take another filter. The decided ones begin with the last answer."""
        sorting: Sorting = "time" if self.sorting == "answered" else self.sorting
        return replace(self, filter_name=name, sorting="answered" if name == "decided" else sorting)

    def sorted_otherwise(self, *, learns: bool) -> QueueChoices:
        """Switch to the next order; the most useful first is only offered with learning."""
        last: Sorting = "answered" if self.filter_name == "decided" else "useful"
        known = (*_SORTINGS, last) if learns or last == "answered" else _SORTINGS
        return replace(self, sorting=known[(known.index(self.sorting) + 1) % len(known)])

    def without_learning(self) -> QueueChoices:
        """Take an order that needs nothing learned."""
        return replace(self, sorting="score") if self.sorting == "useful" else self

    def grouped_otherwise(self, *, has_regions: bool, has_sounds: bool) -> QueueChoices:
        """Take the next way to group, everything unfolded; by regions and sounds only where there are any."""
        left_out = {"region": not has_regions, "sound": not has_sounds}
        known = tuple(one for one in _GROUPINGS if not left_out.get(one, False))
        at = known.index(self.grouping) if self.grouping in known else 0
        following = known[(at + 1) % len(known)]
        return replace(self, grouping=following, folded=frozenset())

    def with_fold(self, name: str) -> QueueChoices:
        """Fold a group away, or show it again."""
        return replace(self, folded=self.folded ^ {name})

    def listing(
        self,
        state: DocumentState,
        newest_first: Callable[[], tuple[str, ...]],
        learned: Learned | None,
        sounds: DetectedSounds | None = None,
    ) -> Listing:
        """Return the visible listing; `newest_first` is called if the order of the answers is needed."""
        name = self.filter_name
        shown = FILTERS.get(name, QueueFilter(kinds=frozenset({name})))
        ids = queue(state, self.order, replace(shown, text=self.text, sounds=sounds), learned)
        if self.sorting == "answered":
            found = frozenset(ids)
            ids = tuple(key for key in newest_first() if key in found)
        return listing(state, ids, self.grouping, self.folded, sounds)
