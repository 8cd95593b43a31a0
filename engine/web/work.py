"""Work that takes long: one after the other on a thread of its own, looked at and cancelled meanwhile."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

from engine.core.errors import Cancelled, OffcutError, SeparationError, UsageError
from engine.core.extensions import unexpected_message
from engine.core.memory import give_back_unused
from engine.core.progress import Progress, ReportingProgress

Answer = Mapping[str, object]
MOST_WAITING = 8
_MOST_KEPT = 200
_UNEXPECTED = "Unexpected error: the terminal of offcut serve shows the details."
_LOG = logging.getLogger(__name__)


class JobState(StrEnum):
    """State of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job:
    """A piece of work; written by its thread, read by all.

    Attributes
    ----------
    fraction : of it that is done, 0 to 1
    text : the current step, or the error
    answer : empty until it is done
    refusal : figures of a prompt that was refused, else empty
    """

    def __init__(self) -> None:
        self.id = secrets.token_hex(8)
        self.state = JobState.WAITING
        self.fraction = 0.0
        self.text = ""
        self.answer: Answer = {}
        self.refusal: Answer = {}
        self.cancelled = threading.Event()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.state not in (JobState.WAITING, JobState.RUNNING)

    def fields(self) -> dict[str, object]:
        """Return the fields sent to a page."""
        return {
            "id": self.id,
            "state": str(self.state),
            "fraction": self.fraction,
            "text": self.text,
            "answer": dict(self.answer),
            "refusal": dict(self.refusal),
        }


class Work:
    """The jobs of a session, one at a time, in the order in which they came.

    Parameters
    ----------
    for_pages : converts a message
    """

    def __init__(self, for_pages: Callable[[str], str] = str) -> None:
        self._for_pages = for_pages
        self._thread = ThreadPoolExecutor(1, "web work")
        self._jobs: dict[str, Job] = {}

    def submit(self, work: Callable[[Progress], Answer]) -> Job:
        """Begin a job as soon as those before it are over.

        Raises
        ------
        UsageError : too many wait already
        """
        if sum(not job.is_over for job in self._jobs.values()) >= MOST_WAITING:
            raise UsageError("Too much is being done already: wait until it is ready, or cancel it.")
        job = Job()
        self._jobs[job.id] = job
        for old in [key for key, job_before in self._jobs.items() if job_before.is_over][:-_MOST_KEPT]:
            del self._jobs[old]
        self._thread.submit(_run, job, work, self._for_pages)
        return job

    def job(self, key: str) -> Job:
        """Return a job.

        Raises
        ------
        UsageError : it does not exist
        """
        try:
            return self._jobs[key]
        except KeyError:
            raise UsageError("This work is not known any more: begin it again.") from None

    def close(self) -> None:
        """Cancel everything and wait for the running job."""
        for job in list(self._jobs.values()):
            job.cancelled.set()
        self._thread.shutdown(wait=True)


def _run(job: Job, work: Callable[[Progress], Answer], for_pages: Callable[[str], str]) -> None:
    def report(fraction: float, text: str, _figures: dict[str, float]) -> None:
        job.fraction, job.text = fraction, text

    progress = ReportingProgress(report, job.cancelled)
    try:
        progress.check_cancelled()
        job.state = JobState.RUNNING
        job.answer = work(progress)
        job.fraction, job.text = 1.0, ""
        job.state = JobState.DONE
    except Cancelled:
        job.text = "Cancelled."
        job.state = JobState.CANCELLED
    except OffcutError as error:
        job.text = for_pages(str(error))
        job.refusal = error.fields() if isinstance(error, SeparationError) else {}
        job.state = JobState.FAILED
    except Exception as error:
        _LOG.exception("The work on a page failed")
        job.text = for_pages(unexpected_message(error)) or _UNEXPECTED
        job.state = JobState.FAILED
    finally:
        give_back_unused()
