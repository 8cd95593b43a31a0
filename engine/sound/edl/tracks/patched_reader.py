"""Readers of a track: of its clips as one recording, and of its edited sound over that.

Samples outside edits, and of a clip that plays unchanged, are those of the source, bit for bit. Between
clips there is silence, which reads no file. Fades of clips have equal power and depend on the position
alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from math import ceil, floor
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.core.timebase import s_to_samples, united
from engine.document.kinds.operations import Gain, Lift, Replace, Shift
from engine.document.tracks import SILENT_DB, Clip, Track, Visible, visible
from engine.sound.edl.crossfade import Block, crossfade
from engine.sound.edl.edit_list import INSERTED_FROM
from engine.sound.edl.fills import made_up
from engine.sound.edl.slices import Gap, Piece, PieceSound
from engine.sound.edl.tracks.delay import REACH_SAMPLES, Sound, delayed, lifted, reclocked
from engine.sound.edl.tracks.patches import Patch, Patches, edges_of, fade_samples, gains_at
from engine.sound.edl.tracks.stored_sounds import Stores
from engine.sound.reader import SourceReader

Make = Callable[[int, int], Sound]

_Key = TypeVar("_Key")
_Layer = TypeVar("_Layer", Replace, Lift, Piece, Shift, Gain)
_Faded = TypeVar("_Faded", Replace, Lift, Shift)

TONE_JOIN_S = 0.05
"""Overlap of the ends of room tone in a loop."""
GAPS_HELD = 8
"""Cached fills: a block and its neighbours rarely touch more."""
FILES_OPEN = 8
"""Files of one track that stay open: neighbouring blocks read the same few."""
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
                block[begin - start : end - start] = self._played_sound(one.sound, below, begin, end)
            for at, fade, left, right in (
                (one.start_samples - rise // 2, rise, one.before, one.sound),
                (inner[1], fall, one.sound, 0.0),
            ):
                begin, end = max(start, at), min(stop, at + fade)
                if begin < end:
                    sides = (self._played_sound(side, below, at, at + fade) for side in (left, right))
                    block[begin - start : end - start] = crossfade(*sides)[begin - at : end - at]
        return block

    def _near(self, pieces: Sequence[Piece], start: int, stop: int) -> Make:
        """Return a reader of the layer below pieces, from memory if their sources are close together."""
        by = [sound for one in pieces for sound in (one.sound, one.before) if isinstance(sound, float)]
        fade = max((max(one.fade_in_samples, one.fade_out_samples) for one in pieces), default=0)
        first = start - fade - REACH_SAMPLES - ceil(max([0.0, *by]))
        last = stop + fade + REACH_SAMPLES - floor(min([0.0, *by]))
        if len(by) < 2 or last - first > 2 * (stop - start):
            return self._lifted
        held = self._lifted(first, last)
        return lambda begin, end: held[begin - first : end - first].copy()

    def _played_sound(self, sound: PieceSound, below: Make, start: int, stop: int) -> Sound:
        """Return the moved sound, a fill, or silence."""
        if sound is None:
            return np.zeros((stop - start, self.channels))
        if not isinstance(sound, Gap):
            return delayed(below, start, stop, sound)
        left = partial(self._played_sound, sound.by_samples, self._lifted)
        fill = _once(self._gaps, sound, lambda: self._make_up(sound, left, self.rate_hz), GAPS_HELD)
        return fill[start - sound.start_samples : stop - sound.start_samples]

    def _shifted(self, start: int, stop: int) -> Sound:
        below = self._sliced if Piece in self._patches.layers else self._lifted
        return self._layered(Shift, below, lambda one: self._moved(below, one), start, stop)

    def _moved(self, below: Make, one: Lift | Shift) -> Make:
        return lambda a, b: delayed(below, a, b, one.by_samples)

    def _gained(self, start: int, stop: int) -> Sound:
        block = self._shifted(start, stop)
        for one in self._of(Gain, start, stop):
            begin, end = max(start, one.start_samples), min(stop, one.stop_samples)
            block[begin - start : end - start] *= gains_at(one, np.arange(begin, end), self.rate_hz)[:, None]
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
            tone = self._clocked(*span)
            join = min(s_to_samples(TONE_JOIN_S, self.rate_hz), len(tone) // 2)
            loop = tone[: len(tone) - join].copy()
            loop[:join] = crossfade(tone[len(tone) - join :], tone[:join])
            self._tones[span] = loop
        return self._tones[span]


class ClipReader:
    """Reads a track from its first clip to its last; used by one thread at a time.

    Parameters
    ----------
    channels : of the track; a mono clip plays on all of them, any other on the first ones
    open_source : opens the source of an id at the document's rate
    """

    def __init__(self, track: Track, channels: int, open_source: Callable[[str], Reads]) -> None:
        self.channels = channels
        self._start = track.start_samples
        self._open_source = open_source
        self._visible = visible(track.clips)
        spans = [(one.start_samples, one.stop_samples) for one in self._visible]
        self._starts, self._stops = np.array(spans, np.int64).reshape(-1, 2).T
        self._readers: OrderedDict[str, Reads] = OrderedDict()
        self._left_out: dict[str, str] = {}

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> Block:
        """Return samples [start, stop) from the start of the track, shape (frames, channels)."""
        first, last = start + self._start, stop + self._start
        block: Block = np.zeros((stop - start, self.channels), dtype)
        for place in np.flatnonzero((self._starts < last) & (self._stops > first)).tolist():
            self._lay(self._visible[place], block, first)
        return block

    def _lay(self, one: Visible, block: Block, first: int) -> None:
        """Lay a clip over the clips below it."""
        clip = one.clip
        begin, end = max(one.start_samples, first), min(one.stop_samples, first + len(block))
        played = self._played(clip, begin, end, block.dtype)
        width = self.channels if played.shape[1] == 1 else played.shape[1]
        here = block[begin - first : end - first]
        opaque_start, opaque_stop = clip.opaque
        if opaque_start <= begin and end <= opaque_stop:
            here[:, :width], here[:, width:] = played, 0.0
            return
        power = fade_powers(clip, np.arange(begin, end, dtype=np.float64))[:, None]
        here *= np.sqrt(1.0 - power).astype(block.dtype)
        here[:, :width] += played * np.sqrt(power).astype(block.dtype)

    def _played(self, clip: Clip, begin: int, end: int, dtype: DTypeLike) -> Block:
        """Return a span of the timeline as a clip plays it, without its fades."""
        if clip.gain_db == SILENT_DB:
            return np.zeros((end - begin, 1), dtype)
        source = self._reader(clip.source_id)
        played = source.read(begin - clip.shift_samples, end - clip.shift_samples, dtype=dtype)
        return played * np.asarray(10.0 ** (clip.gain_db / 20.0), dtype) if clip.gain_db else played

    def _reader(self, source_id: str) -> Reads:
        if source_id not in self._readers:
            if len(self._readers) >= FILES_OPEN:
                self._close(*self._readers.popitem(last=False))
            self._readers[source_id] = self._open_source(source_id)
        self._readers.move_to_end(source_id)
        return self._readers[source_id]

    def _close(self, source_id: str, reader: Reads) -> None:
        self._left_out[source_id] = _left_out(reader)
        reader.close()

    @property
    def left_out(self) -> str:
        """Notices of invalid samples read so far, or ""."""
        found = {**self._left_out, **{key: _left_out(reader) for key, reader in self._readers.items()}}
        return " ".join(filter(None, found.values()))

    def close(self) -> None:
        """Close the sources."""
        while self._readers:
            self._close(*self._readers.popitem())


def _left_out(reader: Reads) -> str:
    return reader.left_out if isinstance(reader, SourceReader) else ""


def fade_powers(clip: Clip, positions_samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of power, 0 to 1, that a clip has at positions of the timeline, shape (n,).

    The clip below has the rest. Square roots give gains with the same bits for any block size, sines do not.
    """
    powers = np.ones(len(positions_samples))
    for length, from_edge in (
        (clip.fade_in_samples, positions_samples - clip.start_samples + 0.5),
        (clip.fade_out_samples, clip.stop_samples - positions_samples - 0.5),
    ):
        if length:
            powers = np.minimum(powers, np.clip(from_edge / length, 0.0, 1.0))
    return powers
