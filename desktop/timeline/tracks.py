"""Track edits by heads, keys and menus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from desktop.shell.session import Session
from desktop.shell.slots import reporting_refusals
from desktop.timeline.track_menu import TrackMenu
from engine.document.change import Edit
from engine.document.recorded import require_recording
from engine.document.tracks.edits import move_track, remove_track, set_group, set_track, set_tracks
from engine.document.tracks.track import Track
from engine.errors import UsageError
from widgets.theme import text_scale
from widgets.timeline.frame import COLLAPSED
from widgets.timeline.heads.value_field import STEPS_RUN
from widgets.timeline.timeline_view import TimelineView

TALLEST_PX = 1_000


class Tracks(QObject):
    """Converts requests of the heads to edits, and keys to edits of the current track.

    Parameters
    ----------
    action : returns the action of a command by its id, for the menu

    Signals
    -------
    said : message about the result
    refused : why it cannot be
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(
        self, window: QWidget, session: Session, timeline: TimelineView, action: Callable[[str], QAction]
    ) -> None:
        super().__init__(window)
        self._session = session
        self._timeline = timeline
        self._heads = timeline.heads
        change, give_role = (reporting_refusals(do, self._refuse) for do in (self.change, self.give_role))
        self._menu = TrackMenu(window, change, give_role, action)
        heads = self._heads
        heads.track_changed.connect(reporting_refusals(self.change, self._refuse))
        heads.group_changed.connect(
            reporting_refusals(
                lambda key, values: self._apply(set_group(session.state, key, **values)), self._refuse
            )
        )
        heads.track_moved.connect(
            reporting_refusals(
                lambda key, place: self._apply(move_track(session.state, key, place)), self._refuse
            )
        )
        heads.menu_asked.connect(lambda key, place: self._popup("menu", key, place))

    def _refuse(self, sentence: str) -> None:
        """Report a refusal, and reset the heads to the document."""
        self._heads.refresh()
        self.refused.emit(sentence)

    def _apply(self, edit: Edit) -> None:
        self.said.emit(self._session.apply(edit).label)

    def change(self, track_id: str, values: Mapping[str, object], run: str = "") -> None:
        """Change fields of a track; changes in a row that carry the same `run` are one step of undo."""
        self._apply(set_track(self._session.state, track_id, run=run, **values))

    def give_role(self, track_ids: Sequence[str], role: str) -> None:
        """Give one or several tracks a role."""
        self._apply(set_tracks(self._session.state, track_ids, role=role))

    def current(self) -> Track:
        """Return the track that the keys mean: the last selected one, or the only one there is.

        Raises
        ------
        UsageError : none is selected
        """
        return self.selected()[-1]

    def selected(self) -> tuple[Track, ...]:
        """Return the selected tracks in the order of their choice, or the only one there is.

        Raises
        ------
        UsageError : none is selected
        """
        tracks = self._session.state.tracks
        if len(tracks) == 1 and not self._heads.selected:
            self._heads.choose(tracks[0].id)
        by_id = {track.id: track for track in tracks}
        found = tuple(by_id[key] for key in self._heads.selected if key in by_id)
        if not found:
            raise UsageError("Choose a track first. Click in its lane, or go to the next one ‹tracks.next›.")
        return found

    def _ids(self) -> list[str]:
        return [track.id for track in self.selected()]

    def choose_next(self, direction: int) -> None:
        """Choose the track below (1) or above (-1); from none, the first or the last."""
        tracks = self._session.state.tracks
        require_recording(self._session.state, "choose")
        ids = [track.id for track in tracks]
        now = self._heads.current_track()
        if now is None:
            place = 0 if direction > 0 else len(ids) - 1
        else:
            place = min(max(ids.index(now.id) + direction, 0), len(ids) - 1)
        self._heads.choose(ids[place])
        self._timeline.lanes.reveal(ids[place])
        heard = [word for word, on in (("muted", tracks[place].mute), ("soloed", tracks[place].solo)) if on]
        self.said.emit(", ".join([f"Track {tracks[place].name}", *heard]))

    def mute(self) -> None:
        """Mute the selected tracks, or unmute them if all are muted."""
        is_muted = all(track.mute for track in self.selected())
        self._apply(set_tracks(self._session.state, self._ids(), mute=not is_muted))

    def solo(self) -> None:
        """Solo the selected tracks, or end solo if all are soloed."""
        is_soloed = all(track.solo for track in self.selected())
        self._apply(set_tracks(self._session.state, self._ids(), solo=not is_soloed))

    def move(self, direction: int) -> None:
        """Move the current track up (-1) or down (1)."""
        track, state = self.current(), self._session.state
        place = track.position + direction
        if not 0 <= place < len(state.tracks):
            raise UsageError(f"{track.name} is the {'first' if direction < 0 else 'last'} track already.")
        self._apply(move_track(state, track.id, place, STEPS_RUN))
        self._timeline.lanes.reveal(track.id)

    def stretch(self, factor: float) -> None:
        """Make the lane of the current track taller or shorter by a factor."""
        track = self.current()
        now_px = self._heads.heads[track.id].own_height / text_scale()
        height_px = min(max(round(now_px * factor), COLLAPSED), TALLEST_PX)
        self.change(track.id, {"is_collapsed": False, "height_px": height_px}, STEPS_RUN)
        self._timeline.lanes.reveal(track.id)

    def collapse(self) -> None:
        """Show the lanes of the selected tracks as thin rows, or whole again if all are."""
        is_collapsed = all(track.is_collapsed for track in self.selected())
        self._apply(set_tracks(self._session.state, self._ids(), is_collapsed=not is_collapsed))

    def open_channels(self) -> None:
        """Show the current track as a row a channel, or as one row."""
        track = self.current()
        if self._session.state.channels(track) == 1:
            raise UsageError(f"{track.name} has only one channel.")
        self.change(track.id, {"channels_open": not track.channels_open})

    def remove(self) -> None:
        """Take the selected tracks off the document."""
        self._apply(remove_track(self._session.state, *self._ids()))

    def rename(self) -> None:
        """Let the user type a name into the head of the current track."""
        self._head_of_current().rename()

    def type_value(self, name: str) -> None:
        """Let the user type the "gain" or the "pan" of the current track."""
        head = self._head_of_current()
        head.type_value(head.gain if name == "gain" else head.pan)

    def show_menu(self, name: str) -> None:
        """Open the "menu" of the current track, or that of its "color", "group" or "role"."""
        head = self._head_of_current()
        self._popup(name, head.track.id, head.mapToGlobal(head.dots.geometry().bottomLeft()))

    def _head_of_current(self) -> Any:
        track = self.current()
        self._heads.show()
        self._timeline.lanes.reveal(track.id)
        return self._heads.heads[track.id]

    def _popup(self, name: str, track_id: str, place: QPoint) -> None:
        selected = self._heads.selected
        tracks = selected if track_id in selected else (track_id,)
        self._menu.popup(name, self._session.state, track_id, self._heads.accents(), place, tracks)
