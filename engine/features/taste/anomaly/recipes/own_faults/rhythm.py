"""Dissimilarity of the rhythm around a moment from the rest of its recording.

Textures ignore order: music at another tempo, or cut into pieces and joined, still has normal levels and
colours, but not the recording's own pattern of onsets. The measure is the autocorrelation of the onset
strength over a few seconds, as in a tempogram (P. Grosche, M. Müller and F. Kurth, "Cyclic tempogram", ICASSP
2010), compared with the rest as textures are.

Rain has no rhythm that could return. The weight of the comparison is found empirically, by its detection of
faults injected into the training data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.features.taste.anomaly.metrics import auc
from engine.features.taste.anomaly.recipes.own_faults.hearing import STEP_FRAMES, FrameFeatures
from engine.features.taste.anomaly.recipes.own_faults.practice import Practice
from engine.features.taste.anomaly.recipes.own_faults.rest import (
    APART_STEPS,
    EVERY_STEPS,
    Numbers,
    Reference,
    has_rest,
    log_unlike_rest,
)

PART = "unlike-rest-rhythm"

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

    def strengths(self, heard: FrameFeatures) -> NDArray[np.float32]:
        """Return the onset strengths of a segment, shape (steps, STEP_FRAMES)."""
        return onset_strengths(heard, self.floor_db)

    def believed(
        self, strengths: NDArray[np.float32], progress: Progress, reference: Reference | None = None
    ) -> Numbers:
        """Return how unlike the rest the rhythm of a whole recording is, as far as that is believed."""
        logs: Numbers = self.trust * log_unlike_rhythm(strengths, progress, reference)
        return logs

    def odder(self, believed: Numbers) -> Numbers:
        """Return the term of the rhythm in a score, shape (n,), in standard deviations of training data."""
        added: Numbers = believed / self.std
        return added

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


def onset_strengths(heard: FrameFeatures, floor_db: float) -> NDArray[np.float32]:
    """Return the increase of every frame over the one before, shape (steps, STEP_FRAMES), in dB.

    Summed over the bands that rise; the first frame of a segment has no rise.
    """
    frames = np.maximum(heard.mel_db, np.float32(floor_db))
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
    if not has_rest(len(strengths)):
        return np.zeros(len(strengths))
    found = rhythms(strengths)
    lengths = np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(_LEAST_LENGTH))
    return log_unlike_rest((found / lengths).astype(np.float16), len(strengths), progress, reference)


def rhythm_trust(practice: Sequence[Practice]) -> RhythmTrust:
    """Measure the detection of injected faults; pieces too short to have a rest are skipped."""
    floor_db = float(max(piece.heard.mel_db.max() for piece in practice)) - _RANGE_DB
    found, clean = [], []
    for piece in practice:
        is_fault = piece.is_fault
        if len(is_fault) < _LEAST_STEPS or is_fault.all() or not is_fault.any():
            continue
        logs = log_unlike_rhythm(onset_strengths(piece.heard, floor_db), SILENT)
        found.append(auc(is_fault, logs))
        clean.append(logs[~is_fault])
    if not found:
        return RhythmTrust(0.0, _USUAL_STD, floor_db)
    told = (float(np.mean(found)) - _NO_HELP_AUC) / (_FULL_HELP_AUC - _NO_HELP_AUC)
    std = max(float(np.concatenate(clean).std()), _LEAST_STD)
    return RhythmTrust(float(np.clip(told, 0.0, 1.0)), std, floor_db)


def mean_trust(trusts: Sequence[RhythmTrust]) -> RhythmTrust:
    """Return the mean of the weights that networks found in their own training data."""
    return RhythmTrust(
        fmean(one.trust for one in trusts),
        fmean(one.std for one in trusts),
        max(one.floor_db for one in trusts),
    )
