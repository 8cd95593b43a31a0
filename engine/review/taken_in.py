"""Proposals inside a span whose edges were moved across them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.document.proposals import BY_HAND
from engine.document.state import DocumentState
from engine.document.table import table_of


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Ids of proposals entirely inside a span, and of those partly inside, by their starts."""

    wholly: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them."""
        return self.wholly + self.partly


def taken_in(state: DocumentState, proposal_id: str) -> TakenIn:
    """Return the proposals that a proposal covers after its edges moved, but not as made.

    For an edit by hand that is everything it covers: its span was the user's from the start.
    """
    proposal, table = state.proposals[proposal_id], table_of(state)
    start, stop = state.span(proposal_id)
    starts, stops = table.starts_samples, table.stops_samples
    covered = (starts < stop) & (start < stops)
    if proposal.maker != BY_HAND:
        covered &= ~((starts < proposal.stop_samples) & (proposal.start_samples < stops))
    covered[table.made.places[proposal_id]] = False
    wholly = covered & (start <= starts) & (stops <= stop)
    ids = table.made.ids
    return TakenIn(
        *(
            tuple(ids[place] for place in np.flatnonzero(some).tolist())
            for some in (wholly, covered & ~wholly)
        )
    )
