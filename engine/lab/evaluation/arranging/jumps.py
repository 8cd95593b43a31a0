"""How often the network points where an editor went on, of the steps that are not simply the next one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from engine.features.arrangement.network import (
    Adapter,
    ArrangingNetwork,
    Pair,
    Wanted,
    example_states,
    tensors_of,
)
from engine.features.arrangement.step_features import StepFeatures
from engine.features.arrangement.steps import Order


@torch.no_grad()
def jumps_right(
    network: ArrangingNetwork,
    heard: StepFeatures,
    order: Order,
    pairs: Sequence[Pair],
    adapter: Adapter | None,
) -> tuple[int, int]:
    """Return how many of an editor's jumps the network points to exactly, and how many there are.

    Its input is the departure of the editor; it predicts the continuation: another place, or the end.
    """
    network.eval()
    tensors = tensors_of(heard)
    examples = []
    for pair in pairs:
        of_pair = tensors_of(pair.heard)
        examples.append(example_states(network, network.hear(of_pair), of_pair, pair.order))
    seen = network.edit(network.hear(tensors), tensors, examples, adapter)
    wanted = Wanted.of(order, len(heard))
    if len(wanted.targets) < 2:
        return 0, 0
    logits = network.target_logits(seen, wanted.jump_rows[1:], wanted.jump_passes[1:])
    right = logits.argmax(dim=1) == wanted.targets[1:]
    return int(right.sum()), len(right)


def next_kept(heard: StepFeatures, order: Order, kept: Order) -> tuple[int, int]:
    """Return the same of a plan that goes on with the next step it keeps, and knows no loops."""
    n = len(heard)
    wanted = Wanted.of(order, n)
    rows, targets = wanted.jump_rows[1:].numpy(), wanted.targets[1:].numpy()
    played = np.unique(kept)
    following = np.searchsorted(played, rows + 2)
    guess = (
        np.where(following < len(played), played[np.minimum(following, len(played) - 1)], n)
        if len(played)
        else np.full(len(rows), n)
    )
    return int((guess == targets).sum()), len(targets)
