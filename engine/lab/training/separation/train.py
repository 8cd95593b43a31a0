"""Train the separator: `python -m engine.lab.training.separation.train SOUNDS OUT`.

SOUNDS is ESC-50 as published, or a folder for each sound; OUT the folder of the checkpoint, the history and
the weights. The same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import numpy as np
import torch
from torch import Tensor

from engine.analysis.detection.detector import SOUND_WEIGHTS, SoundNetwork
from engine.analysis.detection.spectra import MEL, Spectra
from engine.analysis.learning.loop import few_threads, seeded, with_weights
from engine.features.repair.separation.network import VIEW_FRAMES, NetworkInput, SeparationNetwork, listened
from engine.features.repair.separation.separator import around, surrounds
from engine.lab.half_precision import save_half
from engine.lab.training.detection.prompts import Prompts
from engine.lab.training.detection.sounds import LEARNED_FOLDS, load_sounds
from engine.lab.training.resumable import Resumable, falling_rate
from engine.lab.training.separation.examples import example_vectors
from engine.lab.training.separation.loss import Batch, Loss
from engine.lab.training.separation.scenes import Kind, Scene, Scenes
from engine.lab.training.separation.speech_mixtures import Sources, load_sources

EXAMPLES_SHARE = 0.15
"""How often the prompt is another sound of the same name instead of words."""
WORDLESS_SHARE = 0.1
"""Share of views without words and with one new sound in the window, which is the target."""
DEAF_SHARE = 0.3
"""How often the features of `engine.analysis.detection` are left out: it knows these sounds better than new
ones."""
UNTOLD_SHARE = 0.1
"""Share of views with hidden surroundings of the window."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How long and how fast to learn; an epoch is `steps` batches of `size` scenes.

    `bfloat16` multiplies at half precision: twice as fast where the processor itself can (AMX), else slower.
    """

    epochs: int = 60
    steps: int = 80
    size: int = 12
    learning_rate: float = 1.5e-3
    weight_decay: float = 1e-3
    averaging: float = 0.998
    words: bool = True
    surroundings: bool = True
    bfloat16: bool = False
    seed: int = 1


class Batches:
    """Draws batches of scenes.

    Parameters
    ----------
    ears : hears into words
    examples : vectors of the sounds as `ears` hears them, by path
    tells_all : hide nothing and give no examples, for evaluation
    """

    def __init__(
        self,
        scenes: Scenes,
        prompts: Prompts,
        settings: TrainingSettings,
        ears: SoundNetwork,
        examples: dict[Path, Tensor],
        *,
        tells_all: bool = False,
    ) -> None:
        self._scenes, self._prompts, self._settings = scenes, prompts, settings
        self._ears, self._examples, self._tells_all = ears, examples, tells_all
        self._spectra = Spectra()

    def drawn(self, rng: np.random.Generator) -> Batch:
        """Return a batch."""
        scenes: list[Scene] = []
        while len(scenes) < self._settings.size:
            scenes += self._scenes.drawn(rng)
        return self.of(scenes[: self._settings.size], rng)

    def of(self, scenes: Sequence[Scene], rng: np.random.Generator) -> Batch:
        """Return a batch of given scenes."""
        both = np.stack([samples for scene in scenes for samples in (scene.meant, scene.rest)])
        spectra = self._spectra.spectrum(torch.tensor(both))
        meant, whole = spectra[0::2], spectra[0::2] + spectra[1::2]
        power = self._spectra.power(whole)
        rows = [self._view(scene, power[row], rng) for row, scene in enumerate(scenes)]
        firsts = [row[0] for row in rows]
        prompt, example = self._prompted(scenes, rng)
        views = torch.stack([power[row, first : first + VIEW_FRAMES] for row, first in enumerate(firsts)])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._settings.bfloat16):
            features, likeness = listened(self._ears, views, prompt)
        deaf = 0.0 if self._tells_all else DEAF_SHARE
        hears = torch.tensor(rng.random(len(scenes)) >= deaf, dtype=torch.float32)
        heard = NetworkInput(
            views,
            torch.stack([row[1] for row in rows]),
            torch.stack([row[2] for row in rows]),
            torch.tensor([row[3] for row in rows], dtype=torch.float32),
            prompt,
            example,
            tuple(feature * hears[:, None, None, None] for feature in features),
            likeness * hears[:, None, None, None],
        )
        tags = torch.zeros(len(scenes), len(self._prompts.names))
        for row, scene in enumerate(scenes):
            tags[row, list(scene.sounding)] = 1.0
        cut = [slice(first, first + VIEW_FRAMES) for first in firsts]
        return Batch(
            heard,
            torch.stack([meant[row][:, each] for row, each in enumerate(cut)]),
            torch.stack([whole[row][:, each] for row, each in enumerate(cut)]),
            tags,
        )

    def _view(
        self, scene: Scene, power: Tensor, rng: np.random.Generator
    ) -> tuple[int, Tensor, Tensor, bool]:
        """Return the first frame of a view around the window, the window in it, and its surroundings."""
        start, stop = (samples / MEL.hop_samples for samples in scene.window_samples)
        frames = len(power)
        earliest = max(0, math.ceil(stop) - VIEW_FRAMES)
        latest = min(frames - VIEW_FRAMES, int(start))
        first = (
            int(rng.integers(earliest, latest + 1))
            if latest >= earliest
            else int((start + stop - VIEW_FRAMES) / 2)
        )
        first = min(max(first, 0), frames - VIEW_FRAMES)
        places = torch.arange(frames)
        inside = ((places >= start) & (places <= stop)).float()
        statistics = around(power, inside > 0)
        told = (
            self._settings.surroundings
            and surrounds(power, inside > 0)
            and (self._tells_all or not scene.surrounded or rng.random() >= UNTOLD_SHARE)
        )
        return first, inside[first : first + VIEW_FRAMES], statistics, told

    def _prompted(self, scenes: Sequence[Scene], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        prompt = self._prompts.drawn([scene.asked for scene in scenes], rng)
        example = torch.zeros(len(scenes))
        if not self._settings.words:
            return torch.zeros_like(prompt), example
        if self._tells_all:
            return prompt, example
        for row, scene in enumerate(scenes):
            if self._examples and scene.example is not None and rng.random() < EXAMPLES_SHARE:
                vectors = self._examples[scene.example.path]
                prompt[row] = vectors[int(rng.integers(len(vectors)))]
                example[row] = 1.0
            elif scene.only_new and rng.random() < WORDLESS_SHARE:
                prompt[row] = 0.0
        return prompt, example


def epoch(
    training: Resumable[SeparationNetwork], settings: TrainingSettings, batches: Batches, loss: Loss
) -> tuple[float, float]:
    """Learn for one epoch and return its mean loss and error in dB."""
    number = len(training.history)
    rng = np.random.default_rng([settings.seed, number])
    losses, errors = [], []
    training.network.train()
    with seeded(1000 * settings.seed + number):
        for step in range(number * settings.steps, (number + 1) * settings.steps):
            value, error_db = loss(training.network, batches.drawn(rng))
            rate = falling_rate(settings.learning_rate, step, settings.epochs * settings.steps)
            training.step(value, rate, step, most_gradient=1.0)
            losses.append(float(value.detach()))
            errors.append(float(error_db))
    return float(np.mean(losses)), float(np.mean(errors))


@torch.no_grad()
def mean_error_db(network: SeparationNetwork, batches: Sequence[Batch], loss: Loss) -> float:
    """Return the mean error of a network in dB relative to the power of the window."""
    return float(np.mean([float(loss(network, batch)[1]) for batch in batches]))


def train(
    folder: Path,
    out: Path,
    settings: TrainingSettings,
    folds: Sequence[int],
    held: Sequence[int],
    ears: SoundNetwork,
    start: Path | None = None,
    recordings: Sources | None = None,
) -> Resumable[SeparationNetwork]:
    """Train on some folds and keep checkpoint, history and weights after each epoch.

    Parameters
    ----------
    held : held-out folds
    ears : maps sounds to vectors of words; it stays as it is
    start : weights to begin with
    recordings : speech, music and places, which become backgrounds
    """
    out.mkdir(parents=True, exist_ok=True)
    training = Resumable(
        SeparationNetwork,
        seed=settings.seed,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        averaging=settings.averaging,
    )
    if start is not None:
        training.begin_with(with_weights(SeparationNetwork(), start, "named sounds").state_dict())
    training.resume(out)
    sounds = load_sounds(folder, folds, free_only=True)
    prompts = Prompts(sorted({sound.name for sound in sounds}))
    names = {name: index for index, name in enumerate(prompts.names)}
    examples = example_vectors(sounds, ears)
    batches = Batches(Scenes(sounds, names, recordings), prompts, settings, ears, examples)
    loss = Loss(prompts, bfloat16=settings.bfloat16)
    told = _held_batches(folder, held, prompts, settings, ears)
    with few_threads():
        while len(training.history) < settings.epochs:
            started_s = time.monotonic()
            mean, error_db = epoch(training, settings, batches, loss)
            number = len(training.history) + 1
            row: dict[str, object] = {"epoch": number, "loss": round(mean, 4), "error_db": round(error_db, 3)}
            if number % 5 == 0:
                row |= {
                    key: round(mean_error_db(training.averaged, part, loss), 3) for key, part in told.items()
                }
            training.history.append(row | {"seconds": round(time.monotonic() - started_s, 1)})
            training.save(out, save_half, "separation.safetensors")
            print(json.dumps(training.history[-1]), flush=True)
    return training


def _held_batches(
    folder: Path,
    folds: Sequence[int],
    prompts: Prompts,
    settings: TrainingSettings,
    ears: SoundNetwork,
) -> dict[str, list[Batch]]:
    """Return batches of sounds that are not learned from, the same at every call, of each kind of scene."""
    sounds = [sound for sound in load_sounds(folder, folds) if sound.name in prompts.names]
    scenes = Scenes(sounds, {name: index for index, name in enumerate(prompts.names)})
    rng = np.random.default_rng(99)
    batches = Batches(scenes, prompts, settings, ears, {}, tells_all=True)
    return {
        f"held_{kind.name.lower()}_db": [
            batches.of([scenes.of(kind, rng)[0] for _ in range(settings.size)], rng) for _ in range(5)
        ]
        for kind in Kind
    }


def main() -> None:
    """Train, or go on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="SOUNDS")
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--folds", type=int, nargs="+", default=LEARNED_FOLDS)
    parser.add_argument(
        "--held", type=int, nargs="+", default=[5], help="folds that are told, not learned from"
    )
    parser.add_argument("--without", choices=("words", "surroundings"), help="what not to tell the network")
    parser.add_argument(
        "--sounds", type=Path, default=SOUND_WEIGHTS, help="weights of the network that hears into words"
    )
    parser.add_argument(
        "--start", type=Path, metavar="WEIGHTS", help="begin with these, of an earlier training"
    )
    parser.add_argument(
        "--backgrounds",
        type=Path,
        metavar="DATA",
        help="holds speech, music and ambience, which are none of the names",
    )
    parser.add_argument("--steps", type=int, default=TrainingSettings().steps)
    parser.add_argument("--rate", type=float, default=TrainingSettings().learning_rate)
    parser.add_argument("--bfloat16", action="store_true", help="multiply at half precision (AMX)")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    settings = TrainingSettings(
        bfloat16=chosen.bfloat16,
        epochs=chosen.epochs,
        steps=chosen.steps,
        learning_rate=chosen.rate,
        words=chosen.without != "words",
        surroundings=chosen.without != "surroundings",
        seed=chosen.seed,
    )
    ears = with_weights(SoundNetwork(), chosen.sounds, "sounds")
    chosen.out.mkdir(parents=True, exist_ok=True)
    # A separator is read with what it heard by lying beside it.
    beside = chosen.out / SOUND_WEIGHTS.name
    if not (beside.exists() and beside.samefile(chosen.sounds)):
        copyfile(chosen.sounds, beside)
    recordings = load_sources(chosen.backgrounds) if chosen.backgrounds is not None else None
    train(chosen.folder, chosen.out, settings, chosen.folds, chosen.held, ears, chosen.start, recordings)


if __name__ == "__main__":
    main()
