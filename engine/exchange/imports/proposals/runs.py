"""Convert clips of tracks to runs that all tracks play, and the differences of single tracks.

A document plays the same span of its timeline on all tracks, the one of most tracks. A track that deviates
has a difference: it is silent there, plays another moment, or is louder.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from engine.core.timebase import Samples, common, united
from engine.core.wording import counted
from engine.document.kinds.kind import LONGEST_CROSSFADE_MS
from engine.document.state import DocumentState
from engine.document.tracks import Track
from engine.exchange.imports.described import ImportedEdits
from engine.exchange.imports.document_clips import DocumentClip, DocumentClips, Span
from engine.sound.edl.edit_list import INSERTED_FROM

_FRAMES_A_S = 24
"""The fewest frames that a format counts."""

_FadeAt = tuple[str, int, bool]
"""The track of a fade, the edge of its clip, and whether that is its end."""


@dataclass(frozen=True, slots=True)
class Run:
    """A contiguous span [start, stop) of the document that is played.

    Attributes
    ----------
    at_samples : its position in the imported edits
    fade_samples : of the crossfade with the run before, or of the fade from silence; None if it is unknown
    """

    start_samples: int
    stop_samples: int
    at_samples: int
    fade_samples: int | None = None

    @property
    def end_samples(self) -> int:
        """Where it ends in the imported edits."""
        return self.at_samples + self.stop_samples - self.start_samples

    @property
    def is_inserted(self) -> bool:
        """Whether it is silence that the document does not have."""
        return self.start_samples >= INSERTED_FROM


@dataclass(frozen=True, slots=True)
class Difference:
    """A deviation of one track in a span [start, stop) of the document.

    Attributes
    ----------
    is_silent : the track is muted there
    by_samples : how much later it sounds
    gain_db : how much louder it is
    fade_before_samples, fade_after_samples : of the sound before and after a silence, up to its edges
    """

    track_id: str
    start_samples: int
    stop_samples: int
    is_silent: bool = False
    by_samples: int = 0
    gain_db: float = 0.0
    fade_before_samples: int = 0
    fade_after_samples: int = 0

    @property
    def way(self) -> tuple[bool, int, float]:
        """The kind of deviation, without its span."""
        return self.is_silent, self.by_samples, self.gain_db


@dataclass(frozen=True, slots=True)
class PlayedRuns:
    """Runs and differences of imported edits in a document.

    Attributes
    ----------
    end_fade_samples : of the fade to silence; None where that is unknown
    left_out : a sentence each
    """

    runs: tuple[Run, ...]
    differences: tuple[Difference, ...] = ()
    end_fade_samples: int | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Piece:
    """Audio of a track in [start, stop) of the result; its position in the document is `offset` later."""

    start: int
    stop: int
    offset: int
    fade_before: int
    fade_after: int
    gain_db: float
    is_audible: bool


def sounding_spans(tracks: Iterable[Track]) -> dict[str, list[Span]]:
    """Return where each track has sound in the recording, by track id."""
    return {
        track.id: united([(clip.start_samples, clip.stop_samples) for clip in track.clips]).tolist()
        for track in tracks
    }


def played_runs(
    clips: DocumentClips,
    imported: ImportedEdits,
    state: DocumentState,
    alone: Collection[str] | None = None,
) -> PlayedRuns:
    """Return the runs and differences of clips in a document; tracks without clips follow the others.

    Parameters
    ----------
    alone : tracks that are composed as if the document had no others; None for all
    """
    tracks = [one for one in state.tracks if alone is None or one.id in alone]
    return _Composing(clips, state, tracks).played(imported)


class _Composing:
    """Lays the pieces of all tracks over each other."""

    def __init__(self, document: DocumentClips, state: DocumentState, tracks: Sequence[Track]) -> None:
        self._state, self._tracks, self._near = state, tracks, document.near_samples
        self._unknown = {key: united(spans) for key, spans in document.unknown.items()}
        self._under = 0
        self._loose: dict[_FadeAt, tuple[int, int]] = {}
        self._fades: set[_FadeAt] = set()
        clips = {key: self._on_top(own) for key, own in document.by_track.items()}
        end = max((one.end_samples for own in clips.values() for one in own), default=0)
        composed = {track.id for track in tracks}
        clips = {key: own for key, own in clips.items() if key in composed}
        crossfades = [one for own in clips.values() for one in _crossfade_spans(own) if _span_length(one)]
        crossfades += _between_tracks(clips.values(), self._near)
        seams = _CrossedSeams(crossfades)
        over_silence = _CrossedSeams(_faded_over_silence(clips.values(), end))
        self._pieces = {key: self._parted(key, own, seams, over_silence) for key, own in clips.items()}
        self._offsets: list[int | None] = []
        self._longest_fade = max(map(_span_length, crossfades), default=0)
        self._spans = sounding_spans(tracks)
        for key, pieces in self._pieces.items():
            if not any(one.is_audible for one in pieces):  # the track is muted, not its parts
                self._pieces[key] = [replace(one, is_audible=True) for one in pieces]

    def played(self, imported: ImportedEdits) -> PlayedRuns:
        """Return all of it."""
        intervals = list(self._intervals())
        runs = self._runs(intervals)
        if not imported.has_crossfades:
            runs = [runs[0], *(replace(one, fade_samples=None) for one in runs[1:])] if runs else []
        end_fade: int | None = self._edge_fade(runs[-1].end_samples, is_end=True) if runs else None
        if runs and not imported.has_edge_fades:
            runs[0], end_fade = replace(runs[0], fade_samples=None), None
            for number, one in enumerate(tuple(runs[1:]), 1):
                if not one.fade_samples and not self._is_cut(one.at_samples):
                    runs[number] = replace(one, fade_samples=None)
        if not imported.states_cuts:
            runs = [replace(one, fade_samples=one.fade_samples or None) for one in runs]
            end_fade = end_fade or None
        differences, repeated = self._differences(intervals)
        return PlayedRuns(tuple(runs), tuple(differences), end_fade, tuple(self._left_out(repeated)))

    def _is_cut(self, at: int) -> bool:
        """Return whether any track goes from one clip to the next there: elsewhere its fades are of edges."""
        return any(
            one.stop == at == after.start for own in self._pieces.values() for one, after in pairwise(own)
        )

    def _left_out(self, repeated: int) -> Iterator[str]:
        if self._under:
            yield f"{counted(self._under, 'clip')} under other clips of the same track left out."
        if self._fades:
            yield f"{counted(len(self._fades), 'fade')} without a crossfade left out."
        if repeated:
            yield f"{counted(repeated, 'difference')} between tracks of a repeated span left out."

    def _on_top(self, clips: Sequence[DocumentClip]) -> list[DocumentClip]:
        """Return clips without those that begin and end within the one before."""
        found: list[DocumentClip] = []
        for one in clips:
            if found and one.end_samples <= found[-1].end_samples:
                length = one.end_samples - one.at_samples
                self._under += length > max(one.fade_in_samples, one.fade_out_samples)
                continue
            found.append(one)
        return found

    def _parted(
        self, key: str, clips: Sequence[DocumentClip], seams: _CrossedSeams, over_silence: _CrossedSeams
    ) -> list[_Piece]:
        """Return the span each clip plays, up to the middle of its crossfades."""
        overlaps = [None, *((one if _span_length(one) else None) for one in _crossfade_spans(clips)), None]
        pieces: list[_Piece] = []
        neighbours = zip((None, *clips[:-1]), clips, (*clips[1:], None), strict=True)
        for (earlier, one, later), (before, after) in zip(neighbours, pairwise(overlaps), strict=True):
            if before is not None:
                start = max(one.at_samples, seams.middle(before))
            else:
                start = seams.beginning(one.at_samples)
                faded = start, start + one.fade_in_samples
                if start == one.at_samples and over_silence.holds(faded) and _jumps(earlier, one):
                    start = over_silence.middle(faded)
                if one.fade_in_samples and start == one.at_samples:
                    self._keep_fade((key, start, False), one, is_edge=one is clips[0])
            if after is not None:
                stop = min(one.end_samples, seams.middle(after))
            else:
                stop = seams.ending(one.end_samples)
                faded = stop - one.fade_out_samples, stop
                is_left = later is None or _jumps(one, later)
                if stop == one.end_samples and over_silence.holds(faded) and is_left:
                    stop = over_silence.middle(faded)
                if one.fade_out_samples and stop == one.end_samples:
                    self._keep_fade((key, stop, True), one, is_edge=one is clips[-1])
            if start < stop:
                offset = one.start_samples - one.at_samples
                fades = (
                    seams.length(before) if before else one.fade_in_samples,
                    seams.length(after) if after else one.fade_out_samples,
                )
                pieces.append(_Piece(start, stop, offset, *fades, one.gain_db, one.is_audible))
        return pieces

    def _keep_fade(self, place: _FadeAt, clip: DocumentClip, *, is_edge: bool) -> None:
        """Note a fade that is part of no crossfade; those of the edges of a track are not counted."""
        length = clip.fade_out_samples if place[2] else clip.fade_in_samples
        self._loose[place] = length, clip.start_samples - clip.at_samples
        if not is_edge:
            self._fades.add(place)

    def _edge_fade(self, at: int, *, is_end: bool) -> int:
        """Return the fade of the tracks that begin at the start of the result, or end at its end."""
        fades = [
            one.fade_after if is_end else one.fade_before
            for pieces in self._pieces.values()
            for one in (pieces[-1:] if is_end else pieces[:1])
            if abs((one.stop if is_end else one.start) - at) <= self._near
        ]
        return max(fades, default=0)

    def _intervals(self) -> Iterator[tuple[int, int, dict[str, _Piece]]]:
        """Yield spans of the result without an edge of any track, and the pieces playing there."""
        edges = sorted(
            {edge for own in self._pieces.values() for one in own for edge in (one.start, one.stop)}
        )
        if edges:
            unknown = {int(edge) for spans in self._unknown.values() for edge in spans.ravel()}
            edges = sorted({*edges, *(one for one in unknown if 0 < one < edges[-1])})
        places = dict.fromkeys(self._pieces, 0)
        if edges and edges[0] > 0:
            edges.insert(0, 0)
        for start, stop in pairwise(edges):
            playing = {}
            for key, own in self._pieces.items():
                while places[key] < len(own) and own[places[key]].stop <= start:
                    places[key] += 1
                if places[key] < len(own) and own[places[key]].start <= start:
                    playing[key] = own[places[key]]
            yield start, stop, playing

    def _runs(self, intervals: list[tuple[int, int, dict[str, _Piece]]]) -> list[Run]:
        """Return the runs, and note the offset of each interval by putting it into `self._offsets`."""
        runs: list[Run] = []
        offset: int | None = None
        before: dict[str, _Piece] = {}
        for number, (start, stop, playing) in enumerate(intervals):
            if not playing:
                after = intervals[number + 1]
                through = self._through(start, stop, offset, self._chosen(after[2]))
                self._offsets.append(through)
                if through is None:
                    is_unknown = any(self._is_unknown(key, start, stop) for key in self._unknown)
                    if stop - start > 2 * self._near and not is_unknown:
                        fades = [one.fade_after for one in before.values() if one.stop == start]
                        fade = max(fades, default=0)
                        runs.append(Run(INSERTED_FROM, INSERTED_FROM + stop - start, start, fade))
                    offset, before = None, {}
                elif offset is None:
                    runs.append(Run(start + through, stop + through, start, 0))
                    offset, before = through, {}
                else:
                    runs[-1] = replace(runs[-1], stop_samples=runs[-1].stop_samples + stop - start)
                continue
            goes_on = offset is not None and self._goes_on(playing, before, offset)
            if not goes_on:
                offset = self._chosen(playing)
                assert offset is not None
                is_first = not runs
                fades = [one.fade_before for one in playing.values() if one.start == start]
                fade = self._edge_fade(start, is_end=False) if is_first else max(fades, default=0)
                runs.append(Run(start + offset, stop + offset, start, fade))
            else:
                runs[-1] = replace(runs[-1], stop_samples=runs[-1].stop_samples + stop - start)
            self._offsets.append(offset)
            before = playing
        return [one for one in map(self._within, runs) if one.start_samples < one.stop_samples]

    def _is_unknown(self, key: str, start: int, stop: int) -> bool:
        """Return whether a track plays something unknown in a span of the result."""
        spans = self._unknown.get(key)
        return spans is not None and len(common(np.array([(start, stop)]), spans)) > 0

    def _within(self, run: Run) -> Run:
        """Return a run limited to the document; inserted silence is not of it."""
        if run.is_inserted:
            return run
        start = min(max(run.start_samples, 0), self._state.length_samples)
        stop = min(max(run.stop_samples, start), self._state.length_samples)
        return replace(
            run, start_samples=start, stop_samples=stop, at_samples=run.at_samples + start - run.start_samples
        )

    def _goes_on(self, playing: dict[str, _Piece], before: dict[str, _Piece], offset: int) -> bool:
        """Return whether a span continues the one before: most tracks do, and at least one without a jump."""
        chosen = self._chosen(playing)
        if chosen is None or abs(chosen - offset) > self._near:
            return False
        both = [key for key in playing if key in before]
        return not both or any(before[key].offset == playing[key].offset for key in both)

    def _chosen(self, playing: Mapping[str, _Piece]) -> int | None:
        """Return the offset that most tracks have; of as many, that of the first track."""
        offsets = [playing[track.id].offset for track in self._tracks if track.id in playing]
        if not offsets:
            return None
        votes: Counter[int] = Counter()
        for one in dict.fromkeys(offsets):
            votes[one] = sum(abs(one - other) <= self._near for other in offsets)
        return max(votes, key=lambda one: votes[one])

    def _through(self, start: int, stop: int, before: int | None, after: int | None) -> int | None:
        """Return the offset at which the document goes on where no track plays; None where it does not."""
        if before is not None and after is not None and abs(before - after) <= self._near:
            return before
        length = self._state.length_samples
        for offset in (before, after):
            if offset is not None and start + offset >= 0 and stop + offset <= length:
                is_leading = before is None and start == 0 and offset == 0
                if is_leading or not self._sounds(start + offset, stop + offset):
                    return offset
        return None

    def _sounds(self, start: int, stop: int) -> bool:
        """Return whether any track has audio in a span of the document."""
        return any(
            max(first, start) + self._near < min(last, stop)
            for spans in self._spans.values()
            for first, last in spans
        )

    def _differences(
        self, intervals: list[tuple[int, int, dict[str, _Piece]]]
    ) -> tuple[list[Difference], int]:
        """Return the differences of tracks, and the number of those with conflicting spans."""
        plain: dict[str, list[tuple[int, int]]] = {key: [] for key in self._pieces}
        found: dict[str, list[Difference]] = {key: [] for key in self._pieces}
        edges: dict[_FadeAt, tuple[int, int]] = {}
        for (start, stop, playing), offset in zip(intervals, self._offsets, strict=True):
            if offset is None:
                continue
            here = [
                (key, max(start + offset, begin), min(stop + offset, end))
                for key in self._pieces
                for begin, end in self._spans[key]
                if begin < stop + offset and end > start + offset
            ]
            for key, first, last in here:
                edges[key, start + offset, True] = start, offset
                edges[key, stop + offset, False] = stop, offset
                if self._is_unknown(key, start, stop):
                    continue
                one = self._difference(key, first, last, offset, playing.get(key))
                if one.way == (False, 0, 0.0):
                    plain[key].append((first, last))
                elif found[key] and (found[key][-1].stop_samples, found[key][-1].way) == (first, one.way):
                    found[key][-1] = replace(found[key][-1], stop_samples=last)
                else:
                    found[key].append(one)
        differences: list[Difference] = []
        repeated = 0
        for key, own in found.items():
            distinct, left = _alike(own, plain[key])
            differences += [self._faded(one, edges) for one in distinct if self._matters(one)]
            repeated += left
        return differences, repeated

    def _difference(self, key: str, first: int, last: int, offset: int, piece: _Piece | None) -> Difference:
        if piece is None or not piece.is_audible:
            return Difference(key, first, last, is_silent=True)
        by = offset - piece.offset
        return Difference(key, first, last, False, by if abs(by) > self._near else 0, piece.gain_db)

    def _faded(self, one: Difference, edges: Mapping[_FadeAt, tuple[int, int]]) -> Difference:
        """Return a silence with the fades at its edges, without short ones against clicks."""
        if not one.is_silent:
            return one
        rate_hz = self._state.rate_hz
        most = min(one.stop_samples - one.start_samples, round(rate_hz * LONGEST_CROSSFADE_MS / 1000))
        fades = []
        for at, is_end in ((one.start_samples, True), (one.stop_samples, False)):
            place, offset = edges.get((one.track_id, at, is_end), (-1, 0))
            length, own = self._loose.get((one.track_id, place, is_end), (0, 0))
            is_here = abs(own - offset) <= self._near and rate_hz // _FRAMES_A_S < length <= most
            fades.append(length if is_here else 0)
            if is_here:
                self._fades.discard((one.track_id, place, is_end))
        return replace(one, fade_before_samples=fades[0], fade_after_samples=fades[1])

    def _matters(self, one: Difference) -> bool:
        """Return whether a difference is more than a rounded position or a residue of a track.

        A residue at a track's own start or end is missing in files if it rounds to zero frames or is inside a
        crossfade.
        """
        length = one.stop_samples - one.start_samples
        edges = {edge for span in self._spans[one.track_id] for edge in span}
        if one.is_silent and {one.start_samples, one.stop_samples} & edges:
            return length > max(2 * self._near, self._state.rate_hz // _FRAMES_A_S, self._longest_fade)
        return length > 2 * self._near


def _alike(own: Sequence[Difference], plain: Sequence[tuple[int, int]]) -> tuple[list[Difference], int]:
    """Return the differences without conflicting spans, and the number of conflicting ones."""
    ordinary = united(plain) if plain else np.zeros((0, 2), np.int64)
    distinct: dict[tuple[int, int], Difference] = {}
    left = 0
    for one in own:
        span: Samples = np.array([[one.start_samples, one.stop_samples]], np.int64)
        if len(common(span, ordinary)):
            left += 1
            continue
        start, stop = place = (one.start_samples, one.stop_samples)
        if any(
            other.way != one.way and start < other.stop_samples and other.start_samples < stop
            for other in distinct.values()
        ):
            left += 1
            continue
        distinct.setdefault(place, one)
    return list(distinct.values()), left


class _CrossedSeams:
    """Where tracks cross over from one clip to the next: one that begins or ends in a fade does so there."""

    def __init__(self, crossfades: Iterable[Span]) -> None:
        self._longest: dict[tuple[str, int], Span] = {}
        crossfades = tuple(crossfades)
        for one in crossfades:
            for edge in _edges(one):
                self._longest[edge] = max(self._longest.get(edge, one), one, key=_span_length)
        whole = sorted({self._whole(one) for one in crossfades}, key=_middle)
        self._at = [_middle(one) for one in whole]
        self._halves = [_span_length(one) - _span_length(one) // 2 for one in whole]

    def _whole(self, crossfade: Span) -> Span:
        """Return the longest crossfade that begins or ends with one: a track can end or begin within it."""
        return max((self._longest.get(edge, crossfade) for edge in _edges(crossfade)), key=_span_length)

    def holds(self, crossfade: Span) -> bool:
        """Return whether a span begins or ends as a crossfade does."""
        return _span_length(crossfade) > 0 and any(edge in self._longest for edge in _edges(crossfade))

    def middle(self, crossfade: Span) -> int:
        """Return where a track takes over that crosses over in a span."""
        return _middle(self._whole(crossfade))

    def length(self, crossfade: Span) -> int:
        """Return how long all of a crossfade is that a track has in a span."""
        return _span_length(self._whole(crossfade))

    def beginning(self, start: int) -> int:
        """Return where a track takes over that begins within a crossfade; elsewhere its start."""
        place = bisect_left(self._at, start)
        is_inside = place < len(self._at) and self._at[place] - self._halves[place] <= start
        return self._at[place] if is_inside else start

    def ending(self, stop: int) -> int:
        """Return where a track hands over that ends within a crossfade; elsewhere its end."""
        place = bisect_right(self._at, stop) - 1
        is_inside = place >= 0 and stop <= self._at[place] + self._halves[place]
        return self._at[place] if is_inside else stop


def _jumps(one: DocumentClip | None, after: DocumentClip) -> bool:
    """Return whether a clip is elsewhere than where the document would go on after another, or begin."""
    offset = 0 if one is None else one.start_samples - one.at_samples
    return after.start_samples - after.at_samples != offset


def _faded_over_silence(by_track: Iterable[Sequence[DocumentClip]], end: int) -> Iterator[Span]:
    """Yield the fades of clips next to a silence of all tracks, inside a result that stops at an end."""
    clips = [one for own in by_track for one in own]
    if not clips:
        return
    sounding = united([(one.at_samples, one.end_samples) for one in clips])
    starts, stops = set(sounding[:, 0].tolist()) - {0}, set(sounding[:, 1].tolist()) - {end}
    for one in clips:
        if one.at_samples in starts and one.fade_in_samples:
            yield one.at_samples, one.at_samples + one.fade_in_samples
        if one.end_samples in stops and one.fade_out_samples:
            yield one.end_samples - one.fade_out_samples, one.end_samples


def _crossfade_spans(clips: Sequence[DocumentClip]) -> list[Span]:
    """Return where each clip but the last plays together with the next; empty spans for cuts."""
    return [(after.at_samples, max(one.end_samples, after.at_samples)) for one, after in pairwise(clips)]


def _between_tracks(by_track: Iterable[Sequence[DocumentClip]], near: int) -> list[Span]:
    """Return where a clip fades out as one from elsewhere in the document fades in, on whichever track.

    Where one track has a gap before a jump and another one behind it, no track crosses over by itself.
    """
    clips = [one for own in by_track for one in own]
    leaving: dict[Span, set[int]] = {}
    for one in clips:
        if one.fade_out_samples:
            fade = one.end_samples - one.fade_out_samples, one.end_samples
            leaving.setdefault(fade, set()).add(one.start_samples - one.at_samples)
    found: dict[Span, None] = {}
    for one in clips:
        fade = one.at_samples, one.at_samples + one.fade_in_samples
        offset = one.start_samples - one.at_samples
        if one.fade_in_samples and any(abs(offset - other) > near for other in leaving.get(fade, ())):
            found[fade] = None
    return list(found)


def _span_length(span: Span) -> int:
    return span[1] - span[0]


def _middle(span: Span) -> int:
    return span[0] + _span_length(span) // 2


def _edges(span: Span) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("start", span[0]), ("stop", span[1])
