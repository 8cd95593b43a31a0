"""How the user cuts: measured in recordings whose cuts are known, and followed by proposals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.spans import Samples, runs, united
from engine.document.analysis import BeatGrid, Listening, ScoreCurve
from engine.document.grid.steady import steady_spans
from engine.features.taste.anomaly.cut_habits import RecordingCuts
from engine.features.taste.cuts.evidence import share_in

_BESIDE_S, _MOSTLY_BESIDE, _MOSTLY_IN = 4.0, 0.75, 0.5
"""Two bars on either side; a song fades within them before it ends."""
_PAUSE_S, _WINDOW_S, _SOFTER_DB = 0.6, 3.0, 20.0
_LOWEST, _ABOVE_DB = 1.0, 15.0
"""A pause reaches the lowest levels of the recording: fewer or softer players do not make one."""
_NEAR_S = 1.0
_LEAST_CUT_S = 0.5
"""Less may be a codec or a crossfade."""


def cuts_of_recording(
    cut: Samples,
    rejected: Samples,
    length_samples: int,
    rate_hz: int,
    grid: BeatGrid | None,
    listening: Listening | None,
) -> RecordingCuts:
    """Measure the cuts of one recording.

    Parameters
    ----------
    cut, rejected : spans [start, stop) that the user cut, and proposed ones that stay, shape (n, 2)
    """
    cut = cut[np.diff(cut)[:, 0] >= _LEAST_CUT_S * rate_hz]
    inside, kept = (
        int(np.count_nonzero(inside_songs(spans, grid, listening, rate_hz))) for spans in (cut, rejected)
    )
    lengths_s = tuple(sorted((np.diff(cut)[:, 0] / rate_hz).tolist()))
    return RecordingCuts(lengths_s, inside, kept, length_samples / rate_hz)


def are_usual(
    spans: Samples, curve: ScoreCurve, grid: BeatGrid | None, listening: Listening | None, rate_hz: int
) -> NDArray[np.bool_]:
    """Return which cuts, shape (n, 2), are like the user's, as far as the curve knows them, shape (n,)."""
    usual: NDArray[np.bool_] = np.diff(spans)[:, 0] >= curve.shortest_cut_s * rate_hz
    return usual & ~inside_songs(spans, grid, listening, rate_hz) if curve.keeps_songs else usual


def inside_songs(
    spans: Samples, grid: BeatGrid | None, listening: Listening | None, rate_hz: int
) -> NDArray[np.bool_]:
    """Return which cuts are inside a song, shape (n,); none if beats or levels are not known.

    A cut is inside a song if a steady pulse goes on for four seconds before it, in most of it, and for four
    seconds after it, without a pause in it or at its edges.

    Parameters
    ----------
    spans : cuts [start, stop), shape (n, 2)
    """
    if grid is None or listening is None or not len(spans):
        return np.zeros(len(spans), bool)
    pulse, beside, near = steady_spans(grid), round(_BESIDE_S * rate_hz), round(_NEAR_S * rate_hz)
    starts, stops = spans.T
    before = share_in(np.stack([starts - beside, starts], axis=1), pulse)
    after = share_in(np.stack([stops, stops + beside], axis=1), pulse)
    pauses = share_in(np.stack([starts - near, stops + near], axis=1), _pauses(listening, pulse, rate_hz))
    goes_on = np.minimum(before, after) >= _MOSTLY_BESIDE
    found: NDArray[np.bool_] = goes_on & (share_in(spans, pulse) >= _MOSTLY_IN) & (pauses == 0.0)
    return found


def _pauses(listening: Listening, pulse: Samples, rate_hz: int) -> Samples:
    """Return dead air and other pauses of a recording, shape (k, 2), ascending and disjoint."""
    levels_db, hop = listening.loudness_db, listening.hop_samples
    played = [levels_db[start // hop : stop // hop + 1] for start, stop in pulse.tolist()]
    if not sum(map(len, played)):
        return listening.dead_air_samples
    most_db = min(
        float(np.median(np.concatenate(played))) - _SOFTER_DB,
        float(np.percentile(levels_db, _LOWEST)) + _ABOVE_DB,
    )
    # Talk pauses as well, for moments: their sum counts.
    width = max(1, round(_WINDOW_S * rate_hz / hop))
    soft = np.convolve(levels_db <= most_db, np.ones(width), "same") * hop >= _PAUSE_S * rate_hz
    return united(np.concatenate([listening.dead_air_samples, runs(soft) * hop]))
