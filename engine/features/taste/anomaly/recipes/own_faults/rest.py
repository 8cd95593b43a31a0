"""Dissimilarity of a moment from the rest of its own recording.

Music of a band returns within a take: a moment unlike everything before and after it is anomalous, also if
the whole take is unlike the training data, in another room or at another tempo. It is the novelty of audio
segmentation (J. Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000), over the
whole recording instead of its neighbourhood.

Most of a day of recording has no playing. So a moment is compared only with the part of the rest that is
plausible as music to keep, by all other measures: a majority of unusable audio must not make the music
anomalous.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import middle_of_playing_db
from engine.core.progress import Progress
from engine.core.spans import runs
from engine.features.taste.anomaly.metrics import smoothed
from engine.features.taste.anomaly.recipes.memory import Vectors, distances, mean_of_finite

EVERY_STEPS = 3
"""Textures of 1.92 s move little in 0.48 s."""

APART_STEPS = 60
"""Only moments at least 9.6 s away are compared, so that a long fault is not its own neighbour."""

NEIGHBOURS = 8
MOST_OTHERS = 8_000
"""An hour and a half is compared moment by moment; of more, as many are drawn evenly."""

PLAUSIBLE_STD = 1.5
"""Up to this many standard deviations above the training data, a moment is plausible: with fewer, a song that
is played unlike the others would be left without a rest of its own.
"""

LEAST_PLAUSIBLE = 0.15
"""Minimum share of the playing used for comparison: the most plausible part."""

ENOUGH_S = 30.0
"""The comparison has full weight from this length of plausible rest on, and less in proportion below."""

_SMOOTHED_STEPS = 13
_ROWS_AT_ONCE = 512
_LEAST_DISTANCE = 1e-3

BOUNDS_STD = (-2.0, 3.0)
"""Limits of the comparison's effect on a score.

Similar audio may still be unusable, and next to silence any sound is infinitely dissimilar.
"""

PAUSE_DB, PAUSE_STEPS, AROUND_PAUSE_STEPS = 25.0, 3, 12
"""A pause is this far below the playing and this long; comparisons are affected this far around it."""

NEAR_PAUSES = 0.5
"""How much comparisons count there."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The part of a recording its moments are compared with.

    Attributes
    ----------
    belongs : shape (thinned steps,)
    trust : from 0, where there is too little of it, to 1
    """

    belongs: NDArray[np.bool_]
    trust: float


def thinned(textures: Vectors, first_step: int) -> Vectors:
    """Return every n-th texture of consecutive steps, shape (n, size), in half precision.

    Parameters
    ----------
    textures : standardised
    first_step : the number of the first, so that it does not matter how a recording is cut
    """
    return textures[-first_step % EVERY_STEPS :: EVERY_STEPS].astype(np.float16)


def plausible(odder: Numbers, levels_db: NDArray[np.float32], step_s: float) -> Reference:
    """Return the thinned steps of a recording that are plausible as music to keep, and played.

    Parameters
    ----------
    odder : shape (steps,), score of each step in standard deviations, without the comparison with the rest
    levels_db : shape (steps,), how loud each step is
    """
    if not len(odder):
        return Reference(np.zeros(0, bool), 0.0)
    smooth = smoothed(odder, _SMOOTHED_STEPS)[::EVERY_STEPS]
    power = smoothed(10.0 ** (levels_db.astype(np.float64) / 10.0), _SMOOTHED_STEPS)[::EVERY_STEPS]
    played = power > 10.0 ** ((middle_of_playing_db(levels_db) - PAUSE_DB) / 10.0)
    limit = max(PLAUSIBLE_STD, float(np.quantile(smooth[played], LEAST_PLAUSIBLE))) if played.any() else 0.0
    belongs = played & (smooth <= limit)
    return Reference(belongs, min(1.0, float(belongs.sum()) * EVERY_STEPS * step_s / ENOUGH_S))


def weight_by_pauses(levels_db: NDArray[np.float32]) -> Numbers:
    """Return the weight of comparisons at each step, shape (n,): less near a pause.

    A rest differs from playing and has no rhythm; comparisons cannot decide whether it belongs.

    Parameters
    ----------
    levels_db : how loud each step is, shape (n,)
    """
    weights = np.ones(len(levels_db))
    if not len(levels_db):
        return weights
    quiet = levels_db < middle_of_playing_db(levels_db) - PAUSE_DB
    for start, stop in runs(quiet, PAUSE_STEPS).tolist():
        weights[max(0, start - AROUND_PAUSE_STEPS) : stop + AROUND_PAUSE_STEPS] = NEAR_PAUSES
    return weights


def has_rest(steps: int) -> bool:
    """Return whether a recording with this many steps is long enough for the comparison with its rest."""
    return -(-steps // EVERY_STEPS) > APART_STEPS // EVERY_STEPS


def log_unlike_rest(
    few: Vectors, steps: int, progress: Progress, reference: Reference | None = None
) -> Numbers:
    """Return the log of each step's mean distance to its nearest in the rest; its median there is 0.

    Parameters
    ----------
    few : what `thinned` left of the whole recording, shape (m, size)
    steps : how many it has; one that is too short to have a rest is unlike nothing
    reference : the part to compare with; None for all of it

    Returns
    -------
    logs : shape (steps,)
    """
    apart = APART_STEPS // EVERY_STEPS
    known = Reference(np.ones(len(few), bool), 1.0) if reference is None else reference
    rest = np.flatnonzero(known.belongs[: len(few)])
    if len(few) <= apart or len(rest) <= apart:
        return np.zeros(steps)
    chosen = np.unique(np.linspace(0, len(rest) - 1, min(len(rest), MOST_OTHERS)).round().astype(np.int64))
    others = rest[chosen]
    beside = few[others].astype(np.float32)
    found = []
    for at in range(0, len(few), _ROWS_AT_ONCE):
        progress.check_cancelled()
        rows = np.arange(at, min(at + _ROWS_AT_ONCE, len(few)))
        between = distances(few[rows].astype(np.float32), beside)
        first, last = np.searchsorted(others, (at - apart + 1, rows[-1] + apart))
        between[:, first:last][np.abs(rows[:, None] - others[first:last]) < apart] = np.inf
        count = min(NEIGHBOURS, len(others))
        found.append(mean_of_finite(np.partition(between, count - 1, axis=1)[:, :count]))
    logs = np.log(np.concatenate(found) + _LEAST_DISTANCE)
    usual = np.nanmedian(logs[rest])
    logs = known.trust * (np.where(np.isnan(logs), usual, logs) - usual)
    everywhere: Numbers = np.interp(np.arange(steps), EVERY_STEPS * np.arange(len(few)), logs)
    return everywhere
