"""Start time of a recording, as field recorders write it into their files.

The `bext` chunk of a Broadcast Wave file (EBU Tech 3285) gives the number of samples from midnight to its
first sample. Programs that read timecode count positions in such a file from there. An `iXML` chunk (iXML
specification 2.10) repeats it, and names the set of files that were recorded together.
"""

from __future__ import annotations

import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.core.timebase import convert_samples
from engine.sound.headers.cue_points import wav_chunks

_TIME_REFERENCE = struct.Struct("<Q")
_PLACE = 338
_DATE, _TIME = slice(320, 330), slice(330, 338)
_ORIGINATOR, _ORIGINATOR_REFERENCE = slice(256, 288), slice(288, 320)
_USID_SIGNS, _SERIAL = 32, slice(5, 17)
"""A unique source identifier (EBU R 99): country, manufacturer, serial number, time and a random number."""
_FORMAT_RATE = struct.Struct("<4xI")
_IXML_TEXT = rb"<%s>\s*([^<]*?)\s*</%s>"


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
            said = _date_and_time(content[_DATE], content[_TIME])
            if said is not None:
                return said
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
