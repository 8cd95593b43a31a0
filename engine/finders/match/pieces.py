"""Spans a document has to play, in order, to reproduce a matched edit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.document.kinds.payload import LONGEST_CROSSFADE_MS
from engine.document.state import DocumentState
from engine.edl.edits_that_play import Played
from engine.matching.matched import Segment
from engine.timebase import s_to_samples, samples_to_s

_JOINED_S, _MET_S = 0.25, 0.001
SLIDE_S = 0.005
"""Maximum shift of a seam from its detected position, so that replaced material still fits."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of the document that is played.

    Attributes
    ----------
    edited_start_samples : where in the edited file it begins
    is_instead : whether the file has other audio there, which the recording fills in for
    """

    played: Played
    edited_start_samples: int
    is_instead: bool = False


def pieces(segments: Sequence[Segment], state: DocumentState) -> tuple[Piece, ...]:
    """Return the played span of each segment; neighbours meet in or near the middle of their crossfade.

    Moving a seam moves the material on both sides alike, so that the timing stays intact. If other audio
    replaces the recording, the recording is played through; if it was inserted, the recording continues where
    it stopped.
    """
    edges = _slid([_seam(segments, number) for number in range(len(segments))], segments, state.rate_hz)
    known = [0, state.length_samples, *_edges(edges, segments)]
    found: list[Piece] = []
    for number, one in enumerate(segments):
        offset = one.raw_start_samples - one.edited_start_samples
        before = segments[number - 1] if number else None
        after = segments[number + 1] if number + 1 < len(segments) else None
        start, edge = edges[number], edges[number + 1] if after is not None else None
        if start is None:
            start = _start(one) if before is None else _joined(before, one, state.rate_hz)[1] - offset
        stop = edge
        if stop is None:
            last = one.raw_stop_samples if after is None else _joined(one, after, state.rate_hz)[0]
            stop = last - offset
        if before is None:
            start = _met(start + offset, known, state.rate_hz) - offset
        if after is None:
            stop = _met(stop + offset, known, state.rate_hz) - offset
        if before is not None and edges[number] is None and goes_through(before, one, state.rate_hz):
            found += _piece(before.raw_stop_samples, one.raw_start_samples, 0, 0, state, is_instead=True)
        found += _piece(start + offset, stop + offset, offset, one.crossfade_samples, state)
    return tuple(found)


def _piece(
    start: int, stop: int, offset: int, fade_samples: int, state: DocumentState, *, is_instead: bool = False
) -> Iterator[Piece]:
    first, last = max(0, start), min(stop, state.length_samples)
    if first < last:
        fade_ms = min(1000 * samples_to_s(fade_samples, state.rate_hz), LONGEST_CROSSFADE_MS)
        yield Piece(Played(first, last, fade_ms), first - offset, is_instead)


def goes_through(before: Segment, after: Segment, rate_hz: int) -> bool:
    """Return whether other audio replaces the recording between two segments."""
    raw = after.raw_start_samples - before.raw_stop_samples
    other = after.edited_start_samples - before.edited_stop_samples
    return raw > 0 and other > 0 and abs(raw - other) <= s_to_samples(SLIDE_S, rate_hz)


def _joined(before: Segment, after: Segment, rate_hz: int) -> tuple[int, int]:
    """Return the end of a segment and the start of the next in the document, around the audio between them.

    The edges of that audio are not exact to the sample; segments separated only by it stay joined.
    """
    stop, start = before.raw_stop_samples, after.raw_start_samples
    if abs(start - stop) <= s_to_samples(_JOINED_S, rate_hz) and not goes_through(before, after, rate_hz):
        return (stop + start) // 2, (stop + start) // 2
    return stop, start


def _start(segment: Segment) -> int:
    return segment.edited_start_samples + segment.crossfade_samples // 2


def _seam(segments: Sequence[Segment], number: int) -> int | None:
    """Return where in the edited file a segment takes over from the one before; None where none is before."""
    if not number or segments[number].edited_start_samples > segments[number - 1].edited_stop_samples:
        return None
    return min(_start(segments[number]), segments[number - 1].edited_stop_samples)


def _edges(seams: Sequence[int | None], segments: Sequence[Segment]) -> Iterator[int]:
    """Yield both edges of each seam in the document."""
    for number, seam in enumerate(seams):
        if seam is not None:
            for one in segments[number - 1 : number + 1]:
                yield seam + one.raw_start_samples - one.edited_start_samples


def _met(place: int, known: Sequence[int], rate_hz: int) -> int:
    """Return the nearest known edge where the file begins or ends within a millisecond of it."""
    nearest = min(known, key=lambda edge: abs(edge - place))
    return nearest if abs(nearest - place) <= s_to_samples(_MET_S, rate_hz) else place


def _slid(seams: Sequence[int | None], segments: Sequence[Segment], rate_hz: int) -> list[int | None]:
    """Return seams slid so that their edges in the document meet those of seams before."""
    most = s_to_samples(SLIDE_S, rate_hz)
    known: list[int] = []
    slid: list[int | None] = []
    for number, seam in enumerate(seams):
        if seam is None:
            slid.append(None)
            continue
        offsets = [
            one.raw_start_samples - one.edited_start_samples for one in segments[number - 1 : number + 1]
        ]
        aways = np.subtract.outer(np.array(known, np.int64), np.array([seam + offset for offset in offsets]))
        away = int(aways.flat[np.argmin(np.abs(aways))]) if aways.size else 0
        first, last = segments[number - 1].edited_start_samples, segments[number].edited_stop_samples
        if abs(away) <= most and first < seam + away < last:
            seam += away
        known += [seam + offset for offset in offsets]
        slid.append(seam)
    return slid
