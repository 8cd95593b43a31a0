"""Files nobody should have to import, made small, each with the words the user must be told."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 8_000


def noise(frames: int, channels: int = 1, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, channels))


def good(path: Path, seconds: float = 3.0, channels: int = 1, seed: int = 7, subtype: str = "PCM_16") -> Path:
    """A recording with nothing wrong with it."""
    soundfile.write(path, noise(round(seconds * RATE_HZ), channels, seed), RATE_HZ, subtype=subtype)
    return path


def with_rate(path: Path, rate_hz: int) -> Path:
    """Have the head of a WAV say any rate."""
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", rate_hz)
    path.write_bytes(data)
    return path


def _written(content: bytes) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return make


def _head_only(path: Path) -> Path:
    soundfile.write(path, noise(0), RATE_HZ)
    return path


def _cut_in_the_head(path: Path) -> Path:
    path.write_bytes(good(path).read_bytes()[:30])
    return path


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _behind_a_file(path: Path) -> Path:
    path.write_bytes(b"x")
    return path / path.name


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "not audio": (_written(b"Dear diary, " * 500), "is not audio"),
    "empty": (_written(b""), "is empty"),
    "zero length": (_head_only, "holds no samples"),
    "cut in the head": (_cut_in_the_head, "is not audio"),
    "1 Hz": (lambda path: with_rate(good(path, 0.1), 1), "sample rate of 1 Hz"),
    "65 channels": (lambda path: good(path, 0.1, 65), "has 65 channels"),
    "missing": (lambda path: path, "is not there"),
    "folder": (_folder, "is a folder"),
    "behind a file": (_behind_a_file, "is not there"),
}


def _truncated(path: Path) -> Path:
    data = good(path).read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    return path


def _silent(path: Path) -> Path:
    soundfile.write(path, np.zeros((3 * RATE_HZ, 1)), RATE_HZ)
    return path


def _with_nan(path: Path) -> Path:
    samples = noise(3 * RATE_HZ)
    samples[100:105] = np.nan
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
    return path


WARNED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "truncated": (_truncated, "ends early"),
    "silent": (_silent, "is silent"),
    "NaN": (_with_nan, "5 samples"),
}
