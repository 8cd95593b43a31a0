"""Positions of inserted silence: far beyond any recording, so that every track is silent there.

The programme plays an insert as a span of such positions, laid before its place. Room tone is a replacement
of that span. Each insert has a span of its own, apart from the others by more than a crossfade needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.document.kinds.operations import Insert, Order, Replace

INSERTED_FROM = 2**44
"""No position of a document is as far."""
AFTER_THE_LAST = INSERTED_FROM + 2**42
"""From here on the silence plays in which other tracks end; more than all inserts of a document."""
_APART = 2**21
"""More than two of the longest crossfades at the highest rate."""


def laid_inserts(inserts: Iterable[Insert]) -> Iterator[tuple[Order, Replace | None]]:
    """Yield the order that lays each insert, and the room tone that fills it."""
    first = INSERTED_FROM + _APART
    for one in inserts:
        stop = first + one.length_samples
        order = Order(first, stop, one.start_samples, 1, True, one.crossfade_ms, one.rank)
        around = first - _APART // 2, stop + _APART // 2
        yield order, None if one.tone is None else Replace(*around, one.tracks, one.tone)
        first = stop + _APART
