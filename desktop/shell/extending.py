"""Extensions in the window: those that are left out, reported once."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.work.jobs import left_out_extensions
from desktop.work.work import Work
from engine.extensions.names import any_named


class Extending(QObject):
    """Loads extensions from packages, and reports unusable ones.

    Signals
    -------
    refused : the extensions that were left out
    """

    refused = Signal(str)

    def __init__(self, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        if any_named():
            QTimer.singleShot(0, self, self._look)  # once the window is painted: imports take their time

    def _look(self) -> None:
        self._work.read_aside(left_out_extensions, "Loading extensions", self._tell)

    def _tell(self, sentences: tuple[str, ...]) -> None:
        if sentences:
            more = f" And {len(sentences) - 1} more:" if len(sentences) > 1 else ""
            self.refused.emit(f"{sentences[0]}{more} 'offcut doctor' lists all.")
