"""Drum timing in the window: its views, the effect of its sliders, and bulk answers.

A bulk answer accepts the moves of a bar, of a drum, or of a range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from desktop.features.timing.panel import MoveSettings, TimingPanel
from desktop.review.review import Review
from desktop.shell.session import Session
from desktop.shell.shell import Shell
from desktop.shell.transport import Transport
from desktop.shell.work.job_lanes import JobLane
from engine.core.errors import UsageError
from engine.core.wording import counted
from engine.document.analysis import BeatGrid, Hits, Role
from engine.document.edits.analyses import promote
from engine.document.edits.proposals import decide
from engine.document.proposals import Proposal, Verdict
from engine.document.state import Change
from engine.features.timing.alignment.lines import PART, Lines, lines_of
from engine.features.timing.alignment.settings import TimingSettings, timing_settings
from engine.features.timing.hits.membership import SURE_OF_A_ROLE
from engine.review.answers import accept_in_bulk
from engine.review.moves import Moves, moves_of, offsets_of, retained_pulls_of
from widgets.controls.later import Later

NO_MOVES = "No hits to move. Propose timing first ‹timing.propose›."
NO_BARS = "No bars detected; tap the tempo ‹grid.tap› or set it."
COMMANDS: Mapping[str, str] = MappingProxyType(
    {"bar": "timing.accept_bar", "voice": "timing.accept_voice", "range": "timing.accept_range"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A group of undecided moves and its name, such as "bar 12".

    Attributes
    ----------
    rows : shape (n,), which of the moves are in it
    """

    moves: Moves
    rows: NDArray[np.bool_]
    name: str

    def __len__(self) -> int:
        return int(np.count_nonzero(self.rows))

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the proposals in the document."""
        return self.moves.chosen(self.rows)


class TimingAnswers(QObject):
    """Accepts groups of moves, each as one step of undo.

    Signals
    -------
    said : message about the result
    """

    said = Signal(str)

    def __init__(self, session: Session, review: Review, transport: Transport, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._review, self._transport = session, review, transport
        self.range_ms = (0.0, float("inf"))

    @property
    def moves(self) -> Moves:
        """The moves of the document."""
        return moves_of(self._session.state)

    def current_row(self) -> int | None:
        """Return the row of the current proposal, where it moves a hit."""
        return self.moves.row_of(self._review.current)

    def here_samples(self) -> float:
        """Return where the user is: the hit of the current proposal, else the playhead."""
        row = self.current_row()
        return self._transport.playhead_samples if row is None else float(self.moves.onsets_samples[row])

    def bar_here(self) -> tuple[int, int, int] | None:
        """Return number and span of the bar at the playhead; None without bars.

        A hit that is moved across the bar line belongs where it goes.
        """
        grid, length = self._session.grid, self._session.state.length_samples
        downbeats = np.zeros(0, np.int64) if grid is None else grid.downbeats_samples
        if not len(downbeats):
            return None
        row = self.current_row()
        here = self.here_samples() + (0.0 if row is None else float(self.moves.by_samples[row]))
        bar = int(np.searchsorted(downbeats, here + 0.5, "right"))
        edges = [0, *downbeats.tolist(), length]
        return bar, int(edges[bar]), int(edges[bar + 1])

    def groups(self) -> Mapping[str, Group]:
        """Return the moves that each bulk answer would accept, by name in `COMMANDS`; without empty ones."""
        moves, found = self.moves, dict[str, Group]()
        if len(moves.ids):
            found = {name: group for name in COMMANDS if (group := self._group(moves, name)) is not None}
        return {name: group for name, group in found.items() if len(group)}

    def _group(self, moves: Moves, name: str) -> Group | None:
        """Return a group, which may be empty; None where the user is in none."""
        is_open = moves.are(Verdict.UNDECIDED)
        if name == "range":
            return self._in_range(moves, is_open)
        return self._bar(moves, is_open) if name == "bar" else self._voice(moves, is_open)

    def _bar(self, moves: Moves, is_open: NDArray[np.bool_]) -> Group | None:
        bar = self.bar_here()
        if bar is None:
            return None
        number, start, stop = bar
        goes_to = moves.onsets_samples + moves.by_samples
        within = (goes_to >= start - 0.5) & (goes_to < stop - 0.5)
        return Group(moves, is_open & within, f"bar {number}" if number else "the upbeat")

    def voice_here(self) -> str:
        """Return the drum of the current proposal that is named first; empty where it moves no hit."""
        row = self.current_row()
        return "" if row is None or not self.moves.voices[row] else self.moves.voices[row][0]

    def _voice(self, moves: Moves, is_open: NDArray[np.bool_]) -> Group | None:
        voice = self.voice_here()
        return Group(moves, is_open & moves.sounding(voice), voice) if voice else None

    def _in_range(self, moves: Moves, is_open: NDArray[np.bool_]) -> Group:
        least_ms, most_ms = self.range_ms
        by_ms = np.abs(moves.by_samples) / max(self._session.state.rate_hz, 1) * 1000
        to = "" if most_ms == float("inf") else f" up to {most_ms:g} ms"
        at_least = f" from {least_ms:g} ms" if least_ms else ""
        # what is asked for in whole milliseconds is no less for a fraction of a sample
        within = by_ms <= most_ms + 0.05
        return Group(moves, is_open & within, f"all{at_least}{to}")

    def accept(self, name: str) -> None:
        """Accept a group, and go on where the current proposal was in it.

        Raises
        ------
        UsageError : there is nothing of that to accept
        """
        moves = self.moves
        if not len(moves.ids):
            raise UsageError(NO_MOVES)
        if name == "bar" and self.bar_here() is None:
            raise UsageError(NO_BARS)
        if name == "voice" and not self.voice_here():
            raise UsageError("Go to a hit of the drum first.")
        group = self._group(moves, name)
        if group is None or not len(group):
            whose = {"bar": " of {0}", "voice": " of the {0}", "range": " in the range"}[name]
            raise UsageError(f"Every hit{whose.format('' if group is None else group.name)} is decided.")
        bulk = accept_in_bulk(self._session.state, group.ids)
        if not bulk.ids:
            raise UsageError(f"Every hit here has weak evidence: {bulk.left_words}. Accept them one by one.")
        count, ids = counted(len(bulk.ids), "hit"), bulk.ids
        which = {"bar": f"{count} of {group.name}", "voice": f"{count} of the {group.name}"}
        label = f"Accepted {which.get(name, f'{count}: {group.name}')}"
        was_current = self._review.current in ids
        edit = decide(self._session.state, ids, Verdict.ACCEPTED)
        self._session.apply(replace(edit, label=label))
        self.said.emit(bulk.after(label))
        if was_current:
            self._review.go_on()

    def confirm(self) -> None:
        """Confirm the hit of the current proposal, so that a lower sensitivity still finds it.

        Raises
        ------
        UsageError : the current proposal moves no hit, or its hits are not there any more
        """
        row, hits = self.current_row(), self._session.hits
        if row is None or hits is None:
            raise UsageError("Go to a hit first; confirmed hits are found at any sensitivity.")
        moves = self.moves
        within = (hits.onsets_samples >= moves.starts_samples[row]) & (
            hits.onsets_samples < moves.stops_samples[row]
        )
        if moves.tracks[row]:
            within &= hits.tracks == list(hits.track_ids).index(moves.tracks[row])
        chosen = np.flatnonzero(within)
        if not len(chosen):
            raise UsageError("This hit was not found again. Propose timing again ‹timing.propose›.")
        edit, analyses = promote(self._session.state, hits, self._session.promoted, chosen)
        if edit.changes:
            self._session.apply(edit, analyses)
        self.said.emit(f"{edit.label}; a lower sensitivity keeps it" if edit.changes else "Confirmed before")

    def loop_bar(self) -> None:
        """Play the bar that the user is in, round and round.

        Raises
        ------
        UsageError : no bars are known
        """
        bar = self.bar_here()
        if bar is None:
            raise UsageError(NO_BARS)
        number, start, stop = bar
        self._transport.play_round((start, stop))
        self.said.emit(f"Looping bar {number}" if number else "Looping the upbeat")


NO_HITS = "No hits detected yet. Propose timing first ‹timing.propose›."
NO_LIMIT_MS = TimingSettings().most_ms


class Timing(QObject):
    """Updates timeline and panel with hits and moves, and proposes again when the sliders move.

    Attributes
    ----------
    answers : bulk answers for moves

    Signals
    -------
    said, refused : message about the result, or the reason of a refusal
    proposing_wanted : `TimingSettings` that the sliders ask for
    """

    said = Signal(str)
    refused = Signal(str)
    proposing_wanted = Signal(object)

    def __init__(self, shell: Shell, panel: TimingPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._review, self._work = shell.session, shell.review, shell.work
        self._timeline, self._panel, self._transport = shell.timeline, panel, shell.transport
        self.answers: TimingAnswers = TimingAnswers(shell.session, shell.review, shell.transport, self)
        self.answers.said.connect(self.said)
        self._lane = JobLane("timing lane", self)
        self._wanted: TimingSettings | None = None
        self._drawn: tuple[Hits | None, BeatGrid | None, TimingSettings] | None = None
        self._proposals: Mapping[str, Proposal] = {}
        self._counting = Later(self._show_answered, self)
        self._told: tuple[Hits, BeatGrid | None, TimingSettings, Moves] | None = None
        panel.hide()
        panel.settings_moved.connect(self._foresee)
        panel.settings_chosen.connect(self._choose)
        shell.session.changed.connect(self._follow)
        shell.session.replaced.connect(self._start_over)
        shell.review.moved.connect(self._counting.ask)

    def close(self) -> None:
        """End the thread."""
        self._lane.close()

    # what is shown

    @property
    def settings(self) -> TimingSettings:
        """The settings of this document; the defaults if they cannot be read."""
        try:
            return timing_settings(self._session.state.settings)
        except UsageError:
            return TimingSettings()

    def lines(self) -> Lines | None:
        """Return the target lines of hits; None without beats."""
        grid, rate_hz = self._session.grid, self._session.state.rate_hz
        if grid is None or not len(grid.beats_samples) or not rate_hz:
            return None
        return lines_of(grid, self.settings.divided, rate_hz)

    def toggle_panel(self) -> None:
        """Show the panel and go to it, or put it away."""
        if not self._panel.isHidden():
            self._panel.hide()
            self._timeline.setFocus()
            return
        if self._session.hits is None:
            raise UsageError(NO_HITS)
        self._panel.show()
        self._panel.strength.setFocus()

    def _start_over(self) -> None:
        self._wanted = None
        self.show()
        self._panel.setVisible(self._session.hits is not None)

    def _follow(self, change: Change) -> None:
        if self._proposals is self._session.state.proposals and not (change.analyses or change.settings):
            self._counting.ask()
        elif change.analyses or change.proposals or change.settings:
            had = self._panel.isVisible()
            self.show()
            if "hits" in change.analyses and not had:
                self._panel.setVisible(self._session.hits is not None)

    def show(self) -> None:
        """Bring timeline and panel up to date."""
        self._proposals = self._session.state.proposals
        self._show_lines()
        asked = self.settings
        most_ms = inf if asked.most_ms >= NO_LIMIT_MS else asked.most_ms
        self._panel.show_settings(
            MoveSettings(asked.strength, asked.least_ms, most_ms, asked.own_feel, asked.drum_feel)
        )
        self.answers.range_ms = (asked.least_ms, most_ms)
        if self._session.hits is None:
            self._panel.hide()
        self._counting.now()

    def _show_answered(self) -> None:
        """Update the panel with the answers, and with the available bulk answers."""
        self._show_offsets()
        self._show_answers()

    def _show_lines(self) -> None:
        session = self._session
        about = (session.hits, session.grid, self.settings)
        if self._drawn is not None and self._drawn[:2] == about[:2] and self._drawn[2] == about[2]:
            return
        self._drawn = about
        lines = self.lines() if session.hits is not None else None
        self._timeline.canvas.set_hits(session.hits, _parts_of(lines))
        hits = session.hits
        self._timeline.heads.set_guesses({} if hits is None else _guesses_of(hits))

    def _show_offsets(self) -> None:
        session, hits = self._session, self._session.hits
        if hits is None:
            return
        moves, asked = moves_of(session.state), self.settings
        still_open = int(moves.are(Verdict.UNDECIDED).sum())
        summary = f"{still_open:,} of {len(moves.ids):,} open" if len(moves.ids) else "nothing to move"
        self._panel.show_summary(summary)
        told, self._told = self._told, (hits, session.grid, asked, moves)
        if told is not None and told[:2] == self._told[:2] and told[2] == asked and moves.go_as(told[3]):
            return
        lines = self.lines()
        positions = np.zeros(0) if lines is None else lines.positions_samples
        late_ms = offsets_of(hits, moves, positions, asked.strength, session.state.rate_hz)
        kept_ms: Mapping[str, float] = {}
        if asked.own_feel or asked.drum_feel:
            kept_ms = retained_pulls_of(hits, moves, positions, asked.strength, session.state.rate_hz)
        self._panel.show_offsets({voice: found for voice, found in late_ms.items() if len(found)}, kept_ms)

    def _show_answers(self) -> None:
        if self._session.hits is None:
            return
        groups = self.answers.groups().items()
        words = {
            COMMANDS[name]: f"{group.name[:1].upper()}{group.name[1:]}: {len(group):,}"
            for name, group in groups
        }
        self._panel.show_answers(words, self.answers.voice_here())

    # the sliders

    def _foresee(self, wanted: MoveSettings) -> None:
        """Show the effect of the sliders at once, as far as it does not need a new placement of hits."""
        now, rate_hz = self.settings, self._session.state.rate_hz
        share = wanted.strength / now.strength if now.strength else 0.0
        samples = now.strength * rate_hz / 1000  # of a move, for each millisecond that a hit is off
        self._timeline.canvas.preview_moves(share, wanted.least_ms * samples, wanted.most_ms * samples)

    def _choose(self, wanted: MoveSettings) -> None:
        """Propose again with the values of the sliders."""
        self.propose_later(
            replace(
                self.settings,
                strength=wanted.strength,
                least_ms=wanted.least_ms,
                most_ms=min(wanted.most_ms, NO_LIMIT_MS),
                own_feel=wanted.keeps_feel,
                drum_feel=wanted.keeps_drums,
            )
        )

    def propose_later(self, settings: TimingSettings) -> None:
        """Propose with these settings once the lane is free; only the newest ones count."""
        self._wanted = settings
        if not self._lane.is_busy:
            self._go_on()

    def run(self, job: Callable[..., object], request: object, take: Callable[[Any], None]) -> None:
        """Run a job on the lane of the sliders, so that no long work delays it."""
        handle = self._lane.submit(job, request, title="Moving hits")
        self._work.watch(handle, take)
        handle.ended.connect(self._go_on)

    def _go_on(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self.proposing_wanted.emit(wanted)


def _guesses_of(hits: Hits) -> Mapping[str, str]:
    """Return the recognised roles of microphones by track id; uncertain ones with a question mark."""
    return {
        key: str(role) if confidence >= SURE_OF_A_ROLE else f"{role}?"
        for key, role, confidence in zip(hits.track_ids, hits.roles, hits.role_confidences, strict=True)
        if role is not Role.OTHER
    }


def _parts_of(lines: Lines | None) -> NDArray[np.int64]:
    """Return the lines between beats."""
    if lines is None:
        return np.zeros(0, np.int64)
    parts: NDArray[np.int64] = np.rint(lines.positions_samples[lines.levels == PART]).astype(np.int64)
    return parts
