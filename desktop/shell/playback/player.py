"""The transport of playback: play, stop, seek, loop, and the playing position; and its meters.

A sound device that went away is looked for gently, off the window's thread.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop.shell.playback.output import (
    LONGEST_START_S,
    SYSTEM_DEVICE,
    AudioChoice,
    DeviceOutput,
    NoDeviceError,
    Output,
    SilentOutput,
    can_open,
    wake,
)
from desktop.shell.playback.play_source import SourceFactory, fold_sentence
from desktop.shell.playback.reader import Cue, PositionMap, Reader
from desktop.shell.playback.ring import Feed, PlayedLevels, Ring, together

FIRST_LOOK_MS = 1_000
LAST_LOOK_MS = 8_000
# A device that was found and lost again within this time is looked for less often each time.
STEADY_S = 20.0


class DeviceSearch(QObject):
    """Scans periodically until a device opens.

    Looking takes PortAudio a tenth of a second and more, so a thread does it.

    Signals
    -------
    found : the device can be opened; on the window's thread
    """

    found = Signal()
    _looked = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choice, self._rate_hz = AudioChoice(), 0
        self._thread: threading.Thread | None = None
        self._found_s = -STEADY_S
        self._wait_ms = FIRST_LOOK_MS
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._look)
        self._looked.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def begin(self, choice: AudioChoice, rate_hz: int) -> None:
        """Start searching until a device is found or the search ends."""
        self._choice, self._rate_hz = choice, rate_hz
        steady = time.monotonic() - self._found_s >= STEADY_S
        self._wait_ms = FIRST_LOOK_MS if steady else min(2 * self._wait_ms, LAST_LOOK_MS)
        self._timer.start(self._wait_ms)

    def wake(self) -> None:
        """Let PortAudio scan the devices once, to avoid a delay at the first playback."""
        if self._thread is None:
            self._thread = threading.Thread(target=wake, name="device search", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Stop scanning."""
        self._timer.stop()

    def close(self) -> None:
        """Stop scanning, and wait for the running scan, but not for a driver that does not answer."""
        self.end()
        if self._thread is not None:
            self._thread.join(LONGEST_START_S)
            self._thread = None

    def _look(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            self._timer.start(self._wait_ms)
            return
        choice, rate_hz = self._choice, self._rate_hz
        self._thread = threading.Thread(
            target=lambda: self._looked.emit(can_open(choice, rate_hz)), name="device search", daemon=True
        )
        self._timer.start(LAST_LOOK_MS)  # until the answer: it also says that the search goes on
        self._thread.start()

    def _take(self, is_there: bool) -> None:
        if not self._timer.isActive():  # it ended meanwhile
            return
        if is_there:
            self._timer.stop()
            self._found_s = time.monotonic()
            self.found.emit()
        else:
            self._wait_ms = min(round(1.5 * self._wait_ms), LAST_LOOK_MS)
            self._timer.start(self._wait_ms)


POLL_MS = 16
STEREO = 2


def same_moment(position_samples: int) -> int:
    """The map between two sources of one timeline."""
    return position_samples


class Player(QObject):
    """Plays a source on the chosen device, or silently until the device is available.

    Positions are samples of the source given last. All methods belong to the window's thread, and so do the
    signals.

    Signals
    -------
    position_changed(int) : while playing, some sixty times a second
    playing_changed(bool) : also at the end of the material
    device_status_changed(str) : one line for the status bar, see `device_status`
    failed(str) : one sentence; the source could not be read and playing has stopped
    """

    position_changed = Signal(object)
    playing_changed = Signal(bool)
    device_status_changed = Signal(str)
    failed = Signal(str)
    _reader_failed = Signal(object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._factory: SourceFactory | None = None
        self._rate_hz = 0
        self._reader: Reader | None = None
        self._feed = Feed(Ring(1, 1, 0))
        self._metered = self._feed.ring
        self._output: Output | None = None
        self._choice = SYSTEM_DEVICE
        self._search = DeviceSearch(self)
        self._search.found.connect(self._take_device_back)
        self._generation = 0
        # Wishes whose ring is not heard yet, and how each of them moves the position.
        self._pending: list[tuple[int, PositionMap]] = []
        self._playing = False
        self._position = 0
        self._stop_at: int | None = None
        self._loop: tuple[int, int] | None = None
        self._gain = 1.0
        self._device_status = ""
        self._asked_s = 0.0
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._reader_failed.connect(self._on_reader_failed, Qt.ConnectionType.QueuedConnection)

    # What there is to know.

    @property
    def is_playing(self) -> bool:
        """Whether the transport moves."""
        return self._playing

    @property
    def position_samples(self) -> int:
        """The playing sample: clock of the stream less its latency."""
        if not self._moves or self._output is None:
            return self._position
        ring, frame = self._output.heard()
        position = ring.position_at(frame)
        for generation, to_new in self._pending:
            if generation > ring.generation:
                position = to_new(position)
        return position

    @property
    def device_status(self) -> str:
        """The device and its rate, or 'no audio device' and why; empty before anything was played."""
        return self._device_status

    @property
    def underruns(self) -> int:
        """How often the device asked for samples that were not rendered yet, since this player was made."""
        return self._feed.underruns

    @property
    def ahead_samples(self) -> int:
        """Rendered audio not yet written to the device; the rest at the end of the material."""
        ring = self._feed.ring
        return ring.written - ring.taken

    @property
    def start_delay_s(self) -> float | None:
        """Delay of the last start, from `play` to the first sample sent to the device."""
        first_s = self._output.first_sound_s() if self._output is not None else None
        return None if first_s is None else first_s - self._asked_s

    @property
    def device_latency_s(self) -> float | None:
        """Output latency according to the driver; None without a device."""
        return self._output.latency_s if isinstance(self._output, DeviceOutput) else None

    def take_levels(self) -> PlayedLevels | None:
        """Return the levels played since the last call, or None."""
        if self._output is None:
            return None
        (ring, frame), before = self._output.heard(), self._metered
        self._metered = ring
        if not self._moves:  # what the device was given and did not play is not heard; at an end all of it is
            return ring.levels.take(ring.taken) if ring.drained else None
        if before is not ring:
            return together([before.levels.take(before.taken), ring.levels.take(frame)])
        return ring.levels.take(frame)

    # What can be done.

    def set_audio(self, choice: AudioChoice) -> None:
        """Switch playback to this device, also while playing."""
        if choice == self._choice:
            return
        self._choice = choice
        if self._moves:
            self._position = self.position_samples
        self._let_device_go()
        if self._moves:
            self._open_output()
            self._run()

    def set_source(self, factory: SourceFactory, rate_hz: int) -> None:
        """Stop, and load this source at its start.

        Parameters
        ----------
        factory : makes the source; called on the reader's thread, which alone reads and closes it
        """
        self.stop()
        if rate_hz != self._rate_hz:
            self._release()
        self._factory, self._rate_hz = factory, rate_hz
        self._end_reader()
        self._position, self._loop = 0, None

    def prepare(self) -> None:
        """Open the source and wake the sound system, so that the first play is as quick as any later one."""
        if self._factory is not None and self._reader is None:
            self._search.wake()
            self._reader = Reader(self._rate_hz, STEREO, self._reader_failed.emit)
            self._reader.start()
            self._reader.cue(Cue(0, self._position, factory=self._factory))

    def swap_source(self, factory: SourceFactory, to_new: PositionMap = same_moment) -> None:
        """Switch to another source at the same position, without a gap during playback.

        Parameters
        ----------
        factory : makes a source of the same rate
        to_new : maps a position in the old source to the new one; also called on the reader's thread
        """
        self._factory = factory
        if self._loop is not None:
            self._loop = (to_new(self._loop[0]), to_new(self._loop[1]))
        if self._stop_at is not None:
            self._stop_at = to_new(self._stop_at)
        if self._moves:
            self._wish(to_new, to_new, factory)
        else:
            self._position = to_new(self._position)
            self._end_reader()

    def play(self, start_samples: int | None = None, stop_samples: int | None = None) -> None:
        """Play from a position (default: the current one) to another (default: the end)."""
        if self._factory is None:
            return
        self._asked_s = time.monotonic()
        self._position = self.position_samples if start_samples is None else start_samples
        self._stop_at = stop_samples
        if self._moves:
            self._go_to(self._position)
            return
        self._open_output()
        self._playing = True
        self._timer.start()
        self._run()
        self._tell_device_status()
        self.playing_changed.emit(True)

    def stop(self) -> None:
        """Stop at once; the position does not change."""
        if self._moves:
            self._halt_at(self.position_samples)

    def seek(self, position_samples: int) -> None:
        """Seek to a position, and continue playback if it was running."""
        self._stop_at = None
        if self._moves:
            self._go_to(position_samples)
        else:
            self._position = position_samples
            self.position_changed.emit(position_samples)

    def set_loop(self, span: tuple[int, int] | None) -> None:
        """Loop the span [start, stop) if the playhead is before its stop; None: play on."""
        self._loop = span
        if self._moves:
            self._wish(same_moment, same_moment)

    def set_gain(self, gain_db: float) -> None:
        """Set the gain of all that is played from now on; 0 dB plays the samples of the source."""
        gain = float(10.0 ** (gain_db / 20.0))
        if gain == self._gain:
            return
        self._gain = gain
        if self._moves:
            self._wish(same_moment, same_moment)

    def close(self) -> None:
        """Stop, end the reader thread and release source and device."""
        self.stop()
        self._release()

    # How it is done.

    @property
    def _moves(self) -> bool:
        """Whether reader and output are running; `is_playing` lasts until the last position signal."""
        return self._timer.isActive()

    def _open_output(self) -> None:
        """Open an output: the device, retried after a failure, or else the clock."""
        if isinstance(self._output, DeviceOutput):
            return
        try:
            rescan = self._output is not None
            output: Output = DeviceOutput(self._feed, self._rate_hz, self._choice, rescan)
        except NoDeviceError as error:
            output = SilentOutput(self._feed, self._rate_hz, str(error))
            self._search.begin(self._choice, self._rate_hz)
        self._take_output(output)

    def _take_output(self, output: Output) -> None:
        """Switch to another output; the reader adapts to its channels."""
        if self._reader is not None and output.channels != self._reader.device_channels:
            self._end_reader()
        self._output = output

    def _run(self) -> None:
        """Start reader and output at the current position, with empty buffers."""
        assert self._output is not None
        factory = None
        if self._reader is None:
            factory = self._factory
            self._reader = Reader(self._rate_hz, self._output.channels, self._reader_failed.emit)
            self._reader.start()
        self._feed.ring = Ring(1, self._output.channels, 0)
        self._go_to(self._position, factory, self._feed.ring)
        try:
            self._output.start()
        except NoDeviceError as error:
            self._fall_back(str(error))

    def _fall_back(self, status: str) -> None:
        """Continue without the device from the reached position."""
        assert self._output is not None
        self._output.close()
        self._take_output(SilentOutput(self._feed, self._rate_hz, status))
        self._search.begin(self._choice, self._rate_hz)
        self._run()

    def _take_device_back(self) -> None:
        """Continue with the reconnected device from the reached position."""
        if not self._moves or isinstance(self._output, DeviceOutput):
            return
        self._position = self.position_samples
        self._open_output()
        if isinstance(self._output, DeviceOutput):
            self._run()

    def _go_to(
        self, position_samples: int, factory: SourceFactory | None = None, after: Ring | None = None
    ) -> None:
        """Restart the reader at another position."""
        self._wish(position_samples, lambda _: position_samples, factory, after)

    def _wish(
        self,
        start: int | PositionMap,
        to_new: PositionMap,
        factory: SourceFactory | None = None,
        after: Ring | None = None,
    ) -> None:
        """Replace the playing source; positions refer to the new one."""
        assert self._reader is not None
        self._generation += 1
        self._pending.append((self._generation, to_new))
        self._reader.cue(Cue(self._generation, start, self._stop_at, self._loop, factory, after, self._gain))

    def _poll(self) -> None:
        """Follow playback; detect the end of the material or a lost device."""
        assert self._output is not None
        try:
            more = self._output.poll()
        except NoDeviceError as error:
            self._position, more = self.position_samples, True
            self._fall_back(str(error))
        ring = self._output.heard()[0]
        self._pending = [(number, to_new) for number, to_new in self._pending if number > ring.generation]
        self._tell_device_status()
        if not more and not self._pending:
            self._halt_at(ring.position_at(ring.taken))
            return
        if not more:  # the material ended just before a new wish was fulfilled
            self._position = self.position_samples
            self._run()
        self.position_changed.emit(self.position_samples)

    def _halt_at(self, position_samples: int) -> None:
        """Stop reader and output, and emit the last position before the end of playback."""
        assert self._output is not None
        assert self._reader is not None
        self._timer.stop()
        self._search.end()
        self._output.stop()
        self._reader.rest()
        self._position = position_samples
        self._pending.clear()
        self.position_changed.emit(position_samples)
        if not self._moves:  # nobody started it again on hearing of the position
            self._playing = False
            self.playing_changed.emit(False)

    def _on_reader_failed(self, reader: Reader, sentence: str) -> None:
        """Stop with an error message, unless the source was replaced meanwhile."""
        if reader is self._reader:
            self.stop()
            self.failed.emit(sentence)

    def _tell_device_status(self) -> None:
        """Update the text for the status bar."""
        if self._output is None or self._reader is None:
            return
        folded = fold_sentence(self._reader.source_channels, self._output.channels)
        status = ", ".join(part for part in (self._output.status, folded) if part)
        if status != self._device_status:
            self._device_status = status
            self.device_status_changed.emit(status)

    def _end_reader(self) -> None:
        """End the reader's thread, which closes the source."""
        if self._reader is not None:
            self._reader.finish()
            self._reader = None

    def _release(self) -> None:
        """Release source and device."""
        self._end_reader()
        self._search.close()
        self._let_device_go()

    def _let_device_go(self) -> None:
        if self._output is not None:
            self._output.close()
            self._output = None


SHOW_MS = 33
SILENCE = PlayedLevels({}, (0.0, 0.0), 0.0)


class Meters(Protocol):
    """Displays for levels."""

    def show_levels(
        self, tracks: dict[str, float], mix: tuple[float, float], true_peak: float, passed_s: float
    ) -> bool:
        """Show the highest absolute values of a time; return whether anything moves on."""


class Metering(QObject):
    """Updates thirty times a second during playback, and until the meters rest."""

    def __init__(self, player: Player, meters: Meters, parent: QObject) -> None:
        super().__init__(parent)
        self._player, self._meters = player, meters
        self._shown_s = 0.0
        self._timer = QTimer(self, interval=SHOW_MS)
        self._timer.timeout.connect(self._show)
        player.playing_changed.connect(self._follow)

    def _follow(self, playing: bool) -> None:
        if playing and not self._timer.isActive():
            self._shown_s = time.monotonic()
            self._timer.start()

    def _show(self) -> None:
        now_s = time.monotonic()
        passed_s, self._shown_s = now_s - self._shown_s, now_s
        heard = self._player.take_levels() or SILENCE
        moves = self._meters.show_levels(dict(heard.tracks), heard.mix, heard.true_peak, passed_s)
        if not (moves or self._player.is_playing):
            self._timer.stop()
