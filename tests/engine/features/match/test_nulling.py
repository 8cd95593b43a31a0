"""The null test of the search and that of the rendered list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.features.match.copies import NullTested, proven
from engine.features.match.matched import Segment
from engine.features.match.nulling import Expected, crossfaded_likelihoods, nulled, nulls
from engine.features.match.searching.likelihood import STEP_SAMPLES, log_likelihoods, ratio_of, unexplained
from engine.features.match.searching.places import Diagonal
from engine.features.match.searching.search import Stretch
from engine.features.match.sound import RATE_HZ

_S = RATE_HZ


def _noise(seed: int, length_s: float) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(round(length_s * RATE_HZ)).astype(np.float32)


def _line(offset_s: float) -> Diagonal:
    return Diagonal(0, offset_s * _S, 0.0, 60.0 * _S, 1.0)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
def test_foreign_sound_on_a_line_loses_it_and_a_copy_keeps_it(noise: float) -> None:
    """Half a second in the middle of a line, and 0.6 s on a line of its own."""
    raw = _noise(1, 40.0)
    edited = raw[5 * _S : 15 * _S].copy()
    edited[4 * _S : 9 * _S // 2] = _noise(2, 0.5)
    edited = np.concatenate([edited, _noise(3, 0.6)])
    edited += noise * _noise(4, 10.6)
    found = [Stretch(_line(5.0), 0.0, 10.0 * _S), Stretch(_line(20.0), 10.0 * _S, 10.6 * _S)]
    after = nulled([raw], edited, found, SILENT)
    spans = [(one.start / _S, one.stop / _S, one.line is not None) for one in after.stretches]
    assert [known for _, _, known in spans] == [True, False, True, False]
    assert [start for start, _, _ in spans] == pytest.approx([0.0, 4.0, 4.5, 10.0], abs=0.05)
    assert nulls([raw], edited, _line(5.0), (0.0, 3.0 * _S), after.expected)
    assert not nulls([raw], edited, _line(5.0), (4.0 * _S, 4.5 * _S), after.expected)


def test_nothing_is_found_where_nothing_is_certain() -> None:
    raw, edited = _noise(5, 20.0), _noise(6, 5.0)
    after = nulled([raw], edited, [Stretch(_line(3.0), 0.0, 5.0 * _S)], SILENT)
    assert [one.line for one in after.stretches] == [None]
    assert not nulls([raw], edited, _line(3.0), (0.0, 1.0 * _S), after.expected)


def test_a_snippet_between_foreign_sounds_is_foreign_and_one_between_pieces_is_not() -> None:
    raw, other = _noise(7, 40.0), _noise(8, 4.0)
    snippet = raw[30 * _S : 30 * _S + _S // 5]
    first, last = raw[2 * _S : 6 * _S], raw[10 * _S : 14 * _S]
    for around, is_known in ((other[:_S], False), (other[:0], True)):
        edited = np.concatenate([first, around, snippet, around, last])
        edges = np.cumsum([0, *map(len, (first, around, snippet, around, last))])
        lines = (_line(2.0), None, replace(_line(0.0), offset=30.0 * _S - edges[2]), None)
        lines = (*lines, replace(_line(0.0), offset=10.0 * _S - edges[4]))
        found = [
            Stretch(line, float(edges[n]), float(edges[n + 1]))
            for n, line in enumerate(lines)
            if edges[n + 1] > edges[n]
        ]
        offsets = [one.line and one.line.offset for one in nulled([raw], edited, found, SILENT).stretches]
        assert (30.0 * _S - edges[2] in offsets) == is_known


def test_a_crossfade_is_a_mix_of_both_lines_and_of_neither_alone() -> None:
    raw = _noise(9, 20.0)
    rise = np.linspace(0.0, 1.0, _S, dtype=np.float32)
    edited = (1.0 - rise) * raw[2 * _S : 3 * _S] + rise * raw[9 * _S : 10 * _S]
    lines = _line(2.0), _line(9.0)
    middle, count = _S // 2 // STEP_SAMPLES - 4, 8
    alone = log_likelihoods([raw], edited, lines, middle, count, 0.0)
    mix = crossfaded_likelihoods([raw], edited, lines, middle, count)
    assert mix.min() > 2.0 * alone.max()
    same = crossfaded_likelihoods([raw], edited, (lines[0], lines[0]), middle, count)
    assert np.all(same == 0.0)


def test_a_pure_tone_is_a_finite_mix() -> None:
    """Rounding makes the smoothed power next to a tone slightly negative."""
    tone = (0.9 * np.sin(2.0 * np.pi * np.arange(4 * _S) / 16)).astype(np.float32)
    with np.errstate(invalid="raise"):
        mix = crossfaded_likelihoods([tone], tone, (_line(0.0), _line(0.5)), 10, 20)
    assert np.all(np.isfinite(mix))


def test_what_is_expected_at_a_level_is_the_median_there() -> None:
    energy = np.repeat(np.exp(np.arange(10.0)), 8)[:, None] * np.ones(12)
    ratio = np.full((80, 12), 3.0)
    ratio[:, 0] = np.repeat(np.arange(10.0), 8)
    expected = Expected.measured([ratio[:40], ratio[40:]], [energy[:40], energy[40:]])
    found = expected.of(np.exp(np.array([4.5, 99.0, -9.0]))[:, None] * np.ones(12))
    np.testing.assert_allclose(found[:, :2], [[4.5, 3.0], [9.0, 3.0], [0.0, 0.0]], atol=1e-9)
    share = np.linspace(0.01, 0.99, 12)
    np.testing.assert_allclose(unexplained(ratio_of(1.0 - share)), share)


def test_a_segment_that_leaves_far_more_than_others_is_dropped() -> None:
    """Beneath noise a segment leaves all of its sound, but no more than others do."""

    def tested(number: int, residual_db: float, power: float) -> NullTested:
        segment = Segment(0, 0, 100, 100 * number, 0.0, 10, residual_db=residual_db)
        return NullTested(segment, power)

    ones = [tested(0, -20.0, 1.0), tested(1, -0.1, 0.01), tested(2, -0.5, 1.0), tested(3, -20.0, 1.0)]
    kept = proven(ones, ())
    assert [one.edited_start_samples for one in kept] == [0, 100, 300]
    assert [one.crossfade_samples for one in kept] == [10, 10, 0]
    assert len(proven(ones, ((240, 270),))) == 4
    assert len(proven(ones, ((210, 290),))) == 3
    assert len(proven(ones[2:3], ())) == 1
