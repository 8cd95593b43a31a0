"""Edit lists: spans of the source timeline joined end to end, in any order and with repeats.

Conventions: spans are half-open, positions are integer samples at the document's rate. "Source" positions
count on the document's timeline before any cut, "result" positions count in the edited output. Neighbouring
segments overlap by the length of their crossfade, centred on the cut, so that removing a crossfade or
changing its length moves nothing: the result is always as long as the remaining material.

An insert is a span of positions far beyond any recording, so that every track is silent there, laid before
its place; room tone is a replacement of that span. Each insert has a span of its own, apart from the others
by more than a crossfade needs.

A marker inside a cut moves to the seam, the next moment in the result: cuts are made a little ahead of the
beat that a marker names, and no marker of the user may be lost to that. A region is as long as its
remainder; one without a remainder is dropped. A marker at a moment that plays more than once
appears at all of its places; a repeat within a region lengthens it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.document.edits.takes import switched
from engine.document.kinds.operations import Insert, Order, Raise, Replace
from engine.document.state import Marker
from engine.document.tracks import Track
from engine.sound.edl.tracks.patches import Patches

INSERTED_FROM = 2**44
"""No position of a document is as far."""
AFTER_THE_LAST = INSERTED_FROM + 2**42
"""From here on the silence plays in which other tracks end; more than all inserts of a document."""
_APART = 2**21
"""More than two of the longest crossfades at the highest rate."""


def laid_inserts(inserts: Iterable[Insert]) -> Iterator[tuple[Order, Replace | None]]:
    """Yield the order that lays each insert, and the room tone that fills it."""
    first = INSERTED_FROM + _APART
    for one in inserts:
        stop = first + one.length_samples
        order = Order(first, stop, one.start_samples, 1, True, one.crossfade_ms, one.rank)
        around = first - _APART // 2, stop + _APART // 2
        yield order, None if one.tone is None else Replace(*around, one.tracks, one.tone)
        first = stop + _APART


Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of the source timeline in the result, with the material that its fades need.

    Attributes
    ----------
    start_samples, stop_samples : source span, overlaps included
    result_start_samples : start in the result: the start of the overlap with the previous segment
    fade_in_samples, fade_out_samples : length of the crossfade with the neighbour, or of the fade of an
        exposed edge (the first segment's start, the last one's stop); 0 for a hard edge
    """

    start_samples: int
    stop_samples: int
    result_start_samples: int
    fade_in_samples: int = 0
    fade_out_samples: int = 0

    @property
    def result_stop_samples(self) -> int:
        """Where it ends in the result, the overlap with the next segment included."""
        return self.result_start_samples + self.stop_samples - self.start_samples

    @property
    def is_inserted(self) -> bool:
        """Whether it plays inserted silence or room tone."""
        return self.start_samples >= INSERTED_FROM


def as_insert(one: Segment) -> Segment:
    """Return a segment as an insert of its length, the same for all of them."""
    length = one.stop_samples - one.start_samples
    return replace(one, start_samples=INSERTED_FROM, stop_samples=INSERTED_FROM + length)


_COLUMNS = "starts_samples", "stops_samples", "result_starts_samples", "fades_in_samples", "fades_out_samples"


class _Places(NamedTuple):
    """Spans of the source, ascending and disjoint, and the result start of each; shape (n,) each."""

    starts: Positions
    stops: Positions
    results: Positions


@dataclass(frozen=True, eq=False)
class EditList:
    """Segments in playback order, and the edits of the sound of each track.

    Segments are arrays of shape (n,), so that thousands cost no more than a few; `segments` spells them out.

    Attributes
    ----------
    starts_samples, stops_samples, result_starts_samples, fades_in_samples, fades_out_samples : columns of
        `Segment`
    rate_hz : the document's rate
    length_samples : length of the result
    source_length_samples : length of the document's timeline
    patches : by track id, for tracks with edited sound
    raises : by track id, for tracks that play other takes, in the order in which they apply
    own : by track id, the timing of tracks with cuts or inserts of their own
    """

    starts_samples: Positions
    stops_samples: Positions
    result_starts_samples: Positions
    fades_in_samples: Positions
    fades_out_samples: Positions
    rate_hz: int
    length_samples: int
    source_length_samples: int
    patches: Mapping[str, Patches] = field(default_factory=dict)
    raises: Mapping[str, tuple[Raise, ...]] = field(default_factory=dict)
    own: Mapping[str, EditList] = field(default_factory=dict)

    @classmethod
    def of(
        cls, segments: Iterable[Segment], rate_hz: int, length_samples: int, source_length_samples: int
    ) -> EditList:
        """Return the edit list of segments."""
        rows = [
            (s.start_samples, s.stop_samples, s.result_start_samples, s.fade_in_samples, s.fade_out_samples)
            for s in segments
        ]
        starts, stops, results, fades_in, fades_out = np.array(rows, np.int64).reshape(-1, 5).T.copy()
        return cls(
            starts, stops, results, fades_in, fades_out, rate_hz, length_samples, source_length_samples
        )

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """Each segment by itself."""
        return tuple(Segment(*row) for row in np.stack(self.columns, axis=1).tolist())

    @property
    def columns(self) -> tuple[Positions, ...]:
        """Start, stop, start in the result, fade-in and fade-out of each segment; shape (n,) each."""
        return tuple(getattr(self, name) for name in _COLUMNS)

    def with_columns(self, columns: Iterable[Positions], length_samples: int) -> EditList:
        """Return an edit list of other segments and another length of the result, all else the same."""
        changed: dict[str, Any] = dict(zip(_COLUMNS, columns, strict=True))
        return replace(self, **changed, length_samples=length_samples)

    @property
    def _lengths(self) -> tuple[int, int, int]:
        return self.rate_hz, self.length_samples, self.source_length_samples

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EditList):
            return NotImplemented
        if self is other:
            return True
        return self.plays_as(other) and (self.patches, self.raises) == (other.patches, other.raises)

    def plays_as(self, other: EditList) -> bool:
        """Return whether both play the same spans at the same times, regardless of edits of their sound."""
        is_same = self._lengths == other._lengths and all(map(np.array_equal, self.columns, other.columns))
        if not is_same or self.own.keys() != other.own.keys():
            return False
        return all(own.plays_as(other.own[key]) for key, own in self.own.items())

    def of_track(self, track_id: str) -> EditList:
        """Return the edit list that one track plays."""
        return self._of_tracks.get(track_id, self)

    @cached_property
    def _of_tracks(self) -> Mapping[str, EditList]:
        return {key: replace(own, patches=self.patches, raises=self.raises) for key, own in self.own.items()}

    def tracks_out_of_step(self, start_samples: int, stop_samples: int) -> list[str]:
        """Return the ids of the tracks that play a source span at another time than the others."""
        span = start_samples, stop_samples
        shared = self.result_span(*span)
        return [key for key, own in self.own.items() if own.result_span(*span) != shared]

    def as_played(self, track: Track) -> Track:
        """Return a track with the clips that play, in layers: those of its takes that are switched to on top.

        A track without switches is returned itself.
        """
        raises = self.raises.get(track.id)
        if not raises:
            return track
        return replace(track, clips=switched(track.clips, raises, self.rate_hz))

    @property
    def is_empty(self) -> bool:
        """Whether the result is empty."""
        return not len(self.starts_samples)

    @cached_property
    def kept_starts_samples(self) -> Positions:
        """Source position where each segment takes over: the middle of its crossfade. Shape (n,)."""
        starts = self.starts_samples + self.fades_in_samples // 2
        starts[:1] = self.starts_samples[:1]  # the edge of the first fades within itself
        return starts

    @cached_property
    def kept_stops_samples(self) -> Positions:
        """Source position where each segment hands over. Shape (n,)."""
        stops = self.stops_samples - (self.fades_out_samples - self.fades_out_samples // 2)
        stops[-1:] = self.stops_samples[-1:]
        return stops

    @cached_property
    def bounds_samples(self) -> Positions:
        """Result positions at which seams and single segments begin, and the end.

        Shape (2 n + 2,): from 2 i on runs the seam into segment i, from 2 i + 1 on segment i alone; from
        2 n on runs the fade-out at the end.
        """
        bounds = np.empty(2 * len(self.starts_samples) + 2, np.int64)
        bounds[0:-2:2] = self.result_starts_samples
        bounds[1:-2:2] = self.result_starts_samples + self.fades_in_samples
        bounds[-2] = self.length_samples - int(self.fades_out_samples[-1:].sum())
        bounds[-1] = self.length_samples
        return bounds

    @cached_property
    def seams_samples(self) -> Positions:
        """Result position where each segment takes over; the inner ones are the cuts. Shape (n,)."""
        lengths = self.kept_stops_samples - self.kept_starts_samples
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])[: len(lengths)]

    @cached_property
    def inserted(self) -> NDArray[np.bool_]:
        """Which segments play inserted silence or room tone, shape (n,)."""
        return self.starts_samples >= INSERTED_FROM

    @property
    def played_spans(self) -> tuple[tuple[int, int], ...]:
        """The source span of each segment without its fades; all inserts of a length have the same span."""
        starts = np.where(self.inserted, INSERTED_FROM, self.kept_starts_samples)
        lengths = self.kept_stops_samples - self.kept_starts_samples
        return tuple(zip(starts.tolist(), (starts + lengths).tolist(), strict=True))

    @property
    def removed_spans(self) -> tuple[tuple[int, int], ...]:
        """Source spans missing from the result, ascending."""
        places = self._first_places
        starts = [0, *places.stops.tolist()]
        stops = [*np.minimum(places.starts, self.source_length_samples).tolist(), self.source_length_samples]
        return tuple((start, stop) for start, stop in zip(starts, stops, strict=True) if start < stop)

    @cached_property
    def is_rising(self) -> bool:
        """Whether every sample is played at most once, in recorded order."""
        return bool((self.kept_starts_samples[1:] >= self.kept_stops_samples[:-1]).all())

    @cached_property
    def _first_places(self) -> _Places:
        """The first place in the result of each source span."""
        starts, stops, results = self.kept_starts_samples, self.kept_stops_samples, self.seams_samples
        if self.is_rising:
            return _Places(starts, stops, results)
        edges = np.unique(np.concatenate([starts, stops]))
        owner = np.full(len(edges), -1, np.int64)
        first, last = np.searchsorted(edges, starts), np.searchsorted(edges, stops)
        for number in range(len(starts) - 1, -1, -1):  # what plays earlier is written later
            owner[first[number] : last[number]] = number
        played = np.flatnonzero(owner >= 0)
        own = owner[played]
        return _Places(edges[played], edges[played + 1], results[own] + edges[played] - starts[own])

    def played(self, ascending: ArrayLike) -> tuple[Positions, Positions]:
        """Return the given source positions that are in the result, and their places, in playback order.

        Parameters
        ----------
        ascending : shape (n,)

        Returns
        -------
        places : indices into the positions, shape (m,); one per playback
        results : result positions, shape (m,)
        """
        positions = np.asarray(ascending, np.int64)
        starts, stops = self.kept_starts_samples, self.kept_stops_samples
        first, last = np.searchsorted(positions, starts), np.searchsorted(positions, stops)
        counts = last - first
        segment = np.repeat(np.arange(len(starts)), counts)
        places = np.arange(len(segment)) - np.repeat(np.cumsum(counts) - counts, counts) + first[segment]
        return places, self.seams_samples[segment] + positions[places] - starts[segment]

    def lane_span(self, start_samples: int, stop_samples: int) -> tuple[int, int]:
        """Return the result span within which a track with this source span plays."""
        if self.is_rising:
            return self.to_result(start_samples), self.to_result(stop_samples)
        return 0, self.length_samples

    def all_results(self, source_samples: int) -> list[int]:
        """Return every result position of a source position, ascending."""
        inside = (self.kept_starts_samples <= source_samples) & (source_samples < self.kept_stops_samples)
        found = self.seams_samples[inside] + source_samples - self.kept_starts_samples[inside]
        return sorted(found.tolist())

    def nearest_result(self, source_samples: int, near_samples: int) -> int:
        """Return the result position of a source position that is nearest to another result position."""
        found = self.all_results(source_samples)
        if not found:
            return self.to_result(source_samples)
        return min(found, key=lambda one: abs(one - near_samples))

    def result_span(
        self, start_samples: int, stop_samples: int, near_samples: int | None = None
    ) -> tuple[int, int]:
        """Return the result span of a source span, first sample to last; a cut maps to its seam.

        Parameters
        ----------
        near_samples : for a repeated span, choose the place nearest to this one; None for the first
        """
        near = self.to_result(start_samples) if near_samples is None else near_samples
        first = self.nearest_result(start_samples, near)
        if self.is_rising:
            return first, self.to_result(stop_samples)
        last = max(stop_samples - 1, start_samples)
        places = [place for place in self.all_results(last) if place >= first]
        return first, places[0] + 1 if places else max(first, self.to_result(last))

    def to_source(self, result_samples: int) -> int:
        """Map one result position to the source (see `to_source_array`)."""
        return int(self.to_source_array([result_samples])[0])

    def to_result(self, source_samples: int) -> int:
        """Map one source position to the result (see `to_result_array`)."""
        return int(self.to_result_array([source_samples])[0])

    def to_source_array(self, result_samples: ArrayLike) -> Positions:
        """Map result positions, shape (n,), to source positions, shape (n,).

        A seam maps to the start of the next segment, the end of the result to the end of the last segment.
        An insert maps to the start of the next segment that is not one, at the end of the result to the
        end of the last. Positions outside the result map to its nearest end; an empty result maps to 0.
        """
        played = self.to_played_array(result_samples)
        if not self.inserted.any():
            return played
        is_inserted = played >= INSERTED_FROM
        sounding = np.flatnonzero(~self.inserted)
        if not len(sounding):
            return np.zeros_like(played)
        starts, stops = self.seams_samples[sounding], self.kept_stops_samples[sounding]
        after = np.searchsorted(starts, np.asarray(result_samples, np.int64), side="left")
        ahead = self.kept_starts_samples[sounding][np.minimum(after, len(sounding) - 1)]
        return np.where(is_inserted, np.where(after < len(sounding), ahead, stops[-1]), played)

    def before_inserts(self, result_samples: ArrayLike) -> Positions:
        """Return result positions, shape (n,), with those right after an insert at its start."""
        positions = np.asarray(result_samples, np.int64)
        starts = self.seams_samples[self.inserted]
        stops = starts + (self.kept_stops_samples - self.kept_starts_samples)[self.inserted]
        place = np.searchsorted(stops, positions, side="left")
        found = place < len(stops)
        found[found] = stops[place[found]] == positions[found]
        before = positions.copy()
        before[found] = starts[place[found]]
        return before

    def to_played_array(self, result_samples: ArrayLike) -> Positions:
        """Map result positions, shape (n,), as `to_source_array`, but to positions inside inserts."""
        positions = np.asarray(result_samples, np.int64)
        if self.is_empty:
            return np.zeros_like(positions)
        positions = np.clip(positions, 0, self.length_samples)
        index = np.searchsorted(self.seams_samples, positions, side="right") - 1
        mapped: Positions = self.kept_starts_samples[index] + positions - self.seams_samples[index]
        return mapped

    def to_result_array(self, source_samples: ArrayLike) -> Positions:
        """Map source positions, shape (n,), to their first places in the result, shape (n,).

        A removed position maps to its seam: the end of the segment before it in the source.
        """
        positions = np.asarray(source_samples, np.int64)
        if self.is_empty:
            return np.zeros_like(positions)
        starts, stops, results = self._first_places
        index = np.maximum(np.searchsorted(starts, positions, side="right") - 1, 0)
        inside = np.clip(positions, starts[index], stops[index])
        mapped: Positions = results[index] + inside - starts[index]
        return mapped


def place_in(there: EditList, here: EditList, at_samples: int) -> int:
    """Return the position in one edit list that plays the moment which another plays at a position.

    Of several places the one nearest in number is taken. A moment that is left out there is exchanged for the
    nearest that both play; where they share nothing, it is where it would be (`EditList.to_result`).
    """
    source = here.to_source(at_samples)
    if (inside := _in_insert(there, here, at_samples)) is not None:
        return inside
    if there.all_results(source):
        return there.nearest_result(source, at_samples)
    starts, stops = _shared(there, here)
    if not len(starts):
        return there.to_result(source)
    nearest = np.clip(source, starts, stops - 1)
    return there.nearest_result(int(nearest[np.abs(nearest - source).argmin()]), at_samples)


def _in_insert(there: EditList, here: EditList, at_samples: int) -> int | None:
    """Return the position in the insert before the same moment; None without one."""
    source = here.to_source(at_samples)
    behind = here.to_result(source) - at_samples
    onward = there.to_result(source)
    is_before = here.to_played_array([at_samples])[0] >= INSERTED_FROM and 0 < behind <= onward
    if is_before and there.to_played_array([onward - behind])[0] >= INSERTED_FROM:
        return onward - behind
    return None


def _shared(one: EditList, other: EditList) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the spans [start, stop) of the source that both play, parted at the edges of both."""
    spans = [(edits.kept_starts_samples, edits.kept_stops_samples) for edits in (one, other)]
    edges = np.unique(np.concatenate([edge for span in spans for edge in span]))
    is_played = np.ones(max(0, len(edges) - 1), bool)
    for starts, stops in spans:
        turns = np.zeros(len(edges), np.int64)
        np.add.at(turns, np.searchsorted(edges, starts), 1)
        np.add.at(turns, np.searchsorted(edges, stops), -1)
        is_played &= np.cumsum(turns)[:-1] > 0
    return edges[:-1][is_played], edges[1:][is_played]


def placed_markers(
    markers: Iterable[Marker], edit_list: EditList, *, onto_seams: bool = True
) -> tuple[Marker, ...]:
    """Return markers in result positions, ascending; one entry for each playback.

    Parameters
    ----------
    onto_seams : whether a marker inside a cut moves to the seam; False drops it, as for removed material
    """
    listed = tuple(markers)
    if edit_list.is_empty or not listed:
        return ()
    if not edit_list.is_rising:
        found = [placed for marker in listed for placed in _all_places(marker, edit_list, onto_seams)]
        return tuple(sorted(found, key=lambda one: (one.start_samples, one.stop_samples)))
    sources = np.array([(one.start_samples, one.stop_samples) for one in listed], np.int64)
    placed = edit_list.to_result_array(sources.ravel()).reshape(-1, 2)
    is_there = onto_seams | (edit_list.to_source_array(placed[:, 0]) == sources[:, 0])
    is_played = np.where([one.is_region for one in listed], placed[:, 0] < placed[:, 1], is_there)
    return tuple(
        replace(marker, start_samples=start, stop_samples=stop)
        for marker, (start, stop) in compress(zip(listed, placed.tolist(), strict=True), is_played.tolist())
    )


def _all_places(marker: Marker, edit_list: EditList, onto_seams: bool) -> Iterator[Marker]:
    if marker.is_region:
        for start, stop in _played_spans(marker.start_samples, marker.stop_samples, edit_list):
            yield replace(marker, start_samples=start, stop_samples=stop)
        return
    places = edit_list.all_results(marker.start_samples)
    if not places:
        nearest = edit_list.to_result(marker.start_samples)
        places = [nearest] if onto_seams or edit_list.to_source(nearest) == marker.start_samples else []
    for place in places:
        yield replace(marker, start_samples=place, stop_samples=place)


def _played_spans(start: int, stop: int, edit_list: EditList) -> list[tuple[int, int]]:
    """Return the result spans of a source span, across cuts and repeats within."""
    begins = np.maximum(edit_list.kept_starts_samples, start)
    ends = np.minimum(edit_list.kept_stops_samples, stop)
    played = np.flatnonzero(begins < ends)
    lengths = edit_list.kept_stops_samples - edit_list.kept_starts_samples
    inserted = np.cumsum(np.where(edit_list.inserted, lengths, 0))[played].tolist()
    results = edit_list.seams_samples[played] + begins[played] - edit_list.kept_starts_samples[played]
    begins, ends = begins[played], ends[played]
    first = int(begins.min(initial=stop))
    spans: list[tuple[int, int]] = []
    before = 0
    stops = results + ends - begins
    for source, result, result_stop, silent in zip(begins, results, stops, inserted, strict=True):
        if spans and spans[-1][1] + silent - before == result and source > first:
            spans[-1] = spans[-1][0], int(result_stop)
        else:
            spans.append((int(result), int(result_stop)))
        before = silent
    return spans
