"""The recipe "loudness": a moment is odd as far as it is louder than what was kept."""

from dataclasses import dataclass

import numpy as np

from engine.features.taste.anomaly.recipes.embedded import EmbeddingModel, hear_embedded, stored_embedder
from engine.features.taste.anomaly.recipes.measures import Usual, stored_usual, usual_of
from engine.features.taste.anomaly.recipes.recipe import UNTRAINED, Learnt, Recipe
from engine.features.taste.anomaly.recipes.recipe_config import EmbeddingConfig


class Settings(EmbeddingConfig):
    recipe: str = "loudness"
    epochs: int = 1
    window_s: float = 2.0
    embedding: str = "mel-means"


@dataclass(frozen=True)
class Loudness(EmbeddingModel):
    usual: Usual  # the mean and the deviation of the level, in dB
    part_names = ("louder",)

    def judge_vectors(self, vectors):
        return self.usual.judged(vectors.mean(axis=1, keepdims=True))

    def tensors(self):
        return self.usual.tensors()


def learn(examples, config, _seed, progress):
    heard = hear_embedded(examples.edited, config, progress)
    levels = np.concatenate(heard.vectors).mean(axis=1, keepdims=True, dtype=float)
    model = Loudness(config, heard.embedder, usual_of(levels))
    kept = model.usual.kept_scores(levels, 0.02)
    return Learnt(model, UNTRAINED, kept, heard.recordings, heard.frames_db, "its level alone.")


LOUDNESS = Recipe(Settings, learn, lambda c, t, f: Loudness(c, stored_embedder(c, f), stored_usual(t, 1)))
