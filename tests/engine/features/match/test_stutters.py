"""Stutters: slices too short for the search, repeated next to where they were played."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.features.match.match import match_sounds
from engine.features.match.matched import Matched
from engine.features.match.sound import Samples, sound_of
from engine.lab.evaluation.matching.versions import VERSIONS
from tests.engine.features.match.test_match import RATE_HZ, music
from tests.mostly_long import mostly_long

_AT = 12 * RATE_HZ
_BEFORE = 4 * RATE_HZ


def _found(raw: Samples, edited: Samples) -> Matched:
    return match_sounds(
        (sound_of(Path("raw.wav"), raw, RATE_HZ),), sound_of(Path("edited.wav"), edited, RATE_HZ)
    )


def _stuttered(raw: Samples, slice_samples: int, times: int, after: int) -> Samples:
    """Return four seconds, the slice that follows them some times, and four seconds from `after` on."""
    repeated = np.tile(raw[_AT : _AT + slice_samples], (times, 1))
    return np.concatenate([raw[_AT - _BEFORE : _AT], repeated, raw[after : after + _BEFORE]])


@mostly_long("length_s", [0.05, 0.09, 0.15], keep=(0.09,))
@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_each_repetition_of_a_slice_is_a_segment(length_s: float, is_elsewhere: bool) -> None:
    raw, length, times = music(81, 30.0), round(length_s * RATE_HZ), 10
    after = 20 * RATE_HZ if is_elsewhere else _AT + length
    found = _found(raw, _stuttered(raw, length, times, after))
    assert found.unmatched == ()
    assert found.matched_share == 1.0
    inside = [one for one in found.segments if one.edited_start_samples > 0][: times - 1]
    starts = [_BEFORE + number * length for number in range(1, times)]
    assert [one.edited_start_samples for one in inside] == pytest.approx(starts, abs=2)
    assert [one.raw_start_samples for one in inside] == pytest.approx([_AT] * (times - 1), abs=2)


@mostly_long("version", ["coded", "noisy"], keep=("coded",))
def test_a_stutter_is_found_in_versions(version: str) -> None:
    raw, length = music(82, 30.0), round(0.08 * RATE_HZ)
    edited = _stuttered(raw, length, 10, _AT + length)
    found = _found(raw, VERSIONS[version](edited, RATE_HZ, np.random.default_rng(6)))
    assert found.unmatched == ()
    assert len(found.segments) >= 9


@pytest.mark.parametrize("length_s", [0.06, 0.15])
def test_a_stutter_of_foreign_sound_is_foreign(length_s: float) -> None:
    raw, other, length = music(83, 30.0), music(84, 3.0), round(length_s * RATE_HZ)
    repeated = np.tile(other[RATE_HZ : RATE_HZ + length], (16, 1))
    edited = np.concatenate([raw[_AT - _BEFORE : _AT], repeated, raw[_AT : _AT + _BEFORE]])
    found = _found(raw, edited)
    assert found.unmatched == ((_BEFORE, _BEFORE + len(repeated)),)
    assert found.matched_share == pytest.approx(2 * _BEFORE / len(edited), abs=1e-3)


def test_a_stutter_ends_where_foreign_sound_begins() -> None:
    raw, length = music(85, 30.0), round(0.1 * RATE_HZ)
    stutter = np.tile(raw[_AT : _AT + length], (8, 1))
    foreign = music(86, 5.0)[RATE_HZ : 3 * RATE_HZ]
    edited = np.concatenate([raw[_AT - _BEFORE : _AT], stutter, foreign, raw[_AT : _AT + _BEFORE]])
    ((start, stop),) = _found(raw, edited).unmatched
    begin = _BEFORE + len(stutter)
    assert (start, stop) == pytest.approx((begin, begin + len(foreign)), abs=0.03 * RATE_HZ)
