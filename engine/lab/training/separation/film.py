"""Train the published recipe: `python -m engine.lab.training.separation.film SOUNDS [OUT]`.

Mixtures of two sounds are drawn on the fly, -5 to +5 dB. The mask is compared with the ideal ratio mask (mean
absolute error) by Adam, whose rate is halved when the validation rests for five epochs. OUT holds the
history, the best and the final weights and some between; the same command goes on where it stopped.
`--baseline` trains the same network without words.
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

from engine.analysis.detection.spectra import MEL, Spectra
from engine.analysis.learning.loop import few_threads, seeded
from engine.analysis.sound_names.vocabulary import Named, vocabulary
from engine.core.errors import OffcutError, UsageError
from engine.core.files.safe_write import shown
from engine.lab.film.network import WIDTH, FilmNetwork
from engine.lab.film.weights import BEST, Trained, weights_folder
from engine.lab.film.words import NoWords, Words, words_here
from engine.lab.training.detection.sounds import LEARNED_FOLDS, LICENCES, Sound, load_sounds
from engine.lab.training.detection.train import stretch
from engine.lab.training.resumable import CHECKPOINT

LENGTH_SAMPLES = 5 * MEL.rate_hz // 2
_MOST_DB = 5.0
_VALIDATION_SEED = 99
Batch = tuple[Tensor, Tensor, Tensor]
"""Magnitudes and ideal shares, shape (batch, frames, bins), and words, shape (batch, size)."""


@dataclass(frozen=True, slots=True)
class FilmSettings:
    """How wide, how long and how fast; an epoch means each sound once.

    Attributes
    ----------
    batch : mixtures of a step
    keep_every : epochs from one stored checkpoint to the next
    folds, held : parts of the sounds that are trained on, and that the validation is of
    bfloat16 : multiply at half precision: almost three times as fast where the processor can, else slower
    """

    width: int = WIDTH
    epochs: int = 100
    batch: int = 16
    rate: float = 1e-3
    keep_every: int = 20
    device: str = "cpu"
    folds: tuple[int, ...] = LEARNED_FOLDS
    held: tuple[int, ...] = (5,)
    bfloat16: bool = False
    seed: int = 1


class Mixtures:
    """Makes batches of two sounds of different names.

    Raises
    ------
    UsageError : the sounds have one name only
    """

    def __init__(self, sounds: Sequence[Sound], words: Words, batch: int) -> None:
        self.names = sorted({sound.name for sound in sounds})
        if len(self.names) < 2:
            raise UsageError("Mixtures need sounds of two names at least: add a folder of another sound.")
        self._sounds, self._batch_size = sounds, batch
        self._said = {
            name: torch.tensor(words.encode((name, *vocabulary().get(name, Named(name)).said)))
            for name in self.names
        }
        self._spectra = Spectra()

    def drawn(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield batches in which each sound is meant once."""
        order = rng.permutation(len(self._sounds))
        for first in range(0, len(order), self._batch_size):
            yield self._batch([self._sounds[index] for index in order[first : first + self._batch_size]], rng)

    def _batch(self, meant: Sequence[Sound], rng: np.random.Generator) -> Batch:
        parts, words = [], []
        for sound in meant:
            one = stretch(sound.samples(), rng, LENGTH_SAMPLES)
            two = stretch(self._other(sound, rng).samples(), rng, LENGTH_SAMPLES)
            level = np.sqrt(np.mean(one**2) / max(float(np.mean(two**2)), 1e-9))
            parts += [one, two * np.float32(level * 10 ** (rng.uniform(-_MOST_DB, _MOST_DB) / 20))]
            said = self._said[sound.name]
            words.append(said[int(rng.integers(len(said)))])
        spectra = self._spectra.spectrum(torch.tensor(np.stack(parts), dtype=torch.float32))
        first, second = spectra[0::2], spectra[1::2]
        ideal = first.abs() / (first.abs() + second.abs() + 1e-6)
        return (first + second).abs().transpose(1, 2), ideal.transpose(1, 2), torch.stack(words)

    def _other(self, sound: Sound, rng: np.random.Generator) -> Sound:
        while True:
            other = self._sounds[int(rng.integers(len(self._sounds)))]
            if other.name != sound.name:
                return other


class FilmTraining:
    """A network in training, and its history: a row for each epoch that is done.

    Raises
    ------
    UsageError : the device is missing, or the folder holds another training
    """

    def __init__(self, out: Path, settings: FilmSettings, words: Words) -> None:
        self._out, self._settings = out, settings
        self._trained = Trained(settings.width, words.name)
        with seeded(settings.seed):
            network = FilmNetwork(settings.width, words.size)
        try:
            # Channels last halves the time of convolutions at half precision.
            self._network = network.to(settings.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        except (RuntimeError, AssertionError) as error:  # torch raises either for a device that is not here
            raise UsageError(f"There is no device '{settings.device}' here: use 'cpu'.") from error
        self._optimizer = torch.optim.Adam(self._network.parameters(), lr=settings.rate)
        self._plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(self._optimizer, factor=0.5, patience=5)
        self.history: list[dict[str, float]] = []
        self._resume()

    def _resume(self) -> None:
        if not (self._out / CHECKPOINT).exists():
            return
        state = torch.load(self._out / CHECKPOINT, map_location=self._settings.device, weights_only=True)
        if Trained(state["width"], state["words"]) != self._trained:
            raise UsageError(
                f"{shown(self._out)} holds a training of width {state['width']} with the words "
                f"'{state['words']}': name another folder."
            )
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._plateau.load_state_dict(state["plateau"])
        self.history = state["history"]

    def epoch(self, batches: Iterator[Batch], validation: Sequence[Batch]) -> None:
        """Train for an epoch, and store where it led."""
        started_s = time.monotonic()
        self._network.train()
        losses = [self._step(batch) for batch in batches]
        self._network.eval()
        with torch.no_grad():
            validated = float(np.mean([float(self._loss(batch)) for batch in validation]))
        self._plateau.step(validated)
        earlier = (row["validation"] for row in self.history if np.isfinite(row["validation"]))
        is_best = not self.history or validated < min(earlier, default=np.inf)
        self.history.append(
            {
                "epoch": len(self.history) + 1,
                "loss": float(np.mean(losses)),
                "validation": validated,
                "rate": self._optimizer.param_groups[0]["lr"],
                "seconds": round(time.monotonic() - started_s, 1),
            }
        )
        self._save(is_best=is_best)

    def _step(self, batch: Batch) -> float:
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return float(loss.detach())

    def _loss(self, batch: Batch) -> Tensor:
        magnitudes, ideal, words = (each.to(self._settings.device) for each in batch)
        with torch.autocast(magnitudes.device.type, dtype=torch.bfloat16, enabled=self._settings.bfloat16):
            shares = self._network(magnitudes, words)
        error: Tensor = (shares.float() - ideal).abs().mean()
        return error

    def _save(self, *, is_best: bool) -> None:
        state = {
            "width": self._trained.width,
            "words": self._trained.words,
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "plateau": self._plateau.state_dict(),
            "history": self.history,
        }
        if is_best:
            self.write(BEST)
        if len(self.history) % self._settings.keep_every == 0:
            self.write(f"epoch-{len(self.history):03d}.safetensors")
        (self._out / "history.json").write_text(json.dumps(self.history, indent=1))
        unfinished = self._out / "checkpoint.part"
        torch.save(state, unfinished)
        unfinished.replace(self._out / CHECKPOINT)

    def write(self, name: str) -> None:
        """Write the weights as they are now."""
        self._trained.save(self._network, self._out / name)


def train(folder: Path, out: Path, settings: FilmSettings, words: Words) -> list[dict[str, float]]:
    """Train on some folds, validate on others, and return the history.

    Of a list with licences, only clips that are free for any use are trained on.

    Raises
    ------
    UsageError : sounds for training or validation or the device are missing, or OUT holds another training
    """
    mixtures = Mixtures(load_sounds(folder, settings.folds, free_only=True), words, settings.batch)
    held = load_sounds(folder, settings.held, free_only=True)
    held = tuple(sound for sound in held if sound.name in mixtures.names)
    validation = list(Mixtures(held, words, settings.batch).drawn(np.random.default_rng(_VALIDATION_SEED)))
    out.mkdir(parents=True, exist_ok=True)
    training = FilmTraining(out, settings, words)
    with few_threads():
        while len(training.history) < settings.epochs:
            rng = np.random.default_rng([settings.seed, len(training.history)])
            training.epoch(mixtures.drawn(rng), validation)
            print(json.dumps(training.history[-1]), flush=True)
    training.write("final.safetensors")
    return training.history


def main() -> None:
    """Train, or go on."""
    usual = FilmSettings()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sounds", type=Path)
    parser.add_argument("out", type=Path, nargs="?", help="the user's folder, where Offcut finds it")
    parser.add_argument("--baseline", action="store_true", help="text-agnostic: no words, no FiLM")
    parser.add_argument("--width", type=int, default=usual.width, help="channels of the first level")
    parser.add_argument("--epochs", type=int, default=usual.epochs)
    parser.add_argument("--batch", type=int, default=usual.batch)
    parser.add_argument("--rate", type=float, default=usual.rate)
    parser.add_argument("--keep-every", type=int, default=usual.keep_every)
    parser.add_argument("--device", default=usual.device)
    parser.add_argument("--folds", type=int, nargs="+", default=usual.folds)
    parser.add_argument("--held", type=int, nargs="+", default=usual.held, help="folds to validate with")
    parser.add_argument("--bfloat16", action="store_true", help="multiply at half precision")
    parser.add_argument("--seed", type=int, default=usual.seed)
    given = vars(parser.parse_args())
    folder, out, is_baseline = (given.pop(name) for name in ("sounds", "out", "baseline"))
    settings = FilmSettings(**{**given, "folds": tuple(given["folds"]), "held": tuple(given["held"])})
    try:
        words = NoWords() if is_baseline else words_here()
        licences = "free only" if (folder / LICENCES).is_file() else "not listed"
        print(json.dumps({"words": words.name, "numbers": words.size, "licences": licences}), flush=True)
        train(folder, out or weights_folder(is_baseline=is_baseline), settings, words)
    except OffcutError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


if __name__ == "__main__":
    main()
