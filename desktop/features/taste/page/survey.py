"""Survey of the Taste page: starts when data changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from desktop.features.taste.jobs import survey_recordings
from desktop.features.taste.page.recordings import TasteRecordings
from desktop.shell.session import Session
from desktop.shell.work.job_lanes import JobHandle
from desktop.shell.work.work import Work
from engine.features.taste.overview.results import SegmentMap, TasteFacts
from engine.features.taste.requests import Survey, SurveyRequest


class TasteSurvey(QObject):
    """Has recordings scored and mapped, one survey after the other, since the next may know more.

    Attributes
    ----------
    recordings : results of the displayed taste
    shown : the map; None until it is made

    Signals
    -------
    renewed : recordings or map are others
    waiting : a survey is waiting for its turn (True), or is being made
    refused : one sentence; a recording cannot be read
    """

    renewed = Signal()
    waiting = Signal(bool)
    refused = Signal(str)

    def __init__(self, session: Session, work: Work, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._work = session, work
        self.recordings = TasteRecordings(session)
        self.shown: SegmentMap | None = None
        self._running: JobHandle | None = None
        self._is_stale = False  # what runs is of a taste that is shown no more
        self._next: TasteFacts | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a survey runs or waits."""
        return self._running is not None

    def forget(self) -> None:
        """Discard all results after a change of the taste."""
        self.recordings.forget_scores()
        self.shown, self._next = None, None
        self._is_stale = self._running is not None

    def forget_document(self) -> None:
        """Discard the results of the document."""
        self.recordings.forget_document()
        self.shown = None

    def renew(self, facts: TasteFacts) -> None:
        """Compute missing results of a taste."""
        if self._running is not None:
            self._next = facts
            return
        request = self._request(facts)
        if self.shown is not None and self.recordings.is_known(request, self.shown):
            self.renewed.emit()
            return
        title = "Analysing for the Taste page"
        handle = self._work.compute(survey_recordings, request, title, self._take)
        self._running, self._is_stale = handle, False
        self.waiting.emit(True)
        handle.started.connect(lambda: self.waiting.emit(False))
        for ended in (handle.finished, handle.failed, handle.cancelled):
            ended.connect(lambda *_: self._end(handle))

    def _request(self, facts: TasteFacts) -> SurveyRequest:
        beside = (facts.path, self._session.path)
        folders = tuple(dict.fromkeys(path.absolute().parent for path in beside if path is not None))
        self.recordings.folders = folders
        others = self.recordings.asked(facts.maker)
        return SurveyRequest(facts.path, facts.recordings, folders, self.recordings.kept, others)

    def _take(self, survey: Survey) -> None:
        """Store results, unless the taste changed meanwhile."""
        if self._is_stale:
            return
        self.recordings.take(survey)
        self.shown = survey.shown
        for sentence in (*survey.kept.missing, *survey.warnings)[:1]:
            self.refused.emit(sentence)

    def _end(self, handle: JobHandle) -> None:
        if handle is not self._running:
            return
        self._running = None
        self.renewed.emit()
        wanted, self._next = self._next, None
        if wanted is not None:
            self.renew(wanted)
