"""The form that asks how much to cut: by target length, by percentile or by score."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFormLayout,
    QGridLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from engine.settings import CutSettings
from engine.timebase import format_time
from widgets.chrome.number_field import NumberField
from widgets.chrome.radio_group import tab_to_checked
from widgets.theme import Theme, px

_MODES = (
    ("keep", "&Target length", "% of the recording kept"),
    ("percentile", "&Percentile", "% of the recording scores below the threshold"),
    ("score", "&Score", "hundredths, and above, are cut"),
)


class ProposeForm(QWidget):
    """How the threshold is set, and the shortest piece to keep; values in whole per cent and seconds."""

    changed = Signal()

    def __init__(
        self, theme: Theme, settings: CutSettings, length_s: float, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._length_s = length_s
        self._modes = QButtonGroup(self)
        self._fields: dict[str, NumberField] = {}
        self._said, self._problem = QLabel(), QLabel()
        self._minimum_kept = NumberField(round(settings.minimum_kept_s or 4.0), 0, 3600)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(12))
        layout.addLayout(self._mode_rows(settings))
        tab_to_checked(self._modes)
        layout.addWidget(self._said)
        form = QFormLayout()
        form.setHorizontalSpacing(px(12))
        form.addRow("&Shortest kept piece, seconds", self._minimum_kept)
        layout.addLayout(form)
        layout.addWidget(self._problem)
        self._said.setProperty("role", "dim")
        self._said.setWordWrap(True)
        self._problem.setProperty("role", "error")
        self._minimum_kept.setAccessibleName("Shortest kept piece in seconds")
        self._minimum_kept.textChanged.connect(self._renew)
        self._modes.buttonClicked.connect(self._focus_field)
        self._modes.buttonClicked.connect(self._renew)
        self.set_theme(theme)
        self._renew()

    def _mode_rows(self, settings: CutSettings) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(8))
        values = {
            "keep": settings.keep * 100,
            "percentile": settings.percentile,
            "score": settings.score * 100,
        }
        for row, (mode, name, unit) in enumerate(_MODES):
            choice = QRadioButton(name)
            choice.setChecked(mode == settings.threshold_mode)
            choice.setObjectName(mode)
            field = NumberField(round(values[mode]), 1 if mode == "keep" else 0, 100)
            field.setAccessibleName(f"{name.replace('&', '')}: {unit}")
            field.setMaximumWidth(px(72))
            field.textEdited.connect(lambda _text, choice=choice: choice.setChecked(True))
            field.textChanged.connect(self._renew)
            self._modes.addButton(choice)
            self._fields[mode] = field
            for column, part in enumerate((choice, field, QLabel(unit))):
                grid.addWidget(part, row, column)
        grid.setColumnStretch(2, 1)
        return grid

    def set_theme(self, theme: Theme) -> None:
        """Paint with these colours from now on."""
        self._problem.setStyleSheet(f"color: {theme.error};")

    def problem(self) -> str:
        """Say what is missing, "" when cuts can be proposed."""
        name = next(name for mode, name, _ in _MODES if mode == self._mode()).replace("&", "")
        return self._fields[self._mode()].problem(name) or self._minimum_kept.problem("Shortest kept piece")

    def values(self) -> dict[str, object]:
        """Return the settings asked for; only where there is no `problem`."""
        mode = self._mode()
        number = self._fields[mode].value()
        shortest = self._minimum_kept.value()
        assert number is not None
        assert shortest is not None
        value = float(number) if mode == "percentile" else number / 100
        return {"threshold_mode": mode, mode: value, "minimum_kept_s": float(shortest)}

    def _mode(self) -> str:
        chosen = self._modes.checkedButton()
        assert chosen is not None, "one of the radio buttons is checked from the start"
        return chosen.objectName()

    def _focus_field(self) -> None:
        self._fields[self._mode()].setFocus()
        self._fields[self._mode()].selectAll()

    def _renew(self) -> None:
        problem = self.problem()
        self._problem.setText(problem)
        kept = self._fields["keep"].value()
        self._said.setText(
            _length_text(self._length_s, kept / 100)
            if kept is not None and self._mode() == "keep"
            else "How much is left follows from the scores; the threshold can be moved afterwards."
        )
        self.changed.emit()


def _length_text(length_s: float, share: float) -> str:
    return f"About {format_time(length_s * share, 0)} of {format_time(length_s, 0)} would be left."
