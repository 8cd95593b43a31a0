"""The one training loop all models share, and the weights of those that come with Offcut.

Plain torch, one thread, the same result for the same seed. Several processes, on devices of one machine or of
many, train together under `lightning.fabric`. Each runs the same verb with the same seed on the same
material. It takes its share of each batch, and gradients are averaged (S. Li et al., "PyTorch Distributed:
Experiences on Accelerating Data Parallel Training", VLDB 2020), so that every process makes the step that one
alone would make with the whole batch. A network whose layers look at a whole batch at once (batch
normalisation) gives other results.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.core.errors import OffcutError, UsageError
from engine.core.memory import raise_shortage
from engine.core.progress import Progress

if TYPE_CHECKING:
    from lightning_fabric import Fabric


_Network = TypeVar("_Network", bound=nn.Module)
THREADS_VARIABLE = "OFFCUT_THREADS"
"""Names the environment variable that allows a job more threads than one."""


@contextmanager
def few_threads() -> Iterator[None]:
    """Let torch use few threads within, so that the window stays smooth: one, unless the user allowed more.

    With one, sums come out the same on every machine.
    """
    before = torch.get_num_threads()
    stated = os.environ.get(THREADS_VARIABLE, "")
    torch.set_num_threads(max(1, int(stated)) if stated.isdecimal() else 1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def with_weights(
    network: _Network, path: Path, found: str, *, remedy: str = "install Offcut again"
) -> _Network:
    """Return a network, at rest, with the weights of a file.

    Parameters
    ----------
    found : the target of its detection, such as "beats"
    remedy : the advice in a refusal

    Raises
    ------
    OffcutError : the file is missing or damaged
    """
    try:
        weights = load_file(path)
        network.load_state_dict(weights)
    except FileNotFoundError as error:
        raise OffcutError(f"'{path}' is missing: {found} are found with it; {remedy}.") from error
    except (OSError, SafetensorError, RuntimeError) as error:
        raise_shortage(error)
        raise OffcutError(f"'{path}' is damaged: {remedy}.") from error
    if not all(bool(torch.isfinite(value).all()) for value in weights.values()):
        raise OffcutError(f"'{path}' has invalid weights: {remedy}.")
    return network.eval()


def metadata_of(path: Path) -> Mapping[str, str]:
    """Return the metadata stored with the weights in a file; empty without any."""
    try:
        with safe_open(path, "pt") as stored:
            return dict(stored.metadata() or {})
    except (OSError, SafetensorError):
        return {}


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
        whole: Any = self._fabric.setup_module(_Whole(model, loss))
        rank, world = self._fabric.global_rank, self._fabric.world_size

        def shared(_model: nn.Module, batch: Batch) -> Tensor:
            length = len(batch[0])
            start, stop = length * rank // world, length * (rank + 1) // world
            # All take part in every step: of a batch with fewer rows than processes, some weigh nothing.
            taken = slice(start, stop) if start < stop else slice(0, 1)
            own = self._fabric.to_device(tuple(one[taken] for one in batch))
            result: Tensor = whole(*own) * ((stop - start) * world / length)
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


_active: Across | None = None


def together() -> Across | None:
    """Return the processes that train together within `training_across`; None for one alone."""
    return _active


@contextmanager
def training_across(machines: Machines) -> Iterator[bool]:
    """Let every training within run on all of these, and yield whether this process is the one that answers.

    The first process of a machine starts the others with its own command line.

    Raises
    ------
    UsageError : the extra is not installed, or machines or devices are missing
    """
    global _active
    if (machines.devices, machines.nodes) == (1, 1):
        yield True
        return
    fabric = _launched(machines)
    _active = Across(fabric)
    try:
        yield _active.is_first
        fabric.barrier()
    finally:
        _active = None
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


OnEpoch = Callable[["Epoch"], None]
"""Callback after every epoch, with the model at its weights; can raise to end the training."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How long and how fast to learn.

    Attributes
    ----------
    patience : epochs without a better validation loss before learning stops; None learns to the end and keeps
        the last weights, for a loss that does not measure the ranking
    """

    epochs: int
    learning_rate: float
    weight_decay: float
    patience: int | None


@dataclass(frozen=True, slots=True)
class Epoch:
    """One row of the history: mean losses of one pass; `number` counts from 1."""

    number: int
    loss: float
    validation: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """Result of a training; the model has the weights of the epoch `best`."""

    history: tuple[Epoch, ...]
    best: Epoch
    stopped_early: bool


def ignore_epoch(epoch: Epoch) -> None:
    """Let every epoch pass."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let torch draw from `seed` within (initial weights need its global generator); restore it after."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


@few_threads()
def fit(
    model: nn.Module,
    loss: Loss,
    training: Callable[[], Iterable[Batch]],
    validation: Sequence[Batch],
    settings: TrainSettings,
    progress: Progress,
    on_epoch: OnEpoch = ignore_epoch,
) -> Fitted:
    """Train `model` in place with AdamW under a cosine schedule, and leave it with its best weights.

    Parameters
    ----------
    loss : (model, batch) to a scalar
    training : yields the batches of one epoch; called once an epoch, and draws from a generator of its own
    validation : the same batches each time

    Notes
    -----
    A cancel is looked for around each forward and each backward pass, so that it answers within half a step.
    """
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    across = together()
    training_loss = loss if across is None else across.sharing(model, loss)
    checked_loss = loss if across is None else across.moving(loss)
    history: list[Epoch] = []
    best: Epoch | None = None
    best_state: dict[str, Tensor] = {}
    started_s = time.monotonic()
    for number in range(1, settings.epochs + 1):
        # The rate falls along half a cosine to a hundredth, as the published recipe has it.
        share = 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * (number - 1) / settings.epochs))
        optimizer.param_groups[0]["lr"] = settings.learning_rate * share
        trained = _train_epoch(model, training_loss, training(), optimizer, progress)
        checked = _validate(model, checked_loss, validation, progress)
        if across is not None:  # so that all of them end at the same epoch
            trained, checked = across.mean(trained), across.mean(checked)
        epoch = Epoch(number, trained, checked)
        history.append(epoch)
        # The first epoch counts even if its loss is not a number: there is always a state to return to.
        if best is None or settings.patience is None or epoch.validation < best.validation:
            best = epoch
            best_state = {name: value.detach().clone() for name, value in model.state_dict().items()}
        text = f"Learning, epoch {number} of {settings.epochs}"
        figures = {"epoch": float(number), "loss": trained, "validation": checked, "best": best.validation}
        left_s = (time.monotonic() - started_s) / number * (settings.epochs - number)
        progress.report(number / settings.epochs, text, **figures, seconds_left=left_s)
        on_epoch(epoch)
        if settings.patience is not None and number - best.number >= settings.patience:
            break
    assert best is not None  # epochs are at least one
    model.load_state_dict(best_state)
    if across is not None:
        model.to("cpu")
    model.eval()
    return Fitted(tuple(history), best, stopped_early=len(history) < settings.epochs)


def _train_epoch(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    optimizer: torch.optim.Optimizer,
    progress: Progress,
) -> float:
    model.train()
    total, count = 0.0, 0
    for batch in batches:
        progress.check_cancelled()
        optimizer.zero_grad(set_to_none=True)
        value = loss(model, batch)
        progress.check_cancelled()
        value.backward()  # type: ignore[no-untyped-call]
        progress.check_cancelled()
        optimizer.step()
        total += float(value.detach()) * len(batch[0])
        count += len(batch[0])
    return total / max(count, 1)


@torch.no_grad()
def _validate(model: nn.Module, loss: Loss, batches: Sequence[Batch], progress: Progress) -> float:
    model.eval()
    total, count = 0.0, 0
    for batch in batches:
        progress.check_cancelled()
        total += float(loss(model, batch)) * len(batch[0])
        count += len(batch[0])
    return total / max(count, 1)
