"""Learn to rebuild edited and raw recordings, each with a decoder of its own."""

from __future__ import annotations

from engine.anomaly.recipes.dual.model import DualModel
from engine.anomaly.recipes.dual.network import build, dual_loss
from engine.anomaly.recipes.dual.settings import DualConfig
from engine.anomaly.recipes.examples import Examples
from engine.anomaly.recipes.recipe import Learnt
from engine.anomaly.recipes.recipe_config import RecipeConfig
from engine.anomaly.recipes.segments.both_kinds import fit_on_both, hear_both
from engine.anomaly.recipes.segments.model import kept_scores
from engine.learning.loop import seeded
from engine.progress import Progress

_LEAST_STD = 1e-3  # of a difference of errors: far less than a log error moves


def learn(examples: Examples, config: RecipeConfig, seed: int, progress: Progress) -> Learnt:
    """Learn from edited and raw recordings; 80 MB an hour of either, all of it in memory.

    Raises
    ------
    TasteError : there is nothing to learn from, or no raw recording
    SourceError : a recording cannot be read
    """
    assert isinstance(config, DualConfig)
    both = hear_both(examples, config, progress.part(0.0, 0.1))
    with seeded(seed):
        network = build(config)
    fitted = fit_on_both(network, dual_loss, both, config, seed, progress.part(0.1, 1.0))
    model = DualModel(config, network, both.scaling)
    kept = kept_scores(model, both.edited_parts, progress, least_std=_LEAST_STD)
    method = (
        "one encoder and two decoders, one\n"
        "of the edited and one of the raw. The loss is the sum of their mean squared errors, and the score\n"
        "how much worse the one of the edited rebuilds."
    )
    return Learnt(model, fitted, kept, both.edited.recordings, both.edited.heard, method)
