"""The menu of a track: everything its head can do, with the keys that do it too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QAction, QActionGroup, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QColorDialog, QInputDialog, QMenu, QWidget

from engine.document.state import DocumentState
from engine.document.tracks.edits import ROLES, track_of
from engine.document.tracks.track import Picture, Track
from engine.wording import counted
from widgets import theme
from widgets.controls.icons import paint_icon

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
