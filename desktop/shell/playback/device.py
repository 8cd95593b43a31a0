"""Available audio devices, and the chosen one."""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

NO_DEVICE = "no audio device"

# PortAudio is not made for two threads: whoever looks for devices or opens one holds this.
_portaudio_lock = threading.RLock()
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
    NoDeviceError : PortAudio is not installed
    """
    with _portaudio_lock:
        sounddevice = load_portaudio()
        if rescan and not _open_streams:
            # PortAudio has no other way to learn of devices that came or went.
            sounddevice._terminate()
            sounddevice._initialize()
        yield sounddevice


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
