"""Learn from edited recordings: embed them, split them, and train the networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.learning.loop import Epoch, Fitted, OnEpoch, ignore_epoch
from engine.core.errors import TasteError
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.embedded import Embedded, hear_embedded
from engine.features.taste.anomaly.recipes.material import Split, split
from engine.features.taste.anomaly.recipes.recipe import Examples, Learnt, ReferenceScores
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.lab.recipes.svdd.fitting import FittedSvdd, Networks, fit_svdd
from engine.lab.recipes.svdd.model import Standardisation, SvddModel
from engine.lab.recipes.svdd.settings import DeepSvddConfig

_EMBEDDING_SHARE = 0.4
_LEAST_SPREAD = 0.1  # of the mean spread: a coordinate that hardly moves must not outweigh the others
_LEAST_STATISTICS_WINDOWS = 32
_LEAST_LOG_STD = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Result of learning: its general form, its model, and the history of pretraining."""

    learnt: Learnt
    model: SvddModel
    pretrained: Fitted


def watch_nothing(epoch: Epoch, model: SvddModel) -> None:
    """Let every epoch pass."""


def learn(examples: Examples, config: RecipeConfig, seed: int, progress: Progress) -> Learnt:
    """Learn the region of edited recordings in the space of embeddings; 130 MB an hour, all of it in memory.

    Raises
    ------
    TasteError : there is nothing to learn from
    SourceError : a recording cannot be read
    """
    assert isinstance(config, DeepSvddConfig)
    heard = hear_embedded(examples.edited, config, progress.part(0.0, _EMBEDDING_SHARE))
    return learn_from(heard, config, seed, progress.part(_EMBEDDING_SHARE, 1.0)).learnt


def learn_from(
    heard: Embedded,
    config: DeepSvddConfig,
    seed: int,
    progress: Progress,
    on_pretraining: OnEpoch = ignore_epoch,
    on_objective: Callable[[Epoch, SvddModel], None] = watch_nothing,
) -> Outcome:
    """Train on embeddings.

    Parameters
    ----------
    on_pretraining, on_objective : called after the epochs of both stages, the second also with the model at
        that time; may raise to end the training

    Raises
    ------
    TasteError : no recording is long enough to be split
    """
    parts = split(heard.vectors, config.validation_share, least=1)
    training = np.concatenate(parts.training)
    if len(training) < 2:
        raise TasteError("There is too little to learn from: add longer recordings, or shorten window_s.")
    scaling = standardisation(training)

    def watch(epoch: Epoch, networks: Networks) -> None:
        on_objective(epoch, SvddModel(config, heard.embedder, networks, scaling))

    fitted = fit_svdd(
        scaling.apply(training),
        scaling.apply(np.concatenate(parts.validation)),
        config,
        seed,
        progress,
        on_pretraining,
        watch,
    )
    model = SvddModel(config, heard.embedder, fitted.networks, scaling)
    kept, method = _kept_scores(model, parts), _method(config, fitted)
    learnt = Learnt(model, fitted.fitted, kept, heard.recordings, heard.frames_db, method)
    return Outcome(learnt, model, fitted.pretrained)


def standardisation(training: NDArray[np.float32]) -> Standardisation:
    """Measure each coordinate's mean and standard deviation over embeddings, shape (n, size)."""
    spread = training.std(axis=0, dtype=np.float64)
    std = np.maximum(spread, max(_LEAST_SPREAD * spread.mean(), 1e-6))
    mean = training.mean(axis=0, dtype=np.float64)
    return Standardisation(*(torch.tensor(value, dtype=torch.float32) for value in (mean, std)))


def _kept_scores(model: SvddModel, parts: Split) -> ReferenceScores:
    """Measure the scores of training material, held out if it suffices."""
    pieces = parts.validation
    if sum(map(len, pieces)) < _LEAST_STATISTICS_WINDOWS:
        pieces += parts.training
    said = model.judge_vectors(np.concatenate(pieces)).parts
    means = tuple(float(mean) for mean in said.mean(axis=0))
    stds = tuple(max(float(std), _LEAST_LOG_STD) for std in said.std(axis=0))
    return ReferenceScores(means[0], stds[0], means, stds)


def _method(config: DeepSvddConfig, fitted: FittedSvdd) -> str:
    return (
        f"Deep SVDD, network {config.network} of {list(config.hidden_dims)} on the embedding\n"
        f"{config.embedding} of {config.window_s:g} s. The autoencoder was pretrained for "
        f"{len(fitted.pretrained.history)} epochs to a mean\nsquared error of "
        f"{fitted.pretrained.best.validation:.4f}. The loss is "
        + (
            "the mean squared distance to the centre."
            if config.objective == "one-class"
            else f"that of a sphere with a soft boundary, ν = {config.nu:g}."
        )
    )
