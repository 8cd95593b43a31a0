"""Head of one track: name, gain, pan and level, and handles for its lane.

In little room, the common part of the names of siblings is trimmed, and the distinct part stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise, takewhile

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QApplication, QWidget

from engine.document.tracks import Source, Track
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.edits.selected import Choice, choice_of
from widgets.timeline.edits.sentences import channel_letter, track_detail, track_facts
from widgets.timeline.heads.lane_heads import ACCENT, LEFT, FoldButton, ShownTakes, TakeRows
from widgets.timeline.heads.meters import TrackMeter
from widgets.timeline.heads.parts import CAP_HEIGHT, CAP_WIDTH, Cap, HeadButton, InPlaceField, MenuDots, write
from widgets.timeline.heads.value_field import GainField, PanField, ValueField

LEADING_LETTERS = 3
"""Length of the common part that stays, so that the trimming is recognisable."""
LEAST_SHARED = LEADING_LETTERS + 3
_FIRST_WORD = re.compile(r"[^\W_]+[\s_.-]+")
_LAST_GAP = re.compile(r".*[\s_.-]", re.DOTALL)


def shared_letters(names: Sequence[str]) -> list[int]:
    """Return the length of the common prefix of each name with those that start with the same word.

    The common part ends at a word: "Take 12 OH L" and "Take 12 OH R" share "Take 12 OH ".
    """
    firsts = [found[0] if (found := _FIRST_WORD.match(name)) else "" for name in names]
    siblings: dict[str, set[str]] = {}
    for first, name in zip(firsts, names, strict=True):
        siblings.setdefault(first, set()).add(name)
    shared = {first: _shared(alike) for first, alike in siblings.items() if first and len(alike) > 1}
    return [shared.get(first, 0) for first in firsts]


def _shared(names: set[str]) -> int:
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    found = _LAST_GAP.match("".join(letters[0] for letters in alike))
    long = len(found[0]) if found else 0
    return long if long >= LEAST_SHARED else 0


def fitted(name: str, shared: int, room: float, length: Callable[[str], float]) -> str:
    """Return a shortened name, such as "Reh…OH L" for "Rehearsal 2024-05-01 Drums OH L".

    Parameters
    ----------
    shared : see `shared_letters`; 0 truncates the name at its end
    room : in logical pixels
    length : of a text, in logical pixels
    """
    if not shared or length(name) <= room:
        return name
    rest = name[shared:]
    shorter = (f"{name[:LEADING_LETTERS]}…{rest}", f"…{rest}")
    return next((one for one in shorter if length(one) <= room), shorter[-1])


NAME_Y, CAPS_Y, DETAIL_Y, CAP_GAP = 18, 32, 66, 26
GAIN_LEFT, GAIN_WIDTH, PAN_LEFT, PAN_WIDTH = 60, 52, 113, 42
DOTS_LEFT, CHANNEL_LEFT, CHANNEL_FROM = 133, 157, 22
METER_LEFT, METER_WIDTH, METER_MARGIN = 168, 4, 6
DETAIL_FROM, COMPACT_BELOW = 78, 54
COMPACT_CAPS = 112
FOLD_WIDTH, FOLD_HEIGHT, FOLD_COMPACT, FOLD_Y = 64, 14, 28, 56
SELECTED = 3
GRIP = 5


class TrackHead(QWidget):
    """Name, switches, gain and pan of one track; its body moves the track, its lower border the lane's.

    Signals
    -------
    changed : fields of the track and their values, and their run: changes with the same run are
        one step of undo
    group_changed : the same, without a run, for every track of its group
    chosen : the user selected this track, with the way it joins the selection
    touched : the focus came here, or a right click: select it unless it is selected
    menu_requested : a place on the screen
    carried, put_down : the mouse moves the track, y in the column; True on release, False if cancelled
    stretched, stretch_ended : the mouse moves the lower border: the height that the lane would have
    folded : the button of its takes was pressed
    take_played : number of the take whose button was pressed, from 0

    Attributes
    ----------
    own_height : height of the lane without its takes
    """

    changed = Signal(object, str)  # objects: as a dict it would come out sorted
    group_changed = Signal(object)
    chosen = Signal(object)
    touched = Signal()
    menu_requested = Signal(QPoint)
    carried = Signal(int)
    put_down = Signal(bool)
    stretched = Signal(int)
    stretch_ended = Signal(bool)
    folded = Signal()
    take_played = Signal(int)

    def __init__(self, track: Track, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.track = track
        self._theme = tokens
        self._accent, self._detail, self._shared = tokens.line, "", 0
        self._channels = 0
        self._is_selected = False
        self._pressed: QPointF | None = None
        self._grip_px: float | None = None
        self._is_carried = False
        self.setMouseTracking(True)
        self.mute = Cap("M", "mute", f"Mute {track.name}", tokens, self)
        self.solo = Cap("S", "solo", f"Solo {track.name}", tokens, self)
        self.gain = GainField(f"Gain of {track.name}", tokens, self)
        self.pan = PanField(f"Pan of {track.name}", tokens, self)
        self.dots = MenuDots(f"More of {track.name}", tokens, self)
        self.meter = TrackMeter(track.name, tokens, self)
        self.fold = FoldButton(tokens, self)
        self.takes = TakeRows(tokens, self)
        self.own_height = 0
        self.controls: tuple[HeadButton | ValueField, ...] = (
            self.mute, self.solo, self.gain, self.pan, self.fold, self.dots
        )  # fmt: skip
        self._wire()

    def _wire(self) -> None:
        for cap, field in ((self.mute, "mute"), (self.solo, "solo")):
            cap.clicked.connect(lambda on, cap=cap, field=field: self._switch(cap, {field: on}))
        for value, field in ((self.gain, "gain_db"), (self.pan, "pan")):
            value.adjusted.connect(lambda amount, run, field=field: self.changed.emit({field: amount}, run))
            value.left.connect(self.setFocus)
            value.typing_requested.connect(lambda typed, value=value: self.type_value(value, typed))
        self.dots.clicked.connect(self.ask_menu)
        self.fold.clicked.connect(self.folded)
        self.takes.played.connect(self.take_played)

    def _switch(self, cap: Cap, values: dict[str, object]) -> None:
        if cap.for_group:
            self.group_changed.emit(values)
        else:
            self.changed.emit(values, "")

    def show_track(self, track: Track, source: Source, accent: str, shared: int = 0) -> None:
        """Show a track as it is now, `accent` being the colour of its group or its own.

        Parameters
        ----------
        shared : length of the common prefix of its name and its siblings
        """
        self.track, self._accent, self._shared = track, accent, shared
        self._detail = track_detail(track, source)
        self._channels = source.channels if track.channels_open and not track.is_collapsed else 1
        self.mute.setChecked(track.mute)
        self.solo.setChecked(track.solo)
        hint = f"With Shift, group {track.group}" if track.group else ""
        self.mute.set_name(f"Mute {track.name}", hint)
        self.solo.set_name(f"Solo {track.name}", hint)
        self.dots.set_name(f"More of {track.name}")
        self.meter.set_name(track.name)
        for value, name, amount in ((self.gain, "Gain", track.gain_db), (self.pan, "Pan", track.pan)):
            value.setAccessibleName(f"{name} of {track.name}")
            value.show_amount(amount)
        self.setAccessibleName(f"Track {track.name}")
        self.setAccessibleDescription(track_facts(track, source))
        self.setToolTip(f"{track.name}\n{self._detail}")
        self.update()

    def show_takes(self, shown: ShownTakes) -> None:
        """Show how many takes the track has, and a row for each while they are unfolded."""
        self.fold.show_takes(shown, self.track.name)
        self.takes.show_takes(shown, self.track.name)
        for before, after in pairwise((self.dots, *self.takes.buttons)):
            QWidget.setTabOrder(before, after)
        self._update_buttons()
        self.update()

    def set_selected(self, is_selected: bool, *, takes_focus: bool) -> None:
        """Mark it as selected, or not; only one head is a Tab stop."""
        self._is_selected = is_selected
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if takes_focus else Qt.FocusPolicy.NoFocus)
        self._update_buttons()
        self._mark_near()

    def _update_buttons(self) -> None:
        """Let the controls take the focus as the head does, on the background of the head."""
        for control in (*self.controls, *self.takes.buttons):
            control.setFocusPolicy(self.focusPolicy())
            if isinstance(control, HeadButton):
                control.on_current = self._is_selected

    def set_theme(self, tokens: Theme) -> None:
        """Apply a theme."""
        self._theme = tokens
        for control in (*self.controls, self.meter):
            control.theme = tokens
        self.takes.set_theme(tokens)
        self.update()

    def place(self, area: QRect, own_height: int) -> None:
        """Align with the lane.

        Parameters
        ----------
        own_height : of the lane without its takes
        """
        if (area, own_height) != (self.geometry(), self.own_height):
            self.own_height = own_height
            self.setGeometry(area)
            self._arrange()
            self.update()

    def rename(self) -> None:
        """Let the user type another name."""
        field = InPlaceField(f"Name of {self.track.name}", self.track.name, self._line(), self)
        field.taken.connect(self._rename)

    def _rename(self, typed: str) -> None:
        name = " ".join(typed.split())
        if name and name != self.track.name:
            self.changed.emit({"name": name}, "")

    def type_value(self, field: ValueField, typed: str = "") -> None:
        """Let the user type a gain or a pan."""
        place = field.geometry().adjusted(-theme.px(4), -theme.px(3), theme.px(4), theme.px(3))
        hint = f"{field.accessibleName()} {'in dB' if field is self.gain else 'such as 30 L'}"
        if not field.isVisibleTo(self):
            place = self._line()
        editor = InPlaceField(hint, typed or field.text(), place, self)
        if typed:
            editor.setCursorPosition(len(typed))
        name = "gain_db" if field is self.gain else "pan"

        def take(text: str) -> None:
            amount = field.read(text)
            if amount is not None and text != field.text():
                self.changed.emit({name: amount}, "")

        editor.taken.connect(take)

    def ask_menu(self) -> None:
        """Ask for the menu of the track below its dots."""
        self.menu_requested.emit(self.mapToGlobal(self.dots.geometry().bottomLeft()))

    @property
    def _is_compact(self) -> bool:
        return self.own_height < theme.px(COMPACT_BELOW)

    @property
    def _name_middle(self) -> float:
        return self.own_height / 2 if self._is_compact else theme.px(NAME_Y)

    @property
    def _name_room(self) -> int:
        right = COMPACT_CAPS if self._is_compact else DOTS_LEFT
        if self._is_compact and not self.fold.isHidden():
            right -= FOLD_COMPACT + 4
        return theme.px(right) - theme.px(LEFT) - theme.px(6)

    def _line(self) -> QRect:
        """Return the area of a field over the name."""
        height = theme.px(22)
        top = max(round(self._name_middle - height / 2), 0)
        return QRect(theme.px(LEFT - 4), top, theme.px(theme.HEADS - LEFT - 4), min(height, self.own_height))

    def _arrange(self) -> None:
        """Place the controls."""
        compact = self._is_compact
        cap_height = theme.px(CAP_HEIGHT)
        top = round((self.own_height - cap_height) / 2) if compact else theme.px(CAPS_Y)
        left = theme.px(COMPACT_CAPS if compact else LEFT)
        for index, cap in enumerate((self.mute, self.solo)):
            cap.setGeometry(left + index * theme.px(CAP_GAP), top, theme.px(CAP_WIDTH), cap_height)
        self.gain.setGeometry(theme.px(GAIN_LEFT), top, theme.px(GAIN_WIDTH), cap_height)
        self.pan.setGeometry(theme.px(PAN_LEFT), top, theme.px(PAN_WIDTH), cap_height)
        dots_top = theme.px(NAME_Y) - cap_height // 2
        self.dots.setGeometry(theme.px(DOTS_LEFT), dots_top, theme.px(CAP_WIDTH), cap_height)
        for control in (self.gain, self.pan, self.dots):
            control.setVisible(not compact)
        self._place_fold()
        self.takes.setGeometry(0, self.own_height, self.width(), self.height() - self.own_height)
        margin = theme.px(METER_MARGIN)
        high = max(self.own_height - 2 * margin, 0)
        self.meter.setGeometry(theme.px(METER_LEFT), margin, theme.px(METER_WIDTH), high)

    def _place_fold(self) -> None:
        """Place the button of the takes: in the line of the detail, or left of the switches."""
        left, width, middle = LEFT, FOLD_WIDTH, theme.px(FOLD_Y)
        if self._is_compact:
            left, width, middle = COMPACT_CAPS - FOLD_COMPACT - 4, FOLD_COMPACT, self.own_height // 2
        elif self.own_height >= theme.px(DETAIL_FROM):
            middle = theme.px(DETAIL_Y)
        height = theme.px(FOLD_HEIGHT)
        self.fold.setGeometry(theme.px(left), middle - height // 2, theme.px(width), height)

    def _on_grip(self, y: float) -> bool:
        return y >= self.height() - theme.px(GRIP)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return
        if event.button() == Qt.MouseButton.RightButton:
            self.touched.emit()
            return
        choice = choice_of(event.modifiers())
        self.chosen.emit(choice)
        if choice is Choice.ALONE:
            self._pressed = event.position()
            at_grip = self._on_grip(event.position().y())
            self._grip_px = self.height() - event.position().y() if at_grip else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is None:
            shape = Qt.CursorShape.SplitVCursor if self._on_grip(at.y()) else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)
        elif self._grip_px is not None:
            taken = self.height() - self.own_height
            self.stretched.emit(round(at.y() + self._grip_px) - taken)
        elif self._is_carried or abs(at.y() - self._pressed.y()) >= QApplication.startDragDistance():
            self._is_carried = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.update()
            self.carried.emit(round(self.y() + at.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._let_go(is_meant=True)

    def cancel_drag(self) -> bool:
        """Cancel a drag; return False without one."""
        was_moving = self._is_carried or (self._pressed is not None and self._grip_px is not None)
        self._let_go(is_meant=False)
        return was_moving

    def _let_go(self, *, is_meant: bool) -> None:
        carried, stretching = self._is_carried, self._pressed is not None and self._grip_px is not None
        self._pressed, self._grip_px, self._is_carried = None, None, False
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.update()
        if carried:
            self.put_down.emit(is_meant)
        if stretching:
            self.stretch_ended.emit(is_meant)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed = None
        if self._on_grip(event.position().y()):
            self.changed.emit({"is_collapsed": False, "height_px": 0}, "")
        elif abs(event.position().y() - self._name_middle) <= theme.px(11):
            self.rename()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.touched.emit()
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            self.menu_requested.emit(event.globalPos())
        else:
            self.ask_menu()

    def _mark_near(self) -> None:
        self.dots.is_near = self._is_selected or self.underMouse()
        self.dots.update()
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._mark_near()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._mark_near()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.touched.emit()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: object) -> None:  # noqa: ARG002 - the whole head is small
        painter, tokens, height = QPainter(self), self._theme, self.height()
        own = self.own_height
        ground = tokens.current_row if self._is_selected else tokens.panel
        if self._is_carried:
            ground = tokens.line
        painter.fillRect(self.rect(), theme.color(ground))
        painter.fillRect(QRectF(0, 0, theme.px(ACCENT), height), theme.color(self._accent))
        bold = theme.ui_font(theme.TEXT, QFont.Weight.DemiBold)
        metrics = QFontMetricsF(bold)
        name = fitted(self.track.name, self._shared, self._name_room, metrics.horizontalAdvance)
        write(painter, theme.px(LEFT), self._name_middle, self._name_room, name, bold, tokens.text)
        small = theme.ui_font(theme.TEXT_SMALL)
        if own >= theme.px(DETAIL_FROM):
            left = LEFT if self.fold.isHidden() else LEFT + FOLD_WIDTH + 6
            room = theme.px(CHANNEL_LEFT - left - 4)
            write(painter, theme.px(left), theme.px(DETAIL_Y), room, self._detail, small, tokens.dim)
        self._paint_channels(painter)
        hairline = 1 / self.devicePixelRatioF()
        line = theme.color(tokens.line)
        painter.fillRect(QRectF(0, height - hairline, self.width(), hairline), line)
        painter.fillRect(QRectF(self.width() - hairline, 0, hairline, height), line)
        if self._is_selected:
            width = theme.px(SELECTED)
            painter.fillRect(QRectF(self.width() - width, 0, width, height), theme.color(tokens.text))
        if self.hasFocus():
            painter.setPen(theme.color(tokens.undecided))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -1.5, -1.5))
        painter.end()

    def _paint_channels(self, painter: QPainter) -> None:
        """Label the rows of channels if there is room."""
        each = self.own_height / max(self._channels, 1)
        if self._channels < 2 or each < theme.px(CHANNEL_FROM):
            return
        small = theme.ui_font(theme.TEXT_SMALL - 1)
        for channel in range(self._channels):
            middle = (channel + 0.5) * each
            letter = channel_letter(channel, self._channels)
            write(painter, theme.px(CHANNEL_LEFT), middle, theme.px(10), letter, small, self._theme.dim)
