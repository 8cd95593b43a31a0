"""Verdict about the displayed recording in large text, and problems of a taste with one or two remedies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.core.wording import one_line
from engine.features.taste.diagnoses.findings import Finding, Severity
from widgets.controls.key_caps import KeyButton
from widgets.controls.text_and_icons import ElidedLabel
from widgets.theme import TEXT_TITLE, Theme, px

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


_BESIDE_FROM = 760
"""From this width, at 100 %, buttons are next to the sentence, else below."""


_SIGNS = {Severity.WRONG: "×", Severity.DOUBTFUL: "!", Severity.NOTE: "i"}
_SPOKEN = {Severity.WRONG: "Wrong", Severity.DOUBTFUL: "Doubtful", Severity.NOTE: "Note"}


class Findings(QWidget):
    """A list of findings, most severe first; without any it is hidden.

    Parameters
    ----------
    caps : the keys of the actions that have one, by action; it may change in place

    Signals
    -------
    remedy_requested : the action of the remedy that was pressed
    """

    remedy_requested = Signal(str)

    def __init__(
        self, theme: Theme, caps: Mapping[str, str] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._caps = {} if caps is None else caps
        self._found: tuple[Finding, ...] = ()
        self._rows: list[_Row] = []
        self.setAccessibleName("Findings")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(4))
        self.hide()

    def hasHeightForWidth(self) -> bool:
        # Its rows hold their height; a page with a height for every width would ask for all its views like.
        return False

    @property
    def found(self) -> tuple[Finding, ...]:
        """The displayed findings."""
        return self._found

    def set_findings(self, findings: Iterable[Finding]) -> None:
        """Show these instead of those before."""
        order = list(Severity)
        self._found = tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))
        layout = self.layout()
        assert layout is not None
        for row in self._rows:
            layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [_Row(finding, self._caps, self._theme) for finding in self._found]
        for row in self._rows:
            layout.addWidget(row)
            row.asked.connect(self.remedy_requested)
        self.setVisible(bool(self._rows))

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        for row in self._rows:
            row.set_theme(theme)


class _Row(QFrame):
    """A sign, a sentence, and buttons next to it or below."""

    asked = Signal(str)

    def __init__(self, finding: Finding, caps: Mapping[str, str], theme: Theme) -> None:
        super().__init__()
        self._severity = finding.severity
        self.setAccessibleName(f"{_SPOKEN[finding.severity]}: {finding.sentence}")
        self._sign = QLabel(_SIGNS[finding.severity])
        self._sign.setFixedWidth(px(16))
        self._sign.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self._sentence = sentence = QLabel(finding.sentence)
        sentence.setWordWrap(True)
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._buttons = [KeyButton(theme, one.label, caps.get(one.action, "")) for one in finding.remedies]
        for remedy, button in zip(finding.remedies, self._buttons, strict=True):
            button.clicked.connect(lambda _checked=False, action=remedy.action: self.asked.emit(action))
        buttons = QHBoxLayout()
        buttons.setSpacing(px(8))
        for button in self._buttons:
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(px(8))
        self._body.addWidget(sentence, 1)
        self._body.addLayout(buttons)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(px(8), px(6), px(8), px(6))
        layout.setSpacing(px(8))
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(self._body, 1)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        tokens = {Severity.WRONG: theme.error, Severity.DOUBTFUL: theme.score_line}
        token = tokens.get(self._severity, theme.dim)
        self._sign.setStyleSheet(f"color: {token}; font-weight: 700;")
        self.setStyleSheet(
            f"_Row {{ background: {theme.panel2}; border-left: {px(3)}px solid {token};"
            f" border-radius: {px(4)}px; }}"
        )
        for button in self._buttons:
            button.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= px(_BESIDE_FROM)
        self._body.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )
        layout = self.layout()
        assert layout is not None
        at = Qt.AlignmentFlag.AlignVCenter if beside else Qt.AlignmentFlag.AlignTop
        layout.setAlignment(self._sign, at)
        self._body.activate()
        # A window asks its layouts for the least height without a width: wrapped words would be cut.
        self._sentence.setMinimumHeight(self._sentence.heightForWidth(self._sentence.width()))
