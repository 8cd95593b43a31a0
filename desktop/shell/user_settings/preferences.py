"""Preferences of the whole program: read, stored, and applied; and the look.

The look is dark, light, or that of the system, switched live and remembered, with the size of the text.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import asdict, fields

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QToolTip

from desktop.shell.playback import AudioChoice, Player
from engine.core.errors import OffcutError
from engine.core.files.places import (
    CACHE_VARIABLE,
    Freed,
    cache_bytes,
    cache_folder,
    empty_cache,
    mark_used,
    trim_cache,
)
from widgets.forms.preferences_form import PreferenceValues
from widgets.theme import (
    DARK,
    LIGHT,
    Theme,
    palette,
    set_text_scale,
    style_sheet,
    system_theme,
    text_scale,
    ui_font,
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
        QToolTip.setFont(ui_font())  # after the style sheet, with which Qt sets that of the system
        self.changed.emit(theme)


def _size_text(stored: str) -> None:
    """Take a text size that was chosen; it must be known before the first part of the window is made."""
    low, high = TEXT_PERCENTS
    if stored.isdecimal() and low <= int(stored) <= high and int(stored) != 100:
        set_text_scale(None)
        set_text_scale(text_scale() * int(stored) / 100)


# As `engine.analysis.learning.loop` has it, which cannot be read here: it imports torch.
THREADS_VARIABLE = "OFFCUT_THREADS"
GB = 10**9
_LIMITS = {
    "buffer_ms": (0, 1_000),
    "cache_limit_gb": (1, 10_000),
    "threads": (1, 2),
    "text_percent": TEXT_PERCENTS,
}


class Preferences(QObject):
    """Puts the stored preferences into force when it is made, and others when they are chosen."""

    def __init__(
        self, settings: QSettings, player: Player, look: Look, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._player = player
        self._look = look
        # What the user's shell says holds where nothing was chosen.
        self._outside = {name: os.environ.get(name, "") for name in (CACHE_VARIABLE, THREADS_VARIABLE)}
        self._force(self.values)

    @property
    def values(self) -> PreferenceValues:
        """Stored preferences; invalid values count as defaults."""
        found: dict[str, object] = {}
        for field in fields(PreferenceValues):
            stored = self._settings.value(f"preferences/{field.name}")
            if field.name in _LIMITS:
                low, high = _LIMITS[field.name]
                if str(stored).isdecimal() and low <= int(str(stored)) <= high:
                    found[field.name] = int(str(stored))
            elif isinstance(stored, str):
                found[field.name] = stored
        found["look"] = self._look.choice
        return PreferenceValues(**found)  # type: ignore[arg-type]

    def choose(self, values: PreferenceValues) -> None:
        """Keep these and put them into force.

        Raises
        ------
        OffcutError : unusable cache folder; nothing changes
        """
        before = self.values
        try:
            self._force(values)
            cache_folder()
        except OffcutError:
            self._force(before)
            raise
        for name, value in asdict(values).items():
            if name != "look":
                self._settings.setValue(f"preferences/{name}", value)
        if values.look != self._look.choice and values.look in CHOICES:
            self._look.choose(values.look)

    def keep_cache_small(self, in_use: Collection[str]) -> Freed:
        """Delete least recently used files beyond the limit, except those of sources in use."""
        mark_used(in_use)
        return trim_cache(self.values.cache_limit_gb * GB, in_use)

    def cache_sentence(self) -> str:
        """Format size and folder of the cache."""
        return f"{_size(cache_bytes())} in {cache_folder()}"

    def empty_cache(self, in_use: Collection[str]) -> str:
        """Empty the cache except for the open document; return the message."""
        freed = empty_cache(in_use)
        kept = cache_bytes()
        rest = f" {_size(kept)} are in use by the open document." if kept else ""
        return f"Freed {_size(freed.size_bytes)}.{rest}"

    def _force(self, values: PreferenceValues) -> None:
        self._player.set_audio(AudioChoice(values.device, values.buffer_ms))
        _state(CACHE_VARIABLE, values.cache_folder or self._outside[CACHE_VARIABLE])
        _state(
            THREADS_VARIABLE, str(values.threads) if values.threads > 1 else self._outside[THREADS_VARIABLE]
        )


def _state(variable: str, value: str) -> None:
    """Set a variable of the environment, or take it away."""
    if value:
        os.environ[variable] = value
    else:
        os.environ.pop(variable, None)


def _size(size_bytes: int) -> str:
    if size_bytes >= GB:
        return f"{size_bytes / GB:.1f} GB"
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"
