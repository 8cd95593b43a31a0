"""Placement by a trained network: its scores, decoded by the dynamic programme or by a beam.

Or by Offcut's decoder, with the probabilities of networks as further evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis.learning.loop import few_threads
from engine.document.analysis import Hits
from engine.features.timing.alignment.decoder import BELIEFS, Costs, decode, place
from engine.features.timing.alignment.lines import Aligner, Lines, Placement
from engine.features.timing.alignment.moves import placed
from engine.features.timing.alignment.settings import ALL, AlignmentSettings
from engine.features.timing.alignment.strokes import Strokes, gather
from engine.lab.training.timing.inputs import CHOICES, LINES, Inputs, View, inputs_of
from engine.lab.training.timing.networks import BEFORE, NOWHERE, Batch, Placer

Floats = NDArray[np.float64]

STROKES_AT_ONCE = 256
_BEAM = 8
_LEAST_LOG = -8.0


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A network and the inputs that it was trained with."""

    network: Placer
    view: View

    @property
    def size(self) -> int:
        """The number of its parameters."""
        return sum(weights.numel() for weights in self.network.parameters())


def by_network(
    trained: Trained, patches: NDArray[np.float16] | None = None, settings: AlignmentSettings = ALL
) -> Aligner:
    """Return the aligner that decodes the scores of a network.

    Parameters
    ----------
    patches : see `patches_of`; for a network that listens
    """

    def align(hits: Hits, lines: Lines) -> Placement:
        strokes = gather(hits, lines.rate_hz)
        if len(strokes.onsets_samples) == 0 or len(lines.positions_samples) == 0:
            nowhere = np.full(len(strokes.onsets_samples), -1, np.int64)
            return placed(hits, strokes, nowhere, np.ones(len(nowhere)), lines, settings)
        taken, confidences = assigned(trained, inputs_of(hits, strokes, lines), strokes, patches)
        return placed(hits, strokes, taken, confidences, lines, settings)

    return align


def assigned(
    trained: Trained, inputs: Inputs, strokes: Strokes, patches: NDArray[np.float16] | None = None
) -> tuple[NDArray[np.int64], Floats]:
    """Return the line of each stroke, -1 for none, and the probability of it, shape (s,) each."""
    if trained.network.pointer is None:
        return _decoded(probabilities(trained, inputs, patches), inputs, strokes)
    with few_threads(), torch.no_grad():
        return _by_beam(trained.network, _batch_of(inputs, trained.view, patches), inputs)


def probabilities(trained: Trained, inputs: Inputs, patches: NDArray[np.float16] | None = None) -> Floats:
    """Return the probability of each choice of each stroke, shape (s, CHOICES); not of a pointer network.

    A pointer network chooses by earlier choices, and has none by itself.
    """
    with few_threads(), torch.no_grad():
        scores = _scores(trained.network, _batch_of(inputs, trained.view, patches))
    scores[:, :-1][inputs.candidates.lines < 0] = -np.inf
    shares: Floats = np.exp(scores - np.logaddexp.reduce(scores, axis=1)[:, None])
    return shares


def weighed_by(shares: Floats, inputs: Inputs, weight: float) -> Callable[[Costs], Costs]:
    """Return the function that adds the probabilities of networks to the costs of the decoder, see `place`.

    Parameters
    ----------
    shares : shape (s, CHOICES), see `probabilities`
    weight : of a nat of theirs
    """
    costs = -weight * np.maximum(np.log(shares + 1e-9), _LEAST_LOG)

    def weighed(own: Costs) -> Costs:
        same = own.lines[:, :, None] == inputs.candidates.lines[:, None, :]
        same &= (own.lines >= 0)[:, :, None]
        of_lines = np.where(same.any(2), (same * costs[:, None, :-1]).sum(2), -weight * _LEAST_LOG)
        beside = of_lines[:, None, :]
        return replace(
            own,
            first=own.first + of_lines,
            following=own.following + beside,
            sharing=own.sharing + beside,
            none=own.none + costs[:, -1],
        )

    return weighed


def assigned_with(
    networks: Sequence[Trained], weight: float, inputs: Inputs, strokes: Strokes, lines: Lines
) -> tuple[NDArray[np.int64], Floats]:
    """Assign strokes by Offcut's decoder, with the mean probabilities of networks as evidence."""
    shares = np.mean([probabilities(one, inputs) for one in networks], axis=0)
    found = place(strokes, lines, weighed=weighed_by(shares, inputs, weight))
    return found.lines, found.confidences


def _batch_of(inputs: Inputs, view: View, patches: NDArray[np.float16] | None) -> Batch:
    features = torch.from_numpy(inputs.features[None, :, view.columns])
    keys = torch.from_numpy(inputs.keys[None, ..., : view.key_columns])
    there = torch.ones(features.shape[:2], dtype=torch.bool)
    unknown = torch.zeros(features.shape[:2], dtype=torch.int64)
    if not view.has_audio:
        return Batch(features, keys, there, unknown)
    assert patches is not None
    return Batch(features, keys, there, unknown, torch.from_numpy(patches[None]))


def _scores(network: Placer, whole: Batch) -> Floats:
    """Return the scores of the choices of each stroke, shape (s, CHOICES), from parts of a performance."""
    scores = torch.zeros((whole.features.shape[1], CHOICES))
    for part, kept, rows in _parts(whole):
        choices, _ = network(part)
        scores[rows] = choices[0, kept]
    return scores.double().numpy()


def _encoded(network: Placer, whole: Batch) -> Tensor:
    values: Tensor | None = None
    for part, kept, rows in _parts(whole):
        found = network.encode(part)
        values = found.new_zeros((1, whole.features.shape[1], found.shape[2])) if values is None else values
        values[:, rows] = found[:, kept]
    assert values is not None
    return values


def _parts(whole: Batch) -> Iterator[tuple[Batch, Tensor, Tensor]]:
    """Yield parts as long as in training, the strokes of each that count, and their rows in the whole."""
    count = whole.features.shape[1]
    for start, keep in overlapping(count, STROKES_AT_ONCE):
        rows = torch.arange(start, min(start + STROKES_AT_ONCE, count))
        inside = (rows >= keep.start) & (rows < keep.stop)
        yield _part(whole, rows), torch.nonzero(inside)[:, 0], rows[inside]


def _part(whole: Batch, rows: Tensor) -> Batch:
    patches = None if whole.patches is None else whole.patches[:, rows]
    return Batch(
        whole.features[:, rows], whole.keys[:, rows], whole.there[:, rows], whole.previous[:, rows], patches
    )


def overlapping(count: int, longest: int) -> Iterator[tuple[int, slice]]:
    """Yield the start of each part and the range that counts: parts overlap by half."""
    if count <= longest:
        yield 0, slice(0, count)
        return
    half, quarter = longest // 2, longest // 4
    for start in range(0, count - half, half):
        last = start + longest >= count
        yield start, slice(0 if start == 0 else start + quarter, count if last else start + quarter + half)


def _decoded(shares: Floats, inputs: Inputs, strokes: Strokes) -> tuple[NDArray[np.int64], Floats]:
    lines = inputs.candidates.lines
    costs = -np.log(np.maximum(shares, 1e-300))
    costs[:, :-1][lines < 0] = np.inf
    gaps_ms = np.diff(strokes.onsets_samples, prepend=strokes.onsets_samples[:1]) / strokes.rate_hz * 1000.0
    apart = ~(strokes.voices & np.roll(strokes.voices, 1, axis=0)).any(1)
    near = (apart & (gaps_ms < BELIEFS.shared_within_ms))[:, None, None]
    first = costs[:, :-1]
    following = np.repeat(first[:, None, :], first.shape[1], axis=1)
    sharing = np.where(near, following, np.inf)
    decoded = decode(Costs(lines, first, following, sharing, costs[:, -1]))
    row = np.arange(len(lines))
    taken = np.where(decoded.choices >= 0, lines[row, np.maximum(decoded.choices, 0)], -1)
    column = np.where(decoded.choices >= 0, decoded.choices, CHOICES - 1)
    return taken, decoded.posterior[row, column]


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """A way to place the strokes so far."""

    log_probability: float
    taken: tuple[int, ...]
    last: int


def _by_beam(network: Placer, whole: Batch, inputs: Inputs) -> tuple[NDArray[np.int64], Floats]:
    """Return the best path of a beam search, lines ascending, and the probability of each step."""
    assert network.pointer is not None
    values, lines = _encoded(network, whole), inputs.candidates.lines
    paths, state = [_Path(0.0, (), -1)], None
    sure = np.zeros(len(lines))
    for stroke, row in enumerate(lines):
        before = torch.tensor([[_column(row, path.last)] for path in paths])
        width = len(paths)
        scores, state = network.pointer(
            values[:, stroke : stroke + 1].expand(width, -1, -1),
            whole.keys[:, stroke : stroke + 1].expand(width, -1, -1, -1),
            before,
            state,
        )
        chances = torch.log_softmax(scores[:, 0], dim=1).double().numpy()
        paths, kept = _followed(paths, chances, row)
        sure[stroke] = np.exp(chances[kept[0]].max())
        state = state[:, kept]
    return np.array(paths[0].taken, np.int64), sure


def _column(row: NDArray[np.int64], last: int) -> int:
    if last < 0:
        return NOWHERE
    found = np.flatnonzero(row == last)
    return int(found[0]) if len(found) else BEFORE


def _followed(paths: list[_Path], chances: Floats, row: NDArray[np.int64]) -> tuple[list[_Path], list[int]]:
    """Return the likeliest ways after one more stroke, and which way each goes on from."""
    found = []
    for number, path in enumerate(paths):
        for choice in range(CHOICES):
            line = int(row[choice]) if choice < LINES else -1
            if choice < LINES and (line < 0 or line < path.last):
                continue
            total = path.log_probability + float(chances[number, choice])
            found.append((_Path(total, (*path.taken, line), max(line, path.last)), number))
    found.sort(key=lambda one: -one[0].log_probability)
    return [path for path, _ in found[:_BEAM]], [number for _, number in found[:_BEAM]]
