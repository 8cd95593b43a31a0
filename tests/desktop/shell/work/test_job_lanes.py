"""Jobs run beside the window, and everything they say arrives on its thread."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.bench.surroundings import held_now
from desktop.shell.work.job_lanes import JobLane, JobLanes
from engine.core.errors import ExportError
from engine.core.files.places import state_folder
from engine.core.progress import Progress


@pytest.fixture
def lane(qapp, program_log) -> Iterator[JobLane]:  # noqa: ARG001 - signals need an application
    made = JobLane("test lane")
    yield made
    assert made.close()


def add(a: int, b: int, progress: Progress) -> int:
    progress.report(0.5, "Adding")
    return a + b


def work_until_cancelled(began: threading.Event, progress: Progress) -> None:
    began.set()
    pause = threading.Event()
    while True:
        progress.check_cancelled()
        pause.wait(0.005)


def wait_for(event: threading.Event, progress: Progress) -> str:  # noqa: ARG001
    assert event.wait(5.0)
    return "made"


def need_much(used: list[bytes], progress: Progress) -> None:
    """Need 180 MB for a second, and keep the last piece, above all others: nothing shrinks from its end."""
    until_s = time.monotonic() + 1.0
    pieces = [number.to_bytes(4, "little") * 15_000 for number in range(3000)]
    while time.monotonic() < until_s:
        progress.check_cancelled()
    used.append(pieces[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="read from Linux's /proc")
def test_what_a_long_job_needed_is_given_back(qtbot, lane, tmp_path):
    before_mb, used = held_now(tmp_path).memory_mb, []
    with qtbot.waitSignal(lane.submit(need_much, used, title="Needing much").finished, timeout=20_000):
        pass
    qtbot.waitUntil(lambda: held_now(tmp_path).memory_mb < before_mb + 60.0, timeout=5_000)


def test_result_and_signals_reach_the_windows_thread(qtbot, lane):
    window = threading.current_thread()
    told: list[tuple[str, object, threading.Thread]] = []
    job = lane.submit(add, 2, 3, title="Adding")
    job.started.connect(lambda: told.append(("started", None, threading.current_thread())))
    job.progressed.connect(lambda *report: told.append(("progressed", report, threading.current_thread())))
    with qtbot.waitSignal(job.finished, timeout=5_000) as finished:
        pass
    assert finished.args == [5]
    assert [(name, value) for name, value, _ in told] == [
        ("started", None),
        ("progressed", (0.5, "Adding", {}, None)),
    ]
    assert {thread for _, _, thread in told} == {window}
    assert not lane.is_busy


class Answer:
    """What a job was asked with, or answers."""


def test_a_job_goes_when_it_ends_though_those_it_told_know_it(qtbot, lane):
    asked, answer = Answer(), Answer()
    gone = [weakref.ref(asked), weakref.ref(answer)]
    job = lane.submit(lambda one, answer, _progress: (one, answer), asked, answer, title="Asking")

    def take(result: object, job: object = job, asked: object = asked) -> None:
        assert None not in (result, job, asked)

    job.finished.connect(take)
    for ended in (job.finished, job.failed, job.cancelled):
        ended.connect(lambda *_, job=job: job.title)
    with qtbot.waitSignal(job.finished, timeout=5_000):
        pass
    del asked, answer, job, take, ended

    def is_gone() -> bool:
        gc.collect()
        return all(one() is None for one in gone)

    qtbot.waitUntil(is_gone, timeout=5_000)


class Slow(QWidget):
    """A widget that notes when it was painted."""

    def __init__(self, told: list[str]) -> None:
        super().__init__()
        self._told = told

    def paintEvent(self, _event: QPaintEvent) -> None:
        self._told.append("painted")


def test_the_window_is_painted_before_a_model_is_loaded(qtbot):
    told: list[str] = []
    lane, widget = JobLane("heavy lane", paints_first=True), Slow(told)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitUntil(lambda: "painted" in told)
    told.clear()
    widget.update()
    job = lane.submit(lambda progress: told.append("begun"), title="Loading")  # noqa: ARG005
    with qtbot.waitSignal(job.finished, timeout=5_000):
        pass
    assert told == ["painted", "begun"]
    assert lane.close()


def test_jobs_of_a_lane_run_one_after_the_other(qtbot, lane):
    order: list[object] = []
    threads: set[str] = set()

    def note(number: int, progress: Progress) -> int:  # noqa: ARG001
        threads.add(threading.current_thread().name)
        return number

    jobs = [lane.submit(note, number, title="Noting") for number in range(20)]
    for job in jobs:
        job.finished.connect(order.append)
    qtbot.waitUntil(lambda: not lane.is_busy)
    assert order == list(range(20))
    assert len(threads) == 1


def test_the_first_look_after_a_cancel_ends_the_work(qtbot, lane):
    looked = threading.Semaphore(0)
    looks = 0

    def look(progress: Progress) -> None:
        nonlocal looks
        while True:
            progress.check_cancelled()
            looks += 1
            looked.release()

    job = lane.submit(look, title="Working")
    assert looked.acquire(timeout=5.0)
    with qtbot.waitSignal(job.cancelled, timeout=5_000):
        job.cancel()
        then = looks
    assert looks <= then + 1  # one look may have been under way


def test_cancelled_while_waiting_is_told_at_once_and_never_runs(qtbot, lane):
    began = threading.Event()
    first = lane.submit(work_until_cancelled, began, title="Working")
    ran = threading.Event()
    second = lane.submit(wait_for, ran, title="Never")
    second.started.connect(lambda: pytest.fail("it ran"))
    with qtbot.waitSignal(second.cancelled, timeout=1_000):
        second.cancel()
    assert lane.is_busy
    with qtbot.waitSignal(first.cancelled, timeout=1_000):
        first.cancel()
    assert not lane.is_busy


def test_result_that_comes_after_the_cancel_is_dropped(qtbot, lane):
    go_on = threading.Event()
    job = lane.submit(wait_for, go_on, title="Exporting")
    job.finished.connect(lambda _: pytest.fail("delivered after the cancel"))
    with qtbot.waitSignal(job.started):
        pass
    job.cancel()
    with qtbot.waitSignal(job.cancelled, timeout=2_000):
        go_on.set()


def test_own_errors_are_shown_as_they_are(qtbot, lane):
    def fail(progress: Progress) -> None:  # noqa: ARG001
        raise ExportError("'mix.wav' cannot be written: the disk is full; free some space and export again.")

    job = lane.submit(fail, title="Exporting")
    with qtbot.waitSignal(job.failed, timeout=5_000) as failed:
        pass
    assert failed.args == ["'mix.wav' cannot be written: the disk is full; free some space and export again."]
    assert not (state_folder() / "offcut.log").exists()


@pytest.mark.parametrize("error", [KeyError("row 7"), SystemExit(3), RecursionError("too deep")])
def test_unexpected_errors_are_told_and_logged_whole(qtbot, lane, error):
    def fail(progress: Progress) -> None:  # noqa: ARG001
        raise error

    job = lane.submit(fail, title="Learning a taste")
    with qtbot.waitSignal(job.failed, timeout=5_000) as failed:
        pass
    log = state_folder() / "offcut.log"
    sentence = failed.args[0]
    assert sentence.startswith(f"Learning a taste failed unexpectedly ({type(error).__name__}: ")
    assert str(log) in sentence
    assert "Traceback (most recent call last)" in log.read_text()
    assert "in fail" in log.read_text()


def test_a_failure_that_cannot_be_logged_is_told_all_the_same(qtbot, lane):
    Path(state_folder() / "offcut.log").mkdir()

    def fail(progress: Progress) -> None:  # noqa: ARG001
        raise ValueError("odd")

    job = lane.submit(fail, title="Scoring")
    with qtbot.waitSignal(job.failed, timeout=5_000) as failed:
        pass
    assert "Scoring failed unexpectedly (ValueError: odd)" in failed.args[0]


def test_a_flood_of_reports_is_thinned_and_the_last_arrives(qtbot, lane):
    reports: list[tuple[float, str, dict[str, float], float | None]] = []

    def flood(progress: Progress) -> float:
        began_s = time.monotonic()
        sent = 0
        while time.monotonic() - began_s < 1.2:
            sent += 1
            progress.report((time.monotonic() - began_s) / 2.4, "Learning", loss=1.0 / sent)
        progress.report(1.0, "Done", loss=0.0)
        return sent

    job = lane.submit(flood, title="Learning")
    job.progressed.connect(lambda *report: reports.append(report))
    with qtbot.waitSignal(job.finished, timeout=5_000) as finished:
        pass
    assert finished.args[0] > 1_000
    assert 5 < len(reports) <= 1.2 * 33 + 3
    assert [report[0] for report in reports] == sorted(report[0] for report in reports)
    assert reports[-1][:3] == (1.0, "Done", {"loss": 0.0})
    assert reports[0][3] is None


def test_close_cancels_joins_and_delivers_nothing(qapp):
    lanes = JobLanes()
    began = threading.Event()
    running = lanes.compute.submit(work_until_cancelled, began, title="Working")
    waiting = lanes.compute.submit(add, 1, 2, title="Adding")
    other = lanes.io.submit(add, 1, 2, title="Adding")
    for job in (running, waiting, other):
        job.cancelled.connect(lambda: pytest.fail("delivered after close"))
        job.finished.connect(lambda _: pytest.fail("delivered after close"))
    assert began.wait(5.0)
    assert lanes.close()
    qapp.processEvents()
    assert not [thread for thread in threading.enumerate() if " lane_" in thread.name]


def test_what_is_asked_for_after_closing_never_begins(qapp):
    lanes = JobLanes()
    assert lanes.close()
    late = lanes.io.submit(lambda _progress: pytest.fail("begun after close"), title="Too late")
    for signal in (late.cancelled, late.finished, late.failed):
        signal.connect(lambda *_: pytest.fail("delivered after close"))
    late.cancel()
    qapp.processEvents()
    assert late.is_cancelled
    assert not lanes.io.is_busy


def test_the_two_lanes_run_side_by_side(qtbot):
    lanes = JobLanes()
    both = threading.Barrier(2)

    def meet(progress: Progress) -> int:  # noqa: ARG001
        return both.wait(5.0)

    jobs = [lane.submit(meet, title="Meeting") for lane in (lanes.compute, lanes.io)]
    with qtbot.waitSignals([job.finished for job in jobs], timeout=5_000):
        pass
    assert lanes.close()


def test_the_time_left_goes_on_falling_between_reports(qtbot, lane):
    told: list[float | None] = []
    losses: list[float] = []
    go_on, holding = threading.Event(), threading.Event()

    def slow(progress: Progress) -> None:
        began_s = time.monotonic()
        pause = threading.Event()
        while (passed_s := time.monotonic() - began_s) < 4.5:
            progress.check_cancelled()
            progress.report(passed_s / 12, "Learning")
            pause.wait(0.1)
        progress.report(4.5 / 12, "Learning", loss=1.0)
        holding.set()
        go_on.wait(10.0)

    job = lane.submit(slow, title="Learning")
    job.progressed.connect(lambda _fraction, _text, _figures, left_s: told.append(left_s))
    job.progressed.connect(lambda _fraction, _text, figures, _left_s: losses.extend(figures.values()))
    qtbot.waitUntil(holding.is_set, timeout=20_000)
    told.clear()
    qtbot.waitUntil(lambda: len(told) >= 4, timeout=20_000)
    with qtbot.waitSignal(job.finished, timeout=5_000):
        go_on.set()
    first, second, third = told[-3:]
    assert first - second == pytest.approx(1.0, abs=0.3)
    assert second - third == pytest.approx(1.0, abs=0.3)
    assert losses == [1.0], "figures are told once"
