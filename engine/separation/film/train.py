"""Train the published recipe: `python -m engine.separation.film.train SOUNDS OUT`.

Mixtures of two sounds are made on the fly, -5 to +5 dB; the mask is held against the ideal ratio mask (mean
absolute error) by Adam, whose rate is halved when the validation rests for five epochs. OUT holds the
history, the best and the final weights and some between; the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.detection.spectra import MEL, Spectra
from engine.detection.training.prompts import Prompts
from engine.detection.training.sounds import Sound, load_sounds
from engine.detection.training.train import stretch
from engine.learning.loop import seeded
from engine.learning.shipped import save_half
from engine.learning.torch_threads import few_threads
from engine.separation.film.network import FilmNetwork

LENGTH_SAMPLES = 5 * MEL.rate_hz // 2
_MOST_DB = 5.0
Batch = tuple[Tensor, Tensor, Tensor]
"""Magnitudes and ideal shares, shape (batch, frames, bins), and words, shape (batch, SIZE)."""


@dataclass(frozen=True, slots=True)
class FilmSettings:
    """How long and how fast to learn; an epoch is each sound once."""

    epochs: int = 100
    size: int = 16
    learning_rate: float = 1e-3
    keep_every: int = 20
    seed: int = 1
    device: str = "cpu"


class Mixtures:
    """Makes batches of two sounds of different names."""

    def __init__(self, sounds: Sequence[Sound], prompts: Prompts, size: int) -> None:
        self._sounds, self._prompts, self._size = sounds, prompts, size
        self._spectra = Spectra()

    def drawn(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield batches in which each sound is meant once."""
        order = rng.permutation(len(self._sounds))
        for first in range(0, len(order) - self._size + 1, self._size):
            yield self._batch([self._sounds[index] for index in order[first : first + self._size]], rng)

    def _batch(self, meant: Sequence[Sound], rng: np.random.Generator) -> Batch:
        parts = []
        for sound in meant:
            one = stretch(sound.samples(), rng, LENGTH_SAMPLES)
            two = stretch(self._other(sound, rng).samples(), rng, LENGTH_SAMPLES)
            level = np.sqrt(np.mean(one**2) / max(float(np.mean(two**2)), 1e-9))
            parts += [one, two * np.float32(level * 10 ** (rng.uniform(-_MOST_DB, _MOST_DB) / 20))]
        spectra = self._spectra.spectrum(torch.tensor(np.stack(parts), dtype=torch.float32))
        first, second = spectra[0::2], spectra[1::2]
        ideal = first.abs() / (first.abs() + second.abs() + 1e-6)
        words = self._prompts.drawn([self._prompts.names.index(sound.name) for sound in meant], rng)
        return (first + second).abs().transpose(1, 2), ideal.transpose(1, 2), words

    def _other(self, sound: Sound, rng: np.random.Generator) -> Sound:
        while True:
            other = self._sounds[int(rng.integers(len(self._sounds)))]
            if other.name != sound.name:
                return other


def _mean_loss(network: FilmNetwork, batches: Sequence[Batch], device: str) -> float:
    network.eval()
    with torch.no_grad():
        losses = [float(_loss(network, batch, device)) for batch in batches]
    return float(np.mean(losses))


def _loss(network: FilmNetwork, batch: Batch, device: str) -> Tensor:
    magnitudes, ideal, words = (each.to(device) for each in batch)
    error: Tensor = (network(magnitudes, words) - ideal).abs().mean()
    return error


def train(
    folder: Path, out: Path, settings: FilmSettings, folds: Sequence[int], held: Sequence[int]
) -> list[dict[str, float]]:
    """Train on some folds, validate on others, and return the history."""
    out.mkdir(parents=True, exist_ok=True)
    sounds = load_sounds(folder, folds)
    prompts = Prompts(sorted({sound.name for sound in sounds}))
    mixtures = Mixtures(sounds, prompts, settings.size)
    told = Mixtures([one for one in load_sounds(folder, held) if one.name in prompts.names], prompts, 8)
    validation = list(told.drawn(np.random.default_rng(99)))
    with seeded(settings.seed):
        network = FilmNetwork().to(settings.device)
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=5)
    history: list[dict[str, float]] = []
    if (out / "checkpoint.pt").exists():
        state = torch.load(out / "checkpoint.pt", weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        plateau.load_state_dict(state["plateau"])
        history = state["history"]
    with few_threads():
        while len(history) < settings.epochs:
            started_s = time.monotonic()
            rng = np.random.default_rng([settings.seed, len(history)])
            loss = _epoch(network, optimizer, mixtures.drawn(rng), settings.device)
            validated = _mean_loss(network, validation, settings.device)
            plateau.step(validated)
            is_best = all(validated < row["validation"] for row in history)
            history.append(
                {
                    "epoch": len(history) + 1,
                    "loss": round(loss, 5),
                    "validation": round(validated, 5),
                    "seconds": round(time.monotonic() - started_s, 1),
                }
            )
            _save(out, network, optimizer, plateau, history, settings, is_best=is_best)
            print(json.dumps(history[-1]), flush=True)
    save_half(network, out / "final.safetensors")
    return history


def _epoch(
    network: FilmNetwork, optimizer: torch.optim.Optimizer, batches: Iterator[Batch], device: str
) -> float:
    network.train()
    losses = []
    for batch in batches:
        optimizer.zero_grad(set_to_none=True)
        loss = _loss(network, batch, device)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses))


def _save(
    out: Path,
    network: FilmNetwork,
    optimizer: torch.optim.Optimizer,
    plateau: torch.optim.lr_scheduler.ReduceLROnPlateau,
    history: list[dict[str, float]],
    settings: FilmSettings,
    *,
    is_best: bool,
) -> None:
    state = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "plateau": plateau.state_dict(),
        "history": history,
    }
    unfinished = out / "checkpoint.part"
    torch.save(state, unfinished)
    unfinished.replace(out / "checkpoint.pt")
    if is_best:
        save_half(network, out / "best.safetensors")
    if len(history) % settings.keep_every == 0:
        save_half(network, out / f"epoch-{len(history):03d}.safetensors")
    (out / "history.json").write_text(json.dumps(history, indent=1))


def main() -> None:
    """Train, or go on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sounds", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--keep-every", type=int, default=20)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--folds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--held", type=int, nargs="+", default=[5], help="folds to validate with")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    settings = FilmSettings(
        chosen.epochs, chosen.batch, chosen.rate, chosen.keep_every, chosen.seed, chosen.device
    )
    train(chosen.sounds, chosen.out, settings, chosen.folds, chosen.held)


if __name__ == "__main__":
    main()
