"""Time of day, length and sound format of MP4 and QuickTime files, from their headers alone.

References: ISO/IEC 14496-12 (`mvhd`, `mdhd`), and Apple's "QuickTime File Format" (`keys` and `ilst`).
Damaged atoms are skipped, as in `engine.sound.headers.movie`.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from engine.sound.headers.movie import MOVIE_ATOMS, Span, atoms_in, inside, read_atom
from engine.sound.headers.stated_date import StatedDate, stated_date

_EPOCH = datetime(1904, 1, 1)
_DATE_KEY = b"com.apple.quicktime.creationdate"
_MAKE_KEYS = (b"com.apple.quicktime.make", b"com.apple.quicktime.model", b"com.android.model")
_DAY = b"\xa9day"
_CHANNELS_AT, _RATE_AT = 32, 40
_DATA_HEAD_BYTES = 8


@dataclass(frozen=True, slots=True)
class MovieStart:
    """Time and format of a movie.

    Attributes
    ----------
    created_utc : of the movie header, which is meant to be UTC; None if not stated. Some phones write the end
        of the recording there, and some cameras their local time
    creation_date : the date of the recording with its zone, as Apple's devices write it; None if not stated
    device : make and model; "" if not stated
    duration_s : 0.0 if not stated
    rate_hz, channels, codec : of the first audio track; 0 and "" without one
    """

    created_utc: datetime | None
    creation_date: StatedDate | None
    device: str
    duration_s: float
    rate_hz: int = 0
    channels: int = 0
    codec: str = ""


def read_movie_start(path: Path) -> MovieStart | None:
    """Read the header of a movie; None for another file or one that cannot be read."""
    with suppress(OSError), path.open("rb") as stream:
        if stream.read(8)[4:] not in MOVIE_ATOMS:
            return None
        moov = inside(stream, (0, stream.seek(0, 2)), b"moov")
        if moov is not None:
            return _start(stream, moov)
    return None


def _start(stream: BinaryIO, moov: Span) -> MovieStart:
    created, units_hz, duration = _header(read_atom(stream, inside(stream, moov, b"mvhd")))
    texts = _texts(stream, moov)
    date = stated_date(texts.get(_DATE_KEY, "") or texts.get(_DAY, ""))
    device = " ".join(texts[key] for key in _MAKE_KEYS if key in texts)
    moment = _EPOCH + timedelta(seconds=created) if created else None
    length_s = duration / units_hz if units_hz else 0.0
    return MovieStart(moment, date, device, length_s, *_sound(stream, moov))


def _header(content: bytes) -> tuple[int, int, int]:
    """Return creation time, units a second and duration of a header; zeros if it is missing."""
    form, place = (">QQIQ", 4) if content[:1] == b"\1" else (">IIII", 4)
    if len(content) < place + struct.calcsize(form):
        return 0, 0, 0
    created, _, units_hz, duration = struct.unpack_from(form, content, place)
    return (created if created < 2**33 else 0), units_hz, duration


def _sound(stream: BinaryIO, moov: Span) -> tuple[int, int, str]:
    for name, start, stop in atoms_in(stream, moov):
        media = inside(stream, (start, stop), b"mdia") if name == b"trak" else None
        if media is None or read_atom(stream, inside(stream, media, b"hdlr"))[8:12] != b"soun":
            continue
        described = read_atom(stream, inside(stream, media, b"minf", b"stbl", b"stsd"))
        _, units_hz, _ = _header(read_atom(stream, inside(stream, media, b"mdhd")))
        if len(described) < _RATE_AT + 4:
            return units_hz, 0, ""
        channels, rate = struct.unpack_from(">H6xH", described, _CHANNELS_AT)
        return rate or units_hz, channels, described[12:16].decode("latin-1").strip()
    return 0, 0, ""


def _texts(stream: BinaryIO, moov: Span) -> dict[bytes, str]:
    """Return metadata texts by key: those of QuickTime (`keys`), and the items that iTunes introduced."""
    texts: dict[bytes, str] = {}
    for parents in ((b"udta", b"meta"), (b"meta",)):
        meta = inside(stream, moov, *parents)
        if meta is None:
            continue
        is_full = read_atom(stream, (meta[0], min(meta[0] + 12, meta[1])))[8:12] == b"hdlr"
        span = (meta[0] + 4 * is_full, meta[1])
        keys = _keys(read_atom(stream, inside(stream, span, b"keys")))
        items = inside(stream, span, b"ilst")
        for name, start, stop in list(atoms_in(stream, items)) if items else []:
            number = int.from_bytes(name, "big")
            key = keys[number - 1] if 0 < number <= len(keys) else name
            value = read_atom(stream, inside(stream, (start, stop), b"data"))
            texts[key] = value[_DATA_HEAD_BYTES:].decode("utf-8", "replace")
    return texts


def _keys(content: bytes) -> list[bytes]:
    found, place = [], 8
    while place + 8 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        if size < 8:
            break
        found.append(content[place + 8 : place + size])
        place += size
    return found
