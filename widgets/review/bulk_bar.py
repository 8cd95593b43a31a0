"""Bulk answers; each button shows the number and scope before it is pressed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from widgets.controls.keys.caps import KeyButton
from widgets.review.double_press import DoublePress
from widgets.theme import Theme, px

ACCEPT_MANY = "review.accept_many"
_ANSWERS = (
    (ACCEPT_MANY, "Accept"),
    ("review.reject_many", "Reject"),
    ("review.undecided_many", "Reopen"),
    ("review.flag_many", "Flag"),
)


class BulkBar(QWidget):
    """Four buttons; `command_requested` carries the id of the pressed one."""

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons = {command: KeyButton(theme, word, keys.get(command, "")) for command, word in _ANSWERS}
        self.setAccessibleName("Answer many")
        self.setStyleSheet(
            "QPushButton:!hover:!focus { background: transparent; border-color: transparent; }"
        )
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(4))
        for place, (command, button) in enumerate(self._buttons.items()):
            layout.addWidget(button, place // 2, place % 2)
            layout.setColumnStretch(place % 2, 1)
            button.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(
                lambda _checked=False, command=command: self.command_requested.emit(command)
            )

    def guard(self, presses: DoublePress) -> None:
        """Have the buttons refuse the second press of a double click where their scope changed meanwhile."""
        for button in self._buttons.values():
            presses.watch(button, partial(_scope_of, button))

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for button in self._buttons.values():
            button.set_theme(theme)

    def set_scope(self, count: int, name: str, weak_left: int = 0) -> None:
        """Set the number of proposals and the scope: "selected" or "shown"; hidden without a name.

        Accepting leaves out `weak_left` proposals with weak evidence.
        """
        for command, word in _ANSWERS:
            answered = count - weak_left if command == ACCEPT_MANY else count
            self._buttons[command].setText(f"{word} {answered:,} {name}")
            self._buttons[command].setEnabled(answered > 0)
        self.setVisible(bool(name))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Hide the keys in the tooltips if the text needs the width."""
        buttons = self._buttons.values()
        widest = max(button.full_width for button in buttons)
        for button in buttons:
            button.set_compact(int(2 * widest + px(4) > self.width()))


def _scope_of(button: KeyButton) -> tuple[str, object]:
    return ("bulk", button.text())
