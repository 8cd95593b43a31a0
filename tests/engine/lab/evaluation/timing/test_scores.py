"""What is said of hits and placements is what is so, on performances small enough to count by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.analysis import ORNAMENTS, BeatGrid, Hits, Ornament, Role
from engine.features.timing.alignment.lines import Lines, Placement
from engine.lab.evaluation.timing.baselines.simple_aligners import as_it_is, nearest_lines, to_nearest_line
from engine.lab.evaluation.timing.hit_scores import hit_score, rows_found
from engine.lab.evaluation.timing.hit_scores import together as hits_together
from engine.lab.evaluation.timing.matching import f_measure, matched
from engine.lab.evaluation.timing.placement_scores import ends_of, placement_score, together
from engine.lab.evaluation.timing.table import table_of
from engine.lab.simulated.performances.performance import Performance, Truth

RATE_HZ = 44_100
_MS = RATE_HZ / 1000.0
_ROLES = {"Kick": Role.KICK, "Snare": Role.SNARE, "OH": Role.OVERHEAD}
_NONE, _GHOST, _FLAM, _LATE = (
    ORNAMENTS.index(one) for one in (Ornament.NONE, Ornament.GHOST, Ornament.FLAM, Ornament.LATE_VOICE)
)


def _truth() -> Truth:
    """Lines are 100 ms apart: a kick and a late snare, a flam, a ghost, a kick too many, one missing."""
    rows = [
        # onset, target, microphone, ornament, stroke
        (110.0, 100.0, 0, _NONE, 0),
        (160.0, 100.0, 1, _LATE, 0),
        (295.0, 275.0, 1, _FLAM, 1),
        (320.0, 300.0, 1, _NONE, 1),
        (405.0, 400.0, 1, _GHOST, 2),
        (450.0, np.nan, 0, _NONE, 3),
        (590.0, 600.0, 2, _NONE, 4),
    ]
    onsets, targets, microphones, ornaments, strokes = zip(*rows, strict=True)
    return Truth(
        onsets_samples=np.array(onsets) * _MS,
        targets_samples=np.array(targets) * _MS,
        microphones=np.array(microphones, np.int16),
        velocities=np.full(len(rows), 0.5, np.float32),
        ornaments=np.array(ornaments, np.int8),
        strokes=np.array(strokes, np.int32),
        missing_samples=np.array([500.0]) * _MS,
    )


def _lines() -> Lines:
    beats = np.arange(10.0)
    return Lines(beats * 100.0 * _MS, beats, np.ones(10, np.int8), RATE_HZ)


def _hits(truth: Truth) -> Hits:
    return Hits(
        onsets_samples=truth.onsets_samples,
        tracks=truth.microphones,
        strengths_db=np.zeros(len(truth.strokes), np.float32),
        strokes=truth.strokes,
        ornaments=truth.ornaments,
        confidences=np.ones(len(truth.strokes), np.float32),
        track_ids=tuple(_ROLES),
        roles=tuple(_ROLES.values()),
        delays_samples=np.zeros(len(_ROLES)),
    )


def _taken(hits: Hits, rows: list[int]) -> Hits:
    return replace(
        hits,
        onsets_samples=hits.onsets_samples[rows],
        tracks=hits.tracks[rows],
        strengths_db=hits.strengths_db[rows],
        strokes=hits.strokes[rows],
        ornaments=hits.ornaments[rows],
        confidences=hits.confidences[rows],
    )


def _performance() -> Performance:
    rng = np.random.default_rng(0)
    sounds = {name: rng.normal(0.0, 1e-4, round(700 * _MS)).astype(np.float32) for name in _ROLES}
    truth = _truth()
    for at, microphone in zip(truth.onsets_samples.astype(int), truth.microphones, strict=True):
        sound = list(sounds.values())[microphone]
        length = min(400, len(sound) - at)
        sound[at : at + length] += np.exp(-np.arange(length) / 80.0).astype(np.float32)
    grid = BeatGrid(np.arange(0, 900, 100), np.ones(9, np.int64), 600.0, 1.0, "truth")
    return Performance("made", RATE_HZ, sounds, _ROLES, truth, grid)


@pytest.mark.parametrize("seed", range(20))
def test_as_many_pairs_as_any_way_of_pairing_gives(seed: int) -> None:
    mir_eval_util = pytest.importorskip("mir_eval.util")
    rng = np.random.default_rng(seed)
    true, found = np.sort(rng.uniform(0, 10, 30)), np.sort(rng.uniform(0, 10, 35))
    rows, others = matched(true, found, 0.2)
    assert len(rows) == len(mir_eval_util.match_events(true, found, 0.2))
    assert len(set(rows)) == len(rows)
    assert len(set(others)) == len(others)
    assert np.all(np.abs(true[rows] - found[others]) <= 0.2)


def test_f_measure_of_nothing_is_no_number() -> None:
    assert np.isnan(f_measure(0, 0, 0))
    assert f_measure(2, 3, 5) == pytest.approx(2 * (2 / 5) * (2 / 3) / (2 / 5 + 2 / 3))


def test_true_hits_score_full_and_what_is_left_out_is_counted() -> None:
    performance, hits = _performance(), _hits(_truth())
    figures = hit_score(performance, hits).figures()
    assert figures["f_close"] == figures["f_all"] == figures["faulty_flams_f"] == 1.0
    assert figures["onset_error_ms_p95"] == 0.0
    less = _taken(hits, [0, 1, 3])
    late = replace(less, onsets_samples=less.onsets_samples + np.array([0.0, 2.0, 6.0]) * _MS)
    figures = hit_score(performance, late).figures()
    assert figures["recall_close"] == pytest.approx(2 / 6)
    assert figures["precision_close"] == pytest.approx(2 / 3)
    assert figures["onset_late_ms_median"] == pytest.approx(1.0)
    assert figures["grace_notes_found"] == figures["ghosts_found"] == 0.0
    np.testing.assert_array_equal(rows_found(performance, late), [0, 1, -1])


def test_scores_of_several_are_those_of_all_their_hits() -> None:
    performance, hits = _performance(), _hits(_truth())
    both = hits_together([hit_score(performance, hits), hit_score(performance, _taken(hits, [0]))]).figures()
    assert both["recall_close"] == pytest.approx(7 / 12)
    with pytest.raises(ValueError, match="no score"):
        hits_together([])
    with pytest.raises(ValueError, match="no score"):
        together([])


def test_a_hit_that_is_not_found_goes_with_its_slice() -> None:
    truth, lines = _truth(), _lines()
    hits = _taken(_hits(truth), [0, 3])
    ends = ends_of(truth, hits, np.array([0, 3]), to_nearest_line(hits, lines), RATE_HZ)
    moved_ms = (ends - truth.onsets_samples) / _MS
    np.testing.assert_allclose(moved_ms, [-10, -10, -10, -20, -20, -20, -20])


def test_nearest_lines_are_right_but_for_what_they_break() -> None:
    truth, lines, hits = _truth(), _lines(), _hits(_truth())
    rows = np.arange(7)
    none = placement_score(truth, hits, rows, as_it_is(hits, lines), lines).figures()
    assert none["grace_notes_kept"] == 1.0
    assert none["faulty_flams_fixed"] == 0.0
    nearest = placement_score(truth, hits, rows, to_nearest_line(hits, lines), lines).figures()
    assert nearest["wrong_place"] == pytest.approx(1 / 5)  # the snare that is 60 ms late
    assert nearest["grace_notes_kept"] == 0.0
    assert nearest["ghosts_kept"] == 1.0
    assert nearest["beside_extra_wrong"] == 0.0
    assert nearest["beside_missing_wrong"] == 0.0


def test_a_faultless_placement_scores_full() -> None:
    truth, lines, hits = _truth(), _lines(), _hits(_truth())
    targets = np.where(np.isnan(truth.targets_samples), truth.onsets_samples, truth.targets_samples)
    late = np.full(7, np.nan)
    late[1] = 50.0 * _MS
    placed = Placement(nearest_lines(targets, lines), targets, late, np.ones(7))
    figures = placement_score(truth, hits, np.arange(7), placed, lines).figures()
    assert figures["wrong_place"] == figures["off_target_ms_p95"] == 0.0
    for kept in ("grace_notes_kept", "ghosts_kept", "faulty_flams_f", "faulty_flams_fixed"):
        assert figures[kept] == 1.0
    spurious = placement_score(truth, hits, np.array([0, -1, 2, 3, 4, 5, 6]), placed, lines).figures()
    assert spurious["faulty_flams_f"] == 0.0


def test_lines_become_tables_and_a_file_of_none_is_refused(tmp_path: Path) -> None:
    lines = [
        {"hits": "true", "displacement": "5 ms", "row": "nearest line", "wrong_place": 0.0123, "n": 4},
        {"metric": "all_f_close", "value": 0.98765, "n": 4, "baseline": 0.5},
    ]
    (tmp_path / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    table = table_of(tmp_path / "lines.jsonl")
    assert "**True hits, 5 ms** (4 performances)" in table
    assert "| nearest line | 1.23 |" in table
    assert "| all f close | 0.988 |  | 0.500 | 4 |" in table
    (tmp_path / "none.jsonl").write_text("[1", "utf-8")
    for name in ("none.jsonl", "nowhere.jsonl"):
        with pytest.raises(UsageError, match=name):
            table_of(tmp_path / name)
