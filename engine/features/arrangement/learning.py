"""Training targets of an edit: its jumps, their targets, and the steps played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.features.arrangement.network import LABELS, PASSES, Adapter, ArrangingNetwork, Seen, StepTensors
from engine.features.arrangement.orders import Order, plays
from engine.features.arrangement.step_features import StepFeatures

_MOST_EXAMPLE_STEPS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A recording and an editor's order of it."""

    name: str
    heard: StepFeatures
    order: Order


def tensors_of(heard: StepFeatures) -> StepTensors:
    """Return a recording as the network takes it."""
    return StepTensors(
        torch.from_numpy(heard.features),
        torch.from_numpy(heard.earlier.astype(np.int64)),
        torch.from_numpy(heard.later.astype(np.int64)),
    )


def passes_of(order: Order) -> NDArray[np.int64]:
    """Return how often each step that is played was played before, shape (t,)."""
    by_step = np.argsort(order, kind="stable")
    ordered = order[by_step]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1]) if len(order) else np.zeros(0, int)
    counts = np.diff(np.concatenate([starts, [len(order)]]))
    out = np.empty(len(order), np.int64)
    out[by_step] = np.arange(len(order)) - np.repeat(starts, counts)
    return out


def label_rows(order: Order, n: int) -> Tensor:
    """Return the use of each of n steps in an edit, shape (n, plays)."""
    rows = np.zeros((n, LABELS), np.float32)
    counts = np.minimum(plays(order, n), PASSES)
    rows[np.arange(n), np.minimum(counts, PASSES - 1)] = 1.0
    jumps = np.flatnonzero(np.diff(order) != 1)
    left, reached = order[jumps], order[jumps + 1]
    rows[left, PASSES] = 1.0
    rows[reached, PASSES + 1] = 1.0
    is_back = reached <= left
    rows[left[is_back], PASSES + 2] = 1.0
    rows[reached[is_back], PASSES + 3] = 1.0
    if len(order):
        rows[order[0], PASSES + 1] = 1.0
        rows[order[-1], PASSES] = 1.0
    return torch.from_numpy(rows)


def example_states(network: ArrangingNetwork, states: Tensor, heard: StepTensors, order: Order) -> Tensor:
    """Return the states of an example, limited to its most informative steps.

    Parameters
    ----------
    states : the encoded recording
    """
    labels = label_rows(order, len(states))
    read = network.read(states, heard, labels)
    return read[_telling(labels)]


def _telling(labels: Tensor) -> Tensor:
    """Return the steps that are near where something changes, and others evenly, ascending."""
    n = len(labels)
    if n <= _MOST_EXAMPLE_STEPS:
        return torch.arange(n)
    is_seam = labels[:, PASSES:].amax(dim=1)
    near = functional.max_pool1d(is_seam[None, None], 5, stride=1, padding=2)[0, 0]
    score = near + torch.arange(n) % 8 / 16.0 - torch.arange(n) / (1e3 * n)
    return torch.topk(score, _MOST_EXAMPLE_STEPS).indices.sort().values


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Training targets: every step played, whether the edit leaves it, and the next one."""

    rows: Tensor
    passes: Tensor
    leaves: Tensor
    jump_rows: Tensor
    jump_passes: Tensor
    targets: Tensor
    keeps: Tensor

    @classmethod
    def of(cls, order: Order, n: int) -> Wanted:
        """Return the targets of an order of n steps."""
        passes = passes_of(order)
        following = np.concatenate([order[1:], [n]])
        leaves = following != order + 1
        # The end of the recording goes nowhere: nothing is left there.
        counts = (order < n - 1) | (following != n)
        is_jump = leaves & counts
        rows = np.concatenate([[-1], order[is_jump]])
        jump_passes = np.concatenate([[0], passes[is_jump]])
        targets = np.concatenate([order[:1] if len(order) else [n], following[is_jump]])
        return cls(
            torch.from_numpy(order[counts]),
            torch.from_numpy(passes[counts]),
            torch.from_numpy(leaves[counts].astype(np.float32)),
            torch.from_numpy(rows.astype(np.int64)),
            torch.from_numpy(jump_passes.astype(np.int64)),
            torch.from_numpy(targets.astype(np.int64)),
            torch.from_numpy((plays(order, n) > 0).astype(np.float32)),
        )


def edit_loss(network: ArrangingNetwork, seen: Seen, wanted: Wanted) -> Tensor:
    """Return how far the network is from an edit: of leaving, of where to, and of keeping."""
    keep = functional.binary_cross_entropy_with_logits(network.keep_logits(seen), wanted.keeps)
    where = functional.cross_entropy(
        network.target_logits(seen, wanted.jump_rows, wanted.jump_passes), wanted.targets
    )
    leave = torch.zeros(())
    if len(wanted.rows):
        logits = network.leave_logits(seen, wanted.rows, wanted.passes)
        each = functional.binary_cross_entropy_with_logits(logits, wanted.leaves, reduction="sum")
        # By jumps: a long recording has more steps that ask nothing.
        leave = each / (4.0 + wanted.leaves.sum())
    return keep + where + leave


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A recording and its edit, encoded independently of the editor.

    Attributes
    ----------
    states : the encoded recording, shape (n, width)
    example : its encoding as an example, shape (k, width)
    """

    heard: StepTensors
    states: Tensor
    example: Tensor
    wanted: Wanted

    @classmethod
    def of(cls, network: ArrangingNetwork, heard: StepTensors, order: Order) -> Read:
        """Encode the recording and the example."""
        states = network.hear(heard)
        example = example_states(network, states, heard, order)
        return cls(heard, states, example, Wanted.of(order, len(states)))


def group_loss(
    network: ArrangingNetwork,
    read: Sequence[Read],
    examples: Sequence[Sequence[int]],
    adapter: Adapter | None = None,
) -> Tensor:
    """Return the mean loss over recordings edited by one editor, each given some of the others as examples.

    Parameters
    ----------
    examples : for each recording the numbers of those it is given
    """
    losses = []
    for one, given in zip(read, examples, strict=True):
        seen = network.edit(one.states, one.heard, [read[other].example for other in given], adapter)
        losses.append(edit_loss(network, seen, one.wanted))
    return torch.stack(losses).mean()
