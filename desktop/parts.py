"""The parts of a window, as the handlers of its commands use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PySide6.QtWidgets import QStackedWidget

    from desktop.drawing.spectrograms import Spectrograms
    from desktop.drawing.stored_waves import StoredWaves
    from desktop.export.exporting import Exporting
    from desktop.grid.dialogs import GridDialogs
    from desktop.grid.editing import GridEditing
    from desktop.grid.layer import GridLayer
    from desktop.grid.tap_tempo import TapTempo
    from desktop.panels.arrangement.editors import Editors
    from desktop.panels.finders import Finders
    from desktop.panels.repair.repairing import Repairing
    from desktop.panels.takes.takes import Takes
    from desktop.panels.timing.proposing import TimingProposing
    from desktop.panels.timing.timing import Timing
    from desktop.playback import Player
    from desktop.recordings.recordings import Recordings
    from desktop.review.amounts import Amounts
    from desktop.review.arrivals import Arrivals
    from desktop.review.by_hand import ByHand
    from desktop.review.history_walk import HistoryWalk
    from desktop.review.notes import Notes
    from desktop.review.queue_side import QueueSide
    from desktop.review.reference_example import ReferenceListening
    from desktop.review.review import Review
    from desktop.review.threshold import ThresholdDrag
    from desktop.shell.actions import Actions
    from desktop.shell.after_crash import AfterCrash
    from desktop.shell.files import Files
    from desktop.shell.menus import Menus
    from desktop.shell.messages import Messages
    from desktop.shell.session import Session
    from desktop.shell.side import Side
    from desktop.shell.transport import Transport
    from desktop.taste.analysing import Analysing
    from desktop.taste.diagnosing import Diagnosing
    from desktop.taste.dialogs import TasteDialogs
    from desktop.taste.learning import Learning
    from desktop.taste.page import Tasting
    from desktop.taste.shelf import Shelves
    from desktop.timeline.arranging import Arranging
    from desktop.timeline.clipped import ClippedPlaces
    from desktop.timeline.clips import Clips
    from desktop.timeline.comping import Comping
    from desktop.timeline.markers import Marking
    from desktop.timeline.ruler import Ruler
    from desktop.timeline.sections import Sections
    from desktop.timeline.selecting import Selecting
    from desktop.timeline.tracks import Tracks
    from desktop.timeline.zooms import Zooms
    from desktop.user_settings.look import Look
    from desktop.user_settings.user_settings import UserSettings
    from desktop.work.unfinished import Unfinished
    from desktop.work.work import Work
    from widgets.chrome.command_palette import CommandPalette
    from widgets.chrome.status_bar import StatusBar
    from widgets.chrome.top_bar import TopBar
    from widgets.panels.repair.panel import RepairPanel
    from widgets.panels.timing.panel import TimingPanel
    from widgets.review.queue_panel import QueuePanel
    from widgets.timeline.timeline_view import TimelineView


class Parts(Protocol):
    """The parts of a window; each is there once the window is built."""

    session: Session
    review: Review
    transport: Transport
    arrivals: Arrivals
    work: Work
    analysing: Analysing
    learning: Learning
    kept: ReferenceListening
    notes: Notes
    files: Files
    tastes: TasteDialogs
    finders: Finders
    exporting: Exporting
    user_settings: UserSettings
    messages: Messages
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
    clips: Clips
    comping: Comping
    clipped: ClippedPlaces
    timing: Timing
    timing_proposing: TimingProposing
    repairing: Repairing
    takes: Takes
    sections: Sections
    editors: Editors
    crashes: AfterCrash
    menus: Menus
    unfinished: Unfinished
    commands: Actions
    caps: dict[str, str]
    recordings: Recordings
    stored_waves: StoredWaves
    status_bar: StatusBar
    diagnosing: Diagnosing
    shelves: Shelves
    repair_panel: RepairPanel
    top_bar: TopBar
    pages: QStackedWidget
    threshold: ThresholdDrag
    timing_panel: TimingPanel
    player: Player
    queue_panel: QueuePanel
    palette_popup: CommandPalette

    def say(self, sentence: str) -> None:
        """Show the result of the last command."""

    def show_palette(self) -> None:
        """Show the command palette."""

    def close(self) -> bool:
        """Close the window."""


Handler = Callable[[Parts], object]
"""Runs a command."""
