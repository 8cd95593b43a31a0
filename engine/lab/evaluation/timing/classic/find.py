"""From traces to a grid without a model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.counted import counted, empty_grid, median_tempo_bpm
from engine.analysis.beats.decode import refine_beats
from engine.analysis.signal.onsets import Onsets
from engine.core.progress import SILENT, Progress
from engine.document.analysis import BeatGrid
from engine.lab.evaluation.timing.classic.bars import bar_positions, beat_accents
from engine.lab.evaluation.timing.classic.strengths import Strengths
from engine.lab.evaluation.timing.classic.tempo import TempoPath, follow_tempo
from engine.lab.evaluation.timing.classic.track import best_beats, period_of_each_frame, pulse_score

MAKER = "offcut-beats-1"
_LOOSE_WINDOWS = 3
_LEAST_CONFIDENCE = 0.05


def find_beats(onsets: Onsets, strengths: Strengths, progress: Progress = SILENT) -> BeatGrid:
    """Find the beats and bars; an empty grid of tempo 0 without a pulse.

    Raises
    ------
    Cancelled : the user asked for it
    """
    framing, strength = strengths.framing, strengths.even()
    progress.check_cancelled()
    if not len(onsets.positions_samples):
        return empty_grid(MAKER)
    path = follow_tempo(strength, framing.frames_per_s, progress)
    periods = period_of_each_frame(path, len(strength))
    frames = best_beats(pulse_score(strength, periods, progress), periods, progress)
    beats = framing.onset_samples(frames[in_time(frames, path)])
    beats = refine_beats(beats, onsets.positions_samples, onsets.strengths, framing.rate_hz)
    beats = beats[counted(beats, onsets.positions_samples, framing.rate_hz)]
    confidence = grid_confidence(path)
    if len(beats) < 4 or confidence < _LEAST_CONFIDENCE:
        return empty_grid(MAKER)
    beat_frames = np.rint(beats / framing.hop_samples).astype(np.int64)
    progress.check_cancelled()
    accents = beat_accents(beat_frames, strengths.bass, strengths.body, strengths.top)
    return BeatGrid(
        beats, bar_positions(accents, progress), median_tempo_bpm(beats, framing.rate_hz), confidence, MAKER
    )


def chance_regularity(path: TempoPath) -> float:
    """Return how regular noise looks: about 0.14 in windows of ten seconds, more in a recording of three."""
    return 0.14 * float(np.sqrt(10.0 / path.window_s))


def grid_confidence(path: TempoPath) -> float:
    """Return the confidence of the pulse, 0 to 1: the regularity of the music in its more regular half.

    Measured: white noise and hits at random 0.0 to 0.1, rock bands 0.4 to 1, an orchestra 0.4, clicks 1.0.
    """
    chance = chance_regularity(path)
    regularity = float(np.quantile(path.regularity, 0.75))
    return float(np.clip((regularity - chance) / (0.7 - chance), 0.0, 1.0))


def in_time(frames: NDArray[np.int64], path: TempoPath) -> NDArray[np.bool_]:
    """Return whether each beat has regular music within `_LOOSE_WINDOWS`: talk between songs has no beats."""
    padded = np.pad(path.regularity, _LOOSE_WINDOWS)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _LOOSE_WINDOWS + 1).max(axis=1)
    nearest = np.clip(np.searchsorted(path.frames, frames), 0, len(around) - 1)
    regular: NDArray[np.bool_] = around[nearest] > chance_regularity(path)
    return regular
