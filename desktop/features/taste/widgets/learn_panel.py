"""Form for the training data of a taste: recordings with their durations, method and problems.

It neither reads files nor trains.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFontMetricsF,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidgetItem,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from desktop.features.taste.widgets.findings import Findings
from engine.core.timebase import format_time
from engine.core.wording import counted, one_line
from engine.features.taste.anomaly.recipes.methods import METHODS
from engine.features.taste.diagnoses.findings import Finding
from widgets.controls.fields import ChoiceField, NumberField, RemovableList
from widgets.controls.key_caps import Fold, KeyButton
from widgets.controls.text_and_icons import ElidedLabel, PaintedRow, paint_words
from widgets.theme import ROW, TEXT_SMALL, Theme, mono_font, px, ui_font

_PATH = int(Qt.ItemDataRole.UserRole)
_LENGTH = _PATH + 1
UNREADABLE = "cannot be read"


class RecordingList(RemovableList):
    """One recording per row, without duplicates.

    Attributes
    ----------
    LENGTH : item role of the duration
    """

    LENGTH = _LENGTH

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = _RowDelegate(theme, self)
        self._lengths_s: dict[str, float | None] = {}
        self.setItemDelegate(self._delegate)
        self.setProperty("surface", "ground")
        self.setSelectionMode(RemovableList.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(False)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._delegate.theme = theme
        self.viewport().update()

    @property
    def paths(self) -> tuple[str, ...]:
        """The recordings, in their order."""
        return tuple(str(self.item(row).data(_PATH)) for row in range(self.count()))

    def add(self, paths: Iterable[str]) -> None:
        """Add recordings that are not in the list."""
        known = set(self.paths)
        for path in paths:
            if path not in known:
                known.add(path)
                item = QListWidgetItem(one_line(path.replace("\\", "/").rsplit("/", 1)[-1]))
                item.setData(_PATH, path)
                item.setToolTip(path)
                self.addItem(item)
        self._show_lengths()

    def remove_chosen(self) -> None:
        """Take the chosen lines off."""
        for item in self.selectedItems():
            self.takeItem(self.row(item))

    def set_lengths(self, lengths_s: Mapping[str, float | None]) -> None:
        """Set the durations of recordings, by path; None: unreadable."""
        self._lengths_s |= lengths_s
        self._show_lengths()

    def _show_lengths(self) -> None:
        for row, path in enumerate(self.paths):
            if path in self._lengths_s:
                length_s = self._lengths_s[path]
                self.item(row).setData(_LENGTH, UNREADABLE if length_s is None else format_time(length_s, 0))

    @property
    def sum_text(self) -> str:
        """Format the number of recordings and their total duration, if known."""
        paths = self.paths
        known = [self._lengths_s[path] for path in paths if path in self._lengths_s]
        if not paths or len(known) < len(paths):
            return counted(len(paths), "recording") if paths else ""
        total_s = sum(one for one in known if one is not None)
        return f"{counted(len(paths), 'recording')}, {format_time(total_s, 0)} in all"


class _RowDelegate(PaintedRow):
    """Paints the name, shortened in the middle, and the length at the right."""

    height = ROW

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        area = QRectF(option.rect).adjusted(px(8), 0, -px(8), 0)
        length = str(index.data(_LENGTH) or "…")
        is_bad = length == UNREADABLE
        painter.setFont(ui_font(TEXT_SMALL) if is_bad else mono_font(TEXT_SMALL))
        painter.setPen(QColor(self.theme.error if is_bad else self.theme.dim))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), length)
        taken = painter.fontMetrics().horizontalAdvance(length) + px(12)
        name = area.adjusted(0, 0, -taken, 0)
        words = QFontMetricsF(ui_font()).elidedText(
            str(index.data(Qt.ItemDataRole.DisplayRole)), Qt.TextElideMode.ElideMiddle, name.width()
        )
        paint_words(painter, name, words, ui_font(), self.theme.text)


_ASKS = "Add recordings that you edited, or drop them here. Offcut learns from the segments in them."
_LONGEST_NAME_BYTES = 200
"""Most file systems take 255, and a file that is being written has a few signs more."""


@dataclass(frozen=True, slots=True)
class LearnRequest:
    """Training data and settings.

    Attributes
    ----------
    edited : paths of the edited recordings
    name : of the taste
    recipe : one of `engine.features.taste.anomaly.recipes.methods`
    """

    edited: tuple[str, ...]
    name: str
    epochs: int
    seed: int
    recipe: str = METHODS[0].recipe


class LearnPanel(QWidget):
    """Edited recordings and a name; method, epochs and seed are folded away.

    `files_requested` asks the owner to let the user choose files; it answers with `add_files`. `changed`
    signals that `problem()` may have changed, `files_changed` that `paths` has; the owner that inspects
    recordings answers with `set_lengths` and `set_findings`.

    Parameters
    ----------
    epochs : if they differ from the default of the method, the folded settings are open
    """

    changed = Signal()
    files_changed = Signal()
    files_requested = Signal()

    def __init__(self, theme: Theme, epochs: int | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._files = RecordingList(theme)
        self._files.setAccessibleName("Edited recordings")
        self._files.setMinimumHeight(px(3 * ROW))
        self._sum = ElidedLabel("", "dim")
        self._add = KeyButton(theme, "Add recordings…", "", "plus")
        self._remove = KeyButton(theme, "Remove", "", "minus")
        self._name = QLineEdit("My taste")
        labels = {method.recipe: method.label for method in METHODS}
        self._method = ChoiceField(theme, "Learning method", labels, METHODS[0].recipe)
        self._epochs = NumberField(METHODS[0].epochs if epochs is None else epochs, 1, 10_000)
        self._seed = NumberField(0, 0, 2**31 - 1)
        self._problem = QLabel()
        self._problem.setProperty("role", "dim")
        self._problem.setWordWrap(True)
        self._findings = Findings(theme)
        self._fold = self._folded(theme)
        self._fold.set_open(epochs is not None)
        self._lay_out()
        self._add.clicked.connect(self.files_requested)
        self._remove.clicked.connect(self._remove_chosen)
        self._files.removed.connect(self._remove_chosen)
        self._files.itemSelectionChanged.connect(self._renew)
        self._method.currentIndexChanged.connect(self._take_method)
        for field in (self._name, self._epochs, self._seed):
            field.textChanged.connect(self._renew)
        self._renew()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(8))
        self._asks = QLabel(_ASKS)
        self._asks.setWordWrap(True)
        layout.addWidget(self._asks)
        layout.addWidget(self._files, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self._add)
        buttons.addWidget(self._remove)
        buttons.addStretch(1)
        buttons.addWidget(self._sum)
        layout.addLayout(buttons)
        layout.addWidget(self._findings)
        form = QFormLayout()
        form.setSpacing(px(8))
        form.addRow("&Name", self._name)
        layout.addLayout(form)
        layout.addWidget(self._fold)
        layout.addWidget(self._problem)
        for field, said in (
            (self._name, "Name of the taste"),
            (self._epochs, "Epochs: passes over the training data"),
            (self._seed, "Seed: same seed, same taste"),
        ):
            field.setAccessibleName(said)
            field.setToolTip(said)

    def _folded(self, theme: Theme) -> Fold:
        inside = QWidget()
        form = QFormLayout(inside)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(px(8))
        if len(METHODS) > 1:
            form.addRow("&Method", self._method)
        form.addRow("&Epochs", self._epochs)
        form.addRow("&Seed", self._seed)
        return Fold(theme, "Compare methods" if len(METHODS) > 1 else "Training", inside)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for part in (self._add, self._remove, self._method, self._findings, self._files, self._fold):
            part.set_theme(theme)

    def add_files(self, paths: Iterable[str]) -> None:
        """Add recordings to the list, each once."""
        self._files.add(paths)
        self._renew()
        self.files_changed.emit()

    @property
    def paths(self) -> tuple[str, ...]:
        """The recordings in the list."""
        return self._files.paths

    def set_lengths(self, lengths_s: Mapping[str, float | None]) -> None:
        """Set the durations of recordings, by path; None: unreadable."""
        self._files.set_lengths(lengths_s)
        self._sum.setText(self._files.sum_text)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The displayed findings."""
        return self._findings.found

    def set_findings(self, findings: Iterable[Finding]) -> None:
        """Show findings about the recordings; the list above shows the remedy."""
        self._findings.set_findings(replace(finding, remedies=()) for finding in findings)

    def problem(self) -> str:
        """Return the message about missing input, or "" if learning can start."""
        if not self._files.count():
            return "Add at least one recording that you edited."
        if not self._name.text().strip():
            return "Enter a name for the taste."
        if len(os.fsencode(self._name.text().strip())) > _LONGEST_NAME_BYTES:
            return "The name is too long for a file. Shorten it."
        return self._epochs.problem("Epochs") or self._seed.problem("Seed")

    def values(self) -> LearnRequest:
        """Return the input if there is no `problem`."""
        epochs, seed = self._epochs.value(), self._seed.value()
        assert epochs is not None
        assert seed is not None
        return LearnRequest(self.paths, self._name.text().strip(), epochs, seed, self._method.value())

    def _take_method(self, number: int) -> None:
        """Suggest the default epochs of the chosen method."""
        self._epochs.setText(str(METHODS[number].epochs))

    def _remove_chosen(self) -> None:
        self._files.remove_chosen()
        self._renew()
        self.files_changed.emit()

    def _renew(self) -> None:
        self._remove.setEnabled(bool(self._files.selectedItems()))
        self._problem.setText(self.problem())
        self._sum.setText(self._files.sum_text)
        self.changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # A window asks its layouts for the least height without a width: wrapped words would be cut.
        for label in (self._asks, self._problem):
            label.setMinimumHeight(max(label.heightForWidth(self.width()), 0))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add_files(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile())
        event.acceptProposedAction()
