"""Looking for a sound device that went away, gently and off the window's thread."""

from __future__ import annotations

import threading
import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop.playback.device import AudioChoice, can_open, wake

FIRST_LOOK_MS = 1_000
LAST_LOOK_MS = 8_000
# A device that was found and lost again within this time is looked for less often each time.
STEADY_S = 20.0


class DeviceSearch(QObject):
    """Scans periodically until a device opens.

    Looking takes PortAudio a tenth of a second and more, so a thread does it.

    Signals
    -------
    found : the device can be opened; on the window's thread
    """

    found = Signal()
    _looked = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choice, self._rate_hz = AudioChoice(), 0
        self._thread: threading.Thread | None = None
        self._found_s = -STEADY_S
        self._wait_ms = FIRST_LOOK_MS
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        self._looked.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def begin(self, choice: AudioChoice, rate_hz: int) -> None:
        """Start searching until a device is found or the search ends."""
        self._choice, self._rate_hz = choice, rate_hz
        steady = time.monotonic() - self._found_s >= STEADY_S
        self._wait_ms = FIRST_LOOK_MS if steady else min(2 * self._wait_ms, LAST_LOOK_MS)
        self._timer.start(self._wait_ms)

    def wake(self) -> None:
        """Let PortAudio scan the devices once, to avoid a delay at the first playback."""
        if self._thread is None:
            self._thread = threading.Thread(target=wake, name="device search")
            self._thread.start()

    def end(self) -> None:
        """Stop scanning."""
        self._timer.stop()

    def close(self) -> None:
        """Stop scanning, and wait for the running scan."""
        self.end()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _look(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            self._timer.start(self._wait_ms)
            return
        choice, rate_hz = self._choice, self._rate_hz
        self._thread = threading.Thread(
            target=lambda: self._looked.emit(can_open(choice, rate_hz)), name="device search"
        )
        self._timer.start(LAST_LOOK_MS)  # until the answer: it also says that the search goes on
        self._thread.start()

    def _take(self, is_there: bool) -> None:
        if not self._timer.isActive():  # it ended meanwhile
            return
        if is_there:
            self._timer.stop()
            self._found_s = time.monotonic()
            self.found.emit()
        else:
            self._wait_ms = min(round(1.5 * self._wait_ms), LAST_LOOK_MS)
            self._timer.start(self._wait_ms)
