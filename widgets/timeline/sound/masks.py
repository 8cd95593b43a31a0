"""Mask of a repair over the lanes: time and frequency on a spectrogram, the window on a waveform."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from engine.features.repair.finders.requests import ShownMask
from engine.features.repair.separation.paint import Paint, between, on_track, painted
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.frame import Frame, image_of
from widgets.timeline.sound.lanes import Lane
from widgets.timeline.sound.spectrogram import ColorMap, Place, SpectrogramLook, hz_at
from widgets.timeline.time_map import SOURCE_TIMES, TimeMap

STRONGEST = 0.6
"""Opacity of a full mask on a spectrogram."""
SHADE = 0.22
"""How strong the shade over a wave is."""

_SHADED_HZ = np.geomspace(60.0, 16_000.0, 48)
"""Parts of the mask that a waveform shows, with equal weight."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskLayer:
    """Masks in source positions, their strokes, and their drawn positions."""

    masks: tuple[ShownMask, ...] = ()
    paint: tuple[Paint, ...] = ()
    times: TimeMap = SOURCE_TIMES

    def draw(
        self,
        painter: QPainter,
        frame: Frame,
        lanes: tuple[Lane, ...],
        places: Iterable[Place],
        look: SpectrogramLook,
    ) -> None:
        """Draw them over the lanes of their tracks.

        Parameters
        ----------
        places : rows in which spectrograms are drawn
        """
        if not self.masks:
            return
        pictured: dict[str, list[Place]] = {}
        for place in places:
            pictured.setdefault(place.lane.track_id, []).append(place)
        painter.save()
        layout = frame.layout
        painter.setClipRect(QRectF(0, layout.lanes_top, layout.width, layout.lanes_bottom - layout.lanes_top))
        for mask in self.masks:
            columns = self._columns(frame, mask)
            if columns is None:
                continue
            paint = on_track(self.paint, mask.track)
            if mask.track in pictured:
                for place in pictured[mask.track]:
                    _draw_mask(painter, frame, mask, paint, place, look, columns)
            else:
                _shade(painter, frame, mask, paint, lanes, columns)
        painter.restore()

    def _columns(self, frame: Frame, mask: ShownMask) -> tuple[int, NDArray[np.float64]] | None:
        """Return the first device column that a mask is drawn in, and the source position of each."""
        view = frame.viewport
        start, stop = self.times.view_span(*mask.window)
        per_column = view.samples_per_px / frame.dpr
        first = max(0, int(np.floor((start - view.start_samples) / per_column)))
        last = min(frame.columns, int(np.ceil((stop - view.start_samples) / per_column)))
        if last <= first or start >= stop:
            return None
        shown = np.asarray(view.start_samples + (np.arange(first, last) + 0.5) * per_column, np.float64)
        if self.times.edit_list is None:
            return first, shown
        return first, np.array([self.times.to_source(round(each)) for each in shown.tolist()], np.float64)


NO_MASKS = MaskLayer()


def inks_over(look: SpectrogramLook, tokens: Theme) -> Theme:
    """Return a colour with contrast to a spectrogram: all maps except grey are dark in both themes."""
    return tokens if look.color_map is ColorMap.GREY else theme.DARK


def _draw_mask(
    painter: QPainter,
    frame: Frame,
    mask: ShownMask,
    paint: tuple[Paint, ...],
    place: Place,
    look: SpectrogramLook,
    columns: tuple[int, NDArray[np.float64]],
) -> None:
    """Tint a row of a lane by the mask."""
    first, positions = columns
    height = place.bottom - place.top
    frames = between(mask.shares, (positions - mask.start_samples) / mask.hop_samples)
    rows_hz = hz_at(1.0 - (np.arange(height) + 0.5) / height, look.scale, place.source.recorded.rate_hz)
    bands = np.interp(rows_hz, mask.centres_hz, np.arange(len(mask.centres_hz)))
    shares = painted(between(frames.T, bands).T, positions, rows_hz, paint).T.copy()
    outside = (positions < mask.window[0]) | (positions >= mask.window[1])
    shares[:, outside] = 0.0
    image = tinted(shares * STRONGEST, theme.color(inks_over(look, frame.theme).marker))
    image.setDevicePixelRatio(frame.dpr)
    edges = (first, place.top, len(positions), height)
    painter.drawImage(QRectF(*(edge / frame.dpr for edge in edges)), image)


def tinted(alphas: NDArray[np.float32], ink: QColor) -> QImage:
    """Return an image of one colour with the given opacity, shape (rows, columns)."""
    alpha = np.rint(np.clip(alphas, 0.0, 1.0) * 255).astype(np.uint32)
    pixels = alpha << 24
    for shift, part in ((16, ink.red()), (8, ink.green()), (0, ink.blue())):
        pixels |= (alpha * part // 255) << shift
    return image_of(pixels.astype(np.uint32, copy=False))


def _shade(
    painter: QPainter,
    frame: Frame,
    mask: ShownMask,
    paint: tuple[Paint, ...],
    lanes: tuple[Lane, ...],
    columns: tuple[int, NDArray[np.float64]],
) -> None:
    """Shade the window over a waveform, stronger for larger parts of the mask."""
    first, positions = columns
    for number, lane in enumerate(lanes):
        if lane.track_id == mask.track:
            meant = between(mask.shares, (positions - mask.start_samples) / mask.hop_samples)
            bands = np.interp(_SHADED_HZ, mask.centres_hz, np.arange(len(mask.centres_hz)))
            over_bands = between(meant.T, bands).T
            shares = painted(over_bands, positions, _SHADED_HZ, paint).mean(axis=1)
            top, bottom = frame.layout.sound_top(number), frame.layout.sound_bottom(number)
            area = QRectF(first / frame.dpr, top, len(positions) / frame.dpr, bottom - top)
            image = tinted(SHADE * (0.4 + 0.6 * shares)[None, :], theme.color(frame.theme.marker))
            painter.drawImage(area, image)
