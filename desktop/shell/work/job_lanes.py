"""Where jobs run: one thread for computing, one for files, and results on the window's thread.

A job is a plain function `work(*arguments, progress)` that returns a frozen result. It knows nothing of Qt;
its progress and result reach the window's thread here only.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop.shell.log import log_file
from engine.core.errors import Cancelled, OffcutError
from engine.core.extensions import unexpected_message
from engine.core.memory import give_back_unused
from engine.core.progress import ReportingProgress
from engine.core.remaining_time import RemainingTime

# A person cannot read faster, and each report costs a repaint.
REPORT_INTERVAL_MS = 33
# Between reports the time left goes on falling.
TELL_INTERVAL_S = 1.0
# Jobs look for a cancel sooner; one that does not is left behind, and what it wrote half is swept later.
CLOSE_TIMEOUT_S = 1.0
# After shorter jobs there is little to give back, and tiles come by the dozen.
GIVE_BACK_AFTER_S = 1.0
# How long a job of a lane that lets the window paint first waits for that.
PAINT_TIMEOUT_S = 0.25


class JobHandle(QObject):
    """One job, as the window sees it. All signals are emitted on the window's thread.

    Signals
    -------
    started() : it is this job's turn
    progressed(fraction, text, figures, seconds_left) : at most thirty times a second, the newest report only,
        and each second without one the same again, without figures; figures are live values such as a loss,
        seconds_left is None if unknown
    finished(result), failed(sentence), cancelled() : exactly one of the three, once
    ended() : after one of these

    Attributes
    ----------
    error : why it failed, where the user can act on that; set before `failed`
    """

    started = Signal()
    progressed = Signal(float, str, object, object)
    finished = Signal(object)
    failed = Signal(str)
    cancelled = Signal()
    ended = Signal()

    def __init__(self, title: str, lane: JobLane) -> None:
        super().__init__(lane)
        self.title = title
        self.stop = threading.Event()
        self.error: OffcutError | None = None
        self.seen = threading.Event()
        # The newest report: the worker appends, the window takes.
        self.reports: deque[tuple[float, str, dict[str, float]]] = deque(maxlen=1)
        self._lane = lane

    @property
    def is_cancelled(self) -> bool:
        """Whether a cancel was requested."""
        return self.stop.is_set()

    def cancel(self) -> None:
        """Ask the job to stop: `cancelled` follows when it next looks, and nothing it made is delivered."""
        self.stop.set()
        self._lane.drop_if_waiting(self)


class JobLane(QObject):
    """Runs jobs one after the other on a thread of its own.

    Parameters
    ----------
    name : of the thread
    paints_first : the job starts after the next paint, because loading a model blocks Python
    """

    # A call to make on the window's thread; a queued connection is what carries it there.
    _posted = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None, *, paints_first: bool = False) -> None:
        super().__init__(parent)
        self._paints_first = paints_first
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._jobs: dict[JobHandle, Future[None]] = {}
        self._running: JobHandle | None = None
        self._remaining = RemainingTime(0.0)
        self._last: tuple[float, str, dict[str, float]] | None = None
        self._told_s = 0.0
        self._closed = False
        self._timer = QTimer(self, interval=REPORT_INTERVAL_MS)
        self._timer.timeout.connect(self._deliver_report)
        self._posted.connect(self._receive, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether a job runs or waits."""
        return bool(self._jobs)

    def submit(self, work: Callable[..., object], *arguments: object, title: str) -> JobHandle:
        """Run `work(*arguments, progress)` when its turn comes; once the lane is closed, it never does.

        A closed window may still paint, and painting may request work.

        Parameters
        ----------
        title : activity of the job, for the user, such as "Learning a taste"
        """
        job = JobHandle(title, self)
        if self._closed:
            job.stop.set()
            return job
        self._jobs[job] = self._executor.submit(self._run, job, work, arguments)
        return job

    def drop_if_waiting(self, job: JobHandle) -> None:
        """Take a cancelled job out of the queue; one that runs finds out by itself."""
        if job in self._jobs and self._jobs[job].cancel():
            self._posted.emit(partial(self._end, job, job.cancelled.emit))

    def cancel_all(self) -> None:
        """Cancel the running job and those that wait."""
        for job in self._jobs:
            job.cancel()

    def close(self, within_s: float = CLOSE_TIMEOUT_S) -> bool:
        """Cancel every job and end the thread; nothing is delivered any more.

        Parameters
        ----------
        within_s : how long the running job may take to end

        Returns
        -------
        ended : False when a job did not look for the cancel in time; its thread ends with the job
        """
        self._timer.stop()
        self._closed = True
        self.cancel_all()
        ended = not wait(self._jobs.values(), within_s).not_done
        self._executor.shutdown(wait=ended, cancel_futures=True)
        if not ended:
            logging.getLogger(__name__).warning("a job did not end within %g s", within_s)
        return ended

    # On the lane's thread.

    def _run(self, job: JobHandle, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
        """Run the job and post its outcome; release its inputs."""
        began_s = time.monotonic()
        progress = ReportingProgress(lambda *report: job.reports.append(report), job.stop)
        try:
            progress.check_cancelled()
            self._posted.emit(partial(self._begin, job))
            if self._paints_first:
                job.seen.wait(PAINT_TIMEOUT_S)
            outcome = partial(self._end, job, job.finished.emit, work(*arguments, progress))
        except Cancelled:
            outcome = partial(self._end, job, job.cancelled.emit)
        except OffcutError as error:
            job.error = error.with_traceback(None)  # whose frames would hold what the job read
            outcome = partial(self._end, job, job.failed.emit, str(error))
        except BaseException as error:  # also SystemExit: whatever ends the work ends here, and is told
            told = _log_unexpected(job.title, error)
            sentence = unexpected_message(error) or told
            outcome = partial(self._end, job, job.failed.emit, sentence)
        self._posted.emit(outcome)
        if time.monotonic() - began_s >= GIVE_BACK_AFTER_S:
            give_back_unused()

    # On the window's thread.

    def _receive(self, call: Callable[[], None]) -> None:
        if not self._closed:
            call()

    def _begin(self, job: JobHandle) -> None:
        self._running, self._told_s, self._last = job, time.monotonic(), None
        self._remaining = RemainingTime(self._told_s)
        self._timer.start()
        QTimer.singleShot(0, job.seen.set)  # after what waits to be painted
        job.started.emit()

    def _end(self, job: JobHandle, tell: Callable[..., None], *result: Any) -> None:
        """Deliver the last report and the outcome; drop the result of a late cancel."""
        if self._running is job:
            self._deliver_report()
            self._timer.stop()
            self._running = None
        del self._jobs[job]
        if job.is_cancelled:
            job.cancelled.emit()
        else:
            tell(*result)
        job.ended.emit()
        # With it go its connections: slots that know their job would keep it, and all that was asked and
        # answered, for good, since Python sees no circle that leads through Qt. Not while it is the lane's: a
        # lane that goes first would free it a second time.
        job.setParent(None)
        job.deleteLater()

    def _deliver_report(self) -> None:
        if self._running is None:
            return
        now_s = time.monotonic()
        if self._running.reports:
            self._last = self._running.reports.popleft()
            self._remaining.report(self._last[0], now_s)
        elif self._last is None or now_s - self._told_s < TELL_INTERVAL_S:
            return
        else:
            self._last = (*self._last[:2], {})
        self._told_s = now_s
        self._running.progressed.emit(*self._last, self._remaining.left_s(now_s))


class JobLanes(QObject):
    """The two lanes: computing, and reading or writing files.

    Attributes
    ----------
    compute : learning and scoring, minutes long
    io : importing, building waveforms, exporting
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.compute = JobLane("compute lane", self, paints_first=True)
        self.io = JobLane("io lane", self)

    def close(self) -> bool:
        """Cancel all jobs of both lanes and end their threads; return whether they ended in time."""
        self.compute.cancel_all()
        self.io.cancel_all()
        ends_s = time.monotonic() + CLOSE_TIMEOUT_S
        ended = [lane.close(max(0.0, ends_s - time.monotonic())) for lane in (self.compute, self.io)]
        return all(ended)


def _log_unexpected(title: str, error: BaseException) -> str:
    """Write an unexpected failure into the log; return the sentence for the user."""
    logging.getLogger(__name__).error("%s failed unexpectedly", title, exc_info=error)
    path = log_file()
    where = f"the details are in {path}" if path.is_file() else "the details could not be saved"
    return f"{title} failed unexpectedly ({type(error).__name__}: {error}); {where}."
