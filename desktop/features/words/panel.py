"""Panel of the transcript: its text, the search above it, and offers without a transcript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from desktop.features.words.view import WordsView
from widgets.controls.command_entries import with_keys
from widgets.controls.key_caps import ENTER, KeyButton, column, command_buttons, label, row
from widgets.controls.text_and_icons import announce
from widgets.review.queue_head import SearchField
from widgets.theme import QUEUE, TEXT, Theme, px

_LEAST, _USUAL = 110, 320
_OFFERS = (
    ("words.transcribe", "Transcribe"),
    ("words.model", "Choose a model folder…"),
    ("words.download", "Download a model…"),
)
_EVERYWHERE = (("words.cut_all", "Cut all"), ("words.mute_all", "Mute all"), ("words.mark_all", "Mark all"))


class _WordsField(SearchField):
    """The search field of the transcript.

    Signals
    -------
    went_back : Shift and Enter: go to the match before
    """

    went_back = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.went_back.emit()
        else:
            super().keyPressEvent(event)


class WordsPanel(QFrame):
    """Shows a transcript; user actions are emitted as signals, those of the text by `view`.

    Signals
    -------
    searched : the words in the search field
    stepped : to the next match (1), or the one before (-1)
    search_closed : the search field is empty and hidden
    command_requested : the command id of a button
    focused(is_in) : text or search field got the focus, or lost it
    """

    searched = Signal(str)
    stepped = Signal(int)
    search_closed = Signal()
    command_requested = Signal(str)
    focused = Signal(bool)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Transcript panel")
        self._keys = keys
        self._summary, self._empty = label(), label(wraps=True)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self.view = WordsView(theme)
        self.field = _WordsField(theme, shown="Search the words", name="Search the transcript")
        self._count = label(name="Places found")
        request = self.command_requested.emit
        self._offers = command_buttons(theme, _OFFERS, keys, request)
        self._everywhere = command_buttons(theme, _EVERYWHERE, keys, request)
        self._search = QWidget()
        self._lay_out()
        self.field.textChanged.connect(self.searched)
        self.field.entered.connect(lambda: self.stepped.emit(1))
        self.field.went_back.connect(lambda: self.stepped.emit(-1))
        self.field.given_up.connect(self.close_search)
        self.view.focused.connect(self.focused)
        self.field.installEventFilter(self)
        self._search.hide()
        self.show_offer("", ())
        self.set_theme(theme)

    def _lay_out(self) -> None:
        title = label("Transcript", "title")
        for button in self._everywhere.values():
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column(
            row((self.field, 1), self._count, gap=8),
            row(*((button, 1) for button in self._everywhere.values()), gap=5),
            gap=5,
            margins=(14, 0, 14, 0),
            owner=self._search,
        )
        offers = column(self._empty, *self._offers.values(), gap=8, margins=(14, 0, 14, 10))
        column(
            row(title, 1, self._summary, margins=(14, 0, 14, 0)),
            self._search,
            offers,
            (self.view, 1),
            gap=6,
            margins=(0, 8, 0, 0),
            owner=self,
        )

    def sizeHint(self) -> QSize:
        return QSize(px(QUEUE), self._height(_USUAL))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(120), self._height(_LEAST))

    def _height(self, of_text: float) -> int:
        """Return the height with a text of a height at 100 %; without one, that of the sentence."""
        layout = self.layout()
        assert layout is not None, "it is laid out"
        return layout.totalHeightForWidth(self.width()) if self.view.isHidden() else px(of_text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()  # a sentence has other lines now

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self.view.set_theme(theme)
        self.field.set_theme(theme)
        buttons: list[KeyButton] = [*self._offers.values(), *self._everywhere.values()]
        for button in buttons:
            button.set_theme(theme)
        for text in (self._summary, self._empty, self._count):
            text.setStyleSheet(f"font-size: {px(TEXT - 1)}px; color: {theme.dim};")
        self.setStyleSheet(f"WordsPanel {{ border-top: 1px solid {theme.line}; }}")

    def eventFilter(self, _watched: object, event: QEvent) -> bool:
        """Report the focus of the search field."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.focused.emit(event.type() == QEvent.Type.FocusIn)
        return False

    def show_summary(self, summary: str) -> None:
        """Show the size and the language of the transcript."""
        self._summary.setText(summary)

    def show_offer(self, sentence: str, commands: Sequence[str]) -> None:
        """Show a sentence and the buttons of some commands in place of the text; without one, the text."""
        self._empty.setText(with_keys(sentence, self._keys))
        self._empty.setVisible(bool(sentence))
        for name, button in self._offers.items():
            button.setVisible(bool(sentence) and name in commands)
        self.view.setVisible(not sentence)
        vertical = QSizePolicy.Policy.Maximum if sentence else QSizePolicy.Policy.Preferred
        self.setSizePolicy(QSizePolicy.Policy.Preferred, vertical)
        if sentence:
            self.close_search()
        self.updateGeometry()

    @property
    def offers(self) -> tuple[str, ...]:
        """The commands that are offered without a text."""
        return tuple(name for name, button in self._offers.items() if not button.isHidden())

    def begin(self) -> None:
        """Give the keys to the text, or to the first button in its place."""
        shown = [self._offers[name] for name in self.offers]
        if not self.view.isHidden():
            self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif shown:
            shown[0].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def open_search(self) -> None:
        """Show the search field with the keys."""
        self._search.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def close_search(self) -> None:
        """Hide the search field, and give the text the keys if the field had them."""
        had_focus = self.field.hasFocus()
        self.field.clear()
        self._search.hide()
        self.search_closed.emit()
        if had_focus:
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def is_searching(self) -> bool:
        """Whether the search field is shown."""
        return not self._search.isHidden()

    def show_count(self, current: int | None, count: int) -> None:
        """Show which of the places found is the current one."""
        is_asked = bool(self.field.text().strip())
        found = f"{count:,}" if current is None else f"{current + 1:,} of {count:,}"
        self._count.setText((found if count else "none") if is_asked else "")
        if is_asked:
            announce(self._count, self._count.text())
        for button in self._everywhere.values():
            button.setEnabled(count > 0)
