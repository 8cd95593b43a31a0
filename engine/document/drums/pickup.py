"""Bleed of drum strokes between tracks: the evidence that tracks were recorded together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PICKUP = "pickup"
"""The kind under which a document stores it."""
PICKUP_MAKER = "offcut-pickup-1"


@dataclass(frozen=True, slots=True, eq=False)
class StrokePickup:
    """How many of the strongest onsets of each track the other tracks pick up at a constant delay.

    Attributes
    ----------
    track_ids : of the tracks that were compared
    shares : float32, shape (tracks, tracks), 0 to 1: of the onsets of the track of a column, the share that
        the track of a row picks up
    maker : which method
    """

    track_ids: Sequence[str]
    shares: NDArray[np.float32]
    maker: str = ""
