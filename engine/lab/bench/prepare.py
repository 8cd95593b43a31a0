"""Preparing a day: stereo and eight tracks, each in a program of its own with nothing in its cache.

The reference is reading the same files in the same program. Limits are those of an hour of stereo and of
three hours of eight tracks, in proportion to the length.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from engine.core.errors import OffcutError
from engine.core.progress import Progress
from engine.lab.bench.in_program import measured_in_program
from engine.lab.bench.measured import Measured, peak_memory_mb, seconds
from engine.lab.bench.sound import blocks
from engine.sound.reader import SourceReader

LEAST_MINUTES = 10.0
"""A longer day is asked for with ``--minutes``."""
LIMIT_MB = 1_200.0
_RATE_HZ, _BLOCK_FRAMES = 48_000, 1 << 16
_SONG_S, _PAUSE_S, _SONGS, _NOISE = 50, 10, 3, 1e-3
_IO = Path("/proc/self/io")


@dataclass(frozen=True, slots=True)
class Case:
    """Recordings of a day, and the limit for them as a share of their length."""

    tracks: int
    channels: int
    subtype: str
    limit: float


CASES = {
    "stereo": Case(1, 2, "PCM_16", 45.0 / 3_600),
    "eight_tracks": Case(8, 1, "PCM_24", 360.0 / 10_800),
}


def measure(minutes: float, progress: Progress) -> Iterator[Measured]:
    """Prepare days of that length, at least `LEAST_MINUTES`."""
    songs = round(60.0 * max(minutes, LEAST_MINUTES) / (_SONG_S + _PAUSE_S))
    for number, (name, case) in enumerate(CASES.items()):
        share = progress.step(number, len(CASES))
        with TemporaryDirectory() as folder:
            share.report(0.0, "Making recordings")
            recordings = Path(folder, "recordings")
            recordings.mkdir()
            for track in range(case.tracks):
                _write(recordings / f"Track {track + 1}.wav", case, songs, track)
            share.report(0.5, "Preparing a day")
            own = {
                f"XDG_{kind}_HOME": str(Path(folder, kind.lower())) for kind in ("CACHE", "CONFIG", "DATA")
            }
            yield from measured_in_program(__name__, name, str(recordings), environment=own)


def _write(path: Path, case: Case, songs: int, seed: int) -> None:
    """Write attempts at some songs with pauses between them."""
    noise = np.random.default_rng(seed).standard_normal((_PAUSE_S * _RATE_HZ, case.channels)) * _NOISE
    with soundfile.SoundFile(path, "w", _RATE_HZ, case.channels, case.subtype) as file:
        for song in range(songs):
            for block in blocks(_SONG_S, _RATE_HZ, case.channels, seed + song % _SONGS):
                file.write(block)
            file.write(noise)


def _read(paths: Sequence[Path]) -> None:
    for path in paths:
        with SourceReader(path) as reader:
            for _ in reader.blocks(_BLOCK_FRAMES):
                pass


def _processor_s() -> float:
    """Return the processor time of this program and of those that it started and that ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _read_bytes() -> int:
    """Return how many bytes this program has read; 0 where the system does not count."""
    return int(_IO.read_text().split("rchar:")[1].split()[0]) if _IO.exists() else 0


def _prepare(folder: Path) -> None:
    from engine.cli.main import main as offcut

    with redirect_stdout(StringIO()):
        if offcut(["prepare", str(folder), "--out", str(folder.parent / "day.offcut")]):
            raise OffcutError(f"'{folder}' was not prepared: see its message above.")


def figures(name: str, folder: Path) -> Iterator[Measured]:
    """Measure one case in this program."""
    paths, case = sorted(folder.iterdir()), CASES[name]
    length_s = soundfile.info(paths[0]).duration
    _read(paths)
    begun_s = _processor_s()
    read_s = seconds(partial(_read, paths))
    before_s, before_bytes = _processor_s(), _read_bytes()
    took_s = seconds(partial(_prepare, folder))
    yield Measured(f"prepare_{name}_s", took_s, case.limit * length_s)
    yield Measured(f"prepare_{name}_over_reading", took_s / read_s)
    yield Measured(f"prepare_{name}_processor_s", _processor_s() - before_s, before_s - begun_s)
    yield Measured(f"prepare_{name}_peak_mb", peak_memory_mb(), LIMIT_MB)
    if before_bytes:
        size_bytes = sum(path.stat().st_size for path in paths)
        yield Measured(
            f"prepare_{name}_bytes_read_over_size", (_read_bytes() - before_bytes) / size_bytes, 1.0
        )


def main(arguments: Sequence[str]) -> None:
    """Print the figures of one case, a line each."""
    name, folder = arguments
    for measured in figures(name, Path(folder)):
        print(json.dumps(asdict(measured)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
