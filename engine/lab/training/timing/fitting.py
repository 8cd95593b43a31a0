"""Training of one network on stored performances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from engine.lab.training.timing.frames import columns_of_frames, in_view
from engine.lab.training.timing.inputs import View
from engine.lab.training.timing.lessons import UNKNOWN, Lessons
from engine.lab.training.timing.networks import Batch, Placer
from engine.learning.loop import Fitted, TrainSettings, fit, seeded
from engine.progress import SILENT

SETTINGS = TrainSettings(epochs=40, learning_rate=2e-3, weight_decay=1e-2, patience=8)
AUDIO_SETTINGS = TrainSettings(epochs=16, learning_rate=2e-3, weight_decay=1e-2, patience=5)
_STROKES_AT_ONCE = 256
_BATCH, _AUDIO_BATCH = 64, 48
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
        network = Placer(kind, view, columns_of_frames(view) if view.has_audio else 0).to(device)

        def loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
            firsts, rows, lengths, held_back = batch
            return loss_of(model, *data[int(held_back)].batch(firsts, rows, lengths))

        fitted = fit(
            network,
            loss,
            lambda: data[0].parts(rng, held_back=False),
            list(data[1].parts(np.random.default_rng(0), held_back=True)),
            settings or (AUDIO_SETTINGS if view.has_audio else SETTINGS),
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
        self._view, self._device = view, device
        self._frames = self._at = None
        if view.has_audio:
            self._frames, self._at = moved(lessons.frames), moved(lessons.at)
            self._frame_starts = moved(lessons.frame_starts)
            self._most_frames = int(np.diff(lessons.frame_starts).max())

    def parts(self, rng: np.random.Generator, *, held_back: bool) -> Iterator[tuple[Tensor, ...]]:
        """Yield where the parts of one epoch begin and end: one part of each performance."""
        sizes = np.diff(self._starts)
        size = _AUDIO_BATCH if self._view.has_audio else _BATCH
        order = rng.permutation(np.flatnonzero(sizes))
        spare = np.maximum(sizes - _STROKES_AT_ONCE, 0)
        firsts = self._starts[:-1] + (rng.random(len(sizes)) * (spare + 1)).astype(np.int64)
        lengths = np.minimum(sizes, _STROKES_AT_ONCE)
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            cut = (torch.from_numpy(each).to(self._device) for each in (firsts[rows], rows, lengths[rows]))
            yield (*cut, torch.tensor(held_back))

    def batch(self, firsts: Tensor, rows: Tensor, lengths: Tensor) -> tuple[Batch, Tensor, Tensor]:
        """Return the inputs, choices and faults of parts."""
        within = torch.arange(int(lengths.max()), device=self._device)[None, :]
        there = within < lengths[:, None]
        at = (firsts[:, None] + within).clamp(max=len(self._choices) - 1)
        frames = frames_at = None
        if self._frames is not None and self._at is not None:
            frames_at = self._at[at]
            frames = self._cut_frames(rows)
        batch = Batch(self._features[at], self._keys[at], there, self._previous[at], frames, frames_at)
        choices = torch.where(there, self._choices[at], UNKNOWN)
        faults = torch.where(there[:, :, None], self._faults[at], torch.nan)
        return batch, choices, faults

    def _cut_frames(self, rows: Tensor) -> Tensor:
        assert self._frames is not None
        first, last = self._frame_starts[rows], self._frame_starts[rows + 1] - 1
        within = torch.arange(self._most_frames, device=self._device)[None, :]
        at = torch.minimum(first[:, None] + within, last[:, None])
        frames = self._frames[at]
        return in_view(frames, self._view)
