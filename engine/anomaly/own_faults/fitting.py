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
from engine.anomaly.own_faults.practice import Practice, make_practice, parts_of
from engine.anomaly.own_faults.settings import OwnFaultsConfig
from engine.learning.loop import Batch, Fitted, TrainSettings, fit, seeded
from engine.learning.torch_threads import few_threads
from engine.progress import Progress

_VALIDATION_SHARE_OF_PRACTICE = 0.15
_PART_WEIGHT = 0.1
_LEVEL_SPREAD_DB = 3.0
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
    kept_means, kept_stds : float64, shape (1 + parts,), of the logits of kept audio
    """

    network: Committee
    scaling: Scaling
    fitted: Fitted
    kept_means: NDArray[np.float64]
    kept_stds: NDArray[np.float64]


def train(
    training: Sequence[Samples],
    validation: Sequence[Samples],
    config: OwnFaultsConfig,
    seed: int,
    progress: Progress,
) -> Trained:
    """Make faults and learn to find them.

    Parameters
    ----------
    training, validation : kept audio, mono at the analysis rate, each of shape (n,); no second is in both
    """
    with few_threads():
        practice = make_practice(training, config, config.practice_s, 2 * seed, progress.part(0.0, 0.25))
        checked_s = _VALIDATION_SHARE_OF_PRACTICE * config.practice_s
        checks = make_practice(validation, config, checked_s, 2 * seed + 1, progress.part(0.25, 0.3))
        scaling = _scaling(practice)
        with seeded(seed):
            network = Committee(config.mel.n_mels, config.width, config.members, len(parts_of(config)))
            settings = TrainSettings(config.epochs, config.learning_rate, config.weight_decay, patience=None)
            batches = _random_crops(practice, scaling, config, torch.Generator().manual_seed(seed))
            fitted = fit(
                network,
                _loss,
                batches,
                _even_crops(checks, scaling, config),
                settings,
                progress.part(0.3, 1.0),
            )
        logits = np.concatenate(
            [
                np.concatenate(list(logits_of(network, scaling, [one.heard], progress)))[~one.is_fault]
                for one in checks
            ]
        )
    return Trained(network, scaling, fitted, logits.mean(axis=0), logits.std(axis=0))


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
    """Return what yields one epoch: as much as there is practice, in crops from anywhere, at any level."""
    pieces = _standardised(practice, scaling, config)
    count = max(sum(len(one[2]) for one in pieces) // config.crop_steps, config.batch_size)
    lengths = torch.tensor([len(one[2]) for one in pieces], dtype=torch.float)
    spread = _LEVEL_SPREAD_DB / torch.tensor(scaling.mel_std_db)

    def crop() -> Batch:
        mel, tuning, targets = pieces[int(torch.multinomial(lengths, 1, generator=generator))]
        first = int(torch.randint(len(targets) - config.crop_steps + 1, (1,), generator=generator))
        last = first + config.crop_steps
        louder = torch.randn(1, generator=generator) * spread
        heard = mel[first * STEP_FRAMES : last * STEP_FRAMES] + louder
        return heard, tuning[first:last], targets[first:last]

    def epoch() -> Iterator[Batch]:
        for _ in range(count // config.batch_size):
            yield _stacked([crop() for _ in range(config.batch_size)])

    return epoch


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


@torch.no_grad()
def logits_of(
    network: Committee, scaling: Scaling, pieces: Iterable[Heard], progress: Progress
) -> Iterator[NDArray[np.float64]]:
    """Yield the logits of every step of a stream, in blocks of shape (n, 1 + parts), the same however it is
    cut.

    Each block is heard with as much around it as the network reaches.
    """
    network.eval()
    waiting: Heard | None = None
    given = 0  # steps of `waiting` that were scored already
    for piece in pieces:
        waiting = piece if waiting is None else joined((waiting, piece), piece.mel_db.shape[1])
        while len(waiting) - given >= _SCORED_STEPS + REACH_STEPS:
            progress.check_cancelled()
            yield _block(
                network, scaling, waiting.part(0, given + _SCORED_STEPS + REACH_STEPS), given, _SCORED_STEPS
            )
            given += _SCORED_STEPS
            dropped = max(given - REACH_STEPS, 0)
            waiting, given = waiting.part(dropped, len(waiting)), given - dropped
    if waiting is not None and len(waiting) > given:
        yield _block(network, scaling, waiting, given, len(waiting) - given)


def _block(network: Committee, scaling: Scaling, heard: Heard, first: int, count: int) -> NDArray[np.float64]:
    mel, tuning = scaling.apply(heard)
    logits: NDArray[np.float64] = network(mel[None], tuning[None])[:, 0].mean(dim=0).double().numpy()
    return logits.T[first : first + count]
