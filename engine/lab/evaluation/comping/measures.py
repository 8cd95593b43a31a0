"""Figures of a comp: faults that it plays, its seams, and how both compare with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.features.takes.comp import cheapest
from engine.lab.evaluation.comping.bands import DRUMS
from engine.lab.evaluation.comping.faults import Fault
from engine.lab.evaluation.comping.session import RATE_HZ, Rehearsal, Sound
from engine.lab.evaluation.comping.takes import PlayedTake
from engine.sound.edl.edit_list import EditList

Values = NDArray[np.float64]

_LEAST_S = 0.02
"""A fault that is played for less than that is not audible."""
_STEP_S, _CLICK_S, _LEAD_S = 0.15, 0.005, 0.007
_NEAR_S, _ENDS_S = 0.25, 0.3
_EITHER_S = 0.005
"""A note this near to a seam may be on either side of it."""
STEPS = ("level", "spectrum", "click", "timing")


@dataclass(frozen=True, slots=True)
class Seam:
    """A seam between two takes: its place in the result, and in both takes, in samples of the recording."""

    result_samples: int
    left_take: int
    left_samples: int
    right_take: int
    right_samples: int


def faults_played(one: Rehearsal, played: EditList) -> list[Fault]:
    """Return the faults that a result plays."""
    found = []
    for fault in one.faults:
        start, stop = one.span_of(fault)
        shared = sum(
            max(0, min(stop, part.stop_samples) - max(start, part.start_samples)) for part in played.segments
        )
        if shared > _LEAST_S * RATE_HZ:
            found.append(fault)
    return found


def seams_of(one: Rehearsal, played: EditList) -> list[Seam]:
    """Return the seams between takes in a result."""
    found = []
    for left, right in pairwise(played.segments):
        overlap = left.fade_out_samples
        left_at = left.stop_samples - (overlap - overlap // 2)
        right_at = right.start_samples + overlap // 2
        takes = _take_at(one, left_at), _take_at(one, right_at)
        if takes[0] != takes[1] and None not in takes:
            middle = right.result_start_samples + overlap // 2
            found.append(Seam(middle, takes[0] or 0, left_at, takes[1] or 0, right_at))
    return found


def _take_at(one: Rehearsal, at_samples: int) -> int | None:
    """Return the take at a place of the recording; None between takes and at their ends."""
    for number, (begin, take) in enumerate(zip(one.begins_samples, one.takes, strict=True)):
        at_s = (at_samples - begin) / RATE_HZ
        if _ENDS_S < at_s < float(take.bars_s[-1]) - _ENDS_S:
            return number
    return None


def needed_seams(one: Rehearsal) -> int:
    """Return the least number of seams of a comp without faults; each bar of a take is whole."""
    bars, takes = one.song.bars, len(one.takes)
    costs = np.zeros((takes, bars))
    for fault in one.faults:
        costs[fault.take, fault.bar] = float(bars)
    seams = np.ones((takes, takes, bars)) / bars
    seams[np.eye(takes, dtype=bool)] = 0.0
    return int(np.count_nonzero(np.diff(cheapest(costs, seams))))


def attacks_at(one: Rehearsal, seam: Seam) -> tuple[int, int]:
    """Return how many notes near a seam are played twice, and how many by neither take."""
    left = _places(one, seam.left_take, seam.left_samples)
    right = _places(one, seam.right_take, seam.right_samples)
    both = [(left[number], right[number]) for number in left.keys() & right.keys()]
    near = [pair for pair in both if max(map(abs, pair)) < _NEAR_S]
    twice = sum(a < -_EITHER_S and b > _EITHER_S for a, b in near)
    return twice, sum(a > _EITHER_S and b < -_EITHER_S for a, b in near)


def _places(one: Rehearsal, take: int, at_samples: int) -> dict[int, float]:
    """Return where each note of a take begins, in seconds after a place, by its number in the score."""
    after_s = (one.begins_samples[take] - at_samples) / RATE_HZ
    return {note.number: note.start_s + after_s for note in one.takes[take].notes}


def steps_at(one: Rehearsal, result: Sound, seam: Seam) -> dict[str, float]:
    """Return the steps of level, spectrum, waveform and timing at a seam."""
    pair = (seam.left_take, seam.left_samples), (seam.right_take, seam.right_samples)
    return {**_steps_of_sound(result, seam.result_samples), "timing": _step_of_timing(one, *pair)}


def natural_steps(one: Rehearsal, mix: Sound) -> list[dict[str, float]]:
    """Return the same steps at bar lines within takes."""
    found = []
    for number, take in enumerate(one.takes):
        for line_s in take.bars_s[1:-1].tolist():
            at = one.begins_samples[number] + round((line_s - _LEAD_S) * RATE_HZ)
            steps = _steps_of_sound(mix, at)
            found.append({**steps, "timing": _step_of_timing(one, (number, at), (number, at))})
    return found


def _steps_of_sound(sound: Sound, at: int) -> dict[str, float]:
    count, around = round(_STEP_S * RATE_HZ), round(_CLICK_S * RATE_HZ)
    before, after = sound[at - count : at].astype(np.float64), sound[at : at + count].astype(np.float64)
    bands = [_band_levels_db(part) for part in (before, after)]
    levels = [10 * np.log10(np.mean(np.square(part)) + 1e-10) for part in (before, after)]
    near = np.diff(sound[at - around : at + around].astype(np.float64), 2)
    return {
        "level": abs(float(levels[1] - levels[0])),
        "spectrum": float(np.abs(bands[1] - bands[0]).mean()),
        "click": float(np.abs(near).max()),
    }


def _band_levels_db(sound: Values) -> Values:
    power = np.square(np.abs(np.fft.rfft(sound * np.hanning(len(sound)))))
    hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    edges = 60.0 * 2 ** (np.arange(25) / 3)
    rows = np.searchsorted(hz, edges)
    return np.array([10 * np.log10(power[a:b].mean() + 1e-6) for a, b in pairwise(rows) if b > a])


def _step_of_timing(one: Rehearsal, left: tuple[int, int], right: tuple[int, int]) -> float:
    """Return how far the interval from the last stroke before a seam to the next is from the tempo, in s."""
    before, after = (_strokes(one, *side) for side in (left, right))
    earlier = [pair for pair in before if pair[0] < 0.0]
    later = [pair for pair in after if pair[0] >= 0.0]
    if not earlier or not later:
        return 0.0
    (from_s, from_beat), (to_s, to_beat) = max(earlier), min(later)
    beat_s = np.mean([_beat_s(one.takes[take], (from_beat + to_beat) / 2) for take, _ in (left, right)])
    return abs(to_s - from_s - float(beat_s) * (to_beat - from_beat))


def _strokes(one: Rehearsal, take: int, at_samples: int) -> list[tuple[float, float]]:
    """Return the strokes of the drums: seconds after a place, and the beat of the score."""
    after_s = (one.begins_samples[take] - at_samples) / RATE_HZ
    return [
        (note.start_s + after_s, one.song.notes[note.number].beat)
        for note in one.takes[take].notes
        if note.instrument == DRUMS
    ]


def _beat_s(take: PlayedTake, beat: float) -> float:
    place = int(np.clip(beat, 0, len(take.beats_s) - 2))
    return float(take.beats_s[place + 1] - take.beats_s[place])


def ratios(at_seams: Sequence[dict[str, float]], within: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean step at seams relative to that within takes, by quantity."""
    return {
        name: float(np.mean([one[name] for one in at_seams]) / np.mean([one[name] for one in within]))
        for name in STEPS
    }
