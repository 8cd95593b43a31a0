"""Cached layers of the timeline: painted into one image, reused until the content changes.

After a decision only the changed segments are painted again. Neighbouring windows are read while idle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QImage, QPainter, QRegion

from engine.document.analysis import ScoreCurve
from widgets import theme
from widgets.controls.command_entries import with_keys
from widgets.timeline.clip_bars import NO_CLIPS, ShownClips, paint_clips
from widgets.timeline.edits.arrangement import NO_SLABS, Slabs, arrangement_image
from widgets.timeline.edits.coverage import Veil, fading
from widgets.timeline.edits.proposals import Proposals
from widgets.timeline.edits.spans import NO_SPANS, Spans
from widgets.timeline.frame import Frame, Part
from widgets.timeline.marks.curve_lanes import NO_CURVES, CurveLanes, paint_score
from widgets.timeline.marks.grid import NO_LINES, Beats, ground_row
from widgets.timeline.marks.hits import NO_HITS, HitMarks, fill_hits
from widgets.timeline.marks.label_lanes import NO_SECTIONS, NO_SOUNDS, SectionLane, SoundLane
from widgets.timeline.marks.markers import NO_MARKS, Marks, paint_marks
from widgets.timeline.marks.word_lane import NO_WORDS, WordLane
from widgets.timeline.overview import Mixture, overview_image
from widgets.timeline.ruler import NO_CLOCK, ClockTimes, RulerMode, paint_ruler
from widgets.timeline.sound.lanes import Lane, WavePainter, paint_zooms, sampled
from widgets.timeline.sound.masks import NO_MASKS, MaskLayer
from widgets.timeline.sound.result_columns import SpectrogramColumns
from widgets.timeline.sound.spectrogram import Place, SpectrogramLook, SpectrogramPainter, paint_axis, ways_of
from widgets.timeline.sound.waves import WaveSource
from widgets.timeline.time_map import TimeMap
from widgets.timeline.viewport import Viewport

AFTER_MS = 20
"""Delay after a repaint of a moved window until neighbouring columns are read."""


class ReadAhead(QObject):
    """Prefetches the sound next to the window, a lane in each turn of the event loop.

    Parameters
    ----------
    read : prefetches one lane right of the window (1) or left of it (-1); False if all are cached
    """

    def __init__(self, read: Callable[[int], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._read = read
        self._side, self._is_wanted = 1, False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._go_on)

    def follow(self, before: Viewport, now: Viewport) -> None:
        """Handle a moved window; a change of zoom discards the prefetched columns."""
        if before != now:
            self._timer.stop()  # it is painted first
        if before.samples_per_px == now.samples_per_px and before.start_samples != now.start_samples:
            self._side = 1 if now.start_samples > before.start_samples else -1
            self._is_wanted = True

    def begin(self) -> None:
        """Start prefetching after the window was painted."""
        if self._is_wanted:
            self._is_wanted = False
            self._timer.start(AFTER_MS)

    def _go_on(self) -> None:
        if self._read(self._side):
            self._timer.start(0)


Stretch = tuple[float, float]
"""Span in view positions."""
_RETIMED = ("masks", "sounds", "curves", "sections", "words", "clock")
"""Content in source positions, with a map to those of the view."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Content of the layers, in view positions.

    Attributes
    ----------
    lanes : the tracks in their order
    current : id of the current proposal
    lines : the divisions of the beats that hits are moved to, ascending
    hits : drum hits with targets
    masks : mask of the current repair
    sounds : detected sounds
    curves : curves of packages
    sections : sections such as verse and chorus
    words : words of the transcript
    clips : clips with bars
    clock : times of day
    length_samples : of the source or of the result, whichever is shown
    keys : key caps in hints, by command id
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
    sounds: SoundLane = NO_SOUNDS
    curves: CurveLanes = NO_CURVES
    sections: SectionLane = NO_SECTIONS
    words: WordLane = NO_WORDS
    marks: Marks = NO_MARKS
    slabs: Slabs = NO_SLABS
    clips: ShownClips = NO_CLIPS
    clock: ClockTimes = NO_CLOCK
    ruler_mode: RulerMode = RulerMode.TIME
    length_samples: int = 0
    keys: Mapping[str, str] = field(default_factory=dict)

    def retimed(self, times: TimeMap) -> dict[str, object]:
        """Return the content in source positions, drawn at other positions."""
        return {one: replace(getattr(self, one), times=times) for one in _RETIMED}

    def changed_since(self, before: Shown) -> list[Stretch] | None:
        """Return the changed segments, if only decisions differ; else None."""
        if self is before:
            return []
        is_same = all(getattr(self, name) is getattr(before, name) for name in _SAME_AFTER_DECISIONS)
        if self.lanes != before.lanes or not is_same:
            return None
        spans, hits = self.spans.changed_since(before.spans), self.hits.changed_since(before.hits)
        if spans is None or hits is None:
            return None
        places = set(spans.tolist())
        if self.current != before.current:
            places |= {self.spans.place(one) for one in (self.current, before.current)} - {-1}
        found = [each for place in sorted(places) for each in _around(self.spans, before.spans, place)]
        for marks in (self.hits, before.hits):
            ends = np.stack([marks.onsets[hits], marks.targets[hits]])
            found += zip(ends.min(axis=0).tolist(), ends.max(axis=0).tolist(), strict=True)
        return found


_SAME_AFTER_DECISIONS = tuple(
    one.name for one in fields(Shown) if one.name not in {"lanes", "spans", "current", "hits"}
)


def _around(now: Spans, before: Spans, place: int) -> list[Stretch]:
    """Return the segments of a span, now and before, each with all spans that touch it.

    Their text may be shorter below it.
    """
    made = []
    for spans in (now, before):
        start, stop = int(spans.starts[place]), int(spans.stops[place])
        near = spans.within(start - 1, stop + 1)
        first, last = spans.starts[near].min(initial=start), spans.stops[near].max(initial=stop)
        made.append((float(first), float(last)))
    return made


DROP_HINT = "Drop recordings here, or import them ‹file.import›"
EMPTY_HINT = "Drop recordings here to begin, or import them ‹file.import›"
ALL_CUT = "The result is empty: everything is cut"
ALL_CUT_DETAIL = "Show the recording ‹transport.source_result›, or undo the last cut ‹edit.undo›."
HALF = 0.5
"""Coverage by proposals from which a spectrogram column is tinted."""
EMPTY_DETAIL = "One file per track, or one file with many channels. Offcut never changes your recordings."


class Layers:
    """Paints overview, ruler, score, grid, waveforms and proposals, each only after a change.

    After a decision, only the changed segments of the lanes are redrawn.

    Attributes
    ----------
    overview_waits : whether the overview, which reads all tracks, stays unchanged until
        `bring_overview_up`
    """

    def __init__(self) -> None:
        self._waves: Mapping[str, WaveSource] = {}
        self._wave_painter = WavePainter()
        self._spectrograms = SpectrogramPainter()
        self._pixels: NDArray[np.uint32] = np.zeros((1, 1), np.uint32)
        self._image: QImage | None = None
        self._drawn: tuple[Frame, Shown] | None = None
        self._has_words = True
        self._changed: list[Stretch] = []
        self._overview: QImage | None = None
        self._arrangement: QImage | None = None
        self._mixture = Mixture()
        self.overview_waits = False

    def set_waves(self, waves: Mapping[str, WaveSource], changed: tuple[int, int] | None = None) -> None:
        """Read the sound of tracks from these sources, by track id.

        Parameters
        ----------
        changed : the view span with changes; None if all may have changed
        """
        self._waves = waves
        if changed is None:
            self.forget_lanes()
        elif changed[0] < changed[1]:
            self._mixture.forget(changed)
            self._changed.append(changed)
        if changed is not None:
            self._share_lanes(changed)
            self._spectrograms.forget()

    def bring_overview_up(self) -> None:
        """Redraw only the overview at the next frame."""
        self._overview, self.overview_waits = None, False

    def forget_waves(self) -> None:
        """Read the visible waveforms again at the next frame: more data is available."""
        self._wave_painter.forget()
        self.forget()

    def set_spectrograms(self, sources: Mapping[str, SpectrogramColumns]) -> None:
        """Show these tracks, by id, as spectrograms and all others as waveforms."""
        if not sources and not self._spectrograms.sources:
            return
        self._spectrograms.set_sources(sources)
        self._share_lanes()
        self.forget()

    def set_spectrogram_look(self, look: SpectrogramLook) -> None:
        """Apply spectrogram settings."""
        self._spectrograms.look = look
        self.forget()

    def pictured(self, frame: Frame, lanes: tuple[Lane, ...]) -> tuple[tuple[Place, ...], SpectrogramLook]:
        """Return the rows in view in which spectrograms are drawn, and how."""
        return tuple(self._spectrograms.places(frame, lanes)), self._spectrograms.look

    def forget_spectrograms(self) -> None:
        """Read the spectrograms again at the next frame."""
        self._spectrograms.forget()
        self.forget()

    def forget(self) -> None:
        """Redraw the layers at the next frame."""
        self._drawn = None

    def forget_overview(self) -> None:
        """Redraw the overview at the next frame unless it is delayed, and all layers with it."""
        self._drawn = self._arrangement = None
        if not self.overview_waits:
            self._overview = None

    def forget_lanes(self) -> None:
        """Read the sound again at the next frame."""
        self._share_lanes()
        self._spectrograms.forget()
        self._mixture.forget()
        self.forget_overview()

    def _share_lanes(self, changed: tuple[int, int] | None = None) -> None:
        pictured = self._spectrograms.sources
        waves = {key: wave for key, wave in self._waves.items() if key not in pictured}
        self._wave_painter.set_waves(waves, changed)

    def read_ahead(self, frame: Frame, shown: Shown, side: int) -> bool:
        """Prefetch one lane right of the window (1) or left of it (-1); return False if all are cached."""
        return not sampled(frame) and self._wave_painter.read_ahead(frame, shown.lanes, side)

    def stale_parts(self, frame: Frame, shown: Shown) -> list[Part] | None:
        """Return the parts of the lanes that the next frame redraws; None for all."""
        if self._drawn is None or self._drawn[0] != frame:
            return None
        changed = shown.changed_since(self._drawn[1])
        if changed == [] and not self._changed:
            return []
        if changed is None or sampled(frame) or self._spectrograms.sources:
            return None
        return frame.parts([*changed, *self._changed])

    def compose(self, frame: Frame, shown: Shown) -> QImage:
        """Return the layers at the device's resolution, redrawn after changes."""
        parts = self.stale_parts(frame, shown)
        if parts == [] and self._image is not None and self._overview is not None:
            return self._image
        lanes = tuple(lane.track_id for lane in shown.lanes)
        proposals = Proposals.of(frame, shown.spans, shown.current, lanes)
        if self._image is None or parts is None or proposals.has_words != self._has_words:
            self._image = self._compose_all(frame, shown, proposals)
        else:
            self._compose_parts(self._image, frame, shown, proposals, parts)
        self._drawn, self._changed, self._has_words = (frame, shown), [], proposals.has_words
        return self._image

    def _compose_all(self, frame: Frame, shown: Shown, proposals: Proposals) -> QImage:
        shape = (max(round(frame.layout.height * frame.dpr), 1), frame.columns)
        if self._pixels.shape != shape:
            self._pixels = np.zeros(shape, np.uint32)
        self._fill_lanes(self._pixels, frame, shown, proposals, frame)
        image = QImage(self._pixels.data, shape[1], shape[0], shape[1] * 4, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(frame.dpr)
        painter = QPainter(image)
        self._paint_lanes(painter, frame, shown, proposals)
        self._paint_around(painter, frame, shown)
        painter.end()
        return image

    def _compose_parts(
        self, image: QImage, frame: Frame, shown: Shown, proposals: Proposals, parts: Sequence[Part]
    ) -> None:
        """Redraw parts of the lanes, identical to a full redraw."""
        layout, dpr = frame.layout, frame.dpr
        rows = slice(*(round(y * dpr) for y in (layout.edits_top, layout.lanes_bottom)))
        pixels = np.frombuffer(image.bits(), np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
        region = QRegion()
        for left, right in parts:
            around = frame.around((left, right))
            part = frame.part(*around)
            anew = np.zeros((len(pixels), part.columns), np.uint32)
            here = Proposals.of(part, shown.spans, shown.current, proposals.lanes)
            self._fill_lanes(anew, part, shown, here, frame)
            first, stop = round(left * dpr), min(round(right * dpr), frame.columns)
            before = first - round(around[0] * dpr)
            pixels[rows, first:stop] = anew[rows, before : before + stop - first]
            region += QRect(left, layout.edits_top, right - left, layout.lanes_bottom - layout.edits_top)
        painter = QPainter(image)
        painter.setClipRegion(region)
        self._paint_lanes(painter, frame, shown, proposals)
        paint_marks(painter, frame, shown.marks)
        if self._overview is None:
            painter.setClipRect(QRect(0, 0, layout.width, layout.arrangement_top))
            self._paint_around(painter, frame, shown)
        painter.end()

    def _fill_lanes(
        self, pixels: NDArray[np.uint32], frame: Frame, shown: Shown, proposals: Proposals, whole: Frame
    ) -> None:
        """Draw all that is drawn by columns.

        Parameters
        ----------
        whole : the frame that `frame` is a part of, or is
        """
        layout, ground = frame.layout, ground_row(frame, shown.beats, shown.lines)
        ends = (layout.edits_top, layout.lanes_top, layout.lanes_bottom)
        edits, top, bottom = (round(y * frame.dpr) for y in ends)
        pixels[:top] = pixels[max(bottom, top) :] = ground
        bare = np.stack([ground, np.full_like(ground, theme.color(frame.theme.line).rgba())])
        borders = [round(y * frame.dpr) for y in layout.lane_tops]
        for tracks, shares, going in proposals.shares:  # one for all lanes, unless an edit is of some tracks
            veil = Veil.of(frame.theme, shares, fading(going))
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
        fill_hits(pixels, whole, shown.hits, proposals.lanes, frame.grid.first - whole.grid.first)

    def _paint_lanes(self, painter: QPainter, frame: Frame, shown: Shown, proposals: Proposals) -> None:
        layout = frame.layout
        line = theme.color(frame.theme.line)
        for y in {layout.edits_top, layout.lanes_top}:
            painter.fillRect(frame.horizontal(y - frame.hairline, 0, layout.width), line)
        paint_clips(painter, frame, shown.clips, shown.lanes)
        proposals.paint(painter)
        places, look = tuple(self._spectrograms.places(frame, shown.lanes)), self._spectrograms.look
        shown.masks.draw(painter, frame, shown.lanes, places, look)
        for place in places:
            paint_axis(painter, frame, place, look)
        paint_zooms(painter, frame, shown.lanes, self._spectrograms.sources)

    def _paint_around(self, painter: QPainter, frame: Frame, shown: Shown) -> None:
        layout = frame.layout
        paint_score(painter, frame, shown.curve, shown.threshold)
        shown.sounds.paint(painter, frame)
        shown.curves.paint(painter, frame)
        shown.sections.paint(painter, frame)
        shown.words.paint(painter, frame)
        painter.drawImage(0, 0, self._overview_image(frame, shown))
        if layout.marks_top > layout.arrangement_top:
            if self._arrangement is None:
                self._arrangement = arrangement_image(frame, shown.slabs, shown.length_samples)
            painter.drawImage(0, layout.arrangement_top, self._arrangement)
        paint_ruler(painter, frame, shown.beats, shown.ruler_mode, shown.clock)
        paint_marks(painter, frame, shown.marks)
        _paint_hints(painter, frame, shown)

    def _overview_image(self, frame: Frame, shown: Shown) -> QImage:
        columns = None if self._overview is None else round(self._overview.width())
        if self._overview is None or columns != frame.columns:
            length = max(shown.length_samples, 1)
            loudness = self._mixture.loudness(self._waves, shown.lanes, length, frame.columns)
            self._overview = overview_image(frame, loudness, shown.spans, shown.marks)
        return self._overview


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
    hint = ALL_CUT if shown.lanes else with_keys(EMPTY_HINT, shown.keys)
    painter.drawText(area.translated(0, -theme.px(14)), Qt.AlignmentFlag.AlignCenter, hint)
    painter.setFont(theme.ui_font(12))
    painter.setPen(theme.color(tokens.dim))
    lower = area.adjusted(theme.px(16), area.height() / 2 + theme.px(6), -theme.px(16), 0)
    wrapped = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
    detail = with_keys(ALL_CUT_DETAIL, shown.keys) if shown.lanes else EMPTY_DETAIL
    painter.drawText(lower, int(wrapped), detail)
