"""Learn a taste from edited recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.anomaly.config import LearnConfig
from engine.anomaly.material import Frames, Recording, Split, listen, split, standardisation
from engine.anomaly.model import SlicerAutoencoder, build, segment_errors
from engine.anomaly.neighbours import MOST_EXAMPLES, KeptExamples, KeptRecording, keep_examples
from engine.anomaly.score import log_errors
from engine.anomaly.taste import ErrorStatistics, Standardisation, Taste, save_taste
from engine.audio.reader import content_hash
from engine.errors import TasteError
from engine.learning.loop import Batch, Epoch, Fitted, TrainSettings, fit, seeded
from engine.learning.torch_threads import few_threads
from engine.progress import Progress
from engine.safe_write import shown
from engine.timebase import format_time
from engine.wording import counted

_LEAST_BATCHES = 4
_MOST_VALIDATION_SEGMENTS = 128
_LEAST_STATISTICS_SEGMENTS = 32
_LEAST_LOG_STD = 0.05


@dataclass(frozen=True, slots=True)
class LearnRequest:
    """What to learn from and where the taste goes."""

    edited: tuple[Path, ...]
    config: LearnConfig
    seed: int
    out: Path
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Learned:
    """A written taste; `best` is the epoch whose weights it holds."""

    path: Path
    history: tuple[Epoch, ...]
    best: Epoch
    stopped_early: bool
    card: str

    @property
    def epochs(self) -> int:
        """How many epochs were trained."""
        return len(self.history)

    @property
    def best_loss(self) -> float:
        """The validation loss of the weights that were kept."""
        return self.best.validation


def learn(request: LearnRequest, progress: Progress) -> Learned:
    """Train on edited audio only and write a `.taste` file.

    Raises
    ------
    TasteError : there is nothing to learn from, or the file to write is in the way
    SourceError : a recording cannot be read
    Cancelled : nothing is written
    """
    _check_out(request)
    config = request.config
    with few_threads():
        recordings = listen(request.edited, config, progress.part(0.0, 0.05))
        parts = split(recordings, config)
        scaling = standardisation(parts.training)
        model, fitted = _train(parts, scaling, request, progress.part(0.05, 0.98))
        errors = _error_statistics(model, scaling, parts, config, progress)
    kept = _kept_examples(recordings, request)
    card = _card(recordings, request, fitted, len(kept.frame))
    taste = Taste(
        request.out.stem, "", config, request.seed, model, scaling, errors, fitted.history, card, kept
    )
    progress.check_cancelled()
    save_taste(request.out, taste, overwrite=request.overwrite)
    progress.report(1.0, f"Learned {request.out.name}")
    return Learned(request.out, fitted.history, fitted.best, fitted.stopped_early, card)


def _check_out(request: LearnRequest) -> None:
    """Find out before minutes of training, not after, that the file cannot be written."""
    out = request.out
    if not out.parent.is_dir():
        raise TasteError(
            f"{shown(out)} cannot be written because there is no folder {shown(out.parent)}: "
            "choose another one."
        )
    if out.exists() and any(path.exists() and out.samefile(path) for path in request.edited):
        raise TasteError(f"{shown(out)} is one of the recordings: choose another name for the taste.")
    if out.exists() and not request.overwrite:
        raise TasteError(f"{shown(out)} already exists: choose another name, or allow it to be replaced.")


def _train(
    parts: Split, scaling: Standardisation, request: LearnRequest, progress: Progress
) -> tuple[SlicerAutoencoder, Fitted]:
    config = request.config
    with seeded(request.seed):
        model = build(config)
    settings = TrainSettings(config.epochs, config.learning_rate, config.weight_decay, config.patience)
    generator = torch.Generator().manual_seed(request.seed)
    training = _random_segments(parts.training, scaling, config, generator)
    validation = _even_segments(parts.validation, scaling, config)
    return model, fit(model, _loss, training, validation, settings, progress)


def _loss(model: nn.Module, batch: Batch) -> Tensor:
    return segment_errors(model, batch[0]).mean()


def _random_segments(
    pieces: Sequence[Frames], scaling: Standardisation, config: LearnConfig, generator: torch.Generator
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
    pieces: Sequence[Frames], scaling: Standardisation, config: LearnConfig
) -> tuple[Batch, ...]:
    frames, starts = _gather(pieces, scaling, config, hop_frames=config.segment_frames // 2)
    if len(starts) > _MOST_VALIDATION_SEGMENTS:
        spread = np.linspace(0, len(starts) - 1, _MOST_VALIDATION_SEGMENTS).round().astype(np.int64)
        starts = starts[torch.tensor(spread)]
    return tuple((_cut(frames, batch, config),) for batch in torch.split(starts, config.batch_size))


def _gather(
    pieces: Sequence[Frames], scaling: Standardisation, config: LearnConfig, hop_frames: int
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


def _cut(frames: Tensor, starts: Tensor, config: LearnConfig) -> Tensor:
    """Return segments, shape (batch, 1, n_mels, segment_frames)."""
    return frames[starts[:, None] + torch.arange(config.segment_frames)].transpose(1, 2).unsqueeze(1)


def _error_statistics(
    model: SlicerAutoencoder, scaling: Standardisation, parts: Split, config: LearnConfig, progress: Progress
) -> ErrorStatistics:
    """Measure the log error of kept material, on what was not trained on where there is enough of it."""
    errors = _piece_errors(model, scaling, parts.validation, config, progress)
    if len(errors) < _LEAST_STATISTICS_SEGMENTS:
        trained = _piece_errors(model, scaling, parts.training, config, progress)
        errors = np.concatenate([errors, trained])
    return ErrorStatistics(float(errors.mean()), max(float(errors.std()), _LEAST_LOG_STD))


def _piece_errors(
    model: SlicerAutoencoder,
    scaling: Standardisation,
    pieces: Sequence[Frames],
    config: LearnConfig,
    progress: Progress,
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    blocks = [
        block
        for piece in pieces
        if len(piece) >= config.segment_frames
        for block in log_errors(model, scaling, [piece], config, progress)
    ]
    return np.concatenate(blocks) if blocks else np.zeros(0)


def _kept_examples(recordings: Sequence[Recording], request: LearnRequest) -> KeptExamples:
    folder = request.out.absolute().parent
    return keep_examples(
        [recording.frames_db for recording in recordings],
        [
            KeptRecording(_told_path(one.path, folder), content_hash(one.path), one.duration_s)
            for one in recordings
        ],
        request.config.mel,
        request.seed,
    )


def _told_path(path: Path, folder: Path) -> str:
    """Return how a taste in `folder` tells where a recording is; one below it is moved together with it."""
    absolute = path.absolute()
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else str(absolute)


def _card(recordings: Sequence[Recording], request: LearnRequest, fitted: Fitted, examples: int) -> str:
    config = request.config
    total_s = sum(recording.duration_s for recording in recordings)
    rows = "\n".join(f"- {r.name}, {format_time(r.duration_s, 1)}" for r in recordings)
    epochs = f"{len(fitted.history)} of {config.epochs} epochs"
    return f"""# {request.out.stem}

A taste: how strange a moment sounds beside these edited recordings.

## Trained on

{rows}

{counted(len(recordings), "recording")}, {format_time(total_s, 1)} in all. Nothing else was heard.

## How

Recipe {config.recipe}: hidden_dims {list(config.hidden_dims)}, latent_dim {config.latent_dim}, segments of
{config.segment_frames} frames, {config.mel.n_mels} mel bands at {config.mel.rate_hz} Hz. Seed {request.seed}.
{epochs}, weights of epoch {fitted.best.number}: training loss {fitted.best.loss:.4f}, validation loss
{fitted.best.validation:.4f} (mean squared error of standardised log-mel).
To hear proposals against: {examples:,} kept stretches{", drawn from more" * (examples == MOST_EXAMPLES)}.

## Licence

The weights were made from the recordings above; what their licences ask of you, they ask for this file too.
"""
