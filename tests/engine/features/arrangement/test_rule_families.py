"""Rules as rows of numbers: what each number decides, and the spans that each family of rules plays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.features.arrangement.rules.outline import Outline, Stretch, Take, outlines_of
from engine.features.arrangement.rules.search import (
    FAMILIES,
    Choices,
    Edited,
    Fitting,
    bars_of,
    best_sections,
    family_of,
    fit_of,
    fitting_rules,
    hook_first,
    leaves_out,
    lengthening,
    made_by,
    medley,
    orders_by,
    part_of,
    pick_of,
    practice,
    rule_of,
    shortening,
    sort_of,
    teaser,
)
from engine.features.arrangement.step_features import IS_PLAYED
from engine.features.arrangement.steps import Section, Span
from tests.engine.features.arrangement import made

BAR = 4
LEVELS_DB = {"I": -12.0, "V": -8.0, "C": -2.0, "B": -6.0, "O": -14.0}
ALL, REST = 0.0, 0.95
"""Numbers that choose the first and the last of equally likely options."""


def stretches(form: str, at: int = 0) -> tuple[Stretch, ...]:
    """Return sections of two bars, the verse of three, one after the other."""
    labels, found = list(dict.fromkeys("IVCBO" + form)), []
    for letter in form:
        last = at + BAR * (3 if letter == "V" else 2)
        found.append(Stretch(at, last, labels.index(letter), LEVELS_DB[letter], 0.5 * (last - at), 0.5))
        at = last
    return tuple(found)


ROLES = {
    "hook": 2,
    "verse": 1,
    "bridge": 3,
    "opening": 0,
    "ending": 4,
    "loudest": 2,
    "softest": 4,
    "longest": 1,
}


def take(form: str, at: int = 0, *, is_whole: bool = True) -> Take:
    return Take(stretches(form, at), is_whole, ROLES)


def outline(*pieces: tuple[Take, ...], talk: tuple[Stretch, ...] = ()) -> Outline:
    """Return an outline of takes, with runs of talk where they are."""
    sections = [one for takes in pieces for each in takes for one in each.sections]
    every = tuple(sorted([*sections, *talk], key=lambda one: one.first))
    middles = {one.first: (one.first + one.last) // 2 for one in talk}
    return Outline(every[-1].last, BAR, pieces, every, middles, 1.0)


SONG = take("IVCVBCO")
#  I 0-8, V 8-20, C 20-28, V 28-40, B 40-48, C 48-56, O 56-64
SPANS: dict[str, Span] = {
    "I": (0, 8),
    "V": (8, 20),
    "C": (20, 28),
    "W": (28, 40),
    "B": (40, 48),
    "D": (48, 56),
    "O": (56, 64),
}


def named(names: str) -> list[Span]:
    return [SPANS[name] for name in names]


def test_numbers_are_read_one_after_another_and_again_from_the_first() -> None:
    choices = Choices((0.1, 0.5, 0.99))
    assert [choices.share() for _ in range(4)] == [0.1, 0.5, 0.99, 0.1]
    assert [Choices((0.5,)).is_so(at) for at in (0.5, 0.51)] == [False, True]
    options = ("a", "b", "c", "d")
    assert [Choices((at,)).one_of(options) for at in (0.0, 0.24, 0.25, 0.5, 0.99, 1.0)] == list("aabcdd")
    shares = (0.5, 0.25, 0.125, 0.125)
    assert [Choices((at,)).one_of(options, shares) for at in (0.0, 0.49, 0.5, 0.75, 0.9, 1.0)] == list(
        "aabcdd"
    )


def test_bars_of_a_section_are_at_most_all_of_it() -> None:
    one = SONG.sections[1]
    assert bars_of(one, 4, is_end=False) == (8, 12)
    assert bars_of(one, 4, is_end=True) == (16, 20)
    assert bars_of(one, 40, is_end=True) == bars_of(one, 40, is_end=False) == (8, 20)


@pytest.mark.parametrize(
    ("numbers", "span"),
    [
        ((0.0, 0.0, 0.0), (8, 20)),
        ((0.59, 0.9, 0.9), (8, 20)),
        ((0.6, 0.9, 0.0), (8, 16)),  # two bars from the start
        ((0.79, 0.0, 0.0), (12, 20)),  # and at the end
        ((0.7, 0.0, 0.99), (8, 20)),  # eight bars are more than there are
        ((0.8, 0.9, 0.0), (8, 12)),  # the first half of three bars
        ((0.8, 0.0, 0.0), (12, 20)),  # and the rest
    ],
)
def test_a_part_is_all_some_bars_or_a_half(numbers: tuple[float, ...], span: Span) -> None:
    assert part_of(Choices(numbers))(SONG.sections[1], BAR) == span


def test_half_of_a_section_of_one_bar_is_all_of_it() -> None:
    short = Stretch(8, 11, 1, -5.0, 1.5, 0.5)
    for is_end in (0.0, 0.9):
        assert part_of(Choices((0.9, is_end, 0.0)))(short, BAR) == (8, 11)


@pytest.mark.parametrize(
    ("role", "which", "places"),
    [
        (0.0, 0.0, [2]),  # the first hook
        (0.0, 0.4, [5]),  # the second
        (0.0, 0.6, [5]),  # the last
        (0.0, 0.99, [2]),  # the last but one
        (0.15, 0.6, [3]),  # the last verse
        (0.3, 0.0, [4]),  # the bridge
        (0.3, 0.4, []),  # there is no second one
        (0.3, 0.99, []),
        (0.99, 0.0, [1]),  # the longest
    ],
)
def test_a_pick_is_a_section_by_its_role_or_none(role: float, which: float, places: list[int]) -> None:
    assert pick_of(Choices((role, which)))(SONG) == places


@pytest.mark.parametrize(
    ("chosen", "places"),
    [
        (0.1, [2]),  # one: the first hook
        (0.35, [2, 2]),  # two
        (0.5, [3, 4, 5]),  # to the second hook
        (0.6, [1]),  # before the first hook
        (0.7, [3]),  # after it
        (0.8, []),  # in a row
        (0.86, [4]),  # once, neither first nor last
        (0.92, [3, 4, 5, 6]),  # from the first hook on
        (0.97, [0, 1]),  # until it
    ],
)
def test_sections_are_left_out_by_their_roles_and_neighbours(chosen: float, places: list[int]) -> None:
    assert leaves_out(Choices((chosen, *[0.0] * 6)))(SONG) == places


def test_nothing_is_left_out_where_its_sections_are_missing() -> None:
    alone = take("C")
    results = [leaves_out(Choices((at, *[0.0] * 6)))(alone) for at in (0.5, 0.6, 0.7, 0.8, 0.86, 0.92, 0.97)]
    assert results == [[]] * 7
    assert leaves_out(Choices((0.8, *[0.0] * 6)))(take("VVCCO")) == [1, 3]
    no_hook = Take(stretches("IV"), True, ROLES)
    assert leaves_out(Choices((0.6, *[0.0] * 6)))(no_hook) == []


def test_pieces_are_sorted_by_each_key_up_and_down() -> None:
    def piece(first: int, level_db: float, beat_s: float, lasts_s: float) -> list[Stretch]:
        return [Stretch(first, first + 8, 0, level_db, lasts_s, beat_s)]

    pieces = [piece(0, -5.0, 0.5, 9.0), piece(8, -1.0, 0.4, 3.0), piece(16, -9.0, 0.7, 6.0)]
    orders = {
        0.1: [0, 1, 2],  # place
        0.5: [2, 0, 1],  # level
        0.62: [2, 0, 1],  # speed
        0.77: [1, 2, 0],  # length
    }
    for number, order in orders.items():
        assert sort_of(Choices((number, 0.9)))(pieces) == order
        assert sort_of(Choices((number, 0.1)))(pieces) == order[::-1]
    for is_down in (0.1, 0.9):
        assert sort_of(Choices((0.85, is_down)))(pieces) == [2, 0, 1]
        assert sort_of(Choices((0.95, is_down)))(pieces) == [1, 2, 0]
    assert [sort_of(Choices((number, 0.1)))([]) for number in (0.1, 0.5, 0.85, 0.95)] == [[]] * 4


def test_shortening_leaves_out_sections_and_cuts_the_ends() -> None:
    one = outline((SONG,))
    plain = (ALL, ALL, ALL, ALL, ALL, ALL, *[ALL] * 40)
    assert shortening(Choices(plain))(one) == named("IVCWBDO")
    # Without the opening and the ending.
    assert shortening(Choices((ALL, ALL, ALL, 0.9, 0.5, 0.5, *[ALL] * 40)))(one) == named("VCWBD")
    # At most eight bars of each are all of them; one pick leaves out the first hook.
    out = (0.3, ALL, REST, 0.9, ALL, ALL, *[ALL] * 6, 0.1, *[ALL] * 40)
    assert shortening(Choices(out))(one) == named("IVWBDO")
    # Parts of the opening and the ending: the first two bars.
    part = (0.7, 0.9, ALL)
    cut = shortening(Choices((ALL, ALL, ALL, 0.9, REST, REST, *part, *part, *[ALL] * 40)))(one)
    assert cut == [(0, 8), *named("VCWBD"), (56, 64)]


def test_shortening_plays_each_piece_of_several_once_and_one_take_of_a_single_one() -> None:
    twice = outline((take("IVCO"), take("IVCO", 40)))
    assert shortening(Choices((ALL, ALL, *[ALL] * 40)))(twice)[0] == (0, 8)
    assert shortening(Choices((ALL, REST, *[ALL] * 40)))(twice)[0] == (40, 48)
    medley_of = outline((take("IVCO"), take("IV", 40, is_whole=False)), (take("CO", 80),))
    starts = [first for first, _ in shortening(Choices((ALL,) * 48))(medley_of)]
    assert starts == [0, 8, 20, 28, 80, 88]


def test_lengthening_repeats_the_first_and_the_last_section() -> None:
    one = outline((take("IVO"),))
    whole = (0.0, 0.9, 0.0)
    #           take, picks, opening times, its part, ending times, its part, goes on
    assert lengthening(Choices((ALL, ALL, ALL, *whole, ALL, *whole, REST, *[ALL] * 20)))(one) == [
        (0, 8),
        (8, 20),
        (20, 28),
    ]
    longer = lengthening(Choices((ALL, ALL, REST, *whole, 0.6, *whole, REST, *[ALL] * 20)))(one)
    assert longer == [(0, 8), (0, 8), (0, 8), (8, 20), (20, 28), (20, 28)]


def test_lengthening_plays_a_section_again_after_another_one() -> None:
    one = outline((SONG,))
    whole = (0.0, 0.9, 0.0)
    last_hook, first_verse = (ALL, 0.6), (0.15, ALL)
    numbers = (ALL, 0.3, ALL, *whole, ALL, *whole, REST, *last_hook, *first_verse, REST, *[ALL] * 20)
    assert lengthening(Choices(numbers))(one) == [*named("IVCWBD"), *named("VV"), *named("O")]
    goes_on = (ALL, 0.3, ALL, *whole, ALL, *whole, ALL, *last_hook, *first_verse, ALL, *[ALL] * 20)
    assert lengthening(Choices(goes_on))(one) == [*named("IVCWBD"), *named("VC"), *named("O")]


def test_practice_loops_sections_with_a_lead_in_and_goes_on() -> None:
    one = outline((SONG,))
    whole = (0.0, 0.9, 0.0)
    hook = (ALL, ALL)
    verse = (0.15, ALL)
    #              what, times, part, take, first, second, lead-in, goes on
    assert practice(Choices((ALL, ALL, *whole, ALL, *hook, *verse, ALL, REST)))(one) == named("CC")
    assert practice(Choices((REST, REST, *whole, ALL, *hook, *verse, ALL, REST)))(one) == named("CCCCVVVV")
    led = practice(Choices((ALL, ALL, *whole, ALL, *hook, *verse, 0.5, ALL)))(one)
    assert led == [(16, 20), (20, 28)] * 2 + named("WBDO")
    assert practice(Choices((0.6, ALL, *whole, ALL, *hook, *verse, ALL, REST)))(one) == named("IIVVCCBBOO")
    every = practice(Choices((0.75, ALL, *whole, ALL, *hook, *verse, ALL, REST)))(one)
    assert every == [span for span in named("IVCWBDO") for _ in range(2)]
    nothing = practice(Choices((ALL, ALL, *whole, ALL, ALL, 0.4, *verse, ALL, REST)))(
        outline((take("IVCO"),))
    )
    assert nothing == [(28, 36), (28, 36)]  # without a second hook the last section


def test_a_medley_joins_a_passage_of_each_piece() -> None:
    two = outline((take("IVCO"),), (take("VCVCO", 40),))
    whole, by_place = (0.0, 0.9, 0.0), (0.1, 0.9)
    hooks = medley(Choices((ALL, ALL, *whole, *by_place, ALL, ALL, ALL, REST)))(two)
    assert hooks == [(20, 28), (52, 60)]
    around = medley(Choices((ALL, ALL, *whole, *by_place, REST, REST, ALL, REST)))(two)
    assert around == [(8, 20), (20, 28), (28, 36), (40, 52), (52, 60), (60, 72)]
    first_two = medley(Choices((ALL, ALL, *whole, 0.85, 0.1, ALL, ALL, 0.7, REST)))(two)
    assert first_two == [(40, 52), (52, 60), (0, 8), (8, 20)]
    to_hook = medley(Choices((ALL, ALL, *whole, *by_place, ALL, ALL, 0.7, ALL)))(two)
    assert to_hook == [(0, 8), (8, 20), (20, 28), (40, 52), (52, 60)]


def test_the_best_sections_are_by_level_length_or_place_and_in_order() -> None:
    one = outline((SONG,), (take("CO", 64, is_whole=False),))
    whole, by_place = (0.0, 0.9, 0.0), (0.1, 0.9)
    #                       count, part, sorting, by, most
    assert best_sections(Choices((0.3, *whole, *by_place, ALL, ALL)))(one) == named("CD")
    assert best_sections(Choices((0.3, *whole, *by_place, ALL, REST)))(one) == named("IO")
    assert best_sections(Choices((0.3, *whole, *by_place, 0.7, ALL)))(one) == named("VW")
    assert best_sections(Choices((ALL, *whole, *by_place, REST, ALL)))(one) == named("O")
    assert best_sections(Choices((REST, *whole, 0.1, 0.1, ALL, ALL)))(one) == named("DBWCV")


def test_a_teaser_begins_with_talk_and_goes_on_from_the_music() -> None:
    talk = (Stretch(0, 10, -1, -20.0, 5.0, 0.5), Stretch(100, 104, -1, -18.0, 2.0, 0.5))
    one = outline((take("IVCO", 20),), talk=talk)
    #                which, by, how much, begins, drops, sting
    assert teaser(Choices((ALL, ALL, ALL, ALL, ALL, REST)))(one) == [(100, 104), (20, 104)]
    assert teaser(Choices((ALL, ALL, ALL, REST, ALL, REST)))(one) == [(0, 10), (0, 104)]
    assert teaser(Choices((ALL, ALL, 0.5, REST, ALL, REST)))(one) == [(0, 5), (0, 104)]
    assert teaser(Choices((ALL, ALL, REST, REST, ALL, REST)))(one) == [(5, 10), (0, 104)]
    assert teaser(Choices((0.5, ALL, ALL, REST, REST, ALL)))(one) == [(100, 104), (20, 28), (0, 56)]
    assert teaser(Choices((0.5, 0.6, ALL, REST, ALL, REST)))(one)[0] == (0, 10)  # the longest
    bare = outline((take("IVCO"),))
    assert teaser(Choices((ALL, ALL, ALL, ALL, ALL, REST)))(bare) == [(0, 8), (0, 36)]


def test_hook_first_plays_a_later_section_and_then_the_piece() -> None:
    one = outline((SONG,))
    whole = (0.0, 0.9, 0.0)
    #                     role, which, part, skips, take, moved
    assert hook_first(Choices((ALL, 0.6, *whole, ALL, ALL, REST)))(one) == named("DIVCWBDO")
    assert hook_first(Choices((ALL, 0.6, *whole, REST, ALL, REST)))(one) == named("DVCWBDO")
    assert hook_first(Choices((ALL, 0.6, *whole, REST, ALL, ALL)))(one) == named("DVCWBO")
    assert hook_first(Choices((0.99, ALL, *whole, REST, ALL, ALL)))(one) == named("OVCWBD")


def test_the_first_number_chooses_the_family_by_its_share() -> None:
    found = [family_of(Choices((number,))) for number in (0.0, 0.23, 0.25, 0.42, 0.58, 0.74, 0.87, 0.96, 1.0)]
    assert found == [0, 0, 1, 2, 3, 4, 5, 6, 6]
    words = [Fitting((number,) * 40, 1.0).words for number in (0.0, 0.96)]
    assert words == [
        "leaves out sections, and shortens the first or the last one",
        "begins with a section from later",
    ]


@pytest.mark.parametrize("seed", range(40))
def test_rules_of_any_numbers_play_spans_of_the_recording(seed: int) -> None:
    rng = np.random.default_rng(seed)
    talk = (Stretch(0, 6, -1, -20.0, 3.0, 0.5), Stretch(70, 78, -1, -18.0, 4.0, 0.5))
    outlines = (
        outline((take("IVCVBCO", 6),), talk=talk),
        outline((take("C"),)),
        outline((take("VC"), take("V", 20, is_whole=False)), (take("IVCO", 40),)),
    )
    for number in range(len(FAMILIES)):
        numbers = tuple(rng.random(40).tolist())
        for one in outlines:
            for rule in (FAMILIES[number](Choices(numbers)), rule_of(Choices(numbers))):
                spans = rule(one)
                assert spans == rule(one)  # a rule has no memory
                assert all(0 <= first <= last <= one.steps for first, last in spans)


def test_a_whole_take_of_the_longest_piece_is_taken_from_either_end() -> None:
    takes = (take("IV"), take("I", 30, is_whole=False), take("IVC", 60))
    one = outline((take("C", 90),), takes)
    firsts = [one.take(which).sections[0].first for which in (0, 1, -1, -2, 5, -3)]
    assert firsts == [0, 60, 60, 0, 60, 60]


def test_without_pieces_or_spans_all_of_the_recording_is_played() -> None:
    empty = Outline(12, BAR, (), (), {}, 1.0)
    assert made_by(rule_of(Choices((0.0,) * 40)), empty).tolist() == list(range(12))
    assert made_by(lambda _: [], outline((take("C"),))).tolist() == list(range(8))
    assert made_by(lambda _: [(4, 8), (0, 2)], outline((take("C"),))).tolist() == [4, 5, 6, 7, 0, 1]


def test_a_rule_fits_as_the_likeliest_way_to_see_each_recording_and_hopeless_ones_stop() -> None:
    one = outline((SONG,))
    other = replace(outline((take("CO"), take("CO", 20))), steps=64)  # another way to see it
    all_of_it = (0.0,) * 40
    right = Edited((other, one), np.arange(64))
    assert fit_of(all_of_it, [right]) == pytest.approx(1.0)
    wrong = Edited((one,), np.array([63, 2, 60, 1, 50, 0] * 3))
    assert right.agreement_of(lambda _: [(0, 64)], one) == pytest.approx(1.0)
    first = wrong.agreement_of(rule_of(Choices(all_of_it)), one)
    assert first < 0.25
    assert fit_of(all_of_it, [wrong, right]) == pytest.approx(first / 2)  # the second one is not looked at
    assert fit_of(all_of_it, [right, wrong]) == pytest.approx((1.0 + first) / 2)


def test_orders_by_rules_are_weighted_by_fit_and_by_how_likely_a_way_to_see_is() -> None:
    plain, last_first = Fitting((0.0,) * 40, 0.9), Fitting((0.96, 0.99, *[0.0] * 38), 0.85)
    one = outline((SONG,))
    found = orders_by([plain, last_first], [one, replace(one, likelihood=0.5)])
    small = float(np.exp(-40 * 0.05))
    assert [one.share for one in found] == pytest.approx([1.0 / (1.0 + small), small / (1.0 + small)])
    assert found[0].order.tolist() == list(range(64))


def section_heard(form: list[tuple[int, int, float]]) -> list[Section]:
    at, found = 0, []
    for label, bars, _ in form:
        found.append(Section(at, at + BAR * bars, label))
        at += BAR * bars
    return found


def test_roles_are_of_the_loudest_label_that_comes_again_and_of_the_ends() -> None:
    form = [(0, 4, -12.0), (1, 4, -6.0), (2, 4, -3.0), (1, 5, -6.0), (2, 4, -3.0), (3, 4, 0.0), (4, 4, -15.0)]
    sections = section_heard(form)
    heard = made.heard(np.random.default_rng(0), [(sections[-1].last, True)])
    powers_db = np.repeat([level for *_, level in form], [BAR * bars for _, bars, _ in form])
    heard.features[:, IS_PLAYED] = 1.0
    heard = replace(heard, sections=tuple(sections), powers_db=powers_db.astype(np.float32))
    found = max(outlines_of(heard), key=lambda one: one.likelihood)
    ((only,),) = found.pieces
    assert only.roles == {
        "hook": 2,  # the louder of those that come again
        "verse": 1,
        "bridge": 3,
        "opening": 0,
        "ending": 4,
        "loudest": 3,
        "softest": 4,
        "longest": 1,
    }
    assert only.of_role("hook") == [2, 4]
    assert sum(one.likelihood for one in outlines_of(heard)) == pytest.approx(1.0)


def test_the_search_gives_the_same_rules_for_the_same_seed_and_those_that_fit_best_first() -> None:
    one = outline((take("VC"),))
    edits = [Edited((one,), np.arange(12, 20))]
    some, again = (fitting_rules(edits, 3, few=True) for _ in range(2))
    assert some == again
    fits = [one.fit for one in some]
    assert fits == sorted(fits, reverse=True)
    assert fits[0] == pytest.approx(1.0)
    assert len({(round(one.fit, 4), one.words) for one in some}) == len(some) <= 40
