"""Training of one network on stored performances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from engine.analysis.learning.loop import Fitted, TrainSettings, fit, seeded
from engine.core.progress import SILENT
from engine.lab.training.timing.inputs import View
from engine.lab.training.timing.lessons import UNKNOWN, Lessons
from engine.lab.training.timing.networks import Batch, Placer

SETTINGS = TrainSettings(epochs=40, learning_rate=2e-3, weight_decay=1e-2, patience=8)
RENDERED_SETTINGS = TrainSettings(epochs=6, learning_rate=2e-3, weight_decay=1e-2, patience=3)
_STROKES_AT_ONCE = 256
_BATCH, _RENDERED_BATCH = 64, 4
_FAULT_WEIGHT = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A network that was trained, and how that went."""

    network: Placer
    fitted: Fitted


def train(
    kind: str,
    view: View,
    training: Lessons,
    validation: Lessons,
    seed: int,
    settings: TrainSettings | None = None,
    device: str = "cpu",
) -> Run:
    """Train a network of `ENCODERS`; on one processor the same seed gives the same weights.

    Parameters
    ----------
    device : a name that torch knows, such as "cuda"
    """
    data = _Stored(training, view, device), _Stored(validation, view, device)
    rng = np.random.default_rng(seed)
    with seeded(seed):
        network = Placer(kind, view).to(device)

        def loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
            firsts, lengths, held_back = batch
            return loss_of(model, *data[int(held_back)].batch(firsts, lengths))

        fitted = fit(
            network,
            loss,
            lambda: data[0].parts(rng, held_back=False),
            list(data[1].parts(np.random.default_rng(0), held_back=True)),
            settings or SETTINGS,
            SILENT,
        )
    return Run(network.to("cpu").eval(), fitted)


def loss_of(model: nn.Module, batch: Batch, choices: Tensor, faults: Tensor) -> Tensor:
    """Return the cross-entropy of the choices and, weighted, of the voices at fault."""
    scores, blamed = model(batch)
    placing = nn.functional.cross_entropy(
        scores.flatten(0, 1), choices.flatten(), ignore_index=UNKNOWN, label_smoothing=0.0
    )
    known = ~torch.isnan(faults)
    each = nn.functional.binary_cross_entropy_with_logits(
        blamed, torch.nan_to_num(faults), weight=known.to(blamed.dtype), reduction="sum"
    )
    return placing + _FAULT_WEIGHT * each / known.sum().clamp(min=1)


class _Stored:
    """Performances in the memory of a device; a batch is cut from them there."""

    def __init__(self, lessons: Lessons, view: View, device: str) -> None:
        def moved(values: np.ndarray) -> Tensor:
            return torch.tensor(values, device=device)

        self._features = moved(lessons.features[:, view.columns])
        self._keys = moved(lessons.keys[..., : view.key_columns])
        self._choices, self._previous = moved(lessons.choices), moved(lessons.previous)
        self._faults = moved(lessons.faults)
        self._starts = np.asarray(lessons.starts)
        self._patches = moved(lessons.patches) if view.has_audio else None
        self._size = _RENDERED_BATCH if lessons.patches.size else _BATCH
        self._device = device

    def parts(self, rng: np.random.Generator, *, held_back: bool) -> Iterator[tuple[Tensor, ...]]:
        """Yield where the parts of one epoch begin and end: one part of each performance."""
        sizes = np.diff(self._starts)
        order = rng.permutation(np.flatnonzero(sizes))
        spare = np.maximum(sizes - _STROKES_AT_ONCE, 0)
        firsts = self._starts[:-1] + (rng.random(len(sizes)) * (spare + 1)).astype(np.int64)
        lengths = np.minimum(sizes, _STROKES_AT_ONCE)
        for start in range(0, len(order), self._size):
            rows = order[start : start + self._size]
            cut = (torch.from_numpy(each).to(self._device) for each in (firsts[rows], lengths[rows]))
            yield (*cut, torch.tensor(held_back))

    def batch(self, firsts: Tensor, lengths: Tensor) -> tuple[Batch, Tensor, Tensor]:
        """Return the inputs, choices and faults of parts."""
        within = torch.arange(int(lengths.max()), device=self._device)[None, :]
        there = within < lengths[:, None]
        at = (firsts[:, None] + within).clamp(max=len(self._choices) - 1)
        patches = None if self._patches is None else self._patches[at]
        batch = Batch(self._features[at], self._keys[at], there, self._previous[at], patches)
        choices = torch.where(there, self._choices[at], UNKNOWN)
        faults = torch.where(there[:, :, None], self._faults[at], torch.nan)
        return batch, choices, faults
