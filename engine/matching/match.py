"""Recover the edit list behind an edited file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import numpy as np

from engine.audio.reader import SourceReader
from engine.errors import UsageError
from engine.files.safe_write import shown
from engine.matching.matched import GainPoint, Matched, Segment
from engine.matching.null_test import NullTested, proven, with_residuals
from engine.matching.nulling.spans import nulled, nulls
from engine.matching.nulling.stutters import with_stutters
from engine.matching.refining.aligning import aligned
from engine.matching.refining.levels import BLOCK_S, ride, to_db
from engine.matching.refining.line_sound import Line, as_channels
from engine.matching.refining.seams import Placed, placed
from engine.matching.refining.short_filter import fitted_gain
from engine.matching.searching.carried_on import CarriedOn, carried_on
from engine.matching.searching.features import RATE_HZ, search_features
from engine.matching.searching.repeats import settled
from engine.matching.searching.search import Stretch, searched
from engine.matching.sound import Sound, opened
from engine.matching.speed import found_speed, played_back
from engine.matching.verdict import left_out, matched_share, unmatched, verdict
from engine.progress import SILENT, Progress
from engine.side_by_side import side_by_side
from engine.spans import united
from engine.wording import counted

LEAST_S = 0.4
"""Shorter files have less than one window of the search."""

_EDGE = 0.15
_ENOUGH = 0.5
_CRUMB_S = 1.5


def match(raws: Sequence[Path], edited: Path, progress: Progress = SILENT) -> Matched:
    """Match the spans of an edited file with raw recordings.

    Raises
    ------
    SourceError : a file cannot be read
    UsageError : no raw recording is named, or a file is too short
    Cancelled : the user asked for it
    """
    if not raws:
        raise UsageError("No raw recording is named: name at least one before the edited file.")
    for path in (*raws, edited):  # converted to another rate, a file of few samples would be empty
        with SourceReader(path) as reader:
            _require_long(path, reader.frames, reader.rate_hz)
    with ExitStack() as stack:
        target = stack.enter_context(opened(edited, progress.part(0.0, 0.02)))
        sounds = []
        for number, path in enumerate(raws):
            share = progress.part(0.02, 0.1).step(number, len(raws))
            sounds.append(stack.enter_context(opened(path, share, target.rate_hz)))
        return match_sounds(tuple(sounds), target, progress.part(0.1, 1.0))


def match_sounds(raws: tuple[Sound, ...], edited: Sound, progress: Progress = SILENT) -> Matched:
    """Do what `match` does, of sounds of one rate.

    Where little is found, the edited file may run at another speed; it is then searched as it was before.

    Raises
    ------
    UsageError : a sound is too short
    Cancelled : the user asked for it
    """
    for sound in (*raws, edited):
        _require_long(sound.path, sound.length_samples, sound.rate_hz)
    listening = progress.part(0.0, 0.3)
    target = search_features(edited, listening.step(0, len(raws) + 1))
    sources = [
        search_features(raw, listening.step(1 + number, len(raws) + 1)) for number, raw in enumerate(raws)
    ]
    rough = searched(sources, target, progress.part(0.3, 0.6))
    speed, played = found_speed(sources, target, is_open=_is_doubtful(rough)), edited
    if speed is not None:
        played = played_back(edited, speed)
        target = search_features(played, progress.part(0.6, 0.62))
        rough = searched(sources, target, progress.part(0.62, 0.7))
    monos = [source.mono for source in sources]
    rough = settled(monos, target.mono, rough, progress.part(0.7, 0.73))
    passed = nulled(monos, target.mono, rough, progress.part(0.73, 0.74))
    carried = carried_on(
        monos,
        target.mono,
        with_stutters(monos, target.mono, passed),
        lambda line, span: nulls(monos, target.mono, line, span, passed.expected),
        progress.part(0.74, 0.75),
    )
    tested = _edit_list(raws, played, carried.stretches, progress.part(0.75, 1.0))
    segments = proven(tested, _covered(carried, played, 1.0))
    if speed is not None:
        segments = [_at_speed(segment, speed) for segment in segments]
    open_spans = unmatched(segments, edited.length_samples)
    covered = _covered(carried, played, speed or 1.0)
    share = matched_share(edited, (*open_spans, *covered))
    return Matched(
        tuple(raw.path for raw in raws),
        edited.path,
        edited.rate_hz,
        edited.length_samples,
        tuple(segments),
        open_spans,
        left_out(segments, raws),
        share,
        verdict(segments, share, raws, edited),
        covered,
    )


def _require_long(path: Path, samples: int, rate_hz: int) -> None:
    if samples < LEAST_S * rate_hz:
        raise UsageError(
            f"{shown(path)} holds {counted(samples, 'sample')}, which is too short to match: "
            f"name a file of at least {LEAST_S:g} s."
        )


def _covered(carried: CarriedOn, edited: Sound, speed: float) -> tuple[tuple[int, int], ...]:
    """Return the covered spans in samples of the edited file, disjoint and in order."""
    ratio = edited.rate_hz / RATE_HZ / speed
    spans = united([(round(start * ratio), round(stop * ratio)) for start, stop in carried.covered])
    return tuple((start, stop) for start, stop in spans.tolist())


def _is_doubtful(rough: Sequence[Stretch]) -> bool:
    """Return whether the match is small or fragmented, as at a different speed, where lines soon end."""
    known = [one.stop - one.start for one in rough if one.line is not None]
    whole = sum(one.stop - one.start for one in rough)
    return sum(known) < _ENOUGH * whole or float(np.mean(known)) < _CRUMB_S * RATE_HZ


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


def _at_speed(segment: Segment, speed: float) -> Segment:
    """Return a segment found in the resampled file, converted to the edited file."""
    return replace(
        segment,
        edited_start_samples=round(segment.edited_start_samples / speed),
        crossfade_samples=round(segment.crossfade_samples / speed),
        gain_ride=tuple(
            GainPoint(round(point.at_samples / speed), point.gain_db) for point in segment.gain_ride
        ),
        speed=speed,
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
