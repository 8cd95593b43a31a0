"""Bars that are alike tell of each other what sounds where, and how loud."""

from __future__ import annotations

import numpy as np

from engine.document.analysis import Ornament, Role
from engine.features.timing.alignment.groove import Repetition, plain, repeated
from engine.features.timing.alignment.moves import whole_performance
from engine.features.timing.alignment.strokes import VOICES, gather
from tests.engine.features.timing.alignment.strokes_made import (
    HAT,
    KICK,
    RATE_HZ,
    SNARE,
    hits_of,
    lines_of,
    ms,
    rock,
)

_KICK_VOICE = VOICES.index(Role.KICK)
_BARS = 12


def _told(numbers: np.ndarray, tracks: np.ndarray, strengths_db: np.ndarray | None = None) -> Repetition:
    lines = lines_of(_BARS)
    strokes = gather(hits_of(lines.positions_samples[numbers], tracks, strengths_db), RATE_HZ)
    taken = np.searchsorted(lines.positions_samples, strokes.onsets_samples)
    return repeated(strokes, lines, taken[:, None], np.ones((len(taken), 1)))


def _two_by_two() -> tuple[np.ndarray, np.ndarray]:
    """Return a rock groove of two bars: the second has two kicks and a snare more."""
    numbers, tracks = rock(_BARS)
    bars = 16 * np.arange(1, _BARS, 2)
    more = np.concatenate([bars + 3, bars + 7, bars + 10])
    drums = np.concatenate([np.full(2 * len(bars), KICK), np.full(len(bars), SNARE)])
    order = np.argsort(np.append(numbers, more), kind="stable")
    return np.append(numbers, more)[order], np.append(tracks, drums)[order]


def test_bars_that_are_alike_count_more() -> None:
    told = _told(*_two_by_two())

    in_its_own = told.likely[5 * 16 + 3, _KICK_VOICE]
    in_the_other = told.likely[4 * 16 + 3, _KICK_VOICE]
    assert in_its_own > 0.7
    assert in_the_other < 0.35


def test_a_bar_is_no_witness_for_itself() -> None:
    numbers, tracks = rock(_BARS)
    at = 6 * 16 + 5

    told = _told(np.append(numbers, at), np.append(tracks, KICK))

    assert told.likely[at, _KICK_VOICE] < 0.1


def test_one_bar_alone_tells_nothing() -> None:
    lines = lines_of(1)
    numbers, tracks = rock(1)
    strokes = gather(hits_of(lines.positions_samples[numbers], tracks), RATE_HZ)
    taken = np.searchsorted(lines.positions_samples, strokes.onsets_samples)

    told = repeated(strokes, lines, taken[:, None], np.ones((len(taken), 1)))

    # The downbeat that ends the lines is another bar, in which nothing sounds.
    np.testing.assert_allclose(told.likely[1:16], plain(strokes, lines)[1:16])


def test_a_level_tells_where_an_accent_is() -> None:
    numbers, tracks = rock(_BARS)
    is_accent = (tracks == HAT) & (numbers % 4 == 0)
    told = _told(numbers, tracks, np.where(is_accent, -4.0, -14.0))
    loud = np.full((2, len(VOICES)), -np.inf)
    loud[:, VOICES.index(Role.HAT)] = -4.0

    nats = told.likelier_by_level(np.array([4 * 16, 4 * 16 + 2]), loud).sum(1)

    assert nats[0] > 0.3
    assert nats[1] < -1.0


def test_near_silence_gives_numbers() -> None:
    numbers, tracks = rock(_BARS)
    told = _told(numbers, tracks, np.where(tracks == SNARE, -300.0, -6.0))

    assert np.isfinite(told.likely).all()
    assert np.isfinite(told.levels_db).all()
    assert (told.spreads_db > 0.0).all()


def test_a_late_drum_between_narrow_lines_is_of_the_line_where_it_is_always_played() -> None:
    lines = lines_of(_BARS, bpm=200.0)
    numbers, tracks = rock(_BARS)
    off = np.random.default_rng(0).normal(0.0, ms(3.0), len(lines.beats))
    onsets = lines.positions_samples[numbers] + off[numbers]
    hit = np.flatnonzero((tracks == SNARE) & (numbers == 6 * 16 + 4))[0]
    # 75 ms between lines: nearest line is the next one.
    onsets[hit] += ms(42.0)

    placement = whole_performance()(hits_of(onsets, tracks), lines)

    at = int(np.flatnonzero(np.argsort(onsets, kind="stable") == hit)[0])
    assert placement.lines[at] == 6 * 16 + 4
    assert abs(placement.flams_samples[at] - ms(42.0)) < ms(1.0)


def test_a_soft_hit_too_many_beside_a_stroke_is_no_voice_at_fault() -> None:
    numbers, tracks = rock(_BARS)
    lines = lines_of(_BARS)
    off = np.random.default_rng(1).normal(0.0, ms(3.0), len(lines.beats))
    onsets = lines.positions_samples[numbers] + off[numbers]
    # The snare bounces, and near the hat that follows.
    onsets = np.append(onsets, lines.positions_samples[6 * 16 + 6] - ms(30.0))
    strengths = np.append(np.full(len(numbers), -6.0), -20.0)

    placement = whole_performance()(hits_of(onsets, np.append(tracks, SNARE), strengths), lines)

    assert np.isnan(placement.flams_samples).all()


def test_drums_that_lie_apart_are_placed_each_by_itself_but_where_hearing_told() -> None:
    onsets = np.array([1.0, 1.02, 2.0, 2.02]) * RATE_HZ
    hits = hits_of(onsets, np.array([KICK, HAT, KICK, HAT]), ornaments={3: Ornament.LATE_VOICE})
    together = type(hits)(
        hits.onsets_samples,
        hits.tracks,
        hits.strengths_db,
        np.array([0, 0, 1, 1], np.int32),
        hits.ornaments,
        hits.confidences,
        hits.track_ids,
        hits.roles,
        hits.delays_samples,
    )

    np.testing.assert_array_equal(gather(together, RATE_HZ).of_hits, [0, 1, 2, 2])
