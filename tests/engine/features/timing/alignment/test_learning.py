"""What is learned from an editor: known tastes are found again, from moves made of a few numbers."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.errors import SourceError, TimingError, UsageError
from engine.core.files.text import parse_json
from engine.document.analysis import BeatGrid, Role
from engine.document.grid_edits import steady
from engine.features.timing.alignment.edited_moves import (
    Moves,
    _followed,
    _in_order,
    _timeline,
    find_copies,
    likely_division,
    same_places,
    steadied,
    together,
)
from engine.features.timing.alignment.groove_file import (
    Pair,
    is_learned,
    learned_groove,
    read_groove,
    write_groove,
)
from engine.features.timing.alignment.learned_fit import fit_taste, require_moves
from engine.features.timing.alignment.lines import PARTS, Division
from engine.features.timing.alignment.settings import (
    LIMITS,
    TIMING,
    AlignmentSettings,
    TimingSettings,
    timing_settings,
)
from engine.features.timing.alignment.strokes import CARRIERS, gather
from engine.features.timing.hits.find import HeldMicrophones
from tests.engine.features.timing.alignment.strokes_made import HAT, KICK, RATE_HZ, ROLES, SNARE, hits_of, ms

NAN = np.nan
_KICK, _SNARE, _HAT = (CARRIERS.index(role) for role in (Role.KICK, Role.SNARE, Role.HAT))


def _moves(
    seed: int, strength: float, late_ms: dict[int, float], least_ms: float = 0.0, drift: float = 0.0
) -> Moves:
    """Return 160 moves on eight lines of hat, kick and snare, towards lines and drums that are later."""
    rng = np.random.default_rng(seed)
    lines = np.tile(np.arange(8), 20)
    carriers = np.where(lines % 4 == 0, _KICK, np.where(lines % 4 == 2, _SNARE, _HAT))
    wander = drift * np.sin(np.arange(160) / 9.0)
    before = rng.normal(0.0, 12.0, 160) + wander
    goals = np.array([late_ms.get(one, 0.0) for one in carriers.tolist()]) + np.where(drift < 0, wander, 0.0)
    away = goals - before
    after = before + strength * np.where(np.abs(away) < least_ms, 0.0, away)
    none = np.zeros(0)
    return Moves(before, after, lines, carriers, wander, none, none, np.full(160, 500.0))


@pytest.mark.parametrize("strength", [1.0, 0.5, 0.25])
def test_the_strength_and_the_late_drum_of_exact_moves_are_found(strength: float) -> None:
    taste = fit_taste(_moves(1, strength, {_SNARE: 6.0}), 8)
    assert taste.strength is not None
    assert taste.strength.value == pytest.approx(strength, abs=0.01)
    assert taste.drums_ms[Role.SNARE].value == pytest.approx(6.0, abs=0.5)
    assert set(taste.drums_ms) == {Role.KICK, Role.SNARE}  # the hat defines the lines
    assert [one == pytest.approx(0.0, abs=1e-3) for one in taste.lines_beats] == [True] * 8
    assert taste.hits == 160
    assert sum(taste.line_hits) == taste.moved
    assert taste.unexplained_ms < 0.2
    assert (taste.own_feel, taste.fix_flams, taste.most_ms) == (None, None, None)


def test_the_range_in_which_hits_stay_is_between_those_that_did_and_did_not() -> None:
    moves = _moves(2, 1.0, {}, least_ms=5.0)
    stayed = np.abs(moves.before_ms) < 5.0
    taste = fit_taste(moves, 8)
    assert taste.least_ms is not None
    assert taste.least_ms.hits == np.count_nonzero(stayed)
    assert taste.least_ms.value == pytest.approx(5.0, abs=0.6)
    assert taste.moved == 160 - np.count_nonzero(stayed)
    far = np.abs(moves.before_ms) > 20.0
    left = replace(moves, after_ms=np.where(far, moves.before_ms, 0.0))
    most = fit_taste(left, 8).most_ms
    assert most is not None
    assert most.hits == np.count_nonzero(far)
    assert most.value == pytest.approx(20.0, abs=1.5)


def test_push_and_pull_stays_or_is_removed() -> None:
    kept = fit_taste(_moves(3, 1.0, {}, drift=-15.0), 8).own_feel
    removed = fit_taste(_moves(3, 1.0, {}, drift=15.0), 8).own_feel
    assert kept is not None
    assert removed is not None
    assert (kept.value, removed.value) == (1.0, 0.0)


@pytest.mark.parametrize(("after_ms", "expected"), [(0.0, 1.0), (14.0, 1.0), (20.0, None), (30.0, 0.0)])
def test_voices_apart_were_joined_left_or_neither(after_ms: float, expected: float | None) -> None:
    moves = replace(_moves(4, 1.0, {}), apart_ms=np.full(5, 30.0), apart_after_ms=np.full(5, after_ms))
    found = fit_taste(moves, 8).fix_flams
    assert (None if found is None else (found.value, found.hits)) == (
        None if expected is None else (expected, 5)
    )
    few = replace(moves, apart_ms=np.full(3, 30.0), apart_after_ms=np.full(3, after_ms))
    assert fit_taste(few, 8).fix_flams is None


@pytest.mark.parametrize(
    ("shifts", "said"),
    [
        (np.zeros(23), "takes 24"),
        (np.zeros(0), "takes 24"),
        (np.full(40, 0.5), "nothing to learn"),
        (np.append(np.zeros(40), np.full(11, 9.0)), "takes 12"),
        (np.full(40, 7.0), "same 7.0 ms"),
    ],
)
def test_moves_that_show_nothing_are_refused(shifts: np.ndarray, said: str) -> None:
    with pytest.raises(TimingError, match=said):
        require_moves(shifts)


def test_moves_away_from_the_lines_are_refused() -> None:
    moves = _moves(5, 1.0, {})
    with pytest.raises(TimingError, match="not moved towards these beats"):
        fit_taste(
            replace(moves, after_ms=moves.before_ms + np.random.default_rng(6).normal(0.0, 30.0, 160)), 8
        )


def test_the_moves_of_several_pairs_are_one_after_another() -> None:
    one, other = _moves(7, 1.0, {}), _moves(8, 0.5, {})
    both = together([one, other])
    for field in fields(Moves):
        expected = np.concatenate([getattr(one, field.name), getattr(other, field.name)])
        np.testing.assert_array_equal(getattr(both, field.name), expected)


@pytest.mark.parametrize("name", [name for name in PARTS if name not in ("1/4", "1/32")])
def test_the_coarsest_division_that_fits_is_the_likely_one(name: str) -> None:
    grid = steady(120.0, 0.0, rate_hz=RATE_HZ, length_samples=30 * RATE_HZ)
    onsets = np.arange(0, 50 * PARTS[name]) * 24_000.0 / PARTS[name]
    onsets += np.random.default_rng(9).normal(0.0, 100.0, len(onsets))
    assert likely_division([(onsets, grid, RATE_HZ)]) == Division(name)


def test_detected_beats_become_even_by_the_strokes_on_them() -> None:
    rng = np.random.default_rng(10)
    exact = 1000.0 + 24_010.0 * np.arange(40)
    grid = BeatGrid(
        np.rint(exact + rng.normal(0.0, 300.0, 40)).astype(int), np.arange(40) % 4 + 1, 120.0, 1.0, "x"
    )
    strokes = np.sort(np.concatenate([exact, exact[:-1] + 12_005.0, exact[5:9] + 3_000.0]))
    found = steadied(grid, strokes, RATE_HZ)
    np.testing.assert_allclose(found.beats_samples, exact, atol=2.0)
    assert found.tempo_bpm == pytest.approx(60.0 * RATE_HZ / 24_010.0, rel=1e-5)
    wandering = replace(grid, beats_samples=np.rint(exact + 6_000 * np.sin(np.arange(40) / 4)).astype(int))
    assert steadied(wandering, strokes, RATE_HZ) is wandering
    for beats, played in ((grid.beats_samples[:1], strokes), (grid.beats_samples, strokes[:3])):
        with pytest.raises(TimingError, match="Too few hits"):
            steadied(
                replace(grid, beats_samples=beats, bar_positions=grid.bar_positions[: len(beats)]),
                played,
                RATE_HZ,
            )


def test_of_positions_that_overtake_each_other_the_more_similar_stay() -> None:
    like = np.array([0.9, 0.8, 0.95, 0.7, 0.9])
    found = _in_order(np.array([10.0, 30.0, 20.0, NAN, 40.0]), like)
    np.testing.assert_array_equal(found, [10.0, NAN, 20.0, NAN, 40.0])
    np.testing.assert_array_equal(_in_order(np.array([5.0, 5.0]), like[:2]), [5.0, NAN])
    # The last one goes below all others; each is compared with its neighbours only.
    np.testing.assert_array_equal(_in_order(np.array([3.0, 2.0, 1.0]), like[:3]), [NAN, NAN, 1.0])
    assert _in_order(np.zeros(0), np.zeros(0)).tolist() == []


def test_the_lag_of_what_stayed_is_that_of_most_or_none_within_a_timeline() -> None:
    still = ms(0.3)
    assert _timeline(np.zeros(0), RATE_HZ) == 0.0
    assert _timeline(np.full(9, 500.0), RATE_HZ) == 500.0
    assert _timeline(np.full(9, still), RATE_HZ) == 0.0
    spread = np.sort(np.concatenate([np.linspace(-4000.0, 4000.0, 30), np.full(8, 700.0)]))
    assert _timeline(spread, RATE_HZ) == 700.0
    apart = np.linspace(-4000.0, 4000.0, 30)
    assert _timeline(apart + 1000.0, RATE_HZ) == 0.0  # within a quarter of a second: one timeline
    assert _timeline(apart + 20_000.0, RATE_HZ) == 20_000.0


def test_offsets_of_windows_are_the_likeliest_without_jumps() -> None:
    candidates = [np.array([0.0, 90.0]), np.array([200.0, 5.0]), np.array([90.0, 4.0])]
    scores = [np.array([0.5, 0.55]), np.array([0.7, 0.6]), np.array([0.5, 0.5])]
    assert _followed(candidates, scores).tolist() == [0.0, 5.0, 4.0]
    scores[1][0] = 1.4  # worth both jumps
    assert _followed(candidates, scores).tolist() == [0.0, 200.0, 90.0]
    assert _followed([], []).tolist() == []


def test_the_moves_of_sounds_are_found_to_a_fraction_of_a_sample() -> None:
    onsets = np.array([0.3, 0.8, 1.3, 1.8]) * RATE_HZ
    moved = onsets + np.array([400.0, -250.0, 0.0, 0.0])

    def sounding(at: np.ndarray, rows: int) -> HeldMicrophones:
        out = np.zeros((len(ROLES), round(2.2 * RATE_HZ)), np.float32)
        for row, onset in enumerate(np.rint(at).astype(int).tolist()[:rows]):
            noise = np.random.default_rng(row).normal(0.0, 0.3, 3_000) * np.exp(-np.arange(3_000) / 700.0)
            out[:, onset : onset + 3_000] += noise.astype(np.float32)
        return HeldMicrophones(dict(zip(map(str, ROLES), out, strict=True)), RATE_HZ)

    strokes = gather(hits_of(onsets, np.array([KICK, SNARE, KICK, HAT])), RATE_HZ)
    found = find_copies(sounding(onsets, 4), sounding(moved, 3), strokes, same_places(strokes))
    np.testing.assert_allclose(found.edited_samples, [*moved[:3], NAN], atol=0.01)
    assert found.found.tolist() == [True, True, True, False]
    np.testing.assert_allclose(found.likeness, [1.0, 1.0, 1.0, 0.0], atol=1e-3)
    np.testing.assert_array_equal(found.unmoved_samples, onsets)


def test_a_learned_groove_is_read_as_it_was_written(tmp_path: Path) -> None:
    taste = fit_taste(_moves(11, 0.5, {_SNARE: 6.0}), 8)
    pair = Pair(raw=["a.wav"], edited=["b.wav"], hits=170, found=160)
    learned = learned_groove(taste, Division("1/8"), 4, 120.00049, (pair,))
    path = tmp_path / "x.groove"
    write_groove(learned, path)
    assert read_groove(path) == learned
    assert parse_json(path.read_bytes())["tempo_bpm"] == 120.0
    assert is_learned(str(path))
    assert not is_learned("groove.mid")
    settings = learned.settings
    assert set(settings) == {"division", "swing_percent", "strength", "least_ms"}
    assert (settings["division"], settings["swing_percent"], settings["strength"]) == ("1/8", 50.0, 0.5)
    assert learned.unknown == ("most_ms", "own_feel", "fix_flams")
    groove = learned.groove
    assert (groove.parts, groove.is_edited, len(groove.offsets_beats)) == (2, True, 8)
    assert groove.drums_ms[Role.SNARE] == pytest.approx(6.0, abs=0.5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "newer Offcut"),
        ({"division": "1/5"}, "division must be"),
        ({"beats_in_bar": 3}, "lines must have 6 values"),
        ({"drums": {"room": {"hits": 1, "late_ms": 0.0}}}, "no room"),
        ({"strength": {"hits": 1, "value": 1.5}}, "strength must be 0 to 1"),
        ({"extra": 1}, "Extra inputs"),
        ({"hits": -1}, "hits"),
    ],
)
def test_a_groove_file_with_something_wrong_is_refused(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    learned = learned_groove(fit_taste(_moves(12, 1.0, {}), 8), Division("1/8"), 4, 120.0, ())
    path = tmp_path / "x.groove"
    path.write_text(learned.model_dump_json(), encoding="utf-8")
    assert read_groove(path) == learned
    path.write_text(json.dumps({**learned.model_dump(), **changes}), encoding="utf-8")
    with pytest.raises(SourceError, match=said):
        read_groove(path)
    for content in (b"", b"[]", b"\xff\x00", b" " * ((1 << 20) + 1)):
        path.write_bytes(content)
        with pytest.raises(SourceError):
            read_groove(path)


@pytest.mark.parametrize("name", LIMITS)
def test_a_number_outside_its_limits_is_refused_and_one_at_them_is_not(name: str) -> None:
    low, high = LIMITS[name]
    for value in (low, high):
        given = {name: value} if name != "least_ms" else {name: value, "most_ms": high}
        assert getattr(TimingSettings(**given), name) == value
    for value in (low - 0.001, high + 0.001, NAN):
        with pytest.raises(UsageError, match=name):
            TimingSettings(**{name: value})


@pytest.mark.parametrize(
    "wrong",
    [{"strength": "1"}, {"strength": True}, {"own_feel": 1}, {"fill": "x"}, {"least_ms": 9, "most_ms": 8}],
)
def test_settings_of_another_kind_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        TimingSettings(**wrong)


def test_settings_are_read_as_they_were_stored_with_changes_and_without_what_is_unknown() -> None:
    settings = TimingSettings(division="1/8", swing_percent=60, strength=0.5, least_ms=2)
    assert isinstance(settings.least_ms, float)
    assert timing_settings(settings.stored) == settings
    assert timing_settings(settings.stored, strength=1.0) == replace(settings, strength=1.0)
    assert timing_settings({TIMING: {"strength": 0.5, "colour": "red"}}) == TimingSettings(strength=0.5)
    assert timing_settings({}) == timing_settings({TIMING: "damaged"}) == TimingSettings()
    assert settings.divided == Division("1/8", 60.0)
    for wrong in ({"strength": NAN}, {"exclude_within_ms": -1.0}, {"least_ms": 5.0, "most_ms": 4.0}):
        with pytest.raises(ValueError, match=r"is|from"):
            AlignmentSettings(**wrong)
