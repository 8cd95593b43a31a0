"""One pass over a recording: its beat grid, its onsets and its loudness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.beats.bars import bar_positions, beat_accents
from engine.beats.refine import refine_beats
from engine.beats.tempo import TempoPath, follow_tempo
from engine.beats.track import best_beats, period_of_each_frame, pulse_score
from engine.document.analysis import BeatGrid, Listening
from engine.features.dead_air import DeadAir, DeadAirDetector
from engine.features.loudness import LOUDNESS_HOP_SAMPLES, HopEnergy, Loudness, finite
from engine.features.onset_stream import Onsets, OnsetStream
from engine.features.onsets import (
    QUIETEST_STRENGTH_DB,
    Framing,
    OnsetStrength,
    floored_db,
    local_scale,
)
from engine.progress import SILENT, Progress

Floats = NDArray[np.float32]

MAKER = "offcut-beats-1"
LISTENING_MAKER = "offcut-listening-2"
"""The first knew no dead air and no faults of channels; what it found is listened to again."""

LOWEST_RATE_HZ = 8_000
HIGHEST_RATE_HZ = 192_000
_BLOCK_SAMPLES = 1 << 17
_ATTACK_HOP_S = 0.0005
_BASS, _BODY, _TOP = slice(0, 3), slice(6, 30), slice(40, 64)
_LONELY_S = 3.0
_EARLY_S = 0.06
_LOOSE_WINDOWS = 3
_LEAST_CONFIDENCE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class PassResult:
    """All that one pass over a recording finds out."""

    grid: BeatGrid
    listening: Listening


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """What is kept of the sound while it streams past: about 1 MB for ten minutes.

    Attributes
    ----------
    framing : how the frames were cut
    strength : float32, shape (frames,), onset strength over all mel bands
    bass, body, top : float32, shape (frames,), onset strength up to 0.2 kHz, 0.4 to 2 kHz and above 5 kHz
    onsets : where sounds start
    loudness_db : float32, shape (k,), level of hops of `LOUDNESS_HOP_SAMPLES`
    dead_air : where nobody plays
    """

    framing: Framing
    strength: Floats
    bass: Floats
    body: Floats
    top: Floats
    onsets: Onsets
    loudness_db: Floats
    dead_air: DeadAir


def listen(
    blocks: Iterable[Floats], rate_hz: int, total_samples: int, progress: Progress = SILENT
) -> PassResult:
    """Listen to a recording once and say where its beats and onsets are, and how loud it is.

    Parameters
    ----------
    blocks : mono float32 blocks, each shape (n,), of any lengths; what is not finite counts as silence
    rate_hz : their rate; all positions are in samples at it
    total_samples : how many samples are expected, for the progress

    At a rate outside `LOWEST_RATE_HZ` to `HIGHEST_RATE_HZ` only loudness and dead air are found.

    Raises
    ------
    Cancelled : the user asked for it
    """
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        return _without_pulse(blocks, rate_hz, progress)
    traces = trace(blocks, rate_hz, total_samples, progress.part(0.0, 0.85))
    progress.report(0.85, "Finding the beats")
    grid = find_beats(traces, progress.part(0.85, 1.0))
    progress.report(1.0, "Listened")
    return PassResult(grid, _listening(traces.onsets.positions_samples, traces.loudness_db, traces.dead_air))


def _listening(onsets_samples: NDArray[np.int64], loudness_db: Floats, dead: DeadAir) -> Listening:
    return Listening(
        onsets_samples,
        loudness_db,
        LOUDNESS_HOP_SAMPLES,
        LISTENING_MAKER,
        dead_air_samples=dead.spans,
        dead_air_kinds=dead.kinds,
        dead_air_db=dead.levels_db,
    )


def _without_pulse(blocks: Iterable[Floats], rate_hz: int, progress: Progress) -> PassResult:
    loudness, dead_air = Loudness(), DeadAirDetector(rate_hz)
    for block in _finite_pieces(blocks):
        progress.check_cancelled()
        loudness.push(block)
        dead_air.push(block)
    return PassResult(empty_grid(), _listening(np.zeros(0, np.int64), loudness.finish(), dead_air.finish()))


def trace(blocks: Iterable[Floats], rate_hz: int, total_samples: int, progress: Progress = SILENT) -> Traces:
    """Stream a recording and keep its traces; the same bit for bit whatever blocks it comes in."""
    from engine.features.mel import mel_power_blocks  # torch: only once something is to be heard

    framing = Framing(rate_hz)
    attack_hop = max(1, round(_ATTACK_HOP_S * rate_hz))
    loudness, attack = Loudness(), HopEnergy(attack_hop, differenced=True)
    dead_air = DeadAirDetector(rate_hz)
    onsets = OnsetStream(framing, attack_hop)
    strengths = [OnsetStrength(framing, bands) for bands in (slice(None), _BASS, _BODY, _TOP)]

    def passing() -> Iterator[Floats]:
        done = 0
        for block in _finite_pieces(blocks):
            progress.check_cancelled()
            loudness.push(block)
            attack.push(block)
            dead_air.push(block)
            yield block
            done += len(block)
            progress.report(done / max(1, total_samples), "Listening")

    for power in mel_power_blocks(passing(), framing.mel_settings):
        level_db = floored_db(power)
        flux = [strength.push(level_db) for strength in strengths]
        onsets.push(flux[0], attack.take(), progress)
    onsets.push(np.zeros(0, np.float32), attack.finish(), progress)
    whole, bass, body, top = (strength.finish() for strength in strengths)
    found = onsets.finish(progress)
    return Traces(framing, whole, bass, body, top, found, loudness.finish(), dead_air.finish())


def _finite_pieces(blocks: Iterable[Floats]) -> Iterator[Floats]:
    """Cut long blocks, so that a cancel never waits, and silence what is not a number."""
    for block in blocks:
        for start in range(0, len(block), _BLOCK_SAMPLES):
            piece = np.asarray(block[start : start + _BLOCK_SAMPLES], np.float32)
            yield finite(piece)


def even_strength(traces: Traces) -> Floats:
    """Return the onset strength beside that of the eight seconds around, shape (frames,)."""
    scale = local_scale(traces.strength, round(8.0 * traces.framing.frames_per_s))
    even = traces.strength / np.maximum(scale, np.float32(QUIETEST_STRENGTH_DB))
    return even.astype(np.float32, copy=False)


def find_beats(traces: Traces, progress: Progress = SILENT) -> BeatGrid:
    """Find the beats and bars; an empty grid of tempo 0 where there is no pulse.

    Raises
    ------
    Cancelled : the user asked for it
    """
    framing, onsets = traces.framing, traces.onsets
    strength = even_strength(traces)
    progress.check_cancelled()
    if not len(onsets.positions_samples):
        return empty_grid()
    path = follow_tempo(strength, framing.frames_per_s, progress)
    periods = period_of_each_frame(path, len(strength))
    frames = best_beats(pulse_score(strength, periods, progress), periods, progress)
    beats = framing.heard_at_samples(frames[_in_time(frames, path)])
    beats = refine_beats(beats, onsets.positions_samples, onsets.strengths, framing.rate_hz)
    beats = beats[_counted(beats, onsets.positions_samples, framing.rate_hz)]
    confidence = grid_confidence(path)
    if len(beats) < 4 or confidence < _LEAST_CONFIDENCE:
        return empty_grid()
    beat_frames = np.rint(beats / framing.hop_samples).astype(np.int64)
    progress.check_cancelled()
    accents = beat_accents(beat_frames, traces.bass, traces.body, traces.top)
    return BeatGrid(
        beats, bar_positions(accents, progress), median_tempo_bpm(beats, framing.rate_hz), confidence, MAKER
    )


def median_tempo_bpm(beats_samples: NDArray[np.int64], rate_hz: int) -> float:
    """Return the median tempo over spans of two bars, so that swing and late hits even out."""
    span = min(8, len(beats_samples) - 1)
    return 60.0 * rate_hz * span / float(np.median(beats_samples[span:] - beats_samples[:-span]))


def empty_grid() -> BeatGrid:
    """Return the grid of a recording without a pulse."""
    return BeatGrid(np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0, 0.0, MAKER)


def chance_regularity(path: TempoPath) -> float:
    """Return how regular noise looks: about 0.14 in windows of ten seconds, more in a recording of three."""
    return 0.14 * float(np.sqrt(10.0 / path.window_s))


def grid_confidence(path: TempoPath) -> float:
    """Return how sure the pulse is, 0 to 1: how regular the music is in its more regular half.

    Measured: white noise and hits at random 0.0 to 0.1, rock bands 0.4 to 1, an orchestra 0.4, clicks 1.0.
    """
    chance = chance_regularity(path)
    regularity = float(np.quantile(path.regularity, 0.75))
    return float(np.clip((regularity - chance) / (0.7 - chance), 0.0, 1.0))


def _in_time(frames: NDArray[np.int64], path: TempoPath) -> NDArray[np.bool_]:
    """Tell which beats have regular music within `_LOOSE_WINDOWS`: talk between two songs has no beats."""
    padded = np.pad(path.regularity, _LOOSE_WINDOWS)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _LOOSE_WINDOWS + 1).max(axis=1)
    nearest = np.clip(np.searchsorted(path.frames, frames), 0, len(around) - 1)
    in_time: NDArray[np.bool_] = around[nearest] > chance_regularity(path)
    return in_time


def _counted(beats: NDArray[np.int64], onsets: NDArray[np.int64], rate_hz: int) -> NDArray[np.bool_]:
    """Tell which beats are counted: none before the first sound, after the last or in a long silence."""
    after = np.searchsorted(onsets, beats)
    since = np.abs(beats - onsets[np.clip(after - 1, 0, len(onsets) - 1)])
    until = np.abs(onsets[np.clip(after, 0, len(onsets) - 1)] - beats)
    within = (beats >= onsets[0] - _EARLY_S * rate_hz) & (beats <= onsets[-1] + _EARLY_S * rate_hz)
    counted: NDArray[np.bool_] = within & (np.minimum(since, until) <= _LONELY_S * rate_hz)
    return counted
