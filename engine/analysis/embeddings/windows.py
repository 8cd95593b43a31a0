"""From a stream to the embeddings of its windows, a few windows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.analysis.embeddings.embedder import Embedder

PLAYING_LEVEL_DB = -20.0
"""The level that recordings are brought to before they are embedded: that of mixes, which embeddings know."""
_WINDOWS_AT_ONCE = 16


def at_playing_level(blocks: Iterable[NDArray[np.float32]], level_db: float) -> Iterator[NDArray[np.float32]]:
    """Bring a stream, in blocks of shape (n,), from the level it is played at to `PLAYING_LEVEL_DB`."""
    gain = np.float32(10.0 ** ((PLAYING_LEVEL_DB - level_db) / 20.0))
    return (block * gain for block in blocks)


def embedded_windows(
    blocks: Iterable[NDArray[np.float32]], embedder: Embedder, window_s: float, hop_s: float
) -> Iterator[NDArray[np.float32]]:
    """Yield the embeddings of a mono stream's windows, in blocks of shape (windows, embedder.size).

    Window i begins at i * hop_s; see `stream_windows` for how many there are. The embeddings are the same
    however the stream is cut into blocks, and memory does not grow with its length.

    Parameters
    ----------
    blocks : each of shape (n,), at `embedder.rate_hz`, levelled by `at_playing_level`
    """
    window_samples, hop_samples = (round(length * embedder.rate_hz) for length in (window_s, hop_s))
    for windows in stream_windows(blocks, window_samples, hop_samples):
        yield embedder.embed(windows)


def stream_windows(
    blocks: Iterable[NDArray[np.float32]], window_samples: int, hop_samples: int
) -> Iterator[NDArray[np.float32]]:
    """Cut a stream into overlapping windows, in batches of shape (windows, window_samples).

    Windows follow until one reaches the end; that one is padded by reflection. A
    stream without samples has no window.

    Parameters
    ----------
    hop_samples : at most `window_samples`, so that every sample is in a window
    """
    held, whole = np.zeros(0, np.float32), window_samples + (_WINDOWS_AT_ONCE - 1) * hop_samples
    waiting: list[NDArray[np.float32]] = []
    waiting_samples = 0
    covered = 0  # samples at the start of what is held that are in a window already
    for block in blocks:
        waiting.append(block)
        waiting_samples += block.size
        if held.size + waiting_samples < whole:
            continue
        held = np.concatenate([held, *waiting])
        waiting, waiting_samples = [], 0
        while held.size >= whole:
            yield _cut(held, window_samples, hop_samples, _WINDOWS_AT_ONCE)
            held, covered = held[_WINDOWS_AT_ONCE * hop_samples :], window_samples - hop_samples
    held = np.concatenate([held, *waiting])
    if held.size > covered:
        count = 1 + max(0, -(-(held.size - window_samples) // hop_samples))
        missing = window_samples + (count - 1) * hop_samples - held.size
        yield _cut(np.pad(held, (0, missing), "reflect"), window_samples, hop_samples, count)


def _cut(
    stream: NDArray[np.float32], window_samples: int, hop_samples: int, count: int
) -> NDArray[np.float32]:
    views = np.lib.stride_tricks.sliding_window_view(stream, window_samples)
    return np.ascontiguousarray(views[: count * hop_samples : hop_samples])
