"""The network's output for a recording, as arrays: log probabilities of jumps at each step, and targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.features.arrangement.network import PASSES, ArrangingNetwork, Seen

Floats = NDArray[np.float64]

_LEAST_LEFT = 0.01
_LEAST_LOOPED = 0.003
_MOST_TARGETS = 24
_ROWS_AT_ONCE = 256
_LOWEST = -12.0
_NEVER = -1e4


@dataclass(frozen=True, slots=True, eq=False)
class Jump:
    """Where it may go on from a step, and how likely: natural logarithms.

    Attributes
    ----------
    targets : shape (k,), steps
    log_chances : shape (k,)
    log_stop : of going nowhere
    """

    targets: NDArray[np.int64]
    log_chances: Floats
    log_stop: float


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of every path through a recording.

    Attributes
    ----------
    keep : shape (n,), by how much likelier each step is played than not, a logarithm
    stay, leave : shape (n, PASSES), log probabilities of going on to the next step or not, by number of
        passes
    begin : where it may begin
    onward : where it may go on, by step and passes; targets behind the next step
    back : where a loop may begin, by step and passes; targets up to the step itself
    """

    keep: Floats
    stay: Floats
    leave: Floats
    begin: Jump
    onward: dict[tuple[int, int], Jump]
    back: dict[tuple[int, int], Jump]

    def __len__(self) -> int:
        return len(self.keep)

    def stirred(self, rng: np.random.Generator, by: float) -> Scores:
        """Return scores moved at random, for another arrangement that is nearly as likely.

        Parameters
        ----------
        by : standard deviation, in natural logarithms
        """
        moved = {
            key: replace(jump, log_chances=jump.log_chances + by * rng.standard_normal(len(jump.targets)))
            for key, jump in self.onward.items()
        }
        noise = by * rng.standard_normal(len(self.keep))
        return replace(self, onward=moved, leave=self.leave + noise[:, None])


@torch.no_grad()
def scores_of(network: ArrangingNetwork, seen: Seen) -> Scores:
    """Ask the network all that decoding needs."""
    n = len(seen)
    rows = torch.arange(n)
    logits = torch.stack(
        [network.leave_logits(seen, rows, torch.full_like(rows, passed)) for passed in range(PASSES)], dim=1
    )
    leave, stay = (_array(functional.logsigmoid(sign * logits)) for sign in (1.0, -1.0))
    # An arrangement is never empty.
    begin = replace(_jumps(network, seen, [-1], 0)[0], log_stop=_NEVER)
    onward: dict[tuple[int, int], Jump] = {}
    back: dict[tuple[int, int], Jump] = {}
    asked = np.flatnonzero(leave[:, 0] > np.log(_LEAST_LEFT)).tolist()
    for passed in range(PASSES):
        looping = []
        for row, jump in zip(asked, _jumps(network, seen, asked, passed), strict=True):
            onward[row, passed], back[row, passed] = _parted(jump, row)
            chances = back[row, passed].log_chances
            if len(chances) and leave[row, passed] + chances.max() > np.log(_LEAST_LOOPED):
                looping.append(row)
        # Only loops are played more often.
        asked = looping
    return Scores(_array(network.keep_logits(seen)), stay, leave, begin, onward, back)


def _array(values: Tensor) -> Floats:
    rows: Floats = np.maximum(values.double().numpy(), _LOWEST)
    return rows


def _jumps(network: ArrangingNetwork, seen: Seen, rows: Sequence[int], passed: int) -> list[Jump]:
    """Return the likeliest targets from some steps, ahead and behind."""
    found = []
    n = len(seen)
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        asked = torch.tensor(rows[first : first + _ROWS_AT_ONCE])
        chances = functional.log_softmax(
            network.target_logits(seen, asked, torch.full_like(asked, passed)), dim=1
        )
        best = torch.topk(chances[:, :n], min(n, _MOST_TARGETS), dim=1)
        for places, values, stop in zip(best.indices, best.values, chances[:, n], strict=True):
            found.append(Jump(places.numpy(), _array(values), max(float(stop), _LOWEST)))
    return found


def _parted(jump: Jump, row: int) -> tuple[Jump, Jump]:
    """Return the forward and the backward jumps."""
    on, back = jump.targets > row + 1, jump.targets <= row
    return (
        Jump(jump.targets[on], jump.log_chances[on], jump.log_stop),
        Jump(jump.targets[back], jump.log_chances[back], _LOWEST),
    )
