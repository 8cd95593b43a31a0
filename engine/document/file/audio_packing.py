"""Convert samples of stored audio to bytes and back, bit for bit."""

from __future__ import annotations

import zlib
from io import BytesIO

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Shape (frames, channels)."""

FLAC24, FLOAT32 = "flac24", "float32"

UNREADABLE = (ValueError, OSError, soundfile.SoundFileError, zlib.error)
"""Errors raised for bytes that are not valid samples."""

_FULL_SCALE = 2**23
_SPARE_BITS = 8  # libsndfile takes and gives integers of 32 bits
_SAMPLE_BYTES = 4
_BLOCK_FRAMES = 1 << 16
_FLAC = b"fLaC"


def pack(samples: Samples, rate_hz: int) -> tuple[str, bytes]:
    """Return an encoding and the bytes in it: FLAC where every sample is one of 24 bits, else the floats."""
    if _are_24_bits(samples):
        block = _flac(samples, rate_hz)
        if block is not None:
            return FLAC24, block
    # Bytes of one place are alike, so that they deflate better beside each other.
    planes = samples.astype("<f4").ravel().view(np.uint8).reshape(-1, _SAMPLE_BYTES).T
    return FLOAT32, zlib.compress(planes.tobytes())


def unpack(encoding: str, block: bytes, *, frames: int, channels: int) -> Samples:
    """Return the samples of what `pack` returned.

    No more is unpacked than the frames and channels that are claimed.

    Raises
    ------
    ValueError, ... : see `UNREADABLE`
    """
    if encoding == FLAC24:
        return _from_flac(block, frames, channels)
    if encoding != FLOAT32:
        raise ValueError("unknown encoding")
    size_bytes = frames * channels * _SAMPLE_BYTES
    inflating = zlib.decompressobj()
    planes = inflating.decompress(block, size_bytes + 1)
    if len(planes) != size_bytes or not inflating.eof:
        raise ValueError("its length differs from its header")
    by_sample = np.empty((frames * channels, _SAMPLE_BYTES), np.uint8)
    by_sample[...] = np.frombuffer(planes, np.uint8).reshape(_SAMPLE_BYTES, -1).T
    found: Samples = by_sample.ravel().view("<f4").reshape(frames, channels)
    return found.astype(np.float32, copy=False)


def _are_24_bits(samples: Samples) -> bool:
    if np.signbit(samples[samples == 0.0]).any():
        return False  # no integer is -0.0
    if samples.min() < -1.0 or samples.max() >= 1.0:
        return False
    scaled = samples * np.float32(_FULL_SCALE)
    return bool(np.array_equal(scaled, np.rint(scaled)))


def _flac(samples: Samples, rate_hz: int) -> bytes | None:
    """Return the samples as FLAC; None if it cannot hold them, such as more than eight channels."""
    whole = (samples * np.float32(_FULL_SCALE)).astype(np.int32) << _SPARE_BITS
    stream = BytesIO()
    try:
        soundfile.write(stream, whole, rate_hz, format="FLAC", subtype="PCM_24")
        block = stream.getvalue()
        found = _from_flac(block, *samples.shape)
    except UNREADABLE:
        return None
    return block if found.tobytes() == samples.tobytes() else None


def _from_flac(block: bytes, frames: int, channels: int) -> Samples:
    if not block.startswith(_FLAC):
        raise ValueError("it is not a FLAC file")
    blocks = []
    with soundfile.SoundFile(BytesIO(block)) as file:
        if (file.frames, file.channels) != (frames, channels):
            raise ValueError("its length or channels differ from its header")
        left = frames
        while left:  # in pieces, so that a short file that claims to be long takes no memory
            piece = file.read(min(left, _BLOCK_FRAMES), dtype="int32", always_2d=True)
            if not len(piece):
                raise ValueError("it ends before its end")
            blocks.append((piece >> _SPARE_BITS).astype(np.float32) / np.float32(_FULL_SCALE))
            left -= len(piece)
    return np.concatenate(blocks)
