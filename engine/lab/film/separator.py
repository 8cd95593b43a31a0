"""The published recipe as a separator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from engine.analysis.detection.spectra import Spectra
from engine.analysis.learning.loop import few_threads, with_weights
from engine.analysis.sound_names.vocabulary import without_not
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.features.repair.separation.network import inside_frames, shares_by_views, view_of
from engine.features.repair.separation.plain import mask_over_bins
from engine.features.repair.separation.separator import Mask, Prompt, Stretch
from engine.features.repair.separation.settings import FILM
from engine.lab.film.network import FilmNetwork
from engine.lab.film.weights import BEST, TRAINING, trained_as, weights_folder
from engine.lab.film.words import Words, words_named


@dataclass(frozen=True, slots=True, eq=False)
class FilmSeparator:
    """See `Separator`; the surroundings of the window are treated as more of the same."""

    network: FilmNetwork
    words: Words

    @property
    def name(self) -> str:
        """The recipe, its width, and its text encoder."""
        narrow, *_, wide = self.network.widths
        return f"{FILM} ({narrow} to {wide}, {self.words.title})"

    @torch.inference_mode()
    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt.

        Raises
        ------
        UsageError : a prompt has no words
        """
        if self.words.size and any(one.example or not np.any(one.vector) for one in prompts):
            raise UsageError(
                f"The separator '{FILM}' knows sounds by words only: name the sound, or choose another one."
            )
        with few_threads():
            spectrum = Spectra().spectrum(torch.tensor(stretch.samples)[None])
            magnitudes = spectrum[0].abs().T
            vectors = torch.tensor(self.words.encode([without_not(prompt.text) for prompt in prompts]))
            shares = shares_by_views(
                inside_frames(stretch.windows_s, len(magnitudes)),
                (len(prompts), magnitudes.shape[1]),
                # One prompt at a time: of all of them at once the first level alone takes hundreds of MB.
                lambda first: torch.cat(
                    [self.network(view_of(magnitudes, first)[None], each[None]) for each in vectors]
                ),
            )
        return tuple(mask_over_bins(each.numpy()) for each in shares)


def film_separator(weights: Path | None = None) -> FilmSeparator:
    """Return the recipe with the weights in a file, by default those of the last training.

    Raises
    ------
    UsageError : the weights, or the CLAP checkpoint that they need, are missing
    OffcutError : they are damaged
    """
    path = weights_folder() / BEST if weights is None else weights
    if not path.is_file():
        raise UsageError(
            f"The separator '{FILM}' has no weights in {shown(path)}: train them with '{TRAINING} SOUNDS', "
            "or name a file of weights as the separator."
        )
    return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _loaded(path: Path, _changed_ns: int) -> FilmSeparator:
    trained = trained_as(path)
    if trained is None:
        raise UsageError(f"{shown(path)} holds no weights of {FILM}: train some with '{TRAINING} SOUNDS'.")
    words = words_named(trained.words)
    network = FilmNetwork(trained.width, words.size)
    return FilmSeparator(
        with_weights(network, path, "sounds named by words", remedy="train them again"), words
    )


SEPARATORS: Mapping[str, Callable[..., FilmSeparator]] = MappingProxyType({FILM: film_separator})
"""Separators of the laboratory; each takes the file of its weights, or looks for the last training."""
