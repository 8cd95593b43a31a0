"""Offsets of segments, to a part of a sample, and the seams between them.

A raw recording is read along a line, aligned with the edited file sample by sample, and to a part of a
sample where that explains more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from engine.core.progress import Progress
from engine.core.side_by_side import side_by_side
from engine.features.match.crossfades import Seam, parted, seam
from engine.features.match.levels import REACH_SAMPLES, filtered, fitted_filter, fitted_gain
from engine.features.match.sound import Sound
from engine.sound.edl.tracks.delay import delayed

Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """A raw recording at an offset, at the rate of the edited file.

    Attributes
    ----------
    offset_samples : delay of the same sound in the raw recording
    delay_samples : additional delay in the edited file, in fractions of a sample
    """

    raw: int
    offset_samples: int
    delay_samples: float = 0.0

    def read(self, raws: tuple[Sound, ...], start: int, stop: int) -> Wide:
        """Return its audio for [start, stop) of the edited file, shape (stop - start, channels)."""
        sound = raws[self.raw]
        first, last = start + self.offset_samples, stop + self.offset_samples
        if not self.delay_samples:
            return sound.read(first, last).astype(np.float64)
        return delayed(
            lambda begin, end: sound.read(begin, end).astype(np.float64), first, last, self.delay_samples
        )


def as_channels(samples: Wide, channels: int) -> Wide:
    """Return samples with as many channels as the edited file has: their mean where it has fewer or more."""
    if samples.shape[1] == channels:
        return samples
    return np.repeat(samples.mean(axis=1, keepdims=True), channels, axis=1)


_LONGEST_SAMPLES = 1 << 15
_PLACES = 4
_REACH_SAMPLES = 24
_WHITENED = 0.6
_LEAST_PART = 0.02
_BETTER_BY = 0.7  # of the residual: a fraction of a sample has to earn it


def aligned(raws: tuple[Sound, ...], edited: Sound, raw: int, offset: float, span: tuple[int, int]) -> Line:
    """Return the line of a span [start, stop) of the edited file, where its offset is known roughly.

    Parameters
    ----------
    offset : in samples of the edited file, right within `_REACH_SAMPLES`
    """
    guess = round(offset)
    places = _places(span)
    size = next_fast_len(_length(span) + 2 * _REACH_SAMPLES, real=True)
    lags = np.zeros(2 * _REACH_SAMPLES + 1)
    for start, stop in places:
        mine = _whitened(edited.mono(start, stop), size)
        begin = start + guess - _REACH_SAMPLES
        theirs = _whitened(raws[raw].mono(begin, begin + stop - start + 2 * _REACH_SAMPLES), size)
        found = irfft(np.conj(mine) * theirs, size)[: len(lags)]
        scale = float(np.sqrt(np.sum(np.abs(mine) ** 2) * np.sum(np.abs(theirs) ** 2)))
        lags += found / max(scale, 1e-12)
    whole = guess + int(np.argmax(lags)) - _REACH_SAMPLES
    plain = Line(raw, whole)
    part = _part(raws, edited, plain, places)
    if abs(part) < _LEAST_PART:
        return plain
    moved = Line(raw, whole, -part)
    left, left_moved = (_left(raws, edited, line, places) for line in (plain, moved))
    return moved if left_moved < _BETTER_BY * left else plain


def _length(span: tuple[int, int]) -> int:
    return min(_LONGEST_SAMPLES, span[1] - span[0])


def _places(span: tuple[int, int]) -> list[tuple[int, int]]:
    start, stop = span
    length = _length(span)
    count = max(1, min(_PLACES, (stop - start) // length))
    firsts = np.linspace(start, stop - length, count) if count > 1 else [(start + stop - length) / 2]
    return [(int(first), int(first) + length) for first in firsts]


def _whitened(samples: NDArray[np.float32], size: int) -> NDArray[np.complex128]:
    # Whitened, the steps at both ends would weigh as much as deep music between, and agree at other lags.
    spectrum = rfft(samples * np.hanning(len(samples)), size)
    weighed: NDArray[np.complex128] = spectrum / (np.abs(spectrum) ** _WHITENED + 1e-9)
    return weighed


def _part(raws: tuple[Sound, ...], edited: Sound, line: Line, places: list[tuple[int, int]]) -> float:
    """Return the remaining delay of the raw recording in fractions of a sample: the slope of the phases."""
    length = places[0][1] - places[0][0]
    window = np.hanning(length)
    cross = np.zeros(length // 2 + 1, np.complex128)
    for start, stop in places:
        theirs = line.read(raws, start, stop).mean(axis=1)
        mine = edited.mono(start, stop).astype(np.float64)
        x, y = rfft(theirs * window), rfft(mine * window)
        cross += np.conj(x) * y / (np.abs(x * y) ** _WHITENED + 1e-12)
    omega = 2.0 * np.pi * rfftfreq(length)
    heard = omega < 0.7 * np.pi
    weights = np.abs(cross) * heard
    total = float(np.sum(weights * omega**2))
    return float(np.sum(weights * omega * np.angle(cross)) / total) if total > 0.0 else 0.0


def _left(raws: tuple[Sound, ...], edited: Sound, line: Line, places: list[tuple[int, int]]) -> float:
    """Return the residual share of the edited file after subtracting the line at the best gain."""
    power = shared = own = 0.0
    for start, stop in places:
        theirs = line.read(raws, start, stop).mean(axis=1)
        mine = edited.mono(start, stop).astype(np.float64)
        power += float(mine @ mine)
        shared += float(mine @ theirs)
        own += float(theirs @ theirs)
    return 1.0 - shared**2 / max(own * power, 1e-30) + 1e-12


_WINDOW_S = 0.65
_OF_NEXT = 0.65  # of a segment: the part clear of a crossfade at its other end
_CORE_S = 1.5
_GUARD_S = 0.3
_GUARD_SHARE = 0.3
_EXACT = 1e-5
_LEAST_CORE_S = 0.02
_SLACK_S = 0.1
_APART_S = 0.01  # a crossfade ends in its window, but for rounding


@dataclass(frozen=True, slots=True)
class Placed:
    """A segment of the edited file on a line, or on none, to the sample.

    Attributes
    ----------
    start, stop : the whole audible span, crossfades included
    seam : the seam at its start; None without a known segment before
    """

    line: Line | None
    start: int
    stop: int
    seam: Seam | None = None


def placed(
    raws: tuple[Sound, ...],
    edited: Sound,
    stretches: Sequence[tuple[Line | None, int, int]],
    progress: Progress,
) -> list[Placed]:
    """Return stretches (line, start, stop) that follow each other, with their seams to the sample."""
    done = 0

    def along(numbers: range) -> list[tuple[Seam, int]]:
        nonlocal done
        progress.report(done / len(stretches), "Finding the seams")
        found = along_seams(raws, edited, stretches, numbers, progress)
        done += len(numbers)
        return found

    found = chain.from_iterable(side_by_side(along, independent(edited, stretches)))
    starts = [0] * len(stretches)
    ends = [edited.length_samples] * len(stretches)
    seams: list[Seam | None] = [None] * len(stretches)
    for number, (one, first) in enumerate(found, start=1):
        starts[number] = first + one.start
        ends[number - 1] = first + one.start + one.length
        is_between = stretches[number - 1][0] is not None and stretches[number][0] is not None
        seams[number] = one if is_between else None
    return [
        Placed(line, start, end, joint)
        for (line, _, _), start, end, joint in zip(stretches, starts, ends, seams, strict=True)
    ]


def independent(edited: Sound, stretches: Sequence[tuple[Line | None, int, int]]) -> list[range]:
    """Return the numbers of the seams, in runs that are independent of each other.

    A seam depends on the one before where that may end within the sound that the seam is found from.
    """
    far = round((max(_WINDOW_S, _CORE_S) + _APART_S) * edited.rate_hz)
    begins = [1]
    for number in range(2, len(stretches)):
        _, at, stop = stretches[number - 1]
        if stretches[number][1] - _last(edited, at, stop) >= far:
            begins.append(number)
    runs = [range(begin, end) for begin, end in pairwise([*begins, len(stretches)])]
    return [run for run in runs if run]


def along_seams(
    raws: tuple[Sound, ...],
    edited: Sound,
    stretches: Sequence[tuple[Line | None, int, int]],
    numbers: range,
    progress: Progress,
) -> list[tuple[Seam, int]]:
    """Return seams, one after another, and where the window of each begins."""
    found = []
    solid = 0  # from here on the segment before the seam is alone
    for number in numbers:
        progress.check_cancelled()
        before, (after, at, stop) = stretches[number - 1][0], stretches[number]
        one, first = _found(raws, edited, before, after, (solid, at, stop))
        found.append((one, first))
        solid = first + one.start + one.length
    return found


def _last(edited: Sound, at: int, stop: int) -> int:
    """Return the end of the search for a seam near `at`, if the segment after it continues to `stop`."""
    reach = round(_WINDOW_S * edited.rate_hz)
    return min(edited.length_samples, at + max(1, min(reach, round(_OF_NEXT * (stop - at)))))


def _found(
    raws: tuple[Sound, ...],
    edited: Sound,
    before: Line | None,
    after: Line | None,
    around: tuple[int, int, int],
) -> tuple[Seam, int]:
    """Return a seam and where its window begins; `around`: from where, near what, up to where to look."""
    solid, at, stop = around
    rate_hz = edited.rate_hz
    reach = round(_WINDOW_S * rate_hz)
    first = max(solid, at - reach)
    last = _last(edited, at, stop)
    first = min(first, at)
    heard = edited.read(first, last).astype(np.float64)
    if before is None and after is None:
        return Seam(at - first, 0, None, (at - first, at - first), 0.0), first
    known_before, known_after = None, None
    if before is not None:
        core = _core(at - round(_CORE_S * rate_hz), at, solid, at, rate_hz, is_before=True)
        known_before = _as_played(raws, edited, before, core, (first, last))
    if after is not None:
        core = _core(at, at + round(_CORE_S * rate_hz), at, stop, rate_hz, is_before=False)
        known_after = _as_played(raws, edited, after, core, (first, last))
    if known_before is not None and known_after is not None:
        return seam(heard, known_before, known_after), first
    slack = round(_SLACK_S * rate_hz)
    if known_before is not None:
        place = parted(heard, known_before, at - first, slack)
    else:
        assert known_after is not None
        place = len(heard) - parted(heard[::-1], known_after[::-1], last - at, slack)
    return Seam(place, 0, None, (place, place), 0.0), first


def _core(start: int, stop: int, least: int, most: int, rate_hz: int, *, is_before: bool) -> tuple[int, int]:
    """Return the span near a seam with one side alone, as precisely as known yet."""
    start, stop = max(start, least), min(stop, most)
    guard = min(round(_GUARD_S * rate_hz), round(_GUARD_SHARE * (stop - start)))
    far = 0 if is_before else guard // 2
    return (start, stop - guard) if is_before else (start + guard, max(start + guard, stop - far))


def _as_played(
    raws: tuple[Sound, ...], edited: Sound, line: Line, core: tuple[int, int], window: tuple[int, int]
) -> Wide:
    """Return a line over a window as it sounds in the edited file: at its gain, or through a filter."""
    channels = edited.channels
    start, stop = core
    taps = np.ones(1)
    if stop - start > round(_LEAST_CORE_S * edited.rate_hz):
        mine = edited.read(start, stop).astype(np.float64)
        theirs = as_channels(line.read(raws, start, stop), channels)
        gain = fitted_gain(theirs, mine)
        left = float(np.sum((mine - gain * theirs) ** 2))
        taps = np.array([gain])
        if left > _EXACT * float(np.sum(mine**2)) and stop - start > 40 * REACH_SAMPLES:
            taps = fitted_filter(theirs, mine)
    margin = len(taps) // 2
    heard = as_channels(line.read(raws, window[0] - margin, window[1] + margin), channels)
    return filtered(heard, taps)[margin : len(heard) - margin] if margin else filtered(heard, taps)
