"""What the commands need of a window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtWidgets import QWidget

from desktop.choices import Choices
from desktop.exporting import Exporting
from desktop.files import Files
from desktop.grid import GridEditing
from desktop.grid_dialogs import GridDialogs
from desktop.history_walk import HistoryWalk
from desktop.kept_example import KeptListening
from desktop.look import Look
from desktop.markers import Marking
from desktop.queue_side import QueueSide
from desktop.review import Review
from desktop.ruler import Ruler
from desktop.session import Session
from desktop.spectrograms import Spectrograms
from desktop.tap_tempo import TapTempo
from desktop.taste_page import Tasting
from desktop.tracks import Tracks
from desktop.transport import Transport
from desktop.work import Work
from desktop.zooms import Zooms
from widgets.timeline.timeline_view import TimelineView

Handler = Callable[[], object]


class Window(Protocol):
    """What the commands need of a window."""

    session: Session
    review: Review
    transport: Transport
    work: Work
    kept: KeptListening
    files: Files
    exporting: Exporting
    choices: Choices
    look: Look
    timeline: TimelineView
    ruler: Ruler
    spectrograms: Spectrograms
    zooms: Zooms
    grid_editing: GridEditing
    grid_dialogs: GridDialogs
    tap_tempo: TapTempo
    tasting: Tasting
    marking: Marking
    side: QWidget
    queue: QueueSide
    history: HistoryWalk
    tracks: Tracks

    def say(self, sentence: str) -> None:
        """Say what the last command did."""

    def show_keys(self) -> None:
        """Show the key sheet."""

    def show_palette(self) -> None:
        """Show the command palette."""

    def close(self) -> bool:
        """Close the window."""
