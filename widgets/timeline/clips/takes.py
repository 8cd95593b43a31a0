"""Presses on takes, below their bars: a click chooses a take, a drag selects a part of it."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from widgets import theme
from widgets.timeline.clips.bars import Bar, bars
from widgets.timeline.edits.selected import Choice
from widgets.timeline.edits.selection import SelectSpan
from widgets.timeline.frame import TAKE
from widgets.timeline.mouse.surface import Surface


def take_at(canvas: Surface, at: QPointF) -> Bar | None:
    """Return the clip of a take under the mouse, the uppermost of several."""
    if at.y() < canvas.frame.layout.lanes_top:
        return None
    found = [
        one
        for one in bars(canvas.frame, canvas.shown.clips)
        if one.is_take
        and one.area.top() <= at.y() < one.area.top() + theme.px(TAKE)
        and one.area.left() <= at.x() <= one.area.right()
    ]
    return found[-1] if found else None


class SelectTake(SelectSpan):
    """Selects a span as in a lane, and chooses the take that was pressed.

    Parameters
    ----------
    plays : whether the track plays the selected part of the take on release
    """

    def __init__(self, canvas: Surface, bar: Bar, at: QPointF, *, plays: bool) -> None:
        super().__init__(canvas, at)
        self._bar, self._plays = bar, plays

    def _choose_place(self, source_samples: int | None) -> bool:
        """Leave the choice to the take, whichever clip covers it."""
        return source_samples is None  # a click drops the span

    def release(self, at: QPointF) -> None:
        super().release(at)
        span = self._canvas.selection.span
        self._canvas.clip_chosen.emit(self._bar.clip.id, Choice.ALONE)
        if self._plays and self._moved and span is not None:
            self._canvas.take_played.emit(self._bar.clip.id, span)
