"""The frames of an MPEG audio file, walked by their heads.

An MP3 file without a head of its own (Xing, Info, VBRI) states no length: libmpg123 estimates one from the
first frame, and stops there, though more may follow. Where frames are not of one form from end to end, as in
files that were joined, it writes to stderr. Such files are left to FFmpeg.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.sound.headers.id3 import id3_bytes

SEARCHED_BYTES = 128 * 1024
"""How far libmpg123 looks for the first frame."""

_ID3_HEAD_BYTES = 10
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
        while tag_bytes := id3_bytes(content[start : start + _ID3_HEAD_BYTES]):
            start += _ID3_HEAD_BYTES + tag_bytes
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
    if tag_bytes := id3_bytes(rest[:_ID3_HEAD_BYTES]):
        at += _ID3_HEAD_BYTES + tag_bytes
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
