"""What a document has to play, in which order, to sound as a matched edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.document.kinds.payload import LONGEST_CROSSFADE_MS
from engine.document.state import DocumentState
from engine.jobs.arranged import Played
from engine.matching.matched import Segment
from engine.timebase import s_to_samples, samples_to_s

SLIDE_S = 0.005
"""How far a seam may lie from where it was found, so that what was taken from a place fits where it was."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of the document that is played, and where in the edited file it begins."""

    played: Played
    edited_start_samples: int


def pieces(segments: Sequence[Segment], state: DocumentState) -> tuple[Piece, ...]:
    """Return what is played of each segment; neighbours meet in the middle of their crossfade, or near it.

    Moving a seam moves what is before and behind it alike, so that nothing gets out of step.
    """
    edges = _slid([_seam(segments, number) for number in range(len(segments))], segments, state.rate_hz)
    found = []
    for number, one in enumerate(segments):
        offset = one.raw_start_samples - one.edited_start_samples
        start = _start(one) if edges[number] is None else edges[number]
        after = edges[number + 1] if number + 1 < len(segments) else None
        stop = one.edited_stop_samples if after is None else after
        assert start is not None
        first, last = max(0, start + offset), min(stop + offset, state.length_samples)
        if first < last:
            fade_ms = min(1000 * samples_to_s(one.crossfade_samples, state.rate_hz), LONGEST_CROSSFADE_MS)
            found.append(Piece(Played(first, last, fade_ms), first - offset))
    return tuple(found)


def _start(segment: Segment) -> int:
    return segment.edited_start_samples + segment.crossfade_samples // 2


def _seam(segments: Sequence[Segment], number: int) -> int | None:
    """Return where in the edited file a segment takes over from the one before; None where none is before."""
    if not number or segments[number].edited_start_samples > segments[number - 1].edited_stop_samples:
        return None
    return min(_start(segments[number]), segments[number - 1].edited_stop_samples)


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
