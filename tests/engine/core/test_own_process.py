"""Work in a process of its own: what it returns, tells and raises, and that nothing of it stays behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.core.errors import Cancelled, OffcutError, TasteError
from engine.core.files.safe_write import replacing, sweep
from engine.core.own_process import RemoteTracebackError, run_in_own_process
from engine.core.progress import SILENT, Progress, ReportingProgress

ROOT = Path(__file__).resolve().parents[3]

needs_posix = pytest.mark.skipif(os.name != "posix", reason="signals and named pipes of POSIX")


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Fail a test after which a process lives or has not been seen off."""
    open_before = open_handles()
    yield
    assert multiprocessing.active_children() == []
    # The first spawn starts Python's own tracker, whose pipe stays.
    assert open_handles() <= open_before + 1


def open_handles() -> int:
    handles = Path("/proc/self/fd")
    return len(list(handles.iterdir())) if handles.is_dir() else 0


# What the other process runs.


def add(a: int, b: int, progress: Progress) -> tuple[int, int]:
    progress.report(0.25, "Adding", loss=1.5)
    progress.part(0.5, 1.0).report(0.5, "Added", loss=0.5)
    return a + b, os.getpid()


def surroundings(progress: Progress) -> tuple[str, int, bool]:  # noqa: ARG001
    return os.environ["OMP_WAIT_POLICY"], os.nice(0), "torch" in sys.modules


def fail_plainly(progress: Progress) -> None:  # noqa: ARG001
    raise TasteError("take.wav is silent: choose another recording.")


def fail_oddly(progress: Progress) -> None:  # noqa: ARG001
    raise KeyError("row 7")


class AwkwardError(Exception):
    def __init__(self, row: int, column: int) -> None:
        super().__init__(f"row {row}, column {column}")


def fail_awkwardly(progress: Progress) -> None:  # noqa: ARG001
    raise AwkwardError(7, 8)


def leave(progress: Progress) -> None:  # noqa: ARG001
    raise SystemExit(3)


def return_a_function(progress: Progress) -> object:  # noqa: ARG001
    return lambda: None


def look_for_the_cancel(progress: Progress) -> None:
    progress.report(0.0, "Begun")
    while True:
        progress.check_cancelled()
        time.sleep(0.001)


def never_look(progress: Progress) -> None:
    progress.report(0.0, "Begun")
    threading.Event().wait()


def hold(fifo: str, progress: Progress) -> None:
    """Hold a named pipe open for as long as this process lives."""
    with Path(fifo).open("wb", buffering=0) as held:
        held.write(b"begun")
        never_look(progress)


def write_half(path: str, progress: Progress) -> None:
    with replacing(Path(path)) as part:
        part.write_bytes(b"half")
        never_look(progress)


def kill_itself(progress: Progress) -> None:
    progress.report(0.0, "Begun")
    os.kill(os.getpid(), signal.SIGKILL)


def flood(progress: Progress) -> int:
    for number in range(20_000):
        progress.report(number / 20_000, "Counting")
    progress.report(1.0, "Counted", loss=0.0)
    return 20_000


# What is seen here.


def test_the_result_and_the_reports_arrive_in_order() -> None:
    told: list[tuple[float, str, dict[str, float]]] = []
    result, process = run_in_own_process(add, (2, 3), ReportingProgress(lambda *report: told.append(report)))
    assert result == 5
    assert process != os.getpid()
    assert told == [(0.25, "Adding", {"loss": 1.5}), (0.75, "Added", {"loss": 0.5})]


def test_the_other_process_gives_way_and_imports_nothing_by_itself() -> None:
    policy, niceness, has_torch = run_in_own_process(surroundings, (), SILENT)
    assert policy == "PASSIVE"
    assert os.name != "posix" or niceness > os.nice(0)
    assert not has_torch


def test_an_error_of_offcut_is_told_in_the_same_words() -> None:
    with pytest.raises(TasteError, match=r"^take\.wav is silent: choose another recording\.$"):
        run_in_own_process(fail_plainly, (), SILENT)


@pytest.mark.parametrize(
    ("work", "kind", "text", "place"),
    [
        (fail_oddly, KeyError, "row 7", "in fail_oddly"),
        (fail_awkwardly, RuntimeError, "AwkwardError: row 7, column 8", "in fail_awkwardly"),
        (leave, SystemExit, "3", "in leave"),
    ],
)
def test_an_unexpected_error_carries_the_traceback_of_the_other_process(work, kind, text, place) -> None:
    with pytest.raises(kind, match=text) as raised:
        run_in_own_process(work, (), SILENT)
    assert isinstance(raised.value.__cause__, RemoteTracebackError)
    assert place in str(raised.value.__cause__)


def test_a_result_that_cannot_travel_is_an_error_not_a_wait() -> None:
    with pytest.raises(Exception, match="pickle"):
        run_in_own_process(return_a_function, (), SILENT)


@pytest.mark.alone
@pytest.mark.parametrize("work", [look_for_the_cancel, never_look])
def test_a_cancel_is_answered_sooner_than_a_process_starts_whether_the_work_looks_or_not(work) -> None:
    def answer_in_starts() -> float:
        cancelled, asked_s = threading.Event(), []

        def ask(_fraction: float, _text: str, _figures: dict[str, float]) -> None:
            asked_s.append(time.monotonic())
            cancelled.set()

        began_s = time.monotonic()
        with pytest.raises(Cancelled):
            run_in_own_process(work, (), ReportingProgress(ask, cancelled))
        return (time.monotonic() - asked_s[0]) / (asked_s[0] - began_s)

    assert min(answer_in_starts() for _ in range(3)) < 1.0


@pytest.mark.alone
def test_a_cancel_before_the_work_has_begun_is_answered_as_well() -> None:
    def seconds(do: Callable[[], object]) -> float:
        began_s = time.monotonic()
        do()
        return time.monotonic() - began_s

    def give_up() -> None:
        cancelled = threading.Event()
        cancelled.set()
        with pytest.raises(Cancelled):
            run_in_own_process(never_look, (), ReportingProgress(None, cancelled))

    whole_s = min(seconds(lambda: run_in_own_process(add, (2, 3), SILENT)) for _ in range(3))
    assert min(seconds(give_up) for _ in range(3)) < 2 * whole_s


@needs_posix
def test_a_process_that_was_killed_is_told_in_one_sentence() -> None:
    with pytest.raises(OffcutError, match=r"^The process .*\(SIGKILL\).*memory ran out.*try again\.$"):
        run_in_own_process(kill_itself, (), SILENT)


@needs_posix
def test_a_process_killed_from_outside_is_told_too() -> None:
    def kill(_fraction: float, _text: str, _figures: dict[str, float]) -> None:
        (child,) = multiprocessing.active_children()
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)

    with pytest.raises(OffcutError, match="SIGKILL"):
        run_in_own_process(never_look, (), ReportingProgress(kill))


@needs_posix
def test_the_other_process_ends_when_this_one_is_killed(tmp_path: Path) -> None:
    fifo = tmp_path / "held"
    os.mkfifo(fifo)
    script = (
        "import sys\n"
        "from engine.core.own_process import run_in_own_process\n"
        "from engine.core.progress import SILENT\n"
        "from tests.engine.core.test_own_process import hold\n"
        "run_in_own_process(hold, (sys.argv[1],), SILENT)\n"
    )
    asker = subprocess.Popen([sys.executable, "-c", script, str(fifo)], cwd=ROOT)
    with fifo.open("rb") as held:
        assert held.read(5) == b"begun"
        asker.kill()
        assert asker.wait() == -signal.SIGKILL
        assert held.read() == b""  # comes when the last process that holds the pipe has ended


@needs_posix
def test_half_a_file_of_a_killed_process_is_swept_by_the_next_writer(tmp_path: Path) -> None:
    cancelled = threading.Event()
    progress = ReportingProgress(lambda *_report: cancelled.set(), cancelled)
    with pytest.raises(Cancelled):
        run_in_own_process(write_half, (str(tmp_path / "a.taste"),), progress)
    (left,) = tmp_path.iterdir()
    assert left.suffix == ".part"
    assert sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_flood_of_reports_is_thinned_on_its_way() -> None:
    told: list[float] = []
    progress = ReportingProgress(lambda fraction, _text, _figures: told.append(fraction))
    assert run_in_own_process(flood, (), progress) == 20_000
    assert len(told) < 2_000
    assert told == sorted(told)
    assert told[-1] == 1.0
