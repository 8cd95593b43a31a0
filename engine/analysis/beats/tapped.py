"""Beats of a recording that follow the user's taps: their tempo, their place and their downbeat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.decode import Pulse, beat_odds, best_pulse
from engine.analysis.beats.free import unevenness
from engine.analysis.beats.learned import evidence_of, grid_of
from engine.analysis.beats.traces import Traces
from engine.analysis.learning.torch_threads import few_threads
from engine.core.progress import SILENT, Progress
from engine.document.analysis import BeatGrid
from engine.document.grid.edits import with_downbeat
from engine.document.grid.tapping import fit_taps

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
        heard = evidence_of(traces, odds, found)
        for number, way in enumerate(ways):
            part = progress.part(number / len(ways), (number + 1) / len(ways))
            pulse = best_pulse(way + favour, rate, near=near, progress=part)
            grids.append(grid_of(pulse, found, heard, traces, part, is_tapped=True))
    known = [grid for grid in grids if grid is not None]
    if not known:
        return None
    # Where beats slip to the other half, they are uneven over some bars.
    grid = min(known, key=lambda one: float(unevenness(one.beats_samples, _SLIPPING_BEATS).mean()))
    return with_downbeat(grid, round(taps_s[0] * rate_hz))


def _in_either_half(odds: NDArray[np.float64], half_frames: int) -> NDArray[np.float64]:
    """Return log-odds that support a beat also half a beat away, somewhat less.

    The taps state which half counts; the other one attracts beats where it is accented.
    """
    padded = np.pad(odds, half_frames, constant_values=_LEAST_ODDS)
    away = np.maximum(padded[: len(odds)], padded[2 * half_frames :])
    return np.maximum(odds, away - _OTHER_HALF)
