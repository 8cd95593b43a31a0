"""A performance as files: a recording for each microphone, its hits and its beats."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.document.analysis import ORNAMENTS, BeatGrid, Ornament, Role
from engine.lab.simulated.performances.performance import Performance, Truth
from engine.lab.simulated.recordings import whole

_HITS, _BEATS, _MICROPHONES = "hits.csv", "beats.csv", "microphones.csv"
_MISSING = "missing"


def write_performance(folder: Path, performance: Performance) -> None:
    """Write a performance to a new folder: 16-bit FLAC and tables, positions in samples."""
    folder.mkdir(parents=True)
    roles = [{"microphone": name, "role": role} for name, role in performance.roles.items()]
    _write(folder / _MICROPHONES, roles)
    for name, sound in performance.microphones.items():
        soundfile.write(folder / f"{name}.flac", sound, performance.rate_hz, "PCM_16", compression_level=1.0)
    truth, names = performance.truth, list(performance.roles)
    hits = [
        {
            "onset": int(truth.onsets_samples[row]),
            "target": f"{truth.targets_samples[row]:.3f}",
            "microphone": names[truth.microphones[row]],
            "velocity": f"{truth.velocities[row]:.4f}",
            "ornament": ORNAMENTS[truth.ornaments[row]],
            "stroke": int(truth.strokes[row]),
        }
        for row in range(len(truth.onsets_samples))
    ]
    left_out = [
        {
            "onset": "",
            "target": f"{at:.3f}",
            "microphone": _MISSING,
            "velocity": "",
            "ornament": "",
            "stroke": "",
        }
        for at in truth.missing_samples
    ]
    _write(folder / _HITS, [*hits, *left_out])
    grid = performance.grid
    beats = zip(grid.beats_samples.tolist(), grid.bar_positions.tolist(), strict=True)
    _write(
        folder / _BEATS,
        [{"beat": at, "in_bar": place, "divisions": performance.divisions} for at, place in beats],
    )


def read_performance(folder: Path) -> Performance:
    """Read what `write_performance` wrote.

    Raises
    ------
    UsageError : it is not all there
    """
    try:
        roles = {row["microphone"]: Role(row["role"]) for row in _read(folder / _MICROPHONES)}
        rows = _read(folder / _HITS)
        beats = _read(folder / _BEATS)
    except OSError as error:
        raise UsageError(f"{shown(folder)} holds no performance: copy the recordings again.") from error
    channels = {name: whole(folder / f"{name}.flac") for name in roles}
    at = np.array([int(row["beat"]) for row in beats], np.int64)
    rate_hz = next(rate_hz for _, rate_hz in channels.values())
    return Performance(
        name=folder.name,
        rate_hz=rate_hz,
        microphones={name: np.ascontiguousarray(sound[:, 0]) for name, (sound, _) in channels.items()},
        roles=roles,
        truth=_truth(rows, list(roles)),
        grid=BeatGrid(
            beats_samples=at,
            bar_positions=np.array([int(row["in_bar"]) for row in beats], np.int64),
            tempo_bpm=60.0 * rate_hz / float(np.median(np.diff(at))),
            confidence=1.0,
            maker="truth",
        ),
        divisions=int(beats[0]["divisions"]),
    )


def _truth(rows: Sequence[Mapping[str, str]], names: Sequence[str]) -> Truth:
    hits = [row for row in rows if row["microphone"] != _MISSING]
    missing = [float(row["target"]) for row in rows if row["microphone"] == _MISSING]
    return Truth(
        onsets_samples=np.array([float(row["onset"]) for row in hits]),
        targets_samples=np.array([float(row["target"]) for row in hits]),
        microphones=np.array([names.index(row["microphone"]) for row in hits], np.int16),
        velocities=np.array([float(row["velocity"]) for row in hits], np.float32),
        ornaments=np.array([ORNAMENTS.index(Ornament(row["ornament"])) for row in hits], np.int8),
        strokes=np.array([int(row["stroke"]) for row in hits], np.int32),
        missing_samples=np.array(missing),
    )


def _read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
