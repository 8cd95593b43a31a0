"""Hidden editors and their figures, on small jams without audio."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lab.evaluation.editors.hidden import (
    FIRST,
    LAST,
    LOUD_FIRST,
    LOUDEST,
    QUIET_FIRST,
    REVERSED,
    ROTATED,
    SWAPPED,
    Span,
    at_most,
    built_up,
    cold_open,
    documentary,
    hidden_editors,
    loudest,
    merged,
    part_of_blocks,
    reordered,
)
from engine.lab.evaluation.editors.jams import Jam, Passage
from engine.lab.evaluation.editors.scored import continuous, scored

_RATE_HZ = 100


def _jam(*rows: tuple[str, float, str, int, float]) -> Jam:
    """Make a silent jam of rows (kind, length in s, phrase, section, level in dB); a bar lasts 1 s."""
    passages, at_s = [], 0.0
    for kind, length_s, phrase, section, level_db in rows:
        members = [row for row in rows if row[3] == section and section >= 0]
        number = sum(each.section == section for each in passages) if section >= 0 else 0
        bars = round(length_s) if kind in ("phrase", "broken-off") else 0
        own = (phrase, number, len(members), bars, 1.0 if bars else 0.0, level_db, section)
        passages.append(Passage(kind, at_s, at_s + length_s, *own))
        at_s += length_s
    return Jam("by hand", np.zeros(round(at_s * _RATE_HZ), np.float32), _RATE_HZ, tuple(passages))


@pytest.fixture
def jam() -> Jam:
    """A A | talk | broken off | silence | A B A, with bars of 1 s."""
    return _jam(
        ("silence", 2.0, "", -1, -60.0),  # 0
        ("phrase", 8.0, "A", 0, -20.0),  # 2
        ("phrase", 8.0, "A", 0, -16.0),  # 10
        ("talk", 5.0, "", -1, -30.0),  # 18
        ("broken-off", 2.0, "", -1, -25.0),  # 23
        ("silence", 3.0, "", -1, -60.0),  # 25
        ("phrase", 8.0, "A", 1, -22.0),  # 28
        ("phrase", 4.0, "B", 1, -14.0),  # 36
        ("phrase", 8.0, "A", 1, -19.0),  # 40
    )


def test_jams_without_cover_are_refused() -> None:
    one = Passage("talk", 0.0, 1.0, "", 0, 0, 0, 0.0, -20.0, -1)
    late = Passage("talk", 1.5, 2.0, "", 0, 0, 0, 0.0, -20.0, -1)
    strange = Passage("applause", 0.0, 2.0, "", 0, 0, 0, 0.0, -20.0, -1)
    for passages in ((), (late,), (one,), (one, late), (strange,)):
        with pytest.raises(ValueError, match="by hand"):
            Jam("by hand", np.zeros(200, np.float32), 100, passages)


def test_sections_and_bar_lines(jam: Jam) -> None:
    assert [[each.phrase for each in section] for section in jam.sections] == [["A", "A"], ["A", "B", "A"]]
    assert [jam.music[0].border_s(bar) for bar in (0, 1, 8)] == [2.0, 3.0, 10.0]


def test_a_phrase_is_played_at_most_n_times(jam: Jam) -> None:
    assert at_most(jam, 2, True, FIRST) == ((2.0, 18.0), (28.0, 48.0))
    assert at_most(jam, 1, True, FIRST) == ((2.0, 10.0), (28.0, 40.0))
    assert at_most(jam, 2, False, FIRST) == ((2.0, 18.0), (36.0, 40.0))
    assert at_most(jam, 1, False, LAST) == ((36.0, 48.0),)
    assert at_most(jam, 1, True, LAST) == ((10.0, 18.0), (36.0, 48.0))


def test_the_loudest_of_each_section_is_repeated(jam: Jam) -> None:
    assert loudest(jam, 1) == ((10.0, 18.0), (36.0, 40.0))
    assert loudest(jam, 2) == ((10.0, 18.0), (10.0, 18.0), (36.0, 40.0), (36.0, 40.0))


def test_sections_and_blocks_change_their_order(jam: Jam) -> None:
    assert reordered(jam, 0, REVERSED) == ((28.0, 48.0), (2.0, 18.0))
    assert reordered(jam, 0, LOUD_FIRST) == ((2.0, 18.0), (28.0, 48.0))
    assert reordered(jam, 0, QUIET_FIRST) == ((28.0, 48.0), (2.0, 18.0))
    # Blocks of 16 bars: 2 to 18, 28 to 44, 44 to 48.
    assert reordered(jam, 16, ROTATED) == ((28.0, 48.0), (2.0, 18.0))
    assert reordered(jam, 16, SWAPPED) == ((28.0, 44.0), (2.0, 18.0), (44.0, 48.0))
    assert reordered(jam, 8, REVERSED) == (
        (44.0, 48.0),
        (36.0, 44.0),
        (28.0, 36.0),
        (10.0, 18.0),
        (2.0, 10.0),
    )


def test_a_part_of_every_block_is_played(jam: Jam) -> None:
    assert part_of_blocks(jam, 16, 4, FIRST) == ((2.0, 6.0), (28.0, 32.0), (44.0, 48.0))
    assert part_of_blocks(jam, 16, 4, LAST) == ((14.0, 18.0), (40.0, 44.0))
    assert part_of_blocks(jam, 8, 4, FIRST) == (
        (2.0, 6.0),
        (10.0, 14.0),
        (28.0, 32.0),
        (36.0, 40.0),
        (44.0, 48.0),
    )


def test_sections_build_up(jam: Jam) -> None:
    assert built_up(jam, 2, 2, FIRST) == (
        (2.0, 6.0),
        (2.0, 6.0),
        (2.0, 10.0),
        (28.0, 32.0),
        (28.0, 32.0),
        (28.0, 36.0),
    )
    assert built_up(jam, 4, 1, LOUDEST) == ((10.0, 12.0), (10.0, 18.0), (36.0, 37.0), (36.0, 40.0))


def test_a_documentary_keeps_talk(jam: Jam) -> None:
    assert documentary(jam, FIRST, 0.0, 2.0) == ((0.0, 10.0), (18.0, 25.0), (28.0, 36.0))
    assert documentary(jam, LAST, 6.0, 3.0) == ((0.0, 2.0), (10.0, 18.0), (23.0, 28.0), (40.0, 48.0))


def test_a_cold_open_begins_with_the_hook(jam: Jam) -> None:
    assert cold_open(jam, 4, longest=False) == ((36.0, 40.0), (2.0, 18.0), (28.0, 48.0))
    assert cold_open(jam, 8, longest=True) == ((36.0, 40.0), (2.0, 18.0), (28.0, 48.0))


@pytest.mark.parametrize("seed", range(12))
def test_editors_play_something_on_the_grid(jam: Jam, seed: int) -> None:
    small = _jam(("talk", 2.0, "", -1, -30.0), ("phrase", 4.0, "A", 0, -20.0))
    bare = _jam(("silence", 3.0, "", -1, -60.0), ("talk", 2.0, "", -1, -30.0))
    for one in (jam, small, bare):
        borders_s = {each.start_s for each in one.passages} | {one.length_s}
        borders_s |= {each.border_s(bar) for each in one.music for bar in range(each.bars)}
        for editor in hidden_editors(seed):
            spans = editor.edit(one)
            assert spans, editor.name
            assert all(0.0 <= start_s < stop_s <= one.length_s for start_s, stop_s in spans), editor.name
            assert {edge for span in spans for edge in span} <= borders_s, editor.name
            assert merged(spans) == spans, editor.name


def test_seeds_draw_editors_repeatably(jam: Jam) -> None:
    ours, again = hidden_editors(3), hidden_editors(3)
    assert [each.name for each in ours] == [each.name for each in again]
    assert [each.edit(jam) for each in ours] == [each.edit(jam) for each in again]
    assert len({each.name for each in ours}) == 8
    assert len({tuple(each.name for each in hidden_editors(seed)) for seed in range(10)}) == 10


@pytest.mark.parametrize(
    "spans", [((0.0, 20.0),), ((2.0, 5.0), (8.0, 12.0)), ((8.0, 12.0), (2.0, 5.0)), ((2.0, 5.0), (2.0, 5.0))]
)
def test_the_right_edit_has_full_figures(spans: tuple[Span, ...]) -> None:
    figures = scored(spans, spans, length_s=20.0, tolerance_s=0.5)
    assert (figures.cuts_f, figures.jumps_f, figures.share) == (1.0, 1.0, 1.0)
    assert figures.order in (None, 1.0)
    assert (figures.order is None) == (spans[0][0] <= spans[-1][0])


def test_spans_that_nearly_touch_are_one() -> None:
    assert continuous([(0.0, 1.0), (1.05, 2.0), (2.2, 3.0), (5.0, 5.0)]) == ((0.0, 2.0), (2.2, 3.0))
    assert continuous([(4.0, 5.0), (3.0, 4.0)]) == ((4.0, 5.0), (3.0, 4.0))


def test_cuts_match_one_to_one_within_the_tolerance() -> None:
    right = ((0.0, 4.0), (6.0, 10.0))
    near = scored(((0.0, 4.4), (6.4, 10.0)), right, length_s=10.0, tolerance_s=0.5)
    assert (near.cuts_f, near.jumps_f) == (1.0, 1.0)
    far = scored(((0.0, 4.4), (7.0, 10.0)), right, length_s=10.0, tolerance_s=0.5)
    assert (far.cuts_f, far.jumps_f) == (0.5, 0.0)
    # Two cuts near one right cut: only one of them matches.
    double = scored(((0.0, 3.8), (4.1, 4.2), (6.0, 10.0)), right, length_s=10.0, tolerance_s=0.5)
    assert double.cuts_f == pytest.approx(2 * 2 / (4 + 2))
    # The jump from 4.2 to 6.0 s matches the right one from 4.0 s; the jump from 3.8 to 4.1 s matches nothing.
    assert double.jumps_f == pytest.approx(2 / (2 + 1))
    opposite = scored(((4.0, 6.0),), right, length_s=10.0, tolerance_s=0.5)
    assert (opposite.cuts_f, opposite.share) == (0.0, 0.0)


def test_edits_without_cuts() -> None:
    whole = ((0.0, 10.0),)
    assert scored(whole, ((0.0, 4.0), (6.0, 10.0)), length_s=10.0, tolerance_s=0.5).cuts_f == 0.0
    figures = scored((), whole, length_s=10.0, tolerance_s=0.5)
    assert (figures.cuts_f, figures.jumps_f, figures.order, figures.share) == (1.0, 1.0, None, 0.0)


def test_order_is_compared_only_where_the_right_edit_reorders() -> None:
    right = ((5.0, 10.0), (0.0, 5.0))
    assert scored(((0.0, 10.0),), ((0.0, 10.0),), length_s=10.0, tolerance_s=0.5).order is None
    assert scored(right, right, length_s=10.0, tolerance_s=0.5).order == pytest.approx(1.0)
    # Of 190 pairs of frames, the 100 between the halves are in the wrong order.
    straight = scored(((0.0, 10.0),), right, length_s=10.0, tolerance_s=0.5)
    assert straight.order == pytest.approx((90 - 100) / 190)
    assert scored(((0.0, 0.5),), right, length_s=10.0, tolerance_s=0.5).order == 0.0


def test_share_counts_repetitions() -> None:
    right = ((2.0, 6.0), (2.0, 6.0))
    assert scored(((2.0, 6.0),), right, length_s=10.0, tolerance_s=0.5).share == pytest.approx(0.5)
    assert scored(((2.0, 8.0), (2.0, 6.0)), right, length_s=10.0, tolerance_s=0.5).share == pytest.approx(0.8)
