"""Train the encoder on embeddings: first within an autoencoder, then towards a centre."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.analysis.learning.loop import (
    Batch,
    Epoch,
    Fitted,
    OnEpoch,
    TrainSettings,
    fit,
    ignore_epoch,
    seeded,
)
from engine.core.progress import Progress
from engine.lab.recipes.svdd.network import Autoencoder
from engine.lab.recipes.svdd.objective import (
    centre_of,
    fitting_radius,
    one_class_loss,
    soft_boundary_loss,
    squared_distances,
)
from engine.lab.recipes.svdd.settings import DeepSvddConfig

_RADIUS_EPOCHS = 5  # the paper's k: how often R follows the encoder
_PRETRAINING_SHARE = 0.5
_ENCODED_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """The trained networks.

    Attributes
    ----------
    autoencoder : as it was pretrained, for the reconstruction error
    encoder : started as a copy of the autoencoder's, then trained towards the centre
    centre : shape (dims,)
    """

    autoencoder: Autoencoder
    encoder: nn.Module
    centre: Tensor

    def distances(self, vectors: Tensor) -> Tensor:
        """Return squared distances to the centre: standardised embeddings, shape (n, size), to (n,)."""
        return squared_distances(encoded(self.encoder, vectors), self.centre)

    @torch.no_grad()
    def reconstruction_errors(self, vectors: Tensor) -> Tensor:
        """Return mean squared errors: standardised embeddings, shape (n, size), to (n,)."""
        self.autoencoder.eval()
        errors: Tensor = (self.autoencoder(vectors) - vectors).square().mean(dim=1)
        return errors


@dataclass(frozen=True, slots=True, eq=False)
class FittedSvdd:
    """Result of training: the losses of both stages, and the networks with their best weights."""

    networks: Networks
    pretrained: Fitted
    fitted: Fitted


OnObjectiveEpoch = Callable[[Epoch, Networks], None]


def ignore_objective_epoch(epoch: Epoch, networks: Networks) -> None:
    """Let every epoch pass."""


def fit_svdd(
    training: Tensor,
    validation: Tensor,
    config: DeepSvddConfig,
    seed: int,
    progress: Progress,
    on_pretraining: OnEpoch = ignore_epoch,
    on_objective: OnObjectiveEpoch = ignore_objective_epoch,
) -> FittedSvdd:
    """Train on standardised embeddings, each of shape (n, size).

    Parameters
    ----------
    training : at least two of them, since one alone cannot be normalised
    on_pretraining, on_objective : called after the epochs of both stages, the second also with the networks
        at that time; may raise to end the training
    """
    with seeded(seed):
        autoencoder = Autoencoder(training.shape[1], config)
        material = _Material(training, validation, config, torch.Generator().manual_seed(seed))
        pretrained = _pretrain(autoencoder, material, progress.part(0.0, _PRETRAINING_SHARE), on_pretraining)
        networks = start(autoencoder, training)
        rest = progress.part(_PRETRAINING_SHARE, 1.0)
        fitted = _draw_together(networks, material, rest, lambda epoch: on_objective(epoch, networks))
    return FittedSvdd(networks, pretrained, fitted)


def start(autoencoder: Autoencoder, training: Tensor) -> Networks:
    """Return the start of the objective: the pretrained encoder's weights, and the centre of its codes."""
    encoder = deepcopy(autoencoder.encoder)
    return Networks(autoencoder, encoder, centre_of(encoded(encoder, training)))


@torch.no_grad()
def encoded(encoder: nn.Module, vectors: Tensor) -> Tensor:
    """Return an encoder's codes of standardised embeddings, shape (n, size), without dropout: (n, dims)."""
    was_training = encoder.training
    encoder.eval()
    codes = torch.cat([encoder(part) for part in torch.split(vectors, _ENCODED_AT_ONCE)])
    encoder.train(was_training)
    return codes


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """Standardised embeddings, each of shape (n, size), and how both stages go over them."""

    training: Tensor
    validation: Tensor
    config: DeepSvddConfig
    generator: torch.Generator

    def shuffled(self) -> Iterator[Batch]:
        """Yield everything to train on once, in batches; one left alone cannot be normalised and waits."""
        order = torch.randperm(len(self.training), generator=self.generator)
        for chosen in torch.split(order, self.config.batch_size):
            if len(chosen) > 1:
                yield (self.training[chosen],)

    def validation_batches(self) -> tuple[Batch, ...]:
        return tuple((part,) for part in torch.split(self.validation, self.config.batch_size))

    def settings(self) -> TrainSettings:
        config = self.config
        return TrainSettings(config.epochs, config.learning_rate, config.weight_decay, config.patience)


def _pretrain(autoencoder: Autoencoder, material: _Material, progress: Progress, on_epoch: OnEpoch) -> Fitted:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        error: Tensor = (model(batch[0]) - batch[0]).square().mean()
        return error

    validation, settings = material.validation_batches(), material.settings()
    return fit(autoencoder, loss, material.shuffled, validation, settings, progress, on_epoch)


def _draw_together(networks: Networks, material: _Material, progress: Progress, on_epoch: OnEpoch) -> Fitted:
    is_soft, nu = material.config.objective == "soft-boundary", material.config.nu
    radius = torch.zeros(())
    begun = 0

    def epoch() -> Iterator[Batch]:
        nonlocal radius, begun
        if is_soft and begun % _RADIUS_EPOCHS == 0:
            radius = fitting_radius(networks.distances(material.training), nu)
        begun += 1
        return material.shuffled()

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        squared = squared_distances(model(batch[0]), networks.centre)
        return soft_boundary_loss(squared, radius, nu) if is_soft else one_class_loss(squared)

    validation, settings = material.validation_batches(), material.settings()
    return fit(networks.encoder, loss, epoch, validation, settings, progress, on_epoch)
