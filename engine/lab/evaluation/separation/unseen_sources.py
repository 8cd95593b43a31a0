"""Sources of unseen mixtures: single sounds by name and backgrounds that go on, split by source recording.

This module and `unseen_mixtures` share no code with `engine.lab.training.separation`, so that a fault there
does not flatter the figures here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.float32]
RATE_HZ = 44_100
FOLD = 5
"""Fold of ESC-50 from which no shipped weights were trained."""
_AUDIO = (".flac", ".ogg", ".mp3", ".wav")
_GATED_S = 0.5
_LOOPED_CORRELATION = 0.85
_BLOCK_S = 1.0
_QUIETEST_BLOCK_DB = -14.0


class Background(Enum):
    """Class of a background."""

    STEADY = "steady"
    INTERMITTENT = "coming and going"
    MUSIC = "music"
    SPEECH = "speech"
    PLACES = "places"


class Part(Enum):
    """Half of the source recordings: settings are fitted on one, figures are reported on the other."""

    FITTED = "fitted"
    REPORTED = "reported"


_CLIP_BACKGROUNDS = {
    Background.STEADY: (
        "rain", "wind", "vacuum cleaner", "washing machine", "engine", "airplane", "helicopter", "train",
        "chainsaw", "crackling fire",
    ),
    Background.INTERMITTENT: (
        "chirping birds", "crickets", "clock tick", "sea waves", "footsteps", "keyboard typing", "hand saw",
        "brushing teeth", "insects", "breathing", "snoring", "clapping", "frog", "hen",
    ),
}  # fmt: skip
_SOUNDS_IN_PLACE = {
    "birds": ("chirping birds", "crow", "insects", "crickets", "rooster", "hen"),
    "boat": ("sea waves", "engine", "door wood creaks", "water drops", "pouring water"),
    "city": ("car horn", "engine", "siren", "train", "footsteps", "airplane", "helicopter", "dog"),
    "fireplace": ("crackling fire",),
    "rain": ("rain", "water drops", "pouring water", "thunderstorm"),
    "storm": ("thunderstorm", "wind", "rain"),
    "summer-night": ("crickets", "insects", "frog", "chirping birds"),
    "waves": ("sea waves",),
    "wind": ("wind",),
}
_PEOPLE = ("breathing", "coughing", "laughing", "sneezing", "crying baby")
_IN_MUSIC = (*_PEOPLE, "clapping", "church bells")
_FITTED_PLACES = ("birds", "waves", "rain", "fireplace")
_FREE_MUSIC = ("gm3_", "Karissa_Hobbs", "Kevin_MacLeod", "Hungarian_Dance")


@dataclass(frozen=True, slots=True)
class Clip:
    """A short recording of one named sound.

    Attributes
    ----------
    origin : recording from which it was cut
    is_free : whether its licence allows training of weights that ship
    """

    path: Path
    name: str
    origin: str
    is_free: bool

    def samples(self) -> Samples:
        """Read it, mono at `RATE_HZ`, shape (frames,)."""
        return np.asarray(read(self.path).mean(axis=1), np.float32)


@dataclass(frozen=True, slots=True)
class Bed:
    """A recording, or several joined, from which a background is cut.

    Attributes
    ----------
    holds : names of sounds that are audible in it
    may_hold : names of sounds that may be audible in it
    """

    kind: Background
    paths: tuple[Path, ...]
    holds: tuple[str, ...] = ()
    may_hold: tuple[str, ...] = ()


def clips(data_dir: Path, part: Part) -> tuple[Clip, ...]:
    """List the clips of `FOLD` that belong to a part; no origin belongs to both parts.

    The fitted part holds free clips only.
    """
    free = _free_files(data_dir / "esc50" / "licences.csv")
    found = []
    with (data_dir / "esc50" / "esc50.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if int(row["fold"]) != FOLD or _part_of(row["src_file"]) is not part:
                continue
            is_free = row["filename"] in free
            if is_free or part is Part.REPORTED:
                path = data_dir / "esc50" / "audio" / row["filename"]
                found.append(Clip(path, row["category"].replace("_", " "), row["src_file"], is_free))
    return tuple(found)


def beds(data_dir: Path, part: Part, kind: Background) -> tuple[Bed, ...]:
    """List the backgrounds of a class that belong to a part; the fitted part holds free recordings only."""
    if kind in _CLIP_BACKGROUNDS:
        return tuple(
            Bed(kind, (clip.path,), (clip.name,))
            for clip in clips(data_dir, part)
            if clip.name in _CLIP_BACKGROUNDS[kind] and goes_on(clip.path)
        )
    if kind is Background.PLACES:
        return tuple(
            Bed(kind, (path,), _SOUNDS_IN_PLACE.get(path.stem, ()))
            for path in _audio(data_dir / "ambience")
            if (path.stem in _FITTED_PLACES) is (part is Part.FITTED)
        )
    if kind is Background.SPEECH:
        voices = [path for path in _audio(data_dir / "speech" / "commands") if _part_of(path.stem) is part]
        return tuple(
            Bed(kind, tuple(voices[at : at + 4]), may_hold=_PEOPLE) for at in range(0, len(voices) - 3, 4)
        )
    return tuple(Bed(kind, (path,), may_hold=_IN_MUSIC) for path in _music(data_dir, part))


def _music(data_dir: Path, part: Part) -> Iterator[Path]:
    for path in _audio(data_dir / "music"):
        is_free = path.name.startswith(_FREE_MUSIC)
        is_fitted = is_free and _part_of(path.stem) is Part.FITTED
        if is_fitted is (part is Part.FITTED):
            yield path
    for path in sorted(_audio(data_dir / "loops"), key=str):
        is_long = "sonicpi" not in path.parts
        if is_long and _part_of(path.stem) is part:
            yield path


def _audio(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in _AUDIO)


@cache
def _free_files(licences: Path) -> frozenset[str]:
    with licences.open(encoding="utf-8", newline="") as stream:
        return frozenset(row["filename"] for row in csv.DictReader(stream) if row["free"] == "1")


def _part_of(origin: str) -> Part:
    return Part.FITTED if crc32(origin.encode()) % 2 else Part.REPORTED


def read(path: Path, first_s: float = 0.0, length_s: float | None = None) -> Samples:
    """Read a segment of a file at `RATE_HZ`, shape (frames, channels)."""
    with soundfile.SoundFile(path) as stream:
        rate_hz = stream.samplerate
        stream.seek(min(stream.frames, round(first_s * rate_hz)))
        count = -1 if length_s is None else round(length_s * rate_hz)
        samples = stream.read(count, dtype="float32", always_2d=True)
    if rate_hz != RATE_HZ:
        samples = soxr.resample(samples, rate_hz, RATE_HZ)
    return np.asarray(samples, np.float32)


@cache
def goes_on(path: Path) -> bool:
    """Report whether a clip sounds throughout and holds no passage twice (some clips were looped)."""
    samples = read(path).mean(axis=1)
    block = round(_BLOCK_S * RATE_HZ)
    powers = _powers(samples, block)
    is_gated = bool(np.any(_powers(samples, round(_GATED_S * RATE_HZ)) < 1e-10))
    is_even = bool(powers.min() > 10 ** (_QUIETEST_BLOCK_DB / 10) * powers.max())
    return is_even and not is_gated and not _is_looped(samples)


def _powers(samples: NDArray[np.floating], block: int) -> NDArray[np.float64]:
    cut = samples[: len(samples) // block * block].reshape(-1, block).astype(np.float64)
    return np.asarray((cut**2).mean(axis=1))


def _is_looped(samples: NDArray[np.floating]) -> bool:
    """Report whether some second of the samples occurs again elsewhere (normalised cross-correlation)."""
    low = soxr.resample(samples, RATE_HZ, 8000)
    length = 8000
    energy = np.convolve(low**2, np.ones(length), mode="valid")
    size = 1 << int(np.ceil(np.log2(2 * len(low))))
    spectrum = np.fft.rfft(low, size)
    for first in range(0, len(low) - length, length // 2):
        probe = low[first : first + length]
        found = np.fft.irfft(spectrum * np.conj(np.fft.rfft(probe, size)), size)[: len(energy)]
        likeness = found / np.sqrt(np.maximum(energy * (probe @ probe), 1e-12))
        likeness[max(0, first - 800) : first + 800] = 0.0
        if likeness.max() > _LOOPED_CORRELATION:
            return True
    return False


def by_name(sounds: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Group clips by the name of their sound."""
    groups: dict[str, list[Clip]] = {}
    for clip in sounds:
        groups.setdefault(clip.name, []).append(clip)
    return groups
