"""Keep Python's cycle collector on the window's thread.

A widget and a function that names it are a cycle, and Python frees cycles on whichever thread happens to
allocate: a model that trains would destroy a closed dialog, which Qt answers with a crash. So collecting by
itself is off while a window is open, and the window's thread collects instead, as calibre does.
"""

from __future__ import annotations

import gc
import sys
from typing import ClassVar

from PySide6.QtCore import QObject, QTimer

LOOK_EVERY_MS = 500
MANY_MODULES = 10
"""More new modules than this since the last look: a heavy package is being imported."""


class WindowGarbage(QObject):
    """Collects on the thread it was made on, whenever Python itself would have, until it is closed."""

    _open: ClassVar[int] = 0

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._modules = len(sys.modules)
        self._timer = QTimer(self, interval=LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        WindowGarbage._open += 1
        gc.disable()

    def _look(self) -> None:
        """Collect due garbage. While a worker imports a package, exclude new objects instead.

        An import makes hundreds of thousands of objects that are never freed. A collection would walk over
        all of them: 60 to 240 ms in which no key is answered.
        """
        before, self._modules = self._modules, len(sys.modules)
        if self._modules - before > MANY_MODULES:
            gc.freeze()
        else:
            collect_what_is_due()

    def let_stand(self) -> None:
        """Collect all garbage, and exclude the remaining objects until the next time.

        An open document is hundreds of thousands of objects that stay: looking through them takes 100 ms, in
        the middle of a review.
        """
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        """Let Python collect by itself again once no window is left; closing twice is closing once."""
        if not self._timer.isActive():
            return
        self._timer.stop()
        WindowGarbage._open -= 1
        if not WindowGarbage._open:
            gc.unfreeze()
            gc.enable()


def collect_what_is_due() -> None:
    """Collect the oldest generation whose count has passed its threshold, and with it those below."""
    for generation in (2, 1, 0):
        if gc.get_count()[generation] > gc.get_threshold()[generation]:
            gc.collect(generation)
            return
