"""Learn from edited recordings by practising on faults made from them, and remember how they sound.

Up to an hour of samples stays in memory, the rest is read once. Scores of the recordings come from networks
that have not learned them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.stft import log_mel_blocks
from engine.analysis.signal.streams import mono_of
from engine.core.errors import TasteError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.side_by_side import side_by_side
from engine.features.taste.anomaly.planting import Samples
from engine.features.taste.anomaly.recipes.material import Array, Recording, Split, listen
from engine.features.taste.anomaly.recipes.own_faults.fitting import PRACTICE_EPOCHS, Trained, train
from engine.features.taste.anomaly.recipes.own_faults.fusion import attempts_trust, reference_textures
from engine.features.taste.anomaly.recipes.own_faults.model import OwnFaultsModel
from engine.features.taste.anomaly.recipes.own_faults.network import FrameFeatures, frame_features, joined
from engine.features.taste.anomaly.recipes.own_faults.practice import kinds_of
from engine.features.taste.anomaly.recipes.own_faults.rest import RhythmTrust
from engine.features.taste.anomaly.recipes.recipe import Examples, Judged, Learnt, ReferenceScores
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig, RecipeConfig
from engine.features.taste.anomaly.threshold import (
    HeldOutCurve,
    as_cuts_see,
    held_out_curve,
    to_scores,
    to_standard,
)
from engine.review.wording import fault_parts
from engine.sound.reader import SourceReader

MOST_HELD_S = 3600.0
"""230 MB of samples; of more, stretches of two minutes are held, spread evenly over all."""

STRETCH_S = 120.0
_LEAST_PIECE_S = 2.0
_LEAST_CUT_S = 0.5
_FOLDS_OF_ONE = 4
"""A single network trains on all but one of these folds."""

_MOST_OF_ALL = 0.6
"""A longer share of the edits is held out in blocks: little would be left to learn from."""


@dataclass(frozen=True, slots=True)
class Block:
    """A contiguous part of a recording, in samples."""

    recording: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True, eq=False)
class Fold(Split):
    """Training and validation data of a network.

    Attributes
    ----------
    recordings : number of the recording that each piece of the validation data comes from
    """

    recordings: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceAudio:
    """Edited recordings at one level.

    Attributes
    ----------
    frames_db : log-mel of each recording, all of it, shape (frames, n_mels)
    samples : retained samples of each, shape (n,): in segments of `stretch_samples`, or without gaps
    stretch_samples : None where all is held
    """

    recordings: tuple[Recording, ...]
    frames_db: tuple[Array, ...]
    samples: tuple[Array, ...]
    stretch_samples: int | None

    @property
    def pieces(self) -> tuple[Array, ...]:
        """All retained samples, in contiguous pieces."""
        return self._pieces(self.samples)

    def folds(self, config: OwnFaultsConfig) -> tuple[Fold, ...]:
        """Divide the edits so that every second of them is held out from some networks; one fold for each.

        Whole recordings are held out where there are several, else contiguous blocks as long as possible. Of
        a recording that is most of the edits, blocks are held out as well.

        Raises
        ------
        TasteError : no recording is long enough to be divided
        """
        least = round(_LEAST_PIECE_S * config.mel.rate_hz)
        lengths = [len(one) for one in self.samples]
        count = config.members if config.members > 1 else _FOLDS_OF_ONE
        groups = _divided(self._blocks(lengths, count, least), count)
        if len(groups) < 2:
            raise TasteError("Each recording on its own is too short to learn from: add longer ones.")
        every = [self._fold(held, lengths, least) for held in groups]
        return tuple(every[k % len(every)] for k in range(config.members))

    def _blocks(self, lengths: Sequence[int], count: int, least: int) -> list[Block]:
        """Return recordings, or blocks of those that are most of the edits: each is held out as a whole."""
        blocks = []
        for number, length in enumerate(lengths):
            parts = count if length > _MOST_OF_ALL * sum(lengths) else 1
            each = -(-length // parts)
            if self.stretch_samples is not None:  # separate stretches stay separate
                each = -(-each // self.stretch_samples) * self.stretch_samples
            spans = [(at, min(at + each, length)) for at in range(0, length, each)]
            blocks += [Block(number, *span) for span in spans if span[1] - span[0] >= least]
        return blocks

    def _fold(self, held: Sequence[Block], lengths: Sequence[int], least: int) -> Fold:
        training: list[Array] = []
        for number, length in enumerate(lengths):
            at = 0
            left_out = [(one.start, one.stop) for one in held if one.recording == number]
            for start, stop in (*left_out, (length, length)):
                training += self._pieces([self.samples[number][at:start]])
                at = stop
        usable = tuple(piece for piece in training if len(piece) >= least)
        pieces = [
            (one.recording, piece)
            for one in held
            for piece in self._pieces([self.samples[one.recording][one.start : one.stop]])
            if len(piece) >= least
        ]
        return Fold(usable, tuple(piece for _, piece in pieces), tuple(number for number, _ in pieces))

    def _pieces(self, held: Sequence[Array]) -> tuple[Array, ...]:
        if self.stretch_samples is None:
            return tuple(held)
        each = self.stretch_samples
        return tuple(one[at : at + each] for one in held for at in range(0, len(one), each))


def _divided(blocks: Sequence[Block], count: int) -> list[list[Block]]:
    """Divide blocks into at most `count` groups of about the same length."""
    groups: list[list[Block]] = [[] for _ in range(min(count, len(blocks)))]
    for one in sorted(blocks, key=lambda block: block.start - block.stop):
        min(groups, key=lambda group: sum(block.stop - block.start for block in group)).append(one)
    return [sorted(group, key=lambda block: (block.recording, block.start)) for group in groups]


def read_references(paths: Sequence[Path], config: OwnFaultsConfig, progress: Progress) -> ReferenceAudio:
    """Read edited recordings; frames take 46 MB an hour, samples at most `MOST_HELD_S`.

    Raises
    ------
    TasteError : there is nothing to learn from
    SourceError : a recording cannot be read
    """
    rate_hz = config.mel.rate_hz
    share = min(1.0, MOST_HELD_S / max(_total_s(paths), 1.0))
    stretch = round(STRETCH_S * rate_hz)
    frames_db: list[Array] = []

    def listening(blocks: Iterator[Array]) -> Array:
        held: list[Array] = []
        passing = _watched(blocks, share, stretch, held)
        frames_db.append(np.concatenate(list(log_mel_blocks(passing, config.mel))))
        return np.concatenate(held)

    recordings = listen(paths, rate_hz, listening, progress)
    levels_db = [np.float32(one.level_db) for one in recordings]
    return ReferenceAudio(
        recordings,
        tuple(one - level_db for one, level_db in zip(frames_db, levels_db, strict=True)),
        tuple(
            one.heard * np.float32(10.0 ** (-level_db / 20.0))
            for one, level_db in zip(recordings, levels_db, strict=True)
        ),
        stretch if share < 1.0 else None,
    )


def _total_s(paths: Sequence[Path]) -> float:
    total_s = 0.0
    for path in paths:
        with SourceReader(path) as reader:
            total_s += reader.frames / reader.rate_hz
    return total_s


def _watched(blocks: Iterator[Array], share: float, stretch: int, held: list[Array]) -> Iterator[Array]:
    """Pass blocks on, and hold the share of them: the first `stretch` samples of every `stretch` / share."""
    at, every = 0, round(stretch / share)
    for block in blocks:
        place = (at + np.arange(len(block))) % every if share < 1.0 else None
        held.append(block if place is None else block[place < stretch])
        at += len(block)
        yield block


def read_cuts(paths: Sequence[Path], config: OwnFaultsConfig, progress: Progress) -> tuple[Array, ...]:
    """Read the user's cuts, limited to the length retained of the training audio; each of shape (n,).

    Raises
    ------
    TasteError : all of it together is shorter than half a second
    SourceError : a recording cannot be read
    """
    rate_hz = config.mel.rate_hz
    share = min(1.0, MOST_HELD_S / max(_total_s(paths), 1.0))
    found = []
    for number, path in enumerate(paths):
        held: list[Array] = [np.zeros(0, np.float32)]
        with SourceReader(path) as reader:
            for _ in _watched(mono_of(reader, rate_hz), share, round(STRETCH_S * rate_hz), held):
                progress.check_cancelled()
        progress.report((number + 1) / len(paths), f"Analysing {shown(path.name)}")
        found.append(np.concatenate(held))
    if paths and sum(map(len, found)) < _LEAST_CUT_S * rate_hz:
        names = ", ".join(shown(path) for path in paths)
        raise TasteError(f"{names}: less than half a second was cut: learn without it, or cut more first.")
    return tuple(one for one in found if len(one))


_START_EPOCHS, _READ_EPOCHS_PER_MINUTE = 4.0, 0.4
_MEASURE_EPOCHS, _MEASURE_EPOCHS_PER_MINUTE = 3.0, 0.5
"""The time that a process takes to start, to read the edits and to measure in the end, in epochs.

They are the shares of the progress from which the remaining time follows.
"""

_LEAST_STD = 0.05
_LEAST_SCORE_STD = 0.5


def learn(examples: Examples, config: RecipeConfig, seed: int, progress: Progress) -> Learnt:
    """Learn to distinguish edited recordings from damaged ones and from the user's cuts.

    Raises
    ------
    TasteError : there is nothing to learn from
    SourceError : a recording cannot be read
    """
    assert isinstance(config, OwnFaultsConfig)
    begins, learns, measures = _shares(config, _total_s((*examples.edited, *examples.cut)) / 60.0)
    progress.report(begins, "Analysing your edits")
    read = begins + 0.75 * (learns - begins)
    edits = read_references(examples.edited, config, progress.part(begins, read))
    cut = read_cuts(examples.cut, config, progress.part(read, learns))
    folds = edits.folds(config)
    trained = train(folds, cut, config, seed, progress.part(learns, measures))
    whole = _features(edits.pieces, config)
    textures = reference_textures(whole)
    means, stds = trained.clean_means, np.maximum(trained.clean_stds, _LEAST_STD)
    model = OwnFaultsModel(
        config,
        trained.network,
        trained.scaling,
        trained.parts,
        float(means[0]),
        float(stds[0]),
        textures,
        trained.rhythm,
        attempts_trust(one.levels_db() for one in whole),
    )
    part_means = (*means[1:].tolist(), *textures.means.tolist(), 0.0)
    part_stds = (*stds[1:].tolist(), *textures.stds.tolist(), trained.rhythm.std)
    unseen = _unseen(model, part_means, part_stds, folds, trained, progress.part(measures, 1.0))
    return Learnt(
        model,
        trained.fitted,
        ReferenceScores(unseen.mean, unseen.std, part_means, part_stds, unseen.limit),
        edits.recordings,
        edits.frames_db,
        _method(config, cut, trained.rhythm),
        unseen.curve,
    )


def _shares(config: OwnFaultsConfig, minutes: float) -> tuple[float, float, float]:
    """Return the shares of the progress at which reading begins, learning begins, and measuring begins."""
    learning = PRACTICE_EPOCHS + config.epochs
    reading = _READ_EPOCHS_PER_MINUTE * minutes
    whole = _START_EPOCHS + reading + learning + _MEASURE_EPOCHS + _MEASURE_EPOCHS_PER_MINUTE * minutes
    begins, learns = _START_EPOCHS / whole, (_START_EPOCHS + reading) / whole
    return begins, learns, learns + learning / whole


def _features(pieces: Sequence[Samples], config: OwnFaultsConfig) -> list[FrameFeatures]:
    every = [joined(frame_features([piece], config.mel), config.mel.n_mels) for piece in pieces]
    return [one for one in every if len(one)]


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Scores of training audio by networks that have not learned it, and the limit of scores."""

    mean: float
    std: float
    limit: float
    curve: HeldOutCurve


def _unseen(
    model: OwnFaultsModel,
    part_means: Sequence[float],
    part_stds: Sequence[float],
    folds: Sequence[Fold],
    trained: Trained,
    progress: Progress,
) -> _Unseen:
    """Score all training audio by networks, memories and trust in rhythm that have not learned it."""
    progress.report(0.0, "Computing typical values")

    def held_out(numbers: list[int]) -> list[Judged]:
        fold = folds[numbers[0]]
        without = replace(
            model,
            network=model.network.of(numbers),
            references=reference_textures(_features(fold.training, model.config)),
            rhythm=trained.own_rhythms[numbers[0]],
        )
        return [_judged(without, _features([piece], model.config), progress) for piece in fold.validation]

    judged: dict[int, list[Judged]] = {}
    groups = [[k for k, fold in enumerate(folds) if fold is one] for one in dict.fromkeys(folds)]
    for numbers, found in zip(groups, side_by_side(held_out, groups), strict=True):
        for recording, one in zip(folds[numbers[0]].recordings, found, strict=True):
            judged.setdefault(recording, []).append(one)
    scores = np.concatenate([one.own for pieces in judged.values() for one in pieces])
    mean, std = float(scores.mean()), max(float(scores.std()), _LEAST_SCORE_STD)

    def seen(one: Judged) -> NDArray[np.float64]:
        z = (one.parts - np.array(part_means)) / np.array(part_stds)
        return as_cuts_see(np.column_stack([to_scores((one.own - mean) / std), z]), model.hop_s)

    recordings = [np.concatenate([*map(seen, pieces)]) for _, pieces in sorted(judged.items())]
    curve = held_out_curve(recordings, model.hop_s, fault_parts(model.part_names))
    return _Unseen(mean, std, float(to_standard(np.array([curve.default_limit]))[0]), curve)


def _judged(model: OwnFaultsModel, features: Sequence[FrameFeatures], progress: Progress) -> Judged:
    every = list(model.judge_features(features, progress))
    return Judged(np.concatenate([one.own for one in every]), np.concatenate([one.parts for one in every]))


def _method(config: OwnFaultsConfig, cut: Sequence[Samples], rhythm: RhythmTrust) -> str:
    kinds = kinds_of(config)
    of_cut = f", and {config.cut_share:.0%} of them from earlier cuts" * bool(cut)
    return (
        f"{config.practice_s / 60.0:g} minutes with injected faults, of {len(kinds)} kinds\n"
        f"({', '.join(kinds)}){of_cut}. Their voices and noises are synthetic.\n"
        "The loss is the binary cross-entropy of damaged against undamaged audio. The score\n"
        f"is their logit, {config.nearest_weight:g} of the distance to the nearest training frame, "
        f"{config.residual_weight:g} of its residual from the\nprincipal components of the training data, "
        f"{config.rest_weight:g} of its distance to the rest of its\nrecording, and "
        f"{config.rhythm_weight * rhythm.trust:.2g} of how unlike the rest its rhythm is."
    )
