"""Track edits by heads, keys and menus.

The menu of a track: everything its head can do, with the keys that do it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QColorDialog, QInputDialog, QMenu, QWidget

from desktop.shell.messages import reporting_refusals
from desktop.shell.session import Session
from engine.core.errors import UsageError
from engine.core.wording import counted
from engine.document.analysis import require_recording
from engine.document.edits.tracks import (
    ROLES,
    move_track,
    remove_track,
    set_group,
    set_track,
    set_tracks,
    track_of,
)
from engine.document.state import DocumentState, Edit
from engine.document.tracks import Picture, Track
from widgets import theme
from widgets.controls.text_and_icons import paint_icon
from widgets.theme import text_scale
from widgets.timeline.frame import COLLAPSED
from widgets.timeline.heads.value_field import STEPS_RUN
from widgets.timeline.timeline_view import TimelineView

ACCENT_NAMES = ("Green", "Violet", "Rose", "Teal", "Olive", "Magenta")
HEIGHTS_PX: Mapping[str, int] = {"Automatic": 0, "Small": 64, "Medium": 128, "Large": 256}
_COMMANDS = (
    ("rename", "mute", "gain", "pan"),
    ("color", "group", "role"),
    ("height", "collapse", "takes", "channels", "picture"),
    ("up", "down"),
    ("remove",),
)

Change = Callable[[str, Mapping[str, object]], None]
GiveRole = Callable[[Sequence[str], str], None]


class TrackMenu:
    """Builds the menus of tracks.

    Parameters
    ----------
    change : takes a track's id and the fields that the user chose
    give_role : takes the ids of one or several tracks and the role that the user chose
    action : returns the action of a command by its id
    """

    def __init__(
        self, window: QWidget, change: Change, give_role: GiveRole, action: Callable[[str], QAction]
    ) -> None:
        self._window = window
        self._change, self._give_role = change, give_role
        self._selected: tuple[str, ...] = ()
        self._action = action
        self._builders = {
            "color": self._add_colors,
            "group": self._add_groups,
            "role": self._add_roles,
            "height": self._add_heights,
            "picture": self._add_pictures,
        }

    def popup(
        self,
        name: str,
        state: DocumentState,
        track_id: str,
        accents: Mapping[str, str],
        place: QPoint,
        selected: Sequence[str] = (),
    ) -> None:
        """Open the "menu" of a track, or one of its parts, at a place on the screen.

        Parameters
        ----------
        selected : the ids of all tracks that are selected with it; a role is given to all of them
        """
        menu = self.menu(name, state, track_of(state, track_id), accents, selected)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def menu(
        self,
        name: str,
        state: DocumentState,
        track: Track,
        accents: Mapping[str, str],
        selected: Sequence[str] = (),
    ) -> QMenu:
        """Return the "menu" of a track, or one of its parts; see `popup`."""
        self._selected = tuple(selected) or (track.id,)
        menu = QMenu(self._window)
        menu.setAccessibleName(f"Track {track.name}")
        if name != "menu":
            self._builders[name](menu, state, track, accents)
            return menu
        for number, names in enumerate(_COMMANDS):
            if number:
                menu.addSeparator()
            for each in names:
                if each in self._builders:
                    part = menu.addMenu(self._title(each))
                    self._builders[each](part, state, track, accents)
                else:
                    menu.addAction(self._action(f"tracks.{each}"))
        return menu

    def _add_colors(
        self, menu: QMenu, _state: DocumentState, track: Track, accents: Mapping[str, str]
    ) -> None:
        choices = _Choices(menu)
        automatic = self._pick(track, {"color": ""})
        choices.add("Automatic", automatic, is_chosen=not track.color)
        palette = theme.DARK.accents
        for name, color in zip(ACCENT_NAMES, palette, strict=True):
            picked = self._pick(track, {"color": color})
            choices.add(name, picked, is_chosen=track.color == color, color=color)
        own = track.color if track.color not in palette else ""
        shown = accents[track.id]
        choices.add("Other…", partial(self._ask_color, track, shown), is_chosen=bool(own), color=own)

    def _add_groups(
        self, menu: QMenu, state: DocumentState, track: Track, accents: Mapping[str, str]
    ) -> None:
        choices = _Choices(menu)
        choices.add("None", self._pick(track, {"group": ""}), is_chosen=not track.group)
        groups = {other.group: accents[other.id] for other in state.tracks if other.group}
        for group, color in groups.items():
            picked = self._pick(track, {"group": group})
            choices.add(group, picked, is_chosen=group == track.group, color=color)
        choices.add("New group…", partial(self._ask_words, track, "group", "Name of the group:"))

    def _add_roles(
        self, menu: QMenu, state: DocumentState, track: Track, _accents: Mapping[str, str]
    ) -> None:
        choices, ids = _Choices(menu), self._selected
        roles = {other.role for other in state.tracks if other.id in ids}
        choices.add("None", partial(self._give_role, ids, ""), is_chosen=roles == {""})
        own = [other.role for other in state.tracks if other.role and other.role not in ROLES]
        for role in (*ROLES, *dict.fromkeys(own)):
            choices.add(role.capitalize(), partial(self._give_role, ids, role), is_chosen=roles == {role})
        choices.add("Other…", partial(self._ask_role, track, ids))

    def _add_heights(
        self, menu: QMenu, _state: DocumentState, track: Track, _accents: Mapping[str, str]
    ) -> None:
        choices = _Choices(menu)
        for name, height_px in HEIGHTS_PX.items():
            picked = self._pick(track, {"is_collapsed": False, "height_px": height_px})
            is_chosen = height_px == track.height_px and not track.is_collapsed
            choices.add(name, picked, is_chosen=is_chosen)
        menu.addSeparator()
        menu.addAction(self._action("tracks.taller"))
        menu.addAction(self._action("tracks.shorter"))

    def _add_pictures(
        self, menu: QMenu, _state: DocumentState, track: Track, _accents: Mapping[str, str]
    ) -> None:
        choices = _Choices(menu)
        for picture in Picture:
            picked = self._pick(track, {"picture": picture})
            choices.add(picture.capitalize(), picked, is_chosen=picture is track.picture)

    def _pick(self, track: Track, values: Mapping[str, object]) -> Callable[[], None]:
        return partial(self._change, track.id, values)

    def _ask_color(self, track: Track, shown: str) -> None:
        color = QColorDialog.getColor(QColor(shown), self._window, f"Colour of {track.name}")
        if color.isValid():
            self._change(track.id, {"color": color.name()})

    def _title(self, part: str) -> str:
        several = len(self._selected)
        if part == "role" and several > 1:
            return f"Role of {several} tracks"
        return part.capitalize().replace("Color", "Colour")

    def _ask_role(self, track: Track, ids: Sequence[str]) -> None:
        title = f"Role of {track.name if len(ids) == 1 else counted(len(ids), 'track')}"
        question = (
            "Instrument or role of this track" if len(ids) == 1 else "Instrument or role of these tracks"
        )
        text, is_accepted = QInputDialog.getText(self._window, title, question, text=track.role)
        words = " ".join(text.split())
        if is_accepted and words:
            self._give_role(ids, words)

    def _ask_words(self, track: Track, field: str, question: str) -> None:
        before = getattr(track, field)
        title = f"{field.capitalize()} of {track.name}"
        text, is_accepted = QInputDialog.getText(self._window, title, question, text=before)
        words = " ".join(text.split())
        if is_accepted and words:
            self._change(track.id, {field: words})


class _Choices:
    """Exclusive entries of a menu, one of them active."""

    def __init__(self, menu: QMenu) -> None:
        self._menu = menu
        self._group = QActionGroup(menu)

    def add(self, text: str, do: Callable[[], None], *, is_chosen: bool = False, color: str = "") -> None:
        """Add an entry, with a colour swatch if it has one."""
        action = self._menu.addAction(text.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(is_chosen)
        action.triggered.connect(lambda: do())
        self._group.addAction(action)
        if color:
            action.setIcon(_swatch(color, is_chosen, self._menu.devicePixelRatioF()))


def _swatch(color: str, is_chosen: bool, dpr: float) -> QIcon:
    """Return a colour swatch, with a tick if it is active, because icons replace the check mark."""
    side = theme.px(12)
    picture = QPixmap(round(side * dpr), round(side * dpr))
    picture.setDevicePixelRatio(dpr)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(color))
    painter.drawRoundedRect(0, 0, side, side, 3, 3)
    if is_chosen:
        is_light = QColor(color).lightnessF() > 0.4
        ink = theme.DARK.bg if is_light else theme.DARK.playhead
        paint_icon(painter, "check", QRectF(1, 1, side - 2, side - 2), ink)
    painter.end()
    return QIcon(picture)


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
        heads.menu_requested.connect(lambda key, place: self._popup("menu", key, place))

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
