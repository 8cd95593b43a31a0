"""The form that asks what to write; it writes nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from widgets.chrome.check_box import CheckBox
from widgets.chrome.key_caps import KeyButton
from widgets.theme import TEXT, Theme, px

_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format by its suffix, such as ".wav", with its name and what it is good for."""

    suffix: str
    name: str
    good_for: str


FORMATS = (
    ExportFormat(".wav", "WAV", "the result as audio, as the source has it"),
    ExportFormat(".flac", "FLAC", "the same samples in about half the room"),
    ExportFormat(".json", "Edit list", "every cut as numbers, for scripts"),
    ExportFormat(".txt", "Audacity labels", "the cuts as a label track"),
    ExportFormat(".rpp", "REAPER project", "the sources with cuts and crossfades in place"),
    ExportFormat(".otio", "OpenTimelineIO", "for programs and scripts of film and sound"),
    ExportFormat(".aaf", "AAF", "the cuts for Pro Tools and Media Composer"),
    ExportFormat(".fcpxml", "Final Cut Pro", "the cuts, exact to the sample"),
    ExportFormat(".xml", "Final Cut 7, Premiere", "the cuts, to the frame"),
    ExportFormat(".edl", "CMX 3600", "the cuts as a list, to the frame"),
    ExportFormat(".mid", "MIDI tempo map", "beats and tempo, with a marker at each cut"),
)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The files to write, in the order of the form."""

    paths: tuple[str, ...]


class ExportForm(QWidget):
    """A folder, a name and one checkbox a format, with the paths that will be written.

    `folder_requested` asks the owner to let the user choose a folder; it answers with `set_folder`.
    """

    changed = Signal()
    folder_requested = Signal()

    def __init__(
        self, theme: Theme, folder: str, name: str, result_text: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._folder, self._name = QLineEdit(folder), QLineEdit(name)
        self._browse = KeyButton(theme, "Choose…")
        self._browse.setAccessibleName("Choose a folder")
        self._boxes = {each.suffix: CheckBox(theme, f"{each.name} ({each.suffix})") for each in FORMATS}
        self._good_for = [QLabel(each.good_for) for each in FORMATS]
        self._result = QLabel(result_text)
        self._written, self._problem = QLabel(), QLabel()
        self._folder.setAccessibleName("Folder")
        self._name.setAccessibleName("File name without its ending")
        self._written.setAccessibleName("Files that will be written")
        self._boxes[".wav"].setChecked(True)
        self._lay_out()
        self._browse.clicked.connect(self.folder_requested)
        for field in (self._folder, self._name):
            field.textChanged.connect(self._renew)
        for box in self._boxes.values():
            box.toggled.connect(self._renew)
        self.set_theme(theme)
        self._renew()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(12))
        layout.addWidget(self._result)
        self._result.setVisible(bool(self._result.text()))
        formats = QGridLayout()
        formats.setHorizontalSpacing(px(24))
        formats.setVerticalSpacing(px(4))
        lines = -(-len(self._boxes) // _COLUMNS)
        for index, (box, good_for) in enumerate(zip(self._boxes.values(), self._good_for, strict=True)):
            column, line = divmod(index, lines)
            choice = QVBoxLayout()
            choice.setSpacing(0)
            choice.addWidget(box)
            choice.addWidget(good_for)
            formats.addLayout(choice, line, column)
            good_for.setContentsMargins(px(26), 0, 0, 0)
            box.setAccessibleDescription(good_for.text())
        layout.addLayout(formats)
        where = QGridLayout()
        where.setHorizontalSpacing(px(8))
        where.setVerticalSpacing(px(8))
        for line, (text, field) in enumerate((("&Folder", self._folder), ("&Name", self._name))):
            label = QLabel(text)
            label.setBuddy(field)
            where.addWidget(label, line, 0)
            where.addWidget(field, line, 1)
            field.setMinimumWidth(px(160))
            field.setCursorPosition(0)
        where.addWidget(self._browse, 0, 2)
        layout.addLayout(where)
        layout.addWidget(self._written)
        layout.addWidget(self._problem)
        layout.addStretch(1)
        self._written.setWordWrap(True)
        self._problem.setWordWrap(True)

    def set_theme(self, theme: Theme) -> None:
        """Paint with these colours from now on."""
        self._browse.set_theme(theme)
        for box in self._boxes.values():
            box.set_theme(theme)
        for label in self._good_for:
            label.setStyleSheet(f"color: {theme.dim}; font-size: {px(TEXT - 1)}px;")
        self._written.setStyleSheet(
            f'color: {theme.dim}; font-family: "JetBrains Mono"; font-size: {px(TEXT - 1)}px;'
        )
        self._problem.setStyleSheet(f"color: {theme.error};")

    def set_folder(self, folder: str) -> None:
        """Write into this folder."""
        self._folder.setText(folder)

    def problem(self) -> str:
        """Say what is missing, "" when the files can be written."""
        name = self._name.text().strip()
        if not self._folder.text().strip():
            return "Choose a folder to write to."
        if not name or name in (".", "..") or "/" in name or "\\" in name:
            return "Give the files a name without slashes."
        if not any(box.isChecked() for box in self._boxes.values()):
            return "Choose at least one format."
        return ""

    def values(self) -> ExportRequest:
        """Return what was asked for; only where there is no `problem`."""
        base = PurePath(self._folder.text().strip()) / self._name.text().strip()
        return ExportRequest(
            tuple(f"{base}{suffix}" for suffix, box in self._boxes.items() if box.isChecked())
        )

    def _renew(self) -> None:
        problem = self.problem()
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        names = [] if problem else [PurePath(path).name for path in self.values().paths]
        self._written.setText("Will write:\n" + "\n".join(names) if names else "")
        self.changed.emit()
