"""Thin lanes of labels: sections below the ruler, and detected sounds below the score.

A section is drawn wherever it plays: twice if it is repeated, in parts if some of it is cut. Every sound is
drawn at its span, stronger for higher probabilities; if sounds are too dense for all labels, the most likely
one is labelled with the number of the others.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter

from engine.core.timebase import format_time
from engine.core.wording import percent
from engine.document.analysis import DetectedSounds, StoredSections
from widgets import theme
from widgets.controls.text_and_icons import paint_words
from widgets.timeline.frame import Frame, paint_row
from widgets.timeline.time_map import SOURCE_TIMES, TimeMap

ROOM_PX = 100
"""Sounds whose starts are closer than this share one label."""
SOUND_PAD_PX, SOUND_EDGE_PX = 4, 2
FAINTEST, STRONGEST = 0.25, 0.8
"""How strong a sound is drawn that is hardly likely, and one that is certain."""
NARROWEST_WORD_PX = 36
GROUND = 0.8
"""Opacity of a label that stands for several sounds."""
_MOST_IN_TIP = 6


@dataclass(frozen=True, slots=True)
class Word:
    """A word over one sound, or over some that are close together.

    Attributes
    ----------
    first, stop : which sounds share it, by place
    likeliest : the labelled one
    """

    first: int
    stop: int
    likeliest: int


@dataclass(frozen=True, eq=False)
class SoundLane:
    """Detected sounds in source positions, and their drawn positions."""

    sounds: DetectedSounds | None = None
    times: TimeMap = SOURCE_TIMES

    @property
    def is_shown(self) -> bool:
        """Whether the lane exists: only after a detection with results."""
        return self.sounds is not None and len(self.sounds.words) > 0

    @cached_property
    def drawn(self) -> DetectedSounds:
        """The audible ones, ascending in view positions."""
        sounds, times = self.sounds or DetectedSounds(), self.times
        if times.edit_list is None or not len(sounds.words):
            return sounds
        starts, last = sounds.spans_samples[:, 0], sounds.spans_samples[:, 1] - 1
        begins, ends = times.to_view_array(starts), times.to_view_array(last) + times.keeps(last)
        audible = np.flatnonzero(ends > begins)
        order = audible[np.argsort(begins[audible], kind="stable")]
        spans = np.stack([begins[order], ends[order]], axis=1)
        words = tuple(sounds.words[place] for place in order.tolist())
        return DetectedSounds(spans, words, sounds.likelihoods[order], sounds.maker)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the lane, if it has height."""
        layout, tokens = frame.layout, frame.theme
        high = layout.curves_top - layout.sounds_top
        if high <= 0:
            return
        ground = QRectF(0, layout.sounds_top, layout.width, high)
        painter.fillRect(ground, theme.color(tokens.panel))
        edge = theme.px(SOUND_EDGE_PX)
        bars = QRectF(0, layout.sounds_top + edge, layout.width, high - 2 * edge)
        paint_row(painter, theme.premultiplied(tokens.marker, self._strengths(frame)), bars)
        painter.setFont(theme.ui_font(theme.TEXT_SMALL))
        painter.setPen(theme.color(tokens.text))
        metrics = painter.fontMetrics()
        for box, word, more in self.written(frame):
            others = f" +{more}" if more else ""
            room = int(box.width()) - metrics.horizontalAdvance(others)
            text = metrics.elidedText(word, Qt.TextElideMode.ElideRight, room) + others
            if more:  # it stands over many sounds, and is read on a ground of its own
                behind = QRectF(box.left() - edge, bars.top(), metrics.horizontalAdvance(text), bars.height())
                painter.fillRect(behind.adjusted(0, 0, 2 * edge, 0), theme.color(tokens.panel, GROUND))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
        line = frame.horizontal(layout.sounds_top - frame.hairline, 0, layout.width)
        painter.fillRect(line, theme.color(tokens.line))

    def written(self, frame: Frame) -> list[tuple[QRectF, str, int]]:
        """Return each visible label: its box, itself, and the number of further sounds."""
        found, drawn, layout = [], self.drawn, frame.layout
        view, pad = frame.viewport, theme.px(SOUND_PAD_PX)
        groups = words_of(drawn, round(theme.px(ROOM_PX) * view.samples_per_px))
        for number, word in enumerate(groups):
            left = view.x_at(int(drawn.spans_samples[word.first, 0]))
            following = len(drawn.words) > word.stop
            limit = view.x_at(int(drawn.spans_samples[groups[number + 1].first, 0])) if following else 1e9
            last = view.x_at(int(drawn.spans_samples[word.first : word.stop, 1].max()))
            right = min(limit, max(last, left + theme.px(ROOM_PX)), layout.width)
            begins = min(max(left, 0.0) + pad, right)
            if right < 0 or begins > layout.width or right - begins < theme.px(NARROWEST_WORD_PX):
                continue
            high = layout.curves_top - layout.sounds_top
            box = QRectF(begins, layout.sounds_top, right - begins - pad / 2, high)
            found.append((box, drawn.words[word.likeliest], word.stop - word.first - 1))
        return found

    def tip_at(self, frame: Frame, at: QPointF) -> str:
        """Return the tooltip of the sounds under the mouse; "" without any."""
        drawn, rate_hz = self.drawn, max(frame.viewport.rate_hz, 1)
        lines = []
        for place in self._under(frame, at):
            start, stop = (format_time(edge / rate_hz, 1) for edge in drawn.spans_samples[place].tolist())
            likely = percent(float(drawn.likelihoods[place]))
            lines.append(f"{drawn.words[place]}, {likely} likely, {start} – {stop}")
        more = len(lines) - _MOST_IN_TIP
        return "\n".join(lines if more <= 0 else [*lines[:_MOST_IN_TIP], f"and {more} more"])

    def span_at(self, frame: Frame, at: QPointF) -> tuple[int, int] | None:
        """Return the span of the likeliest sound under the mouse, in source positions."""
        under = self._under(frame, at)
        if not under:
            return None
        start, stop = self.drawn.spans_samples[under[0]].tolist()
        return self.times.to_source(start), self.times.to_source(stop - 1) + 1

    def _under(self, frame: Frame, at: QPointF) -> list[int]:
        """Return the sounds at a pixel, else those of the label there; most likely first."""
        layout, drawn = frame.layout, self.drawn
        if not layout.sounds_top <= at.y() < layout.curves_top or not len(drawn.words):
            return []
        near = (frame.viewport.sample_at(at.x() - 1), frame.viewport.sample_at(at.x() + 1))
        spans = drawn.spans_samples
        under = np.flatnonzero((spans[:, 0] <= near[1]) & (spans[:, 1] >= near[0]))
        if not len(under):
            room = round(theme.px(ROOM_PX) * frame.viewport.samples_per_px)
            groups = words_of(drawn, room)
            begins = [int(spans[word.first, 0]) for word in groups]
            place = bisect_left(begins, near[1]) - 1
            if place < 0 or near[0] > begins[place] + room:
                return []
            under = np.arange(groups[place].first, groups[place].stop)
        return list(under[np.argsort(-drawn.likelihoods[under], kind="stable")].tolist())

    def _strengths(self, frame: Frame) -> NDArray[np.float64]:
        """Return how strong each column of the device is, 0 to 1: that of the likeliest sound in it."""
        row = np.zeros(frame.columns)
        spans, grid = self.drawn.spans_samples, frame.grid
        columns = spans / grid.samples_per_column - grid.first
        seen = np.flatnonzero((columns[:, 1] > 0) & (columns[:, 0] < frame.columns))
        for place in seen.tolist():
            first, stop = columns[place]
            first = max(0, round(first))
            stop = max(round(stop), first + max(1, round(frame.dpr)))
            likelihood = float(self.drawn.likelihoods[place])
            row[first:stop] = np.maximum(row[first:stop], strength(likelihood))
        return row


NO_SOUNDS = SoundLane()


def strength(likelihood: float) -> float:
    """Return the strength of a sound; probabilities below one half are not drawn."""
    return FAINTEST + (STRONGEST - FAINTEST) * min(max(2.0 * likelihood - 1.0, 0.0), 1.0)


@lru_cache(maxsize=8)
def words_of(sounds: DetectedSounds, room_samples: int) -> tuple[Word, ...]:
    """Return which sounds share a label of a given width, independent of the view."""
    starts = sounds.spans_samples[:, 0].tolist()
    found, first = [], 0
    while first < len(starts):
        stop = bisect_left(starts, starts[first] + max(room_samples, 1), first + 1)
        likeliest = first + int(np.argmax(sounds.likelihoods[first:stop]))
        found.append(Word(first, stop, likeliest))
        first = stop
    return tuple(found)


FILL = 0.34
PAD_PX, NARROWEST_TEXT_PX, EDGE_PX = 5, 9, 2


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Bars in view positions, ascending, one for each part of a section that plays in one piece.

    Attributes
    ----------
    starts, stops : int64, shape (n,)
    sections : int64, shape (n,), number of the section
    """

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    sections: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SectionLane:
    """Sections in source positions, and their drawn positions."""

    sections: StoredSections | None = None
    times: TimeMap = SOURCE_TIMES

    @property
    def is_shown(self) -> bool:
        """Whether the lane exists: only if sections were found."""
        return self.sections is not None and len(self.sections) > 0

    @cached_property
    def hues(self) -> dict[str, int]:
        """Index of the accent colour of each label, by first appearance."""
        labels = () if self.sections is None else self.sections.labels
        return {label: number for number, label in enumerate(dict.fromkeys(labels))}

    @cached_property
    def bars(self) -> Bars:
        """The bars, in the recording's order or that of the result."""
        spans = np.zeros((0, 2), np.int64) if self.sections is None else self.sections.spans_samples
        numbers = np.arange(len(spans))
        edits = self.times.edit_list
        if edits is None or not len(spans):
            return Bars(spans[:, 0], spans[:, 1], numbers)
        first, last = np.stack([edits.starts_samples, edits.stops_samples])[:, :, None]
        starts, stops = np.maximum(first, spans[:, 0]), np.minimum(last, spans[:, 1])
        # Under a crossfade a neighbour of the section is audible, too short for a bar of its own.
        faded = (edits.fades_in_samples + edits.fades_out_samples)[:, None]
        segments, of = np.nonzero(stops - starts > np.minimum(faded, (spans[:, 1] - spans[:, 0]) // 2))
        begins = (edits.result_starts_samples[:, None] + starts - first)[segments, of]
        ends = begins + (stops - starts)[segments, of]
        # A cut inside of a section leaves one bar: parts of it that follow each other are joined.
        from_source = starts[segments, of]
        joins = np.zeros(len(of), bool)
        joins[1:] = (of[1:] == of[:-1]) & (begins[1:] <= ends[:-1] + 1) & (from_source[1:] > from_source[:-1])
        heads = np.flatnonzero(~joins)
        lasts = np.append(heads[1:], len(of))[: len(heads)] - 1
        return Bars(begins[heads], ends[lasts], of[heads])

    def at(self, frame: Frame, place: QPointF) -> int | None:
        """Return the number of the section under the mouse."""
        layout, bars = frame.layout, self.bars
        if not self.is_shown or not layout.sections_top <= place.y() < layout.score_top:
            return None
        position = frame.viewport.sample_at(place.x())
        under = int(np.searchsorted(bars.starts, position, side="right")) - 1
        return int(bars.sections[under]) if under >= 0 and position < bars.stops[under] else None

    def tip_at(self, frame: Frame, place: QPointF) -> str:
        """Return the tooltip of the section under the mouse; "" without any."""
        number = self.at(frame, place)
        if number is None or self.sections is None:
            return ""
        sections, rate_hz = self.sections, max(frame.viewport.rate_hz, 1)
        label = sections.labels[number]
        start, stop = (format_time(edge / rate_hz, 1) for edge in sections.span(number))
        same = [place for place, one in enumerate(sections.labels) if one == label]
        often = f", {same.index(number) + 1} of {len(same)}" if len(same) > 1 else ""
        likely = percent(float(sections.confidences[number]))
        return f"Section {label}{often}\n{start} – {stop}\n{likely} confident\nDouble-click: select"

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the lane, if it has height."""
        layout, tokens, view = frame.layout, frame.theme, frame.viewport
        high = layout.score_top - layout.sections_top
        if high <= 0 or self.sections is None:
            return
        painter.fillRect(QRectF(0, layout.sections_top, layout.width, high), theme.color(tokens.panel))
        font = theme.ui_font(theme.TEXT_SMALL, QFont.Weight.DemiBold)
        pad, bars = theme.px(PAD_PX), self.bars
        columns = (bars.starts.tolist(), bars.stops.tolist(), bars.sections.tolist())
        for start, stop, number in zip(*columns, strict=True):
            left, right = view.x_at(start), view.x_at(stop)
            if right <= 0 or left >= layout.width:
                continue
            label = self.sections.labels[number]
            hue = tokens.accent(self.hues[label])
            bar = QRectF(left, layout.sections_top, max(right - left, frame.hairline), high - frame.hairline)
            painter.fillRect(bar, theme.color(hue, FILL))
            edge = min(theme.px(EDGE_PX), bar.width())
            painter.fillRect(QRectF(left, bar.top(), edge, bar.height()), theme.color(hue))
            begins = max(left + theme.px(EDGE_PX), 0.0) + pad
            room = min(right, layout.width) - pad / 2 - begins
            if room >= theme.px(NARROWEST_TEXT_PX):
                box = QRectF(begins, bar.top(), room, bar.height())
                paint_words(painter, box, label, font, tokens.text)
        line = frame.horizontal(layout.score_top - frame.hairline, 0, layout.width)
        painter.fillRect(line, theme.color(tokens.line))


NO_SECTIONS = SectionLane()
