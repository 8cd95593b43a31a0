"""Lines of stretched sound: how places of the edited file follow those of a recording, to milliseconds.

Along a line, the spectra of both sides are multiplied at many lags. A straight line through that table of
products with the highest sum gives speed and offset from all of the sound at once, so that the steps in which
some stretchers place their grains, a hundredth of a second early or late, balance out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, spline_filter, uniform_filter1d

from engine.analysis.signal.second_recorder import summit
from engine.core.side_by_side import side_by_side
from engine.features.match.searching.lags import evenly
from engine.features.match.sound import RATE_HZ, Floats
from engine.features.match.stretching.spectra import (
    AROUND_S,
    HOP_SAMPLES,
    MOST_SEMITONES,
    Spectra,
    around_frames,
    at_pitch,
    between,
    changes,
    rows_at,
)

Wide = NDArray[np.float64]

LEAST_ALIKE = 0.5
"""Correlation of a moment with its source below which a line does not go on."""
_LAGS = 14
_BLOCK_FRAMES = 16
_BLOCKS_AT_ONCE, _MOST_PARTS = 64, 32
_FRAMES_AT_ONCE = 2048
_ROUNDS = 5
_OFFSETS, _SLOPES = 9, 9
_FIRST_FRAMES = 8.0
_SPEEDS, _SPEED_ERROR = (0.77, 1.3), (0.93, 1.07)
_NARROWER = 2.5
_ALIKE_FRAMES = round(0.5 * RATE_HZ / HOP_SAMPLES)
_STEP_S, _GIVEN_UP_S, _GROWTH = 1.6, 0.35, 0.5
_SHORTEST_S = 0.6
_PITCHES = np.arange(-6, 7) / 8.0
_FEW_FRAMES = 800
_SHARP_S = 0.15


@dataclass(frozen=True, slots=True)
class StretchedLine:
    """A line through edited file and raw recording; all in samples at the rate of the search.

    Attributes
    ----------
    at, there : a moment of the edited file, and the one of the raw recording that it plays
    speed : how many seconds of the raw recording a second of the edited file plays
    semitones : how much higher it is
    start, stop : of the edited file
    alike : correlation of the spectra over all of it, -1 to 1
    alike_in_tone : the same without changes that all bands share; low for other sound in the same rhythm
    sounds_s : how long sound that goes on all the time would be whose times vary as much: short for one word
        between silences, which fits words at any speed
    """

    raw: int
    at: float
    there: float
    speed: float
    semitones: float
    start: float
    stop: float
    alike: float = 0.0
    alike_in_tone: float = 0.0
    sounds_s: float = 0.0

    def raw_at(self, at: float) -> float:
        """Return the moment of the raw recording that a moment of the edited file plays."""
        return self.there + (at - self.at) * self.speed


@dataclass(frozen=True, slots=True, eq=False)
class Along:
    """Both sides of a line, frame by frame of the edited file.

    Attributes
    ----------
    first : number of the first frame
    own : shape (frames, bands)
    others : shape (lags, frames, bands), of the raw recording, the middle one on the line
    """

    first: int
    own: Floats
    others: Floats

    def alike(self) -> Floats:
        """Return the correlation around each frame, shape (frames,); 0 in silence."""
        theirs = self.others[len(self.others) // 2]
        return correlation(self.own, theirs, _ALIKE_FRAMES, mode="constant")[0]

    def alike_overall(self) -> float:
        """Return the correlation over all frames."""
        return _alike_overall(self.own, self.others[len(self.others) // 2])

    def alike_in_tone(self) -> float:
        """Return the correlation over all frames of each band without the mean of all bands."""
        both = self.own, self.others[len(self.others) // 2]
        return _alike_overall(*(one - one.mean(axis=1, keepdims=True) for one in both))


def _alike_overall(own: Floats, theirs: Floats) -> float:
    power = float(np.sum(own**2)) * float(np.sum(theirs**2))
    return float(np.sum(own * theirs) / np.sqrt(max(power, 1e-9)))


def correlation(own: Floats, theirs: Floats, frames: int, mode: str) -> tuple[Floats, Floats, Floats]:
    """Return the correlation of both sides around each frame, and the power of each, shape (n,) each.

    Parameters
    ----------
    own, theirs : shape (n, bands)
    frames : how many frames count
    mode : what counts beyond the ends, as of `uniform_filter1d`
    """
    common, mine, other = (
        uniform_filter1d(np.einsum("ij,ij->i", *pair), frames, mode=mode)
        for pair in ((own, theirs), (own, own), (theirs, theirs))
    )
    return common / np.sqrt(np.maximum(mine * other, 1e-6)), mine, other


def along(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    line: StretchedLine,
    span: tuple[float, float],
    lags: int = 0,
    within: tuple[float, float] | None = None,
    around_s: float = AROUND_S,
) -> Along:
    """Return both sides of a line over a span of the edited file, at up to some lags in frames.

    Parameters
    ----------
    within : sound of the edited file that belongs to the line, as far as that is known
    around_s : time of the recording over which the means are that do not count
    """
    first, last = int(np.ceil(span[0] / HOP_SAMPLES)), int(np.ceil(span[1] / HOP_SAMPLES))
    starts = range(first, last, _FRAMES_AT_ONCE) or range(first, first + 1)

    def part(start: int) -> tuple[Floats, Floats]:
        frames = start, min(start + _FRAMES_AT_ONCE, last)
        own = _own(edited, frames, line, within, around_s)
        return own, _others(raws, line, frames, lags, within, around_s)

    parts = side_by_side(part, starts)
    return Along(
        first,
        np.concatenate([own for own, _ in parts]),
        np.concatenate([others for _, others in parts], axis=1),
    )


def _others(
    raws: tuple[Spectra, ...],
    line: StretchedLine,
    frames: tuple[int, int],
    lags: int,
    within: tuple[float, float] | None,
    around_s: float,
) -> Floats:
    """Return the recording's side of a line at some lags, shape (lags, frames, bands)."""
    at = line.raw_at(0.0) / HOP_SAMPLES + np.arange(*frames) * line.speed
    around = around_frames(1.0, around_s)
    margin = lags + around // 2
    begin = int(np.floor(at[0])) - margin if len(at) else 0
    stop = int(np.floor(at[-1])) + margin + 2 if len(at) else 1
    played = None if within is None else (line.raw_at(within[0]), line.raw_at(within[1]))
    theirs = changes(at_pitch(raws[line.raw].levels(begin, stop), 0.0), around, _frames_of(played, begin))
    low, part = rows_at(at)
    return np.stack([between(theirs, low - begin + lag, part) for lag in range(-lags, lags + 1)])


def _own(
    edited: Spectra,
    frames: tuple[int, int],
    line: StretchedLine,
    within: tuple[float, float] | None = None,
    around_s: float = AROUND_S,
) -> Floats:
    """Return the edited file's side of a line."""
    around = around_frames(line.speed, around_s)
    begin = frames[0] - around // 2
    levels = edited.levels(begin, frames[1] + around // 2)
    return changes(at_pitch(levels, line.semitones), around, _frames_of(within, begin))[
        around // 2 : around // 2 + frames[1] - frames[0]
    ]


def _frames_of(span: tuple[float, float] | None, begin: int) -> tuple[int, int] | None:
    """Return the frames whose middle is in a span of samples, counted from another frame."""
    if span is None:
        return None
    return int(np.ceil(span[0] / HOP_SAMPLES)) - begin, int(np.ceil(span[1] / HOP_SAMPLES)) - begin


def fitted(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    line: StretchedLine,
    span: tuple[float, float],
    *,
    reach_frames: float = _FIRST_FRAMES,
    is_speed_known: bool = False,
    within: tuple[float, float] | None = None,
) -> StretchedLine:
    """Return the line through a span that agrees best, near another.

    Parameters
    ----------
    reach_frames : by how many frames of the raw recording it may differ, in the middle and at the ends
    is_speed_known : the speed stays
    within : sound that belongs to the line, as of `along`; without borders in it, short means are sharper
    """
    first, last = int(np.ceil(span[0] / HOP_SAMPLES)), int(np.ceil(span[1] / HOP_SAMPLES))
    blocks = (last - first) // _BLOCK_FRAMES
    if blocks < 2:
        return line
    chosen, summed = _products(raws, edited, line, (first, blocks), within)
    middle = (first + (blocks * _BLOCK_FRAMES - 1) / 2.0) * HOP_SAMPLES
    ends = (np.linspace(-1.0, 1.0, blocks) * (1.0 - 1.0 / blocks))[chosen]
    half = blocks * _BLOCK_FRAMES / 2.0
    least, most = (half * (edge * line.speed - line.speed) for edge in _SPEED_ERROR)
    most_slope = half * np.array([_SPEEDS[0] - line.speed, _SPEEDS[1] - line.speed])
    slopes = max(least, most_slope[0]), min(most, most_slope[1])
    slopes = (0.0, 0.0) if is_speed_known else slopes
    offset, slope = _best_line(spline_filter(summed, order=3), ends, reach_frames, slopes)
    return replace(
        line,
        at=middle,
        there=line.raw_at(middle) + offset * HOP_SAMPLES,
        speed=line.speed + slope / half,
        start=span[0],
        stop=span[1],
    )


def _products(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    line: StretchedLine,
    span: tuple[int, int],
    within: tuple[float, float] | None,
) -> tuple[NDArray[np.int64], Wide]:
    """Return which blocks of a span count, and the products of both sides there, shape (blocks, lags).

    Of many minutes, parts count that are spread evenly.

    Parameters
    ----------
    span : the first frame, and how many blocks
    """
    begins = np.arange(0, span[1], _BLOCKS_AT_ONCE)

    def summed(begin: int) -> tuple[NDArray[np.int64], Wide]:
        stop = min(begin + _BLOCKS_AT_ONCE, span[1])
        edges = [(span[0] + block * _BLOCK_FRAMES) * HOP_SAMPLES for block in (begin, stop)]
        around_s = AROUND_S if within is None else _SHARP_S
        table = along(raws, edited, line, (edges[0], edges[1]), _LAGS, within, around_s)
        products = np.stack([np.einsum("ij,ij->i", table.own, one) for one in table.others], axis=1)
        rows = products.reshape(stop - begin, _BLOCK_FRAMES, -1)
        return np.arange(begin, stop), rows.sum(axis=1, dtype=np.float64)

    parts = side_by_side(summed, begins[evenly(len(begins), _MOST_PARTS)].tolist())
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _best_line(table: Wide, ends: Wide, reach: float, within: tuple[float, float]) -> tuple[float, float]:
    """Return the lag in the middle, and by how much more it is at the end, of the best line through a table.

    Parameters
    ----------
    table : coefficients of a spline through the products, shape (blocks, lags)
    ends : where between the middle, 0, and the ends, -1 and 1, each block is
    within : of the slopes
    """
    rows = np.arange(len(table), dtype=np.float64)
    offset, slope, most = 0.0, 0.0, (table.shape[1] - 1) / 2.0
    spread = np.array([reach, reach])
    for _ in range(_ROUNDS):
        offsets = offset + np.linspace(-1.0, 1.0, _OFFSETS) * spread[0]
        slopes = np.clip(slope + np.linspace(-1.0, 1.0, _SLOPES) * spread[1], *within)
        lags = offsets[:, None, None] + slopes[None, :, None] * ends
        places = np.stack(
            [np.broadcast_to(rows, lags.shape).ravel(), np.clip(lags, -most, most).ravel() + most]
        )
        sums = map_coordinates(table, places, order=3, prefilter=False, mode="nearest")
        sums = sums.reshape(lags.shape).sum(axis=2)
        one, other = np.unravel_index(int(sums.argmax()), sums.shape)
        offset, slope = float(offsets[one]), float(slopes[other])
        spread = spread / _NARROWER
    return offset, slope


def with_pitch(
    raws: tuple[Spectra, ...], edited: Spectra, line: StretchedLine, within: tuple[float, float] | None = None
) -> StretchedLine:
    """Return a line with the shift of pitch, near its own, at which the spectra agree best.

    Parameters
    ----------
    within : sound that belongs to the line, as of `along`
    """
    middle = (line.start + line.stop) / 2
    half = min((line.stop - line.start) / 2, _FEW_FRAMES * HOP_SAMPLES / 2)
    span = middle - half, middle + half
    pitches = line.semitones + _PITCHES
    pitches = pitches[np.abs(pitches) <= MOST_SEMITONES]
    table = along(raws, edited, line, span, within=within)
    frames = table.first, table.first + len(table.own)
    values = np.array(
        [
            replace(
                table, own=_own(edited, frames, replace(line, semitones=float(one)), within)
            ).alike_overall()
            for one in pitches
        ]
    )
    top = int(np.clip(values.argmax(), 1, len(values) - 2))
    part = summit(*values[top - 1 : top + 2].tolist())
    step = pitches[1] - pitches[0]
    return replace(line, semitones=float(pitches[top] + np.clip(part, -1.0, 1.0) * step))


def followed(
    raws: tuple[Spectra, ...], edited: Spectra, line: StretchedLine, within: tuple[float, float]
) -> StretchedLine | None:
    """Return a line as far as it goes within a span; None where it does not hold for half a second.

    Parameters
    ----------
    line : a first guess, with the span that it was found in
    """
    line = fitted(raws, edited, line, (line.start, line.stop))
    line = with_pitch(raws, edited, line)
    line = fitted(raws, edited, line, (line.start, line.stop), reach_frames=3.0)
    start, stop = _held(raws, edited, line, (line.start, line.stop))
    if stop - start < _SHORTEST_S * RATE_HZ:
        return None
    line = replace(line, start=start, stop=stop)
    is_open = [True, True]
    while any(is_open):
        step = max(_STEP_S * RATE_HZ, _GROWTH * (line.stop - line.start))
        wanted = (
            max(within[0], line.start - step) if is_open[0] else line.start,
            min(within[1], line.stop + step) if is_open[1] else line.stop,
        )
        span = _held(raws, edited, line, wanted, (line.start, line.stop))
        slack = HOP_SAMPLES * 2
        is_open = [
            is_open[0] and span[0] <= wanted[0] + slack and wanted[0] > within[0],
            is_open[1] and span[1] >= wanted[1] - slack and wanted[1] < within[1],
        ]
        line = fitted(raws, edited, line, span, reach_frames=2.0)
    return measured(raws, edited, line, (line.start, line.stop))


def measured(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    line: StretchedLine,
    core: tuple[float, float],
    within: tuple[float, float] | None = None,
) -> StretchedLine:
    """Return a line with how alike both sides are over a span, and for how long they sound there.

    Parameters
    ----------
    within : sound that belongs to the line, as of `along`
    """
    table = along(raws, edited, line, core, within=within)
    power = np.einsum("ij,ij->i", table.own, table.own)
    at_s = np.arange(len(power)) * HOP_SAMPLES / RATE_HZ
    middle_s = float(np.sum(power * at_s)) / max(float(np.sum(power)), 1e-9)
    variance = float(np.sum(power * (at_s - middle_s) ** 2)) / max(float(np.sum(power)), 1e-9)
    return replace(
        line,
        alike=table.alike_overall(),
        alike_in_tone=table.alike_in_tone(),
        sounds_s=(12.0 * variance) ** 0.5,
    )


def _held(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    line: StretchedLine,
    wanted: tuple[float, float],
    known: tuple[float, float] | None = None,
) -> tuple[float, float]:
    """Return how far a line holds on both sides of a known span, or of its best moment."""
    table = along(raws, edited, line, wanted)
    if not len(table.own):
        return line.at, line.at
    alike = table.alike()
    power = uniform_filter1d(np.einsum("ij,ij->i", table.own, table.own), _ALIKE_FRAMES, mode="constant")
    is_bad = (alike < LEAST_ALIKE) & (power > 0.05 * np.median(power))
    most = round(_GIVEN_UP_S * RATE_HZ / HOP_SAMPLES)
    if known is None:
        best = int(alike.argmax())
        first, last = best, best + 1
    else:
        first, last = (round(edge / HOP_SAMPLES) - table.first for edge in known)
    return (
        (table.first + first - _good(is_bad[:first][::-1], most)) * HOP_SAMPLES,
        (table.first + last + _good(is_bad[last:], most)) * HOP_SAMPLES,
    )


def _good(is_bad: NDArray[np.bool_], most: int) -> int:
    """Return how many frames there are before the first run of more than `most` bad ones."""
    count, last_good = 0, 0
    for number, bad in enumerate(is_bad.tolist()):
        count = count + 1 if bad else 0
        if not bad:
            last_good = number + 1
        if count > most:
            return last_good
    return last_good
