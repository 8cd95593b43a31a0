"""Learn from edited recordings by practising on faults made from them, and remember how they sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.processes.side_by_side import side_by_side
from engine.core.progress import Progress
from engine.features.taste.anomaly.faults.material import Samples
from engine.features.taste.anomaly.kept_curve import KeptCurve, kept_curve
from engine.features.taste.anomaly.recipes.examples import Examples
from engine.features.taste.anomaly.recipes.own_faults.attempts import attempts_trust
from engine.features.taste.anomaly.recipes.own_faults.fitting import PRACTICE_EPOCHS, Trained, train
from engine.features.taste.anomaly.recipes.own_faults.fusion import keep_textures
from engine.features.taste.anomaly.recipes.own_faults.hearing import FrameFeatures, hear, joined
from engine.features.taste.anomaly.recipes.own_faults.model import OwnFaultsModel
from engine.features.taste.anomaly.recipes.own_faults.practice import kinds_of
from engine.features.taste.anomaly.recipes.own_faults.reference_audio import Fold, hear_cut, read_references
from engine.features.taste.anomaly.recipes.own_faults.rhythm import RhythmTrust
from engine.features.taste.anomaly.recipes.own_faults.settings import OwnFaultsConfig
from engine.features.taste.anomaly.recipes.recipe import Judged, KeptScores, Learnt
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.features.taste.anomaly.threshold import as_cuts_see, to_scores, to_standard
from engine.review.part_wording import fault_parts
from engine.sound.reader import SourceReader

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
    begins, learns, measures = _shares(config, _minutes(examples))
    progress.report(begins, "Analysing your edits")
    kept = read_references(examples.edited, config, progress.part(begins, begins + 0.75 * (learns - begins)))
    cut = hear_cut(examples.cut, config, progress.part(begins + 0.75 * (learns - begins), learns))
    folds = kept.folds(config)
    trained = train(folds, cut, config, seed, progress.part(learns, measures))
    whole = _heard(kept.pieces, config)
    textures = keep_textures(whole)
    means, stds = trained.kept_means, np.maximum(trained.kept_stds, _LEAST_STD)
    model = OwnFaultsModel(
        config,
        trained.network,
        trained.scaling,
        trained.parts,
        float(means[0]),
        float(stds[0]),
        textures,
        trained.rhythm,
        attempts_trust(heard.levels_db() for heard in whole),
    )
    part_means = (*means[1:].tolist(), *textures.means.tolist(), 0.0)
    part_stds = (*stds[1:].tolist(), *textures.stds.tolist(), trained.rhythm.std)
    unseen = _unseen(model, part_means, part_stds, folds, trained, progress.part(measures, 1.0))
    return Learnt(
        model,
        trained.fitted,
        KeptScores(unseen.mean, unseen.std, part_means, part_stds, unseen.limit),
        kept.recordings,
        kept.frames_db,
        _method(config, cut, trained.rhythm),
        unseen.curve,
    )


def _minutes(examples: Examples) -> float:
    total_s = 0.0
    for path in (*examples.edited, *examples.cut):
        with SourceReader(path) as reader:
            total_s += reader.frames / reader.rate_hz
    return total_s / 60.0


def _shares(config: OwnFaultsConfig, minutes: float) -> tuple[float, float, float]:
    """Return the shares of the progress at which reading begins, learning begins, and measuring begins."""
    learning = PRACTICE_EPOCHS + config.epochs
    reading = _READ_EPOCHS_PER_MINUTE * minutes
    whole = _START_EPOCHS + reading + learning + _MEASURE_EPOCHS + _MEASURE_EPOCHS_PER_MINUTE * minutes
    begins, learns = _START_EPOCHS / whole, (_START_EPOCHS + reading) / whole
    return begins, learns, learns + learning / whole


def _heard(pieces: Sequence[Samples], config: OwnFaultsConfig) -> list[FrameFeatures]:
    every = [joined(hear([piece], config.mel), config.mel.n_mels) for piece in pieces]
    return [one for one in every if len(one)]


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Scores of training audio by networks that have not learned it, and the limit of scores."""

    mean: float
    std: float
    limit: float
    curve: KeptCurve


def _unseen(
    model: OwnFaultsModel,
    part_means: Sequence[float],
    part_stds: Sequence[float],
    folds: Sequence[Fold],
    trained: Trained,
    progress: Progress,
) -> _Unseen:
    """Score all training audio by networks that have not learned it.

    Memory, statistics of distances and trust in rhythm exclude it as well.
    """
    progress.report(0.0, "Computing typical values")

    def held_out(numbers: list[int]) -> list[Judged]:
        fold = folds[numbers[0]]
        without = replace(
            model,
            network=model.network.of(numbers),
            kept=keep_textures(_heard(fold.training, model.config)),
            rhythm=trained.own_rhythms[numbers[0]],
        )
        return [_judged(without, _heard([piece], model.config), progress) for piece in fold.validation]

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
    curve = kept_curve(recordings, model.hop_s, fault_parts(model.part_names))
    return _Unseen(mean, std, float(to_standard(np.array([curve.default_limit]))[0]), curve)


def _judged(model: OwnFaultsModel, heard: Sequence[FrameFeatures], progress: Progress) -> Judged:
    every = list(model.judge_heard(heard, progress))
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
