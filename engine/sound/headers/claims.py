"""Check the claims in the header of a sound file against the file itself, before it is decoded.

libsndfile limits the claims of a WAV or an AIFF file to the available data. If samples have no fixed size it
trusts the header: 478 bytes of Wave64 can claim days of sound, and all of it decodes, to silence.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import soundfile

from engine.core.timebase import format_time

_BITS = {
    "PCM_S8": 8,
    "PCM_U8": 8,
    "PCM_16": 16,
    "PCM_24": 24,
    "PCM_32": 32,
    "FLOAT": 32,
    "DOUBLE": 64,
    "ULAW": 8,
    "ALAW": 8,
    "DPCM_8": 8,
    "DPCM_16": 16,
}
_PACKED_BITS = {
    "IMA_ADPCM": 4.0,
    "MS_ADPCM": 4.0,
    "VOX_ADPCM": 4.0,
    "GSM610": 1.6,
    "NMS_ADPCM_16": 2.0,
    "NMS_ADPCM_24": 3.0,
    "NMS_ADPCM_32": 4.0,
    "G721_32": 4.0,
    "G723_24": 3.0,
    "G723_40": 5.0,
}
# Silence costs Vorbis two bytes for at most 4,096 samples and Opus two for at most 5,760.
_MOST_PER_BYTE = 4_096
_BLOCK_SAMPLES = 65_536  # codecs count whole blocks; none has longer ones
_FOUND_BY_DECODING = ("FLAC", "MP3")  # see `engine.sound.opening.frames_that_decode`
_AU_HEAD = struct.Struct("4sI")
_AU_HEAD_BYTES = 24
_HEAD_BYTES = 16  # of a FLAC frame, at the most
_LEAST_FRAME_BYTES = 6


def impossible_claim(path: Path, size_bytes: int, file: soundfile.SoundFile) -> str:
    """Return the problem of the header of an open file, as the end of a sentence; "" without one.

    Raises
    ------
    OSError : the file cannot be read
    """
    if file.format == "AU" and _au_data_start(path) < _AU_HEAD_BYTES:
        return "has a header with an invalid sample offset: copy it again, or export it again."
    if file.format not in _FOUND_BY_DECODING and file.frames > _most_frames(size_bytes, file):
        length = format_time(file.frames / file.samplerate)
        return (
            f"claims to hold {length}, and its {size_bytes:,} bytes cannot: copy it again, or export it "
            "again from where it was made."
        )
    return ""


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
    if mark[:3] == b"ID3" and len(mark) == 10:
        stream.seek(
            sum((byte & 0x7F) << shift for byte, shift in zip(mark[6:], (21, 14, 7, 0), strict=True)), 1
        )
    else:
        stream.seek(0)
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
