"""A drum performance with ground truth: microphone signals, played hits, intended hits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid, Role


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Played and intended hits, a row for each struck drum, in temporal order.

    Attributes
    ----------
    onsets_samples : float64, shape (n,), where the sound rises at the microphone of its drum
    targets_samples : float64, shape (n,), where the faultless performance has it; NaN for a hit too many
    microphones : int16, shape (n,), the place of that microphone among those of the performance
    velocities : float32, shape (n,), 0 to 1
    ornaments : int8, shape (n,), places in `ORNAMENTS`; of a flam or a drag its grace notes
    strokes : int32, shape (n,), hits meant to sound together share a number; grace notes their main note's
    missing_samples : float64, shape (k,), where the faultless performance has a hit that was left out
    """

    onsets_samples: NDArray[np.float64]
    targets_samples: NDArray[np.float64]
    microphones: NDArray[np.int16]
    velocities: NDArray[np.float32]
    ornaments: NDArray[np.int8]
    strokes: NDArray[np.int32]
    missing_samples: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """One performance through a kit.

    Attributes
    ----------
    microphones : float32, shape (frames,), by name, in a fixed order, of one length
    roles : of each, by name
    grid : the beats that it was played to
    divisions : lines a beat on which it is meant to be
    """

    name: str
    rate_hz: int
    microphones: Mapping[str, NDArray[np.float32]]
    roles: Mapping[str, Role]
    truth: Truth
    grid: BeatGrid
    divisions: int = 4

    def mix(self) -> NDArray[np.float32]:
        """Return the sum of all microphones, shape (frames,), never above full scale."""
        total: NDArray[np.float32] = np.sum(list(self.microphones.values()), axis=0, dtype=np.float32)
        loudest = float(np.abs(total).max(initial=0.0))
        return total * np.float32(0.9 / loudest) if loudest > 1.0 else total
