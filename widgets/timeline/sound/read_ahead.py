"""Prefetching of neighbouring windows while idle."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from widgets.timeline.viewport import Viewport

AFTER_MS = 20
"""Delay after a repaint of a moved window until neighbouring columns are read."""


class ReadAhead(QObject):
    """Prefetches the sound next to the window, a lane in each turn of the event loop.

    Parameters
    ----------
    read : prefetches one lane right of the window (1) or left of it (-1); False if all are cached
    """

    def __init__(self, read: Callable[[int], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._read = read
        self._side, self._is_wanted = 1, False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._go_on)

    def follow(self, before: Viewport, now: Viewport) -> None:
        """Handle a moved window; a change of zoom discards the prefetched columns."""
        if before != now:
            self._timer.stop()  # it is painted first
        if before.samples_per_px == now.samples_per_px and before.start_samples != now.start_samples:
            self._side = 1 if now.start_samples > before.start_samples else -1
            self._is_wanted = True

    def begin(self) -> None:
        """Start prefetching after the window was painted."""
        if self._is_wanted:
            self._is_wanted = False
            self._timer.start(AFTER_MS)

    def _go_on(self) -> None:
        if self._read(self._side):
            self._timer.start(0)
