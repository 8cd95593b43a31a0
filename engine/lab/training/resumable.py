"""A long training that can be stopped and goes on: a network, the mean of its late weights, its history."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from engine.analysis.learning.loop import seeded

_Network = TypeVar("_Network", bound=nn.Module)
CHECKPOINT = "checkpoint.pt"


class Resumable(Generic[_Network]):
    """A network being trained with AdamW, and the mean of its late weights, which is shipped.

    Parameters
    ----------
    make : makes the network, with weights drawn from `seed`
    averaging : share of the mean that stays at each step

    Attributes
    ----------
    history : a row for each epoch that is done
    """

    def __init__(
        self,
        make: Callable[[], _Network],
        *,
        seed: int,
        learning_rate: float,
        weight_decay: float,
        averaging: float,
    ) -> None:
        with seeded(seed):
            # A quarter faster so, with the same sums; the stubs do not know it of a whole module.
            self.network: _Network = make().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.averaged = make()
        self.averaged.load_state_dict(self.network.state_dict())
        self.averaged.eval()
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=learning_rate, weight_decay=weight_decay
        )
        self.history: list[dict[str, object]] = []
        self._averaging = averaging

    def step(self, loss: Tensor, learning_rate: float, number: int, most_gradient: float) -> None:
        """Learn from the loss of a batch.

        Parameters
        ----------
        number : how many steps there were before
        most_gradient : gradients that are longer are brought to this length
        """
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), most_gradient)
        self.optimizer.step()
        self._average(number)

    @torch.no_grad()
    def _average(self, number: int) -> None:
        keep = min(self._averaging, (number + 1) / (number + 10))
        latest = self.network.state_dict()
        for name, mean in self.averaged.state_dict().items():
            if mean.dtype.is_floating_point:
                mean.lerp_(latest[name], 1.0 - keep)
            else:
                mean.copy_(latest[name])

    def begin_with(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with the weights of another training."""
        self.network.load_state_dict(weights)
        self.averaged.load_state_dict(weights)

    def save(self, folder: Path, write: Callable[[nn.Module, Path], None], name: str) -> None:
        """Keep all that is needed to go on, the history, and the averaged weights as `write` writes them."""
        state = {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": self.history,
        }
        unfinished = folder / "checkpoint.part"
        torch.save(state, unfinished)
        unfinished.replace(folder / CHECKPOINT)
        write(self.averaged, folder / name)
        (folder / "history.json").write_text(json.dumps(self.history, indent=1))

    def resume(self, folder: Path) -> None:
        """Go on where a training in this folder was stopped, if there was one."""
        if not (folder / CHECKPOINT).exists():
            return
        state = torch.load(folder / CHECKPOINT, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.history = state["history"]


def falling_rate(highest: float, step: int, steps: int, warming: int = 200) -> float:
    """Return the learning rate of a step: up over the first, then down half a cosine to a hundredth."""
    cosine = 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * min(1.0, step / steps)))
    return highest * cosine * min(1.0, (step + 1) / warming)
