"""Form of proposed places: a picture with a lane for each track, and a row for each file.

Everything can be changed before files are imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QFontMetrics, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from engine.core.timebase import format_time, read_time
from engine.core.wording import counted
from engine.recordings.stated.placements import Basis, PlacedTrack, Placement, Placements, Reason
from widgets import theme
from widgets.controls.key_caps import KeyButton, column, label, row
from widgets.controls.text_and_icons import paint_words
from widgets.theme import Theme, mono_font, px

NAMES_PX, LANE_PX, LOWEST_LANE_PX, RULER_PX, GAP_PX = 96, 22, 4, 18, 2


@dataclass(frozen=True, slots=True)
class PlaceBar:
    """One file.

    Attributes
    ----------
    lane : number of its track
    is_fixed : whether it is a clip of the document, which stays
    """

    name: str
    lane: int
    start_s: float
    stop_s: float
    is_certain: bool = True
    is_fixed: bool = False


class PlacesPicture(QWidget):
    """Draws the bars to scale; uncertain ones are dashed, fixed ones grey. A click chooses a file.

    Signals
    -------
    chosen : the number of a file
    """

    chosen = Signal(int)

    def __init__(self, tokens: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = tokens
        self._bars: tuple[PlaceBar, ...] = ()
        self._tracks: tuple[str, ...] = ()
        self._current = -1
        self.setAccessibleName("Picture of the places")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(px(96))

    def sizeHint(self) -> QSize:
        return QSize(px(640), px(RULER_PX) + px(LANE_PX) * min(max(len(self._tracks), 3), 9))

    def show_places(self, bars: Sequence[PlaceBar], tracks: Sequence[str]) -> None:
        """Show files on tracks."""
        self._bars, self._tracks = tuple(bars), tuple(tracks)
        self.updateGeometry()
        self.update()

    def set_current(self, number: int) -> None:
        """Mark a file; -1 for none."""
        self._current = number
        self.update()

    def area_of(self, number: int) -> QRectF:
        """Return where the bar of a file is drawn."""
        bar, lane = self._bars[number], self._lane_px
        left, right = (self._x(at) for at in (bar.start_s, bar.stop_s))
        top = px(RULER_PX) + bar.lane * lane + (px(GAP_PX) if lane > px(LOWEST_LANE_PX) else 0)
        height = max(lane - 2 * px(GAP_PX), 2.0)
        return QRectF(left, top, max(right - left, 2.0), height)

    @property
    def _drawn(self) -> list[int]:
        """The numbers of the bars, the upper ones last: files are over the clips of the document."""
        return sorted(range(len(self._bars)), key=lambda number: not self._bars[number].is_fixed)

    @property
    def _lane_px(self) -> float:
        room = self.height() - px(RULER_PX)
        return min(px(LANE_PX) * 1.0, room / max(len(self._tracks), 1))

    @property
    def _length_s(self) -> float:
        return max((bar.stop_s for bar in self._bars), default=1.0) or 1.0

    def _x(self, at_s: float) -> float:
        room = max(self.width() - px(NAMES_PX) - px(4), 1)
        return px(NAMES_PX) + at_s / self._length_s * room

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the whole picture is small
        painter, tokens = QPainter(self), self._theme
        painter.fillRect(self.rect(), theme.color(tokens.bg))
        self._paint_ruler(painter)
        lane = self._lane_px
        if lane >= px(LANE_PX) * 0.7:
            font = theme.ui_font(theme.TEXT_SMALL)
            for number, name in enumerate(self._tracks):
                top = px(RULER_PX) + number * lane
                paint_words(painter, QRectF(px(4), top, px(NAMES_PX) - px(8), lane), name, font, tokens.dim)
        for number in self._drawn:
            self._paint_bar(painter, number)
        painter.end()

    def _paint_ruler(self, painter: QPainter) -> None:
        tokens, font = self._theme, theme.mono_font(theme.TEXT_SMALL)
        painter.setFont(font)
        painter.setPen(theme.color(tokens.dim))
        room = max(self.width() - px(NAMES_PX), 1)
        step_s = next((one for one in _STEPS_S if one / self._length_s * room >= px(72)), self._length_s)
        at = 0.0
        while at <= self._length_s:
            x = self._x(at)
            painter.fillRect(QRectF(x, px(RULER_PX), 1, self.height()), theme.color(tokens.line))
            if x + px(56) < self.width():
                painter.drawText(QPointF(x + px(3), px(RULER_PX) - px(5)), format_time(at, 0))
            at += step_s

    def _paint_bar(self, painter: QPainter, number: int) -> None:
        bar, area, tokens = self._bars[number], self.area_of(number), self._theme
        token = tokens.dim if bar.is_fixed else tokens.accent(bar.lane)
        is_current = number == self._current
        fill = theme.color(token, 0.75 if is_current else 0.35 if bar.is_certain else 0.12)
        painter.fillRect(area, fill)
        if not bar.is_certain:
            painter.fillRect(area, QBrush(theme.color(token, 0.5), Qt.BrushStyle.BDiagPattern))
        style = Qt.PenStyle.SolidLine if bar.is_certain else Qt.PenStyle.DashLine
        painter.setPen(QPen(theme.color(tokens.text if is_current else token), 1, style))
        painter.drawRect(area.adjusted(0, 0, -1, -1))
        font = theme.ui_font(theme.TEXT_SMALL)
        if area.height() >= QFontMetricsF(font).height() and area.width() > px(24):
            inner = area.adjusted(px(4), 0, -px(4), 0)
            paint_words(painter, inner, bar.name, font, tokens.text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        for number in reversed(self._drawn):
            if self.area_of(number).adjusted(-2, 0, 2, 0).contains(at):
                self.chosen.emit(number)
                return


_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


_FILE, _TRACK, _START, _WHY = range(4)
_WORDS = {Reason.ORIGIN: "reference", Reason.NOTHING_KNOWN: "nothing known", Reason.CHOSEN: "you"}
_TITLES = ("File", "Track", "Start", "Placed by")


class Way(StrEnum):
    """How all files are placed at once."""

    PROPOSED = "As proposed"
    AFTER = "One after another"
    ZERO = "All at the start"


class PlacesForm(QWidget):
    """A picture and a row for each file; track and start can be typed, V takes the next alternative.

    The clips of a document have rows below, which cannot be changed.

    Parameters
    ----------
    lengths_samples : of the files, at the rate of the placements
    names_are_fixed : whether files stay on their tracks, as those of a document do

    Signals
    -------
    changed : `problem()` may have changed
    """

    changed = Signal()

    def __init__(
        self,
        tokens: Theme,
        proposed: Placements,
        lengths_samples: Sequence[int],
        parent: QWidget | None = None,
        *,
        names_are_fixed: bool = False,
    ) -> None:
        super().__init__(parent)
        self._theme, self._names_are_fixed = tokens, names_are_fixed
        self._proposed, self._lengths = proposed, tuple(lengths_samples)
        self._files = list(proposed.files)
        self._track_names = _distinct([track.name for track in proposed.tracks])
        self._names = self._proposed_names()
        self._filling = False
        self._way = QComboBox()
        self._way.setAccessibleName("Place all files")
        self._way.addItems([str(way) for way in Way])
        self._picture = PlacesPicture(tokens)
        self._rows = QTreeWidget()
        self._rows.setAccessibleName("Files and their places")
        self._rows.setHeaderLabels(list(_TITLES))
        self._rows.setRootIsDecorated(False)
        self._rows.setUniformRowHeights(True)
        self._rows.setAllColumnsShowFocus(True)
        self._rows.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        triggers = QAbstractItemView.EditTrigger
        self._rows.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self._reason = label(wraps=True)
        self._reason.setMinimumHeight(px(54))
        self._reason.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._next = KeyButton(tokens, "Next alternative", "V")
        self._next.setShortcut("V")
        self._lay_out()
        self._fill()
        self._way.currentTextChanged.connect(lambda text: self._place_all(Way(text)))
        self._rows.currentItemChanged.connect(lambda *_: self._show_current())
        self._rows.itemChanged.connect(self._take)
        self._picture.chosen.connect(lambda number: self._rows.setCurrentItem(self._item(number)))
        self._next.clicked.connect(self._take_alternative)
        uncertain = next((number for number, one in enumerate(self._files) if not one.is_certain), 0)
        self._rows.setCurrentItem(self._item(uncertain))

    def _lay_out(self) -> None:
        header = self._rows.header()
        header.setStretchLastSection(True)
        start = QFontMetrics(mono_font()).horizontalAdvance("0:00:00.000") + px(24)
        for place, width in ((_FILE, px(170)), (_TRACK, px(120)), (_START, start)):
            header.setSectionResizeMode(place, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(place, width)
        self._rows.setMinimumSize(px(620), px(150))
        top = row(QLabel("Place files"), self._way, 1)
        below = row((self._reason, 1), (self._next, 0, Qt.AlignmentFlag.AlignTop))
        column(top, (self._picture, 1), (self._rows, 2), below, gap=10, owner=self)

    def values(self) -> Placements:
        """Return the places as they are now."""
        there = {
            name: track
            for name, track in zip(self._track_names, self._proposed.tracks, strict=True)
            if track.track_id
        }
        tracks = list(dict.fromkeys((*there, *self._names)))
        files = tuple(
            replace(one, track=tracks.index(name)) for one, name in zip(self._files, self._names, strict=True)
        )
        first = 0.0 if there else min((one.start_samples for one in files), default=0.0)
        files = tuple(replace(one, start_samples=one.start_samples - first) for one in files)
        starts = [one.start_samples for one in files]
        of_tracks = (
            sorted((n for n, name in enumerate(self._names) if name == track), key=starts.__getitem__)
            for track in tracks
        )
        placed = tuple(
            replace(there.get(name, PlacedTrack(name, ())), files=tuple(own))
            for name, own in zip(tracks, of_tracks, strict=True)
        )
        return replace(self._proposed, files=files, tracks=placed)

    def problem(self) -> str:
        """Return why the places cannot be taken; empty if they can."""
        for number, item in enumerate(self._items()):
            one, start_s = self._files[number], _read_start(item.text(_START))
            if start_s is None:
                return f"{item.text(_START)!r} is not a time: write 2:50.5, or seconds."
            if not self._names[number].strip():
                return f"{one.path.name} needs a track: type its name."
            if self._proposed.fixed and one.start_samples + self._lengths[number] <= 0.0:
                return f"{one.path.name} would end before the timeline begins: give it a later start."
        return ""

    def _fill(self) -> None:
        self._filling = True
        self._rows.clear()
        for one in self._files:
            item = QTreeWidgetItem([one.path.name, "", "", ""])
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setToolTip(_FILE, str(one.path))
            item.setFont(_START, mono_font())
            self._rows.addTopLevelItem(item)
        for clip in self._proposed.fixed:
            start = format_time(clip.start_samples / self._proposed.rate_hz)
            item = QTreeWidgetItem([clip.name, self._track_names[clip.track], start, "in the document"])
            item.setFont(_START, mono_font())
            for place in range(self._rows.columnCount()):
                item.setForeground(place, theme.color(self._theme.dim))
            self._rows.addTopLevelItem(item)
        self._filling = False
        self._show_all()

    def _show_all(self) -> None:
        self._filling = True
        for item, one, name in zip(self._items(), self._files, self._names, strict=True):
            item.setText(_FILE, one.path.name)  # as it was, where somebody typed another
            item.setText(_TRACK, name)
            item.setText(_START, format_time(one.start_samples / self._proposed.rate_hz))
            why = _WORDS.get(one.reason, str(one.basis))
            item.setText(_WHY, why if one.is_certain else f"{why} – check this place")
        self._filling = False
        shown = self.values()
        rate_hz = self._proposed.rate_hz
        bars = [
            PlaceBar(
                one.path.name,
                one.track,
                max(one.start_samples, 0.0) / rate_hz,
                (one.start_samples + length) / rate_hz,
                one.is_certain,
            )
            for one, length in zip(shown.files, self._lengths, strict=True)
        ]
        for clip in shown.fixed:
            start_s, stop_s = clip.start_samples / rate_hz, clip.stop_samples / rate_hz
            bars.append(PlaceBar(clip.name, clip.track, start_s, stop_s, is_fixed=True))
        self._picture.show_places(bars, [track.name for track in shown.tracks])
        self._show_current()
        self.changed.emit()

    def _show_current(self) -> None:
        number = self._number()
        self._picture.set_current(number)
        if not 0 <= number < len(self._files):
            self._reason.setText("A clip of the document. It stays where it is." if number >= 0 else "")
            self._next.setEnabled(False)
            return
        one = self._files[number]
        found = [one.sentence, *(other.sentence for other in one.contradictions)]
        if abs(one.drift_ppm) >= 0.05:
            found.append(f"Its clock differs by {one.drift_ppm:+.1f} ppm.")
        self._reason.setText(" ".join(found))
        alternatives = len(one.alternatives)
        self._next.setEnabled(bool(alternatives))
        self._next.setToolTip(counted(alternatives, "other place") if alternatives else "No other place")

    def _take(self, item: QTreeWidgetItem, place: int) -> None:
        """Take a typed track or start."""
        if self._filling:
            return
        number = self._rows.indexOfTopLevelItem(item)
        if place == _TRACK and item.text(_TRACK).strip() and not self._names_are_fixed:
            self._names[number] = item.text(_TRACK).strip()
        start_s = _read_start(item.text(_START))
        if place == _START and start_s is None:
            self.changed.emit()
            return
        if place == _START and start_s is not None:
            self._files[number] = self._chosen(number, float(round(start_s * self._proposed.rate_hz)))
        self._show_all()

    def _chosen(self, number: int, start_samples: float) -> Placement:
        return replace(
            self._files[number],
            start_samples=start_samples,
            basis=Basis.ORDER,
            confidence=1.0,
            is_certain=True,
            reason=Reason.CHOSEN,
            sentence="Placed by hand.",
        )

    def _take_alternative(self) -> None:
        """Put the current file at its next alternative; its present place becomes the last one."""
        number = self._number()
        if not 0 <= number < len(self._files) or not self._files[number].alternatives:
            return
        one = self._files[number]
        first, *others = one.alternatives
        now = replace(
            first,
            start_samples=one.start_samples,
            drift_ppm=one.drift_ppm,
            basis=one.basis,
            confidence=one.confidence,
        )
        self._files[number] = replace(
            one,
            start_samples=first.start_samples,
            drift_ppm=first.drift_ppm,
            basis=first.basis,
            confidence=first.confidence,
            alternatives=(*others, now),
        )
        self._show_all()

    def _place_all(self, way: Way) -> None:
        self._files = list(self._proposed.files)
        self._names = self._proposed_names()
        if way is Way.ZERO:
            self._files = [self._chosen(number, 0.0) for number in range(len(self._files))]
            self._names = self._new_names([one.path.stem for one in self._files])
        elif way is Way.AFTER:
            end = max((clip.stop_samples for clip in self._proposed.fixed), default=0.0)
            starts = [end, *self._lengths]
            at = [sum(starts[: number + 1]) for number in range(len(self._files))]
            self._files = [self._chosen(number, float(start)) for number, start in enumerate(at)]
            if not self._names_are_fixed:
                self._names = self._new_names([self._files[0].path.stem]) * len(self._files)
        self._show_all()

    def _proposed_names(self) -> list[str]:
        if self._names_are_fixed:
            return _distinct([one.path.stem for one in self._proposed.files])
        return [self._track_names[one.track] for one in self._proposed.files]

    def _new_names(self, names: Sequence[str]) -> list[str]:
        """Return names of new tracks, none of them that of a track of the document."""
        tracks = zip(self._track_names, self._proposed.tracks, strict=True)
        there = [name for name, track in tracks if track.track_id]
        return _distinct([*there, *names])[len(there) :]

    def _items(self) -> list[QTreeWidgetItem]:
        """Return the rows of the files."""
        return [self._item(number) for number in range(len(self._files))]

    def _item(self, number: int) -> QTreeWidgetItem:
        item = self._rows.topLevelItem(number)
        assert item is not None, "a row for each file"
        return item

    def _number(self) -> int:
        item = self._rows.currentItem()
        return -1 if item is None else self._rows.indexOfTopLevelItem(item)


def _read_start(text: str) -> float | None:
    """Return a start in seconds; one before the timeline has a minus."""
    sign, digits = (-1.0, text.strip()[1:]) if text.strip().startswith("-") else (1.0, text)
    found = read_time(digits)
    return None if found is None else sign * found


def _distinct(names: Sequence[str]) -> list[str]:
    """Return names with numbers behind those that are there already: equal names share a track."""
    found: list[str] = []
    for name in names:
        other, number = name, 2
        while other in found:
            other, number = f"{name} {number}", number + 1
        found.append(other)
    return found
