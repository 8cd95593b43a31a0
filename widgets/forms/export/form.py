"""Export form; it neither writes nor reads files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from engine.edl.export.formats import FORMATS
from engine.edl.export.placing.frame_rates import FrameRate
from widgets.controls.check_box import CheckBox
from widgets.controls.keys.caps import KeyButton
from widgets.forms.export.choice import WHOLE, ExportChoice, ExportOutlook, SpanOffer
from widgets.forms.export.options import LABELS, ExportOptionsPanel
from widgets.forms.export.written_list import WrittenList
from widgets.theme import TEXT, Theme, px

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
        self._result = QLabel(result_text)
        self._result.setWordWrap(True)
        self._notes = {name: QLabel() for name in ("formats", "folder", "name", "files")}
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
        for note in self._notes.values():
            note.setProperty("role", "error")
            note.setWordWrap(True)
        left = QVBoxLayout()
        left.setSpacing(px(12))
        left.addLayout(self._formats())
        left.addWidget(self._notes["formats"])
        left.addLayout(self._where())
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(px(12))
        right.addWidget(self._options)
        right.addWidget(self._written)
        right.addWidget(self._notes["files"])
        right.addStretch(1)
        self._options.setMinimumWidth(px(_OPTIONS_WIDTH))
        columns = QHBoxLayout()
        columns.setSpacing(px(24))
        columns.addLayout(left)
        columns.addLayout(right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(16))
        layout.addWidget(self._result)
        self._result.setVisible(bool(self._result.text()))
        layout.addLayout(columns, 1)

    def _formats(self) -> QGridLayout:
        """Arrange each format with its purpose on one line, because the list is long."""
        formats = QGridLayout()
        formats.setHorizontalSpacing(px(16))
        formats.setVerticalSpacing(0)
        formats.setRowMinimumHeight(0, px(28))
        formats.setColumnStretch(1, 1)
        title = QLabel("Formats")
        title.setProperty("role", "title")
        formats.addWidget(title, 0, 0, 1, 2)
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
        title = QLabel("Files")
        title.setProperty("role", "title")
        where.addWidget(title, 0, 0, 1, 3)
        rows = (("F&older", self._folder, "folder"), ("&Name", self._name, "name"))
        for number, (text, field, note) in enumerate(rows):
            line = 1 + 2 * number
            label = QLabel(text)
            label.setBuddy(field)
            where.addWidget(label, line, 0)
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
        for label in self._good_for:
            label.setStyleSheet(f"color: {theme.dim}; font-size: {px(TEXT - 1)}px;")

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
