"""A bar that offers something in one sentence and asks for nothing: after a crash, or after stopped work."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from widgets.controls.announce import announce
from widgets.controls.elided_label import ElidedLabel
from widgets.controls.keys.caps import KeyButton
from widgets.theme import BAR, Theme, px


class OfferBar(QFrame):
    """One sentence and a few buttons with keys; the user may ignore it.

    Parameters
    ----------
    name, about : for a screen reader: of the bar, and of its sentence
    keys : the key cap of each command id
    commands : ids of the commands that it can offer, in their order

    Signals
    -------
    command_requested : the command id of a button
    """

    command_requested = Signal(str)

    def __init__(
        self,
        theme: Theme,
        name: str,
        about: str,
        keys: Mapping[str, str],
        commands: tuple[str, ...],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "row")
        self.setAccessibleName(name)
        self.setFixedHeight(px(BAR))
        self._sentence = ElidedLabel(lines=2)
        self._sentence.setAccessibleName(about)
        self._buttons = {command: KeyButton(theme, "", keys.get(command, "")) for command in commands}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(px(14), 0, px(12), 0)
        layout.setSpacing(px(8))
        layout.addWidget(self._sentence)
        layout.addStretch(1)
        for command, button in self._buttons.items():
            button.clicked.connect(lambda _=False, one=command: self.command_requested.emit(one))
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            layout.addWidget(button)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence, "" while nothing is offered."""
        return "" if self.isHidden() else self._sentence.text()

    def offer(self, sentence: str, buttons: Mapping[str, str]) -> None:
        """Show a sentence.

        Parameters
        ----------
        buttons : the words of each command that is offered, by its id
        """
        self._sentence.setText(sentence)
        for command, button in self._buttons.items():
            button.setText(buttons.get(command, ""))
            button.setVisible(command in buttons)
        self.show()
        announce(self, sentence)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for button in self._buttons.values():
            button.set_theme(theme)
