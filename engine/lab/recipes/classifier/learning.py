"""Learn to distinguish edited from raw recordings."""

from __future__ import annotations

from engine.lab.recipes.classifier.model import ClassifierModel
from engine.lab.recipes.classifier.network import Classifier, classifier_loss
from engine.lab.recipes.segments.both_kinds import LearnsBoth

CLASSIFIER = LearnsBoth(
    network=Classifier,
    loss=classifier_loss,
    model=ClassifierModel,
    least_std=0.05,  # of logits
    method=(
        "a classifier of segments.\n"
        "The loss is the binary cross-entropy of edited against raw; all of the raw recordings\n"
        "counts as raw."
    ),
)
