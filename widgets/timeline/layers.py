"""The standing layers of the timeline, painted once into one image and kept until what is shown changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from engine.document.analysis import ScoreCurve
from widgets import theme
from widgets.controls.key_names import with_keys
from widgets.timeline.edits.arrangement import NO_SLABS, Slabs, arrangement_image
from widgets.timeline.edits.proposals import Proposals
from widgets.timeline.edits.spans import NO_SPANS, Spans
from widgets.timeline.frame import Frame
from widgets.timeline.marks.grid import NO_LINES, Beats, ground_row
from widgets.timeline.marks.hits import NO_HITS, HitMarks, fill_hits
from widgets.timeline.marks.markers import NO_MARKS, Marks, paint_marks
from widgets.timeline.marks.score import paint_score
from widgets.timeline.overview import mixture, overview_image
from widgets.timeline.ruler import RulerMode, paint_ruler
from widgets.timeline.sound.frequency_axis import paint_axis
from widgets.timeline.sound.lanes import Lane, WavePainter
from widgets.timeline.sound.masks import NO_MASKS, MaskLayer
from widgets.timeline.sound.spectrogram import SpectrogramLook, SpectrogramPainter, ways_of
from widgets.timeline.sound.spectrogram_columns import SpectrogramColumns
from widgets.timeline.sound.wave_zoom import paint_zooms
from widgets.timeline.sound.waves import WaveSource

DROP_HINT = "Drop recordings here, or import them ‹file.import›"
EMPTY_HINT = "Drop recordings here to begin, or import them ‹file.import›"
ALL_CUT = "Nothing is left in the result: everything is cut"
ALL_CUT_DETAIL = "See the recording ‹transport.source_result›, or take the last cut back ‹edit.undo›."
HALF = 0.5
"""A column of a spectrogram is tinted where proposals cover so much of it."""
EMPTY_DETAIL = "One file a track, or one file with many channels. Offcut never writes to your recordings."


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What the layers show, in view positions.

    Attributes
    ----------
    lanes : the tracks in their order
    current : id of the current proposal
    lines : the divisions of the beats that hits are moved to, ascending
    hits : the hits of drums, with where they go
    masks : what the words of a repair mean that is tried out
    length_samples : of the source or of the result, whichever is shown
    keys : the key cap of each command id, for what the hints name
    """

    lanes: tuple[Lane, ...] = ()
    spans: Spans = NO_SPANS
    current: str | None = None
    curve: ScoreCurve | None = None
    threshold: float | None = None
    beats: Beats | None = None
    lines: NDArray[np.int64] = field(default_factory=lambda: NO_LINES)
    hits: HitMarks = NO_HITS
    masks: MaskLayer = NO_MASKS
    marks: Marks = NO_MARKS
    slabs: Slabs = NO_SLABS
    ruler_mode: RulerMode = RulerMode.TIME
    length_samples: int = 0
    keys: Mapping[str, str] = field(default_factory=dict)


class Layers:
    """Paints overview, ruler, score, grid, waveforms and proposals, each anew only where it must be.

    Attributes
    ----------
    overview_waits : whether the overview, for which all tracks are read, keeps the sound that it shows until
        `bring_overview_up`
    """

    def __init__(self) -> None:
        self._waves: Mapping[str, WaveSource] = {}
        self._wave_painter = WavePainter()
        self._spectrograms = SpectrogramPainter()
        self._pixels: NDArray[np.uint32] = np.zeros((1, 1), np.uint32)
        self._image: QImage | None = None
        self._overview: QImage | None = None
        self._arrangement: QImage | None = None
        self._loudness: NDArray[np.float32] | None = None
        self.overview_waits = False
        self._is_overview_behind = False

    def set_waves(self, waves: Mapping[str, WaveSource]) -> None:
        """Read the sound of tracks from these sources, by track id."""
        self._waves = waves
        self.forget_lanes()

    def bring_overview_up(self) -> bool:
        """Draw the overview with the sound as it is, where it waited; return whether it is another one."""
        was_behind, self.overview_waits, self._is_overview_behind = self._is_overview_behind, False, False
        if was_behind:
            self._loudness = None
            self.forget_overview()
        return was_behind

    def forget_waves(self) -> None:
        """Read the waveforms in view anew at the next frame: more of them is known."""
        self._wave_painter.forget()
        self.forget()

    def set_spectrograms(self, sources: Mapping[str, SpectrogramColumns]) -> None:
        """Show these tracks, by id, as spectrograms and all others as waveforms."""
        self._spectrograms.set_sources(sources)
        self._share_lanes()
        self.forget()

    def set_spectrogram_look(self, look: SpectrogramLook) -> None:
        """Draw spectrograms otherwise."""
        self._spectrograms.look = look
        self.forget()

    def forget_spectrograms(self) -> None:
        """Read the spectrograms anew at the next frame."""
        self._spectrograms.forget()
        self.forget()

    def forget(self) -> None:
        """Draw the layers anew at the next frame."""
        self._image = None

    def forget_overview(self) -> None:
        """Draw the overview anew at the next frame, and all else with it."""
        self._image = self._overview = self._arrangement = None

    def forget_lanes(self) -> None:
        """Read the sound anew at the next frame."""
        self._share_lanes()
        self._spectrograms.forget()
        if self.overview_waits:
            self._is_overview_behind = True
        else:
            self._loudness = None
        self.forget_overview()

    def _share_lanes(self) -> None:
        pictured = self._spectrograms.sources
        self._wave_painter.set_waves({key: wave for key, wave in self._waves.items() if key not in pictured})

    def compose(self, frame: Frame, shown: Shown) -> QImage:
        """Return the layers at the device's resolution, drawn anew where something was forgotten."""
        if self._image is not None:
            return self._image
        shape = (max(round(frame.layout.height * frame.dpr), 1), frame.columns)
        if self._pixels.shape != shape:
            self._pixels = np.zeros(shape, np.uint32)
        pixels, ground = self._pixels, ground_row(frame, shown.beats, shown.lines)
        lanes = tuple(lane.track_id for lane in shown.lanes)
        proposals = Proposals.of(frame, shown.spans, shown.current, lanes)
        self._fill_lanes(pixels, frame, shown, ground, proposals)
        image = QImage(pixels.data, shape[1], shape[0], shape[1] * 4, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(frame.dpr)
        painter = QPainter(image)
        self._paint_layers(painter, frame, shown, proposals)
        painter.end()
        self._image = image
        return image

    def _fill_lanes(
        self,
        pixels: NDArray[np.uint32],
        frame: Frame,
        shown: Shown,
        ground: NDArray[np.uint32],
        proposals: Proposals,
    ) -> None:
        layout = frame.layout
        ends = (layout.edits_top, layout.lanes_top, layout.lanes_bottom)
        edits, top, bottom = (round(y * frame.dpr) for y in ends)
        pixels[:top] = pixels[max(bottom, top) :] = ground
        bare = np.stack([ground, np.full_like(ground, theme.color(frame.theme.line).rgba())])
        borders = [round(y * frame.dpr) for y in layout.lane_tops]
        for tracks, shares in proposals.shares:  # one for all lanes, unless an edit is of some tracks
            veil = proposals.veil(shares)
            under, line = veil.tinted(bare)
            here = [tracks is None or lane.track_id in tracks for lane in shown.lanes]
            for is_here, (first, stop) in zip(here, pairwise(borders), strict=False):
                if is_here:
                    pixels[max(first, top) : max(min(stop, bottom), top)] = under
            self._wave_painter.fill(pixels, frame, shown.lanes, under, veil.inked, tracks)
            ways = ways_of(frame, shares >= HALF, ground)
            self._spectrograms.fill(pixels[:bottom], frame, shown.lanes, under, ways, tracks)
            for is_here, stop in zip(here, borders[1:], strict=False):
                if is_here and top < stop <= bottom:
                    pixels[stop - 1] = line
        proposals.fill(pixels[edits:top], pixels[top:bottom])
        fill_hits(pixels, frame, shown.hits, tuple(lane.track_id for lane in shown.lanes))

    def _paint_layers(self, painter: QPainter, frame: Frame, shown: Shown, proposals: Proposals) -> None:
        layout = frame.layout
        line = theme.color(frame.theme.line)
        for y in {layout.edits_top, layout.lanes_top}:
            painter.fillRect(frame.horizontal(y - frame.hairline, 0, layout.width), line)
        proposals.paint(painter)
        places, look = tuple(self._spectrograms.places(frame, shown.lanes)), self._spectrograms.look
        shown.masks.paint(painter, frame, shown.lanes, places, look.scale)
        for place in places:
            paint_axis(painter, frame, place, look)
        paint_zooms(painter, frame, shown.lanes, self._spectrograms.sources)
        paint_score(painter, frame, shown.curve, shown.threshold)
        painter.drawImage(0, 0, self._overview_image(frame, shown))
        if layout.marks_top > layout.arrangement_top:
            painter.drawImage(0, layout.arrangement_top, self._arrangement_image(frame, shown))
        paint_ruler(painter, frame, shown.beats, shown.ruler_mode)
        paint_marks(painter, frame, shown.marks)
        _paint_hints(painter, frame, shown)

    def _overview_image(self, frame: Frame, shown: Shown) -> QImage:
        if self._loudness is None or len(self._loudness) != frame.columns:
            length = max(shown.length_samples, 1)
            self._loudness = mixture(self._waves, shown.lanes, length, frame.columns)
            self._is_overview_behind = False
            self._overview = None
        if self._overview is None:
            self._overview = overview_image(frame, self._loudness, shown.spans, shown.marks)
        return self._overview

    def _arrangement_image(self, frame: Frame, shown: Shown) -> QImage:
        if self._arrangement is None:
            self._arrangement = arrangement_image(frame, shown.slabs, shown.length_samples)
        return self._arrangement


def _paint_hints(painter: QPainter, frame: Frame, shown: Shown) -> None:
    layout, tokens = frame.layout, frame.theme
    if shown.lanes:
        room = layout.height - layout.lane_tops[-1]
        if room >= theme.px(24):
            painter.setFont(theme.ui_font(12))
            painter.setPen(theme.color(tokens.dim))
            middle = QRectF(theme.px(30), layout.lane_tops[-1], layout.width, min(room, theme.px(72)))
            painter.drawText(middle, Qt.AlignmentFlag.AlignVCenter, with_keys(DROP_HINT, shown.keys))
        if shown.length_samples:
            return
    area = QRectF(0, layout.lanes_top, layout.width, layout.height - layout.lanes_top)
    painter.fillRect(area, theme.color(tokens.bg))
    painter.setFont(theme.ui_font(theme.TEXT_TITLE))
    painter.setPen(theme.color(tokens.text))
    painter.drawText(
        area.translated(0, -theme.px(14)),
        Qt.AlignmentFlag.AlignCenter,
        ALL_CUT if shown.lanes else with_keys(EMPTY_HINT, shown.keys),
    )
    painter.setFont(theme.ui_font(12))
    painter.setPen(theme.color(tokens.dim))
    lower = area.adjusted(theme.px(16), area.height() / 2 + theme.px(6), -theme.px(16), 0)
    wrapped = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
    detail = with_keys(ALL_CUT_DETAIL, shown.keys) if shown.lanes else EMPTY_DETAIL
    painter.drawText(lower, int(wrapped), detail)
