"""WAV files as field recorders write them, byte by byte from EBU Tech 3285 and the iXML specification 2.10.

Nothing here uses the product's writer.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Recorder:
    """What a recorder writes into its files.

    Attributes
    ----------
    reference : form of its originator reference, such as an EBU R 99 identifier
    prefix : letter before each line of its description: "s" for Sound Devices, "z" for Zoom; "" without lines
    speed : timecode rate as it writes it
    has_ixml : whether an iXML chunk repeats the description
    """

    originator: str
    reference: str = ""
    prefix: str = "s"
    speed: str = "025.000-ND"
    has_ixml: bool = True


SOUND_DEVICES = Recorder(
    "Sound Dev: 702T S#GR1112089007", "USSDVGR11120890071240040082063012", has_ixml=False
)
ZOOM_F8 = Recorder("ZOOM F8n", "JPZOOM00000000000000000000000000", "z")
TASCAM = Recorder("TASCAM HS-P82", "", "", has_ixml=False)
RODE = Recorder("RODECaster Pro II", "", "", has_ixml=True)
METACORDER = Recorder("Metacorder", "", "m", "023.976-ND", has_ixml=False)
NUENDO = Recorder("Nuendo", "", "", has_ixml=False)


def recorded(
    path: Path,
    samples: NDArray[np.float32],
    recorder: Recorder,
    origination: datetime | None,
    reference: int,
    *,
    rate_hz: int = 48_000,
    names: Sequence[str] = (),
    timestamp_hz: int = 0,
    family: str = "",
) -> Path:
    """Write a file of 16 bits.

    Parameters
    ----------
    samples : shape (n,) or (n, channels)
    reference : samples since midnight
    names : of its channels, from the first
    timestamp_hz : rate of `reference` in iXML, if it is not that of the file
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.rint(samples * 32_767.0).astype("<i2")
    channels = 1 if data.ndim == 1 else data.shape[1]
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, 2 * channels * rate_hz, 2 * channels, 16)
    lines = [f"SPEED={recorder.speed}", "TAKE=1"]
    lines += [f"TRK{number}={name}" for number, name in enumerate(names, 1) if name]
    description = "".join(f"{recorder.prefix}{line}\r\n" for line in lines) if recorder.prefix else ""
    moment = b"" if origination is None else f"{origination:%Y-%m-%d%H:%M:%S}".encode()
    bext = struct.pack(
        "<256s32s32s18sQH254x",
        description.encode(),
        recorder.originator.encode()[:32],
        recorder.reference.encode()[:32],
        moment,
        reference,
        1,
    )
    chunks = _chunk(b"bext", bext) + _chunk(b"fmt ", form)
    if recorder.has_ixml:
        chunks += _chunk(b"iXML", _ixml(names, reference, timestamp_hz or rate_hz, family).encode())
    body = b"WAVE" + chunks + _chunk(b"data", data.tobytes())
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def dated(path: Path, moment: datetime) -> Path:
    """Set the date of a file, in UTC."""
    seconds = moment.replace(tzinfo=UTC).timestamp()
    os.utime(path, (seconds, seconds))
    return path


def _ixml(names: Sequence[str], reference: int, rate_hz: int, family: str) -> str:
    tracks = "".join(
        f"<TRACK><CHANNEL_INDEX>{number}</CHANNEL_INDEX><INTERLEAVE_INDEX>{number}</INTERLEAVE_INDEX>"
        f"<NAME>{name}</NAME><FUNCTION/></TRACK>"
        for number, name in enumerate(names, 1)
        if name
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><BWFXML><IXML_VERSION>2.10</IXML_VERSION>'
        f"<SPEED><TIMESTAMP_SAMPLE_RATE>{rate_hz}</TIMESTAMP_SAMPLE_RATE>"
        f"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>{reference >> 32}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>"
        f"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>{reference & 0xFFFFFFFF}"
        "</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO></SPEED>"
        f"<FILE_SET><FAMILY_UID>{family}</FAMILY_UID></FILE_SET>"
        f"<TRACK_LIST><TRACK_COUNT>{len(names)}</TRACK_COUNT>{tracks}</TRACK_LIST></BWFXML>"
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
