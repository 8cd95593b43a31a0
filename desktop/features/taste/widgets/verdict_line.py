"""Verdict about the displayed recording, in the largest text of the page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.core.wording import one_line
from widgets.controls.elided_label import ElidedLabel
from widgets.theme import TEXT_TITLE, px

_PAD = 12


class VerdictLine(QFrame):
    """The recording's name over a sentence or two, which wrap and are never cut."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Summary of the scores")
        self.setProperty("surface", "ground")
        self._name = ElidedLabel("", "dim")
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._sentence = QLabel()
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self._sentence.setStyleSheet(f"font-size: {px(TEXT_TITLE + 2)}px; font-weight: 600;")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(_PAD), px(8), px(_PAD), 0)
        layout.setSpacing(px(2))
        layout.addWidget(self._name)
        layout.addWidget(self._sentence)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    @property
    def sentence(self) -> str:
        """The displayed text."""
        return self._sentence.text()

    def say(self, name: str, sentence: str) -> None:
        """Show the verdict; an empty name for a message without a recording."""
        self._name.setText(one_line(name))
        self._name.setVisible(bool(name))
        self._sentence.setText(sentence)
        self.setAccessibleDescription(" ".join(filter(None, (name and f"{name}:", sentence))))
        self._fit()

    def hasHeightForWidth(self) -> bool:
        # A page with a height for every width would ask for all the height its views would like.
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # A window asks its layouts for the least height without a width: wrapped words would be cut.
        room = max(self.width() - px(2 * _PAD), 1)
        self._sentence.setFixedHeight(max(self._sentence.heightForWidth(room), 0))
