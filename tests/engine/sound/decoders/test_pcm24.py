"""WAV files of 24 bits are read as libsndfile reads them, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.sound.decoders.pcm24 import Pcm24File
from engine.sound.reader import SourceReader

FRAMES = 40_001  # more than one piece, and an odd number of bytes


def _samples(channels: int) -> NDArray[np.float32]:
    samples = np.random.default_rng(0).uniform(-1.0, 1.0, (FRAMES, channels)).astype(np.float32)
    samples[:2] = [[-1.0], [1.0 - 2.0**-23]]
    return samples


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
def test_numpy_reads_what_libsndfile_reads(container: str, channels: int, tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, _samples(channels), 48_000, "PCM_24", format=container)
    expected = soundfile.read(path, dtype="float32", always_2d=True)[0]
    found = Pcm24File.of(path, FRAMES, channels)
    assert found is not None
    found.close()
    with SourceReader(path) as reader:
        np.testing.assert_array_equal(reader.read(0, FRAMES), expected)
        np.testing.assert_array_equal(reader.read(16_383, 16_390), expected[16_383:16_390])
        np.testing.assert_array_equal(reader.read(FRAMES - 3, FRAMES + 2)[:3], expected[-3:])
        np.testing.assert_array_equal(reader.read(5, 9, np.float64), expected[5:9])


@pytest.mark.parametrize(
    ("subtype", "endian", "container"),
    [("PCM_24", "BIG", "WAV"), ("PCM_16", "FILE", "WAV"), ("PCM_24", "FILE", "AIFF")],
)
def test_other_files_are_left_to_libsndfile(
    subtype: str, endian: str, container: str, tmp_path: Path
) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, _samples(2), 48_000, subtype, endian, container)
    if subtype == "PCM_24" and container == "WAV":
        assert Pcm24File.of(path, FRAMES, 2) is None
    with SourceReader(path) as reader:
        np.testing.assert_array_equal(reader.read(0, FRAMES), soundfile.read(path, dtype="float32")[0])


def test_a_file_that_is_cut_while_it_is_open_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, _samples(1), 48_000, "PCM_24")
    with SourceReader(path) as reader:
        with path.open("r+b") as stream:
            stream.truncate(3 * 20_000)
        with pytest.raises(SourceError):
            reader.read(0, FRAMES)
