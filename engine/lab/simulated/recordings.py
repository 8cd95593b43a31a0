"""Reading the recordings an evaluation is made of.

Everything is brought down to 16 kHz before it is learned or scored: the clips have nothing above 8 kHz, and a
lossy file's cutoff moves when a passage is repitched, so the top of the spectrum alone would give both away.
Faults are planted before that, at the rate a recording has.
"""

from __future__ import annotations

import csv
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import soundfile
import soxr

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.features.taste.anomaly.planting import Samples
from engine.sound.decoders.libsndfile import LIBSNDFILE
from engine.sound.reader import SourceReader

HEARD_RATE_HZ = 16_000
_LEAST_PIECE_S = 100.0
_MOST_CLIPS = 12
CATEGORIES = {
    "talk": ("crying_baby", "sneezing", "laughing", "coughing"),
    "noise": ("rain", "sea_waves", "crackling_fire", "helicopter", "chainsaw", "vacuum_cleaner", "engine"),
}

Clips = dict[str, list[Samples]]
"""Mono recordings, each of shape (n,), by the kind of fault that plays them."""


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """A mono stretch of a recording, float32, shape (n,), at the rate it was recorded at."""

    name: str
    audio: Samples
    rate_hz: int

    def heard(self) -> Samples:
        """Return it at the rate of the evaluation."""
        return converted(self.audio, self.rate_hz, HEARD_RATE_HZ)


def converted(audio: Samples, from_hz: int, to_hz: int) -> Samples:
    """Return mono samples at another rate."""
    return np.asarray(soxr.resample(audio, from_hz, to_hz, quality="HQ"), np.float32)


def whole(path: Path) -> tuple[Samples, int]:
    """Read a file, shape (frames, channels), and its rate in Hz."""
    with SourceReader(path) as reader:
        return np.concatenate(list(reader.blocks(1 << 18))), reader.rate_hz


def excerpt(path: Path, longest_s: float) -> Excerpt:
    """Read the beginning of a file, all channels in one."""
    audio, rate_hz = whole(path)
    return Excerpt(path.stem, audio[: round(longest_s * rate_hz)].mean(axis=1), rate_hz)


def sound_files(folder: Path) -> list[Path]:
    """Return the recordings in a folder, by name.

    Raises
    ------
    UsageError : the folder is missing
    """
    if not folder.is_dir():
        raise UsageError(
            f"{shown(folder)} is missing: name the folder that holds music/, loops/, mdbdrums/, multimic/ "
            "and esc50/."
        )
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in LIBSNDFILE.suffixes)


def pieces_in(data_dir: Path) -> list[Path]:
    """Find the pieces of music that are long enough, the longest first.

    Raises
    ------
    UsageError : the recordings are missing
    """
    folder = data_dir / "music"
    lengths = {path: soundfile.info(path).duration for path in sound_files(folder)}
    pieces = sorted((path for path in lengths if lengths[path] >= _LEAST_PIECE_S), key=lambda p: -lengths[p])
    if not pieces:
        raise UsageError(f"{shown(folder)} holds no piece of {_LEAST_PIECE_S:.0f} s or more: add some music.")
    return pieces


def clip_rows(data_dir: Path) -> list[dict[str, str]]:
    """Return the table of ESC-50 (K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", 2015).

    Raises
    ------
    UsageError : it cannot be read
    """
    table = data_dir / "esc50" / "esc50.csv"
    try:
        return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise UsageError(f"{shown(table)} cannot be read: name the folder that holds esc50/.") from error


def clip(data_dir: Path, row: Mapping[str, str]) -> Samples:
    """Read one clip of ESC-50 at the rate of the evaluation, shape (n,)."""
    audio, rate_hz = whole(data_dir / "esc50" / "audio" / row["filename"])
    return converted(audio.mean(axis=1), rate_hz, HEARD_RATE_HZ)


def clips_in(data_dir: Path, among: Container[str] | None = None) -> Clips:
    """Read the clips for the faults "talk" and "noise", at the rate of the evaluation.

    Parameters
    ----------
    among : names of the files to read; all if None
    """
    rows = [row for row in clip_rows(data_dir) if among is None or row["filename"] in among]
    return {
        kind: [clip(data_dir, row) for row in rows if row["category"] in categories]
        for kind, categories in CATEGORIES.items()
    }


def drawn_clips(
    data_dir: Path,
    rng: np.random.Generator,
    rate_hz: int,
    categories: Mapping[str, Sequence[str]] = CATEGORIES,
) -> tuple[Clips, Clips]:
    """Read two sets of clips of each kind, drawn at random, at `rate_hz`; no clip is in both.

    The first is for test recordings, the other for raw training recordings.
    """
    rows = clip_rows(data_dir)
    drawn: tuple[Clips, Clips] = {}, {}
    for kind, names in categories.items():
        fitting = [row for row in rows if row["category"] in names]
        order = rng.permutation(len(fitting))
        for clips, places in zip(
            drawn, (order[:_MOST_CLIPS], order[_MOST_CLIPS : 2 * _MOST_CLIPS]), strict=True
        ):
            clips[kind] = [converted(clip(data_dir, fitting[k]), HEARD_RATE_HZ, rate_hz) for k in places]
    return drawn


def data_digest(data_dir: Path, folders: Sequence[str]) -> str:
    """Return the fingerprint of names and lengths of the files below some folders, 8 hexadecimal digits."""
    digest = blake2b(digest_size=4)
    for folder in folders:
        for path in sorted((data_dir / folder).rglob("*")):
            if path.is_file():
                name = path.relative_to(data_dir).as_posix()
                digest.update(f"{name} {path.stat().st_size}\n".encode())
    return digest.hexdigest()
