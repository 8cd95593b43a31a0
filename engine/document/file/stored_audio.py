"""Audio stored in a document, for edits that replace a recording: packed bit for bit, named by its content.

It is never changed and has a checksum of its own, so that damage to it affects nothing else
(docs/decisions/0003-document-file-sqlite-undo-stored-audio.md).
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.core.errors import DocumentError
from engine.document.file.transaction import connect, digest, snapshot
from engine.document.limits import (
    HIGHEST_RATE_HZ,
    LOUDEST_SAMPLE,
    LOWEST_RATE_HZ,
    MOST_AUDIO_BYTES,
    MOST_AUDIO_SAMPLES,
    MOST_CHANNELS,
)
from engine.document.proposals import AUDIO, AUDIO_OF, KEY, is_key

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
    if _are_24_bits(samples) and (block := _flac(samples, rate_hz)) is not None:
        return FLAC24, block
    # Bytes of one place are alike, so that they deflate better next to each other.
    deflating, flat = zlib.compressobj(), np.ascontiguousarray(samples, "<f4").reshape(-1)
    places = flat.view(np.uint8).reshape(-1, _SAMPLE_BYTES)
    planes = [
        deflating.compress(places[at : at + _BLOCK_FRAMES, place].tobytes())
        for place in range(_SAMPLE_BYTES)
        for at in range(0, len(places), _BLOCK_FRAMES)
    ]
    return FLOAT32, b"".join((*planes, deflating.flush()))


def unpack(encoding: str, block: bytes, *, frames: int, channels: int) -> Samples:
    """Return the samples of what `pack` returned.

    No more is unpacked than the frames and channels that are claimed.

    Raises
    ------
    ValueError, ... : see `UNREADABLE`
    """
    if encoding == FLAC24:
        return np.concatenate([*_from_flac(block, frames, channels)])
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


def _blocks(samples: Samples) -> Iterator[Samples]:
    return (samples[at : at + _BLOCK_FRAMES] for at in range(0, len(samples), _BLOCK_FRAMES))


def _are_24_bits(samples: Samples) -> bool:
    for block in _blocks(samples):
        if np.signbit(block[block == 0.0]).any():
            return False  # no integer is -0.0
        if block.min() < -1.0 or block.max() >= 1.0:
            return False
        scaled = block * np.float32(_FULL_SCALE)
        if not np.array_equal(scaled, np.rint(scaled)):
            return False
    return True


def _flac(samples: Samples, rate_hz: int) -> bytes | None:
    """Return the samples as FLAC; None if it cannot hold them, such as more than eight channels."""
    stream, channels = BytesIO(), samples.shape[1]
    try:
        with soundfile.SoundFile(stream, "w", rate_hz, channels, "PCM_24", format="FLAC") as file:
            for piece in _blocks(samples):
                file.write((piece * np.float32(_FULL_SCALE)).astype(np.int32) << _SPARE_BITS)
        block = stream.getvalue()
        read = zip(_from_flac(block, *samples.shape), _blocks(samples), strict=True)
        is_same = all(found.tobytes() == piece.tobytes() for found, piece in read)
    except UNREADABLE:
        return None
    return block if is_same else None


def _from_flac(block: bytes, frames: int, channels: int) -> Iterator[Samples]:
    """Yield the samples in blocks, so that a short file that claims to be long takes no memory."""
    if not block.startswith(_FLAC):
        raise ValueError("it is not a FLAC file")
    with soundfile.SoundFile(BytesIO(block)) as file:
        if (file.frames, file.channels) != (frames, channels):
            raise ValueError("its length or channels differ from its header")
        left = frames
        while left:
            piece = file.read(min(left, _BLOCK_FRAMES), dtype="int32", always_2d=True)
            if not len(piece):
                raise ValueError("it ends before its end")
            yield (piece >> _SPARE_BITS).astype(np.float32) / np.float32(_FULL_SCALE)
            left -= len(piece)


TABLE = "stored_audio"
_FACTS = "key, rate_hz, channels, frames, encoding"
IS_POSSIBLE = (
    f"rate_hz BETWEEN {LOWEST_RATE_HZ} AND {HIGHEST_RATE_HZ} AND channels BETWEEN 1 AND {MOST_CHANNELS}"
    f" AND frames BETWEEN 1 AND {MOST_AUDIO_SAMPLES} AND frames * channels <= {MOST_AUDIO_SAMPLES}"
    f" AND length(bytes) BETWEEN 1 AND {MOST_AUDIO_BYTES}"
)
"""Condition that holds for every row that Offcut writes; SQLite reads the length of the bytes only."""

# Every text in which a key may stand. Its letters are written as they are, however deep it is quoted.
_NAMING = (
    ("proposal", "payload"),
    ("proposal", "alternatives"),
    ("decision", "payload"),
    ("history", "changes"),
)


@dataclass(frozen=True, slots=True, eq=False)
class StoredAudio:
    """Sound as a document holds it; `stored` makes one.

    Attributes
    ----------
    key : names it by its content; the same samples at the same rate have the same key
    samples : float32, shape (frames, channels)
    """

    key: str
    rate_hz: int
    samples: Samples

    @property
    def frames(self) -> int:
        """How long it is."""
        return len(self.samples)

    @property
    def channels(self) -> int:
        """How wide it is."""
        return int(self.samples.shape[1])


def stored(samples: Samples, rate_hz: int) -> StoredAudio:
    """Return sound to be stored with an edit.

    Parameters
    ----------
    samples : float32, shape (frames, channels); a read-only array, such as a mapped file, is not copied

    Raises
    ------
    DocumentError : no document can hold it
    """
    if samples.dtype != np.float32 or samples.ndim != 2 or not 1 <= samples.shape[1] <= MOST_CHANNELS:
        raise DocumentError("Only 32-bit floating-point samples of 1 to 64 channels can be stored.")
    if not 1 <= samples.size <= MOST_AUDIO_SAMPLES:
        raise DocumentError(
            f"{samples.size:,} samples cannot be stored with one edit: make it in parts of at most "
            f"{MOST_AUDIO_SAMPLES:,}."
        )
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise DocumentError(f"Audio of {rate_hz} Hz cannot be stored: no document has such a rate.")
    if not _is_sound(samples):
        raise DocumentError("Cannot store samples that are not numbers or far beyond full scale.")
    own = samples
    if samples.flags.writeable or not samples.flags.c_contiguous:
        own = np.array(samples, order="C")
        own.setflags(write=False)
    return StoredAudio(_key(own, rate_hz), rate_hz, own)


def _is_sound(samples: Samples) -> bool:
    return bool(samples.min() >= -LOUDEST_SAMPLE and samples.max() <= LOUDEST_SAMPLE)  # false for NaN


def _key(samples: Samples, rate_hz: int) -> str:
    frames, channels = samples.shape
    found = blake2b(f"{rate_hz}/{channels}/{frames}/".encode(), digest_size=16)
    found.update(np.ascontiguousarray(samples, "<f4").data)
    return f"audio-{found.hexdigest()}"


def block_digest(facts: Iterable[object], block: bytes) -> int:
    """Return the checksum of a row: of its key, rate, channels, frames and encoding, and of its bytes."""
    return digest(ascii(tuple(facts)).encode() + block)


def write_audio(connection: sqlite3.Connection, audio: StoredAudio) -> None:
    """Store audio in the transaction of the caller; an intact copy stays."""
    if read_audio(connection, audio.key) is not None:
        return
    encoding, block = pack(audio.samples, audio.rate_hz)
    facts = (audio.key, audio.rate_hz, audio.channels, audio.frames, encoding)
    connection.execute(
        f"INSERT OR REPLACE INTO {TABLE} VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*facts, block, block_digest(facts, block)),
    )


def read_audio(connection: sqlite3.Connection, key: str) -> StoredAudio | None:
    """Return stored audio; None if it is missing or damaged.

    Raises
    ------
    sqlite3.Error : the file cannot be read
    """
    return _from_row(_row(connection, key))


_Row = tuple[str, int, int, int, str, bytes, int]


def _row(connection: sqlite3.Connection, key: str) -> _Row | None:
    found: _Row | None = connection.execute(
        f"SELECT {_FACTS}, bytes, digest FROM {TABLE} WHERE key = ? AND {IS_POSSIBLE}", (key,)
    ).fetchone()
    return found


def _from_row(row: _Row | None) -> StoredAudio | None:
    """Return the audio of a row; None if it is damaged."""
    if row is None:
        return None
    *facts, block, expected = row
    key, rate_hz, channels, frames, encoding, *_ = row
    if block_digest(facts, block) != expected:
        return None
    try:
        samples = unpack(encoding, block, frames=frames, channels=channels)
    except UNREADABLE:
        return None
    # A forged checksum does not make other samples, or invalid ones, play under this name.
    if _key(samples, rate_hz) != key or not _is_sound(samples):
        return None
    samples.setflags(write=False)
    return StoredAudio(key, rate_hz, samples)


def audio_in_file(path: Path, key: str) -> StoredAudio | None:
    """Return audio in a document file, over a separate connection; None if it is unreadable."""
    try:
        with closing(connect(path, read_only=True)) as connection, snapshot(connection):
            row = _row(connection, key)
        return _from_row(row)  # seconds for a long one, outside the snapshot, so that writers need not wait
    except (sqlite3.Error, OSError, ValueError):
        return None


def possible_keys(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the keys of stored audio with valid fields; only the lengths of the bytes are checked.

    Raises
    ------
    sqlite3.Error : the file cannot be read
    """
    return frozenset(key for (key,) in connection.execute(f"SELECT key FROM {TABLE} WHERE {IS_POSSIBLE}"))


def named_keys(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the keys that the rows and the history of a file name."""
    found: set[str] = set()
    for table, column in _NAMING:
        texts = connection.execute(f"SELECT {column} FROM {table} WHERE instr({column}, 'audio-')")
        for (text,) in texts:
            found.update(KEY.findall(text))
    return frozenset(found)


def unnamed_keys(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the keys of stored audio that neither the rows nor the history name."""
    keys = [key for (key,) in connection.execute(f"SELECT key FROM {TABLE}")]
    named = named_keys(connection) if keys else ()
    return tuple(key for key in keys if key not in named)


def remove_audio(connection: sqlite3.Connection, keys: Iterable[str]) -> None:
    """Take stored audio away, in the transaction of the caller."""
    connection.executemany(f"DELETE FROM {TABLE} WHERE key = ?", [(key,) for key in keys])


def keys_of(payload: Mapping[str, object]) -> tuple[str, ...]:
    """Return the keys of the stored audio that a payload names; that of each track, where they differ."""
    of_tracks = payload.get(AUDIO_OF)
    named = (payload.get(AUDIO), *(of_tracks.values() if isinstance(of_tracks, Mapping) else ()))
    return tuple(dict.fromkeys(key for key in named if isinstance(key, str) and is_key(key)))


def content_of(key: str) -> str:
    """Return the content hash in a key of audio, 32 hex digits as the `content_hash` of a source."""
    return key.removeprefix("audio-")
