"""The moves of an editor: how far strokes were off the lines of a grid, before and after the edit.

Every hit may be moved, so that no passage nulls against the recording (`engine.features.match` finds a sixth
to two thirds of such files). The pattern of the drums is the same within tens of milliseconds: passages are
placed by the patterns of their hits, and each stroke, moved by up to 0.12 s, is then found on the audio.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from engine.analysis.signal.second_recorder import summit
from engine.analysis.signal.viterbi import cheapest_way
from engine.core.errors import TimingError
from engine.core.progress import SILENT, Progress
from engine.document.analysis import ORNAMENTS, BeatGrid, Hits, Ornament
from engine.document.grid_edits import beats_in_bar
from engine.features.timing.alignment.decoder import place
from engine.features.timing.alignment.fitting import phrase
from engine.features.timing.alignment.lines import PARTS, Division, beats_at, lines_of
from engine.features.timing.alignment.moves import LIMITS
from engine.features.timing.alignment.strokes import (
    CARRIERS,
    VOICES,
    Strokes,
    carrying_hits,
    carrying_voices,
    chosen,
)

Sound = NDArray[np.float32]


_FRAME_S = 0.01
_BLUR_FRAMES = 3.0
_WINDOW_S, _HOP_S = 6.0, 3.0
_FEWEST_STROKES = 4
_PLACES = 12
_NEAR_FRAMES = 12
"""Places of neighbouring windows this near to each other are one piece: hits move, pieces jump."""
_JUMP, _DRIFT = 0.35, 0.02
_SAME_START, _START_FRAMES = 0.1, 30
"""Files of one timeline are preferred: an editor exports from where the recording starts."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The places of windows of a recording, in the order of time.

    Attributes
    ----------
    starts_samples, stops_samples : int64, shape (w,), of each window in the recording
    offsets_samples : float64, shape (w,), how much later the edited file plays it, about
    pieces : int64, shape (w,), ascending from 0; another piece begins where the edited file was cut
    """

    starts_samples: NDArray[np.int64]
    stops_samples: NDArray[np.int64]
    offsets_samples: Floats
    pieces: NDArray[np.int64]


def same_places(raw: Strokes) -> Places:
    """Return one window with all of a recording, where the edited file has the same timeline."""
    stop = np.array([round(float(raw.onsets_samples.max(initial=0.0))) + 1])
    return Places(np.zeros(1, np.int64), stop, np.zeros(1), np.zeros(1, np.int64))


def find_places(raw: Strokes, edited: Strokes) -> Places:
    """Find where each window of a recording is in the edited file; no windows without strokes."""
    rate_hz = raw.rate_hz
    frame = _FRAME_S * rate_hz
    frames = np.rint(raw.onsets_samples / frame).astype(np.int64)
    length = int(frames.max(initial=0)) + 1
    target = _blurred(edited, frame)
    window, hop = round(_WINDOW_S / _FRAME_S), round(_HOP_S / _FRAME_S)
    starts, candidates, scores = [], [], []
    for start in range(0, length, hop):
        inside = (frames >= start) & (frames < start + window)
        if np.count_nonzero(inside) < _FEWEST_STROKES:
            continue
        at, likely = _best(_scores(frames[inside], raw.voices[inside], target))
        starts.append(start)
        candidates.append(at)
        scores.append(likely)
    offsets = _followed(candidates, scores)
    jumps = np.abs(np.diff(offsets, prepend=offsets[:1])) > _NEAR_FRAMES
    pieces = np.cumsum(jumps.astype(np.int64))
    first = np.array(starts, np.int64)
    return Places(
        (first * frame).astype(np.int64), ((first + window) * frame).astype(np.int64), offsets * frame, pieces
    )


def _blurred(strokes: Strokes, frame: float) -> NDArray[np.float32]:
    """Return the hits of each voice over time, shape (voices, frames), each as wide as hits are moved."""
    frames = np.rint(strokes.onsets_samples / frame).astype(np.int64)
    train = np.zeros((len(VOICES), int(frames.max(initial=0)) + 1), np.float32)
    for voice in range(len(VOICES)):
        train[voice, frames[strokes.voices[:, voice]]] = 1.0
    reach = np.arange(-10, 11)
    kernel = np.exp(-0.5 * (reach / _BLUR_FRAMES) ** 2).astype(np.float32)
    return np.stack([np.convolve(row, kernel, "full")[10:-10] for row in train])


def _scores(
    frames: NDArray[np.int64], voices: NDArray[np.bool_], target: NDArray[np.float32]
) -> tuple[int, Floats]:
    """Return the first offset in frames, and how well the hits agree at each, 0 to 1."""
    last, length = int(frames.max()), target.shape[1]
    found = np.zeros(length + last - int(frames.min()))
    for frame, sounding in zip(frames.tolist(), voices, strict=True):
        for voice in np.flatnonzero(sounding).tolist():
            found[last - frame : last - frame + length] += target[voice]
    return -last, found / max(1, np.count_nonzero(voices))


def _best(scored: tuple[int, Floats]) -> tuple[Floats, Floats]:
    """Return the most likely offsets of a window and their scores, up to `_PLACES`."""
    first, scores = scored
    around = np.pad(scores, 1, constant_values=-1.0)
    peaks = np.flatnonzero((scores >= around[:-2]) & (scores > around[2:]))
    peaks = peaks[np.argsort(-scores[peaks], kind="stable")[:_PLACES]]
    return (peaks + first).astype(np.float64), scores[peaks]


def _followed(candidates: list[Floats], scores: list[Floats]) -> Floats:
    """Return the offset of each window: likely, and near to that of the window before it (Viterbi)."""
    if not candidates:
        return np.zeros(0)
    first = scores[0] + _SAME_START * (np.abs(candidates[0]) <= _START_FRAMES)
    away = (np.abs(before[:, None] - after) for before, after in pairwise(candidates))
    moves = (np.where(one <= _NEAR_FRAMES, _DRIFT * one / _NEAR_FRAMES, _JUMP) for one in away)
    rows = cheapest_way([-first, *(-one for one in scores[1:])], moves)
    return np.array([own[row] for own, row in zip(candidates, rows, strict=True)])


LIKE = 0.7
"""Correlation from which a sound is the same one."""
_LEAD_S, _SOUND_S, _SHORTEST_S, _NEXT_S = 0.003, 0.03, 0.008, 0.002
_REACH_S = 0.12
_FAR_COSTS = 0.1
_STILL_S, _LEAST_STILL, _STILL_SHARE = 0.0003, 8, 0.15
_SAME_TIMELINE_S = 0.25
_ALL = slice(None)
_LATE = ORNAMENTS.index(Ornament.LATE_VOICE)


class Microphones(Protocol):
    """Audio of one performance."""

    def read(self, start_samples: int, stop_samples: int) -> Sound:
        """Return the span [start, stop), shape (microphones, stop - start); zeros outside a recording."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """The strokes of a recording in the edited file, a row for each stroke.

    Attributes
    ----------
    edited_samples : float64, shape (s,), where it sounds; NaN where it was not found
    unmoved_samples : float64, shape (s,), where it would sound if nothing was moved: its onset in the
        recording and the offset of its piece
    likeness : float64, shape (s,), correlation of the two sounds, 0 to 1
    """

    edited_samples: Floats
    unmoved_samples: Floats
    likeness: Floats

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which strokes were found, shape (s,)."""
        return ~np.isnan(self.edited_samples)


def find_copies(
    raw: Microphones, edited: Microphones, strokes: Strokes, places: Places, progress: Progress = SILENT
) -> Copies:
    """Find each stroke of a recording in the edited file by its sound.

    Strokes keep their order; of two that would change places, the less similar one is not found.

    Parameters
    ----------
    raw, edited : the same microphones in the same order

    Raises
    ------
    Cancelled : the user asked for it
    """
    onsets, count = strokes.onsets_samples, len(strokes.onsets_samples)
    lags, likeness, pieces = np.full(count, np.nan), np.zeros(count), np.full(count, -1, np.int64)
    following = np.append(onsets[1:], np.inf)
    for row, onset in enumerate(onsets.tolist()):
        if row % 32 == 0:
            progress.check_cancelled()
            progress.report(row / count, "Comparing the hits")
        gap = following[row] - onset
        for window in np.flatnonzero((places.starts_samples <= onset) & (onset < places.stops_samples)):
            offset = float(places.offsets_samples[window])
            lag, like = _compared(raw, edited, onset, gap, offset, strokes.rate_hz)
            if like > likeness[row]:
                lags[row], likeness[row], pieces[row] = lag, like, places.pieces[window]
    lags[likeness < LIKE] = np.nan
    ends = _in_order(onsets + lags, likeness)
    lags = ends - onsets
    return Copies(ends, onsets + _timelines(lags, pieces, strokes.rate_hz), likeness)


def voices_apart(
    raw: Microphones, edited: Microphones, hits: Hits, strokes: Strokes, copies: Copies
) -> tuple[Floats, Floats]:
    """Return how far voices that came apart are from the drum that carries their stroke.

    Those marked as late by mistake count, and those as far apart as a faulty flam; grace notes do not. Both
    drums are compared on their own microphones: of joined voices the sounds overlap on the others.

    Returns
    -------
    apart_ms, apart_after_ms : shape (k,) each, before and after the edit, of the voices that were found
    """
    carries, sure = _carrying(hits, strokes), hits.confidences >= LIMITS.confidence
    away_ms = (hits.onsets_samples - hits.onsets_samples[carries]) / strokes.rate_hz * 1000.0
    is_apart = (np.abs(away_ms) >= LIMITS.apart_ms) & sure & sure[carries]
    is_apart |= (hits.ornaments == _LATE) & (away_ms != 0.0)
    offsets = copies.unmoved_samples - strokes.onsets_samples
    apart = []

    def moved(hit: int, offset: float) -> tuple[float, float]:
        own = np.array([hits.tracks[hit]])
        return _compared(raw, edited, float(hits.onsets_samples[hit]), np.inf, offset, strokes.rate_hz, own)

    for hit in np.flatnonzero(is_apart & ~strokes.graces).tolist():
        lag, like = moved(int(carries[hit]), float(offsets[strokes.of_hits[hit]]))
        own_lag, own_like = moved(hit, lag)
        if min(like, own_like) >= LIKE:
            apart.append((away_ms[hit], away_ms[hit] + (own_lag - lag) / strokes.rate_hz * 1000.0))
    before, after = np.array(apart).reshape(-1, 2).T
    return before, after


def _carrying(hits: Hits, strokes: Strokes) -> NDArray[np.int64]:
    """Return for each hit the one of the drum that carries all that were found to sound together."""
    carrying = np.flatnonzero(carrying_hits(hits, hits.strokes, ~strokes.graces))[::-1]
    found = np.full(int(hits.strokes.max(initial=-1)) + 1, -1, np.int64)
    found[hits.strokes[carrying]] = carrying
    return np.where(found[hits.strokes] >= 0, found[hits.strokes], np.arange(len(hits.strokes)))


def _compared(
    raw: Microphones,
    edited: Microphones,
    onset: float,
    gap: float,
    offset: float,
    rate_hz: int,
    rows: NDArray[np.int64] | slice = _ALL,
) -> tuple[float, float]:
    """Return how much later the edited file plays the sound at an onset, and its correlation there."""
    lead, reach = round(_LEAD_S * rate_hz), round(_REACH_S * rate_hz)
    sounding = min(_SOUND_S * rate_hz, max(_SHORTEST_S * rate_hz, gap - _NEXT_S * rate_hz))
    start, stop = round(onset) - lead, round(onset + sounding)
    by = round(offset)
    # The attack is in the differences: a low tone that rings on from the stroke before says little.
    own = np.diff(raw.read(start, stop)[rows], axis=1).astype(np.float64)
    near = edited.read(start + by - reach, stop + by + reach)[rows]
    around = np.diff(near, axis=1).astype(np.float64)
    shared = fftconvolve(around, own[:, ::-1], mode="valid", axes=1).sum(0)
    energy = np.concatenate([[0.0], np.cumsum(np.square(around).sum(0))])
    theirs = energy[own.shape[1] :] - energy[: -own.shape[1]]
    scale = np.sqrt(float(np.square(own).sum()) * np.maximum(theirs, 0.0))
    likeness = np.where(scale > 1e-9, shared / np.maximum(scale, 1e-9), 0.0)
    away = np.abs(np.arange(len(likeness)) - reach) / reach
    best = int((likeness - _FAR_COSTS * away).argmax())
    return by - reach + best + _between(likeness, best), float(likeness[best])


def _between(values: Floats, best: int) -> float:
    """Return how far a peak is from its highest sample, by a parabola through three."""
    if not 0 < best < len(values) - 1:
        return 0.0
    return float(np.clip(summit(*values[best - 1 : best + 2].tolist()), -0.5, 0.5))


def _in_order(ends: Floats, likeness: Floats) -> Floats:
    """Return the positions without those that overtake a more similar neighbour."""
    ends = ends.copy()
    while True:
        rows = np.flatnonzero(~np.isnan(ends))
        wrong = np.flatnonzero(np.diff(ends[rows]) <= 0.0)
        if not len(wrong):
            return ends
        pairs = np.stack([rows[wrong], rows[wrong + 1]])
        ends[pairs[likeness[pairs].argmin(0), np.arange(len(wrong))]] = np.nan


def _timelines(lags: Floats, pieces: NDArray[np.int64], rate_hz: int) -> Floats:
    """Return how much later the edited file plays unmoved sounds, shape (s,).

    Strokes that stayed share one lag. Without such strokes, the two files have one timeline if that is
    possible, else the usual lag is that of the piece.
    """
    offsets = np.zeros(len(lags))
    for piece in np.unique(pieces).tolist():
        own = pieces == piece
        offsets[own] = _timeline(np.sort(lags[own & ~np.isnan(lags)]), rate_hz)
    return offsets


def _timeline(lags: Floats, rate_hz: int) -> float:
    if not len(lags):
        return 0.0
    still = _STILL_S * rate_hz
    alike = np.searchsorted(lags, lags + still, side="right") - np.searchsorted(lags, lags - still)
    best = int(alike.argmax())
    if alike[best] >= max(_LEAST_STILL, _STILL_SHARE * len(lags)):
        same = lags[np.abs(lags - lags[best]) <= still]
        offset = float(np.median(same))
        return 0.0 if abs(offset) <= still else offset
    usual = float(np.median(lags))
    return 0.0 if abs(usual) <= _SAME_TIMELINE_S * rate_hz else usual


Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_FEWEST_ON_BEATS = 8
_STEADY_S = 0.03
_NO_BEATS = "Too few hits are on the detected beats: give the tempo with --bpm, or a click."
_UNIFORM = 0.25
_AS_WELL = 1.1


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Strokes that are in a recording and in the file edited from it, a row for each, and voices apart.

    Attributes
    ----------
    before_ms, after_ms : float64, shape (n,), how late each is on its line
    lines : int64, shape (n,), the line of the bar, from the downbeat
    carriers : int64, shape (n,), which of `engine.features.timing.alignment.strokes.CARRIERS` carries it
    drift_ms : float64, shape (n,), the player's push and pull there, before the edit
    apart_ms, apart_after_ms : float64, shape (k,), how far voices that came apart are from their strokes
    beat_ms : float64, shape (n,), how long a beat lasts there
    """

    before_ms: Floats
    after_ms: Floats
    lines: Rows
    carriers: Rows
    drift_ms: Floats
    apart_ms: Floats
    apart_after_ms: Floats
    beat_ms: Floats


def together(every: Sequence[Moves]) -> Moves:
    """Return the moves of several pairs as one."""
    return Moves(
        **{field.name: np.concatenate([getattr(one, field.name) for one in every]) for field in fields(Moves)}
    )


def moves_of(
    strokes: Strokes, copies: Copies, apart: tuple[Floats, Floats], grid: BeatGrid, division: Division
) -> Moves:
    """Return the moves of the strokes that were found, against a grid of the edited file.

    Parameters
    ----------
    apart : shape (k,) each, how far voices that came apart are from their strokes, before and after the edit
    """
    rate_hz, found = strokes.rate_hz, copies.found
    lines = lines_of(grid, division, rate_hz)
    rows = np.flatnonzero(found)
    taken = np.full(len(found), -1)
    after = replace(strokes, onsets_samples=copies.edited_samples)
    taken[rows] = place(chosen(after, found), lines).lines
    rows = _carried(rows[taken[rows] >= 0], taken, carrying_voices(strokes))
    before = replace(strokes, onsets_samples=copies.unmoved_samples)
    drift = phrase(before, taken, lines).at(copies.unmoved_samples[rows])
    positions, per_ms = lines.positions_samples[taken[rows]], rate_hz / 1000.0
    parts, bar = division.parts, beats_in_bar(grid)
    beats = np.rint(lines.beats[taken[rows]] * parts).astype(np.int64)
    first = int(grid.bar_positions[0]) - 1 if len(grid.bar_positions) else 0
    return Moves(
        before_ms=(copies.unmoved_samples[rows] - positions) / per_ms,
        after_ms=(copies.edited_samples[rows] - positions) / per_ms,
        lines=(beats + first * parts) % (bar * parts),
        carriers=carrying_voices(strokes)[rows],
        drift_ms=drift / per_ms,
        apart_ms=apart[0],
        apart_after_ms=apart[1],
        beat_ms=np.full(len(rows), 60_000.0 / grid.tempo_bpm),
    )


def _carried(rows: Rows, taken: Rows, carriers: Rows) -> Rows:
    """Return one stroke of each line, that whose drum carries the others: they move as one."""
    rank = np.where(carriers[rows] >= 0, carriers[rows], len(CARRIERS))
    order = rows[np.lexsort((rank, taken[rows]))]
    _, first = np.unique(taken[order], return_index=True)
    return order[first]


def likely_division(played: Sequence[tuple[Floats, BeatGrid, int]]) -> Division:
    """Return the division that the strokes of edited files follow.

    Of each division the deviations from its lines are compared with those of strokes anywhere; the usual
    swing and lateness of a line do not count. Of divisions that fit about as well, the coarsest counts.

    Parameters
    ----------
    played : of each file the onsets of its strokes, its grid, and its rate
    """
    scores: Mapping[str, float] = {name: _misfit(played, Division(name)) for name in PARTS if name != "1/4"}
    fitting = [name for name, score in scores.items() if score <= _AS_WELL * min(scores.values())]
    return Division(min(fitting, key=lambda name: PARTS[name]))


def _misfit(played: Sequence[tuple[Floats, BeatGrid, int]], division: Division) -> float:
    """Return the deviations of strokes from the lines, 1 if they are uniform."""
    off, lines = [], []
    for onsets, grid, rate_hz in played:
        turns = beats_at(grid, onsets, rate_hz) * division.parts
        nearest = np.rint(turns)
        off.append(turns - nearest)
        lines.append(nearest.astype(np.int64) % division.parts)
    away, line = np.concatenate(off), np.concatenate(lines)
    for one in np.unique(line).tolist():
        away[line == one] -= np.median(away[line == one])
    # Absolute deviations: voices that stayed apart from their strokes are anywhere, and few.
    return float(np.mean(np.abs(away))) / _UNIFORM if len(away) else 1.0


def steadied(grid: BeatGrid, onsets_samples: Floats, rate_hz: int) -> BeatGrid:
    """Return the even grid of an edited file, where its detected beats are about even; else as it is.

    The strokes on beats are more exact than detected beats.

    Raises
    ------
    TimingError : too few strokes are near beats
    """
    if len(grid.beats_samples) < 2:
        raise TimingError(_NO_BEATS)
    beats = grid.beats_samples.astype(np.float64)
    numbers = np.arange(len(beats), dtype=np.float64)
    period, start = _line_through(numbers, beats)
    if np.quantile(np.abs(beats - (start + period * numbers)), 0.9) > _STEADY_S * rate_hz:
        return grid
    for share in (0.2, 0.1, 0.1):
        at = (onsets_samples - start) / period
        near = np.abs(at - np.rint(at)) < share
        if np.count_nonzero(near) < _FEWEST_ON_BEATS:
            raise TimingError(_NO_BEATS)
        period, start = _line_through(np.rint(at[near]), onsets_samples[near])
    even = np.rint(start + period * numbers).astype(np.int64)
    return replace(grid, beats_samples=even, tempo_bpm=60.0 * rate_hz / period)


def _line_through(numbers: Floats, positions: Floats) -> tuple[float, float]:
    """Return slope and start of a line through points, strays weighed down."""
    weights = np.ones(len(numbers))
    slope, start = 1.0, 0.0
    for _ in range(10):
        slope, start = np.polyfit(numbers, positions, 1, w=np.sqrt(weights))
        away = np.abs(positions - (start + slope * numbers))
        weights = 1.0 / np.maximum(away, max(1.0, float(np.median(away))))
    return float(slope), float(start)
