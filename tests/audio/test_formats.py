"""Every format, rate and number of channels the import promises, and real recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.document.tracks import Source, source_length_samples
from engine.sound.conform import conformed_path
from engine.sound.pictures.peak_cache import source_peaks
from engine.sound.reader import SourceReader, probe
from engine.sound.writer import block_dtype, export_format, write_audio
from tests.sources import source_of

LOSSLESS = [
    ("wav", "WAV", "PCM_U8", 2**-7),
    ("wav", "WAV", "PCM_16", 2**-15),
    ("wav", "WAV", "PCM_24", 2**-23),
    ("wav", "WAV", "PCM_32", 2**-31),
    ("wav", "WAV", "FLOAT", 2**-24),
    ("wav", "WAV", "DOUBLE", 2**-52),
    ("wav", "RF64", "PCM_24", 2**-23),
    ("wav", "WAVEX", "PCM_24", 2**-23),
    ("w64", "W64", "PCM_16", 2**-15),
    ("aiff", "AIFF", "PCM_16", 2**-15),
    ("aiff", "AIFF", "PCM_S8", 2**-7),
    ("aif", "AIFF", "FLOAT", 2**-24),
    ("caf", "CAF", "PCM_24", 2**-23),
    ("caf", "CAF", "ALAC_16", 2**-15),
    ("flac", "FLAC", "PCM_16", 2**-15),
    ("flac", "FLAC", "PCM_24", 2**-23),
]
LOSSY = [("ogg", "OGG", "VORBIS"), ("opus", "OGG", "OPUS"), ("mp3", "MP3", "MPEG_LAYER_III")]


def _source(path: Path) -> Source:
    assert probe(path).warning == ""
    return source_of(path)


def _tone(frames: int, rate_hz: int, channels: int) -> np.ndarray:
    phase = 2 * np.pi * 300 * np.arange(frames)[:, None] / rate_hz
    return 0.5 * np.sin(phase + np.arange(channels))


@pytest.mark.parametrize(("suffix", "container", "subtype", "step"), LOSSLESS)
def test_lossless_formats_come_in_and_go_out_unchanged(
    tmp_path: Path, suffix: str, container: str, subtype: str, step: float
) -> None:
    path = tmp_path / f"take.{suffix}"
    tone = _tone(20_000, 48_000, 2)
    soundfile.write(path, tone, 48_000, subtype, format=container)
    source = _source(path)
    assert (source.container, source.subtype, source.frames) == (container, subtype, 20_000)
    assert conformed_path(source, 48_000) == path
    with SourceReader(path) as reader:
        samples = reader.read(0, 20_000, block_dtype(subtype))
    np.testing.assert_allclose(samples, tone, atol=2 * step)
    target = tmp_path / "export.wav"
    write_audio(
        target,
        [samples[:7_000], samples[7_000:]],
        rate_hz=48_000,
        channels=2,
        container="WAV",
        subtype=export_format([subtype], ".wav"),
        total_frames=20_000,
    )
    np.testing.assert_array_equal(soundfile.read(target, dtype="float64")[0], samples)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000])
@pytest.mark.parametrize(("suffix", "container"), [("wav", "WAV"), ("flac", "FLAC")])
def test_any_rate_arrives_in_the_document(tmp_path: Path, suffix: str, container: str, rate_hz: int) -> None:
    path = tmp_path / f"take.{suffix}"
    soundfile.write(path, _tone(rate_hz // 2, rate_hz, 1), rate_hz, format=container)
    source = _source(path)
    with SourceReader(conformed_path(source, 48_000)) as reader:
        assert (reader.rate_hz, reader.frames) == (48_000, source_length_samples(source, 48_000))
        np.testing.assert_allclose(
            reader.read(6_000, 18_000), _tone(24_000, 48_000, 1)[6_000:18_000], atol=1e-4
        )


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 6, 8, 64])
@pytest.mark.parametrize("rate_hz", [48_000, 44_100])
def test_any_number_of_channels(tmp_path: Path, channels: int, rate_hz: int) -> None:
    path = tmp_path / "take.wav"
    soundfile.write(path, _tone(5_000, rate_hz, channels), rate_hz, "PCM_24")
    source = _source(path)
    pyramid = source_peaks(source, 48_000)
    assert pyramid.channels == channels
    with SourceReader(conformed_path(source, 48_000)) as reader:
        samples = reader.read(0, reader.frames)
    assert samples.shape == (source_length_samples(source, 48_000), channels)
    np.testing.assert_array_equal(pyramid.levels[-1][1].max(1), samples.max(0))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("suffix", "container", "subtype"), LOSSY)
def test_lossy_formats_are_decoded_once_and_close_to_the_sound(
    tmp_path: Path, suffix: str, container: str, subtype: str, channels: int
) -> None:
    path = tmp_path / f"take.{suffix}"
    tone = _tone(200_000, 48_000, channels)
    soundfile.write(path, tone, 48_000, subtype, format=container)
    source = _source(path)
    assert abs(source.frames - 200_000) <= 2_000
    with SourceReader(conformed_path(source, 48_000)) as reader:
        middle = reader.read(50_000, 150_000)
    assert np.sqrt(np.mean((middle - tone[50_000:150_000]) ** 2)) < 0.02


@pytest.mark.parametrize("pattern", ["esc50/audio/*.flac", "music/Karissa_*.ogg", "music/gm3_boom_*.mp3"])
def test_real_recordings(data_dir: Path, pattern: str) -> None:
    path = min(data_dir.glob(pattern))
    source = _source(path)
    pyramid = source_peaks(source, source.rate_hz)
    with soundfile.SoundFile(path) as file:
        samples = file.read(file.frames, dtype="float32", always_2d=True)
    with SourceReader(conformed_path(source, source.rate_hz)) as reader:
        np.testing.assert_array_equal(reader.read(0, reader.frames), samples)
    np.testing.assert_array_equal(pyramid.levels[-1][1].max(1), samples.max(0))
    squares = np.square(samples, dtype=np.float64).sum(0)
    np.testing.assert_allclose(pyramid.levels[-1][2].sum(1), squares, rtol=1e-4)
