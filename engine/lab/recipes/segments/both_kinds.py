"""Shared by recipes that learn from edited and raw recordings: all but the network and its loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.analysis.learning.loop import Batch, Fitted, Loss, fit, seeded
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.material import Levelled, Split, levelled_frames, split
from engine.features.taste.anomaly.recipes.recipe import Examples, Learnt, raw_of
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.lab.recipes.segments.autoencoder import laid_out
from engine.lab.recipes.segments.batches import (
    epoch_size,
    even_batches,
    random_epoch,
    random_places,
    train_settings,
)
from engine.lab.recipes.segments.frame_segments import frame_segments
from engine.lab.recipes.segments.model import SegmentModel, kept_scores, stored_parts
from engine.lab.recipes.segments.settings import BothKindsConfig
from engine.lab.recipes.standardisation import Standardisation, standardisation


@dataclass(frozen=True, slots=True)
class LearnsBoth:
    """A recipe that learns from both kinds.

    Attributes
    ----------
    network : made from the settings
    loss : takes a batch of edited segments and as many raw ones
    model : made from the settings, the network and the standardisation
    least_std : of the model's scores, see `kept_scores`
    method : sentences for the card, see `Learnt`
    """

    network: Callable[[BothKindsConfig], nn.Module]
    loss: Loss
    model: Callable[[BothKindsConfig, Any, Standardisation], SegmentModel]
    least_std: float
    method: str

    def learn(self, examples: Examples, config: RecipeConfig, seed: int, progress: Progress) -> Learnt:
        """Learn from edited and raw recordings; 80 MB an hour of either, all of it in memory.

        Raises
        ------
        TasteError : there is nothing to learn from, or no raw recording
        SourceError : a recording cannot be read
        """
        assert isinstance(config, BothKindsConfig)
        both = _hear_both(examples, config, progress.part(0.0, 0.1))
        with seeded(seed):
            network = laid_out(self.network(config))
            fitted = _fit(network, self.loss, both, config, seed, progress.part(0.1, 1.0))
        model = self.model(config, network, both.scaling)
        kept = kept_scores(model, both.edited_parts, progress, least_std=self.least_std)
        return Learnt(model, fitted, kept, both.edited.recordings, both.edited.heard, self.method)

    def load(
        self, config: RecipeConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, object]
    ) -> SegmentModel:
        """Restore a model.

        Raises
        ------
        ValueError, KeyError, RuntimeError : the stored values do not fit
        """
        assert isinstance(config, BothKindsConfig)
        parts = stored_parts(lambda: laid_out(self.network(config)), config, tensors, facts)
        return self.model(config, *parts)


@dataclass(frozen=True, slots=True, eq=False)
class _BothKinds:
    """Edited and raw recordings as log-mel in dB, each split; standardised as all that is trained on."""

    edited: Levelled
    edited_parts: Split
    raw_parts: Split
    scaling: Standardisation


def _hear_both(examples: Examples, config: BothKindsConfig, progress: Progress) -> _BothKinds:
    """Read edited and raw recordings.

    Raises
    ------
    TasteError : recordings of one kind are missing, one is silent, or all of a kind together are too short
    SourceError : one cannot be read
    """
    raw_paths = raw_of(examples, f"The recipe {config.recipe}")
    edited = levelled_frames(examples.edited, config.mel, progress.part(0.0, 0.5))
    raw = levelled_frames(raw_paths, config.mel, progress.part(0.5, 1.0))
    edited_parts, raw_parts = (
        split(kind.heard, config.validation_share, config.segment_frames) for kind in (edited, raw)
    )
    scaling = standardisation([*edited_parts.training, *raw_parts.training])
    return _BothKinds(edited, edited_parts, raw_parts, scaling)


def _fit(
    network: nn.Module, loss: Loss, both: _BothKinds, config: BothKindsConfig, seed: int, progress: Progress
) -> Fitted:
    """Train on batches of edited and raw segments, as many of each, and validate on such."""
    generator = torch.Generator().manual_seed(seed)
    edited = frame_segments(both.edited_parts.training, both.scaling, config, evenly=False)
    raw = frame_segments(both.raw_parts.training, both.scaling, config, evenly=False)

    def beside(places: torch.Tensor) -> Batch:
        return (raw.cut(random_places(raw, len(places), generator)),)

    count = epoch_size(both.edited_parts.training, config)
    epoch = random_epoch(edited, count, config, generator, beside)
    validation = _pairs(both, config)
    return fit(network, loss, epoch, validation, train_settings(config), progress)


def _pairs(both: _BothKinds, config: BothKindsConfig) -> tuple[Batch, ...]:
    """Return validation batches of both kinds, each cut to the shorter of the two."""
    edited, raw = (
        even_batches(frame_segments(parts.validation, both.scaling, config, evenly=True), config)
        for parts in (both.edited_parts, both.raw_parts)
    )
    pairs = []
    for (of_edited,), (of_raw,) in zip(edited, raw, strict=False):
        count = min(len(of_edited), len(of_raw))
        pairs.append((of_edited[:count], of_raw[:count]))
    return tuple(pairs)
