"""Where moved slices meet: against a plain renderer, and that no attack is lost, changed or heard twice."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.kinds.operations import Fill, Shift, Slice
from engine.sound.edl.crossfade import crossfade
from engine.sound.edl.slices import ATTACK_S, GUARD_S, Gap, Piece, laid_out, ordered
from engine.sound.edl.tracks.delay import delayed
from engine.sound.edl.tracks.patches import Patches
from tests.engine.sound.edl.performed import (
    FRAMES,
    PAD,
    RATE_HZ,
    Sound,
    noise,
    played,
    reader_of,
    slices,
)

ATTACK, GUARD, FADE = round(ATTACK_S * RATE_HZ), round(GUARD_S * RATE_HZ), 40
SOUND = noise()


def pieces_of(slices: Iterable[Slice], rate_hz: int) -> tuple[Piece, ...]:
    """Return the pieces of slices of one track, in any order."""
    return laid_out(ordered(slices), rate_hz).pieces


def moved_plainly(by: float) -> Sound:
    """Return the whole source so much later."""
    around = np.concatenate([np.zeros((30_000, 1)), SOUND, np.zeros((30_000, 1))])
    return delayed(lambda a, b: around[a + 30_000 : b + 30_000], 0, FRAMES, by)


def laid_plainly(edits: list[Slice], pad: int) -> Sound:
    """Return what is heard of slices that follow each other and move a little, border by border."""
    still = Slice(0, edits[0].start_samples, onset_samples=np.nan)
    last = Slice(edits[-1].stop_samples, FRAMES, onset_samples=np.nan)
    out, every = moved_plainly(0.0), [still, *edits, last]
    for left, right in pairwise(every):
        border = left.stop_samples + min(left.by_samples, right.by_samples)
        low = left.onset_samples + max(left.by_samples, right.by_samples) + ATTACK + FADE / 2
        high = right.onset_samples + min(left.by_samples, right.by_samples) - GUARD - FADE / 2
        if right is last:  # its first hit is as long after it as others are after where they begin
            high = left.stop_samples + pad + left.by_samples - GUARD - FADE / 2
        at = int(np.floor(np.fmin(np.fmax(border, low), high) + 0.5)) - FADE // 2
        before, after = moved_plainly(left.by_samples), moved_plainly(right.by_samples)
        if left.by_samples == right.by_samples:
            continue
        out[at : at + FADE] = crossfade(before[at : at + FADE], after[at : at + FADE])
        out[at + FADE :] = after[at + FADE :]
    return out


MOVES = st.lists(st.sampled_from((-120.0, -33.25, 0.0, 0.5, 61.0, 140.75)), min_size=1, max_size=12)


def performance(moves: list[float], step: int = 1_200) -> list[int]:
    return [2_000 + number * step + 37 * (number % 3) for number in range(len(moves))]


@given(MOVES, st.sampled_from((0, PAD)), st.integers(700, 5_000), st.randoms(use_true_random=False))
def test_slices_sound_as_laid_plainly_whatever_the_order_and_the_block(
    moves: list[float], pad: int, block: int, random: Random
) -> None:
    edits = slices(performance(moves), moves, pad=pad)
    expected = laid_plainly(edits, pad)
    random.shuffle(edits)
    np.testing.assert_allclose(played(SOUND, edits, block), expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(played(SOUND, edits, block), played(SOUND, edits))


def test_what_is_on_the_grid_is_the_source_bit_for_bit() -> None:
    onsets = performance([0.0] * 8)
    edits = slices(onsets, [0.0] * 8)
    assert pieces_of(edits, RATE_HZ) == ()
    assert Patches.of(edits, RATE_HZ).operations == ()
    one = slices(onsets, [0.0, 0.0, 0.0, 50.5, 0.0, 0.0, 0.0, 0.0])
    heard = played(SOUND, one)
    changed = np.flatnonzero((heard != SOUND).any(axis=1))
    assert changed[0] >= onsets[3] - PAD - FADE
    assert changed[-1] < onsets[4] + FADE


def test_a_rejected_neighbour_stays_where_it_was() -> None:
    onsets = performance([0.0] * 5)
    moved = slices(onsets, [0.0, 80.0, 0.0, -70.5, 0.0])
    heard = played(SOUND, [moved[1], moved[3]])
    for place in (0, 2, 4):
        span = slice(onsets[place], onsets[place] + 400)
        np.testing.assert_array_equal(heard[span], SOUND[span])
    np.testing.assert_array_equal(heard[onsets[1] + 80 : onsets[1] + 480], SOUND[onsets[1] : onsets[1] + 400])


@pytest.mark.parametrize("fill", Fill)
def test_all_microphones_move_by_the_same_and_are_cut_at_the_same(fill: Fill) -> None:
    moves = [12.25, -60.5, 99.0, 3.75, -8.0]
    one = noise()
    heard = played(np.concatenate([one, 0.25 * one, -one], axis=1), slices(performance(moves), moves, fill))
    np.testing.assert_allclose(heard[:, 1], 0.25 * heard[:, 0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(heard[:, 2], -heard[:, 0], rtol=0, atol=1e-9)


@pytest.mark.parametrize("fill", Fill)
@pytest.mark.parametrize("pad", [0, 8, PAD, 400])
@pytest.mark.parametrize("by", [-170.0, -12.5, 0.5, 90.25, 170.0])
def test_every_attack_is_heard_once_as_it_was(fill: Fill, pad: int, by: float) -> None:
    moves = [by, -by, by, 0.0, by, -by]
    onsets = performance(moves)
    heard = played(SOUND, slices(onsets, moves, fill, pad=pad))
    for onset, move in zip(onsets, moves, strict=True):
        at = onset + int(np.floor(move))
        span = slice(at - GUARD + 1, at + ATTACK)
        np.testing.assert_allclose(heard[span], moved_plainly(move)[span], rtol=0, atol=1e-12)
    assert twice_heard(pieces_of(slices(onsets, moves, fill, pad=pad), RATE_HZ), onsets) == 0


def twice_heard(pieces: tuple[Piece, ...], onsets: list[int]) -> int:
    """Return how often more than one piece plays the first 3 ms of a hit."""
    found = 0
    for onset in onsets:
        plays = 0
        for one in pieces:
            if isinstance(one.sound, float):
                start = one.start_samples - one.fade_in_samples // 2 - one.sound
                stop = one.stop_samples + one.fade_out_samples // 2 - one.sound
                plays += start < onset + 0.003 * RATE_HZ and stop > onset + 1
        found += plays > 1
    return found


ANY = st.lists(
    st.tuples(
        st.integers(0, FRAMES - 100),
        st.integers(1, 3_000),
        st.sampled_from((-2_500.0, -200.25, 0.0, 0.5, 90.0, 3_000.0)),
        st.sampled_from(Fill),
        st.integers(-10, 200),
        st.sampled_from((0.0, 1.0, 5.0, 60.0)),
    ),
    min_size=1,
    max_size=20,
)


def any_slices(rows: list[tuple[int, int, float, Fill, int, float]]) -> list[Slice]:
    return [
        Slice(start, start + length, (), by, fade_ms, fill, float(start + pad))
        for start, length, by, fill, pad, fade_ms in rows
    ]


@given(ANY, st.randoms(use_true_random=False))
def test_any_slices_come_to_pieces_that_follow_each_other(
    rows: list[tuple[int, int, float, Fill, int, float]], random: Random
) -> None:
    edits = any_slices(rows)
    pieces = pieces_of(edits, RATE_HZ)
    for one in pieces:
        assert one.start_samples < one.stop_samples
        assert one.fade_in_samples + one.fade_out_samples <= 2 * (one.stop_samples - one.start_samples)
    for left, right in pairwise(pieces):
        assert left.stop_samples <= right.start_samples
        touch = left.stop_samples == right.start_samples
        assert not (touch and left.fade_out_samples)
        assert right.before == (left.sound if touch else 0.0) or isinstance(right.before, float | None)
    heard = played(SOUND, edits, 5_000)
    assert np.isfinite(heard).all()
    random.shuffle(edits)
    assert pieces_of(edits, RATE_HZ) == pieces
    np.testing.assert_array_equal(played(SOUND, edits), heard)


STRETCH, PRE_ROLL, DECAY = Fill.STRETCH, Fill.PRE_ROLL, Fill.DECAY


@pytest.mark.parametrize(
    "rows",
    [
        [
            (570, 130, -100.0, STRETCH, 0, 5.0),
            (1_090, 460, 50.0, STRETCH, 0, 5.0),
            (1_170, 260, 50.0, PRE_ROLL, 0, 0.0),
        ],
        [
            (1_380, 330, 600.0, PRE_ROLL, 10, 0.0),
            (1_720, 590, 600.0, DECAY, 0, 5.0),
            (1_020, 400, -500.0, STRETCH, -10, 5.0),
        ],
        [
            (1_340, 70, 300.0, DECAY, -10, 0.0),
            (1_760, 130, 600.0, PRE_ROLL, 0, 0.0),
            (640, 250, 1_000.0, DECAY, 0, 0.0),
            (1_980, 510, 0.0, PRE_ROLL, 0, 0.0),
        ],
    ],
    ids=["from the start of the left segment", "of no length", "to the end of the right segment"],
)
def test_a_gap_without_room_is_not_filled(rows: list[tuple[int, int, float, Fill, int, float]]) -> None:
    assert not any(isinstance(one.sound, Gap) for one in pieces_of(any_slices(rows), RATE_HZ))


def test_hits_farther_apart_than_what_lies_between_are_parted_by_silence() -> None:
    """Neither side can reach over the gap without an attack: both fade."""
    onsets = [4_000, 4_400]
    heard = played(SOUND, slices(onsets, [0.0, 900.0]))
    assert not heard[4_500:5_000].any()
    np.testing.assert_array_equal(heard[5_300 - GUARD : 5_700], SOUND[4_400 - GUARD : 4_800])
    filled = played(SOUND, slices(onsets, [0.0, 900.0], Fill.DECAY))
    assert np.abs(filled[4_500:5_000]).min() > 0.0


def test_after_a_gap_a_hit_comes_in_once_the_one_before_has_rung() -> None:
    """What lies before the hit on the right holds the end of the attack on the left, heard already."""
    heard = played(SOUND, slices([4_000, 4_600], [0.0, 900.0]))
    rung = 4_000 + 900 + ATTACK
    assert not heard[4_700:rung].any()
    np.testing.assert_array_equal(heard[rung + FADE : 5_900], SOUND[rung + FADE - 900 : 5_000])


def test_of_hits_moved_past_each_other_the_later_is_heard_and_none_twice() -> None:
    onsets = performance([0.0] * 4)
    edits = slices(onsets, [0.0, 1_500.0, 0.0, 0.0])
    heard = played(SOUND, edits)
    np.testing.assert_array_equal(heard[onsets[2] : onsets[2] + 900], SOUND[onsets[2] : onsets[2] + 900])
    assert twice_heard(pieces_of(edits, RATE_HZ), onsets) == 0
    known = SOUND[onsets[1] : onsets[1] + 60, 0]
    assert np.abs(np.correlate(heard[:, 0], known)).max() < 0.9 * float(known @ known)


def test_a_known_attack_before_a_slice_is_not_heard_again() -> None:
    """The hit before was rejected: it is no slice, but what is proposed says where it is."""
    told = Slice(4_960, 6_000, (), 700.0, 5.0, Fill.PRE_ROLL, 5_000.0, 4_500.0)
    heard = played(SOUND, [told])
    attack = SOUND[4_500:4_560, 0]
    peaks = np.flatnonzero(np.correlate(heard[:, 0], attack) > 0.9 * float(attack @ attack))
    np.testing.assert_array_equal(peaks, [4_500])


def test_a_slip_takes_slices_along() -> None:
    edits = slices([4_000, 5_200], [100.0, -50.0])
    slip = Shift(3_000, 8_000, (), 300.0, 0.0)
    expected = played(SOUND, edits)[2_700:7_700]
    reader_patches = Patches.of([*edits, slip], RATE_HZ)
    assert [type(one) for one in reader_patches.operations][-1] is Shift
    heard = reader_of(SOUND, reader_patches).read(3_000, 8_000, np.float64)
    np.testing.assert_array_equal(heard, expected)
    assert {type(one) for one in reader_patches.within(3_000, 8_000)} == {Shift, Piece}


def test_thousands_of_hits_are_laid_out_at_once() -> None:
    rng = np.random.default_rng(1)
    onsets = (np.arange(2_000) * 2_400 + 3_000).tolist()
    edits = slices(onsets, rng.normal(0.0, 80.0, 2_000).tolist())
    patches = Patches.of(edits, RATE_HZ)
    assert len(patches.touching(100_000, 104_000)) <= 4
    for start in (0, 3_000, 1_000_000, 4_799_000):
        starts, stops = patches.reaches.T
        plainly = np.flatnonzero((starts < start + 4_096) & (stops > start)).tolist()
        assert patches.touching(start, start + 4_096) == plainly
