"""Connect the queue panel with the review.

Bulk answers: one for the selected proposals, else for all that filter, search and folding leave.

The card's sentence and score follow edges that were moved, a moment behind the keys that move them.

Context menu of the queue: the answers to the row under the mouse, or to the selected rows.

Enter answers a proposal only where it was pressed for it: in the queue, not held, not closing a dialog.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QWidget

from desktop.review.review import Review
from desktop.shell.actions import Actions
from desktop.shell.session import Session
from desktop.shell.shell import Shell
from desktop.shell.work.job_lanes import JobLane
from engine.core.errors import OffcutError, UsageError
from engine.document.edits import proposals as edits
from engine.document.kinds import Edge
from engine.document.proposals import BY_HAND, Decision, Verdict, decided_span
from engine.document.state import DocumentState, Edit
from engine.features.taste.document_cuts import MovedRequest, assess_moved
from engine.review.answers import BulkAccept, accept_in_bulk, accept_selected
from engine.review.evidence import Analyses
from engine.review.wording import SaidOfSpan
from widgets.controls.later import Later
from widgets.review.queue_panel import QueuePanel

SETTLES_S = 0.3
"""So long the proposal is looked at before an Enter that follows a dialog can be meant for it."""
TOO_SOON = "Enter came too early for this proposal. Press it again to accept."
NOT_HERE = "Enter accepts in the queue only. Press ↓ to go there, or A to accept from anywhere."

_ANSWERS = ("review.accept", "review.accept_stay")


class StrayEnter(QObject):
    """Blocks Enter from answering unless the queue has the keyboard focus, and has had it for a moment.

    The focus returns from dialogs and other windows, from popups such as the palette, and from fields.
    Auto-repeated Enter is always blocked: it would accept a second proposal unseen. An Enter that is another
    command, or that the focused part takes, is left alone.

    Parameters
    ----------
    queue : the panel in which Enter answers
    actions : the commands of the window, with the keys that they have now

    Signals
    -------
    refused : why nothing was accepted
    """

    refused = Signal(str)

    def __init__(
        self,
        window: QMainWindow,
        queue: QWidget,
        actions: Actions,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._queue = queue
        self._actions = actions
        self._clock_s = clock_s
        self._back_s = float("-inf")
        window.installEventFilter(self)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow_focus)

    def _follow_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        if now is None or now.window() is not self._window:
            return
        takes_text = Qt.WidgetAttribute.WA_InputMethodEnabled
        if before is None or before.window() is not self._window or before.testAttribute(takes_text):
            self._back_s = self._clock_s()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Consume an accidental Enter: an accepted event is not a shortcut any more."""
        if event.type() in (QEvent.Type.WindowUnblocked, QEvent.Type.WindowActivate):
            self._back_s = self._clock_s()
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        if not self._would_answer(event):
            return False
        why = self._refusal()
        if not (event.isAutoRepeat() or why):
            return False
        if why and not event.isAutoRepeat():
            self.refused.emit(why)
        event.accept()
        return True

    def _would_answer(self, event: QKeyEvent) -> bool:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return False
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        pressed = QKeySequence(held.value | event.key())
        answers = [self._actions.action(name) for name in _ANSWERS]
        return any(action.isEnabled() and pressed in action.shortcuts() for action in answers)

    def _refusal(self) -> str:
        focus = QApplication.focusWidget()
        if focus is None or not self._queue.isAncestorOf(focus):
            return NOT_HERE
        return TOO_SOON if self._clock_s() - self._back_s < SETTLES_S else ""


REST_MS = 60
"""Delay after the last move until the reason is computed: a held key moves edges faster."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A proposal, its edges, and the analyses of the recording."""

    proposal_id: str
    span: tuple[int, int]
    heard: Analyses


class MovedEdges(QObject):
    """Computes, on a thread of its own, the reason of the current proposal after its edges were moved.

    Signals
    -------
    found : `said` is of the present edges
    """

    found = Signal()

    def __init__(self, session: Session, review: Review, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._review = session, review
        self._lane = JobLane("card lane", self)
        self._known: tuple[_Asked, SaidOfSpan] | None = None
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._ask)
        session.replaced.connect(self._start_over)

    @property
    def is_waiting(self) -> bool:
        """Whether the reason of the current proposal is about to change."""
        return self._rest.isActive() or self._lane.is_busy

    def said(self) -> SaidOfSpan | None:
        """Return the reason of the current proposal if its edges were moved, else None.

        Right after a move it is still the former one, and `found` follows.
        """
        asked = self._asked()
        if asked is None:
            self._rest.stop()
            return None
        known = self._known
        if known is None or known[0] != asked:
            self._rest.start()
        return known[1] if known is not None and known[0].proposal_id == asked.proposal_id else None

    def close(self) -> None:
        """End the thread."""
        self._rest.stop()
        self._lane.close()

    def _asked(self) -> _Asked | None:
        session, key = self._session, self._review.current
        proposal = None if key is None else session.state.proposals.get(key)
        if proposal is None or proposal.maker == BY_HAND:
            return None
        span = session.state.span(proposal.id)
        if span == decided_span(proposal, None):
            return None
        heard = Analyses(session.curve, session.listening, None, session.nearest)
        return _Asked(proposal.id, span, heard)

    def _ask(self) -> None:
        asked = self._asked()
        if asked is not None:
            heard = asked.heard
            request = MovedRequest(
                self._session.state, asked.proposal_id, heard.curve, heard.listening, heard.nearest
            )
            handle = self._lane.submit(assess_moved, request, title="Looking at the moved edges")
            handle.finished.connect(partial(self._take, asked))

    def _take(self, asked: _Asked, said: SaidOfSpan) -> None:
        if asked == self._asked():
            self._known = asked, said
            self.found.emit()

    def _start_over(self) -> None:
        self._known = None
        self._rest.stop()


NOTHING_LEFT = BulkAccept(())


@dataclass(frozen=True, slots=True)
class Scope:
    """Scope of a bulk answer: the proposals in their order, and "selected" or "shown".

    Without a name there is nothing that it could mean.
    """

    ids: tuple[str, ...] = ()
    name: str = ""


class BulkAnswers(QObject):
    """Answers many proposals as one step of undo, and reports their number.

    Signals
    -------
    said : message about the result
    """

    said = Signal(str)

    def __init__(self, session: Session, review: Review, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._review = review

    def scope(self) -> Scope:
        """Return the proposals that would be answered.

        Nothing where no row is selected and none left out: all of a document is never meant by accident.
        """
        review = self._review
        if review.selected:
            return Scope(tuple(key for key in review.ids if key in review.selected), "selected")
        return Scope(review.ids, "shown") if review.choices.narrows and review.ids else Scope()

    def accepted(self) -> BulkAccept:
        """Return the proposals that would be accepted, and those with weak evidence that would be left."""
        scope, state = self.scope(), self._session.state
        divide = accept_selected if scope.name == "selected" else accept_in_bulk
        return divide(state, scope.ids)

    def _required_scope(self) -> Scope:
        scope = self.scope()
        if not scope.ids:
            raise UsageError("Choose several first: select rows in the queue, search, or filter.")
        return scope

    def decide(self, verdict: Verdict) -> None:
        """Answer them, and go on where the current one was among them."""
        scope = self._required_scope()
        bulk = self.accepted() if verdict is Verdict.ACCEPTED else BulkAccept(scope.ids)
        if not bulk.ids:
            self.said.emit(bulk.after(f"Accepted 0 {scope.name}"))
            return
        edit = self._session.answer(bulk.ids, verdict)
        self._apply(replace(scope, ids=bulk.ids), edit, verdict.value, bulk)
        if self._review.current in scope.ids:
            self._review.go_on()

    def flag(self) -> None:
        """Flag them; where all of them are flagged, take the flags away."""
        scope, decisions = self._required_scope(), self._session.state.decisions
        flagged = not all(key in decisions and decisions[key].flagged for key in scope.ids)
        edit = edits.flag_all(self._session.state, scope.ids, flagged)
        self._apply(scope, edit, "flagged" if flagged else "unflagged")

    def _apply(self, scope: Scope, edit: Edit, became: str, left: BulkAccept = NOTHING_LEFT) -> None:
        count = f"{len(scope.ids):,} {scope.name}"
        answered = sum(change.row_type is Decision for change in edit.changes)
        if not answered:
            self.said.emit(left.after(f"All {count} were {became} before"))
            return
        some = f"{answered:,} of " if answered < len(scope.ids) else ""
        label = f"{became.capitalize()} {some}{count}"
        was = self._session.state
        self._session.apply(replace(edit, label=label))
        before = len(scope.ids) - answered
        were = f"; {before:,} {'was' if before == 1 else 'were'} {became} before" if before else ""
        self.said.emit(self._session.with_lost_takes(left.after(f"{label}{were}"), was))
        self._review.select_none()


_EDGE_NAMES = {Edge.START: "left", Edge.STOP: "right"}


class QueueSide(QObject):
    """Wires the panel to the review.

    Parameters
    ----------
    leave : gives the focus back to the timeline

    Attributes
    ----------
    panel : the queue panel
    bulk : the bulk answers
    moved_edges : reason of the current proposal after its edges were moved

    Signals
    -------
    refused : one sentence; the search found nothing to go to
    """

    refused = Signal(str)

    def __init__(
        self, session: Session, review: Review, panel: QueuePanel, leave: Callable[[], object]
    ) -> None:
        super().__init__(panel)
        self._session = session
        self._review = review
        self._leave = leave
        self._shown: tuple[DocumentState, str | None] = (DocumentState(), None)
        self._following = Later(self._show_queue, self, is_next=True)
        self._counting = Later(self._show_figures, self)
        self.panel = panel
        self.bulk: BulkAnswers = BulkAnswers(session, review, self)
        self.moved_edges = MovedEdges(session, review, self)
        self.moved_edges.found.connect(lambda: panel.set_moved(self.moved_edges.said()))
        panel.proposal_chosen.connect(review.visit)
        panel.proposal_toggled.connect(review.toggle_selected)
        panel.range_chosen.connect(review.select_to)
        panel.group_toggled.connect(review.fold)
        panel.filter_chosen.connect(review.set_filter)
        panel.search_changed.connect(review.search)
        panel.search_entered.connect(self._go_to_found)
        panel.search_given_up.connect(leave)
        session.replaced.connect(panel.clear_search)

    def _go_to_found(self) -> None:
        try:
            self._review.go_to_found()
        except OffcutError as error:
            self.refused.emit(str(error))
        else:
            self._leave()

    def close(self) -> None:
        """Close the helpers of the panel."""
        self.moved_edges.close()

    def show(self) -> None:
        """Show the queue as it is now."""
        self._counting.now()
        self._following.now()

    def follow(self) -> None:
        """Show the queue after a key.

        The user looks at the lanes while answering: they are painted first, then the queue. The progress of
        the review comes last, once for several answers.
        """
        (before, current), now = self._shown, self._session.state
        if now.proposals is not before.proposals or not self._review.ids:
            self.show()
            return
        if now.decisions is not before.decisions and self._review.current != current:
            self._following.ask()
        else:
            self._following.now()
        self._counting.ask()

    def _show_queue(self) -> None:
        self._shown = self._session.state, self._review.current
        review, choices, scope = self._review, self._review.choices, self.bulk.scope()
        self.panel.set_choices(choices.filter_name, choices.sorting, choices.grouping)
        self.panel.set_search(choices.text)
        edge, moved = _EDGE_NAMES[review.edge], self.moved_edges.said()
        state, learned = self._session.state, review.learned
        self.panel.set_queue(state, review.listing, review.current, edge, learned, moved)
        left = len(self.bulk.accepted().left)
        self.panel.set_scope(review.selected, len(scope.ids), scope.name, left)

    def _show_figures(self) -> None:
        review, state = self._review, self._session.state
        self.panel.set_figures(state, review.statistics, review.threshold, len(review.above()))
        self.panel.set_learning(review.calibrating.sentence, is_on=review.calibrating.is_on)


_ONE = (
    ("review.accept", "review.reject", "review.undecided"),
    ("transport.preview", "view.proposal", "review.alternative"),
    ("review.flag", "review.note"),
    ("review.sort", "review.group"),
)
_SELECTED = (
    ("review.accept_many", "review.reject_many", "review.undecided_many", "review.flag_many"),
    ("review.sort", "review.group"),
)


class QueueMenu(QObject):
    """Offers commands, with their keys, for a row of the queue."""

    def __init__(self, window: QWidget, shell: Shell, queue: QueueSide) -> None:
        super().__init__(window)
        self._window, self._shell = window, shell
        queue.panel.menu_requested.connect(self._popup)

    def _popup(self, proposal_id: str, place: QPoint) -> None:
        menu = self.menu(proposal_id)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def menu(self, proposal_id: str) -> QMenu:
        """Return the menu for a row, which becomes the current one unless it is selected with others."""
        review = self._shell.review
        is_selected = proposal_id in review.selected
        if not is_selected and proposal_id != review.current:
            review.visit(proposal_id)
        menu = QMenu(self._window)
        menu.setAccessibleName("Proposal")
        for number, names in enumerate(_SELECTED if is_selected else _ONE):
            if number:
                menu.addSeparator()
            for name in names:
                menu.addAction(self._shell.commands.action(name))
        return menu
