"""The selection: its span by mouse, keys, cuts and regions, its tracks and its clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from desktop.shell.session import Session
from desktop.shell.transport import Transport
from engine.core.errors import UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import counted
from engine.document.analysis import require_recording
from engine.document.edits.clips import clip_here, clip_of
from engine.document.edits.tracks import track_of
from engine.document.kinds.kind import length_words
from widgets.timeline.edits.selected import Choice, Selected
from widgets.timeline.timeline_view import TimelineView

STEP_S = 1.0

NOTHING = "No selection. Drag in a lane, or use the keys ‹hand.select_right›."


class Selecting(QObject):
    """The selection, the only one of the timeline: a span in source samples, tracks and clips.

    Signals
    -------
    changed : another span, track or clip is selected, or none
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
        canvas.place_chosen.connect(self.choose_place)
        canvas.clip_chosen.connect(self.choose_clip)
        timeline.heads.chosen.connect(self.choose_track)
        session.replaced.connect(lambda: self._set(Selected()))
        transport.result_chosen.connect(lambda _result: self.changed.emit())
        session.changed.connect(self._follow_document)

    @property
    def span(self) -> tuple[int, int] | None:
        """The selected span, [start, stop) of the source; None without a selection."""
        return self.selected.span

    @property
    def tracks(self) -> tuple[str, ...]:
        """Ids of the tracks that edits of the span apply to, from the top; none for all."""
        scope = self.selected.scope
        return tuple(track.id for track in self._session.state.tracks if track.id in scope)

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
        """Select no span and no clip; return False without any. The tracks stay selected."""
        was = self.span is not None or bool(self.selected.clips)
        self._set(Selected(tracks=self.selected.tracks))
        return was

    def drop_clips(self) -> None:
        """Select no clip."""
        self._set(replace(self.selected, clips=(), gives_keys=False))

    @property
    def tracks_words(self) -> str:
        """Which tracks the selection is of."""
        names = [track.name for track in self._session.state.tracks if track.id in self.tracks]
        if len(names) < 2:
            return f"{names[0]} alone" if names else "all tracks"
        return f"{names[0]} and {counted(len(names) - 1, 'other')}"

    @property
    def tracks_briefly(self) -> str:
        """The same for a button: a name, or the number of several tracks."""
        names = [track.name for track in self._session.state.tracks if track.id in self.tracks]
        return counted(len(names), "track") if names[1:] else "".join(names) or "all tracks"

    def choose_track(self, track_id: str, choice: Choice = Choice.ALONE) -> None:
        """Select a track alone, add or remove it, or select up to it; several limit the span to them."""
        own = self.selected.tracks
        if choice is Choice.ALONE:
            self._set(Selected(self.span, (track_id,)))
            return
        if choice is Choice.ADDED:
            tracks = _toggled(own, track_id)
        else:
            tracks = _up_to([track.id for track in self._session.state.tracks], own, track_id)
        self._set(replace(self.selected, tracks=tracks, is_of_tracks=bool(tracks)))

    def add_next_track(self) -> None:
        """Add the track below the lowest selected one, or the first."""
        ids, own = [track.id for track in self._session.state.tracks], self.selected.tracks
        lowest = max((ids.index(key) for key in own), default=-1)
        if lowest + 1 >= len(ids):
            raise UsageError("The last track is selected already.")
        self._set(replace(self.selected, tracks=(*own, ids[lowest + 1]), is_of_tracks=True))

    def toggle_all(self) -> None:
        """Let the span be of the selected tracks only, or of all again."""
        self._set(replace(self.selected, is_of_tracks=not self.selected.is_of_tracks))

    def choose_place(self, track_id: str, at_samples: int | None, adds: bool) -> None:
        """Select a track and the clip that plays at a position; None, after a drag, for the track alone."""
        before, state = self.selected, self._session.state
        if at_samples is None:
            stays = (
                before.is_of_tracks and track_id in before.tracks
            )  # else the drag begins another selection
            self._set(Selected(before.span, before.tracks if stays else (track_id,), is_of_tracks=stays))
            return
        is_source = self._transport.edit_list is None
        clip = clip_here(track_of(state, track_id), at_samples) if is_source else None
        if not adds:
            clips = () if clip is None else (clip.id,)
            self._set(Selected(tracks=(track_id,), clips=clips, gives_keys=before.gives_keys))
            return
        self._set(replace(before, span=None))
        if clip is not None:
            self.choose_clip(clip.id, Choice.ADDED, gives_keys=before.gives_keys)
        else:
            self.choose_track(track_id, Choice.ADDED)

    def choose_clip(self, clip_id: str, choice: Choice = Choice.ALONE, *, gives_keys: bool = True) -> None:
        """Select a clip alone, add or remove it, or select those of its track up to it."""
        own, track = self.selected.clips, clip_of(self._session.state, clip_id)[0]
        if choice is Choice.ALONE:
            self.choose_clips((clip_id,))
            return
        if choice is Choice.ADDED:
            clips = _toggled(own, clip_id)
        else:
            ordered = sorted(track.clips, key=lambda one: (one.start_samples, one.id))
            clips = _up_to([one.id for one in ordered], own, clip_id)
        kept = [key for key in self.selected.tracks if key != track.id]
        is_in = any(clip.id in clips for clip in track.clips)
        tracks = (*kept, track.id) if is_in else tuple(kept)
        self._set(replace(self.selected, clips=clips, tracks=tracks, gives_keys=gives_keys))

    def choose_clips(self, clip_ids: Sequence[str], *, gives_keys: bool = True) -> None:
        """Select clips and their tracks, and no others; the span stays."""
        state, before = self._session.state, self.selected
        tracks = tuple(dict.fromkeys(clip_of(state, key)[0].id for key in clip_ids))
        shows = replace(before, tracks=tracks or before.tracks, clips=tuple(clip_ids))
        self._set(replace(shows, gives_keys=gives_keys))

    def _follow_document(self) -> None:
        """Drop deleted tracks and clips, follow clips to other tracks, and keep the span in the document."""
        state, before = self._session.state, self.selected
        ids = {track.id for track in state.tracks}
        there = {clip.id for track in state.tracks for clip in track.clips}
        tracks = tuple(key for key in before.tracks if key in ids)
        clips = tuple(key for key in before.clips if key in there)
        tracks = tuple(dict.fromkeys((*tracks, *(clip_of(state, key)[0].id for key in clips))))
        self._set(replace(before, span=self._inside(before.span), tracks=tracks, clips=clips))

    def _inside(self, span: tuple[int, int] | None) -> tuple[int, int] | None:
        """Return the part of a span that the document has; None without any."""
        if span is None:
            return None
        start, stop = span[0], min(span[1], self._session.state.length_samples)
        return (start, stop) if start < stop else None

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
            if result.inserted[at]:
                raise UsageError(
                    "Inserted silence is not part of the recording: choose a place outside of it."
                )
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
        is_of_tracks = selected.is_of_tracks and bool(selected.tracks)
        gives_keys = selected.gives_keys and bool(selected.clips)
        selected = replace(selected, is_of_tracks=is_of_tracks, gives_keys=gives_keys)
        if selected != self.selected:
            self.selected = selected
            self._timeline.canvas.set_selection(selected)
            self._timeline.heads.set_selected(selected.tracks)
            self.changed.emit()


def _around(edges: NDArray[np.int64], position: int) -> tuple[int, int]:
    at = int(np.searchsorted(edges, position, side="right"))
    at = min(max(at, 1), len(edges) - 1)
    return int(edges[at - 1]), int(edges[at])


def _toggled(keys: tuple[str, ...], key: str) -> tuple[str, ...]:
    return tuple(one for one in keys if one != key) if key in keys else (*keys, key)


def _up_to(ordered: Sequence[str], chosen: tuple[str, ...], key: str) -> tuple[str, ...]:
    """Return the keys from the first of the chosen ones that is among them to another, in that direction."""
    first = next((ordered.index(one) for one in chosen if one in ordered), ordered.index(key))
    last = ordered.index(key)
    step = 1 if first <= last else -1
    return tuple(ordered[place] for place in range(first, last + step, step))
