"""What recipes share that learn from edited and raw recordings side by side."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from engine.anomaly.recipes.examples import Examples, raw_of
from engine.anomaly.recipes.material import Levelled, Split, levelled_frames, split
from engine.anomaly.recipes.segments.batches import (
    epoch_size,
    even_batches,
    random_epoch,
    random_places,
    train_settings,
)
from engine.anomaly.recipes.segments.frame_segments import frame_segments
from engine.anomaly.recipes.segments.settings import SegmentConfig
from engine.anomaly.recipes.standardisation import Standardisation, standardisation
from engine.learning.loop import Batch, Fitted, Loss, fit
from engine.progress import Progress


@dataclass(frozen=True, slots=True, eq=False)
class BothKinds:
    """Edited and raw recordings as log-mel in dB, each split; standardised as all that is trained on."""

    edited: Levelled
    edited_parts: Split
    raw_parts: Split
    scaling: Standardisation


def hear_both(examples: Examples, config: SegmentConfig, progress: Progress) -> BothKinds:
    """Hear edited and raw recordings.

    Raises
    ------
    TasteError : there are none of one kind, one is silent, or all of a kind together are too short
    SourceError : one cannot be read
    """
    raw_paths = raw_of(examples, f"The recipe {config.recipe}")
    edited = levelled_frames(examples.edited, config.mel, progress.part(0.0, 0.5))
    raw = levelled_frames(raw_paths, config.mel, progress.part(0.5, 1.0))
    edited_parts, raw_parts = (
        split(kind.heard, config.validation_share, config.segment_frames) for kind in (edited, raw)
    )
    scaling = standardisation([*edited_parts.training, *raw_parts.training])
    return BothKinds(edited, edited_parts, raw_parts, scaling)


def fit_on_both(
    network: nn.Module, loss: Loss, both: BothKinds, config: SegmentConfig, seed: int, progress: Progress
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


def _pairs(both: BothKinds, config: SegmentConfig) -> tuple[Batch, ...]:
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
