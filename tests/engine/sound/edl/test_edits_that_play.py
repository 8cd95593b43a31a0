"""Any order of spans, as edits, plays what a plain list of them says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.document.kinds import KINDS
from engine.document.kinds.operations import Drop, Order
from engine.document.proposals import Edited
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.edits_that_play import Played, edits_that_play, standing
from engine.sound.edl.programme import NO_HOLDS, Orders, programme

LENGTH, RATE_HZ, STEP = 60_000, 1_000, 100


def played_by(played: list[Played]) -> EditList:
    done = [
        one
        for wanted in edits_that_play(played, LENGTH)
        for one in KINDS[wanted.kind].effect(
            Edited(wanted.start_samples, wanted.stop_samples, wanted.payload, ())
        )
    ]
    drops = [one for one in done if isinstance(one, Drop)]
    columns = np.array([(one.start_samples, one.stop_samples) for one in drops], np.int64).reshape(-1, 2).T
    fades_ms = np.array([one.crossfade_ms for one in drops])
    orders = Orders.of([one for one in done if isinstance(one, Order)])
    return programme(*columns, fades_ms, NO_HOLDS, orders, LENGTH, RATE_HZ)


def heard(edit_list: EditList) -> list[int]:
    return [at for one in edit_list.segments for at in range(one.start_samples, one.stop_samples)]


@st.composite
def orders(draw: st.DrawFn) -> list[Played]:
    edges = st.integers(0, LENGTH // STEP)
    spans = draw(
        st.lists(st.tuples(edges, edges).filter(lambda one: one[0] < one[1]), min_size=1, max_size=8)
    )
    return [Played(start * STEP, stop * STEP) for start, stop in spans]


@given(orders())
def test_any_order_is_played_as_a_plain_list_of_spans(played: list[Played]) -> None:
    plain = [at for one in played for at in range(one.start_samples, one.stop_samples)]
    assert heard(played_by(played)) == plain


def test_what_stays_is_the_longest_in_all() -> None:
    spans = [(0, 100), (500, 900), (200, 300), (300, 400), (900, 1000)]
    played = [Played(*span) for span in spans]
    assert standing(played) == (True, True, False, False, True)
    kinds = [(one.kind, one.start_samples) for one in edits_that_play(played, 1000)]
    assert kinds == [("cut", 100), ("cut", 400), ("move", 200), ("move", 300)]


def test_crossfades_of_cuts_are_those_that_were_asked_for() -> None:
    played = [Played(0, 10_000), Played(20_000, 30_000, 80.0), Played(40_000, 60_000, 7.0)]
    made = played_by(played)
    assert made.fades_in_samples.tolist()[1:] == [80, 7]
    middles = [
        (one.result_start_samples + one.fade_in_samples // 2, other.start_samples)
        for one, other in zip(made.segments, played, strict=True)
    ]
    assert middles == [(0, 0), (10_000, 20_000), (20_000, 40_000)]
    assert [b - a for (a, _), (b, _) in pairwise(middles)] == [10_000, 10_000]


def test_what_is_heard_twice_is_repeated_and_nothing_around_it_moved() -> None:
    made = edits_that_play([Played(0, 31_000), Played(28_000, 60_000, 10.0)], LENGTH)
    assert [(one.kind, one.start_samples, one.stop_samples) for one in made] == [("repeat", 28_000, 31_000)]


def test_a_loop_is_one_repeat_that_is_heard_so_often() -> None:
    once, rest = Played(0, 100), Played(100, 400)
    (one,) = edits_that_play([once, once, once, once, rest], 400)
    assert (one.kind, one.start_samples, one.stop_samples, one.payload["times"]) == ("repeat", 0, 100, 4)
