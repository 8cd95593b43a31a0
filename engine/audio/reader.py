"""Read sources: what a file is, which file it is, and any stretch of its samples, exactly.

What an editor would do with a damaged file, Offcut does: it imports what is there and says what is missing
(`SourceInfo.warning`). Refused, with a `SourceError`, is only what holds nothing to work on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import soundfile
from numpy.typing import DTypeLike, NDArray

from engine.audio.opening import (
    DECODING_ERRORS,
    explained,
    frames_that_decode,
    open_shortened,
    open_sound,
    require_file,
)
from engine.audio.shortened import promised_share
from engine.errors import SourceError
from engine.files.safe_write import shown
from engine.timebase import format_time
from engine.wording import counted

LOUDEST = 2.0**31
"""Samples beyond this are no sound.

Nothing that a program writes is louder: the loudest are whole numbers of 32 bits stored as floats unscaled.
One flipped bit of a sample within full scale either leaves it below 2 or makes it more than 2**64.
"""

_PIECE_BYTES = 64 * 1024
_PIECES = 64
_CHUNK_FRAMES = 1 << 16
_UNKNOWN_FRAMES = 2**63 - 1  # libsndfile's, of a FLAC file that was streamed


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What an audio file is.

    Attributes
    ----------
    frames : samples per channel that really decode, which may be fewer than the header promises
    container, subtype : libsndfile's names, such as "WAV" and "PCM_16"
    warning : one sentence where the file is shortened or silent, otherwise empty
    """

    path: Path
    rate_hz: int
    channels: int
    frames: int
    container: str
    subtype: str
    warning: str = ""


def content_hash(path: Path) -> str:
    """Return a name for what is in a file, 32 hex digits, the same wherever the file is moved to.

    It covers the size and 64 evenly spaced pieces of 64 KiB; files up to 4 MiB are covered whole. See
    docs/decisions/0003-content-hash.md for what that means.

    Raises
    ------
    SourceError : the file is missing, unreadable or empty
    """
    size = require_file(path)
    digest = blake2b(size.to_bytes(8, "little"), digest_size=16)
    with explained(path), path.open("rb") as stream:
        if size <= _PIECES * _PIECE_BYTES:
            digest.update(stream.read())
        else:
            for piece in range(_PIECES):
                stream.seek(piece * (size - _PIECE_BYTES) // (_PIECES - 1))
                digest.update(stream.read(_PIECE_BYTES))
    return digest.hexdigest()


def probe(path: Path) -> SourceInfo:
    """Look at an audio file before it is imported.

    A shortened file and a silent one are described, not refused; looking for silence stops at the first
    sample that sounds. Samples that are no sound are found later, while the peaks are built.

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
            warning=_shortened_warning(path, reader) or _silence_warning(path, reader),
        )


class SourceReader:
    """Any stretch of an audio file's samples; used as a context manager, by one thread at a time.

    Formats in which libsndfile seeks exactly are read where asked. The others (MP3, Ogg, GSM, ...) are
    decoded from the start in fixed chunks, so that a sample never depends on how it was reached; going
    backwards there means decoding again, which is why documents play a conformed copy.

    Attributes
    ----------
    rate_hz, channels, frames, container, subtype : as in `SourceInfo`
    promised_frames : the length that the header gives, at least `frames`; an estimate for MP3
    bad_samples : how many samples that are not numbers or beyond `LOUDEST` the reads so far have replaced by
        zero; each counts once where reads go forward
    first_bad_samples : position of the first of them, -1 without one

    Raises
    ------
    SourceError : see `engine.audio.opening.open_sound`
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bad_samples = 0
        self.first_bad_samples = -1
        self._counted_to = 0
        self._file: soundfile.SoundFile = open_sound(path)
        self.rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.promised_frames = int(self._file.frames)
        self.container = str(self._file.format)
        self.subtype = str(self._file.subtype)
        self._exact = self._file.seekable()
        self._is_placed = False
        self._may_be_bad = not self.subtype.startswith(("PCM_", "ALAC_"))
        self._chunk = -1
        self._chunk_samples: NDArray[Any] = np.zeros((0, self.channels), np.float32)
        try:
            self.frames = frames_that_decode(path, self._file)
            if self.frames <= 0:
                raise SourceError(f"{shown(path)} holds no readable samples: copy or record it again.")
            if self._exact and self.frames < self.promised_frames:
                self._file.close()
                self._file = open_shortened(path)
            if self.promised_frames == _UNKNOWN_FRAMES:
                self.promised_frames = self.frames
        except SourceError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

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
                self._seek(first)
                self._fill(inside, first)
            else:
                self._fill_from_chunks(inside, first)
            self._replace_bad(inside, first)
        return samples

    def blocks(self, block_frames: int, dtype: DTypeLike = np.float32) -> Iterator[NDArray[Any]]:
        """Yield the whole file in order, in arrays of shape (at most block_frames, channels)."""
        for start in range(0, self.frames, block_frames):
            yield self.read(start, min(start + block_frames, self.frames), dtype)

    def _seek(self, position: int) -> None:
        try:
            # Where the sound begins is where a seek to 0 leads: after a damaged head, opening ends elsewhere.
            if not self._is_placed or self._file.tell() != position:
                self._file.seek(position)
                self._is_placed = True
        except DECODING_ERRORS as error:
            raise self._damaged(position) from error

    def _fill(self, out: NDArray[Any], position: int) -> None:
        try:
            got = len(self._file.read(len(out), out=out))
        except DECODING_ERRORS as error:
            raise self._damaged(position) from error
        if got < len(out):
            raise self._damaged(position + got)

    def _fill_from_chunks(self, out: NDArray[Any], position: int) -> None:
        done = 0
        while done < len(out):
            number, offset = divmod(position + done, _CHUNK_FRAMES)
            self._decode_up_to(number)
            piece = self._chunk_samples[offset : offset + len(out) - done]
            out[done : done + len(piece)] = piece if out.dtype.kind == "f" else _whole_numbers(piece)
            done += len(piece)

    def _decode_up_to(self, number: int) -> None:
        if number < self._chunk:
            self._file.close()
            self._file = open_sound(self.path)
            self._chunk = -1
        while self._chunk < number:
            start = (self._chunk + 1) * _CHUNK_FRAMES
            frames = min(_CHUNK_FRAMES, self.frames - start)
            self._chunk_samples = np.zeros((frames, self.channels), np.float32)
            self._fill(self._chunk_samples, start)
            self._chunk += 1

    @property
    def seeks_exactly(self) -> bool:
        """Whether any stretch is read where it lies; else all before it is decoded first."""
        return bool(self._exact)

    def take_over(self, other: SourceReader) -> None:
        """Count what another reader of the same file replaced, of stretches that this one did not read."""
        if other.bad_samples:
            firsts = [one.first_bad_samples for one in (self, other) if one.bad_samples]
            self.first_bad_samples = min(firsts)
            self.bad_samples += other.bad_samples

    @property
    def left_out(self) -> str:
        """One sentence about the samples that the reads so far have replaced; empty without any."""
        return left_out_sentence(self.path, self.bad_samples, self.first_bad_samples, self.rate_hz)

    def _replace_bad(self, samples: NDArray[Any], first: int) -> None:
        if not self._may_be_bad or samples.dtype.kind != "f":
            return
        uncounted = max(0, self._counted_to - first)
        self._counted_to = max(self._counted_to, first + len(samples))
        if samples.min() >= -LOUDEST and samples.max() <= LOUDEST:  # neither is true where one is no number
            return
        bad = ~(np.abs(samples) <= LOUDEST)
        count = int(np.count_nonzero(bad[uncounted:]))
        if count and not self.bad_samples:
            self.first_bad_samples = first + uncounted + int(bad[uncounted:].any(axis=1).argmax())
        self.bad_samples += count
        samples[bad] = 0.0

    def _damaged(self, position: int) -> SourceError:
        return SourceError(
            f"{shown(self.path)} is damaged or was shortened at {format_time(position / self.rate_hz)}: "
            f"replace it by a good copy, or convert it."
        )


def _whole_numbers(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return samples as numbers of 16 bits; those of a file of 16 bits come back as they are in it."""
    return np.asarray(np.clip(np.rint(samples * 32768.0), -32768, 32767), np.int16)


def left_out_sentence(path: Path, count: int, first_samples: int, rate_hz: int) -> str:
    """Say that a file holds samples that are no sound; nothing where it holds none."""
    if not count:
        return ""
    are, are_told = ("is not a number", "it is") if count == 1 else ("are not numbers", "they are")
    return (
        f"{shown(path)} holds {counted(count, 'sample')} that {are} or far too large for sound, "
        f"{'' if count == 1 else 'the first '}at {format_time(first_samples / rate_hz)}: {are_told} played, "
        "heard and exported as silence."
    )


def _shortened_warning(path: Path, reader: SourceReader) -> str:
    with explained(path):
        share = promised_share(path)
    length = format_time(reader.frames / reader.rate_hz)
    if share == 0.0:
        return f"{shown(path)} has no proper end, so something may be missing after {length}."
    promised = max(round(reader.frames / share), reader.promised_frames)
    # One frame is rounding. The length of an MP3 is an estimate: measured on 31 whole files, up to 0.7 % and
    # 12,000 frames too long.
    tolerance = 4_096 + promised // 100 if reader.container == "MP3" else 1
    if promised - reader.frames <= tolerance:
        return ""
    return (
        f"{shown(path)} ends early: {length} is there of the {format_time(promised / reader.rate_hz)} "
        f"that its header promises."
    )


def _silence_warning(path: Path, reader: SourceReader) -> str:
    if any(block.any() for block in reader.blocks(_CHUNK_FRAMES)):
        return ""
    return f"{shown(path)} is silent from start to end."
