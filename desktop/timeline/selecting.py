"""The selected span of the timeline: what the mouse, the keys, bars and markers select."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QObject, Signal

from desktop.session import Session
from desktop.transport import Transport
from engine.errors import UsageError
from engine.timebase import format_time, s_to_samples, samples_to_s
from widgets.timeline.timeline_view import TimelineView

STEP_S = 1.0

NOTHING = "Nothing is selected: drag in a lane, or press ‹hand.select_right›."


class Selecting(QObject):
    """Holds the selection, in source samples; the timeline shows it.

    Signals
    -------
    changed : another span is selected, or none
    """

    changed = Signal()

    def __init__(
        self, session: Session, transport: Transport, timeline: TimelineView, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._transport, self._timeline = session, transport, timeline
        self.span: tuple[int, int] | None = None
        canvas = timeline.canvas
        canvas.span_selected.connect(self.select)
        canvas.selection_dropped.connect(self.let_go)
        session.replaced.connect(self.let_go)

    def required(self) -> tuple[int, int]:
        """Return the selected span.

        Raises
        ------
        UsageError : nothing is selected
        """
        if self.span is None:
            raise UsageError(NOTHING)
        return self.span

    def select(self, start_samples: int, stop_samples: int) -> None:
        """Select a span, as much of it as lies in the recording."""
        length = self._session.state.length_samples
        start, stop = max(0, min(start_samples, stop_samples)), min(length, max(start_samples, stop_samples))
        if stop <= start:
            self.let_go()
            return
        self._set((start, stop))

    def let_go(self) -> bool:
        """Select nothing; False where nothing was."""
        was = self.span is not None
        self._set(None)
        return was

    @property
    def words(self) -> str:
        """What is selected."""
        if self.span is None:
            return ""
        rate_hz = self._session.state.rate_hz
        first, last = (format_time(samples_to_s(edge, rate_hz)) for edge in self.span)
        length = format_time(samples_to_s(self.span[1] - self.span[0], rate_hz))
        return f"Selected {first} – {last} ({length})"

    def extend(self, direction: int) -> None:
        """Move the end of the selection a second earlier (-1) or later (1); it begins at the playhead."""
        state = self._session.state
        if not state.tracks:
            raise UsageError("There is nothing to select yet; import a recording first ‹file.import›.")
        here = self._transport.playhead_samples
        start, stop = self.span or (here, here)
        moving, fixed = (start, stop) if start != here and stop == here else (stop, start)
        moved = moving + direction * s_to_samples(STEP_S, state.rate_hz)
        self.select(fixed, min(max(moved, 0), state.length_samples))

    def edge_to_playhead(self, *, is_start: bool) -> None:
        """Begin or end the selection at the playhead."""
        here, length = self._transport.playhead_samples, self._session.state.length_samples
        start, stop = self.span or ((here, length) if is_start else (0, here))
        self.select(*((here, max(stop, here + 1)) if is_start else (min(start, here), here)))

    def bar(self) -> None:
        """Select the bar that the playhead is in."""
        grid = self._session.grid
        self._between([] if grid is None else grid.downbeats_samples.tolist(), "No bars are known")

    def between_beats(self) -> None:
        """Select from the grid line before the playhead to the one after it."""
        grid = self._session.grid
        self._between([] if grid is None else grid.beats_samples.tolist(), "No beats are known")

    def between_markers(self) -> None:
        """Select from the marker before the playhead to the one after it."""
        markers = self._session.state.markers.values()
        edges = {edge for one in markers for edge in (one.start_samples, one.stop_samples)}
        self._between(sorted(edges), "There are no markers yet; add one at the playhead ‹marker.add›")

    def _between(self, places: Sequence[int], none: str) -> None:
        """Select between the two places around the playhead; the ends of the recording are places as well."""
        if not len(places):
            raise UsageError(f"{none}.")
        edges = np.unique([0, *places, self._session.state.length_samples])
        at = int(np.searchsorted(edges, self._transport.playhead_samples, side="right"))
        at = min(max(at, 1), len(edges) - 1)
        self.select(int(edges[at - 1]), int(edges[at]))

    def _set(self, span: tuple[int, int] | None) -> None:
        if span != self.span:
            self.span = span
            self._timeline.canvas.set_selection(span)
            self.changed.emit()
