"""Train the autoencoder, with the recipe's terms in addition to its reconstruction error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.analysis.learning.loop import Batch, Fitted, fit, seeded
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.material import Split
from engine.lab.recipes.contrast import info_nce
from engine.lab.recipes.segments.autoencoder import SegmentAutoencoder, build
from engine.lab.recipes.segments.batches import (
    epoch_size,
    even_batches,
    random_epoch,
    random_places,
    train_settings,
)
from engine.lab.recipes.slicer.contrast import edited_contrast
from engine.lab.recipes.slicer.critic import Critic, critic_loss
from engine.lab.recipes.slicer.perceptual import errors_with_modulation
from engine.lab.recipes.slicer.segments import segments_of
from engine.lab.recipes.slicer.settings import SlicerConfig
from engine.lab.recipes.standardisation import Frames, Standardisation


class Apprentice(nn.Module):
    """An autoencoder and, while it learns, the critic it is to deceive."""

    def __init__(self, autoencoder: SegmentAutoencoder, critic: Critic | None) -> None:
        super().__init__()
        self.autoencoder = autoencoder
        self.critic = critic


@dataclass(frozen=True, slots=True)
class SlicerLoss:
    """Loss of the autoencoder: its reconstruction error and additional terms.

    A batch holds edited segments, then their neighbours if these are contrasted, then raw ones if a term
    needs them. Segments alone, as in validation, have the reconstruction error alone.
    """

    config: SlicerConfig

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return the loss of a batch, a scalar."""
        assert isinstance(model, Apprentice)
        config, autoencoder = self.config, model.autoencoder
        segments, *others = batch
        latent = autoencoder.encode(segments)
        loss = errors_with_modulation(autoencoder.decode(latent), segments, config.perceptual_weight).mean()
        if not others:
            return loss
        if config.contrast == "neighbours":
            beside = autoencoder.encode(others[0])
            contrast = info_nce(latent, beside, config.contrast_temperature)
            loss = loss + config.contrast_weight * contrast
        if config.needs_raw:
            loss = loss + self._against_raw(model, segments, latent, others[-1])
        return loss

    def _against_raw(self, model: Apprentice, segments: Tensor, latent: Tensor, raw: Tensor) -> Tensor:
        config, autoencoder = self.config, model.autoencoder
        loss = torch.zeros(())
        with batch_statistics_only(autoencoder):
            latent_of_raw = autoencoder.encode(raw)
            if config.contrast == "edited":
                contrast = edited_contrast(latent, latent_of_raw, config.contrast_temperature)
                loss = loss + config.contrast_weight * contrast
            if model.critic is not None:
                deceived = critic_loss(model.critic, segments, autoencoder.decode(latent_of_raw))
                loss = loss + config.critic_weight * deceived
        return loss


@contextmanager
def batch_statistics_only(network: nn.Module) -> Iterator[None]:
    """Normalise batches within by their own statistics, without updating the running ones."""
    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True


def train(
    parts: Split,
    raw: Sequence[Frames],
    scaling: Standardisation,
    config: SlicerConfig,
    seed: int,
    progress: Progress,
) -> tuple[SegmentAutoencoder, Fitted]:
    """Learn to rebuild the training part.

    Parameters
    ----------
    parts, raw : pieces as `segments_of` takes them; raw ones only where `config.needs_raw`
    """
    with seeded(seed):
        autoencoder = build(config)
        critic = Critic() if config.critic_weight > 0.0 else None
    generator = torch.Generator().manual_seed(seed)
    training = segments_of(parts.training, scaling, config, evenly=False)
    from_raw = segments_of(raw, scaling, config, evenly=False) if config.needs_raw else None

    def others(places: Tensor) -> Batch:
        drawn: Batch = ()
        if config.contrast == "neighbours":
            drawn += (training.cut(training.near(places, generator)),)
        if from_raw is not None:
            drawn += (from_raw.cut(random_places(from_raw, len(places), generator)),)
        return drawn

    epoch = random_epoch(training, epoch_size(parts.training, config), config, generator, others)
    validation = even_batches(segments_of(parts.validation, scaling, config, evenly=True), config)
    learner = Apprentice(autoencoder, critic)
    fitted = fit(learner, SlicerLoss(config), epoch, validation, train_settings(config), progress)
    return autoencoder, fitted
