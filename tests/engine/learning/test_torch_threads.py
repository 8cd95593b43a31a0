"""Work on several threads: the order and the values of one thread, and torch as it was before."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier, get_ident

import pytest
import torch

from engine.learning.torch_threads import side_by_side

THREADS = 3


@pytest.fixture(autouse=True)
def some_threads() -> Iterator[None]:
    """Let torch have three threads, whatever the machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    yield
    torch.set_num_threads(before)


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(side_by_side(lambda number: number**2, range(20))) == [number**2 for number in range(20)]
    assert list(side_by_side(abs, ())) == []
    assert torch.get_num_threads() == THREADS


def test_items_are_computed_at_the_same_time_with_one_thread_of_torch_each() -> None:
    together = Barrier(THREADS, timeout=60.0)

    def work(number: int) -> tuple[int, int]:
        if number:
            together.wait()
        return get_ident(), torch.get_num_threads()

    found = list(side_by_side(work, range(1 + 2 * THREADS)))
    assert len({thread for thread, _ in found[1:]}) == THREADS
    assert {threads for _, threads in found} == {1}


def test_few_items_are_taken_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    found = side_by_side(abs, items())
    assert [next(found) for _ in range(10)] == [*range(10)]
    assert len(taken) <= 10 + THREADS + 1
    found.close()  # type: ignore[attr-defined]
    assert torch.get_num_threads() == THREADS


def test_an_error_ends_the_work_and_is_raised_in_its_place() -> None:
    found = side_by_side(lambda number: 1 // (5 - number), range(20))
    assert [next(found) for _ in range(5)] == [0, 0, 0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)
    assert torch.get_num_threads() == THREADS
