"""How one set of cuts became another: what broke up, grew together, went and came.

A higher threshold cuts less of the sound, and yet may propose more cuts, since a long one breaks up around
what is kept of it. Users count cuts: they are told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.wording import counted

Spans = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Recount:
    """Two sets of cuts side by side; ``after == before + pieces_more - joined_fewer - gone + come``.

    Attributes
    ----------
    before, after : how many cuts there were and are
    broke_up : old cuts in whose place there are several
    pieces_more : by how many that makes more
    joined_fewer : by how many those make fewer that grew together
    gone : old cuts in whose place there is none
    come : new cuts where there was none
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
