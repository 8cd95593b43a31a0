"""Outputs for frames: a device through PortAudio, or a clock without one; and the available devices."""

from __future__ import annotations

import contextlib
import importlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

from desktop.shell.playback.play_source import Frames
from desktop.shell.playback.ring import Feed, Ring

NO_DEVICE = "no audio device"

# PortAudio is not made for two threads: whoever looks for devices or opens one holds this.
_portaudio_lock = threading.RLock()
# A driver may never return: JACK waits for ever for a lock that a killed program has left.
LONGEST_START_S = 5.0
_open_streams: list[object] = []


class NoDeviceError(Exception):
    """Playback on a device is impossible; the text has the reason and starts with `NO_DEVICE`."""


@dataclass(frozen=True, slots=True)
class AudioChoice:
    """Output device and buffer.

    Attributes
    ----------
    device : the name of an output device; "" is whichever the system prefers
    buffer_ms : buffer of the device; 0 for its default
    """

    device: str = ""
    buffer_ms: int = 0


def load_portaudio() -> ModuleType:
    """Import sounddevice, which scans for devices once.

    Raises
    ------
    NoDeviceError : PortAudio is not installed
    """
    try:
        return importlib.import_module("sounddevice")
    except (ImportError, OSError) as error:
        raise NoDeviceError(f"{NO_DEVICE}: PortAudio is not installed") from error


@contextmanager
def portaudio(rescan: bool = False) -> Iterator[Any]:
    """Lock PortAudio against device scans of other threads.

    Parameters
    ----------
    rescan : scan for devices again; skipped while a stream is open, which a scan would end

    Raises
    ------
    NoDeviceError : PortAudio is not installed, or another thread waits for an audio driver
    """
    if not _portaudio_lock.acquire(timeout=LONGEST_START_S):
        raise NoDeviceError(f"{NO_DEVICE}: an audio driver does not answer")
    try:
        sounddevice = load_portaudio()
        if rescan and not _open_streams:
            # PortAudio has no other way to learn of devices that came or went.
            sounddevice._terminate()
            sounddevice._initialize()
        yield sounddevice
    finally:
        _portaudio_lock.release()


def opened(stream: object) -> None:
    """Count an open stream; call this while holding `portaudio`."""
    _open_streams.append(stream)


def closed(stream: object) -> None:
    """Count a closed stream."""
    with _portaudio_lock:
        if stream in _open_streams:
            _open_streams.remove(stream)


def find_device(sounddevice: Any, choice: AudioChoice) -> tuple[int | None, dict[str, Any]]:
    """Return the index (None: the system's own) and the facts of the device chosen.

    Raises
    ------
    NoDeviceError : it is not there
    """
    try:
        if not choice.device:
            return None, dict(sounddevice.query_devices(kind="output"))
        for index, device in enumerate(sounddevice.query_devices()):
            if device["name"] == choice.device and device["max_output_channels"]:
                return index, dict(device)
    except (sounddevice.PortAudioError, ValueError) as error:
        raise NoDeviceError(NO_DEVICE) from error
    raise NoDeviceError(f"{NO_DEVICE}: {choice.device} is not connected")


def output_devices() -> tuple[str, ...]:
    """Return the distinct names of all output devices; empty without PortAudio."""
    try:
        with portaudio(rescan=True) as sounddevice:
            found = [each["name"] for each in sounddevice.query_devices() if each["max_output_channels"]]
    except NoDeviceError:
        return ()
    return tuple(dict.fromkeys(found))


def wake() -> None:
    """Load PortAudio; without it, playback reports the error."""
    with contextlib.suppress(NoDeviceError), portaudio():
        pass


def can_open(choice: AudioChoice, rate_hz: int) -> bool:
    """Scan for devices again, and test the chosen one at this rate."""
    try:
        with portaudio(rescan=True) as sounddevice:
            index, facts = find_device(sounddevice, choice)
            channels = min(2, int(facts["max_output_channels"]))
            sounddevice.check_output_settings(index, channels, "float32", samplerate=rate_hz)
    except NoDeviceError:
        return False
    except sounddevice.PortAudioError:
        return False
    return True


SYSTEM_DEVICE = AudioChoice()
# A device that asks for nothing for so long is taken to be gone.
LOST_AFTER_S = 1.0


class Output(Protocol):
    """Takes from a `Feed` in real time. All methods belong to the window's thread."""

    status: str
    channels: int

    def start(self) -> None:
        """Start consuming. Raises NoDeviceError."""

    def stop(self) -> None:
        """Take no more, at once."""

    def close(self) -> None:
        """Release the device."""

    def heard(self) -> tuple[Ring, int]:
        """Return the ring and the frame of it that sounds now."""

    def poll(self) -> bool:
        """Write due frames; return whether more follow. Raises NoDeviceError: the device is gone."""

    def first_sound_s(self) -> float | None:
        """When the first sound since the start was handed over, on the clock of `time.monotonic`."""


class DeviceOutput:
    """The device chosen, through a PortAudio stream.

    Raises
    ------
    NoDeviceError : missing device, or unsupported sample rate
    """

    def __init__(
        self, feed: Feed, rate_hz: int, choice: AudioChoice = SYSTEM_DEVICE, rescan: bool = False
    ) -> None:
        self._feed = feed
        self._rate_hz = rate_hz
        self._first_sound_s: float | None = None
        # What the callback says of the last block: its ring, the frame after it, when that frame is heard.
        self._reached = (feed.ring, 0, 0.0)
        self._called_s = 0.0
        with portaudio(rescan) as sounddevice:
            self._portaudio: Any = sounddevice
            index, facts = find_device(sounddevice, choice)
            self.channels = min(2, int(facts["max_output_channels"]))
            self._name = str(facts["name"])
            self.status = f"{self._name}, {rate_hz} Hz"
            try:
                self._stream = sounddevice.OutputStream(
                    samplerate=rate_hz,
                    device=index,
                    channels=self.channels,
                    dtype="float32",
                    latency=choice.buffer_ms / 1000 if choice.buffer_ms else None,
                    callback=self._callback,
                )
            except sounddevice.PortAudioError as error:
                raise NoDeviceError(
                    f"{NO_DEVICE}: {self._name} does not support {rate_hz} Hz ({_reason(error)})"
                ) from error
            opened(self._stream)

    @property
    def latency_s(self) -> float:
        """Latency from a written sample to its playback, according to the driver."""
        return float(self._stream.latency)

    def start(self) -> None:
        """Start the stream; it plays silence until the feed has something."""
        self._first_sound_s = None
        self._reached = (self._feed.ring, self._feed.ring.taken, 0.0)
        self._called_s = time.monotonic()
        try:
            self._stream.stop()
            self._stream.start()
        except self._portaudio.PortAudioError as error:
            raise NoDeviceError(f"{NO_DEVICE}: {self._name} cannot start ({_reason(error)})") from error

    def stop(self) -> None:
        """Stop without playing the buffered frames of the device."""
        with contextlib.suppress(self._portaudio.PortAudioError):
            self._stream.abort()

    def close(self) -> None:
        """Close the stream; errors of a removed device are ignored."""
        with contextlib.suppress(self._portaudio.PortAudioError):
            self._stream.close()
        closed(self._stream)

    def heard(self) -> tuple[Ring, int]:
        """Return the playing frame: written frames less the reported latency.

        The stream is not asked for its time: ALSA ends the whole program when a device that was pulled out is
        asked.
        """
        ring, frame, heard_at_s = self._reached
        if heard_at_s:
            frame -= round((heard_at_s - time.monotonic()) * self._rate_hz)
        return ring, min(max(frame, 0), ring.taken)

    def poll(self) -> bool:
        """Return whether more follows; a stream that ends before the material was lost."""
        if not self._stream.active:
            if self._feed.ring.drained:
                return False
            raise NoDeviceError(f"{NO_DEVICE}: {self._name} was disconnected during playback")
        if time.monotonic() - self._called_s > LOST_AFTER_S:
            raise NoDeviceError(f"{NO_DEVICE}: {self._name} stopped accepting audio")
        return True

    def first_sound_s(self) -> float | None:
        """When the first sound since the start was handed over."""
        return self._first_sound_s

    def _callback(self, out: Frames, frames: int, clock: Any, status: Any) -> None:
        """Hand frames over: runs on PortAudio's thread, takes no lock and makes no buffer."""
        now_s = self._called_s = time.monotonic()
        sound = self._feed.fill(out)
        ring = self._feed.ring
        if sound and self._first_sound_s is None:
            self._first_sound_s = now_s
        # Some hosts give no time of hearing; the stream's latency stands in for it.
        dac_s = clock.outputBufferDacTime
        ahead_s = dac_s - clock.currentTime if dac_s else self._stream.latency
        self._reached = (ring, ring.taken, now_s + ahead_s + sound / self._rate_hz)
        if status.output_underflow:
            self._feed.underruns += 1
        if ring.drained and ring.following is None and sound < frames:
            raise self._portaudio.CallbackStop


class SilentOutput:
    """Lets the frames pass in real time, unheard, on a monotonic clock."""

    channels = 2

    def __init__(self, feed: Feed, rate_hz: int, status: str) -> None:
        self.status = status
        self._feed = feed
        self._rate_hz = rate_hz
        self._anchor_s = 0.0
        self._passed = 0
        self._first_sound_s: float | None = None

    def start(self) -> None:
        """Start the clock; it waits for the first frame."""
        self._first_sound_s = None

    def stop(self) -> None:
        """Nothing to stop: time only passes in `poll`."""

    def close(self) -> None:
        """Do nothing: no resources to release."""

    def heard(self) -> tuple[Ring, int]:
        """Return the position of the clock."""
        return self._feed.ring, self._feed.ring.taken

    def poll(self) -> bool:
        """Consume due frames; return whether more follow."""
        now_s = time.monotonic()
        if self._first_sound_s is None:
            self._anchor_s, self._passed = now_s, 0
            if self._feed.advance(1):
                self._first_sound_s, self._passed = now_s, 1
        due = int((now_s - self._anchor_s) * self._rate_hz) - self._passed
        self._passed += self._feed.advance(max(0, due))
        return not (self._feed.ring.drained and self._feed.ring.following is None)

    def first_sound_s(self) -> float | None:
        """When the clock began to move."""
        return self._first_sound_s


def _reason(error: Exception) -> str:
    """PortAudio's words without the numbers it adds."""
    words = str(error.args[0] if error.args else error)
    return words.removeprefix("Error opening OutputStream: ").partition(" [PaError")[0]
