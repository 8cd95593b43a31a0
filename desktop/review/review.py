"""Keyboard review: the position in the queue, and the edit of each key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QSettings, Signal

from desktop.review.calibration import Calibrating
from desktop.review.queue_choices import QueueChoices
from desktop.shell.session import Session
from engine.core.errors import OffcutError, UsageError
from engine.core.timebase import s_to_samples
from engine.core.wording import counted
from engine.document.edits.by_hand import change_payload, change_way
from engine.document.edits.proposals import choose_alternative, decide, flag, move_edges, span_text
from engine.document.kinds import Edge, NudgeSize, kind_of
from engine.document.proposals import Verdict, edited
from engine.document.state import Change, DocumentState, Edit
from engine.features.taste.document_cuts import PAUSE_SCORE, stepped_percentile
from engine.review.answers import BulkAccept, LastDecisions, ReviewStatistics, accept_in_bulk, statistics
from engine.review.queue import Learned, Listing, Step, at_or_above, next_id, previous_id
from engine.sound.edl.build import whole
from engine.sound.edl.render import render
from widgets.edit_words import taken_in_sentence

ZERO_CROSSING_REACH_S = 0.02
SORTING_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "time": "time",
        "score": "confidence",
        "length": "length",
        "useful": "usefulness",
        "answered": "last decision",
    }
)

BeforeAccepting = Callable[[Sequence[str], Callable[[], None]], None]
"""Takes ids of several proposals and the function that accepts them; calls it, or asks first."""


class Review(QObject):
    """Walks the queue and turns keys into edits.

    Attributes
    ----------
    before_accepting : called instead of accepting several proposals at once; set by a feature that asks first

    Signals
    -------
    moved : another proposal, edge or filter is current
    arrived : the proposal that the user went to, or that an answer led to; "" where it led to none
    said : message about the last key
    failed : why the calibration could not be stored
    threshold_wanted : settings of another threshold
    """

    moved = Signal()
    arrived = Signal(str)
    said = Signal(str)
    failed = Signal(str)
    threshold_wanted = Signal(object)

    def __init__(
        self,
        session: Session,
        settings: QSettings,
        playhead: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._playhead = playhead
        self.before_accepting: BeforeAccepting = lambda _ids, accept: accept()
        self._last = LastDecisions(session.step_decisions)
        self.choices = QueueChoices()
        self.listing = Listing()
        self._asks_next = False
        self.selected: frozenset[str] = frozenset()
        self._anchor: str | None = None
        self._reach: str | None = None
        self._counted: tuple[DocumentState, ReviewStatistics, BulkAccept] | None = None
        self.current: str | None = None
        self._start_samples: int | None = None
        self.is_led = False
        self.edge = Edge.START
        session.changed.connect(self._follow_change)
        session.replaced.connect(self._start_over)
        # After those above: what it says of another document comes once this one has begun with it.
        self.calibrating: Calibrating = Calibrating(session, settings, self)
        self.calibrating.changed.connect(self._follow_learning)
        self.calibrating.said.connect(self.said)
        self.calibrating.failed.connect(self.failed)

    @property
    def ids(self) -> tuple[str, ...]:
        """The visible queue, without folded and filtered proposals."""
        return self.listing.ids

    @property
    def learned(self) -> Learned | None:
        """Learned predictions of each proposal; None without learning."""
        return self.calibrating.learned

    @property
    def threshold(self) -> float:
        """The score at or above which cuts are proposed; that of pauses where no taste scored anything."""
        found = self._session.state.settings.get("threshold")
        return float(found) if isinstance(found, int | float) else PAUSE_SCORE

    def close(self) -> None:
        """Store the calibration."""
        self.calibrating.close()

    def _start_over(self) -> None:
        self._last = LastDecisions(self._session.step_decisions)
        self.current = None
        begun = statistics(self._session.state)
        opens_on = "undecided" if begun.decided and begun.undecided else "all"
        self.choices = replace(self.choices.filtered(opens_on), text="", folded=frozenset())
        self._requeue()
        self.choose(self._first_open())

    def _first_open(self) -> str | None:
        step = next_id(self._session.state, self.ids, None, undecided_only=True)
        return step.proposal_id or (self.ids[0] if self.ids else None)

    def _requeue(self) -> None:
        state = self._session.state
        if self._asks_next:
            self.calibrating.learn_now()
        self.listing = self.choices.listing(
            state,
            lambda: self._last.newest_first(state, self._session.steps()),
            self.learned,
            self._session.sounds,
        )
        if self.selected:
            self.selected &= frozenset(self.ids)

    def _follow_learning(self) -> None:
        if self.learned is None:
            self.choices = self.choices.without_learning()
        self._requeue()
        self.moved.emit()

    def _follow_change(self, change: Change) -> None:
        if change.proposals or "sounds" in change.analyses:
            self._requeue()
        if not change.proposals:
            return
        if self._asks_next:  # before the window receives the answer, so that it is brought up to date once
            self.current, self.edge = self._first_open(), Edge.START
        if self.current not in self._session.state.proposals:
            self.lead_to(self._nearest_open())

    def _nearest_open(self) -> str | None:
        """Return the undecided proposal of the queue that is nearest in time to the last current one."""
        state, was = self._session.state, self._start_samples
        open_ids = [key for key in self.ids if state.verdict(key) is Verdict.UNDECIDED]
        if was is None or not open_ids:
            return self._first_open()
        return min(open_ids, key=lambda key: abs(state.span(key)[0] - was))

    def choose(self, proposal_id: str | None) -> None:
        """Make a proposal the current one."""
        state = self._session.state
        self._start_samples = (
            state.span(proposal_id)[0] if proposal_id and proposal_id in state.proposals else None
        )
        self.current, self.is_led = proposal_id, False
        self.edge = Edge.START
        self.selected, self._anchor, self._reach = frozenset(), None, None
        self.moved.emit()

    def lead_to(self, proposal_id: str | None) -> None:
        """Make a proposal the current one in place of a removed one; Del waits until it is chosen."""
        self.choose(proposal_id)
        self.is_led = True

    def visit(self, proposal_id: str) -> None:
        """Go to a proposal, as by a click on it."""
        self.choose(proposal_id)
        self.arrived.emit(proposal_id)

    def come_to_new(self, ids: frozenset[str]) -> None:
        """Go to the first of the proposals that were just made; a search or filter that hides them ends."""
        if self.choices.text:
            self._show_as(replace(self.choices, text=""))
        if not ids & frozenset(self.ids):
            self._show_as(replace(self.choices.filtered("undecided"), folded=frozenset()))
        first = next((key for key in self.ids if key in ids), None)
        if first is not None:
            self.visit(first)

    def set_filter(self, name: str) -> None:
        """Show only some of the proposals."""
        self._show_as(self.choices.filtered(name))
        if self.current not in self.ids:
            self.choose(self._first_open())

    def search(self, text: str) -> None:
        """Show only those whose reason holds these words. The current one stays, so that nothing jumps."""
        if text != self.choices.text:
            self._show_as(replace(self.choices, text=text))

    def go_to_found(self) -> None:
        """Go to the first that the search found, unless the current one is among them."""
        if not self.ids:
            raise UsageError(f"No reason contains {self.choices.text!r}; search for other words.")
        if self.current not in self.ids and (first := self._first_open()) is not None:
            self.visit(first)

    def sort(self) -> None:
        """Take the next order of the queue."""
        self._show_as(self.choices.sorted_otherwise(learns=self.learned is not None))
        self.said.emit(f"Sorted by {SORTING_WORDS[self.choices.sorting]}")

    def group(self) -> None:
        """Take the next way to group the queue."""
        has_regions = any(marker.is_region for marker in self._session.state.markers.values())
        self._show_as(self.choices.grouped_otherwise(has_regions=has_regions, has_sounds=self._has_sounds))
        by = self.choices.grouping
        self.said.emit(f"Grouped by {by}" if by else "Without groups")

    @property
    def _has_sounds(self) -> bool:
        return self._session.sounds is not None and len(self._session.sounds.words) > 0

    def fold(self, name: str) -> None:
        """Fold a group away, or show it again."""
        self._show_as(self.choices.with_fold(name))

    def fold_here(self) -> None:
        """Fold the group of the current proposal away, or show it again."""
        here, groups = self.here(), self.listing.groups
        name = next((group.name for group in groups if here in group.ids), "")
        if not name:
            raise UsageError("The queue has no groups. Group it first.")
        self.fold(name)
        self.said.emit(f"{'Folded' if name in self.choices.folded else 'Unfolded'} {name}")

    def _show_as(self, choices: QueueChoices) -> None:
        self.choices = choices
        self._requeue()
        self.moved.emit()

    def go(self, *, forward: bool, undecided_only: bool = False) -> None:
        """Go to the next or the previous proposal."""
        move = next_id if forward else previous_id
        step = move(
            self._session.state,
            self.ids,
            self._place(),
            undecided_only=undecided_only,
            order=self.choices.order,
            learned=self.learned,
        )
        self._arrive(step, undecided_only=undecided_only)

    def _place(self) -> str | None:
        """Where a move starts: at the current proposal, or before the first where it has no place now."""
        return self.current if self.choices.keeps_places or self.current in self.ids else None

    def _arrive(self, step: Step, *, undecided_only: bool) -> None:
        if step.proposal_id is not None and not (step.at_end and step.proposal_id == self.current):
            self.visit(step.proposal_id)
        if step.wrapped:
            self.said.emit("Continued from the other end of the queue")
        elif step.at_end:
            shown = "Everything shown" if self.choices.narrows else "Everything"
            self.said.emit(
                f"{shown} is decided" if undecided_only else "No further proposal in that direction"
            )

    def decide(self, verdict: Verdict, *, stay: bool = False) -> None:
        """Answer the current proposal and, unless `stay` is set, go to the next undecided one.

        In the list of the decided ones, go to the next of them, which was answered before this one. Where the
        most useful question comes first, the answer decides which that is.
        """
        edit = self._session.answer([self.here()], verdict)
        self._asks_next = self.choices.sorting == "useful" and not stay
        accepting = self.current if verdict is Verdict.ACCEPTED else None
        onward = None if stay or self._asks_next else self._onward(accepting)
        before = self.current, self.edge
        if onward is not None:  # gone on beforehand, so that the window is brought up to date once
            self.current, self.edge = onward, Edge.START
        self.selected, self._anchor, self._reach = frozenset(), None, None
        try:
            self._apply(edit)
        except OffcutError:
            self.current, self.edge = before
            raise
        finally:
            self._asks_next = False
        self.arrived.emit("" if self.current is None or self.current == before[0] else self.current)

    def neighbour_of(self, gone: Set[str]) -> str | None:
        """Return the nearest proposal of the queue that is not among these, later ones first."""
        here = self.ids.index(self.current) if self.current in self.ids else 0
        rest = (*self.ids[here:], *reversed(self.ids[:here]))
        return next((key for key in rest if key not in gone), None)

    def go_on(self) -> None:
        """Go where an answer leads."""
        if (onward := self._onward()) is not None:
            self.visit(onward)

    def _onward(self, accepting: str | None = None) -> str | None:
        """Where an answer leads: found beforehand, since the answer may move the proposal in the queue."""
        open_only = self.choices.filter_name != "decided"
        state, order = self._session.state, self.choices.order
        step = next_id(
            state,
            self.ids,
            self._place(),
            undecided_only=open_only,
            order=order,
            learned=self.learned,
            accepting=accepting,
        )
        return None if step.proposal_id == self.current else step.proposal_id

    def toggle_selected(self, proposal_id: str) -> None:
        """Take a proposal into the selection or out of it; the current one is where a selection begins."""
        begun = self.selected or frozenset(key for key in self.ids if key == self.current)
        self._select(begun ^ {proposal_id}, anchor=proposal_id)

    def select_to(self, proposal_id: str) -> None:
        """Select all from where the selection began to this proposal."""
        ids = self.ids
        anchor = self._anchor if self._anchor in ids else self.current
        first = ids.index(anchor) if anchor in ids else ids.index(proposal_id)
        low, high = sorted((first, ids.index(proposal_id)))
        self._select(frozenset(ids[low : high + 1]), anchor=ids[first], reach=proposal_id)

    def extend(self, step: int) -> str:
        """Let the selection reach one row further down (1) or up (-1); return the row it reaches."""
        ids = self.ids
        here = next((key for key in (self._reach, self._anchor, self.current) if key in ids), None)
        if here is None:
            raise UsageError("The queue is empty.")
        reached = ids[min(max(ids.index(here) + step, 0), len(ids) - 1)]
        self.select_to(reached)
        return reached

    def select_all(self) -> None:
        """Select everything that is shown."""
        self._select(frozenset(self.ids), anchor=self._anchor)

    def select_none(self) -> None:
        """Give the selection up."""
        if self.selected:
            self._select(frozenset(), anchor=None)

    def _select(self, ids: frozenset[str], *, anchor: str | None, reach: str | None = None) -> None:
        self.selected, self._anchor, self._reach = ids, anchor, reach
        self.moved.emit()

    def above(self) -> tuple[str, ...]:
        """Return the proposals to accept at or above the threshold, the highest score first."""
        return self._figures()[2].ids

    @property
    def statistics(self) -> ReviewStatistics:
        """How far the review is."""
        return self._figures()[1]

    def _figures(self) -> tuple[DocumentState, ReviewStatistics, BulkAccept]:
        """Count once for each state of the document; most keys only move."""
        state = self._session.state
        if self._counted is None or self._counted[0] is not state:
            above = accept_in_bulk(state, at_or_above(state, self.threshold))
            self._counted = (state, statistics(state), above)
        return self._counted

    def accept_above(self) -> None:
        """Accept all at or above the threshold as one step of undo, and report their number and the first."""
        above = self._figures()[2]
        ids = above.ids
        if not ids:
            self.said.emit(above.after("No proposal to accept is at or above the threshold"))
            return
        was = self._session.state
        first = span_text(was, min(ids, key=lambda key: was.proposals[key].start_samples))
        self._session.apply(decide(was, ids, Verdict.ACCEPTED))
        count = counted(len(ids), "proposal")
        done = above.after(f"Accepted {count} at or above {self.threshold:.2f}, first the {first}")
        self.said.emit(self._session.with_lost_takes(done, was))

    def flag(self) -> None:
        """Keep the current proposal for later, or no longer."""
        decision = self._session.state.decisions.get(self.here())
        flagged = decision is None or not decision.flagged
        self._apply(flag(self._session.state, self.here(), flagged))

    def next_alternative(self) -> None:
        """Take the next of the current proposal's alternatives, after the last the proposal as made."""
        here = self.here()
        count = len(self._session.state.proposals[here].alternatives) + 1
        other = change_way(self._session.state, here) if count == 1 else None
        if other is not None:
            self._apply(other)
            return
        decision = self._session.state.decisions.get(here)
        chosen = ((decision.alternative if decision else 0) + 1) % count
        if count == 1:
            raise UsageError("This proposal has no alternatives. Nudge its edges instead.")
        self._apply(choose_alternative(self._session.state, here, chosen))

    def span(self) -> tuple[int, int]:
        """Return the span of the current proposal as the user has it; raises as `here` does."""
        return self._session.state.span(self.here())

    def current_span(self) -> tuple[int, int] | None:
        """Return the span of the current proposal, or None where none is current."""
        return None if self.current is None else self.span()

    def switch_edge(self) -> None:
        """Make the other edge the one that the keys move."""
        self.edge = Edge.STOP if self.edge is Edge.START else Edge.START
        self.said.emit("Right edge" if self.edge is Edge.STOP else "Left edge")
        self.moved.emit()

    def edge_samples(self, edge: Edge) -> int:
        """Return where an edge of the current proposal is."""
        start, stop = self.span()
        return start if edge is Edge.START else stop

    def nudge(self, direction: int, size: NudgeSize) -> None:
        """Move the active edge, or a slice itself, one step earlier (-1) or later (1)."""
        state, here = self._session.state, self.here()
        kind = kind_of(state.proposals[here])
        step = direction * kind.step_samples(size, state.rate_hz)
        if not kind.has_edges and kind.amount is not None:
            field = kind.amount.field
            payload = edited(state.proposals[here], state.decisions.get(here)).payload
            self._apply(change_payload(state, here, {field: float(str(payload.get(field, 0.0))) + step}))
            return
        span = kind.nudged(
            state.span(here), self.edge, step, length_samples=state.length_samples, rate_hz=state.rate_hz
        )
        self._move(here, span)

    def edge_to_playhead(self, edge: Edge) -> None:
        """Move an edge to the playhead, or to the nearest grid line if edges snap to the grid."""
        self._move_edge(edge, self._playhead())

    def drag(self, proposal_id: str, start_samples: int, stop_samples: int) -> None:
        """Take edges that were dragged; they fell onto the grid on their way."""
        self._move(proposal_id, (start_samples, stop_samples))

    def snap_to_beat(self, *, downbeat: bool) -> None:
        """Put the active edge on the nearest beat, or the nearest downbeat."""
        grid = self._session.grid
        targets = None if grid is None else grid.downbeats_samples if downbeat else grid.beats_samples
        self._snap_to(targets, "no downbeats were found" if downbeat else "no beats were found")

    def snap_to_transient(self) -> None:
        """Put the active edge on the nearest onset."""
        listening = self._session.listening
        self._snap_to(None if listening is None else listening.onsets_samples, "no transients were found")

    def _snap_to(self, targets: NDArray[np.int64] | None, why_not: str) -> None:
        if targets is None or not len(targets):
            raise UsageError(f"The edge stays: {why_not} in this recording.")
        self._move_edge(self.edge, _nearest(targets, self.edge_samples(self.edge)))

    def snap_to_zero_crossing(self) -> None:
        """Put the active edge where the mix next to it crosses zero."""
        state = self._session.state
        position = self.edge_samples(self.edge)
        reach = s_to_samples(ZERO_CROSSING_REACH_S, state.rate_hz)
        start = max(0, position - reach)
        around = render(state, whole(state), self._session.media, start, position + reach).mean(axis=1)
        crossings = start + 1 + np.flatnonzero(np.signbit(around[1:]) != np.signbit(around[:-1]))
        self._snap_to(crossings, "the sound crosses zero nowhere near it")

    def move_threshold(self, direction: int) -> None:
        """Want the threshold one point of percentile higher (1) or lower (-1)."""
        session = self._session
        curve = session.required_curve()
        percentile = stepped_percentile(session.state, curve, session.listening, direction)
        self.threshold_wanted.emit({"threshold_mode": "percentile", "percentile": percentile})

    def _move_edge(self, edge: Edge, position: int) -> None:
        state, here = self._session.state, self.here()
        start, stop = state.span(here)
        span = (position, stop) if edge is Edge.START else (start, position)
        self._move(here, span)

    def _move(self, proposal_id: str, span: tuple[int, int]) -> None:
        """Move the edges, and report the other proposals that the span now includes."""
        label = self._session.apply(move_edges(self._session.state, proposal_id, *span)).label
        taken = taken_in_sentence(self._session.state, proposal_id)
        self.said.emit(f"{label}. {taken}" if taken else label)

    def here(self) -> str:
        """Return the id of the current proposal.

        Raises
        ------
        UsageError : none is current
        """
        if self.current is None:
            raise UsageError("No current proposal. Go to one with the arrow keys.")
        return self.current

    def _apply(self, edit: Edit) -> None:
        was, session = self._session.state, self._session
        self.said.emit(session.with_lost_takes(session.apply(edit).label, was))


def _nearest(targets: NDArray[np.int64], position: int) -> int:
    return int(targets[np.argmin(np.abs(targets - position))])
