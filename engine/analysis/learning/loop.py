"""The one training loop all models share: plain torch, one thread, the same result for the same seed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.analysis.learning.across import Batch, Loss, in_force
from engine.analysis.learning.torch_threads import few_threads
from engine.core.progress import Progress

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
    with few_threads():
        return _fit(model, loss, training, validation, settings, progress, on_epoch)


def _fit(
    model: nn.Module,
    loss: Loss,
    training: Callable[[], Iterable[Batch]],
    validation: Sequence[Batch],
    settings: TrainSettings,
    progress: Progress,
    on_epoch: OnEpoch,
) -> Fitted:
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    across = in_force()
    training_loss = loss if across is None else across.sharing(model, loss)
    checked_loss = loss if across is None else across.moving(loss)
    history: list[Epoch] = []
    best: Epoch | None = None
    best_state: dict[str, Tensor] = {}
    started_s = time.monotonic()
    for number in range(1, settings.epochs + 1):
        _set_rate(optimizer, settings, number)
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
        _report(epoch, best, settings, time.monotonic() - started_s, progress)
        on_epoch(epoch)
        if settings.patience is not None and number - best.number >= settings.patience:
            break
    assert best is not None  # epochs are at least one
    model.load_state_dict(best_state)
    if across is not None:
        model.to("cpu")
    model.eval()
    return Fitted(tuple(history), best, stopped_early=len(history) < settings.epochs)


def _set_rate(optimizer: torch.optim.Optimizer, settings: TrainSettings, number: int) -> None:
    """Let the learning rate fall along half a cosine to a hundredth, as the published recipe does."""
    done = (number - 1) / settings.epochs
    share = 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * done))
    for group in optimizer.param_groups:
        group["lr"] = settings.learning_rate * share


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


def _report(epoch: Epoch, best: Epoch, settings: TrainSettings, elapsed_s: float, progress: Progress) -> None:
    epochs_left = settings.epochs - epoch.number
    progress.report(
        epoch.number / settings.epochs,
        f"Learning, epoch {epoch.number} of {settings.epochs}",
        epoch=float(epoch.number),
        loss=epoch.loss,
        validation=epoch.validation,
        best=best.validation,
        seconds_left=elapsed_s / epoch.number * epochs_left,
    )
