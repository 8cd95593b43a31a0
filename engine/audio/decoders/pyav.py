"""The decoder for what libsndfile does not read: PyAV, whose wheels carry FFmpeg's libraries."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.audio.decoders.decoder import Decoder
from engine.audio.decoders.forward import (
    AUDIO_CODECS,
    SUFFIXES,
    ForwardStream,
    Times,
    damaged,
    subtype_of,
    unread_codec,
)
from engine.audio.decoders.signature import Signature
from engine.audio.decoders.tracks import Tracks
from engine.audio.opening import explained
from engine.errors import SourceError
from engine.wording import counted

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

_BLOCK_FRAMES = 1 << 16
_BUFFER_BYTES = 1 << 17
_MOST_PLANES = 8  # libav has no end mark behind them, and PyAV counts up to it


class _File:
    """A file for PyAV, which writes exceptions of its files to stderr: what cannot be read is its end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, most_bytes: int) -> bytes:
        """Return the next bytes; empty at the end."""
        with suppress(OSError, ValueError):
            return self._stream.read(most_bytes)
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a position and return it; -1 where there is none."""
        with suppress(OSError, ValueError, OverflowError):
            return self._stream.seek(offset, whence)
        return -1

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class _Opened:
    """A file with one track chosen, ready to be demuxed."""

    def __init__(self, path: Path, signature: Signature, track: int) -> None:
        self._path = path
        with explained(path):
            self._file = _File(path.open("rb"))
        try:
            self._container = self._open(signature)
            self._choose(signature, track)
        except BaseException:
            self._file.close()
            raise

    def _open(self, signature: Signature) -> InputContainer:
        import av

        try:
            return av.open(
                self._file,
                "r",
                format=signature.demuxer,
                options={"codec_whitelist": ",".join(sorted(AUDIO_CODECS))},
                metadata_errors="ignore",
                buffer_size=_BUFFER_BYTES,
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            raise damaged(self._path, signature) from error

    def _choose(self, signature: Signature, track: int) -> None:
        from av.stream import Discard

        streams = self._container.streams.audio
        self.tracks = Tracks(self._path, tuple(_words(each) for each in streams), track)
        try:
            self.tracks.require(signature.name)
            self.stream = streams[track - 1]
            self.codec = self.stream.codec_context.name if self.stream.codec_context else "an unknown codec"
            if self.codec not in AUDIO_CODECS:
                raise unread_codec(self._path, self.codec, signature)
        except SourceError:
            self._container.close()
            raise
        for each in self._container.streams:
            if each.index != self.stream.index:
                each.discard = Discard.all

    @property
    def time_base(self) -> Fraction:
        """Return the unit of the times of packets, in seconds."""
        return Fraction(self.stream.time_base or 0)

    @property
    def claimed_s(self) -> Fraction | None:
        """Return the length that the header gives, in seconds."""
        if self.stream.duration:
            return self.stream.duration * self.time_base
        return Fraction(self._container.duration, 1_000_000) if self._container.duration else None

    def counts(self, rate_hz: int) -> bool:
        """Tell whether the header counts the length in samples of this rate."""
        return bool(self.stream.duration) and self.time_base == Fraction(1, rate_hz)

    def packets(self) -> Iterator[av.Packet[av.AudioStream]]:
        """Yield what holds samples; where the container is damaged, that is the end."""
        import av

        try:
            yield from (packet for packet in self._container.demux(self.stream) if packet.size)
        except (av.FFmpegError, OSError, ValueError):
            return

    def close(self) -> None:
        """Close the file."""
        self._container.close()
        self._file.close()


def _words(stream: av.AudioStream) -> str:
    context, language = stream.codec_context, stream.metadata.get("language", "")
    codec = f"{context.name}, {counted(context.channels, 'channel')}" if context else ""
    words = (stream.metadata.get("title", ""), "" if language == "und" else language, codec)
    return ", ".join(word for word in words if word)


class _Decoding:
    """See `engine.audio.decoders.forward.Decoding`."""

    is_incomplete = False

    def __init__(self, path: Path, signature: Signature, track: int) -> None:
        self._opened = _Opened(path, signature, track)
        self._has_index = signature.demuxer == "mov"
        self.tracks, self.codec = self._opened.tracks, self._opened.codec
        self.claimed_s, self.counts_samples = self._opened.claimed_s, False
        self.lost, self.first_lost_samples, self.changed_samples = 0, 0, -1
        self.delay_samples, self.packet_samples, self._done = 0, 0, 0
        self._form: tuple[int, str, str] | None = None
        self.rate_hz, self.channels = 0, 0
        self._packer: av.AudioResampler | None = None
        self.subtype = ""
        self._made = self._make()
        first = next(self._made, None)
        if first is None or self._form is None:
            self.close()
            raise damaged(path, signature)
        self.counts_samples = self._opened.counts(self.rate_hz)
        self._blocks: Iterator[NDArray[np.float32]] = self._from(first)

    def _from(self, first: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        yield first
        yield from self._made

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """See `Decoding.blocks`."""
        return self._blocks

    def _make(self) -> Generator[NDArray[np.float32]]:
        import av

        fifo, failed = av.AudioFifo(), 0
        for packet in self._opened.packets():
            if self._form is None and packet.pts is not None and packet.pts < 0:
                self.delay_samples = max(self.delay_samples, self._samples(-packet.pts))
            try:
                frames = packet.decode()
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
            yield from self._taken(fifo, _BLOCK_FRAMES)
        with suppress(av.FFmpegError):  # it may hold back what does not decode
            self._put(self._opened.stream.codec_context.decode(None), fifo)
        yield from self._taken(fifo, 1)
        if self._has_index:  # which counts them
            yield from self._silence(failed)

    def _put(self, frames: list[av.AudioFrame], fifo: av.AudioFifo) -> bool:
        """Queue frames; return whether all have the rate, the sample format and the channels of the first."""
        for frame in frames:
            form = (frame.sample_rate, frame.format.name, frame.layout.name)
            if self._form is None:
                self._form = form
                self.rate_hz, self.channels = frame.sample_rate, frame.layout.nb_channels
            if form != self._form:
                return False
            self.packet_samples = max(self.packet_samples, frame.samples)
            frame.pts = None
            for packed in self._packed(frame):
                packed.pts = None
                fifo.write(packed)
        return True

    def _packed(self, frame: av.AudioFrame) -> list[av.AudioFrame]:
        """Interleave the channels of a frame from eight on, where PyAV looks for planes past the last."""
        import av

        if not frame.format.is_planar or self.channels < _MOST_PLANES:
            return [frame]
        if self._packer is None:
            self._packer = av.AudioResampler(frame.format.name.removesuffix("p"), frame.layout, self.rate_hz)
        return self._packer.resample(frame)

    def _silence(self, packets: int) -> Iterator[NDArray[np.float32]]:
        """Yield silence as long as packets that do not decode, so that the rest stays where it is."""
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
        values = values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)
        if not self.subtype:
            self.subtype = subtype_of(self.codec, frame.format.name, values)
        if values.dtype.kind == "f":
            return np.ascontiguousarray(values, np.float32)
        if values.dtype == np.uint8:
            return (values.astype(np.float32) - np.float32(128)) / np.float32(128)
        return values.astype(np.float32) / np.float32(-float(np.iinfo(values.dtype).min))

    def _samples(self, units: int) -> int:
        return round(units * self._opened.time_base * self._opened.stream.codec_context.sample_rate)

    def close(self) -> None:
        """Close the file."""
        self._made.close()
        self._opened.close()


class _PyAv:
    """See `engine.audio.decoders.forward.Source`."""

    def begin(self, path: Path, signature: Signature, track: int) -> _Decoding:
        """See `Source.begin`."""
        return _Decoding(path, signature, track)

    def packet_times(self, path: Path, signature: Signature, track: int) -> tuple[Times, Fraction]:
        """See `Source.packet_times`."""
        opened = _Opened(path, signature, track)
        try:
            return [(packet.pts, packet.duration) for packet in opened.packets()], opened.time_base
        finally:
            opened.close()


def _missing() -> str:
    return "" if find_spec("av") else "PyAV"


PYAV = Decoder("PyAV", SUFFIXES, lambda path, track: ForwardStream(path, track, _PyAv()), _missing)
