"""The fast peaks equal the plain ones, at every length, edge and zoom."""

from __future__ import annotations

import shutil
import threading
import tracemalloc
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import Cancelled
from engine.core.files.places import cache_folder
from engine.core.progress import ReportingProgress
from engine.lab.bench.long_recording import write_sparse
from engine.sound.conform import conformed_path
from engine.sound.pictures.peak_cache import load_peaks, source_peaks
from engine.sound.pictures.peaks import (
    Columns,
    PeakPyramid,
    build_peaks,
    level_lengths,
    peak_chunks,
    peaks_warning,
    sample_columns,
)
from engine.sound.reader import SourceReader
from tests.engine.sound.test_conform import source_of, tone


def plain_level(samples: np.ndarray, width: int) -> np.ndarray:
    """Minimum, maximum and sum of squares of each column, one at a time, shape (3, channels, n)."""
    columns = [samples[start : start + width] for start in range(0, len(samples), width)]
    return np.array(
        [
            [column.min(0) for column in columns],
            [column.max(0) for column in columns],
            [np.square(column, dtype=np.float64).sum(0) for column in columns],
        ]
    ).transpose(0, 2, 1)


def assert_same_columns(found: Columns, expected: Columns) -> None:
    np.testing.assert_array_equal(found.minimum, expected.minimum)
    np.testing.assert_array_equal(found.maximum, expected.maximum)
    np.testing.assert_allclose(found.rms, expected.rms, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("frames", [1, 255, 256, 257, 1_024, 131_072, 131_073, 400_001])
def test_every_level_equals_the_plain_way(
    tmp_path: Path, rng: np.random.Generator, frames: int, subtype: str
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, rng.uniform(-1, 1, (frames, 2)), 48_000, subtype)
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    pyramid = build_peaks(path)
    assert (pyramid.frames, pyramid.channels, pyramid.rate_hz) == (frames, 2, 48_000)
    assert tuple(level.shape[2] for level in pyramid.levels) == level_lengths(frames)
    for number, level in enumerate(pyramid.levels):
        plain = plain_level(samples, 256 * 4**number)
        np.testing.assert_array_equal(level[:2], plain[:2].astype(np.float32))
        np.testing.assert_allclose(level[2], plain[2], rtol=1e-5)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_pieces_of_a_long_file_join_to_the_whole(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, channels: int
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, rng.uniform(-1, 1, (600_001, channels)), 48_000, "PCM_16")
    in_one_piece = build_peaks(path)
    monkeypatch.setattr("engine.sound.pictures.peaks._CHUNK_LEVELS", 1)
    with SourceReader(path) as reader:
        pieces = [tuple(level.copy() for level in piece) for piece in peak_chunks(reader)]
    assert len(pieces) > 100
    in_cache = source_peaks(source_of(path), 48_000)
    for number, level in enumerate(in_one_piece.levels):
        joined = np.concatenate([piece[number] for piece in pieces], axis=2)
        np.testing.assert_array_equal(joined, level)
        np.testing.assert_array_equal(in_cache.levels[number], level)


def test_samples_that_are_no_sound_are_counted_once_by_several_threads(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = rng.uniform(-1, 1, (300_000, 2)).astype(np.float32)
    bad = np.unique(rng.integers(0, 300_000, 40))[::-1]
    samples[bad, 1] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 48_000, "FLOAT")
    monkeypatch.setattr("engine.sound.pictures.peaks._CHUNK_LEVELS", 1)
    pyramid = build_peaks(tmp_path / "a.wav")
    assert (pyramid.bad_samples, pyramid.first_bad_samples) == (len(bad), bad.min())


def test_cancelling_ends_the_threads_that_read(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, rng.uniform(-1, 1, (20_000_000, 1)), 48_000, "PCM_16")
    asked = Event()
    progress = ReportingProgress(lambda *_: asked.set(), asked)
    with pytest.raises(Cancelled):
        build_peaks(path, progress)
    assert not [one.name for one in threading.enumerate() if one.name.startswith("peaks")]


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    taken = []
    for hours in (2, 8):
        source = source_of(write_sparse(tmp_path / f"{hours}.wav", hours * 3600, 12_000, seed=hours))
        tracemalloc.start()
        assert source_peaks(source, 12_000).frames == hours * 3600 * 12_000
        taken.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # The peaks of the longer one are 16 MB more; how many pieces of 1 MB two threads hold is left to chance.
    assert taken[1] < taken[0] + 2_500_000, taken


def test_many_channels_in_small_blocks(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, rng.uniform(-1, 1, (9_001, 64)), 48_000, "PCM_16")
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(build_peaks(path).levels[0][:2], plain_level(samples, 256)[:2])


@pytest.fixture(scope="module")
def long_take(tmp_path_factory: pytest.TempPathFactory) -> tuple[PeakPyramid, np.ndarray]:
    """Peaks with three levels, and the samples they come from."""
    path = tmp_path_factory.mktemp("peaks") / "a.wav"
    noise = np.random.default_rng(3).uniform(-1, 1, 700_123)
    soundfile.write(path, noise * np.linspace(0, 1, len(noise)), 48_000, "PCM_16")
    return build_peaks(path), soundfile.read(path, dtype="float32")[0]


@given(
    start=st.floats(-50_000, 750_000),
    samples_per_column=st.floats(256, 40_000),
    n_columns=st.integers(1, 60),
)
def test_columns_hold_each_base_column_once(
    long_take: tuple[PeakPyramid, np.ndarray], start: float, samples_per_column: float, n_columns: int
) -> None:
    pyramid, samples = long_take
    found = pyramid.columns(0, start, samples_per_column, n_columns)
    widths = [256 * 4**number for number in range(len(pyramid.levels))]
    width = max([256] + [width for width in widths if 2 * width <= samples_per_column])
    edges = [int((start + i * samples_per_column) // width) for i in range(n_columns + 1)]
    expected = Columns(*np.zeros((3, n_columns), np.float32))
    for i in range(n_columns):
        inside = samples[max(0, edges[i] * width) : max(0, max(edges[i + 1], edges[i] + 1) * width)]
        if len(inside):
            expected.minimum[i], expected.maximum[i] = inside.min(), inside.max()
            expected.rms[i] = np.sqrt(np.square(inside, dtype=np.float64).mean())
    assert_same_columns(found, expected)


@pytest.mark.parametrize("samples_per_column", [0.01, 0.5, 1.0, 1.7, 100.0, 255.9])
@pytest.mark.parametrize("start", [-20.5, 0.0, 990.25])
def test_columns_of_raw_samples(rng: np.random.Generator, start: float, samples_per_column: float) -> None:
    samples = rng.uniform(-1, 1, 1_000).astype(np.float32)
    found = sample_columns(samples, 5, start, samples_per_column, 40)
    for i in range(40):
        first = int(np.floor(start - 5 + i * samples_per_column))
        last = max(first + 1, int(np.floor(start - 5 + (i + 1) * samples_per_column)))
        inside = samples[max(0, first) : max(0, last)]
        expected = (inside.min(), inside.max(), np.sqrt(np.mean(inside**2))) if len(inside) else (0, 0, 0)
        np.testing.assert_allclose((found.minimum[i], found.maximum[i], found.rms[i]), expected, rtol=1e-5)


def test_the_two_kinds_of_columns_agree_where_they_meet(
    long_take: tuple[PeakPyramid, np.ndarray],
) -> None:
    pyramid, samples = long_take
    assert_same_columns(pyramid.columns(0, 0, 256, 3_000), sample_columns(samples, 0, 0, 256, 3_000))


def test_a_click_is_seen_at_every_zoom(tmp_path: Path) -> None:
    samples = np.zeros(2_000_000)
    samples[1_234_567] = -1.0
    soundfile.write(tmp_path / "a.wav", samples, 48_000)
    pyramid = build_peaks(tmp_path / "a.wav")
    for n_columns in (1, 7, 500, 1_600, 7_000):
        columns = pyramid.columns(0, 0, len(samples) / n_columns, n_columns)
        assert np.flatnonzero(columns.minimum == -1.0).size == 1


def test_nan_and_silence_are_told(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.5, np.nan, np.inf], np.float32), 48_000, "FLOAT")
    pyramid = build_peaks(tmp_path / "a.wav")
    assert pyramid.levels[0][:2].ravel().tolist() == [0.0, 0.5]
    assert "a.wav holds 2 samples that are not numbers" in peaks_warning(pyramid, tmp_path / "a.wav")
    soundfile.write(tmp_path / "b.wav", np.zeros(300), 48_000)
    assert "b.wav is silent" in peaks_warning(build_peaks(tmp_path / "b.wav"), tmp_path / "b.wav")


def test_building_reports_and_can_be_cancelled(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(400_000, 48_000), 48_000)
    cancelled, fractions = Event(), list[float]()

    def on_report(fraction: float, *_: object) -> None:
        fractions.append(fraction)
        if len(fractions) == 6:
            cancelled.set()

    progress = ReportingProgress(on_report, cancelled)
    build_peaks(tmp_path / "a.wav", progress)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    with pytest.raises(Cancelled):
        build_peaks(tmp_path / "a.wav", progress)


def test_peaks_are_kept_and_found_again(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(400_001, 44_100), 44_100)
    source = source_of(tmp_path / "a.wav")
    assert load_peaks(source.content_hash, 48_000) is None
    built = source_peaks(source, 48_000)
    kept = load_peaks(source.content_hash, 48_000)
    assert kept is not None
    for level, again in zip(built.levels, kept.levels, strict=True):
        np.testing.assert_array_equal(level, again)
    assert (kept.rate_hz, kept.frames, kept.channels) == (48_000, built.frames, 2)
    assert load_peaks(source.content_hash, 44_100) is None
    (tmp_path / "a.wav").unlink()
    assert source_peaks(source, 48_000).frames == built.frames


@pytest.mark.skipif(
    not Path("/proc/self/smaps").exists(), reason="the system does not tell what is in memory"
)
def test_kept_peaks_stay_on_disk_but_for_what_is_drawn(tmp_path: Path) -> None:
    source = source_of(write_sparse(tmp_path / "a.wav", 340, 48_000, seed=1))
    kept, name = source_peaks(source, 48_000), source.content_hash
    frames = kept.frames
    kept.columns(0, 0.0, frames / 1_000, 1_000)
    maps = Path("/proc/self/smaps").read_text().split("VmFlags:")
    resident = [int(entry.split("Rss:")[1].split()[0]) for entry in maps if name in entry]
    assert sum(resident) * 1024 < sum(level.nbytes for level in kept.levels) / 4


def test_the_samples_of_a_converted_source_that_are_no_numbers_are_counted(tmp_path: Path) -> None:
    samples = tone(1_000, 44_100).astype(np.float32)
    samples[10:13, 0] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 44_100, "FLOAT")
    assert source_peaks(source_of(tmp_path / "a.wav"), 48_000).bad_samples == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:0],
        lambda data: data[:20],
        lambda data: data[:-4],
        lambda data: data + b"more",
        lambda data: b"RIFF" + data[4:],
        lambda data: data[:8] + b"\x09" + data[9:],
        lambda data: data[:500] + bytes([data[500] ^ 1]) + data[501:],
        lambda data: b"\xff" * len(data),
    ],
)
def test_damaged_and_foreign_cache_files_are_built_again(tmp_path: Path, damage) -> None:
    soundfile.write(tmp_path / "a.wav", tone(100_000, 48_000), 48_000)
    source = source_of(tmp_path / "a.wav")
    assert conformed_path(source, 48_000) == tmp_path / "a.wav"
    pyramid = build_peaks(tmp_path / "a.wav")
    source_peaks(source, 48_000)
    (path,) = cache_folder("peaks").iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert load_peaks(source.content_hash, 48_000) is None
    source_peaks(source, 48_000)
    again = load_peaks(source.content_hash, 48_000)
    assert again is not None
    np.testing.assert_array_equal(again.levels[0], pyramid.levels[0])


@pytest.mark.parametrize("width", [300.0, 1_100.0, 9_000.0])
def test_spans_that_touch_equal_columns_and_gaps_show_nowhere(tmp_path: Path, width: float) -> None:
    sound = np.random.default_rng(5).normal(0, 0.1, (200_000, 1)).astype(np.float32)
    sound[65_536:131_072] = 0.99
    path = tmp_path / "a.wav"
    soundfile.write(path, sound, 48_000, subtype="FLOAT")
    peaks = build_peaks(path)
    borders = np.floor(np.arange(31) * width).astype(np.int64)
    columns, spans = peaks.columns(0, 0.0, width, 30), peaks.spans(0, borders[:-1], borders[1:], width)
    np.testing.assert_array_equal(spans.maximum, columns.maximum)
    np.testing.assert_allclose(spans.rms, columns.rms, rtol=1e-5)
    cut = peaks.spans(
        0, np.array([-500, 0, 131_072, 300_000]), np.array([0, 65_536, 200_000, 300_500]), width
    )
    assert cut.maximum[[0, 3]].tolist() == [0.0, 0.0]
    assert cut.maximum[1:3].tolist() == [sound[:65_536].max(), sound[131_072:].max()]


@pytest.mark.parametrize(("channels", "rate_hz"), [(1, 22_050), (2, 48_000), (3, 44_100)])
def test_peaks_made_while_a_copy_is_written_equal_those_of_the_copy(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, channels: int, rate_hz: int
) -> None:
    path = tmp_path / "a.wav"
    samples = rng.uniform(-1, 1, (400_001, channels)).astype(np.float32)
    samples[77:80, 0] = np.nan
    samples[90_000:90_400, 0] = 2.0**31 * np.sign(rng.uniform(-1, 1, 400))  # converted, some pass the limit
    soundfile.write(path, samples, 32_000, "FLOAT")
    source = source_of(path)
    monkeypatch.setattr("engine.sound.pictures.peaks._CHUNK_LEVELS", 1)
    built = source_peaks(source, rate_hz)
    copy = conformed_path(source, rate_hz)
    assert copy != path
    read = build_peaks(copy)
    assert read.frames == built.frames
    assert read.bad_samples > 0
    assert built.bad_samples == 3
    for level, again in zip(built.levels, read.levels, strict=True):
        np.testing.assert_array_equal(level, again)
    shutil.rmtree(cache_folder("peaks"))
    for level, again in zip(built.levels, source_peaks(source, rate_hz).levels, strict=True):
        np.testing.assert_array_equal(level, again)
