"""The bar that says how the last run ended, what was saved, and offers to go on; it asks for nothing."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from widgets.controls.announce import announce
from widgets.controls.elided_label import ElidedLabel
from widgets.controls.keys.caps import KeyButton
from widgets.theme import BAR, Theme, px

OPEN, SHOW, FORGET = "crash.open", "crash.report", "crash.forget"


class CrashBar(QFrame):
    """One sentence and up to three buttons, each with its key; what is not answered stands in nobody's way.

    Signals
    -------
    command_requested : the id of the command of a button
    """

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "row")
        self.setAccessibleName("After a crash")
        self.setFixedHeight(px(BAR))
        self._said = ElidedLabel()
        self._said.setAccessibleName("How the last run ended")
        self._buttons = {
            command: KeyButton(theme, words, keys.get(command, ""))
            for command, words in ((OPEN, ""), (SHOW, "Show the report"), (FORGET, "Forget it"))
        }
        layout = QHBoxLayout(self)
        layout.setContentsMargins(px(14), 0, px(12), 0)
        layout.setSpacing(px(8))
        layout.addWidget(self._said, 1)
        for command, button in self._buttons.items():
            button.clicked.connect(lambda _=False, one=command: self.command_requested.emit(one))
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            layout.addWidget(button)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, "" while it says nothing."""
        return "" if self.isHidden() else self._said.text()

    def offer(self, sentence: str, opens: str, *, has_report: bool) -> None:
        """Say a sentence.

        Parameters
        ----------
        opens : the words of the button that opens a document, "" where there is none to open
        """
        self._said.setText(sentence)
        self._buttons[OPEN].setText(opens)
        self._buttons[OPEN].setVisible(bool(opens))
        self._buttons[SHOW].setVisible(has_report)
        self.show()
        announce(self, sentence)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        for button in self._buttons.values():
            button.set_theme(theme)
