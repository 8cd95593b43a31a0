"""Beats that count, beats that fill gaps, and passages without a steady pulse.

Beats count where something is played. Gaps are filled with even beats where the onsets agree with these. A
passage is free where beats are weak and onsets do not agree with them, or where beats are uneven.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing

from engine.analysis.beats.traces import Traces
from engine.analysis.signal.onsets import Onsets
from engine.analysis.signal.span_means import means_of
from engine.core.timebase import runs
from engine.document.analysis import APART_BEATS, BeatGrid

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

_LONELY_S = 3.0
_EARLY_S = 0.06
_AROUND_BEATS = 4
"""Windows reach so far to both sides of a beat."""
_DIVISIONS = (2, 3, 4, 6)
_AGREEING = 0.6
"""Of 114 gaps left by free playing, three agreed more with even beats; of 27 in steady playing, half did."""
_WEAK_ODDS = 0.0
_UNEVEN = 0.05
"""RMS distance of nine beats from even ones, in beats; of steady playing, 0.04 is the 95th percentile."""
_TEMPO_AWAY, _NEAR_BEATS = 1.03, 0.1
_LONGEST_BREAK_BEATS, _BREAK_AWAY_BEATS, _QUIETER = 24.0, 0.2, 4
_FEWEST_ONSETS, _FEWEST_FILLED = 12, 8
_SHORTEST_S = 4.0
_HOLE_BEATS = 4


def empty_grid(maker: str) -> BeatGrid:
    """Return the grid of a recording without a pulse."""
    return BeatGrid(np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0, 0.0, maker)


def median_tempo_bpm(beats_samples: NDArray[np.int64], rate_hz: int) -> float:
    """Return the median tempo over spans of two bars, so that swing and late hits even out."""
    span = min(8, len(beats_samples) - 1)
    return 60.0 * rate_hz * span / float(np.median(beats_samples[span:] - beats_samples[:-span]))


def beat_runs(beats: NDArray[np.integer | np.floating]) -> list[tuple[int, int]]:
    """Return where runs of beats without a gap begin and end among the beats, shape (n,), two at least."""
    gaps = np.diff(beats)
    edges = (np.flatnonzero(gaps > APART_BEATS * np.median(gaps)) + 1).tolist()
    return list(pairwise([0, *edges, len(beats)]))


def counted(beats: NDArray[np.int64], onsets: NDArray[np.int64], rate_hz: int) -> NDArray[np.bool_]:
    """Return whether each beat counts: none before the first sound, after the last or in a long silence."""
    after = np.searchsorted(onsets, beats)
    since = np.abs(beats - onsets[np.clip(after - 1, 0, len(onsets) - 1)])
    until = np.abs(onsets[np.clip(after, 0, len(onsets) - 1)] - beats)
    within = (beats >= onsets[0] - _EARLY_S * rate_hz) & (beats <= onsets[-1] + _EARLY_S * rate_hz)
    found: NDArray[np.bool_] = within & (np.minimum(since, until) <= _LONELY_S * rate_hz)
    return found


def free_passages(beats: Positions, beat_odds: Floats, traces: Traces) -> Positions:
    """Return the spans [start, stop) without a steady pulse, shape (k, 2), ascending and disjoint.

    Parameters
    ----------
    beats : int64, shape (n,), strictly ascending
    beat_odds : shape (n,), the log-odds of a beat at each, as of `engine.analysis.beats.decode.beat_odds`
    """
    onsets, rate_hz = traces.onsets, traces.framing.rate_hz
    if len(beats) < 2:
        return np.zeros((0, 2), np.int64)
    period = float(np.median(np.diff(beats)))
    spans = _gaps(beats, onsets, period)
    for first, last in beat_runs(beats):
        run = beats[first:last]
        begins, ends = _windows(len(run))
        is_weak = means_of(beat_odds[first:last], begins, ends + 1) < _WEAK_ODDS
        is_free = (is_weak & (agreements(run, onsets) < _AGREEING)) | (unevenness(run) > _UNEVEN)
        closed = binary_closing(np.pad(is_free, _HOLE_BEATS), np.ones(_HOLE_BEATS + 1))
        aside = period / _AROUND_BEATS
        for begin, end in runs(closed[_HOLE_BEATS:-_HOLE_BEATS]).tolist():
            spans.append((max(0, round(run[begin] - aside)), round(run[end - 1] + aside)))
    joined: list[list[int]] = []
    for start, stop in sorted(spans):
        if joined and start - joined[-1][1] < _HOLE_BEATS * period:
            joined[-1][1] = max(joined[-1][1], stop)
        else:
            joined.append([start, stop])
    long = [one for one in joined if one[1] - one[0] >= _SHORTEST_S * rate_hz]
    return np.array(long, np.int64).reshape(-1, 2)


def filled(beats: Positions, onsets: Onsets) -> Positions:
    """Return the beats with even ones in gaps, and at both ends, where the onsets agree with these.

    A break in which hardly anything is played is counted through, too, if the beats after it allow that.
    """
    if len(beats) < 2:
        return beats
    at = onsets.positions_samples
    pieces = [_if_agreeing(_counted_on(beats[:9][::-1], int(at[0]))[::-1], onsets), beats]
    pieces.append(_if_agreeing(_counted_on(beats[-9:], int(at[-1])), onsets))
    for (first, last), (after, end) in pairwise(beat_runs(beats)):
        near = np.concatenate([np.diff(beats[first:last])[-8:], np.diff(beats[after:end])[:8]])
        gap = float(beats[after] - beats[last - 1])
        usual = gap / float(np.median(near)) if len(near) else 1.0
        counts = range(max(1, round(usual / _TEMPO_AWAY)), max(1, round(usual * _TEMPO_AWAY)) + 1)
        ways = [np.rint(beats[last - 1] + gap / n * np.arange(n + 1)).astype(np.int64) for n in counts]
        even = max(ways, key=lambda one: float(agreements(one, onsets).mean()))
        is_break = usual <= _LONGEST_BREAK_BEATS and abs(usual - round(usual)) <= _BREAK_AWAY_BEATS
        if is_break and _inside(onsets, even[0], even[-1]) < len(even) / _QUIETER:
            pieces.append(ways[round(usual) - counts.start])
        elif len(agreeing := _if_agreeing(even, onsets)):
            pieces.append(agreeing)
        else:
            pieces.append(_on_hits(_counted_on(beats[first:last][-9:], int(beats[after])), onsets))
            backwards = _counted_on(beats[after:end][:9][::-1], int(beats[last - 1]))
            pieces.append(_on_hits(backwards, onsets)[::-1])
    return np.unique(np.concatenate(pieces))


def _counted_on(beats: Positions, until: int) -> Positions:
    """Return beats that go on evenly from the last of some, itself included, towards a position."""
    period = float(np.median(np.diff(beats))) if len(beats) > 1 else float(until - beats[-1])
    count = max(0, int((until - beats[-1]) / period + 0.1))
    on: Positions = np.rint(beats[-1] + period * np.arange(count + 1)).astype(np.int64)
    return on


def _on_hits(beats: Positions, onsets: Onsets) -> Positions:
    """Return the first beats, up to the one that no onset is near."""
    if len(beats) < 2:
        return beats
    at = onsets.positions_samples
    after = np.clip(np.searchsorted(at, beats), 1, len(at) - 1)
    away = np.minimum(np.abs(beats - at[after - 1]), np.abs(beats - at[after]))
    is_near = away <= _NEAR_BEATS * abs(int(beats[1] - beats[0]))
    return beats if is_near.all() else beats[: int(np.argmin(is_near))]


def _if_agreeing(even: Positions, onsets: Onsets) -> Positions:
    """Return beats if the onsets agree with them; else none."""
    is_enough = len(even) >= _FEWEST_FILLED and _inside(onsets, even[0], even[-1]) >= _FEWEST_ONSETS
    return even if is_enough and float(agreements(even, onsets).mean()) >= _AGREEING else even[:0]


def _inside(onsets: Onsets, start: float, stop: float) -> int:
    """Return the number of onsets from `start` on and before `stop`."""
    first, last = np.searchsorted(onsets.positions_samples, [start, stop]).tolist()
    return int(last - first)


def agreements(beats: Positions, onsets: Onsets) -> Floats:
    """Return how well the onsets around each beat agree with lines between the beats, 0 to 1, shape (n,).

    The mean resultant length of their phases, weighed by strength, for whichever division fits best.
    """
    at, strengths = onsets.positions_samples, onsets.strengths.astype(np.float64)
    inside = (at >= beats[0]) & (at <= beats[-1])
    turns = np.interp(at[inside], beats, np.arange(len(beats), dtype=np.float64))
    weights = strengths[inside]
    first, last = _windows(len(beats))
    begin, end = np.searchsorted(turns, first), np.searchsorted(turns, last, "right")

    def total(values: NDArray[np.complex128]) -> NDArray[np.complex128]:
        sums = np.concatenate([[0.0], np.cumsum(values)])
        within: NDArray[np.complex128] = sums[end] - sums[begin]
        return within

    all_of = np.maximum(np.abs(total(weights.astype(np.complex128))), 1e-9)
    fits = [np.abs(total(weights * np.exp(2j * np.pi * parts * turns))) / all_of for parts in _DIVISIONS]
    best: Floats = np.max(fits, axis=0)
    return best


def _windows(count: int, around: int = _AROUND_BEATS) -> tuple[Positions, Positions]:
    """Return the first and the last beat of the window around each of `count` beats, shape (count,) each."""
    first = np.clip(np.arange(count) - around, 0, max(0, count - 1 - 2 * around))
    return first, np.minimum(first + 2 * around, count - 1)


def unevenness(beats: Positions, around: int = _AROUND_BEATS) -> Floats:
    """Return how far the beats around each are from the nearest even ones, in beats (RMS), shape (n,).

    Parameters
    ----------
    around : how many beats before and after each are compared
    """
    if len(beats) <= 2 * around:
        return np.zeros(len(beats))
    each = np.lib.stride_tricks.sliding_window_view(beats.astype(np.float64), 2 * around + 1)
    count = np.arange(each.shape[1]) - around
    centred = each - each.mean(axis=1, keepdims=True)
    slopes = centred @ count / float(count @ count)
    off = centred - slopes[:, None] * count
    inner: Floats = np.sqrt(np.mean(off**2, axis=1)) / slopes
    return np.take(inner, _windows(len(beats), around)[0])


def _gaps(beats: Positions, onsets: Onsets, period: float) -> list[tuple[int, int]]:
    """Return the spans without beats in which something is played."""
    aside, found = period / _AROUND_BEATS, []
    at = onsets.positions_samples
    ends = [float(at[0]) - period, *beats.astype(float).tolist(), float(at[-1]) + period]
    for before, after in pairwise(ends):
        start, stop = before + aside, after - aside
        is_long = after - before > APART_BEATS * period
        if is_long and _inside(onsets, start, stop) >= _FEWEST_ONSETS:
            found.append((max(0, round(start)), round(stop)))
    return found
