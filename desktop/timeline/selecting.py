"""Time selection: by mouse, keys, cuts and regions, and its tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from desktop.shell.session import Session
from desktop.shell.transport import Transport
from engine.document.kinds.kind import length_words
from engine.document.recorded import require_recording
from engine.document.tracks.track import Track
from engine.errors import UsageError
from engine.timebase import format_time, s_to_samples, samples_to_s
from engine.wording import counted
from widgets.timeline.edits.selected import Selected
from widgets.timeline.timeline_view import TimelineView

STEP_S = 1.0

NOTHING = "No selection. Drag in a lane, or use the keys ‹hand.select_right›."


class Selecting(QObject):
    """The selection in source samples and its tracks, shown on the timeline.

    Signals
    -------
    changed : another span is selected, or none, or it is of other tracks
    """

    changed = Signal()

    def __init__(
        self, session: Session, transport: Transport, timeline: TimelineView, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._transport, self._timeline = session, transport, timeline
        self.selected = Selected()
        canvas = timeline.canvas
        canvas.span_selected.connect(self.select)
        canvas.selection_dropped.connect(self.let_go)
        canvas.piece_requested.connect(self.select_piece)
        timeline.heads.toggled.connect(self.toggle_track)
        session.replaced.connect(lambda: self._set(Selected()))
        transport.result_chosen.connect(lambda _result: self.changed.emit())
        session.changed.connect(self._follow_tracks)

    @property
    def span(self) -> tuple[int, int] | None:
        """The selected span, [start, stop) of the source; None without a selection."""
        return self.selected.span

    @property
    def tracks(self) -> tuple[str, ...]:
        """Ids of the tracks that the selection is of; none for all."""
        return self.selected.tracks

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
        """Select a span, clipped to the recording."""
        length = self._session.state.length_samples
        start, stop = max(0, min(start_samples, stop_samples)), min(length, max(start_samples, stop_samples))
        if stop <= start:
            self.let_go()
            return
        self._set(replace(self.selected, span=(start, stop)))

    def let_go(self) -> bool:
        """Clear the selection; return False without one. The selected tracks stay."""
        was = self.span is not None
        self._set(replace(self.selected, span=None))
        return was

    @property
    def tracks_words(self) -> str:
        """Which tracks the selection is of."""
        names = [track.name for track in self._session.state.tracks if track.id in self.tracks]
        if len(names) < 2:
            return f"{names[0]} alone" if names else "all tracks"
        return f"{names[0]} and {counted(len(names) - 1, 'other')}"

    def toggle_track(self, track_id: str) -> None:
        """Add a track to the selection or remove it; without tracks it applies to all of them."""
        chosen = {*self.tracks} ^ {track_id}
        ids = [track.id for track in self._session.state.tracks]
        self._set(replace(self.selected, tracks=tuple(key for key in ids if key in chosen)))

    def toggle_all(self, track: Track) -> None:
        """Be of one track alone, or of all again."""
        self._set(replace(self.selected, tracks=() if self.tracks else (track.id,)))

    def _follow_tracks(self) -> None:
        """Remove deleted tracks from the selection."""
        ids = {track.id for track in self._session.state.tracks}
        self._set(replace(self.selected, tracks=tuple(key for key in self.tracks if key in ids)))

    @property
    def words(self) -> str:
        """The selected span."""
        if self.span is None:
            return ""
        rate_hz, result = self._session.state.rate_hz, self._transport.edit_list
        shown = self.span if result is None else result.result_span(*self.span)
        is_cut = shown[0] >= shown[1]
        start, stop = self.span if is_cut else shown
        times = (format_time(samples_to_s(at, rate_hz)) for at in (start, stop, stop - start))
        first, last, length = times
        if is_cut:
            return f"Selected {first} – {last} of the source ({length}), cut from the result"
        return f"Selected {first} – {last} ({length})"

    @property
    def length_words(self) -> str:
        """Length of the selection, for a bar without room for `words`."""
        if self.span is None:
            return ""
        return length_words(samples_to_s(self.span[1] - self.span[0], self._session.state.rate_hz))

    def extend(self, direction: int) -> None:
        """Move the end of the selection a second earlier (-1) or later (1).

        One begins at the playhead, also where the playhead has left the one before.
        """
        self._require_recording()
        state = self._session.state
        here = self._transport.playhead_samples
        span = self.span
        start, stop = span if span is not None and span[0] <= here <= span[1] else (here, here)
        moving, fixed = (start, stop) if start != here and stop == here else (stop, start)
        moved = moving + direction * s_to_samples(STEP_S, state.rate_hz)
        self.select(fixed, min(max(moved, 0), state.length_samples))

    def edge_to_playhead(self, *, is_start: bool) -> None:
        """Start or end the selection at the playhead."""
        here, length = self._transport.playhead_samples, self._session.state.length_samples
        start, stop = self.span or ((here, length) if is_start else (0, here))
        self.select(*((here, max(stop, here + 1)) if is_start else (min(start, here), here)))

    def to_end(self, *, is_start: bool) -> None:
        """Extend the selection to the start of the recording, or to its end."""
        here = self._transport.playhead_samples
        start, stop = self.span or (here, here)
        self._require_recording()
        self.select(*((0, stop) if is_start else (start, self._session.state.length_samples)))

    def everything(self) -> None:
        """Select the whole recording."""
        self._require_recording()
        self.select(0, self._session.state.length_samples)

    def piece(self) -> None:
        """Select between the seams, or the edges of accepted cuts and the markers, around the playhead."""
        self._require_recording()
        self.select_piece(self._transport.shown_samples)

    def select_piece(self, shown_samples: int) -> None:
        """Select between two seams of the result, or between two edges of cuts or markers in the source.

        Parameters
        ----------
        shown_samples : displayed position; distinguishes copies of a span in the result
        """
        result, state = self._transport.edit_list, self._session.state
        if result is not None and not result.is_empty:
            at = int(np.searchsorted(result.seams_samples, shown_samples, side="right")) - 1
            at = min(max(at, 0), len(result.seams_samples) - 1)
            self.select(int(result.kept_starts_samples[at]), int(result.kept_stops_samples[at]))
        elif result is None:
            cut = np.ravel(self._transport.result.removed_spans).tolist()
            marked = [one.start_samples for one in state.markers.values() if not one.is_region]
            edges = np.unique([0, state.length_samples, *cut, *marked])
            self.select(*_around(edges, shown_samples))

    def region(self) -> None:
        """Select the region that the playhead is in, the shortest of several."""
        here = self._transport.playhead_samples
        around = [
            (one.stop_samples - one.start_samples, one.start_samples, one.stop_samples)
            for one in self._session.state.markers.values()
            if one.is_region and one.start_samples <= here < one.stop_samples
        ]
        if not around:
            raise UsageError("No region at the playhead. Name a span ‹marker.region›, or move into a region.")
        self.select(*min(around)[1:])

    def bar(self) -> None:
        """Select the bar that the playhead is in."""
        self.select(*self.bar_here())

    def bar_here(self) -> tuple[int, int]:
        """Return the span of the bar that the playhead is in."""
        grid = self._session.grid
        return self._here([] if grid is None else grid.downbeats_samples.tolist(), "No bars detected")

    def between_beats(self) -> None:
        """Select between the grid lines around the playhead."""
        grid = self._session.grid
        self._between([] if grid is None else grid.beats_samples.tolist(), "No beats detected")

    def between_markers(self) -> None:
        """Select between the markers around the playhead."""
        markers = self._session.state.markers.values()
        edges = {edge for one in markers for edge in (one.start_samples, one.stop_samples)}
        self._between(sorted(edges), "No markers yet. Add one at the playhead ‹marker.add›")

    def _between(self, places: Sequence[int], none: str) -> None:
        """Select between the two places around the playhead."""
        self.select(*self._here(places, none))

    def _here(self, places: Sequence[int], none: str) -> tuple[int, int]:
        """Return the places around the playhead; the ends of the recording are places as well."""
        if not len(places):
            raise UsageError(f"{none}.")
        edges = np.unique([0, *places, self._session.state.length_samples])
        return _around(edges, self._transport.playhead_samples)

    def _require_recording(self) -> None:
        require_recording(self._session.state, "select")

    def _set(self, selected: Selected) -> None:
        if selected != self.selected:
            self.selected = selected
            self._timeline.canvas.set_selection(selected)
            self._timeline.heads.set_selected(selected.tracks)
            self.changed.emit()


def _around(edges: NDArray[np.int64], position: int) -> tuple[int, int]:
    at = int(np.searchsorted(edges, position, side="right"))
    at = min(max(at, 1), len(edges) - 1)
    return int(edges[at - 1]), int(edges[at])
