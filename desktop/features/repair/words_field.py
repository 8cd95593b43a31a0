"""The field for the words of a sound, and the suggestions below it.

One suggestion per row: completions of the typed words, from known sound names and from recent words, or
detected sounds by rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine.analysis.sound_names.vocabulary import NOT, without_not
from engine.core.wording import percent
from widgets.controls.key_caps import ENTER, is_own_key
from widgets.controls.text_and_icons import announce, paint_words
from widgets.theme import TEXT, TEXT_SMALL, Theme, color, mono_font, px, ui_font

MOST = 12


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words that are offered.

    Attributes
    ----------
    text : the inserted text
    note : additional text, for example the sound for a synonym
    share : probability of the sound, 0 to 1; below 0 without detection
    """

    text: str
    note: str = ""
    share: float = -1.0


@dataclass(frozen=True, slots=True)
class KnownWords:
    """Words to complete with.

    Attributes
    ----------
    names : other words for each sound that is known, by its name
    recent : recent words, newest first
    """

    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    recent: tuple[str, ...] = ()


def last_part(words: str) -> str:
    """Return the name under the cursor: the text after the last comma, without "not"."""
    return without_not(_typed(words))


def with_last(words: str, text: str) -> str:
    """Replace the name under the cursor in words; a "not" before it stays."""
    before, typed = words.rpartition(",")[0].strip(), _typed(words)
    named = text if without_not(typed) == typed else f"{NOT} {text}"
    return f"{before}, {named}" if before else named


def _typed(words: str) -> str:
    return " ".join(words.rpartition(",")[2].split())


def completions(words: str, known: KnownWords) -> tuple[Suggestion, ...]:
    """Return the completions of a name: recent words first, then names, then synonyms.

    Prefix matches precede matches of later words. Empty input returns recent words.
    """
    typed, taken = last_part(words).casefold(), words.rpartition(",")[0].casefold()
    used = {" ".join(one.split()) for one in taken.split(",")}
    found: dict[str, Suggestion] = {}
    for text in known.recent:
        found.setdefault(text, Suggestion(text, "recent"))
    if typed:
        for name in known.names:
            found.setdefault(name, Suggestion(name))
        for name, others in known.names.items():
            for text in others:
                found.setdefault(text, Suggestion(text, name))
    ranked = sorted(
        (rank, place, one)
        for place, one in enumerate(found.values())
        if (rank := _rank(typed, one.text.casefold())) is not None and one.text.casefold() not in used
    )
    return tuple(one for _rank_of, _place, one in ranked if one.text.casefold() != typed)[:MOST]


def _rank(typed: str, text: str) -> int | None:
    if text.startswith(typed):
        return 0
    return 1 if any(word.startswith(typed) for word in text.split()) else None


SHOWN_ROWS = 5
_ROOT = QModelIndex()
_HEIGHT, _BAR = 24, 64


class _Suggestions(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Suggestion, ...] = ()

    def show(self, rows: tuple[Suggestion, ...]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return ", ".join(filter(None, (row.text, row.note, percent(row.share) if row.share >= 0 else "")))
        return None


class _Rows(QStyledItemDelegate):
    """Paints words with their probability or a note."""

    def __init__(self, theme: Theme, suggestions: _Suggestions) -> None:
        super().__init__()
        self.theme = theme
        self._suggestions = suggestions

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(px(120), px(_HEIGHT))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, row, rect = self.theme, self._suggestions.rows[index.row()], QRectF(option.rect)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.fillRect(rect, QColor(theme.current_row))
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(QRectF(rect.left(), rect.top(), px(3), rect.height()), QColor(theme.undecided))
        area = rect.adjusted(px(10), 0, -px(8), 0)
        if row.share >= 0:
            area.setRight(self._paint_share(painter, area, row.share) - px(8))
        taken = paint_words(painter, area, row.text, ui_font(TEXT), theme.text)
        area.adjust(taken + px(10), 0, 0, 0)
        if row.note and area.width() > px(40):
            paint_words(painter, area, row.note, ui_font(TEXT_SMALL + 1), theme.dim)

    def _paint_share(self, painter: QPainter, area: QRectF, share: float) -> float:
        """Paint a bar and a figure at the right; return their left edge."""
        font = mono_font(TEXT_SMALL)
        figure = QFontMetricsF(font).horizontalAdvance(percent(1.0))
        painter.setFont(font)
        painter.setPen(QColor(self.theme.dim))
        room = QRectF(area.right() - figure, area.top(), figure, area.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, percent(share))
        left = room.left() - px(8) - px(_BAR)
        groove = QRectF(left, area.center().y() - px(3), px(_BAR), px(6))
        painter.fillRect(groove, QColor(self.theme.line))
        painter.fillRect(
            QRectF(left, groove.top(), groove.width() * share, groove.height()), color(self.theme.undecided)
        )
        return left


class WordList(QListView):
    """A few rows, hidden if empty. The cursor stays in the field above, whose arrows move here.

    Signals
    -------
    taken : the words of a row that was clicked
    """

    taken = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._suggestions = _Suggestions()
        self._rows = _Rows(theme, self._suggestions)
        self.setModel(self._suggestions)
        self.setItemDelegate(self._rows)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setProperty("surface", "ground")
        self.setAccessibleName("Suggestions")
        self.clicked.connect(lambda index: self.taken.emit(self._suggestions.rows[index.row()].text))
        self.hide()

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """The suggestions."""
        return self._suggestions.rows

    @property
    def chosen(self) -> Suggestion | None:
        """The row that the arrows are on."""
        index = self.currentIndex()
        return self._suggestions.rows[index.row()] if index.isValid() else None

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._rows.theme = theme
        self.viewport().update()

    def offer(self, rows: tuple[Suggestion, ...]) -> None:
        """Offer these, with none of them chosen."""
        self._suggestions.show(rows)
        self.setFixedHeight(px(_HEIGHT) * min(len(rows), SHOWN_ROWS) + 4)
        self.setVisible(bool(rows))

    def step(self, by: int) -> None:
        """Choose the next row (1) or the previous one (-1); before the first is none."""
        row = min(self.currentIndex().row() + by, len(self._suggestions.rows) - 1)
        self.setCurrentIndex(self._suggestions.index(row) if row >= 0 else QModelIndex())


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
