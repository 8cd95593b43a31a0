"""Recordings in every container: the same samples whole, in blocks and after seeks, or a sentence."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import soundfile
from hypothesis import strategies as st

from engine.sound.headers.bwf import read_cue_points
from engine.sound.headers.mp3 import first_frame, frame_bytes
from engine.sound.reader import SourceReader, content_hash, probe
from tests.hostile.long.kinds.kind import Kind
from tests.hostile.long.mutations import BYTES, done

RATE_HZ = 8_000
FRAMES = 4_000
BLOCK_FRAMES = 777
MOST_SAMPLES = 4_000_000  # of what a file claims to hold; of more, three stretches are read

# Container, subtype, channels; what is not written by this libsndfile is left out.
WRITTEN = (
    ("WAV", "PCM_16", 2), ("WAV", "FLOAT", 1), ("WAV", "IMA_ADPCM", 1), ("WAV", "MS_ADPCM", 2),
    ("WAV", "ULAW", 1), ("WAV", "GSM610", 1), ("WAVEX", "PCM_24", 2), ("RF64", "PCM_16", 2),
    ("W64", "PCM_16", 2), ("AIFF", "PCM_16", 2), ("AIFF", "FLOAT", 1), ("AU", "PCM_16", 2),
    ("AU", "ALAW", 1), ("CAF", "PCM_16", 2), ("CAF", "ALAC_16", 2), ("FLAC", "PCM_16", 2),
    ("FLAC", "PCM_24", 1), ("OGG", "VORBIS", 1), ("OGG", "OPUS", 1), ("MP3", "MPEG_LAYER_III", 2),
    ("SDS", "PCM_16", 1), ("SVX", "PCM_16", 1), ("VOC", "PCM_16", 1), ("NIST", "PCM_16", 2),
    ("IRCAM", "PCM_16", 2), ("PAF", "PCM_24", 2), ("PVF", "PCM_16", 1), ("XI", "DPCM_16", 1),
    ("HTK", "PCM_16", 1), ("AVR", "PCM_16", 2), ("MAT4", "PCM_16", 2), ("MAT5", "PCM_16", 2),
    ("MPC2K", "PCM_16", 2), ("WVE", "ALAW", 1),
)  # fmt: skip


def prepare(_folder: Path) -> dict[str, bytes]:
    """Write one sound in every container."""
    tone = np.sin(np.arange(FRAMES)[:, None] * (0.05 + 0.02 * np.arange(2)))
    noise = np.random.default_rng(4).uniform(-0.2, 0.2, (FRAMES, 2))
    sound = {}
    for container, subtype, channels in WRITTEN:
        stream = io.BytesIO()
        soundfile.write(
            stream, (0.5 * tone + noise)[:, :channels], RATE_HZ, format=container, subtype=subtype
        )
        sound[f"{container} {subtype}"] = stream.getvalue()
    return sound | {name: made(sound) for name, made in ODD.items()}


def _without_length(content: bytes, mark: bytes, size: bytes) -> bytes:
    place = content.index(mark) + len(mark)
    return content[:place] + size + content[place + len(size) :]


def _without_head(content: bytes) -> bytes:
    """Return an MP3 without its first frame, which states the length."""
    place = first_frame(content)
    return content[place + frame_bytes(content[place : place + 4]) :]


ODD: Mapping[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "WAV without length": lambda sound: _without_length(sound["WAV PCM_16"], b"data", bytes(4)),
    "RF64 without length": lambda sound: _without_length(sound["RF64 PCM_16"], b"ds64\x1c\0\0\0", bytes(16)),
    "CAF without length": lambda sound: _without_length(sound["CAF PCM_16"], b"data", b"\xff" * 8),
    "AIFF without length": lambda sound: _without_length(sound["AIFF PCM_16"], b"SSND", b"\0\0\0\x08"),
    "OGG chained": lambda sound: 3 * sound["OGG VORBIS"],
    "MOGG VORBIS": lambda sound: struct.pack("<II", 10, 16) + bytes(8) + sound["OGG VORBIS"],
    "MP3 without head": lambda sound: _without_head(sound["MP3 MPEG_LAYER_III"]),
}
"""Recordings with odd heads, made of the others."""


def attempt(sound: dict[str, bytes], changes: tuple[str, tuple[object, ...]], folder: Path) -> None:
    """Import a broken recording as the program does."""
    name, edits = changes
    path = folder / f"take.{name.split()[0].lower()}"
    path.write_bytes(done(edits, sound[name]))
    read_cue_points(path)
    assert len(content_hash(path)) == 32
    assert probe(path).frames > 0
    with SourceReader(path) as reader:
        if reader.frames * reader.channels > MOST_SAMPLES:
            stretches = [
                (at, at + BLOCK_FRAMES) for at in (0, reader.frames // 2, reader.frames - BLOCK_FRAMES)
            ]
            first = [reader.read(*stretch) for stretch in stretches]
            again = [reader.read(*stretch) for stretch in stretches[::-1]][::-1]
            for one, other in zip(first, again, strict=True):
                _require_equal(one, other)
            return
        whole = reader.read(0, reader.frames)
        _require_equal(np.concatenate(list(reader.blocks(BLOCK_FRAMES))), whole)
        for start in (reader.frames // 2, reader.frames // 3, 0):
            stop = min(reader.frames, start + BLOCK_FRAMES)
            _require_equal(reader.read(start, stop), whole[start:stop])


def _require_equal(one: np.ndarray, other: np.ndarray) -> None:
    assert np.isfinite(other).all(), "samples that are no numbers"
    assert one.shape == other.shape, f"{one.shape} and {other.shape}"
    assert np.array_equal(one, other), f"other samples from {int(np.argmax((one != other).any(axis=1)))} on"


AUDIO = Kind(
    "audio",
    prepare,
    st.tuples(st.sampled_from([*(f"{c} {s}" for c, s, _ in WRITTEN), *ODD]), BYTES),
    attempt,
)
