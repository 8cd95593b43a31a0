"""What a recipe is to the rest: it learns a model from recordings, and brings one back from disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.anomaly.recipes.examples import Examples
from engine.anomaly.recipes.material import Recording
from engine.anomaly.recipes.recipe_config import RecipeConfig
from engine.anomaly.threshold import USUAL_LIMIT
from engine.extensions import UnusableError, require_type
from engine.extensions.names import Extension
from engine.learning.loop import Epoch, Fitted
from engine.progress import Progress

FrameBlocks = Iterable[NDArray[np.float32]]
Passing = Callable[[FrameBlocks], Iterator[NDArray[np.float32]]]
"""Looks at log-mel frames, in blocks of shape (frames, n_mels), on their way to a model."""


@dataclass(frozen=True, slots=True)
class KeptScores:
    """Means and standard deviations of what a model says of material that was kept.

    Attributes
    ----------
    part_means, part_stds : of the parts of the score, one for each of `Model.part_names`
    limit : the standard score that sets what is odd apart from what was kept, see `engine.anomaly.threshold`
    """

    mean: float
    std: float
    part_means: tuple[float, ...] = ()
    part_stds: tuple[float, ...] = ()
    limit: float = USUAL_LIMIT


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What a model says of moments that follow each other, in units of its own.

    Attributes
    ----------
    own : float64, shape (n,), rises with the oddness
    parts : float64, shape (n, len(part_names)), what the score is made of, each rising with the oddness
    """

    own: NDArray[np.float64]
    parts: NDArray[np.float64]


def without_parts(own: NDArray[np.float64]) -> Judged:
    """Return what a model says that knows only one thing, shape (n,)."""
    return Judged(own, np.zeros((len(own), 0)))


class Model(Protocol):
    """What was learned: hears a stream and says how odd each moment is, in units of its own."""

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""

    @property
    def part_names(self) -> tuple[str, ...]:
        """What the parts of a score are called, see `engine.anomaly.part_wording`."""

    def first_s(self, heard_s: float) -> float:
        """Return where the first score of a stream of this length stands."""

    def judge(
        self, blocks: Iterable[NDArray[np.float32]], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield what the model says of one moment after another, however the stream is cut.

        Parameters
        ----------
        blocks : mono at the recipe's rate, each of shape (n,)
        level_db : the level the stream is played at; frames are heard relative to it
        """

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the weights and statistics to store."""

    def facts(self) -> Mapping[str, object]:
        """Return what else to store, as plain JSON values."""


@runtime_checkable
class Reconstructs(Protocol):
    """What a model can do beside `Model` that scores by how well it rebuilds."""

    def rebuild(self, frames_db: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what it makes of log-mel frames relative to the level, in dB, shape (n, n_mels), n > 0."""


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


UNTRAINED = Fitted((Epoch(1, 0.0, 0.0),), Epoch(1, 0.0, 0.0), stopped_early=False)
"""How training went where nothing is trained: what only remembers learns in one go."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to learn a taste.

    Attributes
    ----------
    config : its settings; what they say by default of `recipe` is its name
    learn : (recordings to learn from, settings, seed, progress)
    load : (settings, stored tensors, stored facts); raises ValueError, KeyError, TypeError or RuntimeError
        where they do not fit
    blind_loss : the loss of a model that learned nothing, to tell how much one has; None where nobody can say
    keeps_last : whether it keeps the weights of its last epoch, since it goes on to rank better when the
        validation loss has long begun to rise
    """

    config: type[RecipeConfig]
    learn: Callable[[Examples, RecipeConfig, int, Progress], Learnt]
    load: Callable[[RecipeConfig, Mapping[str, Tensor], Mapping[str, object]], Model]
    blind_loss: float | None = None
    keeps_last: bool = False


def added_recipe(extension: Extension, made: object) -> Recipe:
    """Return a recipe of another package.

    Raises
    ------
    UnusableError : it is none, or its settings are those of another
    """
    recipe = require_type(made, Recipe)
    if not (isinstance(recipe.config, type) and issubclass(recipe.config, RecipeConfig)):
        raise UnusableError("has settings that are no RecipeConfig")
    if (said := recipe.config.model_fields["recipe"].default) != extension.name:
        raise UnusableError(f"has settings of the recipe {said!r}")
    if not (callable(recipe.learn) and callable(recipe.load)):
        raise UnusableError("cannot learn or load")
    return recipe
