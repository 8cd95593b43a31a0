"""Join segments of playing to takes: a song may have a rest, or drums alone, and goes on.

Each gap gets log odds that the song goes on: by its length, by talk in it, by its level, and by other takes,
which show whether the music after the gap follows the music before it, or begins again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.features.day.finding.activity import State
from engine.features.day.finding.evidence import Evidence
from engine.features.day.finding.links import Links, is_near, links_of, seen_by, seen_from
from engine.features.day.finding.segments import PER_FRAME, Segment, is_less, pitches_of, rhythm_of, usual_db
from engine.features.takes.features import FRAMES_PER_S, STEPS_PER_S, Frames
from engine.features.takes.pairs import Pair

_LONGEST_S = 30.0
_BY_LENGTH = ((0.9, 6.0), (1.4, 0.5), (2.2, -1.0), (4.0, -3.0), (_LONGEST_S, -4.0))
"""Odds of a gap up to a length in seconds."""
_PAUSE_S, _LONG_S, _OF_LONG = 2.0, 60.0, 2.0
"""Odds of a general pause, which comes late in a song; players who break off do so soon."""
_TALK_S, _OF_TALK = 1.0, -6.0
_LOUD_DB, _LOUD_SHARE, _OF_LOUDNESS, _CLEAR_S, _SOLO_S = 14.0, 0.7, 5.0, 0.4, 10.0
_LIMITS = (3.0, 1.0, 0.0, 0.0)
"""Limits of the log odds, one after the other: joined segments are better evidence."""
_RINGS_S, _AT_ONCE_S, _INTRO_S = 0.9, 0.4, 6.0
_OF_EDGE, _OF_COUNT_IN = 0.5, -2.0
"""Odds of a long thin segment right before a full one; a short one is a count-in."""
_OF_KEY, _ALIKE, _OF_MUSIC, _MUSICAL = 4.0, 0.5, 10.0, 0.93
"""Odds of pitches in common with a song, by their correlation and the usual one; likewise of music."""
_OF_RHYTHM, _IN_TIME, _RHYTHM_LIMITS, _NEAR_RHYTHM_S = 8.0, 0.2, (-3.0, 4.0), 30.0
"""Odds of a rhythm in common, by its correlation and the usual one; seconds of the song compared."""
_FEWEST_LAGS, _LEAST_RHYTHM = 12, 0.04
"""Held notes have no rhythm: their autocorrelation hardly varies."""
_REST_S = 2.5
"""Two segments with a longer break between them are two takes."""
_OF_GOING_ON, _OF_RESTART = 5.0, -5.0
_BEGINS_S, _BREAK_S, LONG_BREAK_S, _INSIDE_S = 1.2, 1.5, 4.0, 8.0

Floats = NDArray[np.float32]


def joined(
    evidence: Evidence,
    states: NDArray[np.int64],
    music: Floats,
    segments: Sequence[Segment],
    pairs: Sequence[Pair],
) -> tuple[Segment, ...]:
    """Return takes: segments that belong together as one, and thin ones alone.

    Parameters
    ----------
    states, music : of each frame, see `engine.features.day.finding.activity`
    pairs : similar passages of different segments
    """
    made = tuple(segments)
    for limit in _LIMITS:
        made = _joined_once(evidence, states, music, made, links_of(made, pairs), limit)
    return made


def _joined_once(
    evidence: Evidence,
    states: NDArray[np.int64],
    music: Floats,
    segments: Sequence[Segment],
    links: Links,
    limit: float,
) -> tuple[Segment, ...]:
    """Join where the log odds are above a limit; thin segments between two parts of a song belong to it."""
    groups: list[list[int]] = []
    for number, one in enumerate(segments):
        last = groups[-1][-1] if groups else None
        full = _last_full(segments, number)
        if (
            full is not None
            and not one.is_thin
            and _odds(evidence, states, segments, links, full, number) > limit
        ):
            while groups[-1][0] > full or full not in groups[-1]:
                inner = groups.pop()
                groups[-1] += inner
            groups[-1].append(number)
        elif (
            last == number - 1
            and last is not None
            and _edge_odds(evidence, music, segments, links, number) > limit
        ):
            groups[-1].append(number)
        else:
            groups.append([number])
    return tuple(
        Segment(
            segments[group[0]].start,
            segments[group[-1]].stop,
            all(segments[one].is_thin for one in group),
        )
        for group in groups
    )


def _last_full(segments: Sequence[Segment], number: int) -> int | None:
    """Return the last segment before another that is not thin."""
    return next((one for one in range(number - 1, -1, -1) if not segments[one].is_thin), None)


def _edge_odds(
    evidence: Evidence, music: Floats, segments: Sequence[Segment], links: Links, number: int
) -> float:
    """Return the log odds that a thin segment and a full one are one take: an intro, or an ending."""
    before, after = segments[number - 1], segments[number]
    if before.is_thin and after.is_thin:
        return -np.inf
    gap_s = (after.start - before.stop) / FRAMES_PER_S
    if gap_s > _RINGS_S:
        return -np.inf
    is_long = min(before.length, after.length) >= _INTRO_S * FRAMES_PER_S
    usual = 0.0 if after.is_thin else _OF_EDGE if is_long else _OF_COUNT_IN
    odds = usual if gap_s < _AT_ONCE_S else _OF_COUNT_IN
    thin, full = (before, after) if before.is_thin else (after, before)
    odds += float(np.clip(_OF_MUSIC * (music[thin.start : thin.stop].mean() - _MUSICAL), -0.5, 0.6))
    odds += _of_key(evidence.frames, thin, full)
    if thin.length >= _INTRO_S * FRAMES_PER_S:  # counting in is in time, too
        odds += rhythm_odds(evidence.frames, thin, full)
    return odds + _by_others(segments, links, number - 1, number)


def _of_key(frames: Frames, thin: Segment, full: Segment) -> float:
    """Return the evidence of the pitches of a thin segment: noodling is in other keys than the song."""
    if not is_less(frames, thin, usual_db(frames, [full])):
        return 0.0  # such as drums
    return float(np.clip(_OF_KEY * (pitches_alike(frames, thin, full) - _ALIKE), -2.0, 1.0))


def pitches_alike(frames: Frames, thin: Segment, full: Segment) -> float:
    """Return the correlation of the pitch classes of two segments; 0 where one has none."""
    one, other = pitches_of(frames, thin), pitches_of(frames, full)
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size else 0.0


def rhythm_odds(frames: Frames, thin: Segment, full: Segment) -> float:
    """Return the evidence of rhythm: an intro is in time with its song, noodling is not."""
    near = round(_NEAR_RHYTHM_S * FRAMES_PER_S)
    first, last = max(full.start, full.stop - near), min(full.stop, full.start + near)
    span = (full.start, last) if thin.start < full.start else (first, full.stop)
    one, other = rhythm_of(frames, thin.start, thin.stop), rhythm_of(frames, *span)
    count = min(len(one), len(other))
    if count < _FEWEST_LAGS or one.std() < _LEAST_RHYTHM:
        return 0.0
    alike = float(np.corrcoef(one[:count], other[:count])[0, 1])
    return float(np.clip(_OF_RHYTHM * (alike - _IN_TIME), *_RHYTHM_LIMITS))


def _odds(
    evidence: Evidence,
    states: NDArray[np.int64],
    segments: Sequence[Segment],
    links: Links,
    first: int,
    second: int,
) -> float:
    """Return the log odds that a song goes on from one segment to another."""
    before, after = segments[first], segments[second]
    gap_s = (after.start - before.stop) / FRAMES_PER_S
    if gap_s > _LONGEST_S:
        return -np.inf
    odds = next(value for longest_s, value in _BY_LENGTH if gap_s <= longest_s)
    if gap_s <= _PAUSE_S and before.length >= _LONG_S * FRAMES_PER_S:
        odds += _OF_LONG
    if (states[before.stop : after.start] == State.TALK).sum() >= _TALK_S * FRAMES_PER_S:
        odds += _OF_TALK
    if _RINGS_S < gap_s <= _SOLO_S:
        odds += _OF_LOUDNESS * _is_loud(evidence, before, after)
    odds += sum(min(0.0, _of_key(evidence.frames, one, before)) for one in segments[first + 1 : second])
    return odds + _by_others(segments, links, first, second)


def _is_loud(evidence: Evidence, before: Segment, after: Segment) -> bool:
    """Return whether each second of a gap is about as loud as the playing around it."""
    levels_db, second = evidence.frames.levels_db, round(STEPS_PER_S)
    clear = round(_CLEAR_S * STEPS_PER_S)  # a note rings into it, and the window of a level reaches out of it
    gap = levels_db[before.stop * PER_FRAME + clear : after.start * PER_FRAME - clear]
    around = np.concatenate(
        [levels_db[one.start * PER_FRAME : one.stop * PER_FRAME] for one in (before, after)]
    )
    whole = gap[: len(gap) // second * second] if len(gap) >= second else gap
    peaks = whole.reshape(-1, min(second, max(len(whole), 1))).max(axis=1)
    return bool(len(peaks) and (peaks > np.median(around) - _LOUD_DB).mean() >= _LOUD_SHARE)


def _by_others(segments: Sequence[Segment], links: Links, first: int, second: int) -> float:
    """Return the evidence of other takes: their music goes on across the gap, or begins there."""
    stop, start = segments[first].stop, segments[second].start
    goes_on, begin, led_to = False, 0, 0
    for other, after in seen_by(links, second, range(len(segments))):
        if other == first:
            continue
        place = after.other_of(start)
        for third in range(other, -1, -1):
            if segments[other].start - segments[third].stop > _REST_S * FRAMES_PER_S:
                break
            before = seen_from(links, first, third) if third not in (first, second) else None
            if before is not None and before.semitones == after.semitones:
                goes_on |= is_near(place - before.other_of(stop), start - stop)
        if is_near(place, segments[other].start, _BEGINS_S) and after.covers_start(start):
            led_to += segments[first].is_thin and _is_led_to(segments, other)
            begin += _may_begin(segments, other) and not _is_part(segments, links, other, first)
    return _OF_GOING_ON * goes_on + _OF_RESTART * (begin > led_to and not goes_on)


def _is_led_to(segments: Sequence[Segment], number: int) -> bool:
    """Return whether a thin segment, perhaps an intro, leads right to another one."""
    before = segments[number - 1] if number else None
    return (
        before is not None
        and before.is_thin
        and segments[number].start - before.stop < _AT_ONCE_S * FRAMES_PER_S
    )


def _may_begin(segments: Sequence[Segment], number: int) -> bool:
    """Return whether a song may begin with a segment: neither a full one nor an intro is right before it."""
    return not _is_led_to(segments, number) and is_after_a_break(segments, number)


def _is_part(segments: Sequence[Segment], links: Links, number: int, apart_from: int) -> bool:
    """Return whether a segment begins as the middle of a longer one does: a part is practised."""
    for other, seen in seen_by(links, number, range(len(segments))):
        there = seen.other_of(segments[number].start) - segments[other].start
        is_longer = segments[other].length > segments[number].length and other != apart_from
        if is_longer and there > _INSIDE_S * FRAMES_PER_S:
            return True
    return False


def is_after_a_break(segments: Sequence[Segment], number: int, break_s: float = _BREAK_S) -> bool:
    """Return whether no full segment ends right before another one, so that a song may begin with it."""
    full = _last_full(segments, number)
    return full is None or segments[number].start - segments[full].stop > break_s * FRAMES_PER_S
