"""Run a heavy job in its own process, so that its computation never blocks the window.

Python runs one thread of a process at a time; a job that makes and drops thousands of arrays in the window's
process makes frames late, however low its priority. Here the job keeps its form, `work(*arguments,
progress)`, and its thread waits for another process that does the work: reports come through one pipe, and
the end of the other one cancels the work. That pipe ends with this process, too, so a window that was killed
leaves no learner behind.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
import traceback
from _thread import start_new_thread
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from engine.core.errors import OffcutError
from engine.core.progress import Progress, ReportingProgress

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

LOOK_S = 0.02
"""How often the waiting thread looks whether the user cancelled."""

GRACE_S = 0.05
"""How long work may take to end by itself before it is killed. With `LOOK_S`, cancelling takes well under
200 ms even where other programs are busy."""

REPORT_INTERVAL_S = 0.01
"""Reports that come sooner after the last one are left out: none of them would be seen."""

NICENESS = 10

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Report:
    fraction: float
    text: str
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Done:
    result: Any


@dataclass(frozen=True, slots=True)
class _Failed:
    """An exception raised in the process, with its location, since tracebacks cannot be pickled."""

    error: BaseException
    where: str


class RemoteTracebackError(Exception):
    """The cause of an error that was raised in the other process: its traceback there."""


class ProcessDiedError(OffcutError):
    """The process ended before its work did."""


def run_in_own_process(
    work: Callable[..., Result],
    arguments: tuple[object, ...],
    progress: Progress,
    *,
    memory_bytes: int | None = None,
) -> Result:
    """Return `work(*arguments, progress)`, computed in its own process.

    Parameters
    ----------
    work : a function of a module, so that the other process finds it by name; it and the arguments travel by
        pickle, and so do its result and its errors
    memory_bytes : most memory for its data, on Linux; more is a MemoryError in the work

    Raises
    ------
    Cancelled : asked for through `progress`; the process has ended
    OffcutError : raised by the work
    ProcessDiedError : the process died
    Exception : anything else that the work raised, with its traceback there as the cause
    """
    from multiprocessing import get_context  # 12 ms, which the first window does not wait for

    task = pickle.dumps((work, arguments))
    context = get_context("spawn")
    task_in, task_out = context.Pipe(duplex=False)
    reports_in, reports_out = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(task_in, reports_out), name="offcut job", daemon=True)
    with reports_in:
        try:
            with task_out, task_in, reports_out:
                process.start()
                if memory_bytes is not None and sys.platform == "linux":
                    import resource

                    assert process.pid is not None
                    with suppress(OSError):  # it has ended already
                        resource.prlimit(process.pid, resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
                task_in.close()
                reports_out.close()  # reading ends with the process that has the other end
                with suppress(BrokenPipeError):  # it died at once, which reading reports next
                    task_out.send_bytes(task)
                result: Result = _outcome(process, reports_in, progress)
                return result
        finally:
            _end(process)


def _outcome(process: BaseProcess, reports_in: Connection, progress: Progress) -> Any:
    """Pass reports on until the work is done."""
    from multiprocessing.connection import wait

    while True:
        progress.check_cancelled()
        if not wait([reports_in], LOOK_S):
            continue
        try:
            message = reports_in.recv_bytes()
        except (EOFError, OSError):
            process.join()
            raise _death(process.exitcode) from None
        match pickle.loads(message):
            case _Report(fraction, text, figures):
                progress.report(fraction, text, **figures)
            case _Failed(error, where):
                raise error from RemoteTracebackError(where)
            case _Done(result):
                return result


def _end(process: BaseProcess) -> None:
    """End the process; its closed pipe asked it to stop, and it may not have been started."""
    if process.pid is None:
        return
    process.join(GRACE_S)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()


def _death(status: int | None) -> ProcessDiedError:
    by = ""
    if status is not None and status < 0:
        with suppress(ValueError):
            by = f" ({signal.Signals(-status).name})"
    return ProcessDiedError(
        f"The process that did the work was ended from outside{by}, most likely because memory ran out: "
        "close other programs, or give it less, and try again."
    )


def _serve(task_in: Connection, reports_out: Connection) -> None:
    """Run the one task requested, and send its result."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches both; the window answers it
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before the work imports torch
    with suppress(EOFError, OSError):  # the reader is gone
        task = task_in.recv_bytes()
        unwanted = threading.Event()
        # Unlike `threading.Thread`, this does not wait for ever for a thread that gets no memory to begin.
        start_new_thread(_end_when_unwanted, (task_in, unwanted))
        reports_out.send_bytes(_attempt(task, _Reporter(reports_out), unwanted))


def _attempt(task: bytes, report: _Reporter, unwanted: threading.Event) -> bytes:
    """Return the outcome of a task, as it travels."""
    try:
        work, arguments = pickle.loads(task)
        return pickle.dumps(_Done(work(*arguments, ReportingProgress(report, unwanted))))
    except BaseException as error:  # any end of the work is reported there, as in a thread
        return pickle.dumps(_Failed(_portable(error), "".join(traceback.format_exception(error))))


class _Reporter:
    """Sends progress reports at a readable rate."""

    def __init__(self, reports_out: Connection) -> None:
        self._reports_out = reports_out
        self._last_s = float("-inf")

    def __call__(self, fraction: float, text: str, figures: dict[str, float]) -> None:
        now_s = time.monotonic()
        if figures or now_s - self._last_s >= REPORT_INTERVAL_S:
            self._last_s = now_s
            self._reports_out.send(_Report(fraction, text, figures))


def _end_when_unwanted(task_in: Connection, unwanted: threading.Event) -> None:
    """Have the work stop when its pipe ends, and this process with it if the work does not look."""
    with suppress(EOFError, OSError):
        task_in.recv_bytes()
    unwanted.set()
    time.sleep(GRACE_S)
    os._exit(1)


def _portable(error: BaseException) -> BaseException:
    """Return an error that can be pickled; others are converted to their text."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
