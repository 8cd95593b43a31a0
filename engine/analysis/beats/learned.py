"""From the activations of the learned tracker to beats, bars and other readings of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from engine.analysis.beats.activations import Activations
from engine.analysis.beats.beat_pictures import WEIGHTS as BAR_WEIGHTS
from engine.analysis.beats.beat_pictures import trained_bars
from engine.analysis.beats.counted import counted, median_tempo_bpm
from engine.analysis.beats.decode import Pulse, beat_odds, best_pulse
from engine.analysis.beats.features import heard as heard_levels
from engine.analysis.beats.features import reference_db
from engine.analysis.beats.free import filled, free_passages
from engine.analysis.beats.readings import (
    USUAL_TEMPI,
    Evidence,
    Reading,
    TempoPrior,
    bars_at,
    evidence,
    probabilities,
    weigh,
)
from engine.analysis.beats.refine import refine_beats
from engine.analysis.beats.traces import Traces
from engine.analysis.learning.torch_threads import few_threads
from engine.core.errors import UsageError
from engine.core.progress import SILENT, Progress
from engine.document.analysis import NOWHERE, BeatGrid
from engine.document.grid.readings import HALF_LATER, LEVELS, halved_later
from engine.document.kinds.tempo import HEARD, OFF_BEAT

Floats = NDArray[np.float64]

MAKER = "offcut-beats-3"
_LEAST_BEATS = 4
_AROUND_BEATS = 9
_REACH_BEATS = 13
_FAVOUR = 3.0
"""Bonus of the chosen reading's beats when beats are found again, so that they begin as it does."""


def find_readings(
    traces: Traces, told: Activations, progress: Progress = SILENT, prior: TempoPrior | None = None
) -> tuple[Reading, ...]:
    """Find the beats, bars and metrical interpretations of a recording; none without a pulse.

    Parameters
    ----------
    told : the network's activations
    prior : expected tempi; those of all music by default

    Raises
    ------
    Cancelled : the user asked for it
    """
    rate = told.frames_per_s
    odds = beat_odds(told.beat, rate)
    pulse = best_pulse(odds, rate, progress=progress.part(0.0, 0.6))
    if len(pulse.frames) < _LEAST_BEATS or not len(traces.onsets.positions_samples):
        return ()
    with few_threads():
        heard = evidence_of(traces, odds, told)
        frames = between_frames(pulse.frames, told.beat)
        weighed = weigh(frames, heard, prior or USUAL_TEMPI, progress)
    likely = probabilities(weighed)
    best = next(iter(likely))
    if best != HEARD:
        ratio = float(LEVELS[best].ratio) if best in LEVELS else 1.0
        near = replace(pulse, tempi_bpm=pulse.tempi_bpm * ratio)
        favoured = odds.copy()
        favoured[heard.at(weighed[best].frames)] += _FAVOUR
        pulse = best_pulse(favoured, rate, near=near, progress=progress.part(0.6, 1.0))
        if len(pulse.frames) < _LEAST_BEATS:
            return ()
    grid = grid_of(pulse, told, heard, traces, progress)
    to_samples = traces.framing.rate_hz / rate
    placed = {name: one.frames * to_samples for name, one in weighed.items()}
    return () if grid is None else _with_others(grid, best, likely, placed)


def evidence_of(traces: Traces, odds: Floats, told: Activations) -> Evidence:
    """Return the evidence for beats, bars and metrical levels of a recording."""
    levels = heard_levels(traces.levels, reference_db(traces.levels))
    return evidence(odds, told, levels, trained_bars(BAR_WEIGHTS))


def grid_of(
    pulse: Pulse,
    told: Activations,
    heard: Evidence,
    traces: Traces,
    progress: Progress,
    *,
    is_tapped: bool = False,
) -> BeatGrid | None:
    """Place the beats on onsets and count them.

    Parameters
    ----------
    is_tapped : whether the user confirmed the tempo, so that beats go on where the evidence is weak, and no
        passage is free
    """
    rate_hz, onsets = traces.framing.rate_hz, traces.onsets
    to_samples = rate_hz / told.frames_per_s
    frames = _extended(between_frames(pulse.frames, told.beat), onsets.positions_samples / to_samples)
    if not is_tapped:
        frames = frames[in_time(heard.odds[heard.at(frames)])]
    beats = np.rint(frames * to_samples).astype(np.int64)
    if not is_tapped:
        beats = filled(beats, onsets)
    beats = refine_beats(beats, onsets.positions_samples, onsets.strengths, rate_hz)
    beats = beats[counted(beats, onsets.positions_samples, rate_hz)]
    if len(beats) < _LEAST_BEATS:
        return None
    frames = beats / to_samples
    bars, _ = bars_at(frames, heard, progress)
    tempo_bpm = median_tempo_bpm(beats, rate_hz)
    free = NOWHERE if is_tapped else free_passages(beats, heard.odds[heard.at(frames)], traces)
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
    kept: NDArray[np.bool_] = maximum_filter1d(around, _REACH_BEATS) > 0.0
    return kept


def _with_others(
    grid: BeatGrid, best: str, likely: dict[str, float], placed: Mapping[str, Floats]
) -> tuple[Reading, ...]:
    """Return the grid as the first reading, and the others as counted from it.

    Parameters
    ----------
    placed : where the beats of each reading would be, in samples
    """
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
