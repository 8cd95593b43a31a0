"""What a recipe is to the rest: it learns a model from recordings, and brings one back from disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.anomaly.material import Recording
from engine.anomaly.recipe_config import RecipeConfig
from engine.learning.loop import Fitted
from engine.progress import Progress

FrameBlocks = Iterable[NDArray[np.float32]]
Passing = Callable[[FrameBlocks], Iterator[NDArray[np.float32]]]
"""Looks at log-mel frames, in blocks of shape (frames, n_mels), on their way to a model."""


@dataclass(frozen=True, slots=True)
class KeptScores:
    """Mean and standard deviation of a model's own scores of material that was kept."""

    mean: float
    std: float


class Model(Protocol):
    """What was learned: hears a stream and says how odd each moment is, in units of its own."""

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""

    def first_s(self, heard_s: float) -> float:
        """Return where the first score of a stream of this length stands."""

    def own_scores(
        self, blocks: Iterable[NDArray[np.float32]], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[NDArray[np.float64]]:
        """Yield scores that rise with the oddness, in blocks of shape (n,), however the stream is cut.

        Parameters
        ----------
        blocks : mono at the recipe's rate, each of shape (n,)
        level_db : the level the stream is played at; frames are heard relative to it
        """

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the weights and statistics to store."""

    def facts(self) -> Mapping[str, object]:
        """Return what else to store, as plain JSON values."""


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What a recipe came to.

    Attributes
    ----------
    frames_db : log-mel of each recording, shape (frames, n_mels), to keep examples of
    method : sentences for the card: how it was learned, and what its loss is
    """

    model: Model
    fitted: Fitted
    kept: KeptScores
    recordings: tuple[Recording, ...]
    frames_db: tuple[NDArray[np.float32], ...]
    method: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to learn a taste.

    Attributes
    ----------
    learn : (edited recordings, settings, seed, progress)
    load : (settings, stored tensors, stored facts); raises ValueError, KeyError, TypeError or RuntimeError
        where they do not fit
    """

    learn: Callable[[Sequence[Path], RecipeConfig, int, Progress], Learnt]
    load: Callable[[RecipeConfig, Mapping[str, Tensor], Mapping[str, object]], Model]
