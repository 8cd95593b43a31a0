"""The format of a file, from its first bytes: its name in messages and FFmpeg's demuxer.

FFmpeg is asked for these demuxers only. Left to itself it also takes playlists, which name other files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.sound.headers.mp3 import SEARCHED_BYTES, first_frame, id3_bytes
from engine.sound.headers.video import MATROSKA_MARK, MOVIE_ATOMS

_LOOKED_AT_BYTES = 4_096
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
_MXF = bytes.fromhex("060e2b34020501010d010201")  # of a partition pack; bytes may be in front
_TS_PACKETS = 8
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")


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
    """Return which format that FFmpeg reads a file holds; None for any other.

    Raises
    ------
    OSError : the file cannot be read
    """
    if (found := _only_by_ffmpeg(path)) is not None:
        return found
    head, beginning = _beginnings(path, SEARCHED_BYTES)
    place = -1 if beginning.startswith(_OTHER_THAN_MP3) else first_frame(beginning)
    is_named = path.suffix.lower() == ".mp3" or head[:3] == b"ID3"
    return Signature("MP3", "mp3", has_length=False) if place == 0 or (is_named and place > 0) else None


def _only_by_ffmpeg(path: Path) -> Signature | None:
    head, beginning = _beginnings(path)
    for begins, found in (
        (_ASF, Signature("WMA or another ASF", "asf")),
        (MATROSKA_MARK, Signature("Matroska or WebM", "matroska")),
        (b"#!AMR", Signature("AMR", "amr", has_length=False)),
        (b"MAC ", Signature("Monkey's Audio", "ape")),
        (b"wvpk", Signature("WavPack", "wv")),
        (b"TTA1", Signature("TTA", "tta")),
        (b"caff", Signature("CAF", "caf")),
        (b"FLV\1", Signature("FLV", "flv")),
    ):
        if beginning.startswith(begins):
            return found
    if head[4:8] in MOVIE_ATOMS:
        return Signature("MP4 or QuickTime", "mov")
    if head.find(_MXF, 0, _LOOKED_AT_BYTES) >= 0:
        return Signature("MXF", "mxf")
    if any(head[first::step][:_TS_PACKETS] == b"\x47" * _TS_PACKETS for first, step in ((0, 188), (4, 192))):
        return Signature("MPEG transport stream", "mpegts", has_length=False)
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
    head, beginning = _beginnings(path, SEARCHED_BYTES)
    if beginning.startswith(_OTHER_THAN_MP3) or (path.suffix.lower() != ".mp3" and head[:3] != b"ID3"):
        return True
    if _only_by_ffmpeg(path) is not None:
        return False
    return first_frame(beginning) >= 0


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
