"""Read sources: format and hash of a file, and any span of its samples, exactly.

Damaged files are imported as far as they are readable, with a message about the missing part
(`SourceInfo.warning`). Only files without usable audio are refused, with a `SourceError`. A recording that
was changed during a read is detected: its samples are then a mix of two recordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.timebase import format_time
from engine.core.wording import counted
from engine.sound.decoders.decoder import Tracks
from engine.sound.decoders.registry import open_stream
from engine.sound.file_part import Stated, promised_share, sample_chunk
from engine.sound.opening import address_of, explained, require_file

LOUDEST = 2.0**31
"""Samples beyond this are invalid.

Nothing that a program writes is louder: the loudest are whole numbers of 32 bits stored as floats unscaled.
One flipped bit of a sample within full scale either leaves it below 2 or makes it more than 2**64.
"""

_PIECE_BYTES = 64 * 1024
_PIECES = 64
_CHUNK_FRAMES = 1 << 16


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Format and length of an audio file.

    Attributes
    ----------
    frames : samples per channel that really decode, which may be fewer than in the header
    container, subtype : as in `engine.sound.decoders.decoder.AudioStream`, such as "WAV" and "PCM_16"
    warning : message if the file is shortened, silent or damaged, or has other tracks; else empty
    tracks : the audio tracks of the file, where it may have several
    """

    path: Path
    rate_hz: int
    channels: int
    frames: int
    container: str
    subtype: str
    warning: str = ""
    tracks: Tracks | None = None


def no_sound(samples: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Return a mask of samples that are not numbers or beyond `LOUDEST`; None if all are valid."""
    if samples.min() >= -LOUDEST and samples.max() <= LOUDEST:  # neither is true where one is no number
        return None
    return np.asarray(~(np.abs(samples) <= LOUDEST))


def content_hash(path: Path) -> str:
    """Return the hash of a file's content, 32 hex digits, independent of its path.

    It covers the size and 64 evenly spaced pieces of 64 KiB; files up to 4 MiB are covered whole. See
    docs/decisions/0005 for the consequences. Each further audio track, and each channel, has another name.

    Raises
    ------
    SourceError : the file is missing, unreadable or empty
    """
    size, address = require_file(path), address_of(path)
    digest = blake2b(size.to_bytes(8, "little"), digest_size=16)
    with explained(address.file), address.file.open("rb") as stream:
        if size <= _PIECES * _PIECE_BYTES:
            digest.update(stream.read())
        else:
            for piece in range(_PIECES):
                stream.seek(piece * (size - _PIECE_BYTES) // (_PIECES - 1))
                digest.update(stream.read(_PIECE_BYTES))
    if address.track > 1:
        digest.update(address.track.to_bytes(1, "little"))
    if address.channel:
        digest.update(f"ch{address.channel}".encode())
    return digest.hexdigest()


def probe(path: Path, *, is_listened_to: bool = True) -> SourceInfo:
    """Read the format of an audio file before it is imported.

    A shortened file and a silent one are described, not refused; the check for silence stops at the first
    non-zero sample. Invalid samples are found later, while the peaks are built.

    Parameters
    ----------
    is_listened_to : whether silence is looked for, which reads a silent file from start to end

    Raises
    ------
    SourceError : the file is missing, unreadable, empty, not audio, without samples, or beyond the limits
    """
    with SourceReader(path) as reader:
        return SourceInfo(
            path=path,
            rate_hz=reader.rate_hz,
            channels=reader.channels,
            frames=reader.frames,
            container=reader.container,
            subtype=reader.subtype,
            warning=_warning(path, reader, is_listened_to=is_listened_to),
            tracks=reader.tracks,
        )


class SourceReader:
    """Random access to an audio file's samples; used as a context manager, by one thread at a time.

    Formats in which libsndfile seeks exactly are read directly. The others (MP3, Ogg, AAC, ...) are
    decoded from the start in fixed chunks, so that a sample never depends on how it was reached; going
    backwards there means decoding again, which is why documents play a conformed copy.

    Attributes
    ----------
    rate_hz, channels, frames, container, subtype : as in `SourceInfo`
    promised_frames : the length that the header gives, at least `frames`; an estimate for MP3
    bad_samples : number of samples, NaN, beyond `LOUDEST` or undecodable, replaced by zero so far; each
        counts once if reads go forward
    first_bad_samples : position of the first of them, -1 without one

    Raises
    ------
    SourceError : see `engine.sound.decoders.registry.open_stream`
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bad_samples = 0
        self.first_bad_samples = -1
        self._counted_to = 0
        self._stream = open_stream(path)
        self.rate_hz = self._stream.rate_hz
        self.channels = self._stream.channels
        self.frames = self._stream.frames
        self.promised_frames = self._stream.promised_frames
        self.tolerance_frames = self._stream.tolerance_frames
        self.container = self._stream.container
        self.subtype = self._stream.subtype
        self._exact = self._stream.seeks_exactly
        self._may_be_bad = not self.subtype.startswith(("PCM_", "ALAC_"))
        self._chunk = -1
        self._chunk_samples: NDArray[Any] = np.zeros((0, self.channels), np.float32)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> NDArray[Any]:
        """Return the samples [start, stop), shape (stop - start, channels); zeros outside the file.

        Parameters
        ----------
        dtype : float32, float64 (for 32-bit integers and doubles), or int16 for 16-bit files, whose numbers
            come unscaled; floats are the integers divided by their full scale, a power of two

        Raises
        ------
        SourceError : the file is damaged there, or was shortened while it was open
        """
        samples: NDArray[Any] = np.zeros((max(0, stop - start), self.channels), dtype)
        first, last = max(0, start), min(stop, self.frames)
        if first < last:
            inside = samples[first - start : last - start]
            if self._exact:
                self._fill(inside, first)
            else:
                self._fill_from_chunks(inside, first)
            self._replace_bad(inside, first)
            self._counted_to = max(self._counted_to, last)
        return samples

    def blocks(self, block_frames: int, dtype: DTypeLike = np.float32) -> Iterator[NDArray[Any]]:
        """Yield the whole file in order, in arrays of shape (at most block_frames, channels)."""
        for start in range(0, self.frames, block_frames):
            yield self.read(start, min(start + block_frames, self.frames), dtype)

    def _fill(self, out: NDArray[Any], position: int) -> None:
        got = self._stream.read(position, out)
        if got < len(out):
            raise self._damaged(position + got)

    def _fill_from_chunks(self, out: NDArray[Any], position: int) -> None:
        done = 0
        while done < len(out):
            number, offset = divmod(position + done, _CHUNK_FRAMES)
            self._decode_up_to(number)
            piece = self._chunk_samples[offset : offset + len(out) - done]
            # of a 16-bit file the same whole numbers
            whole = piece if out.dtype.kind == "f" else np.clip(np.rint(piece * 32768.0), -32768, 32767)
            out[done : done + len(piece)] = whole
            done += len(piece)

    def _decode_up_to(self, number: int) -> None:
        if number < self._chunk:
            self._stream.rewind()
            self._chunk = -1
        while self._chunk < number:
            start = (self._chunk + 1) * _CHUNK_FRAMES
            frames = min(_CHUNK_FRAMES, self.frames - start)
            self._chunk_samples = np.zeros((frames, self.channels), np.float32)
            self._fill(self._chunk_samples, start)
            self._chunk += 1

    @property
    def notice(self) -> str:
        """Messages about damage in the file and about its other tracks; empty without any."""
        return self._stream.notice

    @property
    def tracks(self) -> Tracks | None:
        """The audio tracks of the file, where it may have several."""
        return self._stream.tracks

    @property
    def delay_samples(self) -> int:
        """Samples that the encoder put before the first one, and that are left out."""
        return self._stream.delay_samples

    @property
    def seeks_exactly(self) -> bool:
        """Whether any span is read directly; else everything before it is decoded first."""
        return self._exact

    def take_over(self, other: SourceReader) -> None:
        """Add the replaced samples of another reader of the same file, which read other spans."""
        if other.bad_samples:
            firsts = [one.first_bad_samples for one in (self, other) if one.bad_samples]
            self.first_bad_samples = min(firsts)
            self.bad_samples += other.bad_samples

    @property
    def left_out(self) -> str:
        """Message about the samples replaced so far; empty without any."""
        return left_out_sentence(self.path, self.bad_samples, self.first_bad_samples, self.rate_hz)

    def _replace_bad(self, samples: NDArray[Any], first: int) -> None:
        for start, stop in self._stream.lost_in_read if self._exact else ():
            if stop > self._counted_to:
                start = max(start, self._counted_to)
                self._count_bad((stop - start) * self.channels, start)
        bad = no_sound(samples) if self._may_be_bad and samples.dtype.kind == "f" else None
        if bad is None:
            return
        uncounted = bad[max(0, self._counted_to - first) :]
        if uncounted.any():
            place = len(bad) - len(uncounted) + int(uncounted.any(axis=1).argmax())
            self._count_bad(int(np.count_nonzero(uncounted)), first + place)
        samples[bad] = 0.0

    def _count_bad(self, count: int, first: int) -> None:
        if not self.bad_samples:
            self.first_bad_samples = first
        self.bad_samples += count

    def _damaged(self, position: int) -> SourceError:
        return SourceError(
            f"{shown(self.path)} is damaged or was shortened at {format_time(position / self.rate_hz)}: "
            f"replace it by a good copy, or convert it."
        )


def left_out_sentence(path: Path, count: int, first_samples: int, rate_hz: int) -> str:
    """Return the message about invalid samples in a file; "" without any."""
    if not count:
        return ""
    is_one = count == 1
    are, they_are = ("is not a number", "it is") if is_one else ("are not numbers", "they are")
    return (
        f"{shown(path)} holds {counted(count, 'sample')} that {are}, far too large or not decodable, "
        f"{'' if is_one else 'the first '}at {format_time(first_samples / rate_hz)}: {they_are} played "
        "and exported as silence."
    )


def _warning(path: Path, reader: SourceReader, *, is_listened_to: bool) -> str:
    length, silence = _length_warning(path, reader), ""
    if is_listened_to and not length and not any(block.any() for block in reader.blocks(_CHUNK_FRAMES)):
        silence = f"{shown(path)} is silent from start to end."
    return " ".join(filter(None, (length or silence, reader.notice)))


def _length_warning(path: Path, reader: SourceReader) -> str:
    """Return a message about a length that differs from the stated one; empty without one."""
    with explained(path):
        file = address_of(path).file
        chunk, share = sample_chunk(file), promised_share(file)
    length = format_time(reader.frames / reader.rate_hz)
    if chunk is not None and chunk.stated is not Stated.RIGHT:
        states = "states no length" if chunk.stated is Stated.NOTHING else "states less than it holds"
        return f"{shown(path)} {states}, as after a loss of power: it was read to its end, {length}."
    if share == 0.0:
        return f"{shown(path)} has no proper end, so something may be missing after {length}."
    promised = max(round(reader.frames / share), reader.promised_frames)
    if promised - reader.frames <= reader.tolerance_frames:
        return ""
    return (
        f"{shown(path)} ends early: {length} is there of the {format_time(promised / reader.rate_hz)} "
        f"that its header promises."
    )


Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Stamp:
    """State of a recording before it is read.

    Attributes
    ----------
    content_hash : hash in the document; empty if unknown
    status : file number, size in bytes and time of the last change
    """

    path: Path
    content_hash: str
    status: tuple[int, int, int]


def stamped(path: Path, known_hash: str) -> Stamp:
    """Look at a recording before it is read.

    Raises
    ------
    SourceError : it cannot be read, or is not the recording that the document knows
    """
    stamp = Stamp(path, known_hash, _status(path))
    if known_hash and content_hash(path) != known_hash:
        raise SourceError(
            f"{shown(path)} has changed since it was imported: import it again, or restore the old file."
        )
    return stamp


def read_unchanged(blocks: Iterable[Read], stamps: Sequence[Stamp]) -> Iterator[Read]:
    """Pass blocks on, and at their end look at the recordings they were read from again.

    The hash is compared too, since some disks know the time of a change to two seconds only.

    Raises
    ------
    SourceError : one of them is gone, or was written to meanwhile
    """
    yield from blocks
    for stamp in stamps:
        is_same = _status(stamp.path) == stamp.status
        if not is_same or (stamp.content_hash and content_hash(stamp.path) != stamp.content_hash):
            raise SourceError(
                f"{shown(stamp.path)} was changed while it was read: have the program that writes it finish, "
                "bring the recording back, then try again."
            )


def _status(path: Path) -> tuple[int, int, int]:
    with explained(path):
        found = address_of(path).file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
