"""The links of a chained Ogg file: recordings one after the other, as recorders of streams write them.

libsndfile reads the first link alone. Pages are walked by their heads (RFC 3533): a page that begins a stream
after one that does not begins a link. A `.mogg` of a music game has its Ogg file after a table.
"""

from __future__ import annotations

import mmap
from functools import lru_cache
from pathlib import Path

from engine.sound.file_part import Part

_HEAD_BYTES = 27
_BEGINS_STREAM = 2
_MOST_LINKS = 1_000
_MARK = b"OggS"
_MOGG, _ENCRYPTED_MOGG = 0x0A, range(0x0B, 0x18)


def mogg_start(head: bytes) -> int | None:
    """Return where the Ogg file in a `.mogg` begins, by its first bytes; None in any other file.

    0 means that it is encrypted.
    """
    version, start = (int.from_bytes(head[place : place + 4], "little") for place in (0, 4))
    if version in _ENCRYPTED_MOGG and len(head) >= 8:
        return 0
    return start if version == _MOGG and start >= 8 else None


def ogg_links(path: Path, start: int = 0) -> tuple[Part, ...]:
    """Return the links of an Ogg file that begins at a place of a file; more than a thousand are cut off.

    Raises
    ------
    OSError : the file cannot be read
    """
    status = path.stat()
    return _links(path, start, status.st_ino, status.st_size, status.st_mtime_ns)


@lru_cache(64)
def _links(path: Path, start: int, _inode: int, size: int, _changed_ns: int) -> tuple[Part, ...]:
    """Walk the pages of an unchanged file once."""
    begins, was_beginning, at = [start], True, start
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        while at + _HEAD_BYTES <= size and len(begins) <= _MOST_LINKS:
            head = content[at : at + _HEAD_BYTES]
            if head[:4] != _MARK:
                at = content.find(_MARK, at)  # damage: the next page may be whole
                if at < 0:
                    break
                continue
            is_beginning = bool(head[5] & _BEGINS_STREAM)
            if is_beginning and not was_beginning:
                begins.append(at)
            was_beginning = is_beginning
            at += _HEAD_BYTES + head[26] + sum(content[at + _HEAD_BYTES : at + _HEAD_BYTES + head[26]])
    stops = [*begins[1:], None]
    return tuple(Part(first, stop) for first, stop in zip(begins, stops, strict=True))[:_MOST_LINKS]
