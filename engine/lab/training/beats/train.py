"""Train the network of beats: `python -m engine.lab.training.beats.train MUSIC GROOVE OUT`.

MUSIC is the folder of the training music (missing pieces are made), GROOVE the Groove MIDI data
set, OUT the folder of the checkpoint, the history and the weights. The same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.beats.activations import BeatNetwork
from engine.analysis.learning.loop import few_threads, seeded
from engine.lab.training.beats.batches import batches
from engine.lab.training.beats.cache import TRAINING, CachedPiece, Part, build, load
from engine.lab.training.beats.scoring import Scores, score
from engine.lab.training.resumable import Resumable, falling_rate

PIECES = {Part.MUSIC: 1690, Part.PERFORMANCES: 1242, Part.CLICKS: 240, Part.VALIDATION: 66}
"""How many pieces of 45 s there are of each part: each of 207 performances six times."""
DOWNBEAT_WEIGHT = 2.5
"""Downbeats are rarer than beats and harder: unweighed, they are learned late."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How long and how fast to learn; an epoch is `steps` batches of `size` stretches of 40 s."""

    epochs: int = 90
    steps: int = 50
    size: int = 8
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    averaging: float = 0.995
    seed: int = 1


def loss(network: nn.Module, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Return the binary cross-entropy of beats and downbeats where they are weighed.

    In single precision: in bfloat16, torch 2.13 answers convolutions with kernels eight wide wrongly on the
    processor, and the trained function differs from the one at run time.
    """
    levels, targets, weights = batch
    logits = network(levels)
    each = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    sums = (each * weights).sum(dim=(0, 1)) / weights.sum(dim=(0, 1)).clamp(min=1.0)
    return sums[0] + DOWNBEAT_WEIGHT * sums[1]


def epoch(
    training: Resumable[BeatNetwork], settings: TrainingSettings, pieces: Sequence[CachedPiece]
) -> float:
    """Learn for one epoch and return its mean loss."""
    number = len(training.history)
    rng = np.random.default_rng([settings.seed, number])
    training.network.train()
    losses = []
    with seeded(1000 * settings.seed + number):
        for step, batch in enumerate(batches(pieces, rng, settings.steps, settings.size)):
            at = number * settings.steps + step
            value = loss(training.network, batch)
            rate = falling_rate(settings.learning_rate, at, settings.epochs * settings.steps)
            training.step(value, rate, at, most_gradient=0.5)
            losses.append(float(value.detach()))
    return float(np.mean(losses))


def begun(settings: TrainingSettings) -> Resumable[BeatNetwork]:
    """Return a training at its start."""
    return Resumable(
        BeatNetwork,
        seed=settings.seed,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        averaging=settings.averaging,
    )


def train(music: Path, out: Path, settings: TrainingSettings) -> Resumable[BeatNetwork]:
    """Train on the music there is, and keep checkpoint, history and weights after each epoch.

    Parameters
    ----------
    music : holds a folder for each part, see `engine.lab.training.beats.cache`
    """
    out.mkdir(parents=True, exist_ok=True)
    training = begun(settings)
    training.resume(out)
    with few_threads():
        while len(training.history) < settings.epochs:
            started_s = time.monotonic()
            # Read anew each time: music may still be in the making.
            pieces = list(load(music, *TRAINING))
            mean = epoch(training, settings, pieces)
            scores = score(training.averaged, list(load(music, Part.VALIDATION)))
            training.history.append(_row(len(training.history) + 1, len(pieces), mean, scores, started_s))
            training.save(out, save_whole, "beats.safetensors")
            print(json.dumps(training.history[-1]), flush=True)
    return training


def save_whole(network: nn.Module, path: Path) -> None:
    """Write weights as they are."""
    save_file(network.state_dict(), path)


def _row(
    epoch: int, pieces: int, mean: float, scores: dict[str, Scores], started_s: float
) -> dict[str, object]:
    row: dict[str, object] = {"epoch": epoch, "pieces": pieces, "loss": round(mean, 5)}
    for kind, found in scores.items():
        row[f"{kind}_beat_f"] = round(found.beat_f, 4)
        row[f"{kind}_downbeat_f"] = round(found.downbeat_f, 4)
    return row | {"seconds": round(time.monotonic() - started_s, 1)}


def main() -> None:
    """Make the music that is missing, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path)
    parser.add_argument("groove", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for part, count in PIECES.items():
        build(chosen.music, chosen.groove, part, count)
    train(chosen.music, chosen.out, TrainingSettings(epochs=chosen.epochs, seed=chosen.seed))


if __name__ == "__main__":
    main()
