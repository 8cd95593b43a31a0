"""Form for the training data of a taste; it neither reads files nor trains."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from engine.anomaly.recipes.methods import METHODS
from engine.diagnoses.finding import Finding
from widgets.controls.choice_field import ChoiceField
from widgets.controls.elided_label import ElidedLabel
from widgets.controls.fold import Fold
from widgets.controls.keys.caps import KeyButton
from widgets.controls.number_field import NumberField
from widgets.forms.taste.recording_list import RecordingList
from widgets.taste.findings import Findings
from widgets.theme import ROW, Theme, px

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
    recipe : one of `engine.anomaly.recipes.methods`
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
