"""Learning while it runs: the step, the epoch and its figures, and the training and validation loss, live."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.core.wording import counted, one_line
from widgets.controls.text_and_icons import ElidedLabel
from widgets.theme import TEXT_SMALL, Theme, mono_font, px, ui_font


class LossHistory:
    """One value an epoch; reports within an epoch carry none that are new.

    Attributes
    ----------
    training, validation : the loss after each epoch, the first one of epoch 1
    """

    def __init__(self) -> None:
        self.training: list[float] = []
        self.validation: list[float] = []

    def add(self, figures: Mapping[str, float]) -> bool:
        """Add the figures of a report; return whether they belong to a new epoch."""
        if "loss" not in figures or "validation" not in figures:
            return False
        if int(figures.get("epoch", len(self.training) + 1)) <= len(self.training):
            return False
        self.training.append(figures["loss"])
        self.validation.append(figures["validation"])
        return True


_TICKED = [digit * 10.0**power for power in range(-6, 5) for digit in (1, 2, 3, 5)]
"""Losses that are written next to the axis."""
_LEFT, _BOTTOM, _HEAD = 48, 18, 16
_LEAST = 56
_ALIGNED = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class LossCurve(QWidget):
    """Two curves on a logarithmic axis; validation is dashed, so that the two differ by more than colour."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._losses: tuple[Sequence[float], Sequence[float]] = ((), ())
        self._training_name, self._validation_name, self._best = QLabel(), QLabel(), QLabel()
        self.plot = LossPlot(theme)
        names = QHBoxLayout()
        names.setSpacing(px(16))
        for label in (self._training_name, self._validation_name):
            names.addWidget(label)
        names.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(4))
        layout.addLayout(names)
        layout.addWidget(self._best)
        layout.addWidget(self.plot, 1)
        self.set_theme(theme)
        self.set_losses((), ())

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self.plot.theme = theme
        self.plot.update()
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
        self.plot.set_losses(training, validation)
        last = [f" {values[-1]:.3f}" if len(values) else "" for values in self._losses]
        self._training_name.setText(f"— training{last[0]}")
        self._validation_name.setText(f"- - validation{last[1]}")
        self._validation_name.setVisible(len(validation) > 0)
        self._best.setText(best_text(training, validation) or "waiting for the first epoch")
        self.setAccessibleName("Training loss")
        self.setAccessibleDescription(f"{counted(len(training), 'epoch')}, {self._best.text()}")


def best_text(training: Sequence[float], validation: Sequence[float]) -> str:
    """Return after which epoch the loss was lowest, "" before the first."""
    values = validation if len(validation) else training
    return f"lowest after epoch {min(range(len(values)), key=values.__getitem__) + 1}" if len(values) else ""


class LossPlot(QWidget):
    """Paints the curves with their axes; it fits into a few lines of text."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._curves: tuple[tuple[float, ...], ...] = ((), ())
        self.setMinimumHeight(px(_LEAST))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_losses(self, *curves: Sequence[float]) -> None:
        """Draw these, one value an epoch; values that have no logarithm are left out of the picture."""
        self._curves = tuple(tuple(values) for values in curves)
        self.update()

    def ticks(self) -> tuple[float, ...]:
        """Return the losses that the axis names, the highest first; none overlaps another."""
        low, high = self._limits()
        shown = list[tuple[float, float]]()
        room = px(_HEAD) / max(self._area().height(), 1.0)
        for loss in reversed(_TICKED):
            share = (math.log10(loss) - low) / (high - low)
            if 0.0 <= share <= 1.0 and (not shown or shown[-1][1] - share >= room):
                shown.append((loss, share))
        return tuple(loss for loss, _ in shown)

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(px(_LEFT), px(_HEAD) / 2, -px(8), -px(_BOTTOM))

    def _limits(self) -> tuple[float, float]:
        logs = [math.log10(value) for values in self._curves for value in values if value > 0]
        if not logs:
            return -1.0, 0.0
        low, high = min(logs), max(logs)
        around = max(0.05 * (high - low), 0.02)
        return low - around, high + around

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, area = QPainter(self), self._area()
        painter.fillRect(self.rect(), QColor(self.theme.bg))
        painter.setFont(mono_font(TEXT_SMALL))
        low, high = self._limits()
        epochs = max(map(len, self._curves))
        painter.setPen(QPen(QColor(self.theme.line), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        for loss in self.ticks() if epochs else ():
            y = area.bottom() - (math.log10(loss) - low) / (high - low) * area.height()
            painter.setPen(QPen(QColor(self.theme.line), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(self.theme.dim))
            painter.drawText(QRectF(0, y - px(8), area.left() - px(6), px(16)), _ALIGNED, f"{loss:g}")
        self._paint_epochs(painter, area, epochs)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        styles = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine)
        for values, token, style in zip(
            self._curves, (self.theme.undecided, self.theme.score_line), styles, strict=False
        ):
            points = [
                QPointF(
                    area.left() + area.width() * number / max(epochs - 1, 1),
                    area.bottom() - (math.log10(value) - low) / (high - low) * area.height(),
                )
                for number, value in enumerate(values)
                if value > 0
            ]
            painter.setPen(QPen(QColor(token), px(2), style))
            painter.drawPolyline(QPolygonF(points))
            if len(points) == 1:
                painter.drawPoint(points[0])

    def _paint_epochs(self, painter: QPainter, area: QRectF, epochs: int) -> None:
        """Label the first and last epoch, and the axis between them if there is room."""
        foot = QRectF(area.left(), area.bottom(), area.width(), px(_BOTTOM))
        painter.setPen(QColor(self.theme.dim))
        if epochs:
            painter.drawText(foot, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), "1")
            painter.drawText(foot, _ALIGNED, str(epochs))
        font = ui_font(TEXT_SMALL)
        if QFontMetricsF(font).horizontalAdvance("epoch") < area.width() / 2:
            painter.setFont(font)
            painter.drawText(foot, int(Qt.AlignmentFlag.AlignCenter), "epoch")


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
