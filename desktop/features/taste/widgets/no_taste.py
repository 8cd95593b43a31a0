"""The page without a taste: ways to get one."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from widgets.controls.keys.caps import KeyButton
from widgets.theme import Theme, px

_WORDS = (
    "Learn one from recordings that you edited: Offcut scores passages that differ from them. "
    "Or view an existing taste; you can drop a .taste file here."
)


class NoTaste(QWidget):
    """Two buttons that request commands."""

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "ground")
        title, words = QLabel("No taste yet"), QLabel(_WORDS)
        title.setProperty("role", "title")
        words.setProperty("role", "dim")
        words.setWordWrap(True)
        words.setMinimumWidth(px(280))
        words.setMaximumWidth(px(520))
        self._buttons = (
            (
                "taste.learn",
                KeyButton(theme, "Learn from edits…", keys.get("taste.learn", ""), "graduation-cap"),
            ),
            ("taste.look", KeyButton(theme, "View a taste…", keys.get("taste.look", ""))),
        )
        row = QHBoxLayout()
        row.setSpacing(px(8))
        for command, button in self._buttons:
            row.addWidget(button)
            button.clicked.connect(lambda _checked=False, wanted=command: self.command_requested.emit(wanted))
        row.addStretch(1)
        middle = QVBoxLayout()
        middle.setSpacing(px(12))
        middle.addStretch(1)
        for part in (title, words):
            middle.addWidget(part)
        middle.addLayout(row)
        middle.addStretch(2)
        across = QHBoxLayout(self)
        across.setContentsMargins(px(24), px(24), px(24), px(24))
        across.addStretch(1)
        across.addLayout(middle)
        across.addStretch(1)
        across.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for _command, button in self._buttons:
            button.set_theme(theme)

    def take_focus(self) -> None:
        """Focus the first button."""
        self._buttons[0][1].setFocus(Qt.FocusReason.TabFocusReason)
