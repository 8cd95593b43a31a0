"""The child process in which PyAV decodes: a hostile file may crash FFmpeg's libraries, but not the editor.

It reads orders from stdin and answers on stdout, one file after another, and ends with the process that
started it. An order is a line: JSON for a file; then "length", "block", "count" or "end". An answer is its
two lengths in bytes, JSON, and the samples of a block (float32, interleaved). After the last one about a file
("is_last") the child waits for the next file. It imports PyAV, numpy and nothing that these do not need.
"""

from __future__ import annotations

import json
import signal
import struct
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.stream import Discard
from numpy.typing import NDArray

from engine.sound.decoders.ffmpeg_codecs import (
    AUDIO_CODECS,
    Times,
    length_of_packets,
    subtype_of,
    usual_track,
)

_BLOCK_FRAMES = 1 << 16
_BUFFER_BYTES = 1 << 17
_MOST_PLANES = 8  # libav has no end mark behind them, and PyAV counts up to it


class RefusedError(Exception):
    """The file is not read: its container is damaged, or the track or its codec is missing.

    Attributes
    ----------
    about : "refused" with one word for the reason, and the values for its message
    """

    def __init__(self, reason: str, **about: object) -> None:
        super().__init__(reason)
        self.about = {"refused": reason, **about}


class _File:
    """A file for PyAV, which writes exceptions of its files to stderr: read errors count as its end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, most_bytes: int) -> bytes:
        """Return the next bytes; empty at the end."""
        with suppress(OSError, ValueError):
            return self._stream.read(most_bytes)
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        """Seek and return the position; -1 if it is invalid."""
        with suppress(OSError, ValueError, OverflowError):
            return self._stream.seek(offset, whence)
        return -1

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class Opened:
    """A file with one track chosen, ready to be demuxed.

    Attributes
    ----------
    tracks : title, language, codec and channels of each
    track, codec : number of the chosen track, and FFmpeg's name of its codec
    has_index : whether the file counts its packets, those included that do not decode

    Raises
    ------
    OSError : the file cannot be opened
    RefusedError : it is damaged
    """

    def __init__(self, path: str, demuxer: str, track: int) -> None:
        self._file = _File(Path(path).open("rb"))  # noqa: SIM115 - closed with the pass
        try:
            self._container = self._open(demuxer)
        except BaseException:
            self._file.close()
            raise
        self.has_index = demuxer == "mov"
        self._named = path, demuxer, track
        self.tracks = [_described(each) for each in self._container.streams.audio]

    def _open(self, demuxer: str) -> InputContainer:
        try:
            return av.open(
                self._file,
                "r",
                format=demuxer,
                options={"codec_whitelist": ",".join(sorted(AUDIO_CODECS))},
                metadata_errors="ignore",
                buffer_size=_BUFFER_BYTES,
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            raise RefusedError("damaged") from error

    def again(self) -> Opened:
        """Open the same file again."""
        return Opened(*self._named)

    def choose(self) -> None:
        """Choose the track; nothing else is used before.

        Raises
        ------
        RefusedError : it is not there, or its codec is not read
        """
        track = usual_track([codec for _, _, codec, _ in self.tracks], self._named[2])
        if track > len(self.tracks):
            raise RefusedError("track", tracks=self.tracks)
        self.stream = self._container.streams.audio[track - 1]
        self.track, self.codec = track, self.tracks[track - 1][2]
        if self.codec not in AUDIO_CODECS:
            raise RefusedError("codec", codec=self.codec)
        for each in self._container.streams:
            if each.index != self.stream.index:
                each.discard = Discard.all

    @property
    def time_base(self) -> Fraction:
        """Return the unit of the times of packets, in seconds."""
        return Fraction(self.stream.time_base or 0)

    @property
    def claimed_s(self) -> Fraction:
        """Return the length in the header, in seconds; 0 if missing."""
        if self.stream.duration:
            return self.stream.duration * self.time_base
        return Fraction(self._container.duration or 0, 1_000_000)

    @property
    def lag_s(self) -> Fraction:
        """Return how long after the picture the track begins, in seconds; 0 in a file without one."""
        pictures = [_start_s(one) for one in self._container.streams.video]
        begin_s = max(Fraction(0), _start_s(self.stream))
        return max(Fraction(0), begin_s - min(pictures)) if pictures else Fraction(0)

    def counts(self, rate_hz: int) -> bool:
        """Return whether the header counts the length in samples of this rate."""
        return bool(self.stream.duration) and self.time_base == Fraction(1, rate_hz)

    def packets(self) -> Iterator[av.Packet[av.AudioStream]]:
        """Yield the packets with samples, up to the first damage of the container."""
        try:
            yield from (packet for packet in self._container.demux(self.stream) if packet.size)
        except MemoryError:
            raise
        except (av.FFmpegError, OSError, ValueError):
            return

    def times_by_index(self) -> Times:
        """Return start and duration of each packet, reading only from the last indexed one on.

        Empty without an index, or if the file does not match it.
        """
        entries = [(entry.timestamp, entry.size) for entry in self.stream.index_entries]
        if len(entries) < 2 or not all(size for _, size in entries):
            return []
        starts = [start for start, _ in entries]
        with suppress(av.FFmpegError, OSError, ValueError, OverflowError):
            self._container.seek(starts[-1], stream=self.stream)
            last = self.times()
            if last and last[0][0] == starts[-1]:
                return [*((one, after - one) for one, after in pairwise(starts)), *last]
        return []

    def times(self) -> Times:
        """Return start and duration of each packet from here on."""
        return [(packet.pts, packet.duration) for packet in self.packets()]

    def close(self) -> None:
        """Close the file."""
        self._container.close()
        self._file.close()


def _start_s(stream: av.AudioStream | av.VideoStream) -> Fraction:
    return (stream.start_time or 0) * Fraction(stream.time_base or 0)


def _described(stream: av.AudioStream) -> tuple[str, str, str, int]:
    context, about = stream.codec_context, stream.metadata
    codec = (context.name, context.channels) if context else ("", 0)
    return about.get("title", ""), about.get("language", ""), *codec


class Pass:
    """One pass over one track, from its start; the attributes are those of `forward.Decoding`."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self.lost, self.first_lost_samples, self.changed_samples = 0, 0, -1
        self.delay_samples, self.packet_samples, self._done = 0, 0, 0
        self._form: tuple[int, str, av.AudioLayout] | None = None
        self.rate_hz, self.channels = 0, 0
        self._packer: av.AudioResampler | None = None
        self.subtype = ""

    def length_by_packets(self) -> int:
        """Return the length in samples by the times of the packets; 0 where these are not exact."""
        for times_of in (Opened.times_by_index, Opened.times):
            opened = self._opened.again()
            try:
                opened.choose()
                times = times_of(opened)
            finally:
                opened.close()
            if times:
                return length_of_packets(times, opened.time_base, self.rate_hz, self.packet_samples)
        return 0

    def state(self) -> dict[str, int]:
        """Return the attributes that change on the way."""
        names = "lost", "first_lost_samples", "changed_samples", "packet_samples"
        return {name: getattr(self, name) for name in names}

    def blocks(self) -> Generator[NDArray[np.float32]]:
        """Yield the samples in order, shape (n, channels)."""
        fifo, failed = av.AudioFifo(), 0
        codec, time_base = self._opened.stream.codec_context, self._opened.time_base
        for packet in self._opened.packets():
            if self._form is None and packet.pts is not None and packet.pts < 0:
                self.delay_samples = max(
                    self.delay_samples, round(-packet.pts * time_base * codec.sample_rate)
                )
            try:
                frames = codec.decode(packet)
            except (av.FFmpegError, ValueError):
                failed += 1
                continue
            if failed and frames:
                yield from self._taken(fifo, 1)
                yield from self._silence(failed)
                failed = 0
            if not self._put(frames, fifo):
                yield from self._taken(fifo, 1)
                self.changed_samples = self._done
                return
            if fifo.samples >= _BLOCK_FRAMES:
                yield from self._taken(fifo, _BLOCK_FRAMES)
        with suppress(av.FFmpegError):  # it may hold back what does not decode
            self._put(codec.decode(None), fifo)
        yield from self._taken(fifo, 1)
        if self._opened.has_index:  # which counts them
            yield from self._silence(failed)

    def _put(self, frames: list[av.AudioFrame], fifo: av.AudioFifo) -> bool:
        """Queue frames; return whether all have the rate, the sample format and the channels of the first."""
        for frame in frames:
            form = frame.sample_rate, frame.format.name, frame.layout
            if self._form is None:
                self._form = form
                self.rate_hz, self.channels = frame.sample_rate, frame.layout.nb_channels
            if form != self._form:
                return False
            self.packet_samples = max(self.packet_samples, frame.samples)
            frame.pts = None
            if self.channels < _MOST_PLANES:
                fifo.write(frame)
            else:
                self._write_packed(frame, fifo)
        return True

    def _write_packed(self, frame: av.AudioFrame, fifo: av.AudioFifo) -> None:
        """Queue a frame with its channels interleaved: PyAV looks for planes past the last of eight."""
        if not frame.format.is_planar:
            fifo.write(frame)
            return
        if self._packer is None:
            self._packer = av.AudioResampler(frame.format.name.removesuffix("p"), frame.layout, self.rate_hz)
        for packed in self._packer.resample(frame):
            packed.pts = None
            fifo.write(packed)

    def _silence(self, packets: int) -> Iterator[NDArray[np.float32]]:
        """Yield silence for packets that do not decode, so that later samples keep their place."""
        for _ in range(packets if self._form else 0):
            if not self.lost:
                self.first_lost_samples = self._done
            self.lost += 1
            self._done += self.packet_samples
            yield np.zeros((self.packet_samples, self.channels), np.float32)

    def _taken(self, fifo: av.AudioFifo, least: int) -> Iterator[NDArray[np.float32]]:
        while fifo.samples >= least:
            frame = fifo.read(_BLOCK_FRAMES, partial=True)
            if frame is None:
                return
            self._done += frame.samples
            yield self._floats(frame)

    def _floats(self, frame: av.AudioFrame) -> NDArray[np.float32]:
        values: NDArray[Any] = frame.to_ndarray()
        values = values.T if frame.format.is_planar else values.reshape(-1, self.channels)
        if not self.subtype:
            self.subtype = subtype_of(self._opened.codec, frame.format.name, values)
        floats = np.empty(values.shape, np.float32)
        for channel in range(values.shape[1]):  # six times as fast as all of them at once
            floats[:, channel] = values[:, channel]
        if values.dtype == np.uint8:
            floats -= np.float32(128)
            floats /= np.float32(128)
        elif values.dtype.kind != "f":
            floats /= np.float32(-float(np.iinfo(values.dtype).min))
        return floats


_LENGTHS = struct.Struct("<II")
_NO_SAMPLES = np.zeros((0, 0), np.float32)


class _Answers:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def give(self, words: dict[str, Any], block: NDArray[np.float32] = _NO_SAMPLES) -> None:
        """Send an answer."""
        text = json.dumps(words).encode()
        self._stream.write(_LENGTHS.pack(len(text), block.nbytes) + text)
        self._stream.write(block.data.cast("B") if block.size else b"")
        self._stream.flush()


def _serve(orders: BinaryIO, answers: _Answers) -> None:
    """Process orders until the input ends."""
    while line := orders.readline():
        try:
            _pass(orders, answers, **json.loads(line))
        except RefusedError as error:
            answers.give({**error.about, "is_last": True})
        except MemoryError:
            answers.give({"refused": "memory"})
        except OSError as error:
            answers.give({"refused": "file", "reason": [error.errno, error.strerror], "is_last": True})


def _pass(orders: BinaryIO, answers: _Answers, path: str, demuxer: str, track: int) -> None:
    """Begin a pass and give its blocks as they are asked for."""
    opened = Opened(path, demuxer, track)
    try:
        opened.choose()
        running = Pass(opened)
        blocks = running.blocks()
        first = next(blocks, None)
        if first is None:
            raise RefusedError("damaged")
        claimed_s, lag_s = opened.claimed_s, opened.lag_s
        answers.give(
            {
                "tracks": opened.tracks,
                "track": opened.track,
                "lag_s": [lag_s.numerator, lag_s.denominator],
                "codec": opened.codec,
                "subtype": running.subtype,
                "rate_hz": running.rate_hz,
                "channels": running.channels,
                "delay_samples": running.delay_samples,
                "claimed_s": [claimed_s.numerator, claimed_s.denominator],
                "counts_samples": opened.counts(running.rate_hz),
                "state": running.state(),
            }
        )
        _give_blocks(orders, answers, running, chain([first], blocks))
    finally:
        opened.close()


def _give_blocks(
    orders: BinaryIO, answers: _Answers, running: Pass, blocks: Iterator[NDArray[np.float32]]
) -> None:
    order = b""
    for block in blocks:
        if order != b"count\n":
            order = orders.readline()
        if order == b"length\n":
            answers.give({"frames": running.length_by_packets()})
            order = orders.readline()
        if order not in (b"block\n", b"count\n"):
            break
        sent = block if order == b"block\n" else _NO_SAMPLES
        answers.give({"frames": len(block), "state": running.state()}, sent)
    else:
        answers.give({"state": running.state()})
    while order not in (b"end\n", b""):
        order = orders.readline()
    answers.give({"is_last": True})


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches both; the parent answers it
    _serve(sys.stdin.buffer, _Answers(sys.stdout.buffer))
