"""Learn from edited recordings by practising on faults made from them."""

from __future__ import annotations

import numpy as np

from engine.anomaly.examples import Examples
from engine.anomaly.material import levelled_samples, split
from engine.anomaly.own_faults.fitting import train
from engine.anomaly.own_faults.model import OwnFaultsModel
from engine.anomaly.own_faults.practice import kinds_of, parts_of
from engine.anomaly.own_faults.settings import OwnFaultsConfig
from engine.anomaly.recipe import KeptScores, Learnt
from engine.anomaly.recipe_config import RecipeConfig
from engine.features.mel import log_mel_blocks
from engine.progress import Progress

_LEAST_PIECE_S = 2.0
_LEAST_STD = 0.05


def learn(examples: Examples, config: RecipeConfig, seed: int, progress: Progress) -> Learnt:
    """Learn to tell edited recordings from damaged ones; 230 MB an hour, all of it in memory.

    Raises
    ------
    TasteError : there is nothing to learn from
    SourceError : a recording cannot be read
    """
    assert isinstance(config, OwnFaultsConfig)

    edited = levelled_samples(examples.edited, config.mel.rate_hz, progress.part(0.0, 0.05))
    least = round(_LEAST_PIECE_S * config.mel.rate_hz)
    parts = split(edited.heard, config.validation_share, least)
    training = [piece for piece in parts.training if len(piece) >= least] or parts.training
    trained = train(training, parts.validation, config, seed, progress.part(0.05, 1.0))
    model = OwnFaultsModel(config, trained.network, trained.scaling, parts_of(config))
    means, stds = trained.kept_means.tolist(), np.maximum(trained.kept_stds, _LEAST_STD).tolist()
    kept = KeptScores(means[0], stds[0], tuple(means[1:]), tuple(stds[1:]))
    frames_db = tuple(np.concatenate(list(log_mel_blocks([one], config.mel))) for one in edited.heard)
    return Learnt(model, trained.fitted, kept, edited.recordings, frames_db, _method(config))


def _method(config: OwnFaultsConfig) -> str:
    kinds = kinds_of(config)
    return (
        f"{config.practice_s / 60.0:g} minutes of the recordings with planted faults, of {len(kinds)} kinds\n"
        f"({', '.join(kinds)}). Voices and noises in them were made by rule.\n"
        "The loss is the binary cross-entropy of what is damaged against what is as it was kept."
    )
