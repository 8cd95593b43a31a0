"""Parts of the search for stretched sound: spectra between frames, lines through tables, ways along lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import spline_filter

from engine.features.match.sound import RATE_HZ
from engine.features.match.stretching.lines import (
    StretchedLine,
    _best_line,
    _good,
    correlation,
    fitted,
    measured,
)
from engine.features.match.stretching.spectra import (
    BANDS,
    HOP_SAMPLES,
    MARGIN_BANDS,
    around_frames,
    at_pitch,
    between,
    changes,
    rows_at,
    spectra_of,
    two_by_two,
)
from engine.features.match.stretching.stretched import _is_sure, may_be_copy
from engine.features.match.stretching.tracing import (
    Place,
    _best_alike,
    _supported,
    decoded,
    goes_on,
    window_middles,
)

_S = float(RATE_HZ)


def _line(speed: float = 1.0, at: float = 0.0, there: float = 0.0, **changes: float) -> StretchedLine:
    return replace(StretchedLine(0, at, there, speed, 0.0, 0.0, 30 * _S), **changes)


def test_a_line_plays_its_recording_at_its_speed() -> None:
    line = _line(1.5, at=100.0, there=1000.0)
    assert [line.raw_at(at) for at in (100.0, 102.0, 0.0)] == [1000.0, 1003.0, 850.0]


def test_places_between_rows_are_interpolated() -> None:
    low, part = rows_at(np.array([0.0, 0.25, 1.5, -0.5]))
    assert low.tolist() == [0, 0, 1, -1]
    assert part.ravel().tolist() == [0.0, 0.25, 0.5, 0.5]
    levels = np.array([[0.0, 10.0], [4.0, 20.0], [8.0, 40.0]], np.float32)
    assert between(levels, low[:3], part[:3]).tolist() == [[0.0, 10.0], [1.0, 12.5], [6.0, 30.0]]
    assert between(levels, np.array([2]), np.zeros((1, 1), np.float32)).tolist() == [[8.0, 40.0]]


@pytest.mark.parametrize(
    ("semitones", "first"),
    [(0.0, 9.0), (1.0, 11.0), (0.25, 9.5), (-0.5, 8.0), (4.5, 18.0), (-9.0, 0.0), (9.0, 18.0)],
)
def test_a_higher_sound_has_its_bands_half_a_semitone_on_as_far_as_there_are(
    semitones: float, first: float
) -> None:
    levels = np.arange(BANDS, dtype=np.float32)[None]
    found = at_pitch(levels, semitones)
    assert found.shape == (1, BANDS - 2 * MARGIN_BANDS)
    np.testing.assert_allclose(found[0], first + np.arange(found.shape[1]))


def test_bands_are_halved_and_an_odd_one_is_left() -> None:
    levels = np.array([[1.0, 3.0, 5.0, 9.0, 100.0]], np.float32)
    assert two_by_two(levels).tolist() == [[2.0, 7.0]]
    assert levels.tolist() == [[1.0, 3.0, 5.0, 9.0, 100.0]]


def test_changes_are_what_differs_from_the_mean_around() -> None:
    levels = np.repeat(np.array([0.0, 3.0, 6.0, 0.0, 0.0])[:, None], 2, axis=1).astype(np.float32)
    np.testing.assert_allclose(changes(levels, 3)[:, 0], [-1.0, 0.0, 3.0, -2.0, 0.0], atol=1e-6)
    # Of frames [0, 3) alone: the means are of those that are there.
    np.testing.assert_allclose(changes(levels, 3, (0, 3))[:3, 0], [-1.5, 0.0, 1.5], atol=1e-6)
    assert around_frames(2.0) == round(_S / HOP_SAMPLES / 2.0)


def test_frames_of_spectra_are_the_same_however_they_are_asked_for() -> None:
    mono = np.random.default_rng(1).standard_normal(4200 * HOP_SAMPLES // 2).astype(np.float32)
    sound = spectra_of(mono)
    whole = sound.levels(-5, 2200)
    np.testing.assert_array_equal(sound.levels(100, 110), whole[105:115])
    np.testing.assert_array_equal(np.concatenate([sound.levels(-5, 7), sound.levels(7, 2200)]), whole)
    assert sound.levels(3, 3).shape == (0, BANDS)
    np.testing.assert_allclose(sound.levels(-50, -40), np.tile(np.log(sound.floor), (10, 1)), atol=0.02)
    # A frame of the coarse spectra is every fourth one.
    np.testing.assert_allclose(sound.levels(0, 40)[::4], sound.coarse[:10], atol=0.02)


def test_the_correlation_around_a_frame_is_that_of_its_window() -> None:
    own, theirs = np.random.default_rng(2).standard_normal((2, 20, 3)).astype(np.float32)
    found, mine, other = correlation(own, theirs, 5, "constant")
    for frame in range(20):
        near = slice(max(0, frame - 2), frame + 3)
        power = np.sum(own[near] ** 2), np.sum(theirs[near] ** 2)
        np.testing.assert_allclose([mine[frame], other[frame]], np.array(power) / 5, rtol=1e-4)
        assert found[frame] == pytest.approx(
            np.sum(own[near] * theirs[near]) / np.sqrt(power[0] * power[1]), abs=1e-4
        )
    assert correlation(0 * own, theirs, 5, "constant")[0].tolist() == [0.0] * 20


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ("", 0),
        ("....", 4),
        ("..xx..", 6),
        ("..xxx...", 2),
        ("..xx.xx.", 8),
        ("xxx...", 0),
        (".x", 1),
        ("..xx", 2),
    ],
)
def test_a_line_holds_until_too_many_bad_frames_follow_each_other(bad: str, expected: int) -> None:
    assert _good(np.array([one == "x" for one in bad], bool), 2) == expected


@pytest.mark.parametrize(("offset", "slope"), [(0.0, 0.0), (2.3, -1.7), (-3.1, 2.9), (5.0, 4.0)])
def test_the_best_line_through_a_table_is_where_its_ridge_is(offset: float, slope: float) -> None:
    ends = np.linspace(-0.95, 0.95, 20)
    ridge = offset + slope * ends
    table = np.exp(-0.5 * ((np.arange(-14, 15) - ridge[:, None]) / 1.5) ** 2)
    found = _best_line(spline_filter(table, order=3), ends, 8.0, (-6.0, 6.0))
    np.testing.assert_allclose(found, [offset, slope], atol=0.1)
    level = _best_line(spline_filter(table, order=3), ends, 8.0, (0.0, 0.0))
    assert level[1] == 0.0


def test_windows_lie_evenly_in_the_middle_of_their_spans() -> None:
    found = window_middles([(0.0, 10 * _S), (20 * _S, 21 * _S)])
    hop = 0.8 * _S
    np.testing.assert_allclose(np.diff(found[:-1]), hop)
    assert len(found) == 12 + 1
    assert found[:-1].mean() == pytest.approx(5 * _S)
    assert found[-1] == 20.5 * _S
    assert window_middles([]).tolist() == []


def test_a_place_is_supported_by_those_on_a_line_through_it() -> None:
    """Five places at 1.1 times the speed, and one elsewhere that is more alike than each of them."""
    on = [Place(0, at * _S, (3.0 + 1.1 * at) * _S, 1.0, 0.0, 0.6) for at in (0.0, 2.5, 5.0, 7.5, 10.0)]
    off = [Place(0, 5.0 * _S, 40.0 * _S, 0.9, 0.0, 0.9), replace(on[1], raw=1), replace(on[1], semitones=2.0)]
    places = sorted([*on, *off], key=lambda one: one.at)
    line = _supported(on[2], places)
    assert line.speed == pytest.approx(1.1)
    assert line.alike == pytest.approx(3.0)
    half = 0.6 * 1.2 * _S / 1.1
    assert (line.start, line.stop) == pytest.approx((-half, 10 * _S + half))
    alone = _supported(off[0], places)
    assert (alone.speed, alone.alike) == pytest.approx((0.9, 0.9))
    assert _best_alike(places) == {0.0: 0.6, 2.5 * _S: 0.6, 5 * _S: 0.9, 7.5 * _S: 0.6, 10 * _S: 0.6}


def _changing(seed: int, length_s: float) -> np.ndarray:
    """Return noise that changes its colour every 90 ms, so that its spectra tell its places."""
    rng, blocks = np.random.default_rng(seed), []
    for _ in range(round(length_s / 0.09)):
        block = rng.standard_normal(round(0.09 * _S))
        shaped = np.fft.rfft(block) * np.repeat(10.0 ** rng.uniform(-1.5, 0.0, 8), 63)[: len(block) // 2 + 1]
        blocks.append(np.fft.irfft(shaped, len(block)))
    return np.concatenate(blocks).astype(np.float32)


def test_a_file_follows_the_line_of_each_of_its_pieces() -> None:
    raw = _changing(3, 9.0)
    edited = spectra_of(np.concatenate([raw[:33_000], raw[60_000:90_000]]))
    raws = (spectra_of(raw),)
    lines = [_line(stop=63_000.0), _line(there=27_000.0, stop=63_000.0), _line(there=9_000.0, stop=63_000.0)]
    found = decoded(raws, edited, lines, (0.0, 63_000.0))
    assert [one.there for one in found] == [0.0, 27_000.0]
    assert found[0].start == 0.0
    assert found[0].stop == found[1].start == pytest.approx(33_000, abs=0.1 * _S)
    assert found[1].stop == pytest.approx(63_000, abs=HOP_SAMPLES)
    assert decoded(raws, edited, [], (0.0, 63_000.0)) == []
    assert decoded(raws, edited, lines, (500.0, 600.0)) == []
    assert decoded(raws, edited, [replace(lines[0], start=7e4, stop=8e4)], (0.0, 63_000.0)) == []


def test_a_line_is_fitted_back_onto_the_sound() -> None:
    raw = _changing(4, 9.0)
    raws, edited = (spectra_of(raw),), spectra_of(raw[20_000:])
    off = _line(1.02, at=30_000.0, there=50_000.0 + 300.0)
    line = fitted(raws, edited, off, (5_000.0, 65_000.0))
    assert line.speed == pytest.approx(1.0, abs=1e-3)
    assert line.raw_at(30_000.0) - 50_000.0 == pytest.approx(0.0, abs=40.0)
    assert (line.start, line.stop) == (5_000.0, 65_000.0)
    known = measured(raws, edited, replace(line, speed=1.0, at=0.0, there=20_000.0), (5_000.0, 65_000.0))
    assert known.alike > 0.99
    assert known.alike_in_tone > 0.99
    assert known.sounds_s == pytest.approx(60_000 / _S, rel=0.05)
    other = measured(raws, edited, _line(there=0.0), (5_000.0, 65_000.0))
    assert abs(other.alike) < 0.3
    assert fitted(raws, edited, off, (0.0, 31.0 * HOP_SAMPLES)) is off  # too short to say


def test_a_piece_is_sure_when_it_is_long_alike_and_no_copy() -> None:
    sure = _line(1.05, stop=3 * _S, alike=0.8, alike_in_tone=0.8, sounds_s=3.0)
    assert _is_sure(sure)
    assert _is_sure(replace(sure, speed=1.0, semitones=0.2))
    for changed in (
        {"speed": 1.0},
        {"speed": 1.0019},
        {"stop": 0.9 * _S},
        {"sounds_s": 0.7},
        {"alike": 0.6},
        {"alike_in_tone": 0.6},
    ):
        assert not _is_sure(replace(sure, **changed))
    assert may_be_copy(_line(1.001, semitones=0.4))
    assert not may_be_copy(_line(1.003))
    assert not may_be_copy(_line(1.0, semitones=-0.6))
    assert goes_on(_line(alike=0.8, stop=20 * _S))
    assert not goes_on(_line(alike=0.79, stop=20 * _S))
    assert not goes_on(_line(alike=0.8, stop=19.9 * _S))
