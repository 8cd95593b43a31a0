"""Every source gets a file that seeks exactly, at the document's rate, of the expected length."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
import soxr

from engine.core.errors import Cancelled, SourceError
from engine.core.files.places import cache_folder
from engine.core.progress import ReportingProgress
from engine.document.tracks import source_length_samples
from engine.sound.conform import conformed_path
from engine.sound.reader import SourceReader, probe
from tests.sources import source_of


def tone(frames: int, rate_hz: int) -> np.ndarray:
    """A stereo tone, shape (frames, 2)."""
    phase = 2 * np.pi * 440 * np.arange(frames)[:, None] / rate_hz
    return 0.5 * np.sin(phase + np.array([0, 1]))


def test_a_file_that_seeks_exactly_is_used_as_it_is(tmp_path: Path) -> None:
    for suffix in ("wav", "flac", "aiff"):
        path = tmp_path / f"a.{suffix}"
        soundfile.write(path, tone(1_000, 48_000), 48_000)
        assert conformed_path(source_of(path), 48_000) == path
    assert not list(cache_folder("conformed").iterdir())


@pytest.mark.parametrize(
    ("from_hz", "to_hz", "frames"),
    [(44_100, 48_000, 100_003), (48_000, 44_100, 100_001), (8_000, 192_000, 5_001), (44_100, 48_000, 1)],
)
def test_another_rate_is_converted_to_the_exact_length(
    tmp_path: Path, from_hz: int, to_hz: int, frames: int
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(frames, from_hz), from_hz, "FLOAT")
    source = source_of(path)
    with SourceReader(conformed_path(source, to_hz)) as reader:
        assert (reader.rate_hz, reader.frames, reader.channels) == (
            to_hz,
            source_length_samples(source, to_hz),
            2,
        )
        streamed = reader.read(0, reader.frames)
    whole = soxr.resample(tone(frames, from_hz).astype(np.float32), from_hz, to_hz, quality="VHQ")
    common = min(len(whole), len(streamed))
    assert abs(len(whole) - len(streamed)) <= 1
    np.testing.assert_allclose(streamed[:common], whole[:common], atol=1e-6)
    middle = slice(len(streamed) // 4, 3 * len(streamed) // 4)
    np.testing.assert_allclose(streamed[middle], tone(len(streamed), to_hz)[middle], atol=1e-5)


@pytest.mark.parametrize(
    ("suffix", "subtype"), [("ogg", "VORBIS"), ("mp3", "MPEG_LAYER_III"), ("wav", "GSM610")]
)
def test_formats_that_do_not_seek_are_decoded_once(tmp_path: Path, suffix: str, subtype: str) -> None:
    path = tmp_path / f"a.{suffix}"
    samples = tone(90_000, 48_000)
    soundfile.write(path, samples[:, :1] if subtype == "GSM610" else samples, 48_000, subtype)
    source = source_of(path)
    conformed = conformed_path(source, 48_000)
    assert conformed.parent == cache_folder("conformed")
    with soundfile.SoundFile(path) as file:
        expected = file.read(source.frames, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(soundfile.read(conformed, dtype="float32", always_2d=True)[0], expected)
    made_ns = conformed.stat().st_mtime_ns
    assert conformed_path(source, 48_000).stat().st_mtime_ns == made_ns


def test_it_is_deterministic_and_a_damaged_cache_file_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(70_000, 44_100), 44_100)
    source = source_of(path)
    conformed = conformed_path(source, 48_000)
    first = conformed.read_bytes()
    for damage in (first[:-1000], b"", b"not audio"):
        conformed.write_bytes(damage)
        assert conformed_path(source, 48_000).read_bytes() == first


def test_two_threads_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(300_000, 44_100), 44_100)
    source = source_of(path)
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: conformed_path(source, 48_000), range(4)))
    assert len(paths) == 1
    assert probe(paths.pop()).frames == source_length_samples(source, 48_000)
    assert len(list(cache_folder("conformed").iterdir())) == 1


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(300_000, 44_100), 44_100)
    cancelled, fractions = Event(), list[float]()

    def on_report(fraction: float, *_: object) -> None:
        fractions.append(fraction)
        cancelled.set()

    with pytest.raises(Cancelled):
        conformed_path(source_of(path), 48_000, ReportingProgress(on_report, cancelled))
    assert len(fractions) == 1
    assert not list(cache_folder("conformed").iterdir())


def test_a_source_that_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(1_000, 44_100), 44_100)
    source = source_of(path)
    soundfile.write(path, tone(1_001, 44_100), 44_100)
    with pytest.raises(SourceError, match=r"a\.wav has changed since it was imported"):
        conformed_path(source, 48_000)


def test_nan_in_a_converted_source_does_not_spread(tmp_path: Path) -> None:
    samples = tone(10_000, 44_100).astype(np.float32)
    samples[5_000, 0] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 44_100, "FLOAT")
    converted, _ = soundfile.read(conformed_path(source_of(tmp_path / "a.wav"), 48_000))
    assert np.isfinite(converted).all()
