"""Train the network on practice, and score what it hears."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.anomaly.faults.material import Samples
from engine.anomaly.own_faults.hearing import STEP_FRAMES, Heard, joined
from engine.anomaly.own_faults.network import REACH_STEPS, Committee
from engine.anomaly.own_faults.practice import Practice, Workshop
from engine.anomaly.own_faults.settings import OwnFaultsConfig
from engine.learning.loop import Batch, Fitted, TrainSettings, fit, seeded
from engine.learning.torch_threads import few_threads
from engine.progress import Progress

_VALIDATION_SHARE_OF_PRACTICE = 0.15
_PART_WEIGHT = 0.1
_LEVEL_SPREAD_DB = 3.0
_COLOUR_DB, _COLOUR_KNOTS = 3.0, 6
_HIDING_CHANCE, _MOST_HIDDEN = 0.5, 0.2
_LEAST_STD_DB = 1.0
_LEAST_TUNING_STD = 1e-3
_SCORED_STEPS = 512


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Means and standard deviations of what was practised on: mel in dB, shape (n_mels,), tuning (bins,)."""

    mel_mean_db: NDArray[np.float32]
    mel_std_db: NDArray[np.float32]
    tuning_mean: NDArray[np.float32]
    tuning_std: NDArray[np.float32]

    def apply(self, heard: Heard) -> tuple[Tensor, Tensor]:
        """Standardise what was heard."""
        mel = (heard.mel_db - self.mel_mean_db) / self.mel_std_db
        tuning = (heard.tuning - self.tuning_mean) / self.tuning_std
        return torch.tensor(mel), torch.tensor(tuning)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """Networks that find faults, what they standardise with, and how kept audio scores that they never heard.

    Attributes
    ----------
    parts : what kinds of fault they tell apart
    kept_means, kept_stds : float64, shape (1 + parts,), of the logits of kept audio
    """

    network: Committee
    scaling: Scaling
    parts: tuple[str, ...]
    fitted: Fitted
    kept_means: NDArray[np.float64]
    kept_stds: NDArray[np.float64]


def train(
    training: Sequence[Samples],
    validation: Sequence[Samples],
    cut: Sequence[Samples],
    config: OwnFaultsConfig,
    seed: int,
    progress: Progress,
) -> Trained:
    """Make faults and learn to find them.

    Parameters
    ----------
    training, validation : kept audio, mono at the analysis rate, each of shape (n,); no second is in both
    cut : what the user took out, in the same form
    """
    workshop = Workshop(config, cut)
    with few_threads():
        practice = workshop.practice(training, config.practice_s, 2 * seed, progress.part(0.0, 0.25))
        checked_s = _VALIDATION_SHARE_OF_PRACTICE * config.practice_s
        checks = workshop.practice(validation, checked_s, 2 * seed + 1, progress.part(0.25, 0.3))
        scaling = _scaling(practice)
        with seeded(seed):
            network = Committee(config.mel.n_mels, config.width, config.members, len(workshop.parts))
            settings = TrainSettings(config.epochs, config.learning_rate, config.weight_decay, patience=None)
            batches = _random_crops(practice, scaling, config, torch.Generator().manual_seed(seed))
            even = _even_crops(checks, scaling, config)
            fitted = fit(network, _loss, batches, even, settings, progress.part(0.3, 1.0))
        kept = np.concatenate([_clean_logits(network, scaling, one, progress) for one in checks])
    return Trained(network, scaling, workshop.parts, fitted, kept.mean(axis=0), kept.std(axis=0))


def _clean_logits(
    network: Committee, scaling: Scaling, piece: Practice, progress: Progress
) -> NDArray[np.float64]:
    """Return the logits of what is not damaged in a piece, shape (n, 1 + parts)."""
    logits = np.concatenate(list(logits_of(network, scaling, [piece.heard], progress)))
    return logits[~piece.is_fault]


def _loss(model: nn.Module, batch: Batch) -> Tensor:
    """Return the cross-entropy of what is damaged and, while learning, a little of that of how.

    So what is reported of validation says how well faults are told, whatever kinds there are.
    """
    mel, tuning, targets = batch
    logits = model(mel, tuning)
    wanted = targets.transpose(1, 2).expand_as(logits)
    each = nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    damaged = each[:, :, 0].mean()
    return damaged + _PART_WEIGHT * each[:, :, 1:].sum(dim=2).mean() if model.training else damaged


def _scaling(practice: Sequence[Practice]) -> Scaling:
    mel = np.concatenate([one.heard.mel_db for one in practice])
    tuning = np.concatenate([one.heard.tuning for one in practice])
    return Scaling(
        mel.mean(axis=0),
        np.maximum(mel.std(axis=0), np.float32(_LEAST_STD_DB)),
        tuning.mean(axis=0),
        np.maximum(tuning.std(axis=0), np.float32(_LEAST_TUNING_STD)),
    )


def _random_crops(
    practice: Sequence[Practice], scaling: Scaling, config: OwnFaultsConfig, generator: torch.Generator
) -> Callable[[], Iterator[Batch]]:
    """Return what yields one epoch: as much as there is practice, in crops from anywhere, each coloured."""
    pieces = _standardised(practice, scaling, config)
    count = max(sum(len(one[2]) for one in pieces) // config.crop_steps, config.batch_size)
    lengths = torch.tensor([len(one[2]) for one in pieces], dtype=torch.float)
    spread = 1.0 / torch.tensor(scaling.mel_std_db)

    def crop() -> Batch:
        mel, tuning, targets = pieces[int(torch.multinomial(lengths, 1, generator=generator))]
        first = int(torch.randint(len(targets) - config.crop_steps + 1, (1,), generator=generator))
        last = first + config.crop_steps
        heard = _coloured(mel[first * STEP_FRAMES : last * STEP_FRAMES], spread, generator)
        return heard, tuning[first:last], targets[first:last]

    def epoch() -> Iterator[Batch]:
        for _ in range(count // config.batch_size):
            yield _stacked([crop() for _ in range(config.batch_size)])

    return epoch


def _coloured(mel: Tensor, spread: Tensor, generator: torch.Generator) -> Tensor:
    """Return frames at another level, through another microphone, and half of the time without some bands.

    Other takes differ in all this, and nothing of it is a fault. Bands are hidden as in SpecAugment (D. S.
    Park et al., Interspeech 2019).

    Parameters
    ----------
    mel : standardised, shape (frames, n_mels)
    spread : how much a decibel is in each band, shape (n_mels,)
    """
    bands = mel.shape[1]
    knots = _COLOUR_DB * torch.randn(1, 1, _COLOUR_KNOTS, generator=generator)
    colour = nn.functional.interpolate(knots, size=bands, mode="linear", align_corners=True)[0, 0]
    level = _LEVEL_SPREAD_DB * torch.randn(1, generator=generator)
    heard = mel + (level + colour) * spread
    if float(torch.rand(1, generator=generator)) < _HIDING_CHANCE:
        width = int(torch.randint(1, max(2, round(_MOST_HIDDEN * bands)), (1,), generator=generator))
        first = int(torch.randint(bands - width + 1, (1,), generator=generator))
        heard[:, first : first + width] = 0.0
    return heard


def _even_crops(practice: Sequence[Practice], scaling: Scaling, config: OwnFaultsConfig) -> tuple[Batch, ...]:
    """Return the pieces end to end in crops, none twice."""
    crops = [
        (mel[at * STEP_FRAMES : (at + config.crop_steps) * STEP_FRAMES],
         tuning[at : at + config.crop_steps], targets[at : at + config.crop_steps])
        for mel, tuning, targets in _standardised(practice, scaling, config)
        for at in range(0, len(targets) - config.crop_steps + 1, config.crop_steps)
    ]  # fmt: skip
    return tuple(
        _stacked(crops[at : at + config.batch_size]) for at in range(0, len(crops), config.batch_size)
    )


def _standardised(practice: Sequence[Practice], scaling: Scaling, config: OwnFaultsConfig) -> list[Batch]:
    return [
        (*scaling.apply(one.heard), torch.tensor(one.targets))
        for one in practice
        if len(one.targets) >= config.crop_steps
    ]


def _stacked(crops: Sequence[Batch]) -> Batch:
    return tuple(torch.stack(parts) for parts in zip(*crops, strict=True))


def logits_of(
    network: Committee, scaling: Scaling, pieces: Iterable[Heard], progress: Progress
) -> Iterator[NDArray[np.float64]]:
    """Yield the logits of every step of a stream, in blocks of shape (n, 1 + parts), however it is cut."""
    network.eval()
    return in_blocks(pieces, lambda heard: block_logits(network, scaling, heard), progress)


def in_blocks(
    pieces: Iterable[Heard], measure: Callable[[Heard], NDArray[np.float64]], progress: Progress
) -> Iterator[NDArray[np.float64]]:
    """Yield what is measured of every step of a stream, in blocks, the same however it is cut into pieces.

    Parameters
    ----------
    measure : takes a stretch and returns as many rows as it has steps; each may depend on what lies as far
        from its step as the network reaches
    """
    waiting: Heard | None = None
    given = 0  # steps of `waiting` that were scored already
    for piece in pieces:
        waiting = piece if waiting is None else joined((waiting, piece), piece.mel_db.shape[1])
        while len(waiting) - given >= _SCORED_STEPS + REACH_STEPS:
            progress.check_cancelled()
            rows = measure(waiting.part(0, given + _SCORED_STEPS + REACH_STEPS))
            yield rows[given : given + _SCORED_STEPS]
            given += _SCORED_STEPS
            dropped = max(given - REACH_STEPS, 0)
            waiting, given = waiting.part(dropped, len(waiting)), given - dropped
    if waiting is not None and len(waiting) > given:
        yield measure(waiting)[given:]


@torch.no_grad()
def block_logits(network: Committee, scaling: Scaling, heard: Heard) -> NDArray[np.float64]:
    """Return the members' mean logits of a stretch, shape (steps, 1 + parts)."""
    mel, tuning = scaling.apply(heard)
    logits: NDArray[np.float64] = network(mel[None], tuning[None])[:, 0].mean(dim=0).double().numpy()
    return logits.T
