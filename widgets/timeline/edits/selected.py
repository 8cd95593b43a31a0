"""The one selection of the timeline: a span, tracks and clips."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import Qt

Lanes = tuple[int, ...] | None
"""Which lanes a selection is of, counted from the top; None for all."""


class Choice(Enum):
    """How a click joins the selection: alone, with Ctrl added or removed, with Shift up to there."""

    ALONE = "alone"
    ADDED = "added"
    EXTENDED = "extended"


def choice_of(held: Qt.KeyboardModifier) -> Choice:
    """Return how a click with these keys joins the selection."""
    if held & Qt.KeyboardModifier.ControlModifier:
        return Choice.ADDED
    return Choice.EXTENDED if held & Qt.KeyboardModifier.ShiftModifier else Choice.ALONE


@dataclass(frozen=True, slots=True)
class Selected:
    """The selection.

    Attributes
    ----------
    span : [start, stop) of the source, None without a selected span
    tracks : ids of the selected tracks in the order of their choice; keys mean the last one
    clips : ids of the selected clips
    is_of_tracks : whether edits of the span apply to the selected tracks only, and not to all
    gives_keys : whether the keys of clips are active until Esc, and bars are shown
    """

    span: tuple[int, int] | None = None
    tracks: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    is_of_tracks: bool = False
    gives_keys: bool = False

    @property
    def scope(self) -> tuple[str, ...]:
        """Ids of the tracks that edits of the span apply to; none for all."""
        return self.tracks if self.is_of_tracks else ()
