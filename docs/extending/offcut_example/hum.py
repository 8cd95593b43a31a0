"""The separator "hum": what is always there at the harmonics of the mains is meant, whatever words say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.analysis.detection.spectra import MEL
from engine.features.repair.separation.plain import mask_over_bins, power_and_outside
from engine.features.repair.separation.separator import Mask, Prompt, Stretch

MAINS_HZ = (50.0, 60.0)
HIGHEST_HZ, BESIDE_HZ = 1_000.0, 12.0


@dataclass(frozen=True, slots=True)
class HumSeparator:
    """See `engine.features.repair.separation.separator.Separator`."""

    name: str = "hum"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt: the share of what never pauses in the power of a bin."""
        power, _ = power_and_outside(stretch)
        steady = np.quantile(power, 0.2, axis=0)
        bins_hz = np.arange(power.shape[1]) * (MEL.rate_hz / MEL.n_fft)
        harmonics = [self._harmonics(bins_hz, mains_hz) for mains_hz in MAINS_HZ]
        loudest = max(harmonics, key=lambda bins: float(steady[bins].mean()))
        shares = np.clip(steady / np.maximum(power, 1e-12), 0.0, 1.0) * loudest
        return (mask_over_bins(shares.astype(np.float32)),) * len(prompts)

    @staticmethod
    def _harmonics(bins_hz: np.ndarray, mains_hz: float) -> np.ndarray:
        """Return which bins lie beside a harmonic, shape (bins,)."""
        away_hz = np.abs(bins_hz - mains_hz * np.maximum(1, np.round(bins_hz / mains_hz)))
        return (away_hz < BESIDE_HZ) & (bins_hz < HIGHEST_HZ)
