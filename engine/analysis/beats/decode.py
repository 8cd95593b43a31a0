"""Beats from activations: the best path through tempo and time, and the move of each beat onto its onset.

A bar-pointer model reduced to beats: F. Krebs, S. Böck, G. Widmer, "An efficient state-space model for joint
tempo and meter tracking", ISMIR 2015. Between two beats nothing is to be decided, so that the states are
tempi and the steps are beats (a semi-Markov model). The distance of two beats may differ from the tempo, as
hands and frames do, and the tempo may change from beat to beat; each has a cost. The path is within frames of
20 ms; onsets place a beat at the moment of the attack.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from engine.analysis.beats.counted import beat_runs
from engine.core.progress import SILENT, Progress

Floats = NDArray[np.float64]

SLOWEST_BPM = 30.0
FASTEST_BPM = 300.0
_STEP = 1.02
_MOST_STEPS = 3
_STEP_COST = 1.2
_JUMP_COST = 16.0
_REST_COST, _SHORTEST_REST_S = 16.0, 2.0
"""A passage without a pulse costs as much as some eight beats against the evidence, however long it is."""
_FARTHEST_FRAMES = 2
_LOOSE_FRAMES = 0.7
_LOOSE_SHARE = 0.01
_START = 2 * _FARTHEST_FRAMES + 1
_JUMP = 2 * _MOST_STEPS + 1
_BEAT_ODDS = 1.0
_MOST_ODDS = 4.0
_LEAST_ODDS = -3.5
_SILENT_ODDS = -0.05
_NEAR_S = 2.5
_HARDLY, _AUDIBLE = 0.1, 0.4
_BLOCKS_A_CHECK = 256
_NEAR_SHARE = 1.09

_REACH_S = 0.055
_ODD_S = 0.025
_UNEVEN_S = 0.030
_NEIGHBOURS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Pulse:
    """Beats on frames.

    Attributes
    ----------
    frames : int64, shape (n,), ascending
    tempi_bpm : float64, shape (n,), the tempo that led to each
    """

    frames: NDArray[np.int64]
    tempi_bpm: Floats


def beat_odds(beat: NDArray[np.floating], frames_per_s: float) -> Floats:
    """Return the log-odds of a beat at each frame, shape (frames,).

    During seconds of silence, missing beats are weak evidence: counting continues through breaks.

    Parameters
    ----------
    beat : shape (frames,), the probability of a beat in each frame
    """
    known = np.clip(beat.astype(np.float64), 1e-4, 1.0 - 1e-4)
    if not len(known):
        return known
    reach = 2 * round(_NEAR_S * frames_per_s) + 1
    nearby = maximum_filter1d(known, reach, mode="constant")
    audible = np.clip((nearby - _HARDLY) / (_AUDIBLE - _HARDLY), 0.0, 1.0)
    floor = _SILENT_ODDS + (_LEAST_ODDS - _SILENT_ODDS) * audible
    return np.clip(np.log(known / (1.0 - known)) + _BEAT_ODDS, floor, _MOST_ODDS)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Transitions from beat to beat.

    Attributes
    ----------
    tempi_bpm : shape (states,), from fast to slow, two per cent apart
    intervals_frames : int64, shape (distances, states), how far apart two beats may be
    distance_costs : shape (distances, states), their costs
    tempo_costs : shape (changes,), the cost of slowing by 3, 2, 1, 0, -1, -2, -3 states
    """

    tempi_bpm: Floats
    intervals_frames: NDArray[np.int64]
    distance_costs: Floats
    tempo_costs: Floats


def steps(frames_per_s: float) -> Steps:
    """Return the steps of the model at a frame rate."""
    count = int(np.ceil(np.log(FASTEST_BPM / SLOWEST_BPM) / np.log(_STEP))) + 1
    tempi: Floats = FASTEST_BPM * _STEP ** -np.arange(count, dtype=np.float64)
    periods = 60.0 * frames_per_s / tempi
    apart = np.arange(-_FARTHEST_FRAMES, _FARTHEST_FRAMES + 1)
    intervals = np.maximum(np.rint(periods).astype(np.int64) + apart[:, None], 1)
    costs = 0.5 * ((intervals - periods) / (_LOOSE_FRAMES + _LOOSE_SHARE * periods)) ** 2
    changes = _STEP_COST * np.abs(np.arange(-_MOST_STEPS, _MOST_STEPS + 1)).astype(np.float64)
    return Steps(tempi, intervals, costs, changes)


def best_pulse(
    odds: Floats, frames_per_s: float, *, near: Pulse | None = None, progress: Progress = SILENT
) -> Pulse:
    """Find the beats whose odds, less the price of uneven steps, sum to the most.

    The path begins, rests and ends where that pays; an hour takes 22 MB.

    Parameters
    ----------
    odds : shape (frames,), as of `beat_odds`
    near : a pulse whose tempi are followed, within `_NEAR_SHARE`

    Raises
    ------
    Cancelled : the user asked for it
    """
    model = steps(frames_per_s)
    count, states = len(odds), len(model.tempi_bpm)
    led = np.zeros((count, states), np.uint8)
    top, leader = np.zeros(count), np.zeros(count, np.int16)
    rested, ended = np.full(count, -1), 0
    rest = round(_SHORTEST_REST_S * frames_per_s)
    # No beat of a block can lead to another of it, so that a block is found at once.
    size = int(model.intervals_frames.min())
    turns = -(-(int(model.intervals_frames.max()) + size) // size)
    leaving = np.full((turns * size, states), -np.inf)
    # Where in the ring the beats before each frame are, shape (turns, distances, size, states).
    frames = np.arange(turns * size).reshape(turns, 1, size, 1)
    rows = (frames - model.intervals_frames[:, None, :]) % (turns * size)
    places: NDArray[np.int64] = rows * states + np.arange(states)
    wanted = None if near is None else np.interp(np.arange(count + size), near.frames, np.log(near.tempi_bpm))
    padded = np.full((size, states + 2 * _MOST_STEPS), -np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _MOST_STEPS + 1, axis=1)
    for block, first in enumerate(range(0, count, size)):
        if block % _BLOCKS_A_CHECK == 0:
            progress.check_cancelled()
            progress.report(first / count, "Finding the beats")
        here = slice(first, min(first + size, count))
        arriving = leaving.ravel()[places[block % turns]] - model.distance_costs[:, None]
        distance, total = arriving.argmax(axis=0), arriving.max(axis=0)
        begin, end = max(0, first - rest - size), max(0, first - rest)
        if end > begin and top[latest := begin + int(top[begin:end].argmax())] > top[ended]:
            ended = latest
        restarted = max(0.0, float(top[ended]) - _REST_COST)
        rested[here] = ended if restarted > 0.0 else -1
        distance[total < restarted] = _START
        inside = padded[:, _MOST_STEPS:-_MOST_STEPS]
        inside[: here.stop - first] = np.maximum(total, restarted)[: here.stop - first] + odds[here, None]
        if wanted is not None:
            away = np.abs(np.log(model.tempi_bpm) - wanted[first : first + size, None])
            inside[away > np.log(_NEAR_SHARE)] = -np.inf
        best = inside.max(axis=1)
        reached = around - model.tempo_costs
        change, left = reached.argmax(axis=2), reached.max(axis=2)
        jumped = left < best[:, None] - _JUMP_COST
        change[jumped] = _JUMP
        leaving[block % turns * size :][:size] = np.maximum(left, best[:, None] - _JUMP_COST)
        led[here] = (distance * (_JUMP + 1) + change)[: here.stop - first]
        top[here], leader[here] = best[: here.stop - first], inside.argmax(axis=1)[: here.stop - first]
    return _walked_back(model, led, top, leader, rested)


def _walked_back(
    model: Steps, led: NDArray[np.uint8], top: Floats, leader: NDArray[np.int16], rested: NDArray[np.int64]
) -> Pulse:
    """Follow the path from its best end; `rested` is the beat before a rest that ends at a frame, or -1."""
    frames, chosen = list[int](), list[int]()
    if len(top) and top.max() > 0.0:
        frame = int(top.argmax())
        state = int(leader[frame])
        while True:
            frames.append(frame)
            chosen.append(state)
            distance = int(led[frame, state]) // (_JUMP + 1)
            if distance == _START:
                frame = int(rested[frame])
                if frame < 0:
                    break
                state = int(leader[frame])
                continue
            frame -= int(model.intervals_frames[distance, state])
            change = int(led[frame, state]) % (_JUMP + 1)
            state = int(leader[frame]) if change == _JUMP else state + change - _MOST_STEPS
    return Pulse(np.array(frames[::-1], np.int64), model.tempi_bpm[chosen[::-1]])


def refine_beats(
    beats_samples: NDArray[np.int64],
    onsets_samples: NDArray[np.int64],
    onset_strengths: NDArray[np.floating],
    rate_hz: int,
) -> NDArray[np.int64]:
    """Move each beat to the onset that belongs to it; place a beat without one between its neighbours.

    An onset belongs to a beat when it is near and strong, and when it sits about where the onsets of the
    beats around sit: one late hit does not bend the grid.

    Parameters
    ----------
    beats_samples : int64, shape (n,), ascending
    onsets_samples, onset_strengths : shape (m,), ascending positions and how strong each is

    Returns
    -------
    refined_samples : int64, shape (n,), strictly ascending, not negative
    """
    if len(beats_samples) < 2 or not len(onsets_samples):
        return beats_samples
    pieces = [beats_samples[first:last] for first, last in beat_runs(beats_samples)]
    refined = [_refined(piece, onsets_samples, onset_strengths, rate_hz) for piece in pieces]
    whole = np.maximum(0, np.rint(np.concatenate(refined)).astype(np.int64))
    ascending: NDArray[np.int64] = whole[np.diff(np.maximum.accumulate(whole), prepend=-1) > 0]
    return ascending


def _refined(
    beats_samples: NDArray[np.int64],
    onsets_samples: NDArray[np.int64],
    onset_strengths: NDArray[np.floating],
    rate_hz: int,
) -> Floats:
    """Refine the beats of one run; alone, a beat stays."""
    if len(beats_samples) < 2:
        return beats_samples.astype(np.float64)
    offsets = _onset_offsets(beats_samples, onsets_samples, onset_strengths, rate_hz)
    typical = _running_median(offsets)
    odd = np.abs(offsets - typical) > _ODD_S * rate_hz
    placed: Floats = beats_samples.astype(np.float64) + np.where(odd, np.nan, offsets)
    placed[_uneven(placed, rate_hz)] = np.nan
    return _fill_gaps(placed, beats_samples + typical)


def _onset_offsets(
    beats_samples: NDArray[np.int64],
    onsets_samples: NDArray[np.int64],
    onset_strengths: NDArray[np.floating],
    rate_hz: int,
) -> Floats:
    """Return the distance from each beat to its onset in samples, shape (n,); NaN where none is near."""
    period = float(np.median(np.diff(beats_samples)))
    reach = min(_REACH_S * rate_hz, 0.2 * period)
    nearest = np.searchsorted(onsets_samples, beats_samples)
    best = np.zeros(len(beats_samples))
    offsets = np.full(len(beats_samples), np.nan)
    for step in range(-3, 3):
        index = np.clip(nearest + step, 0, len(onsets_samples) - 1)
        distance = (onsets_samples[index] - beats_samples).astype(np.float64)
        value = onset_strengths[index] * np.exp(-0.5 * (2.0 * distance / reach) ** 2)
        better = (np.abs(distance) <= reach) & (value > best)
        offsets[better], best[better] = distance[better], value[better]
    return offsets


def _running_median(offsets: Floats) -> Floats:
    """Return the median offset of the beats around each beat; 0 where none of them has an onset."""
    padded = np.pad(offsets, _NEIGHBOURS, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1)
    ranked = np.sort(around, axis=1)  # NaN sorts last
    known = (~np.isnan(ranked)).sum(axis=1)
    rows = np.arange(len(offsets))
    low, high = ranked[rows, np.maximum(0, (known - 1) // 2)], ranked[rows, known // 2]
    return np.where(known > 0, (low + np.where(np.isnan(high), low, high)) / 2.0, 0.0)


def _uneven(placed: Floats, rate_hz: int) -> NDArray[np.bool_]:
    """Return whether each beat is far from the middle of its neighbours while those agree with each other."""
    uneven = np.zeros(len(placed), bool)
    if len(placed) < 5:
        return uneven
    inner = placed[2:-2]
    near = (placed[1:-3] + placed[3:-1]) / 2.0
    far = (placed[:-4] + placed[4:]) / 2.0
    limit = _UNEVEN_S * rate_hz
    uneven[2:-2] = (
        (np.abs(inner - near) > limit) & (np.abs(inner - far) > limit) & (np.abs(near - far) < limit)
    )
    return uneven


def _fill_gaps(placed: Floats, fallback: Floats) -> Floats:
    """Interpolate missing beats over their number; before the first and after the last known, shift along."""
    known = np.flatnonzero(~np.isnan(placed))
    if not len(known):
        return fallback
    index = np.arange(len(placed))
    # The shift is interpolated, not the place: where the tempo drifts inside a gap the beats drift with it.
    shift = np.interp(index, known, (placed - fallback)[known])
    filled: Floats = np.where(np.isnan(placed), fallback + shift, placed)
    after = np.searchsorted(known, index)
    between = np.diff(known, prepend=known[0] - len(placed) - 1, append=known[-1] + len(placed) + 1)
    is_short = between[after] <= 3  # two beats at most are missing in a row
    return np.where(np.isnan(placed) & is_short, np.interp(index, known, placed[known]), filled)
