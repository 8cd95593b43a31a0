"""Reading ahead changes nothing of a stream but the thread that draws it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from engine.analysis.signal.streams import read_ahead


@pytest.mark.parametrize("most", [1, 2, 100])
@pytest.mark.parametrize("count", [0, 1, 50])
def test_the_items_are_those_of_the_source(count: int, most: int) -> None:
    with read_ahead(range(count), most) as items:
        assert list(items) == list(range(count))


def test_a_long_source_is_drawn_on_a_thread() -> None:
    drew, has_ended = [], threading.Event()

    def source() -> Iterator[int]:
        for number in range(7):
            drew.append(threading.get_ident())
            yield number
        has_ended.set()

    with read_ahead(source(), 8) as items:
        has_ended.wait()  # before anything is taken
        assert list(items) == list(range(7))
    assert drew[0] == threading.get_ident() != drew[-1]


def test_who_finds_nothing_ready_gets_each_item_as_it_is_drawn() -> None:
    taken = 0
    may_draw = threading.Semaphore(2)

    def source() -> Iterator[int]:
        for number in range(200):
            may_draw.acquire()
            yield number

    with read_ahead(source(), 2) as items:
        for number in items:
            assert number == taken
            taken += 1
            may_draw.release()
    assert taken == 200


def test_a_short_source_needs_no_thread() -> None:
    drew = []

    def source() -> Iterator[int]:
        for number in range(2):
            drew.append(threading.get_ident())
            yield number

    with read_ahead(source(), 8) as items:
        assert list(items) == [0, 1]
    assert drew == [threading.get_ident()] * 2


@pytest.mark.parametrize("most", [1, 4])
def test_never_more_is_drawn_than_was_allowed(most: int) -> None:
    drawn, taken, ahead = 0, 0, []
    full = threading.Semaphore(0)

    def source() -> Iterator[int]:
        nonlocal drawn
        for number in range(40):
            drawn += 1
            ahead.append(drawn - taken)
            full.release()
            yield number

    with read_ahead(source(), most) as items:
        for _ in range(most):
            full.acquire()  # as many are drawn before anything is taken
        for _number in items:
            taken += 1
    assert drawn == taken == 40
    assert most <= max(ahead) <= most + 1  # one is on its way while another is taken


def test_what_the_source_raises_comes_after_what_it_gave() -> None:
    def source() -> Iterator[int]:
        yield from (1, 2)
        raise ValueError("torn tape")

    taken: list[int] = []
    with pytest.raises(ValueError, match="torn tape"), read_ahead(source(), 8) as items:
        taken.extend(items)
    assert taken == [1, 2]


@pytest.mark.parametrize("most", [1, 8])
def test_who_stops_taking_stops_the_source(most: int) -> None:
    drawn = 0

    def endless() -> Iterator[int]:
        nonlocal drawn
        while True:
            drawn += 1
            yield drawn

    def interrupted(items: Iterator[int]) -> None:
        next(items)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), read_ahead(endless(), most) as items:
        interrupted(items)
    assert drawn <= most + 2
    before = drawn
    with read_ahead(range(3), 1):
        pass  # nothing is taken at all
    assert drawn == before


def test_two_stages_follow_each_other() -> None:
    with read_ahead(range(100), 2) as first, read_ahead((2 * number for number in first), 2) as second:
        assert sum(second) == 9900
