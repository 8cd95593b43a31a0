"""How finely an MP4 or QuickTime file counts the length that its edit list gives."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_MOST_ATOMS = 1_000


def movie_timescale(path: Path) -> int:
    """Return the units per second of the lengths in the movie header; 0 where there is none.

    Sources
    -------
    ISO/IEC 14496-12: 'mvhd' in 'moov', whose times have 64 bits in version 1.
    """
    with path.open("rb") as stream:
        size_bytes = stream.seek(0, 2)
        moov = _atom(stream, 0, size_bytes, b"moov")
        mvhd = moov and _atom(stream, *moov, b"mvhd")
        if not mvhd:
            return 0
        stream.seek(mvhd[0])
        content = stream.read(32)
    place = 20 if content[:1] == b"\1" else 12
    return int.from_bytes(content[place : place + 4], "big")


def _atom(stream: BinaryIO, start: int, stop: int, wanted: bytes) -> tuple[int, int] | None:
    """Return where the content of the first atom of a name starts and stops."""
    for _ in range(_MOST_ATOMS):
        stream.seek(start)
        head = stream.read(8)
        if start + 8 > stop or len(head) < 8:
            return None
        size, name = struct.unpack(">I4s", head)
        content = start + 8
        if size == 1:
            size, content = int.from_bytes(stream.read(8), "big"), start + 16
        end = stop if size == 0 else start + size
        if end < content or end > stop:
            return None
        if name == wanted:
            return content, end
        start = end
    return None
