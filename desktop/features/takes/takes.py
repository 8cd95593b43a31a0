"""Repeated takes: search, list, choice of one take, and playback of the takes of a passage in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from desktop.features.takes.panel import TakeRow, TakesPanel
from desktop.shell.shell import Shell
from desktop.shell.transport import Transport
from engine.analysis.found_takes import FoundTakes, Take, TakeGroup
from engine.core.errors import UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import begun, counted
from engine.document.analysis import require_recording
from engine.document.proposals import Verdict
from engine.document.state import Change
from engine.document.tracks import sound_of

if TYPE_CHECKING:
    from engine.features.registry import FoundEdits
    from engine.features.takes.finders.take_proposals import TakeFacts

HEARD_S = 8.0
"""Duration of each take."""
_LET_GO_S = 0.5
"""Segments that end earlier than this were stopped by the user."""


def places(takes: Sequence[Take], share: float) -> list[tuple[int, float]]:
    """Return the takes that contain a position of the passage, and their times in seconds."""
    found = []
    for number, take in enumerate(takes):
        within = take.to_share - take.from_share
        if within > 0.0 and take.from_share - 1e-6 <= share < take.to_share:
            at = (share - take.from_share) / within
            found.append((number, take.start_s + max(0.0, at) * (take.stop_s - take.start_s)))
    return found


def share_at(take: Take, place_s: float) -> float | None:
    """Return the passage position of a take's time; None at its start, or outside."""
    if not take.start_s + _LET_GO_S < place_s < take.stop_s:
        return None
    within = (place_s - take.start_s) / (take.stop_s - take.start_s)
    return take.from_share + within * (take.to_share - take.from_share)


def common_share(takes: Sequence[Take], first: Take) -> float:
    """Return the position at which all takes have started, or the start of this one if it ends before."""
    latest = max(take.from_share for take in takes)
    return latest if latest < first.to_share else first.from_share


@dataclass(frozen=True, slots=True)
class _PlayingTake:
    number: int
    span_samples: tuple[int, int]


class InTurn(QObject):
    """Plays stretches one after another.

    Signals
    -------
    sounding : number of the playing take, None at the end
    """

    sounding = Signal(object)

    def __init__(self, transport: Transport, parent: QObject) -> None:
        super().__init__(parent)
        self._transport = transport
        self._waiting: list[_PlayingTake] = []
        self._now: _PlayingTake | None = None
        self._heard_to = 0
        self._rate_hz = 1
        transport.playhead_moved.connect(self._follow)
        transport.playing_changed.connect(self._stopped)

    @property
    def is_on(self) -> bool:
        """Whether a take is playing."""
        return self._now is not None

    def start(self, takes: Sequence[Take], first: int, share: float, rate_hz: int) -> None:
        """Play a position of the passage in every take that has it, starting with one of them."""
        self.leave()
        self._rate_hz = max(1, rate_hz)
        found = places(takes, share)
        after = [one for one in found if one[0] >= first] + [one for one in found if one[0] < first]
        for number, at_s in after:
            stop_s = min(at_s + HEARD_S, takes[number].stop_s)
            span = (s_to_samples(at_s, rate_hz), s_to_samples(stop_s, rate_hz))
            self._waiting.append(_PlayingTake(number, span))
        self.next()

    def next(self) -> bool:
        """Continue with the next take; return False after the last one."""
        if not self._waiting:
            self.leave()
            return False
        self._now = None  # what plays is stopped for the next one, not by the user
        heard = self._waiting.pop(0)
        self._transport.play_span(heard.span_samples)
        self._now, self._heard_to = heard, heard.span_samples[0]
        self.sounding.emit(heard.number)
        return True

    def leave(self) -> None:
        """Play no other take."""
        was_on = self._now is not None
        self._waiting, self._now = [], None
        if was_on:
            self._transport.stop()
            self.sounding.emit(None)

    def _follow(self, position: int) -> None:
        if self._now is not None and self._transport.is_auditioning:
            self._heard_to = max(self._heard_to, position)

    def _stopped(self, playing: bool) -> None:
        """Continue at the end of a segment; end if the user stopped it or plays something else."""
        now = self._now
        if playing or now is None:
            return
        self._now = None
        missed = now.span_samples[1] - self._heard_to
        if missed > _LET_GO_S * self._rate_hz or not self._waiting:
            self._waiting = []
            self.sounding.emit(None)
        else:
            self.next()


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

    def __init__(self, shell: Shell, parent: QObject) -> None:
        super().__init__(parent)
        self._shell, self._session, self._work = shell, shell.session, shell.work
        self.panel = TakesPanel(shell.look.theme, shell.caps)
        self.found: FoundTakes | None = None
        self._heard: object = None
        self._facts: tuple[tuple[TakeFacts, ...], ...] = ()
        self._turn = InTurn(shell.transport, self)
        self._group = 0
        self._turn.sounding.connect(self._show_sounding)
        self.panel.hide()
        self.panel.take_chosen.connect(self._go_to)
        self.panel.hear_wanted.connect(lambda: shell.commands.run("takes.hear"))
        self.panel.command_requested.connect(shell.commands.run)
        shell.finders.add_form("takes", self.propose)
        shell.session.replaced.connect(self._start_over)
        shell.session.changed.connect(self._follow)
        self._start_over()

    # finding

    def propose(self) -> None:
        """Find repeated takes, list them, and propose to cut all but the best.

        Raises
        ------
        UsageError : no recording
        """
        require_recording(self._session.state, "analyse")
        self._work.once_loaded("engine.features.takes.finders.take_proposals", _LOOKING, self._find)

    def _find(self) -> None:
        self._shell.finders.start("takes", {}, _LOOKING, self._take)

    def _take(self, found: FoundEdits) -> None:
        if sound_of(found.request.state.tracks) != sound_of(self._session.state.tracks):
            self.propose()
            return
        self._shell.finders.take(found)
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
            self._shell.timeline.setFocus()
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
        from engine.features.takes.finders.take_proposals import take_facts

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
        self._shell.timeline.zooms.frame(*span)
        self._shell.transport.seek(span[0])

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
        playhead_s = samples_to_s(self._shell.transport.playhead_samples, state.rate_hz)
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
        from engine.features.takes.finders.take_proposals import keep_take, kept_takes

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
