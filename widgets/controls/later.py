"""Deferred work: runs shortly after a key press, in a separate turn of the event loop."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

AFTER_MS = 50
"""Delay after the last request: a held key repeats faster."""
AT_MOST_MS = 250
"""Maximum delay after the first request: periodic updates continue."""


class Later(QObject):
    """Runs an action shortly after one or more requests.

    Parameters
    ----------
    do : the action
    is_next : run in the turn after painting; else after the last request
    """

    def __init__(self, do: Callable[[], object], parent: QObject, *, is_next: bool = False) -> None:
        super().__init__(parent)
        self._do = do
        self._is_next = is_next
        self._requested_s = 0.0
        self._timer = QTimer(self, singleShot=True)
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._do)
        # one more turn: in that of the first timer, others run right after painting
        self._timer.timeout.connect(self._turn.start)

    @property
    def is_due(self) -> bool:
        """Whether it is still to be done."""
        return self._timer.isActive() or self._turn.isActive()

    def ask(self) -> None:
        """Have it done soon."""
        if self._turn.isActive():
            return
        now_s = time.monotonic()
        if not self._timer.isActive():
            self._requested_s = now_s
        left_ms = AT_MOST_MS - round(1000 * (now_s - self._requested_s))
        self._timer.start(0 if self._is_next else max(min(AFTER_MS, left_ms), 0))

    def now(self) -> None:
        """Run it now and cancel the timer."""
        self._timer.stop()
        self._turn.stop()
        self._do()
