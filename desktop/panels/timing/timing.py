"""Drum timing in the window: its views, and the effect of its sliders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from desktop.panels.timing.answers import COMMANDS, TimingAnswers
from desktop.parts import Parts
from desktop.work.job_lanes import JobLane
from engine.alignment.lines import PART, lines_of
from engine.alignment.placement import Lines
from engine.alignment.timing_settings import TimingSettings, timing_settings
from engine.document.analysis import BeatGrid
from engine.document.change import Change
from engine.document.decisions import Verdict
from engine.document.drums.hits import Hits, Role
from engine.document.proposals import Proposal
from engine.errors import UsageError
from engine.hits.kit.guessed import SURE_OF_A_ROLE
from engine.review.moves import Moves, kept_pulls_of, moves_of, offsets_of
from widgets.controls.later import Later
from widgets.panels.timing.panel import MoveSettings

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

    def __init__(self, parts: Parts, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._review, self._work = parts.session, parts.review, parts.work
        self._timeline, self._panel, self._transport = parts.timeline, parts.timing_panel, parts.transport
        self.answers: TimingAnswers = TimingAnswers(parts.session, parts.review, parts.transport, self)
        self.answers.said.connect(self.said)
        self._lane = JobLane("timing lane", self)
        self._wanted: TimingSettings | None = None
        self._drawn: tuple[Hits | None, BeatGrid | None, TimingSettings] | None = None
        self._proposals: Mapping[str, Proposal] = {}
        self._counting = Later(self._show_answered, self)
        self._told: tuple[Hits, BeatGrid | None, TimingSettings, Moves] | None = None
        panel = parts.timing_panel
        panel.hide()
        panel.settings_moved.connect(self._foresee)
        panel.settings_chosen.connect(self._choose)
        parts.session.changed.connect(self._follow)
        parts.session.replaced.connect(self._start_over)
        parts.review.moved.connect(self._counting.ask)

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
            kept_ms = kept_pulls_of(hits, moves, positions, asked.strength, session.state.rate_hz)
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
        for ended in (handle.finished, handle.failed, handle.cancelled):
            ended.connect(lambda *_: self._go_on())

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
