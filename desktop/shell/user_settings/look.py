"""Dark, light, or as the system has it, switched live and remembered; and how large the text is."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from widgets.theme import (
    DARK,
    LIGHT,
    Theme,
    palette,
    set_text_scale,
    style_sheet,
    system_theme,
    text_scale,
)

CHOICES = ("system", "dark", "light")
TEXT_PERCENTS = (80, 150)
"""Smallest and largest text scale relative to the system."""
_KEY, _TEXT = "look", "preferences/text_percent"


class Look(QObject):
    """Owns the theme of the application.

    Signals
    -------
    changed : the new `Theme`
    """

    changed = Signal(object)

    def __init__(self, application: QApplication, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._application = application
        self._settings = settings
        _size_text(str(settings.value(_TEXT, "")))
        stored = str(settings.value(_KEY, "system"))
        self.choice = stored if stored in CHOICES else "system"
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        self._dress()

    @property
    def theme(self) -> Theme:
        """The active theme."""
        return {"dark": DARK, "light": LIGHT}.get(self.choice) or system_theme()

    def step(self) -> str:
        """Switch to the next choice and return the message; from the system's look to the opposite one."""
        now = "dark" if system_theme() is DARK else "light"
        other = "light" if now == "dark" else "dark"
        self.choose({"system": other, other: now}.get(self.choice, "system"))
        return (
            f"The system's look, now {now}" if self.choice == "system" else f"{self.choice.capitalize()} look"
        )

    def choose(self, choice: str) -> None:
        """Take one of "system", "dark" and "light"."""
        self.choice = choice
        self._settings.setValue(_KEY, choice)
        self._dress()

    def _follow_system(self) -> None:
        if self.choice == "system":
            self._dress()

    def _dress(self) -> None:
        theme = self.theme
        self._application.setPalette(palette(theme))
        sheet = style_sheet(theme)
        if sheet != self._application.styleSheet():  # Qt lays out every widget again, even for the same one
            self._application.setStyleSheet(sheet)
        self.changed.emit(theme)


def _size_text(stored: str) -> None:
    """Take a text size that was chosen; it must be known before the first part of the window is made."""
    low, high = TEXT_PERCENTS
    if stored.isdecimal() and low <= int(stored) <= high and int(stored) != 100:
        set_text_scale(None)
        set_text_scale(text_scale() * int(stored) / 100)
