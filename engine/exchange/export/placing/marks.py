"""Marks of the result: seams with their labels and curves, removed pieces, cue points, and the tempo map.

The tempo map has one quarter note for each beat of the grid. Positions are whole microseconds, each rounded
once from its sample, so that errors do not accumulate. Beats inside a cut are removed; a beat across a seam
is as long as its remainder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.core.progress import Progress
from engine.core.timebase import convert_samples, outside, united
from engine.document.analysis import APART_BEATS, BeatGrid
from engine.document.kinds.operations import Drop, Insert, Operation, Order, Replace
from engine.document.proposals import Proposal, Verdict
from engine.document.state import DocumentState, Marker
from engine.document.table import Positions, table_of
from engine.document.tracks import Track
from engine.exchange.export.request import ExportRequest
from engine.exchange.names import beginning_of
from engine.sound.edl.build import cut, without_rest
from engine.sound.edl.crossfade import Curve, choose_curve
from engine.sound.edl.edit_list import INSERTED_FROM, EditList, placed_markers
from engine.sound.edl.programme import EDGE_FADE_MS
from engine.sound.edl.tracks.patches import patches_by_track
from engine.sound.edl.tracks.voice import open_voice
from engine.sound.headers.bwf import CuePoint

TICKS_PER_QUARTER = 960

_LONGEST_QUARTER_US = 2**24 - 1
_QUARTER_WITHOUT_GRID_US = 500_000  # 120 beats a minute: what MIDI takes where nothing is said
_LONGEST_BAR = 255
LONGEST_LABEL = 80
"""Characters of a marker's name: more are cut off by the lists of most programs."""


@dataclass(frozen=True, slots=True)
class Seam:
    """A cut in the result.

    Attributes
    ----------
    position_samples : in the result
    label : the kind and the reason of the accepted proposal that made it, on one line
    """

    position_samples: int
    label: str

    @property
    def title(self) -> str:
        """The kind alone, such as "Cut"."""
        return self.label.partition(":")[0].capitalize()


def seams(state: DocumentState, edit_list: EditList) -> tuple[Seam, ...]:
    """Return the cuts inside the result; one at its start or its end joins nothing and is left out."""
    edit_list = without_rest(edit_list)
    positions = edit_list.seams_samples[1:].tolist()
    spans = zip(
        edit_list.kept_stops_samples[:-1].tolist(), edit_list.kept_starts_samples[1:].tolist(), strict=True
    )
    labels = _labels(state, list(spans))
    return tuple(Seam(position, label) for position, label in zip(positions, labels, strict=True))


def removed_edit_list(state: DocumentState, edit_list: EditList) -> EditList:
    """Return the edit list of the removed material, piece after piece.

    A piece that is not removed from all tracks is silent on the others.
    """
    length = state.length_samples
    removed = {key: edit_list.of_track(key).removed_spans for key in (track.id for track in state.tracks)}
    of_any = united([*edit_list.removed_spans, *(span for spans in removed.values() for span in spans)])
    drops = [Drop(start, stop, EDGE_FADE_MS) for start, stop in outside(of_any, 0, length).tolist()]
    pieces = cut(drops, length_samples=length, rate_hz=state.rate_hz)
    if not edit_list.own:
        return pieces
    silent = [
        Replace(start, stop, (key,), crossfade_ms=EDGE_FADE_MS)
        for key, spans in removed.items()
        for start, stop in outside(spans, 0, length).tolist()
    ]
    return replace(pieces, patches=patches_by_track(silent, tuple(removed), state.rate_hz))


def removed_pieces(state: DocumentState, removed: EditList) -> tuple[Seam, ...]:
    """Return where each removed piece begins in the file of the removed parts."""
    spans = zip(removed.kept_starts_samples.tolist(), removed.kept_stops_samples.tolist(), strict=True)
    labels = _labels(state, list(spans))
    positions = removed.seams_samples.tolist()
    return tuple(Seam(position, label) for position, label in zip(positions, labels, strict=True))


def _labels(state: DocumentState, spans: list[tuple[int, int]]) -> list[str]:
    """Return the words for each seam, given as the source positions (stops, goes on).

    They are those of the edit whose edges it has; of several, of one that lays a block elsewhere before one
    that drops, then of the one that drops the most there, then of the first.
    """
    stops, starts = np.array(spans, np.int64).reshape(-1, 2).T
    best, found = np.zeros(len(spans)), np.full(len(spans), -1)
    table = table_of(state)
    accepted = np.flatnonzero(table.are(Verdict.ACCEPTED) & table.made.is_known).tolist()
    for place in accepted:
        for operation in table.effect(place):
            fit = _fit(operation, stops, starts)
            better = fit > best
            best[better], found[better] = fit[better], place
    rows = table.made.rows
    return [_words(rows[place]) if place >= 0 else "" for place in found.tolist()]


def _fit(operation: Operation, stops: Positions, starts: Positions) -> NDArray[np.float64]:
    """Return the confidence that an operation makes each seam, shape (n,); 0 if it does not."""
    match operation:
        case Drop(first, last):
            gaps = np.maximum(starts - stops, 1)
            shares = np.clip(np.minimum(starts, last) - np.maximum(stops, first), 0, None) / gaps
            edges = (stops == first).astype(float) + (starts == last)
            return np.where(shares > 0, 3.0 * edges + shares, 0.0)
        case Order(first, last, at):
            jumps = [(at, first), (last, at), (last, first)] + ([] if operation.stays else [(first, last)])
            edges = np.max([(stops == one).astype(float) + (starts == other) for one, other in jumps], axis=0)
            return np.where(edges > 0, 3.0 * edges + 2.0, 0.0)
        case Insert(at):
            is_there = (starts >= INSERTED_FROM) | (stops >= INSERTED_FROM)
            edges = (stops == at).astype(float) + (starts == at)
            return np.where(is_there & (edges > 0), 3.0 * edges + 2.0, 0.0)
    return np.zeros(len(stops))


def _words(proposal: Proposal) -> str:
    """Return the kind and the reason, shortened at a word where a list of markers has no room for more."""
    words = " ".join(f"{proposal.kind}: {proposal.reason}".split())
    if len(words) <= LONGEST_LABEL:
        return words
    beginning = beginning_of(words, LONGEST_LABEL - 1)
    whole = beginning.rpartition(" ")[0]
    return f"{whole if len(whole) > LONGEST_LABEL // 2 else beginning}…"


@dataclass(frozen=True, slots=True)
class Cues:
    """Cues for a file, in samples of the whole result."""

    marks: tuple[Seam, ...]
    markers: tuple[Marker, ...]

    def within(self, span: tuple[int, int]) -> tuple[CuePoint, ...]:
        """Return those inside a span, counted from its start; regions are cut to it."""
        start, stop = span
        cues = [
            CuePoint(mark.position_samples - start, mark.label)
            for mark in self.marks
            if start <= mark.position_samples < stop
        ]
        for marker in self.markers:
            first, last = max(marker.start_samples, start), min(marker.stop_samples, stop)
            if first < last or (not marker.is_region and start <= marker.start_samples <= stop):
                cues.append(CuePoint(first - start, marker.name, last - first))
        return tuple(sorted(cues, key=lambda cue: cue.position_samples))


def find_cues(request: ExportRequest, edit_list: EditList) -> Cues:
    """Return the cuts, or the removed pieces, and the markers at their places in the result."""
    is_removed = request.options.removed
    find = removed_pieces if is_removed else seams
    markers = placed_markers(request.state.markers.values(), edit_list, onto_seams=not is_removed)
    return Cues(find(request.state, edit_list), markers)


def seam_curves(request: ExportRequest, track: Track, progress: Progress) -> Iterator[Curve]:
    """Yield the curve of each seam as the renderer chooses it, the exposed edges included.

    Raises
    ------
    SourceError : the recording is missing or cannot be read
    """
    edit_list = request.edit_list.of_track(track.id)
    count = len(edit_list.segments) + 1 if edit_list.segments else 0
    patches = edit_list.patches.get(track.id)
    played = edit_list.as_played(track)
    with closing(open_voice(request.state, played, request.media, patches=patches)) as voice:
        for index in range(count):
            progress.check_cancelled()
            progress.report(index / count, "Analysing the crossfades")
            yield choose_curve(*voice.seam(edit_list, index))


def known_curves(request: ExportRequest, track: Track, progress: Progress) -> tuple[Curve, ...]:
    """Return the curve of each seam; equal power throughout where the recording is missing or unreadable."""
    try:
        return tuple(seam_curves(request, track, progress))
    except SourceError:
        return (Curve.EQUAL_POWER,) * (len(request.edit_list.of_track(track.id).segments) + 1)


@dataclass(frozen=True)
class TempoMap:
    """Quarter notes over time.

    Attributes
    ----------
    starts_us : int64, shape (n,), start of each quarter, ascending from 0
    downbeats : int64, shape (m,), the quarters that begin a bar
    bar_quarters : quarters in a bar if the grid ends within the first bar
    last_us : length of the last quarter and of all after it
    """

    starts_us: NDArray[np.int64]
    downbeats: NDArray[np.int64]
    bar_quarters: int
    last_us: int

    @cached_property
    def lengths_us(self) -> NDArray[np.int64]:
        """Length of each quarter, shape (n,)."""
        return np.append(np.diff(self.starts_us), self.last_us)

    def tick(self, position_us: int) -> int:
        """Return the tick nearest to a position."""
        quarter = max(0, int(np.searchsorted(self.starts_us, position_us, side="right")) - 1)
        within_us = position_us - int(self.starts_us[quarter])
        return quarter * TICKS_PER_QUARTER + convert_samples(
            within_us, int(self.lengths_us[quarter]), TICKS_PER_QUARTER
        )

    def bars(self) -> Iterator[tuple[int, int]]:
        """Yield a quarter and the length of its bar wherever that changes.

        Before the first downbeat come bars of the usual length, the first of them shorter where they do not
        fill the time: a pick-up.
        """
        starts = self.downbeats.tolist()
        if not starts:
            return
        pick_up = starts[0] % self.bar_quarters
        starts = [*([0] if pick_up else []), *range(pick_up, starts[0], self.bar_quarters), *starts]
        lengths = [after - before for before, after in pairwise(starts)]
        lengths.append(self.bar_quarters)
        latest = 0
        for start, length in zip(starts, lengths, strict=True):
            if length != latest and length <= _LONGEST_BAR:
                yield start, length
                latest = length

    def tempi(self) -> Iterator[tuple[int, int]]:
        """Yield a quarter and its length in microseconds wherever that changes."""
        latest = 0
        for quarter, length_us in enumerate(self.lengths_us.tolist()):
            if length_us != latest:
                yield quarter, length_us
                latest = length_us


def tempo_map(grid: BeatGrid | None, edit_list: EditList) -> tuple[TempoMap, int]:
    """Return the quarters of the result, and the number of beats of the grid among them.

    Quarters of equal length fill the time before the first beat and gaps, such as passages without a pulse.
    """
    found, positions = _remaining_beats(grid, edit_list)
    if grid is None or not len(found):
        nothing = np.zeros(1, np.int64)
        return TempoMap(nothing, np.zeros(0, np.int64), 4, _QUARTER_WITHOUT_GRID_US), 0
    intervals = np.diff(found)
    usual = int(np.median(intervals)) if len(intervals) else _QUARTER_WITHOUT_GRID_US
    usual = min(usual, _LONGEST_QUARTER_US)
    starts: list[int] = []
    if found[0] > 0:
        starts += _filled(0, int(found[0]), max(1, round(int(found[0]) / usual)))
    downbeats: list[int] = []
    bar = int(np.clip(grid.bar_positions.max(), 1, _LONGEST_BAR))
    for beat, following, position in zip(
        found.tolist(), [*found[1:].tolist(), found[-1].item() + usual], positions.tolist(), strict=True
    ):
        gap = following - beat
        parts = round(gap / usual) if gap > APART_BEATS * usual else 1
        quarters = _filled(beat, following, max(parts, -(-gap // _LONGEST_QUARTER_US)))
        counts = position + np.arange(len(quarters))
        is_first = np.where(counts > position, counts % bar == 1 % bar, position == 1)
        downbeats += (len(starts) + np.flatnonzero(is_first)).tolist()
        starts += quarters
    return TempoMap(np.array(starts, np.int64), np.array(downbeats, np.int64), bar, usual), len(found)


def _remaining_beats(
    grid: BeatGrid | None, edit_list: EditList
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the remaining beats in the result, in microseconds, and their positions in the bar."""
    if grid is None or not edit_list.segments:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    places, results = edit_list.played(grid.beats_samples)
    at_us = [result_us(result, edit_list) for result in results.tolist()]
    return np.array(at_us, np.int64), grid.bar_positions[places]


def _filled(start_us: int, stop_us: int, parts: int) -> list[int]:
    """Return the starts of `parts` equal parts of a span."""
    return [start_us + (stop_us - start_us) * part // parts for part in range(parts)]


def result_us(samples: int, edit_list: EditList) -> int:
    """Return a position of the result in microseconds."""
    return convert_samples(samples, edit_list.rate_hz, 1_000_000) if edit_list.rate_hz else 0
