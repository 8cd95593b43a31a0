"""How often the metrical level and the bars are right after a few keys of the grid edit mode."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.core.errors import UsageError
from engine.document.analysis import BeatGrid
from engine.document.grid_edits import doubled, halved, shifted_half_a_beat, with_downbeat
from engine.document.grid_readings import next_reading
from engine.lab.evaluation.timing.beat_figures import f_measure
from engine.lab.evaluation.timing.recordings import Recording

MOST_KEYS = 2
_TEMPO_AWAY = 0.04
_BARS_RIGHT = 0.9
"""Bars are right if the F-measure of downbeats reaches this share of that of beats."""


def has_level(recording: Recording, grid: BeatGrid) -> bool:
    """Return whether the tempo is within four per cent of the annotation."""
    return abs(grid.tempo_bpm - recording.tempo_bpm) <= _TEMPO_AWAY * recording.tempo_bpm


def has_bars(recording: Recording, grid: BeatGrid) -> bool:
    """Return whether the level is right, and nearly all downbeats are, as far as beats are."""
    if not has_level(recording, grid):
        return False
    rate_hz = recording.rate_hz
    beats = f_measure(recording.beats_s, grid.beats_samples / rate_hz)
    return (
        beats > 0.0
        and f_measure(recording.downbeats_s, grid.downbeats_samples / rate_hz) >= _BARS_RIGHT * beats
    )


def keys_to_level(recording: Recording, found: BeatGrid) -> int | None:
    """Return the fewest keys to the right level; None if more than `MOST_KEYS` are needed."""
    for keys, grids in enumerate(_reached(recording, found)):
        if any(has_level(recording, grid) for grid in grids):
            return keys
    return None


def keys_to_bars(recording: Recording, found: BeatGrid) -> int | None:
    """Return the fewest keys to the right level and bars, setting a downbeat included; None as above."""
    anchors = np.rint(recording.downbeats_s[[len(recording.downbeats_s) // 2]] * recording.rate_hz).astype(
        int
    )
    reached = list(_reached(recording, found))
    for keys in range(MOST_KEYS + 1):
        grids = [*reached[keys]]
        if keys:
            grids += [with_downbeat(grid, int(at)) for grid in reached[keys - 1] for at in anchors]
        if any(has_bars(recording, grid) for grid in grids):
            return keys
    return None


def _reached(recording: Recording, found: BeatGrid) -> Iterator[list[BeatGrid]]:
    """Yield the grids after no key, after one, ...: the next level, half, double, or half a beat later."""
    grids = [found]
    yield grids
    for _ in range(MOST_KEYS):
        grids = [made for grid in grids for made in _after_a_key(recording, found, grid)]
        yield grids


def _after_a_key(recording: Recording, found: BeatGrid, grid: BeatGrid) -> Iterator[BeatGrid]:
    following = next_reading(found, grid) or next_reading(grid, grid)
    if following is not None:
        yield following.grid
    yield halved(grid)
    length = int(grid.beats_samples[-1]) + recording.rate_hz if len(grid.beats_samples) else 0
    yield shifted_half_a_beat(grid, recording.rate_hz, length)
    try:
        yield doubled(grid)
    except UsageError:
        return
