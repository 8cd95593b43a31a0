"""Write a recording with its windows changed, and all else as it was, sample for sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.files.safe_write import check_target
from engine.core.progress import SILENT, Progress
from engine.features.repair.separation.levels.level_change import LevelChange, combined
from engine.features.repair.separation.levels.measured import level_change
from engine.features.repair.separation.separate import Asked, Recording, Separated, separate
from engine.features.repair.separation.separator import Separator
from engine.sound.codecs import Container
from engine.sound.reader import SourceReader
from engine.sound.writer import WrittenAudio, block_dtype, container_for, export_format, write_audio

_BLOCK_FRAMES = 1 << 18


def check_separated(path: Path, reader: SourceReader, *, overwrite: bool) -> Container:
    """Return the container of the file to write, before minutes of work.

    Raises
    ------
    ExportError : the format is not known, or the file is in the way or the recording itself
    """
    container = container_for(path.suffix)
    check_target(path, overwrite=overwrite, reads=[reader.path])
    return container


def write_separated(
    path: Path,
    reader: SourceReader,
    windows: Sequence[tuple[int, int]],
    asked: Asked,
    separator: Separator,
    progress: Progress = SILENT,
    *,
    overwrite: bool = False,
) -> WrittenAudio:
    """Separate, and write the recording at its own rate, with its channels and its subtype.

    Parameters
    ----------
    windows : as `engine.features.repair.separation.checks.credible.credible_windows` returns them

    Raises
    ------
    ExportError : see `engine.sound.writer.write_audio`
    """
    container = check_separated(path, reader, overwrite=overwrite)
    subtype = export_format([reader.subtype], path.suffix)
    recording = Recording(reader.read, reader.frames, reader.rate_hz)
    found = separate(recording, windows, asked, separator, progress.part(0.0, 0.9))
    return write_audio(
        path,
        _blocks(reader, found, np.dtype(block_dtype(subtype))),
        rate_hz=reader.rate_hz,
        channels=reader.channels,
        container=container,
        subtype=subtype,
        total_frames=reader.frames,
        overwrite=overwrite,
        reads=[reader.path],
    )


def level_change_in_file(
    reader: SourceReader,
    written: Path,
    windows: Sequence[tuple[int, int]],
    asked: Asked,
    separator: Separator,
) -> LevelChange:
    """Measure the levels inside all windows before and after, in a file as `write_separated` wrote it.

    Raises
    ------
    SourceError : one of the files cannot be read
    """
    recording = Recording(reader.read, reader.frames, reader.rate_hz)
    with SourceReader(written) as result:
        return combined(
            level_change(recording, result.read, windows, window, asked, separator) for window in windows
        )


def _blocks(
    reader: SourceReader, changed: Iterator[Separated], dtype: np.dtype[np.floating]
) -> Iterator[NDArray[np.floating]]:
    """Yield the recording as it was, with the pieces that are changed in their places."""
    at = 0
    for piece in changed:
        yield from _unchanged(reader, at, piece.start_samples, dtype)
        yield piece.samples.astype(dtype)
        at = piece.start_samples + len(piece.samples)
    yield from _unchanged(reader, at, reader.frames, dtype)


def _unchanged(
    reader: SourceReader, start: int, stop: int, dtype: np.dtype[np.floating]
) -> Iterator[NDArray[np.floating]]:
    for first in range(start, stop, _BLOCK_FRAMES):
        yield reader.read(first, min(stop, first + _BLOCK_FRAMES), dtype)
