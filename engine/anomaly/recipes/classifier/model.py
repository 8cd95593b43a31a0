"""A learned classifier: scores by how raw a segment sounds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from engine.anomaly.recipes.classifier.network import Classifier, build
from engine.anomaly.recipes.classifier.settings import ClassifierConfig
from engine.anomaly.recipes.recipe import Judged, without_parts
from engine.anomaly.recipes.recipe_config import RecipeConfig
from engine.anomaly.recipes.segments.model import SegmentModel, stored_network
from engine.anomaly.recipes.standardisation import stored_standardisation


@dataclass(frozen=True, slots=True, eq=False)
class ClassifierModel(SegmentModel):
    """A classifier and what it standardises with."""

    config: ClassifierConfig
    network: Classifier

    def judge_segments(self, segments: Tensor) -> Judged:
        """Return the logits of being raw."""
        return without_parts(self.network(segments).double().numpy())


def load(config: RecipeConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> ClassifierModel:
    """Bring a model back.

    Raises
    ------
    ValueError, KeyError, RuntimeError : what was stored does not fit
    """
    assert isinstance(config, ClassifierConfig)
    scaling = stored_standardisation(config.mel.n_mels, tensors, facts)
    network = stored_network(lambda: build(config), tensors)
    return ClassifierModel(config, network, scaling)
