"""Column left of the lanes: a head for each lane, as high as it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, QRectF, Signal
from PySide6.QtGui import QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from engine.document.analysis import StoredCurve
from engine.document.edits.analyses import DRUMS
from engine.document.state import DocumentState
from engine.document.tracks import Source, Track
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.edits.selected import Choice
from widgets.timeline.frame import COLLAPSED, CURVE, Layout
from widgets.timeline.heads.head import TrackHead, shared_letters
from widgets.timeline.heads.lane_heads import NO_TAKES, ArrangementHead, LaneHead, ScoreHead, ShownTakes
from widgets.timeline.heads.meters import MixHead
from widgets.timeline.marks.curve_lanes import value_words

DROP_LINE, FASTEST_SCROLL = 3, 24


class TrackHeads(QWidget):
    """All heads, placed as the lanes are.

    Signals
    -------
    track_changed : id, {field: value}, and a run: changes with the same run are one step of undo
    group_changed : id, {field: value} for every track of its group
    track_moved : id, and its new place from the top
    chosen : id of a track that the user selected, and the way it joins the selection
    menu_requested : id, and a place on the screen
    lane_stretched : id, and the height in pixels at 100 % that its lane has while its border is dragged;
        -1 where that is over
    wheel_turned : mouse wheel over the heads, for scrolling
    scroll_requested : vertical scroll in pixels, for a head dragged past an end
    takes_toggled : id of the track whose takes are to be unfolded, or folded
    take_played : id of a track, and the number of its take to play, from 0
    """

    track_changed = Signal(str, object, str)
    group_changed = Signal(str, object)
    track_moved = Signal(str, int)
    chosen = Signal(str, object)
    menu_requested = Signal(str, QPoint)
    lane_stretched = Signal(str, int)
    wheel_turned = Signal(object)
    scroll_requested = Signal(int)
    takes_toggled = Signal(str)
    take_played = Signal(str, int)

    def __init__(self, tokens: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(theme.px(theme.HEADS))
        self.setAccessibleName("Tracks")
        self._theme = tokens
        self._state = DocumentState()
        self._selected: tuple[str, ...] = ()
        # in which order recordings came, also removed ones: they may return
        self._places: dict[str, int] = {}
        self._layout: Layout | None = None
        self._stretched_px = 0
        self._below = QWidget(self)  # heads scroll under the score's head, so they have a clip of their own
        self._drop_line = _DropLine(tokens, self._below)
        self._shown: dict[str, tuple[Track, Source, str, int]] = {}
        self._takes: dict[str, tuple[ShownTakes, str]] = {}
        self._guesses: dict[str, str] = {}
        self.heads: dict[str, TrackHead] = {}
        self.score = ScoreHead(tokens, self)
        self.arrangement = ArrangementHead("Arrangement", tokens, self)
        self.edits = LaneHead("Proposals", tokens, self)
        self.sounds = LaneHead("Sounds", tokens, self)
        self.sections = LaneHead("Sections", tokens, self)
        self.curves: tuple[LaneHead, ...] = ()
        self.mix = MixHead(tokens, self)
        self.mix.clear_requested.connect(self.clear_clips)

    def set_document(self, state: DocumentState) -> None:
        """Show a head for each track of a document."""
        if (state.tracks, state.sources) != (self._state.tracks, self._state.sources):
            self._state = state
            self._catch_up()

    def show_curves(self, curves: Sequence[StoredCurve]) -> None:
        """Show a head with title, unit and range for each lane of a curve."""
        for head in self.curves:
            head.hide()
            head.deleteLater()
        self.curves = tuple(LaneHead(curve.title, self._theme, self) for curve in curves)
        for head, curve in zip(self.curves, curves, strict=True):
            ends = f"{value_words(curve.lowest, '')} to {value_words(curve.highest, curve.unit)}"
            head.show_about(curve.title, ends, f"{curve.title}: {ends}")
            head.show()

    def set_guesses(self, roles: Mapping[str, str]) -> None:
        """Set the detected instrument of tracks without the role of one drum, by id."""
        if dict(roles) != self._guesses:
            self._guesses = dict(roles)
            self._catch_up()

    def _with_guess(self, track: Track) -> Track:
        guess = self._guesses.get(track.id, "")
        return replace(track, role=f"sounds like {guess}") if guess and track.role in ("", DRUMS) else track

    def show_takes(self, takes: Mapping[str, ShownTakes]) -> None:
        """Show the takes of tracks, by id; other tracks have none."""
        shown = {key: (takes.get(key, NO_TAKES), head.track.name) for key, head in self.heads.items()}
        for key, facts in shown.items():
            if self._takes.get(key) != facts:
                self.heads[key].show_takes(facts[0])
        self._takes = shown

    def show_levels(
        self, tracks: Mapping[str, float], mix: tuple[float, float], true_peak: float, passed_s: float
    ) -> bool:
        """Show how loud it was in the time that passed; return whether anything moves on.

        Parameters
        ----------
        tracks : peak of each audible track, by id
        """
        self.mix.follow(mix, true_peak, passed_s)
        levels = list(self.mix.sides)
        for track_id, head in self.heads.items():
            head.meter.follow(tracks.get(track_id, 0.0), passed_s)
            levels.append(head.meter.level)
        return not all(level.rests for level in levels)

    def clear_clips(self) -> None:
        """Put every clip light out, and forget the highest peaks."""
        self.mix.clear()
        for head in self.heads.values():
            head.meter.clear()

    def refresh(self) -> None:
        """Reset the heads to the document after a refused edit."""
        self._shown.clear()
        self._catch_up()

    def _catch_up(self) -> None:
        """Add and remove heads, and update those of changed tracks."""
        tracks, before = self._state.tracks, list(self.heads)
        for gone in self.heads.keys() - {track.id for track in tracks}:
            head = self.heads.pop(gone)
            head.hide()
            head.deleteLater()
        self.heads = {track.id: self.heads.get(track.id) or self._head(track) for track in tracks}
        accents, sources = self.accents(), self._state.sources
        shared = dict(zip(self.heads, shared_letters([track.name for track in tracks]), strict=True))
        shown = {
            track.id: (
                self._with_guess(track),
                sources[track.clips[0].source_id],
                accents[track.id],
                shared[track.id],
            )
            for track in tracks
        }
        for key, facts in shown.items():
            if self._shown.get(key) != facts:
                self.heads[key].show_track(*facts)
        self._shown = shown
        if list(self.heads) != before:
            self._mark_selected()
            self._chain_tabs()
            if self._layout is not None:
                self.place(self._layout)

    def accents(self) -> dict[str, str]:
        """Return the colour of each track, by id: its own, else that of its group.

        Groups are counted in the order in which their recordings came, so that moving tracks recolours none.
        """
        sources = self._state.sources
        if sources and self._places.keys().isdisjoint(sources):
            self._places.clear()  # another document
        for key in sources:
            self._places.setdefault(key, len(self._places))
        places = self._places
        tracks = sorted(self._state.tracks, key=lambda track: min(places[one] for one in track.source_ids))
        groups = list(dict.fromkeys(track.group or track.id for track in tracks))
        return {
            track.id: track.color or self._theme.accent(groups.index(track.group or track.id))
            for track in tracks
        }

    def _head(self, track: Track) -> TrackHead:
        head, key = TrackHead(track, self._theme, self._below), track.id
        head.changed.connect(lambda values, run: self.track_changed.emit(key, values, run))
        head.group_changed.connect(lambda values: self.group_changed.emit(key, values))
        head.menu_requested.connect(lambda place: self.menu_requested.emit(key, place))
        head.chosen.connect(partial(self.choose, key))
        head.touched.connect(partial(self._touch, key))
        head.carried.connect(self._carry)
        head.put_down.connect(lambda is_meant: self._put_down(key, is_meant))
        head.stretched.connect(lambda height: self._stretch(key, height))
        head.stretch_ended.connect(lambda is_meant: self._end_stretch(key, is_meant))
        head.folded.connect(partial(self.takes_toggled.emit, key))
        head.take_played.connect(partial(self.take_played.emit, key))
        head.show()
        return head

    def _chain_tabs(self) -> None:
        """Set the Tab order of the controls to the order of the tracks."""
        widgets = [widget for head in self.heads.values() for widget in (head, *head.controls)]
        for before, after in pairwise(widgets):
            QWidget.setTabOrder(before, after)

    def set_theme(self, tokens: Theme) -> None:
        """Apply a theme."""
        self._theme = self._drop_line.theme = tokens
        self.score.theme = self.arrangement.theme = self.edits.theme = tokens
        self.sounds.theme = self.sections.theme = self.mix.theme = tokens
        for curve in self.curves:
            curve.theme = tokens
        for head in self.heads.values():
            head.set_theme(tokens)
        self.refresh()
        self.update()

    def current_track(self) -> Track | None:
        """Return the track that the keys mean, the last of the selected ones; None without any."""
        found = [key for key in self._selected if key in self.heads]
        return self.heads[found[-1]].track if found else None

    def choose(self, track_id: str, choice: Choice = Choice.ALONE) -> None:
        """Select a track, alone or with others; the focus follows if it is in the heads."""
        if choice is Choice.ALONE:
            self.set_selected((track_id,))
        self.chosen.emit(track_id, choice)

    def _touch(self, track_id: str) -> None:
        if track_id not in self._selected:
            self.choose(track_id)

    @property
    def selected(self) -> tuple[str, ...]:
        """The selected tracks in the order of their choice."""
        return self._selected

    def set_selected(self, track_ids: tuple[str, ...]) -> None:
        """Mark the selected tracks."""
        if track_ids == self._selected:
            return
        self._selected = track_ids
        self._mark_selected()
        focus, last = QApplication.focusWidget(), self.current_track()
        if focus is not None and last is not None and self._below.isAncestorOf(focus):
            head = self.heads[last.id]
            if focus is not head and not head.isAncestorOf(focus):
                head.setFocus()

    def _mark_selected(self) -> None:
        current = self.current_track()
        on_tab = next(iter(self.heads), "") if current is None else current.id
        for key, head in self.heads.items():
            head.set_selected(key in self._selected, takes_focus=key == on_tab)

    def _carry(self, y: int) -> None:
        assert self._layout is not None
        past = min(y, 0) + max(y - self._below.height(), 0)
        if past:
            reach = theme.px(FASTEST_SCROLL)
            self.scroll_requested.emit(max(-reach, min(past, reach)))
        line = self._layout.lane_tops[self._place_at(y)] - self._layout.lanes_top
        thick = theme.px(DROP_LINE)
        self._drop_line.setGeometry(0, max(line - thick // 2 - 1, 0), self.width(), thick)
        self._drop_line.y_carried = y
        self._drop_line.show()
        self._drop_line.raise_()

    def _put_down(self, track_id: str, is_meant: bool) -> None:
        y = self._drop_line.y_carried
        self._drop_line.hide()
        before = list(self.heads).index(track_id)
        place = self._place_at(y)
        place -= place > before  # the places below move up once it is taken out
        if is_meant and place != before:
            self.track_moved.emit(track_id, place)

    def _place_at(self, y: int) -> int:
        """Return the number of tracks above the drop position of a dragged head, at y in the column."""
        assert self._layout is not None
        tops = [top - self._layout.lanes_top for top in self._layout.lane_tops]
        middles = [(top + bottom) / 2 for top, bottom in pairwise(tops)]
        return sum(middle < y for middle in middles)

    def _stretch(self, track_id: str, height: int) -> None:
        self._stretched_px = max(round(height / theme.text_scale()), COLLAPSED)
        self.lane_stretched.emit(track_id, self._stretched_px)

    def _end_stretch(self, track_id: str, is_meant: bool) -> None:
        height, self._stretched_px = self._stretched_px, 0
        if not height:
            return
        self.lane_stretched.emit(track_id, -1)
        if is_meant:
            self.track_changed.emit(track_id, {"is_collapsed": False, "height_px": height}, "")

    def cancel_drag(self) -> bool:
        """Cancel a drag; return False without one."""
        return any(head.cancel_drag() for head in self.heads.values())

    def place(self, layout: Layout) -> None:
        """Align each head with its lane."""
        self._layout = layout
        width = self.width()
        hairline = max(1, round(1 / self.devicePixelRatioF()))
        self.mix.setGeometry(0, 0, width, layout.arrangement_top - hairline)
        for lane, top, bottom in (
            (self.arrangement, layout.arrangement_top, layout.marks_top),
            (self.sections, layout.sections_top, layout.score_top),
            (self.score, layout.score_top, layout.sounds_top),
            (self.sounds, layout.sounds_top, layout.curves_top),
            (self.edits, layout.edits_top, layout.lanes_top),
        ):
            lane.setGeometry(0, top, width, bottom - top)
            lane.setVisible(bottom > top)
        for number, curve in enumerate(self.curves):
            curve.setGeometry(0, layout.curves_top + number * theme.px(CURVE), width, theme.px(CURVE))
        self._below.setGeometry(0, layout.lanes_top, width, max(layout.lanes_bottom - layout.lanes_top, 0))
        lanes = zip(self.heads.values(), pairwise(layout.lane_tops), strict=False)
        for number, (head, (top, bottom)) in enumerate(lanes):
            area = QRect(0, top - layout.lanes_top, width, bottom - top)
            head.place(area, layout.sound_bottom(number) - top)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.wheel_turned.emit(event)
        event.accept()

    def paintEvent(self, event: object) -> None:  # noqa: ARG002 - the whole column is plain
        painter, tokens = QPainter(self), self._theme
        painter.fillRect(self.rect(), theme.color(tokens.panel))
        hairline, line = 1 / self.devicePixelRatioF(), theme.color(tokens.line)
        painter.fillRect(QRectF(self.width() - hairline, 0, hairline, self.height()), line)
        if self._layout is not None:
            layout = self._layout
            tops = (layout.arrangement_top, layout.marks_top, layout.ruler_top, layout.sections_top)
            for y in dict.fromkeys(tops):
                painter.fillRect(QRectF(0, y - hairline, self.width(), hairline), line)
        painter.end()


class _DropLine(QWidget):
    """Shows the drop position of a dragged head."""

    def __init__(self, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = tokens
        self.y_carried = 0
        self.hide()

    def paintEvent(self, event: object) -> None:  # noqa: ARG002 - the line is all there is
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color(self.theme.undecided))
        painter.end()
