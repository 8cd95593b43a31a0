"""The playhead on timeline, ruler and clock: its units, and its time of day, which a form sets."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings

from desktop.shell.dialogs import form_dialogs
from desktop.shell.session import Session
from desktop.shell.shell import Shell
from desktop.shell.transport import Transport
from desktop.timeline.zooms import Zooms
from engine.core.timebase import s_to_samples, samples_to_s
from engine.document.analysis import BeatGrid, require_recording
from engine.document.pulse import beat_at, tempo_at
from engine.document.settings import STARTS_AT, set_time_of_day, starts_at
from engine.document.state import Change
from widgets.chrome.top_bar import TopBar
from widgets.forms.short_forms import TimeOfDayForm
from widgets.review.rows import ON_IT_S
from widgets.timeline.ruler import RulerMode
from widgets.timeline.timeline_view import TimelineView


def ask_time_of_day(shell: Shell) -> None:
    """Ask for the time of day at the playhead, and set the clock of the document by it."""
    state, here = shell.session.state, shell.transport.playhead_samples
    require_recording(state, "set the time of day of")
    form = TimeOfDayForm(shell.look.theme, state, here)
    if form_dialogs.ask_time_of_day(shell.timeline.window(), form):
        edit = set_time_of_day(state, here, form.value())
        shell.say(shell.session.apply(edit).label)


_KEY = "ruler"
_NO_TIME_OF_DAY = "The document has no time of day, so the ruler shows time."


class Ruler:
    """Owns the mode of the ruler, and gives it the time of day of the document."""

    def __init__(self, session: Session, timeline: TimelineView, settings: QSettings) -> None:
        self._session = session
        self._timeline = timeline
        self._settings = settings
        stored = str(settings.value(_KEY, RulerMode.TIME))
        self.mode = RulerMode(stored) if stored in list(RulerMode) else RulerMode.TIME
        timeline.canvas.set_ruler(self.mode)
        session.replaced.connect(self._show_start)
        session.changed.connect(self._follow_change)

    def _follow_change(self, change: Change) -> None:
        if STARTS_AT in change.settings:
            self._show_start()

    def _show_start(self) -> None:
        self._timeline.canvas.set_start(starts_at(self._session.state))

    def step(self) -> str:
        """Switch to the next unit; return the message."""
        modes = list(RulerMode)
        self.mode = modes[(modes.index(self.mode) + 1) % len(modes)]
        self._settings.setValue(_KEY, str(self.mode))
        self._timeline.canvas.set_ruler(self.mode)
        grid = self._session.grid
        if self.mode is RulerMode.BARS and (grid is None or not len(grid.beats_samples)):
            return "Ruler in bars and beats: shows time until beats are detected"
        if self.mode is RulerMode.OF_DAY and starts_at(self._session.state) is None:
            return f"{_NO_TIME_OF_DAY} Set time of day at the playhead… ‹clips.time_of_day›"
        return f"Ruler in {self.mode}"


class Clock(QObject):
    """Shows the playhead wherever it is shown: lanes, ruler, seconds or time of day, bar and beat."""

    def __init__(
        self,
        session: Session,
        transport: Transport,
        timeline: TimelineView,
        zooms: Zooms,
        top_bar: TopBar,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._transport = session, transport
        self._timeline, self._zooms, self._top_bar = timeline, zooms, top_bar
        transport.playhead_moved.connect(self._show)
        timeline.canvas.ruler_changed.connect(self.show)

    def show(self) -> None:
        """Update the playhead after a change of the result."""
        self._show(self._transport.playhead_samples)

    def _show(self, position_samples: int) -> None:
        if self._transport.is_playing:
            self._zooms.follow(position_samples)
        else:
            self._timeline.canvas.set_playhead(position_samples, self._transport.shown_samples)
        rate_hz, grid = self._session.state.rate_hz, self._session.grid
        seconds = samples_to_s(self._transport.shown_samples, rate_hz) if rate_hz else 0.0
        bar_beat = None if grid is None else _bar_beat(grid, position_samples, rate_hz)
        tempo_bpm = tempo_at(grid, position_samples, rate_hz)
        time_of_day = self._timeline.canvas.time_of_day(position_samples)
        self._top_bar.set_time(seconds, bar_beat, tempo_bpm, time_of_day)


def _bar_beat(grid: BeatGrid, position_samples: int, rate_hz: int) -> tuple[int, int] | None:
    """Return bar and beat at a position; None outside music."""
    # Cuts are made just ahead of a beat; there the beat is what the playhead stands on.
    reached = position_samples + s_to_samples(ON_IT_S, rate_hz)
    beat = beat_at(grid, reached)
    return None if beat is None else (grid.bar_of(beat), int(grid.bar_positions[beat]))
