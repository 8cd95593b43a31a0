"""Likelihoods of lines, and the likeliest way along them, against plain sums and plain dynamic programmes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.features.match.nulling import _likeliest
from engine.features.match.searching.likelihood import (
    NUMBERS,
    SEARCHED_RATIO,
    STEP_SAMPLES,
    UNKNOWN,
    WINDOW_SAMPLES,
    Stay,
    band_likelihoods,
    band_powers,
    banded,
    cut,
    decode,
    log_likelihoods,
    looked_at,
    on_line,
    pooled,
    ratio_of,
    turns,
    unexplained,
    window_of,
)
from engine.features.match.searching.places import Diagonal

_JUMP = 70.0
_BINS = [8, 8, 8, 12, 12, 16, 20, 24, 28, 32, 32, 32]


def _noise(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(count).astype(np.float32)


def _line(offset: float, raw: int = 0, span: tuple[float, float] = (0.0, 1e9)) -> Diagonal:
    return Diagonal(raw, offset, *span, 1.0)


@pytest.mark.parametrize(
    ("begin", "length", "expected"),
    [
        (0, 3, [1, 2, 3]),
        (2, 4, [3, 4, 5, 0]),
        (-2, 4, [0, 0, 1, 2]),
        (-2, 9, [0, 0, 1, 2, 3, 4, 5, 0, 0]),
        (-4, 4, [0, 0, 0, 0]),
        (-9, 4, [0, 0, 0, 0]),
        (5, 2, [0, 0]),
        (9, 1, [0]),
        (1, 0, []),
    ],
)
def test_samples_beyond_a_recording_are_zeros(begin: int, length: int, expected: list[int]) -> None:
    assert cut(np.arange(1, 6, dtype=np.float32), begin, length).tolist() == expected


def test_steps_are_computed_from_a_step_more_on_either_side() -> None:
    assert window_of(1, 1) == (-STEP_SAMPLES, 2 * STEP_SAMPLES + WINDOW_SAMPLES)
    assert window_of(10, 5) == (9 * 256 - 256, 6 * 256 + 512)


def test_a_recording_on_a_line_of_whole_samples_is_the_recording() -> None:
    raw = _noise(1, 500)
    np.testing.assert_allclose(on_line(raw, 100.0, 0, 50), raw[100:150], atol=1e-9)
    np.testing.assert_allclose(on_line(raw, -20.0, 0, 50), cut(raw, -20, 50), atol=1e-9)


def test_a_recording_on_a_line_between_samples_is_a_sine_at_that_phase() -> None:
    sine = np.sin(2 * np.pi * np.arange(4000) / 40).astype(np.float32)
    found = on_line(sine, 200.25, 1000, 1100)
    np.testing.assert_allclose(found, np.sin(2 * np.pi * (np.arange(1200, 1300) + 0.25) / 40), atol=1e-3)


def test_bands_hold_the_bins_between_their_edges() -> None:
    assert banded(np.ones((1, 1, 257))).ravel().tolist() == _BINS
    assert (NUMBERS * 2).tolist() == _BINS
    single = np.zeros((1, 1, 257))
    single[..., [0, 2, 3, 10, 11, 234, 235, 256]] = 1.0  # the first and the last two are in no band
    assert banded(single).ravel().tolist() == [2, 1, *[0] * 9, 1]


def test_steps_are_pooled_with_half_of_their_neighbours() -> None:
    values = np.array([2.0, 4.0, 6.0, 20.0])[None, :, None]
    assert pooled(values)[0, :, 0].tolist() == [8.0, 18.0]
    assert pooled(values[:, :2]).shape == (1, 0, 1)


def test_the_ratio_of_no_coherence_is_nothing_and_that_of_all_is_limited() -> None:
    np.testing.assert_array_equal(ratio_of(np.zeros(12)), 0.0 * NUMBERS)
    np.testing.assert_allclose(ratio_of(np.ones(12)), np.log(1e7) * NUMBERS)
    np.testing.assert_allclose(ratio_of(np.full(12, 0.5)), np.log(2.0) * NUMBERS)
    share = np.array([1e-7, 0.25, 1.0]).repeat(4)
    np.testing.assert_allclose(unexplained(ratio_of(1.0 - share)), share, rtol=1e-6)


def test_a_whole_offset_turns_no_phase_and_half_a_sample_turns_the_highest_by_a_quarter() -> None:
    found = turns([_line(7.0), _line(7.5), _line(8.5), _line(-0.25)])
    np.testing.assert_allclose(found[0], 1.0)
    # Half samples are rounded to even: 7.5 is 8 - 0.5, and 8.5 is 8 + 0.5.
    np.testing.assert_allclose(found[1:, 256], [-1j, 1j, np.exp(-0.25j * np.pi)], atol=1e-6)


def test_the_power_of_bands_is_that_of_their_bins() -> None:
    edited = _noise(2, 3000)
    window = np.hanning(WINDOW_SAMPLES + 1)[:-1]
    plain = np.zeros(12)
    for begin, weight in ((512 - 256, 0.5), (768 - 256, 1.0), (1024 - 256, 0.5)):
        power = np.abs(np.fft.rfft(edited[begin : begin + 512] * window)) ** 2
        first = 3
        for band, bins in enumerate(_BINS):
            plain[band] += weight * power[first : first + bins].sum()
            first += bins
    np.testing.assert_allclose(band_powers(edited, 3, 1)[0], plain, rtol=1e-4)


@pytest.mark.parametrize("gain", [1.0, -0.01, 300.0])
def test_a_copy_has_all_nats_and_something_else_a_few_by_chance(gain: float) -> None:
    raw = _noise(3, 6000)
    edited = (gain * raw[1000:5000]).astype(np.float32)
    found = log_likelihoods([raw], edited, [_line(1000.0), _line(300.0)], 4, 6, 0.0)
    np.testing.assert_allclose(found[:, 0], np.log(1e7) * NUMBERS.sum(), rtol=0.05)
    assert found[:, 1].max() < 0.02 * found[0, 0]
    bands = band_likelihoods([raw], edited, [_line(1000.0), _line(300.0)], 4, 6)
    np.testing.assert_allclose(bands.ratio.sum(axis=2), found.T, rtol=1e-9)
    assert bands.energy.shape == (6, 12)
    assert not bands.is_quiet.any()
    assert not bands.is_line_quiet.any()


def test_silence_on_both_sides_has_the_value_asked_for_and_on_one_none() -> None:
    raw, edited = _noise(4, 6000), _noise(5, 6000)
    raw[3000:], edited[:1500], edited[4500:] = 0.0, 0.0, 0.0
    found = log_likelihoods([raw], edited, [_line(0.0)], 0, 24, -7.0)[:, 0]
    # Edited silence against sound, sound against sound, sound against silence, silence on both sides.
    assert found[:4].tolist() == [0.0] * 4
    assert np.all(found[8:10] > 0.0)
    assert found[14:16].tolist() == [0.0] * 2
    assert found[20:].tolist() == [-7.0] * 4


def test_each_line_at_steps_of_its_own_is_as_likely_as_by_itself() -> None:
    raws, edited = [_noise(6, 8000), _noise(7, 8000)], _noise(8, 6000)
    lines = [_line(100.0), _line(-300.25, 1), _line(2000.5)]
    firsts = np.array([9, 2, 9])
    found = looked_at(raws, edited, lines, firsts, 3)
    for row, (line, first) in enumerate(zip(lines, firsts.tolist(), strict=True)):
        alone = log_likelihoods(raws, edited, [line], first, 3, 0.0)[:, 0]
        np.testing.assert_allclose(found[row], alone, rtol=1e-5)


def _cheapest_way(gains: np.ndarray) -> list[int]:
    """Return the best way through columns, entered from the last one, where each change costs a jump."""
    steps, states = gains.shape
    totals = [-_JUMP] * (states - 1) + [0.0]
    came_from = []
    for step in range(steps):
        row, now = [], []
        for state in range(states):
            ways = [totals[one] - (0.0 if one == state else _JUMP) for one in range(states)]
            if step == 0:
                ways = [totals[state] if one == state else -np.inf for one in range(states)]
            row.append(int(np.argmax(ways)))
            now.append(max(ways) + gains[step, state])
        came_from.append(row)
        totals = now
    way = [int(np.argmax(totals))]
    for row in came_from[:0:-1]:
        way.append(row[way[-1]])
    return way[::-1]


@pytest.mark.parametrize("seed", range(4))
def test_the_way_along_lines_is_that_of_a_plain_dynamic_programme(seed: int) -> None:
    """Two recordings cut together beneath noise, foreign sound, and lines that are wrong."""
    rng = np.random.default_rng(seed)
    raws = [_noise(10 + seed, 30_000), _noise(20 + seed, 30_000)]
    lengths = rng.integers(2000, 9000, 4).tolist()
    pieces = [
        raws[0][3000:][: lengths[0]],
        raws[1][500:][: lengths[1]],
        _noise(30 + seed, lengths[2]),
        raws[0][14_000:][: lengths[3]],
    ]
    edited = np.concatenate(pieces)
    edited += 0.6 * _noise(40 + seed, len(edited))
    edges = np.cumsum([0, *lengths])
    lines = [_line(3000.0), _line(500.0 - edges[1], 1), _line(14_000.0 - edges[3]), _line(1234.0, 1)]
    found = decode(raws, edited, lines, SILENT)
    steps = len(edited) // STEP_SAMPLES + 1
    gains = np.full((steps, 5), SEARCHED_RATIO)
    gains[:, :4] = log_likelihoods(raws, edited, lines, 0, steps, SEARCHED_RATIO)
    way = [UNKNOWN if state == 4 else state for state in _cheapest_way(gains)]
    assert [one.line for one in found for _ in range(one.stop - one.start)] == way
    assert [one.line for one in found] == [0, 1, UNKNOWN, 2]
    borders = [one.start * STEP_SAMPLES for one in found[1:]]
    np.testing.assert_allclose(borders, edges[1:4], atol=2 * STEP_SAMPLES)


def test_a_line_is_left_for_what_is_worth_two_jumps() -> None:
    """In ten steps of silence the line has nothing; what it has without them is compared with the price."""
    raw = _noise(53, 20_000)
    edited = raw[:16_000].copy()
    edited[4608:7936] = 0.0
    gains = log_likelihoods([raw], edited, [_line(0.0)], 0, 63, 0.0)[:, 0]
    left = []
    for unknown_ratio in np.arange(11.0, 15.0, 0.25).tolist():
        gone = np.concatenate([[0.0], np.cumsum(unknown_ratio - gains)])
        most = (gone - np.minimum.accumulate(gone)).max()
        found = decode([raw], edited, [_line(0.0)], SILENT, unknown_ratio)
        left.append(len(found) == 3)
        assert left[-1] == (most > 2 * _JUMP)
    assert left == sorted(left)
    assert True in left
    assert False in left


def test_without_lines_all_is_unknown() -> None:
    assert decode([], _noise(50, 1000), [], SILENT) == [Stay(UNKNOWN, 0, 4)]
    assert decode([_noise(51, 900)], np.zeros(0, np.float32), [], SILENT) == [Stay(UNKNOWN, 0, 1)]


def test_a_line_counts_from_the_block_on_in_which_it_is_near_where_it_was_seen() -> None:
    """Near is 1.2 s; a block is 32 steps. One that is followed stays among the lines beyond that."""
    raw = _noise(52, 60_000)
    edited, steps = raw[:50_000].copy(), 50_000 // STEP_SAMPLES + 1
    assert decode([raw], edited, [_line(0.0, span=(0.0, 8_000.0))], SILENT) == [Stay(0, 0, steps)]
    late = decode([raw], edited, [_line(0.0, span=(45_000.0, 50_000.0))], SILENT)
    assert late == [Stay(UNKNOWN, 0, 96), Stay(0, 96, steps)]


@pytest.mark.parametrize("seed", range(6))
def test_steps_of_a_copy_are_those_of_the_likeliest_of_all_ways(seed: int) -> None:
    gained = np.random.default_rng(seed).normal(0.0, 60.0, 10)
    ways = (np.arange(1 << 10)[:, None] >> np.arange(10)) & 1
    totals = ways @ gained - 100.0 * np.abs(np.diff(ways, axis=1)).sum(axis=1)
    assert _likeliest(gained).astype(int).tolist() == ways[int(np.argmax(totals))].tolist()


def test_a_change_of_a_copy_has_its_price() -> None:
    assert _likeliest(np.array([120.0, -99.0, -99.0, 60.0])).tolist() == [True, False, False, False]
    assert _likeliest(np.array([150.0, -199.0, 150.0])).tolist() == [True] * 3
    assert _likeliest(np.array([150.0, -201.0, 150.0])).tolist() == [True, False, True]
    assert _likeliest(np.array([0.0])).tolist() == [True]  # of two as likely, a copy
    assert _likeliest(np.zeros(0)).tolist() == []
