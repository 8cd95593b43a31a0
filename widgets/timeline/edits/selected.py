"""The selected span of the timeline."""

from __future__ import annotations

from dataclasses import dataclass

Lanes = tuple[int, ...] | None
"""Which lanes a selection is of, counted from the top; None for all."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The selection.

    Attributes
    ----------
    span : [start, stop) of the source, None without a selection
    tracks : ids of those it is of; none for all
    """

    span: tuple[int, int] | None = None
    tracks: tuple[str, ...] = ()
