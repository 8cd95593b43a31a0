"""Recordings for weights that ship: under free licences, and nothing that evaluations report on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL
from engine.core.errors import UsageError

Samples = NDArray[np.float32]
PARTS = 5
TOLD_PART = 0
"""Part of the recordings of speech that is never learned from: evaluations report on it."""
_PLACES = ("birds", "fireplace", "rain", "waves")
"""Training places; the others are for evaluations."""
FREE_MUSIC = ("gm3_", "Karissa_Hobbs", "Kevin_MacLeod", "Hungarian_Dance")
"""Beginnings of the names of pieces whose licences allow weights to ship."""
_LONGEST_S = 60.0


def part_of(path: Path) -> int:
    """Return the part of a recording of speech, by its name."""
    return crc32(path.stem.encode()) % PARTS


@dataclass(frozen=True, slots=True)
class Recordings:
    """Paths of recordings to learn from."""

    speech: tuple[Path, ...]
    places: tuple[Path, ...]
    music: tuple[Path, ...]


def free_recordings(data_dir: Path) -> Recordings:
    """List the recordings that may be learned from.

    Parameters
    ----------
    data_dir : holds `speech`, `ambience`, `music` and `loops`

    Raises
    ------
    UsageError : it holds no speech
    """
    speech = [path for path in sorted((data_dir / "speech").rglob("*.flac")) if part_of(path) != TOLD_PART]
    if not speech:
        raise UsageError(f"{data_dir} holds no speech to learn from.")
    places = [data_dir / "ambience" / f"{name}.ogg" for name in _PLACES]
    # Names of loops and pieces decide as they do in the evaluation: odd ones are learned from.
    pieces = [
        path
        for path in sorted((data_dir / "music").iterdir())
        if path.name.startswith(FREE_MUSIC) and path.suffix in (".mp3", ".ogg")
    ]
    loops = [path for path in sorted((data_dir / "loops").rglob("*.mp3")) if "amen" not in path.name]
    music = [path for path in [*pieces, *loops] if crc32(path.stem.encode()) % 2]
    return Recordings(tuple(speech), tuple(places), tuple(music))


def read_mono(path: Path) -> Samples:
    """Read the first minute, mono, at the rate of `engine.analysis.detection.spectra.MEL`."""
    with soundfile.SoundFile(path) as stream:
        samples = stream.read(round(_LONGEST_S * stream.samplerate), dtype="float32", always_2d=True)
        rate_hz = stream.samplerate
    mono = np.asarray(samples.mean(axis=1), np.float32)
    return mono if rate_hz == MEL.rate_hz else np.asarray(soxr.resample(mono, rate_hz, MEL.rate_hz))
