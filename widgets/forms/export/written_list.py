"""The files that an export will write, as a list to read."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.wording import counted
from widgets.forms.export.choice import WrittenLine
from widgets.theme import TEXT, Theme, mono_font, px

_MOST_LINES = 5
_LINE = 20
_GAP = 12
_BORDERS = 2  # of the scroll area, above and below
_REPLACES = "replaces"


class WrittenList(QWidget):
    """Names with length and size; marks files that replace existing ones."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = QLabel()
        self._heading.setProperty("role", "dim")
        self._lines = _Lines(theme)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setAccessibleName("Files to export")
        self._area.setWidget(self._lines)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(4))
        layout.addWidget(self._heading)
        layout.addWidget(self._area)
        self.show_files((), "")

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._lines.theme = theme
        self._lines.update()

    def show_files(self, lines: Sequence[WrittenLine], total: str) -> None:
        """List these files; `total` is their size together, in words."""
        self._lines.lines = tuple(lines)
        self._lines.updateGeometry()
        self._lines.update()
        count = len(lines)
        self._area.setFixedHeight(px(_LINE) * max(1, min(_MOST_LINES, count)) + _BORDERS)
        # Only where there is something to scroll is it a stop for the Tab key.
        scrolls = count > _MOST_LINES
        self._area.setFocusPolicy(Qt.FocusPolicy.StrongFocus if scrolls else Qt.FocusPolicy.NoFocus)
        what = f"Will write {counted(count, 'file')}{f', {total}' if total else ''}"
        self._heading.setText(what if count else "")
        self._area.setAccessibleDescription(self.text())

    def text(self) -> str:
        """Return the list as text for screen readers."""
        return "\n".join([self._heading.text(), *(_said(line) for line in self._lines.lines)])


class _Lines(QWidget):
    """Paints one file per line; a long name is elided in the middle, since its suffix matters."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.lines: tuple[WrittenLine, ...] = ()

    def sizeHint(self) -> QSize:
        return QSize(px(200), px(_LINE) * len(self.lines))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self.theme
        painter.setFont(mono_font(TEXT - 1))
        metrics = painter.fontMetrics()
        left_middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        for number, line in enumerate(self.lines):
            right = self.width() - px(_GAP)
            top, height = number * px(_LINE), px(_LINE)
            parts = [(line.detail, theme.dim)]
            if line.replaces:
                parts.append((f"! {_REPLACES}", theme.accepted))
            for text, token in parts:
                right -= metrics.horizontalAdvance(text)
                painter.setPen(QColor(token))
                painter.drawText(QRectF(right, top, self.width() - right, height), left_middle, text)
                right -= px(_GAP)
            painter.setPen(QColor(theme.text))
            name = metrics.elidedText(line.name, Qt.TextElideMode.ElideMiddle, right)
            painter.drawText(QRectF(0, top, right, height), left_middle, name)


def _said(line: WrittenLine) -> str:
    words = (line.name, line.detail, f"{_REPLACES} the existing file" if line.replaces else "")
    return ", ".join(word for word in words if word)
