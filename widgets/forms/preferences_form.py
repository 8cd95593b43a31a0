"""Preferences form; it neither opens devices nor deletes files itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QRadioButton,
    QWidget,
)

from widgets.controls.fields import NumberField, tab_to_checked
from widgets.controls.key_caps import KeyButton, column, label, row
from widgets.theme import CONTROL, ROW, STEP, Theme, px

SYSTEM_DEVICE = "System default"
_LOOKS = {"system": "As the &system", "dark": "&Dark", "light": "&Light"}
_THREADS = {"1": "&1", "2": "&2"}
_TEXT_SIZES = {"100": "As the s&ystem", **{str(percent): f"{percent} %" for percent in (80, 90, 125, 150)}}
_DEVICE_ROWS = 4
_TWO_LINES = 36


@dataclass(frozen=True, slots=True)
class PreferenceValues:
    """Preferences of the user.

    Attributes
    ----------
    device : name of the output device, "" for the system's own
    buffer_ms : 0 for the default of the device
    cache_folder : "" for the system's own place
    cache_limit_gb : whole gigabytes
    threads : number of threads of a job
    look : "system", "dark" or "light"
    text_percent : text scale relative to the system, effective at the next start
    """

    device: str = ""
    buffer_ms: int = 0
    cache_folder: str = ""
    cache_limit_gb: int = 20
    threads: int = 1
    look: str = "system"
    text_percent: int = 100


class PreferencesForm(QWidget):
    """Sound, cache, performance and look.

    Parameters
    ----------
    devices : names of the connected devices; the chosen one is shown even if it is missing

    Signals
    -------
    changed : `problem()` may have changed
    test_requested : play a click through the selected device; answer with `show_test`
    folder_requested : let the user choose a folder; answer with `set_folder`
    empty_requested : empty the cache; answer with `show_cache`
    """

    changed = Signal()
    test_requested = Signal()
    folder_requested = Signal()
    empty_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        values: PreferenceValues,
        devices: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._devices = QListWidget()
        self._buffer = NumberField(values.buffer_ms, 0, 1_000)
        self._test = KeyButton(theme, "Play a click")
        self._test.setAccessibleName("Test output latency")
        self._tested = _words("Measures the output latency, and checks for underruns.")
        self._folder = QLineEdit(values.cache_folder)
        self._browse = KeyButton(theme, "Choose…")
        self._browse.setAccessibleName("Choose the folder of the cache")
        self._limit = NumberField(values.cache_limit_gb, 1, 10_000)
        self._empty = KeyButton(theme, "Empty now")
        self._cache = _words("")
        self._threads = _Choice(_THREADS, str(values.threads))
        self._look = _Choice(_LOOKS, values.look)
        self._text_size = _Choice(_TEXT_SIZES, str(values.text_percent))
        self._problem = label(role="error")
        self._list_devices(values.device, devices)
        self._lay_out()
        for field in (self._buffer, self._limit):
            field.textChanged.connect(self._renew)
        self._test.clicked.connect(self._request_test)
        self._browse.clicked.connect(self.folder_requested)
        self._empty.clicked.connect(self.empty_requested)

    def _list_devices(self, chosen: str, devices: Sequence[str]) -> None:
        names = [SYSTEM_DEVICE, *devices]
        self._devices.addItems(names)
        if chosen and chosen not in devices:
            self._devices.addItem(chosen)
            self._devices.item(self._devices.count() - 1).setToolTip("Not connected")
            names.append(chosen)
        for place in range(self._devices.count()):  # as wide as the list: what does not fit is elided
            self._devices.item(place).setSizeHint(QSize(1, px(ROW)))
        self._devices.setCurrentRow(names.index(chosen) if chosen else 0)
        self._devices.setAccessibleName("Output device")
        self._devices.setProperty("surface", "ground")
        self._devices.setFixedHeight(px(_DEVICE_ROWS * ROW))
        self._devices.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._devices.setStyleSheet(f"QListWidget::item {{ padding: 0 {px(8)}px; }}")

    def _lay_out(self) -> None:
        self._folder.setPlaceholderText("Default cache folder")
        self._folder.setAccessibleName("Folder of the cache")
        self._buffer.setAccessibleName("Buffer in milliseconds")
        self._limit.setAccessibleName("Largest size of the cache in gigabytes")
        form = QFormLayout()
        form.setHorizontalSpacing(px(16))
        form.setVerticalSpacing(px(8))
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(_heading("Sound"))
        form.addRow("&Play on", self._devices)
        buffer = _row(self._buffer, QLabel("ms; 0 uses the device default"))
        form.addRow(_named("&Buffer", self._buffer), buffer)
        form.addRow(_named("Latency", self._test, _TWO_LINES), _row(self._test, self._tested))
        form.addRow(_heading("Cache"))
        form.addRow(_named("&Folder", self._folder), _row(self._folder, self._browse))
        limit = _row(self._limit, QLabel("GB; least recently used files are deleted first"))
        form.addRow(_named("Li&mit", self._limit), limit)
        form.addRow(_named("Size", self._empty, _TWO_LINES), _row(self._empty, self._cache))
        form.addRow(_heading("Performance and look"))
        form.addRow("Threads", self._threads)
        form.addRow("Look", self._look)
        form.addRow("Text size", self._text_size)
        column(form, self._problem, gap=8, owner=self)
        self.setMinimumWidth(px(560))

    def problem(self) -> str:
        """Return the error message, or "" if the input is valid."""
        return self._buffer.problem("Buffer") or self._limit.problem("Limit")

    def values(self) -> PreferenceValues:
        """Return the preferences if there is no `problem`."""
        buffer_ms, limit_gb = self._buffer.value(), self._limit.value()
        assert buffer_ms is not None
        assert limit_gb is not None
        return PreferenceValues(
            self._devices.currentItem().text() if self._devices.currentRow() > 0 else "",
            buffer_ms,
            self._folder.text().strip(),
            limit_gb,
            int(self._threads.value()),
            self._look.value(),
            int(self._text_size.value()),
        )

    def set_folder(self, folder: str) -> None:
        """Take a folder that was chosen."""
        self._folder.setText(folder)

    def show_test(self, sentence: str) -> None:
        """Show the result of the latency test."""
        self._tested.setText(sentence)
        self._test.setEnabled(True)

    def show_cache(self, sentence: str) -> None:
        """Show the size of the cache."""
        self._cache.setText(sentence)

    def _request_test(self) -> None:
        if not self.problem():
            self._test.setEnabled(False)
            self._tested.setText("Playing a click.")
            self.test_requested.emit()

    def _renew(self) -> None:
        self._problem.setText(self.problem())
        self.changed.emit()


class _Choice(QWidget):
    """Radio buttons in a row."""

    def __init__(self, labels: dict[str, str], chosen: str) -> None:
        super().__init__()
        chosen = chosen if chosen in labels else next(iter(labels))
        self._group = QButtonGroup(self)
        buttons = {value: QRadioButton(text) for value, text in labels.items()}
        row(*buttons.values(), 1, gap=16, owner=self)
        for value, button in buttons.items():
            button.setObjectName(value)
            button.setChecked(value == chosen)
            self._group.addButton(button)
        tab_to_checked(self._group)

    def value(self) -> str:
        chosen = self._group.checkedButton()
        assert chosen is not None, "one is checked from the start"
        return chosen.objectName()


def _words(text: str) -> QLabel:
    words = label(text, "dim", wraps=True)
    words.setMinimumHeight(px(_TWO_LINES))
    return words


def _named(text: str, field: QWidget, height: int = CONTROL) -> QLabel:
    name = QLabel(text)
    name.setMinimumHeight(px(height))
    name.setBuddy(field)
    return name


def _heading(text: str) -> QLabel:
    title = label(text, "title")
    title.setMinimumHeight(px(CONTROL + STEP))
    title.setAlignment(Qt.AlignmentFlag.AlignBottom)
    return title


def _row(*parts: QWidget) -> QWidget:
    """Arrange widgets in a row; texts and paths expand, numbers and buttons do not."""
    whole = QWidget()
    row(*((part, int(not isinstance(part, NumberField | KeyButton))) for part in parts), gap=12, owner=whole)
    for part in parts:
        if isinstance(part, NumberField):
            part.setFixedWidth(px(80))
        if isinstance(part, QLabel):
            part.setProperty("role", "dim")
    return whole
