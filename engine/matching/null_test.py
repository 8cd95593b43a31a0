"""The null test: the edit list is rendered and subtracted, and the residual is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.matching.matched import Segment, Shape
from engine.matching.refining.equaliser import eq_of_copy
from engine.matching.refining.levels import gain_at
from engine.matching.refining.line_sound import Line, as_channels
from engine.matching.refining.shapes import fade
from engine.matching.refining.short_filter import filtered, fitted_filter
from engine.matching.sound import Sound
from engine.progress import Progress
from engine.side_by_side import side_by_side

Wide = NDArray[np.float64]

_BLOCK_SAMPLES = 1 << 17
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
    kept: list[Segment] = []
    is_dropped = False
    for one in tested:
        start, stop = one.segment.edited_start_samples, one.segment.edited_stop_samples
        beneath = sum(max(0, min(last, stop) - max(first, start)) for first, last in covered)
        is_covered = 0 < beneath <= _MOST_COVERED * (stop - start)
        fails = one.residual_db > _FAILS_DB and one.left > most and not is_covered
        if not fails:
            alone = replace(one.segment, crossfade_samples=0, crossfade_shape=None)
            kept.append(alone if is_dropped else one.segment)
        is_dropped = fails
    return kept


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
    raws: tuple[Sound, ...],
    edited: Sound,
    segment: Segment,
    near: tuple[Sequence[Segment], Sequence[Line]],
) -> NullTested:
    power = left = 0.0
    start, stop = segment.edited_start_samples, segment.edited_stop_samples
    for first in range(start, stop, _BLOCK_SAMPLES):
        span = first, min(stop, first + _BLOCK_SAMPLES)
        heard = edited.read(*span).astype(np.float64)
        power += float(np.sum(heard**2))
        left += float(np.sum((heard - rendered(raws, *near, edited.channels, span)) ** 2))
    middle, half = (start + stop) // 2, round(_MOST_FILTERED_S * edited.rate_hz / 2)
    span = max(start, middle - half), min(stop, middle + half)
    heard, ours = edited.read(*span).astype(np.float64), rendered(raws, *near, edited.channels, span)
    # A ride follows the level of notes, and with it what an equaliser does to low and high ones.
    steady = ours
    if any(one.gain_ride for one in near[0]):
        level = [replace(one, gain_ride=()) for one in near[0]]
        steady = rendered(raws, level, near[1], edited.channels, span)
    found = replace(
        segment,
        residual_db=_ratio_db(left, power),
        filtered_residual_db=_filtered_db(heard, ours),
        eq_db=eq_of_copy(steady, heard, edited.rate_hz),
    )
    return NullTested(found, power / max(1, stop - start))


def _filtered_db(heard: Wide, ours: Wide) -> float | None:
    taps = fitted_filter(ours, heard)
    if len(heard) < 20 * len(taps):
        return None
    left = float(np.sum((heard - filtered(ours, taps)) ** 2))
    return _ratio_db(left, float(np.sum(heard**2)))


def _ratio_db(left: float, power: float) -> float | None:
    if power <= 0.0:
        return None
    return 10.0 * float(np.log10(max(left / power, _LEAST_POWER)))
