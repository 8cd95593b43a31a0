"""Where the music of one take is in another: lags, ends, attacks, and the bars that a take plays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.features.takes.following import (
    HOP_S,
    LEAD_S,
    Followed,
    _attack,
    _drift,
    _is_played,
    _straight_ends,
    bars_of_takes,
    follow,
)
from engine.features.timing.notes.onsets import ReadMono

RATE_HZ = 8_000
HOP = round(HOP_S * RATE_HZ)


def reader_of(sound: NDArray[np.float32]) -> ReadMono:
    """Return a reader of a recording: zeros outside."""
    padded = np.pad(sound, 40_000)

    def read(start: int, stop: int) -> NDArray[np.float32]:
        return padded[start + 40_000 : stop + 40_000]

    return read


def clicks(*places: int, length: int = 24_000) -> NDArray[np.float32]:
    """Return short noises over a faint hiss."""
    rng = np.random.default_rng(3)
    sound = 1e-4 * rng.standard_normal(length)
    for place in places:
        sound[place : place + 600] += rng.standard_normal(600) * np.exp(-np.arange(600) / 150.0)
    return sound.astype(np.float32)


def followed(count: int, start: int = 0, alike: float = 1.0) -> Followed:
    return Followed(HOP, start + HOP * np.arange(count, dtype=float), np.full(count, alike))


def test_the_reference_is_where_it_is_hop_by_hop() -> None:
    (one,) = follow(reader_of(clicks()), [(1_000, 9_010)], 0, RATE_HZ)
    assert one.hop_samples == HOP == 40
    np.testing.assert_array_equal(one.places_samples, 1_000 + 40.0 * np.arange(201))
    np.testing.assert_array_equal(one.alike, np.ones(201))
    np.testing.assert_array_equal(one.hops_at(np.array([1_000, 1_060, 9_000])), [0.0, 1.5, 200.0])
    (empty,) = follow(reader_of(clicks()), [(50, 50)], 0, RATE_HZ)
    assert empty.places_samples.tolist() == [50.0]


def test_a_copy_in_time_is_followed_to_a_hop() -> None:
    own = clicks(2_000, 6_000, 9_000, 13_000, length=16_000)
    sound = np.concatenate([own, own])
    spans = [(0, 16_000), (16_000, 32_000)]
    first, second = follow(reader_of(sound), spans, 0, RATE_HZ, are_in_time=True)
    assert np.abs(second.places_samples - first.places_samples - 16_000).max() < HOP
    assert (np.diff(second.places_samples) >= 0.0).all()
    back, _ = follow(reader_of(sound), spans, 1, RATE_HZ, are_in_time=True)
    assert np.abs(back.places_samples - first.places_samples).max() < HOP


def test_ends_that_leave_the_line_of_their_neighbours_are_put_back_on_it() -> None:
    own = HOP * np.arange(3_000, dtype=float)
    right = own + 500.0 + 0.01 * own
    wrong = right.copy()
    wrong[:100] += 900.0
    wrong[-60:] -= 700.0
    np.testing.assert_allclose(_straight_ends(wrong, own), right, atol=1e-6)
    near = right.copy()
    near[:100] += 399.0  # within a twentieth of a second it is a way of playing
    np.testing.assert_array_equal(_straight_ends(near, own), near)
    short = wrong[:2_079]
    np.testing.assert_array_equal(_straight_ends(short, own[:2_079]), short)


def test_the_lag_grows_on_at_the_same_pace_within_the_limits_of_tempo() -> None:
    at = np.arange(600)
    assert _drift(0.02 * HOP * at, HOP) == pytest.approx(0.02 * 600 * HOP / 2)
    assert _drift(-0.5 * HOP * at, HOP) == pytest.approx(-0.08 * 600 * HOP / 2)
    assert _drift(np.full(600, 7.0), HOP) == pytest.approx(0.0, abs=1e-6)
    assert _drift(np.zeros(1), HOP) == 0.0
    assert _drift(np.zeros(0), HOP) == 0.0


def test_an_attack_is_found_within_a_twentieth_of_a_second() -> None:
    read = reader_of(clicks(8_000, 12_000))
    found = _attack(read, np.array([7_800, 8_000, 8_200, 7_000, 12_160, 16_000]), RATE_HZ)
    np.testing.assert_allclose(found[[0, 1, 2, 4]], [200.0, 0.0, -200.0, -160.0], atol=24)  # 3 ms
    assert np.isnan(found[[3, 5]]).all()


def test_bars_begin_seven_milliseconds_before_their_attacks_in_each_take() -> None:
    read = reader_of(clicks(4_000, 8_000, 12_000, 20_000, 24_080, 28_000, length=32_000))
    takes = (followed(400), followed(400, 16_000))
    lines = np.array([4_000, 8_000, 12_000])
    bars = bars_of_takes(read, takes, 0, lines, [(0, 16_000), (16_000, 32_000)], RATE_HZ)
    lead = LEAD_S * RATE_HZ
    np.testing.assert_allclose(bars.edges_samples[0], lines - lead, atol=24)
    np.testing.assert_allclose(bars.edges_samples[1], [20_000 - lead, 24_080 - lead, 28_000 - lead], atol=24)
    assert bars.is_played.all()
    assert (len(bars), bars.reference) == (2, 0)


def test_an_attack_far_from_that_of_the_reference_is_another_one() -> None:
    read = reader_of(clicks(4_000, 12_000, 20_320, 28_000, length=32_000))  # 40 ms late
    takes = (followed(400), followed(400, 16_000))
    spans = [(0, 16_000), (16_000, 32_000)]
    bars = bars_of_takes(read, takes, 0, np.array([4_000, 12_000]), spans, RATE_HZ)
    expected = bars.edges_samples[0, 0] + 16_000
    assert abs(int(bars.edges_samples[1, 0]) - expected) <= 24


def test_a_bar_is_played_inside_of_its_take_where_the_sound_is_alike() -> None:
    take = followed(400, alike=0.15)
    take.alike[200:300] = 0.14
    at = np.array([0.0, 100.0, 200.0, 300.0, 400.0])
    edges = np.array([0, 4_000, 8_000, 12_000, 16_000])
    assert _is_played(take, at, edges, (0, 16_000), RATE_HZ).tolist() == [True, True, False, True]
    # Half a second before and a second after its span.
    assert _is_played(take, at, edges, (4_000, 8_000), RATE_HZ).tolist() == [True, True, False, True]
    assert _is_played(take, at, edges, (4_001, 7_999), RATE_HZ).tolist() == [False, True, False, False]
    empty = np.array([0, 4_000, 4_000, 12_000, 16_000])
    assert _is_played(take, at, empty, (0, 16_000), RATE_HZ).tolist() == [True, False, False, True]
    beyond = _is_played(take, at + 1_000.0, edges, (0, 16_000), RATE_HZ)
    assert beyond.tolist() == [True] * 4  # the last hop is all that is known
