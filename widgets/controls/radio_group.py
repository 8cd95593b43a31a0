"""Radio buttons with one Tab stop at the checked one; the arrows move between the buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QButtonGroup


def tab_to_checked(group: QButtonGroup) -> None:
    """Let Tab stop at the checked button of a group alone; Qt stops at the first until one was used."""

    def stop_there(button: QAbstractButton, checked: bool) -> None:
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if checked else Qt.FocusPolicy.ClickFocus)

    for button in group.buttons():
        stop_there(button, button.isChecked())
    group.buttonToggled.connect(stop_there)
