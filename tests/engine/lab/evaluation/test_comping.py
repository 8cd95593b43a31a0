"""Figures of comps: faults that are played, seams that are needed, and attacks played twice or lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.document.document import Document
from engine.document.edits.clips import raise_clips
from engine.features.takes.comp_costs import SEVERAL_TRACKS, Differences, deviations
from engine.features.takes.following import Bars
from engine.lab.evaluation.comping.bands import BANDS, DRUMS, ScoreNote, Song
from engine.lab.evaluation.comping.faults import BY_MUSICIANS, FAULTS, Fault, damage, with_fault
from engine.lab.evaluation.comping.fit import fitted, is_faulty
from engine.lab.evaluation.comping.lanes import as_recorded, lay_takes
from engine.lab.evaluation.comping.measures import (
    attacks_at,
    faults_played,
    natural_steps,
    needed_seams,
    ratios,
    seams_of,
    steps_at,
)
from engine.lab.evaluation.comping.session import RATE_HZ, Rehearsal
from engine.lab.evaluation.comping.takes import played
from engine.sound.edl.edit_list import EditList, Segment

BARS = 4
BEGINS = (RATE_HZ, 12 * RATE_HZ)


def song() -> Song:
    band = BANDS[0]
    notes = [ScoreNote(DRUMS, float(beat), 0.25, (36,), 0.8) for beat in range(4 * BARS)]
    notes += [ScoreNote(band.bass.name, float(beat), 0.9, (40,), 0.7) for beat in range(4 * BARS)]
    return Song(band, 120.0, BARS, tuple(notes))


def rehearsal(*places: tuple[int, int]) -> Rehearsal:
    """Return two takes with a dropout in these bars of them."""
    takes = tuple(played(song(), np.random.default_rng(seed)) for seed in range(2))
    faults = tuple(
        Fault("dropout", take, bar, takes[take].bars_s[bar] + 0.2, takes[take].bars_s[bar] + 0.4)
        for take, bar in places
    )
    sound = np.random.default_rng(1).standard_normal(22 * RATE_HZ).astype(np.float32) * 0.1
    return Rehearsal("made", song(), takes, BEGINS, faults, {"mix": sound})


def edit_list(one: Rehearsal, bar: int) -> EditList:
    """Return the first take until a bar, then the second."""
    first, second = (
        begin + round(take.bars_s[bar] * RATE_HZ) - 300 for begin, take in zip(BEGINS, one.takes, strict=True)
    )
    parts = [Segment(0, first, 0), Segment(second, 21 * RATE_HZ, first)]
    return EditList.of(parts, RATE_HZ, first + 21 * RATE_HZ - second, 22 * RATE_HZ)


def test_faults_and_seams_are_counted() -> None:
    one = rehearsal((0, 1), (0, 3), (1, 0))
    assert [fault.bar for fault in faults_played(one, edit_list(one, 1))] == []
    assert [fault.bar for fault in faults_played(one, edit_list(one, 2))] == [1]
    (seam,) = seams_of(one, edit_list(one, 2))
    assert (seam.left_take, seam.right_take) == (0, 1)
    assert attacks_at(one, seam) == (0, 0)
    assert needed_seams(one) == 1
    assert needed_seams(rehearsal((0, 0), (1, 1), (0, 2))) == 2
    assert needed_seams(rehearsal((0, 0))) == 0


def test_lanes_are_counted_as_spans_of_the_recording(tmp_path: Path) -> None:
    takes = tuple(played(song(), np.random.default_rng(seed), is_to_click=True) for seed in range(2))
    np.testing.assert_array_equal(takes[0].beats_s, takes[1].beats_s)
    one = replace(rehearsal((0, 1), (0, 2), (1, 3)), takes=takes)
    with Document.create(tmp_path / "lanes.offcut") as document:
        lay_takes(one, document, tmp_path)
        (track,) = document.state.tracks
        assert faults_played(one, as_recorded(one, document)) == [one.faults[2]]
        half = (0, round((0.5 + float(takes[0].bars_s[2])) * RATE_HZ))
        document.apply(raise_clips(document.state, [track.clips[0].id], half))
        played_parts = as_recorded(one, document)
        assert faults_played(one, played_parts) == [one.faults[0], one.faults[2]]
        (seam,) = seams_of(one, played_parts)
        assert (seam.left_take, seam.right_take) == (0, 1)
        assert attacks_at(one, seam) == (0, 0)


@pytest.mark.parametrize(("later_s", "expected"), [(0.1, (0, 2)), (-0.1, (2, 0))])
def test_attacks_played_twice_or_lost_are_counted(later_s: float, expected: tuple[int, int]) -> None:
    one = rehearsal()
    (seam,) = seams_of(one, edit_list(one, 2))
    late = type(seam)(
        seam.result_samples,
        seam.left_take,
        seam.left_samples,
        seam.right_take,
        seam.right_samples + round(later_s * RATE_HZ),
    )
    if later_s < 0:
        late = type(seam)(
            seam.result_samples, 0, seam.left_samples + round(0.1 * RATE_HZ), 1, seam.right_samples
        )
    assert attacks_at(one, late) == expected


def test_a_seam_of_one_sound_has_natural_steps() -> None:
    one = rehearsal()
    (seam,) = seams_of(one, edit_list(one, 2))
    steps = ratios([steps_at(one, one.mix, seam)], natural_steps(one, one.mix))
    assert steps["click"] == pytest.approx(1.0, abs=0.3)
    assert steps["spectrum"] == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_inside_its_bar_and_changes_it_alone(kind: str) -> None:
    take, rng = rehearsal().takes[0], np.random.default_rng(3)
    made, fault = with_fault(take, kind, 0, 2, BANDS[0], rng)
    begin_s, end_s = take.bars_s[2:4]
    assert begin_s <= fault.start_s < fault.stop_s <= end_s
    rest = [one for one in take.notes if not begin_s - 0.2 <= one.start_s < end_s]
    assert set(rest) <= set(made.notes)
    assert (made != take and made.notes != take.notes) is (kind in BY_MUSICIANS)
    sounds = {"mix": np.full(22 * RATE_HZ, 0.1, np.float32)}
    if kind not in BY_MUSICIANS:
        damage(sounds, fault, BEGINS[0], RATE_HZ, [rng.standard_normal(RATE_HZ).astype(np.float32)], rng)
        changed = np.flatnonzero(sounds["mix"] != np.float32(0.1))
        first, last = (BEGINS[0] + round(at * RATE_HZ) for at in (fault.start_s, fault.stop_s))
        assert first <= changed[0] <= changed[-1] < last


def test_weights_are_fitted() -> None:
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(4):
        truth = rng.random((3, 10)) < 0.2
        more = rng.exponential(0.3, (1, 3, 3, 10)) + 6.0 * truth[None, :, None, :]
        found = Differences(
            {
                name: more if name == "pitch" else rng.exponential(1.0, more.shape)
                for name in ("pitch", "level")
            },
            np.zeros((3, 3, 11)),
        )
        rows.append((deviations(found), truth))
    weights = fitted(rows)
    assert max(weights.of, key=lambda key: weights.of[key])[0] == "pitch"
    assert all(weight >= 0.0 for weight in weights.of.values())
    assert set(SEVERAL_TRACKS.of) - {"timing"}
    bars = Bars(np.zeros((2, BARS + 1), np.int64), np.ones((2, BARS), bool), 0)
    assert np.argwhere(is_faulty(rehearsal((1, 2)).faults, bars)).tolist() == [[1, 2]]
