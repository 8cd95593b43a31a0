"""Repeated takes: search, list, and choice of one take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from desktop.panels.takes.in_turn import InTurn, common_share, share_at
from desktop.parts import Parts
from engine.document.change import Change
from engine.document.decisions import Verdict
from engine.document.recorded import require_recording
from engine.document.tracks.track import sound_of
from engine.errors import UsageError
from engine.takes.takes import FoundTakes, TakeGroup
from engine.timebase import format_time, samples_to_s
from engine.wording import begun, counted
from widgets.panels.takes.panel import TakesPanel
from widgets.panels.takes.rows import TakeRow

if TYPE_CHECKING:
    from engine.finders.registry import FoundEdits
    from engine.finders.takes.facts import TakeFacts

_LOOKING = "Finding takes"
NOT_YET = "Takes not searched yet."
NONE = "No repeated passages found. Offcut separates takes at pauses."


class Takes(QObject):
    """Lists the takes that were found in the document, and plays and keeps them.

    Attributes
    ----------
    panel : the list
    found : the takes; None before a search, or since the tracks changed

    Signals
    -------
    said : message about the result
    """

    said = Signal(str)

    def __init__(self, parts: Parts, parent: QObject) -> None:
        super().__init__(parent)
        self._parts, self._session, self._work = parts, parts.session, parts.work
        self.panel = TakesPanel(parts.look.theme, parts.caps)
        self.found: FoundTakes | None = None
        self._heard: object = None
        self._facts: tuple[tuple[TakeFacts, ...], ...] = ()
        self._turn = InTurn(parts.transport, self)
        self._group = 0
        self._turn.sounding.connect(self._show_sounding)
        self.panel.hide()
        self.panel.take_chosen.connect(self._go_to)
        self.panel.hear_wanted.connect(lambda: parts.commands.run("takes.hear"))
        self.panel.command_requested.connect(parts.commands.run)
        parts.session.replaced.connect(self._start_over)
        parts.session.changed.connect(self._follow)
        self._start_over()

    # finding

    def propose(self) -> None:
        """Find repeated takes, list them, and propose to cut all but the best.

        Raises
        ------
        UsageError : no recording
        """
        require_recording(self._session.state, "analyse")
        self._work.once_loaded("engine.finders.takes.facts", _LOOKING, self._find)

    def _find(self) -> None:
        self._parts.finders.start("takes", {}, _LOOKING, self._take)

    def _take(self, found: FoundEdits) -> None:
        if sound_of(found.request.state.tracks) != sound_of(self._session.state.tracks):
            self.propose()
            return
        self._parts.finders.take(found)
        self.found, self._heard = self._session.takes, sound_of(self._session.state.tracks)
        self.show()

    # the list

    def toggle(self) -> None:
        """Show the list and focus it; hide it if it has the focus."""
        if self.panel.isHidden():
            self.show()
            self.panel.begin()
            return
        focus = QApplication.focusWidget()
        if focus is None or self.panel.isAncestorOf(focus) or not self.panel.holds_takes:
            self.panel.hide()
            self._parts.timeline.setFocus()
        else:
            self.panel.begin()

    def show(self) -> None:
        """Show the list as it is now."""
        self.panel.show()
        self._refresh()

    def _start_over(self) -> None:
        self._turn.leave()
        self.found, self._facts = self._session.takes, ()
        self._heard = sound_of(self._session.state.tracks)
        self._refresh()

    def _follow(self, change: Change) -> None:
        if sound_of(self._session.state.tracks) != self._heard:  # an undo may bring them back
            self._start_over()
        elif self.found is not None and (change.proposals or change.analyses):
            self._refresh()

    def _refresh(self) -> None:
        if self.found is None:
            self.panel.show_rows((), "", NOT_YET)
            return
        from engine.finders.takes.facts import take_facts

        self._facts = take_facts(self._session.state, self.found, self._session.curve)
        groups = self.found.groups
        takes = sum(len(group.takes) for group in groups)
        summary = f"{counted(len(groups), 'passage')}, {counted(takes, 'take')}" if groups else ""
        self.panel.show_rows(tuple(self._rows(groups)), summary, "" if groups else NONE)

    def _rows(self, groups: tuple[TakeGroup, ...]) -> Iterator[TakeRow]:
        for number, (group, facts) in enumerate(zip(groups, self._facts, strict=True)):
            yield TakeRow(f"{begun(group.name)} · {counted(len(group.takes), 'take')}")
            for place, (take, fact) in enumerate(zip(group.takes, facts, strict=True)):
                if fact.verdict or fact.is_kept:
                    state = _STATES[None if fact.is_kept else fact.verdict]
                else:
                    state = _STATES[Verdict.ACCEPTED] if fact.is_cut else _STAYS
                words = fact.words
                if fact.is_best and not fact.verdict and not fact.is_kept:
                    words = f"best{', ' if words else ''}{words}"
                yield TakeRow(
                    f"Take {place + 1}", (number, place), format_time(take.start_s, 0), words, *state
                )

    # going there, hearing, keeping

    def _chosen(self) -> tuple[int, int]:
        chosen = self.panel.chosen if self.found is not None else None
        if self.found is None or chosen is None:
            if self.found is not None:
                raise UsageError("No takes found in this recording.")
            raise UsageError("Takes not searched yet. Find them first ‹takes.propose›.")
        return chosen

    def _go_to(self, group: int, number: int) -> None:
        """Show a take, with the playhead at its start."""
        if self.found is None:
            return
        self._turn.leave()
        span = self._facts[group][number].span_samples
        self._parts.timeline.zooms.frame(*span)
        self._parts.transport.seek(span[0])

    def hear(self) -> None:
        """Play the takes of the chosen passage one after another at the same place; again: the next one.

        Raises
        ------
        UsageError : no take
        """
        group, number = self._chosen()
        assert self.found is not None
        if self._turn.is_on and group == self._group:
            self._turn.next()
            return
        takes, state = self.found.groups[group].takes, self._session.state
        playhead_s = samples_to_s(self._parts.transport.playhead_samples, state.rate_hz)
        share = share_at(takes[number], playhead_s)
        if share is None:
            share = common_share(takes, takes[number])
        self._group = group
        self._turn.start(takes, number, share, state.rate_hz)

    def _show_sounding(self, number: int | None) -> None:
        self.panel.show_sounding(None if number is None else (self._group, number))
        if number is not None and self.found is not None:
            takes = self.found.groups[self._group].takes
            at = format_time(takes[number].start_s, 0)
            self.said.emit(f"Take {number + 1} of {len(takes)}, at {at}; next take ‹takes.hear›")

    def keep(self) -> None:
        """Keep the chosen take, and propose to cut the other takes of its passage.

        Raises
        ------
        UsageError : no take
        """
        group, number = self._chosen()
        assert self.found is not None
        from engine.finders.takes.proposals import keep_take, kept_takes

        state = self._session.state
        kept: Mapping[int, int] = {**kept_takes(state, self.found), group: number}
        edit = keep_take(state, self.found, self._session.curve, kept, group)
        self._session.apply(edit)
        others = len(self.found.groups[group].takes) - 1
        self.said.emit(f"{edit.label}; proposed to cut {counted(others, 'other')}")


_STAYS = ("stays", "dim", "")
_STATES: Mapping[Verdict | None, tuple[str, str, str]] = {
    None: ("kept", "text", "keep"),
    Verdict.UNDECIDED: ("cut?", "undecided", "scissors"),
    Verdict.ACCEPTED: ("cut", "accepted", "scissors"),
    Verdict.REJECTED: ("stays", "rejected_text", "x"),
}
