"""Levels of the playing audio, stored next to its frames until they are played."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.shell.playback.play_source import Frames, MeteredSource, PlaySource
from engine.sound.edl.levels.track_peaks import cell_samples, cell_starts
from engine.sound.edl.levels.true_peak import BetweenSamples

Peaks = NDArray[np.float32]
_MOST_BLOCKS = 512
"""More cells than the ring holds; without a consumer, the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class PlayedLevels:
    """Peaks since the last call, 1.0 at full scale.

    Attributes
    ----------
    tracks : levels of each audible track, by id, after gain and pan
    mix : levels of the left and right channels, before folding down for the device
    true_peak : of all channels of the mix, at and between the samples
    """

    tracks: Mapping[str, float]
    mix: tuple[float, float]
    true_peak: float


@dataclass(frozen=True, slots=True, eq=False)
class BlockLevels:
    """The levels of a block, in cells.

    Attributes
    ----------
    starts : first ring frame of each cell, shape (cells,)
    stop : the frame after the last
    tracks : shape (tracks, cells)
    mix : left and right, shape (2, cells)
    true_peaks : shape (cells,)
    """

    starts: NDArray[np.int64]
    stop: int
    track_ids: tuple[str, ...]
    tracks: Peaks
    mix: Peaks
    true_peaks: Peaks


class RingLevels:
    """Levels of a ring's frames: one thread writes them ahead, another takes those already played."""

    def __init__(self) -> None:
        self._blocks: deque[BlockLevels] = deque(maxlen=_MOST_BLOCKS)
        self._taken = 0

    def add(self, levels: BlockLevels) -> None:
        """Keep the levels of frames that are about to be put in."""
        self._blocks.append(levels)

    def take(self, until_frame: int) -> PlayedLevels | None:
        """Return the levels of the cells since the last call, or None without new ones."""
        begun: list[PlayedLevels] = []
        while self._blocks and self._blocks[0].starts[0] < until_frame:
            block = self._blocks[0]
            first, last = np.searchsorted(block.starts, (self._taken, until_frame)).tolist()
            if first < last:
                begun.append(_highest(block, slice(first, last)))
            if block.stop > until_frame:
                break
            self._blocks.popleft()
        self._taken = max(self._taken, until_frame)
        return together(begun)


def together(found: Sequence[PlayedLevels | None]) -> PlayedLevels | None:
    """Return the maximum of several levels, or None without any."""
    there = [one for one in found if one is not None]
    if len(there) < 2:
        return there[0] if there else None
    tracks: dict[str, float] = {}
    for one in there:
        for track_id, peak in one.tracks.items():
            tracks[track_id] = max(tracks.get(track_id, 0.0), peak)
    left, right = (max(one.mix[side] for one in there) for side in (0, 1))
    return PlayedLevels(tracks, (left, right), max(one.true_peak for one in there))


def _highest(block: BlockLevels, cells: slice) -> PlayedLevels:
    tracks = dict(zip(block.track_ids, block.tracks[:, cells].max(axis=1).tolist(), strict=True))
    left, right = block.mix[:, cells].max(axis=1).tolist()
    return PlayedLevels(tracks, (left, right), float(block.true_peaks[cells].max()))


class BlockMeter:
    """Reads blocks of a source that follow each other in one ring, and their levels."""

    def __init__(self, rate_hz: int) -> None:
        self._cell = cell_samples(rate_hz)
        self._between = BetweenSamples()

    def read(self, source: PlaySource, span: tuple[int, int], at_frame: int) -> tuple[Frames, BlockLevels]:
        """Return a span [start, stop) of a source and its levels; it will start at a ring frame."""
        start, stop = span
        track_ids: tuple[str, ...] = ()
        starts = cell_starts(start, stop, self._cell)
        tracks: Peaks = np.zeros((0, len(starts)), np.float32)
        if isinstance(source, MeteredSource):
            track_ids = source.track_ids
            block, peaks = source.read_metered(start, stop)
            tracks = peaks.values
        else:
            block = source.read(start, stop)
        each = np.maximum.reduceat(np.abs(block), starts, axis=0)
        sides = [each[:, side::2].max(axis=1) for side in range(min(2, block.shape[1]))]
        mix = np.stack([sides[0], sides[-1]])
        true_peaks = self._between.in_cells(block, starts)
        return block, BlockLevels(
            starts + at_frame, at_frame + stop - start, track_ids, tracks, mix, true_peaks
        )
