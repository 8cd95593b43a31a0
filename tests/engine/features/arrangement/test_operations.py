"""Operations on units: which are chosen, how much of each, how often, and in which order, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
import pytest

from engine.features.arrangement.choices.operations import (
    ALL,
    KEYS,
    LABEL,
    LABEL_IN_SECTION,
    LENGTH,
    LEVEL,
    PLACE,
    SCOPES,
    SECTION,
    TIMES,
    Again,
    Choice,
    Limit,
    Opener,
    Operations,
    Part,
    Sorting,
    words_of,
)
from engine.features.arrangement.choices.search import (
    Example,
    FittingOperations,
    fitting_operations,
    floor_of,
    made_by,
    orders_by,
)
from engine.features.arrangement.choices.units import (
    ATTEMPT,
    OTHER,
    PAUSE,
    PHRASE,
    TALK,
    Unit,
    counted_as_one,
)
from engine.features.arrangement.steps import order_of


def units(*rows: tuple[str, int, int, int, float]) -> tuple[Unit, ...]:
    """Return units of kind, label, section, bars of four half seconds, and level, one after the other."""
    found, at = [], 0
    for kind, label, section, bars, level_db in rows:
        last = at + 4 * bars
        lines = tuple(range(at, last + 1, 4))
        found.append(Unit(at, last, kind, label, section, level_db, 2.0 * bars, lines))
        at = last
    return tuple(found)


JAM = units(
    (PHRASE, 0, 0, 2, -6.0),  # steps 0 to 8
    (PHRASE, 1, 0, 3, -3.0),  # 8 to 20
    (TALK, -1, -1, 1, -9.0),  # 20 to 24
    (PHRASE, 0, 1, 2, -1.0),  # 24 to 32
    (PAUSE, -1, -1, 2, -60.0),  # 32 to 40
    (PHRASE, 0, 1, 4, -4.0),  # 40 to 56
)
PHRASES = [one for one in JAM if one.kind == PHRASE]


@pytest.mark.parametrize(
    ("choice", "places"),
    [
        (Choice(ALL, PLACE, False, 1), [0]),
        (Choice(ALL, PLACE, True, 2), [2, 3]),
        (Choice(ALL, LEVEL, True, 2), [1, 2]),
        (Choice(ALL, LEVEL, False, 1), [0]),
        (Choice(ALL, LENGTH, True, 1), [3]),
        (Choice(ALL, LENGTH, False, 1), [0]),  # of two equally short ones the first
        (Choice(ALL, LENGTH, False, 2), [0, 2]),
        (Choice(ALL, TIMES, True, 2), [0, 2]),
        (Choice(ALL, TIMES, False, 1), [1]),
        (Choice(SECTION, LEVEL, True, 1), [1, 2]),
        (Choice(SECTION, PLACE, True, 1), [1, 3]),
        (Choice(LABEL, LEVEL, True, 1), [1, 2]),
        (Choice(LABEL, PLACE, False, 2), [0, 1, 2]),
        (Choice(LABEL_IN_SECTION, LENGTH, True, 1), [0, 1, 3]),
        (Choice(ALL, PLACE, False, 9), [0, 1, 2, 3]),
    ],
)
def test_a_choice_takes_the_first_by_its_key_in_each_scope(choice: Choice, places: list[int]) -> None:
    assert choice.chosen(PHRASES) == places
    assert choice.chosen([]) == []


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("key", KEYS)
def test_choices_of_drawn_units_are_those_of_sorted_groups(scope: str, key: str) -> None:
    rng = np.random.default_rng(len(scope) + len(key))
    rows = [
        (PHRASE, *rng.integers(0, 3, 2).tolist(), int(rng.integers(1, 5)), -float(rng.integers(1, 30)))
        for _ in range(14)
    ]
    made = units(*rows)
    groups: dict[tuple[int, ...], list[int]] = {}
    for at, one in enumerate(made):
        of = {ALL: (), SECTION: (one.section,), LABEL: (one.label,)}.get(scope, (one.section, one.label))
        groups.setdefault(of, []).append(at)
    values = {
        PLACE: [one.first for one in made],
        LEVEL: [one.level_db for one in made],
        LENGTH: [one.lasts_s for one in made],
        TIMES: [sum(other.label == one.label for other in made) for one in made],
    }[key]
    for is_most in (False, True):
        sign = -1 if is_most else 1
        for count in (1, 2, 5):
            wanted = sorted(
                at
                for group in groups.values()
                for at in sorted(group, key=lambda one: (sign * values[one], one))[:count]
            )
            assert Choice(scope, key, is_most, count).chosen(made) == wanted


def test_unusual_choices_have_other_keys_or_high_counts() -> None:
    assert Choice(ALL, PLACE, True, 2).unusual_traits == 0
    assert Choice(ALL, LEVEL, True, 1).unusual_traits == 0
    assert Choice(ALL, LEVEL, False, 1).unusual_traits == 1
    assert Choice(ALL, LENGTH, True, 3).unusual_traits == 2
    assert Choice(ALL, PLACE, False, 3).unusual_traits == 1


@pytest.mark.parametrize(
    ("part", "bars"),
    [
        (Part(), [2, 3, 2, 4]),
        (Part(bars=1), [1, 1, 1, 1]),
        (Part(bars=3), [2, 3, 2, 3]),
        (Part(share=0.5), [1, 2, 1, 2]),
        (Part(share=0.25), [1, 1, 1, 1]),
        (Part(share=0.75), [2, 2, 2, 3]),
    ],
)
def test_a_part_of_units_is_their_first_or_last_bars(part: Part, bars: list[int]) -> None:
    for is_end in (False, True):
        spans = Part(part.block, part.bars, part.share, is_end).spans(PHRASES)
        steps = [order_of(own).tolist() for own in spans]
        wanted = [
            list(range(one.last - 4 * count, one.last) if is_end else range(one.first, one.first + 4 * count))
            for one, count in zip(PHRASES, bars, strict=True)
        ]
        assert steps == wanted


def test_a_part_of_blocks_counts_the_bars_of_all_units_and_plays_a_share_of_the_last_block_too() -> None:
    bars = [bar for one in PHRASES for bar in one.bar_spans]  # 11 bars
    first = Part(4, share=0.5).spans(PHRASES)
    assert [bar for own in first for bar in own] == [bars[at] for at in (0, 1, 4, 5, 8, 9)]
    last = Part(4, share=0.25, is_end=True).spans(PHRASES)
    assert [bar for own in last for bar in own] == [bars[at] for at in (3, 7, 10)]
    assert Part(4, share=0.5).spans([]) == []


def test_phrases_alone_are_played_without_operations_and_other_kinds_if_the_editor_plays_them() -> None:
    assert Operations().spans(JAM) == [one.span for one in PHRASES]
    kept = Operations(keeps=frozenset({TALK, PAUSE}))
    assert kept.spans(JAM) == [one.span for one in JAM]
    assert Operations().spans([]) == []
    assert Operations(sorting=Sorting(turned=1), opener=Opener(Choice(ALL, PLACE, False, 1))).spans([]) == []


def test_a_limit_is_of_its_kind_alone_and_holds_both_ends() -> None:
    pause, talk = JAM[4], JAM[2]
    assert [Limit(PAUSE, least_s=at).allows(pause) for at in (3.9, 4.0, 4.1)] == [True, True, False]
    assert [Limit(PAUSE, most_s=at).allows(pause) for at in (3.9, 4.0, 4.1)] == [False, True, True]
    assert Limit(PAUSE, most_s=0.0).allows(talk)
    assert Limit(PAUSE).most_s == inf
    both = Operations(keeps=frozenset({TALK, PAUSE}), limits=(Limit(PAUSE, most_s=2.0),))
    assert both.spans(JAM) == [one.span for one in JAM if one.kind != PAUSE]


def test_choices_are_made_one_after_the_other() -> None:
    longest_of_label = Choice(LABEL, LENGTH, True, 1)  # 8 to 20, 40 to 56
    loudest = Choice(ALL, LEVEL, True, 1)
    assert Operations(choices=(longest_of_label, loudest)).spans(JAM) == [(8, 20)]
    assert Operations(choices=(loudest, longest_of_label)).spans(JAM) == [(24, 32)]


def test_units_are_played_again_whole_or_after_a_lead() -> None:
    first = Choice(ALL, PLACE, False, 1)
    twice = Operations(choices=(Choice(ALL, PLACE, False, 2),), again=Again(2))
    assert twice.spans(JAM) == [(0, 8), (0, 8), (8, 20), (8, 20)]
    once = Operations(choices=(Choice(ALL, PLACE, False, 2),), again=Again(3, first))
    assert once.spans(JAM) == [(0, 8), (0, 8), (0, 8), (8, 20)]
    lead = Operations(choices=(first,), again=Again(3, lead=Part(bars=1, is_end=True)))
    assert lead.spans(JAM) == [(4, 8), (4, 8), (0, 8)]
    kept = Operations(keeps=frozenset({TALK}), choices=(first,), again=Again(2))
    assert kept.spans(JAM) == [(0, 8), (0, 8), (20, 24)]  # talk is not repeated


@pytest.mark.parametrize(
    ("sorting", "firsts"),
    [
        (Sorting(ALL, LEVEL, True), [24, 8, 40, 0]),
        (Sorting(ALL, LENGTH), [0, 24, 8, 40]),
        (Sorting(ALL, PLACE, True), [40, 24, 8, 0]),
        (Sorting(ALL, TIMES), [8, 0, 24, 40]),
        (Sorting(SECTION, PLACE, True), [24, 40, 0, 8]),
        (Sorting(SECTION, LENGTH, True), [24, 40, 0, 8]),
        (Sorting(LABEL), [0, 24, 40, 8]),
        (Sorting(LABEL, PLACE, True), [8, 0, 24, 40]),
        (Sorting(turned=1), [8, 24, 40, 0]),
        (Sorting(turned=-1), [40, 0, 8, 24]),
        (Sorting(turned=5), [8, 24, 40, 0]),
        (Sorting(SECTION, turned=1), [24, 40, 0, 8]),
    ],
)
def test_units_are_sorted_in_groups(sorting: Sorting, firsts: list[int]) -> None:
    assert [first for first, _ in Operations(sorting=sorting).spans(JAM)] == firsts


def test_other_kinds_move_with_the_phrase_before_them() -> None:
    kept = Operations(keeps=frozenset({TALK, PAUSE}), sorting=Sorting(turned=1))
    assert [first for first, _ in kept.spans(JAM)] == [8, 20, 24, 32, 40, 0]
    talk_first = units((TALK, -1, -1, 1, -9.0), (PHRASE, 0, 0, 1, -2.0), (PHRASE, 1, 0, 1, -1.0))
    last_first = Operations(keeps=frozenset({TALK}), sorting=Sorting(ALL, PLACE, True))
    assert [first for first, _ in last_first.spans(talk_first)] == [8, 4, 0]


def test_an_opener_is_moved_or_shown_before_it_is_played_at_its_place() -> None:
    loudest = Choice(ALL, LEVEL, True, 1)
    assert Operations(opener=Opener(loudest)).spans(JAM) == [(24, 32), (0, 8), (8, 20), (40, 56)]
    shown = Operations(opener=Opener(loudest, Part(bars=1), is_again=True)).spans(JAM)
    assert shown == [(24, 28), (0, 8), (8, 20), (24, 32), (40, 56)]


def test_the_size_counts_operations_that_do_something() -> None:
    first = Choice(ALL, PLACE, False, 1)
    assert Operations(keeps=frozenset({TALK})).size == 0
    assert Operations(choices=(first, first), limits=(Limit(TALK, 2.0),)).size == 3
    assert Operations(part=Part(bars=2), sorting=Sorting(turned=1), opener=Opener(first)).size == 3
    assert Operations(again=Again(2)).size == 1
    assert Operations(again=Again(2, first, Part(bars=1))).size == 3
    one = FittingOperations(Operations(choices=(Choice(ALL, LENGTH, True, 3),), again=Again(2)), (0.9, 0.6))
    assert one.fit == pytest.approx(0.75)
    assert one.price == pytest.approx(2 * 0.05 + 2 * 0.03)
    assert one.value == pytest.approx(0.75 - 0.16)
    assert one.without(0).fits == (0.6,)


def rendered(*kept: Unit) -> Sequence[int]:
    return [step for one in kept for step in range(*one.span)]


def test_the_floor_keeps_kinds_of_which_most_of_the_time_is_played() -> None:
    made = units(
        (TALK, -1, -1, 3, -9.0),
        (PHRASE, 0, 0, 2, -6.0),
        (TALK, -1, -1, 1, -9.0),
        (PAUSE, -1, -1, 2, -60.0),
        (ATTEMPT, -1, -1, 2, -5.0),
    )
    long_talk, phrase, short_talk, pause, attempt = made
    played = Example(made, np.array(rendered(long_talk, phrase, pause)))
    assert floor_of([played]).keeps == {TALK, PAUSE}
    half = Example(made, np.array([*range(34, 38), 0, 1]))  # half of the attempt is not most of it
    assert floor_of([half]) == Operations()
    both = Example(made, np.array(rendered(short_talk, attempt)))
    assert floor_of([both]).keeps == {ATTEMPT}
    assert floor_of([played, both]) == Operations()  # half of each kind
    assert floor_of([]) == Operations()
    assert phrase.kind not in floor_of([played]).keeps


def test_operations_make_all_of_a_recording_if_nothing_would_be_left() -> None:
    talk = units((TALK, -1, -1, 2, -9.0), (OTHER, -1, -1, 1, -9.0))
    assert made_by(Operations(), talk).tolist() == list(range(12))
    assert made_by(Operations(keeps=frozenset({OTHER})), talk).tolist() == [8, 9, 10, 11]
    assert made_by(Operations(), ()).tolist() == []
    assert Example((), np.zeros(0, np.int64)).steps == 0


def test_orders_have_shares_by_the_value_of_their_operations() -> None:
    first = Operations(choices=(Choice(ALL, PLACE, False, 1),))
    last = Operations(choices=(Choice(ALL, PLACE, True, 1),))
    # Values 0.95 and 0.9: e^(-40 * 0.05)
    found = orders_by([FittingOperations(first, (1.0,)), FittingOperations(last, (0.95,))], JAM)
    assert [one.order.tolist() for one in found] == [list(range(8)), list(range(40, 56))]
    small = float(np.exp(-2.0))
    assert [one.share for one in found] == pytest.approx([1.0 / (1.0 + small), small / (1.0 + small)])


def test_the_operation_behind_one_edit_is_found_and_nothing_is_held_out_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.features.arrangement.choices.search._BEAM", 2)
    two = units((PHRASE, 0, 0, 1, -6.0), (PHRASE, 0, 0, 2, -9.0))
    wanted = Operations(choices=(Choice(ALL, LENGTH, True, 1),))
    found = fitting_operations([Example(two, made_by(wanted, two))])
    best = found.best[0]
    assert best.fit == pytest.approx(1.0)
    assert best.operations.spans(two) == [(4, 12)]
    # The last one is a simpler reason than the longest one.
    assert best.operations.choices == (Choice(ALL, PLACE, True, 1),)
    assert found.held_out == ()
    values = [one.value for one in found.best]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("operations", "words"),
    [
        (Operations(choices=(Choice(ALL, LENGTH, False, 1),)), "plays the shortest rendition of all"),
        (
            Operations(choices=(Choice(LABEL, TIMES, True, 2), Choice(ALL, LEVEL, False, 1))),
            "plays the most played 2 renditions of each phrase and of these the softest rendition of all",
        ),
        (Operations(part=Part(share=0.5, is_end=True)), "plays all phrases, the last half only"),
        (Operations(part=Part(bars=1)), "plays all phrases, the first 1 bar only"),
        (
            Operations(again=Again(3, Choice(ALL, LEVEL, True, 1), Part(bars=2))),
            "plays all phrases, the loudest rendition of all, the first 2 bars 2 times before",
        ),
        (Operations(sorting=Sorting(turned=2)), "moves the first 2 of the phrases to the end"),
        (
            Operations(sorting=Sorting(LABEL, TIMES)),
            "plays renditions of a phrase together, the least played first",
        ),
        (
            Operations(keeps=frozenset({TALK}), limits=(Limit(TALK, least_s=1.5),)),
            "plays music and keeps talk from 1.5 s",
        ),
    ],
)
def test_each_operation_has_its_words(operations: Operations, words: str) -> None:
    assert words_of(operations) == words


def test_phrases_of_eight_bars_of_two_seconds_are_counted_as_they_are() -> None:
    assert counted_as_one([16.0], [8]) == [1]
    assert counted_as_one([16.0], [16]) == [2]
    assert counted_as_one([16.0], [32]) == [4]
    assert counted_as_one([16.0, 32.0, 17.0], [16, 32, 8]) == [2, 2, 1]
