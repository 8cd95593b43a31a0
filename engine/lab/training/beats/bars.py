"""Train the network of bars: `python -m engine.lab.training.beats.bars MUSIC OUT`.

MUSIC holds the pieces that the network of beats learned from (see `engine.lab.training.beats.cache`), OUT
becomes the weights. Each example is some bars of a piece, counted rightly or in one of the ways that
trackers get wrong: half a beat late, half, double, three for two, ... Where it is counted rightly its bars
are learned, and everywhere whether it is.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from engine.analysis.beats.readings import FEATURES, BarNetwork, pictures, readings, running_sums
from engine.analysis.learning.loop import few_threads, seeded
from engine.document.kinds.timing import HEARD, OFF_BEAT
from engine.lab.training.beats.batches import spoiled_levels
from engine.lab.training.beats.cache import TRAINING, CachedPiece, load

_BEATS = 64
_SIZE = 32
_RIGHT = 0.45
_LOOSE_FRAMES = 0.4
_SHORTEST_FRAMES, _LONGEST_FRAMES = 9.0, 105.0
_OFTEN = {OFF_BEAT: 2.0, "double": 2.0, "half": 1.2}
_SELDOM = 0.5
_FEWEST_BEATS = 12
_LEARNING_RATE = 2e-3
_AVERAGING = 0.99
_EPOCH_STEPS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A piece to learn from: its sums (see `running_sums`), its beats in frames and their places in bars."""

    sums: NDArray[np.float32]
    beats: NDArray[np.int64]
    positions: NDArray[np.int64]
    has_bars: bool


def counted(piece: CachedPiece, seed: int) -> Counted:
    """Degrade a piece once, for the input of the beat network."""
    sums = running_sums(spoiled_levels(piece, np.random.default_rng(seed)))
    return Counted(sums.astype(np.float32), piece.beats, piece.positions, piece.has_bars)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pictures (examples, beats, FEATURES), and of both logits targets and weights (examples, beats, 2)."""

    drawn: Tensor
    targets: Tensor
    weights: Tensor


def batch(pieces: Sequence[Counted], rng: np.random.Generator) -> Batch:
    """Draw examples."""
    drawn = np.zeros((_SIZE, _BEATS, FEATURES), np.float32)
    targets = np.zeros((_SIZE, _BEATS, 2), np.float32)
    weights = np.zeros((_SIZE, _BEATS, 2), np.float32)
    for row in range(_SIZE):
        piece = pieces[int(rng.integers(len(pieces)))]
        loose = piece.beats + rng.normal(0.0, _LOOSE_FRAMES, len(piece.beats))
        frames = np.maximum.accumulate(loose) + 1e-3 * np.arange(len(loose))
        is_right = rng.random() < _RIGHT
        if not is_right:
            frames = _wrong(frames, rng)
        first = int(rng.integers(0, max(1, len(frames) - _BEATS)))
        seen = slice(first, min(first + _BEATS, len(frames) - 1))
        count = seen.stop - first
        drawn[row, :count] = pictures(piece.sums, frames[first : seen.stop + 1])[:-1]
        weights[row, :count, 1] = 1.0
        if is_right:
            targets[row, :count, 1] = 1.0
            targets[row, :count, 0] = piece.positions[seen] == 1
            weights[row, :count, 0] = piece.has_bars
    return Batch(torch.from_numpy(drawn), torch.from_numpy(targets), torch.from_numpy(weights))


def _wrong(frames: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return one of the readings that are not the right one."""
    period = float(frames[-1] - frames[0]) / (len(frames) - 1)
    found = [
        (_OFTEN.get(name, _SELDOM), spaced)
        for name, ratio, spaced in readings(frames)
        if name != HEARD and len(spaced) >= 6 and _SHORTEST_FRAMES <= period / ratio <= _LONGEST_FRAMES
    ]
    shares = np.array([share for share, _ in found])
    return found[int(rng.choice(len(found), p=shares / shares.sum()))][1]


def loss(network: BarNetwork, shown: Batch) -> Tensor:
    """Return the weighted binary cross-entropy of downbeats and levels."""
    each = functional.binary_cross_entropy_with_logits(network(shown.drawn), shown.targets, reduction="none")
    weighed: Tensor = (each * shown.weights).sum(dim=(0, 1)) / shown.weights.sum(dim=(0, 1)).clamp(min=1.0)
    return weighed.sum()


def train(pieces: Sequence[Counted], steps: int, seed: int) -> BarNetwork:
    """Train on pieces, and return the running mean of the weights."""
    with seeded(seed):
        network, averaged = BarNetwork(), BarNetwork()
        averaged.load_state_dict(network.state_dict())
        rng = np.random.default_rng(seed)
        optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=1e-2)
        losses: list[float] = []
        for step in range(steps):
            falling = 0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * step / steps))
            for group in optimizer.param_groups:
                group["lr"] = _LEARNING_RATE * falling * min(1.0, (step + 1) / 100)
            value = loss(network, batch(pieces, rng))
            optimizer.zero_grad(set_to_none=True)
            value.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            keep = min(_AVERAGING, (step + 1) / (step + 10))
            with torch.no_grad():
                for mean, now in zip(averaged.parameters(), network.parameters(), strict=True):
                    mean.lerp_(now, 1.0 - keep)
            losses.append(float(value.detach()))
            if (step + 1) % _EPOCH_STEPS == 0:
                recent = float(np.mean(losses[-_EPOCH_STEPS:]))
                print(json.dumps({"step": step + 1, "loss": round(recent, 4)}), flush=True)
    return averaged.eval()


def main() -> None:
    """Train on the music there is and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with few_threads():
        pieces = [
            counted(piece, seed)
            for seed, piece in enumerate(load(chosen.music, *TRAINING))
            if len(piece.beats) >= _FEWEST_BEATS
        ]
        save_file(train(pieces, chosen.steps, chosen.seed).state_dict(), chosen.out)


if __name__ == "__main__":
    main()
