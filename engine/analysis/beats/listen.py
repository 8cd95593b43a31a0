"""One pass over a recording: its beat grid and other readings of it, its onsets and its loudness."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.counted import empty_grid
from engine.analysis.beats.learned import MAKER, find_readings
from engine.analysis.beats.readings import Reading, TempoPrior
from engine.analysis.beats.songs import Song, songs_of
from engine.analysis.beats.traces import Traces, finite_pieces, trace
from engine.analysis.signal.dead_air import DeadAir, DeadAirDetector
from engine.analysis.signal.loudness import LOUDNESS_HOP_SAMPLES, Loudness
from engine.core.progress import SILENT, Progress
from engine.document.analysis import BeatGrid, Listening
from engine.document.listening_ids import LISTENING_MAKER

Samples = NDArray[np.float32]

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
) -> PassResult:
    """Analyse beats, onsets and loudness of a recording in one pass.

    Parameters
    ----------
    blocks : mono float32 blocks, each shape (n,), of any lengths; non-finite samples count as silence
    rate_hz : their rate; all positions are in samples at it
    total_samples : how many samples are expected, for the progress
    tempo_prior : which tempi are expected, as of other recordings of the same band

    At a rate outside `LOWEST_RATE_HZ` to `HIGHEST_RATE_HZ` only loudness and dead air are found.

    Raises
    ------
    OffcutError : the weights of the learned tracker are missing or damaged
    Cancelled : the user asked for it
    """
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        return _without_pulse(blocks, rate_hz, progress)
    traces = trace(blocks, rate_hz, total_samples, progress.part(0.0, 0.74))
    progress.report(0.74, "Finding the beats")
    readings = find_beats(traces, progress.part(0.74, 0.9), tempo_prior)
    grid = readings[0].grid if readings else empty_grid(MAKER)
    songs = songs_of(traces, grid, tempo_prior, progress.part(0.9, 1.0))
    progress.report(1.0, "Analysed")
    listening = _listening(traces.onsets.positions_samples, traces.loudness_db, traces.dead_air)
    return PassResult(grid, listening, readings, songs)


def find_beats(
    traces: Traces, progress: Progress = SILENT, tempo_prior: TempoPrior | None = None
) -> tuple[Reading, ...]:
    """Find the beats and bars with the learned tracker.

    Returns
    -------
    readings : the most probable first; none without a pulse

    Raises
    ------
    Cancelled : the user asked for it
    """
    return find_readings(traces, traces.activations, progress, tempo_prior)


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
