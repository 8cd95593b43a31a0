"""Hits gathered into strokes, the voices that lead and carry them, and the slices that move, row by row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import Hits, Ornament, Role
from engine.features.timing.alignment.lines import Placement, staying
from engine.features.timing.alignment.strokes import (
    CARRIERS,
    VOICES,
    at_carriers,
    carrying_hits,
    carrying_voices,
    chosen,
    gather,
    leading_voices,
    moved_strokes,
    voice_of,
    when,
)
from tests.engine.features.timing.alignment.strokes_made import HAT, KICK, RATE_HZ, SNARE, hits_of, ms


def _hits(*rows: tuple[float, int, float], ornaments: dict[int, Ornament] | None = None) -> Hits:
    """Return hits of (ms, drum, dB)."""
    at_ms, tracks, strengths = np.array(rows, np.float64).reshape(-1, 3).T
    return hits_of(np.array([ms(one) for one in at_ms]), tracks.astype(int), strengths, ornaments)


def _unsure(hits: Hits, *unsure_ms: float, confidences: tuple[float, ...] = ()) -> Hits:
    unsure = np.array([ms(one) for one in unsure_ms], np.float32)
    sure = np.array(confidences or [1.0] * len(unsure), np.float32)
    return replace(hits, unsure_samples=unsure, confidences=sure)


def test_hits_at_once_are_a_stroke_with_the_level_of_each_drum() -> None:
    strokes = gather(_hits((0, KICK, -6), (2, HAT, -9), (200, HAT, -12)), RATE_HZ)
    assert strokes.of_hits.tolist() == [0, 0, 1]
    assert strokes.onsets_samples.tolist() == [0.0, ms(200.0)]
    levels = np.full((2, len(VOICES)), -np.inf, np.float32)
    levels[0, [VOICES.index(Role.KICK), VOICES.index(Role.HAT)]] = -6.0, -9.0
    levels[1, VOICES.index(Role.HAT)] = -12.0
    np.testing.assert_array_equal(strokes.levels_db, levels)
    np.testing.assert_array_equal(strokes.voices, levels > -np.inf)


def test_no_hits_are_no_strokes() -> None:
    strokes = gather(_hits(), RATE_HZ)
    assert strokes.onsets_samples.tolist() == strokes.of_hits.tolist() == []
    assert strokes.voices.shape == (0, len(VOICES))
    moved = moved_strokes(_hits(), Placement(*(np.zeros(0) for _ in range(4))), RATE_HZ)
    assert (len(moved), moved.voices, moved.starts_samples(100).tolist()) == (0, (), [])


@pytest.mark.parametrize(
    ("gap_ms", "softer_db", "is_grace"),
    [
        (25.0, 6.0, True),
        (25.0, 2.0, True),
        (25.0, 1.9, False),
        (8.1, 6.0, True),
        (7.9, 6.0, False),
        (47.9, 6.0, True),
        (48.1, 6.0, False),
        (25.0, -6.0, False),
    ],
)
def test_a_softer_hit_shortly_before_one_of_its_drum_is_a_grace_note(
    gap_ms: float, softer_db: float, is_grace: bool
) -> None:
    hits = _hits((100, SNARE, -6 - softer_db), (100 + gap_ms, SNARE, -6), (400, KICK, -6))
    strokes = gather(hits, RATE_HZ)
    assert strokes.graces.tolist() == [is_grace, False, False]
    assert len(np.unique(strokes.of_hits[:2])) == (1 if is_grace else 2)
    assert strokes.onsets_samples[0] == ms(100 + gap_ms if is_grace else 100)


def test_of_a_drag_both_notes_belong_to_the_main_hit_although_the_first_is_louder() -> None:
    hits = _hits((100, SNARE, -20), (130, SNARE, -23), (160, SNARE, -6))
    assert gather(hits, RATE_HZ).graces.tolist() == [True, True, False]
    assert gather(hits, RATE_HZ).of_hits.tolist() == [0, 0, 0]


def test_a_grace_note_without_a_main_hit_is_a_stroke() -> None:
    alone = gather(_hits((100, SNARE, -6), (400, KICK, -6), ornaments={0: Ornament.FLAM}), RATE_HZ)
    assert alone.graces.tolist() == [False, False]
    assert alone.of_hits.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("gap_ms", "softer_db", "may_bounce"),
    [(60.0, 3.0, True), (49.0, 3.0, False), (271.0, 3.0, False), (60.0, 0.5, False)],
)
def test_a_softer_hit_soon_after_one_of_its_drum_may_be_a_bounce(
    gap_ms: float, softer_db: float, may_bounce: bool
) -> None:
    hits = _hits((100, KICK, -6), (100 + gap_ms, KICK, -6 - softer_db))
    assert gather(hits, RATE_HZ).bounces.tolist() == [False, may_bounce]
    other = _hits((100, KICK, -6), (100 + gap_ms, SNARE, -6 - softer_db))
    assert gather(other, RATE_HZ).bounces.tolist() == [False, False]


def test_drums_of_one_stroke_more_than_eleven_milliseconds_apart_are_two() -> None:
    for gap_ms, expected in ((10.9, [0, 0]), (11.1, [0, 1])):
        hits = replace(_hits((0, KICK, -6), (gap_ms, HAT, -6)), strokes=np.zeros(2, np.int32))
        assert gather(hits, RATE_HZ).of_hits.tolist() == expected


def test_a_stroke_is_where_its_earliest_voice_is_unless_a_surer_one_may_be_at_once_with_it() -> None:
    hits = _hits((0, KICK, -6), (4, HAT, -6))
    of_hits, eligible = np.zeros(2, int), np.ones(2, bool)
    for unsure, onset_ms, off_ms in [
        ((0.0, 0.0), 0.0, 0.0),
        ((5.0, 0.0), 4.0, 0.0),
        ((3.0, 0.0), 0.0, 3.0),
        ((5.0, 5.0), 0.0, 5.0),
        ((5.0, 6.0), 0.0, 5.0),
        ((6.0, 5.0), 4.0, 5.0),
    ]:
        onsets, off = when(_unsure(hits, *unsure), of_hits, eligible, RATE_HZ)
        np.testing.assert_allclose([onsets[0], off[0]], [ms(onset_ms), ms(off_ms)], rtol=1e-6)
    none, off = when(hits, of_hits, ~eligible, RATE_HZ)
    assert (none.tolist(), off.tolist()) == ([np.inf], [0.0])


def test_a_hit_of_low_confidence_is_as_unsure_as_it_is_doubted() -> None:
    hits = _unsure(_hits((0, KICK, -6)), 0.0, confidences=(0.4,))
    _, off = when(hits, np.zeros(1, int), np.ones(1, bool), RATE_HZ)
    assert off[0] == pytest.approx(ms(0.5 * 20.0), rel=1e-5)


def test_strokes_are_led_by_their_earliest_voice_and_carried_by_the_first_of_an_order() -> None:
    hits = _hits((0, HAT, -6), (2, KICK, -6), (200, SNARE, -6), (203, KICK, -6), (400, HAT, -6))
    strokes = gather(hits, RATE_HZ)
    assert [VOICES[one] for one in leading_voices(hits, strokes)] == [Role.HAT, Role.SNARE, Role.HAT]
    assert [CARRIERS[one] for one in carrying_voices(strokes)] == [Role.KICK, Role.SNARE, Role.HAT]
    every = np.ones(5, bool)
    assert carrying_hits(hits, strokes.of_hits, every).tolist() == [False, True, True, False, True]
    without = every & (hits.tracks != SNARE)
    assert carrying_hits(hits, strokes.of_hits, without).tolist() == [False, True, False, True, True]
    assert at_carriers(hits, strokes).onsets_samples.tolist() == [ms(2.0), ms(200.0), ms(400.0)]


def test_drums_without_close_microphones_are_cymbals() -> None:
    for role in (Role.OVERHEAD, Role.ROOM, Role.OTHER, Role.CYMBAL):
        assert VOICES[voice_of(role)] is Role.CYMBAL
    assert VOICES[voice_of(Role.TOM)] is Role.TOM


def test_hits_of_selected_strokes_are_renumbered() -> None:
    strokes = gather(_hits((0, KICK, -6), (2, HAT, -9), (200, HAT, -6), (400, SNARE, -6)), RATE_HZ)
    some = chosen(strokes, np.array([True, False, True]))
    assert some.onsets_samples.tolist() == [0.0, ms(400.0)]
    assert some.of_hits.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(some.voices, strokes.voices[[0, 2]])
    assert len(chosen(strokes, np.zeros(3, bool)).of_hits) == 0


def _placement(
    hits: Hits, lines: list[int], moved: list[float], late: list[float] | None = None
) -> Placement:
    count = len(lines)
    flams = np.full(count, np.nan) if late is None else np.array(late)
    return Placement(np.array(lines), hits.onsets_samples + moved, flams, np.linspace(0.1, 0.9, count))


def test_slices_move_by_whole_samples_and_begin_a_pad_before_their_first_voice() -> None:
    hits = _hits((10, KICK, -6), (12, HAT, -3), (100, SNARE, -6), (104, HAT, -9))
    moved = moved_strokes(hits, _placement(hits, [0, 0, 1, 1], [2.4, 2.4, -0.5, -0.5]), RATE_HZ)
    assert moved.firsts_samples.tolist() == [480.0, 4800.0]
    assert moved.lasts_samples.tolist() == [576.0, 4992.0]
    assert moved.shifts_samples.tolist() == [2.0, 0.0]  # halves are rounded up
    assert moved.lines.tolist() == [0, 1]
    assert moved.voices == (("hat", "kick"), ("snare", "hat"))
    assert moved.of_hits.tolist() == [0, 0, 1, 1]
    assert moved.starts_samples(0).tolist() == [480, 4800]
    assert moved.starts_samples(240).tolist() == [240, 4560]
    # Not before the recording, nor before the middle between two strokes: (576 + 4800) / 2.
    assert moved.starts_samples(9_999).tolist() == [0, 2688]


def test_a_voice_at_fault_does_not_lead_its_stroke() -> None:
    hits = _hits((10, HAT, -6), (40, KICK, -6))
    placement = _placement(hits, [3, 3], [1440.0, 0.0], [-1440.0, np.nan])
    moved = moved_strokes(hits, placement, RATE_HZ)
    assert moved.onsets_samples.tolist() == [ms(40.0)]
    assert moved.shifts_samples.tolist() == [0.0]
    assert moved.firsts_samples.tolist() == [ms(10.0)]
    assert moved.confidences.tolist() == [0.9]


def test_strokes_placed_on_one_line_are_one_and_those_without_a_line_stay_apart() -> None:
    hits = _hits((0, KICK, -6), (50, HAT, -6), (100, KICK, -6), (150, HAT, -6))
    moved = moved_strokes(hits, _placement(hits, [5, 5, -1, -1], [0.0] * 4), RATE_HZ)
    assert moved.of_hits.tolist() == [0, 0, 1, 2]
    assert moved.lines.tolist() == [5, -1, -1]


def test_hits_that_stay_have_no_line_and_no_fault() -> None:
    hits = _hits((0, KICK, -6), (50, HAT, -6))
    placed = _placement(hits, [5, 6], [10.0, 20.0], [np.nan, 7.0])
    left = staying(placed, hits, np.array([False, True]))
    assert left.lines.tolist() == [5, -1]
    assert left.targets_samples.tolist() == [10.0, hits.onsets_samples[1]]
    np.testing.assert_array_equal(left.flams_samples, [np.nan, np.nan])
    assert left.confidences.tolist() == placed.confidences.tolist()
