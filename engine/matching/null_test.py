"""The null test: the edit list is rendered and subtracted, and what is left is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.matching.matched import Segment, Shape
from engine.matching.refining.levels import gain_at
from engine.matching.refining.line_sound import Line, as_channels
from engine.matching.refining.shapes import fade
from engine.matching.refining.short_filter import filtered, fitted_filter
from engine.matching.side_by_side import side_by_side
from engine.matching.sound import Sound
from engine.progress import Progress

Wide = NDArray[np.float64]

_BLOCK_SAMPLES = 1 << 17
_MOST_FILTERED_S = 8.0
_LEAST_POWER = 1e-16


def rendered(
    raws: tuple[Sound, ...],
    segments: Sequence[Segment],
    lines: Sequence[Line],
    channels: int,
    span: tuple[int, int],
) -> Wide:
    """Return what an edit list sounds like over a span [start, stop), shape (stop - start, channels)."""
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


def with_residuals(
    raws: tuple[Sound, ...],
    edited: Sound,
    segments: Sequence[Segment],
    lines: Sequence[Line],
    progress: Progress,
) -> list[Segment]:
    """Return segments with what is left of each when all are rendered and subtracted."""
    done = 0

    def measured(number: int) -> Segment:
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
) -> Segment:
    power = left = 0.0
    start, stop = segment.edited_start_samples, segment.edited_stop_samples
    for first in range(start, stop, _BLOCK_SAMPLES):
        span = first, min(stop, first + _BLOCK_SAMPLES)
        heard = edited.read(*span).astype(np.float64)
        power += float(np.sum(heard**2))
        left += float(np.sum((heard - rendered(raws, *near, edited.channels, span)) ** 2))
    middle, half = (start + stop) // 2, round(_MOST_FILTERED_S * edited.rate_hz / 2)
    span = max(start, middle - half), min(stop, middle + half)
    filtered_db = _filtered_db(edited, rendered(raws, *near, edited.channels, span), span)
    return replace(segment, residual_db=_ratio_db(left, power), filtered_residual_db=filtered_db)


def _filtered_db(edited: Sound, ours: Wide, span: tuple[int, int]) -> float | None:
    heard = edited.read(*span).astype(np.float64)
    taps = fitted_filter(ours, heard)
    if len(heard) < 20 * len(taps):
        return None
    left = float(np.sum((heard - filtered(ours, taps)) ** 2))
    return _ratio_db(left, float(np.sum(heard**2)))


def _ratio_db(left: float, power: float) -> float | None:
    if power <= 0.0:
        return None
    return 10.0 * float(np.log10(max(left / power, _LEAST_POWER)))
