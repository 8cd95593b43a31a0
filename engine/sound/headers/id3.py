"""Tags of MP3 files: recording times, and titles in the room that libsndfile is made to leave for them.

libsndfile hands the letters of a title to LAME as bytes of Latin-1 although they are UTF-8, so that every
umlaut becomes two wrong characters. The tag before the sound cannot be lengthened afterwards without copying
the sound. Therefore LAME gets a title as long as all tags together, and the tags overwrite it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from engine.sound.codecs import Tags
from engine.sound.headers.stated_date import StatedDate, stated_date

_HEAD_BYTES = 10
_OLD_BYTES = 128
_LONGEST_OLD_TITLE = 30  # only a longer one has LAME write a tag in front
_TIMES = (b"TDRC", b"TDEN", b"TYER", b"TDAT", b"TIME")
_MOST_FRAMES = 1_000
_UNSYNCHRONISED, _EXTENDED = 0x80, 0x40
_ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}


def read_recorded(path: Path) -> dict[str, StatedDate]:
    """Return when a file was recorded (TDRC, or TYER, TDAT and TIME) and encoded (TDEN), by these names.

    Only dates with a time of day count. References: ID3 2.3.0 and 2.4.0.
    """
    texts: dict[bytes, str] = {}
    with suppress(OSError), path.open("rb") as stream:
        texts = dict(_texts(stream))
    old = texts.get(b"TYER", ""), texts.get(b"TDAT", ""), texts.get(b"TIME", "")
    if b"TDRC" not in texts and [len(text) for text in old] == [4, 4, 4]:
        (year, day, time) = old
        texts[b"TDRC"] = f"{year}-{day[2:]}-{day[:2]}T{time[:2]}:{time[2:]}"
    dates = {name.decode(): stated_date(texts.get(name, "")) for name in (b"TDRC", b"TDEN")}
    return {name: date for name, date in dates.items() if date is not None}


def _texts(stream: BinaryIO) -> list[tuple[bytes, str]]:
    """Return the text frames with times; other frames, such as pictures, are skipped."""
    head = stream.read(_HEAD_BYTES)
    left, version = id3_bytes(head), head[3:4]
    if not left or version not in (b"\3", b"\4") or head[5] & (_UNSYNCHRONISED | _EXTENDED):
        return []
    found = []
    for _ in range(_MOST_FRAMES):
        frame = stream.read(_HEAD_BYTES)
        if left < _HEAD_BYTES or len(frame) < _HEAD_BYTES or not frame[:4].isalnum():
            break
        size = id3_bytes(b"ID3\4\0\0" + frame[4:8]) if version == b"\4" else int.from_bytes(frame[4:8], "big")
        left -= _HEAD_BYTES + size
        if left < 0:
            break
        if frame[:4] in _TIMES:
            content = stream.read(size)[:200]
            text = content[1:].decode(_ENCODINGS.get(content[0] if content else 0, "latin-1"), "replace")
            found.append((frame[:4], text.strip("\0 ")))
        else:
            stream.seek(size, 1)
    return found


def room_title(tags: Tags) -> str:
    """Return a title for libsndfile that takes at least the room of these tags."""
    return "x" * max(_LONGEST_OLD_TITLE + 1, len(_frames(tags)))


def id3_bytes(head: bytes) -> int:
    """Return the size of the tag at the start of a file, without its own header; 0 without a tag."""
    if head[:3] != b"ID3" or len(head) < _HEAD_BYTES:
        return 0
    return sum(
        (byte & 0x7F) << shift for byte, shift in zip(head[6:_HEAD_BYTES], (21, 14, 7, 0), strict=True)
    )


def write_id3(path: Path, tags: Tags) -> None:
    """Write tags over those that libsndfile has written: ID3v2.3 in front and ID3v1.1 at the end.

    Raises
    ------
    OSError : the file cannot be written
    ValueError : the tags do not fit
    """
    frames = _frames(tags)
    with path.open("r+b") as stream:
        room = id3_bytes(stream.read(_HEAD_BYTES))
        if room < len(frames):
            raise ValueError(f"{path.name} has no room for tags")
        stream.seek(3)
        stream.write(b"\x03\x00\x00")  # version 2.3, whole and not scrambled
        stream.seek(_HEAD_BYTES)
        stream.write(frames.ljust(room, b"\0"))
        stream.seek(-_OLD_BYTES, 2)
        if stream.read(3) == b"TAG":
            stream.seek(-_OLD_BYTES, 2)
            stream.write(_old(tags))


def _frames(tags: Tags) -> bytes:
    """Return the text frames; Windows and old players read UTF-16 of version 2.3, but no UTF-8."""
    texts = {b"TIT2": tags.title, b"TALB": tags.album, b"TSSE": tags.encoder}
    if tags.number:
        texts[b"TRCK"] = str(tags.number)
    found = b""
    for name, text in texts.items():
        if text:
            content = b"\x01\xff\xfe" + text.encode("utf-16-le", "replace") + b"\0\0"
            found += name + len(content).to_bytes(4, "big") + b"\0\0" + content
    return found


def _old(tags: Tags) -> bytes:
    """Return the tag of 1996: thirty letters of Latin-1 for each."""

    def field(text: str) -> bytes:
        return text.encode("latin-1", "replace")[:30].ljust(30, b"\0")

    number = tags.number if tags.number < 256 else 0
    return (
        b"TAG" + field(tags.title) + field("") + field(tags.album) + bytes(4 + 28) + bytes((0, number, 255))
    )
