"""Tuning is not listed as a passage, a take or a false start; music next to it is."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.takes.features import FRAMES_PER_S, frames_of
from engine.features.takes.find import find_takes
from engine.features.takes.playing import are_tuning, playing_in
from tests.engine.features.takes.playing import RATE_HZ, Sound, joined, passage, quiet

OPEN_STRINGS_HZ = (82.41, 110.0, 146.83, 196.0, 246.94, 329.63)
WITHIN_S = 0.5


def tuned(seed: int, strings: tuple[int, ...] = (0, 1, 2)) -> Sound:
    """Return open strings, each plucked four times while a peg is turned, mono at `RATE_HZ`."""
    rng = np.random.default_rng(seed)
    notes = []
    for string in strings:
        for turn in range(4):
            length = round(rng.uniform(0.9, 1.8) * RATE_HZ)
            time_s = np.arange(length) / RATE_HZ
            semitones = 0.4 * 0.5**turn * np.exp(-time_s)
            phase = 2.0 * np.pi * np.cumsum(OPEN_STRINGS_HZ[string] * 2.0 ** (semitones / 12.0)) / RATE_HZ
            partials = sum(np.sin(k * phase) * np.exp(-(0.6 + 0.4 * k) * time_s) / k for k in range(1, 9))
            notes.append(np.asarray(partials * np.minimum(1.0, time_s / 0.005), np.float32))
    return np.float32(0.1) * np.concatenate(notes)


def test_strings_tuned_twice_are_no_passage() -> None:
    audio, spans = joined(tuned(1), passage(1, 20.0), tuned(2), passage(1, 20.0), tuned(3), passage(2, 8.0))
    found = find_takes([audio], RATE_HZ, len(audio))
    (group,) = found.groups
    for take, number in zip(group.takes, (1, 3), strict=True):
        assert take.start_s == pytest.approx(spans[number][0], abs=WITHIN_S)
        assert take.stop_s == pytest.approx(spans[number][1], abs=WITHIN_S)
    assert found.likely_false_starts() == ()
    assert len(found.played_s) >= len(spans)


def test_a_recording_of_tuning_alone_has_no_takes() -> None:
    audio, _ = joined(*(tuned(seed, (0, 1, 2, 3)) for seed in range(6)))
    found = find_takes([audio], RATE_HZ, len(audio))
    assert (found.groups, found.likely_false_starts()) == ((), ())


@pytest.mark.parametrize("level", [1.0, 0.1])
def test_the_level_does_not_matter(level: float) -> None:
    audio, spans = joined(np.float32(level) * tuned(1), passage(1, 20.0))
    frames = frames_of([audio], RATE_HZ)
    in_frames = [(start_s * FRAMES_PER_S, stop_s * FRAMES_PER_S) for start_s, stop_s in spans]
    assert [are_tuning(frames, [span]) for span in in_frames] == [True, False]


def test_in_silence_nobody_tunes() -> None:
    frames = frames_of([quiet(4.0)[: 4 * RATE_HZ]], RATE_HZ)
    assert playing_in(frames, 3, 3) is None
    assert not are_tuning(frames, [])
    assert not are_tuning(frames, [(0.0, float(len(frames)))])
