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

from engine.audio.opening import explained, frames_that_decode, open_sound, require_file, seeks_exactly
from engine.audio.shortened import promised_share
from engine.errors import SourceError
from engine.safe_write import shown
from engine.timebase import format_time

_PIECE_BYTES = 64 * 1024
_PIECES = 64
_CHUNK_FRAMES = 1 << 16


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
    sample that sounds. NaN samples are found later, while the peaks are built.

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
    bad_samples : how many NaN or infinite samples the reads so far have replaced by zero

    Raises
    ------
    SourceError : see `engine.audio.opening.open_sound`
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bad_samples = 0
        self._file: soundfile.SoundFile = open_sound(path)
        self.rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.promised_frames = int(self._file.frames)
        self.container = str(self._file.format)
        self.subtype = str(self._file.subtype)
        self._exact = seeks_exactly(self.container, self.subtype)
        self._may_be_bad = not self.subtype.startswith(("PCM_", "ALAC_"))
        self._chunk = -1
        self._chunk_samples: NDArray[Any] = np.zeros((0, self.channels), np.float32)
        try:
            self.frames = frames_that_decode(path, self._file)
            if self.frames <= 0:
                raise SourceError(f"{shown(path)} holds no readable samples: copy or record it again.")
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
            self._replace_bad(inside)
        return samples

    def blocks(self, block_frames: int, dtype: DTypeLike = np.float32) -> Iterator[NDArray[Any]]:
        """Yield the whole file in order, in arrays of shape (at most block_frames, channels)."""
        for start in range(0, self.frames, block_frames):
            yield self.read(start, min(start + block_frames, self.frames), dtype)

    def _seek(self, position: int) -> None:
        try:
            if self._file.tell() != position:
                self._file.seek(position)
        except soundfile.LibsndfileError as error:
            raise self._damaged(position) from error

    def _fill(self, out: NDArray[Any], position: int) -> None:
        try:
            got = len(self._file.read(len(out), out=out))
        except soundfile.LibsndfileError as error:
            raise self._damaged(position) from error
        if got < len(out):
            raise self._damaged(position + got)

    def _fill_from_chunks(self, out: NDArray[Any], position: int) -> None:
        done = 0
        while done < len(out):
            number, offset = divmod(position + done, _CHUNK_FRAMES)
            self._decode_up_to(number)
            piece = self._chunk_samples[offset : offset + len(out) - done]
            out[done : done + len(piece)] = piece
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

    def _replace_bad(self, samples: NDArray[Any]) -> None:
        if not self._may_be_bad or samples.dtype.kind != "f":
            return
        good = np.isfinite(samples)
        if not good.all():
            self.bad_samples += samples.size - int(np.count_nonzero(good))
            samples[~good] = 0.0

    def _damaged(self, position: int) -> SourceError:
        return SourceError(
            f"{shown(self.path)} is damaged or was shortened at {format_time(position / self.rate_hz)}: "
            f"replace it by a good copy, or convert it."
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
