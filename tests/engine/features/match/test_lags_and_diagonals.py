"""Places in the recordings and the lines through them, on sounds of a few thousand samples."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.features.match.searching.lags import (
    Lags,
    agreeing,
    evenly,
    faint_places,
    filtered,
    inverse_filter,
)
from engine.features.match.searching.places import (
    Diagonal,
    Places,
    diagonals,
    finer_lags,
    joined_places,
    places,
    stretches,
)
from engine.features.match.sound import HOP_SAMPLES, RATE_HZ, SearchFeatures, patterns

_CELL = 256  # lags of which the best one counts


def _noise(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(count).astype(np.float32)


def _found(*rows: tuple[float, int, float, float]) -> Places:
    at, raw, offset, score = np.array(rows, np.float64).reshape(-1, 4).T
    return Places(at, raw.astype(np.int64), offset, score)


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [
        (1, 1, [0]),
        (5, 5, [0, 1, 2, 3, 4]),
        (10, 4, [0, 3, 6, 9]),
        (7, 1, [0]),
        (100, 5, [0, 24, 49, 74, 99]),
        (3, 0, []),
    ],
)
def test_some_of_many_include_the_first_and_the_last(count: int, most: int, expected: list[int]) -> None:
    assert evenly(count, most).tolist() == expected


def test_lags_above_a_score_are_the_first_ones() -> None:
    lags = Lags(np.array([40.0, 10.0, 30.0]), np.array([0.9, 0.5, 0.2]), 0.1)
    assert lags.above(0.3, 9).lags.tolist() == [40.0, 10.0]
    assert lags.above(0.3, 1).scores.tolist() == [0.9]
    assert lags.above(0.5, 9).lags.tolist() == [40.0]  # as high is not above
    assert lags.above(1.0, 9).lags.tolist() == []
    assert lags.above(0.0, 0).deviation == 0.1


def test_the_best_lag_of_each_cell_is_that_of_a_direct_correlation() -> None:
    """Every cell of the recording has one lag, and beyond its end the recording is silent."""
    known, asked = _noise(1, 3000), _noise(2, 400)[None]
    (found,) = agreeing(known, asked, SILENT, "")
    padded = np.concatenate([known, np.zeros(400, np.float32)]).astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 400)[:3000]
    quietest = 1e-6 * 400 * float(np.mean(known.astype(np.float64) ** 2))
    power = np.maximum(np.sum(windows**2, axis=1), quietest)
    plain = windows @ asked[0] / np.sqrt(power) / np.linalg.norm(asked[0])
    cells = [slice(first, first + _CELL) for first in range(0, 3000, _CELL)]
    best = [cell.start + int(np.argmax(plain[cell])) for cell in cells]
    heard = found.scores > 0.0
    assert np.all(np.diff(found.scores) <= 0.0)
    order = np.argsort(found.lags[heard])
    np.testing.assert_allclose(found.lags[heard][order][: len(best)], best, atol=0.51)
    np.testing.assert_allclose(found.scores[heard][order][: len(best)], plain[best], atol=1e-4)
    assert found.deviation == pytest.approx(np.sqrt(np.sum(plain**2) / 3000), rel=1e-3)


def test_a_copy_agrees_wholly_at_its_place_whatever_its_gain() -> None:
    known = _noise(3, 5000)
    asked = np.stack([known[1234:1734], -known[1234:1734], 1e-3 * known[4000:4500], np.zeros(500)])
    copy, inverted, quiet, silent = agreeing(known, asked.astype(np.float32), SILENT, "")
    assert (round(copy.lags[0]), round(quiet.lags[0])) == (1234, 4000)
    assert (copy.scores[0], quiet.scores[0]) == pytest.approx((1.0, 1.0), abs=1e-4)
    assert inverted.scores[0] < 0.3
    assert silent.scores.max() == 0.0
    assert silent.deviation == 0.0


def test_nothing_is_at_any_lag_of_an_empty_recording() -> None:
    for found in agreeing(np.zeros(0, np.float32), np.ones((2, 9), np.float32), SILENT, ""):
        assert (len(found.lags), len(found.scores), found.deviation) == (0, 0, 0.0)
    for found in agreeing(np.zeros(300, np.float32), np.ones((1, 9), np.float32), SILENT, ""):
        assert found.scores.max() == 0.0


def test_an_inverse_filter_is_symmetric_and_evens_out_a_spectrum() -> None:
    white = _noise(4, 40_000)
    dark = np.convolve(white, [1.0, 0.8], "same").astype(np.float32)
    taps = inverse_filter(dark)
    assert len(taps) == 1023
    np.testing.assert_allclose(taps, taps[::-1], atol=1e-4 * np.abs(taps).max())

    def tilt_db(samples: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(samples.astype(np.float64))) ** 2
        return 10.0 * float(np.log10(power[:5000].sum() / power[-5000:].sum()))

    assert tilt_db(dark) > 10.0
    assert abs(tilt_db(filtered(dark, taps))) < 1.0


@pytest.mark.parametrize("count", [1, 2, 700])
def test_an_inverse_filter_of_a_few_samples_or_of_silence_is_finite(count: int) -> None:
    assert np.all(np.isfinite(inverse_filter(_noise(5, count))))
    assert np.all(np.isfinite(inverse_filter(np.zeros(count, np.float32))))


def test_a_filter_of_one_tap_in_its_middle_changes_nothing() -> None:
    samples, taps = _noise(6, 777), np.zeros(1023, np.float32)
    taps[511] = 1.0
    np.testing.assert_allclose(filtered(samples, taps), samples, atol=1e-6)
    assert filtered(samples[:0], taps).tolist() == []


def test_faint_places_name_the_recording_the_middle_and_the_lag() -> None:
    raws = [_noise(7, 2 * RATE_HZ), _noise(8, 2 * RATE_HZ)]
    edited = _noise(9, RATE_HZ)
    edited[:] = raws[1][4321 : 4321 + RATE_HZ] + 0.5 * edited
    found = faint_places(raws, edited, [(0.0, float(RATE_HZ))], SILENT)
    best = int(np.argmax(found.score))
    assert (found.raw[best], found.at[best], round(found.offset[best])) == (1, RATE_HZ / 2, 4321)
    for spans in ([], [(100.0, 100.0)], [(0.0, RATE_HZ / 2 - 1.0)], [(1e6, 2e6)]):
        assert len(faint_places(raws, edited, spans, SILENT).at) == 0
    assert len(faint_places(raws, 0.0 * edited, [(0.0, float(RATE_HZ))], SILENT).at) == 0


def test_places_of_several_searches_are_one_after_another() -> None:
    one, other = _found((1.0, 0, 5.0, 0.5), (2.0, 1, 6.0, 0.6)), _found((0.5, 2, 7.0, 0.7))
    both = joined_places([one, other])
    assert both.at.tolist() == [1.0, 2.0, 0.5]
    assert both.raw.tolist() == [0, 1, 2]
    assert both.offset.tolist() == [5.0, 6.0, 7.0]
    assert both.score.tolist() == [0.5, 0.6, 0.7]
    assert joined_places([]).raw.dtype == np.int64


@pytest.mark.parametrize(
    ("frames_long", "frames", "hop", "expected"),
    [
        (10, 4, 3, [0, 3, 6]),
        (10, 4, 4, [0, 4, 6]),
        (4, 4, 2, [0]),
        (3, 4, 2, [0]),
        (0, 22, 5, [0]),
        (30, 8, 10, [0, 10, 20, 22]),
    ],
)
def test_segments_cover_a_recording_up_to_its_last_frame(
    frames_long: int, frames: int, hop: int, expected: list[int]
) -> None:
    assert stretches(frames_long * HOP_SAMPLES + 5, frames, hop).tolist() == expected


def test_places_of_one_offset_are_a_line_until_the_gap_is_too_long() -> None:
    found = _found(
        (100.0, 0, 50.0, 0.5),
        (500.0, 0, 50.5, 0.9),
        (300.0, 0, 50.2, 1.0),
        (900.0, 0, 50.4, 0.6),
        (100.0, 0, 52.0, 0.3),
        (200.0, 1, 50.1, 0.4),
    )
    lines = diagonals(found, 40.0, 250.0)
    assert [(one.raw, one.start, one.stop, one.score) for one in lines] == [
        (0, 80.0, 520.0, 1.0),
        (0, 80.0, 120.0, 0.3),
        (1, 180.0, 220.0, 0.4),
        (0, 880.0, 920.0, 0.6),
    ]
    # The offset of a line is the median of its best places alone: those at 0.8 of the best and more.
    assert [one.offset for one in lines] == pytest.approx([50.35, 52.0, 50.1, 50.4])
    assert lines[0] == Diagonal(0, lines[0].offset, 80.0, 520.0, 1.0)


def test_no_places_are_no_lines_and_one_place_is_one() -> None:
    assert diagonals(_found(), 40.0, 100.0) == []
    assert diagonals(_found((7.0, 3, -2.5, 0.1)), 4.0, 0.0) == [Diagonal(3, -2.5, 5.0, 9.0, 0.1)]


def test_offsets_that_drift_step_by_step_are_one_line() -> None:
    """Neighbours within 0.8 of a sample are the same line, however far its ends are from each other."""
    rows = [(100.0 * n, 0, 0.79 * n, 0.5) for n in range(10)]
    assert len(diagonals(_found(*rows), 40.0, 150.0)) == 1
    rows = [(100.0 * n, 0, 0.81 * n, 0.5) for n in range(10)]
    assert len(diagonals(_found(*rows), 40.0, 150.0)) == 10


def test_lags_between_samples_of_one_cosine_are_on_the_cosine() -> None:
    spectra = np.zeros((1, 33), np.complex64)
    spectra[0, 5] = 32.0
    whole = np.cos(2 * np.pi * 5 * np.arange(20) / 64).astype(np.float32)[None]
    finer = finer_lags(whole, spectra, 64)
    np.testing.assert_allclose(finer[0], np.cos(2 * np.pi * 5 * np.arange(39) / 128), atol=1e-6)


def test_a_segment_is_found_at_each_of_its_places_the_best_first() -> None:
    """Twice in one recording, the second time beneath noise, and in another one between two frames."""
    frames, rng = 8, np.random.default_rng(10)
    piece = _noise(11, frames * HOP_SAMPLES)
    levels = rng.standard_normal((frames, 14)).astype(np.float32)

    def recording(seed: int, count: int, *at: tuple[int, int, float]) -> SearchFeatures:
        mono = 0.1 * _noise(seed, count * HOP_SAMPLES)
        heard = np.random.default_rng(seed + 1).standard_normal((count, 14)).astype(np.float32)
        for frame, late, noise in at:
            begin = frame * HOP_SAMPLES + late
            mono[begin : begin + len(piece)] = piece + noise * _noise(seed + 2, len(piece))
            heard[frame : frame + frames] = levels
        return SearchFeatures(mono, heard)

    raws = [recording(20, 60, (10, 0, 0.0), (40, 0, 0.5)), recording(30, 30, (12, 100, 0.2))]
    edited = SearchFeatures(piece, levels)
    found = places(raws, edited, frames, np.array([0, 3, 99]), SILENT)
    assert found.raw.tolist() == [0, 1, 0]
    expected = [10 * HOP_SAMPLES, 12 * HOP_SAMPLES + 100, 40 * HOP_SAMPLES]
    np.testing.assert_allclose(found.offset, expected, atol=0.1)
    assert found.at.tolist() == [frames * HOP_SAMPLES / 2] * 3
    assert np.all(np.diff(found.score) < 0.0)
    assert found.score[0] == pytest.approx(1.0, abs=0.02)
    assert len(places(raws, edited, frames, np.array([], np.int64), SILENT).at) == 0


def test_the_course_of_levels_is_the_same_however_loud_and_nothing_in_silence() -> None:
    levels = np.random.default_rng(12).standard_normal((12, 3)).astype(np.float32)
    mean = levels.mean(axis=0)
    louder = levels + np.array([5.0, 0.0, 0.0], np.float32)  # the first term is the level of all bands
    found, same = (patterns(one, 6, mean) for one in (levels, louder))
    assert found.shape == (7, 4 * 3)
    np.testing.assert_allclose(found, same, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)
    assert np.abs(patterns(np.tile(mean, (12, 1)), 6, mean)).max() < 1e-2
    assert patterns(levels[:5], 6, mean).shape == (0, 12)
