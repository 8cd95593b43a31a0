"""The area under the mouse as each drag sees it: a drag knows neither the canvas nor other drags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QPointF, SignalInstance
from PySide6.QtGui import QPainter

from engine.document.analysis import BeatGrid
from engine.document.settings import Ripple
from engine.document.state import DocumentState
from widgets.timeline.edits.selected import Lanes, Selected
from widgets.timeline.frame import Frame
from widgets.timeline.layers import Shown
from widgets.timeline.marks.grid import Snapping
from widgets.timeline.time_map import TimeMap
from widgets.timeline.viewport import Viewport


class Drag:
    """An active gesture: it follows the mouse, and acts on release."""

    def move(self, at: QPointF) -> None:
        """Follow the mouse."""

    def release(self, at: QPointF) -> None:
        """End at a point."""

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the state of the drag over the lanes."""


class Surface(Protocol):
    """Area under the mouse: content and receivers. Signals carry source positions."""

    state: DocumentState
    viewport: Viewport
    shown: Shown
    times: TimeMap
    snapping: Snapping
    ripple: Ripple
    grid: BeatGrid | None

    @property
    def selection(self) -> Selected: ...

    @property
    def selected_lanes(self) -> Lanes: ...

    @property
    def playhead(self) -> int: ...

    def time_of_day(self, source_samples: int) -> str: ...

    @property
    def span_selected(self) -> SignalInstance: ...

    @property
    def selection_dropped(self) -> SignalInstance: ...

    @property
    def selection_slipped(self) -> SignalInstance: ...

    @property
    def selection_moved(self) -> SignalInstance: ...

    @property
    def proposal_clicked(self) -> SignalInstance: ...

    @property
    def proposal_opened(self) -> SignalInstance: ...

    @property
    def piece_requested(self) -> SignalInstance: ...

    @property
    def edge_dragged(self) -> SignalInstance: ...

    @property
    def fade_dragged(self) -> SignalInstance: ...

    @property
    def threshold_dragged(self) -> SignalInstance: ...

    @property
    def threshold_moved(self) -> SignalInstance: ...

    @property
    def wave_turned(self) -> SignalInstance: ...

    @property
    def stroke_painted(self) -> SignalInstance: ...

    @property
    def outlook(self) -> str: ...

    @property
    def beat_dragged(self) -> SignalInstance: ...

    @property
    def marker_moved(self) -> SignalInstance: ...

    @property
    def block_chosen(self) -> SignalInstance: ...

    @property
    def block_moved(self) -> SignalInstance: ...

    @property
    def place_chosen(self) -> SignalInstance: ...

    @property
    def clip_chosen(self) -> SignalInstance: ...

    @property
    def clips_dragged(self) -> SignalInstance: ...

    @property
    def clip_trimmed(self) -> SignalInstance: ...

    @property
    def clip_menu_requested(self) -> SignalInstance: ...

    @property
    def section_menu_requested(self) -> SignalInstance: ...

    @property
    def take_played(self) -> SignalInstance: ...

    @property
    def menu_requested(self) -> SignalInstance: ...

    @property
    def marker_menu_requested(self) -> SignalInstance: ...

    @property
    def block_menu_requested(self) -> SignalInstance: ...

    @property
    def frame(self) -> Frame:
        """Data of the next frame."""

    def source_at(self, x_px: float, tracks: Sequence[str] = ()) -> int:
        """Return the source position under a logical pixel, where some tracks play it."""

    def snapped_at(self, x_px: float, tracks: Sequence[str] = ()) -> int:
        """Return the source position of a pixel, or the nearest grid line if snapping is on."""

    def seek(self, source_samples: int, view_samples: int) -> None:
        """Ask for the playhead at a source position that is drawn at, or near, a view position."""

    def preview_grid(self, grid: BeatGrid | None) -> None:
        """Preview a grid during a drag; None ends the preview."""

    def x_of(self, source_samples: int, tracks: Sequence[str] = ()) -> float:
        """Return the logical pixel at which a source position is drawn, on the lanes of some tracks."""

    def go_to(self, viewport: Viewport) -> None:
        """Show another window of time."""

    def set_scroll(self, scroll_px: int) -> None:
        """Scroll the lanes down."""

    def rename_marker(self, marker_id: str) -> bool:
        """Edit the name of a marker in place; return False if it is not visible."""
