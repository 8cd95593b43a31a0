"""Give every source a file in which any sample can be reached at the document's rate.

Most files are that file themselves. The others (MP3, Ogg, GSM; another rate) are decoded and converted once,
in a streaming pass, into a 32-bit float file in the cache folder. Playing, drawing and exporting read
that, so all of them see the same samples.

Sound at another rate, as a stream, without a delay and of a length that is known before.
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
_PADDING_FRAMES = 1 << 16


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


# Part of every cached file's name: raise it when the conversion gives other samples than before.
_VERSION = 2
_BLOCK_FRAMES = 1 << 16
_SAMPLE_BYTES = 4


def conformed_path(source: Source, rate_hz: int, progress: Progress = SILENT) -> Path:
    """Return the file that holds a source at the document's rate, creating it if it is missing.

    It has `source_length_samples(source, rate_hz)` frames and the source's channels. Calling this from two
    threads at once is safe: both may do the work, and the results are the same.

    Raises
    ------
    SourceError, ExportError, Cancelled : see `conform`
    """
    return found_conformed(source, rate_hz) or conform(source, rate_hz, progress)


def _unwatched(_: NDArray[Any]) -> None:
    return


def conform(
    source: Source, rate_hz: int, progress: Progress, watch: Callable[[NDArray[Any]], None] = _unwatched
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
    check_room(target.parent, length_samples * source.channels * _SAMPLE_BYTES)
    with SourceReader(original) as reader:
        blocks = converted(reader.blocks(_BLOCK_FRAMES), reader.rate_hz, rate_hz, channels=reader.channels)
        whole = _watched(of_length(blocks, length_samples, source.channels), watch)
        write_audio(
            target,
            read_unchanged(whole, (stamp,)),
            rate_hz=rate_hz,
            channels=source.channels,
            container="WAV",
            subtype="FLOAT",
            total_frames=length_samples,
            overwrite=True,
            is_own_name=True,
            progress=progress,
        )
    return target


def _watched(blocks: Iterable[NDArray[Any]], watch: Callable[[NDArray[Any]], None]) -> Iterator[NDArray[Any]]:
    for block in blocks:
        watch(block)
        yield block


def found_conformed(source: Source, rate_hz: int) -> Path | None:
    """Return what `conformed_path` does not have to make: the source itself, or a file in the cache."""
    if source.rate_hz == rate_hz and seeks_exactly(source.container, source.subtype):
        return Path(source.path)
    target = conformed_file(source.content_hash, rate_hz)
    is_there = is_conformed(target, rate_hz, source.channels, source_length_samples(source, rate_hz))
    return target if is_there else None


def conformed_file(content_hash: str, rate_hz: int) -> Path:
    """Return the cache path of a source, or of stored audio, at a rate."""
    return cache_file("conformed", f"{content_hash}-{rate_hz}-v{_VERSION}.wav")


def is_conformed(target: Path, rate_hz: int, channels: int, length_samples: int) -> bool:
    """Return whether the cache has a file of this rate, width and length at a path."""
    try:
        open_regular(target, follow_symlinks=False).close()
        with soundfile.SoundFile(libsndfile_name(target)) as file:
            found = (file.samplerate, file.channels, file.frames)
    except (OSError, soundfile.LibsndfileError):
        return False
    return found == (rate_hz, channels, length_samples)
