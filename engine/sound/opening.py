"""Open a sound file, or raise an error with the reason and the remedy.

The claims of the header are checked against the file itself before it is decoded. libsndfile limits those
of a WAV or an AIFF file to the available data. If samples have no fixed size it trusts the header: 478
bytes of Wave64 can claim days of sound, and all of it decodes, to silence.
"""

from __future__ import annotations

import os
import re
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.timebase import format_time
from engine.core.wording import reason_of
from engine.sound.decoders.decoder import UnsupportedError
from engine.sound.file_part import Part, PartFile, sample_chunk
from engine.sound.headers.mp3 import id3_bytes

_BITS = {
    **dict.fromkeys(("PCM_S8", "PCM_U8", "ULAW", "ALAW", "DPCM_8"), 8),
    **dict.fromkeys(("PCM_16", "DPCM_16"), 16),
    "PCM_24": 24,
    **dict.fromkeys(("PCM_32", "FLOAT"), 32),
    "DOUBLE": 64,
}
_PACKED_BITS = {
    **dict.fromkeys(("IMA_ADPCM", "MS_ADPCM", "VOX_ADPCM", "NMS_ADPCM_32", "G721_32"), 4.0),
    "GSM610": 1.6,
    "NMS_ADPCM_16": 2.0,
    **dict.fromkeys(("NMS_ADPCM_24", "G723_24"), 3.0),
    "G723_40": 5.0,
}
# Silence costs Vorbis two bytes for at most 4,096 samples and Opus two for at most 5,760.
_MOST_PER_BYTE = 4_096
_BLOCK_SAMPLES = 65_536  # codecs count whole blocks; none has longer ones
_FOUND_BY_DECODING = ("FLAC", "MP3")  # see `frames_that_decode`
_AU_HEAD = struct.Struct("4sI")
_AU_HEAD_BYTES = 24
_HEAD_BYTES = 16  # of a FLAC frame, at the most
_LEAST_FRAME_BYTES = 6
_NAMED = re.compile(r"(.+)#(ch)?([1-9][0-9]?)", re.DOTALL)


LOWEST_RATE_HZ = 4_000
HIGHEST_RATE_HZ = 768_000
MOST_CHANNELS = 64

DECODING_ERRORS = (soundfile.SoundFileError, ValueError, AssertionError)
"""Errors raised by soundfile for a damaged file: nonsense in a header breaks its own arithmetic."""

_EXACT_CONTAINERS = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "AU", "FLAC"})
_EXACT_SUBTYPES = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW", "ALAC_")


class _Sound(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file, or a part of one, which is closed with it."""

    def __init__(self, opened: PartFile | bytes | str) -> None:
        self._part = opened if isinstance(opened, PartFile) else None
        try:
            super().__init__(opened)
        except BaseException:
            self._close_part()
            raise

    def close(self) -> None:
        """Close the file."""
        super().close()
        self._close_part()

    def _close_part(self) -> None:
        if self._part is not None:
            self._part.close()


class _ForwardSound(_Sound):
    """A sound file that does not seek after a read.

    soundfile seeks to its present position after every read, which is a real seek to the MP3 and Opus
    decoders and changes the samples that follow, and which fails at the end of a FLAC file that promises
    more; it does not seek in files that report that they cannot.
    """

    def seekable(self) -> bool:
        return False


def seeks_exactly(container: str, subtype: str) -> bool:
    """Return whether libsndfile gives the same samples after a seek as when it reads from the start.

    Measured with libsndfile 1.2.2: Vorbis does not (half of all random reads differ), MP3 loses up to a
    frame after a seek (silence in place of sound), Opus differs at times, GSM cannot seek. They are decoded
    from the start instead (see `engine.sound.conform`).
    """
    return container in _EXACT_CONTAINERS and subtype.startswith(_EXACT_SUBTYPES)


@dataclass(frozen=True, slots=True)
class Address:
    """A file, or a part of it: `film.mkv#2` is its second audio track, `take.wav#ch3` its third channel.

    Attributes
    ----------
    track : number of the audio track, from 1
    channel : number of the channel, from 1; 0 for all channels
    """

    file: Path
    track: int = 1
    channel: int = 0


def address_of(path: Path) -> Address:
    """Return the file and the part of it that a path means; a file that has such a name itself is whole."""
    named = _NAMED.fullmatch(path.name)
    if named is None or os.path.lexists(path):
        return Address(path)
    file, number = path.with_name(named[1]), int(named[3])
    return Address(file, channel=number) if named[2] else Address(file, number)


def of_channel(path: Path, channel: int) -> Path:
    """Return the path that means a channel of a file."""
    return path.with_name(f"{path.name}#ch{channel}")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the operating system's errors about reading `path` into a `SourceError`."""
    name = shown(path)
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(
            f"{name} is not there: check the name, bring it back, or show Offcut where it is now."
        ) from error
    except PermissionError as error:
        raise SourceError(
            f"{name} may not be read: allow yourself to read the file and its folder, then try again."
        ) from error
    except NotADirectoryError as error:
        raise SourceError(f"{name} is not there: a part of its path is a file, not a folder.") from error
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {reason_of(error)}.") from error


def require_file(path: Path) -> int:
    """Return the size in bytes of a readable file, or of the file of a named audio track.

    Raises
    ------
    SourceError : it is missing, a folder, not a plain file, unreadable or empty
    """
    path = address_of(path).file
    with explained(path):
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SourceError(f"{shown(path)} is a folder: choose the audio files in it.")
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{shown(path)} is not a plain file: copy the audio into a file first.")
        with path.open("rb"):
            pass
    if status.st_size == 0:
        raise SourceError(f"{shown(path)} is empty (0 bytes): copy or record it again.")
    return status.st_size


def open_sound(path: Path, part: Part | None = None) -> soundfile.SoundFile:
    """Open a sound file for reading; the caller closes it. Where seeks are not exact, it only reads forward.

    Parameters
    ----------
    part : None for the whole file, with a head that states its length where the own one does not

    Raises
    ------
    UnsupportedError : libsndfile does not read its format
    SourceError : it cannot be read, holds no samples, or has a rate or a number of channels that Offcut does
        not take
    """
    size_bytes = require_file(path)
    file = _open_libsndfile(path, part=part)
    with explained(path):
        problem = _refusal(path, size_bytes, file)
        is_exact = not problem and seeks_exactly(file.format, file.subtype)
        is_exact = is_exact and (file.format != "FLAC" or sample_numbers_agree(path))
    if is_exact:
        return file
    file.close()
    if problem:
        raise SourceError(f"{shown(path)} {problem}")
    return _open_libsndfile(path, _ForwardSound, part)


def frames_that_decode(path: Path, file: soundfile.SoundFile) -> int:
    """Return the number of frames of an open file that really decode.

    libsndfile clamps the length of a shortened WAV or AIFF by itself; FLAC and MP3 keep the length that the
    header promises. There the last frame is tried, and where it fails the end is found by bisection.
    """
    promised = int(file.frames)
    if promised <= 0 or file.format not in _FOUND_BY_DECODING or _decodes_at(path, promised - 1):
        return promised
    low, high = 0, promised - 1  # every frame before `low` decodes, the one at `high` does not
    while low < high:
        middle = (low + high) // 2
        if _decodes_at(path, middle):
            low = middle + 1
        else:
            high = middle
    return low


def open_unchecked(path: Path) -> soundfile.SoundFile:
    """Open a sound file without a check of its claims.

    One that holds less than its head promises is read to its end so.

    Raises
    ------
    SourceError : it is not audio any more
    """
    return _open_libsndfile(path, _ForwardSound)


def libsndfile_name(path: Path) -> bytes | str:
    """Return a path as libsndfile opens it: as bytes, which allow any name; Windows needs text."""
    return os.fsencode(path) if os.name == "posix" else str(path)


def _open_libsndfile(path: Path, kind: type[_Sound] = _Sound, part: Part | None = None) -> _Sound:
    with explained(path):
        if part is None and (chunk := sample_chunk(path)) is not None:
            part = chunk.part
        opened = libsndfile_name(path) if part is None else PartFile(path, part)
    try:
        return kind(opened)
    except (soundfile.LibsndfileError, TypeError, ValueError) as error:
        raise UnsupportedError(not_audio_sentence(path)) from error


def not_audio_sentence(path: Path) -> str:
    """Return the sentence about a file that no decoder reads."""
    return (
        f"{shown(path)} is not audio that Offcut can read: choose a WAV, AIFF, FLAC, OGG or MP3 file, or "
        f"convert it to one."
    )


def _refusal(path: Path, size_bytes: int, file: soundfile.SoundFile) -> str:
    """Return the problem of an open file, as the end of a sentence; "" without one."""
    if problem := refused_rate_or_channels(file.samplerate, file.channels):
        return problem
    if file.frames <= 0:
        return "holds no samples: record or export it again."
    if file.format == "AU" and _au_data_start(path) < _AU_HEAD_BYTES:
        return "has a header with an invalid sample offset: copy it again, or export it again."
    if file.format not in _FOUND_BY_DECODING and file.frames > _most_frames(size_bytes, file):
        length = format_time(file.frames / file.samplerate)
        return (
            f"claims to hold {length}, and its {size_bytes:,} bytes cannot: copy it again, or export it "
            "again from where it was made."
        )
    return ""


def refused_rate_or_channels(rate_hz: int, channels: int) -> str:
    """Return why a rate or a number of channels is refused, as the end of a sentence; else ""."""
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        return (
            f"has a sample rate of {rate_hz} Hz, and Offcut takes {LOWEST_RATE_HZ} to "
            f"{HIGHEST_RATE_HZ}: correct the rate in its header, or convert it."
        )
    if channels > MOST_CHANNELS:
        return f"has {channels} channels, and Offcut takes up to {MOST_CHANNELS}: split it."
    return ""


def _decodes_at(path: Path, position: int) -> bool:
    # Opened anew each time, since libFLAC's decoder is unusable after a failed seek.
    with suppress(*DECODING_ERRORS), _open_libsndfile(path, _ForwardSound) as file:
        file.seek(position)
        return len(file.read(out=np.empty((1, file.channels), np.int16))) == 1
    return False


def sample_numbers_agree(path: Path) -> bool:
    """Return whether a FLAC file numbers its frames as its header states, so that a decoder can seek in it.

    Frames are numbered, and decoders trust the header for the number of samples per frame.
    """
    with path.open("rb") as stream:
        head = _flac_stream_info(stream)
        frame = stream.read(_HEAD_BYTES)
    if head is None or len(frame) < _LEAST_FRAME_BYTES or frame[:2] not in (b"\xff\xf8", b"\xff\xf9"):
        return False
    least, most, total = head
    has_sample_numbers = frame[1] == 0xF9
    samples = _flac_block_samples(frame.ljust(_HEAD_BYTES, b"\0"))
    return has_sample_numbers or samples == total or least == most == samples


def flac_block_samples(path: Path) -> int:
    """Return the samples of a block of a FLAC file; 0 if its blocks differ or it does not state it.

    Raises
    ------
    OSError : the file cannot be read
    """
    with path.open("rb") as stream:
        head = _flac_stream_info(stream)
    return head[0] if head is not None and head[0] == head[1] else 0


def _most_frames(size_bytes: int, file: soundfile.SoundFile) -> float:
    subtype, channels = str(file.subtype), int(file.channels)
    if subtype in _BITS:
        return size_bytes * 8 // (_BITS[subtype] * channels)
    if subtype in _PACKED_BITS:
        return size_bytes * 8 / (_PACKED_BITS[subtype] * channels) + _BLOCK_SAMPLES
    return float(size_bytes * _MOST_PER_BYTE + _BLOCK_SAMPLES)


def _au_data_start(path: Path) -> int:
    with path.open("rb") as stream:
        head = stream.read(_AU_HEAD.size)
    if len(head) < _AU_HEAD.size:
        return 0
    order = "<" if head[:4] == b"dns." else ">"
    return int(struct.unpack(f"{order}4sI", head)[1])


def _flac_stream_info(stream: BinaryIO) -> tuple[int, int, int] | None:
    """Return the least and the most samples of a frame and those of all, and stop before the first frame."""
    mark = stream.read(10)
    stream.seek(len(mark) + id3_bytes(mark) if mark[:3] == b"ID3" else 0)
    if stream.read(4) != b"fLaC":
        return None
    found, is_last = None, False
    while not is_last:
        head = stream.read(4)
        if len(head) < 4:
            return None
        is_last, size = bool(head[0] & 0x80), int.from_bytes(head[1:], "big")
        if head[0] & 0x7F == 0 and found is None:
            content = stream.read(size).ljust(18, b"\0")
            least, most = struct.unpack_from(">HH", content)
            found = least, most, int.from_bytes(content[13:18], "big") & (2**36 - 1)
        else:
            stream.seek(size, 1)
    return found


def _flac_block_samples(frame: bytes) -> int:
    """Return the number of samples in a frame, from its header; 0 if it does not state it."""
    code = frame[2] >> 4
    if 2 <= code <= 5:
        return 576 << (code - 2)
    if code >= 8:
        return 256 << (code - 8)
    if code == 1:
        return 192
    # the number of the frame comes first, in as many bytes as UTF-8 would take
    ones = next((n for n in range(8) if not frame[4] & (0x80 >> n)), 8)
    place = 4 + max(1, ones)
    if code == 6:
        return frame[place] + 1
    return int.from_bytes(frame[place : place + 2], "big") + 1 if code == 7 else 0
