"""What is measured of a taste and of how it hears a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.diagnoses.sound import (
    Tilt,
    of_recording,
    share_alike,
    typical_spectrum_db,
    widest_tilt,
)
from engine.anomaly.neighbours import KeptRecording, keep_examples
from engine.anomaly.recipes import RECIPES
from engine.anomaly.score import Scores, score_blocks
from engine.anomaly.taste import Taste
from engine.features.loudness import level_of
from engine.learning.loop import Epoch
from engine.progress import Progress

ODD = 0.8
"""A score that is past what nine tenths of kept audio have."""

STILL_FALLING = 0.1
"""A loss that fell by this share over its last fifth of epochs would have fallen further."""

_LEAST_EPOCHS = 5
_NOISE_S = 12.0


@dataclass(frozen=True, slots=True)
class TasteFacts:
    """What is measured of a taste and one recording it listened to.

    Attributes
    ----------
    usual_score, highest_score : the median and the highest score of the recording
    odd_share : of its moments, those that score above `ODD`
    noise_score : the median score of white noise at its level
    kept_share : of the recording, what is the same audio as something kept; None where the taste keeps none
    tilt : where it sounds most unlike the kept recording that sounds most like it; None as above
    blind_share : the best validation loss over that of a model that learned nothing; None where unknown
    is_still_learning : whether the loss was still falling when learning ended
    """

    usual_score: float
    highest_score: float
    odd_share: float
    noise_score: float
    kept_share: float | None
    tilt: Tilt | None
    blind_share: float | None
    is_still_learning: bool


def examine(taste: Taste, scores: Scores, frames_db: NDArray[np.float32], progress: Progress) -> TasteFacts:
    """Measure a taste on a recording that was scored with it.

    Parameters
    ----------
    frames_db : log-mel of the recording with the analysis of the taste, shape (frames, n_mels)
    """
    heard = scores.scores if len(scores.scores) else np.full(1, 0.5, np.float32)
    blind = RECIPES[taste.config.recipe].blind_loss
    best = min(epoch.validation for epoch in taste.history)
    return TasteFacts(
        usual_score=float(np.median(heard)),
        highest_score=float(heard.max()),
        odd_share=float((heard > ODD).mean()),
        noise_score=noise_score(taste, progress),
        kept_share=None if scores.nearest is None else share_alike(scores.nearest.distances),
        tilt=_tilt(taste, frames_db),
        blind_share=None if blind is None else best / blind,
        is_still_learning=still_learning(taste.history),
    )


def noise_score(taste: Taste, progress: Progress) -> float:
    """Return the median score of white noise, which nobody keeps: a taste that passes it passes anything."""
    rate_hz = taste.config.mel.rate_hz
    samples = np.random.default_rng(0).standard_normal(round(_NOISE_S * rate_hz))
    noise = (0.1 * samples).astype(np.float32)
    scores = score_blocks(taste, [noise], rate_hz, len(noise), progress, level_db=level_of([noise]))
    return float(np.median(scores.scores))


def still_learning(history: Sequence[Epoch]) -> bool:
    """Tell whether the validation loss was still falling over the last fifth of the epochs."""
    if len(history) < _LEAST_EPOCHS:
        return True
    losses = [epoch.validation for epoch in history]
    before, last = min(losses[: -(len(losses) // 5)]), min(losses)
    return before - last > STILL_FALLING * abs(before)


def _tilt(taste: Taste, frames_db: NDArray[np.float32]) -> Tilt | None:
    mel = taste.config.mel
    if taste.kept is None or not len(taste.kept.frame):
        return None
    here = keep_examples([frames_db], [KeptRecording("", "", 0.0)], mel, seed=0)
    if not len(here.frame):
        return None
    here_db = typical_spectrum_db(here, mel)
    kept = [of_recording(taste.kept, number) for number in np.unique(taste.kept.recording)]
    tilts = [widest_tilt(here_db, typical_spectrum_db(one, mel), mel) for one in kept]
    return min(tilts, key=lambda tilt: abs(tilt.difference_db))
