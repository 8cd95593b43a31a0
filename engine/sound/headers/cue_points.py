"""Read the cue points of a WAV, RF64 or BW64 file: positions, names, and the lengths of regions.

Damaged chunks are skipped, since the audio is still usable; `engine.sound.headers.bwf` has the references.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from engine.sound.headers.bwf import CuePoint

_LARGEST_BYTES = 16 * 2**20
_SIZE_IN_DS64 = 2**32 - 1
_CUE = struct.Struct("<II4sIII")


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
        if name == b"data" and size == _SIZE_IN_DS64:
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
            names[number] = _text(body)
        elif kind == b"ltxt" and len(body) >= 4:
            lengths[number] = struct.unpack_from("<I", body)[0]
        place += 8 + size + size % 2


def _text(content: bytes) -> str:
    """Return a text that ends at its zero; older programs write it in the system's own letters."""
    line = content.split(b"\0", 1)[0]
    try:
        return " ".join(line.decode("utf-8").split())
    except UnicodeDecodeError:
        return " ".join(line.decode("latin-1").split())
