"""A learned classifier: scores by how raw a segment sounds to it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from engine.features.taste.anomaly.recipes.recipe import Judged, without_parts
from engine.lab.recipes.classifier.network import Classifier
from engine.lab.recipes.segments.model import SegmentModel


@dataclass(frozen=True, slots=True, eq=False)
class ClassifierModel(SegmentModel):
    """A classifier and its standardisation."""

    network: Classifier

    def judge_segments(self, segments: Tensor) -> Judged:
        """Return the logits of being raw."""
        return without_parts(self.network(segments).double().numpy())
