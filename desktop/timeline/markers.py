"""Markers and regions by keys and by the mouse, in their list, and from label files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QTimer, Signal
from PySide6.QtWidgets import QMenu, QWidget

from desktop.shell.actions import popup
from desktop.shell.dialogs import questions
from desktop.shell.messages import reporting_refusals
from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import counted
from engine.document.analysis import require_recording
from engine.document.edits import markers as marker_edits
from engine.document.edits.markers import rate, read_labels
from engine.document.state import Change, DocumentState, Edit
from widgets.forms.marker_list import MarkerList
from widgets.timeline.marks.markers import NameOffer, editor_area

OFFER_MS = 8_000
"""Time in which the rename key still names a new marker."""
JUST_PASSED_S = 1.0
"""While playing, going back passes over a marker that was reached so shortly before."""


NO_MARKERS = "No markers yet. Add one at the playhead ‹marker.add›."


class Marking(QObject):
    """Turns keys, drags and the list into edits of the markers.

    Signals
    -------
    said, refused : message about the result, or the reason of a refusal
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, seek: Callable[[int], object]) -> None:
        super().__init__(window)
        self._window = window
        self._shell = shell
        self._session = shell.session
        self._seek = seek
        self._new: str | None = None
        self._offer: NameOffer | None = None
        self._offer_ends = QTimer(self, singleShot=True, interval=OFFER_MS)
        self._offer_ends.timeout.connect(self._end_offer)
        self.list: MarkerList | None = None
        canvas = shell.timeline.canvas
        canvas.marker_moved.connect(reporting_refusals(self.move, self.refused.emit))
        canvas.marker_named.connect(reporting_refusals(self.rename, self.refused.emit))
        canvas.viewport_changed.connect(self._hide_offer)
        canvas.marker_menu_requested.connect(self._show_menu)
        shell.session.changed.connect(self._follow_change)
        shell.session.replaced.connect(self._show_list)

    def add(self) -> None:
        """Add a marker at the playhead, and offer to name it without taking the focus."""
        here = self._shell.transport.playhead_samples
        edit = marker_edits.add_marker(self._required_state(), here)
        self._apply(edit)
        self._new = edit.changes[0].key
        self._offer_ends.start()
        canvas, key = self._shell.timeline.canvas, self._shell.caps.get("tracks.rename", "")
        place = editor_area(canvas.frame, canvas.shown.marks, self._new)
        if place is not None:
            name = self._session.state.markers[self._new].name
            self._offer = NameOffer(canvas.frame.theme, name, key, place, canvas)
            self._offer.clicked.connect(reporting_refusals(self.name_offered, self.refused.emit))

    def name_offered(self) -> bool:
        """Edit the name of the marker that was just added; return False without one."""
        marker_id = self._new
        if marker_id is None or not self._offer_ends.isActive():
            return False
        self._ask_name(marker_id)
        self._new = marker_id  # until anything else changes the markers
        return True

    def _end_offer(self) -> None:
        self._offer_ends.stop()
        self._hide_offer()

    def _hide_offer(self) -> None:
        """Hide the offer to name a marker; the key works as long as the offer is visible."""
        if self._offer is not None:
            self._offer.hide()
            self._offer.deleteLater()
            self._offer = None

    def add_region(self) -> None:
        """Add a region at the selection, else at the current proposal, and offer to name it."""
        state = self._required_state()
        edit, marker_id = marker_edits.add_region(
            state, *(self._shell.selecting.span or self._shell.review.span())
        )
        self._apply(edit)
        self._write_name(marker_id)
        self._new = marker_id  # until anything else changes the markers

    def rate(self, by: int) -> None:
        """Give the selection, else the bar at the playhead, one star more or one fewer."""
        span = self._shell.selecting.span or self._shell.selecting.bar_here()
        self._apply(rate(self._required_state(), span, by))

    def move(self, marker_id: str, start_samples: int, stop_samples: int) -> None:
        """Put a marker, or the edges of a region, elsewhere."""
        self._apply(marker_edits.move_marker(self._session.state, marker_id, start_samples, stop_samples))

    def rename(self, marker_id: str, name: str) -> None:
        """Give a marker another name."""
        rename = marker_edits.name_new if marker_id == self._new else marker_edits.rename_marker
        self._new = None
        self._apply(rename(self._session.state, marker_id, name))

    def delete(self, ids: tuple[str, ...]) -> None:
        """Take markers away."""
        self._apply(marker_edits.delete_markers(self._session.state, ids))

    def rename_here(self) -> None:
        """Rename the marker nearest to the playhead in place."""
        state, here = self._required_state(), self._shell.transport.playhead_samples
        if not state.markers:
            raise UsageError(NO_MARKERS)
        nearest = min(state.markers.values(), key=lambda one: abs(one.start_samples - here))
        self._ask_name(nearest.id)

    def _write_name(self, marker_id: str) -> bool:
        """Open the name field in the strip; return False if the result does not show the marker."""
        self._new = None
        self._end_offer()
        marker = self._session.state.markers[marker_id]
        self._shell.timeline.zooms.reveal(marker.start_samples, marker.start_samples)
        return self._shell.timeline.canvas.rename_marker(marker_id)

    def _ask_name(self, marker_id: str) -> None:
        if not self._write_name(marker_id):
            name = self._session.state.markers[marker_id].name
            raise UsageError(
                f"{name} is cut from the result. Show the source first ‹transport.source_result›."
            )

    def go(self, *, forward: bool) -> None:
        """Put the playhead on the next or the previous marker."""
        state, transport = self._required_state(), self._shell.transport
        if not state.markers:
            raise UsageError(NO_MARKERS)
        here = transport.playhead_samples
        if not forward and transport.is_playing:
            here -= s_to_samples(JUST_PASSED_S, state.rate_hz)
        self._go_to(marker_edits.neighbour(state, here, forward=forward).id)

    def _go_to(self, marker_id: str) -> None:
        marker = marker_edits.require_marker(self._session.state, marker_id)
        self._seek(marker.start_samples)
        at_s = samples_to_s(self._shell.transport.shown_at(marker.start_samples), self._session.state.rate_hz)
        self.said.emit(f"{marker.name} at {format_time(at_s, 1)}")

    def import_labels(self) -> None:
        """Import markers from a label file."""
        state = self._required_state()
        folder = Path.home() if self._session.path is None else self._session.path.absolute().parent
        path = questions.ask_labels(self._window, folder)
        if path is not None:
            spans = read_labels(path, state.rate_hz)
            label = f"Imported {counted(len(spans), 'label')} of {path.name}"
            self._apply(marker_edits.add_all(self._session.state, spans, label))

    def show_list(self) -> None:
        """Show the list of markers, or focus it."""
        if self.list is None:
            self.list = made = MarkerList(self._shell.look.theme, self._window)
            made.chosen.connect(reporting_refusals(self._go_to, self.refused.emit))
            made.renamed.connect(reporting_refusals(self._rename_in_list, self.refused.emit))
            made.deleted.connect(reporting_refusals(self.delete, self.refused.emit))
            self._shell.look.changed.connect(made.set_theme)
        self._show_list()
        self.list.show()
        self.list.raise_()
        self.list.activateWindow()

    def _rename_in_list(self, marker_id: str, name: str) -> None:
        try:
            self.rename(marker_id, name)
        finally:
            self._show_list()  # a name that was refused, or tidied, stands as it is

    def _show_list(self) -> None:
        if self.list is not None:
            self.list.show_markers(self._session.state.markers.values(), self._session.state.rate_hz)

    def _show_menu(self, marker_id: str, at: QPoint) -> None:
        menu = QMenu(self._window)
        menu.addAction("Go to", lambda: reporting_refusals(self._go_to, self.refused.emit)(marker_id))
        marker = self._session.state.markers[marker_id]
        if marker.is_region:
            span = (marker.start_samples, marker.stop_samples)
            menu.addAction("Select this region", lambda: self._shell.selecting.select(*span))
        menu.addAction("Rename…", lambda: reporting_refusals(self._ask_name, self.refused.emit)(marker_id))
        menu.addAction("Delete", lambda: reporting_refusals(self.delete, self.refused.emit)((marker_id,)))
        menu.addSeparator()
        menu.addAction("List of markers", self.show_list)
        popup(menu, at)

    def _follow_change(self, change: Change) -> None:
        if change.markers:
            self._new = None
            self._end_offer()
            self._show_list()

    def _required_state(self) -> DocumentState:
        state = self._session.state
        require_recording(state, "mark")
        return state

    def _apply(self, edit: Edit) -> None:
        self.said.emit(self._session.apply(edit).label)
