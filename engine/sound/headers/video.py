"""The picture of a video, as far as its sound needs it: how fast its frames follow, and when it begins.

MP4 and QuickTime: units of the edit list, frame rate and start timecode (ISO/IEC 14496-12, whose boxes are
here called atoms, and Apple's "QuickTime File Format", `tmcd`). Damaged atoms are skipped, since the audio
is still usable. Matroska: frame rate and the tag TIMECODE (RFC 8794, RFC 9559, and FFmpeg, which writes its
start timecode there).
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from engine.core.timebase import timecode_frames

_LONGEST_S = 24 * 3600 * Fraction(1001, 1000)  # a day of timecode at 29.97 frames a second
_SLOWEST, _FASTEST = 5, 1_000  # slower ones are pictures of chapters, and none is faster
_NTSC = Fraction(1000, 1001)
_NEAR = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Timecode:
    """The start timecode of a video.

    Attributes
    ----------
    begin_s : time of the first frame in seconds after midnight, in real time
    drops_frames : whether the video is counted in drop frame timecode
    """

    begin_s: Fraction = Fraction(0)
    drops_frames: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a video.

    Attributes
    ----------
    frame_rate : frames a second, exactly; None if the file does not give it
    is_variable : whether frames last unequally long, so that `frame_rate` is nominal
    start : of a video without timecode, 0
    """

    frame_rate: Fraction | None = None
    is_variable: bool = False
    start: Timecode = Timecode()


def frame_rate_of(durations: Mapping[int, int], units_hz: int) -> tuple[Fraction | None, bool]:
    """Return the rate of frames of these durations, and whether it varies.

    Parameters
    ----------
    durations : number of frames by duration in units
    units_hz : units a second

    Returns
    -------
    frame_rate : the mean if durations differ by rounding alone; else the whole rate nearest to the most
        common duration. None if that is not a rate of video
    is_variable : whether they differ by more
    """
    units = sum(duration * count for duration, count in durations.items())
    if units <= 0 or units_hz <= 0:
        return None, False
    if max(durations) - min(durations) <= 1:
        mean = Fraction(sum(durations.values()) * units_hz, units)
        return standard_rate(mean, _NEAR + Fraction(1, units)), False
    common = max(durations, key=lambda duration: (durations[duration], duration))
    nominal = standard_rate(Fraction(units_hz, common), _NEAR) if common else None
    if nominal is not None and nominal.denominator not in (1, _NTSC.denominator):
        nominal = _moving(Fraction(round(nominal)))
    return nominal, nominal is not None


def standard_rate(rate: Fraction, near: Fraction = _NEAR) -> Fraction | None:
    """Return the nearest integer rate, or 1000/1001 of one, if close; else the rate; None for a still.

    Parameters
    ----------
    near : how far it may be off, as a share of the rate
    """
    wholes = Fraction(round(rate)), round(rate / _NTSC) * _NTSC
    nearest = min(wholes, key=lambda one: abs(one - rate))
    return _moving(nearest if abs(nearest - rate) <= near * rate else rate)


def _moving(rate: Fraction) -> Fraction | None:
    return rate if _SLOWEST <= rate <= _FASTEST else None


def start_timecode(frame: int, rate: Fraction, *, drops_frames: bool) -> Timecode:
    """Return the timecode of a frame, counted from midnight; 0 if it is not within a day.

    Parameters
    ----------
    rate : frames a second of the timecode
    drops_frames : has an effect only at rates with drop frame timecode
    """
    begin_s = frame / rate
    if not 0 <= begin_s < _LONGEST_S:
        return Timecode()
    return Timecode(begin_s, drops_frames and can_drop_frames(rate))


def can_drop_frames(rate: Fraction) -> bool:
    """Return whether there is drop frame timecode at a rate: 29.97 frames a second, and its multiples."""
    return rate.denominator == _NTSC.denominator and round(rate) % 30 == 0


MOVIE_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""The names of atoms that a file begins with."""

_MOST_ATOMS = 1_000
_MOST_ATOM_BYTES = 1 << 20
_TABLE = 8  # where the rows of a table begin: behind version, flags and their number
_PAIR = struct.Struct(">II")  # frames, and how long each of them lasts
_TIMECODE = struct.Struct(">III")  # flags, units a second, units a frame
_TIMECODE_AT = 28  # behind the number of descriptions, and the head of the first one
_DROPS, _COUNTS_TAPE = 1, 8

Span = tuple[int, int]
"""Where the content of an atom starts and stops, in bytes."""


def movie_timescale(path: Path) -> int:
    """Return the units per second of the lengths in the movie header; 0 if it is missing.

    Sources
    -------
    ISO/IEC 14496-12: 'mvhd' in 'moov', whose times have 64 bits in version 1.
    """
    with path.open("rb") as stream:
        return _timescale(stream, inside(stream, (0, stream.seek(0, 2)), b"moov", b"mvhd"))


def movie_picture(stream: BinaryIO, size_bytes: int) -> Picture | None:
    """Return the picture of the first track of video; None in a file without one."""
    moov = inside(stream, (0, size_bytes), b"moov")
    first: dict[bytes, Span] = {}
    atoms = atoms_in(stream, moov) if moov else ()
    for track in [(start, stop) for name, start, stop in atoms if name == b"trak"]:
        kind = read_atom(stream, inside(stream, track, b"mdia", b"hdlr"))[8:12]
        first.setdefault(kind, track)
    if b"vide" not in first:
        return None
    frame_rate, is_variable = _frame_rate(stream, first[b"vide"])
    timecode_rate, begin = _movie_timecode(stream, first[b"tmcd"]) if b"tmcd" in first else (None, Timecode())
    return Picture(frame_rate or timecode_rate, is_variable, begin)


def _frame_rate(stream: BinaryIO, track: Span) -> tuple[Fraction | None, bool]:
    units_hz = _timescale(stream, inside(stream, track, b"mdia", b"mdhd"))
    table = read_atom(stream, inside(stream, track, b"mdia", b"minf", b"stbl", b"stts"))[_TABLE:]
    rows = list(_PAIR.iter_unpack(table[: len(table) // _PAIR.size * _PAIR.size]))
    if len(rows) > 1 and rows[-1][0] == 1:  # the last frame lasts as long as the sound needs
        rows.pop()
    durations: Counter[int] = Counter()
    for count, duration in rows:
        durations[duration] += count
    return frame_rate_of(+durations, units_hz)


def _movie_timecode(stream: BinaryIO, track: Span) -> tuple[Fraction | None, Timecode]:
    """Return the frame rate of a track of timecode, and its first timecode."""
    table = inside(stream, track, b"mdia", b"minf", b"stbl")
    described = read_atom(stream, table and inside(stream, table, b"stsd"))
    places = read_atom(stream, table and inside(stream, table, b"stco"))[_TABLE:][:4]
    places = places or read_atom(stream, table and inside(stream, table, b"co64"))[_TABLE:][:8]
    if len(described) < _TIMECODE_AT + _TIMECODE.size or described[12:16] != b"tmcd" or not places:
        return None, Timecode()
    flags, units_hz, units = _TIMECODE.unpack_from(described, _TIMECODE_AT)
    rate = standard_rate(Fraction(units_hz, units)) if units else None
    stream.seek(int.from_bytes(places, "big") & (2**63 - 1))
    first = stream.read(4)
    if rate is None or len(first) < 4 or flags & _COUNTS_TAPE:
        return rate, Timecode()
    frame = int.from_bytes(first, "big", signed=True)
    return rate, start_timecode(frame, rate, drops_frames=bool(flags & _DROPS))


def _timescale(stream: BinaryIO, header: Span | None) -> int:
    """Return the units per second in a header of the movie or of a track; 0 if it is missing."""
    content = read_atom(stream, header)[:32]
    place = 20 if content[:1] == b"\1" else 12
    return int.from_bytes(content[place : place + 4], "big")


def read_atom(stream: BinaryIO, span: Span | None) -> bytes:
    """Return the content of an atom, up to its limit; empty if it is missing."""
    if span is None:
        return b""
    stream.seek(span[0])
    return stream.read(min(span[1] - span[0], _MOST_ATOM_BYTES))


def inside(stream: BinaryIO, span: Span, *names: bytes) -> Span | None:
    """Follow the first atom of each name in turn, and return the span of the last; None if one is missing."""
    found: Span | None = span
    for wanted in names:
        if found is None:
            return None
        atoms = atoms_in(stream, found)
        found = next(((start, stop) for name, start, stop in atoms if name == wanted), None)
    return found


def atoms_in(stream: BinaryIO, span: Span) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each atom, and where its content starts and stops."""
    start, stop = span
    for _ in range(_MOST_ATOMS):
        stream.seek(start)
        head = stream.read(8)
        if start + 8 > stop or len(head) < 8:
            return
        size, name = struct.unpack(">I4s", head)
        content = start + 8
        if size == 1:
            size, content = int.from_bytes(stream.read(8), "big"), start + 16
        end = stop if size == 0 else start + size
        if end < content or end > stop:
            return
        yield name, content, end
        start = end


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


def read_picture(path: Path) -> Picture | None:
    """Return the picture of an MP4, QuickTime or Matroska file.

    None if the file is missing, is another one, or has no picture.
    """
    with suppress(OSError):
        status = path.stat()
        return _read(path, status.st_ino, status.st_size, status.st_mtime_ns)
    return None


@lru_cache(256)
def _read(path: Path, _inode: int, size_bytes: int, _changed_ns: int) -> Picture | None:
    """Read an unchanged file once: forms ask again at every key."""
    with path.open("rb") as stream:
        head = stream.read(8)
        if head.startswith(MATROSKA_MARK):
            return matroska_picture(stream, size_bytes)
        return movie_picture(stream, size_bytes) if head[4:] in MOVIE_ATOMS else None
