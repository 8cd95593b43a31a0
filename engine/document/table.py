"""The proposals of a document as arrays, with the decisions: one row each, in the order of time.

Code that counts, sorts, draws or applies thousands of proposals reads these. An edit updates only the rows
that it changed: most keys change one decision, and an edit by hand or its undo adds or removes one proposal.
The result is that of rebuilding the table, which takes many times as long from ten thousand proposals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from operator import attrgetter, is_, is_not
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import DocumentError
from engine.document.kinds import KINDS, Kind
from engine.document.kinds.operations import Drop, Operation
from engine.document.proposals import (
    BY_HAND,
    WEAK_EVIDENCE,
    Decision,
    Edited,
    Evidence,
    Proposal,
    Verdict,
    decided_span,
    edited,
)
from engine.document.state import DocumentState

Item = TypeVar("Item")
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]

VERDICTS = tuple(Verdict)
_CODES = {verdict: code for code, verdict in enumerate(VERDICTS)}
_COLUMNS = ("starts_samples", "stops_samples", "scores", "drops", "is_learned", "is_known")


@dataclass(frozen=True, slots=True)
class Step:
    """A proposal that came to a place among others, or went from it."""

    place: int
    came: bool

    def column(self, values: NDArray[Any], value: Any) -> NDArray[Any]:
        """Return a column, or an array with a row for each proposal, after this step."""
        if self.came:
            return np.insert(values, self.place, value, axis=0)
        return np.delete(values, self.place, axis=0)

    def listed(self, items: Sequence[Item], item: Item) -> tuple[Item, ...]:
        """Return the items after this step."""
        rest = items[self.place :] if self.came else items[self.place + 1 :]
        return (*items[: self.place], *([item] if self.came else []), *rest)

    def shifted(self, place: int) -> int | None:
        """Return the new index of a row; None if it was removed."""
        if self.came:
            return place + (place >= self.place)
        return None if place == self.place else place - (place > self.place)

    def order(self, order: NDArray[np.int64], figures: NDArray[Any]) -> NDArray[np.int64]:
        """Return a stable order of places after this step; `figures` are those after it, by place."""
        if not self.came:
            rest: NDArray[np.int64] = order[order != self.place]
            return rest - (rest > self.place)
        moved = order + (order >= self.place)
        mine, others = figures[self.place], figures[moved]
        ahead = np.count_nonzero((others > mine) | ((others == mine) & (moved < self.place)))
        return np.insert(moved, ahead, self.place)


def step_between(before: Sequence[Item], after: Sequence[Item]) -> Step | None:
    """Return the single step from some rows to others, None if there is not exactly one."""
    came = len(after) > len(before)
    more, fewer = (after, before) if came else (before, after)
    if len(more) != len(fewer) + 1:
        return None
    pairs = enumerate(zip(more, fewer, strict=False))
    place = next((place for place, (one, other) in pairs if one is not other), len(fewer))
    return Step(place, came) if more[place + 1 :] == fewer[place:] else None


@dataclass(frozen=True, eq=False)
class Made:
    """The proposals as they were made, independent of decisions.

    Attributes
    ----------
    proposals : the source mapping
    rows, ids : length n
    places : row of each id
    starts_samples, stops_samples : shape (n,), as proposed
    scores : float64, shape (n,)
    drops : shape (n,), whether its only effect is to remove its span
    is_learned : shape (n,), whether a decision about it is training data
    is_known : shape (n,), whether its kind is known; others have no effect
    """

    proposals: Mapping[str, Proposal]
    rows: tuple[Proposal, ...]
    ids: tuple[str, ...]
    places: Mapping[str, int]
    starts_samples: Positions
    stops_samples: Positions
    scores: NDArray[np.float64]
    drops: Mask
    is_learned: Mask
    is_known: Mask

    @classmethod
    def of(cls, proposals: Mapping[str, Proposal]) -> Made:
        """Return the columns of proposals."""
        rows = tuple(sorted(proposals.values(), key=attrgetter("start_samples", "stop_samples", "id")))
        ids = tuple(proposal.id for proposal in rows)
        kinds = _kinds_of(rows)
        learned = {name for name, kind in kinds.items() if kind.is_learned}
        dropping = {name for name, kind in kinds.items() if kind.drops_span}
        return cls(
            proposals=proposals,
            rows=rows,
            ids=ids,
            places={key: place for place, key in enumerate(ids)},
            starts_samples=np.array([proposal.start_samples for proposal in rows], np.int64),
            stops_samples=np.array([proposal.stop_samples for proposal in rows], np.int64),
            scores=np.array([proposal.score for proposal in rows], np.float64),
            drops=np.array([proposal.kind in dropping for proposal in rows], bool),
            is_learned=np.array([proposal.kind in learned for proposal in rows], bool),
            is_known=np.array([proposal.kind in kinds for proposal in rows], bool),
        )

    def after(self, step: Step, proposals: Mapping[str, Proposal]) -> Made:
        """Return the columns once one proposal came or went; `proposals` are those then."""
        place = step.place
        rows = tuple(proposals.values())
        one = rows[place] if step.came else self.rows[place]
        ids = step.listed(self.ids, one.id)
        alone = Made.of({one.id: one})
        found = Made(
            proposals=proposals,
            rows=rows,
            ids=ids,
            places={key: place for place, key in enumerate(ids)},
            **{name: step.column(getattr(self, name), getattr(alone, name)[0]) for name in _COLUMNS},
        )
        cached, after = vars(self), vars(found)  # what was computed on request is updated, too
        for name in {"is_by_hand", "crossfades_ms"} & cached.keys():
            after[name] = step.column(cached[name], getattr(alone, name)[0])
        for name in {"kinds", "words"} & cached.keys():
            after[name] = step.listed(cached[name], getattr(alone, name)[0])
        if "by_score" in cached:
            after["by_score"] = step.order(self.by_score, found.scores)
        if "by_length" in cached:
            after["by_length"] = step.order(self.by_length, found.stops_samples - found.starts_samples)
        return found

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The name of each one's kind."""
        return tuple(proposal.kind for proposal in self.rows)

    @cached_property
    def is_by_hand(self) -> Mask:
        """Which the user made, shape (n,)."""
        return np.array([proposal.maker == BY_HAND for proposal in self.rows], bool)

    @cached_property
    def closes(self) -> Mask:
        """Which remove their span and close the gap, on all tracks or on their own, shape (n,)."""
        closing = {name for name, kind in _kinds_of(self.rows).items() if kind.drops_of_tracks}
        closes: Mask = self.drops | np.array([kind in closing for kind in self.kinds], bool)
        return closes

    @cached_property
    def is_slice(self) -> Mask:
        """Which are slices, one of many side by side, shape (n,)."""
        slices = {name for name, kind in _kinds_of(self.rows).items() if kind.shape == "slice"}
        return np.array([kind in slices for kind in self.kinds], bool)

    @cached_property
    def kind_counts(self) -> Mapping[str, int]:
        """How many there are of each kind, by its name."""
        return Counter(self.kinds)

    @cached_property
    def track_sets(self) -> tuple[tuple[str, ...], ...]:
        """The tracks that any of them are about, each set once; the first is empty, which is all tracks."""
        return ((), *sorted({proposal.tracks for proposal in self.rows} - {()}))

    @cached_property
    def track_set_places(self) -> Positions:
        """The place of each one's tracks in `track_sets`, shape (n,)."""
        places = {tracks: place for place, tracks in enumerate(self.track_sets)}
        return np.array([places[proposal.tracks] for proposal in self.rows], np.int64)

    @cached_property
    def crossfades_ms(self) -> NDArray[np.float64]:
        """Crossfade at the seam of each proposal that drops its span, shape (n,).

        NaN for the others, and if the payload does not fit the kind: `Kind.effect` raises the error.
        """
        return np.array([_crossfade_ms(proposal) for proposal in self.rows], np.float64)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Text for search, in lower case."""
        marks = {Evidence.STRONG: "", Evidence.WEAK: f" {WEAK_EVIDENCE}"}
        return tuple(f"{one.reason} {one.id}{marks[one.evidence]}".casefold() for one in self.rows)

    @cached_property
    def by_score(self) -> Positions:
        """The places in another order: the highest score first."""
        return np.argsort(-self.scores, kind="stable")

    @cached_property
    def by_length(self) -> Positions:
        """The places in another order: the longest first, as proposed, so that a nudge moves no row."""
        return np.argsort(self.starts_samples - self.stops_samples, kind="stable")


@dataclass(frozen=True, slots=True, eq=False)
class ProposalTable:
    """Proposals with the user's decisions.

    Attributes
    ----------
    made : the proposals
    decisions : source of the columns below
    starts_samples, stops_samples : shape (n,), with the alternative chosen and the edges moved
    verdicts : int8, shape (n,), indices into `VERDICTS`
    flagged : shape (n,)
    changed : shape (n,), whether the user changed more than its edges
    effects : operations of proposals, by row, computed on request; shared with the next table unless a
        decision changed more than verdicts
    """

    made: Made
    decisions: Mapping[str, Decision]
    starts_samples: Positions
    stops_samples: Positions
    verdicts: NDArray[np.int8]
    flagged: Mask
    changed: Mask
    effects: dict[int, tuple[Operation, ...]]

    @classmethod
    def of(cls, state: DocumentState) -> ProposalTable:
        """Return the table of a document."""
        made = Made.of(state.proposals)
        undecided = np.full(len(made.ids), _CODES[Verdict.UNDECIDED], np.int8)
        nothing: dict[str, Decision] = {}
        starts, stops = made.starts_samples, made.stops_samples
        flagged, changed = np.zeros((2, len(made.ids)), bool)
        table = cls(made, nothing, starts, stops, undecided, flagged, changed, {})
        return table.decided(state.decisions)

    def after(self, step: Step, proposals: Mapping[str, Proposal]) -> ProposalTable:
        """Return the table, with the same decisions, once one proposal came or went."""
        made = self.made.after(step, proposals)
        effects = {
            place: effect
            for before, effect in self.effects.items()
            if (place := step.shifted(before)) is not None
        }
        start, stop, verdict, flagged, changed = 0, 0, _CODES[Verdict.UNDECIDED], False, False
        if step.came:
            one = made.rows[step.place]
            decision = self.decisions.get(one.id) or Decision(one.id)
            start, stop = decided_span(one, decision)
            verdict, flagged, changed = _CODES[decision.verdict], decision.flagged, _is_changed(decision)
        return ProposalTable(
            made,
            self.decisions,
            step.column(self.starts_samples, start),
            step.column(self.stops_samples, stop),
            step.column(self.verdicts, verdict),
            step.column(self.flagged, flagged),
            step.column(self.changed, changed),
            effects,
        )

    def decided(self, decisions: Mapping[str, Decision]) -> ProposalTable:
        """Return the table with these decisions."""
        starts, stops = self.starts_samples.copy(), self.stops_samples.copy()
        verdicts, flagged, changed = self.verdicts.copy(), self.flagged.copy(), self.changed.copy()
        places, rows = self.made.places, self.made.rows
        redone = set[int]()
        for key in changed_decisions(self.decisions, decisions):
            place = places.get(key)
            if place is not None:
                decision = decisions.get(key) or Decision(key)
                starts[place], stops[place] = decided_span(rows[place], decision)
                verdicts[place], flagged[place] = _CODES[decision.verdict], decision.flagged
                changed[place] = _is_changed(decision)
                if _effect_of(self.decisions.get(key) or Decision(key)) != _effect_of(decision):
                    redone.add(place)
        effects = self.effects
        if redone:
            effects = {place: effect for place, effect in effects.items() if place not in redone}
        return ProposalTable(self.made, decisions, starts, stops, verdicts, flagged, changed, effects)

    def effect(self, place: int) -> tuple[Operation, ...]:
        """Return the operations of a proposal with the user's changes; () if its kind is unknown.

        Raises
        ------
        DocumentError : its payload does not fit its kind
        """
        found = self.effects.get(place)
        if found is None:
            proposal = self.made.rows[place]
            decision, kind = self.decisions.get(proposal.id), KINDS.get(proposal.kind)
            found = self.effects[place] = () if kind is None else kind.effect(edited(proposal, decision))
        return found

    @property
    def is_spelt_out(self) -> Mask:
        """Which do anything but take their span out with the crossfade they came with, shape (n,)."""
        found: Mask = np.isnan(self.made.crossfades_ms) | self.changed
        return found

    def are(self, verdict: Verdict) -> Mask:
        """Return which have this verdict, shape (n,)."""
        found: Mask = self.verdicts == _CODES[verdict]
        return found


_latest: ProposalTable | None = None


def table_of(state: DocumentState) -> ProposalTable:
    """Return the table of a document, updated from the previous one if they are similar."""
    global _latest
    table = _latest
    if table is not None and state.proposals is not table.made.proposals:
        step = step_between(table.made.rows, tuple(state.proposals.values()))
        table = None if step is None else table.after(step, state.proposals)
    if table is None:
        table = ProposalTable.of(state)
    elif state.decisions is not table.decisions:
        table = table.decided(state.decisions)
    _latest = table
    return table


def _is_changed(decision: Decision) -> bool:
    return bool(decision.payload) or decision.alternative > 0


_effect_of = attrgetter("alternative", "start_samples", "stop_samples", "payload")
"""The fields of a decision that change the effect of an accepted proposal."""


def changed_decisions(before: Mapping[str, Decision], after: Mapping[str, Decision]) -> list[str]:
    """Return the keys with a different decision. Decisions are frozen: the same object is equal.

    A decision keeps the order of the keys and puts new ones last, so both mappings are walked in parallel; if
    a decision was removed, keys are looked up one by one.
    """
    keys = list(after)
    if len(before) <= len(after) and all(map(is_, before, keys)):
        changed = list(compress(keys, map(is_not, before.values(), after.values())))
        return changed + keys[len(before) :]
    changed = [key for key, decision in after.items() if before.get(key) is not decision]
    return changed + [key for key in before if key not in after]


def _kinds_of(rows: Iterable[Proposal]) -> dict[str, Kind]:
    """Return the kinds of proposals by name, without those that are not known here."""
    found = {name: KINDS.get(name) for name in {proposal.kind for proposal in rows}}
    return {name: kind for name, kind in found.items() if kind is not None}


def _crossfade_ms(proposal: Proposal) -> float:
    kind = KINDS.get(proposal.kind)
    if kind is None or not kind.drops_span:
        return np.nan
    try:
        (drop,) = kind.effect(Edited(0, 1, proposal.payload))
    except DocumentError:
        return np.nan
    assert isinstance(drop, Drop)
    return drop.crossfade_ms
