"""Train the network that separates speech: `python -m engine.lab.training.separation.speech DATA OUT`.

DATA holds `speech`, `esc50`, `ambience`, `music` and `loops`; OUT is the folder of the checkpoint, the
history and the weights. The same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.analysis.detection.spectra import MEL, Spectra, SpeechNetwork, band_centres_hz
from engine.analysis.learning.loop import few_threads, seeded
from engine.lab.band_shares import band_shares_to_bins
from engine.lab.half_precision import save_half
from engine.lab.training.resumable import Resumable, falling_rate
from engine.lab.training.separation.speech_mixtures import Sources, drawn, load_sources

LENGTH_SAMPLES = 5 * MEL.rate_hz // 2
_LEAST_ERROR = 1e-3
"""Error relative to the power of the mixture below which nothing is to be gained: -30 dB."""
_MASK_WEIGHT, _ACTIVITY_WEIGHT = 0.5, 0.2
_SPOKEN = 1e-3
"""Power of speech in a frame, relative to its loudest, above which the frame counts as speech."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How long and how fast to learn; an epoch is `steps` batches of `size` mixtures."""

    epochs: int = 60
    steps: int = 60
    size: int = 8
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    averaging: float = 0.998
    seed: int = 1


def loss(network: SpeechNetwork, speech: Tensor, rest: Tensor, spectra: Spectra, spread: Tensor) -> Tensor:
    """Return the error of mixtures, shape (batch, samples) each of speech and the rest.

    The logarithm of the error of the separated spectrum relative to the power of the mixture, the difference
    to the ideal ratio mask of each band, and the cross-entropy of frames with speech.
    """
    meant, other = spectra.spectrum(speech), spectra.spectrum(rest)
    whole = meant + other
    power = spectra.power(whole)
    logits, activity = network(power)
    shares = torch.sigmoid(logits)
    error = _power(meant - (shares @ spread).transpose(1, 2) * whole).sum(dim=(1, 2))
    relative = error / _power(whole).sum(dim=(1, 2)).clamp(min=1e-9)
    spoken, unspoken = spectra.power(meant), spectra.power(other)
    ideal = torch.sqrt(spoken / (spoken + unspoken + 1e-9))
    weight = power.clamp(min=1e-9) ** 0.25
    masks = (weight * (shares - ideal).abs()).sum(dim=(1, 2)) / weight.sum(dim=(1, 2))
    loud = spoken.sum(dim=2)
    is_spoken = ((loud > _SPOKEN * loud.amax(dim=1, keepdim=True)) & (loud > 1e-5)).float()
    activities = functional.binary_cross_entropy_with_logits(activity, is_spoken)
    errors = torch.log(relative + _LEAST_ERROR).mean()
    return errors + _MASK_WEIGHT * masks.mean() + _ACTIVITY_WEIGHT * activities


def _power(spectrum: Tensor) -> Tensor:
    return spectrum.real.square() + spectrum.imag.square()


def epoch(
    training: Resumable[SpeechNetwork],
    settings: TrainingSettings,
    sources: Sources,
    spectra: Spectra,
    spread: Tensor,
) -> float:
    """Learn for one epoch and return its mean loss."""
    number = len(training.history)
    rng = np.random.default_rng([settings.seed, number])
    losses = []
    training.network.train()
    with seeded(1000 * settings.seed + number):
        for step in range(settings.steps):
            pairs = [drawn(sources, LENGTH_SAMPLES, rng) for _ in range(settings.size)]
            speech, rest = (torch.tensor(np.stack(part)) for part in zip(*pairs, strict=True))
            value = loss(training.network, speech, rest, spectra, spread)
            at = number * settings.steps + step
            rate = falling_rate(settings.learning_rate, at, settings.epochs * settings.steps)
            training.step(value, rate, at, most_gradient=5.0)
            losses.append(float(value.detach()))
    return float(np.mean(losses))


def train(data_dir: Path, out: Path, settings: TrainingSettings) -> Resumable[SpeechNetwork]:
    """Train, and keep checkpoint, history and weights after each epoch.

    Raises
    ------
    UsageError : there is nothing to learn from
    """
    out.mkdir(parents=True, exist_ok=True)
    training = Resumable(
        SpeechNetwork,
        seed=settings.seed,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        averaging=settings.averaging,
    )
    training.resume(out)
    sources = load_sources(data_dir)
    spectra = Spectra()
    spread = band_shares_to_bins(MEL.n_fft // 2 + 1, MEL.rate_hz, torch.tensor(band_centres_hz()).float())
    with few_threads():
        while len(training.history) < settings.epochs:
            started_s = time.monotonic()
            mean = epoch(training, settings, sources, spectra, spread)
            row: dict[str, object] = {"epoch": len(training.history) + 1, "loss": round(mean, 4)}
            training.history.append(row | {"seconds": round(time.monotonic() - started_s, 1)})
            training.save(out, save_half, "speech.safetensors")
            print(json.dumps(training.history[-1]), flush=True)
    return training


def main() -> None:
    """Train, or go on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--steps", type=int, default=60, help="batches of an epoch")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    settings = TrainingSettings(epochs=chosen.epochs, steps=chosen.steps, seed=chosen.seed)
    train(chosen.data, chosen.out, settings)


if __name__ == "__main__":
    main()
