"""The published recipe as a separator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engine.detection.spectra import Spectra
from engine.learning.shipped import with_weights
from engine.learning.torch_threads import few_threads
from engine.separation.film.network import FilmNetwork
from engine.separation.mask import Mask
from engine.separation.plain.outside import mask_over_bins
from engine.separation.separator import Prompt, Stretch


@dataclass(frozen=True, slots=True, eq=False)
class FilmSeparator:
    """See `Separator`; it hears what is around the window as more of the same."""

    network: FilmNetwork
    name: str = "film-unet"

    @torch.inference_mode()
    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt, of its windows from the first to the last."""
        with few_threads():
            spectrum = Spectra().spectrum(torch.tensor(stretch.samples)[None])
            magnitudes = spectrum.abs().transpose(1, 2)
            words = torch.tensor(np.stack([prompt.vector for prompt in prompts]))
            shares = self.network(magnitudes.expand(len(prompts), -1, -1), words)
        return tuple(mask_over_bins(each.numpy()) for each in shares)


def film_separator(weights: Path) -> FilmSeparator:
    """Return the recipe with the weights that a training left.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    """
    return FilmSeparator(with_weights(FilmNetwork(), weights, "sounds named by words"))
