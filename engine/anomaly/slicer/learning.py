"""Train the autoencoder on the log-mel frames of edited recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from engine.anomaly.examples import Examples
from engine.anomaly.material import Array, Split, listen, split
from engine.anomaly.recipe import KeptScores, Learnt
from engine.anomaly.recipe_config import RecipeConfig
from engine.anomaly.slicer.model import SlicerModel, Standardisation, log_errors
from engine.anomaly.slicer.network import SlicerAutoencoder, build, segment_errors
from engine.anomaly.slicer.settings import SlicerConfig
from engine.errors import TasteError
from engine.features.mel import log_mel_blocks
from engine.learning.loop import Batch, Fitted, TrainSettings, fit, seeded
from engine.progress import Progress

_RANGE_DB = 80.0  # librosa's top_db
_LEAST_STD_DB = 1.0  # a band that never moves (above a codec's cutoff) must not outweigh all others
_LEAST_BATCHES = 4
_MOST_VALIDATION_SEGMENTS = 128
_LEAST_STATISTICS_SEGMENTS = 32
_LEAST_LOG_STD = 0.05


def learn(examples: Examples, config: RecipeConfig, seed: int, progress: Progress) -> Learnt:
    """Learn to rebuild edited recordings; 80 MB an hour at the defaults, all of it in memory.

    Raises
    ------
    TasteError : there is nothing to learn from
    SourceError : a recording cannot be read
    """
    assert isinstance(config, SlicerConfig)

    def hear(blocks: Iterator[Array]) -> Array:
        return np.concatenate(list(log_mel_blocks(blocks, config.mel)))

    recordings = listen(examples.edited, config.mel.rate_hz, hear, progress.part(0.0, 0.05))
    frames_db = tuple(recording.heard - np.float32(recording.level_db) for recording in recordings)
    parts = split(frames_db, config.validation_share, config.segment_frames)
    scaling = standardisation(parts.training)
    network, fitted = _train(parts, scaling, config, seed, progress.part(0.05, 1.0))
    kept = _error_statistics(network, scaling, parts, config, progress)
    model = SlicerModel(config, network, scaling)
    return Learnt(model, fitted, kept, recordings, frames_db, _method(config))


def _method(config: SlicerConfig) -> str:
    return (
        f"hidden_dims {list(config.hidden_dims)}, latent_dim {config.latent_dim}, segments of\n"
        f"{config.segment_frames} frames. The loss is the mean squared error of standardised log-mel."
    )


def standardisation(training: Sequence[Array]) -> Standardisation:
    """Measure each band's mean and standard deviation over the training frames."""
    floor_db = float(max(frames.max() for frames in training if len(frames))) - _RANGE_DB
    frames = np.maximum(np.concatenate(training), np.float32(floor_db))
    mean_db = frames.mean(axis=0, dtype=np.float64)
    std_db = np.maximum(frames.std(axis=0, dtype=np.float64), _LEAST_STD_DB)
    return Standardisation(mean_db.astype(np.float32), std_db.astype(np.float32), floor_db)


def _train(
    parts: Split, scaling: Standardisation, config: SlicerConfig, seed: int, progress: Progress
) -> tuple[SlicerAutoencoder, Fitted]:
    with seeded(seed):
        model = build(config)
    settings = TrainSettings(config.epochs, config.learning_rate, config.weight_decay, config.patience)
    generator = torch.Generator().manual_seed(seed)
    training = _random_segments(parts.training, scaling, config, generator)
    validation = _even_segments(parts.validation, scaling, config)
    return model, fit(model, _loss, training, validation, settings, progress)


def _loss(model: nn.Module, batch: Batch) -> Tensor:
    return segment_errors(model, batch[0]).mean()


def _random_segments(
    pieces: Sequence[Array], scaling: Standardisation, config: SlicerConfig, generator: torch.Generator
) -> Callable[[], Iterator[Batch]]:
    """Return what yields one epoch: random segments, none across the edge of a piece.

    An epoch hears about the material once, so that patience means the same for any length; but at least four
    batches, and at most `segments_per_epoch`, so that hours of material do not make an epoch endless.
    """
    frames, starts = _gather(pieces, scaling, config, hop_frames=1)
    once = len(frames) // config.segment_frames
    count = min(max(once, _LEAST_BATCHES * config.batch_size), config.segments_per_epoch)
    if count > config.batch_size:
        count -= count % config.batch_size  # a last batch of one segment cannot be normalised

    def epoch() -> Iterator[Batch]:
        chosen = starts[torch.randint(len(starts), (count,), generator=generator)]
        for batch in torch.split(chosen, config.batch_size):
            yield (_cut(frames, batch, config),)

    return epoch


def _even_segments(
    pieces: Sequence[Array], scaling: Standardisation, config: SlicerConfig
) -> tuple[Batch, ...]:
    frames, starts = _gather(pieces, scaling, config, hop_frames=config.segment_frames // 2)
    if len(starts) > _MOST_VALIDATION_SEGMENTS:
        spread = np.linspace(0, len(starts) - 1, _MOST_VALIDATION_SEGMENTS).round().astype(np.int64)
        starts = starts[torch.tensor(spread)]
    return tuple((_cut(frames, batch, config),) for batch in torch.split(starts, config.batch_size))


def _gather(
    pieces: Sequence[Array], scaling: Standardisation, config: SlicerConfig, hop_frames: int
) -> tuple[Tensor, Tensor]:
    """Lay pieces end to end: frames, shape (n, n_mels), and where segments may start, shape (m,)."""
    starts, at = [], 0
    for piece in pieces:
        last = len(piece) - config.segment_frames
        if last >= 0:
            starts.append(at + np.arange(0, last + 1, hop_frames))
        at += len(piece)
    if not starts:
        raise TasteError(
            f"What is to be learned from is shorter than one segment of {config.segment_frames} frames; "
            "add longer recordings."
        )
    return torch.tensor(scaling.apply(np.concatenate(pieces))), torch.tensor(np.concatenate(starts))


def _cut(frames: Tensor, starts: Tensor, config: SlicerConfig) -> Tensor:
    """Return segments, shape (batch, 1, n_mels, segment_frames)."""
    return frames[starts[:, None] + torch.arange(config.segment_frames)].transpose(1, 2).unsqueeze(1)


def _error_statistics(
    model: SlicerAutoencoder, scaling: Standardisation, parts: Split, config: SlicerConfig, progress: Progress
) -> KeptScores:
    """Measure the log error of kept material, on what was not trained on where there is enough of it."""
    errors = _piece_errors(model, scaling, parts.validation, config, progress)
    if len(errors) < _LEAST_STATISTICS_SEGMENTS:
        trained = _piece_errors(model, scaling, parts.training, config, progress)
        errors = np.concatenate([errors, trained])
    return KeptScores(float(errors.mean()), max(float(errors.std()), _LEAST_LOG_STD))


def _piece_errors(
    model: SlicerAutoencoder,
    scaling: Standardisation,
    pieces: Sequence[Array],
    config: SlicerConfig,
    progress: Progress,
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    blocks = [
        block
        for piece in pieces
        if len(piece) >= config.segment_frames
        for block in log_errors(model, scaling, [piece], config, progress)
    ]
    return np.concatenate(blocks) if blocks else np.zeros(0)
