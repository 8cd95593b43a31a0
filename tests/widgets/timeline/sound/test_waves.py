"""Columns and pixels of waveforms equal a slow, plain way of making them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.sound.pictures.peaks import FULL_SCALE, Columns
from tests.widgets.timeline.made_up import MadeUp
from widgets.timeline.sound.lanes import HEADROOM, LOUDEST_GAIN, Lane, display_gain
from widgets.timeline.sound.waves import (
    LEAST_TIP,
    TIP_SHARE,
    Band,
    ClipMark,
    ColumnGrid,
    connected,
    fill_bands,
    track_columns,
)

GROUND, PEAK, BODY, CLIPPED = 0xFF101010, 0xFF8FA3B5, 0xFF6D8091, 0xFFFF453A


class Slow(MadeUp):
    """A source whose samples are still being read."""

    def samples(self, start: int, stop: int) -> None:  # type: ignore[override]  # noqa: ARG002
        return None


@pytest.mark.parametrize("offset", [-3, 0, 700, 5_000])
@pytest.mark.parametrize("width", [1.0, 3.7, 64.0, 255.5, 256.0, 900.0])
def test_columns_of_a_placed_track_equal_slow_ones(
    rng: np.random.Generator, offset: int, width: float
) -> None:
    sound = rng.normal(0, 0.3, (4_000, 2)).astype(np.float32)
    grid = ColumnGrid(first=2, samples_per_column=width, n_columns=40)
    made = track_columns(MadeUp(sound), 2, grid, offset, len(sound))
    edges = np.floor(grid.edges() - offset).astype(int)
    for channel in range(2):
        for column in range(grid.n_columns):
            part = sound[max(edges[column], 0) : max(edges[column + 1], 0), channel]
            low, high = (part.min(), part.max()) if len(part) else (0.0, 0.0)
            assert made[channel].minimum[column] == low, column
            assert made[channel].maximum[column] == high, column


def test_the_pyramid_stands_in_until_samples_are_read(rng: np.random.Generator) -> None:
    sound = rng.normal(0, 0.3, (4_000, 1)).astype(np.float32)
    grid = ColumnGrid(0, 10.0, 300)
    waiting = track_columns(Slow(sound), 1, grid, 0, len(sound))[0]
    np.testing.assert_array_equal(waiting.maximum, Slow(sound).columns(0, 0.0, 10.0, 300).maximum)


def test_scrolling_by_whole_columns_never_changes_them(rng: np.random.Generator) -> None:
    source = MadeUp(rng.normal(0, 0.3, (50_000, 1)).astype(np.float32))
    before = track_columns(source, 1, ColumnGrid(10, 33.3, 200), 0, 50_000)[0]
    after = track_columns(source, 1, ColumnGrid(17, 33.3, 200), 0, 50_000)[0]
    np.testing.assert_array_equal(before.maximum[7:], after.maximum[:-7])


def test_connected_columns_touch_their_neighbours(rng: np.random.Generator) -> None:
    centre = rng.normal(0, 1, 50).astype(np.float32)
    low, high = connected(centre - np.float32(0.1), centre + np.float32(0.1))
    assert np.all(np.maximum(low[1:], low[:-1]) <= np.minimum(high[1:], high[:-1]) + 1e-6)


def slow_band(height: int, columns: Columns, gain: float) -> NDArray[np.uint32]:
    low, high = connected(columns.minimum, columns.maximum)
    middle, half = height / 2, height / 2 * gain
    image = np.full((height, len(low)), GROUND, np.uint32)

    def draw(column: int, above: float, below: float, colour: int, only: int | None = None) -> None:
        top = min(max(int(np.floor(above)), 0), height - 1)
        bottom = max(min(int(np.ceil(below)), height), top + 1)
        for row in range(top, bottom):
            if only is None or image[row, column] == only:
                image[row, column] = colour

    for column in range(len(low)):
        draw(column, middle - high[column] * half, middle - low[column] * half, PEAK)
        body = min(columns.rms[column], max(high[column], -low[column])) * half
        above, below = min(body, high[column] * half), min(body, -low[column] * half)
        draw(column, middle - above, middle + below, BODY, only=PEAK)
    drawn = [np.flatnonzero(image[:, column] != GROUND) for column in range(len(low))]
    tip = max(LEAST_TIP, round(height * TIP_SHARE))
    for column in range(len(low)):
        if columns.maximum[column] >= FULL_SCALE:
            image[drawn[column][:tip], column : column + 2] = CLIPPED
        if columns.minimum[column] <= -FULL_SCALE:
            image[drawn[column][-tip:], column : column + 2] = CLIPPED
    return image


@pytest.mark.parametrize("height", [1, 2, 33, 66, 132])
@pytest.mark.parametrize("gain", [0.5, 1.0, 4.0])
def test_a_band_equals_the_slow_one(rng: np.random.Generator, height: int, gain: float) -> None:
    low = rng.uniform(-1, 0.2, 120).astype(np.float32)
    high = np.maximum(low, rng.uniform(-0.2, 1, 120)).astype(np.float32)
    low[10:40:7], high[20:60:5], high[-1] = -FULL_SCALE, 1.3, 1.0
    columns = Columns(low, high, np.abs(rng.normal(0, 0.3, 120)).astype(np.float32))
    pixels = np.full((height + 20, 120), GROUND, np.uint32)
    ground = np.full(120, GROUND, np.uint32)
    ink = (np.full(120, PEAK, np.uint32), np.full(120, BODY, np.uint32))
    clipped = ClipMark(np.full(120, CLIPPED, np.uint32), 2)
    fill_bands(pixels, [Band(10, height, columns, gain, ink)], ground, (0, len(pixels)), clipped)
    np.testing.assert_array_equal(pixels[10 : 10 + height], slow_band(height, columns, gain))
    assert np.all(pixels[:10] == GROUND)
    assert np.all(pixels[10 + height :] == GROUND)


@pytest.mark.parametrize(("top", "clip"), [(-30, (0, 50)), (30, (40, 50)), (60, (0, 50)), (-80, (0, 50))])
def test_a_band_is_cut_off_at_its_clip(rng: np.random.Generator, top: int, clip: tuple[int, int]) -> None:
    wave = rng.uniform(0.1, 1, 40).astype(np.float32)
    columns = Columns(-wave, wave, wave / 2)
    ground = np.full(40, GROUND, np.uint32)
    ink = (np.full(40, PEAK, np.uint32), np.full(40, BODY, np.uint32))
    wave[::3] = 1.0
    clipped = ClipMark(np.full(40, CLIPPED, np.uint32))
    pixels = np.full((50, 40), GROUND, np.uint32)
    fill_bands(pixels, [Band(top, 60, columns, 1.0, ink)], ground, clip, clipped)
    whole = np.full((250, 40), GROUND, np.uint32)
    fill_bands(whole, [Band(top + 100, 60, columns, 1.0, ink)], ground, (0, 250), clipped)
    expected = whole[100:150].copy()
    expected[: clip[0]] = GROUND
    np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize(
    ("loudest", "gain"), [(0.0, 1.0), (0.46, 2.0), (1.0, HEADROOM), (1e-4, LOUDEST_GAIN)]
)
def test_a_lane_is_filled_by_its_loudest_sample(loudest: float, gain: float) -> None:
    sound = np.zeros((10_000, 2), np.float32)
    sound[777, 1] = -loudest
    assert display_gain(MadeUp(sound), Lane("a", 2, 0, len(sound))) == pytest.approx(gain)
