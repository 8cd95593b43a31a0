"""Spectrograms: cells become rows of a lane by a table of bands, and pixels by a table of colours.

Nothing is computed per pixel but one lookup: floor, ceiling, colour map, tints and beat lines are all in
tables of 256 colours, one for each way in which columns can be covered. Colour maps grow evenly brighter, so
that they read the same without colour vision.

Magma, inferno and viridis are those of matplotlib by Nathaniel J. Smith, Stéfan van der Walt and Eric Firing
(CC0), here every 17th of their 256 colours, with interpolation. Grey goes from the theme's background
to its text, so that silence is paper.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from engine.document.table import VERDICTS
from engine.sound.pictures.spectrogram import Cells, band_middles_hz, cell_at, level_db
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.edits.coverage import WEAK_TO_STRONG
from widgets.timeline.frame import Frame
from widgets.timeline.sound.lanes import MUTED_SHARE, Lane
from widgets.timeline.sound.result_columns import SpectrogramColumns
from widgets.timeline.sound.waves import PIXELS

N_COLORS = 256


class ColorMap(StrEnum):
    """The maps to choose from."""

    MAGMA = "magma"
    INFERNO = "inferno"
    VIRIDIS = "viridis"
    GREY = "grey"


_STOPS = {
    ColorMap.MAGMA: (
        "000004 0b0924 20114b 3b0f70 57157e 721f81 8c2981 a8327d "
        "c43c75 de4968 f1605d fa7f5e fe9f6d febf84 fddea0 fcfdbf"
    ),
    ColorMap.INFERNO: (
        "000004 0c0826 240c4f 420a68 5d126e 781c6d 932667 ae305c "
        "c73e4c dd513a ed6925 f8850f fca50a fac62d f2e661 fcffa4"
    ),
    ColorMap.VIRIDIS: (
        "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e "
        "1f988b 22a884 35b779 54c568 7ad151 a5db36 d2e21b fde725"
    ),
}


@cache
def colors(color_map: ColorMap, theme: Theme) -> NDArray[np.float64]:
    """Return red, green and blue from silent to loud, 0 to 255, shape (256, 3)."""
    if color_map is ColorMap.GREY:
        stops = np.stack([rgb(theme.bg), rgb(theme.text)])
    else:
        stops = np.frombuffer(bytes.fromhex(_STOPS[color_map]), np.uint8).reshape(-1, 3).astype(np.float64)
    places = np.linspace(0.0, 1.0, len(stops))
    shares = np.linspace(0.0, 1.0, N_COLORS)
    return np.stack([np.interp(shares, places, stops[:, part]) for part in range(3)], axis=1)


def rgb(token: str) -> NDArray[np.float64]:
    """Return red, green and blue of a token of the theme, 0 to 255, shape (3,)."""
    found = QColor(token)
    return np.array([found.red(), found.green(), found.blue()], np.float64)


LOWEST_HZ = 40.0
FLOORS_DB, CEILINGS_DB, LEAST_RANGE_DB = (-120, -30), (-60, 0), 10
TINT, TINT_GROUND, BEAT_TINT = 0.38, 0.35, 0.22
_BEAT_BIT = 1 << len(VERDICTS)


class Scale(StrEnum):
    """Frequency scale from the bottom of a lane to its top."""

    LOG = "log"
    MEL = "mel"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class SpectrogramLook:
    """How spectrograms are drawn.

    Attributes
    ----------
    floor_db, ceiling_db : levels of full scale at the two ends of the colour map
    window_samples : of the transform; short resolves time, long resolves pitch
    """

    scale: Scale = Scale.LOG
    color_map: ColorMap = ColorMap.MAGMA
    floor_db: int = -80
    ceiling_db: int = 0
    window_samples: int = 2048


@dataclass(frozen=True, slots=True)
class Place:
    """Rows of device pixels of one channel of a lane, and the source of its data."""

    lane: Lane
    source: SpectrogramColumns
    channel: int | None  # None: the loudest of all
    top: int
    bottom: int
    is_inner: bool  # another row of the lane follows


@dataclass(frozen=True, slots=True, eq=False)
class RowBands:
    """Which bands each row of a lane shows, from its top.

    Attributes
    ----------
    wide : bool, shape (rows,), whether a row shows the loudest of several bands
    first, stop : int64, shape (wide rows,), which
    below, share : int64 and uint16, shape (other rows,): between bands `below` and the next, in 256ths
    """

    wide: NDArray[np.bool_]
    first: NDArray[np.int64]
    stop: NDArray[np.int64]
    below: NDArray[np.int64]
    share: NDArray[np.uint16]


def share_at(hz: NDArray[np.float64] | float, scale: Scale, rate_hz: int) -> NDArray[np.float64]:
    """Return the height of frequencies in a lane, 0 at its bottom to 1 at its top."""
    values, top = np.asarray(hz, np.float64), rate_hz / 2
    if scale is Scale.LOG:
        return np.asarray(np.log(np.maximum(values, 1e-3) / LOWEST_HZ) / np.log(top / LOWEST_HZ))
    if scale is Scale.MEL:
        return np.asarray(np.log1p(values / 700.0) / np.log1p(top / 700.0))
    return values / top


def hz_at(share: NDArray[np.float64], scale: Scale, rate_hz: int) -> NDArray[np.float64]:
    """Return the frequency at a height, the inverse of `share_at`."""
    top = rate_hz / 2
    if scale is Scale.LOG:
        return np.asarray(LOWEST_HZ * (top / LOWEST_HZ) ** share)
    if scale is Scale.MEL:
        return np.asarray(700.0 * np.expm1(share * np.log1p(top / 700.0)))
    return share * top


@lru_cache(64)
def row_bands(height: int, scale: Scale, rate_hz: int, window_samples: int) -> RowBands:
    """Return which bands each of `height` rows shows."""
    bands_hz = band_middles_hz(window_samples, rate_hz)
    edges_hz = hz_at(1.0 - np.arange(height + 1) / height, scale, rate_hz)
    places = np.interp(edges_hz, bands_hz, np.arange(len(bands_hz), dtype=np.float64))
    upper, lower = places[:-1], places[1:]
    wide = np.ceil(upper) - np.ceil(lower) >= 2
    middle = np.minimum((upper + lower) / 2, len(bands_hz) - 1.001)[~wide]
    below = middle.astype(np.int64)
    return RowBands(
        wide,
        np.ceil(lower[wide]).astype(np.int64),
        np.ceil(upper[wide]).astype(np.int64),
        below,
        np.rint((middle - below) * 256).astype(np.uint16)[:, None],
    )


def rows_of(cells: Cells, shown: RowBands) -> Cells:
    """Return the value of each row of a lane for columns of cells, shape (rows, columns)."""
    bands = np.ascontiguousarray(cells.T)
    rows = np.empty((len(shown.wide), len(cells)), np.uint8)
    if len(shown.first):
        loudest = bands[shown.first]
        for further in range(1, int((shown.stop - shown.first).max())):
            np.maximum(loudest, bands[np.minimum(shown.first + further, shown.stop - 1)], out=loudest)
        rows[shown.wide] = loudest
    if len(shown.below):
        mixed = bands[shown.below] * (256 - shown.share) + bands[shown.below + 1] * shown.share
        rows[~shown.wide] = mixed >> 8
    return rows


@lru_cache(8)
def color_tables(look: SpectrogramLook, tokens: Theme, audible: bool) -> PIXELS:
    """Return the colour of every cell for every combination of coverage, shape (16, 256).

    The index of a way is the sum of ``1 << index`` of the verdicts in `VERDICTS` that cover a column, and
    `_BEAT_BIT` where a line of the beat grid goes through it.
    """
    span_db = max(look.ceiling_db - look.floor_db, 1)
    loudness = np.clip((level_db(np.arange(256)) - look.floor_db) / span_db, 0.0, 1.0)
    ground = rgb(tokens.bg)
    table = colors(look.color_map, tokens)[np.rint(loudness * 255).astype(np.int64)]
    table = table if audible else table + (ground - table) * MUTED_SHARE
    table[0] = ground
    tables = np.empty((2 * _BEAT_BIT, 256, 3))
    for way in range(2 * _BEAT_BIT):
        covered = table
        if way & _BEAT_BIT:  # towards what stands out from it
            bright = covered.mean(axis=1, keepdims=True) > 127
            covered = covered + (np.where(bright, 0.0, 255.0) - covered) * BEAT_TINT
        for verdict in WEAK_TO_STRONG:
            if way & 1 << VERDICTS.index(verdict):
                tint = rgb(tokens.verdict(verdict))  # and some of the ground: hatch and edges are visible
                covered = covered + (tint + (ground - tint) * TINT_GROUND - covered) * TINT
        tables[way] = covered
    parts = np.rint(tables).astype(np.uint32)
    made = np.uint32(0xFF000000) | parts[..., 0] << 16 | parts[..., 1] << 8 | parts[..., 2]
    return np.asarray(made, np.uint32)


def ways_of(frame: Frame, covered: NDArray[np.bool_], ground: PIXELS) -> NDArray[np.uint16]:
    """Return 256 times the coverage combination of each column, shape (columns,).

    Parameters
    ----------
    covered : shape (3, columns), columns of each of `VERDICTS`
    ground : background of the lanes, with lines of the beat grid
    """
    ways = np.where(ground != theme.color(frame.theme.bg).rgba(), _BEAT_BIT, 0).astype(np.uint16)
    for index, where in enumerate(covered):
        ways |= where.astype(np.uint16) << index
    return np.left_shift(ways, 8, dtype=np.uint16)


class SpectrogramPainter:
    """Fills the lanes that show a spectrogram; keeps the cells of the last window."""

    def __init__(self) -> None:
        self.look = SpectrogramLook()
        self._sources: Mapping[str, SpectrogramColumns] = {}
        self._key: tuple[object, ...] = ()
        self._cached: dict[str, list[Cells]] = {}

    @property
    def sources(self) -> Mapping[str, SpectrogramColumns]:
        """The spectrograms, by track id."""
        return self._sources

    def set_sources(self, sources: Mapping[str, SpectrogramColumns]) -> None:
        """Show these tracks as spectrograms."""
        self._sources = sources
        self.forget()

    def forget(self) -> None:
        """Read the cells again at the next frame."""
        self._key = ()

    def places(self, frame: Frame, lanes: tuple[Lane, ...]) -> Iterator[Place]:
        """Yield the rows in view in which a spectrogram is drawn."""
        layout = frame.layout
        for number, lane in enumerate(lanes[: len(layout.lane_tops) - 1]):
            source, rows = self._sources.get(lane.track_id), lane.wish.rows
            top, bottom = layout.sound_top(number), layout.sound_bottom(number)
            if source is None or bottom <= layout.lanes_top or top >= layout.height:
                continue
            borders = np.linspace(top * frame.dpr, bottom * frame.dpr, rows + 1).round().astype(int).tolist()
            for row, (first, stop) in enumerate(pairwise(borders)):
                yield Place(lane, source, row if rows > 1 else None, first, stop, row + 1 < rows)

    def fill(
        self,
        pixels: PIXELS,
        frame: Frame,
        lanes: tuple[Lane, ...],
        under: PIXELS,
        ways: NDArray[np.uint16],
        tracks: Collection[str] | None = None,
    ) -> None:
        """Draw the visible spectrograms into an image.

        Parameters
        ----------
        under : uint32, shape (columns,), background below empty parts of a track
        ways : coverage combinations, see `ways_of`
        tracks : whose lanes to draw; None for all
        """
        clip = (round(frame.layout.lanes_top * frame.dpr), len(pixels))
        for place in self.places(frame, lanes):
            first, last = max(place.top, clip[0]), min(place.bottom, clip[1])
            if last <= first or (tracks is not None and place.lane.track_id not in tracks):
                continue
            cells = self._cells(frame, place)
            recorded, height = place.source.recorded, place.bottom - place.top
            shown = row_bands(height, self.look.scale, recorded.rate_hz, recorded.window_samples)
            rows = rows_of(cells, shown)[first - place.top : last - place.top]
            table = color_tables(self.look, frame.theme, place.lane.audible).ravel()
            part = pixels[first:last]
            np.take(table, rows + ways if ways.any() else rows, out=part, mode="clip")
            empty = cells[:, 0] == 0
            if empty.any():
                part[:, empty] = under[empty]
            if place.bottom == last and place.is_inner:
                part[-1] = under

    def _cells(self, frame: Frame, place: Place) -> Cells:
        """Return the columns of a channel of a lane, or the loudest of all, shape (columns, bands)."""
        grid, lane = frame.grid, place.lane
        if self._key != (grid,):
            self._key, self._cached = (grid,), {}
        if lane.track_id not in self._cached:
            width, first = grid.samples_per_column, grid.first * grid.samples_per_column - lane.start_samples
            self._cached[lane.track_id] = [
                place.source.columns(channel, first, width, grid.n_columns)
                for channel in range(lane.channels)
            ]
        channels = self._cached[lane.track_id]
        if place.channel is not None:
            return channels[place.channel]
        loudest: Cells = np.max(channels, axis=0) if len(channels) > 1 else channels[0]
        return loudest


_BY_IMPORTANCE = (1_000, 100, 10_000, 5_000, 500, 50, 3_000, 300, 2_000, 200, 20_000, 15_000)
TEXT_PX, GAP_PX, LEFT_PX, WIDTH_PX, RIM_PX = 10, 3, 5, 40, 3
BRIGHT = 132
FROM_PX = 30
"""A row that is lower has no frequencies written in it."""


def labels(height_px: float, scale: Scale, rate_hz: int) -> list[tuple[int, float]]:
    """Return the labelled frequencies, and their distance from the top of a row, without overlap.

    The more important ones come first and take the room they need.
    """
    text_px = theme.px(TEXT_PX + GAP_PX)
    found: list[tuple[int, float]] = []
    if height_px < theme.px(FROM_PX):
        return found
    for hz in _BY_IMPORTANCE:
        y = height_px * (1.0 - float(share_at(hz, scale, rate_hz)))
        inside = text_px / 2 <= y <= height_px - text_px / 2
        if inside and all(abs(y - other) >= text_px for _, other in found):
            found.append((hz, y))
    return found


def label(hz: int) -> str:
    """Format a frequency, such as 500 or 5k."""
    return f"{hz // 1_000}k" if hz >= 1_000 else str(hz)


def paint_axis(painter: QPainter, frame: Frame, place: Place, look: SpectrogramLook) -> None:
    """Draw the frequencies of one row, in a colour with contrast to most of its cells."""
    height = (place.bottom - place.top) / frame.dpr
    inks = (frame.theme.bg, frame.theme.text)
    dark, light = inks if frame.theme.name == "dark" else inks[::-1]
    if is_bright(look, frame.theme, place.lane.audible):
        dark, light = light, dark
    rate_hz = place.source.recorded.rate_hz
    made = _axis(height, look.scale, rate_hz, (light, dark), frame.dpr, theme.text_scale())
    lowest_top = frame.layout.lanes_top
    top = place.top / frame.dpr
    hidden = max(lowest_top - top, 0.0)
    area = QRectF(0, hidden * frame.dpr, made.width(), made.height() - hidden * frame.dpr)
    painter.drawPixmap(QPointF(0, top + hidden), made, area)


@lru_cache(16)
def is_bright(look: SpectrogramLook, tokens: Theme, audible: bool) -> bool:
    """Return whether levels in the middle of the range are bright."""
    middle = np.uint32(color_tables(look, tokens, audible)[0, cell_at((look.floor_db + look.ceiling_db) / 2)])
    return bool(np.mean([middle >> shift & 0xFF for shift in (0, 8, 16)]) > BRIGHT)


@lru_cache(32)
def _axis(
    height_px: float, scale: Scale, rate_hz: int, inks: tuple[str, str], dpr: float, text_scale: float
) -> QPixmap:
    """Return the written frequencies in one ink with a rim of the other: read over dark and over bright."""
    del text_scale  # in the key only: fonts and measures follow it
    made = QPixmap(int(theme.px(WIDTH_PX) * dpr), int(np.ceil(height_px * dpr)))
    made.setDevicePixelRatio(dpr)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = theme.ui_font(TEXT_PX)
    metrics = QFontMetricsF(font)
    path = QPainterPath()
    for hz, y in labels(height_px, scale, rate_hz):
        baseline = y + metrics.capHeight() / 2
        path.addText(QPointF(theme.px(LEFT_PX), baseline), font, label(hz))
    ink, ground = inks
    rim = QPen(theme.color(ground, 0.75), theme.px(RIM_PX), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    rim.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(path, rim)
    painter.fillPath(path, theme.color(ink, 0.95))
    painter.end()
    return made
