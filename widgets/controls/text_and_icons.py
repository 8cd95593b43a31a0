"""Parts of widgets that are painted by hand: elided text, line icons, bars, rows of a list.

Icons are drawn in any token of the theme, sharp at any scale. Screen readers get announcements about changes
away from the focus.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QIcon,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QTextLayout,
    QTextOption,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import (
    QLabel,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from engine.core.build import RESOURCES
from widgets.theme import Theme, px


def announce(widget: QWidget, text: str, urgent: bool = False) -> None:
    """Announce a sentence once; no effect without a screen reader.

    Parameters
    ----------
    urgent : it interrupts the current announcement
    """
    if not text or not QAccessible.isActive():
        return
    event = QAccessibleAnnouncementEvent(widget, text)
    if urgent:
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
    QAccessible.updateAccessibility(event)


class Themed:
    """Mixin of widgets that paint themselves in the colours of `_theme`."""

    _theme: Theme

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        assert isinstance(self, QWidget)
        self.update()


class PaintedRow(QStyledItemDelegate):
    """Paints the background of a row; subclasses paint the text.

    Attributes
    ----------
    height : of a row at 100 %
    """

    height: int

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.text = ""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(1, px(self.height))


ICONS_DIR = RESOURCES / "icons"
WINDOW_SIDES = (16, 24, 32, 48, 64, 128, 256)


def window_icon() -> QIcon:
    """Return the icon of the program, drawn at the sides that window managers and task bars ask for."""
    icon = QIcon()
    for side in WINDOW_SIDES:
        icon.addPixmap(QPixmap.fromImage(icon_image("own/offcut", "", side)))
    return icon


@lru_cache(maxsize=256)
def icon_image(name: str, token: str, side: int) -> QImage:
    """Draw an icon of `side` device pixels in the colour `token`.

    Raises
    ------
    FileNotFoundError : unknown icon
    """
    text = (ICONS_DIR / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", token)
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    return image


def paint_icon(painter: QPainter, name: str, rect: QRectF, token: str) -> None:
    """Paint an icon into `rect`, sharp at the painter's device pixel ratio."""
    ratio = painter.device().devicePixelRatio()
    side = max(1, round(rect.width() * ratio))
    image = icon_image(name, QColor(token).name(), side)
    target = QRectF(rect.topLeft(), QSizeF(side, side) / ratio)
    painter.drawImage(target, image)


def paint_words(painter: QPainter, area: QRectF, text: str, font: QFont, token: str) -> float:
    """Paint an elided line, left-aligned and vertically centred; return its width."""
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, area.width()))
    painter.setFont(font)
    painter.setPen(QColor(token))
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    return metrics.horizontalAdvance(shown)


def paint_share(painter: QPainter, bar: QRectF, share: float, ground: str, token: str) -> None:
    """Paint a bar with round ends that is filled from the left by a share, 0 to 1."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    radius = bar.height() / 2
    for width, ink in ((bar.width(), ground), (max(bar.height(), bar.width() * share), token)):
        painter.setBrush(QColor(ink))
        painter.drawRoundedRect(QRectF(bar.left(), bar.top(), width, bar.height()), radius, radius)
    painter.restore()


_BREAKS = QTextOption()
_BREAKS.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)


class ElidedLabel(QLabel):
    """A label of one plain line, or of a few, that can shrink to a few letters.

    Parameters
    ----------
    lines : maximum number of lines

    Signals
    -------
    clicked : it was pressed with the left button
    """

    clicked = Signal()

    def __init__(
        self, text: str = "", role: str = "", parent: QWidget | None = None, *, lines: int = 1
    ) -> None:
        super().__init__(text, parent)
        self._most_lines = lines
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        if role:
            self.setProperty("role", role)

    def setText(self, text: str) -> None:
        """Show another text."""
        if text != self.text():
            super().setText(text)
            self.setToolTip(text)

    def event(self, event: QEvent) -> bool:
        """Show the tooltip with the full text only if the label is elided."""
        if (
            event.type() == QEvent.Type.ToolTip
            and isinstance(event, QHelpEvent)
            and self.toolTip() == self.text()
        ):
            if self.is_elided:
                QToolTip.showText(event.globalPos(), f"<qt>{escape(self.text())}</qt>", self)
            return True
        return super().event(event)

    @property
    def is_elided(self) -> bool:
        """Whether the text is elided."""
        *_, last = self._broken()
        return self.fontMetrics().horizontalAdvance(last) > self.contentsRect().width()

    def _broken(self) -> list[str]:
        """Return the text in the fewest lines, with the remainder in the last one."""
        metrics, width, rest = self.fontMetrics(), self.contentsRect().width(), self.text()
        lines: list[str] = []
        while len(lines) + 1 < self._most_lines and metrics.horizontalAdvance(rest) > width:
            layout = QTextLayout(rest, self.font())
            layout.setTextOption(_BREAKS)
            layout.beginLayout()
            line = layout.createLine()
            line.setLineWidth(width)
            layout.endLayout()
            if not line.textLength():
                break
            lines.append(rest[: line.textLength()].rstrip())
            rest = rest[line.textLength() :]
        return [*lines, rest]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()
        super().mousePressEvent(event)

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        few = QFontMetricsF(QFont(self.font())).horizontalAdvance(self.text()[:3] + "…")
        return QSize(min(hint.width(), round(few + 0.5)), hint.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        inside = self.contentsRect()
        *first, last = self._broken()
        elided = self.fontMetrics().elidedText(last, Qt.TextElideMode.ElideRight, inside.width())
        flags = int(self.alignment() | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(inside, flags, "\n".join((*first, elided)))
