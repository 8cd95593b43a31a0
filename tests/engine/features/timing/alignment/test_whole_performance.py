"""Strokes go home over the whole performance, whatever is wrong with single ones."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import Hits, Ornament, Role
from engine.features.timing.alignment import moves as aligners
from engine.features.timing.alignment.lines import Lines, Placement
from engine.features.timing.alignment.moves import whole_performance
from engine.features.timing.alignment.settings import AlignmentSettings
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
from tests.timing import slowness

_EIGHT = lines_of(8)


def _align(hits: Hits, lines: Lines = _EIGHT, **asked: object) -> Placement:
    return whole_performance(AlignmentSettings(**asked))(hits, lines)  # type: ignore[arg-type]


def _played(jitter_ms: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the lines of the rock groove, its drums, and when each is hit, strokes off by a jitter."""
    numbers, tracks = rock(8)
    off = np.random.default_rng(seed).normal(0.0, ms(jitter_ms), len(_EIGHT.beats))
    return numbers, tracks, _EIGHT.positions_samples[numbers] + off[numbers]


def test_jittered_strokes_go_to_their_lines() -> None:
    numbers, tracks, onsets = _played(8.0)

    placement = _align(hits_of(onsets, tracks))

    np.testing.assert_array_equal(placement.lines, numbers)
    np.testing.assert_allclose(placement.targets_samples, _EIGHT.positions_samples[numbers], atol=1e-6)


def test_settings_asked_for_in_turn_are_as_each_asked_alone() -> None:
    asked = [(8, {}), (8, {"strength": 0.5}), (8, {"least_ms": 6.0, "own_feel": True}), (30, {}), (8, {})]
    performances = {jitter: hits_of(*_played(float(jitter))[:0:-1]) for jitter in (8, 30)}
    alone = []
    for jitter, changes in asked:
        aligners._latest = None
        alone.append(_align(performances[jitter], **changes))
    for (jitter, changes), expected in zip(asked, alone, strict=True):
        again = replace(performances[jitter], maker="heard anew")
        found = _align(again, **changes)
        for name in ("targets_samples", "lines", "confidences", "flams_samples"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def test_what_is_on_its_line_stays_to_the_bit() -> None:
    numbers, tracks = rock(8)
    onsets = _EIGHT.positions_samples[numbers] + 0.3

    placement = _align(hits_of(onsets, tracks))

    np.testing.assert_array_equal(placement.targets_samples, onsets)


@pytest.mark.parametrize(("unsure_ms", "confidence"), [(4.0, 1.0), (0.0, 0.6)])
def test_a_hit_no_further_off_than_it_may_have_been_found_off_stays(
    unsure_ms: float, confidence: float
) -> None:
    numbers, tracks, onsets = _played(6.0)
    wrong = np.array([5, len(onsets) - 2])  # a hat alone, and one voice of a stroke of two
    onsets[numbers == numbers[wrong[1]]] = _EIGHT.positions_samples[numbers[wrong[1]]]
    onsets[wrong] = _EIGHT.positions_samples[numbers[wrong]] - ms(3.0)
    hits = hits_of(onsets, tracks)
    changed = np.isin(hits.onsets_samples, onsets[wrong])
    hits = replace(
        hits,
        unsure_samples=np.where(changed, ms(unsure_ms), 0.0).astype(np.float32),
        confidences=np.where(changed, confidence, 1.0).astype(np.float32),
    )

    np.testing.assert_array_equal(_align(hits).targets_samples[changed], hits.onsets_samples[changed])

    sure = replace(hits, unsure_samples=np.zeros(len(onsets), np.float32), confidences=np.ones(len(onsets)))
    assert (_align(sure).targets_samples[changed] != hits.onsets_samples[changed]).all()


def test_an_unsure_hit_that_is_further_off_goes_all_the_way() -> None:
    _, tracks, onsets = _played(12.0)
    hits = hits_of(onsets, tracks)
    hits = replace(hits, unsure_samples=np.full(len(onsets), ms(1.0), np.float32))

    placement = _align(hits)

    goals = _EIGHT.positions_samples[placement.lines]
    far = np.abs(goals - hits.onsets_samples) > ms(1.0)
    np.testing.assert_allclose(placement.targets_samples[far], goals[far], atol=1e-6)
    np.testing.assert_array_equal(placement.targets_samples[~far], hits.onsets_samples[~far])


@pytest.mark.parametrize("late", [0.65, -0.65])
def test_a_snare_past_the_middle_between_lines_goes_home(late: float) -> None:
    numbers, tracks, onsets = _played(4.0)
    moved = numbers == 36
    onsets[moved] += late * (_EIGHT.positions_samples[1] - _EIGHT.positions_samples[0])

    placement = _align(hits_of(onsets, tracks))

    np.testing.assert_array_equal(np.sort(placement.lines), np.sort(numbers))


def test_a_hit_too_many_pulls_no_neighbour() -> None:
    numbers, tracks, onsets = _played(4.0)
    at = onsets[(numbers == 36) & (tracks == SNARE)][0] + ms(70.0)
    strengths = np.append(np.full(len(onsets), -6.0), -14.0)

    placement = _align(hits_of(np.append(onsets, at), np.append(tracks, SNARE), strengths))

    extra = int(np.searchsorted(np.sort(np.append(onsets, at)), at))
    assert placement.lines[extra] == -1
    np.testing.assert_array_equal(np.delete(placement.lines, extra), numbers)


def test_a_missing_hit_leaves_a_gap() -> None:
    numbers, tracks, onsets = _played(4.0)
    kept = numbers != 34

    placement = _align(hits_of(onsets[kept], tracks[kept]))

    np.testing.assert_array_equal(placement.lines, numbers[kept])


def test_playing_that_drifts_past_the_middle_is_followed() -> None:
    lines = lines_of(32)
    numbers, tracks = rock(32)
    onsets = lines.positions_samples[numbers] + ms(80.0) * np.sin(numbers / numbers[-1] * np.pi)

    placement = _align(hits_of(onsets, tracks), lines)

    np.testing.assert_array_equal(placement.lines, numbers)


@pytest.mark.parametrize("told", [True, False])
def test_grace_notes_keep_their_distance(told: bool) -> None:
    numbers, tracks, onsets = _played(6.0)
    main = np.flatnonzero((numbers == 36) & (tracks == SNARE))[0]
    leads = onsets[main] - ms(1.0) * np.array([22.0, 44.0])
    strengths = np.concatenate([np.full(len(onsets), -6.0), [-16.0, -18.0]])
    ornaments = {len(onsets): Ornament.DRAG, len(onsets) + 1: Ornament.DRAG} if told else {}
    all_onsets = np.concatenate([onsets, leads])

    placement = _align(hits_of(all_onsets, np.append(tracks, [SNARE, SNARE]), strengths, ornaments))

    order = np.argsort(all_onsets, kind="stable")
    where = [int(np.flatnonzero(order == place)[0]) for place in (main, len(onsets), len(onsets) + 1)]
    targets = placement.targets_samples[where]
    np.testing.assert_allclose(targets[0] - targets[1:], ms(1.0) * np.array([22.0, 44.0]), atol=1e-6)
    assert targets[0] == pytest.approx(_EIGHT.positions_samples[36])


@pytest.mark.parametrize(("drum", "late_ms"), [(SNARE, 35.0), (HAT, 35.0), (SNARE, -30.0), (KICK, 18.0)])
def test_a_voice_that_fell_apart_is_told_and_fixed(drum: int, late_ms: float) -> None:
    numbers, tracks, onsets = _played(2.0)
    hit = np.flatnonzero((tracks == drum) & (numbers == (32 if drum == KICK else 36)))[0]
    onsets[hit] += ms(late_ms)

    placement = _align(hits_of(onsets, tracks))

    at = int(np.flatnonzero(np.argsort(onsets, kind="stable") == hit)[0])
    assert placement.flams_samples[at] == pytest.approx(ms(late_ms), abs=1.0)
    assert np.count_nonzero(~np.isnan(placement.flams_samples)) == 1
    # What is within half a sample of its line stays.
    lines = np.sort(_EIGHT.positions_samples[numbers])
    np.testing.assert_allclose(np.sort(placement.targets_samples), lines, atol=0.5)
    left = _align(hits_of(onsets, tracks), fix_flams=False)
    assert np.isnan(left.flams_samples).all()


def test_strength_range_and_exclusion() -> None:
    numbers, tracks, onsets = _played(8.0)
    hits = hits_of(onsets, tracks)
    lines = _EIGHT.positions_samples[numbers]
    away = lines - onsets

    half = _align(hits, strength=0.5)
    np.testing.assert_allclose(half.targets_samples, onsets + away / 2, atol=1e-6)
    near = _align(hits, exclude_within_ms=6.0)
    within = np.abs(away) <= ms(6.0)
    assert 0 < np.count_nonzero(within) < len(within)
    np.testing.assert_array_equal(near.targets_samples[within], onsets[within])
    np.testing.assert_allclose(near.targets_samples[~within], lines[~within], atol=1e-6)
    ranged = _align(hits, least_ms=4.0, most_ms=10.0)
    moved = (np.abs(away) >= ms(4.0)) & (np.abs(away) <= ms(10.0))
    np.testing.assert_array_equal(ranged.targets_samples != onsets, moved)


def test_drums_and_bars_that_are_kept() -> None:
    numbers, tracks, onsets = _played(8.0)
    hits = hits_of(onsets, tracks)

    bars = _align(hits, kept_bars=frozenset({2}))
    second = (numbers >= 16) & (numbers < 32)
    np.testing.assert_array_equal(bars.targets_samples[second], onsets[second])
    assert (bars.targets_samples[~second] != onsets[~second]).all()
    hat = _align(hits, kept_voices=frozenset({Role.HAT}))
    lone = ~np.isin(numbers, numbers[tracks != HAT])
    np.testing.assert_array_equal(hat.targets_samples[lone], onsets[lone])
    assert (hat.targets_samples[~lone] != onsets[~lone]).all()


def test_own_feel_keeps_the_push_and_pull() -> None:
    numbers, tracks = rock(8)
    late = ms(20.0)
    onsets = _EIGHT.positions_samples[numbers] + late
    strayed = numbers == 36
    onsets[strayed] += ms(25.0)

    placement = _align(hits_of(onsets, tracks), own_feel=True)

    away = placement.targets_samples - _EIGHT.positions_samples[numbers]
    # The stray itself counts a little in the curve.
    np.testing.assert_allclose(away, late, atol=ms(2.0))


def test_each_drum_keeps_a_place_of_its_own() -> None:
    """Every other eighth is a snare that lies 8 ms behind, between hats on the line; all stray a little."""
    numbers = np.arange(0, 128, 2)
    is_snare = np.arange(64) % 2 == 1
    place = np.where(is_snare, ms(8.0), 0.0)
    stray = np.random.default_rng(3).normal(0.0, ms(4.0), 64)
    onsets = _EIGHT.positions_samples[numbers] + place + stray
    hits = hits_of(onsets, np.where(is_snare, SNARE, HAT))

    on_lines, kept = _align(hits), _align(hits, drum_feel=True)

    away = kept.targets_samples - _EIGHT.positions_samples[numbers]
    np.testing.assert_allclose(away, place, atol=ms(2.5))
    assert np.ptp(away[is_snare]) < 1e-6, "one place each"
    np.testing.assert_allclose(on_lines.targets_samples, _EIGHT.positions_samples[numbers], atol=1.0)
    few = hits_of(onsets[:12], np.where(is_snare, SNARE, HAT)[:12])
    np.testing.assert_allclose(
        _align(few, drum_feel=True).targets_samples, _EIGHT.positions_samples[numbers[:12]], atol=1.0
    )


@pytest.mark.parametrize("bpm", [97.0, 133.0])
def test_a_grid_of_another_tempo_and_noise_leave_order_and_figures_sound(bpm: float) -> None:
    _, tracks, onsets = _played(3.0)

    placement = _align(hits_of(onsets, tracks), lines_of(6, bpm))

    on_line = placement.lines[placement.lines >= 0]
    assert (np.diff(on_line) >= 0).all()
    assert np.isfinite(placement.targets_samples).all()
    assert ((placement.confidences >= 0) & (placement.confidences <= 1)).all()


def test_triplets_and_swing() -> None:
    lines = lines_of(8, divisions=3)
    numbers = np.arange(0, 96, 1)[np.arange(96) % 3 != 1]
    onsets = lines.positions_samples[numbers] + np.random.default_rng(1).normal(0, ms(9.0), len(numbers))

    placement = _align(hits_of(onsets, np.full(len(numbers), HAT)), lines)

    np.testing.assert_array_equal(placement.lines, numbers)


def test_strokes_beyond_the_lines_stay() -> None:
    numbers, tracks, onsets = _played(4.0)
    early = np.array([0.1, 0.4]) * RATE_HZ

    placement = _align(hits_of(np.concatenate([early - ms(300.0), onsets]), np.append([HAT, HAT], tracks)))

    assert (placement.lines[:2] == -1).all()
    np.testing.assert_array_equal(placement.lines[2:], numbers)
    assert placement.targets_samples[0] == early[0] - ms(300.0)


def test_one_hit_no_hits_and_no_lines() -> None:
    nothing = hits_of(np.zeros(0), np.zeros(0, int))
    assert len(_align(nothing).lines) == 0
    one = hits_of(_EIGHT.positions_samples[[4]] + ms(9.0), np.array([SNARE]))
    assert _align(one).lines[0] == 4
    no_lines = Lines(np.zeros(0), np.zeros(0), np.zeros(0, np.int8), RATE_HZ)
    left = _align(one, no_lines)
    assert left.lines[0] == -1
    np.testing.assert_array_equal(left.targets_samples, one.onsets_samples)
    alone = lines_of(8)
    one_line = Lines(alone.positions_samples[:1], alone.beats[:1], alone.levels[:1], RATE_HZ)
    assert np.isfinite(_align(one, one_line).targets_samples).all()


@pytest.mark.parametrize(
    "asked",
    [
        {"strength": 1.5},
        {"strength": float("nan")},
        {"exclude_within_ms": -1.0},
        {"least_ms": 9.0, "most_ms": 3.0},
    ],
)
def test_settings_that_mean_nothing_are_refused(asked: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"The|Excluded"):
        AlignmentSettings(**asked)  # type: ignore[arg-type]


def test_two_thousand_strokes_take_well_under_a_second() -> None:
    lines = lines_of(250)
    numbers, tracks = rock(250)
    off = np.random.default_rng(2).normal(0.0, ms(12.0), len(lines.beats))
    hits = hits_of(lines.positions_samples[numbers] + off[numbers], tracks)
    started_s = time.process_time()

    placement = _align(hits, lines)

    took_s = time.process_time() - started_s
    assert took_s < 2.0 * slowness()  # twice what the slowest machine took, beside other work
    assert np.mean(placement.lines == numbers) > 0.99
