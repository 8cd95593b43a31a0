"""Recordings whose heads state another length than they hold, or none: read to their end, and named."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.sound.file_part import Stated, sample_chunk
from engine.sound.reader import SourceReader, probe

RATE_HZ = 16_000
FRAMES = 48_000
RIFF_SIZES = {"0": 0, "right": None, "unknown": 0xFFFFFFFF, "empty": 36}
DATA_SIZES = {
    "0": (0, Stated.NOTHING),
    "unknown": (0xFFFFFFFF, Stated.NOTHING),
    "of sox": (0x7FFFF000, Stated.NOTHING),
    "signed": (0x7FFFFFFF, Stated.NOTHING),
    "half": (FRAMES, Stated.LESS),
    "a moment ago": (2 * FRAMES - 20_000, Stated.LESS),
    "one less": (2 * FRAMES - 1, Stated.RIGHT),
    "too large": (4 * FRAMES, Stated.RIGHT),
}


@pytest.fixture
def sound(rng: np.random.Generator) -> np.ndarray:
    """Return noise, shape (n, 1), as 16 bits."""
    return rng.integers(-9_000, 9_000, (FRAMES, 1)).astype(np.int16)


def _written(path: Path, sound: np.ndarray, container: str, subtype: str = "PCM_16") -> bytearray:
    soundfile.write(path, sound, RATE_HZ, subtype, format=container)
    return bytearray(path.read_bytes())


def _require_whole(path: Path, sound: np.ndarray, *, less: int = 0) -> None:
    with SourceReader(path) as reader:
        read = np.concatenate(list(reader.blocks(10_000)))
        assert reader.frames == FRAMES - less
        at = reader.read(40_000, 40_100)
    np.testing.assert_array_equal(np.round(read * 32_768), sound[: FRAMES - less])
    np.testing.assert_array_equal(at, read[40_000:40_100])


@pytest.mark.parametrize("riff", RIFF_SIZES)
@pytest.mark.parametrize("data", DATA_SIZES)
def test_wav(tmp_path: Path, sound: np.ndarray, riff: str, data: str) -> None:
    path = tmp_path / "take.wav"
    content = _written(path, sound, "WAV")
    size, stated = DATA_SIZES[data]
    if RIFF_SIZES[riff] is not None:
        content[4:8] = struct.pack("<I", RIFF_SIZES[riff])
    place = content.index(b"data") + 4
    content[place : place + 4] = struct.pack("<I", size)
    path.write_bytes(content)
    found = sample_chunk(path)
    assert found is not None
    assert (found.stated, found.present_bytes) == (stated, 2 * FRAMES)
    _require_whole(path, sound, less=1 if data == "one less" else 0)
    is_named = stated is not Stated.RIGHT or data == "too large"
    assert bool(probe(path).warning) == is_named


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "ULAW", "IMA_ADPCM"])
def test_wav_of_other_codings(tmp_path: Path, sound: np.ndarray, subtype: str) -> None:
    path = tmp_path / "take.wav"
    content = _written(path, sound, "WAV", subtype)
    whole, _ = soundfile.read(path, always_2d=True)
    place = content.index(b"data") + 4
    content[place : place + 4] = bytes(4)
    path.write_bytes(content)
    with SourceReader(path) as reader:
        assert abs(reader.frames - len(whole)) <= 1_024, "a block of IMA"
        read = reader.read(0, FRAMES, np.float64)
    np.testing.assert_allclose(read, whole[:FRAMES], atol=1e-6)


def test_wav_with_a_further_chunk_is_not_read_beyond_its_sound(tmp_path: Path, sound: np.ndarray) -> None:
    path = tmp_path / "take.wav"
    content = _written(path, sound, "WAV")
    content += b"junk" + struct.pack("<I", 70_000) + bytes(range(1, 251)) * 280
    path.write_bytes(content)
    _require_whole(path, sound)
    assert probe(path).warning == ""


def test_wav_longer_than_its_length_has_bits_for(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    frames = (1 << 32) // 2 + 30_000
    head = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 48_000, 96_000, 2, 16)
    content = b"RIFF" + struct.pack("<I", 36) + b"WAVE" + head + b"data" + struct.pack("<I", 60_000)
    with path.open("wb") as stream:
        stream.write(content)
        stream.truncate(len(content) + 2 * frames)
        stream.seek(-2_000, 2)
        stream.write(struct.pack("<h", 1_234) * 1_000)
    with SourceReader(path) as reader:
        assert reader.frames == frames
        assert (reader.read(frames - 1_000, frames) * 32_768 == 1_234).all()


@pytest.mark.parametrize("mark", [b"RF64", b"BW64"])
@pytest.mark.parametrize("sizes", [(0, 0), (2**64 - 1, 2**64 - 1), (100, 0), (10**7, 10**7), (0, 2 * FRAMES)])
def test_rf64_and_bw64(tmp_path: Path, sound: np.ndarray, mark: bytes, sizes: tuple[int, int]) -> None:
    path = tmp_path / "take.rf64"
    content = _written(path, sound, "RF64")
    content[:4] = mark
    place = content.index(b"ds64") + 8
    content[place : place + 16] = struct.pack("<QQ", *sizes)
    path.write_bytes(content)
    _require_whole(path, sound)


@pytest.mark.parametrize("size", [0, 24, 10**8, 2**63, 2**64 - 1])
def test_w64(tmp_path: Path, sound: np.ndarray, size: int) -> None:
    path = tmp_path / "take.w64"
    content = _written(path, sound, "W64")
    place = content.index(b"data") + 16
    content[place : place + 8] = struct.pack("<Q", size)
    path.write_bytes(content)
    _require_whole(path, sound)
    assert probe(path).warning


@pytest.mark.parametrize("size", [0, 8, 0xFFFFFFFF, 0x7FFFF000, 10**6])
@pytest.mark.parametrize("frames", [0, FRAMES])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_aiff(tmp_path: Path, sound: np.ndarray, size: int, frames: int, subtype: str) -> None:
    path = tmp_path / "take.aiff"
    content = _written(path, sound, "AIFF", subtype)
    whole, _ = soundfile.read(path, always_2d=True)
    place, common = content.index(b"SSND") + 4, content.index(b"COMM") + 10
    content[place : place + 4] = struct.pack(">I", size)
    content[common : common + 4] = struct.pack(">I", frames)
    content[4:8] = bytes(4)
    path.write_bytes(content)
    with SourceReader(path) as reader:
        np.testing.assert_array_equal(reader.read(0, reader.frames, np.float64), whole)
    assert probe(path).warning


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 10**6])
@pytest.mark.parametrize("endian", ["BIG", "LITTLE"])
def test_au(tmp_path: Path, sound: np.ndarray, size: int, endian: str) -> None:
    path = tmp_path / "take.au"
    soundfile.write(path, sound, RATE_HZ, "PCM_16", endian, "AU")
    content = bytearray(path.read_bytes())
    content[8:12] = struct.pack(">I" if endian == "BIG" else "<I", size)
    path.write_bytes(content)
    _require_whole(path, sound)


@pytest.mark.parametrize("size", [-1, 0, 4, 10**7])
def test_caf(tmp_path: Path, sound: np.ndarray, size: int) -> None:
    path = tmp_path / "take.caf"
    content = _written(path, sound, "CAF")
    place = content.index(b"data") + 4
    content[place : place + 8] = struct.pack(">q", size)
    path.write_bytes(content)
    _require_whole(path, sound)
    assert probe(path).warning


@pytest.mark.parametrize("mark", [b"RIFF", b"RF64", b"FORM", b"riff", b".snd", b"caff"])
@pytest.mark.parametrize("length", [4, 8, 11, 12, 13, 20])
def test_a_file_that_ends_within_its_head_has_no_samples(tmp_path: Path, mark: bytes, length: int) -> None:
    path = tmp_path / "take"
    path.write_bytes((mark + bytes(4) + b"WAVEdata" + bytes(8))[:length])
    found = sample_chunk(path)
    assert found is None or (length == 20 and not found.present_bytes)
