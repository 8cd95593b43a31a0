"""The networks of the comparison: performances made in parallel, and each training a job of a process."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from engine.analysis.learning.loop import TrainSettings
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.lab.simulated.performances.parts import Part
from engine.lab.training.timing.fitting import train
from engine.lab.training.timing.inputs import CHANNELS, View
from engine.lab.training.timing.lessons import WRITTEN_LAST, Lessons, lessons_of, read_lessons, together
from engine.lab.training.timing.networks import ENCODERS, Placer
from engine.lab.training.timing.placing import Trained

_AT_A_TIME = 25
_FIRST_SEED = 10_000
"""Seeds of training are far from those of evaluations, which draw from other drummers anyway."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One network of the comparison.

    Attributes
    ----------
    is_rendered : trained on the performances that are rendered for audio, which are fewer and shorter
    """

    kind: str
    view: View
    seed: int
    is_rendered: bool = False

    @property
    def name(self) -> str:
        """Name of its file, without the suffix."""
        decoder = "-decoder" if self.view.has_decoder else ""
        symbolic = "rendered" if self.is_rendered else "symbolic"
        inputs = "audio" if self.view.has_audio else symbolic
        return f"{self.kind}-{inputs}-{self.view.channel}{decoder}-{self.seed}"

    @property
    def folder(self) -> str:
        """Name of the folder of its performances."""
        return "audio" if self.is_rendered else "symbolic"


def every_network(inputs: str, seeds: int) -> Iterator[Wanted]:
    """Yield the networks of the comparison, the metronome first, so that an early end leaves all seeds of it.

    With audio come symbolic networks that learn from the same performances.
    """
    has_audio = inputs == "audio"
    views = [View(channel, has_audio) for channel in reversed(CHANNELS)]
    views.insert(1, View("metronome", has_decoder=not has_audio))
    for view, seed, kind in product(views, range(seeds), ENCODERS):
        yield Wanted(kind, view, seed, is_rendered=has_audio)


def _made(data_dir: Path, part: Part, count: int, seed: int, has_audio: bool, folder: Path) -> Path:
    if not (folder / WRITTEN_LAST).exists():
        lessons_of(data_dir, part, count, seed, has_audio=has_audio).write(folder)
    return folder


def store(
    data_dir: Path, has_audio: bool, part: Part, count: int, folder: Path, pool: ProcessPoolExecutor
) -> None:
    """Make performances in the processes of a pool and store them as one collection."""
    if (folder / WRITTEN_LAST).exists():
        return
    sizes = [min(_AT_A_TIME, count - first) for first in range(0, count, _AT_A_TIME)]
    waiting = [
        pool.submit(
            _made,
            data_dir,
            part,
            size,
            _FIRST_SEED + number,
            has_audio,
            folder / str(number),
        )
        for number, size in enumerate(sizes)
    ]
    together([read_lessons(done.result()) for done in waiting]).write(folder)


@lru_cache(maxsize=2)
def _read(folder: Path) -> Lessons:
    return read_lessons(folder)


def run_of(wanted: Wanted, out: Path, settings: TrainSettings, device: str) -> dict[str, object]:
    begun_s = time.monotonic()
    folder = out / wanted.folder
    run = train(
        wanted.kind,
        wanted.view,
        _read(folder / "train"),
        _read(folder / "validation"),
        wanted.seed,
        settings,
        device,
    )
    line: dict[str, object] = {
        "name": wanted.name,
        "epochs": len(run.fitted.history),
        "training_loss": run.fitted.best.loss,
        "validation_loss": run.fitted.best.validation,
        "seconds": time.monotonic() - begun_s,
    }
    described = {"network": json.dumps({"kind": wanted.kind, **asdict(wanted.view)}), "run": json.dumps(line)}
    unfinished = out / f"{wanted.name}.part"
    save_file(run.network.state_dict(), unfinished, described)
    unfinished.replace(out / f"{wanted.name}.safetensors")
    return line


def trained_networks(folder: Path, seeds: int) -> Mapping[Wanted, Trained]:
    """Read the networks of the comparison that a folder holds.

    Raises
    ------
    UsageError : it holds none, or a file of its is damaged
    """
    every = [one for inputs in ("symbolic", "audio") for one in every_network(inputs, seeds)]
    found = {
        one: _read_network(one, path)
        for one in every
        if (path := folder / f"{one.name}.safetensors").is_file()
    }
    if not found:
        raise UsageError(
            f"{shown(folder)} holds no networks: train them with "
            f"'python -m engine.lab.training.timing --data DIR --out {shown(folder)}'."
        )
    return found


def _read_network(wanted: Wanted, path: Path) -> Trained:
    view = wanted.view
    network = Placer(wanted.kind, view)
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UsageError(f"{shown(path)} is damaged: delete it, and train it again.") from error
    return Trained(network.eval(), view)
