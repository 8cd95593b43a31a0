"""Spectrograms: their definition, their pyramid, and the file they are kept in."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import Cancelled
from engine.core.files.places import cache_bytes, cache_folder, empty_cache
from engine.core.progress import SILENT, ReportingProgress
from engine.sound.pictures.spectrogram import (
    BASE_SAMPLES,
    BLOCK_CELLS,
    DETAIL_FRAMES,
    LOWEST_DB,
    STEP_DB,
    WINDOWS_SAMPLES,
    Cells,
    Spectrogram,
    SpectrogramRequest,
    band_edges,
    band_middles_hz,
    block_order,
    detail_cells,
    detail_hop,
    frame_cells,
    level_db,
    level_lengths,
    load_spectrogram,
    source_spectrogram,
)
from engine.sound.reader import SourceReader

RATE_HZ = 48_000
HASH = "5ea1" * 8


def tone(hz: float, n: int, amplitude: float = 1.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(n) / RATE_HZ)).astype(np.float32)


def write(path: Path, samples: np.ndarray, rate_hz: int = RATE_HZ) -> Path:
    soundfile.write(path, samples, rate_hz, subtype="FLOAT")
    return path


@cache
def turns(window: int) -> np.ndarray:
    return np.exp(-2j * np.pi * np.outer(np.arange(window // 2 + 1), np.arange(window)) / window)


def slow_cells(samples: np.ndarray, window: int, start: int) -> np.ndarray:
    """One frame by the plain sum of the Fourier transform, in double precision; zeros outside."""
    index = start + np.arange(window)
    inside = (index >= 0) & (index < len(samples))
    frame = np.where(inside, samples[np.clip(index, 0, len(samples) - 1)], 0.0)
    n = np.arange(window)
    weighted = frame * (0.5 - 0.5 * np.cos(2 * np.pi * n / window))
    magnitudes = np.abs(turns(window) @ weighted) * 2 / (window / 2)
    edges = band_edges(window)
    loudest = np.array([magnitudes[a:b].max() for a, b in pairwise(edges)])
    level = 20 * np.log10(np.maximum(loudest, 1e-12))
    return np.clip(np.rint((level - LOWEST_DB) / STEP_DB) + 1, 1, 255)


@pytest.mark.parametrize("window", WINDOWS_SAMPLES)
@pytest.mark.parametrize("hz", [93.75, 1_000.0, 15_000.0])
def test_a_full_scale_sine_reads_0_db(window: int, hz: float) -> None:
    exact_hz = round(hz * window / RATE_HZ) * RATE_HZ / window  # in the middle of a bin
    cells = frame_cells(tone(exact_hz, window), window, window)
    assert level_db(cells.max()) == 0.0
    middles = band_middles_hz(window, RATE_HZ)
    assert abs(middles[cells[0].argmax()] - exact_hz) <= max(exact_hz / 28, RATE_HZ / window)


@pytest.mark.parametrize("window", WINDOWS_SAMPLES)
def test_frames_equal_the_plain_fourier_sum(window: int, rng: np.random.Generator) -> None:
    samples = rng.normal(0, 0.1, window + 3 * 512).astype(np.float32) * np.linspace(1, 1e-3, window + 3 * 512)
    cells = frame_cells(samples.astype(np.float32), window, 512)
    assert cells.shape == (4, len(band_edges(window)) - 1)
    slow = np.stack([slow_cells(samples, window, 512 * j) for j in range(4)])
    assert np.abs(cells - slow).max() <= 1  # a level on the border of two steps may fall to either


def test_frames_equal_librosa(rng: np.random.Generator) -> None:
    librosa = pytest.importorskip("librosa")
    samples = (tone(440.0, 30_000, 0.3) + rng.normal(0, 0.01, 30_000)).astype(np.float32)
    spectra = librosa.stft(samples, n_fft=2048, hop_length=1024, window="hann", center=False)
    level = librosa.amplitude_to_db(np.abs(spectra) * 4 / 2048, ref=1.0, amin=1e-7, top_db=None)
    edges = band_edges(2048)
    loudest = np.maximum.reduceat(level, edges[:-1], axis=0).T
    ours = level_db(frame_cells(samples, 2048, 1024))
    np.testing.assert_allclose(ours, np.clip(loudest, LOWEST_DB, None), atol=STEP_DB / 2 + 0.01)


@pytest.mark.parametrize("window", WINDOWS_SAMPLES)
def test_bands_are_single_bins_then_a_28th_wide(window: int) -> None:
    edges = band_edges(window)
    widths = np.diff(edges)
    assert (edges[0], edges[-1]) == (0, window // 2 + 1)
    assert np.all(widths[:28] == 1)
    assert np.all(np.abs(widths[28:-1] - edges[28:-2] / 28) <= 0.5)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("window", WINDOWS_SAMPLES)
def test_the_pyramid_equals_frame_by_frame(
    tmp_path: Path, rng: np.random.Generator, window: int, channels: int
) -> None:
    samples = rng.normal(0, 0.1, (5 * BASE_SAMPLES + 300, channels)).astype(np.float32)
    made = source_spectrogram(SpectrogramRequest(write(tmp_path / "a.wav", samples), "hash", window))
    hop = min(BASE_SAMPLES, window // 2)
    for cell in (0, 2, 5):
        starts = range(cell * BASE_SAMPLES + hop // 2, (cell + 1) * BASE_SAMPLES, hop)
        slow = np.max([slow_cells(samples[:, -1], window, at - window // 2) for at in starts], axis=0)
        assert np.abs(made.levels[0][-1, cell].astype(int) - slow).max() <= 1


def long_spectrogram(tmp_path: Path, rng: np.random.Generator, first_samples: int = 0) -> Spectrogram:
    """Over two blocks and a bit, with a loud click in the second."""
    frames = 2 * BLOCK_CELLS * BASE_SAMPLES + 5_000
    samples = np.zeros(frames, np.float32)
    samples[1_500_000:1_500_400] = rng.uniform(-0.9, 0.9, 400)
    path = tmp_path / "long.wav"
    soundfile.write(path, samples, RATE_HZ, subtype="PCM_16")
    return source_spectrogram(SpectrogramRequest(path, f"{first_samples:032x}", 2048, first_samples))


def test_levels_are_the_loudest_of_four(tmp_path: Path, rng: np.random.Generator) -> None:
    made = long_spectrogram(tmp_path, rng)
    assert tuple(level.shape[1] for level in made.levels) == level_lengths(made.frames)
    for below, above in zip(made.levels, made.levels[1:], strict=False):
        for index in range(above.shape[1]):
            np.testing.assert_array_equal(above[:, index], below[:, 4 * index : 4 * index + 4].max(axis=1))


def test_where_it_begins_changes_nothing(tmp_path: Path) -> None:
    one, other = (long_spectrogram(tmp_path, np.random.default_rng(3), first) for first in (0, 1_400_000))
    for mine, theirs in zip(one.levels, other.levels, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert list(block_order(one.frames, 1_400_000)) == [1, 2, 0]
    assert list(block_order(one.frames, 10**9)) == [2, 0, 1]


def slow_spans(held: Cells, starts: np.ndarray, stops: np.ndarray, width: int) -> np.ndarray:
    result = np.zeros((len(starts), held.shape[1]), np.uint8)
    for row, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        first, last = start // width, max(stop // width, start // width + 1)
        inside = held[max(first, 0) : max(last, 0)]
        result[row] = inside.max(axis=0) if len(inside) else 0
    return result


@pytest.mark.parametrize(
    ("samples_per_column", "level"), [(1_024.0, 0), (3_000.5, 0), (4_096.0, 1), (9_999.9, 1), (1e9, 2)]
)
def test_columns_equal_slow_ones(
    tmp_path: Path, rng: np.random.Generator, samples_per_column: float, level: int
) -> None:
    made = long_spectrogram(tmp_path, rng)
    edges = np.floor(-20_000 + samples_per_column * np.arange(301)).astype(np.int64)
    starts, stops = edges[:-1], edges[1:]
    columns = made.cells(0, starts, stops, samples_per_column)
    width = BASE_SAMPLES * 4**level
    np.testing.assert_array_equal(columns, slow_spans(made.levels[level][0], starts, stops, width))


def test_details_lie_where_the_base_lies(tmp_path: Path, rng: np.random.Generator) -> None:
    samples = rng.normal(0, 0.1, 200_000).astype(np.float32)
    path = write(tmp_path / "a.wav", samples)
    base = source_spectrogram(SpectrogramRequest(path, "hash", 2048))
    with SourceReader(path) as reader:
        same = detail_cells(reader, 2048, BASE_SAMPLES, 1)
        fine = detail_cells(reader, 2048, 128, 2)
    n = base.levels[0].shape[1]
    np.testing.assert_array_equal(same[:, : n - DETAIL_FRAMES], base.levels[0][:, DETAIL_FRAMES:])
    middle = (2 * DETAIL_FRAMES + 7) * 128 + 64
    assert np.abs(fine[0, 7].astype(int) - slow_cells(samples, 2048, middle - 1024)).max() <= 1


def test_details_stand_no_further_apart_than_columns() -> None:
    assert [detail_hop(width) for width in (0.1, 128, 200, 362, 400, 723, 725, 5_000)] == (
        [128, 128, 256, 256, 512, 512, 1024, 1024]
    )


@pytest.mark.parametrize("frames", [1, 1_023, 1_024, 1_025, 3_000])
def test_the_shortest_recordings(tmp_path: Path, frames: int) -> None:
    made = source_spectrogram(SpectrogramRequest(write(tmp_path / "a.wav", tone(440, frames)), "h", 4096))
    assert made.levels[0].shape[:2] == (1, -(-frames // 1024))
    assert made.levels[0].min() >= 1, "silence is known; only what is outside is nothing"


def test_it_is_read_from_the_cache_and_can_be_deleted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(440, 100_000))
    made = source_spectrogram(SpectrogramRequest(path, HASH, 2048))
    loaded = load_spectrogram(HASH, RATE_HZ, 2048)
    assert loaded is not None
    np.testing.assert_array_equal(made.levels[0], loaded.levels[0])
    assert load_spectrogram(HASH, RATE_HZ, 4096) is None
    assert load_spectrogram(HASH, 44_100, 2048) is None
    assert cache_bytes() > 0
    assert empty_cache({HASH}).files == 0
    assert empty_cache(set()).files == 1
    assert load_spectrogram(HASH, RATE_HZ, 2048) is None
    assert made.levels[0].max() > 1, "what is drawn is not taken away"


@pytest.mark.parametrize("where", [0, 9, 30, 200, -1])
def test_a_damaged_file_is_made_again(tmp_path: Path, where: int) -> None:
    path = write(tmp_path / "a.wav", tone(440, 100_000))
    request = SpectrogramRequest(path, "hash", 2048)
    good = source_spectrogram(request).levels[0].copy()
    kept = next(cache_folder("spectrograms").iterdir())
    data = bytearray(kept.read_bytes())
    data[where] ^= 0x55
    kept.write_bytes(data)
    assert load_spectrogram("hash", RATE_HZ, 2048) is None
    np.testing.assert_array_equal(source_spectrogram(request).levels[0], good)
    kept.write_bytes(data[: len(data) // 2])
    assert load_spectrogram("hash", RATE_HZ, 2048) is None


def test_it_fills_while_it_is_made_and_a_cancel_leaves_nothing(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    long_spectrogram(tmp_path, rng)
    empty_cache(set())
    begun: list[Spectrogram] = []

    def look_and_cancel(*_: object) -> None:
        assert begun, "the picture is there before the first block"
        filled = begun[0].levels[0][0].any(axis=1)
        assert filled[BLOCK_CELLS : 2 * BLOCK_CELLS].all(), "the block in view comes first"
        assert not filled[:BLOCK_CELLS].any(), "what is not made yet is nothing"
        raise Cancelled

    request = SpectrogramRequest(tmp_path / "long.wav", "hash", 2048, first_samples=1_400_000)
    with pytest.raises(Cancelled):
        source_spectrogram(request, begun.append, ReportingProgress(look_and_cancel))
    assert list(cache_folder("spectrograms").iterdir()) == []


def test_progress_is_told(tmp_path: Path, rng: np.random.Generator) -> None:
    told: list[float] = []
    long_spectrogram(tmp_path, rng)
    request = SpectrogramRequest(tmp_path / "long.wav", "other", 1024)
    source_spectrogram(request, None, ReportingProgress(lambda fraction, *_: told.append(fraction)))
    assert told == [pytest.approx(1 / 3), pytest.approx(2 / 3), 1.0]
    source_spectrogram(request, None, SILENT)
