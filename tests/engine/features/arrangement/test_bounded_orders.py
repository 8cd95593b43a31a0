"""Orders within bounds: loops, lengths, phrases of an order, and how few bounds change an editor's order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.features.arrangement.alike import Weighed
from engine.features.arrangement.decode import Bounds, Jump, Scores, decode, several
from engine.features.arrangement.rules.learned import (
    PhraseBounds,
    Phrases,
    arrangements_by,
    best_order,
    phrases_of,
)
from engine.features.arrangement.steps import length_s, order_of, plays, spans_of
from tests.engine.features.arrangement import made

NOWHERE = Jump(np.zeros(0, np.int64), np.zeros(0), -12.0)


def scores(n: int, *, begin: int = 0, passes: int = 3, **jumps: dict[tuple[int, int], Jump]) -> Scores:
    """Return scores of a recording that is played through from a step on, but for some jumps."""
    stay = np.full((n, passes), -0.1)
    onward = {(step, passed): NOWHERE for step in range(n) for passed in range(passes)}
    start = Jump(np.array([begin, n - 1]), np.array([-0.1, -9.0]), -1e4)
    leave = np.full((n, passes), -3.0)
    return Scores(np.zeros(n), stay, leave, start, onward | jumps.get("onward", {}), jumps.get("back", {}))


def to(*targets: int, log_chance: float = -0.1, log_stop: float = -12.0) -> Jump:
    return Jump(np.array(targets), np.full(len(targets), log_chance), log_stop)


def order(one: Scores, **bounds: object) -> list[int]:
    limits = replace(Bounds.none(len(one)), **bounds)  # type: ignore[arg-type]
    return decode(one, made.steps(len(one)), limits).order.tolist()


def test_without_jumps_all_is_played_from_the_beginning_on() -> None:
    assert order(scores(5)) == [0, 1, 2, 3, 4]
    assert order(scores(5, begin=2)) == [2, 3, 4]
    assert decode(scores(5), made.steps(5), Bounds.none(5)).score == pytest.approx(-0.5)


def test_a_likely_jump_is_taken_and_a_required_step_prevents_it() -> None:
    one = scores(8, onward={(2, 0): to(6)})
    one.leave[2, 0], one.stay[2, 0] = -0.1, -3.0
    assert order(one) == [0, 1, 2, 6, 7]
    must = np.arange(8) == 4
    assert order(one, must=must) == [0, 1, 2, 4, 5, 6, 7]  # as likely as the likeliest known target
    assert order(one, never=np.arange(8) == 7) == [0, 1, 2]  # what leads to it alone is not played


def test_what_is_never_played_is_left_out_unless_it_must_be_played() -> None:
    one = scores(8, onward={(2, 0): to(5, log_chance=-4.0)})
    never = (np.arange(8) == 3) | (np.arange(8) == 4)
    assert order(one, never=never) == [0, 1, 2, 5, 6, 7]
    assert order(one, never=never, must=never) == list(range(8))


def loop(times: int) -> Scores:
    """Return scores that go back from step 5 to step 2 after each of some passes."""
    back = {(5, passed): to(2) for passed in range(times - 1)}
    one = scores(8, passes=4, back=back)
    one.leave[5, : times - 1], one.stay[5, : times - 1] = -0.1, -3.0
    return one


def test_a_loop_is_played_as_often_as_is_likely_and_as_bounds_allow() -> None:
    assert order(loop(1)) == list(range(8))
    assert order(loop(2)) == [0, 1, 2, 3, 4, 5, 2, 3, 4, 5, 6, 7]
    assert order(loop(3)) == [0, 1, *[2, 3, 4, 5] * 3, 6, 7]
    assert order(loop(4), most_times=2) == list(range(8))  # the third pass would be as likely as the second
    assert order(loop(2), most_times=1) == list(range(8))
    assert order(loop(2), least_steps=4) == order(loop(2))
    assert order(loop(2), least_steps=5) == list(range(8))


@pytest.mark.parametrize("target_s", [3.5, 4.5, 6.5, 8.5, 10.0])
def test_lengths_between_two_orders_are_spliced_of_them(target_s: float) -> None:
    # From each step the third one after it is as likely as the next one: 7 steps to all 20.
    one = scores(20, onward={(at, 0): to(at + 3) for at in range(17)})
    one.leave[:, 0] = -0.1
    steps = made.steps(20)
    found = decode(one, steps, replace(Bounds.none(20), target_s=target_s)).order
    assert length_s(found, steps) == pytest.approx(target_s, abs=0.5)
    assert set(np.diff(found).tolist()) <= {1, 3}


def test_a_target_length_leaves_what_must_be_played() -> None:
    one, steps = scores(20, onward={(at, 0): to(at + 3) for at in range(17)}), made.steps(20)
    must = np.arange(20) < 18
    found = decode(one, steps, replace(Bounds.none(20), must=must, target_s=2.0)).order
    assert (plays(found, 20)[must] == 1).all()


def test_each_other_order_is_returned_once_and_the_best_is_the_first() -> None:
    one = made.scores(np.random.default_rng(2), 12)
    steps, bounds = made.steps(12), Bounds.none(12)
    found = several(one, steps, bounds, range(6))
    np.testing.assert_array_equal(found[0].order, decode(one, steps, bounds).order)
    assert len({each.order.tobytes() for each in found}) == len(found) > 1
    same = several(one, steps, bounds, range(6), by=0.0)
    assert len(same) == 1
    stirred = one.stirred(np.random.default_rng(0), 0.5)
    assert stirred.onward.keys() == one.onward.keys()
    np.testing.assert_array_equal(stirred.stay, one.stay)
    moved = stirred.leave - one.leave  # the same at each pass
    np.testing.assert_allclose(moved, np.repeat(moved[:, :1], 3, axis=1))


def phrases(*edges: int) -> Phrases:
    return Phrases(np.array(edges), np.diff(edges) / 2.0)


def test_orders_of_steps_and_of_phrases_are_one_thing() -> None:
    one = phrases(0, 8, 16, 20, 30)
    steps = order_of([(16, 30), (0, 16), (8, 20)])
    assert one.of_order(steps).tolist() == [2, 3, 0, 1, 1, 2]
    np.testing.assert_array_equal(one.steps_of([2, 3, 0, 1, 1, 2]), steps)
    assert one.of_order(order_of([])).tolist() == []
    assert one.steps_of([]).tolist() == []
    flags = np.ones(30, bool)
    flags[[17, 29]] = False
    assert one.all_of(flags).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("borders", "edges"),
    [
        ([], [0, 8, 16, 24, 30]),
        ([12], [0, 8, 12, 20, 30]),  # what is left of less than a bar's half belongs to the phrase before
        ([3, 0, 30, 99, 3], [0, 3, 11, 19, 30]),
        ([8, 16], [0, 8, 16, 24, 30]),
    ],
)
def test_phrases_are_two_bars_from_each_border_on(borders: list[int], edges: list[int]) -> None:
    heard = made.heard(np.random.default_rng(0), [(30, True)])
    found = phrases_of(heard, borders)
    assert found.edges.tolist() == edges
    np.testing.assert_allclose(found.lengths_s, np.diff(edges) / 2.0)


def test_nothing_to_play_is_the_empty_order() -> None:
    def bounds(n: int, never: bool) -> PhraseBounds:
        return PhraseBounds(np.zeros(n, bool), np.full(n, never), np.full(n, 8))

    assert best_order(np.zeros((1, 1, 1)), np.zeros(0), bounds(0, False)).order == ()
    assert best_order(np.zeros((1, 3, 3)), np.ones(2), bounds(2, True)).order == ()


def test_without_bounds_the_chosen_order_is_played_and_others_each_once() -> None:
    heard = made.heard(np.random.default_rng(0), [(48, True)])
    orders = [order_of([(32, 48), (0, 16)]), order_of([(8, 24), (8, 24)]), order_of([(0, 48)])]
    weighed = [Weighed(one, share) for one, share in zip(orders, (0.5, 0.3, 0.2), strict=True)]
    found = arrangements_by(weighed, heard, Bounds.none(48), (1, 2, 3, 4))
    assert [one.order.tolist() for one in found] == [one.tolist() for one in orders]
    (alone,) = arrangements_by(weighed, heard, Bounds.none(48))
    assert spans_of(alone.order) == [(32, 48), (0, 16)]


MUSIC = [(0, 64), (72, 136), (144, 208), (216, 280), (288, 352)]


@pytest.mark.parametrize(
    ("never", "spans"),
    [
        ((64, 72), MUSIC),  # nothing of the order
        ((144, 208), [(0, 64), (72, 136), (216, 280), (288, 352)]),
        ((160, 176), [(0, 64), (72, 136), (144, 160), (176, 208), (216, 280), (288, 352)]),
        ((0, 66), [(72, 136), (144, 208), (216, 280), (288, 352)]),
        ((72, 280), [(0, 64), (288, 352)]),
        ((344, 400), [*MUSIC[:-1], (288, 344)]),
    ],
)
def test_what_is_never_played_is_left_out_of_the_chosen_order_alone(
    never: tuple[int, int], spans: list[tuple[int, int]]
) -> None:
    heard = made.heard(np.random.default_rng(0), [(400, True)])
    bounds = Bounds.none(400)
    bounds.never[slice(*never)] = True
    (found,) = arrangements_by([Weighed(order_of(MUSIC), 1.0)], heard, bounds)
    assert spans_of(found.order) == spans


def test_moved_and_repeated_blocks_go_on_after_what_is_never_played() -> None:
    heard = made.heard(np.random.default_rng(0), [(48, True)])
    bounds = Bounds.none(48)
    bounds.never[0:8] = True
    for spans, left in (
        ([(32, 48), (0, 16), (20, 30)], [(32, 48), (8, 16), (20, 30)]),
        ([(16, 32), (0, 16), (40, 48)], [(16, 32), (8, 16), (40, 48)]),
        ([(0, 16), (0, 16), (24, 32)], [(8, 16), (8, 16), (24, 32)]),
    ):
        (found,) = arrangements_by([Weighed(order_of(spans), 1.0)], heard, bounds)
        assert spans_of(found.order) == left


def test_an_order_of_which_nothing_may_be_played_makes_way_for_something_else() -> None:
    heard = made.heard(np.random.default_rng(0), [(48, True)])
    bounds = Bounds.none(48)
    bounds.never[0:24] = True
    (found,) = arrangements_by([Weighed(order_of([(0, 24)]), 1.0)], heard, bounds)
    assert len(found.order) > 0
    assert found.order.min() >= 24


@pytest.mark.parametrize(
    ("must", "spans"),
    [
        ((66, 70), [(0, 136), *MUSIC[2:]]),
        ((210, 214), [*MUSIC[:2], (144, 280), MUSIC[4]]),
        ((360, 380), [*MUSIC[:4], (288, 400)]),
    ],
)
def test_what_must_be_played_is_added_with_what_leads_to_it(
    must: tuple[int, int], spans: list[tuple[int, int]]
) -> None:
    heard = made.heard(np.random.default_rng(0), [(400, True)])
    bounds = replace(Bounds.none(400), least_steps=4)
    bounds.must[slice(*must)] = True
    (found,) = arrangements_by([Weighed(order_of(MUSIC), 1.0)], heard, bounds)
    assert spans_of(found.order) == spans


@pytest.mark.parametrize("target_s", [8.0, 12.0, 16.0, 20.0])
def test_a_shorter_target_is_met_with_blocks_long_enough(target_s: float) -> None:
    heard = made.heard(np.random.default_rng(0), [(72, True)])
    weighed = [Weighed(order_of([(0, 16), (24, 40), (48, 64)]), 1.0)]
    bounds = replace(Bounds.none(72), least_steps=4, target_s=target_s)
    (found,) = arrangements_by(weighed, heard, bounds)
    assert length_s(found.order, heard.steps) == target_s
    assert all(last - first >= 4 for first, last in spans_of(found.order))
