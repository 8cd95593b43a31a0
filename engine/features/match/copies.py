"""Copies of recordings in an edited file at its own speed: aligned, rendered, subtracted, and the verdict.

The null test renders and subtracts the edit list and measures the residual of each segment. Unused spans of
both sides and the verdict follow from the segments.

A stutter is a slice of some 30 to 350 ms that is repeated many times next to where it was played. The search
finds no line in so short a slice; one number explains it, its period: each repetition is on the line of the
segment next to it, one period further. All repetitions together have to pass the null test as one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.second_recorder import summit
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.side_by_side import side_by_side
from engine.core.timebase import united
from engine.core.wording import counted, level_text, percent
from engine.features.match.crossfades import fade
from engine.features.match.levels import (
    BLOCK_S,
    eq_of_copy,
    filtered,
    fitted_filter,
    fitted_gain,
    gain_at,
    ride,
    to_db,
)
from engine.features.match.matched import GainPoint, Segment, Shape
from engine.features.match.nulling import Nulled, certain_until, nulled, nulls
from engine.features.match.seams import Line, Placed, aligned, as_channels, placed
from engine.features.match.searching.corrections import carried_on, settled
from engine.features.match.searching.likelihood import cut, on_line
from engine.features.match.searching.places import Diagonal
from engine.features.match.searching.search import Stretch, joined
from engine.features.match.sound import RATE_HZ, Floats, SearchFeatures, Sound

_LEAST_PERIOD, _MOST_PERIOD = round(0.03 * RATE_HZ), round(0.35 * RATE_HZ)
_COMPARED = RATE_HZ
_LEAST_ALIKE = 0.8
_MOST_PERIODS = 3
_LEAST_REPEATED = 2.0  # periods
_LONGEST = 20 * RATE_HZ
_NEAR = 1.0  # periods: how far from its rough place the border of a slice is searched
_PLACES, _FINEST = 128, 0.5
_BORDER_FROM = 2 * RATE_HZ
_SHORT = 0.35 * RATE_HZ


@dataclass(frozen=True, slots=True)
class _Stutter:
    """A stutter after a segment, in samples at the rate of the search.

    Attributes
    ----------
    start, stop : of the repetitions, without the slice that they repeat
    line : of the segment before
    """

    line: Diagonal
    start: float
    stop: float
    period: float

    def repetitions(self) -> Iterator[Stretch]:
        """Yield the repetitions, each on its line."""
        edges = [*np.arange(self.start, self.stop, self.period).tolist(), self.stop]
        for number, (start, stop) in enumerate(pairwise(edges), start=1):
            line = replace(self.line, offset=self.line.offset - number * self.period, start=start, stop=stop)
            yield Stretch(line, start, stop)


def with_stutters(raws: Sequence[Floats], edited: Floats, passed: Nulled) -> list[Stretch]:
    """Return the segments of a null test, with stutters next to a known one instead of foreign spans.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search; stretches in their samples
    """
    forwards = _filled(raws, edited, passed, passed.stretches)
    back = len(edited)
    turned_raws = [np.ascontiguousarray(raw[::-1]) for raw in raws]
    turned = [_turned(one, raws, back) for one in reversed(forwards)]
    backwards = _filled(turned_raws, np.ascontiguousarray(edited[::-1]), passed, turned)
    return joined([_turned(one, raws, back) for one in reversed(backwards)])


def _turned(one: Stretch, raws: Sequence[Floats], length: int) -> Stretch:
    """Return a segment in time-reversed audio."""
    start, stop = length - one.stop, length - one.start
    if one.line is None:
        return Stretch(None, start, stop)
    offset = len(raws[one.line.raw]) - length - one.line.offset
    return Stretch(replace(one.line, offset=offset, start=start, stop=stop), start, stop)


def _filled(
    raws: Sequence[Floats], edited: Floats, passed: Nulled, found: Sequence[Stretch]
) -> list[Stretch]:
    """Return stretches with the stutters that follow a known one."""
    retained: list[Stretch] = []
    number = 0
    while number < len(found):
        one = found[number]
        retained.append(one)
        number += 1
        if one.line is None or one.stop - one.start < _SHORT:
            continue
        after = number
        while after < len(found) and _is_open(found[after]):
            after += 1
        if after == number:
            continue
        stutter = _stutter(raws, edited, passed, one, found[after - 1].stop)
        if stutter is None:
            continue
        retained[-1] = replace(one, stop=stutter.start)
        retained += stutter.repetitions()
        rest = [replace(each, start=max(each.start, stutter.stop)) for each in found[number:after]]
        retained += [each for each in rest if each.stop > each.start]
        number = after
    return retained


def _is_open(one: Stretch) -> bool:
    return one.line is None or one.stop - one.start < _SHORT


def _stutter(
    raws: Sequence[Floats], edited: Floats, passed: Nulled, before: Stretch, stop: float
) -> _Stutter | None:
    """Return the longest certain stutter after a segment, up to `stop`; None without one."""
    assert before.line is not None
    best: _Stutter | None = None
    stop = min(stop, before.stop + _LONGEST)
    for period in _periods(edited, round(before.stop), round(stop)):
        start = _border(raws[before.line.raw], edited, before, period, stop)
        one = _Stutter(before.line, start, stop, period)
        composed = np.zeros(len(edited), np.float32)
        for each in one.repetitions():
            assert each.line is not None
            raw, first, last = raws[each.line.raw], round(each.start), min(len(composed), round(each.stop))
            composed[first:last] = on_line(raw, each.line.offset, first, last)
        line = Diagonal(0, 0.0, start, stop, 1.0)
        until = certain_until([composed], edited, Stretch(line, start, stop), passed.expected)
        if until is None or until - start < _LEAST_REPEATED * period:
            continue
        if best is None or until > best.stop:
            best = replace(one, stop=until)
    return best


def _periods(edited: Floats, start: int, stop: int) -> list[float]:
    """Return the lags at which the audio from `start` on is most like the audio before, the best first."""
    length = min(stop - start, _COMPARED)
    if length < _LEAST_REPEATED * _LEAST_PERIOD:
        return []
    begin = start + min(_LEAST_PERIOD, length // 4)
    mine = cut(edited, begin, start + length - begin).astype(np.float64)
    most = min(_MOST_PERIOD, int(length / _LEAST_REPEATED))
    around = cut(edited, begin - most - 1, len(mine) + most + 1 - _LEAST_PERIOD + 1).astype(np.float64)
    products = np.correlate(around, mine, "valid")
    sums = np.concatenate([[0.0], np.cumsum(around**2)])
    power = (sums[len(mine) :] - sums[: -len(mine)]) * float(np.sum(mine**2))
    alike = products / np.sqrt(np.maximum(power, 1e-20))
    inner = alike[1:-1]
    is_top = (inner >= alike[:-2]) & (inner >= alike[2:]) & (inner > _LEAST_ALIKE)
    tops = np.flatnonzero(is_top) + 1
    tops = tops[np.argsort(-alike[tops], kind="stable")][:_MOST_PERIODS]
    return [most + 1 - (float(top) + summit(*alike[top - 1 : top + 2].tolist())) for top in tops]


def _border(raw: Floats, edited: Floats, before: Stretch, period: float, stop: float) -> float:
    """Return where the slice before the repetitions ends: where they differ least from the edited file."""
    assert before.line is not None
    at = np.arange(round(before.stop - 2.0 * period), round(min(stop, before.stop + _BORDER_FROM)))
    mine = cut(edited, int(at[0]), len(at))
    ahead = at + before.line.offset

    def explained(place: float) -> float:
        number = np.maximum(np.ceil((at + 1 - place) / period), 0.0)
        there = np.rint(ahead - number * period).astype(np.int64)
        theirs = np.where((there >= 0) & (there < len(raw)), raw[np.clip(there, 0, len(raw) - 1)], 0.0)
        return float(mine @ theirs) ** 2 / max(float(theirs @ theirs), 1e-20)

    step = 2.0 * _NEAR * period / _PLACES
    places: list[float] = (before.stop + np.arange(-_NEAR * period, _NEAR * period, step)).tolist()
    finer: list[float] = (max(places, key=explained) + np.arange(-step, step, _FINEST)).tolist()
    return max(finer, key=explained)


Spans = tuple[tuple[int, int], ...]
Wide = NDArray[np.float64]

_BLOCK_SAMPLES = 1 << 17
_SILENT = 1e-5
_NOT_FROM_BELOW = 0.05
_CLEARLY_LESS_DB = 3.0


def unmatched(segments: Sequence[Segment], length_samples: int) -> Spans:
    """Return the spans [start, stop) of the edited file that no segment holds."""
    return _rest([(one.edited_start_samples, one.edited_stop_samples) for one in segments], length_samples)


def left_out(segments: Sequence[Segment], raws: Sequence[Sound]) -> tuple[Spans, ...]:
    """Return, of each raw recording, the spans that no segment holds."""
    return tuple(
        _rest(
            [(one.raw_start_samples, one.raw_stop_samples) for one in segments if one.raw == number],
            raw.length_samples,
        )
        for number, raw in enumerate(raws)
    )


def _rest(spans: Sequence[tuple[int, int]], length: int) -> Spans:
    held = united(spans)
    starts = [0, *held[:, 1].tolist()]
    stops = [*held[:, 0].tolist(), length]
    return tuple((start, stop) for start, stop in zip(starts, stops, strict=True) if stop > start)


def matched_share(edited: Sound, open_spans: Spans) -> float:
    """Return the share of the audible samples of an edited file outside some spans, 0 to 1; 0 in silence."""
    borders = np.array(open_spans, np.int64).reshape(-1, 2)

    def counts(start: int) -> tuple[int, int]:
        block = edited.read(start, min(edited.length_samples, start + _BLOCK_SAMPLES))
        sounds = np.any(np.abs(block) > _SILENT, axis=1)
        near = borders[(borders[:, 0] < start + len(block)) & (borders[:, 1] > start)] - start
        left = sum(int(np.count_nonzero(sounds[max(0, first) : max(0, last)])) for first, last in near)
        return int(np.count_nonzero(sounds)), left

    counted = side_by_side(counts, range(0, edited.length_samples, _BLOCK_SAMPLES))
    sounding, left = (sum(column) for column in zip((0, 0), *counted, strict=True))
    return 1.0 - left / sounding if sounding else 0.0


def verdict(
    segments: Sequence[Segment], shares: tuple[float, float], raws: Sequence[Sound], edited: Sound
) -> str:
    """Summarize the match.

    Parameters
    ----------
    shares : of the audible samples: of segments that null, and of those that have a similarity instead
    """
    name = shown(edited.path)
    share, stretched_share = shares
    if not segments:
        names = ", ".join(shown(raw.path) for raw in raws)
        return f"No sound of {name} was found in {names}."
    if stretched := [one for one in segments if one.similarity is not None]:
        copies = [one for one in segments if one.similarity is None]
        alike = float(np.median([one.similarity for one in stretched if one.similarity is not None]))
        texts = [
            f"{percent(stretched_share, 1)} was found at another speed or pitch in "
            f"{counted(len(stretched), 'segment')}, {percent(alike)} alike"
        ]
        if copies:
            texts.insert(
                0,
                f"{percent(share, 1)} was found in {counted(len(copies), 'segment')}{_residual_text(copies)}",
            )
        return f"Of the sound in {name}, {', and '.join(texts)}."
    only = segments[0]
    is_whole = len(segments) == 1 and only.raw_start_samples == 0 and only.edited_start_samples == 0
    if is_whole and only.raw_stop_samples == raws[only.raw].length_samples == edited.length_samples:
        return f"{name} is {shown(raws[only.raw].path)} as a whole{_residual_text(segments)}."
    if share < _NOT_FROM_BELOW:
        return f"Only {percent(share, 1)} of {name} was found: it is hardly made of these recordings."
    number = counted(len(segments), "segment")
    return f"{percent(share, 1)} of the sound in {name} was found, in {number}{_residual_text(segments)}."


def _residual_text(segments: Sequence[Segment]) -> str:
    """Return the residual, through the short filter if clearly lower: for equalised copies."""
    plain = [one.residual_db for one in segments if one.residual_db is not None]
    through = [one.filtered_residual_db for one in segments if one.filtered_residual_db is not None]
    if not plain:
        return ""
    left_db, filtered_db = (float(np.median(some)) if some else np.inf for some in (plain, through))
    if filtered_db < left_db - _CLEARLY_LESS_DB:
        return f"; subtracted through a short filter, {level_text(filtered_db)} are left"
    return f"; subtracted, {level_text(left_db)} are left"


_MOST_FILTERED_S = 8.0
_LEAST_POWER = 1e-16
_NULLS_DB, _FAILS_DB = -6.0, -3.0
_MOST_LEFT = 10.0  # times what segments that null leave: noise and coding leave about the same everywhere
_HIGH_PERCENTILE = 90.0
_MOST_COVERED = 0.5


def rendered(
    raws: tuple[Sound, ...],
    segments: Sequence[Segment],
    lines: Sequence[Line],
    channels: int,
    span: tuple[int, int],
) -> Wide:
    """Return the audio of an edit list over a span [start, stop), shape (stop - start, channels)."""
    start, stop = span
    mixed = np.zeros((stop - start, channels))
    for number, segment in enumerate(segments):
        first, last = max(start, segment.edited_start_samples), min(stop, segment.edited_stop_samples)
        if first >= last:
            continue
        gains = gain_at(segment.gain_ride, segment.gain_db, np.arange(first, last, dtype=np.float64))
        _fade(gains, first, segment, is_rising=True)
        after = segments[number + 1] if number + 1 < len(segments) else None
        if after is not None and after.edited_start_samples < segment.edited_stop_samples:
            _fade(gains, first, after, is_rising=False)
        sound = as_channels(lines[number].read(raws, first, last), channels)
        for channel in range(channels):  # else numpy would run along the channels of each sample
            mixed[first - start : last - start, channel] += gains * sound[:, channel]
    return mixed


def _fade(gains: Wide, first: int, segment: Segment, *, is_rising: bool) -> None:
    """Multiply gains, from sample `first` on, by one side of the crossfade that a segment begins with."""
    shape, begin = segment.crossfade_shape or Shape.EQUAL_GAIN, segment.edited_start_samples
    start = min(len(gains), max(0, begin - first))
    stop = min(len(gains), max(start, begin + segment.crossfade_samples + 1 - first))
    at = np.arange(first + start, first + stop, dtype=np.float64)
    gains[start:stop] *= fade(shape, float(begin), float(segment.crossfade_samples), at)[int(is_rising)]
    gains[slice(0, start) if is_rising else slice(stop, None)] = 0.0


@dataclass(frozen=True, slots=True)
class NullTested:
    """A segment with its residuals, and the power of a sample of the edited file there."""

    segment: Segment
    power: float

    @property
    def residual_db(self) -> float:
        """The lower of the two residuals; 0 dB where the edited file is silent."""
        return min(self.segment.residual_db or 0.0, self.segment.filtered_residual_db or 0.0)

    @property
    def left(self) -> float:
        """The power of a sample that is left."""
        return self.power * float(10.0 ** (self.residual_db / 10.0))


def proven(tested: Sequence[NullTested], covered: Sequence[tuple[int, int]]) -> list[Segment]:
    """Return the segments without those that leave far more than segments that null do.

    Segments that something else sounds over, for half of their length or less, are returned as well.
    """
    floors = [one.left for one in tested if one.residual_db <= _NULLS_DB]
    most = _MOST_LEFT * float(np.percentile(floors, _HIGH_PERCENTILE)) if floors else np.inf
    retained: list[Segment] = []
    is_dropped = False
    for one in tested:
        start, stop = one.segment.edited_start_samples, one.segment.edited_stop_samples
        beneath = sum(max(0, min(last, stop) - max(first, start)) for first, last in covered)
        is_covered = 0 < beneath <= _MOST_COVERED * (stop - start)
        fails = one.residual_db > _FAILS_DB and one.left > most and not is_covered
        if not fails:
            alone = replace(one.segment, crossfade_samples=0, crossfade_shape=None)
            retained.append(alone if is_dropped else one.segment)
        is_dropped = fails
    return retained


def with_residuals(
    raws: tuple[Sound, ...],
    edited: Sound,
    segments: Sequence[Segment],
    lines: Sequence[Line],
    progress: Progress,
) -> list[NullTested]:
    """Return segments with their residuals after rendering and subtracting all."""
    done = 0

    def measured(number: int) -> NullTested:
        nonlocal done
        progress.check_cancelled()
        progress.report(done / len(segments), "Subtracting")
        near = slice(max(0, number - 1), number + 2)
        found = _measured(raws, edited, segments[number], (segments[near], lines[near]))
        done += 1
        return found

    return side_by_side(measured, range(len(segments)))


def _measured(
    raws: tuple[Sound, ...], edited: Sound, segment: Segment, near: tuple[Sequence[Segment], Sequence[Line]]
) -> NullTested:
    power = left = 0.0
    start, stop = segment.edited_start_samples, segment.edited_stop_samples
    for first in range(start, stop, _BLOCK_SAMPLES):
        span = first, min(stop, first + _BLOCK_SAMPLES)
        samples = edited.read(*span).astype(np.float64)
        power += float(np.sum(samples**2))
        left += float(np.sum((samples - rendered(raws, *near, edited.channels, span)) ** 2))
    middle, half = (start + stop) // 2, round(_MOST_FILTERED_S * edited.rate_hz / 2)
    span = max(start, middle - half), min(stop, middle + half)
    samples, ours = edited.read(*span).astype(np.float64), rendered(raws, *near, edited.channels, span)
    # A ride follows the level of notes, and with it what an equaliser does to low and high ones.
    steady = ours
    if any(one.gain_ride for one in near[0]):
        level = [replace(one, gain_ride=()) for one in near[0]]
        steady = rendered(raws, level, near[1], edited.channels, span)
    found = replace(
        segment,
        residual_db=_ratio_db(left, power),
        filtered_residual_db=_filtered_db(samples, ours),
        eq_db=eq_of_copy(steady, samples, edited.rate_hz),
    )
    return NullTested(found, power / max(1, stop - start))


def _filtered_db(samples: Wide, ours: Wide) -> float | None:
    taps = fitted_filter(ours, samples)
    if len(samples) < 20 * len(taps):
        return None
    left = float(np.sum((samples - filtered(ours, taps)) ** 2))
    return _ratio_db(left, float(np.sum(samples**2)))


def _ratio_db(left: float, power: float) -> float | None:
    if power <= 0.0:
        return None
    return 10.0 * float(np.log10(max(left / power, _LEAST_POWER)))


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
    ratio = edited.rate_hz / RATE_HZ
    spans = united([(round(start * ratio), round(stop * ratio)) for start, stop in carried.covered])
    covered = tuple((start, stop) for start, stop in spans.tolist())
    return Copies(proven(tested, covered), covered)


def _edit_list(
    raws: tuple[Sound, ...], edited: Sound, rough: Sequence[Stretch], progress: Progress
) -> list[NullTested]:
    lines = _lines(raws, edited, rough)
    spans = _full_rate(rough, edited)
    stretches = [(line, start, stop) for line, (start, stop) in zip(lines, spans, strict=True)]
    found = placed(raws, edited, stretches, progress.part(0.0, 0.6))
    found = [one for one in found if one.line is None or one.stop > one.start]
    segments, retained = _segments(raws, edited, found)
    return with_residuals(raws, edited, segments, retained, progress.part(0.6, 1.0))


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
