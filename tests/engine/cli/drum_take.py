"""A few bars of drums through four microphones at once, of which every hit is known, as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 44_100
BPM = 120.0
MICROPHONES = ("KdrumR", "Snare_top", "OHL", "OHR")
_KIT = Path(__file__).parents[2] / "data" / "multimic" / "kit_muldjord"
_HITS = {"kick": ("KdrumR_09", 0), "snare": ("Snare_13", 1)}
_RISEN = 0.1


@dataclass(frozen=True)
class DrumTake:
    """What was recorded.

    Attributes
    ----------
    paths : of the microphones
    lines_s, onsets_s : where each hit belongs and where it is
    """

    paths: tuple[Path, ...]
    lines_s: np.ndarray
    onsets_s: np.ndarray


def drum_take(
    folder: Path,
    late_ms: Sequence[float] = (0.0, 12.0, -9.0, 20.0, 0.0, -15.0, 8.0, 11.0, 0.0, 9.0),
    *,
    suffix: str = ".wav",
    rate_hz: int = RATE_HZ,
) -> DrumTake:
    """Play kick and snare by turns, one a beat from 0.5 s on, each so late, and write what was recorded."""
    lines_s = 0.5 + np.arange(len(late_ms)) * 60.0 / BPM
    onsets_s = lines_s + np.array(late_ms) / 1000.0
    mix = np.zeros((len(MICROPHONES), round((lines_s[-1] + 1.5) * RATE_HZ)))
    mix += np.random.default_rng(5).normal(0.0, 1e-4, mix.shape)
    for number, onset_s in enumerate(onsets_s):
        stem, close = _HITS["snare" if number % 2 else "kick"]
        shots = [soundfile.read(_KIT / f"{stem}_{name}.flac")[0] for name in MICROPHONES]
        loud = np.abs(shots[close])
        first = round(onset_s * RATE_HZ) - int(np.argmax(loud >= _RISEN * loud.max()))
        for row, shot in zip(mix, shots, strict=True):
            row[first : first + len(shot)] += shot[: len(row) - first]
    folder.mkdir(exist_ok=True)
    paths = tuple(folder / f"{name}{suffix}" for name in MICROPHONES)
    peak = np.abs(mix).max()
    for path, row in zip(paths, mix, strict=True):
        soundfile.write(path, 0.8 * row / peak, rate_hz, subtype="PCM_24")
    return DrumTake(paths, lines_s, onsets_s)
