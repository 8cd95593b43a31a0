"""Metadata of Broadcast Wave files: `bext`, `iXML` and cue points with labels, written and read.

Written chunks follow the samples, so that a file of any size is written in one go and RF64 needs nothing
special. Nothing in them depends on the clock: equal audio is equal bytes. Damaged chunks are skipped, since
the audio is still usable. Names of channels come from the `TRACK` of each channel in iXML, or from lines
such as ``sTRK1=Boom`` in the description of `bext`, as older recorders write them; the first letter differs
by maker.

References: EBU Tech 3285 (bext, version 2), EBU Tech 3306 (RF64), the iXML specification 2.10, and
Microsoft's "Multimedia Programming Interface and Data Specifications 1.0" (cue, LIST adtl).
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

from engine.core.files.xml_text import child, xml_bytes
from engine.core.timebase import convert_samples

ORIGINATOR = "Offcut"

_BEXT = "<256s32s32s10s8sQH64shhhhh180x"
_NOT_MEASURED = 0x7FFF
_MOST = 2**32 - 1  # a cue point counts in 32 bits
_LARGEST_BYTES = 16 * 2**20
_CUE = struct.Struct("<II4sIII")
_DESCRIPTION = slice(0, 256)
_LINE = re.compile(r"^[A-Za-z]?TRK(\d{1,2})=(.*)$", re.MULTILINE)
_TRACK = re.compile(r"<TRACK>(.*?)</TRACK>", re.DOTALL)
_FIELD = r"<%s>\s*([^<]*?)\s*</%s>"
_MOST_CHANNELS = 64
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


def broadcast_chunks(stated: Broadcast, *, rate_hz: int, bits: int) -> bytes:
    """Return the chunks for the file, each padded to an even length."""
    chunks = _chunk(b"bext", _bext(stated, rate_hz, bits)) + _chunk(b"iXML", _ixml(stated, rate_hz, bits))
    cues = [cue for cue in stated.cues if cue.position_samples <= _MOST]
    if cues:
        chunks += _chunk(b"cue ", _cue_points(cues)) + _chunk(b"LIST", _labels(cues))
    return chunks


def append_chunks(path: Path, chunks: bytes) -> None:
    """Add chunks to the end of a WAV or RF64 file that is complete, and correct the size in its head."""
    if not chunks:
        return
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


def _bext(stated: Broadcast, rate_hz: int, bits: int) -> bytes:
    modes = {1: "M=mono,", 2: "M=stereo,"}
    mode = modes.get(len(stated.channel_names), "")
    history = f"A=PCM,F={rate_hz},W={bits},{mode}T={ORIGINATOR}\r\n"
    fields = struct.pack(
        _BEXT,
        _ascii(stated.description),
        _ascii(ORIGINATOR),
        b"",
        _moment(stated.origination, "%Y-%m-%d"),
        _moment(stated.origination, "%H:%M:%S"),
        stated.time_reference_samples,
        2,
        b"",
        _hundredths(stated.loudness_lufs),
        _NOT_MEASURED,
        _hundredths(stated.true_peak_dbtp),
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


def _ixml(stated: Broadcast, rate_hz: int, bits: int) -> bytes:
    root = ElementTree.Element("BWFXML")
    child(root, "IXML_VERSION", "2.10")
    child(root, "PROJECT", stated.project)
    child(root, "NOTE", stated.description)
    speed = child(root, "SPEED")
    child(speed, "FILE_SAMPLE_RATE", rate_hz)
    child(speed, "AUDIO_BIT_DEPTH", bits)
    child(speed, "TIMESTAMP_SAMPLE_RATE", rate_hz)
    child(speed, "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI", stated.time_reference_samples >> 32)
    child(speed, "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO", stated.time_reference_samples & _MOST)
    tracks = child(root, "TRACK_LIST")
    child(tracks, "TRACK_COUNT", len(stated.channel_names))
    for number, name in enumerate(stated.channel_names, 1):
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


def read_cue_points(path: Path) -> tuple[CuePoint, ...]:
    """Return the cue points of a file, ascending, in its own samples; () if it has none or is not WAV."""
    points: dict[int, int] = {}
    names: dict[int, str] = {}
    lengths: dict[int, int] = {}
    with suppress(OSError), path.open("rb") as stream:
        for name, content in wav_chunks(stream, (b"cue ", b"LIST")):
            if name == b"cue ":
                points |= _points(content)
            elif content[:4] == b"adtl":
                _read_texts(content[4:], names, lengths)
    cues = [CuePoint(at, names.get(number, ""), lengths.get(number, 0)) for number, at in points.items()]
    return tuple(sorted(cues, key=lambda cue: (cue.position_samples, cue.length_samples)))


def wav_chunks(stream: BinaryIO, names: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks of these names, each with its content; the sound is skipped.

    A name without letters ends the search: an interrupted recorder never wrote the length of the sound, so
    the bytes are samples.
    """
    size_bytes = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    head = stream.read(12)
    if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
        return
    data_bytes = 0
    while len(head := stream.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if not all(0x20 <= letter < 0x7F for letter in name):
            return
        if name == b"data" and size == _MOST:  # the size is in ds64
            size = data_bytes
        if size > size_bytes:
            return
        if name in (b"ds64", *names) and size <= _LARGEST_BYTES:
            content = stream.read(size)
            if name in names:
                yield name, content
            elif len(content) >= 16:
                data_bytes = struct.unpack_from("<Q", content, 8)[0]
            stream.seek(size % 2, 1)
        else:
            stream.seek(size + size % 2, 1)


def _points(content: bytes) -> dict[int, int]:
    """Return the sample of each cue point, by its number."""
    count = struct.unpack_from("<I", content)[0] if len(content) >= 4 else 0
    count = min(count, (len(content) - 4) // _CUE.size)
    rows = (_CUE.unpack_from(content, 4 + index * _CUE.size) for index in range(count))
    return {number: sample for number, _, chunk, _, _, sample in rows if chunk == b"data"}


def _read_texts(content: bytes, names: dict[int, str], lengths: dict[int, int]) -> None:
    place = 0
    while place + 12 <= len(content):
        kind, size, number = struct.unpack_from("<4sII", content, place)
        body = content[place + 12 : place + 8 + size]
        if kind == b"labl":
            # it ends at its zero; older programs write it in the system's own letters
            names[number] = " ".join(_decoded(body.split(b"\0", 1)[0]).split())
        elif kind == b"ltxt" and len(body) >= 4:
            lengths[number] = struct.unpack_from("<I", body)[0]
        place += 8 + size + size % 2


def read_channel_names(path: Path) -> dict[int, str]:
    """Return the names of the channels that have one, by number from 1; empty for another file."""
    chunks: dict[bytes, bytes] = {}
    with suppress(OSError), path.open("rb") as stream:
        for name, content in wav_chunks(stream, (b"bext", b"iXML")):
            chunks.setdefault(name, content)
    description = chunks.get(b"bext", b"")[_DESCRIPTION].split(b"\0", 1)[0]
    lines = _LINE.findall(_decoded(description).replace("\r", ""))
    found = {int(number): name for number, name in lines} | _in_ixml(_decoded(chunks.get(b"iXML", b"")))
    plain = {number: " ".join(name.split()) for number, name in found.items()}
    return {number: name for number, name in sorted(plain.items()) if name and 0 < number <= _MOST_CHANNELS}


def channel_title(path: Path, channel: int) -> str:
    """Return the name of a channel; the name of the file and its number if it has none."""
    return read_channel_names(path).get(channel) or f"{path.stem} channel {channel}"


def _in_ixml(text: str) -> dict[int, str]:
    """Return the names in iXML; read without a parser, which would expand entities."""
    found: dict[int, str] = {}
    for track in _TRACK.findall(text):
        number = _field(track, "INTERLEAVE_INDEX") or _field(track, "CHANNEL_INDEX")
        name = _field(track, "NAME") or _field(track, "FUNCTION")
        if number.isdecimal() and len(number) < 3 and name:
            found[int(number)] = unescape(name, {"&quot;": '"', "&apos;": "'"})
    return found


def _field(track: str, name: str) -> str:
    found = re.search(_FIELD % (name, name), track)
    return found[1] if found else ""


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
