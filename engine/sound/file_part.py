"""A part of a file, with a head of its own in front, which libsndfile reads like a whole file.

libsndfile clamps a length that is too large, and takes one that is too small at its word: a recorder that
lost power has left 0 there, or the length of a moment ago, with all sound behind it. Such a file gets
another head, which states the present length. Of a chained Ogg file, as recorders of streams write it,
libsndfile reads the first link alone: each link is a part.

References: RIFF and RF64 (EBU Tech 3306), AIFF-C (Apple), AU (Sun), CAF (Apple), Sony Wave64, Ogg (RFC
3533).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from io import SEEK_CUR, SEEK_END, SEEK_SET
from pathlib import Path
from typing import BinaryIO


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


LEAST_UNKNOWN_BYTES = 0x7FFF0000
"""Lengths from here to 2**31 are not believed: sox and arecord round 2**31 - 1 down to whole frames."""
_WIDE = 1 << 32
_UNKNOWN = _WIDE - 1
_UNKNOWN_WIDE = 1 << 63
_MOST_HELD_BYTES = 1 << 16
_MOST_CHUNKS = 10_000
_LEAST_MORE_BYTES = 4_096
"""Fewer bytes after the samples are a tag or padding, not sound."""
_OGG_PAGE, _OGG_HEAD_BYTES = b"OggS", 27
_OGG_BEGINS_STREAM, _OGG_ENDS_STREAM = 2, 4
_OGG_TAIL_BYTES = 2 * 65_307  # the longest page, twice
_MOST_LINKS = 1_000
_MOGG, _ENCRYPTED_MOGG = 0x0A, range(0x0B, 0x18)
_PLAIN_CAF = (b"lpcm", b"ulaw", b"alaw")


class Stated(Enum):
    """How the stated length compares with the present one."""

    RIGHT = "equal, or longer"
    NOTHING = "nothing"
    LESS = "shorter"


@dataclass(frozen=True, slots=True)
class SampleChunk:
    """The samples of a file.

    Attributes
    ----------
    start, present_bytes : of the samples in the file, to its end where the length is not known
    promised_bytes : the length that the head states; `present_bytes` if it states none
    head : another head for libsndfile; empty where the own one is read right
    """

    start: int
    present_bytes: int
    promised_bytes: int
    stated: Stated = Stated.RIGHT
    head: bytes = b""

    @property
    def part(self) -> Part | None:
        """The part that libsndfile reads; None for the file as it is."""
        return Part(self.start, head=self.head) if self.head else None


def sample_chunk(path: Path) -> SampleChunk | None:
    """Return the samples of a WAV, RF64, W64, AIFF, AU or CAF file; None of another file.

    Raises
    ------
    OSError : the file cannot be read
    """
    size = path.stat().st_size
    with suppress(struct.error), path.open("rb") as stream:  # it ends within its head
        mark = stream.read(12)
        if mark[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and mark[8:] == b"WAVE":
            return _of_wav(stream, size, mark)
        if mark[:4] == b"FORM" and mark[8:] in (b"AIFF", b"AIFC"):
            return _of_aiff(stream, size, mark[8:])
        if mark[:4] == b"riff":
            return _of_w64(stream, size)
        if mark[:4] in (b".snd", b"dns."):
            return _of_au(stream, size, mark)
        if mark[:4] == b"caff":
            return _of_caf(stream, size)
    return None


def promised_share(path: Path) -> float:
    """Return the share of the promised audio in the file: 1.0 for all of it, or without a promise.

    An Ogg file does not state its length; one without a proper last page gives 0.0.

    Raises
    ------
    OSError : the file cannot be read
    """
    found = sample_chunk(path)
    if found is not None and found.promised_bytes > 0:
        return min(1.0, found.present_bytes / found.promised_bytes)
    size = path.stat().st_size
    with path.open("rb") as stream:
        is_cut = stream.read(4) == _OGG_PAGE and not _ogg_is_whole(stream, size)
    return 0.0 if is_cut else 1.0


def _chunks(stream: BinaryIO, size: int, at: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and stated length of each chunk with lengths of 32 bits."""
    for _ in range(_MOST_CHUNKS):
        if at + 8 > size:
            return
        stream.seek(at)
        name, length = struct.unpack(f"{order}4sI", stream.read(8))
        yield name, at + 8, length
        at += 8 + length + length % 2


def _held(stream: BinaryIO, start: int, length: int) -> bytes:
    stream.seek(start)
    return stream.read(min(length, _MOST_HELD_BYTES))


def _of_wav(stream: BinaryIO, size: int, mark: bytes) -> SampleChunk | None:
    order = ">" if mark[:4] == b"RIFX" else "<"
    held: dict[bytes, bytes] = {}
    for name, start, length in _chunks(stream, size, 12, order):
        if name in (b"fmt ", b"fact", b"ds64"):
            held[name] = _held(stream, start, length)
        if name == b"data":
            wide = int.from_bytes(held.get(b"ds64", b"")[8:16], "little")
            is_wide = bool(wide) and length == _UNKNOWN
            promised, present = wide if is_wide else length, size - start
            stated = _stated(promised, present, is_wide=is_wide)
            if stated is Stated.RIGHT and not is_wide and _goes_on(stream, size, start + promised):
                stated = Stated.LESS
            if stated is Stated.RIGHT and mark[:4] != b"BW64":  # which libsndfile does not know
                return SampleChunk(start, present, promised)
            if stated is not Stated.RIGHT:
                promised = present
            head = _wav_head(held, min(promised, present), order) if present else b""
            return SampleChunk(start, present, promised, stated, head)
    return None


def _stated(promised: int, present: int, *, is_wide: bool = False) -> Stated:
    """Classify a stated length, which may be one of those that stand for none."""
    if promised <= 0 or promised >= (_UNKNOWN_WIDE if is_wide else _UNKNOWN):
        return Stated.NOTHING
    is_rounded = not is_wide and LEAST_UNKNOWN_BYTES <= promised <= 1 << 31 and present < promised
    return Stated.NOTHING if is_rounded else Stated.RIGHT


def _goes_on(stream: BinaryIO, size: int, after: int) -> bool:
    """Return whether sound goes on after the stated length of a WAV file.

    The length has 32 bits: a longer file states the rest of the division. Else the bytes that follow must be
    neither a chunk nor zeros.
    """
    more = size - after
    if more < _LEAST_MORE_BYTES:
        return False
    if more >= _WIDE - 1 and more % _WIDE < _LEAST_MORE_BYTES:
        return True
    following = _held(stream, after, 4_096)
    return any(following) and not any(_is_chunk(following[pad:], more) for pad in (0, 1))


def _is_chunk(content: bytes, room: int) -> bool:
    name = content[:4]
    is_name = name.isascii() and name.decode("ascii").isprintable()
    return is_name and int.from_bytes(content[4:8], "little") <= room


def _wav_head(held: dict[bytes, bytes], present: int, order: str) -> bytes:
    chunks = b"".join(
        name + struct.pack(f"{order}I", len(held[name])) + held[name] + b"\0" * (len(held[name]) % 2)
        for name in (b"fmt ", b"fact")
        if name in held
    )
    if present < _UNKNOWN - _MOST_HELD_BYTES:
        mark, wide, length = (b"RIFX" if order == ">" else b"RIFF"), b"", present
    else:
        mark, length = b"RF64", _UNKNOWN
        wide = b"ds64" + struct.pack("<IQQQI", 28, present + len(chunks) + 48, present, 0, 0)
    whole = _UNKNOWN if wide else 4 + len(chunks) + 8 + length + length % 2
    riff = mark + struct.pack(f"{order}I", whole) + b"WAVE"
    return riff + wide + chunks + b"data" + struct.pack(f"{order}I", length)


def _of_aiff(stream: BinaryIO, size: int, kind: bytes) -> SampleChunk | None:
    common = b""
    for name, start, length in _chunks(stream, size, 12, ">"):
        if name == b"COMM":
            common = _held(stream, start, length)
        if name == b"SSND":
            offset = int.from_bytes(_held(stream, start, 4), "big")
            first = start + 8 + min(offset, max(0, size - start - 8))
            present = size - first
            promised = length - 8 - (first - start - 8)
            stated = Stated.NOTHING if length == _UNKNOWN else _stated(promised, present)
            if stated is Stated.RIGHT:
                return SampleChunk(first, present, promised)
            head = _aiff_head(kind, common, present) if 0 < present < _UNKNOWN - 64 else b""
            return SampleChunk(first, present, present, stated, head)
    return None


def _aiff_head(kind: bytes, common: bytes, present: int) -> bytes:
    if len(common) < 18:
        return b""
    channels, bits = struct.unpack_from(">H4xH", common)
    frame_bytes = max(1, channels * -(-bits // 8))
    common = common[:2] + struct.pack(">I", present // frame_bytes) + common[6:]
    common += b"\0" * (len(common) % 2)
    chunks = b"COMM" + struct.pack(">I", len(common)) + common
    chunks += b"SSND" + struct.pack(">III", min(present + 8, _UNKNOWN), 0, 0)
    return b"FORM" + struct.pack(">I", min(4 + len(chunks) + present, _UNKNOWN)) + kind + chunks


def _of_w64(stream: BinaryIO, size: int) -> SampleChunk | None:
    # 16-byte names that start with the RIFF ones, 64-bit sizes that count the 24-byte head, everything
    # aligned to 8 bytes; 40 bytes of file head. libsndfile reads to the end where there is no length.
    at = 40
    for _ in range(_MOST_CHUNKS):
        if at + 24 > size:
            break
        stream.seek(at)
        name, length = struct.unpack("<16sQ", stream.read(24))
        if name[:4] == b"data":
            present, promised = size - at - 24, length - 24
            stated = _stated(promised, present, is_wide=True)
            return SampleChunk(at + 24, present, promised if stated is Stated.RIGHT else present, stated)
        at += max(24, (length + 7) // 8 * 8)
    return None


def _of_au(stream: BinaryIO, size: int, mark: bytes) -> SampleChunk | None:
    order = "<" if mark[:1] == b"d" else ">"
    start, promised = struct.unpack(f"{order}II", mark[4:12])
    present = size - start
    if start < 24 or present <= 0:
        return None
    stated = _stated(promised, present)
    if stated is Stated.RIGHT:
        return SampleChunk(start, present, promised)
    head = b""
    if promised != _UNKNOWN:
        head = mark[:4] + struct.pack(f"{order}II", 24, _UNKNOWN) + _held(stream, 12, 12)
    return SampleChunk(start, present, present, stated, head)


def _of_caf(stream: BinaryIO, size: int) -> SampleChunk | None:
    described, at = b"", 8
    for _ in range(_MOST_CHUNKS):
        if at + 12 > size:
            break
        stream.seek(at)
        name, length = struct.unpack(">4sq", stream.read(12))
        if name == b"desc":
            described = _held(stream, at + 12, 32)
        if name == b"data" and described[8:12] in _PLAIN_CAF:
            start, promised = at + 16, length - 4
            present = max(0, size - start)
            stated = Stated.NOTHING if promised <= 0 else Stated.RIGHT
            if stated is Stated.RIGHT and promised <= present:
                return SampleChunk(start, present, promised)
            head = b"caff\0\1\0\0desc" + struct.pack(">q", 32) + described
            head += b"data" + struct.pack(">q", present + 4) + bytes(4)
            promised = present if stated is Stated.NOTHING else promised
            return SampleChunk(start, present, promised, stated, head if present else b"")
        if length < 0:
            break
        at += 12 + length
    return None


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
        while at + _OGG_HEAD_BYTES <= size and len(begins) <= _MOST_LINKS:
            head = content[at : at + _OGG_HEAD_BYTES]
            if head[:4] != _OGG_PAGE:
                at = content.find(_OGG_PAGE, at)  # damage: the next page may be whole
                if at < 0:
                    break
                continue
            is_beginning = bool(head[5] & _OGG_BEGINS_STREAM)
            if is_beginning and not was_beginning:
                begins.append(at)
            was_beginning = is_beginning
            at += (
                _OGG_HEAD_BYTES
                + head[26]
                + sum(content[at + _OGG_HEAD_BYTES : at + _OGG_HEAD_BYTES + head[26]])
            )
    stops = [*begins[1:], None]
    return tuple(Part(first, stop) for first, stop in zip(begins, stops, strict=True))[:_MOST_LINKS]


def _ogg_is_whole(stream: BinaryIO, size: int) -> bool:
    stream.seek(max(0, size - _OGG_TAIL_BYTES))
    tail = stream.read()
    page = tail.rfind(_OGG_PAGE)
    if page < 0 or page + _OGG_HEAD_BYTES > len(tail):
        return False
    body = page + _OGG_HEAD_BYTES + tail[page + 26]
    lacing = tail[page + _OGG_HEAD_BYTES : body]
    complete = len(lacing) == tail[page + 26] and body + sum(lacing) <= len(tail)
    return complete and bool(tail[page + 5] & _OGG_ENDS_STREAM)
