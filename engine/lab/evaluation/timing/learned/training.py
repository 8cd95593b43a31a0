"""Training of the networks on simulated performances."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.alignment.decoding.candidates import nearest
from engine.alignment.placement import Lines
from engine.alignment.strokes import VOICES, Strokes, gather, voice_of
from engine.document.drums.hits import ORNAMENTS, Hits, Ornament
from engine.lab.evaluation.timing.learned.inputs import CHOICES, input_size, inputs_of
from engine.lab.evaluation.timing.learned.networks import NETWORKS
from engine.lab.evaluation.timing.learned.placing import Trained
from engine.lab.simulated.performances.performance import Truth
from engine.learning.loop import Batch, Epoch, TrainSettings, fit, seeded
from engine.progress import SILENT, Progress

SETTINGS = TrainSettings(epochs=6, learning_rate=3e-3, weight_decay=1e-2, patience=None)
_STROKES_AT_ONCE = 160
_BATCH = 16
_UNKNOWN = -100
_FAULT_WEIGHT = 0.3
_LATE = ORNAMENTS.index(Ornament.LATE_VOICE)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One performance: its detected hits, the lines, and the intended ones.

    Attributes
    ----------
    rows : int64, shape (n,), the row of the truth for each hit; -1 for false hits
    """

    hits: Hits
    lines: Lines
    truth: Truth
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A performance as a network sees it.

    Attributes
    ----------
    features : float32, shape (s, inputs)
    choices : int64, shape (s,), the right one; `_UNKNOWN` where it is none of them
    faults : float32, shape (s, len(VOICES)), 1 for a voice at fault, 0 for one that is not, NaN for silence
    """

    features: NDArray[np.float32]
    choices: NDArray[np.int64]
    faults: NDArray[np.float32]


def lesson(example: Example, positional: bool) -> Lesson:
    """Return the targets of a network."""
    strokes = gather(example.hits, example.lines.rate_hz)
    told = inputs_of(example.hits, strokes, example.lines, positional)
    meant = true_lines(example, strokes)
    right = told.candidates.lines == meant[:, None]
    choices = np.where(right.any(1), right.argmax(1), _UNKNOWN)
    choices[meant < 0] = CHOICES - 1
    return Lesson(told.features, choices, _faults(example, strokes))


def true_lines(example: Example, strokes: Strokes) -> NDArray[np.int64]:
    """Return the line that each stroke was meant for, -1 for one too many, shape (s,)."""
    meant = np.full(len(strokes.onsets_samples), -1, np.int64)
    targets = example.truth.targets_samples[np.maximum(example.rows, 0)]
    known = ~strokes.graces & ~np.isnan(targets) & (example.rows >= 0)
    found = nearest(targets[known], example.lines.positions_samples)
    meant[strokes.of_hits[known]] = found
    return meant


def _faults(example: Example, strokes: Strokes) -> NDArray[np.float32]:
    faults = np.full((len(strokes.onsets_samples), len(VOICES)), np.nan, np.float32)
    several = strokes.voices.sum(1) > 1
    late = (example.truth.ornaments[np.maximum(example.rows, 0)] == _LATE) & (example.rows >= 0)
    for hit, role in enumerate(example.hits.voices):
        stroke = strokes.of_hits[hit]
        if several[stroke] and not strokes.graces[hit]:
            faults[stroke, voice_of(role)] = float(late[hit])
    return faults


def train(
    network: str,
    positional: bool,
    training: Sequence[Example],
    validation: Sequence[Example],
    seed: int,
    settings: TrainSettings = SETTINGS,
    progress: Progress = SILENT,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Trained:
    """Train a network of `NETWORKS`; the same seed gives the same weights."""
    lessons = [lesson(example, positional) for example in training]
    held_back = [lesson(example, positional) for example in validation]
    rng = np.random.default_rng(seed)
    with seeded(seed):
        model: nn.Module = NETWORKS[network](input_size(positional))
        fit(
            model,
            loss,
            lambda: _batches(lessons, rng),
            list(_batches(held_back, np.random.default_rng(0))),
            settings,
            progress,
            on_epoch or (lambda _: None),
        )
    return Trained(model, positional)


def _batches(lessons: Sequence[Lesson], rng: np.random.Generator) -> Iterable[Batch]:
    order = rng.permutation(len(lessons))
    for start in range(0, len(order), _BATCH):
        yield _batch([_part(lessons[number], rng) for number in order[start : start + _BATCH]])


def _part(whole: Lesson, rng: np.random.Generator) -> Lesson:
    start = int(rng.integers(0, max(1, len(whole.choices) - _STROKES_AT_ONCE + 1)))
    stop = start + _STROKES_AT_ONCE
    return Lesson(whole.features[start:stop], whole.choices[start:stop], whole.faults[start:stop])


def _batch(parts: Sequence[Lesson]) -> Batch:
    length = max(len(part.choices) for part in parts)
    features = np.zeros((len(parts), length, parts[0].features.shape[1]), np.float32)
    choices = np.full((len(parts), length), _UNKNOWN, np.int64)
    faults = np.full((len(parts), length, len(VOICES)), np.nan, np.float32)
    there = np.zeros((len(parts), length), np.bool_)
    for row, part in enumerate(parts):
        size = len(part.choices)
        features[row, :size] = part.features
        choices[row, :size] = part.choices
        faults[row, :size] = part.faults
        there[row, :size] = True
    return tuple(torch.from_numpy(array) for array in (features, there, choices, faults))


def loss(model: nn.Module, batch: Batch) -> Tensor:
    """Return the cross-entropy of the choices and, weighted, of the voices at fault."""
    features, there, choices, faults = batch
    said = model(features, there)
    placing = nn.functional.cross_entropy(
        said[..., :CHOICES].flatten(0, 1), choices.flatten(), ignore_index=_UNKNOWN
    )
    heard = ~torch.isnan(faults)
    if not bool(heard.any()):
        return placing
    blaming = nn.functional.binary_cross_entropy_with_logits(said[..., CHOICES:][heard], faults[heard])
    return placing + _FAULT_WEIGHT * blaming
