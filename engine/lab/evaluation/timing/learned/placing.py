"""Placement by a trained network, decoded by the dynamic programme."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.alignment.decoding.decoder import BELIEFS, Beliefs
from engine.alignment.decoding.monotone import Costs, decode
from engine.alignment.decoding.moves import placed
from engine.alignment.placement import Aligner, Lines, Placement
from engine.alignment.settings import ALL, AlignmentSettings
from engine.alignment.strokes import Strokes, gather
from engine.document.drums.hits import Hits
from engine.lab.evaluation.timing.learned.inputs import CHOICES, Inputs, inputs_of
from engine.learning.torch_threads import few_threads

LONGEST = 256
"""Number of strokes in one pass; longer performances are split into parts that overlap by half."""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A network with its settings."""

    network: nn.Module
    positional: bool


def by_network(trained: Trained, settings: AlignmentSettings = ALL, beliefs: Beliefs = BELIEFS) -> Aligner:
    """Return the aligner that decodes the outputs of a network."""

    def align(hits: Hits, lines: Lines) -> Placement:
        strokes = gather(hits, lines.rate_hz)
        if len(strokes.onsets_samples) == 0 or len(lines.positions_samples) == 0:
            nowhere = np.full(len(strokes.onsets_samples), -1, np.int64)
            return placed(hits, strokes, nowhere, np.ones(len(nowhere)), lines, settings)
        told = inputs_of(hits, strokes, lines, trained.positional)
        scores = answers(trained.network, told.features)
        taken, confidences = _decoded(scores, told, strokes, beliefs)
        return placed(hits, strokes, taken, confidences, lines, settings)

    return align


def answers(network: nn.Module, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the outputs of the network for each stroke in context, shape (s, outputs)."""
    found: NDArray[np.float64] | None = None
    with few_threads(), torch.no_grad():
        network.eval()
        for start, keep in _parts(len(features)):
            told = torch.from_numpy(features[None, start : start + LONGEST])
            said = network(told, torch.ones(told.shape[:2], dtype=torch.bool))[0].double().numpy()
            if found is None:
                found = np.zeros((len(features), said.shape[1]))
            found[keep] = said[keep.start - start : keep.stop - start]
    assert found is not None
    return found


def _parts(count: int) -> Iterator[tuple[int, slice]]:
    """Yield where each part begins, and the strokes that are taken from it."""
    if count <= LONGEST:
        yield 0, slice(0, count)
        return
    half, quarter = LONGEST // 2, LONGEST // 4
    for start in range(0, count - half, half):
        last = start + LONGEST >= count
        yield start, slice(0 if start == 0 else start + quarter, count if last else start + quarter + half)


def _decoded(
    scores: NDArray[np.float64], told: Inputs, strokes: Strokes, beliefs: Beliefs
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    lines = told.candidates.lines
    choices = scores[:, :CHOICES].copy()
    choices[:, :-1][lines < 0] = -np.inf
    costs = np.logaddexp.reduce(choices, axis=1)[:, None] - choices
    gaps_ms = np.diff(strokes.onsets_samples, prepend=strokes.onsets_samples[:1]) / strokes.rate_hz * 1000.0
    apart = ~(strokes.voices & np.roll(strokes.voices, 1, axis=0)).any(1)
    near = (apart & (gaps_ms < beliefs.shared_within_ms))[:, None, None]
    first = costs[:, :-1]
    following = np.repeat(first[:, None, :], first.shape[1], axis=1)
    sharing = np.where(near, following, np.inf)
    decoded = decode(Costs(lines, first, following, sharing, costs[:, -1]))
    row = np.arange(len(lines))
    taken = np.where(decoded.choices >= 0, lines[row, np.maximum(decoded.choices, 0)], -1)
    column = np.where(decoded.choices >= 0, decoded.choices, CHOICES - 1)
    return taken, decoded.posterior[row, column]
