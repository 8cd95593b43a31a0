"""What sounds on a track where it is edited: a reader over the track's own reader.

What is replaced lies lowest, what slips in time takes it along, and gains come last, whatever was decided
first. Within each the one that begins later lies over the others. Where nothing is edited, samples are those
of the source, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import ceil, floor
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.document.kinds.operations import Gain, Replace, Shift, Sounding, Stored
from engine.edl.crossfade import Block, crossfade
from engine.edl.delay import REACH_SAMPLES, Sound, delayed
from engine.edl.stored_sounds import Stores
from engine.spans import united
from engine.timebase import s_to_samples

Make = Callable[[int, int], Sound]

_Layer = TypeVar("_Layer", Replace, Shift, Gain)
_Faded = TypeVar("_Faded", Replace, Shift)


class Reads(Protocol):
    """A source as a voice reads it: an open file, or what stands for it in a picture."""

    def read(self, start: int, stop: int, dtype: DTypeLike = ...) -> Block:
        """Return samples [start, stop) of the source, shape (frames, channels)."""

    def close(self) -> None:
        """Let go of it."""


_LAYERS = {Replace: 0, Shift: 1, Gain: 2}
TONE_JOIN_S = 0.05
"""How long the ends of a room tone overlap where it is played round."""


@dataclass(frozen=True, eq=False)
class Patches:
    """The edits of what sounds on one track, in document samples.

    Attributes
    ----------
    operations : in the order in which they are laid over each other
    """

    operations: tuple[Sounding, ...]
    rate_hz: int

    @classmethod
    def of(cls, operations: Iterable[Sounding], rate_hz: int) -> Patches:
        """Return the patches that these make; their order says nothing."""
        heard = (_as_far_as_it_goes(one, rate_hz) for one in operations)
        laid = sorted((one for one in heard if one is not None), key=_precedence)
        if any(_precedence(one) == _precedence(other) for one, other in pairwise(laid)):
            laid = sorted(laid, key=lambda one: (*_precedence(one), repr(one)))
        return cls(tuple(laid), rate_hz)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Patches):
            return NotImplemented
        return self is other or (self.rate_hz, self.operations) == (other.rate_hz, other.operations)

    __hash__ = None  # type: ignore[assignment]

    @cached_property
    def reaches(self) -> NDArray[np.int64]:
        """From where to where each changes samples, shape (n, 2): half of a crossfade lies beyond an edge."""
        rows = [_reach(one, self.rate_hz) for one in self.operations]
        return np.array(rows, np.int64).reshape(-1, 2)

    def touching(self, start_samples: int, stop_samples: int) -> list[int]:
        """Return which change samples of [start, stop), in their order."""
        starts, stops = self.reaches.T
        return np.flatnonzero((starts < stop_samples) & (stops > start_samples)).tolist()

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """The span of each, shape (n, 2)."""
        rows = [(one.start_samples, one.stop_samples) for one in self.operations]
        return np.array(rows, np.int64).reshape(-1, 2)

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Where anything is changed, united and ascending."""
        return tuple((start, stop) for start, stop in united(self.reaches).tolist())

    @cached_property
    def stored(self) -> tuple[tuple[Replace, Stored], ...]:
        """Those that play stored audio, each with the audio that it plays."""
        found = ((one, one.stored) for one in self.operations if isinstance(one, Replace))
        return tuple((one, stored) for one, stored in found if stored is not None)

    def without_missing(self, holds: Callable[[Stored], bool]) -> Patches | None:
        """Return these without what plays audio that is not there; None where none is left."""
        lost = {one for one, stored in self.stored if not holds(stored)}
        if not lost:
            return self
        left = tuple(one for one in self.operations if one not in lost)
        return Patches(left, self.rate_hz) if left else None

    def within(self, start_samples: int, stop_samples: int) -> tuple[Sounding, ...]:
        """Return the operations that say what sounds in [start, stop), in their order."""
        touching = self.touching(start_samples, stop_samples)
        if not touching:
            return ()
        # a crossfade is computed whole, and a shift takes along what is replaced where it comes from
        first = min(start_samples, int(self.reaches[touching, 0].min()))
        last = max(stop_samples, int(self.reaches[touching, 1].max()))
        wanted = {*touching}
        shifts = (self.operations[place] for place in touching)
        for by in {0.0, *(one.by_samples for one in shifts if isinstance(one, Shift))}:
            below = self.touching(floor(first - by) - REACH_SAMPLES, ceil(last - by) + REACH_SAMPLES)
            wanted.update(place for place in below if isinstance(self.operations[place], Replace))
        return tuple(self.operations[place] for place in sorted(wanted))


def patches_by_track(
    operations: Sequence[Sounding], tracks: Sequence[str], rate_hz: int
) -> Mapping[str, Patches]:
    """Return what is edited on each track that any of it is about.

    Parameters
    ----------
    tracks : the ids of all; an operation on a track that was removed does nothing until it comes back
    """
    of_all = [one for one in operations if not one.tracks]
    of_some: dict[str, list[Sounding]] = {}
    for one in operations:
        for track in one.tracks:
            of_some.setdefault(track, []).append(one)
    everywhere = Patches.of(of_all, rate_hz)
    found = {}
    for track in tracks:
        own = of_some.get(track)
        found[track] = everywhere if own is None else Patches.of([*of_all, *own], rate_hz)
    return {track: patches for track, patches in found.items() if patches.operations}


def _as_far_as_it_goes(one: Sounding, rate_hz: int) -> Sounding | None:
    """Return an edit as far as the audio goes that it plays, its crossfades included; None beyond."""
    if not isinstance(one, Replace) or one.stored is None:
        return one
    fade = _fade(one, rate_hz)
    start = max(one.start_samples, one.stored.start_samples + fade // 2)
    stop = min(one.stop_samples, one.stored.stop_samples - (fade - fade // 2))
    return replace(one, start_samples=start, stop_samples=stop) if start < stop else None


def _precedence(one: Sounding) -> tuple[int, int, int]:
    return _LAYERS[type(one)], one.start_samples, one.stop_samples


def _fade(one: Replace | Shift, rate_hz: int) -> int:
    return min(s_to_samples(one.crossfade_ms / 1000, rate_hz), one.stop_samples - one.start_samples)


def _reach(one: Sounding, rate_hz: int) -> tuple[int, int]:
    if isinstance(one, Gain):
        return one.start_samples, one.stop_samples
    fade = _fade(one, rate_hz)
    return one.start_samples - fade // 2, one.stop_samples + fade - fade // 2


class PatchedReader:
    """Reads a track with its patches; used by one thread at a time.

    Parameters
    ----------
    source : samples of the track as they are, at the document's rate
    frames, channels : of the source
    offset_samples : where the track begins on the document's timeline
    stored : finds the audio that the document stores; None where there is no way to it

    Attributes
    ----------
    lost : the edits met so far whose audio cannot be read, so that the source is heard there
    """

    def __init__(
        self,
        source: Reads,
        patches: Patches,
        frames: int,
        channels: int,
        offset_samples: int,
        stored: Stores | None = None,
    ) -> None:
        self.source = source
        self.lost: dict[Replace, None] = {}
        self.channels = channels
        self._stored = stored
        self._patches, self.rate_hz = patches, patches.rate_hz
        self._frames, self._offset = frames, offset_samples
        self._tones: dict[tuple[int, int], Sound] = {}

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> Block:
        """Return samples [start, stop) of the source as they are edited, shape (frames, channels)."""
        block = self.source.read(start, stop, dtype=dtype)
        first, last = start + self._offset, stop + self._offset
        for begin, end in self._touched(first, last):
            block[begin - first : end - first] = self._gained(begin, end).astype(dtype)
        return block

    def close(self) -> None:
        """Close the source."""
        self.source.close()

    def _touched(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the parts of [start, stop) that are changed, ascending and apart; in document samples."""
        reaches = self._patches.reaches[self._patches.touching(start, stop)]
        return [(begin, end) for begin, end in united(np.clip(reaches, start, stop)).tolist()]

    def _raw(self, start: int, stop: int) -> Sound:
        """Return the source in document samples; zeros before its start and after its end."""
        block = np.zeros((stop - start, self.channels))
        first, last = max(start - self._offset, 0), min(stop - self._offset, self._frames)
        if first < last:
            at = first + self._offset - start
            block[at : at + last - first] = self.source.read(first, last, dtype=np.float64)
        return block

    def _replaced(self, start: int, stop: int) -> Sound:
        return self._layered(Replace, self._raw, lambda one: lambda a, b: self._fill(one, a, b), start, stop)

    def _shifted(self, start: int, stop: int) -> Sound:
        def moved(one: Shift) -> Make:
            return lambda a, b: delayed(self._replaced, a, b, one.by_samples)

        return self._layered(Shift, self._replaced, moved, start, stop)

    def _gained(self, start: int, stop: int) -> Sound:
        block = self._shifted(start, stop)
        for one in self._of(Gain, start, stop):
            begin, end = max(start, one.start_samples), min(stop, one.stop_samples)
            block[begin - start : end - start] *= _gains(one, begin, end, self.rate_hz)[:, None]
        return block

    def _of(self, layer: type[_Layer], start: int, stop: int) -> list[_Layer]:
        every = (self._patches.operations[place] for place in self._patches.touching(start, stop))
        return [one for one in every if isinstance(one, layer) and self._is_there(one)]

    def _is_there(self, one: Sounding) -> bool:
        """Tell whether the audio of an edit can be read, where it needs any."""
        if not isinstance(one, Replace) or one.stored is None:
            return True
        found = self._stored is not None and self._stored.holds(one.stored)
        if not found:
            self.lost[one] = None
        return found

    def _layered(
        self, layer: type[_Faded], below: Make, over: Callable[[_Faded], Make], start: int, stop: int
    ) -> Sound:
        """Return what lies below with the edits of one layer over it, each with its crossfades."""
        block = below(start, stop)
        for one in self._of(layer, start, stop):
            fade = _fade(one, self.rate_hz)
            make = over(one)
            inner = one.start_samples - fade // 2 + fade, one.stop_samples - fade // 2
            begin, end = max(start, inner[0]), min(stop, inner[1])
            if begin < end:
                block[begin - start : end - start] = make(begin, end)
            for at, is_start in ((one.start_samples - fade // 2, True), (inner[1], False)):
                begin, end = max(start, at), min(stop, at + fade)
                if begin < end:  # a crossfade is always computed whole, then cut to what was asked for
                    pieces = below(at, at + fade), make(at, at + fade)
                    faded = crossfade(*(pieces if is_start else pieces[::-1]))
                    block[begin - start : end - start] = faded[begin - at : end - at]
        return block

    def _fill(self, one: Replace, start: int, stop: int) -> Sound:
        """Return stored audio, silence, or the room tone played round from the start of the span on."""
        if one.stored is not None and self._stored is not None:
            return self._stored.read(one.stored, start, stop)
        if one.tone is None:
            return np.zeros((stop - start, self.channels))
        tone = self._tone(one.tone)
        return tone[np.arange(start - one.start_samples, stop - one.start_samples) % len(tone)]

    def _tone(self, span: tuple[int, int]) -> Sound:
        """Return a stretch whose end runs into its start: the last of it is faded into the first."""
        if span not in self._tones:
            heard = self._raw(*span)
            join = min(s_to_samples(TONE_JOIN_S, self.rate_hz), len(heard) // 2)
            loop = heard[: len(heard) - join].copy()
            loop[:join] = crossfade(heard[len(heard) - join :], heard[:join])
            self._tones[span] = loop
        return self._tones[span]


def _gains(one: Gain, start: int, stop: int, rate_hz: int) -> NDArray[np.float64]:
    """Return the gain at each sample of [start, stop), which lies within the edit."""
    return gains_at(one, np.arange(start, stop), rate_hz)


def gains_at(one: Gain, at: NDArray[np.int64], rate_hz: int) -> NDArray[np.float64]:
    """Return the gain, as a factor, at each position within an edit, shape (n,); ramps are linear."""
    ramp = min(s_to_samples(one.ramp_ms / 1000, rate_hz), (one.stop_samples - one.start_samples) // 2)
    full = 10.0 ** (one.gain_db / 20.0)
    from_edge = np.minimum(at - one.start_samples, one.stop_samples - 1 - at) + 0.5
    share = np.minimum(1.0, from_edge / ramp) if ramp else np.ones(len(at))
    gains: NDArray[np.float64] = 1.0 + (full - 1.0) * share
    return gains
