"""Edits of a track's sound, and the order in which they apply to the recording.

The lowest layer is the recording, by the clock of the others if another recorder made it. Above it are
replacements, then drums lifted out of a stroke, then slices, which are laid out together
(`engine.sound.edl.slices`), then slips in time; each moves everything below it. Gains come last.
The order of decisions does not matter, and within a layer a later start is on top. Among replacements,
stored audio is below mutes, and above the stored audio that it was made from.

Programs that play gains themselves get them as curves (`GainCurve`): only gains that no other one overlaps,
since the product of two is not a straight line between two points.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress, count, zip_longest
from math import ceil, floor
from operator import is_not, ne
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples, united
from engine.document.kinds.operations import Gain, Lift, Patching, Reclock, Replace, Shift, Slice, Stored
from engine.sound.edl.relaid import laid_out_near
from engine.sound.edl.slices import Gap, LaidOut, Piece, in_one_order
from engine.sound.edl.tracks.delay import REACH_SAMPLES, lift_reach_samples

Patch = Reclock | Replace | Lift | Piece | Shift | Gain
"""An edit of a track's sound."""

_LAYERS = {Reclock: 0, Replace: 1, Lift: 2, Piece: 3, Shift: 4, Gain: 5}
_MOVING = frozenset((Lift, Piece, Shift))
"""Edits that move everything below them."""
PARTED_MS = 70.0
"""Fade of stored audio once the audio it was made over no longer plays next to it."""


@dataclass(frozen=True, eq=False)
class Patches:
    """The edits of the sound of one track, in document samples.

    Attributes
    ----------
    operations : in the order in which they apply
    laid : the layout of the pieces among them; None if they were not laid out here
    """

    operations: tuple[Patch, ...]
    rate_hz: int
    laid: LaidOut | None = None

    @classmethod
    def of(cls, operations: Iterable[Patching], rate_hz: int, near: Patches | None = None) -> Patches:
        """Return the patches of operations, in any order.

        Parameters
        ----------
        near : patches of most of these, whose unchanged parts are reused; the result is the same
        """
        listed = list(operations)
        slices = [one for one in listed if isinstance(one, Slice)]
        laid = laid_out_near(None if near is None else near.laid, slices, rate_hz) if slices else None
        there = {one.stored.key for one in listed if isinstance(one, Replace) and one.stored}
        others = [
            _as_far_as_it_goes(_joined(one, there), rate_hz) if isinstance(one, Replace) else one
            for one in (listed if len(slices) < len(listed) else ())
            if not isinstance(one, Slice)
        ]
        rest = in_one_order([one for one in others if one is not None], _precedence)
        below = sum(_LAYERS[type(one)] < _LAYERS[Piece] for one in rest)
        pieces = () if laid is None else laid.pieces
        return cls((*rest[:below], *pieces, *rest[below:]), rate_hz, laid if pieces else None)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Patches):
            return NotImplemented
        return self is other or (self.rate_hz, self.operations) == (other.rate_hz, other.operations)

    __hash__ = None  # type: ignore[assignment]

    @cached_property
    def laid_places(self) -> slice:
        """Indices of the pieces laid out here, which are ascending and disjoint."""
        if self.laid is None:
            return slice(0, 0)
        first = next(place for place, one in enumerate(self.operations) if isinstance(one, Piece))
        return slice(first, first + len(self.laid.pieces))

    @cached_property
    def others(self) -> tuple[Patch, ...]:
        """All but those."""
        return self.operations[: self.laid_places.start] + self.operations[self.laid_places.stop :]

    def _rows(
        self, of: Callable[[Patch], tuple[int, int]], of_pieces: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return a row for each operation, shape (n, 2), reusing the rows of the pieces laid out here."""
        rows = np.array([of(one) for one in self.others], np.int64).reshape(-1, 2)
        first = self.laid_places.start
        return np.concatenate([rows[:first], of_pieces, rows[first:]])

    @cached_property
    def reaches(self) -> NDArray[np.int64]:
        """Range in which each changes samples, shape (n, 2): half of a crossfade is beyond an edge."""
        starts, stops, rise, fall = _columns_of(self.laid)
        of_pieces = np.stack([starts - rise // 2, stops + fall - fall // 2], axis=1)
        return self._rows(lambda one: _reach(one, self.rate_hz), of_pieces)

    @cached_property
    def _by_start(self) -> tuple[NDArray[np.int64], ...]:
        """The order of where they begin, those beginnings, and how far any up to each reaches; shape (n,)."""
        order = np.argsort(self.reaches[:, 0], kind="stable")
        starts, stops = self.reaches[order].T
        return order, starts, np.maximum.accumulate(stops)

    def touching(self, start_samples: int, stop_samples: int) -> list[int]:
        """Return which change samples of [start, stop), in their order."""
        order, starts, farthest = self._by_start
        first = int(farthest.searchsorted(start_samples, "right"))
        last = int(starts.searchsorted(stop_samples, "left"))
        if first >= last:
            return []
        near = order[first:last]
        found = near[self.reaches[near, 1] > start_samples].tolist()
        return sorted(found)

    @cached_property
    def clock(self) -> Reclock | None:
        """By which clock the recording plays: of several that cannot all hold, always the same one."""
        found = [one for one in self.others if isinstance(one, Reclock)]
        return found[-1] if found else None

    @cached_property
    def clock_alone(self) -> Patches | None:
        """The clock of the recording, without any other edit; None for its own clock."""
        return None if self.clock is None else Patches((self.clock,), self.rate_hz)

    def sounding(self, start_samples: int, stop_samples: int) -> tuple[int, int]:
        """Return the range in which a track with a recording at [start, stop) of the timeline has sound."""
        clock = self.clock
        if clock is None:
            return start_samples, stop_samples
        speed, by = 1.0 + clock.drift_ppm / 1e6, clock.by_samples
        reach = REACH_SAMPLES if clock.drift_ppm or by % 1.0 else 0
        first, last = floor((start_samples + by) / speed) - reach, ceil((stop_samples + by) / speed) + reach
        return max(first, 0), max(last, 0)

    @cached_property
    def layers(self) -> frozenset[type]:
        """The layers that any is of."""
        laid = () if self.laid is None else (Piece,)
        return frozenset((*map(type, self.others), *laid))

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """The span of each, shape (n, 2)."""
        return self._rows(edges_of, _columns_of(self.laid)[:2].T)

    @cached_property
    def shifts(self) -> NDArray[np.int64]:
        """Whole samples by which each moves the layer below it, shape (n,)."""
        moving = [one.by_samples if isinstance(one, Shift | Piece) else 0.0 for one in self.others]
        first, laid = self.laid_places.start, np.zeros(0) if self.laid is None else self.laid.by_samples
        by: NDArray[np.float64] = np.concatenate([moving[:first], laid, moving[first:]])
        return np.rint(by).astype(np.int64)

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Where anything is changed, united and ascending."""
        return tuple((start, stop) for start, stop in united(self.reaches).tolist())

    @cached_property
    def stored(self) -> tuple[tuple[Replace, Stored], ...]:
        """Those that play stored audio, each with the audio that it plays."""
        found = ((one, one.stored) for one in self.others if isinstance(one, Replace))
        return tuple((one, stored) for one, stored in found if stored is not None)

    def without_missing(self, holds: Callable[[Stored], bool]) -> Patches | None:
        """Return these without edits whose audio is missing; None if no edit remains."""
        lost = {one for one, stored in self.stored if not holds(stored)}
        if not lost:
            return self
        left = tuple(one for one in self.operations if one not in lost)
        return Patches(left, self.rate_hz) if left else None

    def within(self, start_samples: int, stop_samples: int) -> tuple[Patch, ...]:
        """Return the operations that affect [start, stop), in their order."""
        touching = self.touching(start_samples, stop_samples)
        if not touching:
            return ()
        # a crossfade is computed whole, and what moves takes along what lies below where it comes from
        first = min(start_samples, int(self.reaches[touching, 0].min()))
        last = max(stop_samples, int(self.reaches[touching, 1].max()))
        wanted = set(touching)
        spans = {(first, last)}
        for layer in (Shift, Piece, Lift):
            movers = [(place, span) for span in spans for place in self._of(layer, *span)]
            wanted.update(place for place, _ in movers)
            for place, span in movers:
                spans.update(_read_by(self.operations[place], *span, self.rate_hz))
        wanted.update(
            place for span in spans for below in (Reclock, Replace) for place in self._of(below, *span)
        )
        return tuple(self.operations[place] for place in sorted(wanted))

    def _of(self, layer: type, start_samples: int, stop_samples: int) -> list[int]:
        found = self.touching(start_samples, stop_samples)
        return [place for place in found if isinstance(self.operations[place], layer)]


def _read_by(one: Patch, start: int, stop: int, rate_hz: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the layer below that an edit reads for [start, stop)."""
    if isinstance(one, Piece):
        for sound in (one.sound, one.before):
            if isinstance(sound, Gap):
                last = max(stop, sound.tail_stop_samples)
                yield from _moved_back(min(start, sound.tail_samples), last, sound.by_samples)
            elif sound is not None:
                yield from _moved_back(start, stop, sound)
    elif isinstance(one, Shift | Lift):
        around = lift_reach_samples(rate_hz) if isinstance(one, Lift) else 0
        yield from _moved_back(start - around, stop + around, one.by_samples)


def _moved_back(start: int, stop: int, by_samples: float) -> Iterator[tuple[int, int]]:
    yield floor(start - by_samples) - REACH_SAMPLES, ceil(stop - by_samples) + REACH_SAMPLES


NO_PATCHES: Mapping[str, Patches] = MappingProxyType({})


def patches_by_track(
    operations: Sequence[Patching],
    tracks: Sequence[str],
    rate_hz: int,
    near: Mapping[str, Patches] = NO_PATCHES,
) -> Mapping[str, Patches]:
    """Return the patches of each edited track.

    Parameters
    ----------
    tracks : the ids of all; an operation on a removed track has no effect until the track is restored
    near : patches of most of these, if any, see `Patches.of`
    """
    of_tracks: dict[tuple[str, ...], list[Patching]] = {}
    for one in operations:
        of_tracks.setdefault(one.tracks, []).append(one)
    found: dict[str, Patches] = {}
    # microphones of a group share what is edited of it
    known: dict[tuple[tuple[str, ...], ...], Patches] = {}
    for track in tracks:
        own = tuple(some for some in of_tracks if not some or track in some)
        if own not in known:
            listed = [one for some in own for one in of_tracks[some]]
            known[own] = Patches.of(listed, rate_hz, near.get(track))
        found[track] = known[own]
    return {track: patches for track, patches in found.items() if patches.operations}


def changed_span(before: Patches | None, after: Patches | None) -> tuple[int, int] | None:
    """Return a span that contains every change of a track's sound; an empty one if nothing changed.

    None if the change may be anywhere: the clock of a recording, or audio moved elsewhere.
    """
    if before is after:
        return 0, 0
    old, new = (() if one is None else one.operations for one in (before, after))
    first, same = _alike(old, new)
    changed = (*old[first : len(old) - same], *new[first : len(new) - same])
    if not changed:
        return 0, 0
    lowest = min(_LAYERS[type(one)] for one in changed)
    layers = frozenset[type]().union(*(one.layers for one in (before, after) if one is not None))
    if lowest == _LAYERS[Reclock] or any(_LAYERS[one] > lowest for one in layers & _MOVING):
        return None
    reaches = [one.reaches[first : len(one.operations) - same] for one in (before, after) if one is not None]
    spans = np.concatenate(reaches)
    return int(spans[:, 0].min()), int(spans[:, 1].max())


def _alike(old: tuple[Patch, ...], new: tuple[Patch, ...]) -> tuple[int, int]:
    """Return the number of equal patches at the beginning, and of those at the end after them.

    Thousands are the same objects; pieces laid out again around a decision are new objects, and mostly equal.
    """
    most = min(len(old), len(new))
    first = next(compress(count(), map(is_not, old, new)), most)
    first += next(compress(count(), map(ne, old[first:], new[first:])), most - first)
    same = next(compress(count(), map(is_not, reversed(old), reversed(new))), most - first)
    same = min(same, most - first)
    rest = reversed(old[first : len(old) - same]), reversed(new[first : len(new) - same])
    return first, same + next(compress(count(), map(ne, *rest)), most - first - same)


def _columns_of(laid: LaidOut | None) -> NDArray[np.int64]:
    """Return start, stop, fade in and fade out of the pieces laid out, shape (4, m)."""
    return np.zeros((4, 0), np.int64) if laid is None else laid.columns.T


def _as_far_as_it_goes(one: Replace, rate_hz: int) -> Replace | None:
    """Return an edit clipped to the extent of its audio, its crossfades included; None beyond."""
    if one.stored is None:
        return one
    fade = fade_samples(one, rate_hz)
    start = max(one.start_samples, one.stored.start_samples + fade // 2)
    stop = min(one.stop_samples, one.stored.stop_samples - (fade - fade // 2))
    return replace(one, start_samples=start, stop_samples=stop) if start < stop else None


def _joined(one: Replace, there: Collection[str]) -> Replace:
    """Return an edit with fades at its edges where these no longer meet the sound that it was made of."""
    if one.over and not set(one.over) <= set(there):
        return replace(one, crossfade_ms=max(one.crossfade_ms, PARTED_MS))
    return one


def _precedence(one: Patch) -> tuple[int, ...]:
    within = (one.stored is None, len(one.over)) if isinstance(one, Replace) else ()
    return _LAYERS[type(one)], *within, one.start_samples, one.stop_samples


def fade_samples(one: Replace | Lift | Shift, rate_hz: int) -> int:
    """Return the length of the fades at an edit's edges."""
    return min(s_to_samples(one.crossfade_ms / 1000, rate_hz), one.stop_samples - one.start_samples)


def _reach(one: Patch, rate_hz: int) -> tuple[int, int]:
    if isinstance(one, Gain | Reclock):
        return one.start_samples, one.stop_samples
    if isinstance(one, Piece):
        rise, fall = one.fade_in_samples, one.fade_out_samples
        return one.start_samples - rise // 2, one.stop_samples + fall - fall // 2
    if isinstance(one, Lift) and one.gains:
        by = one.by_samples
        reach = REACH_SAMPLES if by % 1.0 else 0
        start, stop = floor(min(by, 0.0)) - reach, ceil(max(by, 0.0)) + reach
        return one.start_samples + start, one.stop_samples + stop
    fade = fade_samples(one, rate_hz)
    return edges_of(one)[0] - fade // 2, edges_of(one)[1] + fade - fade // 2


def edges_of(one: Patch) -> tuple[int, int]:
    """Return the audible span of an edit: a voice that is moved earlier begins and ends earlier."""
    earlier = floor(min(one.by_samples, 0.0)) if isinstance(one, Lift) else 0
    return one.start_samples + earlier, one.stop_samples + earlier


def gains_at(one: Gain, at: NDArray[np.int64], rate_hz: int) -> NDArray[np.float64]:
    """Return the gain, as a factor, at each position within an edit, shape (n,); ramps are linear."""
    share = np.ones(len(at))
    if one.curve:
        share = np.interp(at, *np.array(one.curve, np.float64).T)
    from_edges = at - one.start_samples + 0.5, one.stop_samples - at - 0.5
    for ramp, from_edge in zip(ramps_samples(one, rate_hz), from_edges, strict=True):
        if ramp:
            share = np.minimum(share, from_edge / ramp)
    full = 10.0 ** (one.gain_db / 20.0)
    gains: NDArray[np.float64] = np.maximum(1.0 + (full - 1.0) * share, 0.0)
    return gains


def ramps_samples(one: Gain, rate_hz: int) -> tuple[int, int]:
    """Return the lengths of both ramps: if they do not fit, each has half the span, or the remainder."""
    length = one.stop_samples - one.start_samples
    rise, fall = (s_to_samples(ramp_ms / 1000, rate_hz) for ramp_ms in one.ramps_ms)
    return min(rise, max(length // 2, length - fall)), min(fall, max(length // 2, length - rise))


Point = tuple[float, float]
"""A position in samples, which may be fractional, and the gain factor at it."""


def lone_gains(patches: Patches | None) -> tuple[Gain, ...]:
    """Return the gains that no other one overlaps, ascending."""
    found = sorted(
        (one for one in (() if patches is None else patches.others) if isinstance(one, Gain)),
        key=lambda one: (one.start_samples, one.stop_samples),
    )
    lone, reached = [], 0
    for one, after in zip_longest(found, found[1:]):
        is_apart = after is None or one.stop_samples <= after.start_samples
        if reached <= one.start_samples and is_apart:
            lone.append(one)
        reached = max(reached, one.stop_samples)
    return tuple(lone)


class GainCurve:
    """The product of disjoint gains, equal to `engine.sound.edl.tracks.patches.gains_at` at every sample.

    Parameters
    ----------
    gains : ascending
    """

    def __init__(self, gains: Sequence[Gain], rate_hz: int) -> None:
        self._gains, self._rate_hz = gains, rate_hz

    def within(self, start_samples: int, stop_samples: int) -> Sequence[Gain]:
        """Return the gains that reach into [start, stop)."""
        first = bisect_right(self._gains, start_samples, key=lambda one: one.stop_samples)
        return self._gains[first : bisect_left(self._gains, stop_samples, key=lambda one: one.start_samples)]

    def points(self, start_samples: int, stop_samples: int) -> tuple[Point, ...]:
        """Return points from `start` to `stop`, between which the gain is linear at every sample."""
        # one sample farther: the last point lies beyond the last sample, where another gain may begin
        corners = [_corners(one, self._rate_hz) for one in self.within(start_samples, stop_samples + 1)]
        inside = {at for one in corners for at, _ in one if start_samples < at < stop_samples}
        places = np.array(sorted(inside | {start_samples, stop_samples}), np.float64)
        factors = np.ones(len(places))
        for one in corners:
            factors *= np.interp(places, *np.array(one).T)
        return tuple(zip(places.tolist(), factors.tolist(), strict=True))


def _corners(one: Gain, rate_hz: int) -> tuple[Point, ...]:
    """Return the points where a gain leaves 1, reaches its factor, leaves the factor and returns to 1.

    Without a ramp, it changes between two samples. A ramp as long as the gain leaves no room for that: if the
    other edge has no ramp, the ramp begins there at the gain it has reached.
    """
    if one.curve:
        return _corners_of_curve(one, rate_hz)
    rise, fall = ramps_samples(one, rate_hz)
    factor = 10.0 ** (one.gain_db / 20.0)
    begin = one.start_samples - (0.5 if rise else 1.0)
    end = one.stop_samples - (0.5 if fall else 0.0)
    full, leaves = begin + (rise or 1), end - (fall or 1)
    if full > leaves:
        edge = one.start_samples if not rise else one.stop_samples - 1
        full = leaves = edge
        factor = float(gains_at(one, np.array([edge]), rate_hz)[0])
    return (begin, 1.0), (full, factor), (leaves, factor), (end, 1.0)


def _corners_of_curve(one: Gain, rate_hz: int) -> tuple[Point, ...]:
    """Return the points of a curve within its gain, which begins and ends at 1."""
    first, last = one.start_samples, one.stop_samples - 1
    places = np.array([first, *(at for at, _ in one.curve if first < at < last), last], np.int64)
    factors = gains_at(one, places, rate_hz).tolist()
    return (first - 1.0, 1.0), *zip(map(float, places.tolist()), factors, strict=True), (last + 1.0, 1.0)
