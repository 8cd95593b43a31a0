"""Learn from edited recordings by practising on faults made from them, and remember how they sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.faults.material import Samples
from engine.anomaly.metrics import smoothed
from engine.anomaly.recipes.examples import Examples
from engine.anomaly.recipes.material import Split
from engine.anomaly.recipes.own_faults.attempts import attempts_trust
from engine.anomaly.recipes.own_faults.fitting import PRACTICE_EPOCHS, train
from engine.anomaly.recipes.own_faults.fusion import ReferenceTextures, keep_textures, memory_of
from engine.anomaly.recipes.own_faults.hearing import FrameFeatures, hear, joined
from engine.anomaly.recipes.own_faults.model import OwnFaultsModel
from engine.anomaly.recipes.own_faults.practice import Practice, kinds_of
from engine.anomaly.recipes.own_faults.reference_audio import hear_cut, read_references
from engine.anomaly.recipes.own_faults.rhythm import RhythmTrust
from engine.anomaly.recipes.own_faults.settings import OwnFaultsConfig
from engine.anomaly.recipes.recipe import KeptScores, Learnt
from engine.anomaly.recipes.recipe_config import RecipeConfig
from engine.anomaly.threshold import dividing
from engine.audio.reader import SourceReader
from engine.progress import Progress

_START_EPOCHS, _READ_EPOCHS_PER_MINUTE = 4.0, 0.4
_MEASURE_EPOCHS, _MEASURE_EPOCHS_PER_MINUTE = 3.0, 0.5
"""The time that a process takes to start, to read the edits and to measure in the end, in epochs.

They are the shares of the progress from which the remaining time follows.
"""

_LEAST_STD = 0.05
_LEAST_SCORE_STD = 0.5
_SMOOTHED_STEPS = 13
"""2 s, as cuts are found in scores that are smoothed so."""


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
    whole = _heard((*folds[0].training, *folds[0].validation), config)
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
    usual = _usual(model, folds, textures, trained.checks, progress.part(measures, 1.0))
    scores = KeptScores(
        usual.mean,
        usual.std,
        (*means[1:].tolist(), *textures.means.tolist(), 0.0),
        (*stds[1:].tolist(), *textures.stds.tolist(), trained.rhythm.std),
        usual.limit,
    )
    return Learnt(
        model, trained.fitted, scores, kept.recordings, kept.frames_db, _method(config, cut, trained.rhythm)
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
class _Usual:
    """Scores of held-out training audio, and the standard score that separates faults."""

    mean: float
    std: float
    limit: float


def _usual(
    model: OwnFaultsModel,
    folds: Sequence[Split],
    kept: ReferenceTextures,
    checks: Sequence[Sequence[Practice]],
    progress: Progress,
) -> _Usual:
    """Score held-out training audio, clean and with injected faults.

    Each network scores its own validation data, with a memory of its own training data.
    """
    own, clean, faulty = [], [], []
    members = zip(model.network.members, folds, checks, strict=True)
    for number, (member, fold, practice) in enumerate(members):
        progress.report(number / len(folds), "Computing typical values")
        without = replace(kept, memory=memory_of(_heard(fold.training, model.config), kept.floor_db))
        alone = replace(model, network=model.network.alone(member), kept=without)
        own += [_judged(alone, heard, progress) for heard in _heard(fold.validation, model.config)]
        for piece in practice:
            smooth = smoothed(_judged(alone, piece.heard, progress), _SMOOTHED_STEPS)
            clean.append(smooth[~piece.is_fault])
            faulty.append(smooth[piece.is_fault])
    scores = np.concatenate(own)
    mean, std = float(scores.mean()), max(float(scores.std()), _LEAST_SCORE_STD)
    return _Usual(mean, std, (dividing(np.concatenate(clean), np.concatenate(faulty)) - mean) / std)


def _judged(model: OwnFaultsModel, heard: FrameFeatures, progress: Progress) -> NDArray[np.float64]:
    return np.concatenate([one.own for one in model.judge_heard([heard], progress)])


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
