"""Close views are drawn from what another thread reads; the kept peaks stand in until then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from desktop.bench.document import Load, made_up_document
from desktop.main_window import MainWindow
from desktop.timeline.drawing.tiles import TileCache, TileLoader
from desktop.timeline.drawing.waves import (
    CACHE_BYTES,
    RAW_SAMPLES,
    SourceWave,
    WaveTile,
    WaveTiles,
    read_tiles,
)
from engine.core.progress import SILENT
from engine.sound.pictures.peaks import FINE_SAMPLES, PIECE_SAMPLES, Columns, build_peaks, fine_cells
from tests.desktop.conftest import Hands
from widgets.timeline.sound.waves import ColumnGrid, track_columns

FRAMES = 2 * PIECE_SAMPLES + 1_003


@pytest.fixture
def sound(rng: np.random.Generator) -> NDArray[np.float32]:
    return rng.uniform(-0.9, 0.9, (FRAMES, 2)).astype(np.float32)


@pytest.fixture
def media(tmp_path: Path, sound: NDArray[np.float32]) -> Path:
    path = tmp_path / "jam.wav"
    soundfile.write(path, sound, 48_000, subtype="FLOAT")
    return path


@pytest.fixture
def tiles(qtbot: QtBot) -> Iterator[WaveTiles]:  # noqa: ARG001 - results come through its event loop
    made: WaveTiles = TileLoader(read_tiles, CACHE_BYTES, "waveform")
    yield made
    made.close()


@pytest.fixture
def wave(media: Path, tiles: WaveTiles) -> SourceWave:
    return SourceWave(build_peaks(media), media, tiles)


def slow_spans(sound: NDArray[np.float32], starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Columns:
    """Reduce spans rounded outwards to whole fine columns, as the kept peaks are read."""
    made = Columns(*(np.zeros(len(starts), np.float32) for _ in range(3)))
    for index, (start, stop) in enumerate(zip(starts // FINE_SAMPLES, stops // FINE_SAMPLES, strict=True)):
        first = max(int(start), 0) * FINE_SAMPLES
        part = sound[first : max(int(stop), int(start) + 1, 0) * FINE_SAMPLES]
        if len(part):
            made.minimum[index], made.maximum[index] = part.min(), part.max()
            made.rms[index] = np.sqrt(np.mean(np.square(part, dtype=np.float64)))
    return made


def assert_equal(columns: Columns, others: Columns) -> None:
    np.testing.assert_array_equal(columns.minimum, others.minimum)
    np.testing.assert_array_equal(columns.maximum, others.maximum)
    np.testing.assert_allclose(columns.rms, others.rms, rtol=1e-4)


@pytest.mark.parametrize("n_samples", [0, 1, 15, 16, 17, 1_000])
def test_fine_cells_equal_slow_ones(rng: np.random.Generator, n_samples: int) -> None:
    sound = rng.normal(0, 0.3, (n_samples, 2)).astype(np.float32)
    cells = fine_cells(sound)
    assert cells.shape == (3, 2, -(-n_samples // FINE_SAMPLES))
    for index in range(cells.shape[2]):
        part = sound[index * FINE_SAMPLES : (index + 1) * FINE_SAMPLES]
        np.testing.assert_array_equal(cells[:2, :, index], [part.min(0), part.max(0)])
        np.testing.assert_allclose(cells[2, :, index], np.square(part).sum(0), rtol=1e-5)


@pytest.mark.parametrize("width", [32.0, 50.3, 255.9])
@pytest.mark.parametrize("start", [-3_000.0, 0.0, PIECE_SAMPLES - 5_000.7, FRAMES - 4_000.0])
def test_columns_are_kept_peaks_first_and_fine_ones_once_they_are_read(
    qtbot: QtBot,
    wave: SourceWave,
    tiles: WaveTiles,
    sound: NDArray[np.float32],
    start: float,
    width: float,
) -> None:
    n_columns, edges = 400, np.floor(start + width * np.arange(401)).astype(np.int64)
    coarse = wave.peaks.columns(1, start, width, n_columns)
    wave.columns(0, start, width, n_columns)
    assert_equal(wave.columns(1, start, width, n_columns), coarse)
    qtbot.waitUntil(lambda: not tiles.is_busy)
    assert_equal(wave.columns(1, start, width, n_columns), slow_spans(sound[:, 1], edges[:-1], edges[1:]))


def test_spans_across_a_cut_are_read_from_both_sides_of_it(
    qtbot: QtBot, wave: SourceWave, tiles: WaveTiles, sound: NDArray[np.float32]
) -> None:
    starts = np.concatenate(
        [np.arange(-500, 40_000, 100), np.arange(2 * PIECE_SAMPLES - 7_000, FRAMES + 900, 100)]
    )
    stops = starts + 100
    wave.spans(0, starts, stops, 100.0)
    qtbot.waitUntil(lambda: not tiles.is_busy)
    made, slow = wave.spans(0, starts, stops, 100.0), slow_spans(sound[:, 0], starts, stops)
    whole = (starts >= 0) & (stops <= FRAMES)
    np.testing.assert_array_equal(made.maximum[whole], slow.maximum[whole])
    np.testing.assert_allclose(made.rms[whole], slow.rms[whole], rtol=1e-4)
    assert not made.maximum[(stops <= 0) | (starts >= FRAMES)].any()


@pytest.mark.parametrize("start", [-20, RAW_SAMPLES - 300, FRAMES - 100])
def test_samples_are_none_until_they_are_read_and_then_exact(
    qtbot: QtBot, wave: SourceWave, tiles: WaveTiles, sound: NDArray[np.float32], start: int
) -> None:
    assert wave.samples(start, start + 1_000) is None
    qtbot.waitUntil(lambda: not tiles.is_busy)
    padded = np.pad(sound, ((1_000, 1_000), (0, 0)))
    np.testing.assert_array_equal(wave.samples(start, start + 1_000), padded[start + 1_000 : start + 2_000])


def test_a_scroll_and_a_zoom_in_find_what_was_read_ahead(
    qtbot: QtBot, wave: SourceWave, tiles: WaveTiles
) -> None:
    wave.columns(0, 100_000.0, 60.0, 400)
    qtbot.waitUntil(lambda: not tiles.is_busy)
    assert track_columns(wave, 2, ColumnGrid(2_500, 60.0, 400), 0, FRAMES)
    assert wave.samples(105_000, 112_000) is not None
    assert wave.columns(0, PIECE_SAMPLES + 1_000.0, 60.0, 400).maximum.any()
    assert wave.samples(100_000 - RAW_SAMPLES, 101_000) is not None


def test_kept_peaks_stand_in_for_a_recording_that_is_gone(
    qtbot: QtBot, wave: SourceWave, tiles: WaveTiles, media: Path
) -> None:
    media.unlink()
    coarse = wave.peaks.columns(0, 0.0, 64.0, 100)
    assert_equal(wave.columns(0, 0.0, 64.0, 100), coarse)
    qtbot.waitUntil(lambda: not tiles.is_busy)
    assert_equal(wave.columns(0, 0.0, 64.0, 100), coarse)
    assert wave.samples(0, 100) is None


def test_what_was_read_is_forgotten_with_its_document(
    qtbot: QtBot, wave: SourceWave, tiles: WaveTiles
) -> None:
    wave.samples(0, 100)
    qtbot.waitUntil(lambda: not tiles.is_busy)
    tiles.forget()
    assert wave.samples(0, 100) is None
    with qtbot.waitSignal(tiles.arrived):
        pass
    qtbot.waitUntil(lambda: not tiles.is_busy)
    assert wave.samples(0, 100) is not None


def test_pieces_used_longest_ago_make_room(media: Path) -> None:
    cache: TileCache[WaveTile] = TileCache(limit_bytes=5 * RAW_SAMPLES * 8)
    tiles = [WaveTile(media, True, number) for number in range(6)]
    read_tiles(tuple(tiles[:5]), cache, SILENT)
    assert cache.get(tiles[0]) is not None
    read_tiles(tuple(tiles[5:]), cache, SILENT)
    assert cache.get(tiles[0]) is not None
    assert cache.get(tiles[1]) is None


def test_the_window_sharpens_a_close_view_as_soon_as_it_is_read(
    hands: Hands, window: MainWindow, tmp_path: Path
) -> None:
    document, _ = made_up_document(tmp_path, Load(tracks=1, length_s=20, proposals=4))
    window.session.open(document)
    hands.finish_work()
    canvas = window.timeline.canvas
    view = replace(canvas.viewport.fitted(), samples_per_px=0.5)
    window.timeline.canvas.set_viewport(view.moved(PIECE_SAMPLES - 100.0))
    blurred = canvas.compose().copy()
    hands.qtbot.waitUntil(lambda: not window.recordings.wave_tiles.is_busy)
    assert canvas.compose() != blurred
    sharp = canvas.compose().copy()
    window.timeline.canvas.renew_waves()
    assert canvas.compose() == sharp


def test_what_is_read_ahead_has_nothing_drawn_again(tiles: WaveTiles, media: Path, qtbot: QtBot) -> None:
    told: list[int] = []
    tiles.arrived.connect(lambda: told.append(1))
    tile = WaveTile(media, is_raw=False, number=0)
    tiles.read_ahead(tile)
    qtbot.waitUntil(lambda: tiles._cache.get(tile) is not None and not tiles.is_busy)
    assert not told, "nothing was drawn without it"
    other = replace(tile, number=1)
    assert tiles.get(other) is None
    qtbot.waitUntil(lambda: bool(told))
    assert tiles.get(other) is not None
