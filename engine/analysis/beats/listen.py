"""One pass over a recording: its beats, bars and metrical interpretations, its onsets and its loudness.

The grid has one metrical level; each song of a recording is ranked alone, since songs may differ in metre.
Taps of the user lead the beats in their tempo, from the same activations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from engine.analysis.beats.activations import network_input, reference_db
from engine.analysis.beats.counted import (
    counted,
    empty_grid,
    filled,
    free_passages,
    median_tempo_bpm,
    unevenness,
)
from engine.analysis.beats.decode import Pulse, beat_odds, best_pulse, refine_beats
from engine.analysis.beats.readings import (
    BAR_WEIGHTS,
    USUAL_TEMPI,
    Evidence,
    Reading,
    TempoPrior,
    bar_places,
    bars_at,
    evidence,
    probabilities,
    trained_bars,
    weigh,
)
from engine.analysis.beats.traces import STREAMING, Traces, finite_pieces, trace
from engine.analysis.learning.loop import few_threads
from engine.analysis.signal.dead_air import DeadAir, DeadAirDetector
from engine.analysis.signal.loudness import LOUDNESS_HOP_SAMPLES, Loudness
from engine.core.errors import UsageError
from engine.core.progress import SILENT, Progress
from engine.document.analysis import APART_BEATS, NOWHERE, BeatGrid, Listening
from engine.document.edits.analyses import LISTENING_MAKER
from engine.document.grid_edits import with_downbeat
from engine.document.grid_readings import HALF_LATER, LEVELS, halved_later
from engine.document.kinds.timing import HEARD, OFF_BEAT
from engine.document.pulse import fit_taps

Floats = NDArray[np.float64]

MAKER = "offcut-beats-3"
_LEAST_BEATS = 4
_AROUND_BEATS = 9
_REACH_BEATS = 13
_FAVOUR = 3.0
"""Bonus of the chosen reading's beats when beats are found again, so that they begin as it does."""


def find_beats(
    traces: Traces, progress: Progress = SILENT, tempo_prior: TempoPrior | None = None
) -> tuple[Reading, ...]:
    """Find the beats, bars and metrical interpretations of a recording, the most probable first.

    None without a pulse.

    Parameters
    ----------
    tempo_prior : expected tempi; those of all music by default

    Raises
    ------
    Cancelled : the user asked for it
    """
    found, rate = traces.activations, traces.activations.frames_per_s
    odds = beat_odds(found.beat, rate)
    pulse = best_pulse(odds, rate, progress=progress.part(0.0, 0.6))
    if len(pulse.frames) < _LEAST_BEATS or not len(traces.onsets.positions_samples):
        return ()
    with few_threads():
        given = evidence_of(traces, odds)
        frames = between_frames(pulse.frames, found.beat)
        weighed = weigh(frames, given, tempo_prior or USUAL_TEMPI, progress)
    likely = probabilities(weighed)
    best = next(iter(likely))
    if best != HEARD:
        ratio = float(LEVELS[best].ratio) if best in LEVELS else 1.0
        near = replace(pulse, tempi_bpm=pulse.tempi_bpm * ratio)
        favoured = odds.copy()
        favoured[given.at(weighed[best].frames)] += _FAVOUR
        pulse = best_pulse(favoured, rate, near=near, progress=progress.part(0.6, 1.0))
        if len(pulse.frames) < _LEAST_BEATS:
            return ()
    grid = grid_of(pulse, given, traces, progress)
    to_samples = traces.framing.rate_hz / rate
    placed = {name: one.frames * to_samples for name, one in weighed.items()}
    return () if grid is None else _with_others(grid, best, likely, placed)


def evidence_of(traces: Traces, odds: Floats) -> Evidence:
    """Return the evidence for beats, bars and metrical levels of a recording."""
    levels = network_input(traces.levels, reference_db(traces.levels))
    return evidence(odds, traces.activations, levels, trained_bars(BAR_WEIGHTS))


def grid_of(
    pulse: Pulse, given: Evidence, traces: Traces, progress: Progress, *, is_tapped: bool = False
) -> BeatGrid | None:
    """Place the beats on onsets and count them.

    Parameters
    ----------
    is_tapped : whether the user confirmed the tempo, so that beats go on where the evidence is weak, and no
        passage is free
    """
    rate_hz, onsets = traces.framing.rate_hz, traces.onsets
    beat = traces.activations.beat
    to_samples = rate_hz / given.frames_per_s
    frames = _extended(between_frames(pulse.frames, beat), onsets.positions_samples / to_samples)
    if not is_tapped:
        frames = frames[in_time(given.odds[given.at(frames)])]
    beats = np.rint(frames * to_samples).astype(np.int64)
    if not is_tapped:
        beats = filled(beats, onsets)
    beats = refine_beats(beats, onsets.positions_samples, onsets.strengths, rate_hz)
    beats = beats[counted(beats, onsets.positions_samples, rate_hz)]
    if len(beats) < _LEAST_BEATS:
        return None
    frames = beats / to_samples
    bars, _ = bars_at(frames, given, progress)
    tempo_bpm = median_tempo_bpm(beats, rate_hz)
    free = NOWHERE if is_tapped else free_passages(beats, given.odds[given.at(frames)], traces)
    return BeatGrid(beats, bars.positions, tempo_bpm, 1.0, MAKER, free_samples=free)


def between_frames(frames: NDArray[np.int64], beat: NDArray[np.floating]) -> Floats:
    """Return where between frames the activation peaks, shape (n,): the top of a parabola through three."""
    last = len(beat) - 1
    near = np.clip(frames[:, None] + np.arange(-1, 2), 0, last)
    at = near[np.arange(len(frames)), beat[near].argmax(axis=1)]
    levels = np.log(np.maximum(beat.astype(np.float64), 1e-4))
    before, here, after = levels[np.maximum(at - 1, 0)], levels[at], levels[np.minimum(at + 1, last)]
    bend = before - 2.0 * here + after
    shift = np.where(bend < -1e-6, 0.5 * (before - after) / np.minimum(bend, -1e-6), 0.0)
    return np.maximum.accumulate(at + np.clip(shift, -0.5, 0.5))


def _extended(frames: Floats, onsets_frames: Floats) -> Floats:
    """Count on, as far apart as the first and last beats are, to the first and the last sound."""
    first, last = (float(np.median(np.diff(end))) for end in (frames[:5], frames[-5:]))
    before = np.arange(max(0, int((frames[0] - onsets_frames[0]) / first + 0.1)), 0, -1)
    after = np.arange(1, max(0, int((onsets_frames[-1] - frames[-1]) / last + 0.1)) + 1)
    return np.concatenate([frames[0] - first * before, frames, frames[-1] + last * after])


def in_time(odds: Floats) -> NDArray[np.bool_]:
    """Return whether each beat has audible beats around, by their odds: talk between songs has none."""
    around = uniform_filter1d(odds, min(_AROUND_BEATS, max(1, len(odds))), mode="nearest")
    found: NDArray[np.bool_] = maximum_filter1d(around, _REACH_BEATS) > 0.0
    return found


def _with_others(
    grid: BeatGrid, best: str, likely: dict[str, float], placed: Mapping[str, Floats]
) -> tuple[Reading, ...]:
    """Return the grid as the first reading, and the others as counted from it; `placed` are their beats."""
    ratios = dict.fromkeys((HEARD, OFF_BEAT), Fraction(1))
    ratios |= {name: level.ratio for name, level in LEVELS.items()}
    names = {level.ratio: name for name, level in LEVELS.items()}
    others: list[Reading] = []
    for name, confidence in likely.items():
        called = names.get(ratios[name] / ratios[best])
        if called is None:
            continue
        try:
            counted_so = LEVELS[called].count(grid)
        except UsageError:
            continue
        later = halved_later(grid) if called == "half" else counted_so
        if _distance(later, placed[name]) < _distance(counted_so, placed[name]):
            called, counted_so = HALF_LATER, later
        others.append(Reading(replace(counted_so, confidence=confidence, maker=MAKER), confidence, called))
    first = replace(
        grid,
        confidence=likely[best],
        readings=[one.name for one in others],
        reading_confidences=np.array([one.confidence for one in others], np.float64),
    )
    return (Reading(first, first.confidence, HEARD), *others)


def _distance(grid: BeatGrid, beats_samples: Floats) -> float:
    """Return the median distance of the beats of a grid from the nearest of others."""
    after = np.clip(np.searchsorted(beats_samples, grid.beats_samples), 1, len(beats_samples) - 1)
    near = np.stack([beats_samples[after - 1], beats_samples[after]])
    return float(np.median(np.abs(near - grid.beats_samples).min(axis=0)))


_TAP_FAVOUR = 6.0
"""Bonus, in log-odds, of a beat at a tap."""
_HAND_S = 0.03
"""Standard deviation of taps from their beats."""
_OTHER_HALF = 0.25
_SLIPPING_BEATS = 12
_LEAST_ODDS = -0.5
"""Log-odds of a beat that nothing supports: counting goes on through weak evidence."""


def follow_taps(
    traces: Traces, taps_samples: NDArray[np.float64], progress: Progress = SILENT
) -> BeatGrid | None:
    """Find the beats of a recording in the tempo of taps, with a downbeat at the first.

    The tempo may drift away from the taps by some percent, as playing does.

    Parameters
    ----------
    taps_samples : float64, shape (n,), ascending positions of the taps

    Returns
    -------
    grid : None where the recording has no pulse in this tempo

    Raises
    ------
    Cancelled : the user asked for it
    """
    found, rate_hz = traces.activations, traces.framing.rate_hz
    tapped = fit_taps(taps_samples / rate_hz)
    if tapped is None or not len(traces.onsets.positions_samples):
        return None
    rate = found.frames_per_s
    odds = np.maximum(beat_odds(found.beat, rate), _LEAST_ODDS)
    taps_s = tapped.first_s + np.arange(len(taps_samples)) * tapped.period_s
    away_s = np.abs(np.arange(len(odds)) / rate - taps_s[:, None]).min(axis=0)
    favour = _TAP_FAVOUR * np.exp(-0.5 * (away_s / _HAND_S) ** 2)
    near = Pulse(np.rint(taps_s * rate).astype(np.int64), np.full(len(taps_s), tapped.tempo_bpm))
    ways = [odds, _in_either_half(odds, round(0.5 * tapped.period_s * rate))]
    grids = []
    with few_threads():
        given = evidence_of(traces, odds)
        for number, way in enumerate(ways):
            part = progress.part(number / len(ways), (number + 1) / len(ways))
            pulse = best_pulse(way + favour, rate, near=near, progress=part)
            grids.append(grid_of(pulse, given, traces, part, is_tapped=True))
    known = [grid for grid in grids if grid is not None]
    if not known:
        return None
    # Where beats slip to the other half, they are uneven over some bars.
    grid = min(known, key=lambda one: float(unevenness(one.beats_samples, _SLIPPING_BEATS).mean()))
    return with_downbeat(grid, round(taps_s[0] * rate_hz))


def _in_either_half(odds: NDArray[np.float64], half_frames: int) -> NDArray[np.float64]:
    """Return log-odds that support a beat also half a beat away, somewhat less; the taps decide."""
    padded = np.pad(odds, half_frames, constant_values=_LEAST_ODDS)
    away = np.maximum(padded[: len(odds)], padded[2 * half_frames :])
    return np.maximum(odds, away - _OTHER_HALF)


FEWEST_BEATS = 16
"""Minimum beats of a song to be ranked."""


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """A section of a recording between two pauses, and the probability of each metrical interpretation.

    Attributes
    ----------
    start_samples, stop_samples : from its first beat to where the one after its last would be
    tempo_bpm : as the grid counts it
    likely : by the names of `engine.document.kinds.timing.READINGS`, the most likely first; together 1
    bars : float64, shape (m,), how likely its bars begin 0, 1, 2, ... beats later; together 1
    """

    start_samples: int
    stop_samples: int
    tempo_bpm: float
    likely: Mapping[str, float]
    bars: NDArray[np.float64]


def songs_of(
    traces: Traces, grid: BeatGrid, prior: TempoPrior | None = None, progress: Progress = SILENT
) -> tuple[Song, ...]:
    """Rank the metrical interpretations of each song of a grid.

    Raises
    ------
    Cancelled : the user asked for it
    """
    if len(grid.beats_samples) < FEWEST_BEATS:
        return ()
    rate_hz, rate = traces.framing.rate_hz, traces.activations.frames_per_s
    found = []
    with few_threads():
        given = evidence_of(traces, beat_odds(traces.activations.beat, rate))
        for first, last in _stretches(grid.beats_samples, traces.dead_air.spans):
            progress.report(first / len(grid.beats_samples), "Finding the beats")
            beats = grid.beats_samples[first:last]
            frames = beats.astype(np.float64) * (rate / rate_hz)
            gap = int(np.median(np.diff(beats)))
            likely = probabilities(weigh(frames, given, prior or USUAL_TEMPI, progress))
            bars = bar_places(frames, grid.bar_positions[first:last], given)
            progress.check_cancelled()
            stop = int(beats[-1]) + gap
            found.append(Song(int(beats[0]), stop, 60.0 * rate_hz / gap, likely, bars))
    return tuple(found)


def _stretches(beats: NDArray[np.int64], pauses: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield where songs begin and end among the beats: between two there is a pause, or no beat for long."""
    gaps = np.diff(beats)
    middles = (beats[:-1] + beats[1:]) // 2
    inside = np.searchsorted(pauses[:, 0], middles, "right") - 1
    paused = (inside >= 0) & (middles < pauses[np.maximum(inside, 0), 1]) if len(pauses) else gaps < 0
    edges = np.flatnonzero(paused | (gaps > APART_BEATS * np.median(gaps))) + 1
    for first, last in pairwise([0, *edges.tolist(), len(beats)]):
        if last - first >= FEWEST_BEATS:
            yield first, last


Samples = NDArray[np.float32]

_TRACED, _FOUND = 0.74, 0.9
"""Shares of the work until the traces, and the beats, are found."""
LOWEST_RATE_HZ = 8_000
HIGHEST_RATE_HZ = 192_000


@dataclass(frozen=True, slots=True, eq=False)
class PassResult:
    """Results of one pass over a recording.

    Attributes
    ----------
    grid : the most probable reading of its beats
    readings : all of them, the most probable first; empty where nothing pulses
    songs : its separately counted songs, with the probability of each metrical interpretation
    """

    grid: BeatGrid
    listening: Listening
    readings: tuple[Reading, ...] = ()
    songs: tuple[Song, ...] = ()


def listen(
    blocks: Iterable[Samples],
    rate_hz: int,
    total_samples: int,
    progress: Progress = SILENT,
    tempo_prior: TempoPrior | None = None,
    others: float = 0.0,
) -> PassResult:
    """Analyse beats, onsets and loudness of a recording in one pass.

    Parameters
    ----------
    blocks : mono float32 blocks, each shape (n,), of any lengths; non-finite samples count as silence
    rate_hz : their rate; all positions are in samples at it
    total_samples : how many samples are expected, for the progress
    tempo_prior : which tempi are expected, as of other recordings of the same band
    others : work of other consumers of the blocks relative to this one, for the progress

    At a rate outside `LOWEST_RATE_HZ` to `HIGHEST_RATE_HZ` only loudness and dead air are found.

    Raises
    ------
    OffcutError : the weights of the learned tracker are missing or damaged
    Cancelled : the user asked for it
    """
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        return _without_pulse(blocks, rate_hz, progress)
    traced, found = ((others + share) / (others + 1.0) for share in (_TRACED, _FOUND))
    streaming = (others + _TRACED * STREAMING) / (others + _TRACED)
    traces = trace(blocks, rate_hz, total_samples, progress.part(0.0, traced), streaming)
    progress.report(traced, "Finding the beats")
    readings = find_beats(traces, progress.part(traced, found), tempo_prior)
    grid = readings[0].grid if readings else empty_grid(MAKER)
    songs = songs_of(traces, grid, tempo_prior, progress.part(found, 1.0))
    progress.report(1.0, "Analysed")
    progress.check_cancelled()
    listening = _listening(traces.onsets.positions_samples, traces.loudness_db, traces.dead_air)
    return PassResult(grid, listening, readings, songs)


def _listening(
    onsets_samples: NDArray[np.int64], loudness_db: NDArray[np.float32], dead: DeadAir
) -> Listening:
    return Listening(
        onsets_samples,
        loudness_db,
        LOUDNESS_HOP_SAMPLES,
        LISTENING_MAKER,
        dead_air_samples=dead.spans,
        dead_air_kinds=dead.kinds,
        dead_air_db=dead.levels_db,
    )


def _without_pulse(blocks: Iterable[Samples], rate_hz: int, progress: Progress) -> PassResult:
    loudness, dead_air = Loudness(), DeadAirDetector(rate_hz)
    for block in finite_pieces(blocks):
        progress.check_cancelled()
        loudness.push(block)
        dead_air.push(block)
    listening = _listening(np.zeros(0, np.int64), loudness.finish(), dead_air.finish())
    return PassResult(empty_grid(MAKER), listening)
