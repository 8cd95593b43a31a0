"""Measurements of a taste for diagnoses; light, so that the window evaluates them without torch."""

from __future__ import annotations

from dataclasses import dataclass

ODD = 0.8
"""A score above those of nine tenths of the training audio."""

TILT_DB = 9.0
"""Halves of one piece differ by 1 to 4 dB, pieces of one artist by up to 9 (docs/decisions/0023)."""


@dataclass(frozen=True, slots=True)
class Tilt:
    """Where two sounds differ most, and by how much; above 0 the first has more there."""

    difference_db: float
    low_hz: float
    high_hz: float


@dataclass(frozen=True, slots=True)
class Symptoms:
    """Measurements of a taste and one recording scored with it.

    Attributes
    ----------
    usual_score, highest_score : the median and the highest score of the recording
    odd_share : share of its moments that score above `ODD`
    noise_score : the median score of white noise at its level
    kept_share : share of the recording that is the same audio as training data; None if the taste stores none
    tilt : largest spectral difference from the most similar training recording; None as above
    blind_share : the best training loss over that of a model that learned nothing; None where unknown
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
