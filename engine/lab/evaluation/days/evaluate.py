"""``offcut evaluate days``: songs, takes and talk found in made days of rehearsal.

Days 0 to 19 are reported. Days from 100 on (six: 100 to 105) are for choosing settings, and no figure is of
them. Both use the same recorded pieces and sound fonts; voices, noises and drum performances are divided.
The music is composed by rules, or recorded in studios: no figure is of a real rehearsal.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from importlib.util import find_spec
from math import isnan, nan
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import soundfile
from numpy.typing import NDArray
from pydantic import TypeAdapter

from engine.core.errors import UsageError
from engine.core.files.text import parse_json, strict_json
from engine.core.progress import Progress
from engine.features.day.day import Day
from engine.features.day.known.library import Library
from engine.lab.evaluation.days import plain
from engine.lab.evaluation.days.day import SHORT, VERSION, MadeDay, made_day
from engine.lab.evaluation.days.material import DEVELOPMENT, Material, material_in, require_fonts
from engine.lab.evaluation.days.names import library_of, recognised_names
from engine.lab.evaluation.days.playing import Player, through_font
from engine.lab.evaluation.days.scores import scores_of

Line = dict[str, object]
FindDay = Callable[[Iterator[NDArray[np.float32]], int, int, Progress], Day]

REPORTED, DEVELOPED = 20, 6
PLAIN, OFFCUT = "pauses", "Offcut"
_FINDER = "engine.features.day.finding.find"
_BLOCK = 1 << 18
_MEASURES = (
    *("borders", "precision", "recall", "grouped", "complete", "talk", "talk_precision", "lost"),
    *("known", "wrong_names", "s_per_hour"),
)
_LOWER_IS_BETTER = ("lost", "wrong_names", "s_per_hour")


@dataclass(frozen=True, slots=True)
class Asked:
    """Days to measure.

    Attributes
    ----------
    days : how many, from the first on; None for all
    seed : of all days; another seed makes other days of the same numbers
    is_development : days 100 to 105 instead of those reported
    made : folder of made days, to go on from; None to make each and remove it
    results : file of finished trials, to go on from
    is_short : one day of a minute or two
    player : turns notes into sound
    """

    days: int | None = None
    seed: int = 0
    is_development: bool = False
    made: Path | None = None
    results: Path | None = None
    is_short: bool = False
    player: Player = through_font

    @property
    def numbers(self) -> range:
        """Return the numbers of the days."""
        first, most = (DEVELOPMENT, DEVELOPED) if self.is_development else (0, REPORTED)
        return range(first, first + (1 if self.is_short else min(most, self.days or most)))


@dataclass(frozen=True, slots=True)
class Trial:
    """A method on a day; NaN is stored as None."""

    day: str
    method: str
    figures: dict[str, float | None] = field(default_factory=dict)


_TRIAL = TypeAdapter(Trial)


class Trials:
    """Finished trials in a file, one a line.

    Raises
    ------
    UsageError : the file holds something else, or cannot be read
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[tuple[str, str], Trial] = {}
        if path is None or not path.exists():
            return
        for line in path.read_bytes().splitlines():
            try:
                values = parse_json(line)
            except ValueError:  # half a line that a stopped process left
                continue
            if isinstance(values, dict) and values.pop("version", None) == VERSION:
                trial = _TRIAL.validate_python(values)
                self._known[trial.day, trial.method] = trial

    def of(self, day: str, method: str) -> Trial | None:
        """Return a finished trial."""
        return self._known.get((day, method))

    def add(self, trial: Trial) -> None:
        """Store a trial, and have it on the disk before returning."""
        self._known[trial.day, trial.method] = trial
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(f"\n{strict_json({'version': VERSION, **asdict(trial)})}")
                stream.flush()
                os.fsync(stream.fileno())


def methods() -> dict[str, FindDay]:
    """Return the methods to compare, by name."""
    found: dict[str, FindDay] = {PLAIN: plain.find_day}
    if find_spec(_FINDER) is not None:
        found[OFFCUT] = import_module(_FINDER).find_day
    return found


def evaluate(
    data_dir: Path, asked: Asked, progress: Progress, compared: dict[str, FindDay] | None = None
) -> Iterator[Line]:
    """Measure missing days, and yield a line for each day and method, then mean, median and worst day.

    Parameters
    ----------
    data_dir : holds `music/`, `speech/commands/`, `esc50/` and `multimic/midi/`
    compared : methods by name; None for all

    Raises
    ------
    UsageError : recordings, fluidsynth, ffmpeg or a sound font are missing
    """
    if (asked.days or 1) < 1:
        raise UsageError("There is nothing to measure: ask for one day or more.")
    fonts = require_fonts() if asked.player is through_font else ()
    material = material_in(data_dir, fonts, is_development=asked.is_development)
    compared = compared or methods()
    trials, done = Trials(asked.results), list[Trial]()
    with TemporaryDirectory() as folder:
        for at, number in enumerate(asked.numbers):
            name = f"{asked.seed}-{number}{' short' * asked.is_short}"
            missing = {key: one for key, one in compared.items() if trials.of(name, key) is None}
            if missing:
                share = progress.step(at, len(asked.numbers))
                for made in _measured(asked, number, name, missing, material, Path(folder), share):
                    trials.add(made)
            for method in compared:
                trial = trials.of(name, method)
                assert trial is not None
                done.append(trial)
                yield {"day": trial.day, "method": method, **_numbers(trial)}
    for method in compared:
        yield from _summary(method, [one for one in done if one.method == method])


def _measured(
    asked: Asked,
    number: int,
    name: str,
    compared: dict[str, FindDay],
    material: Material,
    songs: Path,
    progress: Progress,
) -> Iterator[Trial]:
    """Make a day and measure each method on it; the libraries of a band are with its days.

    Parameters
    ----------
    songs : folder of the libraries where no days are retained
    """
    with TemporaryDirectory() as folder:
        made = made_day(
            asked.made or Path(folder),
            material,
            number,
            progress.part(0.0, 0.5),
            seed=asked.seed,
            size=SHORT if asked.is_short else None,
            player=asked.player,
        )
        for method, find in compared.items():
            library = library_of(asked.made or songs, number) if method == OFFCUT else None
            yield _trial(name, method, find, made, library, progress.part(0.5, 1.0))


def _trial(
    name: str, method: str, find_day: FindDay, made: MadeDay, library: Library | None, progress: Progress
) -> Trial:
    with soundfile.SoundFile(made.path) as sound:
        total = sound.frames
    began_s = perf_counter()
    found = find_day(_blocks(made.path), made.rate_hz, total, progress)
    took_s = perf_counter() - began_s
    figures = {**scores_of(made, found).figures(), "s_per_hour": took_s * 3600.0 / made.length_s}
    if library is not None:
        figures |= recognised_names(made, found, library, _blocks(made.path))
    return Trial(name, method, {key: None if isnan(one) else round(one, 4) for key, one in figures.items()})


def _blocks(path: Path) -> Iterator[NDArray[np.float32]]:
    """Yield a recording as one channel."""
    with soundfile.SoundFile(path) as sound:
        for block in sound.blocks(_BLOCK, dtype="float32", always_2d=True):
            yield block.mean(axis=1, dtype=np.float32)


def _numbers(trial: Trial) -> dict[str, float]:
    values = {name: trial.figures.get(name) for name in _MEASURES}
    return {name: nan if one is None else one for name, one in values.items()}


def _summary(method: str, trials: Sequence[Trial]) -> Iterator[Line]:
    """Yield mean, median and worst day of each figure; days without it are left out."""
    rows = [_numbers(one) for one in trials]
    columns = {name: np.array([row[name] for row in rows]) for name in _MEASURES}
    known = {name: values[~np.isnan(values)] for name, values in columns.items()}
    for label, reduce in (("mean", np.mean), ("median", np.median), ("worst", None)):
        line: Line = {"days": label, "method": method}
        for name, values in known.items():
            worst = np.max if name in _LOWER_IS_BETTER else np.min
            line[name] = float((reduce or worst)(values)) if len(values) else nan
        yield line
