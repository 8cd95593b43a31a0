"""Copies of recordings in an edited file at its own speed: aligned, rendered, subtracted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from engine.matching.matched import GainPoint, Segment
from engine.matching.null_test import NullTested, proven, with_residuals
from engine.matching.nulling.spans import nulled, nulls
from engine.matching.nulling.stutters import with_stutters
from engine.matching.refining.aligning import aligned
from engine.matching.refining.levels import BLOCK_S, ride, to_db
from engine.matching.refining.line_sound import Line, as_channels
from engine.matching.refining.seams import Placed, placed
from engine.matching.refining.short_filter import fitted_gain
from engine.matching.searching.carried_on import CarriedOn, carried_on
from engine.matching.searching.features import RATE_HZ, SearchFeatures
from engine.matching.searching.repeats import settled
from engine.matching.searching.search import Stretch
from engine.matching.sound import Sound
from engine.matching.verdict import Spans
from engine.progress import Progress
from engine.side_by_side import side_by_side
from engine.spans import united

_EDGE = 0.15


@dataclass(frozen=True, slots=True)
class Copies:
    """Segments, and the spans of the edited file in which something else sounds over them."""

    segments: list[Segment]
    covered: Spans


def copies_in(
    raws: tuple[Sound, ...],
    sources: Sequence[SearchFeatures],
    played: tuple[Sound, SearchFeatures],
    rough: list[Stretch],
    progress: Progress,
) -> Copies:
    """Return the copies of recordings in an edited file at its own speed, in its samples."""
    edited, target = played
    monos = [source.mono for source in sources]
    rough = settled(monos, target.mono, rough, progress.part(0.0, 0.1))
    passed = nulled(monos, target.mono, rough, progress.part(0.1, 0.15))
    carried = carried_on(
        monos,
        target.mono,
        with_stutters(monos, target.mono, passed),
        lambda line, span: nulls(monos, target.mono, line, span, passed.expected),
        progress.part(0.15, 0.2),
    )
    tested = _edit_list(raws, edited, carried.stretches, progress.part(0.2, 1.0))
    covered = _covered(carried, edited)
    return Copies(proven(tested, covered), covered)


def _covered(carried: CarriedOn, edited: Sound) -> Spans:
    """Return the covered spans in samples of the edited file, disjoint and in order."""
    ratio = edited.rate_hz / RATE_HZ
    spans = united([(round(start * ratio), round(stop * ratio)) for start, stop in carried.covered])
    return tuple((start, stop) for start, stop in spans.tolist())


def _edit_list(
    raws: tuple[Sound, ...], edited: Sound, rough: Sequence[Stretch], progress: Progress
) -> list[NullTested]:
    lines = _lines(raws, edited, rough)
    spans = _full_rate(rough, edited)
    stretches = [(line, start, stop) for line, (start, stop) in zip(lines, spans, strict=True)]
    found = placed(raws, edited, stretches, progress.part(0.0, 0.6))
    found = [one for one in found if one.line is None or one.stop > one.start]
    segments, kept = _segments(raws, edited, found)
    return with_residuals(raws, edited, segments, kept, progress.part(0.6, 1.0))


def at_speed(segment: Segment, speed: float) -> Segment:
    """Return a segment found in the resampled file, converted to the edited file."""
    return replace(
        segment,
        edited_start_samples=round(segment.edited_start_samples / speed),
        crossfade_samples=round(segment.crossfade_samples / speed),
        gain_ride=tuple(
            GainPoint(round(point.at_samples / speed), point.gain_db) for point in segment.gain_ride
        ),
        speed=speed,
        pitch_semitones=12.0 * float(np.log2(speed)),
    )


def _full_rate(rough: Sequence[Stretch], edited: Sound) -> list[tuple[int, int]]:
    ratio = edited.rate_hz / RATE_HZ
    edges = [min(edited.length_samples, round(one.stop * ratio)) for one in rough]
    if edges:
        edges[-1] = edited.length_samples
    return list(zip([0, *edges[:-1]], edges, strict=True))


def _lines(raws: tuple[Sound, ...], edited: Sound, rough: Sequence[Stretch]) -> list[Line | None]:
    ratio = edited.rate_hz / RATE_HZ

    def line_of(known: tuple[Stretch, tuple[int, int]]) -> Line | None:
        one, (start, stop) = known
        if one.line is None:
            return None
        edge = int(_EDGE * (stop - start))
        span = (start + edge, max(start + edge + 1, stop - edge))
        return aligned(raws, edited, one.line.raw, one.line.offset * ratio, span)

    return side_by_side(line_of, zip(rough, _full_rate(rough, edited), strict=True))


def _segments(
    raws: tuple[Sound, ...], edited: Sound, found: Sequence[Placed]
) -> tuple[list[Segment], list[Line]]:
    def segment_of(known: tuple[Placed, Placed | None]) -> tuple[Segment, Line] | None:
        one, after = known
        if one.line is None:
            return None
        fade_samples = one.seam.length if one.seam is not None else 0
        next_samples = after.seam.length if after is not None and after.seam is not None else 0
        core = one.start + fade_samples, max(one.start + fade_samples, one.stop - next_samples)
        gain_db, points = _level(raws, edited, one.line, core if core[1] > core[0] else (one.start, one.stop))
        segment = Segment(
            raw=one.line.raw,
            raw_start_samples=one.start + one.line.offset_samples,
            raw_stop_samples=one.stop + one.line.offset_samples,
            edited_start_samples=one.start,
            gain_db=gain_db,
            crossfade_samples=fade_samples,
            crossfade_shape=one.seam.shape if one.seam is not None else None,
            gain_ride=points,
            delay_samples=one.line.delay_samples,
            is_boundary_free=one.seam is not None and one.seam.free[1] > one.seam.free[0],
        )
        return segment, one.line

    known = [one for one in side_by_side(segment_of, zip_longest(found, found[1:])) if one is not None]
    return [segment for segment, _ in known], [line for _, line in known]


def _level(
    raws: tuple[Sound, ...], edited: Sound, line: Line, core: tuple[int, int]
) -> tuple[float, tuple[GainPoint, ...]]:
    """Return the gain of a span in dB, over all, and its ride."""
    block = max(1, round(BLOCK_S * edited.rate_hz))
    gains, weights, middles = [], [], []
    shared = own = 0.0
    for start in range(core[0], core[1], 64 * block):
        stop = min(core[1], start + 64 * block)
        mine = edited.read(start, stop).astype(np.float64)
        theirs = as_channels(line.read(raws, start, stop), edited.channels)
        shared += float(np.sum(mine * theirs))
        own += float(np.sum(theirs * theirs))
        for first in range(0, stop - start - block // 2, block):
            piece = slice(first, first + block)
            gains.append(to_db(fitted_gain(theirs[piece], mine[piece])))
            weights.append(float(np.sum(theirs[piece] ** 2)))
            middles.append(start + first + block // 2)
    gain_db = to_db(shared / own) if own > 0.0 else 0.0
    points = ride(np.array(gains), np.array(weights), np.array(middles, np.int64)) if gains else ()
    return gain_db, points
