"""The decoder for formats beyond libsndfile: PyAV, whose wheels include FFmpeg's libraries.

It decodes in child processes (`engine.sound.decoders.av_child`), so that a file that crashes a library, or
takes too much memory or time, is refused like any other.
"""

from __future__ import annotations

import atexit
import json
import signal
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from struct import Struct
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.build import module_command, module_environment
from engine.core.errors import SourceError
from engine.sound.decoders import limited_process
from engine.sound.decoders.decoder import Decoder, Tracks, track_words
from engine.sound.decoders.ffmpeg_codecs import unread_tracks
from engine.sound.decoders.forward import SUFFIXES, ForwardStream, damaged, undecodable, unread_codec
from engine.sound.decoders.limited_process import LimitedProcess
from engine.sound.decoders.signature import Signature
from engine.sound.opening import explained

_LENGTHS = Struct("<II")  # of an answer, see `av_child`
_MOST_IDLE = 2
_AHEAD = 3
"""Blocks that a child decodes before they are needed."""


class _Child:
    """A child process that decodes one file after another."""

    def __init__(self) -> None:
        environment = {**module_environment(), "OPENBLAS_NUM_THREADS": "1"}  # each thread reserves memory
        command = module_command("engine.sound.decoders.av_child")
        self._process = LimitedProcess(command, environment=environment, takes_orders=True)
        self.is_waiting = True
        """Whether it waits for a file."""

    def begin(self, path: Path, signature: Signature, track: int) -> None:
        """Order a pass over a file."""
        self.is_waiting = False
        self.order(json.dumps({"path": str(path.absolute()), "demuxer": signature.demuxer, "track": track}))

    def order(self, words: str) -> None:
        """Write an order; if the child has ended, no answer follows."""
        with suppress(OSError):
            self._process.write(f"{words}\n".encode())

    def answer(self, path: Path) -> tuple[dict[str, Any], bytearray]:
        """Return the next answer about a file, with samples if it has any.

        Raises
        ------
        SourceError : the file does not decode: the child has ended, or was ended
        """
        head = self._filled(path, _LENGTHS.size)
        text, samples = (self._filled(path, length) for length in _LENGTHS.unpack(head))
        words: dict[str, Any] = json.loads(text)
        if words.get("refused") == "memory":
            raise undecodable(path, f"takes more than {limited_process.MEMORY_BYTES >> 20:,} MiB of memory")
        self.is_waiting = words.get("is_last", False)
        return words, samples

    def _filled(self, path: Path, length: int) -> bytearray:
        buffer = bytearray(length)
        if not self._process.fill(memoryview(buffer)):
            raise self._ended(path)
        return buffer

    def _ended(self, path: Path) -> SourceError:
        if self._process.is_silent:
            return undecodable(path, f"has not answered for {limited_process.PATIENCE_S:g} s")
        status = self._process.wait()
        by = ""
        if status is not None and status < 0:
            with suppress(ValueError):
                by = f" ({signal.Signals(-status).name})"
        return undecodable(path, f"has crashed{by}")

    @property
    def is_running(self) -> bool:
        """Return whether it has not ended."""
        return self._process.status is None

    def end(self) -> None:
        """End the process."""
        self._process.end()


class _Children:
    """The idle children; a few, so that many small files do not start one each."""

    def __init__(self) -> None:
        self._idle: list[_Child] = []
        self._lock = Lock()

    def take(self, path: Path) -> _Child:
        """Return a child that waits, or a new one.

        Raises
        ------
        SourceError : the system starts none
        """
        while True:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            if child is None:
                with explained(path):
                    return _Child()
            if child.is_running:
                return child
            child.end()

    def give_back(self, child: _Child) -> None:
        """Reuse a child for the next file; else end it."""
        with self._lock:
            is_reused = child.is_waiting and len(self._idle) < _MOST_IDLE
            if is_reused:
                self._idle.append(child)
        if not is_reused:
            child.end()

    def end(self) -> None:
        """End those that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()


CHILDREN = _Children()
atexit.register(CHILDREN.end)


class PyAvDecoding:
    """See `engine.sound.decoders.forward.Decoding`."""

    is_incomplete = False

    def __init__(self, path: Path, signature: Signature, track: int) -> None:
        self._path, self._signature, self._track = path, signature, track
        self._child = CHILDREN.take(path)
        try:
            self._child.begin(path, signature, track)
            about, _ = self._answer()
        except BaseException:
            CHILDREN.give_back(self._child)
            raise
        self.tracks = _tracks(path, track, about)
        self.codec, self.subtype = str(about["codec"]), str(about["subtype"])
        self.rate_hz, self.channels = int(about["rate_hz"]), int(about["channels"])
        self.delay_samples, self.counts_samples = int(about["delay_samples"]), bool(about["counts_samples"])
        self.claimed_s = Fraction(*about["claimed_s"]) or None
        self.lag_s = Fraction(*about["lag_s"])
        self._note(about)
        self._blocks, self._is_closed = self._make(), False

    def _answer(self) -> tuple[dict[str, Any], bytearray]:
        """Return the next answer; raise the reason if the file was refused."""
        about, samples = self._child.answer(self._path)
        match about.get("refused"):
            case "file":
                with explained(self._path):
                    raise OSError(*about["reason"])
            case "track":
                _tracks(self._path, self._track, about).require(self._signature.name)
            case "codec":
                raise unread_codec(self._path, about["codec"], self._signature)
            case "damaged":
                raise damaged(self._path, self._signature)
        return about, samples

    def _note(self, about: dict[str, Any]) -> None:
        state = about["state"]
        self.lost, self.first_lost_samples = int(state["lost"]), int(state["first_lost_samples"])
        self.changed_samples = int(state["changed_samples"])
        self.packet_samples = int(state["packet_samples"])

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """See `Decoding.blocks`."""
        return self._blocks

    def _make(self) -> Iterator[NDArray[np.float32]]:
        for _ in range(_AHEAD):
            self._child.order("block")
        while True:
            self._child.order("block")
            about, samples = self._answer()
            self._note(about)
            if "frames" not in about:
                return
            yield np.frombuffer(samples, np.float32).reshape(-1, self.channels)

    def length_by_packets(self) -> int:
        """See `Decoding.length_by_packets`."""
        self._child.order("length")
        about, _ = self._answer()
        return int(about["frames"])

    def count(self) -> int:
        """See `Decoding.count`."""
        self._child.order("count")
        frames = 0
        while True:
            about, _ = self._answer()
            self._note(about)
            if "frames" not in about:
                return frames
            frames += int(about["frames"])

    def close(self) -> None:
        """End the pass; the child is reused if it responds."""
        if self._is_closed:
            return
        self._is_closed = True
        if not self._child.is_waiting:
            self._child.order("end")
        with suppress(SourceError):
            while not self._child.is_waiting:
                self._child.answer(self._path)
        CHILDREN.give_back(self._child)


def _tracks(path: Path, track: int, about: dict[str, Any]) -> Tracks:
    listed = about["tracks"]
    chosen, codecs = about.get("track", track), [codec for _, _, codec, _ in listed]
    title = str(listed[chosen - 1][0]) if 0 < chosen <= len(listed) else ""
    return Tracks(path, tuple(track_words(*one) for one in listed), chosen, unread_tracks(codecs), title)


def _missing() -> str:
    return "" if find_spec("av") else "PyAV"


PYAV = Decoder("PyAV", SUFFIXES, lambda path, track: ForwardStream(path, track, PyAvDecoding), _missing)
