"""Facts of a taste: its name with the actions, and its recordings, figures and settings.

Without a taste, the page shows ways to get one.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.core.timebase import format_time
from engine.core.wording import one_line
from engine.features.taste.overview.results import TasteFacts
from widgets.controls.key_caps import KeyButton
from widgets.controls.text_and_icons import ElidedLabel
from widgets.theme import TEXT_SMALL, Theme, px

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


_MOST_RECORDINGS = 200
NOTHING = "An early version learned this taste without reference recordings. Learn it again to see them."


class FactsView(QScrollArea):
    """Names on the left, figures on the right; scrollable with the arrow keys."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName("Training data and settings")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(px(120))

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme

    def set_facts(self, facts: TasteFacts | None) -> None:
        """Show the facts of a taste."""
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, px(8), 0)
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(3))
        grid.setColumnStretch(0, 1)
        for name, value in () if facts is None else _rows(facts):
            row = grid.rowCount()
            label = QLabel(name)
            label.setWordWrap(True)
            grid.addWidget(label, row, 0, 1, 1 if value else 2)
            if value:
                figure = QLabel(value)
                figure.setStyleSheet(f'font-family: "JetBrains Mono"; font-size: {px(TEXT_SMALL)}px;')
                figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
                figure.setWordWrap(len(value) > 24)
                grid.addWidget(figure, row, 1)
            if name in _HEADINGS:
                label.setProperty("role", "faint")
        grid.setRowStretch(grid.rowCount(), 1)
        self.setWidget(inside)
        self.setAccessibleDescription("" if facts is None else "; ".join(f"{a} {b}" for a, b in _rows(facts)))


_HEADINGS = ("Recordings", "Figures", "Settings")


def _rows(facts: TasteFacts) -> list[tuple[str, str]]:
    listed = facts.recordings[:_MOST_RECORDINGS]
    rows = [("Recordings", "")]
    rows += [(one.name, format_time(one.duration_s, 0)) for one in listed] or [(NOTHING, "")]
    if len(facts.recordings) > len(listed):
        rows.append((f"and {len(facts.recordings) - len(listed):,} more", ""))
    return [*rows, ("Figures", ""), *facts.figures, ("Settings", ""), *facts.settings]
