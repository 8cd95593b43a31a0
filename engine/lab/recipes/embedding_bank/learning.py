"""Learn from edited recordings: embed them, remember the vectors, and measure each against the others."""

from __future__ import annotations

from functools import partial

import numpy as np

from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.embedded import hear_embedded
from engine.features.taste.anomaly.recipes.measures import usual_of
from engine.features.taste.anomaly.recipes.memory import held_out, remember
from engine.features.taste.anomaly.recipes.recipe import UNTRAINED, Examples, Learnt
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.lab.recipes.embedding_bank.model import EmbeddingBankModel, measured
from engine.lab.recipes.embedding_bank.settings import EmbeddingBankConfig

_LEAST_STD = 0.02


def learn(examples: Examples, config: RecipeConfig, seed: int, progress: Progress) -> Learnt:  # noqa: ARG001
    """Store the embeddings of edited recordings; earlier ones come from the user's cache.

    Raises
    ------
    TasteError : there is nothing to learn from
    SourceError : a recording cannot be read
    ExportError : the cache cannot take the embeddings
    """
    assert isinstance(config, EmbeddingBankConfig)
    heard = hear_embedded(examples.edited, config, progress)
    apart = -(-round(1000 * config.window_s) // round(1000 * config.hop_s))
    kept = np.concatenate(held_out(heard.vectors, apart, partial(measured, config)))
    usual = usual_of(kept)
    model = EmbeddingBankModel(config, heard.embedder, remember(heard.vectors, apart), usual)
    scores = usual.kept_scores(kept, _LEAST_STD)
    return Learnt(model, UNTRAINED, scores, heard.recordings, heard.frames_db, _method(config))


def _method(config: EmbeddingBankConfig) -> str:
    return (
        f"windows of {config.window_s:g} s, {config.hop_s:g} s apart, by the embedding {config.embedding}.\n"
        f"The score is the mean of: {', '.join(config.measures)}; each in standard deviations of the\n"
        "windows of a held-out recording. There is no training and no loss."
    )
