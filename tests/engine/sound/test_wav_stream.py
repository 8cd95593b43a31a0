"""WAV that comes through a pipe is read as the same file is, whatever its encoding, and written alike."""

from __future__ import annotations

import io
import os
import struct
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.sound.reader import SourceReader
from engine.sound.wav_stream import Encoding, WavStreamReader, encoded

FRAMES = 1001
UNKNOWN = 2**32 - 1
SUBTYPES = [encoding.value for encoding in Encoding]


def wav(subtype: str, channels: int = 2, container: str = "WAV", rate_hz: int = 44_100) -> bytes:
    """Return noise with both ends of full scale in it."""
    samples = 0.3 * np.random.default_rng(channels).standard_normal((FRAMES, channels))
    samples[:2] = [[-1.0], [0.9999]]
    file = io.BytesIO()
    soundfile.write(file, samples.clip(-1.0, 0.9999), rate_hz, subtype, format=container)
    return file.getvalue()


def data_place(data: bytes) -> int:
    """Return where the `data` chunk begins."""
    return data.index(b"data")


def with_size(data: bytes, size: int) -> bytes:
    """Return WAV that states another length of its samples, as programs do that write to a pipe."""
    place = data_place(data)
    return (
        data[:4] + struct.pack("<I", size) + data[8 : place + 4] + struct.pack("<I", size) + data[place + 8 :]
    )


def with_chunks(data: bytes, *sizes: int) -> bytes:
    """Return WAV with chunks of any size before the samples, padded to whole words."""
    place = data_place(data)
    chunks = b"".join(b"JUNK" + struct.pack("<I", size) + b"x" * size + bytes(size % 2) for size in sizes)
    return data[:place] + chunks + data[place:]


def with_long_size(data: bytes, size: int) -> bytes:
    """Return WAV as RF64, whose length is in a chunk of its own."""
    long_sizes = b"ds64" + struct.pack("<IQQQI", 28, 0, size, 0, 0)
    whole = with_size(data, UNKNOWN)
    return b"RF64" + whole[4:12] + long_sizes + whole[12:]


def piped(data: bytes, piece_bytes: int = 1 << 16) -> tuple[WavStreamReader, NDArray[np.float32]]:
    """Read a stream to its end through a pipe, into which it comes in pieces."""
    source, sink = os.pipe()

    def write() -> None:
        with os.fdopen(sink, "wb", buffering=0) as stream:
            for first, last in pairwise([*range(0, len(data), piece_bytes), len(data)]):
                stream.write(data[first:last])

    writing = threading.Thread(target=write)
    writing.start()
    try:
        with os.fdopen(source, "rb") as stream:
            reader = WavStreamReader(stream)
            blocks = list(reader.blocks())
    finally:
        writing.join()
    return reader, np.concatenate([np.zeros((0, reader.format.channels), np.float32), *blocks])


def in_file(data: bytes, folder: Path) -> NDArray[np.float32]:
    path = folder / "whole.wav"
    path.write_bytes(data)
    with SourceReader(path) as reader:
        return reader.read(0, reader.frames)


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_stream_is_read_and_written_as_the_file_is(
    tmp_path: Path, subtype: str, container: str, channels: int
) -> None:
    data = wav(subtype, channels, container)
    reader, samples = piped(data)
    np.testing.assert_array_equal(samples, in_file(data, tmp_path))
    assert (reader.format.frames, reader.format.channels, reader.fault()) == (FRAMES, channels, "")
    out, clipped = encoded(samples, reader.format.encoding)
    written = reader.format.head() + out + reader.format.tail()
    np.testing.assert_array_equal(in_file(written, tmp_path), samples)
    assert soundfile.info(io.BytesIO(written)).subtype == subtype
    assert clipped == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda data: with_size(data, UNKNOWN),
        lambda data: with_size(data, 0),
        lambda data: with_size(data, 0x7FFFFFFE),
        lambda data: with_long_size(data, 0),
        lambda data: with_long_size(data, 2**64 - 1),
    ],
    ids=["ffmpeg", "zero", "sox", "RF64 without", "RF64 of ffmpeg"],
)
def test_a_stream_of_unknown_length_ends_with_its_samples(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    data = wav("PCM_24", 1)
    reader, samples = piped(change(data))
    assert reader.format.frames is None
    np.testing.assert_array_equal(samples, in_file(data, tmp_path))
    assert reader.fault() == "", "the byte that pads an odd length is no sample"
    assert piped(change(data)[:-1])[0].fault() == ""
    assert piped(change(data)[:-2])[0].fault()
    assert reader.format.tail() == b""


def test_a_long_length_is_believed_at_any_size() -> None:
    """Between the two limits that 32 bits stand for "unknown" in plain WAV."""
    reader, samples = piped(with_long_size(wav("PCM_16"), 0xC0000000))
    assert reader.format.frames == 0xC0000000 // 4
    assert len(samples) == FRAMES
    assert reader.fault()


@pytest.mark.parametrize("sizes", [(0,), (1,), (7, 26), (3, 100_001)])
def test_chunks_before_the_samples_are_left_out(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    data = wav("PCM_24", 1)
    reader, samples = piped(with_chunks(data, *sizes))
    np.testing.assert_array_equal(samples, in_file(data, tmp_path))
    assert reader.fault() == ""


@pytest.mark.parametrize("piece_bytes", [1, 7, 4093])
def test_pieces_end_anywhere(tmp_path: Path, piece_bytes: int) -> None:
    data = wav("PCM_24", 6, "WAVEX")
    np.testing.assert_array_equal(piped(data, piece_bytes)[1], in_file(data, tmp_path))


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("is_known", [True, False])
def test_an_end_within_a_frame_leaves_whole_frames(tmp_path: Path, subtype: str, is_known: bool) -> None:
    data = wav(subtype, 2)
    whole = in_file(data, tmp_path)
    reader, samples = piped((data if is_known else with_size(data, UNKNOWN))[:-1])
    np.testing.assert_array_equal(samples, whole[:-1])
    assert reader.fault()


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_floats_that_are_no_sound_are_zeros(tmp_path: Path, subtype: str) -> None:
    data = bytearray(wav(subtype, 1))
    floats = np.frombuffer(data, "<f4" if subtype == "FLOAT" else "<f8", FRAMES, data_place(data) + 8)
    floats[:4] = [np.nan, np.inf, -np.inf, 3e38]
    samples = piped(bytes(data))[1]
    assert not samples[:4].any()
    np.testing.assert_array_equal(samples, in_file(bytes(data), tmp_path))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"no sound at all, only words",
        b"OggS" + bytes(100),
        wav("PCM_U8"),
        wav("ULAW"),
        wav("PCM_16")[:30],
        with_chunks(wav("PCM_16"), 9)[: data_place(wav("PCM_16")) + 12],
        wav("PCM_16", rate_hz=1),
        wav("PCM_16")[:12] + wav("PCM_16")[data_place(wav("PCM_16")) :],
    ],
    ids=["empty", "cut", "words", "Ogg", "8 bits", "u-law", "head cut", "chunk cut", "rate", "no format"],
)
def test_what_is_not_read_is_one_sentence(data: bytes) -> None:
    with pytest.raises(SourceError, match=r"^The (WAV )?stream [^\n]+\.$"):
        piped(data)
