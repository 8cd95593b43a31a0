"""Windows that a quick look explains are not looked at again, and nothing is missed by that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.features.match.searching.corrections import settled
from engine.features.match.searching.places import Diagonal, _highest
from engine.features.match.searching.search import Stretch, first_look, quick_look
from engine.features.match.sound import RATE_HZ as LOW_HZ
from engine.features.match.sound import Samples, SearchFeatures, search_features, sound_of
from engine.features.match.stretching.stretched import (
    going_on,
    opened_spectra,
    stretched_pieces,
    with_long_lines,
)
from engine.lab.evaluation.matching.stretchers import stretched
from tests.engine.features.match.test_match import RATE_HZ, music


def features(samples: Samples) -> SearchFeatures:
    return search_features(sound_of(Path("sound"), samples, RATE_HZ), SILENT)


def offsets_s(found: list[Stretch]) -> list[float | None]:
    return [None if one.line is None else one.line.offset / LOW_HZ for one in found]


@pytest.mark.parametrize("count", [64, 100, 3000, 70_001])
def test_the_highest_values_by_columns_are_the_highest_of_all(count: int) -> None:
    values = np.random.default_rng(count).standard_normal(count).astype(np.float32)
    assert sorted(_highest(values, 64)) == sorted(np.argsort(-values)[:64])


def test_a_short_cut_between_the_windows_of_a_quick_look_is_found() -> None:
    raw = music(51, 40.0)
    cuts = [(10.0, 20.0), (30.0, 30.6), (20.6, 28.0)]
    edited = np.concatenate([raw[round(a * RATE_HZ) : round(b * RATE_HZ)] for a, b in cuts])
    recording, target = features(raw), features(edited)
    quick = quick_look([recording], target, SILENT)
    assert np.count_nonzero(quick.is_known) < 0.3 * len(quick.windows)
    first = first_look([recording], target, SILENT, quick)
    fragments = first.fragments(len(target.mono))
    assert offsets_s(fragments) == pytest.approx([10.0, 20.0, 10.0], abs=0.001)
    assert fragments[1].start / LOW_HZ == pytest.approx(10.0, abs=0.05)
    assert len(first.lines) < 8  # of windows at the cuts alone


def test_a_quick_look_is_all_where_stretched_sound_explains_a_file() -> None:
    recording, target = features(music(52, 8.0)), features(music(53, 6.0))
    quick = quick_look([recording], target, SILENT)
    assert first_look([recording], target, SILENT, quick, [(0.0, len(target.mono))]) is quick.first
    assert first_look([recording], target, SILENT, quick) is not quick.first


def test_a_long_line_through_a_recording_that_repeats_is_the_only_one() -> None:
    """Its repeats are as alike, and each would be a line of its own."""
    verse = music(54, 14.0, LOW_HZ)
    raw = np.concatenate([verse, music(55, 18.0, LOW_HZ), verse, music(56, 18.0, LOW_HZ), verse, verse])
    out, late = stretched("wsola", raw, LOW_HZ, 1.05, 0.0)
    edited = np.roll(out, -round(late), axis=0)[: round(len(raw) / 1.05)]
    monos = [one.mean(axis=1).astype(np.float32) for one in (raw, edited)]
    span = (0.0, float(len(monos[1])))
    known = with_long_lines(opened_spectra([monos[0]], monos[1]), [span], SILENT)
    assert max(stop - start for start, stop in going_on(known, is_changed=True)) > 0.97 * span[1]
    assert len(known.lines) < 4
    (piece,) = stretched_pieces(known, [span], SILENT)
    assert piece.speed == pytest.approx(1.05, rel=2e-4)
    assert stretched_pieces(known, [span], SILENT) == [piece]


def test_a_repeat_that_differs_late_is_not_taken_for_the_source() -> None:
    """Of a long segment a few parts are tried first; the rest distinguishes those that are alike there."""
    rng = np.random.default_rng(57)
    verse = music(58, 30.0, LOW_HZ).mean(axis=1).astype(np.float32)
    other = verse.copy()
    other[6 * LOW_HZ : 11 * LOW_HZ] += 0.05 * rng.standard_normal(5 * LOW_HZ).astype(np.float32)
    raw = np.concatenate([other, verse])
    found = [Stretch(Diagonal(0, 0.0, 0.0, float(len(verse)), 1.0), 0.0, float(len(verse)))]
    (one,) = settled([raw], verse, found, SILENT)
    assert one.line is not None
    assert one.line.offset == pytest.approx(len(verse), abs=1.0)
