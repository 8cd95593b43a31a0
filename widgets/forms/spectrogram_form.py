"""Form of the spectrogram settings; each change is signalled at once, so that the lanes follow."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QFormLayout, QLabel, QSizePolicy, QWidget

from engine.sound.pictures.spectrogram import cell_at
from widgets.controls.fields import ChoiceField, NumberField
from widgets.controls.key_caps import KeyButton, column, label, row
from widgets.theme import CONTROL, STEP, Theme, color, mono_font, px
from widgets.timeline.sound.spectrogram import (
    CEILINGS_DB,
    FLOORS_DB,
    LEAST_RANGE_DB,
    ColorMap,
    Scale,
    SpectrogramLook,
    color_tables,
)

_SCALES: Mapping[str, str] = {
    Scale.LOG.value: "Logarithmic: equal octaves",
    Scale.MEL.value: "Mel: perceptual pitch scale",
    Scale.LINEAR.value: "Linear: equal hertz",
}
_MAPS: Mapping[str, str] = {
    ColorMap.MAGMA.value: "Magma: black, purple, cream",
    ColorMap.INFERNO.value: "Inferno: black, red, yellow",
    ColorMap.VIRIDIS.value: "Viridis: purple, green, yellow",
    ColorMap.GREY.value: "Grey: background is silence",
}
_WINDOWS = {
    "1024": "Short, 1,024 samples: fine time",
    "2048": "Medium, 2,048 samples",
    "4096": "Long, 4,096 samples: fine pitch",
}


class SpectrogramForm(QWidget):
    """Scale, colours, range and window of the spectrograms.

    Signals
    -------
    changed : `values()` or `problem()` may have changed
    """

    changed = Signal()

    def __init__(self, theme: Theme, look: SpectrogramLook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale = ChoiceField(theme, "Frequencies", _SCALES, look.scale)
        self._map = ChoiceField(theme, "Colours", _MAPS, look.color_map)
        self._window = ChoiceField(theme, "Window", _WINDOWS, str(look.window_samples))
        self._floor = NumberField(look.floor_db, *FLOORS_DB)
        self._ceiling = NumberField(look.ceiling_db, *CEILINGS_DB)
        self._strip = LevelStrip(theme, look)
        self._defaults = KeyButton(theme, "Defaults")
        self._defaults.setAccessibleName("Reset spectrogram settings")
        self._problem = label(role="error")
        self._lay_out()
        for choice in (self._scale, self._map, self._window):
            choice.currentIndexChanged.connect(self._renew)
        for field in (self._floor, self._ceiling):
            field.textChanged.connect(self._renew)
        self._defaults.clicked.connect(self._take_defaults)

    def _lay_out(self) -> None:
        self._floor.setAccessibleName("Minimum level in dBFS")
        self._ceiling.setAccessibleName("Maximum level in dBFS")
        form = QFormLayout()
        form.setHorizontalSpacing(px(16))
        form.setVerticalSpacing(px(8))
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("&Frequencies", self._scale)
        form.addRow("&Window", self._window)
        form.addRow("&Colours", self._map)
        form.addRow("", self._strip)
        for name, field, unit in (
            ("M&inimum", self._floor, "dBFS and below"),
            ("Ma&ximum", self._ceiling, "dBFS and above"),
        ):
            field.setFixedWidth(px(80))
            title = QLabel(name)
            title.setMinimumHeight(px(CONTROL))
            title.setBuddy(field)
            form.addRow(title, row(field, (label(unit, "dim"), 1), gap=12))
        column(form, row(self._defaults, (self._problem, 1), gap=12), gap=12, owner=self)

    def problem(self) -> str:
        """Return the error message, or "" if the input is valid."""
        floor_db, ceiling_db = self._floor.value(), self._ceiling.value()
        if floor_db is None or ceiling_db is None:
            return self._floor.problem("Minimum") or self._ceiling.problem("Maximum")
        if ceiling_db - floor_db < LEAST_RANGE_DB:
            return f"Maximum must be at least {LEAST_RANGE_DB} dB above minimum."
        return ""

    def values(self) -> SpectrogramLook:
        """Return the spectrogram settings if there is no `problem`."""
        floor_db, ceiling_db = self._floor.value(), self._ceiling.value()
        assert floor_db is not None
        assert ceiling_db is not None
        return SpectrogramLook(
            Scale(self._scale.value()),
            ColorMap(self._map.value()),
            floor_db,
            ceiling_db,
            int(self._window.value()),
        )

    def _take_defaults(self) -> None:
        """Take the values of the start, all at once."""
        look = SpectrogramLook()
        self.blockSignals(True)
        self._scale.choose(look.scale)
        self._map.choose(look.color_map)
        self._window.choose(str(look.window_samples))
        self._floor.setText(str(look.floor_db))
        self._ceiling.setText(str(look.ceiling_db))
        self.blockSignals(False)
        self._renew()

    def _renew(self) -> None:
        problem = self.problem()
        self._problem.setText(problem)
        if not problem:
            self._strip.show_look(self.values())
        self.changed.emit()


class LevelStrip(QWidget):
    """Which colour stands for which level."""

    def __init__(self, theme: Theme, look: SpectrogramLook) -> None:
        super().__init__()
        self._theme, self._look = theme, look
        self.setAccessibleName("Colours of levels")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_look(look)

    def sizeHint(self) -> QSize:
        return QSize(px(200), px(CONTROL + STEP))

    def show_look(self, look: SpectrogramLook) -> None:
        """Show the colours of the settings."""
        self._look = look
        self.setAccessibleDescription(f"{look.floor_db} to {look.ceiling_db} dBFS")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, look = QPainter(self), self._look
        first, last = cell_at(look.floor_db), cell_at(look.ceiling_db)
        inks = np.ascontiguousarray(color_tables(look, self._theme, True)[0, first : last + 1])
        image = QImage(inks.data, len(inks), 1, 4 * len(inks), QImage.Format.Format_RGB32)
        strip = QRectF(0, 0, self.width(), px(3 * STEP))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(strip, image)
        painter.setPen(color(self._theme.line))
        painter.drawRect(strip.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setFont(mono_font(11))
        painter.setPen(color(self._theme.dim))
        below = QRectF(0, strip.bottom(), self.width(), self.height() - strip.bottom())
        sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
        for share, side in zip((0.0, 0.5, 1.0), sides, strict=True):
            level = round(look.floor_db + share * (look.ceiling_db - look.floor_db))
            text = f"{level} dB".replace("-", "−")
            painter.drawText(below, side | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()
