"""Context menu of the lanes, the ruler and the overview: commands for the place under the mouse."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF
from PySide6.QtWidgets import QMenu, QWidget

from desktop.shell.actions import popup
from desktop.shell.shell import Shell
from engine.document.kinds import KINDS
from engine.document.kinds.kind import Kind
from widgets.timeline.edits.selection import inside_selection
from widgets.timeline.mouse.gestures import proposal_at

_SELECTION = (
    ("hand.cut", "hand.ripple", "hand.keep", "hand.mute"),
    ("hand.repeat", "hand.move", "hand.move_here", "hand.slip", "hand.gain"),
    ("hand.insert", "hand.insert_tone"),
    ("hand.play", "view.proposal", "marker.region", "hand.export"),
    ("hand.tracks", "hand.let_go"),
)
_PROPOSAL = (
    ("review.accept_stay", "review.reject_stay", "review.undecided_stay"),
    ("transport.preview", "view.proposal", "hand.select_proposal"),
)
_PLACES = (
    ("hand.select_piece", "hand.select_region", "hand.select_bar", "hand.select_all"),
    ("clips.split", "clips.duplicate", "clips.gain", "clips.fades", "clips.rename", "clips.remove"),
    ("marker.add", "clips.choose_track", "clips.line_up"),
)
_OVERVIEW = (
    ("view.fit", "view.zoom_in", "view.zoom_out", "view.proposal"),
    ("view.back", "view.forward"),
    ("transport.to_start", "transport.to_end", "transport.go_to"),
)
_RULER = (
    ("marker.add", "marker.region", "marker.star", "marker.unstar", "marker.list"),
    ("hand.select_start", "hand.select_stop", "hand.select_bar", "hand.select_markers", "hand.let_go"),
    ("grid.layer", "grid.set_tempo", "grid.bar_here", "edge.snap_toggle"),
    ("transport.go_to", "transport.copy_time", "clips.time_of_day", "view.ruler"),
)


class LaneMenu(QObject):
    """Offers commands, with their keys, for the items under the mouse."""

    def __init__(self, window: QWidget, shell: Shell) -> None:
        super().__init__(window)
        self._window, self._shell = window, shell
        shell.timeline.canvas.menu_requested.connect(lambda at, place: popup(self.menu(at), place))

    def menu(self, at: QPointF) -> QMenu:
        """Return the menu for a place; a proposal there becomes the current one."""
        canvas, review = self._shell.timeline.canvas, self._shell.review
        layout = canvas.frame.layout
        if at.y() < layout.arrangement_top:
            groups = [list(group) for group in _OVERVIEW]
        elif at.y() < layout.sections_top:
            canvas.seek(canvas.snapped_at(at.x()), canvas.viewport.sample_at(at.x()))
            groups = [list(group) for group in _RULER]
        elif inside_selection(canvas, at):
            groups = [list(group) for group in _SELECTION]
            if review.current is not None and self._fills(review.current):
                groups[0].append("hand.tone")
        elif (found := proposal_at(canvas, at.x(), at.y())) is not None:
            review.choose(found)
            groups = [list(group) for group in _PROPOSAL]
            groups[1] += self._changes(found)
        else:
            self._choose(at)
            groups = [list(group) for group in _PLACES]
        return self._shell.commands.menu(self._window, groups, "Sounds here")

    def _choose(self, at: QPointF) -> None:
        """Select the track and the clip under the mouse, and put the playhead there."""
        canvas = self._shell.timeline.canvas
        position, lane = canvas.source_at(at.x()), canvas.frame.layout.lane_at(at.y())
        canvas.seek(position, canvas.viewport.sample_at(at.x()))
        if lane is not None:
            canvas.place_chosen.emit(canvas.state.tracks[lane].id, position, False)

    def _fills(self, proposal_id: str) -> bool:
        kind = self._kind(proposal_id)
        return kind is not None and kind.filling is not None

    def _kind(self, proposal_id: str) -> Kind | None:
        return KINDS.get(self._shell.session.state.proposals[proposal_id].kind)

    def _changes(self, proposal_id: str) -> list[str]:
        """Return the commands for an edit other than for its span."""
        kind = self._kind(proposal_id)
        changes = [] if kind is None or kind.amount is None else ["hand.change", "hand.less", "hand.more"]
        return [*changes, "review.alternative"] if self._fills(proposal_id) else changes
