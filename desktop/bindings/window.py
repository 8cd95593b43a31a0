"""Parts of the window that the commands use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from desktop.crashes.after_crash import AfterCrash
from desktop.drawing.spectrograms import Spectrograms
from desktop.editors.editors import Editors
from desktop.export.exporting import Exporting
from desktop.files import Files
from desktop.finders import Finders
from desktop.grid.dialogs import GridDialogs
from desktop.grid.editing import GridEditing
from desktop.grid.layer import GridLayer
from desktop.grid.tap_tempo import TapTempo
from desktop.menus import Menus
from desktop.review.amounts import Amounts
from desktop.review.arrivals import Arrivals
from desktop.review.by_hand import ByHand
from desktop.review.history_walk import HistoryWalk
from desktop.review.kept_example import KeptListening
from desktop.review.notes import Notes
from desktop.review.queue_side import QueueSide
from desktop.review.review import Review
from desktop.separation.repairing import Repairing
from desktop.session import Session
from desktop.side import Side
from desktop.takes.takes import Takes
from desktop.taste.page import Tasting
from desktop.telling import Telling
from desktop.timeline.arranging import Arranging
from desktop.timeline.clipped import ClippedPlaces
from desktop.timeline.markers import Marking
from desktop.timeline.ruler import Ruler
from desktop.timeline.selecting import Selecting
from desktop.timeline.tracks import Tracks
from desktop.timeline.zooms import Zooms
from desktop.timing.proposing import TimingProposing
from desktop.timing.timing import Timing
from desktop.transport import Transport
from desktop.unfinished import Unfinished
from desktop.user_settings.look import Look
from desktop.user_settings.user_settings import UserSettings
from desktop.work import Work
from widgets.timeline.timeline_view import TimelineView

Handler = Callable[[], object]


class Window(Protocol):
    """Parts of the window that the commands use."""

    session: Session
    review: Review
    transport: Transport
    arrivals: Arrivals
    work: Work
    kept: KeptListening
    notes: Notes
    files: Files
    finders: Finders
    exporting: Exporting
    user_settings: UserSettings
    telling: Telling
    look: Look
    timeline: TimelineView
    ruler: Ruler
    spectrograms: Spectrograms
    zooms: Zooms
    grid_editing: GridEditing
    grid_dialogs: GridDialogs
    grid_layer: GridLayer
    tap_tempo: TapTempo
    tasting: Tasting
    marking: Marking
    side: Side
    queue: QueueSide
    history: HistoryWalk
    selecting: Selecting
    by_hand: ByHand
    amounts: Amounts
    arranging: Arranging
    tracks: Tracks
    clipped: ClippedPlaces
    timing: Timing
    timing_proposing: TimingProposing
    repairing: Repairing
    takes: Takes
    editors: Editors
    crashes: AfterCrash
    menus: Menus
    unfinished: Unfinished

    def say(self, sentence: str) -> None:
        """Show the result of the last command."""

    def show_palette(self) -> None:
        """Show the command palette."""

    def close(self) -> bool:
        """Close the window."""
