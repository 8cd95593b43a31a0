"""Work side by side comes out as work one after another does, also where no thread can begin."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from engine.core.side_by_side import in_groups, on_threads, side_by_side

WITHOUT_MEMORY = """
import os
import resource
from pathlib import Path
from threading import Thread
from engine.analysis.signal.streams import read_ahead
from engine.core.side_by_side import side_by_side

# The stack of this thread is there for the next one, which begins and gets no memory for anything else.
first = Thread(target=str)
first.start()
while len(list(Path("/proc/self/task").iterdir())) > 1:
    pass
size_kb = int(Path("/proc/self/status").read_text().split("VmSize:")[1].split()[0])
resource.setrlimit(resource.RLIMIT_AS, (size_kb * 1024, resource.getrlimit(resource.RLIMIT_AS)[1]))
assert side_by_side(str, range(100)) == [str(number) for number in range(100)]
with read_ahead(range(100), 8) as items:
    assert list(items) == list(range(100))
os._exit(0)  # a thread that begins as Python ends is ended by the C library, which needs memory for that
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_threads_that_get_no_memory_to_begin_are_not_waited_for() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_MEMORY], check=True, timeout=60)


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_results_are_in_the_order_of_the_items(count: int) -> None:
    assert side_by_side(str, range(count)) == [str(number) for number in range(count)]


def test_the_first_item_that_failed_is_raised_and_no_other_is_started() -> None:
    started = []

    def work(number: int) -> None:
        started.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match=r"^0$"):
        side_by_side(work, range(10_000))
    assert len(started) < 10_000


def test_items_that_cannot_be_listed_start_nothing() -> None:
    def torn() -> Iterator[int]:
        yield 1
        raise OSError("torn tape")

    started: list[int] = []
    with pytest.raises(OSError, match="torn tape"):
        side_by_side(started.append, torn())
    assert not started


def test_the_context_ends_after_the_threads_that_began() -> None:
    has_begun, may_end, ended = threading.Semaphore(0), threading.Event(), []

    def work() -> None:
        has_begun.release()
        may_end.wait()
        ended.append(threading.get_ident())

    with on_threads(work, 3):
        for _ in range(3):
            has_begun.acquire()
        assert not ended
        may_end.set()
    assert len(ended) == 3
    assert threading.get_ident() not in ended


def test_groups_take_few_items_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10_000):
            taken.append(number)
            yield number

    found = in_groups(str, items())
    assert [next(found) for _ in range(10)] == [str(number) for number in range(10)]
    assert len(taken) < 10_000
    assert [*found] == [str(number) for number in range(10, 10_000)]
