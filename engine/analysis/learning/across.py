"""One training over several processes, on devices of one machine or of many, under `lightning.fabric`.

Each process runs the same verb with the same seed on the same material. It takes its share of each batch,
 and gradients are averaged (S. Li et al., "PyTorch Distributed: Experiences on Accelerating Data
Parallel Training", VLDB 2020), so that every process makes the step that one alone would make with the whole
batch. A network whose layers look at a whole batch at once (batch normalisation) gives other results.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from engine.core.errors import UsageError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Batch = tuple[Tensor, ...]
Loss = Callable[[nn.Module, Batch], Tensor]


@dataclass(frozen=True, slots=True)
class Machines:
    """Where a training runs.

    Attributes
    ----------
    devices : processes on each machine, a device each where there are any, else on its processors
    nodes : machines that run the same command
    node_rank : which of them this is, from 0
    main_address : "host:port" of the first, where there are several
    """

    devices: int = 1
    nodes: int = 1
    node_rank: int = 0
    main_address: str = ""


class Across:
    """The processes that train together; this is one of them."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes files and answers."""
        return bool(self._fabric.is_global_zero)

    def sharing(self, model: nn.Module, loss: Loss) -> Loss:
        """Return the loss of the share of each batch that is this process's, weighted so that means agree."""
        together: Any = self._fabric.setup_module(_Whole(model, loss))
        rank, world = self._fabric.global_rank, self._fabric.world_size

        def shared(_model: nn.Module, batch: Batch) -> Tensor:
            length = len(batch[0])
            start, stop = length * rank // world, length * (rank + 1) // world
            # All take part in every step: of a batch with fewer rows than processes, some weigh nothing.
            taken = slice(start, stop) if start < stop else slice(0, 1)
            own = self._fabric.to_device(tuple(one[taken] for one in batch))
            result: Tensor = together(*own) * ((stop - start) * world / length)
            return result

        return shared

    def moving(self, loss: Loss) -> Loss:
        """Return a loss that takes batches from the processor's memory."""
        return lambda model, batch: loss(model, self._fabric.to_device(batch))

    def mean(self, value: float) -> float:
        """Return the mean of a number over all processes, the same in each."""
        mean: Any = self._fabric.all_reduce(torch.tensor(value, dtype=torch.float64), reduce_op="mean")
        return float(mean)


class _Whole(nn.Module):
    """A model and its loss as one module: gradients are averaged only for calls of `forward`."""

    def __init__(self, model: nn.Module, loss: Loss) -> None:
        super().__init__()
        self.model = model
        self._loss = (loss,)  # in a tuple, since a loss that is a module has nothing to learn

    def forward(self, *batch: Tensor) -> Tensor:
        """Return the loss of a batch."""
        return self._loss[0](self.model, batch)


_in_force: Across | None = None


def in_force() -> Across | None:
    """Return the processes that train together within `training_across`; None for one alone."""
    return _in_force


@contextmanager
def training_across(machines: Machines) -> Iterator[bool]:
    """Let every training within run on all of these, and yield whether this process is the one that answers.

    The first process of a machine starts the others with its own command line.

    Raises
    ------
    UsageError : the extra is not installed, or machines or devices are missing
    """
    global _in_force
    if (machines.devices, machines.nodes) == (1, 1):
        yield True
        return
    fabric = _launched(machines)
    _in_force = Across(fabric)
    try:
        yield _in_force.is_first
        fabric.barrier()
    finally:
        _in_force = None
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _launched(machines: Machines) -> Fabric:
    host, _, port = machines.main_address.rpartition(":")
    if min(machines.devices, machines.nodes) < 1 or not 0 <= machines.node_rank < machines.nodes:
        raise UsageError("Give one device and one machine or more, and count machines from 0.")
    if machines.nodes > 1 and not (host and port.isdecimal()):
        raise UsageError("Several machines need --main-address HOST:PORT of the first, the same on each.")
    try:
        from lightning_fabric import Fabric
        from lightning_fabric.strategies.ddp import DDPStrategy
        from lightning_fabric.utilities.exceptions import MisconfigurationException
    except ImportError:
        raise UsageError(
            "Training over several devices needs the extra 'distributed': pip install 'offcut[distributed]'."
        ) from None
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    if machines.nodes > 1:
        os.environ |= {"MASTER_ADDR": host, "MASTER_PORT": port, "NODE_RANK": str(machines.node_rank)}
    try:
        # Recipes train parts of networks; what a loss leaves out has no gradient to wait for.
        strategy = DDPStrategy(find_unused_parameters=True)
        fabric = Fabric(devices=machines.devices, num_nodes=machines.nodes, strategy=strategy)
        fabric.launch()
    except (MisconfigurationException, RuntimeError, ValueError) as error:
        raise UsageError(f"These devices cannot train together: {str(error).splitlines()[0]}") from error
    return fabric
