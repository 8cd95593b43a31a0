"""How learning goes: training and validation loss over the epochs, live."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from widgets.theme import TEXT, Theme, mono_font, px, ui_font

_TICKED = [digit * 10.0**power for power in range(-6, 5) for digit in (1, 2, 3, 5)]
"""Losses that are written beside the axis; pyqtgraph's own run into each other."""


class LossCurve(QWidget):
    """Two curves on a logarithmic axis; validation is dashed, so that colour is not all that tells them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._losses: tuple[Sequence[float], Sequence[float]] = ((), ())
        self._training_name, self._validation_name, self._best = QLabel(), QLabel(), QLabel()
        self._plot = pg.PlotWidget()
        item = self._plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setLogMode(x=False, y=True)
        item.setMouseEnabled(x=False, y=False)
        item.getAxis("left").setTicks([[(math.log10(loss), f"{loss:g}") for loss in _TICKED]])
        self._plot.setFrameShape(self._plot.Shape.NoFrame)
        for part in (self._plot, self._plot.viewport()):
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setMinimumHeight(px(140))
        self._training = item.plot([], [])
        self._validation = item.plot([], [])
        names = QHBoxLayout()
        names.setSpacing(px(16))
        for label in (self._training_name, self._validation_name):
            names.addWidget(label)
        names.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(names)
        layout.addWidget(self._best)
        layout.addWidget(self._plot, 1)
        self.set_theme(theme)
        self.set_losses((), ())

    def set_theme(self, theme: Theme) -> None:
        """Paint with these colours from now on."""
        self._plot.setBackground(QColor(theme.bg))
        dashed = QPen(QColor(theme.score_line), 2)
        dashed.setStyle(Qt.PenStyle.DashLine)
        for curve, pen in ((self._training, QPen(QColor(theme.undecided), 2)), (self._validation, dashed)):
            pen.setCosmetic(True)
            curve.setPen(pen)
        for side, text in (("bottom", "epoch"), ("left", "loss")):
            axis = self._plot.getPlotItem().getAxis(side)
            axis.setPen(QPen(QColor(theme.line), 1))
            axis.setTextPen(QColor(theme.dim))
            axis.setTickFont(mono_font(TEXT - 2))
            axis.enableAutoSIPrefix(False)
            axis.setLabel(text, color=theme.dim, **{"font-size": f"{px(TEXT - 1)}px"})
            axis.label.setFont(ui_font(TEXT - 1))
        self._plot.getPlotItem().getAxis("bottom").setStyle(maxTickLevel=0)  # there is no half epoch
        self._plot.getPlotItem().getAxis("left").setWidth(px(64))
        self._plot.getPlotItem().getAxis("bottom").setHeight(px(42))
        self._training_name.setStyleSheet(f"color: {theme.undecided};")
        self._validation_name.setStyleSheet(f"color: {theme.score_line};")
        self._best.setStyleSheet(f"color: {theme.dim};")

    def set_losses(self, training: Sequence[float], validation: Sequence[float]) -> None:
        """Show the loss after each epoch so far, the first one at epoch 1.

        Parameters
        ----------
        training, validation : one positive value an epoch; validation may be empty
        """
        self._losses = (training, validation)
        for curve, values in ((self._training, training), (self._validation, validation)):
            curve.setData(range(1, len(values) + 1), list(values))
        last = [f" {values[-1]:.3f}" if len(values) else "" for values in self._losses]
        self._training_name.setText(f"— training{last[0]}")
        self._validation_name.setText(f"- - validation{last[1]}")
        self._validation_name.setVisible(len(validation) > 0)
        kept = validation if len(validation) else training
        best = min(range(len(kept)), key=kept.__getitem__) + 1 if len(kept) else 0
        self._best.setText(f"lowest after epoch {best}" if best else "waiting for the first epoch")
        self.setAccessibleName("Loss while learning")
        self.setAccessibleDescription(f"{len(training)} epochs, {self._best.text()}")
