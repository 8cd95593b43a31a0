"""Video metadata of Matroska files: frame rate, and the tag TIMECODE.

References: RFC 8794 (EBML), RFC 9559 (Matroska), and FFmpeg, which writes its start timecode into that tag.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from typing import BinaryIO

from engine.core.timebase import timecode_frames
from engine.sound.headers.picture import Picture, Timecode, standard_rate, start_timecode

MATROSKA_MARK = b"\x1a\x45\xdf\xa3"
"""The bytes that such a file begins with."""

_SEGMENT, _TRACKS, _TAGS = 0x18538067, 0x1654AE6B, 0x1254C367
_TRACK, _KIND, _FRAME_NS = 0xAE, 0x83, 0x23E383
_TAG, _SIMPLE_TAG, _NAME, _TEXT = 0x7373, 0x67C8, 0x45A3, 0x4487
_VIDEO = 1
_MOST_ELEMENTS = 100_000  # a cluster every few seconds
_MOST_BYTES, _MOST_HELD_BYTES = 64, 1 << 20  # of a value, of all tracks or tags
_NS = 10**9


@dataclass(frozen=True, slots=True)
class _Element:
    """An element, and where its content starts and stops."""

    key: int
    start: int
    stop: int


def matroska_picture(stream: BinaryIO, size_bytes: int) -> Picture | None:
    """Return the picture of the first track of video; None in a file without one."""
    file = _Element(0, 0, size_bytes)
    segment = next(_named(stream, file, _SEGMENT), file)
    held: dict[int, bytes] = {}
    for element in _elements(stream, segment):
        if element.key in (_TRACKS, _TAGS) and element.key not in held:
            held[element.key] = _bytes(stream, element, _MOST_HELD_BYTES)
    has_video, rate = _video(held.get(_TRACKS, b""))
    return Picture(rate, start=_start(_timecode_tag(held.get(_TAGS, b"")), rate)) if has_video else None


def _video(content: bytes) -> tuple[bool, Fraction | None]:
    """Return whether there is a track of video, and its frame rate."""
    stream, tracks = BytesIO(content), _Element(_TRACKS, 0, len(content))
    for track in _named(stream, tracks, _TRACK):
        if any(_number(stream, one) == _VIDEO for one in _named(stream, track, _KIND)):
            lengths = [_number(stream, one) for one in _named(stream, track, _FRAME_NS)]
            return True, standard_rate(Fraction(_NS, lengths[0])) if lengths and lengths[0] else None
    return False, None


def _timecode_tag(content: bytes) -> str:
    """Return the text of the first tag TIMECODE."""
    stream, tags = BytesIO(content), _Element(_TAGS, 0, len(content))
    for tag in _named(stream, tags, _TAG):
        for simple in _named(stream, tag, _SIMPLE_TAG):
            names = [_bytes(stream, one) for one in _named(stream, simple, _NAME)]
            if names == [b"TIMECODE"]:
                texts = [_bytes(stream, one) for one in _named(stream, simple, _TEXT)]
                return texts[0].rstrip(b"\0").decode("ascii", "replace") if texts else ""
    return ""


def _start(text: str, rate: Fraction | None) -> Timecode:
    with suppress(ValueError):
        if rate is not None:
            return start_timecode(timecode_frames(text, round(rate)), rate, drops_frames=";" in text)
    return Timecode()


def _named(stream: BinaryIO, parent: _Element, key: int) -> Iterator[_Element]:
    return (one for one in _elements(stream, parent) if one.key == key)


def _elements(stream: BinaryIO, parent: _Element) -> Iterator[_Element]:
    """Yield the elements inside of another; one that is cut short, or of unknown length, ends with that."""
    start = parent.start
    for _ in range(_MOST_ELEMENTS):
        stream.seek(start)
        head = stream.read(12)
        key_bytes = _width(head[:1])
        size_bytes = _width(head[key_bytes : key_bytes + 1])
        content = start + key_bytes + size_bytes
        if not 1 <= key_bytes <= 4 or not size_bytes or content > parent.stop:
            return
        size = int.from_bytes(head[key_bytes : key_bytes + size_bytes], "big") - (1 << 7 * size_bytes)
        is_known = size < (1 << 7 * size_bytes) - 1
        stop = min(content + size, parent.stop) if is_known else parent.stop
        yield _Element(int.from_bytes(head[:key_bytes], "big"), content, stop)
        start = stop


def _width(first: bytes) -> int:
    """Return the length in bytes of an EBML number, from its first one; 0 if invalid."""
    return 9 - first[0].bit_length() if first and first[0] else 0


def _number(stream: BinaryIO, element: _Element) -> int:
    return int.from_bytes(_bytes(stream, element), "big")


def _bytes(stream: BinaryIO, element: _Element, most_bytes: int = _MOST_BYTES) -> bytes:
    stream.seek(element.start)
    return stream.read(min(element.stop - element.start, most_bytes))
