"""Mapping between recording and view: identity, or the result with its gaps closed.

"Source" positions count on the document's timeline, "view" positions on the one that is drawn. Everything a
document stores is in source positions; drawn data is mapped to view positions once, when it changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.document.analysis import ScoreCurve
from engine.document.state import Marker
from engine.sound.edl.edit_list import EditList, placed_markers
from widgets.timeline.edits.spans import Spans
from widgets.timeline.marks.grid import Beats
from widgets.timeline.marks.hits import HitMarks
from widgets.timeline.marks.markers import Marks
from widgets.timeline.viewport import Viewport


@dataclass(frozen=True, slots=True)
class TimeMap:
    """Drawn position of each source position.

    Attributes
    ----------
    source_length_samples : length of the document's timeline
    edit_list : edit list of the result; None for the source view
    """

    source_length_samples: int = 0
    edit_list: EditList | None = None

    @property
    def length_samples(self) -> int:
        """Length of the view."""
        return self.source_length_samples if self.edit_list is None else self.edit_list.length_samples

    def of_track(self, track_id: str) -> TimeMap:
        """Return the map of one track, which may have cuts of its own."""
        if self.edit_list is None or track_id not in self.edit_list.own:
            return self
        return replace(self, edit_list=self.edit_list.of_track(track_id))

    def of_tracks(self, tracks: Sequence[str]) -> TimeMap:
        """Return the map of an edit: of all tracks, or of the first of its own."""
        return self.of_track(tracks[0]) if tracks else self

    def is_laid_as(self, other: TimeMap) -> bool:
        """Return whether both map all positions equally, regardless of edited sound."""
        mine, theirs = self.edit_list, other.edit_list
        if mine is None or theirs is None:
            return mine is theirs and self.source_length_samples == other.source_length_samples
        return mine.plays_as(theirs)

    def to_view(self, source_samples: int, near_samples: int | None = None) -> int:
        """Return the view position of a source position; inside a cut, the seam.

        Parameters
        ----------
        near_samples : chooses the nearest of several positions; None for the first
        """
        if self.edit_list is None:
            return source_samples
        if near_samples is None:
            return self.edit_list.to_result(source_samples)
        return self.edit_list.nearest_result(source_samples, near_samples)

    def view_span(self, start_samples: int, stop_samples: int) -> tuple[int, int]:
        """Return the view span of a source span, from its first sample to its last."""
        if self.edit_list is None:
            return start_samples, stop_samples
        return self.edit_list.result_span(start_samples, stop_samples)

    @property
    def is_rising(self) -> bool:
        """Whether every position is drawn at most once, in source order."""
        return self.edit_list is None or self.edit_list.is_rising

    def to_view_near(self, source_samples: int, near_samples: int) -> int:
        """Return the view position of a source position: of several, the nearest to another view position."""
        if self.edit_list is None or self.edit_list.is_rising:
            return self.to_view(source_samples)
        return self.edit_list.nearest_result(source_samples, near_samples)

    def to_view_array(self, source_samples: ArrayLike) -> NDArray[np.int64]:
        """Map source positions, shape (n,), to view positions, shape (n,)."""
        if self.edit_list is None:
            return np.asarray(source_samples, np.int64)
        return self.edit_list.to_result_array(source_samples)

    def lane_span(self, start_samples: int, stop_samples: int) -> tuple[int, int]:
        """Return the view span of a track."""
        if self.edit_list is None:
            return start_samples, stop_samples
        return self.edit_list.lane_span(start_samples, stop_samples)

    def to_source(self, view_samples: int) -> int:
        """Return the source position of a view position; at a seam the one after it."""
        return view_samples if self.edit_list is None else self.edit_list.to_source(view_samples)

    def keeps(self, source_samples: ArrayLike) -> NDArray[np.bool_]:
        """Return which source positions, shape (n,), are not cut."""
        positions = np.asarray(source_samples, np.int64)
        if self.edit_list is None:
            return np.ones(positions.shape, bool)
        if self.edit_list.is_empty:
            return np.zeros(positions.shape, bool)
        order = np.argsort(positions, kind="stable")
        played = np.zeros(positions.shape, bool)
        played[order[self.edit_list.heard(positions[order])[0]]] = True
        return played

    def spans(self, spans: Spans) -> Spans:
        """Return the view positions of spans: a cut one is at its seam, others shrink by their cuts."""
        if self.edit_list is None:
            return spans
        starts, stops = self._placed(spans)
        for number, tracks in enumerate(spans.track_sets):
            times = self.of_tracks(tracks)
            if times is not self:  # an edit of a track is where that track plays it
                chosen, own = spans.tracks == number, times._placed(spans)
                starts[chosen], stops[chosen] = own[0][chosen], own[1][chosen]
        if self.edit_list.is_rising and not self.edit_list.own:
            return spans.moved(starts, stops)
        return spans.reordered(starts, np.maximum(starts, stops))

    def _placed(self, spans: Spans) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where the result plays spans; see `spans`."""
        assert self.edit_list is not None
        starts, stops = self.to_view_array(spans.starts), self.to_view_array(spans.stops)
        if self.edit_list.is_rising:
            return starts, stops
        # The sound after a span may play far from it: the span ends after its own last sample.
        last = np.maximum(spans.stops - 1, spans.starts)
        stops = self.to_view_array(last) + self.keeps(last)
        points = spans.starts == spans.stops  # an insert covers its silence
        stops[points] = starts[points]
        starts[points] = self.edit_list.before_inserts(starts[points])
        return starts, stops

    def curve(self, curve: ScoreCurve | None) -> ScoreCurve | None:
        """Return the remaining scores, with a point at either side of each seam."""
        edits = self.edit_list
        if curve is None or edits is None or not len(curve.times_samples):
            return curve
        rows, places = edits.heard(curve.times_samples)
        ends = np.concatenate([edits.kept_stops_samples, edits.kept_starts_samples])
        lengths = edits.kept_stops_samples - edits.kept_starts_samples
        placed = np.concatenate([edits.seams_samples + lengths, edits.seams_samples])
        scored = (ends >= curve.times_samples[0]) & (ends <= curve.times_samples[-1])
        scores = np.interp(ends[scored], curve.times_samples, curve.scores).astype(np.float32)
        times = np.concatenate([placed[scored], places])
        # stable: at a seam, the end of a segment comes before the begin of the next
        order = np.argsort(times, kind="stable")
        return ScoreCurve(times[order], np.concatenate([scores, curve.scores[rows]])[order], curve.maker)

    def marks(self, markers: Mapping[str, Marker]) -> Marks:
        """Return the view positions of markers: cut ones are at the seam, regions shrink by their cuts."""
        if self.edit_list is None:
            return Marks.of(markers.values())
        return Marks.of(placed_markers(markers.values(), self.edit_list))

    def hits(self, hits: HitMarks) -> HitMarks:
        """Return the audible hits at their view positions, each with its move."""
        if self.edit_list is None or not len(hits.onsets):
            return hits
        rows, places = self.edit_list.heard(np.rint(hits.onsets).astype(np.int64))
        return hits.placed(rows, places.astype(np.float64))

    def lines(self, lines: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the view positions of ascending source positions, without cut ones."""
        return lines if self.edit_list is None or not len(lines) else self.edit_list.heard(lines)[1]

    def beats(self, beats: Beats | None) -> Beats | None:
        """Return the audible beats; bars keep their numbers of the source."""
        if beats is None or self.edit_list is None:
            return beats
        rows, places = self.edit_list.heard(beats.positions)
        return Beats(places, beats.counts[rows], beats.bars[rows])


def carried_over(view: Viewport, old: TimeMap, new: TimeMap, playhead: tuple[int, int]) -> Viewport:
    """Return the window for another map: a whole recording stays whole, a part keeps its position.

    The anchor is the playhead if visible, else the centre.

    Parameters
    ----------
    playhead : its position in the source, and the one where the old map draws it
    """
    if new.is_laid_as(old) or not old.length_samples or not new.length_samples:
        return view
    longer = replace(view, length_samples=new.length_samples)
    if view.samples_per_px >= view.coarsest_samples_per_px:
        return longer.fitted()
    if old.edit_list is None and new.edit_list is None:
        return view
    x, fixed = view.x_at(playhead[1]), playhead[0]
    if not 0 <= x <= view.width_px:
        x = view.width_px / 2
        fixed = old.to_source(view.sample_at(x))
    zoom = min(view.samples_per_px, longer.coarsest_samples_per_px)
    return replace(longer, samples_per_px=zoom).moved(new.to_view(fixed) - x * zoom)


SOURCE_TIMES = TimeMap()
"""Positions of the source, unchanged."""
