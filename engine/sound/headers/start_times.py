"""Start times of recordings in the headers of WAV, MP4 and QuickTime files, and the dates in their texts.

The `bext` chunk of a Broadcast Wave file (EBU Tech 3285) gives the number of samples from midnight to its
first sample. Programs that read timecode count positions in such a file from there. An `iXML` chunk (iXML
specification 2.10) repeats it, and names the set of files that were recorded together. Movies: ISO/IEC
14496-12 (`mvhd`, `mdhd`), and Apple's "QuickTime File Format" (`keys` and `ilst`); damaged atoms are
skipped.
"""

from __future__ import annotations

import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from engine.core.timebase import convert_samples
from engine.sound.headers.bwf import wav_chunks
from engine.sound.headers.video import MOVIE_ATOMS, Span, atoms_in, inside, read_atom

_TEXT = re.compile(
    r"\s*(\d{4})\D(\d\d?)\D(\d\d?)[T _](\d\d?)[:.](\d\d)(?:[:.](\d\d)(\.\d{1,6})?)?\d*\s*(Z|[+-]\d\d:?\d\d)?"
)
_EPOCH = datetime(1904, 1, 1)
_DATE_KEY = b"com.apple.quicktime.creationdate"
_MAKE_KEYS = (b"com.apple.quicktime.make", b"com.apple.quicktime.model", b"com.android.model")
_DAY = b"\xa9day"
_CHANNELS_AT, _RATE_AT = 32, 40
_DATA_HEAD_BYTES = 8
_TIME_REFERENCE = struct.Struct("<Q")
_PLACE = 338
_DATE, _TIME = slice(320, 330), slice(330, 338)
_ORIGINATOR, _ORIGINATOR_REFERENCE = slice(256, 288), slice(288, 320)
_USID_SIGNS, _SERIAL = 32, slice(5, 17)
"""A unique source identifier (EBU R 99): country, manufacturer, serial number, time and a random number."""
_FORMAT_RATE = struct.Struct("<4xI")
_IXML_TEXT = rb"<%s>\s*([^<]*?)\s*</%s>"


@dataclass(frozen=True, slots=True)
class StatedDate:
    """A date with a time of day.

    Attributes
    ----------
    moment : as it is written, without a zone
    utc_offset_s : seconds from UTC to the written time; None if the zone is not stated
    """

    moment: datetime
    utc_offset_s: int | None = None


def stated_date(text: str) -> StatedDate | None:
    """Parse an ISO 8601 date with any separators; None without a time of day, or if it is invalid."""
    found = _TEXT.match(text)
    if found is None:
        return None
    with suppress(ValueError):
        year, month, day, hour, minute, second = (int(found[group] or 0) for group in range(1, 7))
        microsecond = min(round(float(found[7] or 0) * 1e6), 999_999)
        moment = datetime(year, month, day, hour, minute, second, microsecond)
        return StatedDate(moment, _offset_s(found[8]))
    return None


def _offset_s(zone: str | None) -> int | None:
    if not zone:
        return None
    if zone == "Z":
        return 0
    seconds = 3600 * int(zone[1:3]) + 60 * int(zone[-2:])
    return -seconds if zone[0] == "-" else seconds


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
    form = struct.Struct(">4xQQIQ" if content[:1] == b"\1" else ">4xIIII")
    if len(content) < form.size:
        return 0, 0, 0
    created, _, units_hz, duration = form.unpack_from(content)
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


@dataclass(frozen=True, slots=True)
class BroadcastStart:
    """Start of a Broadcast Wave file, as its `bext` and `iXML` state it.

    Attributes
    ----------
    reference_samples : from midnight to the first sample, at the rate of the file; None if not stated, or
        zero, as programs without a clock write it
    origination : date and time of the start; None if not stated
    originator : the recorder or program
    serial : serial number of the recorder (EBU R 99); "" if not stated
    family : identifier of the files that were recorded together; "" if not stated
    """

    reference_samples: int | None = None
    origination: datetime | None = None
    originator: str = ""
    serial: str = ""
    family: str = ""


def read_broadcast_start(path: Path) -> BroadcastStart:
    """Read the start of a WAV file from its chunks; empty for another file."""
    names = (b"fmt ", b"bext", b"iXML")
    chunks: dict[bytes, bytes] = {}
    with suppress(OSError), path.open("rb") as stream:
        for name, content in wav_chunks(stream, names):
            chunks.setdefault(name, content)
            if len(chunks) == len(names):
                break
    described, bext, ixml = (chunks.get(name, b"") for name in names)
    reference = _bext_text(bext[_ORIGINATOR_REFERENCE])
    in_bext = _TIME_REFERENCE.unpack_from(bext, _PLACE)[0] if len(bext) >= _PLACE + 8 else 0
    counted = in_bext or _ixml_reference(ixml)
    if counted == _ixml_reference(ixml):
        counted = _at_rate_of_file(counted, ixml, described)
    return BroadcastStart(
        counted or None,
        _date_and_time(bext[_DATE], bext[_TIME]),
        _bext_text(bext[_ORIGINATOR]),
        reference[_SERIAL] if len(reference) == _USID_SIGNS else "",
        _ixml_text(ixml, b"FAMILY_UID").decode("utf-8", "replace"),
    )


def _bext_text(content: bytes) -> str:
    return content.split(b"\0", 1)[0].decode("latin-1").strip()


def _ixml_reference(content: bytes) -> int:
    halves = [
        _ixml_text(content, b"TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_" + half)[:10] for half in (b"HI", b"LO")
    ]
    return int(halves[0]) << 32 | int(halves[1]) if all(half.isdigit() for half in halves) else 0


def _at_rate_of_file(samples: int, ixml: bytes, described: bytes) -> int:
    """Return a reference at the rate of the file; iXML states another one if the file was slowed down."""
    stated = _ixml_text(ixml, b"TIMESTAMP_SAMPLE_RATE")[:10]
    own_hz = _FORMAT_RATE.unpack_from(described)[0] if len(described) >= _FORMAT_RATE.size else 0
    if not stated.isdigit() or not int(stated) or not own_hz:
        return samples
    return convert_samples(samples, int(stated), own_hz)


def _ixml_text(content: bytes, name: bytes) -> bytes:
    """Return the text of the first element of a name; read without a parser, which would expand entities."""
    found = re.search(_IXML_TEXT % (name, name), content)
    return found[1] if found else b""


def read_time_reference(path: Path) -> int:
    """Return the samples between midnight and the first sample of a file; 0 if not stated."""
    return read_broadcast_start(path).reference_samples or 0


def read_origination(path: Path) -> datetime | None:
    """Return the date of a recording: that in its `bext`, else the last change of its file, in UTC.

    None if the file is missing.
    """
    with suppress(OSError), path.open("rb") as stream:
        for _, content in wav_chunks(stream, (b"bext",)):
            if (stated := _date_and_time(content[_DATE], content[_TIME])) is not None:
                return stated
    with suppress(OSError):
        return datetime.fromtimestamp(int(path.stat().st_mtime), UTC).replace(tzinfo=None)
    return None


def _date_and_time(date: bytes, time: bytes) -> datetime | None:
    """Parse year, month, day and hours, minutes, seconds with any separators."""
    with suppress(ValueError):
        return datetime(
            int(date[:4]), int(date[5:7]), int(date[8:10]), int(time[:2]), int(time[3:5]), int(time[6:8])
        )
    return None
