"""Spectral subtraction: the target is louder than the surroundings.

S. F. Boll, "Suppression of acoustic noise in speech using spectral subtraction", IEEE Transactions on
Acoustics, Speech, and Signal Processing 27 (1979), over the mean power of the surroundings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.features.repair.separation.mask import Mask
from engine.features.repair.separation.plain.outside import mask_over_bins, power_and_outside
from engine.features.repair.separation.separator import Prompt, Stretch


@dataclass(frozen=True, slots=True)
class SubtractionSeparator:
    """See `Separator`; where nothing surrounds the window, all is meant."""

    name: str = "subtraction"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt."""
        power, around = power_and_outside(stretch)
        usual = power[around].mean(axis=0) if around.any() else np.zeros(power.shape[1], np.float32)
        shares = np.asarray(np.clip(1.0 - usual / np.maximum(power, 1e-12), 0.0, 1.0), np.float32)
        return (mask_over_bins(shares),) * len(prompts)
