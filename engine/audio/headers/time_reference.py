"""Start time of a recording, as field recorders write it into their files.

The `bext` chunk of a Broadcast Wave file (EBU Tech 3285) gives the number of samples from midnight to its
first sample. Programs that read timecode count positions in such a file from there.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from engine.audio.headers.cue_points import wav_chunks

_TIME_REFERENCE = struct.Struct("<Q")
_PLACE = 338
_DATE, _TIME = slice(320, 330), slice(330, 338)


def read_time_reference(path: Path) -> int:
    """Return the samples between midnight and the first sample of a file; 0 if not stated."""
    with suppress(OSError), path.open("rb") as stream:
        for _, content in wav_chunks(stream, (b"bext",)):
            if len(content) >= _PLACE + _TIME_REFERENCE.size:
                return int(_TIME_REFERENCE.unpack_from(content, _PLACE)[0])
    return 0


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
