"""Train the network on synthetic faults, and score streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.analysis.learning.loop import (
    Batch,
    Epoch,
    Fitted,
    TrainSettings,
    few_threads,
    fit,
    seeded,
    together,
)
from engine.analysis.signal.streams import read_ahead
from engine.core.progress import Progress, parallel
from engine.core.side_by_side import side_by_side
from engine.features.taste.anomaly.planting import Samples
from engine.features.taste.anomaly.recipes.material import Split
from engine.features.taste.anomaly.recipes.own_faults.network import (
    DILATIONS,
    REACH_STEPS,
    SHORT_LAYERS,
    STEP_FRAMES,
    Committee,
    FaultTagger,
    Form,
    FrameFeatures,
    QuickTagger,
    joined,
)
from engine.features.taste.anomaly.recipes.own_faults.practice import Practice, Workshop
from engine.features.taste.anomaly.recipes.own_faults.rest import RhythmTrust, mean_trust, rhythm_trust
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig

_VALIDATION_SHARE_OF_PRACTICE = 0.15
_PART_WEIGHT = 0.25
_LEVEL_SPREAD_DB = 3.0
_COLOUR_DB, _COLOUR_KNOTS = 3.0, 6
_HIDING_CHANCE, _MOST_HIDDEN = 0.5, 0.2
_MOVING_CHANCE = 0.5
_BEYOND_STEPS = 16
_LEAST_STD_DB = 1.0
_LEAST_TUNING_STD = 1e-3
_SCORED_STEPS = 512
_PIECES_AHEAD = 8
_NO_RHYTHM = 0.5


PRACTICE_EPOCHS = 4.0
"""The time that it takes to make the practice, in epochs: a share of the progress."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Means and standard deviations of the training data: mel in dB, shape (n_mels,), tuning (bins,)."""

    mel_mean_db: NDArray[np.float32]
    mel_std_db: NDArray[np.float32]
    tuning_mean: NDArray[np.float32]
    tuning_std: NDArray[np.float32]

    def apply(self, features: FrameFeatures) -> tuple[Tensor, Tensor]:
        """Standardise the features."""
        mel = (features.mel_db - self.mel_mean_db) / self.mel_std_db
        tuning = (features.tuning - self.tuning_mean) / self.tuning_std
        return torch.tensor(mel), torch.tensor(tuning)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """Networks that detect faults, their standardisation, and logits of held-out clean audio.

    Attributes
    ----------
    parts : kinds of fault they distinguish
    clean_means, clean_stds : float64, shape (1 + parts,), of the logits of clean audio
    rhythm : weight of the rhythm comparison, the mean of those below
    own_rhythms : the same, from the training data of each network alone
    """

    network: Committee
    scaling: Scaling
    parts: tuple[str, ...]
    fitted: Fitted
    clean_means: NDArray[np.float64]
    clean_stds: NDArray[np.float64]
    rhythm: RhythmTrust
    own_rhythms: tuple[RhythmTrust, ...]


def train(
    folds: Sequence[Split], cut: Sequence[Samples], config: OwnFaultsConfig, seed: int, progress: Progress
) -> Trained:
    """Make faults and learn to find them.

    Parameters
    ----------
    folds : for each network clean audio to train on and other clean audio for validation; mono at the
        analysis rate
    cut : the user's cuts, each of shape (n,)
    """
    workshop = Workshop(config, cut)
    made = PRACTICE_EPOCHS / (PRACTICE_EPOCHS + config.epochs)
    with few_threads():
        practices, checks = _practices(workshop, folds, seed, progress.part(0.0, made))
        scaling = _scaling([piece for practice in practices for piece in practice])
        rhythms = tuple(map(rhythm_trust, practices))
        rhythm = mean_trust(rhythms)
        edits = (*folds[0].training, *folds[0].validation)
        is_little = sum(map(len, edits)) < config.long_from_s * config.mel.rate_hz
        is_short = is_little and rhythm.trust < _NO_RHYTHM
        layers = SHORT_LAYERS if is_short else len(DILATIONS)
        with seeded(seed):
            form = Form(config.mel.n_mels, config.width, len(workshop.parts), layers)
            network = Committee(form, len(folds))
        # Twice as many crops of half the length.
        half = {"crop_steps": max(config.crop_steps // 2, 8), "batch_size": 2 * config.batch_size}
        crops = config.model_copy(update=half) if is_short else config
        fitted = _fitted(network, practices, checks, scaling, crops, seed, progress.part(made, 1.0))
        clean = np.concatenate(
            [
                member_logits(member, scaling, piece.features)[~piece.is_fault]
                for member, own in zip(quick_taggers(network), checks, strict=True)
                for piece in own
            ]
        )
    means, stds = clean.mean(axis=0), clean.std(axis=0)
    return Trained(network, scaling, workshop.parts, fitted, means, stds, rhythm, rhythms)


def _practices(
    workshop: Workshop, folds: Sequence[Split], seed: int, progress: Progress
) -> tuple[list[tuple[Practice, ...]], list[tuple[Practice, ...]]]:
    """Make training and validation data for each network."""
    total_s = workshop.config.practice_s / len(folds)

    def made(number: int) -> tuple[tuple[Practice, ...], tuple[Practice, ...]]:
        fold, share, own = folds[number], shares[number], 2 * (len(folds) * seed + number)
        checked_s = _VALIDATION_SHARE_OF_PRACTICE * total_s
        return (
            workshop.practice(fold.training, total_s, own, share.part(0.0, 0.85)),
            workshop.practice(fold.validation, checked_s, own + 1, share.part(0.85, 1.0)),
        )

    shares = parallel(progress, len(folds))
    both = side_by_side(made, range(len(folds)))
    return [practice for practice, _ in both], [check for _, check in both]


def _fitted(
    network: Committee,
    practices: Sequence[Sequence[Practice]],
    checks: Sequence[Sequence[Practice]],
    scaling: Scaling,
    config: OwnFaultsConfig,
    seed: int,
    progress: Progress,
) -> Fitted:
    """Train each network on its own practice, on a thread each, and return the means of their losses.

    Each draws from a generator of its own: the result does not depend on the number of cores.
    """
    settings = TrainSettings(config.epochs, config.learning_rate, config.weight_decay, patience=None)
    steps = sum(len(piece.targets) for own in practices for piece in own)
    count = max(steps // config.crop_steps, config.batch_size) // config.batch_size

    def fit_one(number: int) -> Fitted:
        member = network.members[number]
        assert isinstance(member, FaultTagger)
        # A third faster; torch's types lack this memory layout for modules.
        member.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        generator = torch.Generator().manual_seed(seed * len(practices) + number)
        member.draw_from(generator)
        batches = _random_crops(practices[number], scaling, config, count, generator)
        return fit(
            member, _loss, batches, _even_crops(checks[number], scaling, config), settings, shares[number]
        )

    numbers = range(len(practices))
    shares = parallel(progress, len(practices))
    # Processes that train together exchange gradients in one order: their networks learn one after another.
    fits = side_by_side(fit_one, numbers) if together() is None else [fit_one(number) for number in numbers]
    epochs = [
        Epoch(own[0].number, fmean(one.loss for one in own), fmean(one.validation for one in own))
        for own in zip(*(one.history for one in fits), strict=True)
    ]
    return Fitted(tuple(epochs), epochs[-1], stopped_early=False)


def _loss(model: nn.Module, batch: Batch) -> Tensor:
    """Return the cross-entropy of the fault logit and, during training, a small weight of that of its kind.

    So the reported validation loss is comparable between sets of fault kinds.
    """
    mel, tuning, targets = batch
    logits = model(mel, tuning)
    wanted = targets.transpose(1, 2)
    each = nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    damaged = each[:, 0].mean()
    return damaged + _PART_WEIGHT * each[:, 1:].sum(dim=1).mean() if model.training else damaged


def _scaling(practice: Sequence[Practice]) -> Scaling:
    mel = np.concatenate([one.features.mel_db for one in practice])
    tuning = np.concatenate([one.features.tuning for one in practice])
    return Scaling(
        mel.mean(axis=0),
        np.maximum(mel.std(axis=0), np.float32(_LEAST_STD_DB)),
        tuning.mean(axis=0),
        np.maximum(tuning.std(axis=0), np.float32(_LEAST_TUNING_STD)),
    )


def _random_crops(
    practice: Sequence[Practice],
    scaling: Scaling,
    config: OwnFaultsConfig,
    count: int,
    generator: torch.Generator,
) -> Callable[[], Iterator[Batch]]:
    """Return a function that yields one epoch of `count` batches: crops from anywhere, each coloured.

    A crop begins on any frame: the steps of a recording that is scored later are not those of the practice.
    """
    pieces = _standardised(practice, scaling, config)
    lengths = torch.tensor([len(targets) for _, _, targets in pieces], dtype=torch.float)
    spread = 1.0 / torch.tensor(scaling.mel_std_db)

    def crop() -> Batch:
        mel, tuning, targets = pieces[int(torch.multinomial(lengths, 1, generator=generator))]
        last_first = len(targets) - config.crop_steps - 1
        anywhere = torch.randint(-_BEYOND_STEPS, last_first + _BEYOND_STEPS + 1, (1,), generator=generator)
        first = min(max(int(anywhere), 0), last_first)  # the very start and end are used often enough
        later = int(torch.randint(STEP_FRAMES, (1,), generator=generator))
        frame = first * STEP_FRAMES + later
        crop_mel = _coloured(mel[frame : frame + config.crop_steps * STEP_FRAMES], spread, generator)
        nearest = first + (later > STEP_FRAMES // 2)
        last = nearest + config.crop_steps
        return crop_mel, tuning[nearest:last], targets[nearest:last]

    def epoch() -> Iterator[Batch]:
        for _ in range(count):
            yield _stacked([crop() for _ in range(config.batch_size)])

    return epoch


def _coloured(mel: Tensor, spread: Tensor, generator: torch.Generator) -> Tensor:
    """Return standardised frames with changes that are not faults; `spread` is a decibel in each band.

    Level and microphone differ, half of them miss some bands, and half are shifted by a band. Bands are
    hidden as in SpecAugment (D. S. Park et al., Interspeech 2019).
    """
    bands = mel.shape[1]
    knots = _COLOUR_DB * torch.randn(1, 1, _COLOUR_KNOTS, generator=generator)
    colour = nn.functional.interpolate(knots, size=bands, mode="linear", align_corners=True)[0, 0]
    level = _LEVEL_SPREAD_DB * torch.randn(1, generator=generator)
    coloured = mel + (level + colour) * spread
    if float(torch.rand(1, generator=generator)) < _HIDING_CHANCE:
        width = int(torch.randint(1, max(2, round(_MOST_HIDDEN * bands)), (1,), generator=generator))
        first = int(torch.randint(bands - width + 1, (1,), generator=generator))
        coloured[:, first : first + width] = 0.0
    if float(torch.rand(1, generator=generator)) < _MOVING_CHANCE:
        is_up = bool(torch.rand(1, generator=generator) < 0.5)  # the band at the edge is repeated
        parts = (coloured[:, :1], coloured[:, :-1]) if is_up else (coloured[:, 1:], coloured[:, -1:])
        coloured = torch.cat(parts, dim=1)
    return coloured


def _even_crops(checks: Sequence[Practice], scaling: Scaling, config: OwnFaultsConfig) -> tuple[Batch, ...]:
    """Return the checks of a network end to end in crops, none twice."""
    crops = [
        (mel[at * STEP_FRAMES : (at + config.crop_steps) * STEP_FRAMES],
         tuning[at : at + config.crop_steps], targets[at : at + config.crop_steps])
        for mel, tuning, targets in _standardised(checks, scaling, config)
        for at in range(0, len(targets) - config.crop_steps + 1, config.crop_steps)
    ]  # fmt: skip
    return tuple(
        _stacked(crops[at : at + config.batch_size]) for at in range(0, len(crops), config.batch_size)
    )


def _standardised(practice: Sequence[Practice], scaling: Scaling, config: OwnFaultsConfig) -> list[Batch]:
    return [
        (*scaling.apply(one.features), torch.tensor(one.targets))
        for one in practice
        if len(one.targets) > config.crop_steps
    ]


def _stacked(crops: Sequence[Batch]) -> Batch:
    return tuple(torch.stack(parts) for parts in zip(*crops, strict=True))


def in_blocks(
    pieces: Iterable[FrameFeatures],
    measure: Callable[[FrameFeatures], NDArray[np.float64]],
    progress: Progress,
) -> Iterator[NDArray[np.float64]]:
    """Yield the measures of every step of a stream, in blocks, independent of its division into pieces.

    The features are computed on a thread of their own while earlier steps are measured.

    Parameters
    ----------
    measure : takes a segment and returns one row per step; each may depend on audio as far
        from its step as the network reaches
    """
    waiting: FrameFeatures | None = None
    given = 0  # steps of `waiting` that were scored already
    with read_ahead(pieces, _PIECES_AHEAD) as ready:
        for piece in ready:
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


def quick_taggers(network: Committee) -> tuple[QuickTagger, ...]:
    """Return the members of a committee that has learned."""
    taggers = []
    for member in network.members:
        assert isinstance(member, FaultTagger)
        taggers.append(QuickTagger(member))
    return tuple(taggers)


def block_logits(
    members: Sequence[QuickTagger], scaling: Scaling, features: FrameFeatures
) -> NDArray[np.float64]:
    """Return the members' mean logits of an excerpt, shape (steps, 1 + parts)."""
    every = [member_logits(member, scaling, features) for member in members]
    mean: NDArray[np.float64] = np.mean(every, axis=0)
    return mean


def member_logits(member: QuickTagger, scaling: Scaling, features: FrameFeatures) -> NDArray[np.float64]:
    """Return the logits of one network alone, shape (steps, 1 + parts), as it scores: nothing is dropped."""
    mel, tuning = scaling.apply(features)
    return member(mel[None], tuning[None])[0].T.double().numpy()
