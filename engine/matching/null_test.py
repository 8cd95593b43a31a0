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
        at = np.arange(first, last, dtype=np.float64)
        gains = gain_at(segment.gain_ride, segment.gain_db, at)
        gains = gains * fade(*_fade_of(segment), at)[1]
        after = segments[number + 1] if number + 1 < len(segments) else None
        if after is not None and after.edited_start_samples < segment.edited_stop_samples:
            gains = gains * fade(*_fade_of(after), at)[0]
        sound = as_channels(lines[number].read(raws, first, last), channels)
        mixed[first - start : last - start] += gains[:, None] * sound
    return mixed


def _fade_of(segment: Segment) -> tuple[Shape, float, float]:
    shape = segment.crossfade_shape or Shape.EQUAL_GAIN
    return shape, float(segment.edited_start_samples), float(segment.crossfade_samples)


def with_residuals(
    raws: tuple[Sound, ...],
    edited: Sound,
    segments: Sequence[Segment],
    lines: Sequence[Line],
    progress: Progress,
) -> list[Segment]:
    """Return segments with what is left of each when all are rendered and subtracted."""
    measured = []
    for number, segment in enumerate(segments):
        progress.check_cancelled()
        progress.report(number / len(segments), "Subtracting")
        near = range(max(0, number - 1), min(len(segments), number + 2))
        own = [segments[one] for one in near], [lines[one] for one in near]
        power = left = 0.0
        start, stop = segment.edited_start_samples, segment.edited_stop_samples
        for first in range(start, stop, _BLOCK_SAMPLES):
            span = first, min(stop, first + _BLOCK_SAMPLES)
            heard = edited.read(*span).astype(np.float64)
            power += float(np.sum(heard**2))
            left += float(np.sum((heard - rendered(raws, *own, edited.channels, span)) ** 2))
        middle, half = (start + stop) // 2, round(_MOST_FILTERED_S * edited.rate_hz / 2)
        span = max(start, middle - half), min(stop, middle + half)
        measured.append(
            replace(
                segment,
                residual_db=_ratio_db(left, power),
                filtered_residual_db=_filtered_db(edited, rendered(raws, *own, edited.channels, span), span),
            )
        )
    return measured


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
