"""Gain edits after which the spans of a matched edit are as loud as they are in the edited file.

Fades at the ends of matched segments are gain edits that extend beyond the played span.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.document.kinds.kind import HAND_CROSSFADE_MS
from engine.document.kinds.sounding import GAIN_DB, LOUDEST_DB, QUIETEST_DB, RAMP_MS
from engine.features.match.levels import to_db
from engine.features.match.matched import GainPoint, Segment
from engine.features.match.seams import as_channels
from engine.features.match.sound import Sound
from engine.sound.edl.edits_that_play import Wanted

Wide = NDArray[np.float64]
_Run = tuple[int, int, float]

LEAST_S, LONGEST_S = 0.1, 10.0
"""Shorter ones are edges of cuts; longer ones no gain edit can make."""
_BLOCK_S = 0.02
_AROUND_FADE_S = 2.0
"""Maximum length from the start of a fade until it reaches half a decibel."""
_STEPS = 80
_BEYOND = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
"""How far behind the end of a segment a fade may come to nothing, as a share of its length."""
_EXPLAINED = 0.5


@dataclass(frozen=True, slots=True)
class Fade:
    """A straight fade in the document: at its level at `full_samples`, nothing at `none_samples`.

    Attributes
    ----------
    played_samples : its played span [start, stop)
    """

    full_samples: int
    none_samples: int
    played_samples: tuple[int, int]


def fade(
    segment: Segment, steady: tuple[int, int, float], mix: Sound, edited: Sound, *, is_out: bool
) -> Fade | None:
    """Find the fade at the end of a segment, or at its start; None if a straight one explains little.

    Parameters
    ----------
    steady : first and last moment at constant level next to the fade, in the edited file, and their gain in
        dB
        out, or after a fade in
    """
    first, last, gain_db = steady
    offset = segment.raw_start_samples - segment.edited_start_samples
    around = min((last - first) // 4, round(_AROUND_FADE_S * mix.rate_hz))
    if is_out:
        start, stop = last - around, segment.edited_stop_samples
    else:
        start, stop = segment.edited_start_samples, first + around
    block = max(1, round(_BLOCK_S * mix.rate_hz))
    count = (stop - start) // block
    # A fade that is longer than can be is not read into memory.
    if count < 8 or count * block > 4 * LONGEST_S * mix.rate_hz:
        return None
    start = start if is_out else stop - count * block
    theirs = edited.read(start, start + count * block).astype(np.float64)
    mine = as_channels(
        mix.read(start + offset, start + offset + count * block).astype(np.float64), edited.channels
    )
    sums = [np.sum((a * b).reshape(count, -1), axis=1) for a, b in ((theirs, mine), (mine, mine))]
    power = float(np.sum(theirs * theirs))
    at: Wide = start + (np.arange(count, dtype=np.float64) + 0.5) * block
    if not is_out:
        at, sums = -at[::-1], [one[::-1] for one in sums]
    found = _fitted(at, sums[0], sums[1], power, 10.0 ** (gain_db / 20.0))
    if found is None:
        return None
    full, none = (round(place if is_out else -place) + offset for place in found)
    if not LEAST_S * mix.rate_hz <= abs(none - full) <= LONGEST_S * mix.rate_hz:
        return None
    heard = (full, segment.raw_stop_samples) if is_out else (segment.raw_start_samples, full)
    return Fade(full, none, heard)


def _fitted(at: Wide, shared: Wide, own: Wide, power: float, gain: float) -> tuple[float, float] | None:
    """Return where a fade out begins and comes to nothing; moments ascend towards the end of the segment."""

    def left(full: float, none: float) -> float:
        gains = gain * np.clip((none - at) / (none - full), 0.0, 1.0)
        return power - 2.0 * float(gains @ shared) + float((gains * gains) @ own)

    end = float(at[-1] + (at[1] - at[0]) / 2)
    steady = power - 2.0 * gain * float(shared.sum()) + gain * gain * float(own.sum())
    begins = np.linspace(at[0], end - (at[1] - at[0]), _STEPS)
    best = min(
        (left(full, end + beyond * (end - full)), full, beyond) for full in begins for beyond in _BEYOND
    )
    apart = begins[1] - begins[0]
    near = np.linspace(best[1] - apart, best[1] + apart, _STEPS)
    best = min((left(full, end + best[2] * (end - full)), full, best[2]) for full in near if full < end)
    if best[0] > _EXPLAINED * steady:
        return None
    return float(best[1]), float(end + best[2] * (end - best[1]))


def fade_edit(
    one: Fade, heard: Sequence[tuple[int, int]], rate_hz: int, length_samples: int
) -> Wanted | None:
    """Return the edit that makes a fade; None if its mirror half would overlap other played audio.

    Parameters
    ----------
    heard : all played spans of the document
    """
    long = abs(one.none_samples - one.full_samples)
    is_out = one.none_samples > one.full_samples
    low, high = sorted((one.full_samples, one.none_samples))
    start, stop = (low, high + long) if is_out else (low - long, high)
    quiet = (one.played_samples[1], stop) if is_out else (start, one.played_samples[0])
    if start < 0 or stop > length_samples or any(a < quiet[1] and quiet[0] < b for a, b in heard):
        return None
    payload: dict[str, object] = {GAIN_DB: QUIETEST_DB, RAMP_MS: round(1000 * long / rate_hz, 3)}
    return Wanted("gain", start, stop, payload)


LEAST_DB = 0.5
"""Levels nearer than that are one."""
_LEAST_S = 0.2
_LONGEST_STEP_S = 0.6
"""The blocks that a ride is measured in leave a step no longer than that."""
_AROUND_S = 0.25
_RAMPS_MS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
_CLEARLY = 1.05
_BLOCK_SAMPLES = 1 << 17


@dataclass(frozen=True, slots=True)
class Level:
    """A span [start, stop) of the document played at constant gain.

    Attributes
    ----------
    gain_db : against the document
    ramps_samples : how long it takes to change at either edge, around it; None at the ends of a segment
    """

    start_samples: int
    stop_samples: int
    gain_db: float
    ramps_samples: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Levels:
    """Gains of all played spans.

    Attributes
    ----------
    fades : at ends of segments
    ridden : how many segments change their level in ways that no such edit can
    """

    heard: tuple[Level, ...]
    fades: tuple[Fade, ...] = ()
    ridden: int = 0

    @property
    def usual_db(self) -> float:
        """The gain of the longest total duration."""
        if not self.heard:
            return 0.0
        gains = np.array([one.gain_db for one in self.heard])
        lengths = np.array([one.stop_samples - one.start_samples for one in self.heard])
        near = np.abs(gains[:, None] - gains) <= LEAST_DB / 2
        chosen = near[int(np.argmax(near @ lengths))]
        return float(np.average(gains[chosen], weights=lengths[chosen]))


def levels(segments: Sequence[Segment], mix: Sound, edited: Sound) -> Levels:
    """Find the levels of segments, and where they change to the sample.

    Parameters
    ----------
    mix, edited : of one rate; the segments are of the first, in the second
    """
    heard: list[Level] = []
    fades: list[Fade] = []
    ridden = 0
    for segment in segments:
        runs = _runs(segment.gain_ride, mix.rate_hz)
        if not runs:
            ridden += bool(segment.gain_ride)
            heard.append(Level(segment.raw_start_samples, segment.raw_stop_samples, segment.gain_db))
            continue
        heard += _parted(segment, runs, mix, edited)
        changes = _long_changes(segment.gain_ride, runs, mix.rate_hz)
        ends = [
            fade(segment, steady, mix, edited, is_out=is_out) if changed else None
            for changed, steady, is_out in ((changes[0], runs[0], False), (changes[-1], runs[-1], True))
        ]
        fades += filter(None, ends)
        ridden += sum(changes) > sum(one is not None for one in ends)
    return Levels(tuple(heard), tuple(fades), ridden)


def _long_changes(points: Sequence[GainPoint], runs: Sequence[_Run], rate_hz: int) -> list[bool]:
    """Return whether each gap before, between and after runs is longer than a step, or at the ends a fade."""
    edges = [points[0].at_samples, *(edge for run in runs for edge in run[:2]), points[-1].at_samples]
    gaps = np.subtract(edges[1::2], edges[::2])
    least = np.full(len(gaps), _LONGEST_STEP_S * rate_hz)
    least[[0, -1]] = LEAST_S * rate_hz
    return [bool(one) for one in gaps > least]


def _runs(points: Sequence[GainPoint], rate_hz: int) -> list[_Run]:
    """Return first and last moment and gain of passages at constant level."""
    runs: list[list[GainPoint]] = []
    for point in points:
        if runs and abs(point.gain_db - runs[-1][0].gain_db) <= LEAST_DB:
            runs[-1].append(point)
        else:
            runs.append([point])
    found: list[_Run] = []
    for run in runs:
        first, last = run[0].at_samples, run[-1].at_samples
        gain_db = float(np.mean([point.gain_db for point in run]))
        if last - first < _LEAST_S * rate_hz:
            continue
        if found and abs(found[-1][2] - gain_db) <= LEAST_DB:
            found[-1] = (found[-1][0], last, found[-1][2])
        else:
            found.append((first, last, gain_db))
    return found


def _parted(segment: Segment, runs: Sequence[_Run], mix: Sound, edited: Sound) -> Iterator[Level]:
    offset = segment.raw_start_samples - segment.edited_start_samples
    runs = [(first, last, _gain_db(mix, edited, offset, (first, last))) for first, last, _ in runs]
    steps = [_step(mix, edited, offset, (one, after)) for one, after in pairwise(runs)]
    start, ramp = segment.raw_start_samples, None
    for run, step in zip(runs, [*steps, None], strict=True):
        stop = segment.raw_stop_samples if step is None else step[0] + offset
        after = None if step is None else step[1]
        yield Level(start, stop, run[2], (ramp, after))
        start, ramp = stop, after


def _gain_db(mix: Sound, edited: Sound, offset: int, span: tuple[int, int]) -> float:
    """Return the one gain that leaves the least over a span of the edited file; blocks alone are rougher."""
    shared = own = 0.0
    for start in range(*span, _BLOCK_SAMPLES):
        stop = min(span[1], start + _BLOCK_SAMPLES)
        theirs = edited.read(start, stop).astype(np.float64)
        mine = as_channels(mix.read(start + offset, stop + offset).astype(np.float64), edited.channels)
        shared += float(np.sum(mine * theirs))
        own += float(np.sum(mine * mine))
    return to_db(shared / own) if own > 0.0 else 0.0


def _step(mix: Sound, edited: Sound, offset: int, runs: tuple[_Run, _Run]) -> tuple[int, int]:
    """Return the middle, in samples of the edited file, and the length of the change between two levels.

    The middle is where a hard step would leave the least; a ramp is taken where it leaves clearly less.
    """
    before, after = runs
    around = round(_AROUND_S * mix.rate_hz)
    start, stop = max(before[0], before[1] - around), min(after[1], after[0] + around)
    theirs = edited.read(start, stop).astype(np.float64)
    mine = as_channels(mix.read(start + offset, stop + offset).astype(np.float64), edited.channels)
    low, high = (10.0 ** (run[2] / 20.0) for run in runs)
    left_before, left_after = (np.sum((theirs - gain * mine) ** 2, axis=1) for gain in (low, high))
    none = np.zeros(1)
    left = np.concatenate([none, np.cumsum(left_before)]) + np.concatenate(
        [np.cumsum(left_after[::-1])[::-1], none]
    )
    middle = int(np.argmin(left))
    best, best_left = 0, float(left[middle])
    at = np.arange(stop - start) - middle
    for ramp_ms in _RAMPS_MS[1:]:
        ramp = round(ramp_ms / 1000 * mix.rate_hz)
        gains = low + (high - low) * np.clip((at + 0.5) / ramp + 0.5, 0.0, 1.0)
        now = float(np.sum((theirs - gains[:, None] * mine) ** 2))
        if now * _CLEARLY < best_left:
            best, best_left = ramp, now
    return start + middle, best


def gain_edits(found: Levels, rate_hz: int, length_samples: int) -> tuple[tuple[Wanted, ...], int, int]:
    """Return edits that play every span at its gain relative to the usual one.

    Audio played several times has one gain in a document: that of the longest span.

    Returns
    -------
    edits : of the kind that changes levels
    left_out : how many spans stay as loud as the same sound is elsewhere
    ridden : number of spans with level changes that an edit cannot make
    """
    usual_db = found.usual_db
    relative = [replace(one, gain_db=one.gain_db - usual_db) for one in found.heard]
    apart, left_out = _without_contradictions(relative)
    groups = _groups(sorted(apart, key=lambda one: one.start_samples))
    bounds = [0, *(edge for one in groups for edge in (one.start_samples, one.stop_samples)), length_samples]
    made = []
    for number, group in enumerate(groups):
        if abs(group.gain_db) > LEAST_DB:
            room = (group.start_samples - bounds[2 * number], bounds[2 * number + 3] - group.stop_samples)
            made.append(_edit(group, room, rate_hz))
    heard = [(one.start_samples, one.stop_samples) for one in found.heard]
    fades = [fade_edit(one, heard, rate_hz, length_samples) for one in found.fades]
    return (*made, *filter(None, fades)), left_out, found.ridden + fades.count(None)


def _without_contradictions(levels: Sequence[Level]) -> tuple[list[Level], int]:
    retained: list[Level] = []
    left_out = 0
    for one in sorted(levels, key=lambda one: one.start_samples - one.stop_samples):
        others = [
            other
            for other in retained
            if other.start_samples < one.stop_samples and one.start_samples < other.stop_samples
        ]
        shared = [
            min(other.stop_samples, one.stop_samples) - max(other.start_samples, one.start_samples)
            for other in others
            if abs(other.gain_db - one.gain_db) > LEAST_DB
        ]
        # Crossfades of neighbours overlap by their length; only audio played twice is contradictory.
        if 2 * max(shared, default=0) > one.stop_samples - one.start_samples:
            left_out += 1
        else:
            retained.append(one)
    return retained, left_out


def _groups(levels: Sequence[Level]) -> list[Level]:
    """Return levels, in order, as one where they follow each other and are the same."""
    groups: list[Level] = []
    for one in levels:
        last = groups[-1] if groups else None
        if last is not None and abs(last.gain_db - one.gain_db) <= LEAST_DB:
            stop = max(last.stop_samples, one.stop_samples)
            ramps = (last.ramps_samples[0], one.ramps_samples[1])
            groups[-1] = Level(last.start_samples, stop, last.gain_db, ramps)
        else:
            groups.append(one)
    return groups


def _edit(level: Level, room: tuple[int, int], rate_hz: int) -> Wanted:
    """Return an edit; its ramps are outside the played span at the start or end of a segment."""
    within = [ramp for ramp in level.ramps_samples if ramp is not None]
    ramp = max(within) if within else round(HAND_CROSSFADE_MS / 1000 * rate_hz)
    fits = all(free >= ramp for free, own in zip(room, level.ramps_samples, strict=True) if own is None)
    ramp = ramp if fits else 0
    before, after = (ramp if own is None else ramp // 2 for own in level.ramps_samples)
    gain_db = min(max(level.gain_db, QUIETEST_DB), LOUDEST_DB)
    payload: dict[str, object] = {GAIN_DB: round(gain_db, 2), RAMP_MS: round(1000 * ramp / rate_hz, 3)}
    start = max(0, level.start_samples - before)
    return Wanted("gain", start, level.stop_samples + after, payload)


def louder_text(levels: Levels) -> str:
    """Describe the overall gain difference; "" if it is negligible."""
    usual_db = levels.usual_db
    if abs(usual_db) <= LEAST_DB:
        return ""
    return f"{abs(usual_db):.1f} dB {'louder' if usual_db > 0 else 'quieter'}"
