"""Any stretch of a file, exactly, whatever was read before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.sound.opening import seeks_exactly
from engine.sound.reader import SourceInfo, SourceReader, content_hash, probe

FRAMES = 150_000  # more than two chunks of the formats that are decoded from the start
FORMATS = [
    ("wav", "WAV", "PCM_16"),
    ("flac", "FLAC", "PCM_24"),
    ("aiff", "AIFF", "PCM_24"),
    ("ogg", "OGG", "VORBIS"),
    ("opus", "OGG", "OPUS"),
    ("mp3", "MP3", "MPEG_LAYER_III"),
]


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    """A tone that starts and stops over a little noise, shape (FRAMES, 2).

    MP3 saves bits while little happens and spends them later: a decoder that seeks misses those.
    """
    noise = np.random.default_rng(7).standard_normal((FRAMES, 2))
    time_s = np.arange(FRAMES)[:, None] / 48_000
    return 0.6 * np.sin(2 * np.pi * np.array([440, 331]) * time_s) * (time_s % 0.5 < 0.4) + 0.01 * noise


@pytest.fixture(scope="module", params=FORMATS, ids=lambda f: f[2])
def encoded(
    request: pytest.FixtureRequest, music: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, np.ndarray]:
    """A file of each format, and what decoding it from start to end gives."""
    suffix, container, subtype = request.param
    path = tmp_path_factory.mktemp("encoded") / f"take.{suffix}"
    soundfile.write(path, music, 48_000, subtype, format=container)
    with soundfile.SoundFile(path) as file:
        return path, file.read(file.frames, dtype="float32", always_2d=True)


@settings(suppress_health_check=list(HealthCheck))
@given(
    spans=st.lists(st.tuples(st.integers(-100, FRAMES + 100), st.integers(0, 3_000)), min_size=1, max_size=5)
)
def test_random_access_equals_sequential_reading(
    encoded: tuple[Path, np.ndarray], spans: list[tuple[int, int]]
) -> None:
    path, samples = encoded
    padded = np.pad(samples, ((100, 4_000), (0, 0)))
    with SourceReader(path) as reader:
        for start, length in spans:
            found = reader.read(start, start + length)
            np.testing.assert_array_equal(found, padded[start + 100 : start + 100 + length])


def test_blocks_of_any_size_make_the_whole_file(encoded: tuple[Path, np.ndarray]) -> None:
    path, samples = encoded
    for block_frames in (4_801, FRAMES, 10 * FRAMES):
        with SourceReader(path) as reader:
            np.testing.assert_array_equal(np.concatenate(list(reader.blocks(block_frames))), samples)


def test_mono_stays_two_dimensional_and_outside_is_silent(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(10, 0.5), 8_000, "PCM_16")
    with SourceReader(tmp_path / "a.wav") as reader:
        np.testing.assert_array_equal(reader.read(-2, 3), [[0], [0], [0.5], [0.5], [0.5]])
        assert reader.read(4, 4).shape == (0, 1)
        assert reader.read(100, 103).shape == (3, 1)
        assert reader.read(9, 10, np.int16).tolist() == [[16_384]]


def test_nan_and_infinity_become_silence_and_are_counted(tmp_path: Path) -> None:
    samples = np.full((8, 2), 0.25, np.float32)
    samples[2, 1], samples[3, 0], samples[4, 0] = np.nan, np.inf, -np.inf
    soundfile.write(tmp_path / "a.wav", samples, 48_000, "FLOAT")
    with SourceReader(tmp_path / "a.wav") as reader:
        np.testing.assert_array_equal(reader.read(0, 8), np.nan_to_num(samples, posinf=0, neginf=0))
        assert reader.bad_samples == 3


def test_what_probe_tells(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.full((100, 3), 0.1), 44_100, "PCM_24")
    assert probe(path) == SourceInfo(path, 44_100, 3, 100, "FLAC", "PCM_24", "")


def test_a_silent_file_is_imported_with_a_warning(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100_000), 48_000)
    assert probe(tmp_path / "a.wav").warning.endswith("a.wav is silent from start to end.")


def test_only_exact_formats_are_read_by_seeking() -> None:
    assert seeks_exactly("WAV", "PCM_24")
    assert seeks_exactly("FLAC", "PCM_16")
    for container, subtype in (("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III"), ("WAV", "GSM610")):
        assert not seeks_exactly(container, subtype)


@pytest.mark.parametrize("size", [1, 4 << 20, (4 << 20) + 1, 6 << 20])
def test_content_hash_follows_content_not_name(tmp_path: Path, size: int) -> None:
    first, copy = tmp_path / "a", tmp_path / "b"
    data = bytearray(np.random.default_rng(size).bytes(size))
    first.write_bytes(data)
    copy.write_bytes(data)
    assert content_hash(first) == content_hash(copy)
    assert len(content_hash(first)) == 32
    for position in (0, size - 1):
        changed = bytearray(data)
        changed[position] ^= 1
        copy.write_bytes(changed)
        assert content_hash(first) != content_hash(copy)
    copy.write_bytes(data + b"x")
    assert content_hash(first) != content_hash(copy)
