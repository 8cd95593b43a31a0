"""Compare two sets of cuts: split, merged, removed and added ones.

A higher threshold cuts less of the sound, and yet may propose more cuts, since a long one splits around the
remaining parts. Users count cuts, so the difference is reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.wording import counted

Spans = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Recount:
    """Two sets of cuts side by side; ``after == before + pieces_more - joined_fewer - gone + come``.

    Attributes
    ----------
    before, after : number of cuts
    broke_up : old cuts replaced by several
    pieces_more : additional cuts from these
    joined_fewer : reduction by merged cuts
    gone : old cuts without a successor
    come : new cuts without a predecessor
    """

    before: int
    after: int
    broke_up: int = 0
    pieces_more: int = 0
    joined_fewer: int = 0
    gone: int = 0
    come: int = 0

    @property
    def sentence(self) -> str:
        """The new cuts counted and, where they are more because long ones broke up, that they did."""
        said = counted(self.after, "cut")
        if self.after <= self.before or not self.broke_up:
            return said
        why = f"{counted(self.broke_up, 'long cut')} broke up"
        if self.come:
            why += f", {self.come:,} {'is' if self.come == 1 else 'are'} new"
        return f"{said} ({self.after - self.before:,} more: {why})"


def recount(before: Spans, after: Spans) -> Recount:
    """Compare two sets of cuts.

    Parameters
    ----------
    before, after : spans [start, stop) that are not empty, shapes (n, 2) and (m, 2), in any order
    """
    into, come_of = _touched(before, after), _touched(after, before)
    return Recount(
        before=len(before),
        after=len(after),
        broke_up=int(np.count_nonzero(into > 1)),
        pieces_more=int(np.maximum(into - 1, 0).sum()),
        joined_fewer=int(np.maximum(come_of - 1, 0).sum()),
        gone=int(np.count_nonzero(into == 0)),
        come=int(np.count_nonzero(come_of == 0)),
    )


def _touched(spans: Spans, others: Spans) -> NDArray[np.int64]:
    """Return how many of the others each span overlaps, shape (n,)."""
    begun = np.searchsorted(np.sort(others[:, 0]), spans[:, 1], side="left")
    ended = np.searchsorted(np.sort(others[:, 1]), spans[:, 0], side="right")
    touched: NDArray[np.int64] = begun - ended
    return touched
