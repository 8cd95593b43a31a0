"""The header of a WAV file with floating-point samples, as the specification requires it.

Microsoft's "New Multimedia Data Types and Data Techniques" wants, for all but PCM, the size of an extension
in `fmt ` (0 here) and the number of frames in `fact`. libsndfile 1.2 leaves the first out of WAV, which makes
SoX warn, and the second out of RF64, where it writes peaks and the time instead. Both leave room in the
header, so it is corrected in place.
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEAD_BYTES = 160
_FLOAT_TAG = 3
_PLAIN_BYTES, _EXTENDED_BYTES = 16, 18
_MOST = 2**32 - 1  # a fact counts in 32 bits; RF64 counts in ds64 beyond


def complete_float_head(path: Path, frames: int) -> None:
    """Correct the head of a WAV or RF64 file that libsndfile wrote; one without floats stays as it is.

    Parameters
    ----------
    frames : that the file holds

    Raises
    ------
    OSError : the file cannot be written
    """
    with path.open("r+b") as stream:
        head = stream.read(_HEAD_BYTES)
        place = head.find(b"fmt ")
        if place < 0:
            return
        (size,) = struct.unpack_from("<I", head, place + 4)
        after = place + 8 + size
        if head[:4] == b"RIFF":
            found = _extended(head, place, after) if size == _PLAIN_BYTES else b""
        else:
            found, place = _with_fact(head, after, frames), after
        if found:
            stream.seek(place)
            stream.write(found)


def _extended(head: bytes, place: int, after: int) -> bytes:
    """Return `fmt ` with the size of its extension, the fact behind it, and the padding that is left."""
    (tag,) = struct.unpack_from("<H", head, place + 8)
    fact, padding = head[after : after + 12], head[after + 12 : after + 20]
    if tag != _FLOAT_TAG or fact[:4] != b"fact" or padding[:4] != b"PAD ":
        return b""
    room = int.from_bytes(padding[4:], "little") - (_EXTENDED_BYTES - _PLAIN_BYTES)
    fmt = b"fmt " + struct.pack("<I", _EXTENDED_BYTES) + head[place + 8 : after] + b"\0\0"
    return fmt + fact + b"PAD " + struct.pack("<I", room)


def _with_fact(head: bytes, after: int, frames: int) -> bytes:
    """Return a fact chunk and padding in place of the peaks, which hold the time of writing."""
    if head[after : after + 4] != b"PEAK":
        return b""
    room = int.from_bytes(head[after + 4 : after + 8], "little") - 12
    if room < 0:
        return b""
    fact = b"fact" + struct.pack("<II", 4, min(frames, _MOST))
    return fact + b"PAD " + struct.pack("<I", room) + bytes(room)
