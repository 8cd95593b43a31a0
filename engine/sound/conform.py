"""Give every source a file in which any sample can be reached at the document's rate.

Most files are that file themselves. The others (MP3, Ogg, GSM; another rate) are decoded and converted
once, in a streaming pass without a delay, into a 32-bit float file in the cache folder. Playing, drawing
and exporting read that, so all of them see the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.core.files.places import cache_file
from engine.core.files.regular_file import open_regular
from engine.core.files.safe_write import check_room
from engine.core.progress import SILENT, Progress
from engine.document.tracks import Source, source_length_samples
from engine.sound.opening import libsndfile_name, seeks_exactly
from engine.sound.reader import SourceReader, read_unchanged, stamped
from engine.sound.writer import write_audio

MOST_OVER_CONVERTED = 3.0
"""How many times higher than every sample before the conversion a sample after it can be."""
REACH_SAMPLES = 256
"""How far the filter reaches to either side, in samples of the lower rate."""
_PADDING_FRAMES = _BLOCK_FRAMES = 1 << 16
_SAMPLE_BYTES = 4
_VERSION = 2
"""Part of every cached file's name: raise it when the conversion gives other samples than before."""


def conformed_path(source: Source, rate_hz: int, progress: Progress = SILENT) -> Path:
    """Return the file that holds a source at the document's rate, creating it if it is missing.

    It has `source_length_samples(source, rate_hz)` frames and the source's channels. Calling this from two
    threads at once is safe: both may do the work, and the results are the same.

    Raises
    ------
    SourceError, ExportError, Cancelled : see `conform`
    """
    return found_conformed(source, rate_hz) or conform(source, rate_hz, progress)


def conform(
    source: Source, rate_hz: int, progress: Progress, watch: Callable[[NDArray[Any]], object] | None = None
) -> Path:
    """Make the file of `conformed_path`, and return it.

    Parameters
    ----------
    watch : is given each block, shape (n, channels), before it is written

    Raises
    ------
    SourceError : the source is missing, unreadable or no longer the file that was imported
    ExportError : the cache folder cannot take the file, or the disk is full
    Cancelled : the user cancelled; nothing is left behind
    """
    original, target = Path(source.path), conformed_file(source.content_hash, rate_hz)
    length_samples = source_length_samples(source, rate_hz)
    stamp = stamped(original, source.content_hash)
    with SourceReader(original) as reader:
        blocks = converted(reader.blocks(_BLOCK_FRAMES), reader.rate_hz, rate_hz, channels=reader.channels)
        whole = of_length(blocks, length_samples, source.channels)
        unchanged = read_unchanged(whole if watch is None else _watched(whole, watch), (stamp,))
        write_conformed(target, unchanged, (rate_hz, source.channels, length_samples), progress)
    return target


def write_conformed(
    target: Path, blocks: Iterable[NDArray[Any]], form: tuple[int, int, int], progress: Progress
) -> None:
    """Write a file of the cache.

    Parameters
    ----------
    form : its rate in Hz, channels and length in samples

    Raises
    ------
    ExportError : the cache folder cannot take the file, or the disk is full
    """
    rate_hz, channels, length_samples = form
    check_room(target.parent, length_samples * channels * _SAMPLE_BYTES)
    write_audio(
        target,
        blocks,
        rate_hz=rate_hz,
        channels=channels,
        container="WAV",
        subtype="FLOAT",
        total_frames=length_samples,
        overwrite=True,
        is_own_name=True,
        progress=progress,
    )


def _watched(
    blocks: Iterable[NDArray[Any]], watch: Callable[[NDArray[Any]], object]
) -> Iterator[NDArray[Any]]:
    for block in blocks:
        watch(block)
        yield block


def found_conformed(source: Source, rate_hz: int) -> Path | None:
    """Return what `conformed_path` does not have to make: the source itself, or a file in the cache."""
    if source.rate_hz == rate_hz and seeks_exactly(source.container, source.subtype):
        return Path(source.path)
    target = conformed_file(source.content_hash, rate_hz)
    form = rate_hz, source.channels, source_length_samples(source, rate_hz)
    return target if is_conformed(target, form) else None


def conformed_file(content_hash: str, rate_hz: int) -> Path:
    """Return the cache path of a source, or of stored audio, at a rate."""
    return cache_file("conformed", f"{content_hash}-{rate_hz}-v{_VERSION}.wav")


def is_conformed(target: Path, form: tuple[int, int, int]) -> bool:
    """Return whether the cache has a file of this rate in Hz, channels and length at a path."""
    try:
        open_regular(target, follow_symlinks=False).close()
        with soundfile.SoundFile(libsndfile_name(target)) as file:
            found = (file.samplerate, file.channels, file.frames)
    except (OSError, soundfile.LibsndfileError):
        return False
    return found == form


def converted(
    blocks: Iterable[NDArray[Any]],
    rate_hz: int,
    wanted_hz: int,
    *,
    channels: int,
    dtype: type[np.float32] | type[np.float64] = np.float32,
) -> Iterator[NDArray[Any]]:
    """Yield blocks, shape (n, channels), at another rate; unchanged if the rates are equal.

    Parameters
    ----------
    dtype : of the samples that are yielded
    """
    if rate_hz == wanted_hz:
        yield from blocks
        return
    # soxr takes its own delay out: output sample 0 is input sample 0.
    stream = soxr.ResampleStream(rate_hz, wanted_hz, channels, dtype=dtype.__name__, quality="VHQ")
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block, dtype))
    yield stream.resample_chunk(np.zeros((0, channels), dtype), last=True)


def of_length(blocks: Iterable[NDArray[Any]], length_samples: int, channels: int) -> Iterator[NDArray[Any]]:
    """Trim or pad with silence: rounding leaves the resampler one sample off, a damaged file more."""
    left = length_samples
    for block in blocks:
        piece = block[:left]
        left -= len(piece)
        yield piece
    while left:
        padding = np.zeros((min(left, _PADDING_FRAMES), channels), np.float32)
        left -= len(padding)
        yield padding
