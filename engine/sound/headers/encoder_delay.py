"""Encoder delay: samples before the first one, which the header marks for players to skip."""

from __future__ import annotations

from pathlib import Path

from engine.sound.headers.id3 import id3_bytes

_LOOKED_AT_BYTES = 4_096
_MP3_DECODER_SAMPLES = 529  # every MP3 decoder is late by these, so they come on top of what the head says
_OPUS_RATE_HZ = 48_000


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
