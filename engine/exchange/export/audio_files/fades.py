"""Each file of an export fades in from silence and out to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.sound.edl.crossfade import Block


def faded(
    blocks: Iterable[NDArray[Any]], frames: int, fade_in_samples: int, fade_out_samples: int
) -> Iterator[Block]:
    """Yield blocks with the first and the last samples faded by half a period of a cosine.

    That shape has no corner at either end. A fade is at most as long as the file. Blocks that neither fade
    touches are passed through without a copy.

    Parameters
    ----------
    blocks : shape (n, channels) each, `frames` together
    """
    at = 0
    for block in blocks:
        yield faded_block(block, at, frames, fade_in_samples, fade_out_samples)
        at += len(block)


def faded_block(
    block: NDArray[Any], at: int, frames: int, fade_in_samples: int, fade_out_samples: int
) -> Block:
    """Apply the same fades to samples that begin at a position of a file."""
    rising, falling = min(fade_in_samples, frames), min(fade_out_samples, frames)
    stop = at + len(block)
    if at >= rising and stop <= frames - falling:
        return block
    places = np.arange(at, stop)
    gains = _gains(places, rising) * _gains(frames - 1 - places, falling)
    quieter: Block = (block * gains[:, np.newaxis]).astype(block.dtype)
    return quieter


def _gains(places: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """Return the gains of a fade in, at places counted from its start."""
    if not length:
        return np.ones(len(places))
    gains: NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * np.minimum((places + 0.5) / length, 1.0))
    return gains
