"""Six microphones of one performance under names that do not tell, and a bass that follows the kick."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Sound = NDArray[np.float32]

NAMES = {
    "KdrumR": "Kick",
    "Snare_top": "Snare",
    "OHL": "OH",
    "OHR": "Front of kit",
    "Hihat": "Side mic",
    "AmbL": "Retro ribbon",
}
MICROPHONES = tuple(NAMES.values())
UNNAMED = ("Front of kit", "Side mic", "Retro ribbon")
BASS = "Take 8"


def recorded(data_dir: Path) -> tuple[Mapping[str, Sound], int]:
    """Return the recordings by name, float32, shape (n,), and their rate."""
    folder = data_dir / "drums" / "37_rock_112_beat_4-4"
    sounds, rate_hz = {}, 0
    for file, name in NAMES.items():
        sounds[name], rate_hz = soundfile.read(folder / f"{file}.flac", dtype="float32")
    hits = np.genfromtxt(folder / "hits.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    kicks = hits["onset"][hits["microphone"] == "KdrumR"].astype(np.int64)
    sounds[BASS] = _bass(kicks, len(sounds["Kick"]), rate_hz)
    return sounds, rate_hz


def _bass(kicks: NDArray[np.int64], length: int, rate_hz: int) -> Sound:
    """Pluck a string some milliseconds before or after each kick."""
    rng = np.random.default_rng(8)
    out = np.zeros(length + rate_hz, np.float32)
    at_s = np.arange(rate_hz // 2) / rate_hz
    for kick in kicks:
        start = max(0, int(kick + rng.normal(0.0, 0.006) * rate_hz))
        pitch_hz = 41.2 * 2 ** (rng.integers(0, 12) / 12)
        tones = sum(np.sin(2 * np.pi * pitch_hz * k * at_s + rng.uniform(0, 6)) / k for k in range(1, 20))
        pluck = 0.3 * rng.standard_normal(len(at_s)) * np.exp(-at_s / 0.004)
        out[start : start + len(at_s)] += (0.1 * np.exp(-at_s / 0.2) * (tones + pluck)).astype(np.float32)
    return out[:length]


def written(data_dir: Path, folder: Path) -> dict[str, Path]:
    """Write the recordings to a folder and return their files by name."""
    sounds, rate_hz = recorded(data_dir)
    paths = {name: folder / f"{name}.wav" for name in sounds}
    for name, path in paths.items():
        soundfile.write(path, sounds[name], rate_hz, "PCM_24")
    return paths
