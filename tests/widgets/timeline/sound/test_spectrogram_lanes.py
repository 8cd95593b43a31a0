"""Spectrogram lanes: rows and colours, what lies over them, and the result with its gaps closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyqtgraph
import pytest
import soundfile
from numpy.typing import NDArray

from engine.document.kinds import Drop
from engine.document.state import DocumentState
from engine.document.table import VERDICTS
from engine.sound.edl.build import build, cut
from engine.sound.edl.edit_list import EditList
from engine.sound.pictures.spectrogram import (
    WINDOWS_SAMPLES,
    Cells,
    Spectrogram,
    SpectrogramRequest,
    band_edges,
    band_middles_hz,
    source_spectrogram,
)
from tests.sources import no_source, one_source_track
from tests.widgets.test_theme import contrast
from tests.widgets.timeline.conftest import LENGTH, RATE_HZ
from widgets.theme import DARK, LIGHT, Theme, color
from widgets.timeline.sound.result_columns import ResultColumns, SourceColumns
from widgets.timeline.sound.spectrogram import (
    FROM_PX,
    GAP_PX,
    TEXT_PX,
    ColorMap,
    Scale,
    SpectrogramLook,
    color_tables,
    colors,
    hz_at,
    is_bright,
    label,
    labels,
    row_bands,
    rows_of,
    share_at,
)
from widgets.timeline.timeline_view import TimelineView

BANDS = len(band_edges(2048)) - 1
SCALES = pytest.mark.parametrize("scale", list(Scale))


@dataclass(frozen=True)
class MadeUpSpectrogram:
    """Cells of one sample each, shape (channels, n, bands)."""

    held: Cells
    window_samples: int = 2048
    rate_hz: int = RATE_HZ

    def cells(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Cells:
        whole = Spectrogram((self.held[:, ::1024],), 2048, self.rate_hz, self.held.shape[1])
        return whole.cells(channel, starts_samples, stops_samples, samples_per_column)

    def put_edited(self, *_: object) -> None:
        """Know nothing finer than the pyramid."""


@pytest.fixture
def made_up(rng: np.random.Generator) -> dict[str, MadeUpSpectrogram]:
    return {
        "kick": MadeUpSpectrogram(rng.integers(1, 256, (1, LENGTH, BANDS), np.uint8)),
        "keys": MadeUpSpectrogram(rng.integers(1, 256, (2, LENGTH // 2, BANDS), np.uint8)),
    }


def pixels(view: TimelineView) -> NDArray[np.uint32]:
    image = view.canvas.compose()
    rows = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    return rows[:, : image.width()].copy()


def rgba(token: str) -> int:
    return color(token).rgba()


@SCALES
@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_heights_and_frequencies_are_inverse(scale: Scale, rate_hz: int) -> None:
    shares = np.linspace(0, 1, 50)
    np.testing.assert_allclose(share_at(hz_at(shares, scale, rate_hz), scale, rate_hz), shares, atol=1e-9)
    assert hz_at(np.ones(1), scale, rate_hz)[0] == pytest.approx(rate_hz / 2)


@SCALES
@pytest.mark.parametrize("height", [1, 9, 26, 85, 220, 440])
@pytest.mark.parametrize("window", WINDOWS_SAMPLES)
def test_rows_equal_slow_ones(scale: Scale, height: int, window: int, rng: np.random.Generator) -> None:
    middles = band_middles_hz(window, 48_000)
    cells = rng.integers(0, 256, (5, len(middles)), np.uint8)
    rows = rows_of(cells, row_bands(height, scale, 48_000, window))
    assert rows.shape == (height, 5)
    for row in range(height):
        shares = np.array([1 - (row + 1) / height, 1 - row / height])
        low, high = np.interp(hz_at(shares, scale, 48_000), middles, np.arange(len(middles)))
        first, stop = int(np.ceil(low)), int(np.ceil(high))
        if stop - first >= 2:
            expected = cells[:, first:stop].max(axis=1).astype(float)
        else:
            between = (low + high) / 2
            expected = [np.interp(between, np.arange(len(middles)), column) for column in cells]
        assert np.abs(rows[row] - np.asarray(expected)).max() <= 1.6


@SCALES
def test_a_tone_stands_at_its_frequency(scale: Scale) -> None:
    middles = band_middles_hz(2048, 48_000)
    for hz in (100.0, 1_000.0, 9_000.0):
        cells = np.ones((1, BANDS), np.uint8)
        band = int(np.abs(middles - hz).argmin())
        cells[0, band] = 200
        rows = rows_of(cells, row_bands(300, scale, 48_000, 2048))[:, 0]
        brightest = np.flatnonzero(rows == rows.max())
        found = 1 - (brightest.mean() + 0.5) / 300
        assert abs(found - share_at(middles[band], scale, 48_000)) <= 1.5 / 300


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("color_map", list(ColorMap))
def test_maps_grow_evenly_brighter(color_map: ColorMap, tokens: object) -> None:
    table = colors(color_map, tokens)
    linear = np.where(table > 10.31, ((table / 255 + 0.055) / 1.055) ** 2.4, table / 255 / 12.92)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    steps = np.diff(np.cbrt(luminance))  # as the eye counts
    sign = -1 if color_map is ColorMap.GREY and tokens is LIGHT else 1
    assert np.all(sign * steps > 0), "brightness alone tells the level, also without colour vision"
    assert np.all(sign * steps[10:] < 0.01)


@pytest.mark.parametrize("color_map", [ColorMap.MAGMA, ColorMap.INFERNO, ColorMap.VIRIDIS])
def test_maps_are_what_they_are_called(color_map: ColorMap) -> None:
    theirs = pyqtgraph.colormap.get(str(color_map)).getLookupTable(nPts=256)[:, :3]
    assert np.abs(colors(color_map, DARK) - theirs).max() < 8


def test_floor_and_ceiling_are_the_ends_of_the_map() -> None:
    look = SpectrogramLook(floor_db=-80, ceiling_db=-20)
    table = color_tables(look, DARK, True)[0]
    dark, bright = table[1 + 2 * (120 - 80)], table[1 + 2 * (120 - 20)]
    assert (table[1:82] == dark).all()
    assert (table[201:] == bright).all()
    assert len(np.unique(table[81:202])) > 100
    assert table[0] == rgba(DARK.bg), "where nothing is there is ground"


def test_states_differ_over_every_level() -> None:
    tables = color_tables(SpectrogramLook(), DARK, True).view(np.uint8).reshape(16, 256, 4).astype(int)
    ways = [0, *(1 << index for index in range(len(VERDICTS)))]
    for one in ways:
        for other in ways:
            if one < other:
                assert np.abs(tables[one] - tables[other]).sum(axis=1).min() > 25
    muted = color_tables(SpectrogramLook(), DARK, False).view(np.uint8).reshape(16, 256, 4).astype(int)
    assert muted[0, 240, :3].sum() < tables[0, 240, :3].sum() / 2


def test_only_the_tracks_asked_for_change(view: TimelineView, made_up: dict[str, MadeUpSpectrogram]) -> None:
    before = pixels(view)
    view.lanes.set_spectrograms({"kick": made_up["kick"]})
    after = pixels(view)
    tops = view.canvas.frame.layout.lane_tops
    assert (before[tops[0] + 20 : tops[1] - 1] != after[tops[0] + 20 : tops[1] - 1]).mean() > 0.9
    np.testing.assert_array_equal(before[tops[1] :], after[tops[1] :])
    view.lanes.set_spectrograms({})
    np.testing.assert_array_equal(pixels(view), before)


def test_pixels_are_looked_up(view: TimelineView, made_up: dict[str, MadeUpSpectrogram]) -> None:
    view.lanes.set_spectrograms(made_up)
    view.canvas.set_viewport(replace(view.canvas.viewport, start_samples=0.0, samples_per_px=100.0))
    shown, tops = pixels(view), view.canvas.frame.layout.lane_tops
    top = view.canvas.frame.layout.sound_top(0)
    height = tops[1] - top
    edges = np.arange(1_001) * 100
    cells = made_up["kick"].cells(0, edges[:-1], edges[1:], 100.0)
    rows = rows_of(cells, row_bands(height, Scale.LOG, RATE_HZ, 2048))
    table = color_tables(SpectrogramLook(), DARK, True)
    way = 1 << VERDICTS.index(VERDICTS[0])
    free = slice(300, 390)  # no proposal, no label, no line
    np.testing.assert_array_equal(shown[top + 20 : tops[1] - 1, free], table[0][rows[20:-1, free]])
    for name, (first, last) in {"undecided": (410, 490), "rejected": (710, 790)}.items():
        way = 1 << [str(verdict) for verdict in VERDICTS].index(name)
        expected = table[way][rows[20:-1, first:last]]
        np.testing.assert_array_equal(shown[top + 20 : tops[1] - 1, first:last], expected)


def test_outside_its_track_a_lane_is_as_empty_as_with_waves(
    view: TimelineView, made_up: dict[str, MadeUpSpectrogram]
) -> None:
    before = pixels(view)
    view.lanes.set_spectrograms(made_up)
    after, tops = pixels(view), view.canvas.frame.layout.lane_tops
    middle = slice(tops[1] + 5, tops[1] + 9)
    np.testing.assert_array_equal(after[middle, 720:], before[middle, 720:])  # keys end at 70 s
    assert (after[middle, 20:95] == rgba(DARK.bg)).mean() > 0.5  # and begin at 20 s


def test_channels_closed_into_one_row_show_the_loudest(
    view: TimelineView, state: DocumentState, made_up: dict[str, MadeUpSpectrogram]
) -> None:
    tracks = (state.tracks[0], replace(state.tracks[1], channels_open=False))
    view.lanes.set_document(replace(state, tracks=tracks))
    view.lanes.set_spectrograms(made_up)
    shown, tops = pixels(view), view.canvas.frame.layout.lane_tops
    edges = np.arange(1_001) * 100 - 20_000
    cells = np.max([made_up["keys"].cells(c, edges[:-1], edges[1:], 100.0) for c in (0, 1)], axis=0)
    top = view.canvas.frame.layout.sound_top(1)
    rows = rows_of(cells, row_bands(tops[2] - top, Scale.LOG, RATE_HZ, 2048))
    table = color_tables(SpectrogramLook(), DARK, True)[0]
    np.testing.assert_array_equal(shown[top : tops[2] - 1, 510:690], table[rows[:-1, 510:690]])


@SCALES
@pytest.mark.parametrize("height", [20.0, 31.0, 64.0, 110.0, 220.0, 700.0])
@pytest.mark.parametrize("rate_hz", [8_000, 48_000])
def test_written_frequencies_have_room(scale: Scale, height: float, rate_hz: int) -> None:
    found = labels(height, scale, rate_hz)
    places = sorted(y for _, y in found)
    assert all(later - earlier >= TEXT_PX + GAP_PX for earlier, later in pairwise(places))
    assert all(TEXT_PX / 2 <= y <= height - TEXT_PX / 2 for y in places)
    assert bool(found) == (height >= FROM_PX)
    if height >= 110 and rate_hz == 48_000 and scale is not Scale.LINEAR:
        assert {100, 1_000, 10_000} <= {hz for hz, _ in found} or scale is Scale.MEL
    assert [label(hz) for hz in (50, 500, 1_000, 10_000)] == ["50", "500", "1k", "10k"]


def test_frequencies_are_dark_over_bright_colours_only() -> None:
    grey = SpectrogramLook(color_map=ColorMap.GREY)
    assert not any(is_bright(SpectrogramLook(), tokens, True) for tokens in (DARK, LIGHT))
    assert is_bright(SpectrogramLook(), LIGHT, False), "muted"
    assert not is_bright(grey, DARK, True)
    assert is_bright(grey, LIGHT, True)


def edits_of(*cuts: tuple[int, int], length: int) -> EditList:
    return cut([Drop(start, stop, 0.0) for start, stop in cuts], length_samples=length, rate_hz=48_000)


def spectrogram_of(path: Path, samples: NDArray[np.float32], name: str) -> Spectrogram:
    soundfile.write(path / f"{name}.wav", samples, 48_000, subtype="FLOAT")
    return source_spectrogram(SpectrogramRequest(path / f"{name}.wav", name, 2048))


@pytest.mark.parametrize("width", [1_024.0, 2_048.0, 8_192.0])
def test_the_result_equals_the_spectrogram_of_the_rendered_result(
    tmp_path: Path, rng: np.random.Generator, width: float
) -> None:
    n = 1_200 * 1_024
    samples = (rng.normal(0, 0.1, n) * (1 + np.sin(np.arange(n) / 30_000))).astype(np.float32)
    cuts = ((100 * 1_024, 164 * 1_024), (512 * 1_024, 832 * 1_024))
    edits = edits_of(*cuts, length=n)
    kept = np.concatenate(
        [samples[a:b] for a, b in zip((0, cuts[0][1], cuts[1][1]), (cuts[0][0], cuts[1][0], n), strict=True)]
    )
    track = one_source_track("one", no_source("one", n), "One", 0)
    ours = ResultColumns(spectrogram_of(tmp_path, samples, "source"), track, edits)
    rendered = SourceColumns(spectrogram_of(tmp_path, kept, "result"))
    n_columns = int(len(kept) / width) + 3
    mine, theirs = (one.columns(0, 0.0, width, n_columns) for one in (ours, rendered))
    edges = np.arange(n_columns + 1) * width
    away = np.ones(n_columns, bool)
    for seam in (*edits.seams_samples[1:], len(kept)):
        away &= (edges[1:] <= seam - 2_048) | (edges[:-1] >= seam + 2_048)
    assert away.mean() > 0.8
    np.testing.assert_array_equal(mine[away], theirs[away])
    assert not mine[edges[:-1] >= len(kept)].any()


def test_a_held_tone_goes_on_over_any_cut(tmp_path: Path) -> None:
    n = 400_000
    samples = (0.5 * np.sin(2 * np.pi * 1_500 * np.arange(n) / 48_000)).astype(np.float32)
    edits = edits_of((90_001, 130_017), (200_333, 201_111), length=n)
    track = one_source_track("one", no_source("one", n), "One", 0)
    ours = ResultColumns(spectrogram_of(tmp_path, samples, "tone"), track, edits)
    columns = ours.columns(0, 0.0, 1_500.0, int(edits.length_samples / 1_500))[1:-2]
    band = int(np.abs(band_middles_hz(2048, 48_000) - 1_500).argmin())
    assert np.ptp(columns[:, band]) == 0


def test_the_view_of_the_result_closes_gaps_of_spectrograms_too(
    view: TimelineView, state: DocumentState, made_up: dict[str, MadeUpSpectrogram]
) -> None:
    view.lanes.set_spectrograms(made_up)
    view.lanes.set_document(state, build(state))
    view.canvas.set_viewport(replace(view.canvas.viewport, start_samples=0.0, samples_per_px=90.0))
    shown, tops = pixels(view), view.canvas.frame.layout.lane_tops
    edges = np.floor(np.arange(1_001) * 90.0).astype(np.int64)
    source = np.where(edges < 10_000, edges, edges + 10_000)  # the accepted cut, 10 to 20 s
    cells = made_up["kick"].cells(0, source[:-1], source[1:], 90.0)
    rows = rows_of(cells, row_bands(tops[1] - tops[0], Scale.LOG, RATE_HZ, 2048))
    table = color_tables(SpectrogramLook(), DARK, True)[0]
    for free in (slice(50, 100), slice(130, 330)):
        np.testing.assert_array_equal(shown[tops[0] + 20 : tops[1] - 1, free], table[rows[20:-1, free]])


def test_another_look_draws_anew(view: TimelineView, made_up: dict[str, MadeUpSpectrogram]) -> None:
    view.lanes.set_spectrograms(made_up)
    seen = {pixels(view).tobytes()}
    for change in ({"scale": Scale.LINEAR}, {"color_map": ColorMap.GREY}, {"floor_db": -40}):
        view.canvas.set_spectrogram_look(replace(SpectrogramLook(), **change))
        seen.add(pixels(view).tobytes())
    assert len(seen) == 4


@pytest.mark.parametrize("tokens", [DARK, LIGHT])
@pytest.mark.parametrize("level", [1, 255])
def test_the_playhead_stands_out_on_any_spectrogram(view: TimelineView, tokens: Theme, level: int) -> None:
    view.set_theme(tokens)
    view.lanes.set_spectrograms({"kick": MadeUpSpectrogram(np.full((1, LENGTH, BANDS), level, np.uint8))})
    view.canvas.set_playhead(30_000)
    top, bottom = view.canvas.frame.layout.lane_tops[:2]
    at = round(view.canvas.viewport.x_at(30_000))
    seen, row = view.canvas.grab().toImage(), (top + bottom) // 2
    contrasts = [
        contrast(seen.pixelColor(x, row).name(), seen.pixelColor(at - 8, row).name())
        for x in range(at - 4, at + 5)
    ]
    assert max(contrasts) > 3.0
