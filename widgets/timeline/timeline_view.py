"""The timeline as one widget: heads, lanes and everything over them. State flows in, signals flow out.

Keys and commands scroll and zoom it with positions of the source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGridLayout, QScrollBar, QWidget

from engine.core.timebase import format_time
from engine.core.wording import counted
from engine.document.analysis import ScoreCurve, StoredCurve, StoredSections
from engine.document.state import Marker
from engine.sound.edl.arrangement import Arrangement
from widgets import theme
from widgets.theme import DARK, Theme
from widgets.timeline.canvas import Canvas
from widgets.timeline.edits.arrangement import NO_SLABS, slabs_of_result, slabs_of_source
from widgets.timeline.edits.sentences import view_sentence
from widgets.timeline.frame import LANE_LOW, Layout
from widgets.timeline.heads.column import TrackHeads
from widgets.timeline.mouse.buttons import distances_px
from widgets.timeline.track_lanes import TrackLanes
from widgets.timeline.viewport import BESIDE_S


class Zooms:
    """Scrolls and zooms a canvas; `Canvas.viewport` is the result."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas

    @property
    def visible_span(self) -> tuple[int, int]:
        """The visible span [start, stop) of the source."""
        view, times = self._canvas.viewport, self._canvas.times
        window = (round(at) for at in (view.start_samples, view.stop_samples))
        start, stop = (times.to_source(min(max(0, edge), times.length_samples)) for edge in window)
        return start, stop

    @property
    def window_samples(self) -> tuple[float, float]:
        """Source position of the left edge, and the visible length."""
        view, times = self._canvas.viewport, self._canvas.times
        is_source = times.edit_list is None
        start = view.start_samples if is_source else times.to_source(round(view.start_samples))
        return start, view.visible_samples

    def show_window(self, start_samples: float, visible_samples: float) -> None:
        """Restore a window returned by `window_samples`."""
        view, times = self._canvas.viewport, self._canvas.times
        start = start_samples if times.edit_list is None else times.to_view(round(start_samples))
        self._canvas.go_to(replace(view, samples_per_px=visible_samples / view.width_px).moved(start))

    def turn_page(self, view_samples: int, *, backwards: bool = False) -> None:
        """Show the window that starts just before a view position, or ends just after it."""
        self._canvas.go_to(self._canvas.viewport.paged(view_samples, backwards=backwards))

    def zoom(self, factor: float) -> None:
        """Zoom by a factor around the playhead if visible, else around the centre."""
        view, playhead = self._canvas.viewport, self._canvas.playhead_in_view
        about = view.x_at(playhead) if view.holds(playhead) else view.width_px / 2
        self._canvas.go_to(view.zoomed(factor, about))

    def fit(self) -> None:
        """Show the whole recording."""
        self._canvas.go_to(self._canvas.viewport.fitted())

    def reveal(self, start_samples: int, stop_samples: int, tracks: Sequence[str] = ()) -> None:
        """Scroll a span of some tracks into view by the smallest distance."""
        span = self._canvas.times.of_tracks(tracks).view_span(start_samples, stop_samples)
        self._canvas.go_to(self._canvas.viewport.showing(*span))

    def frame(
        self,
        start_samples: int,
        stop_samples: int,
        beside_s: float = BESIDE_S,
        tracks: Sequence[str] = (),
    ) -> None:
        """Show a span of some tracks with context at a suitable zoom; no change if it is already shown so."""
        span = self._canvas.times.of_tracks(tracks).view_span(start_samples, stop_samples)
        self._canvas.go_to(self._canvas.viewport.framing(*span, beside_s))

    def zoom_to(self, start_samples: int, stop_samples: int) -> None:
        """Show a span with a margin, as large as possible."""
        span = self._canvas.times.view_span(start_samples, stop_samples)
        self._canvas.go_to(self._canvas.viewport.close_to(*span))


_DESCRIBE_MS = 300
"""Delay until the view is described for screen readers."""


class TimelineView(QWidget):
    """Shows a document over time: the source with the edits over it, or the result with the gaps closed.

    Positions that come in or go out are the source's, whichever is shown; the viewport alone counts in
    drawn positions.

    Attributes
    ----------
    canvas : the lanes and everything that crosses them, with the signals of the mouse
    lanes : the tracks as the canvas draws them, with their sound
    heads : the tracks' names and controls
    zooms : the time window

    Signals
    -------
    files_dropped(paths) : the user dropped files, as a list of str
    """

    files_dropped = Signal(list)

    def __init__(self, tokens: Theme = DARK, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Timeline with tracks")
        self.heads = TrackHeads(tokens, self)
        self.canvas = Canvas(tokens, self)
        self.canvas.setFocusProxy(self)
        self.lanes = TrackLanes(self.canvas, self.heads)
        self.zooms = Zooms(self.canvas)
        self.bar = QScrollBar(Qt.Orientation.Vertical, self)
        self.bar.setAccessibleName("Scroll tracks")
        self.bar.hide()
        self._drop = _Border(tokens, self, tint=0.08)
        self._focus = _Border(tokens, self)
        self._made: Arrangement | None = None
        self._describing = QTimer(self, singleShot=True, interval=_DESCRIBE_MS)
        self._describing.timeout.connect(self._describe)
        grid = self._grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.heads, 0, 0, 2, 1)
        grid.addWidget(self.canvas, 0, 1, 2, 1)
        grid.setRowMinimumHeight(0, self.canvas.frame.layout.lanes_top)  # the bar stands beside lanes only
        grid.setRowStretch(1, 1)
        grid.addWidget(self.bar, 1, 2)
        self._wire()

    def _wire(self) -> None:
        canvas, heads = self.canvas, self.heads
        canvas.layout_changed.connect(self._place)
        canvas.viewport_changed.connect(self._describe_soon)
        canvas.playhead_moved.connect(self._describe_soon)
        heads.wheel_turned.connect(canvas.wheelEvent)
        heads.scroll_requested.connect(lambda px: canvas.set_scroll(canvas.frame.layout.scroll + px))
        self.bar.valueChanged.connect(canvas.set_scroll)

    def set_arrangement(self, made: Arrangement | None) -> None:
        """Show the blocks of the result, in result or source order; None hides the lane."""
        state, times = self.canvas.state, self.canvas.times
        self._made = made
        if made is None:
            self.canvas.set_arrangement(NO_SLABS)
        elif times.edit_list is not None:
            self.canvas.set_arrangement(slabs_of_result(made, self._regions(), state.rate_hz))
        else:
            self.canvas.set_arrangement(slabs_of_source(made, self._regions(), state.length_samples))
        if made is not None:
            lasts = format_time(made.length_samples / max(state.rate_hz, 1), 0)
            about = f"result {lasts} · {counted(len(made), 'block')}"
            self.heads.arrangement.show_about("Arrangement", about, about)

    def set_sections(self, sections: StoredSections | None) -> None:
        """Show the sections, and name blocks of the arrangement by them; None hides their lane."""
        self.canvas.set_sections(sections)
        self.set_arrangement(self._made)
        if sections is not None and len(sections):
            labels = counted(len(set(sections.labels)), "label")
            order = " ".join(sections.labels)
            self.heads.sections.show_about("Sections", f"{len(sections)} · {labels}", f"Sections: {order}")

    def _regions(self) -> tuple[Marker, ...]:
        """Return the regions that name blocks of the arrangement: the user's own, else sections."""
        sections = self.canvas.shown.sections.sections
        own = tuple(one for one in self.canvas.state.markers.values() if one.is_region)
        return own or (() if sections is None else sections.regions())

    def set_score(self, curve: ScoreCurve | None, threshold: float | None, taste: str = "") -> None:
        """Show a score, the threshold, and the name of the taste that made it."""
        self.canvas.set_score(curve, threshold, is_expected=bool(taste))
        shown = taste or (curve.maker if curve is not None else "")
        self.heads.score.show_score(shown, threshold if curve is not None else None)

    def set_curves(self, curves: tuple[StoredCurve, ...]) -> None:
        """Show a lane for each curve, in this order."""
        if curves == self.canvas.shown.curves.curves:
            return
        self.heads.show_curves(curves)
        self.canvas.set_curves(curves)
        self.heads.place(self.canvas.frame.layout)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Set the key caps, by command id."""
        self.canvas.set_keys(keys)
        self.heads.score.set_keys(keys)

    def set_theme(self, tokens: Theme) -> None:
        """Apply a theme."""
        self.heads.set_theme(tokens)
        self.canvas.set_theme(tokens)
        self._drop.theme = self._focus.theme = tokens
        self.update()

    def cancel_drag(self) -> bool:
        """Cancel a drag; return False without one."""
        return self.canvas.mouse.cancel() or self.heads.cancel_drag()

    def _place(self, layout: Layout) -> None:
        self.heads.place(layout)
        self._grid.setRowMinimumHeight(0, layout.lanes_top)
        self.bar.blockSignals(True)
        self.bar.setRange(0, layout.scroll_limit)
        self.bar.setPageStep(max(layout.height - layout.lanes_top, 1))
        self.bar.setSingleStep(theme.px(theme.ROW))
        self.bar.setValue(layout.scroll)
        self.bar.setVisible(layout.scroll_limit > 0)
        self.bar.blockSignals(False)

    def _describe_soon(self) -> None:
        if not self._describing.isActive():
            self._describing.start()

    def _describe(self) -> None:
        """Describe the view for screen readers."""
        canvas, view = self.canvas, self.canvas.viewport
        proposals = len(canvas.shown.spans.within(view.start_samples, view.stop_samples))
        self.setAccessibleDescription(view_sentence(view, proposals, canvas.times.to_view(canvas.playhead)))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self._focus.cover(self.rect())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._focus.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._focus.setGeometry(self.rect())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the lanes by the wheel over their heads too."""
        self.canvas.set_scroll(round(self.canvas.frame.layout.scroll - distances_px(event)[1]))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.cancel_drag():
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of the lanes by its key too, at the selection or the playhead."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            canvas = self.canvas
            start, stop = canvas.selection.span or (canvas.playhead, canvas.playhead)
            x = min(max((canvas.x_of(start) + canvas.x_of(stop)) / 2, 0.0), canvas.width() - 1.0)
            lane = (canvas.selected_lanes or (0,))[0]
            layout = canvas.frame.layout
            top = max(layout.lane_tops[lane], layout.lanes_top) if canvas.state.tracks else layout.lanes_top
            at = QPointF(x, top + theme.px(LANE_LOW) / 2)
            canvas.menu_requested.emit(at, canvas.mapToGlobal(at.toPoint()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._drop.cover(self.rect())

    def dragLeaveEvent(self, event: QEvent) -> None:
        self._drop.hide()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop.hide()
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)


class _Border(QWidget):
    """Border around a drop target, or around an area with its own key layer."""

    def __init__(self, tokens: Theme, parent: QWidget, tint: float = 0.0) -> None:
        super().__init__(parent)
        self.theme = tokens
        self._tint = tint
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self, area: QRect) -> None:
        """Enclose an area, above all others."""
        self.setGeometry(area)
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the border is all there is
        painter = QPainter(self)
        width = theme.px(2)
        pen = theme.color(self.theme.undecided)
        painter.fillRect(self.rect(), theme.color(self.theme.undecided, self._tint))
        for edge in (
            self.rect().adjusted(0, 0, 0, width - self.height()),
            self.rect().adjusted(0, self.height() - width, 0, 0),
            self.rect().adjusted(0, 0, width - self.width(), 0),
            self.rect().adjusted(self.width() - width, 0, 0, 0),
        ):
            painter.fillRect(edge, pen)
        painter.end()
