"""The ceiling of separation by masks: the ratio of the true magnitudes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL, Spectra
from engine.analysis.signal.streams import resampled
from engine.features.repair.separation.plain import mask_over_bins
from engine.features.repair.separation.separator import Mask, Prompt, Stretch

Samples = NDArray[np.float32]


class Known(Protocol):
    """A recording with known parts: `meant` and `rest`, shape (frames, channels)."""

    @property
    def meant(self) -> Samples:
        """The target."""

    @property
    def rest(self) -> Samples:
        """All else."""

    @property
    def rate_hz(self) -> int:
        """Sample rate of both."""

    @property
    def window_samples(self) -> tuple[int, int]:
        """[start, stop) of the window."""


@dataclass(frozen=True, slots=True, eq=False)
class OracleSeparator:
    """Separator that knows the truth of one recording."""

    mixture: Known
    name: str = "oracle ratio mask"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt."""
        mixture = self.mixture
        first_s = mixture.window_samples[0] / mixture.rate_hz - stretch.windows_s[0][0]
        first, length = round(first_s * mixture.rate_hz), len(stretch.samples)
        spectra = Spectra()
        meant, rest = (
            spectra.spectrum(torch.tensor(mono(part[first:], mixture.rate_hz)[:length])[None])[0]
            .abs()
            .T.numpy()
            for part in (mixture.meant, mixture.rest)
        )
        shares = np.asarray(meant / np.maximum(meant + rest, 1e-9), np.float32)
        return (mask_over_bins(shares),) * len(prompts)


def mono(samples: Samples, rate_hz: int) -> Samples:
    """Fold samples, shape (frames, channels), to mono at the rate that networks take."""
    blocks = list(resampled([samples.mean(axis=1, dtype=np.float32)], rate_hz, MEL.rate_hz))
    return np.concatenate(blocks)
