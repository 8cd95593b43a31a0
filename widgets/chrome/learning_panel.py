"""What learning looks like while it runs: the loss curve, the epoch and the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engine.wording import one_line
from widgets.chrome.loss_history import LossHistory
from widgets.controls.elided_label import ElidedLabel
from widgets.theme import Theme, px

if TYPE_CHECKING:
    from widgets.chrome.loss_curve import LossCurve


HIGHEST, LOWEST, CURVE_FROM, ROOM_ABOVE = 300, 44, 132, 560
"""Heights at 100 %; what stands above it keeps the room that a proposal and its answers take."""


class LearningPanel(QFrame):
    """Shows the losses of the epochs so far, live; where there is little room its name alone."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Learning")
        self._title = ElidedLabel("", "title")
        self._theme = theme
        self._curve: LossCurve | None = None
        self._losses = LossHistory()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(14), px(12), px(14), px(12))
        layout.setSpacing(px(8))
        layout.addWidget(self._title)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Paint with these colours from now on."""
        self._theme = theme
        if self._curve is not None:
            self._curve.set_theme(theme)
        self.setStyleSheet(f"LearningPanel {{ border-top: 1px solid {theme.line}; }}")

    def start(self, name: str) -> None:
        """Begin with empty curves."""
        self._losses = LossHistory()
        self._title.setText(f"Learning {one_line(name)}")
        self._shown_curve().set_losses((), ())
        self.show()

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
        """Leave the room to what stands above before anything else."""
        above = self.parentWidget() or self
        spare = above.height() - px(ROOM_ABOVE)
        self.setFixedHeight(min(max(spare, px(LOWEST)), px(HIGHEST)))
        if self._curve is not None:
            self._curve.setVisible(self.height() >= px(CURVE_FROM))

    def add(self, figures: Mapping[str, float]) -> None:
        """Add the losses of an epoch; reports within an epoch carry none that are new."""
        if self._losses.add(figures):
            self._shown_curve().set_losses(self._losses.training, self._losses.validation)

    def _shown_curve(self) -> LossCurve:
        """Return the curve, made when somebody learns: what draws it is as large as all the window."""
        if self._curve is None:
            from widgets.chrome.loss_curve import LossCurve

            self._curve = LossCurve(self._theme)
            layout = self.layout()
            assert layout is not None
            layout.addWidget(self._curve)
            self._curve.setVisible(self.height() >= px(CURVE_FROM))
        return self._curve
