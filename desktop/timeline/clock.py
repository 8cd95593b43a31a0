"""Position of the playhead on the timeline and on the clock."""

from __future__ import annotations

from PySide6.QtCore import QObject

from desktop.shell.session import Session
from desktop.shell.transport import Transport
from desktop.timeline.zooms import Zooms
from engine.core.timebase import s_to_samples, samples_to_s
from engine.document.analysis import BeatGrid
from engine.document.grid.steady import beat_at, tempo_at
from widgets.chrome.top_bar import TopBar
from widgets.review.rows import ON_IT_S
from widgets.timeline.timeline_view import TimelineView


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
