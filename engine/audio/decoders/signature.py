"""The format of a file, from its first bytes: its name in messages and FFmpeg's demuxer.

FFmpeg is asked for these demuxers only. Left to itself it also takes playlists, which name other files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.audio.headers import matroska, movie
from engine.audio.headers.id3 import id3_bytes

_LOOKED_AT_BYTES = 4_096
_SEARCHED_BYTES = 128 * 1024  # libmpg123 looks for the first MPEG frame that far
_ID3_HEAD_BYTES = 10
_OTHER_THAN_MP3 = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b"caff", b".snd", b"dns.")
_WAV_CODECS = {
    0x50: "MPEG audio",
    0x55: "MP3",
    0xFF: "AAC",
    0x160: "WMA",
    0x161: "WMA",
    0x162: "WMA",
    0x163: "WMA",
    0x1610: "AAC",
    0x2000: "AC-3",
}
_OGG_CODECS = {b"\x7fFLAC": "FLAC", b"Speex   ": "Speex", b"\x80theora": "audio of a video"}
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_MPEG_KBIT_S = {  # by whether it is version 1, and layer
    (True, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MPEG_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


@dataclass(frozen=True, slots=True)
class Signature:
    """A format.

    Attributes
    ----------
    name : for messages, such as "MP4 or QuickTime"
    demuxer : FFmpeg's name
    has_length : whether its header gives the length; of the others FFmpeg estimates it
    """

    name: str
    demuxer: str
    has_length: bool = True


def signature_of(path: Path) -> Signature | None:
    """Return which format only FFmpeg reads a file holds; None for any other.

    Raises
    ------
    OSError : the file cannot be read
    """
    head, beginning = _beginnings(path)
    for begins, found in (
        (_ASF, Signature("WMA or another ASF", "asf")),
        (matroska.MARK, Signature("Matroska or WebM", "matroska")),
        (b"#!AMR", Signature("AMR", "amr", has_length=False)),
        (b"MAC ", Signature("Monkey's Audio", "ape")),
        (b"wvpk", Signature("WavPack", "wv")),
        (b"TTA1", Signature("TTA", "tta")),
        (b"caff", Signature("CAF", "caf")),
        (b"FLV\1", Signature("FLV", "flv")),
    ):
        if beginning.startswith(begins):
            return found
    if head[4:8] in movie.ATOMS:
        return Signature("MP4 or QuickTime", "mov")
    if head[:4] == b"RIFF":
        return _riff(head)
    if head[:4] == b"OggS":
        codec = next((name for mark, name in _OGG_CODECS.items() if mark in head), "")
        return Signature(f"{codec} in Ogg", "ogg") if codec else None
    return _elementary(beginning)


def is_coded_wav(path: Path) -> bool:
    """Return whether a WAV file holds a stream of MP3, AAC, AC-3 or WMA.

    Raises
    ------
    OSError : the file cannot be read
    """
    head, _ = _beginnings(path)
    found = _riff(head) if head[:4] == b"RIFF" else None
    return found is not None and found.demuxer == "wav"


def may_be_mp3(path: Path) -> bool:
    """Return whether a file that is MP3 by its name or its tag holds MP3, or a format with a signature.

    Raises
    ------
    OSError : the file cannot be read
    """
    head, beginning = _beginnings(path, _SEARCHED_BYTES)
    if beginning.startswith(_OTHER_THAN_MP3) or (path.suffix.lower() != ".mp3" and head[:3] != b"ID3"):
        return True
    if signature_of(path) is not None:
        return False
    place = beginning.find(b"\xff")
    while 0 <= place <= len(beginning) - 4:
        size = _mpeg_frame_bytes(beginning[place : place + 4])
        after = beginning[place + size : place + size + 4]
        if size and (len(after) < 4 or _mpeg_frame_bytes(after) or size == 1):
            return True
        place = beginning.find(b"\xff", place + 1)
    return False


def _beginnings(path: Path, most_bytes: int = _LOOKED_AT_BYTES) -> tuple[bytes, bytes]:
    """Return the first bytes of a file, and those after the ID3 tag, if any."""
    with path.open("rb") as stream:
        head = stream.read(most_bytes)
        tag_bytes = id3_bytes(head[:_ID3_HEAD_BYTES])
        if not tag_bytes:
            return head, head
        stream.seek(_ID3_HEAD_BYTES + tag_bytes)
        return head, stream.read(most_bytes)


def _riff(head: bytes) -> Signature | None:
    if head[8:12] == b"AVI ":
        return Signature("AVI", "avi")
    place = head.find(b"fmt ")
    if head[8:12] != b"WAVE" or place < 0:
        return None
    codec = _WAV_CODECS.get(int.from_bytes(head[place + 8 : place + 10], "little"), "")
    return Signature(f"{codec} in WAV", "wav") if codec else None


def _elementary(beginning: bytes) -> Signature | None:
    """Recognise streams of bare frames, which have no header of their own."""
    if len(beginning) < 7:
        return None
    if beginning[0] == 0xFF and beginning[1] & 0xF6 == 0xF0:
        size = (beginning[3] & 3) << 11 | beginning[4] << 3 | beginning[5] >> 5
        after = beginning[size : size + 2]
        if size > 7 and (len(after) < 2 or (after[0] == 0xFF and after[1] & 0xF6 == 0xF0)):
            return Signature("AAC", "aac", has_length=False)
    if beginning[:2] == b"\x0b\x77":
        is_enhanced = beginning[5] >> 3 > 10
        name, demuxer = ("E-AC-3", "eac3") if is_enhanced else ("AC-3", "ac3")
        return Signature(name, demuxer, has_length=False)
    return None


def _mpeg_frame_bytes(head: bytes) -> int:
    """Return the length of an MPEG audio frame from its header; 1 for a free bit rate, 0 for none."""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate_index, kbit_index = head[2] >> 2 & 3, head[2] >> 4
    if head[0] != 0xFF or head[1] < 0xE0 or version == 1 or not layer or rate_index == 3 or kbit_index == 15:
        return 0
    if not kbit_index:
        return 1
    rate_hz = _MPEG_RATES_HZ[version][rate_index]
    bit_s = 1_000 * _MPEG_KBIT_S[version == 3, layer][kbit_index - 1]
    padding = head[2] >> 1 & 1
    if layer == 3:
        return (12 * bit_s // rate_hz + padding) * 4
    samples = 72 if layer == 1 and version != 3 else 144
    return samples * bit_s // rate_hz + padding
