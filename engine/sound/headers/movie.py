"""Time metadata of MP4 and QuickTime files: units of the edit list, frame rate and start timecode.

References: ISO/IEC 14496-12 (the boxes, here called atoms), and Apple's "QuickTime File Format" (`tmcd`, the
track of timecode). Damaged atoms are skipped, since the audio is still usable.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from engine.sound.headers.picture import Picture, Timecode, frame_rate_of, standard_rate, start_timecode

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
