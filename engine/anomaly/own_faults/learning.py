"""Learn from edited recordings by practising on faults made from them, and remember how they sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.anomaly.examples import Examples
from engine.anomaly.faults.material import Samples
from engine.anomaly.material import Split
from engine.anomaly.own_faults.fitting import member_logits, train
from engine.anomaly.own_faults.fusion import KeptTextures, keep_textures, memory_of
from engine.anomaly.own_faults.hearing import Heard, hear, joined
from engine.anomaly.own_faults.kept_audio import hear_cut, hear_kept
from engine.anomaly.own_faults.model import OwnFaultsModel
from engine.anomaly.own_faults.practice import kinds_of
from engine.anomaly.own_faults.rhythm import RhythmTrust
from engine.anomaly.own_faults.settings import OwnFaultsConfig
from engine.anomaly.recipe import KeptScores, Learnt
from engine.anomaly.recipe_config import RecipeConfig
from engine.progress import Progress

_LEAST_STD = 0.05
_LEAST_SCORE_STD = 0.5


def learn(examples: Examples, config: RecipeConfig, seed: int, progress: Progress) -> Learnt:
    """Learn to tell edited recordings from damaged ones, and from those the user cut.

    Raises
    ------
    TasteError : there is nothing to learn from
    SourceError : a recording cannot be read
    """
    assert isinstance(config, OwnFaultsConfig)
    kept = hear_kept(examples.edited, config, progress.part(0.0, 0.04))
    cut = hear_cut(examples.cut, config, progress.part(0.04, 0.05))
    folds = kept.folds(config)
    trained = train(folds, cut, config, seed, progress.part(0.05, 0.97))
    textures = keep_textures(_heard((*folds[0].training, *folds[0].validation), config))
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
    )
    scores = KeptScores(
        *_usual(model, folds, textures, trained.rhythm, progress),
        (*means[1:].tolist(), *textures.means.tolist(), 0.0),
        (*stds[1:].tolist(), *textures.stds.tolist(), trained.rhythm.std),
    )
    return Learnt(
        model, trained.fitted, scores, kept.recordings, kept.frames_db, _method(config, cut, trained.rhythm)
    )


def _heard(pieces: Sequence[Samples], config: OwnFaultsConfig) -> list[Heard]:
    every = [joined(hear([piece], config.mel), config.mel.n_mels) for piece in pieces]
    return [one for one in every if len(one)]


def _usual(
    model: OwnFaultsModel,
    folds: Sequence[Split],
    kept: KeptTextures,
    rhythm: RhythmTrust,
    progress: Progress,
) -> tuple[float, float]:
    """Return the mean and standard deviation of the scores of kept audio that was not learned from.

    Each network hears what it checked itself with, beside a memory of what it practised on.
    """
    own = []
    for member, fold in zip(model.network.members, folds, strict=True):
        without = replace(kept, memory=memory_of(_heard(fold.training, model.config), kept.floor_db))
        for heard in _heard(fold.validation, model.config):
            logits = member_logits(member, model.scaling, heard)
            unlike = rhythm.believed(rhythm.strengths(heard), progress)
            rows = np.column_stack([logits, without.logs(heard, progress), unlike])
            own.append(model.judged(rows).own)
    scores = np.concatenate(own)
    return float(scores.mean()), max(float(scores.std()), _LEAST_SCORE_STD)


def _method(config: OwnFaultsConfig, cut: Sequence[Samples], rhythm: RhythmTrust) -> str:
    kinds = kinds_of(config)
    of_cut = f", and {config.cut_share:.0%} of them what was cut before" * bool(cut)
    return (
        f"{config.practice_s / 60.0:g} minutes of the recordings with planted faults, of {len(kinds)} kinds\n"
        f"({', '.join(kinds)}){of_cut}. Voices and noises in them were made by rule.\n"
        "The loss is the binary cross-entropy of what is damaged against what is as it was kept. The score\n"
        f"is their logit, {config.nearest_weight:g} of the distance to the nearest kept sound, "
        f"{config.residual_weight:g} of what the principal\ncomponents of all kept sound leave of a moment, "
        f"{config.rest_weight:g} of its distance to the rest of its\nrecording, and "
        f"{config.rhythm_weight * rhythm.trust:.2g} of how unlike the rest its rhythm is."
    )
