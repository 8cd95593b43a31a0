"""Reader thread that renders ahead of playback."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from desktop.shell.playback.play_source import PlaySource, SourceFactory, to_device_channels
from desktop.shell.playback.ring import BlockMeter, Following, Ring
from engine.core.errors import OffcutError
from engine.core.extensions import unexpected_message

# Short blocks while little is ahead, so that sound comes soon; then long ones, which ask for Python's lock a
# quarter as often: while a model trains, each time may cost milliseconds.
BLOCK_FRAMES, LONG_BLOCK_FRAMES = 2048, 8192
# Long enough for a machine that has no time for this thread for more than a second.
AHEAD_S = 2.0
# How much of it is rendered without a pause.
SOON_AHEAD_S = 0.6
# What is rendered before the device hears of it: more than any device takes at once when it starts.
PREFILL_S = 0.25
# How far ahead of the device a ring takes over without a gap: more than a prefill takes to render.
HAND_OVER_S = 0.15
# How long it waits for a wish while there is something to render, and while the ring is full.
POLL_S, FULL_POLL_S = 0.02, 0.1

PositionMap = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Cue:
    """A request: source, start and end.

    Attributes
    ----------
    generation : the number of the wish
    start : a position in samples; for a gapless switch, a function from the played position to the new one
    stop_samples : end position; None: the end of the material
    loop : loop span [start, stop), active if the playhead is before its stop
    factory : creates the next source; None: the same as before
    after : the ring to follow; None: the newest
    gain : factor of the samples on their way to the device, not of their levels
    """

    generation: int
    start: int | PositionMap
    stop_samples: int | None = None
    loop: tuple[int, int] | None = None
    factory: SourceFactory | None = None
    after: Ring | None = None
    gain: float = 1.0


class Reader(threading.Thread):
    """Owns the source and keeps the newest ring full.

    Parameters
    ----------
    on_failure : called on this thread, with this reader and one sentence, when the source cannot be read

    Attributes
    ----------
    device_channels : number of channels of the rings
    source_channels : of the source last opened; 0 before
    """

    def __init__(self, rate_hz: int, device_channels: int, on_failure: Callable[[Reader, str], None]) -> None:
        super().__init__(name="playback reader")
        self._ring = Ring(1, device_channels, 0)
        self._rate_hz = rate_hz
        self._meter = BlockMeter(rate_hz)
        self.device_channels = device_channels
        self._on_failure = on_failure
        self._wishes: queue.SimpleQueue[Cue | None] = queue.SimpleQueue()
        self._filling = threading.Event()
        self._factory: SourceFactory | None = None
        self._source: PlaySource | None = None
        self._cue = Cue(0, 0)
        self._looping = False
        self._position = 0
        self.source_channels = 0

    def cue(self, cue: Cue) -> None:
        """Request another playback; returns at once."""
        self._filling.set()
        self._wishes.put(cue)

    def rest(self) -> None:
        """Render no further until the next cue."""
        self._filling.clear()

    def finish(self) -> None:
        """End the thread and release the source; returns after the thread has ended."""
        self._filling.clear()
        self._wishes.put(None)
        self.join()

    def run(self) -> None:
        """Serve wishes; between them keep the ring full."""
        while True:
            try:
                wish = self._wishes.get(timeout=self._pause_s() if self._has_work() else None)
            except queue.Empty:
                wish = self._cue
            if wish is None:
                break
            try:
                if wish is not self._cue:
                    self._begin(wish)
                self._keep_full()
            except OffcutError as error:
                self._fail(str(error))
            except Exception as error:
                logging.getLogger(__name__).exception("playback failed")
                self._fail(unexpected_message(error) or f"Playback stopped: {type(error).__name__}: {error}.")
        self._close_source()

    def _pause_s(self) -> float:
        return POLL_S if self._ring.free >= LONG_BLOCK_FRAMES else FULL_POLL_S

    def _has_work(self) -> bool:
        return self._filling.is_set() and not self._ring.ended

    def _begin(self, cue: Cue) -> None:
        """Start a new ring for a cue and let it follow the old one."""
        old, self._cue = cue.after or self._ring, cue
        capacity = max(round(AHEAD_S * self._rate_hz), 2 * LONG_BLOCK_FRAMES)
        self._ring = Ring(capacity, self.device_channels, cue.generation)
        self._meter = BlockMeter(self._rate_hz)
        at_frame = None
        try:
            if callable(cue.start):
                at_frame = min(old.taken + round(HAND_OVER_S * self._rate_hz), old.written)
                self._position = cue.start(old.position_at(at_frame))
            else:
                self._position = cue.start
            self._ring.mark(self._position)
            self._open(cue.factory)
            self._looping = cue.loop is not None and self._position < cue.loop[1]
            self._fill(round(PREFILL_S * self._rate_hz))
            if at_frame is not None:
                self._catch_up(old, at_frame)
        finally:
            old.following = Following(self._ring, at_frame)

    def _open(self, factory: SourceFactory | None) -> None:
        """Switch to another source, or reopen the last one after a failure."""
        if factory is not None:
            self._factory = factory
            self._close_source()
        if self._source is None and self._factory is not None:
            self._source = self._factory()
            self.source_channels = self._source.channels
            if self._source.rate_hz != self._rate_hz:
                raise ValueError(f"a source of {self._source.rate_hz} Hz in a player of {self._rate_hz} Hz")

    def _close_source(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None

    def _fill(self, ahead_samples: int) -> None:
        """Render ahead up to a limit; a new request interrupts it."""
        ring = self._ring
        while ring.written - ring.taken < ahead_samples:
            if ring.ended or not self._filling.is_set():
                return
            self._render(BLOCK_FRAMES)
            if not self._wishes.empty() and ring.written > BLOCK_FRAMES:
                return

    def _catch_up(self, old: Ring, at_frame: int) -> None:
        """Render ahead of the device's progress, because the old ring keeps playing meanwhile."""
        ring, ahead = self._ring, round(SOON_AHEAD_S * self._rate_hz)
        while ring.written - max(0, old.taken - at_frame) < ahead and ring.free >= LONG_BLOCK_FRAMES:
            if ring.ended or not self._filling.is_set() or not self._wishes.empty():
                return
            self._render(LONG_BLOCK_FRAMES)

    def _keep_full(self) -> None:
        """Render due audio: all of it if little is buffered, else one long block if the ring has room."""
        self._fill(round(SOON_AHEAD_S * self._rate_hz))
        if self._has_work() and self._wishes.empty() and self._ring.free >= LONG_BLOCK_FRAMES:
            self._render(LONG_BLOCK_FRAMES)

    def _render(self, frames: int) -> None:
        """Write one block into the ring, with wrap-around at the end of a loop."""
        assert self._source is not None
        begin, end = 0, self._source.length_samples
        if self._looping and self._cue.loop is not None:
            begin, end = self._cue.loop[0], min(self._cue.loop[1], end)
        elif self._cue.stop_samples is not None:
            end = min(end, self._cue.stop_samples)
        while frames:
            if self._position >= end and self._looping and begin < end:
                self._position = begin
                self._ring.mark(begin)
            stop = min(end, self._position + frames)
            if stop <= self._position:
                self._ring.ended = True
                return
            block, levels = self._meter.read(self._source, (self._position, stop), self._ring.written)
            self._ring.levels.add(levels)  # before the frames: until then nobody hears them
            frames_out = to_device_channels(block, self.device_channels)
            self._ring.put(frames_out if self._cue.gain == 1.0 else frames_out * np.float32(self._cue.gain))
            frames -= stop - self._position
            self._position = stop

    def _fail(self, sentence: str) -> None:
        self._ring.ended = True
        self._on_failure(self, sentence)
