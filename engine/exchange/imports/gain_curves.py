"""Gains of imported clips that vary, as gain edits of the tracks that have them.

A curve of factors, linear between points, is the product of trapezoids: edits with a ramp at either end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import log10

import numpy as np

from engine.document.kinds.operations import Gain
from engine.document.kinds.sounding import GAIN_DB, LOUDEST_DB, QUIETEST_DB, ramp_payload
from engine.document.state import DocumentState
from engine.exchange.imports.described import left_out_sentences
from engine.exchange.imports.proposals.wanted import WantedOnTracks
from engine.sound.edl.edits_that_play import accepted_effect
from engine.sound.edl.tracks.patches import Point, ramps_samples

_NEAR = 1e-4
"""How much factors may differ: less than 0.001 dB."""
_NEAR_SAMPLES = 0.1
_QUIETEST = 1e-6
_NEAR_DB = 0.02


@dataclass(frozen=True, slots=True)
class Curve:
    """The gain of a clip that plays [start, stop) of the document's timeline.

    Attributes
    ----------
    points : linear between them
    is_changed : whether the document has another one there
    """

    start_samples: int
    stop_samples: int
    points: tuple[Point, ...]
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Trapezoid:
    """A gain that changes from 1 to a factor and back, with a ramp at either end."""

    start_samples: int
    stop_samples: int
    ramps_samples: tuple[int, int]
    factor: float


def constant_ratio(found: Sequence[Point], own: Sequence[Point]) -> float | None:
    """Return by how much one gain is another one, everywhere between the first and the last point of that.

    None if that varies.
    """
    places = np.unique([at for at, _ in (*found, *own)])
    places = places[(places >= own[0][0]) & (places <= own[-1][0])]
    one, other = (np.interp(places, *np.array(points).T) for points in (found, own))
    ratios = one / np.maximum(other, _NEAR**2)
    return float(ratios[0]) if np.ptp(ratios) <= _NEAR * abs(ratios[0]) else None


@dataclass(frozen=True, slots=True)
class WantedGains:
    """Gain edits after the import.

    Attributes
    ----------
    replaced : ids of accepted proposals in whose place the edits come
    stays : ids of the other accepted ones
    left_out : a sentence each
    """

    edits: tuple[WantedOnTracks, ...] = ()
    replaced: frozenset[str] = frozenset()
    stays: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()


def wanted_gains(
    by_track: Mapping[str, Sequence[Curve]],
    played: Mapping[str, Sequence[tuple[int, int]]],
    state: DocumentState,
) -> WantedGains:
    """Return gain edits for the curves that the document does not have.

    A curve that no gain edits make is left out, and those of its track stay.

    Parameters
    ----------
    by_track : curves of the clips of each track
    played : spans of the document's timeline that clips of each track play
    """
    own = {
        key: effect
        for key, proposal in state.proposals.items()
        if (effect := _gains(accepted_effect(proposal, state.decisions.get(key))))
    }
    edits: list[WantedOnTracks] = []
    replaced: dict[str, set[str]] = {}
    left_out: Counter[str] = Counter()
    for track_id, curves in by_track.items():
        chosen, touched = _chosen(curves, track_id, own)
        found = trapezoids(chosen, played.get(track_id, ()))
        if found is None:
            left_out["volume curve"] += sum(one.is_changed for one in chosen)
            continue
        fresh = list(found)
        for key in touched:
            same = [_same(one, found, state.rate_hz) for one in own[key]]
            if all(one is not None for one in same):
                fresh = [one for one in fresh if one not in same]
            else:
                replaced.setdefault(key, set()).add(track_id)
        edits += [_edit(one, track_id, state.rate_hz) for one in fresh]
    for key, changed in replaced.items():
        edits += _for_others(own[key], changed, state)
    stays = frozenset(own) - frozenset(replaced)
    return WantedGains(tuple(edits), frozenset(replaced), stays, left_out_sentences(left_out))


def _gains(effect: Sequence[object]) -> tuple[Gain, ...]:
    return tuple(one for one in effect if isinstance(one, Gain))


def _chosen(
    curves: Sequence[Curve], track_id: str, own: Mapping[str, Sequence[Gain]]
) -> tuple[list[Curve], set[str]]:
    """Return the changed curves and all that share a gain edit with them, and those edits."""
    chosen, touched = {one for one in curves if one.is_changed}, set[str]()
    while True:
        reached = {
            key
            for key, effect in own.items()
            for gain in effect
            if not gain.tracks or track_id in gain.tracks
            if any(_overlap(gain, one) for one in chosen)
        }
        if reached == touched:
            return list(chosen), touched
        touched = reached
        chosen |= {one for one in curves for key in touched for gain in own[key] if _overlap(gain, one)}


def _overlap(gain: Gain, curve: Curve) -> bool:
    return gain.start_samples < curve.stop_samples and curve.start_samples < gain.stop_samples


def _same(gain: Gain, found: Sequence[Trapezoid], rate_hz: int) -> Trapezoid | None:
    """Return the imported gain that an existing gain edit already makes."""
    wanted = gain.start_samples, gain.stop_samples, ramps_samples(gain, rate_hz)
    for one in found:
        is_there = (one.start_samples, one.stop_samples, one.ramps_samples) == wanted
        if is_there and abs(_decibels(one) - gain.gain_db) < _NEAR_DB:
            return one
    return None


def _decibels(one: Trapezoid) -> float:
    gain_db = 20.0 * log10(max(one.factor, _QUIETEST))
    return round(min(max(gain_db, QUIETEST_DB), LOUDEST_DB), 2)


def _edit(one: Trapezoid, track_id: str, rate_hz: int) -> WantedOnTracks:
    start_ms, stop_ms = (1000 * ramp / rate_hz for ramp in one.ramps_samples)
    payload = {GAIN_DB: _decibels(one), **ramp_payload((start_ms, stop_ms))}
    return WantedOnTracks("gain", one.start_samples, one.stop_samples, payload, (track_id,))


def _for_others(
    effect: Sequence[Gain], changed: Collection[str], state: DocumentState
) -> Iterator[WantedOnTracks]:
    """Yield an edit that was replaced on some tracks, for the others that it was about."""
    for one in effect:
        tracks = one.tracks or tuple(track.id for track in state.tracks)
        others = tuple(key for key in tracks if key not in changed)
        if others:
            payload = {GAIN_DB: one.gain_db, **ramp_payload(one.ramps_ms)}
            yield WantedOnTracks("gain", one.start_samples, one.stop_samples, payload, others)


def trapezoids(curves: Sequence[Curve], played: Sequence[tuple[int, int]]) -> tuple[Trapezoid, ...] | None:
    """Return the gain edits whose product is the curves of a track; None if no edits match.

    Parameters
    ----------
    played : spans that any clip of the track plays: between them a gain may continue
    """
    points: list[Point] = []
    ordered = sorted(set(curves), key=lambda one: (one.start_samples, one.stop_samples))
    for one in ordered:
        own = _between_samples(one)
        if points and own[0][0] < points[-1][0]:  # what both fade over, or what plays again
            if not _agree(points, own):
                return None
            own = [(at, gain) for at, gain in own if at > points[-1][0]]
        if points and own and (abs(points[-1][1] - own[0][1]) > _NEAR or _plays(played, points[-1], own[0])):
            points += (points[-1][0], 1.0), (own[0][0], 1.0)
        points += own
    if not points:
        return ()
    points = [(points[0][0], 1.0), *points, (points[-1][0], 1.0)]
    found = []
    for one_piece in _louder(points):
        made = _trapezoid(_with_hidden_ramp(one_piece, played))
        if made is None:
            return None
        found.append(made)
    return tuple(found)


def _between_samples(curve: Curve) -> list[Point]:
    """Return points in which a gain that changes within one sample does so between two."""
    places, gains = np.array(curve.points).T
    begin, end = curve.start_samples - 0.5, curve.stop_samples - 0.5
    inside = (places > begin) & (places < end)
    is_held = places[0] > curve.start_samples or places[1] - places[0] <= 1 + _NEAR_SAMPLES
    slope = 0.0 if is_held else (gains[1] - gains[0]) / (places[1] - places[0])
    held = [(begin, gains[0] - slope / 2), *zip(places[inside], gains[inside], strict=True)]
    held.append((end, float(np.interp(end, places, gains))))
    points = [held[0]]
    for (at, gain), (after, other) in pairwise(held):
        is_jump = after - at <= 1 + _NEAR_SAMPLES and abs(gain - other) > _NEAR
        if is_jump and abs(at - round(at)) < _NEAR_SAMPLES:
            points += [(at + 0.5, gain), (at + 0.5, 1.0), (at + 0.5, other)]
        points.append((after, other))
    return [(float(at), float(gain)) for at, gain in points]


def _agree(points: Sequence[Point], own: Sequence[Point]) -> bool:
    """Return whether two curves agree where they overlap."""
    places = np.unique([at for at, _ in (*points, *own)])
    both = places[(places > max(points[0][0], own[0][0])) & (places < min(points[-1][0], own[-1][0]))]
    one, other = (np.interp(both, *np.array(each).T) for each in (points, own))
    return bool(np.all(np.abs(one - other) <= _NEAR * np.maximum(1.0, other)))


def _with_hidden_ramp(points: Sequence[Point], played: Sequence[tuple[int, int]]) -> list[Point]:
    """Return a gain that begins or ends at once with a ramp as at its other end, if nothing plays there."""
    (first, _), (last, _) = points[0], points[-1]
    (second, _), (before, _) = points[1], points[-2]
    rise, fall = second - first, last - before
    if rise and not fall:
        hidden, moved = (points[-1], (last + rise, 1.0)), [*points[:-1], (last + rise, 1.0)]
    elif fall and not rise:
        hidden, moved = ((first - fall, 1.0), points[0]), [(first - fall, 1.0), *points[1:]]
    else:
        return list(points)
    return list(points) if _plays(played, *hidden) or hidden[0][0] < -0.5 else moved


def _plays(played: Sequence[tuple[int, int]], before: Point, after: Point) -> bool:
    """Return whether any clip plays between two points."""
    return any(start < after[0] + 0.5 and before[0] + 0.5 < stop for start, stop in played)


def _louder(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Yield the segments whose gain is not 1, each with the point at 1 on either side."""
    here = 0
    for is_one, group in groupby(points, key=lambda one: abs(one[1] - 1.0) <= _NEAR):
        count = len(list(group))
        if not is_one:
            yield list(points[here - 1 : here + count + 1])
        here += count


def _trapezoid(points: Sequence[Point]) -> Trapezoid | None:
    places, gains = np.array(points).T
    factor = gains[np.argmax(np.abs(gains - 1.0))]
    full = places[np.abs(gains - factor) <= _NEAR * max(1.0, factor)]
    rise, fall = full[0] - places[0], places[-1] - full[-1]
    if bool(rise) != bool(fall) and full[-1] - full[0] <= 0.5 + _NEAR_SAMPLES:
        # The ramp reaches on to the edge that has none, half a sample beyond the last point that is known.
        length = places[-1] - places[0]
        factor = 1.0 + (factor - 1.0) * length / (rise or fall)
        rise, fall = (length, 0.0) if rise else (0.0, length)
        full = np.array([places[-1] if rise else places[0]])
    elif min(rise, fall) <= _NEAR_SAMPLES < abs(rise - fall):
        return None  # it goes on where other sound is edited
    inside = (places > places[0]) & (places < places[-1])
    made = np.interp(places[inside], [places[0], full[0], full[-1], places[-1]], [1.0, factor, factor, 1.0])
    if inside.any() and np.abs(made - gains[inside]).max() > _NEAR * max(1.0, factor):
        return None
    start, stop = round(places[0] + 0.5), round(places[-1] + 0.5)
    return Trapezoid(start, stop, (round(rise), round(fall)), float(factor)) if start < stop else None
