"""Measure a taste and its scores of a recording."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.analysis.learning.loop import Epoch
from engine.analysis.signal.loudness import level_of
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.registry import RECIPES
from engine.features.taste.anomaly.score import score_blocks
from engine.features.taste.anomaly.taste import Taste
from engine.features.taste.diagnoses.sound import (
    of_recording,
    share_alike,
    typical_spectrum_db,
    widest_tilt,
)
from engine.features.taste.diagnoses.symptoms import ODD, Symptoms, Tilt

STILL_FALLING = 0.1
"""A loss that fell by this share over its last fifth of epochs would have fallen further."""

_LEAST_EPOCHS = 5
_NOISE_S = 12.0


def examine(
    taste: Taste,
    scores: NDArray[np.float32],
    distances: NDArray[np.float32] | None,
    spectrum_db: NDArray[np.float64] | None,
    progress: Progress,
) -> Symptoms:
    """Measure a taste on a recording that was scored with it.

    Parameters
    ----------
    scores : of the recording, shape (n,)
    distances : of its segments from the nearest training segment, shape (m,); None if the taste stores none
    spectrum_db : `typical_spectrum_db` of the recording, shape (n_mels,); None where it is too short for one
    """
    heard = scores if len(scores) else np.full(1, 0.5, np.float32)
    blind = RECIPES[taste.config.recipe].blind_loss
    best = min(epoch.loss for epoch in taste.history)
    return Symptoms(
        usual_score=float(np.median(heard)),
        highest_score=float(heard.max()),
        odd_share=float((heard > ODD).mean()),
        noise_score=noise_score(taste, progress),
        kept_share=None if distances is None else share_alike(distances),
        tilt=None if spectrum_db is None else _tilt(taste, spectrum_db),
        blind_share=None if blind is None else best / blind,
        is_still_learning=still_learning(taste.history),
    )


def noise_score(taste: Taste, progress: Progress) -> float:
    """Return the median score of white noise, which is never wanted: a taste that passes it is useless."""
    rate_hz = taste.config.mel.rate_hz
    samples = np.random.default_rng(0).standard_normal(round(_NOISE_S * rate_hz))
    noise = (0.1 * samples).astype(np.float32)
    scores = score_blocks(taste, [noise], rate_hz, len(noise), progress, level_db=level_of([noise]))
    return float(np.median(scores.scores))


def still_learning(history: Sequence[Epoch]) -> bool:
    """Return whether the validation loss was still falling over the last fifth of the epochs."""
    if len(history) < _LEAST_EPOCHS:
        return True
    losses = [epoch.validation for epoch in history]
    before, last = min(losses[: -(len(losses) // 5)]), min(losses)
    return before - last > STILL_FALLING * abs(before)


def _tilt(taste: Taste, spectrum_db: NDArray[np.float64]) -> Tilt | None:
    mel = taste.config.mel
    if taste.kept is None or not len(taste.kept.frame):
        return None
    kept = [of_recording(taste.kept, number) for number in np.unique(taste.kept.recording)]
    tilts = [widest_tilt(spectrum_db, typical_spectrum_db(one.embeddings, mel), mel) for one in kept]
    return min(tilts, key=lambda tilt: abs(tilt.difference_db))
