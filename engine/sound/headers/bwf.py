"""Metadata of Broadcast Wave files: `bext`, `iXML` and cue points with labels.

The chunks follow the samples, so that a file of any size is written in one go and RF64 needs nothing special.
Nothing in them depends on the clock: equal audio is equal bytes.

References: EBU Tech 3285 (bext, version 2), EBU Tech 3306 (RF64), the iXML specification 2.10, and
Microsoft's "Multimedia Programming Interface and Data Specifications 1.0" (cue, LIST adtl).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

from engine.core.files.xml_text import child, xml_bytes
from engine.core.timebase import convert_samples

ORIGINATOR = "Offcut"

_BEXT = "<256s32s32s10s8sQH64shhhhh180x"
_NOT_MEASURED = 0x7FFF
_MOST = 2**32 - 1  # a cue point counts in 32 bits
_RF64_SIZE_AT = 20  # after RF64, its unused size, WAVE and the head of ds64


@dataclass(frozen=True, slots=True)
class CuePoint:
    """A named position in the file; a region if it has a length."""

    position_samples: int
    label: str
    length_samples: int = 0

    def at_rate(self, from_hz: int, to_hz: int) -> CuePoint:
        """Return the same place, counted at another rate; start and end are each rounded once."""
        start = convert_samples(self.position_samples, from_hz, to_hz)
        stop = convert_samples(self.position_samples + self.length_samples, from_hz, to_hz)
        return CuePoint(start, self.label, stop - start)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Metadata of an audio file.

    Attributes
    ----------
    description : one line, truncated to 256 ASCII characters
    project : name of the recording
    time_reference_samples : position of the first sample on the recording's timeline
    channel_names : of each channel, from the first
    cues : in ascending order
    loudness_lufs, true_peak_dbtp : None if not measured
    origination : date of the recording; None if unknown
    """

    description: str
    project: str
    time_reference_samples: int
    channel_names: tuple[str, ...]
    cues: tuple[CuePoint, ...] = ()
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    origination: datetime | None = None


def broadcast_chunks(said: Broadcast, *, rate_hz: int, bits: int) -> bytes:
    """Return the chunks for the file, each padded to an even length."""
    chunks = _chunk(b"bext", _bext(said, rate_hz, bits)) + _chunk(b"iXML", _ixml(said, rate_hz, bits))
    cues = [cue for cue in said.cues if cue.position_samples <= _MOST]
    if cues:
        chunks += _chunk(b"cue ", _cue_points(cues)) + _chunk(b"LIST", _labels(cues))
    return chunks


def append_chunks(path: Path, chunks: bytes) -> None:
    """Add chunks to the end of a WAV or RF64 file that is complete, and correct the size in its head."""
    with path.open("r+b") as stream:
        kind = stream.read(4)
        end = stream.seek(0, os.SEEK_END)
        if end % 2:
            stream.write(b"\0")
        stream.write(chunks)
        size = stream.tell() - 8
        if kind == b"RF64":
            stream.seek(_RF64_SIZE_AT)
            stream.write(struct.pack("<Q", size))
        else:
            stream.seek(4)
            stream.write(struct.pack("<I", size))


def _bext(said: Broadcast, rate_hz: int, bits: int) -> bytes:
    modes = {1: "M=mono,", 2: "M=stereo,"}
    mode = modes.get(len(said.channel_names), "")
    history = f"A=PCM,F={rate_hz},W={bits},{mode}T={ORIGINATOR}\r\n"
    fields = struct.pack(
        _BEXT,
        _ascii(said.description),
        _ascii(ORIGINATOR),
        b"",
        _moment(said.origination, "%Y-%m-%d"),
        _moment(said.origination, "%H:%M:%S"),
        said.time_reference_samples,
        2,
        b"",
        _hundredths(said.loudness_lufs),
        _NOT_MEASURED,
        _hundredths(said.true_peak_dbtp),
        _NOT_MEASURED,
        _NOT_MEASURED,
    )
    return fields + history.encode("ascii")


def _moment(moment: datetime | None, form: str) -> bytes:
    return b"" if moment is None else moment.strftime(form).encode("ascii")


def _hundredths(value: float | None) -> int:
    return _NOT_MEASURED if value is None else max(-9999, min(9999, round(100 * value)))


def _ascii(text: str) -> bytes:
    """Return a line of printable ASCII for bext; iXML has the full text."""
    line = " ".join(text.split())
    return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in line).encode("ascii")


def _ixml(said: Broadcast, rate_hz: int, bits: int) -> bytes:
    root = ElementTree.Element("BWFXML")
    child(root, "IXML_VERSION", "2.10")
    child(root, "PROJECT", said.project)
    child(root, "NOTE", said.description)
    speed = child(root, "SPEED")
    child(speed, "FILE_SAMPLE_RATE", rate_hz)
    child(speed, "AUDIO_BIT_DEPTH", bits)
    child(speed, "TIMESTAMP_SAMPLE_RATE", rate_hz)
    child(speed, "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI", said.time_reference_samples >> 32)
    child(speed, "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO", said.time_reference_samples & _MOST)
    tracks = child(root, "TRACK_LIST")
    child(tracks, "TRACK_COUNT", len(said.channel_names))
    for number, name in enumerate(said.channel_names, 1):
        track = child(tracks, "TRACK")
        child(track, "CHANNEL_INDEX", number)
        child(track, "INTERLEAVE_INDEX", number)
        child(track, "NAME", name)
    return xml_bytes(root)


def _cue_points(cues: Sequence[CuePoint]) -> bytes:
    points = [
        struct.pack("<II4sIII", number, cue.position_samples, b"data", 0, 0, cue.position_samples)
        for number, cue in enumerate(cues, 1)
    ]
    return struct.pack("<I", len(points)) + b"".join(points)


def _labels(cues: Sequence[CuePoint]) -> bytes:
    labels = []
    for number, cue in enumerate(cues, 1):
        text = " ".join(cue.label.replace("\0", " ").split()).encode("utf-8", "replace")  # a zero ends it
        labels.append(_chunk(b"labl", struct.pack("<I", number) + text + b"\0"))
        if cue.length_samples:
            length = min(cue.length_samples, _MOST)
            labels.append(_chunk(b"ltxt", struct.pack("<II4sHHHH", number, length, b"rgn ", 0, 0, 0, 0)))
    return b"adtl" + b"".join(labels)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)
