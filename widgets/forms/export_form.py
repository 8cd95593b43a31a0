"""The export form: formats, options, folder, and a list of the files that an export will write.

It neither writes nor reads files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QScrollArea, QWidget

from engine.core.wording import counted
from engine.exchange.export.formats import FORMATS
from engine.exchange.export.placing.timecode import FrameRate
from widgets.controls.fields import CheckBox
from widgets.controls.key_caps import KeyButton, column, label, row
from widgets.controls.text_and_icons import Themed
from widgets.forms.export_options import (
    LABELS,
    WHOLE,
    ExportChoice,
    ExportOptionsPanel,
    ExportOutlook,
    SpanOffer,
    WrittenLine,
)
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
        self._heading = label(role="dim")
        self._lines = _Lines(theme)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setAccessibleName("Files to export")
        self._area.setWidget(self._lines)
        column(self._heading, self._area, gap=4, owner=self)
        self.show_files((), "")

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._lines.set_theme(theme)

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
        lines = [self._heading.text()]
        for line in self._lines.lines:
            words = (line.name, line.detail, f"{_REPLACES} the existing file" if line.replaces else "")
            lines.append(", ".join(filter(None, words)))
        return "\n".join(lines)


class _Lines(Themed, QWidget):
    """Paints one file per line; a long name is elided in the middle, since its suffix matters."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.lines: tuple[WrittenLine, ...] = ()

    def sizeHint(self) -> QSize:
        return QSize(px(200), px(_LINE) * len(self.lines))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
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


_OPTIONS_WIDTH = 480


class ExportForm(QWidget):
    """Formats, their options, the folder, and the resulting files.

    Parameters
    ----------
    choice : initial input
    look : computes the preview of an export; called after each change
    spans : the parts of the recording that can be written alone
    result_text : summary of the result
    source_bits : bit depth of the recordings, such as "24 bit"
    own_rate_hz : sample rate of the document; 0 if unknown
    video_rate : frame rate of its videos; None without any

    Signals
    -------
    changed : `problem()` may have changed
    folder_requested : let the user choose a folder; answer with `set_folder`
    """

    changed = Signal()
    folder_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        choice: ExportChoice,
        look: Callable[[ExportChoice], ExportOutlook],
        spans: Sequence[SpanOffer] = (WHOLE,),
        result_text: str = "",
        source_bits: str = "",
        own_rate_hz: int = 0,
        video_rate: FrameRate | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._problem = ""
        self._folder, self._name = QLineEdit(choice.folder), QLineEdit(choice.name)
        self._browse = KeyButton(theme, "Choose…")
        self._browse.setAccessibleName("Choose a folder")
        self._boxes = {
            each.suffix: CheckBox(theme, f"{each.name} ({each.suffix})") for each in FORMATS.values()
        }
        self._good_for = [QLabel(each.good_for) for each in FORMATS.values()]
        self._options = ExportOptionsPanel(
            theme, choice.options, spans, choice.span, source_bits, own_rate_hz, video_rate
        )
        self._result = label(result_text, wraps=True)
        names = ("formats", "folder", "name", "files")
        self._notes = {name: label(role="error", wraps=True) for name in names}
        self._written = WrittenList(theme)
        self._folder.setAccessibleName("Folder")
        self._name.setAccessibleName("File name without extension")
        for suffix, box in self._boxes.items():
            box.setChecked(suffix in choice.suffixes)
        self._lay_out()
        self._wire()
        self.set_theme(theme)
        self._renew()

    def _lay_out(self) -> None:
        self._options.setMinimumWidth(px(_OPTIONS_WIDTH))
        left = column(self._formats(), self._notes["formats"], self._where(), 1, gap=12)
        right = column(self._options, self._written, self._notes["files"], 1, gap=12)
        column(self._result, (row(left, (right, 1), gap=24), 1), gap=16, owner=self)
        self._result.setVisible(bool(self._result.text()))

    def _formats(self) -> QGridLayout:
        """Arrange each format with its purpose on one line, because the list is long."""
        formats = QGridLayout()
        formats.setHorizontalSpacing(px(16))
        formats.setVerticalSpacing(0)
        formats.setRowMinimumHeight(0, px(28))
        formats.setColumnStretch(1, 1)
        formats.addWidget(label("Formats", "title"), 0, 0, 1, 2)
        for line, (box, good_for) in enumerate(zip(self._boxes.values(), self._good_for, strict=True), 1):
            formats.addWidget(box, line, 0)
            formats.addWidget(good_for, line, 1)
            box.setAccessibleDescription(good_for.text())
        return formats

    def _where(self) -> QGridLayout:
        where = QGridLayout()
        where.setHorizontalSpacing(px(12))
        where.setVerticalSpacing(px(6))
        where.setColumnMinimumWidth(0, px(LABELS))
        where.setColumnStretch(1, 1)
        where.addWidget(label("Files", "title"), 0, 0, 1, 3)
        rows = (("F&older", self._folder, "folder"), ("&Name", self._name, "name"))
        for number, (text, field, note) in enumerate(rows):
            line = 1 + 2 * number
            title = QLabel(text)
            title.setBuddy(field)
            where.addWidget(title, line, 0)
            where.addWidget(field, line, 1)
            where.addWidget(self._notes[note], line + 1, 1, 1, 2)
            field.setMinimumWidth(px(160))
            field.setCursorPosition(0)
        where.addWidget(self._browse, 1, 2)
        return where

    def _wire(self) -> None:
        self.setTabOrder(tuple(self._boxes.values())[-1], self._folder)
        self.setTabOrder(self._folder, self._browse)
        self.setTabOrder(self._browse, self._name)
        self._browse.clicked.connect(self.folder_requested)
        for field in (self._folder, self._name):
            field.textChanged.connect(self._renew)
        for box in self._boxes.values():
            box.toggled.connect(self._renew)
        self._options.changed.connect(self._renew)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._browse.set_theme(theme)
        self._options.set_theme(theme)
        self._written.set_theme(theme)
        for box in self._boxes.values():
            box.set_theme(theme)
        for good_for in self._good_for:
            good_for.setStyleSheet(f"color: {theme.dim}; font-size: {px(TEXT - 1)}px;")

    def set_folder(self, folder: str) -> None:
        """Write into this folder."""
        self._folder.setText(folder)

    def problem(self) -> str:
        """Return the error message, or "" for a valid export."""
        return self._problem

    def values(self) -> ExportChoice:
        """Return the input if there is no `problem`."""
        return ExportChoice(
            self._folder.text().strip(),
            self._name.text().strip(),
            tuple(suffix for suffix, box in self._boxes.items() if box.isChecked()),
            self._options.values(),
            self._options.span,
        )

    def _wrong(self) -> tuple[str, str]:
        """Return the invalid field and its message, from the checks of the form."""
        name = self._name.text().strip()
        if not any(box.isChecked() for box in self._boxes.values()):
            return "formats", "Choose at least one format."
        if not self._folder.text().strip():
            return "folder", "Choose a folder."
        if not name or name in (".", "..") or "/" in name or "\\" in name:
            return "name", "Enter a file name without slashes."
        return self._options.problem()

    def _renew(self) -> None:
        self._options.follow(suffix for suffix, box in self._boxes.items() if box.isChecked())
        field, self._problem = self._wrong()
        outlook = ExportOutlook()
        if not self._problem:
            outlook = self._look(self.values())
            field, self._problem = outlook.field, outlook.problem
        if not self._options.show_problem(field if self._problem else "", self._problem):
            field = field if field in self._notes else "files"
        for name, note in self._notes.items():
            is_here = bool(self._problem) and name == field
            note.setText(self._problem if is_here else "")
            note.setVisible(is_here)
        self._written.show_files(outlook.files, outlook.total)
        self.changed.emit()
