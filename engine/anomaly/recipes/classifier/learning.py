"""Learn to tell edited from raw recordings."""

from __future__ import annotations

from engine.anomaly.recipes.classifier.model import ClassifierModel
from engine.anomaly.recipes.classifier.network import build, classifier_loss
from engine.anomaly.recipes.classifier.settings import ClassifierConfig
from engine.anomaly.recipes.examples import Examples
from engine.anomaly.recipes.recipe import Learnt
from engine.anomaly.recipes.recipe_config import RecipeConfig
from engine.anomaly.recipes.segments.both_kinds import fit_on_both, hear_both
from engine.anomaly.recipes.segments.model import kept_scores
from engine.learning.loop import seeded
from engine.progress import Progress

_LEAST_LOGIT_STD = 0.05


def learn(examples: Examples, config: RecipeConfig, seed: int, progress: Progress) -> Learnt:
    """Learn from edited and raw recordings; 80 MB an hour of either, all of it in memory.

    Raises
    ------
    TasteError : there is nothing to learn from, or no raw recording
    SourceError : a recording cannot be read
    """
    assert isinstance(config, ClassifierConfig)
    both = hear_both(examples, config, progress.part(0.0, 0.1))
    with seeded(seed):
        network = build(config)
    fitted = fit_on_both(network, classifier_loss, both, config, seed, progress.part(0.1, 1.0))
    model = ClassifierModel(config, network, both.scaling)
    kept = kept_scores(model, both.edited_parts, progress, least_std=_LEAST_LOGIT_STD)
    method = (
        "a classifier of segments.\n"
        "The loss is the binary cross-entropy of edited against raw; what could have been kept of the raw\n"
        "is taken for raw like the rest."
    )
    return Learnt(model, fitted, kept, both.edited.recordings, both.edited.heard, method)
