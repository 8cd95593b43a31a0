"""Buffer between the reader thread and the playback thread.

One thread writes, one takes, and neither waits: each count below is changed by one side only, and Python
makes reading the other side's count safe. Therefore the callback of the device needs no lock.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from desktop.shell.playback.levels import RingLevels
from desktop.shell.playback.play_source import Frames


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
