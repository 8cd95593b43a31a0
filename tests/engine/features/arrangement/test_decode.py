"""The best order is the best of all orders, and what must be kept is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.features.arrangement.decode import Bounds, Jump, Scores, decode, several
from engine.features.arrangement.steps import length_s, order_of, plays, spans_of
from tests.engine.features.arrangement import made

OF_KEEP = 0.3


def every_way(
    scores: Scores, gain: np.ndarray[tuple[int], np.dtype[np.float64]], bounds: Bounds
) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Yield every order that goes forward but for loops, and its score: plainly, one jump at a time."""
    n = len(scores)

    def onward(
        step: int, played: tuple[int, ...], value: float, passed: int
    ) -> Iterator[tuple[float, tuple[int, ...]]]:
        rest = bounds.must[step + 1 :]
        if step == n - 1:
            yield value, played
            return
        yield from at(step + 1, (*played, step + 1), value + scores.stay[step, passed] + gain[step + 1])
        jump = scores.onward[step, passed]
        for target, chance in reachable(jump, step + 1, bounds):
            if not bounds.must[step + 1 : target].any():
                yield from landed(target, played, value + scores.leave[step, passed] + chance)
        if not rest.any():
            yield value + scores.leave[step, passed] + jump.log_stop, played

    def at(step: int, played: tuple[int, ...], value: float) -> Iterator[tuple[float, tuple[int, ...]]]:
        yield from onward(step, played, value, 0)
        for first in scores.back[step, 0].targets.tolist():
            if step - first + 1 < max(2, bounds.least_steps) or bounds.never[first : step + 1].any():
                continue
            looped, again = value, played
            for more in range(1, min(bounds.most_times, scores.stay.shape[1])):
                jump = scores.back[step, more - 1]
                chance = dict(zip(jump.targets.tolist(), jump.log_chances.tolist(), strict=True)).get(first)
                if chance is None:
                    break
                looped += scores.leave[step, more - 1] + chance + scores.stay[first:step, more].sum()
                again = (*again, *range(first, step + 1))
                yield from onward(step, again, looped, more)

    def landed(start: int, played: tuple[int, ...], value: float) -> Iterator[tuple[float, tuple[int, ...]]]:
        last = min(n, start + max(1, bounds.least_steps)) - 1
        value += gain[start : last + 1].sum() + scores.stay[start:last, 0].sum()
        yield from at(last, (*played, *range(start, last + 1)), value)

    for target, chance in reachable(scores.begin, 0, bounds):
        if not bounds.must[:target].any():
            yield from landed(target, (), chance)
    if not bounds.must.any():
        yield scores.begin.log_stop, ()


def reachable(jump: Jump, first: int, bounds: Bounds) -> list[tuple[int, float]]:
    """Return the targets of a jump with their chances, and the next step that must be played."""
    found = list(zip(jump.targets.tolist(), jump.log_chances.tolist(), strict=True))
    must = first + np.flatnonzero(bounds.must[first:])
    if len(must) and int(must[0]) not in jump.targets:
        found.append((int(must[0]), min(jump.log_chances.tolist(), default=-12.0)))
    return found


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("least", [1, 2])
def test_the_best_order_is_that_of_a_plain_search(seed: int, least: int) -> None:
    rng = np.random.default_rng(seed)
    n = 6
    scores = made.scores(rng, n, jumps=2)
    must = np.zeros(n, bool)
    must[int(rng.integers(n))] = seed % 2 == 0
    bounds = replace(Bounds.none(n), must=must, least_steps=least, most_times=3)
    gain = OF_KEEP * np.clip(scores.keep, -8.0, 8.0)
    found = decode(scores, made.steps(n), bounds)
    best, order = max(every_way(scores, gain, bounds))
    assert found.score == pytest.approx(best, abs=1e-9)
    assert found.order.tolist() == list(order)


def test_playing_begins_where_it_must_although_the_network_names_other_places() -> None:
    n = 12
    scores = made.scores(np.random.default_rng(0), n)
    begin = replace(scores.begin, targets=np.array([2, 7]), log_chances=np.log([0.6, 0.3]))
    is_outside = (np.arange(n) < 6) | (np.arange(n) >= 10)
    bounds = replace(Bounds.none(n), must=~is_outside, never=is_outside)
    assert decode(replace(scores, begin=begin), made.steps(n), bounds).order[0] == 6


@given(
    seed=st.integers(0, 10_000),
    least=st.integers(1, 6),
    times=st.integers(1, 3),
    share=st.one_of(st.none(), st.floats(0.05, 1.5)),
    held=st.tuples(st.integers(0, 23), st.integers(1, 8)),
    cut=st.tuples(st.integers(0, 23), st.integers(0, 8)),
)
def test_every_arrangement_keeps_to_its_bounds(
    seed: int, least: int, times: int, share: float | None, held: tuple[int, int], cut: tuple[int, int]
) -> None:
    n = 24
    scores, steps = made.scores(np.random.default_rng(seed), n), made.steps(n)
    must, never = np.zeros(n, bool), np.zeros(n, bool)
    must[held[0] : held[0] + held[1]] = True
    never[cut[0] : cut[0] + cut[1]] = True
    target_s = None if share is None else share * 12.0
    bounds = Bounds(must, never, least, times, target_s)
    for found in several(scores, steps, bounds, (1, 2)):
        played = plays(found.order, n)
        assert (played[must] > 0).all()
        pieces = spans_of(found.order)
        for at in range(len(pieces)):
            assert pieces[at + 1 : at + 1 + times] != [pieces[at]] * times
        starts = [first for first, _ in spans_of(found.order)]
        assert len(starts) == 0 or starts[0] <= np.flatnonzero(must)[0]
        assert all(last - first >= min(least, n - first) for first, last in spans_of(found.order))


def test_a_length_that_is_asked_is_met_as_nearly_as_the_recording_allows() -> None:
    rng = np.random.default_rng(4)
    n = 400
    scores, steps = made.scores(rng, n, jumps=24), made.steps(n)
    onward = {key: replace(jump, log_stop=-12.0) for key, jump in scores.onward.items()}
    # As of music: it is left at the ends of phrases, hardly ever elsewhere.
    left = np.where(np.arange(n)[:, None] % 8 == 7, 0.3, 0.001) * np.ones(scores.leave.shape)
    begin = replace(scores.begin, log_stop=-1e4)
    scores = replace(scores, onward=onward, begin=begin, leave=np.log(left), stay=np.log(1.0 - left))
    free = length_s(decode(scores, steps, Bounds.none(n)).order, steps)
    for target_s in (40.0, 80.0, 120.0, 160.0):
        bounds = replace(Bounds.none(n), target_s=target_s)
        found_s = length_s(decode(scores, steps, bounds).order, steps)
        assert abs(found_s - target_s) <= min(abs(free - target_s), 0.3 * target_s)


def test_nothing_gives_nothing() -> None:
    nothing = made.scores(np.random.default_rng(0), 1)
    empty = replace(nothing, keep=np.zeros(0), stay=np.zeros((0, 3)), leave=np.zeros((0, 3)))
    assert len(decode(empty, made.steps(0), Bounds.none(0)).order) == 0
    assert decode(nothing, made.steps(1), replace(Bounds.none(1), must=np.ones(1, bool))).order.tolist() == [
        0
    ]


def test_spans_and_orders_are_the_same_thing() -> None:
    spans = [(2, 5), (0, 2), (0, 2), (7, 9)]
    assert spans_of(order_of(spans)) == spans
