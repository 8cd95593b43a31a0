"""Waveforms: every visible lane is filled by numpy into one image, with a vertical zoom for display only.

Filled outlines and an item per region take 100 to 1,300 ms a frame; masks over an image take 1 to 2 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from engine.sound.pictures.peaks import FULL_SCALE, Columns
from widgets import theme
from widgets.timeline.frame import COLLAPSED, ONE_ROW, TAKE, Frame, Wish, paint_tag
from widgets.timeline.sound.waves import (
    PIXELS,
    Band,
    ClipMark,
    ColumnGrid,
    WaveSource,
    fill_bands,
    fill_dots,
    fill_line,
    track_columns,
)

HEADROOM = 0.92
LOUDEST_GAIN = 8.0
MUTED_SHARE = 0.65
DOTS_BELOW, DOT_PX, LINE_PX, CLIP_PX = 0.25, 4.5, 1.2, 2


@dataclass(frozen=True, slots=True)
class Lane:
    """One track as the timeline needs it.

    Attributes
    ----------
    gain : factor for its samples so that its peak fills the lane
    audible : False for a muted track and for one that another track's solo silences
    wish : its requested height and number of rows: one per channel, or one for all
    color : of its waves; empty for the theme's own
    zoom : vertical zoom of its waveform, clipped at the edges of the lane
    takes : lanes of its takes, drawn under it; none while they are folded
    """

    track_id: str
    channels: int
    start_samples: int
    length_samples: int
    gain: float = 1.0
    audible: bool = True
    wish: Wish = ONE_ROW
    color: str = ""
    zoom: float = 1.0
    takes: tuple[Lane, ...] = ()

    @property
    def drawn_gain(self) -> float:
        """Factor for its samples in the drawing of its waveform."""
        return self.gain * self.zoom

    @property
    def sound(self) -> tuple[object, ...]:
        """Key of its columns."""
        return self.track_id, self.channels, self.start_samples, self.length_samples, self.gain


def display_gain(source: WaveSource, lane: Lane, n_columns: int = 1024) -> float:
    """Return the gain at which a track's loudest sample nearly fills its lane, at most 18 dB."""
    per_column = max(lane.length_samples / n_columns, 1.0)
    loudest = 0.0
    for channel in range(lane.channels):
        columns = source.columns(channel, 0.0, per_column, n_columns)
        loudest = max(loudest, float(np.max(columns.maximum)), -float(np.min(columns.minimum)))
    return min(HEADROOM / loudest, LOUDEST_GAIN) if loudest > 0.0 else 1.0


def loudest(channels: list[Columns]) -> Columns:
    """Return the columns of one row as the envelope of all channels."""
    if len(channels) == 1:
        return channels[0]
    return Columns(
        np.min([each.minimum for each in channels], axis=0),
        np.max([each.maximum for each in channels], axis=0),
        np.max([each.rms for each in channels], axis=0),
    )


@dataclass(frozen=True, slots=True)
class _CachedColumns:
    """Columns of each channel of a lane, on their grid."""

    grid: ColumnGrid
    channels: list[Columns]

    def part(self, grid: ColumnGrid) -> _CachedColumns:
        """Return those of a grid that is inside this one."""
        first = grid.first - self.grid.first
        return _CachedColumns(grid, [one.part(first, first + grid.n_columns) for one in self.channels])


class WavePainter:
    """Fills the lanes of a frame; keeps the columns of the last windows at a zoom.

    Most repaints show the same ones again, and a scrolled window reads only the newly visible ones.
    """

    def __init__(self) -> None:
        self._waves: Mapping[str, WaveSource] = {}
        self._cached: dict[str, _CachedColumns] = {}
        self._stale: dict[str, tuple[int, int]] = {}

    def set_waves(self, waves: Mapping[str, WaveSource], changed: tuple[int, int] | None = None) -> None:
        """Set the sources, by track id.

        Parameters
        ----------
        changed : the span with changes; None if all may have changed
        """
        self._waves = waves
        if changed is None:
            self.forget()
            return
        for track in self._cached:
            start, stop = self._stale.get(track, changed)
            self._stale[track] = min(start, changed[0]), max(stop, changed[1])

    def forget(self) -> None:
        """Read columns again: more data is available."""
        self._cached, self._stale = {}, {}

    def columns(self, frame: Frame, lane: Lane) -> list[Columns]:
        """Return the columns of every channel of a lane in a frame, or in a part of one."""
        return self._over(lane, frame.grid).part(frame.grid).channels

    def read_ahead(self, frame: Frame, lanes: tuple[Lane, ...], side: int) -> bool:
        """Prefetch one lane right of the window (1) or left of it (-1); return False if all are cached."""
        beside = frame.grid.beside(side)
        for lane, _, _ in self._shown(frame, lanes):
            cached = self._cached.get(lane.track_id)
            whole = None if cached is None else cached.grid.united(beside)
            if cached is not None and whole is not None and whole != cached.grid:
                self._over(lane, beside)
                return True
        return False

    def _over(self, lane: Lane, grid: ColumnGrid) -> _CachedColumns:
        """Return the columns of a lane for a grid; missing ones are read."""
        cached, stale = self._cached.get(lane.track_id), self._stale.get(lane.track_id)
        whole = None if cached is None else cached.grid.united(grid)
        if cached is None or whole is None:
            self._stale.pop(lane.track_id, None)
            made = _CachedColumns(grid, self._read(lane, grid))
        else:
            if stale is not None and len(range(*grid.columns_of(*stale))):  # elsewhere it can wait
                del self._stale[lane.track_id]
                cached = self._renewed(lane, cached, stale)
            made = self._grown(lane, cached, whole)
            first, stop = grid.first - 2 * grid.n_columns, grid.stop + 2 * grid.n_columns
            if whole != cached.grid and (whole.first < first or whole.stop > stop):
                first, stop = max(whole.first, first), min(whole.stop, stop)
                made = made.part(whole.part(first - whole.first, stop - whole.first))
        self._cached[lane.track_id] = made
        return made

    def _renewed(self, lane: Lane, cached: _CachedColumns, stale: tuple[int, int]) -> _CachedColumns:
        """Return the same columns with a span read again."""
        first, stop = cached.grid.columns_of(*stale)
        if first >= stop:
            return cached
        anew = self._read(lane, cached.grid.part(first, stop))
        pairs = zip(cached.channels, anew, strict=True)
        return _CachedColumns(cached.grid, [one.with_part(first, part) for one, part in pairs])

    def _grown(self, lane: Lane, cached: _CachedColumns, whole: ColumnGrid) -> _CachedColumns:
        """Return columns of a wider grid; missing ones are read."""
        channels, before = cached.channels, cached.grid.first - whole.first
        if before:
            read = self._read(lane, whole.part(0, before))
            channels = [one.followed_by(other) for one, other in zip(read, channels, strict=True)]
        known = before + cached.grid.n_columns
        if known < whole.n_columns:
            read = self._read(lane, whole.part(known, whole.n_columns))
            channels = [one.followed_by(other) for one, other in zip(channels, read, strict=True)]
        return _CachedColumns(whole, channels)

    def _read(self, lane: Lane, grid: ColumnGrid) -> list[Columns]:
        source = self._waves[lane.track_id]
        return track_columns(source, lane.channels, grid, lane.start_samples, lane.length_samples)

    def fill(
        self,
        pixels: PIXELS,
        frame: Frame,
        lanes: tuple[Lane, ...],
        ground: PIXELS,
        inked: Callable[[PIXELS], PIXELS],
        tracks: Collection[str] | None = None,
    ) -> None:
        """Draw the visible lanes into an image.

        Parameters
        ----------
        ground : uint32, shape (columns,), current colours of every row of these lanes
        inked : function for colours of waveforms, shape (n, columns), below the overlay of the lanes
        tracks : whose lanes to draw; None for all
        """
        dpr = frame.dpr
        (clipped_ink,) = inked(np.full((1, frame.columns), theme.color(frame.theme.clip).rgba(), np.uint32))
        full_scale = ClipMark(clipped_ink, round(CLIP_PX * dpr))
        clip = (round(frame.layout.lanes_top * dpr), min(round(frame.layout.height * dpr), len(pixels)))
        bands: list[Band] = []
        here = list(self._shown(frame, lanes, tracks))
        inks = _inks(frame, {(lane.color, lane.audible) for lane, _, _ in here}, inked)
        for lane, top, bottom in here:
            ink = inks[lane.color, lane.audible]
            rows = lane.wish.rows
            borders = [round((top + (bottom - top) * row / rows) * dpr) for row in range(rows + 1)]
            samples = self._samples(frame, lane) if sampled(frame) else None
            if samples is not None:
                part, within = pixels[clip[0] : clip[1]], [row - clip[0] for row in borders]
                _fill_samples(part, frame, samples, within, ground, ink[0])
                _mark_clipped(part, frame, samples, within, lane.drawn_gain, clipped_ink)
                continue
            channels = self.columns(frame, lane)
            shown = channels if rows > 1 else [loudest(channels)]
            for columns, (first, last) in zip(shown, pairwise(borders), strict=True):
                bands.append(Band(first, last - first, columns, lane.drawn_gain, ink))
        fill_bands(pixels, bands, ground, clip, full_scale)

    def _shown(
        self, frame: Frame, lanes: tuple[Lane, ...], tracks: Collection[str] | None = None
    ) -> Iterator[tuple[Lane, int, int]]:
        """Yield the lanes and takes in view that have a source, with the top and bottom of their waves.

        Parameters
        ----------
        tracks : whose lanes; None for all
        """
        layout = frame.layout
        for number, lane in enumerate(lanes[: len(layout.lane_tops) - 1]):
            if tracks is not None and lane.track_id not in tracks:
                continue
            rows = [(lane, layout.sound_top(number), layout.sound_bottom(number))]
            for take, top in zip(lane.takes, layout.take_tops(number), strict=False):
                rows.append((take, top + layout.bars, top + theme.px(TAKE)))
            for one, top, bottom in rows:
                if bottom > layout.lanes_top and top < layout.height and one.track_id in self._waves:
                    yield one, top, bottom

    def _samples(self, frame: Frame, lane: Lane) -> tuple[NDArray[np.float64], NDArray[np.float32]] | None:
        """Return logical x, shape (n,), and the drawn values, -1 to 1, shape (n, channels).

        None while it is being read.
        """
        view = frame.viewport
        start = max(int(view.start_samples) - 1 - lane.start_samples, 0)
        stop = min(int(view.stop_samples) + 2 - lane.start_samples, lane.length_samples)
        if stop <= start:
            return np.zeros(0), np.zeros((0, lane.channels), np.float32)
        samples = self._waves[lane.track_id].samples(start, stop)
        if samples is None:
            return None
        return view.xs_at(np.arange(start, stop) + lane.start_samples), samples * np.float32(lane.drawn_gain)


def sampled(frame: Frame) -> bool:
    """Return whether the zoom shows individual samples."""
    return frame.viewport.samples_per_px < 1.0


def _fill_samples(
    pixels: PIXELS,
    frame: Frame,
    samples: tuple[NDArray[np.float64], NDArray[np.float32]],
    borders: list[int],
    ground: PIXELS,
    ink: PIXELS,
) -> None:
    """Draw a line through the samples of each channel, with dots at high zoom."""
    xs, values = samples
    columns, dotted = xs * frame.dpr, frame.viewport.samples_per_px <= DOTS_BELOW
    thickness = (LINE_PX if dotted else 1.0) * frame.dpr
    for channel in range(values.shape[1]):
        part, heights = _rows_of(pixels, values[:, channel], channel, borders)
        fill_line(part, columns, heights, thickness, ground, ink)
        if dotted:
            fill_dots(part, columns, heights, DOT_PX * frame.dpr, ink)


def _mark_clipped(
    pixels: PIXELS,
    frame: Frame,
    samples: tuple[NDArray[np.float64], NDArray[np.float32]],
    borders: list[int],
    gain: float,
    ink: PIXELS,
) -> None:
    """Put a dot on each sample that reaches full scale, at the gain with which they are drawn."""
    xs, values = samples
    clipped = np.abs(values) >= np.float32(FULL_SCALE) * np.float32(gain)
    for channel in np.flatnonzero(clipped.any(axis=0)).tolist():
        part, heights = _rows_of(pixels, values[:, channel], channel, borders)
        found = clipped[:, channel]
        fill_dots(part, xs[found] * frame.dpr, heights[found], DOT_PX * frame.dpr, ink)


def _rows_of(
    pixels: PIXELS, values: NDArray[np.float32], channel: int, borders: list[int]
) -> tuple[PIXELS, NDArray[np.float64]]:
    """Return the rows that a channel is drawn in, and at which of them its values are."""
    rows = list(pairwise(borders))
    top, bottom = rows[min(channel, len(rows) - 1)]  # in one row, all lines are drawn
    middle, half = (top + bottom) / 2 - max(top, 0), (bottom - top) / 2
    return pixels[max(top, 0) : max(bottom, 0)], middle - values.astype(np.float64) * half


def _inks(
    frame: Frame, looks: Collection[tuple[str, bool]], inked: Callable[[PIXELS], PIXELS]
) -> dict[tuple[str, bool], tuple[PIXELS, PIXELS]]:
    """Return the colours of peak and RMS in each column, by colour and mute state of the track."""
    tokens, listed = frame.theme, list(looks)
    colors = [
        theme.mix(token, tokens.bg, 0.0 if audible else MUTED_SHARE).rgba()
        for color, audible in listed
        for token in tokens.wave_inks(color)
    ]
    if not colors:
        return {}
    rows = inked(np.repeat(np.array(colors, np.uint32)[:, None], frame.columns, axis=1))
    return {look: (rows[2 * place], rows[2 * place + 1]) for place, look in enumerate(listed)}


STEP, LARGEST = 2.0, 64.0
NO_ZOOMS: Mapping[str, float] = MappingProxyType({})
_TEXT_PX, _INDENT_PX = 11, 6


def zoomed(zooms: Mapping[str, float], tracks: Collection[str], factor: float) -> dict[str, float]:
    """Return the zoom of each track, by id, once some are drawn higher by a factor; 1 stands for itself."""
    made = dict(zooms)
    for track in tracks:
        zoom = min(max(made.get(track, 1.0) * factor, 1.0), LARGEST)
        # a wheel goes half a step at a time, which rounding must not wear off
        made[track] = float(round(zoom)) if abs(zoom - round(zoom)) < 0.01 else zoom
    return {track: zoom for track, zoom in made.items() if zoom != 1.0}


def zoom_text(zoom: float) -> str:
    """Format a zoom such as "×4" or "×2.8"."""
    return f"×{zoom:.1f}".removesuffix(".0")


def paint_zooms(painter: QPainter, frame: Frame, lanes: tuple[Lane, ...], pictured: Collection[str]) -> None:
    """Mark the lanes that are drawn higher, at their foot; spectrograms are not.

    Parameters
    ----------
    pictured : ids of the tracks that are shown as spectrograms
    """
    layout = frame.layout
    painter.setFont(theme.mono_font(_TEXT_PX))
    for number, lane in enumerate(lanes):
        top, bottom = max(layout.lane_tops[number], layout.lanes_top), layout.sound_bottom(number)
        is_low = bottom - top < theme.px(COLLAPSED)
        if lane.zoom == 1.0 or lane.track_id in pictured or is_low or top > layout.height:
            continue
        text, height = zoom_text(lane.zoom), theme.px(_TEXT_PX + 5)
        width = painter.fontMetrics().horizontalAdvance(text) + theme.px(8)
        box = QRectF(theme.px(_INDENT_PX), min(bottom, layout.height) - height - theme.px(5), width, height)
        paint_tag(painter, frame, box, text)
