"""Rank of each proposal among the others, in the order that the queue sorts by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.decisions import Verdict
from engine.document.state import DocumentState
from engine.document.table import ProposalTable, table_of
from engine.review.learned import Learned
from engine.review.queue import by_sureness

Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Two figures for each proposal, by its row in `engine.document.table`; NaN for edits by hand.

    Scores of proposals are close together, so that bars of them would all look full. Ranks spread.

    Attributes
    ----------
    bars : float64, shape (n,), between 0 and 1, exclusive: rank, the highest score at the top; ties share the
        mean of their ranks
    top_shares : float64, shape (n,), 1 / n to 1, the share of the proposals that rank as high or higher, with
        itself
    """

    bars: Shares
    top_shares: Shares

    def bar(self, table: ProposalTable, proposal_id: str) -> float | None:
        """Return the bar of a proposal, None for an edit by hand."""
        return _known(self.bars[table.made.places[proposal_id]])

    def top_share(self, table: ProposalTable, proposal_id: str) -> float | None:
        """Return the share of proposals that rank as high or higher, None for an edit by hand."""
        return _known(self.top_shares[table.made.places[proposal_id]])


def standing(state: DocumentState, learned: Learned | None = None) -> Standing:
    """Rank the proposals of a document as the queue does in the order "score"."""
    table = table_of(state)
    made = table.made
    order = by_sureness(table, learned)
    order = order[~made.is_by_hand[order]]
    bars, top_shares = np.full((2, len(made.ids)), np.nan)
    if len(order):
        has_chance = np.zeros(len(order), bool)
        figures = made.scores[order]
        if learned is not None and learned.chances is not None:
            has_chance = table.are(Verdict.UNDECIDED)[order]
            figures = np.where(has_chance, learned.chances[order], figures)
        differs = (figures[1:] != figures[:-1]) | (has_chance[1:] != has_chance[:-1])
        first = np.flatnonzero(np.concatenate([[True], differs]))
        ends = np.append(first[1:], len(order))
        run = np.cumsum(np.concatenate([[0], differs]))
        bars[order] = 1.0 - ((first + ends) / 2 / len(order))[run]
        top_shares[order] = (ends / len(order))[run]
    return Standing(bars, top_shares)


def _known(figure: np.float64) -> float | None:
    return None if np.isnan(figure) else float(figure)
