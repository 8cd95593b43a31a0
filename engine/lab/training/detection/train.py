"""Train the network that maps sounds to words: `python -m engine.lab.training.detection.train SOUNDS OUT`.

SOUNDS is ESC-50 as published, or a folder for each sound; OUT the folder of the checkpoint, the history and
the weights. The same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.analysis.detection.detector import SoundNetwork
from engine.analysis.detection.spectra import MEL, Spectra
from engine.analysis.learning.loop import few_threads, seeded
from engine.lab.half_precision import save_half
from engine.lab.training.detection.prompts import Prompts
from engine.lab.training.detection.recordings import free_recordings, read_mono
from engine.lab.training.detection.sounds import LEARNED_FOLDS, Sound, at_other_speed, load_sounds
from engine.lab.training.detection.step_labels import step_labels
from engine.lab.training.resumable import Resumable, falling_rate

CROP_SAMPLES = 4 * MEL.rate_hz
_SHORT_CROP_SAMPLES = CROP_SAMPLES // 2
_SHORT_SHARE = 0.6
"""Share of the epochs, the first, that learn from short crops: half the work, while little is known."""
_AUDIBLE = 0.002
"""Root mean square below which a segment of a sound counts as silent."""
_ALL_SHARE = 0.5
"""Weight of the odds of each name by itself, relative to those of one name against all others."""
_STEPS_SHARE = 0.5
"""Weight of the odds of each name in each step, relative to those of the whole mixture."""
_BACKGROUND_CHANCE, _ONLY_BACKGROUND = 0.5, 0.3
"""Share of sounds with added speech or music, and share of these with speech or music only."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How long and how fast to learn; an epoch is each sound once, each mixed with another.

    `bfloat16` multiplies at half precision: faster where the processor itself can (AMX), else slower.
    """

    epochs: int = 60
    size: int = 24
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    averaging: float = 0.995
    bfloat16: bool = False
    seed: int = 1


def stretch(
    samples: NDArray[np.float32], rng: np.random.Generator, length_samples: int
) -> NDArray[np.float32]:
    """Return an active segment of a sound, at full scale, padded with zeros."""
    for _ in range(8):
        start = int(rng.integers(-length_samples // 4, max(1, len(samples) - length_samples // 2)))
        part = samples[max(0, start) : max(0, start + length_samples)]
        if float(np.sqrt(np.mean(part**2) if len(part) else 0.0)) > _AUDIBLE:
            break
    else:
        start, part = 0, samples[:length_samples]
    padded = np.zeros(length_samples, np.float32)
    at = max(0, -start)
    padded[at : at + len(part)] = part[: length_samples - at]
    return padded / max(1e-4, float(np.max(np.abs(padded))))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Mixtures and their labels.

    Attributes
    ----------
    levels : shape (n, frames, bands)
    shares : how much of each name is in a mixture, shape (n, names)
    audible, known : of each step, see `StepLabels`, shape (n, steps, names)
    """

    levels: Tensor
    shares: Tensor
    audible: Tensor
    known: Tensor


def _batch(
    sounds: Sequence[Sound],
    names: dict[str, int],
    spectra: Spectra,
    rng: np.random.Generator,
    crop_samples: int,
    backgrounds: Sequence[Sequence[NDArray[np.float32]]],
) -> Batch:
    """Return a mixture of each sound with another, or with a background."""
    mixed, parts, noises = [], [], []
    shares = torch.zeros(len(sounds), len(names))
    for row, sound in enumerate(sounds):
        share = float(rng.beta(0.6, 0.6)) if rng.random() < 0.7 else 1.0
        if backgrounds and rng.random() < _BACKGROUND_CHANCE:
            kind = backgrounds[int(rng.integers(len(backgrounds)))]
            second = kind[int(rng.integers(len(kind)))]
            share = 0.0 if rng.random() < _ONLY_BACKGROUND else share
            beside = None
        else:
            other = sounds[int(rng.integers(len(sounds)))]
            second = other.samples()
            beside = names[other.name]
            shares[row, beside] += 1.0 - share
        one, two = (
            at_other_speed(stretch(samples, rng, crop_samples * 4 // 3), rng)[:crop_samples]
            for samples in (sound.samples(), second)
        )
        one, two = np.float32(share) * one, np.float32(1.0 - share) * two
        mix = one + two
        gain_db = rng.uniform(-30.0, 0.0)
        gain = np.float32(10 ** (gain_db / 20) / max(1e-4, float(np.max(np.abs(mix)))))
        noise_rms = 10 ** (rng.uniform(-90.0, -50.0) / 20)
        mixed.append(gain * mix + (noise_rms * rng.standard_normal(len(mix))).astype(np.float32))
        parts.append(((names[sound.name], gain * one), (beside, gain * two)))
        noises.append(noise_rms)
        shares[row, names[sound.name]] += share
    levels = spectra.levels(spectra.spectrum(torch.tensor(np.stack(mixed), dtype=torch.float32)))
    coloured, hidden = _coloured(levels, rng)
    labels = [
        step_labels(each, noise_rms, len(names), frames)
        for each, noise_rms, frames in zip(parts, noises, hidden, strict=True)
    ]
    audible, known = (
        torch.tensor(np.stack(rows))
        for rows in ([one.audible for one in labels], [one.known for one in labels])
    )
    return Batch(coloured, shares, audible, known)


def _coloured(levels: Tensor, rng: np.random.Generator) -> tuple[Tensor, list[tuple[int, int]]]:
    """Equalize each at random, and mask a span of time and of bands, for robustness.

    Also returns the frames [first, stop) that are left out of each.
    """
    count, frames, bands = levels.shape
    slow = rng.normal(0.0, 0.5, (count, 6)) @ np.cos(
        np.pi * np.arange(6)[:, None] * (np.arange(bands)[None] + 0.5) / bands
    )
    levels = levels + torch.tensor(slow, dtype=torch.float32)[:, None]
    quiet = levels.amin(dim=(1, 2))
    hidden = []
    for row in range(count):
        first, wide = int(rng.integers(bands)), int(rng.integers(0, 20))
        levels[row, :, first : first + wide] = quiet[row]
        first, long = int(rng.integers(frames)), int(rng.integers(0, 50))
        levels[row, first : first + long] = quiet[row]
        hidden.append((first, first + long))
    return levels, hidden


def loss(network: SoundNetwork, batch: Batch, words: Tensor, *, bfloat16: bool = False) -> Tensor:
    """Return the cross-entropy of names: one against all others, each by itself, and each in each step.

    The first counts as much as the names have shares: nothing is asked of a background.
    """
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        vectors, telling = network(batch.levels)
    vectors, telling, shares = vectors.float(), telling.float(), batch.shares
    logits = network.logits(network.pooled(vectors, telling), words)
    named = shares.sum(dim=1, keepdim=True)
    one = functional.cross_entropy(logits, 0.95 * shares + 0.05 * named / shares.shape[1])
    each = functional.binary_cross_entropy_with_logits(logits, (shares > 0.15).float(), reduction="none")
    return (
        one + _ALL_SHARE * each.sum(dim=1).mean() + _STEPS_SHARE * _step_loss(network, vectors, batch, words)
    )


def _step_loss(network: SoundNetwork, vectors: Tensor, batch: Batch, words: Tensor) -> Tensor:
    """Return the cross-entropy of each name in each two steps, which events are detected by."""
    steps = batch.audible.shape[1]
    pairs = functional.normalize(vectors[:, 1:steps] + vectors[:, : steps - 1], dim=2)
    audible = torch.maximum(batch.audible[:, 1:], batch.audible[:, :-1])
    known = torch.maximum(audible, torch.minimum(batch.known[:, 1:], batch.known[:, :-1]))
    each = functional.binary_cross_entropy_with_logits(
        network.logits(pairs, words), audible, weight=known, reduction="none"
    )
    return each.sum(dim=2).mean()


@torch.no_grad()
def right(
    network: SoundNetwork, spectra: Spectra, sounds: Sequence[Sound], words: Tensor, names: dict[str, int]
) -> float:
    """Return the share of whole sounds whose own name is the likeliest."""
    network.eval()
    found = []
    for sound in sounds:
        levels = spectra.levels(spectra.spectrum(torch.tensor(sound.samples())[None]))
        logits = network.logits(network.pooled(*network(levels)), words)
        found.append(int(logits.argmax()) == names[sound.name])
    return float(np.mean(found))


def epoch(
    training: Resumable[SoundNetwork],
    settings: TrainingSettings,
    sounds: Sequence[Sound],
    spectra: Spectra,
    prompts: Prompts,
    backgrounds: Sequence[Sequence[NDArray[np.float32]]] = (),
) -> float:
    """Learn for one epoch and return its mean loss."""
    number, size = len(training.history), settings.size
    rng = np.random.default_rng([settings.seed, number])
    names = {name: index for index, name in enumerate(prompts.names)}
    order = rng.permutation(len(sounds))
    steps = max(1, len(sounds) // size)
    total = settings.epochs * steps
    crop_samples = _SHORT_CROP_SAMPLES if number < _SHORT_SHARE * settings.epochs else CROP_SAMPLES
    losses = []
    training.network.train()
    with seeded(1000 * settings.seed + number):
        for step in range(steps):
            chosen = [sounds[index] for index in order[step * size : (step + 1) * size]]
            batch = _batch(chosen, names, spectra, rng, crop_samples, backgrounds)
            words = prompts.drawn(range(len(names)), rng)
            value = loss(training.network, batch, words, bfloat16=settings.bfloat16)
            at = number * steps + step
            rate = falling_rate(settings.learning_rate, at, total, warming=max(1, total // 20))
            training.step(value, rate, at, most_gradient=2.0)
            losses.append(float(value.detach()))
    return float(np.mean(losses))


def train(
    folder: Path,
    out: Path,
    settings: TrainingSettings,
    folds: Sequence[int],
    held: Sequence[int],
    backgrounds: Sequence[Sequence[NDArray[np.float32]]] = (),
) -> Resumable[SoundNetwork]:
    """Train on some folds and keep checkpoint, history and weights after each epoch.

    Parameters
    ----------
    held : folds that are measured and not learned from
    backgrounds : kinds of recordings in which none of the names sounds, mono at the rate of `MEL`
    """
    out.mkdir(parents=True, exist_ok=True)
    training = Resumable(
        SoundNetwork,
        seed=settings.seed,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        averaging=settings.averaging,
    )
    training.resume(out)
    sounds = load_sounds(folder, folds, free_only=True)
    told = load_sounds(folder, held)
    prompts = Prompts(sorted({sound.name for sound in sounds}))
    names = {name: index for index, name in enumerate(prompts.names)}
    spectra = Spectra()
    with few_threads():
        while len(training.history) < settings.epochs:
            started_s = time.monotonic()
            mean = epoch(training, settings, sounds, spectra, prompts, backgrounds)
            number = len(training.history) + 1
            row: dict[str, object] = {"epoch": number, "loss": round(mean, 4)}
            if number % 5 == 0 or number == settings.epochs:
                row["held_right"] = round(right(training.averaged, spectra, told, prompts.named, names), 4)
            training.history.append(row | {"seconds": round(time.monotonic() - started_s, 1)})
            training.save(out, save_half, "sounds.safetensors")
            print(json.dumps(training.history[-1]), flush=True)
    return training


def main() -> None:
    """Train, or go on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sounds", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--folds", type=int, nargs="+", default=LEARNED_FOLDS)
    parser.add_argument(
        "--held", type=int, nargs="+", default=[5], help="folds that are told, not learned from"
    )
    parser.add_argument(
        "--backgrounds",
        type=Path,
        metavar="DATA",
        help="holds speech and music, none of the names",
    )
    parser.add_argument("--bfloat16", action="store_true", help="multiply at half precision (AMX)")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    settings = TrainingSettings(epochs=chosen.epochs, bfloat16=chosen.bfloat16, seed=chosen.seed)
    backgrounds: tuple[tuple[NDArray[np.float32], ...], ...] = ()
    if chosen.backgrounds is not None:
        free = free_recordings(chosen.backgrounds)
        backgrounds = tuple(tuple(map(read_mono, kind)) for kind in (free.speech, free.music))
    train(chosen.sounds, chosen.out, settings, chosen.folds, chosen.held, backgrounds)


if __name__ == "__main__":
    main()
