"""Batches of segments: drawn at random to learn from, spread evenly to validate with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from engine.analysis.learning.loop import Batch, TrainSettings
from engine.lab.recipes.segments.frame_segments import Segments
from engine.lab.recipes.segments.settings import SegmentConfig
from engine.lab.recipes.standardisation import Frames

_LEAST_BATCHES = 4
_MOST_VALIDATION_SEGMENTS = 128

Draw = Callable[[Tensor], Batch]
"""Takes the positions of a batch of edited segments and returns the other tensors of the batch."""


def epoch_size(pieces: Sequence[Frames], config: SegmentConfig) -> int:
    """Return the number of segments in an epoch: about the material once, so that patience is comparable.

    But at least four batches, and at most `segments_per_epoch`, so that hours do not make an epoch endless.
    """
    once = sum(map(len, pieces)) // config.segment_frames
    count = min(max(once, _LEAST_BATCHES * config.batch_size), config.segments_per_epoch)
    # A last batch of one segment cannot be normalised.
    return count - count % config.batch_size if count > config.batch_size else count


def train_settings(config: SegmentConfig) -> TrainSettings:
    """Return how long and how fast to learn."""
    return TrainSettings(config.epochs, config.learning_rate, config.weight_decay, config.patience)


def random_places(segments: Segments, count: int, generator: torch.Generator) -> Tensor:
    """Draw places of segments, shape (count,)."""
    return segments.places[torch.randint(len(segments.places), (count,), generator=generator)]


def random_epoch(
    segments: Segments, count: int, config: SegmentConfig, generator: torch.Generator, others: Draw
) -> Callable[[], Iterator[Batch]]:
    """Return a generator of one epoch: batches of random segments with their other tensors."""

    def epoch() -> Iterator[Batch]:
        chosen = random_places(segments, count, generator)
        for places in torch.split(chosen, config.batch_size):
            yield (segments.cut(places), *others(places))

    return epoch


def even_batches(segments: Segments, config: SegmentConfig) -> tuple[Batch, ...]:
    """Return segments spread evenly, in batches, to validate with."""
    places = segments.places
    if len(places) > _MOST_VALIDATION_SEGMENTS:
        spread = np.linspace(0, len(places) - 1, _MOST_VALIDATION_SEGMENTS).round().astype(np.int64)
        places = places[torch.tensor(spread)]
    return tuple((segments.cut(batch),) for batch in torch.split(places, config.batch_size))
