"""The user's tempo decisions on the current grid: the accepted proposals of kind `tempo`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.errors import DocumentError
from engine.document.decisions import Verdict, edited
from engine.document.kinds.payload import integer
from engine.document.kinds.tempo import BARS_LATER, GRID, HEARD, READING, TEMPO
from engine.document.state import DocumentState
from engine.document.table import table_of


@dataclass(frozen=True, slots=True)
class DecidedTempo:
    """A span of the grid, and how it is counted.

    Attributes
    ----------
    reading : a name of `engine.document.kinds.tempo.READINGS`
    bars_later_beats : how many beats of that reading later its bars begin
    """

    start_samples: int
    stop_samples: int
    reading: str
    bars_later_beats: int = 0


def decided_tempi(state: DocumentState) -> tuple[DecidedTempo, ...]:
    """Return the tempo decisions on the current grid, in the order of time.

    Decisions on another grid, such as the one before the user edited it, do not apply to this one.
    """
    table = table_of(state)
    if not table.made.kind_counts.get(TEMPO.name):
        return ()
    found = []
    for place in np.flatnonzero(table.are(Verdict.ACCEPTED)).tolist():
        proposal = table.made.rows[place]
        if proposal.kind != TEMPO.name:
            continue
        one = edited(proposal, state.decisions.get(proposal.id))
        try:
            TEMPO.validate(one.payload)
        except DocumentError:  # whoever builds the edit list says what is wrong with it
            continue
        if one.payload.get(GRID) == state.analyses.get("beats"):
            reading = str(one.payload.get(READING, HEARD))
            later = integer(one.payload, BARS_LATER, 0)
            found.append(DecidedTempo(one.start_samples, one.stop_samples, reading, later))
    return tuple(found)
