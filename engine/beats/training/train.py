"""Train the network of beats: `python -m engine.beats.training.train MUSIC GROOVE OUT`.

MUSIC is where the training music is kept (made there as far as it is missing), GROOVE the Groove MIDI data
set, OUT the folder of the checkpoint, the history and the weights. The same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from engine.beats.network import BeatNetwork
from engine.beats.training.batches import batches
from engine.beats.training.cache import TRAINING, Heard, Part, build, load
from engine.beats.training.scoring import Scores, score
from engine.learning.loop import seeded
from engine.learning.torch_threads import few_threads

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
    processor, and what is learned with them is another function than what is heard later.
    """
    levels, targets, weights = batch
    logits = network(levels)
    each = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    sums = (each * weights).sum(dim=(0, 1)) / weights.sum(dim=(0, 1)).clamp(min=1.0)
    return sums[0] + DOWNBEAT_WEIGHT * sums[1]


def rate_at(settings: TrainingSettings, step: int) -> float:
    """Return the learning rate of a step: up over 200 steps, then down half a cosine to a hundredth."""
    done = step / (settings.epochs * settings.steps)
    cosine = 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))
    return settings.learning_rate * cosine * min(1.0, (step + 1) / 200)


class Training:
    """A network being trained, the mean of its late weights, and all that is needed to go on."""

    def __init__(self, settings: TrainingSettings) -> None:
        self.settings = settings
        with seeded(settings.seed):
            # A quarter faster so, with the same sums; the stubs do not know it of a whole module.
            self.network = BeatNetwork().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.averaged = BeatNetwork()
        self.averaged.load_state_dict(self.network.state_dict())
        self.averaged.eval()
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.history: list[dict[str, object]] = []

    def epoch(self, pieces: Sequence[Heard]) -> float:
        """Learn for one epoch and return its mean loss."""
        number = len(self.history)
        rng = np.random.default_rng([self.settings.seed, number])
        self.network.train()
        losses = []
        with seeded(1000 * self.settings.seed + number):
            for step, batch in enumerate(batches(pieces, rng, self.settings.steps, self.settings.size)):
                for group in self.optimizer.param_groups:
                    group["lr"] = rate_at(self.settings, number * self.settings.steps + step)
                self.optimizer.zero_grad(set_to_none=True)
                value = loss(self.network, batch)
                value.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(self.network.parameters(), 0.5)
                self.optimizer.step()
                self._average(number * self.settings.steps + step)
                losses.append(float(value.detach()))
        return float(np.mean(losses))

    @torch.no_grad()
    def _average(self, step: int) -> None:
        keep = min(self.settings.averaging, (step + 1) / (step + 10))
        for mean, value in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(value, 1.0 - keep)

    def save(self, folder: Path) -> None:
        """Keep all that is needed to go on, the history and the averaged weights."""
        state = {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": self.history,
        }
        unfinished = folder / "checkpoint.part"
        torch.save(state, unfinished)
        unfinished.replace(folder / "checkpoint.pt")
        save_file(self.averaged.state_dict(), folder / "beats.safetensors")
        (folder / "history.json").write_text(json.dumps(self.history, indent=1))

    def resume(self, folder: Path) -> None:
        """Go on where a training in this folder was stopped, if there was one."""
        if not (folder / "checkpoint.pt").exists():
            return
        state = torch.load(folder / "checkpoint.pt", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.history = state["history"]


def train(music: Path, out: Path, settings: TrainingSettings) -> Training:
    """Train on the music there is, and keep checkpoint, history and weights after each epoch.

    Parameters
    ----------
    music : holds a folder for each part, see `engine.beats.training.cache`
    """
    out.mkdir(parents=True, exist_ok=True)
    training = Training(settings)
    training.resume(out)
    with few_threads():
        while len(training.history) < settings.epochs:
            started_s = time.monotonic()
            # Read anew each time: music may still be in the making.
            pieces = list(load(music, *TRAINING))
            mean = training.epoch(pieces)
            scores = score(training.averaged, list(load(music, Part.VALIDATION)))
            training.history.append(_row(len(training.history) + 1, len(pieces), mean, scores, started_s))
            training.save(out)
            print(json.dumps(training.history[-1]), flush=True)
    return training


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
