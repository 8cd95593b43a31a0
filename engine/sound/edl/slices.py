"""Joints of moved slices of a track: which slice plays from where to where.

Accepted slices split the source into segments, and the source between them is a segment that stays. Each
border is placed where both of its neighbours allow it. At best it is the earlier of its two moved places:
if the right segment moves away it reaches back into the gap with its own pre-roll, and if it moves closer
the left one ends sooner. But a border avoids attacks. With a and b the two moves, m and n the onsets to the
left and to the right of it in the source, it is placed

    from  max(m + a, m + b) + ATTACK   (the attack on the left plays at its new place, and not twice)
    to    min(n + b, n + a) - GUARD    (the attack on the right plays at its new place, and not before)

with its crossfade. If a gap is longer than both sides can fill, silence is inserted. If hits are moved onto
each other the right one plays, and a segment without a remainder is skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples
from engine.document.kinds.operations import Fill, Slice

ATTACK_S = 0.02
"""After an onset: must not play twice. Distant microphones pick it up this much later."""
GUARD_S = 0.001
"""Before an onset: no crossfade comes nearer."""
LONGEST_TAIL_S = 0.5
"""Source of a fill, before the gap."""
LEAST_TAIL_S = 0.01
NOTE_ATTACK_S = 0.05
"""After the onset of a note: moves as it is, and is not stretched."""
LONGEST_ELASTIC_S, LEAST_ELASTIC_S = 1.0, 0.03
"""The end of a note that changes its length: of a longer one the rest moves as it is."""
LONGEST_FILL_S = 10.0
"""A longer fill from such a short tail has decayed long before; it is held in memory whole."""

Positions = NDArray[np.float64]
_Ordered = TypeVar("_Ordered")


@dataclass(frozen=True, slots=True)
class Gap:
    """The fill between two segments that moved apart.

    Attributes
    ----------
    start_samples, stop_samples : of the timeline, including the crossfades at both ends
    tail_samples, tail_stop_samples : source of the fill, in the segment on its left at its new place
    by_samples : delay of that segment
    """

    start_samples: int
    stop_samples: int
    fill: Fill
    tail_samples: int
    tail_stop_samples: int
    by_samples: float


PieceSound = float | Gap | None
"""Delay of the source; or a fill; or None for silence."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The sound of a track in [start, stop) of the timeline after slices were moved.

    Attributes
    ----------
    before : the sound that it fades in from
    fade_in_samples : at its start, half of it before
    fade_out_samples : at its stop, half of it after, if the unmoved source follows; else 0
    """

    start_samples: int
    stop_samples: int
    sound: PieceSound
    before: PieceSound
    fade_in_samples: int
    fade_out_samples: int = 0

    @property
    def by_samples(self) -> float:
        """Delay of the source, or of the segment next to a fill."""
        if isinstance(self.sound, Gap):
            return self.sound.by_samples
        return 0.0 if self.sound is None else self.sound


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The source in segments, ascending and without gaps; arrays of shape (k,), in samples of the source.

    Attributes
    ----------
    by : delay of each; 0 if it stays
    attacks : its onset; NaN if unknown
    after, until : the known attacks before and after it, else infinite
    fades : longest fade-in
    fills : fill of a gap before it, index into `_FILLS`
    """

    starts: Positions
    stops: Positions
    by: Positions
    attacks: Positions
    after: Positions
    until: Positions
    fades: Positions
    fills: NDArray[np.int64]

    def only(self, chosen: NDArray[np.bool_]) -> Segments:
        """Return some of them."""
        return Segments(*(getattr(self, name)[chosen] for name in self.__slots__))


_FILLS = tuple(Fill)


@dataclass(frozen=True, slots=True, eq=False)
class _Joints:
    """Where the left of two segments ends and the right one begins; arrays of shape (k - 1,)."""

    ends: Positions
    begins: Positions
    fades: Positions


@dataclass(frozen=True, slots=True, eq=False)
class LaidOut:
    """Slices of one track, and their layout.

    Attributes
    ----------
    slices : sorted, see `ordered`, n of them
    spans : int64, shape (n, 2), of each
    segments : the audible ones, k of them
    opens, begins : shape (k,), start of each including the gap before it, and start of its own sound
    pieces : ascending and disjoint, m of them
    owners : int64, shape (m,), the segment of each piece; a gap belongs to the segment after it
    columns : int64, shape (m, 4), the start, stop, fade in and fade out of each piece
    by_samples : float64, shape (m,), of each piece
    """

    slices: tuple[Slice, ...]
    spans: NDArray[np.int64]
    segments: Segments
    opens: Positions
    begins: Positions
    pieces: tuple[Piece, ...]
    owners: NDArray[np.int64]
    columns: NDArray[np.int64]
    by_samples: Positions


def ordered(slices: Iterable[Slice]) -> tuple[Slice, ...]:
    """Return slices in the one order that they are laid out in."""
    return tuple(in_one_order(list(slices), span_of))


def span_of(one: Slice) -> tuple[int, int]:
    """Return the sort key of a slice."""
    return one.start_samples, one.stop_samples


def spans_of(slices: Sequence[Slice]) -> NDArray[np.int64]:
    """Return the span of each, shape (n, 2)."""
    return np.array([span_of(one) for one in slices], np.int64).reshape(-1, 2)


def laid_out(slices: tuple[Slice, ...], rate_hz: int) -> LaidOut:
    """Return the layout of sorted slices of one track."""
    segments = _segments(slices)
    while True:
        joints = _joints(segments, rate_hz)
        audible = np.ones(len(segments.starts), bool)
        audible[1:-1] = joints.begins[:-1] < joints.ends[1:]
        if audible.all():
            break
        segments = segments.only(audible)
    parts = _parts(segments, joints, rate_hz)
    found = _pieces(parts)
    begins = {one.owner: one.start for one in parts}  # the last part of a segment is itself
    opens = {one.owner: one.start for one in reversed(parts)}
    rows = [
        (one.start_samples, one.stop_samples, one.fade_in_samples, one.fade_out_samples) for _, one in found
    ]
    return LaidOut(
        slices,
        spans_of(slices),
        segments,
        np.array([opens[owner] for owner in begins], np.float64),
        np.array(list(begins.values()), np.float64),
        tuple(one for _, one in found),
        np.array([owner for owner, _ in found], np.int64),
        np.array(rows, np.int64).reshape(-1, 4),
        np.array([one.by_samples for _, one in found], np.float64),
    )


def in_one_order(operations: list[_Ordered], key: Callable[[_Ordered], tuple[int, ...]]) -> list[_Ordered]:
    """Return operations by a key, and those of one key in an order that is always the same."""
    keyed = sorted(operations, key=key)
    if any(key(one) == key(other) for one, other in pairwise(keyed)):
        return sorted(keyed, key=lambda one: (*key(one), repr(one)))
    return keyed


def _segments(ordered: Sequence[Slice]) -> Segments:
    """Return the segments that slices cut the source into, which begin and end with one that stays."""
    parts = _uncovered(ordered)
    starts, stops = np.array([(start, stop) for start, stop, _ in parts], np.float64).T
    owners = [one for _, _, one in parts]
    still = Slice(0, 0, onset_samples=np.nan, after_samples=np.nan)
    moves = [still if one is None else one for one in owners]
    by = np.array([one.by_samples for one in moves], np.float64)
    is_slice = np.array([one is not None for one in owners])
    onsets = np.array([one.onset_samples for one in moves], np.float64)
    begun = np.array([one.start_samples for one in moves], np.float64)
    attacks = np.where(onsets < starts, np.where(begun == starts, starts, np.nan), onsets)
    pads = np.maximum(onsets - begun, 0.0)
    attacks[attacks >= stops] = np.nan  # of a slice that another lies over
    after = np.array(
        [np.nan if one.after_samples is None else one.after_samples for one in moves], np.float64
    )
    known = np.fmax.accumulate(np.concatenate([[-np.inf], attacks[:-1]]))
    after = np.fmax(known, np.where(after < attacks, after, np.nan))
    following = np.fmin.accumulate(np.concatenate([attacks[1:], [np.inf]])[::-1])[::-1]
    stays_next = np.concatenate([~is_slice[1:], [True]]) & is_slice
    # the hit that a slice makes room for begins as long after it as its own does after its start
    until = np.where(stays_next, np.fmin(stops + pads, following), following)
    fades = np.array([one.crossfade_ms for one in moves], np.float64)
    fades[1:] = np.where(is_slice[1:], fades[1:], fades[:-1])
    fills = np.array([_FILLS.index(one.fill) for one in moves], np.int64)
    fills[1:] = np.where(is_slice[1:], fills[1:], fills[:-1])
    return Segments(starts, stops, by, attacks, after, until, fades, fills)


def _uncovered(ordered: Sequence[Slice]) -> list[tuple[float, float, Slice | None]]:
    """Return the topmost slice of each range, the later start on top; None if the source stays."""
    found: list[tuple[float, float, Slice | None]] = []
    open_ones: list[Slice] = []
    here = -np.inf

    def fill_up(to: float) -> None:
        nonlocal here
        while open_ones and here < to:
            top = open_ones[-1]
            if top.stop_samples > here:
                end = min(to, float(top.stop_samples))
                found.append((here, end, top))
                here = end
            if top.stop_samples <= here:
                open_ones.pop()
        if here < to:
            found.append((here, to, None))
            here = to

    for one in ordered:
        fill_up(float(one.start_samples))
        open_ones.append(one)
    fill_up(np.inf)
    return found


def _joints(of: Segments, rate_hz: int) -> _Joints:
    """Return the joints of neighbouring segments, see the module docstring."""
    attack, guard = s_to_samples(ATTACK_S, rate_hz), s_to_samples(GUARD_S, rate_hz)
    a, b = of.by[:-1], of.by[1:]
    best = np.minimum(of.stops[:-1] + a, of.starts[1:] + b)
    attack_left = np.nan_to_num(of.attacks[:-1] + a, nan=-np.inf)
    attack_right = np.nan_to_num(of.attacks[1:] + b, nan=np.inf)
    first = np.maximum(attack_left, of.after[1:] + b) + attack
    last = np.minimum(attack_right, of.until[:-1] + a) - guard
    is_one = (a == b) & (of.stops[:-1] == of.starts[1:])
    wished = np.where(is_one, 0.0, np.rint(of.fades[1:] / 1000 * rate_hz))
    room = last - first
    fades = np.where(room >= 0, np.minimum(wished, room), wished)
    ends = np.minimum(np.maximum(best, first + fades / 2), last - fades / 2)
    begins = np.where(
        room >= 0, ends, np.maximum(ends, np.minimum(first + fades / 2, attack_right - guard - fades / 2))
    )
    ends, begins = (np.where(is_one, of.stops[:-1] + a, found) for found in (ends, begins))
    return _Joints(np.floor(ends + 0.5), np.floor(begins + 0.5), fades)


@dataclass(slots=True)
class _Part:
    """A piece before its crossfades are known, and the segment that it is of."""

    start: float
    stop: float
    sound: PieceSound
    fade: float
    owner: int


def _pieces(parts: Sequence[_Part]) -> list[tuple[int, Piece]]:
    """Return the pieces of parts and the segment of each, without unchanged parts."""
    starts = np.array([one.start for one in parts])
    lengths = np.diff(np.append(starts, np.inf))
    fades = np.array([one.fade for one in parts])
    # two crossfades never meet: half of each lies to either side of a border
    fades = np.floor(np.minimum(fades, np.minimum(lengths, np.concatenate([[0.0], lengths[:-1]]))))
    found: list[tuple[int, Piece]] = []
    before: PieceSound = 0.0
    for place, (one, fade) in enumerate(zip(parts, fades.astype(np.int64).tolist(), strict=True)):
        sound = one.sound
        if isinstance(sound, Gap):
            after = int(fades[place + 1])
            beyond = after - after // 2
            start, stop = int(one.start) - fade // 2, int(one.stop) + beyond
            # both ends of an elastic gap meet what the recording has there, the crossfades included
            tail_stop = sound.tail_stop_samples + (beyond if sound.fill is Fill.ELASTIC else 0)
            sound = replace(sound, start_samples=start, stop_samples=stop, tail_stop_samples=tail_stop)
        if sound != 0.0:
            found.append((one.owner, Piece(int(one.start), int(one.stop), sound, before, fade)))
        elif before != 0.0:
            owner, last = found[-1]
            found[-1] = owner, replace(last, fade_out_samples=fade)
        before = sound
    return found


def _parts(of: Segments, joints: _Joints, rate_hz: int) -> list[_Part]:
    """Return the segments at their new places, with the fills of gaps between them."""
    by = of.by.tolist()
    parts = [_Part(-np.inf, np.inf, by[0], 0.0, 0)]
    gaps = of.starts[1:] + of.by[1:] - of.stops[:-1] - of.by[:-1]
    is_elastic = of.fills[1:] == _FILLS.index(Fill.ELASTIC)
    is_filled = np.where(is_elastic, of.by[1:] != of.by[:-1], (of.fills[1:] > 0) & (gaps > 0)).tolist()
    rows = zip(joints.ends.tolist(), joints.begins.tolist(), joints.fades.tolist(), strict=True)
    for place, (end, begin, fade) in enumerate(rows):
        filled, after = None, place + 1
        if is_filled[place]:
            room = parts[-1].start, float(joints.ends[after]) if after < len(joints.ends) else np.inf
            make = _stretched if is_elastic[place] else _filled
            filled = make(of, place, fade, room, rate_hz)
        if filled is not None:
            parts[-1].stop = filled.start
            parts += [filled, _Part(filled.stop, np.inf, by[after], fade, after)]
            continue
        parts[-1].stop = end
        if begin > end:
            parts.append(_Part(end, begin, None, fade, after))
        parts.append(_Part(begin, np.inf, by[after], fade, after))
    return parts


def _stretched(
    of: Segments, place: int, fade: float, room: tuple[float, float], rate_hz: int
) -> _Part | None:
    """Return the elastic gap between two segments: from the attack of the left to the start of the right.

    None where it is too short, or more than twice or less than half as long as the source. `room` is from the
    start of the left segment to the end of the right one.
    """
    a, b, guard = float(of.by[place]), float(of.by[place + 1]), s_to_samples(GUARD_S, rate_hz)
    stop = min(float(of.starts[place + 1]), float(of.until[place]) - guard - fade / 2)
    tail = max(float(of.after[place + 1]) + s_to_samples(NOTE_ATTACK_S, rate_hz), float(of.starts[place]))
    tail = max(tail, stop - s_to_samples(LONGEST_ELASTIC_S, rate_hz), room[0] - a + fade)
    start, left, tail, stop = (float(np.floor(at + 0.5)) for at in (tail + a, stop + a, tail + a, stop + b))
    shorter, longer = sorted((left - tail, stop - start))
    is_alike = max(s_to_samples(LEAST_ELASTIC_S, rate_hz), longer / 2) <= shorter
    if not (is_alike and room[0] < start < stop < room[1]):
        return None
    return _Part(start, stop, Gap(0, 0, Fill.ELASTIC, int(tail), int(left), a), fade, place + 1)


def _filled(of: Segments, place: int, fade: float, room: tuple[float, float], rate_hz: int) -> _Part | None:
    """Return the fill between two segments, from the end of the left to the start of the right.

    None without room for it (see `_stretched`), or if it would be too long: the right one reaches back then.
    """
    attack, guard = s_to_samples(ATTACK_S, rate_hz), s_to_samples(GUARD_S, rate_hz)
    a, b = float(of.by[place]), float(of.by[place + 1])
    fill = _FILLS[int(of.fills[place + 1])]
    left = float(min(of.stops[place], of.until[place] - guard - fade)) + a
    onset = float(of.attacks[place + 1]) + b
    stop = float(of.starts[place + 1]) + b
    if not np.isnan(onset):
        stop = min(stop, onset - guard - fade / 2)
    from_attack = float(of.attacks[place]) + a + attack
    tail = left - s_to_samples(LONGEST_TAIL_S, rate_hz)
    tail = max(tail, float(of.after[place]) + a + attack, *([] if np.isnan(from_attack) else [from_attack]))
    start = (tail if fill is Fill.STRETCH else left) + fade / 2
    start, tail, stop, left = (float(np.floor(at + 0.5)) for at in (start, tail, stop, left))
    is_right_clean = stop - fade / 2 >= float(of.after[place + 1]) + b + attack
    is_long = left - tail >= s_to_samples(LEAST_TAIL_S, rate_hz)
    is_short = stop - start <= s_to_samples(LONGEST_FILL_S, rate_hz)
    if not (is_right_clean and is_long and is_short and room[0] < start < stop < room[1]):
        return None
    return _Part(start, stop, Gap(0, 0, fill, int(tail), int(left), a), fade, place + 1)
