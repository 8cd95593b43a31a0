"""When things sound: drops, holds and orders against a plain list of samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import DocumentError
from engine.document.kinds.operations import Drop, Hold, Order
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.programme import Orders, programme

RATE_HZ, LENGTH = 1000, 120
"""At this rate the shortest piece is one sample, so that nothing goes with its neighbours."""

PLACES = st.integers(-5, LENGTH + 5)
SPANS = st.tuples(PLACES, PLACES).map(sorted)
FADES_MS = st.sampled_from((0.0, 4.0, 30.0))
DROPS = st.lists(st.builds(lambda span, fade: Drop(*span, fade), SPANS, FADES_MS), max_size=6)
HOLDS = st.lists(st.builds(lambda span: Hold(*span), SPANS), max_size=3)
ORDERS = st.lists(
    st.builds(
        lambda span, at, times, stays, fade: Order(*span, at, times, stays, fade),
        SPANS.filter(lambda span: span[0] < span[1]),
        PLACES,
        st.integers(1, 3),
        st.booleans(),
        FADES_MS,
    ),
    max_size=4,
)


def programme_of(drops: list[Drop], holds: list[Hold], orders: list[Order]) -> EditList:
    columns = np.array([(d.start_samples, d.stop_samples, d.crossfade_ms) for d in drops], float)
    starts, stops, fades = columns.reshape(-1, 3).T
    held = np.array([(one.start_samples, one.stop_samples) for one in holds], np.int64).reshape(-1, 2)
    drops_of = starts.astype(np.int64), stops.astype(np.int64), fades
    return programme(*drops_of, held, Orders.of(orders), LENGTH, RATE_HZ)


def plain(drops: list[Drop], holds: list[Hold], orders: list[Order]) -> list[int]:
    """Return the source position of every sample that is heard."""
    heard = np.ones(LENGTH, bool)
    for drop in drops:
        heard[max(0, drop.start_samples) : max(0, drop.stop_samples)] = False
    for hold in holds:
        heard[max(0, hold.start_samples) : max(0, hold.stop_samples)] = True
    stands = np.ones(LENGTH, bool)
    laid: dict[int, list[tuple[object, ...]]] = {}
    for one in orders:
        start, stop = np.clip((one.start_samples, one.stop_samples), 0, LENGTH).tolist()
        if not one.stays:
            stands[start:stop] = False
        at = min(max(one.at_samples, 0), LENGTH)
        laid.setdefault(at, []).append((start, stop, one.times, one.crossfade_ms, one.stays))
    found: list[int] = []
    for at in range(LENGTH + 1):
        for start, stop, times, *_ in sorted(laid.get(at, [])):  # type: ignore[type-var]
            found += [k for _ in range(times) for k in range(start, stop) if heard[k]]  # type: ignore[call-overload]
        if at < LENGTH and stands[at] and heard[at]:
            found.append(at)
    return found


@given(DROPS, HOLDS, ORDERS)
def test_what_is_heard_is_that_of_a_plain_list(
    drops: list[Drop], holds: list[Hold], orders: list[Order]
) -> None:
    found, expected = programme_of(drops, holds, orders), plain(drops, holds, orders)
    assert found.length_samples == len(expected)
    assert found.to_source_array(range(len(expected))).tolist() == expected
    for source in range(LENGTH):
        places = [k for k, one in enumerate(expected) if one == source]
        assert found.all_results(source) == places
        if places:
            assert found.to_result(source) == places[0]
            assert found.nearest_result(source, len(expected)) == places[-1]
    gone = sorted(set(range(LENGTH)) - set(expected))
    assert [k for start, stop in found.removed_spans for k in range(start, stop)] == gone


@given(DROPS, HOLDS, ORDERS, st.randoms(use_true_random=False))
def test_fades_stay_within_the_recording_and_the_order_of_asking_says_nothing(
    drops: list[Drop], holds: list[Hold], orders: list[Order], random: object
) -> None:
    found = programme_of(drops, holds, orders)
    for segment in found.segments:
        assert 0 <= segment.start_samples < segment.stop_samples <= LENGTH
        assert (
            segment.fade_in_samples + segment.fade_out_samples <= segment.stop_samples - segment.start_samples
        )
    for later, earlier in zip(found.segments[1:], found.segments, strict=False):
        assert later.fade_in_samples == earlier.fade_out_samples
        assert later.result_start_samples == earlier.result_stop_samples - later.fade_in_samples
    for every in (drops, holds, orders):
        random.shuffle(every)  # type: ignore[attr-defined]
    assert programme_of(drops, holds, orders) == found


def test_repeats_without_end_are_refused_in_a_sentence() -> None:
    with pytest.raises(DocumentError, match="make 1,200,000 pieces, and 1,000,000 are the most"):
        programme_of([], [], [Order(20, 40, 40, 10_000)] * 120)


def test_a_repeat_and_a_move_are_heard_where_they_should_be() -> None:
    repeated = programme_of([], [], [Order(20, 40, 40, 2)])
    assert repeated.length_samples == LENGTH + 40
    assert repeated.all_results(25) == [25, 45, 65]
    moved = programme_of([Drop(24, 26)], [], [Order(20, 40, 80, 1, stays=False)])
    assert moved.to_source_array([0, 19, 20, 59, 60, 63, 64, 77, 78]).tolist() == [
        0, 19, 40, 79, 20, 23, 26, 39, 80,
    ]  # fmt: skip
