"""Names of the channels of a WAV file, as field recorders write them.

iXML (specification 2.10) has a `TRACK` for each channel. Older recorders write lines such as ``sTRK1=Boom``
into the description of `bext`; the first letter differs by maker.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from xml.sax.saxutils import unescape

from engine.sound.headers.cue_points import wav_chunks

_DESCRIPTION = slice(0, 256)
_LINE = re.compile(r"^[A-Za-z]?TRK(\d{1,2})=(.*)$", re.MULTILINE)
_TRACK = re.compile(r"<TRACK>(.*?)</TRACK>", re.DOTALL)
_FIELD = r"<%s>\s*([^<]*?)\s*</%s>"
_MOST_CHANNELS = 64


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
