"""The passages that sessions are made of, divided by recording into those to set by and those reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.features.taste.anomaly.planting import Samples, repitched
from engine.lab.simulated.recordings import HEARD_RATE_HZ, converted, sound_files, whole

MUSIC, DRUMS, LOOPS = "music", "drums", "loops"
_LEAST_S: Mapping[str, float] = {MUSIC: 40.0, DRUMS: 12.0, LOOPS: 7.5}
_MOST_CENTS, _MOST_DB = 400.0, 8.0
"""How far recordings are varied: two whole tones, and by how much an equaliser raises or lowers."""
_SET_AT_HZ = (80.0, 200.0, 500.0, 1250.0, 3000.0, 7000.0)
_UNUSED = ("loop_amen", "loop_drone")
"""Recordings that cannot be redistributed, and one static sound."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Recordings of passages, by kind.

    Attributes
    ----------
    paths : of each recording its files, to be added up
    varied_by : a seed by which recordings are played at another speed and through another equaliser; None
        for as they are
    """

    paths: Mapping[str, tuple[tuple[Path, ...], ...]]
    varied_by: int | None = None

    def drawn(self, sort: str, number: int) -> Samples:
        """Return a recording, mono at the rate of the evaluation."""
        of_sort = self.paths[sort]
        recording = _mixed(of_sort[number % len(of_sort)])
        if self.varied_by is None:
            return recording
        return _as_another(recording, np.random.default_rng([self.varied_by, number]))


def pools_in(data_dir: Path) -> tuple[Pool, Pool]:
    """Return the recordings that settings are chosen on, and those that figures are reported of.

    Raises
    ------
    UsageError : the folder does not hold them
    """
    found: dict[str, list[tuple[Path, ...]]] = {
        MUSIC: [(path,) for path in sound_files(data_dir / "music")],
        DRUMS: [
            tuple(path for path in sound_files(folder) if "_RAW_" in path.name)
            for folder in _folders(data_dir / "mdbdrums")
        ],
        LOOPS: [
            (path,)
            for folder in _folders(data_dir / "loops")
            for path in sound_files(folder)
            if not path.stem.startswith(_UNUSED)
        ],
    }
    long_enough = {
        sort: [files for files in each if files and soundfile.info(files[0]).duration >= _LEAST_S[sort]]
        for sort, each in found.items()
    }
    if any(len(each) < 2 for each in long_enough.values()):
        raise UsageError(
            f"{shown(data_dir)} holds too little music: name the folder with music/, mdbdrums/ and loops/."
        )
    to_set = Pool({sort: tuple(each[::2]) for sort, each in long_enough.items()})
    return to_set, Pool({sort: tuple(each[1::2]) for sort, each in long_enough.items()})


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(
            f"{shown(folder)} is missing: name the folder that holds music/, mdbdrums/ and loops/."
        )
    return sorted(path for path in folder.iterdir() if path.is_dir())


@lru_cache(maxsize=64)
def _mixed(paths: tuple[Path, ...]) -> Samples:
    """Return recordings added up; read once for all the rehearsals that are made of them."""
    tracks = [_mono(path) for path in paths]
    length = min(map(len, tracks))
    mix: Samples = np.sum([track[:length] for track in tracks], axis=0, dtype=np.float32)
    mix /= np.float32(max(1.0, float(np.abs(mix).max())))
    mix.setflags(write=False)
    return mix


def _as_another(recording: Samples, rng: np.random.Generator) -> Samples:
    """Return a recording at another speed, as a tape, and through an equaliser set at six pitches."""
    cents = float(rng.uniform(-_MOST_CENTS, _MOST_CENTS))
    played = repitched(recording[:, None], cents, HEARD_RATE_HZ)[:, 0]
    spectrum = np.fft.rfft(played)
    octaves = np.log2(np.maximum(np.arange(len(spectrum)) * HEARD_RATE_HZ / len(played), 30.0))
    gains_db = np.interp(octaves, np.log2(_SET_AT_HZ), rng.uniform(-_MOST_DB, _MOST_DB, len(_SET_AT_HZ)))
    heard: Samples = np.fft.irfft(spectrum * 10.0 ** (gains_db / 20.0), len(played)).astype(np.float32)
    return heard / np.float32(max(1.0, float(np.abs(heard).max())))


def _mono(path: Path) -> Samples:
    audio, rate_hz = whole(path)
    return converted(audio.mean(axis=1), rate_hz, HEARD_RATE_HZ)
