"""Reader of an edited track over the track's own reader.

Samples outside edits are those of the source, bit for bit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from math import ceil, floor
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.core.spans import united
from engine.core.timebase import s_to_samples
from engine.document.kinds.operations import Gain, Lift, Replace, Shift
from engine.sound.edl.crossfade import Block, crossfade
from engine.sound.edl.inserts import INSERTED_FROM
from engine.sound.edl.slicing.fills import made_up
from engine.sound.edl.slicing.lifts import lifted
from engine.sound.edl.slicing.slices import Gap, Heard, Piece
from engine.sound.edl.tracks.delay import REACH_SAMPLES, Sound, delayed, reclocked
from engine.sound.edl.tracks.patches import Patch, Patches, edges_of, fade_samples, gains_at
from engine.sound.edl.tracks.stored_sounds import Stores

Make = Callable[[int, int], Sound]

_Key = TypeVar("_Key")
_Layer = TypeVar("_Layer", Replace, Lift, Piece, Shift, Gain)
_Faded = TypeVar("_Faded", Replace, Lift, Shift)

TONE_JOIN_S = 0.05
"""Overlap of the ends of room tone in a loop."""
GAPS_HELD = 8
"""Cached fills: a block and its neighbours rarely touch more."""
VOICES_HELD = 16
"""Cached voices that were lifted out of strokes: those of a block."""


def _once(made: OrderedDict[_Key, Sound], key: _Key, make: Callable[[], Sound], most: int) -> Sound:
    """Return the sound of a key, made once while it is among the last `most`."""
    sound = made.get(key)
    if sound is None:
        sound = made[key] = make()
        if len(made) > most:
            made.popitem(last=False)
    return sound


class Reads(Protocol):
    """A source as a voice reads it: an open file, or its substitute in a picture."""

    def read(self, start: int, stop: int, dtype: DTypeLike = ...) -> Block:
        """Return samples [start, stop) of the source, shape (frames, channels)."""

    def close(self) -> None:
        """Close it."""


class PatchedReader:
    """Reads a track with its patches; used by one thread at a time.

    Parameters
    ----------
    source : unedited samples of the track, at the document's rate
    frames, channels : of the source
    offset_samples : start of the track on the document's timeline
    stored : finds the audio that the document stores; None if it is not available

    Attributes
    ----------
    lost : the edits with unreadable audio found so far; the source plays in their place
    """

    def __init__(
        self,
        source: Reads,
        patches: Patches,
        frames: int,
        channels: int,
        offset_samples: int,
        stored: Stores | None = None,
        make_up: Callable[[Gap, Make, int], Sound] = made_up,
    ) -> None:
        self.source, self._make_up = source, make_up
        self.lost: dict[Replace, None] = {}
        self.channels = channels
        self._stored = stored
        self._patches, self.rate_hz = patches, patches.rate_hz
        self._frames, self._offset = frames, offset_samples
        self._tones: dict[tuple[int, int], Sound] = {}
        self._gaps: OrderedDict[Gap, Sound] = OrderedDict()
        self._voices: OrderedDict[Lift, Sound] = OrderedDict()

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> Block:
        """Return samples [start, stop) of the source as they are edited, shape (frames, channels)."""
        first, last = start + self._offset, stop + self._offset
        touched = self._touched(first, last)
        if touched == [(first, last)]:
            return self._gained(first, last).astype(dtype)
        block = self.source.read(start, stop, dtype=dtype)
        for begin, end in touched:
            block[begin - first : end - first] = self._gained(begin, end).astype(dtype)
        return block

    def fills(self, start: int, stop: int) -> bool:
        """Return whether [start, stop) is an insert with room tone; in document samples."""
        return start >= INSERTED_FROM and self._touched(start, stop) == [(start, stop)]

    def close(self) -> None:
        """Close the source."""
        self.source.close()

    def _touched(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the parts of [start, stop) that are changed, ascending and disjoint; in document samples."""
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

    def _clocked(self, start: int, stop: int) -> Sound:
        """Return the recording by the clock of the others."""
        clock = self._patches.clock
        if clock is None or start >= INSERTED_FROM:  # no clock has recorded what is inserted
            return self._raw(start, stop)
        return reclocked(self._raw, start, stop, clock.by_samples, clock.drift_ppm)

    def _replaced(self, start: int, stop: int) -> Sound:
        return self._layered(
            Replace, self._clocked, lambda one: lambda a, b: self._fill(one, a, b), start, stop
        )

    def _lifted(self, start: int, stop: int) -> Sound:
        """Return the audio after replacements, with voices of strokes moved."""
        if Lift not in self._patches.layers:
            return self._replaced(start, stop)
        block = self._layered(Lift, self._replaced, lambda one: self._moved(self._replaced, one), start, stop)
        for one in self._of(Lift, start, stop):
            if one.gains:
                take = partial(self._taken, one)
                block += delayed(take, start, stop, one.by_samples) - take(start, stop)
        return block

    def _taken(self, one: Lift, start: int, stop: int) -> Sound:
        """Return a lifted voice in [start, stop) of the timeline; zeros outside its span."""
        voice = _once(self._voices, one, lambda: lifted(one, self._replaced, self.rate_hz), VOICES_HELD)
        block = np.zeros((stop - start, self.channels))
        begin, end = max(start, one.start_samples), min(stop, one.stop_samples)
        if begin < end:
            block[begin - start : end - start] = voice[begin - one.start_samples : end - one.start_samples]
        return block

    def _sliced(self, start: int, stop: int) -> Sound:
        pieces = self._of(Piece, start, stop)
        below = self._near(pieces, start, stop)
        block = below(start, stop)
        for one in pieces:
            rise, fall = one.fade_in_samples, one.fade_out_samples
            inner = one.start_samples - rise // 2 + rise, one.stop_samples - fall // 2
            begin, end = max(start, inner[0]), min(stop, inner[1])
            if begin < end:
                block[begin - start : end - start] = self._heard(one.heard, below, begin, end)
            for at, fade, left, right in (
                (one.start_samples - rise // 2, rise, one.before, one.heard),
                (inner[1], fall, one.heard, 0.0),
            ):
                begin, end = max(start, at), min(stop, at + fade)
                if begin < end:
                    sides = (self._heard(side, below, at, at + fade) for side in (left, right))
                    block[begin - start : end - start] = crossfade(*sides)[begin - at : end - at]
        return block

    def _near(self, pieces: Sequence[Piece], start: int, stop: int) -> Make:
        """Return a reader of the layer below pieces, from memory if their sources are close together."""
        by = [heard for one in pieces for heard in (one.heard, one.before) if isinstance(heard, float)]
        fade = max((max(one.fade_in_samples, one.fade_out_samples) for one in pieces), default=0)
        first = start - fade - REACH_SAMPLES - ceil(max([0.0, *by]))
        last = stop + fade + REACH_SAMPLES - floor(min([0.0, *by]))
        if len(by) < 2 or last - first > 2 * (stop - start):
            return self._lifted
        held = self._lifted(first, last)
        return lambda begin, end: held[begin - first : end - first].copy()

    def _heard(self, heard: Heard, below: Make, start: int, stop: int) -> Sound:
        """Return the moved sound, a fill, or silence."""
        if heard is None:
            return np.zeros((stop - start, self.channels))
        if not isinstance(heard, Gap):
            return delayed(below, start, stop, heard)
        left = partial(self._heard, heard.by_samples, self._lifted)
        fill = _once(self._gaps, heard, lambda: self._make_up(heard, left, self.rate_hz), GAPS_HELD)
        return fill[start - heard.start_samples : stop - heard.start_samples]

    def _shifted(self, start: int, stop: int) -> Sound:
        below = self._sliced if Piece in self._patches.layers else self._lifted
        return self._layered(Shift, below, lambda one: self._moved(below, one), start, stop)

    def _moved(self, below: Make, one: Lift | Shift) -> Make:
        return lambda a, b: delayed(below, a, b, one.by_samples)

    def _gained(self, start: int, stop: int) -> Sound:
        block = self._shifted(start, stop)
        for one in self._of(Gain, start, stop):
            begin, end = max(start, one.start_samples), min(stop, one.stop_samples)
            block[begin - start : end - start] *= _gains(one, begin, end, self.rate_hz)[:, None]
        return block

    def _of(self, layer: type[_Layer], start: int, stop: int) -> list[_Layer]:
        if layer not in self._patches.layers:
            return []
        every = (self._patches.operations[place] for place in self._patches.touching(start, stop))
        return [one for one in every if isinstance(one, layer) and self._is_there(one)]

    def _is_there(self, one: Patch) -> bool:
        """Return whether the audio of an edit, if it needs any, can be read."""
        if not isinstance(one, Replace) or one.stored is None:
            return True
        found = self._stored is not None and self._stored.holds(one.stored)
        if not found:
            self.lost[one] = None
        return found

    def _layered(
        self, layer: type[_Faded], below: Make, over: Callable[[_Faded], Make], start: int, stop: int
    ) -> Sound:
        """Return the layer below with the edits of one layer over it, each with its crossfades."""
        block = below(start, stop)
        for one in self._of(layer, start, stop):
            if isinstance(one, Lift) and one.gains:
                continue
            fade, (first, last) = fade_samples(one, self.rate_hz), edges_of(one)
            make = over(one)
            inner = first - fade // 2 + fade, last - fade // 2
            begin, end = max(start, inner[0]), min(stop, inner[1])
            if begin < end:
                block[begin - start : end - start] = make(begin, end)
            for at, is_start in ((first - fade // 2, True), (inner[1], False)):
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
        """Return a seamless loop of room tone: its end is faded into its start."""
        if span not in self._tones:
            heard = self._clocked(*span)
            join = min(s_to_samples(TONE_JOIN_S, self.rate_hz), len(heard) // 2)
            loop = heard[: len(heard) - join].copy()
            loop[:join] = crossfade(heard[len(heard) - join :], heard[:join])
            self._tones[span] = loop
        return self._tones[span]


def _gains(one: Gain, start: int, stop: int, rate_hz: int) -> NDArray[np.float64]:
    """Return the gain at each sample of [start, stop), a range within the edit."""
    return gains_at(one, np.arange(start, stop), rate_hz)
