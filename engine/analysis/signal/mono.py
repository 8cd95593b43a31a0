"""Mono blocks at the analysis rate, streamed: no recording is ever held whole."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.analysis.signal.loudness import finite
from engine.sound.reader import SourceReader

_log = logging.getLogger(__name__)

_BLOCK_FRAMES = 65_536  # 1.5 s at 44.1 kHz: a cancel between two blocks is quick


def mono_blocks(path: Path, rate_hz: int) -> Iterator[NDArray[np.float32]]:
    """Yield a file's mean over channels at `rate_hz`, in blocks of shape (n,).

    Raises
    ------
    SourceError : the file cannot be read
    """
    with SourceReader(path) as reader:
        yield from mono_of(reader, rate_hz)


def mono_of(reader: SourceReader, rate_hz: int) -> Iterator[NDArray[np.float32]]:
    """Yield the mono blocks of an open file; see `mono_blocks`.

    Invalid samples that the reader leaves out are logged at the end, as one sentence.
    """
    mixed = (block.mean(axis=1, dtype=np.float32) for block in reader.blocks(_BLOCK_FRAMES))
    yield from resampled(mixed, reader.rate_hz, rate_hz)
    if reader.left_out:
        _log.warning(reader.left_out)


def resampled(
    blocks: Iterable[NDArray[np.float32]], from_hz: int, to_hz: int
) -> Iterator[NDArray[np.float32]]:
    """Convert mono blocks, each of shape (n,), from one rate to another as one stream.

    Samples that are not finite count as silence: one of them would poison a whole stretch of the filter.
    """
    if from_hz == to_hz:
        yield from (_finite(block) for block in blocks)
        return
    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality="HQ")
    for block in blocks:
        converted = stream.resample_chunk(_finite(block))
        if converted.size:
            yield converted
    tail = stream.resample_chunk(np.zeros(0, np.float32), last=True)
    if tail.size:
        yield tail


def _finite(block: NDArray[np.float32]) -> NDArray[np.float32]:
    return finite(np.ascontiguousarray(block, np.float32))
