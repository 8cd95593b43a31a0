"""The field for the words of a sound, and the words that are offered below it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from widgets.controls.announce import announce
from widgets.controls.keys.own_keys import ENTER, is_own_key
from widgets.panels.repair.completion import KnownWords, Suggestion, completions, with_last
from widgets.panels.repair.word_list import WordList
from widgets.theme import Theme, px

_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
_OWN = ENTER | _STEPS.keys()
LONGEST = 12_000
"""Longer text is refused with a message, not truncated."""


class _Line(QLineEdit):
    """Keeps Enter and the arrows from the window's commands."""

    entered = Signal()
    stepped = Signal(int)

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, _OWN):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            if not event.isAutoRepeat():
                self.entered.emit()
        elif event.key() in _STEPS:
            self.stepped.emit(_STEPS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)


class WordsField(QWidget):
    """Names of sounds, separated by commas, with completions below.

    Signals
    -------
    changed : other words
    entered : Enter without a chosen row
    """

    changed = Signal()
    entered = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known = KnownWords()
        self._heard: tuple[Suggestion, ...] = ()
        self.line = _Line()
        self.line.setMaxLength(LONGEST)
        self.line.setAccessibleName("Sounds")
        self.line.setPlaceholderText("Name a sound, for example speech, dog")
        self.list = WordList(theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(4))
        layout.addWidget(self.line)
        layout.addWidget(self.list)
        self.setFocusProxy(self.line)
        self.line.textChanged.connect(lambda _text: self.changed.emit())
        self.line.textEdited.connect(lambda _text: self._complete())
        self.line.entered.connect(self._enter)
        self.line.stepped.connect(self._step)
        self.list.taken.connect(self.take)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self.list.set_theme(theme)

    def text(self) -> str:
        """Return the words."""
        return self.line.text()

    def set_text(self, text: str) -> None:
        """Write other words; nothing is offered for them."""
        if text != self.line.text():
            self.line.setText(text)
        self.rest()

    def set_known(self, known: KnownWords) -> None:
        """Set the vocabulary for completion."""
        self._known = known

    def begin(self) -> None:
        """Focus the field, with all text selected and recent words below."""
        self.line.setFocus()
        self.line.selectAll()
        self._offer()

    def offer_heard(self, heard: tuple[Suggestion, ...]) -> None:
        """Suggest the detected sounds, most likely first; none restores completions."""
        self._heard = heard
        self.list.offer(heard)
        if heard:
            announce(self.line, ", ".join(one.text for one in heard[:3]))

    def offer_nearest(self, names: tuple[str, ...]) -> None:
        """Offer known names in the place of words that are not understood."""
        self.list.offer(tuple(Suggestion(name, "known") for name in names))

    def rest(self) -> None:
        """Hide the suggestions until the next input or request."""
        self.list.offer(())

    def _offer(self) -> None:
        self.list.offer(self._heard or completions("", self._known))

    def take(self, text: str) -> None:
        """Write words in the place of the name that is being typed."""
        self.line.setText(with_last(self.line.text(), text))
        self.line.setFocus()
        self.list.offer(self._heard)

    def _complete(self) -> None:
        found = completions(self.line.text(), self._known)
        self.list.offer(found or self._heard)

    def _step(self, by: int) -> None:
        if self.list.isHidden():
            self._offer()
        self.list.step(by)
        chosen = self.list.chosen
        if chosen is not None:
            announce(self.line, chosen.text)

    def _enter(self) -> None:
        chosen = self.list.chosen
        if chosen is not None:
            self.take(chosen.text)
        else:
            self.rest()
            self.entered.emit()
