"""The right panel: the head, the queue with its open proposal, and at its foot learning and bulk answers.

An empty queue is replaced by the next action, with a button for each alternative. Each bulk answer shows its
number and scope before it is pressed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from engine.document.edits.tracks import DRUM_ROLES
from engine.document.state import DocumentState
from engine.review.answers import ReviewStatistics
from engine.review.queue import Learned, Listing
from engine.review.wording import SpanReason
from widgets.controls.key_caps import KeyButton, column, command_buttons, label, row
from widgets.review.card import Card, DoublePress, Target
from widgets.review.queue_head import QueueHead
from widgets.review.queue_view import QueueView
from widgets.review.rows import Surroundings, card_of
from widgets.theme import TEXT, Theme, px

_FLAT = "QPushButton:!hover:!focus { background: transparent; border-color: transparent; }"
"""Style sheet of buttons that are quiet until the mouse or the focus is on them."""

OFFERS = (
    ("taste.learn", "Learn from edits…", "graduation-cap"),
    ("taste.pauses", "Propose pauses", "scissors"),
    ("taste.shorten", "Shorten pauses…", "scissors"),
    ("sounds.talk", "Find talk", "scissors"),
    ("takes.propose", "Propose takes", "repeat"),
    ("editor.propose", "Propose an arrangement", "move"),
    ("timing.propose", "Propose timing…", "hit"),
)
"""Available commands, with labels and icons of their buttons."""


class EmptyQueue(QScrollArea):
    """A sentence, and the commands that work without a taste. In a low window it scrolls.

    Signals
    -------
    command_requested : the command id of a button
    """

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = label(role="dim", wraps=True)
        self._buttons = command_buttons(theme, OFFERS, keys, self.command_requested.emit)
        inside = QWidget()
        inside.setProperty("surface", "panel")
        for button in self._buttons.values():
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        sentence = (self._sentence, 0, Qt.AlignmentFlag.AlignTop)
        margins = (14, 14, 14, 14)
        self._layout = column(sentence, *self._buttons.values(), 1, gap=8, margins=margins, owner=inside)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for button in self._buttons.values():
            button.set_theme(theme)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Set the key caps, by command id."""
        for command, button in self._buttons.items():
            button.set_key(keys.get(command, ""))

    def set_advice(self, sentence: str, offers: Sequence[str]) -> None:
        """Show a sentence and, below it, buttons of these commands."""
        self._sentence.setText(sentence)
        for command, button in self._buttons.items():
            button.setVisible(command in offers)
        for place, command in enumerate(offers, 1):
            self._layout.removeWidget(self._buttons[command])
            self._layout.insertWidget(place, self._buttons[command])


_COMMAND = "review.learn"


class LearnedLine(QWidget):
    """A sentence and a switch; `command_requested` carries the id of the switch."""

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("learning state")
        self.setAccessibleName("Learned from decisions")
        self._sentence = label(wraps=True)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._switch = KeyButton(theme, "Stop", keys.get(_COMMAND, ""))
        self._switch.clicked.connect(lambda: self.command_requested.emit(_COMMAND))
        switch = (self._switch, 0, Qt.AlignmentFlag.AlignVCenter)
        row((self._sentence, 1), switch, gap=8, margins=(10, 0, 0, 0), owner=self)
        self.set_theme(theme)
        self.set_learning("", is_on=True)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._sentence.setStyleSheet(f"font-size: {px(TEXT - 1)}px; color: {theme.dim};")
        self._switch.set_theme(theme)
        self._switch.setStyleSheet(_FLAT)

    def set_learning(self, sentence: str, *, is_on: bool) -> None:
        """Show the summary and the switch; hidden without a summary."""
        self._sentence.setText(sentence)
        self._switch.setText("Stop" if is_on else "Learn")
        self._switch.setAccessibleName("Stop learning from decisions" if is_on else "Learn from decisions")
        self.setVisible(bool(sentence))


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
        self._buttons = command_buttons(theme, _ANSWERS, keys, self.command_requested.emit)
        self.setAccessibleName("Answer many")
        self.setStyleSheet(_FLAT)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(4))
        for place, button in enumerate(self._buttons.values()):
            layout.addWidget(button, place // 2, place % 2)
            layout.setColumnStretch(place % 2, 1)
            button.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)

    def guard(self, presses: DoublePress) -> None:
        """Have the buttons refuse the second press of a double click where their scope changed meanwhile."""
        for button in self._buttons.values():
            presses.watch(button, partial(self._target, button))

    def _target(self, button: KeyButton) -> Target:
        return "bulk", button.text()

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


def all_decided(statistics: ReviewStatistics, keys: Mapping[str, str]) -> str:
    """Return the message for a finished review, "" while proposals are undecided."""
    if not statistics.total or statistics.undecided:
        return ""
    all_of_it = "It is" if statistics.total == 1 else f"All {statistics.total:,}"
    if statistics.cut_away:
        all_of_it = "All remaining proposals are"
    return f"{all_of_it} decided: export with {_key(keys, 'file.export', 'Export')}."


def advice(
    state: DocumentState, statistics: ReviewStatistics, taste: str | None, keys: Mapping[str, str]
) -> str:
    """Return the sentence for an empty queue.

    Parameters
    ----------
    taste : the name of the active taste, None without one
    keys : the key cap of each command id
    """
    if not state.tracks:
        return f"Drop recordings on the timeline, or press {_key(keys, 'file.import', 'Import')}."
    if statistics.total:
        return all_decided(statistics, keys) or "No proposals match this filter. Choose another one above."
    if taste is None and _has_drums(state):
        return (
            f"Put these drums in time ({_key(keys, 'timing.propose', 'Propose timing')}), "
            f"or learn a taste from your edits ({_key(keys, 'taste.learn', 'Learn')})."
        )
    if taste is None:
        pauses = _key(keys, "taste.pauses", "Propose pauses")
        return (
            f"Learn a taste from your edits ({_key(keys, 'taste.learn', 'Learn')}), "
            f"or propose to cut the pauses ({pauses})."
        )
    return (
        f'No proposals yet. Analyse with "{taste}" '
        f"({_key(keys, 'taste.listen', 'Analyse')}), "
        f"then propose cuts ({_key(keys, 'taste.propose', 'Propose')})."
    )


def _key(keys: Mapping[str, str], command: str, otherwise: str) -> str:
    """Return the key of a command, which no line breaks in two."""
    return keys.get(command, otherwise).replace(" ", "\u00a0")


def offers(state: DocumentState, statistics: ReviewStatistics, taste: str | None) -> tuple[str, ...]:
    """Return the command ids that work without a taste, most likely first; none after proposals exist."""
    if not state.tracks or statistics.total or taste is not None:
        return ()
    if _has_drums(state):
        return "timing.propose", "taste.learn", "taste.pauses", "takes.propose"
    return (
        *("taste.learn", "taste.pauses", "taste.shorten", "sounds.talk"),
        *("takes.propose", "editor.propose", "timing.propose"),
    )


def _has_drums(state: DocumentState) -> bool:
    return any(track.role in DRUM_ROLES for track in state.tracks)


SPARK_REACH_S = 10
"""Minimum context of a proposal's scores, on either side."""


class QueuePanel(QFrame):
    """Shows the review; user actions are emitted as signals and change nothing here.

    Signals
    -------
    proposal_chosen, proposal_toggled, range_chosen, group_toggled, menu_requested : see `QueueView`
    command_requested : the command id of a button
    filter_chosen : a name of `queue_head.FILTERS`
    search_changed : the words in the search field
    search_entered, search_given_up : Enter and Esc there

    Parameters
    ----------
    keys : the key cap of each command id
    """

    proposal_chosen = Signal(str)
    proposal_toggled = Signal(str)
    range_chosen = Signal(str)
    group_toggled = Signal(str)
    menu_requested = Signal(str, QPoint)
    command_requested = Signal(str)
    filter_chosen = Signal(str)
    search_changed = Signal(str)
    search_entered = Signal()
    search_given_up = Signal()

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._keys = keys
        self._taste: str | None = None
        self._around = Surroundings()
        self._shown: tuple[DocumentState, str | None, str] = (DocumentState(), None, "left")
        self._threshold = 1.0
        self._statistics: ReviewStatistics | None = None
        self._learned: Learned | None = None
        self._moved: SpanReason | None = None
        self._looks_ahead = self._leaves_room = False
        self.setProperty("surface", "panel")
        self.setAccessibleName("Review")
        self._head = QueueHead(theme, keys)
        self._card = Card(theme, keys)
        self._presses = DoublePress(self)
        self._view = QueueView(theme, self._card, self._presses)
        self._hint = EmptyQueue(theme, keys)
        self._bulk = BulkBar(theme, keys)
        self._above = KeyButton(theme, "", keys.get("review.accept_above", ""))
        self._bulk.guard(self._presses)
        self._presses.watch(self._above, lambda: ("above", self._above.text()))
        self._learning = LearnedLine(theme, keys)
        self._middle = QStackedWidget()
        self._lay_out()
        view, head = self._view, self._head
        view.proposal_chosen.connect(self.proposal_chosen)
        view.proposal_toggled.connect(self.proposal_toggled)
        view.range_chosen.connect(self.range_chosen)
        view.group_toggled.connect(self.group_toggled)
        view.menu_requested.connect(self.menu_requested)
        for part in (self._card, self._hint, self._bulk, self._learning, head):
            part.command_requested.connect(self.command_requested)
        head.filter_chosen.connect(self.filter_chosen)
        head.search.textChanged.connect(self.search_changed)
        head.search.entered.connect(self.search_entered)
        head.search.given_up.connect(self.search_given_up)
        self._above.clicked.connect(lambda: self.command_requested.emit("review.accept_above"))
        self.set_theme(theme)

    def _lay_out(self) -> None:
        self._middle.addWidget(self._view)
        self._middle.addWidget(self._hint)
        self._foot = QWidget()
        self._above.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column(self._learning, self._bulk, self._above, gap=4, margins=(4, 6, 4, 6), owner=self._foot)
        column(self._head, (self._middle, 1), self._foot, gap=0, owner=self)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        for part in (self._head, self._card, self._view, self._hint, self._learning, self._bulk, self._above):
            part.set_theme(theme)
        line = f"1px solid {theme.line}"
        self._middle.setStyleSheet(f"QStackedWidget {{ border-top: {line}; border-bottom: {line}; }}")
        self._above.setStyleSheet(_FLAT)
        self._open_card()

    def set_taste(self, name: str | None) -> None:
        """Set the name of the active taste, None without one."""
        self._taste = name
        self._show_middle()

    def set_surroundings(self, around: Surroundings) -> None:
        """Set the grid, onsets and scores for the description of edges."""
        self._around = around
        self._view.model().set_sounds(around.sounds)
        self._open_card()

    def set_choices(self, filter_name: str, sorting: str, grouping: str) -> None:
        """Mark how the queue is shown: filter, order and groups."""
        self._head.set_choices(filter_name, sorting, grouping)

    def set_scope(self, selected: frozenset[str], count: int, name: str, weak_left: int = 0) -> None:
        """Mark the selected rows, and show the number and scope of bulk answers.

        `name` is "selected" or "shown"; where it is empty there is nothing to answer at once. Accepting
        leaves out `weak_left` proposals with weak evidence.
        """
        self._view.set_selected(selected)
        self._bulk.set_scope(count, name, weak_left)

    def set_moved(self, moved: SpanReason | None) -> None:
        """Show the description of the moved edges of the open proposal."""
        self._moved = moved
        self._open_card()

    def set_learning(self, sentence: str, *, is_on: bool) -> None:
        """Show the summary of learning from decisions, and whether it is on; hidden without a summary."""
        self._learning.set_learning(sentence, is_on=is_on)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Set the key caps, by command id."""
        self._keys = keys
        self._head.set_keys(keys)
        self._hint.set_keys(keys)
        self._show_middle()

    def set_outlook(self, threshold: float, count: int, sentence: str) -> None:
        """Show the preview of a dragged threshold until its release."""
        self._looks_ahead = True
        self._head.set_summary(sentence)
        self._offer_above(count, threshold)

    def end_outlook(self) -> None:
        """Let the next statistics show the current state; those during a drag are ignored."""
        self._looks_ahead = False

    def leave_room(self, is_wanted: bool) -> None:
        """Hide the bulk controls while a panel below is in use."""
        self._leaves_room = is_wanted
        self._head.leave_room(is_wanted)
        is_any = self._statistics is not None and self._statistics.total > 0
        self._foot.setVisible(is_any and not is_wanted)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return not self._leaves_room and super().hasHeightForWidth()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()  # the panel below has its height first
        return QSize(hint.width(), self.minimumSizeHint().height()) if self._leaves_room else hint

    def _offer_above(self, count: int, threshold: float) -> None:
        some = f"Accept {count:,} at or above {threshold:.2f}"
        self._above.setText(some if count else f"Nothing undecided at or above {threshold:.2f}")
        self._above.setEnabled(count > 0)

    def show_proposal(self, proposal_id: str) -> None:
        """Scroll the row of a proposal into view."""
        self._view.show_proposal(proposal_id)

    def begin_search(self) -> None:
        """Empty the search field and focus it: a new search begins with every proposal."""
        self.clear_search()
        self._head.search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_rows(self) -> None:
        """Give the rows the keyboard focus, where there are any to be seen."""
        if self._view.isVisible():
            self._view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def clear_search(self) -> None:
        """Search for nothing."""
        self._head.search.clear()

    def set_search(self, text: str) -> None:
        """Show the words that the queue is searched for."""
        if text != self._head.search.text():
            self._head.search.setText(text)

    def set_figures(
        self, state: DocumentState, statistics: ReviewStatistics, threshold: float, above_count: int
    ) -> None:
        """Show the progress of the review.

        Parameters
        ----------
        threshold : 0 to 1
        above_count : number of undecided proposals at or above it
        """
        self._statistics, self._threshold = statistics, threshold
        self._foot.setVisible(statistics.total > 0 and not self._leaves_room)
        if self._looks_ahead:
            return
        self._head.set_review(state, statistics, all_decided(statistics, self._keys))
        self._offer_above(above_count, threshold)

    def set_queue(
        self,
        state: DocumentState,
        listing: Listing,
        current: str | None,
        edge: str,
        learned: Learned | None = None,
        moved: SpanReason | None = None,
    ) -> None:
        """Show the proposals themselves.

        Parameters
        ----------
        listing : the proposals that are shown, in order and in groups
        current : the open one, or None
        edge : "left" or "right", the edge that the keys move
        learned : summary of learning from decisions; None without one
        moved : description of the open proposal with moved edges, if known
        """
        self._shown, self._learned, self._moved = (state, current, edge), learned, moved
        self._view.model().set_listing(state, listing, learned)
        self._open_card()
        self._view.set_current(current)
        self._show_middle()

    def _show_middle(self) -> None:
        empty = not self._view.model().rowCount()
        if empty and self._statistics is not None:
            state, statistics = self._shown[0], self._statistics
            sentence = advice(state, statistics, self._taste, self._keys)
            self._hint.set_advice(sentence, offers(state, statistics, self._taste))
        self._middle.setCurrentWidget(self._hint if empty else self._view)

    def _open_card(self) -> None:
        state, current, edge = self._shown
        if current is not None:
            ranked = self._view.model().standing()
            card = card_of(state, current, self._around, self._learned, self._moved, ranked)
            self._card.set_card(card, edge)
            reach = SPARK_REACH_S * state.rate_hz
            curve = self._around.curve if card.score else None
            self._card.set_scores(curve, state.span(current), reach, self._threshold)
            self._view.card_resized()
