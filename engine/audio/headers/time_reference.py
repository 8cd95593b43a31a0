"""When a recording began, as field recorders write it into their files.

A Broadcast Wave file says in its `bext` chunk (EBU Tech 3285) how many samples after midnight its first one
lies. Programs that read timecode count positions in such a file from there.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

from engine.audio.headers.cue_points import wav_chunks

_TIME_REFERENCE = struct.Struct("<Q")
_PLACE = 338


def read_time_reference(path: Path) -> int:
    """Return the samples between midnight and the first sample of a file; 0 where it does not say."""
    with suppress(OSError), path.open("rb") as stream:
        for _, content in wav_chunks(stream, (b"bext",)):
            if len(content) >= _PLACE + _TIME_REFERENCE.size:
                return int(_TIME_REFERENCE.unpack_from(content, _PLACE)[0])
    return 0
