"""Write audio so that reading it again gives the same samples.

libsndfile scales floats by 32767 on the way to 16 bits and by 32768 on the way back; here integers are made
by a power of two and rounding, which is the exact inverse of reading. Dither is triangular noise of two
quantisation steps from peak to peak, which makes the error's mean and power independent of the signal
(Lipshitz, Wannamaker, Vanderkooy, "Quantization and dither: a theoretical survey", JAES 1992).

Microsoft's "New Multimedia Data Types and Data Techniques" wants, of WAV files with floats, the size of an
extension in `fmt ` (0 here) and the number of frames in `fact`. libsndfile 1.2 leaves the first out of WAV
and the second out of RF64. Both leave room in the header, so it is corrected in place.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.core.errors import ExportError
from engine.core.files.safe_write import replacing, settle, shown
from engine.core.progress import SILENT, Progress
from engine.core.wording import listed
from engine.sound.codecs import CODECS, Coding, Container, Tags
from engine.sound.headers.bwf import append_chunks
from engine.sound.headers.mp3 import room_title, write_id3
from engine.sound.opening import frames_that_decode, libsndfile_name

_HEAD_BYTES = 160
_FLOAT_TAG = 3
_PLAIN_BYTES, _EXTENDED_BYTES = 16, 18
_MOST = 2**32 - 1  # a fact counts in 32 bits; RF64 counts in ds64 beyond
_SEEDS = (1770, 1771)
RIFF_LIMIT_BYTES = 2**32 - 2**16  # a RIFF size has 32 bits; the head takes some of it

_CONTAINERS: dict[str, Container] = {
    ".wav": "WAV",
    ".flac": "FLAC",
    **{suffix: codec.container for suffix, codec in CODECS.items()},
}
_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64}
_FLOATS = ("FLOAT", "DOUBLE")
_TELEPHONE = ("ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32", "G723_24", "G723_40", "NMS_ADPCM")
_SET_ADD_PEAK_CHUNK = 0x1050
_SYSTEM_ERROR = 2
_SETTLE_BYTES = 1 << 23


class Dither(StrEnum):
    """Noise added before rounding."""

    NONE = "none"
    TPDF = "tpdf"


def dithered(blocks: Iterable[NDArray[Any]], bits: int) -> Iterator[NDArray[np.float64]]:
    """Add triangular noise for rounding to `bits` bits.

    The noise is the same at every run and for every block size.

    Parameters
    ----------
    blocks : floats, shape (n, channels) each, full scale at 1.0
    """
    first, second = (np.random.default_rng(seed) for seed in _SEEDS)
    step = 2.0 ** (1 - bits)
    for block in blocks:
        noise = first.random(block.shape)
        noise -= second.random(block.shape)
        noise *= step
        noise += block
        yield noise


@dataclass(frozen=True, slots=True)
class WrittenAudio:
    """A written file.

    Attributes
    ----------
    peak : the largest absolute sample before clipping
    clipped_samples : number of samples outside the range of the integers; 0 for floating-point files
    """

    path: Path
    frames: int
    peak: float
    clipped_samples: int


@dataclass(frozen=True, slots=True, eq=False)
class EncodedBlock:
    """Samples as the bytes that a file of the written subtype holds, such as those of another file.

    Attributes
    ----------
    data : valid until the next block
    peak : the largest absolute sample, 1.0 at full scale
    """

    data: memoryview
    frames: int
    peak: float

    def __len__(self) -> int:
        return self.frames


AnyBlock = NDArray[Any] | EncodedBlock


def container_for(suffix: str) -> Container:
    """Return the container that a file suffix asks for.

    Raises
    ------
    ExportError : the suffix is not one of audio files
    """
    try:
        return _CONTAINERS[suffix.lower()]
    except KeyError:
        raise ExportError(
            f"Audio cannot be exported as {suffix or 'a file without suffix'}: use "
            f"{listed(tuple(_CONTAINERS), 'or')}."
        ) from None


def export_format(subtypes: Iterable[str], suffix: str) -> str:
    """Return the subtype that holds every source's samples: the deepest of theirs, as far as the suffix can.

    Lossy sources decode to floats and count as FLOAT (the telephone codecs as 16 bits); FLAC holds
    at most 24, and the coders have one subtype each.

    Parameters
    ----------
    subtypes : of the sources, libsndfile's names

    Raises
    ------
    ExportError : the suffix is not one of audio files
    """
    codec = CODECS.get(suffix.lower())
    if codec is not None:
        return codec.subtype
    needed = {_plain(subtype) for subtype in subtypes} or {"PCM_24"}
    if container_for(suffix) == "FLAC":
        return "PCM_16" if all(_BITS[subtype] <= 16 for subtype in needed) else "PCM_24"
    if "FLOAT" in needed and "PCM_32" in needed:
        return "DOUBLE"  # 24 bits of mantissa do not hold 32-bit integers, nor those a float above full scale
    deepest = max(needed, key=lambda subtype: (_BITS[subtype], subtype in _FLOATS))
    return "PCM_U8" if deepest == "PCM_S8" else deepest


def bits_of(subtype: str) -> int:
    """Return the bits of one sample of a subtype that can be written."""
    return _BITS[subtype]


def block_dtype(subtype: str) -> type[np.float32] | type[np.float64]:
    """Return the float type that carries a subtype's samples without loss."""
    return np.float64 if subtype in ("PCM_32", "DOUBLE") else np.float32


def write_audio(
    path: Path,
    blocks: Iterable[AnyBlock],
    *,
    rate_hz: int,
    channels: int,
    container: Container,
    subtype: str,
    total_frames: int,
    overwrite: bool = False,
    reads: Iterable[Path] = (),
    is_own_name: bool = False,
    progress: Progress = SILENT,
    riff_limit_bytes: int = RIFF_LIMIT_BYTES,
    trailing_chunks: bytes = b"",
    coding: Coding | None = None,
    tags: Tags | None = None,
) -> WrittenAudio:
    """Write blocks of samples to a WAV (RF64 above 4 GiB), FLAC, MP3 or Ogg file.

    Parameters
    ----------
    blocks : float32 or float64, shape (n, channels) each, full scale at 1.0; float64 is needed for PCM_32
        and DOUBLE (see `block_dtype`); encoded ones are written as they are
    subtype : PCM_U8, PCM_S8, PCM_16, PCM_24, PCM_32, FLOAT or DOUBLE; PCM_S8 becomes PCM_U8 in WAV, the same
        samples; FLAC takes PCM_S8, PCM_16 and PCM_24
    total_frames : total length of the blocks; decides between WAV and RF64
    overwrite, reads, is_own_name : see `engine.core.files.safe_write.replacing`
    riff_limit_bytes : the size from which RF64 is written
    trailing_chunks : chunks after the samples of a WAV file (see `engine.sound.headers.bwf`)
    coding : coding of MP3 and Ogg; their subtype is the codec's, and samples over full scale are clipped
    tags : of FLAC, MP3 and Ogg; None for a file without tags

    Raises
    ------
    ExportError : see `engine.core.files.safe_write.replacing`; the format cannot hold it; a full disk
    ValueError : the blocks do not hold `total_frames`
    """
    if container == "WAV" and subtype == "PCM_S8":
        subtype = "PCM_U8"
    frame_bytes = channels * _BITS.get(subtype, 16) // 8
    is_long = total_frames * frame_bytes + len(trailing_chunks) > riff_limit_bytes
    kind = "RF64" if container == "WAV" and is_long else container
    with replacing(path, overwrite=overwrite, reads=reads, is_own_name=is_own_name) as part:
        file = _create(path, part, (rate_hz, channels, kind, subtype), coding, tags)
        try:
            with file:
                settled = _settled(blocks, part, frame_bytes)
                frames, peak, clipped = _write_blocks(file, settled, subtype, total_frames, progress)
            _complete(part, kind, subtype, frames, tags)
            append_chunks(part, trailing_chunks)
            readable_frames = _readable_frames(part)
        except (soundfile.LibsndfileError, AssertionError) as error:
            # libsndfile says "System error" and drops the reason; beside a full disk there hardly is one.
            raise OSError(errno.ENOSPC, str(error)) from error
        if readable_frames != frames:
            raise OSError(errno.ENOSPC, "short write")  # libsndfile says nothing when closing fails
        if frames != total_frames:
            raise ValueError(f"{frames} frames came, {total_frames} were promised")
    return WrittenAudio(path, frames, peak, clipped)


def _plain(subtype: str) -> str:
    if subtype in _BITS:
        return subtype
    if subtype.startswith("ALAC_"):
        return {"ALAC_16": "PCM_16", "ALAC_32": "PCM_32"}.get(subtype, "PCM_24")
    return "PCM_16" if subtype in _TELEPHONE else "FLOAT"


def _create(
    path: Path, part: Path, form: tuple[int, int, str, str], coding: Coding | None, tags: Tags | None
) -> soundfile.SoundFile:
    """Open a new file; `form` is the rate in Hz, the channels, the kind of file and the subtype."""
    rate_hz, channels, kind, subtype = form
    coded: dict[str, Any] = {}
    if coding is not None:
        coded = {"compression_level": coding.codec.levels[coding.quality], "bitrate_mode": coding.codec.mode}
    try:
        file = soundfile.SoundFile(
            libsndfile_name(part), "w", rate_hz, channels, subtype, format=kind, **coded
        )
    except (soundfile.LibsndfileError, ValueError) as error:
        if getattr(error, "code", 0) == _SYSTEM_ERROR:
            raise OSError(errno.ENOSPC, str(error)) from error
        raise ExportError(
            f"{shown(path)} cannot hold {channels} channels of {subtype} at {rate_hz} Hz as {kind}: choose "
            f"another format."
        ) from error
    # The PEAK chunk of floating-point files holds the time of writing: without, equal audio is equal bytes.
    soundfile._snd.sf_command(file._file, _SET_ADD_PEAK_CHUNK, soundfile._ffi.NULL, 0)
    _tag(file, kind, tags)
    return file


def _tag(file: soundfile.SoundFile, kind: str, tags: Tags | None) -> None:
    """Set the tags, which have to be there before the first sample."""
    if tags is None:
        return
    if kind == "MP3":
        file.title = room_title(tags)
        return
    number = str(tags.number or "")
    texts = {
        "software": tags.encoder,
        "title": tags.title,
        "artist": tags.artist,
        "album": tags.album,
        "tracknumber": number,
    }
    for name, text in texts.items():
        if text or name == "software":
            setattr(file, name, text)


def _settled(blocks: Iterable[AnyBlock], part: Path, frame_bytes: int) -> Iterator[AnyBlock]:
    """Yield the blocks, and flush earlier ones to the disk from time to time."""
    unsettled_bytes = 0
    for block in blocks:
        yield block
        unsettled_bytes += len(block) * frame_bytes
        if unsettled_bytes >= _SETTLE_BYTES:
            settle(part)
            unsettled_bytes = 0


def _write_blocks(
    file: soundfile.SoundFile,
    blocks: Iterable[AnyBlock],
    subtype: str,
    total_frames: int,
    progress: Progress,
) -> tuple[int, float, int]:
    frames, peak, clipped = 0, 0.0, 0
    for block in blocks:
        progress.check_cancelled()
        if isinstance(block, EncodedBlock):
            peak = max(peak, block.peak)
            _write_encoded(file, block)
        else:
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            numbers, outside = _numbers(block, subtype)
            clipped += outside
            file.write(numbers)
        frames += len(block)
        progress.report(frames / max(total_frames, 1), "Writing audio")
    return frames, peak, clipped


def _write_encoded(file: soundfile.SoundFile, block: EncodedBlock) -> None:
    """Append encoded samples; soundfile has no function for it."""
    size_bytes = block.data.nbytes
    if (
        soundfile._snd.sf_write_raw(file._file, soundfile._ffi.from_buffer(block.data), size_bytes)
        < size_bytes
    ):
        raise OSError(errno.ENOSPC, "short write")


def _numbers(block: NDArray[Any], subtype: str) -> tuple[NDArray[Any], int]:
    """Return the numbers that libsndfile writes, and how many samples were clipped."""
    if subtype in _FLOATS:
        return np.ascontiguousarray(block, block_dtype(subtype)), 0
    if subtype not in _BITS:
        clipped = int(np.count_nonzero(np.abs(block) > 1.0))
        return np.ascontiguousarray(np.clip(block, -1.0, 1.0), np.float32), clipped
    return integers(block, _BITS[subtype])


def integers(block: NDArray[Any], bits: int) -> tuple[NDArray[Any], int]:
    """Round to integers of `bits` bits, placed in the top bits of int16 or int32 as libsndfile expects them.

    Returns
    -------
    numbers : of the shape of the block
    outside : number of samples outside the range of the integers, which were clipped
    """
    full_scale = 2.0 ** (bits - 1)
    # float32 cannot hold every 32-bit integer, and 2**31 - 1 least of all
    scaled = np.multiply(block, full_scale, dtype=np.float64 if bits == 32 else block.dtype)
    np.rint(scaled, out=scaled)
    outside = int(np.count_nonzero((scaled < -full_scale) | (scaled > full_scale - 1)))
    np.clip(scaled, -full_scale, full_scale - 1, out=scaled)
    wide = np.int16 if bits <= 16 else np.int32
    numbers = scaled.astype(wide)
    spare = numbers.itemsize * 8 - bits
    return np.ascontiguousarray(numbers << spare if spare else numbers), outside


def _complete(part: Path, kind: str, subtype: str, frames: int, tags: Tags | None) -> None:
    """Complete the header of a file where libsndfile does not."""
    if kind in ("WAV", "RF64") and subtype in _FLOATS:
        _complete_float_head(part, frames)
    if kind == "MP3" and tags is not None:
        write_id3(part, tags)


def _readable_frames(part: Path) -> int:
    with soundfile.SoundFile(libsndfile_name(part)) as file:
        return frames_that_decode(part, file)


def _complete_float_head(path: Path, frames: int) -> None:
    """Correct the head of a WAV or RF64 file that libsndfile wrote; one without floats stays as it is."""
    with path.open("r+b") as stream:
        head = stream.read(_HEAD_BYTES)
        place = head.find(b"fmt ")
        if place < 0:
            return
        (size,) = struct.unpack_from("<I", head, place + 4)
        after = place + 8 + size
        if head[:4] == b"RIFF":
            found = _extended(head, place, after) if size == _PLAIN_BYTES else b""
        else:
            found, place = _with_fact(head, after, frames), after
        if found:
            stream.seek(place)
            stream.write(found)


def _extended(head: bytes, place: int, after: int) -> bytes:
    """Return `fmt ` with the size of its extension, the fact behind it, and the padding that is left."""
    (tag,) = struct.unpack_from("<H", head, place + 8)
    fact, padding = head[after : after + 12], head[after + 12 : after + 20]
    if tag != _FLOAT_TAG or fact[:4] != b"fact" or padding[:4] != b"PAD ":
        return b""
    room = int.from_bytes(padding[4:], "little") - (_EXTENDED_BYTES - _PLAIN_BYTES)
    fmt = b"fmt " + struct.pack("<I", _EXTENDED_BYTES) + head[place + 8 : after] + b"\0\0"
    return fmt + fact + b"PAD " + struct.pack("<I", room)


def _with_fact(head: bytes, after: int, frames: int) -> bytes:
    """Return a fact chunk and padding in place of the peaks, which hold the time of writing."""
    if head[after : after + 4] != b"PEAK":
        return b""
    room = int.from_bytes(head[after + 4 : after + 8], "little") - 12
    if room < 0:
        return b""
    fact = b"fact" + struct.pack("<II", 4, min(frames, _MOST))
    return fact + b"PAD " + struct.pack("<I", room) + bytes(room)
