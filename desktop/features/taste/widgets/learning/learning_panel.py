"""Learning while it runs: the step, the epoch and its figures, and the loss curve."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from desktop.features.taste.widgets.learning.loss_curve import LossCurve, best_text
from desktop.features.taste.widgets.learning.loss_history import LossHistory
from engine.core.wording import counted, one_line
from widgets.controls.elided_label import ElidedLabel
from widgets.theme import Theme, px

HIGHEST, CURVE_FROM, ROOM_ABOVE = 300, 190, 560
"""Heights at 100 %; the part above retains the room of a proposal and its answers."""


class LearningPanel(QFrame):
    """Shows the step and the loss curve; in little room, the losses as text."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Learning")
        self._title = ElidedLabel("", "title")
        self._step = ElidedLabel("", "dim", lines=2)
        self._step.setAccessibleName("Training step")
        self._curve = LossCurve(theme)
        self._losses = LossHistory()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(14), px(8), px(14), px(8))
        layout.setSpacing(px(4))
        for part in (self._title, self._step):
            layout.addWidget(part)
        layout.addWidget(self._curve, 1)
        self._curve.hide()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._curve.set_theme(theme)
        self.setStyleSheet(f"LearningPanel {{ border-top: 1px solid {theme.line}; }}")

    def start(self, name: str) -> None:
        """Start with empty curves."""
        self._losses = LossHistory()
        self._title.setText(f"Learning {one_line(name)}")
        self._step.setText("Queued")
        self._curve.set_losses((), ())
        self.show()
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        above = self.parentWidget()
        if above is not None:
            above.installEventFilter(self)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parent() and event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def _fit(self) -> None:
        """Use the remaining room for the curve, or only the height of the text."""
        above = self.parentWidget() or self
        spare = min(above.height() - px(ROOM_ABOVE), px(HIGHEST))
        draws = bool(self._losses.training) and spare >= px(CURVE_FROM)
        self._curve.setVisible(draws)
        lines = self._title.sizeHint().height() + 2 * self._step.fontMetrics().lineSpacing()
        self.setFixedHeight(spare if draws else lines + px(30))

    def show_step(self, text: str) -> None:
        """Show the running step; without a curve, the figures of the last epoch follow."""
        training, validation = self._losses.training, self._losses.validation
        if training and self._curve.isHidden():
            figures = f"loss {training[-1]:.3f}, validation {validation[-1]:.3f}, "
            text = f"{counted(len(training), 'epoch')} · {figures}{best_text(training, validation)}"
        self._step.setText(text)

    def add(self, figures: Mapping[str, float]) -> None:
        """Add the losses of an epoch; reports within an epoch carry none that are new."""
        if self._losses.add(figures):
            self._curve.set_losses(self._losses.training, self._losses.validation)
            self._fit()
