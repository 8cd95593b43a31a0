"""Detect the missing end of a file from its bytes, which libsndfile does not report.

libsndfile clamps the length of a shortened WAV, RF64, W64, AIFF or Ogg file silently. The sizes in the file
still state the full length: chunk by chunk in the RIFF family, page by page in Ogg.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)  # what programs write that stream and never know the length
_OGG_TAIL_BYTES = 2 * 65_307  # the longest page, twice
_OGG_END_OF_STREAM = 4


def promised_share(path: Path) -> float:
    """Return the share of the promised audio in the file: 1.0 for all of it, or without a promise.

    An Ogg file does not state its length; one without a proper last page gives 0.0.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(12)
        if head[:4] == b"OggS":
            return 1.0 if _ogg_is_whole(stream, size) else 0.0
        if head[:4] in (b"RIFF", b"RF64", b"FORM"):
            promised, present = _data_chunk(stream, size, big_endian=head[:4] == b"FORM")
        elif head[:4] == b"riff":
            promised, present = _w64_data_chunk(stream, size)
        else:
            return 1.0
    return min(1.0, present / promised) if promised else 1.0


def _data_chunk(stream: BinaryIO, size: int, *, big_endian: bool) -> tuple[int, int]:
    """Return the promised and the present bytes of the sample chunk; (0, 0) without a promise."""
    position, wide_size = 12, 0
    while position + 8 <= size:
        stream.seek(position)
        name, length = struct.unpack(">4sI" if big_endian else "<4sI", stream.read(8))
        if name == b"ds64":
            wide_size = struct.unpack("<QQ", stream.read(16).ljust(16, b"\0"))[1]
        if name in (b"data", b"SSND"):
            promised = wide_size if length == 0xFFFFFFFF and wide_size else length
            return (0, 0) if promised in _UNKNOWN_SIZES else (promised, size - position - 8)
        position += 8 + length + length % 2
    return 0, 0


def _w64_data_chunk(stream: BinaryIO, size: int) -> tuple[int, int]:
    # Sony Wave64: 16-byte names that start with the RIFF ones, 64-bit sizes that count the 24-byte head,
    # everything aligned to 8 bytes; 40 bytes of file head.
    position = 40
    while position + 24 <= size:
        stream.seek(position)
        name, length = struct.unpack("<16sQ", stream.read(24))
        if name[:4] == b"data":
            return max(0, length - 24), size - position - 24
        position += max(24, (length + 7) // 8 * 8)
    return 0, 0


def _ogg_is_whole(stream: BinaryIO, size: int) -> bool:
    stream.seek(max(0, size - _OGG_TAIL_BYTES))
    tail = stream.read()
    page = tail.rfind(b"OggS")
    if page < 0 or page + 27 > len(tail):
        return False
    lacing = tail[page + 27 : page + 27 + tail[page + 26]]
    complete = len(lacing) == tail[page + 26] and page + 27 + len(lacing) + sum(lacing) <= len(tail)
    return complete and bool(tail[page + 5] & _OGG_END_OF_STREAM)
