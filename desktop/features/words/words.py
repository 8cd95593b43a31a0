"""The transcript of the open document: its panel, its lane in the timeline, its edits and its search."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QApplication, QWidget

from desktop.features.words.editing import WordEdits
from desktop.features.words.panel import WordsPanel
from desktop.features.words.searching import WordSearch
from desktop.features.words.shown import ShownWords
from desktop.features.words.transcribing import Transcribing
from desktop.review.by_hand import ByHand
from desktop.shell.actions import popup
from desktop.shell.command import WORDS_LAYER
from desktop.shell.shell import Shell
from engine.document.analysis import WORDS
from engine.document.state import Change

_MENU = (
    ("words.strike", "words.restore"),
    ("words.earlier", "words.later"),
    ("words.correct", "words.speaker", "words.copy"),
    ("words.search",),
)


class Words(QObject):
    """Opens the panel of the transcript, and connects its parts.

    Its first signals carry the message about a result, and the reason of a refusal.

    Attributes
    ----------
    panel : the text with its search
    transcribing : recognises the words
    shown : the text as it is shown
    edits : of the selected words
    found : the search in the text

    Signals
    -------
    opened(is_open) : the panel was opened or closed
    """

    said = Signal(str)
    refused = Signal(str)
    opened = Signal(bool)

    def __init__(self, window: QWidget, shell: Shell, by_hand: ByHand) -> None:
        super().__init__(window)
        self._window, self._shell, self._session = window, shell, shell.session
        self.panel = WordsPanel(shell.look.theme, shell.caps)
        self.panel.hide()
        self.transcribing = Transcribing(window, shell)
        self.shown = ShownWords(self, shell, self.panel, self.transcribing)
        self.edits = WordEdits(window, shell, self.shown, by_hand)
        self.found = WordSearch(self, shell, self.shown)
        shell.session.replaced.connect(self._start_over)
        shell.session.changed.connect(self._follow)
        self.panel.focused.connect(self._follow_focus)
        self.panel.command_requested.connect(shell.commands.run)
        self.panel.view.menu_requested.connect(self._open_menu)
        self.transcribing.said.connect(self.said)
        for part in (self.edits, self.found):
            part.said.connect(self.said)
            part.refused.connect(self.refused)

    def toggle(self) -> None:
        """Show the transcript and focus it; hide it if it has the focus."""
        focus = QApplication.focusWidget()
        if self.panel.isHidden():
            self._show()
        elif focus is not None and self.panel.isAncestorOf(focus):
            self.panel.hide()
            self.opened.emit(False)
            self.shown.refresh()
            self._shell.timeline.setFocus()
        else:
            self.panel.begin()

    def search(self) -> None:
        """Show the search field of the transcript.

        Raises
        ------
        UsageError : no transcript
        """
        if self.panel.isHidden() and self._session.transcript is not None:
            self._show()
        self.shown.required()
        self.panel.open_search()

    def _show(self) -> None:
        self.panel.show()
        self.opened.emit(True)
        self.shown.refresh()
        self.panel.begin()

    def _follow_focus(self, is_in: bool) -> None:
        self._shell.commands.enter(WORDS_LAYER, is_in=is_in)

    def _open_menu(self, place: QPoint) -> None:
        popup(self._shell.commands.menu(self._window, _MENU, "Words"), place)

    def _start_over(self) -> None:
        self.panel.close_search()
        self.shown.start_over()
        self._show_lane()

    def _follow(self, change: Change) -> None:
        self.shown.follow(change)
        if WORDS in change.analyses or change.tracks:
            self._show_lane()

    def _show_lane(self) -> None:
        """Show the words under the lanes."""
        transcript, canvas = self._session.transcript, self._shell.timeline.canvas
        shown = canvas.shown.words.spans_samples
        if transcript is not None and shown is not transcript.spans_samples:
            canvas.set_words(transcript.texts, transcript.spans_samples)
        elif transcript is None and shown is not None:
            canvas.set_words((), None)
