"""The edit list: seams, gains and spans to the sample, worked out a second time by plain sums."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soxr

from engine.core.progress import SILENT
from engine.features.match.between import (
    Copy,
    Respun,
    _clear_of,
    _reaching,
    fragmented,
    held_elsewhere,
    respun_spans,
    segment_of,
)
from engine.features.match.copies import at_speed, left_out, rendered, unmatched, with_residuals
from engine.features.match.crossfades import cut, fade, parted, rising, seam
from engine.features.match.levels import (
    eq_of_powers,
    fitted_filter,
    fitted_gain,
    gain_at,
    octave_powers,
    ride,
    to_db,
)
from engine.features.match.matched import EqPoint, GainPoint, Segment, Shape
from engine.features.match.seams import Line, as_channels, independent, placed
from engine.features.match.searching.places import Diagonal
from engine.features.match.searching.search import Stretch
from engine.features.match.sound import RATE_HZ, Sound, sound_of
from engine.features.match.stretching.lines import StretchedLine

_S = float(RATE_HZ)


def _noise(seed: int, count: int, channels: int = 1) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal((count, channels))


def _sound(samples: np.ndarray, rate_hz: int = RATE_HZ) -> Sound:
    return sound_of(Path("sound"), samples.astype(np.float32), rate_hz)


@pytest.mark.parametrize("seed", range(3))
def test_a_cut_is_where_the_least_is_left_of_all_places(seed: int) -> None:
    edited, before, after = (_noise(seed + shift, 60, 2) for shift in (0, 10, 20))
    left = [
        np.sum((edited[:at] - before[:at]) ** 2) + np.sum((edited[at:] - after[at:]) ** 2) for at in range(61)
    ]
    found = cut(edited, before, after)
    assert found.start == int(np.argmin(left))
    assert found.left == pytest.approx(min(left) / edited.size)
    assert (found.length, found.shape, found.free) == (0, None, (found.start, found.start))


def test_a_cut_at_either_end_of_its_window_and_between_equal_sides() -> None:
    one, other = _noise(1, 50), _noise(2, 50)
    assert cut(one, one, other).start == 50
    assert cut(other, one, other).start == 0
    same = cut(one, one, one)
    assert (same.start, same.free) == (0, (0, 50))
    assert seam(one, one, one).length == 0


@pytest.mark.parametrize(
    ("shape", "middle"),
    [
        (Shape.EQUAL_GAIN, 0.25),
        (Shape.EQUAL_POWER, np.sin(np.pi / 8)),
        (Shape.RAISED_COSINE, 0.5 - 0.5 * np.cos(np.pi / 4)),
        (Shape.SQUARE_ROOT, 0.5),
    ],
)
def test_a_fade_has_its_curve_and_holds_its_ends(shape: Shape, middle: float) -> None:
    np.testing.assert_allclose(
        rising(shape, np.array([-9.0, 0.0, 0.25, 1.0, 9.0])), [0, 0, middle, 1, 1], atol=1e-12
    )
    falls, rises = fade(shape, 10.0, 4.0, np.arange(8.0, 16.0))
    np.testing.assert_allclose(falls, rises[::-1], atol=1e-12)
    assert fade(shape, 10.0, 0.0, np.arange(8.0, 12.0))[1].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_a_known_side_that_is_all_or_nothing_ends_at_its_edge() -> None:
    known = _noise(3, 4000)
    assert parted(known, known, 1000, 100) == 4000
    assert parted(np.concatenate([known[:2000], _noise(4, 2000)]), known, 2010, 100) == 2000


def test_a_gain_is_the_least_squares_one_and_of_silence_nothing() -> None:
    sound = _noise(5, 300, 2)
    assert fitted_gain(sound, -0.25 * sound) == pytest.approx(-0.25)
    assert fitted_gain(0.0 * sound, sound) == 0.0
    other = _noise(6, 300, 2)
    solved = np.linalg.lstsq(sound.reshape(-1, 1), other.ravel(), rcond=None)[0][0]
    assert fitted_gain(sound, other) == pytest.approx(solved)
    assert (to_db(1.0), to_db(-10.0), to_db(0.0)) == pytest.approx((0.0, 20.0, -120.0))


def test_a_short_filter_is_the_least_squares_one() -> None:
    sound, wanted = _noise(7, 400), _noise(8, 400)
    columns = np.zeros((412, 7))
    for tap, lag in enumerate(range(-3, 4)):
        columns[6 + lag : 406 + lag, tap] = sound[:, 0]
    target = np.zeros(412)
    target[6:406] = wanted[:, 0]
    solved = np.linalg.lstsq(columns, target, rcond=None)[0]
    np.testing.assert_allclose(fitted_filter(sound, wanted, reach=3), solved, atol=1e-6)
    assert fitted_filter(0.0 * sound, wanted, reach=3).tolist() == [0.0] * 7


def test_a_ride_has_a_point_at_each_corner() -> None:
    at = np.arange(60) * 100
    gains = np.interp(np.arange(60), [0, 20, 40, 59], [0.0, 0.0, -10.0, -10.0])
    points = ride(gains, np.ones(60), at)
    corners = np.array([point.at_samples for point in points])
    for corner in (0, 2000, 4000, 5900):
        assert np.abs(corners - corner).min() <= 300
    ridden = 20.0 * np.log10(gain_at(points, 99.0, at.astype(float)))
    np.testing.assert_allclose(ridden, gains, atol=1.0)
    # Blocks that do not sound do not count, and seven are too few.
    quiet = np.where(np.arange(60) < 20, 1.0, 1e-9)
    assert ride(gains, quiet, at) == ()
    assert ride(gains[:7], np.ones(7), at[:7]) == ()
    assert ride(np.zeros(0), np.zeros(0), at[:0]) == ()


def test_the_power_of_a_sine_is_in_its_octave() -> None:
    sine = np.sin(2 * np.pi * 500.0 * np.arange(11_025) / RATE_HZ)
    powers = octave_powers(sine, RATE_HZ, RATE_HZ / 2)
    assert len(powers) == 6  # around 125 to 4,000 Hz
    np.testing.assert_allclose(powers / powers[2], [0, 0, 1, 0, 0, 0], atol=1e-3)
    before = np.array([1.0, 1.0, 1e-9, 1.0])
    after = np.array([1.0, 10.0, 5.0, 0.1])
    points = eq_of_powers(before, after, 1.0)
    assert points == (EqPoint(125, -1.0), EqPoint(250, 9.0), EqPoint(1000, -11.0))  # nothing of the quiet one
    assert eq_of_powers(before, 1.3 * before, 0.0) == ()


def test_a_line_reads_zeros_outside_of_its_recording_and_channels_are_mixed() -> None:
    raw = _sound(np.arange(1.0, 7.0).reshape(3, 2))
    assert Line(0, -1).read((raw,), 0, 5).tolist() == [[0, 0], [1, 2], [3, 4], [5, 6], [0, 0]]
    assert as_channels(Line(0, 1).read((raw,), 0, 2), 1).tolist() == [[3.5], [5.5]]
    assert as_channels(np.array([[2.0]]), 3).tolist() == [[2.0, 2.0, 2.0]]


def test_seams_that_are_near_depend_on_each_other() -> None:
    edited = _sound(np.zeros((100_000, 1)))
    line = Line(0, 0)
    far = [(line, 0, 20_000), (line, 20_000, 60_000), (line, 60_000, 65_000), (line, 65_000, 100_000)]
    assert independent(edited, far) == [range(1, 2), range(2, 4)]
    assert independent(edited, far[:2]) == [range(1, 2)]
    assert independent(edited, []) == []


def test_stretches_have_their_cuts_to_the_sample_and_foreign_ones_no_seam() -> None:
    raw = _noise(9, 60_000)
    pieces = [raw[:12_345], raw[30_000:44_000], _noise(10, 9_000), raw[20_000:32_000]]
    edges = np.cumsum([0, *map(len, pieces)]).tolist()
    edited = _sound(np.concatenate(pieces))
    lines = [Line(0, 0), Line(0, 30_000 - edges[1]), None, Line(0, 20_000 - edges[3])]
    rough = [0, edges[1] + 200, edges[2] - 150, edges[3] + 90, edges[4]]
    stretches = [(line, rough[number], rough[number + 1]) for number, line in enumerate(lines)]
    found = placed((_sound(raw),), edited, stretches, SILENT)
    assert [(one.start, one.stop) for one in found] == list(pairwise(edges))
    assert [one.seam is None for one in found] == [True, False, True, True]
    alone = placed((), edited, [(None, 0, 99), (None, 99, edges[4])], SILENT)
    assert [(one.start, one.stop) for one in alone] == [(0, 99), (99, edges[4])]


def test_spans_that_no_segment_holds_are_open_on_both_sides() -> None:
    segments = [Segment(0, 10, 30, 5, 0.0), Segment(1, 0, 10, 20, 0.0), Segment(0, 25, 40, 50, 0.0)]
    assert unmatched(segments, 80) == ((0, 5), (30, 50), (65, 80))
    assert unmatched([], 7) == ((0, 7),)
    assert unmatched([], 0) == ()
    raws = [_sound(np.zeros((count, 1))) for count in (50, 10, 3)]
    assert left_out(segments, raws) == (((0, 10), (40, 50)), (), ((0, 3),))


def test_a_copy_leaves_nothing_and_one_beneath_foreign_sound_its_share() -> None:
    raw = _noise(11, 30_000)
    edited = np.concatenate([0.5 * raw[:10_000], raw[20_000:29_000]])
    edited[5_000:10_000] += 0.5 * _noise(12, 5_000)
    segments = [Segment(0, 0, 10_000, 0, to_db(0.5)), Segment(0, 20_000, 29_000, 10_000, 0.0)]
    lines = [Line(0, 0), Line(0, 10_000)]
    half, exact = with_residuals((_sound(raw),), _sound(edited), segments, lines, SILENT)
    assert exact.segment.residual_db is not None
    assert exact.segment.residual_db < -120.0
    plain = 10.0 * np.log10(
        np.sum((edited[:10_000] - 0.5 * raw[:10_000]) ** 2) / np.sum(edited[:10_000] ** 2)
    )
    assert half.segment.residual_db == pytest.approx(plain, abs=1e-3)
    assert half.power == pytest.approx(float(np.mean(edited[:10_000] ** 2)), rel=1e-5)
    assert half.left == pytest.approx(half.power * 10.0 ** (half.residual_db / 10.0))
    assert rendered((_sound(raw),), [], [], 2, (5, 9)).tolist() == [[0.0, 0.0]] * 4


def test_a_segment_of_a_file_at_another_speed_is_turned_back() -> None:
    segment = Segment(0, 100, 1300, 600, 1.0, 60, Shape.EQUAL_GAIN, (GainPoint(630, -1.0),))
    found = at_speed(segment, 1.2)
    assert (found.edited_start_samples, found.edited_stop_samples, found.crossfade_samples) == (500, 1500, 50)
    assert found.gain_ride == (GainPoint(525, -1.0),)
    assert found.pitch_semitones == pytest.approx(12.0 * np.log2(1.2))


def _piece(start: float, stop: float, speed: float = 1.1, **changes: float) -> StretchedLine:
    return replace(StretchedLine(0, start, 500.0, speed, 0.0, start, stop), **changes)


def test_copies_are_near_a_piece_in_its_span_and_on_its_line() -> None:
    piece = _piece(1000.0, 5000.0, 1.5)

    def copy(start: float, stop: float, off_s: float, raw: int = 0) -> Copy:
        middle = (start + stop) / 2
        return Copy(raw, start, stop, piece.raw_at(middle) + off_s * RATE_HZ - middle)

    assert copy(2000.0, 3000.0, 0.02).off_s(piece) == pytest.approx(0.02)
    assert copy(2000.0, 3000.0, -0.059).is_near(piece)
    assert not copy(2000.0, 3000.0, 0.061).is_near(piece)
    assert not copy(2000.0, 3000.0, 0.0, raw=1).is_near(piece)
    assert copy(600.0, 1500.0, 0.0).is_inside(piece)
    assert not copy(600.0, 1400.0, 0.0).is_inside(piece)  # half of it is not most
    copies = [copy(1000.0, 2000.0, 0.0), copy(2000.0, 3000.0, 0.1), copy(4600.0, 6000.0, 0.1)]
    assert held_elsewhere(copies, piece) == 0.25
    assert held_elsewhere([], piece) == 0.0


def test_spans_of_short_and_unknown_stretches_are_fragmented() -> None:
    line = Diagonal(0, 0.0, 0.0, 1e6, 1.0)
    edges = [0.0, 2.0, 3.0, 5.4, 9.0, 13.0, 20.0]
    lines = [line, None, line, line, None, line]
    rough = [Stretch(one, edges[n] * _S, edges[n + 1] * _S) for n, one in enumerate(lines)]
    assert fragmented(rough) == [(0, int(5.4 * _S))]
    assert fragmented([Stretch(None, 0.0, 4.9 * _S)]) == []
    assert fragmented([]) == []


def test_a_piece_is_a_segment_with_its_gain_in_samples_of_the_file() -> None:
    raw, edited = _noise(13, 20_000)[:, 0].astype(np.float32), _noise(14, 20_000)[:, 0].astype(np.float32)
    found = segment_of(_piece(4000.0, 14_000.0, 1.25, alike=0.8, semitones=2.0), [raw], edited, 2 * RATE_HZ)
    assert (found.raw_start_samples, found.raw_stop_samples, found.edited_start_samples) == (
        1000,
        26_000,
        8000,
    )
    power = np.mean(edited[4000:14_000].astype(float) ** 2) / np.mean(raw[500:13_000].astype(float) ** 2)
    assert found.gain_db == pytest.approx(10.0 * np.log10(power), abs=1e-6)
    assert (found.speed, found.pitch_semitones, found.similarity, found.gain_ride) == (1.25, 2.0, 0.8, ())
    silent = segment_of(_piece(4000.0, 14_000.0), [raw], 0.0 * edited, RATE_HZ)
    assert silent.gain_db == pytest.approx(
        -120.0 - 10.0 * np.log10(np.mean(raw[500:11_500].astype(float) ** 2))
    )


@pytest.mark.parametrize("speed", [1.06, 0.95])
def test_a_tape_has_the_exact_speed_of_its_waveform(speed: float) -> None:
    raw = np.convolve(_noise(15, 60_000)[:, 0], np.hanning(9), "same").astype(np.float32)
    edited = np.asarray(soxr.resample(raw, speed, 1.0, quality="VHQ"), np.float32)
    stop = 40_000.0
    semitones = 12.0 * float(np.log2(speed))
    rough = StretchedLine(0, 20_000.0, 20_000.0 * speed, speed * 1.0003, semitones, 0.0, stop)
    (one,) = respun_spans([raw], edited, [rough], (0.0, 50_000.0))
    assert isinstance(one, Respun)
    assert one.speed == pytest.approx(speed, rel=2e-5)
    assert (one.start, one.stop) == (0.0, pytest.approx(stop + 0.3 * _S))
    assert respun_spans([raw], edited, [replace(rough, semitones=semitones + 0.3)], (0.0, 5e4)) == ()
    assert respun_spans([raw], edited, [rough], (30_000.0, 5e4)) == ()
    both = respun_spans(
        [raw], edited, [replace(rough, stop=18_000.0), replace(rough, start=19_000.0)], (0.0, 5e4)
    )
    assert [(each.start, round(each.stop)) for each in both] == [(0.0, round(stop + 0.3 * _S))]


def test_a_copy_at_another_speed_reaches_as_far_as_a_piece_of_its_line_beside_it() -> None:
    piece = _piece(0.0, 9000.0, 2.0)
    segment = Segment(0, 500 + 2 * 1000, 500 + 2 * 8000, 1000, 0.0, speed=2.0)
    found = _reaching(segment, [piece], [(0.0, 1000.0), (8000.0, 9000.0)], 1.0)
    assert (found.edited_start_samples, found.edited_stop_samples) == (0, 9000)
    assert (found.raw_start_samples, found.raw_stop_samples) == (500, 18_500)
    faded = replace(segment, crossfade_samples=50)
    assert _reaching(faded, [piece], [(0.0, 1000.0)], 1.0) == faded
    assert _reaching(segment, [piece], [(0.0, 990.0)], 1.0) == segment  # they do not meet
    assert _reaching(segment, [replace(piece, there=600.0)], [(0.0, 1000.0)], 1.0) == segment
    plain = replace(segment, speed=1.0)
    assert _reaching(plain, [piece], [(0.0, 1000.0)], 1.0) is plain
    parts = _clear_of([piece, _piece(9000.0, 30_000.0)], [(2000.0, 20_000.0), (29_000.0, 31_000.0)])
    assert [(one.start, one.stop) for one in parts] == [(2000.0, 9000.0), (9000.0, 20_000.0)]
