"""Hits over noise, so that every sample tells where it came from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.document.kinds.operations import Fill, Slice
from engine.sound.edl.crossfade import Block
from engine.sound.edl.tracks.patched_reader import PatchedReader
from engine.sound.edl.tracks.patches import Patches

RATE_HZ = 8_000
FRAMES = 24_000
PAD = 40
"""5 ms: a slice begins so long before its onset."""

Sound = NDArray[np.float64]


class InMemory:
    """A source that lies in memory."""

    def __init__(self, sound: Sound) -> None:
        self.sound = sound

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> Block:
        assert 0 <= start <= stop <= len(self.sound)
        return self.sound[start:stop].astype(dtype)

    def close(self) -> None:
        pass


def noise(channels: int = 1, seed: int = 4) -> Sound:
    return np.random.default_rng(seed).standard_normal((FRAMES, channels)).astype(np.float32).astype(float)


def slices(
    onsets: Sequence[int],
    moves: Sequence[float],
    fill: Fill = Fill.PRE_ROLL,
    crossfade_ms: float = 5.0,
    pad: int = PAD,
) -> list[Slice]:
    """Return a slice for each onset, up to the next; the last is 1,500 samples long."""
    edges = [max(0, onset - pad) for onset in onsets]
    edges.append(edges[-1] + 1_500)
    return [
        Slice(start, stop, (), by, crossfade_ms, fill, float(onset))
        for start, stop, by, onset in zip(edges[:-1], edges[1:], moves, onsets, strict=True)
    ]


def reader_of(sound: Sound, patches: Patches) -> PatchedReader:
    return PatchedReader(InMemory(sound), patches, len(sound), sound.shape[1], 0)


def played(sound: Sound, edits: Sequence[Slice], block: int = FRAMES) -> Sound:
    """Return what is heard of a track of these slices, shape (FRAMES, channels)."""
    reader = reader_of(sound, Patches.of(edits, RATE_HZ))
    parts = [reader.read(at, min(at + block, FRAMES), np.float64) for at in range(0, FRAMES, block)]
    return np.concatenate(parts)
