"""Dissimilarity of a moment, and of the rhythm around it, from the rest of its own recording.

Music of a band returns within a take: a moment unlike everything before and after it is anomalous, also if
the whole take is unlike the training data, in another room or at another tempo. It is the novelty of audio
segmentation (J. Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000), over the
whole recording instead of its neighbourhood. Most of a day of recording has no playing, so a moment is
compared only with the part of the rest that is plausible as music to keep, by all other measures.

Textures ignore order: music at another tempo, or cut into pieces and joined, still has normal levels and
colours, but not the recording's own pattern of onsets. Rhythm is the autocorrelation of the onset strength
over a few seconds, as in a tempogram (P. Grosche, M. Müller and F. Kurth, "Cyclic tempogram", ICASSP 2010),
compared with the rest as textures are. Rain has no rhythm that could return: the weight of that comparison is
its detection of faults injected into the training data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import middle_of_playing_db
from engine.core.progress import SILENT, Progress
from engine.core.timebase import runs
from engine.features.taste.anomaly.recipes.memory import Vectors, distances, mean_of_finite
from engine.features.taste.anomaly.recipes.own_faults.network import STEP_FRAMES, FrameFeatures
from engine.features.taste.anomaly.recipes.own_faults.practice import Practice
from engine.features.taste.anomaly.threshold import auc, smoothed

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


RHYTHM_PART = "unlike-rest-rhythm"

WINDOW_FRAMES = 200
LAGS_FRAMES = np.unique(np.geomspace(4.0, 100.0, 48).round().astype(np.int64))
"""From 0.08 to 2 s at the default analysis: from the shortest notes to a bar in common tempos."""

_TREND_FRAMES = 101
_LEAST_POWER = 1e-6
_LEAST_LENGTH = 1e-3
_LEAST_STD = 1e-3
_NO_HELP_AUC, _FULL_HELP_AUC = 0.55, 0.75
_LEAST_STEPS = 2 * APART_STEPS
_USUAL_STD = 0.25
_RANGE_DB = 60.0
_TRUST, _STD, _FLOOR = "rhythm_trust", "rhythm_std", "rhythm_floor_db"


@dataclass(frozen=True, slots=True)
class RhythmTrust:
    """Weight of the rhythm comparison on the training music.

    Attributes
    ----------
    trust : from 0, where it does not find planted faults, to 1
    std : of the measure on clean training audio
    floor_db : rises below this are not onsets
    """

    trust: float
    std: float
    floor_db: float

    def believed(
        self, strengths: NDArray[np.float32], progress: Progress, reference: Reference | None = None
    ) -> Numbers:
        """Return how unlike the rest the rhythm of a whole recording is, as far as that is believed."""
        return self.trust * log_unlike_rhythm(strengths, progress, reference)

    def odder(self, believed: Numbers) -> Numbers:
        """Return the term of the rhythm in a score, shape (n,), in standard deviations of training data."""
        return believed / self.std

    def facts(self) -> dict[str, object]:
        """Return the JSON values to store."""
        return {_TRUST: self.trust, _STD: self.std, _FLOOR: self.floor_db}


def stored_trust(facts: Mapping[str, object]) -> RhythmTrust | None:
    """Restore the weight; None from an older taste.

    Raises
    ------
    ValueError, KeyError : the stored values do not fit
    """
    if _TRUST not in facts:
        return None
    found = RhythmTrust(*(float(str(facts[name])) for name in (_TRUST, _STD, _FLOOR)))
    if not (0.0 <= found.trust <= 1.0 and found.std > 0.0):
        raise ValueError("an invalid trust in rhythm")
    return found


def onset_strengths(features: FrameFeatures, floor_db: float) -> NDArray[np.float32]:
    """Return the increase of every frame over the one before, shape (steps, STEP_FRAMES), in dB.

    Summed over the bands that rise; the first frame of a segment has no rise.
    """
    frames = np.maximum(features.mel_db, np.float32(floor_db))
    rises = np.maximum(np.diff(frames, axis=0, prepend=frames[:1]), 0.0)
    strengths: NDArray[np.float32] = rises.sum(axis=1, dtype=np.float32).reshape(-1, STEP_FRAMES)
    return strengths


def rhythms(strengths: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rhythm around every third step, shape (n, len(LAGS_FRAMES)).

    It is the autocorrelation of the onset strengths of a whole recording, shape (steps, STEP_FRAMES), over
    `WINDOW_FRAMES` around each, at each lag, in shares of their power.
    """
    onsets = strengths.ravel().astype(np.float64)
    onsets -= _means(onsets, np.arange(len(onsets)), _TREND_FRAMES)
    at = np.arange(0, len(onsets), EVERY_STEPS * STEP_FRAMES)
    power = _means(np.square(onsets), at, WINDOW_FRAMES) + _LEAST_POWER
    shares = []
    for lag in LAGS_FRAMES.tolist():
        product = np.zeros_like(onsets)
        product[lag:] = onsets[lag:] * onsets[: max(len(onsets) - lag, 0)]
        shares.append(_means(product, at, WINDOW_FRAMES) / power)
    return np.stack(shares, axis=1).astype(np.float32)


def _means(values: Numbers, at: NDArray[np.int64], width: int) -> Numbers:
    """Return the mean of `width` values around each place; beyond the ends there are zeros."""
    total = np.concatenate([np.zeros(1), np.cumsum(values)])
    first, last = np.clip(at - width // 2, 0, len(values)), np.clip(at - width // 2 + width, 0, len(values))
    means: Numbers = (total[last] - total[first]) / width
    return means


def log_unlike_rhythm(
    strengths: NDArray[np.float32], progress: Progress, reference: Reference | None = None
) -> Numbers:
    """Return how unlike the rest the rhythm around each step is, shape (steps,), see `log_unlike_rest`.

    Rhythms are compared by their direction: two moments without any are not alike for that.

    Parameters
    ----------
    strengths : of the whole recording, shape (steps, STEP_FRAMES)
    """
    if -(-len(strengths) // EVERY_STEPS) <= APART_STEPS // EVERY_STEPS:  # no rest
        return np.zeros(len(strengths))
    found = rhythms(strengths)
    lengths = np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(_LEAST_LENGTH))
    return log_unlike_rest((found / lengths).astype(np.float16), len(strengths), progress, reference)


def rhythm_trust(practice: Sequence[Practice]) -> RhythmTrust:
    """Measure the detection of injected faults; pieces too short to have a rest are skipped."""
    floor_db = float(max(piece.features.mel_db.max() for piece in practice)) - _RANGE_DB
    found, clean = [], []
    for piece in practice:
        is_fault = piece.is_fault
        if len(is_fault) < _LEAST_STEPS or is_fault.all() or not is_fault.any():
            continue
        logs = log_unlike_rhythm(onset_strengths(piece.features, floor_db), SILENT)
        found.append(auc(is_fault, logs))
        clean.append(logs[~is_fault])
    if not found:
        return RhythmTrust(0.0, _USUAL_STD, floor_db)
    helps = (float(np.mean(found)) - _NO_HELP_AUC) / (_FULL_HELP_AUC - _NO_HELP_AUC)
    std = max(float(np.concatenate(clean).std()), _LEAST_STD)
    return RhythmTrust(float(np.clip(helps, 0.0, 1.0)), std, floor_db)


def mean_trust(trusts: Sequence[RhythmTrust]) -> RhythmTrust:
    """Return the mean of the weights that networks found in their own training data."""
    return RhythmTrust(
        fmean(one.trust for one in trusts),
        fmean(one.std for one in trusts),
        max(one.floor_db for one in trusts),
    )
