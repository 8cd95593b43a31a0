"""Diagnosis of the active taste or of training data, in a separate process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.recordings.recordings import Analysing
from desktop.review.calibration import SETTLE_MS
from desktop.shell.session import Session
from desktop.shell.work.job_lanes import JobHandle, JobLane
from desktop.shell.work.work import Work
from engine.core.own_process import run_in_own_process
from engine.core.progress import Progress
from engine.document.settings import cut_settings
from engine.document.state import Change
from engine.features.taste.cuts.profile import PAUSES
from engine.features.taste.diagnoses.findings import Finding, Severity, Symptoms, is_suspicious, judge
from engine.features.taste.diagnoses.jobs import SymptomsRequest, check_recordings, find_symptoms
from engine.review.answers import statistics

Take = Callable[[tuple[Finding, ...]], None]


class Diagnosing(QObject):
    """Diagnoses a taste when its scores look implausible, or on request.

    Signals
    -------
    found(findings) : problems of the active taste, at every change
    said : the most severe problem, once for each taste and document
    """

    found = Signal(tuple)
    said = Signal(str)

    def __init__(self, session: Session, work: Work, analysing: Analysing, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._work, self._analysing = session, work, analysing
        self._lane = JobLane("diagnosis lane", self)
        self._checking: JobHandle | None = None
        self._measuring: str | None = None
        self._symptoms: tuple[str, Symptoms] | None = None
        self._findings: tuple[Finding, ...] = ()
        self._told: set[tuple[Path | None, str, str]] = set()
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._judge)
        session.changed.connect(self._follow)
        session.replaced.connect(self._judge)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Known problems."""
        return self._findings

    def close(self) -> None:
        """End the thread."""
        self._settle.stop()
        self._lane.close()

    def check(self, edited: tuple[Path, ...], take: Take) -> None:
        """Check training recordings and pass on the findings; cancels an earlier check."""
        self.drop()
        take(())
        if edited:
            self._checking = self._lane.submit(_check, edited, title="Checking recordings")
            self._checking.finished.connect(take)

    def drop(self) -> None:
        """Cancel the check of recordings."""
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None

    def measure(self) -> None:
        """Diagnose the active taste, unless known or running."""
        session, curve, taste = self._session, self._session.curve, self._analysing.taste
        if curve is None or taste is None or not session.media or self._known(curve.maker):
            return
        nearest = session.nearest
        request = SymptomsRequest(
            session.state,
            dict(session.media),
            taste,
            curve.scores,
            None if nearest is None else nearest.distances,
        )
        self._measuring = curve.maker
        handle = self._lane.submit(_measure, request, title="Diagnosing the taste")
        handle.finished.connect(partial(self._measured, curve.maker))
        for ended in (handle.failed, handle.cancelled):
            ended.connect(self._not_measured)

    def _known(self, maker: str) -> bool:
        return self._measuring == maker or (self._symptoms is not None and self._symptoms[0] == maker)

    def _measured(self, maker: str, symptoms: Symptoms) -> None:
        self._measuring, self._symptoms = None, (maker, symptoms)
        self._judge()

    def _not_measured(self) -> None:
        """Ignore the failure: the next analysis reports unreadable recordings or tastes."""
        self._measuring = None

    def _follow(self, change: Change) -> None:
        """Check shortly after the change, so that no key waits for it."""
        if change.analyses or change.proposals or "threshold" in change.settings:
            self._settle.start()

    def _judge(self) -> None:
        """Report the current problems; start a diagnosis if the scores look implausible."""
        self._settle.stop()
        curve, symptoms = self._session.curve, self._symptoms
        findings: tuple[Finding, ...] = ()
        if curve is not None and self._session.state.length_samples and not self._only_pauses():
            figures = statistics(self._session.state)
            cut_share = 1.0 - figures.result_if_all_accepted_samples / figures.length_samples
            if symptoms is not None and symptoms[0] == curve.maker:
                findings = judge(symptoms[1], cut_settings(self._session.state.settings), cut_share)
            elif "threshold" in self._session.state.settings and is_suspicious(curve.scores, cut_share):
                self.measure()
        if findings != self._findings:
            self._findings = findings
            self.found.emit(findings)
            self._tell("" if curve is None else curve.maker)

    def _only_pauses(self) -> bool:
        """Return whether the proposals are independent of the taste."""
        made = self._session.state.proposals.values()
        return bool(made) and all(one.maker == PAUSES for one in made)

    def _tell(self, maker: str) -> None:
        for finding in self._findings:
            about = (self._session.path, maker, finding.name)
            if finding.severity is Severity.WRONG and about not in self._told:
                self._told.add(about)
                self.said.emit(f"{finding.sentence} See ‹taste.page›.")
                return


def _check(edited: tuple[Path, ...], progress: Progress) -> tuple[Finding, ...]:
    return run_in_own_process(check_recordings, (edited, ()), progress)


def _measure(request: SymptomsRequest, progress: Progress) -> Symptoms:
    return run_in_own_process(find_symptoms, (request,), progress)
