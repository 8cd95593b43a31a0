"""Recordings and foreign sound for the rows of foreign sound, in two groups that share no recording."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.lab.evaluation.matching.inserts import InsertedEdit, inserted_edit
from engine.lab.simulated.recordings import sound_files, whole

Samples = NDArray[np.float32]

CHOSEN_ON = ("Ripper", "Jonathan", "Hungarian", "GoGetTheBag", "EDM-HSE", "POP-ROK", "80sRock", "Beatles")
_RATE_HZ = 44_100
_LONGEST_S = 120.0
_FOREIGN_S = 40.0
_LEAST_S = 12.0
_BAR_OF_BEATS = 4
_SPOKEN = 12
_ARRANGED = (0, 1, 0, 2, 1, 1, 2, 0, 2)


def inserted_edits(data_dir: Path, *, is_chosen: bool, short: bool = False) -> Iterator[InsertedEdit]:
    """Yield edits of one group: songs with other songs and talk, loops and drums with their like."""
    songs = [path for path in sound_files(data_dir / "music") if _is_chosen(path.stem) == is_chosen]
    spoken = _files(data_dir / "speech" / "commands")[int(is_chosen) :: 2][:_SPOKEN]
    talk = np.concatenate([_stereo(path) for path in spoken]) if spoken else None
    for number, path in enumerate(songs[:2] if short else songs):
        rng = np.random.default_rng([number, int(is_chosen), 101])
        raw = _stereo(path)[-round(_LONGEST_S * _RATE_HZ) :]
        other = _excerpt(_stereo(songs[number - 1]), rng)
        yield inserted_edit(path.stem, "other songs", raw, other, _RATE_HZ, rng)
        if talk is not None and not short:
            yield inserted_edit(path.stem, "speech", raw, _excerpt(talk, rng), _RATE_HZ, rng)
    if not short:
        yield from _of_loops(data_dir / "loops", is_chosen=is_chosen)
        yield from _of_drums(data_dir / "mdbdrums", is_chosen=is_chosen)


def _is_chosen(name: str) -> bool:
    return any(one in name for one in CHOSEN_ON)


def _of_loops(folder: Path, *, is_chosen: bool) -> Iterator[InsertedEdit]:
    """Yield edits of pieces made of loops of a family, with another loop of it put in at the same tempo."""
    for number, family in enumerate(sorted(folder.iterdir()) if folder.is_dir() else []):
        paths = [path for path in _files(family) if re.match(r"\d+bpm", path.name)]
        if _is_chosen(family.name) != is_chosen or len(paths) < len(set(_ARRANGED)) + 1:
            continue
        tempo = _tempo(paths[0])
        loops = [_at_tempo(_stereo(path), _tempo(path), tempo) for path in paths]
        raw = np.concatenate([loops[one] for one in _ARRANGED])
        for other in loops[max(_ARRANGED) + 1 :]:
            rng = np.random.default_rng([number, len(other), 102])
            times = -(-round(_FOREIGN_S * _RATE_HZ) // len(other))
            foreign = np.tile(other, (times, 1))
            yield inserted_edit(family.name, "same style", raw, foreign, _RATE_HZ, rng)


def _of_drums(folder: Path, *, is_chosen: bool) -> Iterator[InsertedEdit]:
    """Yield edits of drum performances with another drum performance put in."""
    performances = sorted(folder.iterdir()) if folder.is_dir() else []
    mixes = [
        (one.name, _mix(one)) for one in performances if one.is_dir() and _is_chosen(one.name) == is_chosen
    ]
    for number, (name, raw) in enumerate(mixes):
        rng = np.random.default_rng([number, int(is_chosen), 103])
        yield inserted_edit(name, "same style", raw, mixes[number - 1][1], _RATE_HZ, rng)


def _files(folder: Path) -> list[Path]:
    return sound_files(folder) if folder.is_dir() else []


def _mix(performance: Path) -> Samples:
    """Return the sum of the microphones of a performance."""
    microphones = [_stereo(path) for path in _files(performance) if "_RAW_" in path.name]
    length = min(map(len, microphones))
    mixed = np.sum([one[:length] for one in microphones], axis=0)
    found: Samples = (mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32)
    return found


def _tempo(path: Path) -> float:
    return float(path.name.split("bpm")[0])


def _at_tempo(loop: Samples, tempo: float, wanted: float) -> Samples:
    """Return whole bars of a loop, resampled to another tempo."""
    bar_samples = _RATE_HZ * 60.0 / tempo * _BAR_OF_BEATS
    bars = max(1, round(len(loop) / bar_samples - 0.2))
    kept = loop[: round(bars * bar_samples)]
    return np.asarray(soxr.resample(kept, wanted, tempo), np.float32)


def _excerpt(samples: Samples, rng: np.random.Generator) -> Samples:
    length = min(round(_FOREIGN_S * _RATE_HZ), len(samples))
    first = int(rng.integers(len(samples) - length + 1))
    return samples[first : first + length]


def _stereo(path: Path) -> Samples:
    audio, rate_hz = whole(path)
    if rate_hz != _RATE_HZ:
        audio = np.asarray(soxr.resample(audio, rate_hz, _RATE_HZ), np.float32)
    return np.ascontiguousarray(np.broadcast_to(audio[:, :2], (len(audio), 2)))
