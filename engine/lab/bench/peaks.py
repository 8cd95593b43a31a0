"""Import and pyramid, against plain reading of the same file, in turn, from the page cache."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile

from engine.core.progress import Progress
from engine.lab.bench.measured import Measured, side_by_side
from engine.lab.bench.sound import write
from engine.sound.pictures.peak_cache import store_peaks
from engine.sound.reader import SourceReader, content_hash, probe

LENGTH_S = 600
ROUNDS = 5
_PEER_BLOCK_FRAMES = 1 << 18


def measure(progress: Progress) -> Iterator[Measured]:
    """Measure 10 minutes of stereo at 48 kHz as 16-bit WAV and as FLAC."""
    with TemporaryDirectory() as folder:
        for number, suffix in enumerate(("wav", "flac")):
            progress.step(number, 2).report(0.0, f"Importing {suffix.upper()}")
            path = write(Path(folder) / f"jam.{suffix}", LENGTH_S)
            ours_s, peer_s = side_by_side(partial(_import, path), partial(_read, path), ROUNDS)
            name = f"import_and_peaks_{suffix}"
            yield Measured(f"{name}_s", ours_s, peer_s, ROUNDS)
            yield Measured(f"{name}_over_reading", ours_s / peer_s, 2.0 if suffix == "wav" else 1.2, ROUNDS)
            yield Measured(f"{name}_times_real_time", LENGTH_S / ours_s, LENGTH_S / peer_s, ROUNDS)


def _import(path: Path) -> None:
    """Do all that an import does to a file that needs no conversion, without asking the cache first."""
    probe(path)
    digest = content_hash(path)
    with SourceReader(path) as reader:
        store_peaks(reader, digest)


def _read(path: Path) -> None:
    with soundfile.SoundFile(path) as file:
        for _ in file.blocks(_PEER_BLOCK_FRAMES, dtype="float32"):
            pass
