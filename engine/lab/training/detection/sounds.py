"""Sounds to learn from: short recordings, each with a name and with the recording it was cut from."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.sound.decoders.libsndfile import LIBSNDFILE

LIST = "esc50.csv"
"""The list of ESC-50 (K. J. Piczak, ACM Multimedia 2015), which names file, fold and sound of each clip."""
LICENCES = "licences.csv"
"""The licence of each clip, in a list next to `LIST`: `filename`, `fold`, and `free`, which is 0 or 1."""
LEARNED_FOLDS = (1, 2, 3)
"""Folds of ESC-50 that weights are trained on."""
_FULL_SCALE = 32_767


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A short recording.

    Attributes
    ----------
    path : of the file
    name : of the sound, such as "crying baby"
    origin : which recording it was cut from; sounds of one origin are never split between parts
    part : which fold it is of
    stored : int16, shape (samples,), at the rate of `engine.analysis.detection.spectra.MEL`
    """

    path: Path
    name: str
    origin: str
    part: int
    stored: NDArray[np.int16]

    def samples(self) -> NDArray[np.float32]:
        """Return the samples, full scale at 1."""
        return np.asarray(self.stored / np.float32(_FULL_SCALE), np.float32)


def at_other_speed(samples: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a sound a little faster or slower, at most 1.25 times, and its pitch with it."""
    speed = float(np.exp(np.clip(rng.normal(0.0, 0.08), -0.2, 0.2))) if rng.random() < 0.6 else 1.0
    return at_speed(samples, speed)


def at_speed(samples: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """Return a sound played `speed` times as fast, by linear interpolation."""
    places = np.arange(0.0, len(samples) - 1, speed)
    return np.asarray(np.interp(places, np.arange(len(samples)), samples), np.float32)


def free_clips(folder: Path, folds: Sequence[int]) -> frozenset[str]:
    """Return the names of the clips of some folds whose own licence allows commercial use."""
    with (folder / LICENCES).open(encoding="utf-8", newline="") as stream:
        return frozenset(
            row["filename"]
            for row in csv.DictReader(stream)
            if row["free"] == "1" and int(row["fold"]) in folds
        )


def load_sounds(folder: Path, folds: Sequence[int], *, free_only: bool = False) -> tuple[Sound, ...]:
    """Read the sounds of some folds.

    Parameters
    ----------
    folder : holds `esc50.csv` and `audio/`; or a folder for each sound, called as it is, with recordings of
        it: then fold k holds every fifth of them, in the order of their names
    free_only : leave out clips that `licences.csv` lists as not free, so that weights may ship

    Raises
    ------
    UsageError : it holds neither, or no recording of these folds
    """
    rows = _listed(folder) if (folder / LIST).is_file() else _in_folders(folder)
    if free_only and (folder / LICENCES).is_file():
        free = free_clips(folder, folds)
        rows = (row for row in rows if row[0].name in free)
    sounds = tuple(
        Sound(path, name, origin, part, _read(path)) for path, name, origin, part in rows if part in folds
    )
    if not sounds:
        raise UsageError(
            f"{shown(folder)} holds no sounds to learn from: give it a folder for each sound, called as the "
            "sound is, with recordings of it."
        )
    return sounds


def _listed(folder: Path) -> Iterator[tuple[Path, str, str, int]]:
    with (folder / LIST).open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            path = folder / "audio" / row["filename"]
            yield path, row["category"].replace("_", " "), row["src_file"], int(row["fold"])


def _in_folders(folder: Path) -> Iterator[tuple[Path, str, str, int]]:
    for named in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = sorted(path for path in named.iterdir() if path.suffix.lower() in LIBSNDFILE.suffixes)
        for number, path in enumerate(paths):
            yield path, named.name.replace("_", " "), str(path), 1 + number % 5


def _read(path: Path) -> NDArray[np.int16]:
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate_hz != MEL.rate_hz:
        mono = soxr.resample(mono, rate_hz, MEL.rate_hz)
    return np.asarray(np.round(np.clip(mono, -1.0, 1.0) * _FULL_SCALE), np.int16)
