"""The line over the page: which taste it is about, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from widgets.chrome.elided_label import ElidedLabel
from widgets.chrome.key_caps import KeyButton
from widgets.theme import Theme, px

_BUTTONS = (
    ("taste.learn", "Learn…", "graduation-cap"),
    ("taste.look", "Another taste…", ""),
    ("taste.analyse", "Analyse a file…", ""),
    ("taste.compare", "Compare with…", ""),
    ("taste.page", "Back", ""),
)
_LEVELS = 3


class PageHead(QFrame):
    """Title, summary and buttons; each button asks for a command."""

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Taste")
        self._title, self._summary = QLabel("Taste"), ElidedLabel("", "dim")
        self._title.setProperty("role", "title")
        self._summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.buttons = {
            command: KeyButton(theme, text, keys.get(command, ""), icon) for command, text, icon in _BUTTONS
        }
        layout = QHBoxLayout(self)
        layout.setContentsMargins(px(12), px(8), px(12), px(8))
        layout.setSpacing(px(8))
        layout.addWidget(self._title)
        layout.addWidget(self._summary, 1)
        for command, button in self.buttons.items():
            layout.addWidget(button)
            button.clicked.connect(lambda _checked=False, wanted=command: self.command_requested.emit(wanted))
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Paint with these colours from now on."""
        self.setStyleSheet(f"PageHead {{ border-bottom: 1px solid {theme.line}; }}")
        for button in self.buttons.values():
            button.set_theme(theme)

    def set_has_taste(self, has_taste: bool) -> None:
        """Leave the ways to a taste to the page while there is none."""
        for command in ("taste.learn", "taste.look", "taste.analyse", "taste.compare"):
            self.buttons[command].setVisible(has_taste)

    def set_words(self, title: str, summary: str) -> None:
        """Say which taste it is."""
        self._title.setText(title)
        self._summary.setText(summary)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        layout = self.layout()
        assert layout is not None
        for level in range(_LEVELS):
            for button in self.buttons.values():
                button.set_compact(level)
            layout.invalidate()
            if layout.minimumSize().width() + px(120) <= self.width():
                break
