"""The open document in the views of the window."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.recordings.recordings import Analysing
from desktop.review.queue_side import QueueSide
from desktop.shell.shell import Shell
from desktop.timeline.arranging import Arranging
from desktop.timeline.clock import Clock
from engine.document.state import Change
from widgets.chrome.around_timeline import SelectionBar
from widgets.chrome.top_bar import TopBar
from widgets.review.rows import Surroundings


class DocumentViews(QObject):
    """Shows the document in timeline, queue and top bar, and its changes."""

    def __init__(
        self,
        window: QWidget,
        shell: Shell,
        analysing: Analysing,
        arranging: Arranging,
        clock: Clock,
        queue: QueueSide,
        top_bar: TopBar,
        selection_bar: SelectionBar,
        pages: QStackedWidget,
    ) -> None:
        super().__init__(window)
        self._window, self._shell, self._pages = window, shell, pages
        self._session, self._transport, self._timeline = shell.session, shell.transport, shell.timeline
        self._analysing, self._arranging, self._clock = analysing, arranging, clock
        self._queue, self._top_bar, self._selection_bar = queue, top_bar, selection_bar
        shell.session.changed.connect(self._show_change)
        shell.review.moved.connect(self._show_current)
        shell.transport.result_chosen.connect(self._show_view)
        shell.transport.before_chosen.connect(self._show_before)

    def document(self) -> None:
        """Show another document, or none."""
        session = self._session
        state = "read only" if session.is_read_only else "saved" if session.is_open else ""
        self._top_bar.set_document(session.name, state)
        self._window.setWindowTitle(session.name if session.is_open else "Offcut")
        self._show_change(None)
        self._shell.zooms.restore()
        self._clock.show()
        if session.notice:
            self._shell.say(session.notice)

    def _show_change(self, change: Change | None) -> None:
        """Update the views after a change; None: all of them."""
        state = self._session.state
        if change is None or change.proposals or change.tracks or change.markers:
            self._show_timeline()
        if change is None or change.analyses or "threshold" in change.settings or "taste" in change.settings:
            self._show_analyses()
        self._top_bar.set_enabled(audio=bool(state.tracks))
        self._selection_bar.setVisible(bool(state.tracks))
        self._shell.commands.enable_review(bool(state.proposals) and not self._pages.currentIndex())
        if change is None or change.sources or not change.tracks or change.proposals:
            self._show_current()

    def _show_timeline(self) -> None:
        """Show the document in the chosen view, with its arrangement and the playhead."""
        transport = self._transport
        self._timeline.lanes.set_document(self._session.state, transport.edit_list, transport.patches)
        self._arranging.show()
        self._clock.show()

    def _show_analyses(self) -> None:
        session, panel = self._session, self._queue.panel
        taste = "" if self._analysing.taste is None else self._analysing.taste.stem
        self._timeline.canvas.set_grid(session.grid)
        self._timeline.set_score(session.curve, self._shell.review.threshold, taste)
        self._timeline.set_curves(session.curves)
        panel.set_taste(taste or None)
        self._top_bar.set_taste(taste or None)
        onsets = () if session.listening is None else session.listening.onsets_samples
        panel.set_surroundings(Surroundings(session.grid, onsets, session.curve, session.sounds))
        self._clock.show()

    def _show_current(self) -> None:
        """Show the queue and the current proposal."""
        self._timeline.canvas.set_current(self._shell.review.current)
        self._shell.zooms.follow_edges()
        self._queue.follow()

    def _show_view(self, result: bool) -> None:
        self._top_bar.set_view("result" if result else "source")
        self._show_timeline()
        self._shell.say(self._transport.lengths)

    def _show_before(self, before: bool) -> None:
        self._timeline.canvas.set_before(before)
        self._show_timeline()
        self._shell.say(self._transport.compared)
