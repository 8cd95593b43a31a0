"""Interface of a recipe: learns a model from recordings, and restores one from a taste file.

An untrusted file must not lead to scores that are not finite, or to more memory than its own size: numbers
are finite, deviations positive, and networks match their weights.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.analysis.learning.loop import Epoch, Fitted, seeded
from engine.core.errors import TasteError
from engine.core.extensions import UnusableError, require_type
from engine.core.extensions.names import Extension
from engine.core.files.text import parse_json
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.material import Recording
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.features.taste.anomaly.threshold import USUAL_LIMIT, HeldOutCurve


@dataclass(frozen=True, slots=True)
class Examples:
    """Recordings to learn from; a recipe ignores those it cannot use.

    Attributes
    ----------
    edited : recordings as the user keeps them
    raw : unedited recordings; most of their content is good
    cut : recordings of the user's cuts alone
    """

    edited: tuple[Path, ...]
    raw: tuple[Path, ...] = ()
    cut: tuple[Path, ...] = ()


FrameBlocks = Iterable[NDArray[np.float32]]
Passing = Callable[[FrameBlocks], Iterator[NDArray[np.float32]]]
"""Looks at log-mel frames, in blocks of shape (frames, n_mels), on their way to a model."""


@dataclass(frozen=True, slots=True)
class ReferenceScores:
    """Means and standard deviations of a model's scores on training material.

    Attributes
    ----------
    part_means, part_stds : of the parts of the score, one for each of `Model.part_names`
    limit : the standard score from which cuts are proposed by default
    """

    mean: float
    std: float
    part_means: tuple[float, ...] = ()
    part_stds: tuple[float, ...] = ()
    limit: float = USUAL_LIMIT


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Scores of consecutive moments, in units of the model.

    Attributes
    ----------
    own : float64, shape (n,), higher is more anomalous
    parts : float64, shape (n, len(part_names)), components of the score, higher is more anomalous
    """

    own: NDArray[np.float64]
    parts: NDArray[np.float64]


def without_parts(own: NDArray[np.float64]) -> Judged:
    """Return the scores of a model without parts, shape (n,)."""
    return Judged(own, np.zeros((len(own), 0)))


class Model(Protocol):
    """A learned model: scores each moment of a stream, in units of its own."""

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the parts of a score, see `engine.review.wording`."""

    def first_s(self, length_s: float) -> float:
        """Return the time of the first score of a stream of this length."""

    def judge(
        self, blocks: Iterable[NDArray[np.float32]], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield the scores of consecutive moments, independent of the block size.

        Parameters
        ----------
        blocks : mono at the recipe's rate, each of shape (n,)
        level_db : the level of the stream, which is subtracted from its frames
        """

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the weights and statistics to store."""

    def facts(self) -> Mapping[str, object]:
        """Return the other values to store, as plain JSON values."""


@runtime_checkable
class Reconstructs(Protocol):
    """Addition to `Model` for models that score by reconstruction error."""

    def rebuild(self, frames_db: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the reconstruction of log-mel frames in dB relative to the level, shape (n, n_mels)."""


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """Result of a recipe.

    Attributes
    ----------
    frames_db : log-mel of each recording, shape (frames, n_mels), to keep examples of
    method : sentences for the card: the training method and its loss
    curve : scores of the recordings by models that had not learned them; None from a recipe that has no such
    """

    model: Model
    fitted: Fitted
    kept: ReferenceScores
    recordings: tuple[Recording, ...]
    frames_db: tuple[NDArray[np.float32], ...]
    method: str
    curve: HeldOutCurve | None = None


UNTRAINED = Fitted((Epoch(1, 0.0, 0.0),), Epoch(1, 0.0, 0.0), stopped_early=False)
"""Training history of recipes without training, which only store their data."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to learn a taste.

    Attributes
    ----------
    config : its settings; the default of `recipe` is its name
    learn : (recordings to learn from, settings, seed, progress)
    load : (settings, stored tensors, stored facts); raises ValueError, KeyError, TypeError or RuntimeError
        where they do not fit
    blind_loss : loss of a model that learned nothing, as a baseline; None if unknown
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
        raise UnusableError("has settings that are not a RecipeConfig")
    if (named := recipe.config.model_fields["recipe"].default) != extension.name:
        raise UnusableError(f"has settings of the recipe {named!r}")
    if not (callable(recipe.learn) and callable(recipe.load)):
        raise UnusableError("cannot learn or load")
    return recipe


def raw_of(examples: Examples, why: str) -> tuple[Path, ...]:
    """Return the raw recordings of a recipe that requires them.

    Parameters
    ----------
    why : the reason, as the beginning of a sentence

    Raises
    ------
    TasteError : no raw recordings are given
    """
    if not examples.raw:
        raise TasteError(f"{why} also needs the raw recordings of the edits: name them after --raw.")
    return examples.raw


_VARIANCE = "running_var"

Network = TypeVar("Network", bound=nn.Module)


def stored_number(value: object) -> float:
    """Return a number as JSON has it.

    Raises
    ------
    TypeError, ValueError : it is something else, or not finite
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a number is missing")
    if not isfinite(value):
        raise ValueError("an invalid number")
    return float(value)


def require_finite(tensors: Mapping[str, Tensor]) -> None:
    """Refuse weights and statistics that are not finite.

    Raises
    ------
    ValueError : there are some
    """
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise ValueError("weights that are not numbers")


def require_statistics(mean: Tensor, std: Tensor, shape: tuple[int, ...]) -> None:
    """Refuse means and deviations that nothing can be standardised with.

    Raises
    ------
    ValueError : they are not float32 of this shape, or a deviation is none
    """
    if mean.shape != shape or std.shape != shape or {mean.dtype, std.dtype} != {torch.float32}:
        raise ValueError("statistics of another shape")
    if not bool((std > 0).all()):
        raise ValueError("an invalid deviation")


def weights_of(network: nn.Module, prefix: str) -> dict[str, Tensor]:
    """Return the weights of a network to store, under names that begin so."""
    return {prefix + name: value for name, value in network.state_dict().items()}


def restored(build: Callable[[], Network], tensors: Mapping[str, Tensor], prefix: str = "") -> Network:
    """Return a network with the stored weights under a prefix, ready to score.

    A network that does not match the weights is never built: the file can specify any size.

    Raises
    ------
    ValueError : they do not fit
    """
    weights = {k.removeprefix(prefix): value for k, value in tensors.items() if k.startswith(prefix)}
    with torch.device("meta"):
        wanted = build().state_dict()
    if {name: _form(value) for name, value in wanted.items()} != {n: _form(v) for n, v in weights.items()}:
        raise ValueError("weights of another network")
    if any(name.endswith(_VARIANCE) and bool((value < 0).any()) for name, value in weights.items()):
        raise ValueError("a negative variance")
    with seeded(0):  # the weights drawn here are replaced at once, and the global generator must not advance
        network = build()
    network.load_state_dict(weights)
    return network.eval()


def require_as_stored(
    made: tuple[Mapping[str, Tensor], Mapping[str, object]],
    tensors: Mapping[str, Tensor],
    facts: Mapping[str, object],
) -> None:
    """Refuse a file that its restored model would write differently, since some value has another type.

    Parameters
    ----------
    made : the values the model would store

    Raises
    ------
    ValueError : values present in both differ
    """
    own_tensors, own_facts = made
    if any(name in tensors and _form(value) != _form(tensors[name]) for name, value in own_tensors.items()):
        raise ValueError("weights of another kind")
    as_json = parse_json(json.dumps(own_facts))
    if any(name in facts and facts[name] != value for name, value in as_json.items()):
        raise ValueError("facts of another kind")


def _form(value: Tensor) -> tuple[torch.Size, torch.dtype]:
    return value.shape, value.dtype
