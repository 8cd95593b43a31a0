"""The parts of the search, each against what is known or against a slow plain way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soxr
from scipy.signal import bilinear, freqz, lfilter

from engine.core.progress import SILENT
from engine.features.match.crossfades import cut, fade, parted, rising, seam
from engine.features.match.levels import filtered, fitted_filter, gain_at, ride
from engine.features.match.match import match_sounds
from engine.features.match.matched import Shape
from engine.features.match.seams import Line, aligned
from engine.features.match.searching.corrections import carried_on, settled
from engine.features.match.searching.lags import agreeing, evenly, faint_places
from engine.features.match.searching.places import Diagonal, places, stretches
from engine.features.match.searching.search import Stretch, first_look, joined, searched, without_flicker
from engine.features.match.sound import HOP_SAMPLES, Samples, SearchFeatures, search_features, sound_of
from engine.features.match.sound import RATE_HZ as LOW_HZ
from tests.engine.features.match.test_match import RATE_HZ, music
from tests.mostly_long import mostly_long


def _wide(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, 2)) * 0.1


@pytest.mark.parametrize("shape", list(Shape))
@pytest.mark.parametrize(("start", "length"), [(3000, 200), (2111, 4999), (1000, 9000)])
def test_a_crossfade_is_found_to_the_sample(shape: Shape, start: int, length: int) -> None:
    before, after = _wide(1, 12_000), _wide(2, 12_000)
    falls, rises = fade(shape, start, length, np.arange(12_000.0))
    found = seam(falls[:, None] * before + rises[:, None] * after, before, after)
    assert (found.start, found.length, found.shape) == (start, length, shape)


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_a_cut_stays_a_cut(noise: float) -> None:
    """Also in noise 20 dB below it, where a crossfade would always leave a little less."""
    before, after = _wide(1, 8000), _wide(2, 8000)
    edited = np.concatenate([before[:4321], after[4321:]]) + noise * 10 * _wide(3, 8000)
    found = seam(edited, before, after)
    assert found.length == 0
    assert abs(found.start - 4321) <= (0 if noise == 0.0 else 1)


def test_where_both_sides_are_silent_a_cut_is_free() -> None:
    before, after = _wide(1, 2000), _wide(2, 2000)
    before[900:1100] = after[900:1100] = 0.0
    found = cut(np.concatenate([before[:1000], after[1000:]]), before, after)
    assert found.free == (900, 1100)


def test_what_is_known_is_parted_from_what_is_not() -> None:
    known, foreign = _wide(1, 6000), _wide(2, 6000)
    assert parted(np.concatenate([known[:3456], foreign[3456:]]), known, 3300, 100) == 3456


def test_a_filter_of_known_taps_is_found() -> None:
    sound, taps = _wide(1, 20_000), np.zeros(65)
    taps[[30, 32, 35]] = 0.2, 0.9, -0.1
    np.testing.assert_allclose(fitted_filter(sound, filtered(sound, taps)), taps, atol=2e-3)


def test_fades_rise_from_nothing_to_all_and_mirror() -> None:
    at = np.linspace(0.0, 1.0, 11)
    for shape in Shape:
        assert rising(shape, at)[[0, -1]] == pytest.approx([0.0, 1.0])
        assert np.all(np.diff(rising(shape, at)) > 0.0)


def test_a_gain_that_is_ridden_has_its_corners_and_a_constant_none() -> None:
    at = np.arange(100) * 1000
    ridden = np.interp(at, [0, 30_000, 60_000, 99_000], [0.0, 0.0, 6.0, 6.0])
    points = ride(ridden, np.ones(100), at)
    assert gain_at(points, 0.0, np.array([45_000.0]))[0] == pytest.approx(10 ** (3.0 / 20), rel=0.03)
    assert len(points) <= 8
    assert ride(np.full(100, 2.0), np.ones(100), at) == ()


@pytest.mark.parametrize("part", [0.0, 0.3, -0.45])
def test_a_part_of_a_sample_is_found(part: float) -> None:
    raw = sound_of(Path("raw"), music(5, 6.0), RATE_HZ)
    late = Line(0, 500, part).read((raw,), 0, 4 * RATE_HZ).astype(np.float32)
    found = aligned((raw,), sound_of(Path("edited"), late, RATE_HZ), 0, 505.0, (2000, 3 * RATE_HZ))
    assert found.offset_samples - found.delay_samples == pytest.approx(500 - part, abs=0.02)


def test_places_have_the_offset_that_a_full_correlation_has() -> None:
    samples = music(6, 25.0)
    raw = search_features(sound_of(Path("raw"), samples, RATE_HZ), SILENT)
    edited = search_features(sound_of(Path("edited"), samples[9 * RATE_HZ : 13 * RATE_HZ], RATE_HZ), SILENT)
    found = places([raw], edited, 22, stretches(len(edited.mono), 22, 5), SILENT)
    middle = edited.mono[11_025 : 3 * 11_025]
    slow = int(np.argmax(np.correlate(raw.mono, middle, "valid"))) - 11_025
    best = found.offset[found.score > 0.5]
    assert len(best)
    np.testing.assert_allclose(best, slow, atol=0.6)


@mostly_long("speed", [1.012, 0.98], keep=(0.98,))
def test_another_speed_is_told_and_turned_back(speed: float) -> None:
    samples = music(7, 30.0)
    edited = np.concatenate([samples[2 * RATE_HZ : 9 * RATE_HZ], samples[14 * RATE_HZ : 22 * RATE_HZ]])
    turned = np.asarray(soxr.resample(edited, speed, 1.0, quality="VHQ"), np.float32)
    raw = sound_of(Path("raw"), samples, RATE_HZ)
    found = match_sounds((raw,), sound_of(Path("edited"), turned, RATE_HZ))
    assert [round(one.raw_start_samples / RATE_HZ, 3) for one in found.segments] == [2.0, 14.0]
    for one in found.segments:
        assert one.speed == pytest.approx(speed, abs=3e-5)
    assert found.segments[1].edited_start_samples == pytest.approx(7 * RATE_HZ / speed, abs=15)


def test_lags_are_those_of_a_plain_correlation() -> None:
    """The best of a few cells by blocks is the best of a full normalised correlation."""
    known = np.random.default_rng(4).standard_normal(90_000).astype(np.float32)
    asked = np.zeros((2, 3000), np.float32)
    asked[0] = known[70_123:73_123] + np.random.default_rng(5).standard_normal(3000)
    asked[1, :2000] = known[100:2100]
    plain = np.correlate(known, asked[0], mode="valid")
    windows = np.lib.stride_tricks.sliding_window_view(known, 3000)
    plain /= np.linalg.norm(asked[0]) * np.sqrt(np.einsum("nk,nk->n", windows, windows))
    noisy, shorter = agreeing(known, asked, SILENT, "")
    assert round(noisy.lags[0]) == int(np.argmax(plain)) == 70_123
    assert noisy.scores[0] == pytest.approx(plain.max(), rel=1e-4)
    assert noisy.deviation == pytest.approx(float(np.std(plain)), rel=0.05)
    assert round(shorter.lags[0]) == 100
    assert len(noisy.above(6 * noisy.deviation, 9).lags) == 1


def test_some_of_many_are_spread_evenly() -> None:
    assert evenly(9, 3).tolist() == [0, 4, 8]
    assert evenly(2, 5).tolist() == [0, 1]
    assert evenly(0, 5).tolist() == []


def test_what_lies_beneath_noise_is_found_where_levels_tell_nothing() -> None:
    """A second 12 dB beneath white noise, of music as loud everywhere."""
    rng = np.random.default_rng(6)
    raw = lfilter([1.0], [1.0, -0.7], rng.standard_normal(30 * LOW_HZ)).astype(np.float32)
    edited = (4.0 * np.std(raw) * rng.standard_normal(4 * LOW_HZ)).astype(np.float32)
    edited[LOW_HZ : 3 * LOW_HZ] += raw[17 * LOW_HZ : 19 * LOW_HZ]
    found = faint_places([raw], edited, [(LOW_HZ, 3.0 * LOW_HZ)], SILENT)
    assert np.max(np.abs(found.offset[found.score > 0.9 * found.score.max()] - 16 * LOW_HZ)) < 0.5
    nothing = faint_places([raw], edited, [(0.0, 0.8 * LOW_HZ)], SILENT)
    assert len(nothing.at) == 0


def test_a_quiet_passage_is_not_the_end_of_the_line_beside_it() -> None:
    """Each chorus comes after a passage too quiet for levels, as before another chorus but not the same."""
    rng = np.random.default_rng(0)
    notes, quiet = music(0, 24.0), 2 * RATE_HZ
    common = rng.standard_normal((quiet, 2))
    passages = [
        (0.001 * (common + 0.8 * rng.standard_normal((quiet, 2)))).astype(np.float32) for _ in range(2)
    ]
    third = 8 * RATE_HZ
    verses = [notes[first : first + third] for first in (0, third, 2 * third)]
    raw = np.concatenate([verses[0], passages[0], verses[1], passages[1], verses[2]])
    edited = np.concatenate(
        [raw[2 * RATE_HZ : 4 * RATE_HZ], passages[1], raw[third + quiet :][: 4 * RATE_HZ]]
    )
    recording = _levels_untold(raw, (third, 2 * third + quiet), quiet)
    target = _levels_untold(edited, (2 * RATE_HZ,), quiet)
    found = searched([recording], target, first_look([recording], target, SILENT), SILENT)
    offsets = [one.line and one.line.offset * RATE_HZ / LOW_HZ for one in found]
    assert offsets == pytest.approx(
        [2 * RATE_HZ, 2 * third + quiet - 2 * RATE_HZ, third - 2 * RATE_HZ], abs=2
    )


def _levels_untold(samples: Samples, starts: Sequence[int], length: int) -> SearchFeatures:
    """Return a recording as it is heard, with levels that are the same throughout some spans."""
    one = search_features(sound_of(Path("quiet"), samples, RATE_HZ), SILENT)
    levels = one.levels.copy()
    for start in starts:
        frames = [round(edge * LOW_HZ / RATE_HZ / HOP_SAMPLES) for edge in (start, start + length)]
        levels[frames[0] - 2 : frames[1] + 2] = levels.mean(axis=0)
    return replace(one, levels=levels)


def _nulls(_line: Diagonal, _span: tuple[float, float]) -> bool:
    """Pass every line: nothing louder than the recording is in these files."""
    return True


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_line_goes_on_as_far_as_something_of_it_lies_beneath_noise(is_mirrored: bool) -> None:
    """Two seconds 12 dB beneath white noise after what is heard well, then two of something else."""
    rng = np.random.default_rng(9)
    raw = lfilter([1.0], [1.0, -0.7], rng.standard_normal(30 * LOW_HZ)).astype(np.float32)
    edited = (4.0 * np.std(raw) * rng.standard_normal(7 * LOW_HZ)).astype(np.float32)
    edited[: 3 * LOW_HZ] = raw[17 * LOW_HZ : 20 * LOW_HZ]
    edited[3 * LOW_HZ : 5 * LOW_HZ] += raw[20 * LOW_HZ : 22 * LOW_HZ]
    length, offset = float(len(edited)), 17.0 * LOW_HZ
    if is_mirrored:
        raw, edited, offset = raw[::-1], edited[::-1], len(raw) - offset - length
    known, unknown = Stretch(Diagonal(0, offset, 0.0, length, 1.0), 0.0, 3.0 * LOW_HZ), (3.0 * LOW_HZ, length)
    found = [known, Stretch(None, *unknown)]
    if is_mirrored:
        found = [
            Stretch(None, 0.0, length - known.stop),
            replace(known, start=length - known.stop, stop=length),
        ]
    on_line, rest = carried_on([raw], edited, found, _nulls, SILENT).stretches[:: -1 if is_mirrored else 1]
    assert on_line.line == known.line
    assert rest.line is None
    assert (on_line.stop - on_line.start) / LOW_HZ == pytest.approx(5.0, abs=0.3)


def test_a_line_does_not_go_on_in_what_is_foreign() -> None:
    """Nor in silence, nor beyond the end of the recording."""
    rng = np.random.default_rng(10)
    raw = lfilter([1.0], [1.0, -0.7], rng.standard_normal(30 * LOW_HZ)).astype(np.float32)
    for number in range(200):
        edited = rng.standard_normal(4 * LOW_HZ).astype(np.float32) * (0.0 if number == 0 else 1.0)
        edited[:LOW_HZ] = raw[17 * LOW_HZ : 18 * LOW_HZ]
        offset = (30.0 if number == 1 else 17.0) * LOW_HZ
        line = Diagonal(0, offset, 0.0, 4.0 * LOW_HZ, 1.0)
        found = [Stretch(line, 0.0, float(LOW_HZ)), Stretch(None, float(LOW_HZ), 4.0 * LOW_HZ)]
        assert carried_on([raw], edited, found, _nulls, SILENT).stretches == found


def test_a_line_does_not_go_on_because_the_same_tones_sound() -> None:
    """A drone agrees with itself wherever it is held against itself; so does hum."""
    rng = np.random.default_rng(11)
    at_s = np.arange(12 * LOW_HZ) / LOW_HZ
    chord = [110.0 * 2.0 ** (note / 12) for note in (0, 4, 7, 12, 16, 19, 24)]
    for _ in range(20):
        known, other = (
            sum(np.sin(2 * np.pi * hz * at_s + rng.uniform(0.0, 2 * np.pi)) for hz in chord)
            + 0.1 * rng.standard_normal(len(at_s))
            for _ in range(2)
        )
        edited = np.concatenate([known[: 4 * LOW_HZ], other[: 6 * LOW_HZ]]).astype(np.float32)
        line = Diagonal(0, 0.0, 0.0, 10.0 * LOW_HZ, 1.0)
        found = [Stretch(line, 0.0, 4.0 * LOW_HZ), Stretch(None, 4.0 * LOW_HZ, 10.0 * LOW_HZ)]
        assert carried_on([known.astype(np.float32)], edited, found, _nulls, SILENT).stretches == found


def test_the_right_one_of_many_repeats_is_chosen() -> None:
    """A loop that comes forty times with something 26 dB below it that does not, in noise 20 dB below."""
    rng = np.random.default_rng(7)
    loop = lfilter([1.0], [1.0, -0.9], rng.standard_normal(LOW_HZ)).astype(np.float32)
    raw = np.tile(loop, 40) + 0.05 * np.std(loop) * rng.standard_normal(40 * LOW_HZ).astype(np.float32)
    edited = raw[23 * LOW_HZ : 25 * LOW_HZ]
    edited = edited + 0.1 * np.std(loop) * rng.standard_normal(2 * LOW_HZ).astype(np.float32)
    wrong = Stretch(Diagonal(0, 5.0 * LOW_HZ, 0.0, 2.0 * LOW_HZ, 1.0), 0.0, 2.0 * LOW_HZ)
    (settled_one,) = settled([raw], edited, [wrong], SILENT)
    assert settled_one.line is not None
    assert abs(settled_one.line.offset - 23 * LOW_HZ) < 0.5


def test_stretches_that_are_settled_on_one_line_are_one() -> None:
    line = Diagonal(0, 100.0, 0.0, 9.0, 1.0)
    parts = [
        Stretch(line, 0.0, 4.0),
        Stretch(replace(line, offset=100.5), 4.0, 9.0),
        Stretch(None, 9.0, 11.0),
    ]
    assert [(one.start, one.stop) for one in joined(parts)] == [(0.0, 9.0), (9.0, 11.0)]


def test_deep_sound_is_aligned_although_it_is_cut_out_of_more() -> None:
    """The whitened ends, which agree at other lags, once weighed more than two notes below 200 Hz."""
    at_s = np.arange(4 * RATE_HZ) / RATE_HZ
    rng = np.random.default_rng(8)
    level = np.interp(at_s, np.arange(0.0, 4.1, 0.1), rng.uniform(0.2, 1.0, 41))
    raw = level * (np.sin(2 * np.pi * 61.3 * at_s) + 0.5 * np.sin(2 * np.pi * 187.1 * at_s))
    raw = (0.3 * raw + 1e-4 * rng.standard_normal(len(raw))).astype(np.float32)[:, None]
    edited = raw[RATE_HZ : 2 * RATE_HZ]
    line = aligned(
        (sound_of(Path("raw"), raw, RATE_HZ),),
        sound_of(Path("edited"), edited, RATE_HZ),
        0,
        RATE_HZ + 3.0,
        (5000, RATE_HZ - 5000),
    )
    assert (line.offset_samples, line.delay_samples) == (RATE_HZ, 0.0)


def test_lines_that_take_turns_in_a_crossfade_do_so_once() -> None:
    """A long crossfade, in which now one side and now the other is louder, is one seam."""
    one, other = Diagonal(0, 100.0, 0.0, 9.0, 1.0), Diagonal(0, 5000.0, 0.0, 9.0, 1.0)
    edges_s = [0.0, 3.0, 3.2, 3.5, 6.0]
    found = [
        Stretch(line, start * LOW_HZ, stop * LOW_HZ)
        for line, (start, stop) in zip((one, other, one, other), pairwise(edges_s), strict=True)
    ]
    assert [(each.line, each.stop / LOW_HZ) for each in without_flicker(found)] == [(one, 3.25), (other, 6.0)]
    long = [replace(each, start=each.start * 9, stop=each.stop * 9) for each in found]
    assert without_flicker(long) == long


@pytest.mark.parametrize(("gain_db", "at_hz"), [(6.0, 2000.0), (-8.0, 300.0)])
def test_the_equaliser_of_a_copy_is_measured_by_octaves(gain_db: float, at_hz: float) -> None:
    raw = music(7, 40.0)
    turn = 2.0 * np.pi * at_hz
    shelf = bilinear([10.0 ** (gain_db / 20.0), turn], [1.0, turn], RATE_HZ)
    treated = lfilter(*shelf, raw[20 * RATE_HZ : 26 * RATE_HZ], axis=0).astype(np.float32)
    edited = np.concatenate([treated, 0.5 * raw[5 * RATE_HZ : 13 * RATE_HZ]])
    noise = 1e-3 * np.random.default_rng(0).standard_normal(edited.shape).astype(np.float32)
    for version in (edited, edited + noise):
        found = match_sounds(
            (sound_of(Path("raw"), raw, RATE_HZ),), sound_of(Path("edited"), version, RATE_HZ)
        )
        changed, plain = found.segments
        assert not plain.eq_db
        points = np.array([(point.at_hz, point.gain_db + changed.gain_db) for point in changed.eq_db])
        expected_db = 20.0 * np.log10(np.abs(freqz(*shelf, points[:, 0], fs=RATE_HZ)[1]))
        assert len(points) >= 5
        assert np.abs(points[:, 1] - expected_db).max() < 1.5
        assert np.median(np.abs(points[:, 1] - expected_db)) < 0.8
