"""Learn to rebuild edited and raw recordings, each with a decoder of its own."""

from __future__ import annotations

from engine.lab.recipes.dual.model import DualModel
from engine.lab.recipes.dual.network import DualAutoencoder, dual_loss
from engine.lab.recipes.segments.both_kinds import LearnsBoth

DUAL = LearnsBoth(
    network=DualAutoencoder,
    loss=dual_loss,
    model=DualModel,
    least_std=1e-3,  # of a difference of errors: far less than a log error moves
    method=(
        "one encoder and two decoders, one\n"
        "of the edited and one of the raw. The loss is the sum of their mean squared errors, and the score\n"
        "how much worse the one of the edited rebuilds."
    ),
)
