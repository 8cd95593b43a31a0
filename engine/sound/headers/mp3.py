"""Headers of MP3 files: tags, frames, and the encoder delay, which players skip.

libsndfile hands the letters of a title to LAME as bytes of Latin-1 although they are UTF-8, so that every
umlaut becomes two wrong characters. The tag before the sound cannot be lengthened afterwards without
copying the sound. Therefore LAME gets a title as long as all tags together, and the tags overwrite it.

A file without a head of its own (Xing, Info, VBRI) states no length: libmpg123 estimates one from the first
frame, and stops there, though more may follow. Where frames are not of one form from end to end, as in
files that were joined, it writes to stderr. Such files are left to FFmpeg.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from engine.sound.codecs import Chapter, Tags
from engine.sound.headers.start_times import StatedDate, stated_date

_HEAD_BYTES = 10
_OLD_BYTES = 128
_LONGEST_OLD_TITLE = 30  # only a longer one has LAME write a tag in front
_MOST_ENTRIES = 255
"""Of one table of contents."""
_TIMES = (b"TDRC", b"TDEN", b"TYER", b"TDAT", b"TIME")
_MOST_FRAMES = 1_000
_UNSYNCHRONISED, _EXTENDED = 0x80, 0x40
_LOOKED_AT_BYTES = 4_096
_MP3_DECODER_SAMPLES = 529  # every MP3 decoder is late by these, so they come on top of what the head says
_OPUS_RATE_HZ = 48_000
SEARCHED_BYTES = 128 * 1024
"""How far libmpg123 looks for the first frame."""
_TAILS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"\0" * 4)
_VBRI_AT = 36
_KBIT_S = {  # by whether it is version 1, and layer
    (True, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
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
    """Return the text frames and the chapters."""
    texts = {b"TIT2": tags.title, b"TPE1": tags.artist, b"TALB": tags.album, b"TSSE": tags.encoder}
    if tags.number:
        texts[b"TRCK"] = str(tags.number)
    return b"".join(_text(name, text) for name, text in texts.items() if text) + _chapters(tags.chapters)


def _frame(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "big") + b"\0\0" + content


def _text(name: bytes, text: str) -> bytes:
    """Return a text frame; Windows and old players read UTF-16 of version 2.3, but no UTF-8."""
    return _frame(name, b"\x01\xff\xfe" + text.encode("utf-16-le", "replace") + b"\0\0")


def _chapters(chapters: Sequence[Chapter]) -> bytes:
    """Return the frames of chapters, with their table of contents in front.

    A table has up to 255 entries, so that of more chapters has tables as entries. Times are in milliseconds;
    the places in bytes are left open. Source: "ID3v2 Chapter Frame Addendum", version 1.0, 2005.
    """
    if not chapters:
        return b""
    names = [b"chp%d\0" % number for number in range(len(chapters))]
    tables = [names[first : first + _MOST_ENTRIES] for first in range(0, len(names), _MOST_ENTRIES)]
    if len(tables) == 1:
        found = _contents(b"toc\0", tables[0], is_top=True)
    else:
        parts = [b"toc%d\0" % number for number in range(len(tables))]
        found = _contents(b"toc\0", parts, is_top=True)
        found += b"".join(map(_contents, parts, tables))
    for name, one in zip(names, chapters, strict=True):
        times = (round(1_000 * at_s).to_bytes(4, "big") for at_s in (one.start_s, one.stop_s))
        title = _text(b"TIT2", one.title) if one.title else b""
        found += _frame(b"CHAP", name + b"".join(times) + b"\xff" * 8 + title)
    return found


def _contents(name: bytes, entries: Sequence[bytes], is_top: bool = False) -> bytes:
    """Return the frame of an ordered table of contents."""
    return _frame(b"CTOC", name + bytes((0b10 * is_top | 1, len(entries))) + b"".join(entries))


def _old(tags: Tags) -> bytes:
    """Return the tag of 1996: thirty letters of Latin-1 for each."""

    def field(text: str) -> bytes:
        return text.encode("latin-1", "replace")[:30].ljust(30, b"\0")

    number = tags.number if tags.number < 256 else 0
    names = field(tags.title) + field(tags.artist) + field(tags.album)
    return b"TAG" + names + bytes(4 + 28) + bytes((0, number, 255))


@dataclass(frozen=True, slots=True)
class MpegFrames:
    """The result of a walk over the frames of a file.

    Attributes
    ----------
    samples : of all frames, those of a head excluded
    frame_samples : of one frame
    stated_samples : by the head in the first frame; None without one
    is_plain : whether all frames have one form and nothing but tags is between or around them
    """

    samples: int
    frame_samples: int
    stated_samples: int | None
    is_plain: bool


def mpeg_frames(path: Path) -> MpegFrames | None:
    """Return the frames of a file; None of one without frames, or with a free bit rate.

    Raises
    ------
    OSError : the file cannot be read
    """
    status = path.stat()
    return _walked(path, status.st_ino, status.st_size, status.st_mtime_ns)


def first_frame(content: bytes) -> int:
    """Return where the first frame begins that is followed by another one or by the end; -1 without one."""
    place = content.find(b"\xff")
    while 0 <= place <= len(content) - 4:
        size = frame_bytes(content[place : place + 4])
        after = content[place + size : place + size + 4]
        if size and (len(after) < 4 or frame_bytes(after) or size == 1):
            return place
        place = content.find(b"\xff", place + 1)
    return -1


def frame_bytes(head: bytes) -> int:
    """Return the length of an MPEG audio frame from its header; 1 for a free bit rate, 0 for none."""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate_index, kbit_index = head[2] >> 2 & 3, head[2] >> 4
    if head[0] != 0xFF or head[1] < 0xE0 or version == 1 or not layer or rate_index == 3 or kbit_index == 15:
        return 0
    if not kbit_index:
        return 1
    rate_hz = _RATES_HZ[version][rate_index]
    bit_s = 1_000 * _KBIT_S[version == 3, layer][kbit_index - 1]
    padding = head[2] >> 1 & 1
    if layer == 3:
        return (12 * bit_s // rate_hz + padding) * 4
    samples = 72 if layer == 1 and version != 3 else 144
    return samples * bit_s // rate_hz + padding


def _frame_samples(head: bytes) -> int:
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return 384 if layer == 3 else 576 if layer == 1 and version != 3 else 1_152


def _form(head: bytes) -> tuple[int, int, bool]:
    """Return version and layer, rate, and whether a frame is mono."""
    return head[1] & 0xFE, head[2] & 0x0C, head[3] >> 6 == 3


@lru_cache(256)
def _walked(path: Path, _inode: int, size: int, _changed_ns: int) -> MpegFrames | None:
    """Walk an unchanged file once."""
    if not size:
        return None
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = 0
        while tag_bytes := id3_bytes(content[start : start + _HEAD_BYTES]):
            start += _HEAD_BYTES + tag_bytes
        searched = content[start : start + SEARCHED_BYTES]
        place = first_frame(searched)
        if place < 0 or frame_bytes(searched[place : place + 4]) == 1:
            return None
        is_padded = not any(searched[:place])  # as tags are
        return _counted(content, start + place, is_plain=is_padded)


def _counted(content: mmap.mmap, at: int, *, is_plain: bool) -> MpegFrames:
    first = content[at : at + 4]
    form, frame_samples, size = _form(first), _frame_samples(first), len(content)
    sizes: dict[bytes, int] = {}
    stated = _stated_frames(content[at : at + frame_bytes(first)])
    frames = 0 if stated is None else -1
    while at + 4 <= size:
        head = content[at : at + 4]
        length = sizes.get(head, -1)
        if length < 0:
            length = frame_bytes(head) if _form(head) == form else 0
            sizes[head] = length
        if length <= 1:
            tail = content[at : at + 11]
            is_plain = is_plain and (tail.startswith(_TAILS) and _ends(content, at))
            break
        if at + length > size:
            break
        frames += 1
        at += length
    stated_samples = None if not stated else stated * frame_samples
    return MpegFrames(max(0, frames) * frame_samples, frame_samples, stated_samples, is_plain)


def _ends(content: mmap.mmap, at: int) -> bool:
    """Return whether no sound follows a tag."""
    rest = content[at : at + SEARCHED_BYTES]
    if tag_bytes := id3_bytes(rest[:_HEAD_BYTES]):
        at += _HEAD_BYTES + tag_bytes
        rest = content[at : at + SEARCHED_BYTES]
    place = first_frame(rest)
    return place < 0 or place + 4 * frame_bytes(rest[place : place + 4]) > len(rest)


def _stated_frames(frame: bytes) -> int | None:
    """Return the number of frames that a head states, 0 if unstated; None for a frame of sound."""
    place = max(frame[:64].find(b"Xing"), frame[:64].find(b"Info"))
    if place >= 0:
        has_frames = frame[place + 7 : place + 8] and frame[place + 7] & 1
        return int.from_bytes(frame[place + 8 : place + 12], "big") if has_frames else 0
    if frame[_VBRI_AT : _VBRI_AT + 4] == b"VBRI":
        return int.from_bytes(frame[_VBRI_AT + 14 : _VBRI_AT + 18], "big")
    return None


def encoder_delay_samples(path: Path, rate_hz: int) -> int:
    """Return the number of samples that a player skips at the start of an MP3 or Ogg file; 0 if not stated.

    Sources
    -------
    Gabriel Bouvigne, "MP3 info tag revision 1": the delay has 12 bits after the name of the encoder.
    RFC 7845: the pre-skip of Opus counts at 48 kHz.
    """
    with path.open("rb") as stream:
        head = stream.read(10)
        tag_bytes = id3_bytes(head)
        stream.seek(tag_bytes and len(head) + tag_bytes)
        first = stream.read(_LOOKED_AT_BYTES)
    place = first.find(b"OpusHead")
    if place >= 0:
        return int.from_bytes(first[place + 10 : place + 12], "little") * rate_hz // _OPUS_RATE_HZ
    return _mp3_delay_samples(first)


def _mp3_delay_samples(first: bytes) -> int:
    place = max(first[:64].find(b"Xing"), first[:64].find(b"Info"))
    if place < 0 or len(first) < place + 160:
        return 0
    flags = int.from_bytes(first[place + 4 : place + 8], "big")
    lame = place + 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    if not first[lame : lame + 4].isalpha():
        return 0
    return (int.from_bytes(first[lame + 21 : lame + 24], "big") >> 12) + _MP3_DECODER_SAMPLES
