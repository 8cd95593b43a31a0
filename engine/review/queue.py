"""The review queue: its order and ranks, its filters, groups on screen, and where each key leads."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import DetectedSounds
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.document.table import VERDICTS, Mask, ProposalTable, table_of
from engine.review.overlaps import cut_away, cut_away_with
from engine.review.wording import words_of_cuts

Shares = NDArray[np.float64]
Grouping = Literal["", "region", "state", "kind", "maker", "sound"]
OUTSIDE = "outside of regions"
NOT_NAMED = "nothing that has a name"


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """Two figures for each proposal, by its row in `engine.document.table`.

    Attributes
    ----------
    chances : float64, shape (n,), probability of acceptance, 0 to 1; None before the first decision
    usefulness : float64, shape (n,), information gain of its decision about the other undecided ones
    """

    chances: NDArray[np.float64] | None
    usefulness: NDArray[np.float64]


Order = Literal["time", "score", "length", "useful"]
"""By start; the highest score first; the longest first (as proposed, so that a nudge moves no row); the most
informative decision first.

After calibration, "score" sorts the undecided by probability. In "score" and "useful" decided proposals keep
the place of their score, and the undecided share the other places: a decision moves no decided proposal.
"""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Filter of the queue; an empty set passes everything.

    Attributes
    ----------
    is_open : only those that need a decision: undecided, and not inside accepted cuts
    flagged : True shows the flagged ones only, False the others, None both
    text : words to find in reason, id, note and detected sounds together, ignoring case
    sounds : detected sounds, None if not analysed
    """

    kinds: frozenset[str] = frozenset()
    verdicts: frozenset[Verdict] = frozenset()
    is_open: bool = False
    flagged: bool | None = None
    text: str = ""
    sounds: DetectedSounds | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Where a key that moves through the queue arrives.

    Attributes
    ----------
    proposal_id : None if there is nowhere to go
    wrapped : the search went past an end of the queue and came in again at the other
    at_end : the move stopped because there is nothing further that way
    """

    proposal_id: str | None
    wrapped: bool = False
    at_end: bool = False


EVERYTHING = QueueFilter()


def queue(
    state: DocumentState,
    order: Order = "time",
    show: QueueFilter = EVERYTHING,
    learned: Learned | None = None,
) -> tuple[str, ...]:
    """Return the ids of the shown proposals in an order; `learned` is None without calibration."""
    table = table_of(state)
    places = _places(table, order, learned)
    shown = _shown(state, table, show)
    if shown is not None:
        places = np.flatnonzero(shown) if places is None else places[shown[places]]
    return table.made.ids if places is None else _ids(table, places)


def next_id(
    state: DocumentState,
    ids: tuple[str, ...],
    current: str | None,
    *,
    undecided_only: bool = False,
    order: Order = "time",
    learned: Learned | None = None,
    accepting: str | None = None,
) -> Step:
    """Return the proposal after `current` in the queue `ids`, made in this `order` with `learned`.

    The plain move stops at the last proposal with `at_end`; the search for an undecided one wraps around and
    ends at `current` itself. If `current` has left the queue (it was decided under a filter), the move starts
    at its former place. Without a current proposal it starts before the first. The search skips proposals
    inside accepted cuts.

    Parameters
    ----------
    accepting : the proposal about to be accepted: those inside its cut are skipped as well
    """
    _, after = _around(state, ids, current, order, learned)
    if not undecided_only:
        return Step(ids[after]) if after < len(ids) else Step(ids[-1] if ids else None, at_end=True)
    gone = cut_away(state) if accepting is None else cut_away_with(state, accepting)
    return _first_undecided(state, ids, range(after, len(ids)), range(after), gone)


def previous_id(
    state: DocumentState,
    ids: tuple[str, ...],
    current: str | None,
    *,
    undecided_only: bool = False,
    order: Order = "time",
    learned: Learned | None = None,
) -> Step:
    """Return the proposal before `current`; the mirror image of `next_id`."""
    before, _ = _around(state, ids, current, order, learned)
    if current is None:
        before = len(ids) - 1
    if not undecided_only:
        return Step(ids[before]) if before >= 0 else Step(ids[0] if ids else None, at_end=True)
    behind = range(len(ids) - 1, before, -1)
    return _first_undecided(state, ids, range(before, -1, -1), behind, cut_away(state))


def at_or_above(state: DocumentState, score: float) -> tuple[str, ...]:
    """Return the undecided proposals that score at least `score`, the highest first."""
    table = table_of(state)
    by_score = table.made.by_score
    wanted = table.are(Verdict.UNDECIDED) & (table.made.scores >= score)
    return _ids(table, by_score[wanted[by_score]])


def _ids(table: ProposalTable, places: NDArray[np.int64]) -> tuple[str, ...]:
    ids = table.made.ids
    return tuple([ids[place] for place in places.tolist()])


def _shown(state: DocumentState, table: ProposalTable, show: QueueFilter) -> NDArray[np.bool_] | None:
    """Return which proposals pass, by place; None if all do."""
    made = table.made
    tests: list[NDArray[np.bool_]] = []
    if show.kinds:
        tests.append(np.array([kind in show.kinds for kind in made.kinds], bool))
    if show.verdicts:
        tests.append(np.logical_or.reduce([table.are(verdict) for verdict in show.verdicts]))
    if show.is_open:
        tests.append(table.are(Verdict.UNDECIDED) & ~cut_away(state))
    if show.flagged is not None:
        tests.append(table.flagged == show.flagged)
    if words := show.text.casefold().split():
        tests.append(
            np.array([all(word in text for word in words) for text in _words(table, show.sounds)], bool)
        )
    return np.logical_and.reduce(tests) if tests else None


def _words(table: ProposalTable, sounds: DetectedSounds | None) -> Sequence[str]:
    """Return the searchable text of each row."""
    made = table.made
    noted = [decision for decision in table.decisions.values() if decision.note]
    if not noted and sounds is None:
        return made.words
    texts = list(made.words)
    for number, detected in enumerate(words_of_cuts(made, sounds) if sounds is not None else ()):
        if detected:
            texts[number] += f" {' '.join(detected).casefold()}"
    for decision in noted:
        if (place := made.places.get(decision.proposal_id)) is not None:
            texts[place] += f" {decision.note.casefold()}"
    return texts


def _places(table: ProposalTable, order: Order, learned: Learned | None) -> NDArray[np.int64] | None:
    """Return an order as places in a table; None if that is the order they are in."""
    made = table.made
    if order == "time":
        return None
    if order == "length":
        return made.by_length
    if order == "score":
        return by_sureness(table, learned)
    return made.by_score if learned is None else _by_figures(table, learned.usefulness)


def by_sureness(table: ProposalTable, learned: Learned | None) -> NDArray[np.int64]:
    """Return the rows in the order "score": the highest score or probability first."""
    chances = None if learned is None else learned.chances
    return table.made.by_score if chances is None else _by_figures(table, chances)


def _by_figures(table: ProposalTable, figures: NDArray[np.float64]) -> NDArray[np.int64]:
    made = table.made
    places = made.by_score.copy()
    open_rows = table.are(Verdict.UNDECIDED)[places]
    undecided = places[open_rows]
    places[open_rows] = undecided[np.argsort(-figures[undecided], kind="stable")]
    return places


def _around(
    state: DocumentState, ids: tuple[str, ...], current: str | None, order: Order, learned: Learned | None
) -> tuple[int, int]:
    """Return the places in `ids` just before and just after the current proposal."""
    if current in ids:  # also where the queue is in groups, or in the order of the answers
        place = ids.index(current)
        return place - 1, place + 1
    if current is None or current not in state.proposals:
        return -1, 0
    table = table_of(state)
    places = _places(table, order, learned)
    ranks = np.arange(len(table.made.ids)) if places is None else np.argsort(places)

    def rank(proposal_id: str) -> int:
        return int(ranks[table.made.places[proposal_id]])

    after = bisect_left(ids, rank(current), key=rank)
    return after - 1, after


def _first_undecided(
    state: DocumentState, ids: tuple[str, ...], ahead: range, around: range, gone: Mask
) -> Step:
    table = table_of(state)
    known, wanted = table.made.places, (table.are(Verdict.UNDECIDED) & ~gone).tolist()
    for wrapped, places in ((False, ahead), (True, around)):
        for place in places:
            if wanted[known[ids[place]]]:
                return Step(ids[place], wrapped=wrapped)
    return Step(None, at_end=True)


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
    if by == "region":
        regions = sorted(
            (one for one in state.markers.values() if one.is_region), key=lambda one: one.start_samples
        )
        first = [region.name for region in regions]
        starts, begun = table.starts_samples, np.full(len(table.made.ids), OUTSIDE, dtype=object)
        for region in regions:  # where they overlap, the last to begin counts
            begun[(starts >= region.start_samples) & (starts < region.stop_samples)] = region.name
        names_of: Sequence[str] = begun.tolist()
    else:
        names_of = _names(table, by, sounds)
    members: dict[str, list[str]] = {name: [] for name in first}
    for key in ids:
        members.setdefault(names_of[places[key]], []).append(key)
    names = members if first else sorted(members, key=lambda name: (name == NOT_NAMED, name))
    away = frozenset(folded)
    return Listing(
        tuple(QueueGroup(name, tuple(members[name]), name in away) for name in names if members[name])
    )


def _names(table: ProposalTable, by: Grouping, sounds: DetectedSounds | None) -> Sequence[str]:
    """Return the group of each proposal, by place."""
    if by == "sound":
        if sounds is None:
            return [NOT_NAMED] * len(table.made.ids)
        return [words[0] if words else NOT_NAMED for words in words_of_cuts(table.made, sounds)]
    if by == "state":
        return [VERDICTS[code].value for code in table.verdicts.tolist()]
    return table.made.kinds if by == "kind" else [proposal.maker for proposal in table.made.rows]
