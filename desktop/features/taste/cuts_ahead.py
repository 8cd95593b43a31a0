"""Forecast the effect of settings while they are being chosen, in the background."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject

from desktop.shell.session import Session
from desktop.shell.work.job_lanes import JobHandle, JobLane
from engine.features.taste.finders.cuts.outlook import Outlook, look_ahead

Settings = Mapping[str, object]
Tell = Callable[[str], object]


def submit_look(lane: JobLane, session: Session, settings: Settings) -> JobHandle:
    """Submit a forecast for the document's settings, changed by these."""
    return lane.submit(
        look_ahead,
        session.state,
        session.curve,
        session.grid,
        session.listening,
        settings,
        title="Looking ahead",
    )


class CutsAhead(QObject):
    """Looks ahead on a lane of its own, so that learning does not delay it; of several wishes the newest."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._lane = JobLane("outlook lane", self)
        self._wanted: tuple[Settings, Tell] | None = None

    def close(self) -> None:
        """End the thread."""
        self._lane.close()

    def look(self, settings: Settings, tell: Tell) -> None:
        """Forecast the effect of the document's settings, changed by these, and send it as a sentence."""
        self._wanted = (settings, tell)
        if not self._lane.is_busy:
            self._start()

    def forget(self) -> None:
        """Discard the pending answer."""
        self._wanted = None

    def _start(self) -> None:
        if (wanted := self._wanted) is None:
            return
        handle = submit_look(self._lane, self._session, wanted[0])

        def answer(sentence: str) -> None:
            if self._wanted is wanted:
                wanted[1](sentence)
            else:
                self._start()

        def show(outlook: Outlook) -> None:
            answer(outlook.sentence)

        handle.finished.connect(show)
        handle.failed.connect(answer)
