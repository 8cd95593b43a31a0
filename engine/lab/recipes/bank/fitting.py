"""Train the encoder on windows of training data, store them, and score other windows against them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.analysis.learning.loop import Batch, Fitted, TrainSettings, fit, seeded
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.measures import Usual, usual_of
from engine.features.taste.anomaly.recipes.memory import MEASURES, Memory, Vectors, held_out, remember
from engine.features.taste.anomaly.recipes.recipe import UNTRAINED
from engine.lab.recipes.bank.network import WindowEncoder, hidden_error, hidings
from engine.lab.recipes.bank.settings import MemoryBankConfig
from engine.lab.recipes.contrast import info_nce
from engine.lab.recipes.standardisation import Standardisation

_BATCH = 256
_LEAST_ERROR = 1e-4
_MOST_WINDOWS_AN_EPOCH = 2_048
_VALIDATION_WINDOWS = 256

Windows = NDArray[np.float32]
"""Log-mel windows relative to the playing level, shape (n, slices, n_mels)."""


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """Standardisation of windows, and an optional encoder."""

    scaling: Standardisation
    encoder: WindowEncoder | None

    def vectors(self, windows: Windows) -> Vectors:
        """Return the feature vectors of windows, shape (n, size)."""
        standard = self.scaling.apply(windows)
        if self.encoder is None:
            change = np.abs(np.diff(standard, axis=1)).mean(axis=1)
            return np.concatenate([standard.mean(axis=1), standard.std(axis=1), change], axis=1)
        found = [np.zeros((0, self.encoder.to_latent.out_features), np.float32)]
        with torch.no_grad():
            for at in range(0, len(standard), _BATCH):
                batch = torch.tensor(standard[at : at + _BATCH])
                found.append(self.encoder.encode(batch, torch.zeros_like(batch)).numpy())
        return np.concatenate(found)

    @torch.no_grad()
    def log_errors(self, windows: Windows) -> NDArray[np.float64]:
        """Return the log of the reconstruction error of hidden parts, a quarter at a time, shape (n,)."""
        assert self.encoder is not None
        standard = self.scaling.apply(windows)
        masks = hidings(*standard.shape[1:])
        found = [np.zeros(0)]
        for at in range(0, len(standard), _BATCH):
            batch = torch.tensor(standard[at : at + _BATCH])
            errors = torch.stack(
                [hidden_error(self.encoder(batch, mask.expand_as(batch))[1], batch, mask.expand_as(batch))
                 for mask in masks]
            )  # fmt: skip
            found.append(errors.mean(dim=0).double().numpy())
        return np.log(np.concatenate(found) + _LEAST_ERROR)


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Training data, ready for comparison.

    Attributes
    ----------
    memory : None where neither the nearest item nor the residual is measured
    """

    config: MemoryBankConfig
    eye: Eye
    memory: Memory | None
    usual: Usual

    def logs(self, windows: Windows) -> NDArray[np.float64]:
        """Return the measures of windows, logarithms, shape (n, measures)."""
        return measured(self.config, self.eye, self.memory, windows)


def measured(
    config: MemoryBankConfig, eye: Eye, memory: Memory | None, windows: Windows
) -> NDArray[np.float64]:
    """Return the configured measures of windows, shape (n, measures)."""
    vectors = eye.vectors(windows) if memory is not None else None
    columns = []
    for measure in config.measures:
        if measure == "reconstruction":
            columns.append(eye.log_errors(windows))
        elif memory is not None and vectors is not None:
            columns.append(MEASURES[measure](memory, vectors))
    return np.column_stack(columns)


def build(
    training: Sequence[Windows],
    validation: Sequence[Windows],
    scaling: Standardisation,
    config: MemoryBankConfig,
    seed: int,
    progress: Progress,
) -> tuple[Bank, Fitted, NDArray[np.float64]]:
    """Learn from windows, each array one recording or segment.

    Returns
    -------
    The bank, the training history, and the measures of held-out training windows, shape (n, measures): of all
    for the memory's, each recording against the others; of `validation` alone, which the encoder has not
    learned from, for reconstruction.
    """
    eye, fitted = Eye(scaling, None), UNTRAINED
    if config.view == "encoder":
        encoder, fitted = _train(training, validation, scaling, config, seed, progress)
        eye = Eye(scaling, encoder)
    needs_memory = set(config.measures) != {"reconstruction"}
    every = [*training, *validation]
    memory = remember([eye.vectors(one) for one in every], config.pulses) if needs_memory else None
    kept = _left_out(every, validation, eye, config, memory)
    return Bank(config, eye, memory, usual_of(kept)), fitted, kept


def _left_out(
    every: Sequence[Windows],
    validation: Sequence[Windows],
    eye: Eye,
    config: MemoryBankConfig,
    memory: Memory | None,
) -> NDArray[np.float64]:
    checked = len(np.concatenate(validation))
    columns = []
    vectors = [eye.vectors(one) for one in every] if memory is not None else []
    for measure in config.measures:
        if measure == "reconstruction":
            columns.append(eye.log_errors(np.concatenate(validation)))
            continue
        columns.append(np.concatenate(held_out(vectors, config.pulses, MEASURES[measure])))
    if "reconstruction" in config.measures:
        columns = [column[-checked:] for column in columns]
    return np.column_stack(columns)


def _train(
    training: Sequence[Windows],
    validation: Sequence[Windows],
    scaling: Standardisation,
    config: MemoryBankConfig,
    seed: int,
    progress: Progress,
) -> tuple[WindowEncoder, Fitted]:
    slices, n_mels = training[0].shape[1:]
    with seeded(seed):
        encoder = WindowEncoder(slices, n_mels, config.latent)
    generator = torch.Generator().manual_seed(seed)
    checks = list(_pairs(validation, scaling, config, generator, _VALIDATION_WINDOWS)())
    batches = _pairs(training, scaling, config, generator, _MOST_WINDOWS_AN_EPOCH)
    settings = TrainSettings(config.epochs, config.learning_rate, config.weight_decay, patience=None)
    return encoder, fit(encoder, _loss(config), batches, checks, settings, progress)


def _loss(config: MemoryBankConfig) -> Callable[[nn.Module, Batch], Tensor]:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        """Return how wrongly both of a pair are filled in, and how alike they look to others."""
        total, vectors = torch.zeros(()), []
        for windows, hidden in (batch[:2], batch[2:]):
            latent, filled = model(windows, hidden)
            vectors.append(latent)
            total = total + hidden_error(filled, windows, hidden).mean() / 2
        return total + config.contrast * info_nce(vectors[0], vectors[1], config.temperature)

    return loss


def _pairs(
    pieces: Sequence[Windows],
    scaling: Standardisation,
    config: MemoryBankConfig,
    generator: torch.Generator,
    most: int,
) -> Callable[[], Iterator[Batch]]:
    """Return a generator of one epoch: pairs of overlapping windows, a pulse apart, with holes in both."""
    frames = torch.tensor(scaling.apply(np.concatenate(pieces)))
    firsts, at = [], 0
    for piece in pieces:
        firsts.append(at + np.arange(max(1, len(piece) - 1)))
        at += len(piece)
    starts = torch.tensor(np.concatenate(firsts))
    size = min(config.batch_size, max(2, len(starts)))
    count = max(min(len(starts), most) // size, 1)

    def epoch() -> Iterator[Batch]:
        for _ in range(count):
            chosen = starts[torch.randint(len(starts), (size,), generator=generator)]
            following = torch.clamp(chosen + 1, max=len(frames) - 1)
            one, other = frames[chosen], frames[following]
            yield one, _holes(one, config, generator), other, _holes(other, config, generator)

    return epoch


def _holes(windows: Tensor, config: MemoryBankConfig, generator: torch.Generator) -> Tensor:
    """Hide whole slices and a run of bands of each window: about the share of the configuration."""
    count, slices, n_mels = windows.shape
    share = config.hidden_share / 2
    time = torch.rand(count, slices, 1, generator=generator) < share
    width = max(1, round(share * n_mels))
    first = torch.randint(n_mels, (count, 1, 1), generator=generator)
    bands = (torch.arange(n_mels) - first) % n_mels < width
    return (time | bands).float()
