"""Head of the page: name of the taste, and its actions."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from engine.core.wording import one_line
from widgets.controls.elided_label import ElidedLabel
from widgets.controls.keys.caps import KeyButton
from widgets.theme import Theme, px

_BUTTONS = (
    ("taste.learn", "Learn…", "graduation-cap"),
    ("taste.look", "Another taste…", ""),
    ("taste.analyse", "Analyse a file…", ""),
    ("taste.compare", "Compare with…", ""),
    ("taste.page", "Back", ""),
)
_FIRST_TO_GO = ("taste.look", "taste.compare")
_LEVELS = 4
_LEAST_WIDTH = 440


class PageHead(QFrame):
    """Title, summary and buttons; each button asks for a command."""

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Taste")
        self.setMinimumWidth(px(_LEAST_WIDTH))
        self._has_taste = True
        self._title, self._summary = ElidedLabel("Taste", "title"), ElidedLabel("", "dim")
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
        """Apply a theme."""
        self.setStyleSheet(f"PageHead {{ border-bottom: 1px solid {theme.line}; }}")
        for button in self.buttons.values():
            button.set_theme(theme)

    def set_has_taste(self, has_taste: bool) -> None:
        """Hide the actions of a taste without an active taste."""
        self._has_taste = has_taste
        self._fit()

    def set_words(self, title: str, summary: str) -> None:
        """Set the name of the taste."""
        self._title.setText(one_line(title))
        self._summary.setText(summary)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Hide keys first, then the text of buttons with an icon, then buttons with a palette command."""
        layout = self.layout()
        assert layout is not None
        for level in range(_LEVELS):
            for command, button in self.buttons.items():
                button.set_compact(min(level, 2))
                is_there = self._has_taste or command == "taste.page"
                button.setVisible(is_there and (level < 3 or command not in _FIRST_TO_GO))
            layout.invalidate()
            if layout.minimumSize().width() <= self.width():
                break
        layout.activate()
