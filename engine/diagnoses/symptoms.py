"""What diagnoses measure of a taste; light, so that the window judges it without torch."""

from __future__ import annotations

from dataclasses import dataclass

ODD = 0.8
"""A score that is past what nine tenths of kept audio have."""

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
    """What is measured of a taste and one recording it listened to.

    Attributes
    ----------
    usual_score, highest_score : the median and the highest score of the recording
    odd_share : of its moments, those that score above `ODD`
    noise_score : the median score of white noise at its level
    kept_share : of the recording, what is the same audio as something kept; None where the taste keeps none
    tilt : where it sounds most unlike the kept recording that sounds most like it; None as above
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
