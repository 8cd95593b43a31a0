"""A part of a file, with a head of its own in front, which libsndfile reads like a whole file."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from io import SEEK_CUR, SEEK_END, SEEK_SET
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Part:
    """Which bytes of a file are read.

    Attributes
    ----------
    start, stop : in the file; None for its end
    head : bytes in front of them
    """

    start: int = 0
    stop: int | None = None
    head: bytes = b""


class PartFile:
    """An open part of a file. libsndfile prints exceptions of its files, so read errors count as the end."""

    def __init__(self, path: Path, part: Part) -> None:
        self._stream = path.open("rb")
        self._head, self._start, self._at = part.head, part.start, 0
        end = self._stream.seek(0, SEEK_END)
        stop = end if part.stop is None else min(end, part.stop)
        self._size = len(part.head) + max(0, stop - part.start)

    def read(self, most_bytes: int) -> bytes:
        """Return the next bytes; empty at the end."""
        stop = min(self._at + max(0, most_bytes), self._size)
        found = self._head[self._at : stop]
        ahead = self._at + len(found) - len(self._head)
        if self._at + len(found) < stop:
            with suppress(OSError, ValueError):
                self._stream.seek(self._start + ahead)
                found += self._stream.read(stop - self._at - len(found))
        self._at += len(found)
        return found

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Seek and return the position."""
        base = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
