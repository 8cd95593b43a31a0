"""Stretches of an edited file: put together from steps, corrected, and tested, on sounds of a few seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.features.match.nulling import Expected, certain_until, crossfaded_likelihoods, nulled, nulls
from engine.features.match.searching.corrections import carried_on, settled
from engine.features.match.searching.likelihood import STEP_SAMPLES, UNKNOWN, Stay
from engine.features.match.searching.places import Diagonal
from engine.features.match.searching.search import (
    FirstLook,
    Stretch,
    _beyond,
    _without,
    first_look,
    joined,
    quick_look,
    searched,
    without_flicker,
    without_short_gaps,
)
from engine.features.match.sound import RATE_HZ, SearchFeatures, search_features, sound_of

_S = float(RATE_HZ)
_SHORT = 1433.0  # samples: 0.13 s
A, B, C = (Diagonal(0, offset, 0.0, 1e6, 1.0) for offset in (100.0, 9000.0, -500.0))


def _noise(seed: int, count: float) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(round(count)).astype(np.float32)


def _made(*rows: tuple[Diagonal | None, float, float]) -> list[Stretch]:
    return [Stretch(*row) for row in rows]


def _rows(found: Sequence[Stretch]) -> list[tuple[Diagonal | None, float, float]]:
    return [(one.line, one.start, one.stop) for one in found]


def test_stays_are_stretches_from_middle_to_middle_between_steps() -> None:
    look = FirstLook([A, B], [Stay(0, 0, 40), Stay(UNKNOWN, 40, 60), Stay(1, 60, 79)])
    assert _rows(look.fragments(20_000)) == [
        (A, 0.0, 39.5 * 256),
        (None, 39.5 * 256, 59.5 * 256),
        (B, 59.5 * 256, 20_000.0),
    ]
    assert FirstLook([], []).fragments(20_000) == []
    assert _rows(FirstLook([A], [Stay(0, 0, 1)]).fragments(100)) == [(A, 0.0, 100.0)]


def test_a_gap_too_short_to_be_one_is_shared_by_its_neighbours() -> None:
    found = _made((A, 0.0, 5000.0), (None, 5000.0, 6000.0), (B, 6000.0, 9000.0))
    assert _rows(without_short_gaps(found)) == [(A, 0.0, 5500.0), (B, 5500.0, 9000.0)]
    still = _made((A, 0.0, 5000.0), (None, 5000.0, 5000.0 + _SHORT), (B, 5000.0 + _SHORT, 9000.0))
    assert [one.line for one in without_short_gaps(still)] == [A, B]
    long = _made((A, 0.0, 5000.0), (None, 5000.0, 5000.0 + _SHORT + 1), (B, 5001.0 + _SHORT, 9000.0))
    assert without_short_gaps(long) == long


def test_a_short_gap_at_an_end_belongs_to_its_only_neighbour() -> None:
    found = _made((None, 0.0, 900.0), (A, 900.0, 9000.0), (None, 9000.0, 10_000.0))
    assert _rows(without_short_gaps(found)) == [(A, 0.0, 10_000.0)]
    alone = _made((None, 0.0, 900.0))
    assert without_short_gaps(alone) == alone
    assert without_short_gaps([]) == []
    short = _made((None, 0.0, 400.0), (None, 400.0, 800.0))
    assert _rows(without_short_gaps(short)) == [(None, 0.0, 800.0)]


def test_stretches_of_one_line_that_follow_each_other_are_one() -> None:
    near = Diagonal(0, A.offset + 1.1, 5.0, 6.0, 0.2)
    other = Diagonal(1, A.offset, 0.0, 1e6, 1.0)
    found = _made(
        (A, 0.0, 10.0), (near, 10.0, 20.0), (other, 20.0, 30.0), (None, 30.0, 40.0), (None, 40.0, 50.0)
    )
    assert _rows(joined(found)) == [(A, 0.0, 20.0), (other, 20.0, 30.0), (None, 30.0, 50.0)]
    far = Diagonal(0, A.offset + 1.2, 0.0, 1.0, 1.0)
    assert len(joined(_made((A, 0.0, 1.0), (far, 1.0, 2.0)))) == 2
    assert joined([]) == []


def test_lines_that_take_turns_twice_change_once_in_the_middle() -> None:
    found = _made(
        (A, 0.0, 10_000.0), (B, 10_000.0, 12_000.0), (A, 12_000.0, 16_000.0), (B, 16_000.0, 30_000.0)
    )
    assert _rows(without_flicker(found)) == [(A, 0.0, 13_000.0), (B, 13_000.0, 30_000.0)]
    three = found[:3]
    assert without_flicker(three) == three
    among = [*found[:3], Stretch(C, 16_000.0, 30_000.0)]
    assert without_flicker(among) == among
    with_none = _made((A, 0.0, 9.0), (None, 9.0, 12.0), (A, 12.0, 15.0), (None, 15.0, 30.0))
    assert _rows(without_flicker(with_none)) == [(A, 0.0, 12.0), (None, 12.0, 30.0)]


def test_no_line_is_followed_in_spans_that_are_left() -> None:
    stays = [Stay(0, 0, 100), Stay(UNKNOWN, 100, 120), Stay(1, 120, 200)]
    left = [(10.2 * 256, 19.6 * 256), (90 * 256.0, 130 * 256.0)]
    assert _without(stays, left) == [
        Stay(0, 0, 10),
        Stay(UNKNOWN, 10, 20),
        Stay(0, 20, 90),
        Stay(UNKNOWN, 90, 130),
        Stay(1, 130, 200),
    ]
    assert _without(stays, []) == stays
    assert _without(stays, [(-500.0, 1e6)]) == [Stay(UNKNOWN, 0, 200)]
    assert _without([], left) == []


def test_the_parts_of_spans_beyond_others_are_searched_where_they_are_long_enough() -> None:
    least = 0.15 * RATE_HZ
    assert _beyond([(0.0, 10_000.0)], [(3000.0, 5000.0)]) == [(0.0, 3000.0), (5000.0, 10_000.0)]
    assert _beyond([(0.0, 10_000.0)], [(least - 1, 5000.0)]) == [(5000.0, 10_000.0)]
    assert _beyond([(0.0, 10_000.0)], [(4000.0, 6000.0), (7000.0, 10_000.0)]) == [(0.0, 4000.0)]
    assert _beyond([(0.0, 10_000.0)], [(-1.0, 10_000.0)]) == []
    assert _beyond([(5.0, 9_000.0)], []) == [(5.0, 9_000.0)]


def _heard(samples: np.ndarray) -> SearchFeatures:
    return search_features(sound_of(Path("sound"), samples[:, None], RATE_HZ), SILENT)


def _with_levels(seed: int, length_s: float) -> np.ndarray:
    """Return noise whose level and brightness change ten times a second: levels tell its places."""
    rng = np.random.default_rng(seed)
    blocks = []
    for _ in range(round(10 * length_s)):
        block = rng.standard_normal(RATE_HZ // 10) * rng.uniform(0.1, 1.0)
        blocks.append(block + rng.uniform(-0.9, 0.9) * np.roll(block, 1))
    return (0.2 * np.concatenate(blocks)).astype(np.float32)


@dataclass(frozen=True)
class _Edit:
    """An edit of two recordings with foreign sound, and where its pieces begin."""

    sources: list[SearchFeatures]
    edited: SearchFeatures
    first: FirstLook
    edges: list[int]


@pytest.fixture(scope="module")
def edit() -> _Edit:
    raws = [_with_levels(1, 4.0), _with_levels(2, 4.0)]
    pieces = [raws[0][22_000:40_000], _with_levels(3, 1.0), raws[1][3_000:30_000], raws[0][1_000:20_000]]
    sources, edited = [_heard(one) for one in raws], _heard(np.concatenate(pieces))
    quick = quick_look(sources, edited, SILENT)
    # A window is 22 frames and begins every five; every fourth is looked at first.
    assert np.flatnonzero(quick.is_known).tolist() == list(range(0, len(quick.windows), 4))
    assert np.diff(quick.windows)[:-1].tolist() == [5] * (len(quick.windows) - 2)
    first = first_look(sources, edited, SILENT, quick)
    return _Edit(sources, edited, first, np.cumsum([0, *map(len, pieces)]).tolist())


def test_an_edit_of_two_recordings_is_found_with_its_foreign_sound(edit: _Edit) -> None:
    found, edges = searched(edit.sources, edit.edited, edit.first, SILENT), edit.edges
    assert [None if one.line is None else one.line.raw for one in found] == [0, None, 1, 0]
    offsets = [one.line.offset for one in found if one.line is not None]
    np.testing.assert_allclose(offsets, [22_000, 3_000 - edges[2], 1_000 - edges[3]], atol=0.1)
    np.testing.assert_allclose([one.start for one in found], edges[:4], atol=2 * STEP_SAMPLES)
    assert found[-1].stop == len(edit.edited.mono)


def test_an_edit_is_not_followed_in_spans_that_are_left(edit: _Edit) -> None:
    left = [(0.0, float(edit.edges[2]))]
    found = searched(edit.sources, edit.edited, edit.first, SILENT, left)
    assert [None if one.line is None else one.line.raw for one in found] == [None, 1, 0]


def test_nothing_of_silence_is_followed() -> None:
    sources, edited = [_heard(_with_levels(4, 5.0))], _heard(np.zeros(4 * RATE_HZ, np.float32))
    first = first_look(sources, edited, SILENT)
    assert first.lines == []
    assert _rows(searched(sources, edited, first, SILENT)) == [(None, 0.0, float(len(edited.mono)))]


def test_a_segment_moves_to_the_recording_that_fits_and_short_or_foreign_ones_stay() -> None:
    take, other = _noise(5, 8 * _S), _noise(6, 8 * _S)
    again = take + 0.3 * other  # the same played again
    edited = np.concatenate([again[2 * RATE_HZ : 5 * RATE_HZ], _noise(7, _S)])
    wrong = Diagonal(0, 2 * _S, 0.0, 4 * _S, 1.0)
    found = _made((wrong, 0.0, 3 * _S), (None, 3 * _S, 3.7 * _S), (wrong, 3.7 * _S, 4 * _S))
    moved, foreign, short = settled([take, again], edited, found, SILENT)
    assert moved.line is not None
    assert (moved.line.raw, moved.line.offset) == (1, 2 * _S)
    assert (moved.start, moved.stop) == (0.0, 3 * _S)
    assert [foreign, short] == found[1:]
    assert settled([take], edited, found, SILENT) == found
    assert settled([take], edited, [], SILENT) == []
    assert settled([0.0 * take], edited, found, SILENT) == found


@pytest.mark.parametrize("border_s", [0.9, 2.0, 2.85])
def test_two_lines_that_go_on_towards_each_other_meet_at_their_cut(border_s: float) -> None:
    """Three seconds are unknown between them; what both reach into by chance goes to the surer one."""
    raw = _noise(8, 12 * _S)
    border = round((1.0 + border_s) * RATE_HZ)
    edited = np.concatenate([raw[:border], raw[6 * RATE_HZ :][: 5 * RATE_HZ - border]])
    before, after = (Diagonal(0, offset, 0.0, 5 * _S, 1.0) for offset in (0.0, 6 * _S - border))
    found = _made((before, 0.0, _S), (None, _S, 4 * _S), (after, 4 * _S, 5 * _S))
    carried = carried_on([raw], edited, found, lambda *_: True, SILENT)
    assert [one.line for one in carried.stretches] == [before, after]
    # Some tenths of a second more may agree by chance; the seam is found to the sample later.
    assert carried.stretches[0].stop == carried.stretches[1].start == pytest.approx(border, abs=0.5 * _S)
    assert carried.covered == ()


def test_a_line_beneath_louder_sound_is_covered_only_while_it_agrees() -> None:
    """Nothing of it passes the null test: clear agreement is kept as covered, a slight one is none."""
    raw = _noise(9, 8 * _S)
    loud = raw[: 4 * RATE_HZ].copy()
    loud[2 * RATE_HZ :] += 3.0 * _noise(10, 2 * _S)
    line = Diagonal(0, 0.0, 0.0, 4 * _S, 1.0)
    found = _made((line, 0.0, 2 * _S), (None, 2 * _S, 4 * _S))
    carried = carried_on([raw], loud, found, lambda *_: False, SILENT)
    assert _rows(carried.stretches) == [(line, 0.0, 4 * _S)]
    assert carried.covered == ((2 * _S, 2 * _S + 20 * 1102),)  # tenths of a second
    foreign = np.concatenate([loud[: 2 * RATE_HZ], _noise(11, 2 * _S)])
    assert carried_on([raw], foreign, found, lambda *_: False, SILENT).stretches == found


@pytest.mark.parametrize("lines", [(), (A,), (A, B)])
def test_nothing_is_carried_on_where_nothing_is_unknown(lines: tuple[Diagonal, ...]) -> None:
    found = [Stretch(line, n * _S, (n + 1) * _S) for n, line in enumerate(lines)]
    carried = carried_on([_noise(12, 99)], _noise(13, 2 * _S), found, lambda *_: True, SILENT)
    assert carried.stretches == found
    unknown = [Stretch(None, 0.0, _S)]
    assert carried_on([], _noise(14, _S), unknown, lambda *_: True, SILENT).stretches == unknown


def test_the_null_test_names_where_foreign_sound_begins_and_ends_to_a_few_steps() -> None:
    raw = _noise(15, 12 * _S)
    edited = raw[: 10 * RATE_HZ].copy()
    edited[4 * RATE_HZ : 5 * RATE_HZ] = _noise(16, _S)
    line = Diagonal(0, 0.0, 0.0, 10 * _S, 1.0)
    after = nulled([raw], edited, _made((line, 0.0, 10 * _S)), SILENT)
    assert [one.line for one in after.stretches] == [line, None, line]
    np.testing.assert_allclose(
        [one.start for one in after.stretches], [0, 4 * _S, 5 * _S], atol=2 * STEP_SAMPLES
    )
    assert all(one.start % STEP_SAMPLES in (0, STEP_SAMPLES / 2) for one in after.stretches)
    assert after.expected is not None
    # White noise of one level: in each band a copy has the most nats that there are.
    level = after.expected.levels[:, :1]
    np.testing.assert_allclose(
        after.expected.of(np.exp(level.T))[0],
        np.log(1e7) * np.array([4, 4, 4, 6, 6, 8, 10, 12, 14, 16, 16, 16]),
        rtol=0.1,
    )
    whole = Stretch(line, 0.0, 4 * _S)
    assert certain_until([raw], edited, whole, after.expected) == 4 * _S
    until = certain_until([raw], edited, Stretch(line, 0.0, 5 * _S), after.expected)
    assert until == pytest.approx(4 * _S, abs=2 * STEP_SAMPLES)
    assert certain_until([raw], edited, Stretch(line, 4 * _S, 5 * _S), after.expected) is None


def test_an_empty_span_and_one_without_a_line_are_not_tested() -> None:
    raw, edited = _noise(17, _S), _noise(18, _S)
    expected = Expected(np.zeros((12, 1)), np.zeros((12, 1)))
    assert nulls([raw], edited, A, (100.0, 100.0), expected)
    assert not nulls([raw], edited, A, (0.0, 5000.0), None)
    assert certain_until([raw], edited, Stretch(None, 0.0, 5000.0), expected) is None
    assert certain_until([raw], edited, Stretch(A, 0.0, 5000.0), None) is None
    unknown = _made((None, 0.0, _S))
    assert nulled([raw], edited, unknown, SILENT).stretches == unknown
    assert nulled([raw], edited, [], SILENT).stretches == []


def test_of_few_steps_one_median_is_expected_and_below_its_level_what_noise_leaves() -> None:
    energy = np.exp(np.full((3, 12), 2.0))
    expected = Expected.measured([np.array([[1.0], [9.0], [5.0]]) * np.ones(12)], [energy])
    assert expected.levels.shape == (12, 1)
    np.testing.assert_allclose(expected.ratios[:, 0], 5.0)
    np.testing.assert_allclose(expected.of(energy)[0], 5.0)
    # A hundredth of a neper below, twice a hundredth of a coefficient each is lost.
    lower = expected.of(energy * np.exp(-0.01))[0]
    np.testing.assert_allclose(lower, 5.0 - 0.02 * np.array([4, 4, 4, 6, 6, 8, 10, 12, 14, 16, 16, 16]))
    assert expected.of(0.0 * energy).max() == 0.0
    levels = Expected.measured([np.zeros((200, 12))], [np.ones((200, 12))]).levels
    assert levels.shape == (12, 16)  # at most


@pytest.mark.parametrize("falls", [0.9, 0.5, 0.2])
def test_a_mix_of_two_lines_is_as_likely_whatever_their_gains(falls: float) -> None:
    raw = _noise(19, 6 * _S)
    edited = falls * raw[: 2 * RATE_HZ] + (1.0 - falls) * raw[3 * RATE_HZ : 5 * RATE_HZ]
    lines = Diagonal(0, 0.0, 0.0, 1e6, 1.0), Diagonal(0, 3 * _S, 0.0, 1e6, 1.0)
    mix = crossfaded_likelihoods([raw], edited, lines, 10, 8)
    np.testing.assert_allclose(mix, np.log(1e7) * 116.0, rtol=0.1)
    turned = crossfaded_likelihoods([raw], edited, lines[::-1], 10, 8)
    np.testing.assert_allclose(turned, mix, rtol=0.02)
    assert crossfaded_likelihoods([raw], 0.0 * edited, lines, 10, 8).max() == 0.0
    beyond = lines[0], Diagonal(0, 1e6, 0.0, 1e6, 1.0)  # silent, and so no side of a crossfade
    assert crossfaded_likelihoods([raw], edited, beyond, 10, 8).max() == 0.0
