"""The painted parts of the overview of a day: the strip of the whole day, and its songs as rows of cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from desktop.features.day.picture import Cell, Picture, SongRow
from engine.core.timebase import format_time
from engine.features.day.day import DayKind
from widgets.controls.key_caps import ENTER, is_own_key
from widgets.controls.keyed_view import ARROWS, ENDS
from widgets.controls.text_and_icons import paint_icon, paint_words
from widgets.theme import TEXT, TEXT_SMALL, Theme, mix, mono_font, px, ui_font

_STRIP, _ROW, _MARGIN, _GAP = 40, 50, 12, 4
_NAME, _NAME_SHARE = 190, 0.24
_LEAST_CELL, _NARROW, _ICON = 56, 76, 12
_STAR = "★"


class DayStrip(QWidget):
    """The whole day in one line: a block for each take, and thin marks for talk.

    Signals
    -------
    place_chosen : a time in seconds
    """

    place_chosen = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._picture = theme, Picture()
        self._current: int | None = None
        self._playhead_s = 0.0
        self.setAccessibleName("The whole day")
        self.setFixedHeight(px(_STRIP))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

    def set_picture(self, picture: Picture, current: int | None) -> None:
        """Show a day, with the take of a row as the current one."""
        self._picture, self._current = picture, current
        self.update()

    def set_playhead(self, playhead_s: float) -> None:
        """Move the playhead."""
        if round(self._x(playhead_s)) != round(self._x(self._playhead_s)):
            self._playhead_s = playhead_s
            self.update()

    def _x(self, at_s: float) -> float:
        inside = self.width() - 2 * px(_MARGIN)
        return px(_MARGIN) + inside * at_s / max(self._picture.length_s, 1.0)

    def _time_at(self, x: float) -> float:
        inside = max(1, self.width() - 2 * px(_MARGIN))
        return min(max((x - px(_MARGIN)) / inside, 0.0), 1.0) * self._picture.length_s

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._picture.length_s:
            self.place_chosen.emit(self._time_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at_s = self._time_at(event.pos().x())
            there = (cell for cell in self._picture.cells if cell.start_s <= at_s < cell.stop_s)
            words = next((f"{cell.name} – take {cell.number}" for cell in there), "")
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.fillRect(self.rect(), QColor(theme.panel))
        top, height = px(8), self.height() - px(16)
        ground = QRectF(self._x(0.0), top, self._x(self._picture.length_s) - self._x(0.0), height)
        painter.fillRect(ground, QColor(theme.bg))
        is_interview = self._picture.kind is DayKind.INTERVIEW  # its talk is its contents
        share, ink = (1.0, mix(theme.accent(0), theme.bg, 0.5)) if is_interview else (0.3, theme.faint)
        for start_s, stop_s in self._picture.talk_s:
            mark = QRectF(self._x(start_s), top + height * (1.0 - share), 0.0, height * share)
            mark.setRight(max(mark.left() + 1.0, self._x(stop_s)))
            painter.fillRect(mark, QColor(ink))
        for number, song in enumerate(self._picture.songs):
            for cell in song.cells:
                block = QRectF(self._x(cell.start_s), top, 0.0, height)
                block.setRight(max(block.left() + 2.0, self._x(cell.stop_s) - 1.0))
                share = 0.35 if cell.is_passed_over or not cell.is_complete else 0.85
                painter.fillRect(block, QColor(mix(theme.accent(number), theme.bg, 1.0 - share)))
                if cell.row == self._current:
                    painter.setPen(QPen(QColor(theme.undecided), px(2)))
                    painter.drawRect(block.adjusted(0, -2, 0, 2))
        painter.setPen(QColor(theme.playhead))
        x = self._x(self._playhead_s)
        painter.drawLine(QPointF(x, px(3)), QPointF(x, self.height() - px(3)))


class SongRows(QWidget):
    """Songs as rows, and their takes as cells whose widths are their lengths.

    Signals
    -------
    chosen : the row of a take in the stored day became the current one
    opened : Enter or a double click on the current take
    name_wanted : a double click on the name of a song
    compare_wanted : Tab while a take plays; 1 for the next take, -1 for the one before
    menu_requested : a right click on a take, with the place on the screen
    """

    chosen = Signal(int)
    opened = Signal()
    name_wanted = Signal()
    compare_wanted = Signal(int)
    menu_requested = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._picture = theme, Picture()
        self.current: int | None = None
        self._empty = ""
        self.plays = False
        self.setAccessibleName("Songs and takes")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

    def set_picture(self, picture: Picture, current: int | None, empty: str) -> None:
        """Show a day, with the take of a row as the current one, or a sentence in place of no songs."""
        self._picture, self.current, self._empty = picture, current, empty
        self.setMinimumHeight(max(1, len(picture.songs)) * px(_ROW) + px(_GAP))
        self._describe()
        self.update()

    def set_playing(self, playing: bool) -> None:
        """Show whether the current take plays."""
        self.plays = playing
        self.update()

    def _describe(self) -> None:
        cell = self.cell
        self.setAccessibleDescription(
            self._empty if cell is None else f"{cell.name}, take {cell.number}, {cell.words}"
        )

    @property
    def cell(self) -> Cell | None:
        """The current take."""
        return next((cell for cell in self._picture.cells if cell.row == self.current), None)

    def sizeHint(self) -> QSize:
        return QSize(px(600), self.minimumHeight())

    # places

    @property
    def _name_width(self) -> float:
        return min(px(_NAME), self.width() * _NAME_SHARE)

    def _placed(self) -> Iterator[tuple[int, SongRow, list[tuple[Cell, QRectF]]]]:
        """Yield each song with its number and the places of its cells."""
        if not self._picture.songs:
            return
        room = self.width() - self._name_width - 2 * px(_MARGIN)
        longest_s = max(sum(cell.length_s for cell in song.cells) for song in self._picture.songs)
        for number, song in enumerate(self._picture.songs):
            free = room - px(_GAP) * len(song.cells)
            widths = [max(cell.length_s * room / longest_s, px(_LEAST_CELL)) for cell in song.cells]
            narrower = min(1.0, free / sum(widths))
            left, top, placed = self._name_width + px(_MARGIN), number * px(_ROW) + px(_GAP), []
            for cell, width in zip(song.cells, widths, strict=True):
                placed.append((cell, QRectF(left, top, width * narrower, px(_ROW) - px(_GAP))))
                left += width * narrower + px(_GAP)
            yield number, song, placed

    def place_of_current(self) -> QRectF | None:
        """Return the place of the current take."""
        cells = (pair for _, _, placed in self._placed() for pair in placed)
        return next((place for cell, place in cells if cell.row == self.current), None)

    def _cell_at(self, at: QPointF) -> Cell | None:
        """Return the take at a place; the first one of a song at its name."""
        if at.x() < self._name_width:
            number = int(at.y() // px(_ROW))
            songs = self._picture.songs
            return songs[number].cells[0] if 0 <= number < len(songs) else None
        cells = (pair for _, _, placed in self._placed() for pair in placed)
        return next((cell for cell, place in cells if place.contains(at)), None)

    # keys and mouse

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, ARROWS | ENDS | ENTER):
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self.plays:
            steps = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}
            if event.key() in steps:
                self.compare_wanted.emit(steps[Qt.Key(event.key())])
                return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self._cell_at(QPointF(event.pos()))
            words = "" if cell is None else "\n".join(filter(None, (cell.words, cell.why_best)))
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in ENTER:
            self.opened.emit()
        elif key in ARROWS | ENDS:
            self._step(key)
        else:
            super().keyPressEvent(event)

    def _step(self, key: Qt.Key) -> None:
        rows = [song.cells for song in self._picture.songs]
        here = next(
            ((y, x) for y, row in enumerate(rows) for x, cell in enumerate(row) if cell.row == self.current),
            None,
        )
        if here is None:
            if rows:
                self.chosen.emit(rows[0][0].row)
            return
        y, x = here
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            y = min(max(y + (1 if key == Qt.Key.Key_Down else -1), 0), len(rows) - 1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            x += 1 if key == Qt.Key.Key_Right else -1
        else:
            y, x = (0, 0) if key == Qt.Key.Key_Home else (len(rows) - 1, len(rows[-1]) - 1)
        self.chosen.emit(rows[y][min(max(x, 0), len(rows[y]) - 1)].row)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position())
        if cell is None:
            return
        self.chosen.emit(cell.row)
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_requested.emit(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if (cell := self._cell_at(event.position())) is not None:
            self.chosen.emit(cell.row)
            (self.name_wanted if event.position().x() < self._name_width else self.opened).emit()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.fillRect(self.rect(), QColor(theme.bg))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._picture.songs:
            painter.setPen(QColor(theme.dim))
            painter.setFont(ui_font())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._empty)
            return
        for number, song, placed in self._placed():
            if not event.rect().intersects(QRectF(0, number * px(_ROW), self.width(), px(_ROW)).toRect()):
                continue
            self._paint_name(painter, number, song)
            for cell, place in placed:
                self._paint_cell(painter, cell, place, theme.accent(number))

    def _paint_name(self, painter: QPainter, number: int, song: SongRow) -> None:
        theme, top = self._theme, number * px(_ROW) + px(_GAP)
        painter.fillRect(
            QRectF(px(_MARGIN), top + px(6), px(4), px(_ROW) - px(16)), QColor(theme.accent(number))
        )
        area = QRectF(px(_MARGIN) + px(12), top, self._name_width - px(12), (px(_ROW) - px(_GAP)) * 0.55)
        paint_words(painter, area, song.name, ui_font(TEXT), theme.text)
        area.moveTop(area.bottom() - px(2))
        count = len(song.cells)
        words = f"{count} take{'s' if count != 1 else ''}{' · known' if song.is_known else ''}"
        paint_words(painter, area, words, ui_font(TEXT_SMALL), theme.dim)

    def _paint_cell(self, painter: QPainter, cell: Cell, place: QRectF, accent: str) -> None:
        theme, is_current = self._theme, cell.row == self.current
        share = 0.55 if cell.is_retained else 0.1 if cell.is_passed_over else 0.28
        painter.setBrush(QColor(mix(accent, theme.panel, 1.0 - share)))
        edge = theme.undecided if is_current else accent if cell.is_retained else theme.line
        line = Qt.PenStyle.SolidLine if cell.is_complete or is_current else Qt.PenStyle.DashLine
        painter.setPen(QPen(QColor(edge), px(2) if is_current and self.hasFocus() else 1.2, line))
        painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), px(4), px(4))
        ink = theme.dim if cell.is_passed_over else theme.text
        side = px(4) if place.width() < px(_LEAST_CELL) else px(7)
        inside = place.adjusted(side, px(3), -px(3), -px(3))
        top, bottom = QRectF(inside), QRectF(inside)
        top.setHeight(inside.height() / 2)
        bottom.setTop(top.bottom())
        if is_current and self.plays:
            paint_icon(
                painter, "play", QRectF(top.left(), top.center().y() - px(6), px(_ICON), px(_ICON)), ink
            )
            top.setLeft(top.left() + px(_ICON) + px(3))
        elif cell.is_retained:
            paint_icon(
                painter, "keep", QRectF(top.left(), top.center().y() - px(6), px(_ICON), px(_ICON)), ink
            )
            top.setLeft(top.left() + px(_ICON) + px(3))
        length = format_time(cell.length_s, 0)
        is_narrow = place.width() < px(_NARROW)
        title = f"{cell.number}" if is_narrow else f"{cell.number}  {length}"
        used = paint_words(painter, top, title, mono_font(TEXT_SMALL), ink)
        top.setLeft(top.left() + used + px(8))
        small = ui_font(TEXT_SMALL)
        paint_words(painter, top, _fitting(cell.short, small, top.width()), small, theme.dim)
        if cell.stars:
            stars = f"{cell.stars}{_STAR}" if is_narrow else _STAR * cell.stars
            paint_words(painter, bottom, stars, ui_font(TEXT_SMALL), theme.score_line)
        elif is_narrow:
            paint_words(painter, bottom, length, mono_font(TEXT_SMALL), theme.dim)
        elif cell.why_best:
            paint_words(painter, bottom, cell.why_best, ui_font(TEXT_SMALL), theme.dim)
        elif not cell.is_complete:
            paint_words(painter, bottom, "part", ui_font(TEXT_SMALL), theme.dim)


def _fitting(words: Sequence[str], font: QFont, width: float) -> str:
    """Return as many words as fit into a width, the first ones first."""
    metrics, shown = QFontMetricsF(font), ""
    for word in words:
        longer = f"{shown} · {word}" if shown else word
        if metrics.horizontalAdvance(longer) <= width:
            shown = longer
    return shown
