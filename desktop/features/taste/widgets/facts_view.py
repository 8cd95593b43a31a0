"""Training data and settings of a taste: recordings with durations, figures and settings."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QWidget

from engine.core.timebase import format_time
from engine.features.taste.overview.results import TasteFacts
from widgets.theme import TEXT_SMALL, Theme, px

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
