"""Buffer between the reader thread and the playback thread, with the levels of its frames.

One thread writes, one takes, and neither waits: each count below is changed by one side only, and Python
makes reading the other side's count safe. Therefore the callback of the device needs no lock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.shell.playback.play_source import Frames, MeteredSource, PlaySource
from engine.sound.edl.loudness import BetweenSamples, cell_samples, cell_starts

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


@dataclass(frozen=True, slots=True)
class Following:
    """The ring that takes over.

    Attributes
    ----------
    at_frame : frame of the old ring at which the new one starts; None: at once
    """

    ring: Ring
    at_frame: int | None


class Ring:
    """Frames on their way to the device, with their source positions.

    Frames are counted from 0 over the ring's whole life. A seek, a changed loop or another source makes a new
    ring that follows this one; a loop's jump is a mark inside one.

    Parameters
    ----------
    generation : number of the player's request that this ring serves

    Attributes
    ----------
    levels : how loud the frames are
    """

    def __init__(self, capacity_frames: int, channels: int, generation: int) -> None:
        self.generation = generation
        self.following: Following | None = None
        self.levels = RingLevels()
        self.written = 0
        self.taken = 0
        self.ended = False
        self._frames = np.zeros((capacity_frames, channels), np.float32)
        self._mark_frames: list[int] = []
        self._mark_positions: list[int] = []

    @property
    def free(self) -> int:
        """Number of frames with free space."""
        return len(self._frames) - (self.written - self.taken)

    @property
    def drained(self) -> bool:
        """Whether the material ended and all frames were consumed."""
        return self.ended and self.taken == self.written

    # The writer's side.

    def mark(self, position_samples: int) -> None:
        """Set the source position of the next frame."""
        self._mark_positions.append(position_samples)
        self._mark_frames.append(self.written)

    def put(self, frames: Frames) -> None:
        """Append frames, shape (n, channels), n at most `free`."""
        begin = self.written % len(self._frames)
        first = min(len(frames), len(self._frames) - begin)
        self._frames[begin : begin + first] = frames[:first]
        self._frames[: len(frames) - first] = frames[first:]
        self.written += len(frames)  # last: until now the other side does not look there

    # The taker's side.

    def take(self, out: Frames) -> int:
        """Copy available frames into the start of `out`; return their number."""
        count = min(len(out), self.written - self.taken)
        begin = self.taken % len(self._frames)
        first = min(count, len(self._frames) - begin)
        out[:first] = self._frames[begin : begin + first]
        out[first:count] = self._frames[: count - first]
        self.taken += count
        return count

    def skip(self, frames: int) -> int:
        """Skip frames; return their number."""
        count = min(frames, self.written - self.taken)
        self.taken += count
        return count

    # Either side.

    def position_at(self, frame: int) -> int:
        """Return the source position of a ring frame, in samples."""
        index = bisect_right(self._mark_frames, frame) - 1
        if index < 0:
            return 0
        return self._mark_positions[index] + frame - self._mark_frames[index]


class Feed:
    """Input of an output: the rings in sequence, without gaps.

    `fill` and `advance` belong to the output's thread; everything else only looks.

    Attributes
    ----------
    ring : the ring in use
    underruns : how often an output asked for frames that were not there yet
    """

    def __init__(self, first: Ring) -> None:
        self.ring = first
        self.underruns = 0

    def fill(self, out: Frames) -> int:
        """Fill `out`, shape (n, channels), with silence at the end; return the number of sound frames."""
        done = 0
        while done < len(out):
            reach = self._reach(len(out) - done)
            got = self.ring.take(out[done : done + reach])
            done += got
            if got < reach:
                break
        if done < len(out):
            out[done:] = 0.0
            if self.ring.taken and not self.ring.drained:
                self.underruns += 1
        return done

    def advance(self, frames: int) -> int:
        """Skip frames without playing them; return their number."""
        done = 0
        while done < frames:
            reach = self._reach(frames - done)
            got = self.ring.skip(reach)
            done += got
            if got < reach:
                break
        return done

    def _reach(self, wanted: int) -> int:
        """Switch to rings that are due; return the number of frames available from the current one."""
        while (following := self.ring.following) is not None:
            if following.at_frame is not None:
                ahead = following.at_frame - self.ring.taken
                if ahead > 0:
                    return min(wanted, ahead)
                # The new ring came late: leave out what the old one played in its stead, so time goes on.
                following.ring.skip(-ahead)
            self.ring = following.ring
        return wanted
