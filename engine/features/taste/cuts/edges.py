"""Edges of cuts: the room they have, the places an editor would choose within it, and alternatives.

Cuts by a threshold snap to beats, else to attacks, else to quiet moments. Cuts of a target length are chosen
among such places from the start. The alternatives have names in the words of musicians.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from engine.core.timebase import Samples, inside
from engine.document.analysis import BeatGrid, Listening
from engine.document.proposals import Alternative
from engine.features.taste.cuts.profile import ScoreProfile
from engine.features.taste.cuts.regions import CutRules, DecidedSpans, Regions, around_rejected

ATTACK_S = 0.005
"""How far before a beat or an onset an edge goes. Attacks of drums and plucked strings begin up to about 5
ms before the frame in which a detector sees them; both edges of a cut go equally far, so the pulse runs on
across the seam."""

ONSET_REACH_S = 0.150
QUIET_REACH_S = 0.250

NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Room:
    """How far the edges of one cut may move, each while the other stays; both limits are included."""

    start_low: int
    start_high: int
    stop_low: int
    stop_high: int


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """The places the edges of n cuts could move to, each int64, shape (n,), or `NOWHERE`."""

    beat: Samples
    other_beat: Samples
    downbeat: Samples
    onset: Samples
    quiet: Samples

    def but_not_of(self, edges: Samples, fixed: Samples) -> Anchors:
        """Return anchors, without those of the edges, shape (n,), at a fixed place."""
        stays = np.isin(edges, fixed)
        return Anchors(*(np.where(stays, NOWHERE, getattr(self, one.name)) for one in fields(self)))

    def in_order(self) -> list[tuple[int, ...]]:
        """Return the target of each edge: a beat, else an onset, else the quietest moment."""
        return list(
            map(tuple, np.stack([self.beat, self.other_beat, self.onset, self.quiet], axis=1).tolist())
        )


class Neighbours:
    """Limits of the edges of cuts: other cuts, decided spans, the ends of the recording.

    Parameters
    ----------
    scored : the accepted spans where the score alone would have put them. A cut leaves room to these as well,
        as it did before they were accepted, so that it does not move.
    """

    def __init__(
        self, spans: Samples, profile: ScoreProfile, decided: DecidedSpans, rules: CutRules, scored: Samples
    ) -> None:
        _, cells = profile.peaks(spans[:, 0], spans[:, 1])
        starts, stops = spans[:, 0], spans[:, 1]
        length = profile.length_samples
        self._rules = rules
        self._length = length
        self._peak_starts: list[int] = np.clip(profile.edges_samples[cells], starts, stops).tolist()
        self._peak_stops: list[int] = np.clip(profile.edges_samples[cells + 1], starts, stops).tolist()
        self._cut_before = _last_at_or_before(decided.accepted[:, 1], starts, 0)
        self._cut_after = _first_at_or_after(decided.accepted[:, 0], stops, length)
        before = np.searchsorted(decided.accepted[:, 0], stops, side="left")
        self._scored_after: list[int] = np.append(scored[:, 0], length)[before].tolist()
        self._keep_before = _last_at_or_before(decided.rejected[:, 1], starts, 0)
        self._keep_after = _first_at_or_after(decided.rejected[:, 0], stops, length)

    def room(self, spans: list[tuple[int, int]], k: int) -> Room:
        """Return the range of the edges of the k-th span, given the present places of the others.

        An edge at another cut or at an end of the recording stays there. No edge crosses the highest score
        of its span, so a cut never loses its reason.
        """
        start, stop = spans[k]
        low = start_high = start
        before = max(self._cut_before[k], spans[k - 1][1] if k else 0)
        if start > before:
            low = min(start, max(before + self._rules.minimum_kept, self._keep_before[k]))
            start_high = max(start, min(self._peak_starts[k], stop - self._rules.minimum_cut))
        high = stop_low = stop
        after = min(self._cut_after[k], spans[k + 1][0] if k + 1 < len(spans) else self._length)
        if stop < after:
            leave = min(after, self._scored_after[k]) - self._rules.minimum_kept
            high = max(stop, min(leave, self._keep_after[k]))
            stop_low = min(stop, max(self._peak_stops[k], start + self._rules.minimum_cut))
        return Room(low, start_high, stop_low, high)


def anchors(edges: Samples, listening: Listening | None, grid: BeatGrid | None, rate_hz: int) -> Anchors:
    """Return the places near each edge, shape (n,), that an editor would choose.

    Those at an attack are `ATTACK_S` before it.
    """
    attack = round(ATTACK_S * rate_hz)
    nowhere = np.full(len(edges), NOWHERE, np.int64)
    beat = other_beat = downbeat = onset = quiet = nowhere
    if grid is not None and grid.tempo_bpm > 0 and len(grid.beats_samples) >= 2:
        beats = np.maximum(0, grid.beats_samples - attack)
        reach = int(np.median(np.diff(beats)))
        beat, other_beat = _nearest_two(beats, edges, reach)
        downbeats = np.maximum(0, grid.downbeats_samples - attack)
        if len(downbeats) >= 2:
            downbeat, _ = _nearest_two(downbeats, edges, int(np.median(np.diff(downbeats))))
    if listening is not None and len(listening.onsets_samples):
        before_onsets = np.maximum(0, listening.onsets_samples - attack)
        onset, _ = _nearest_two(before_onsets, edges, round(ONSET_REACH_S * rate_hz))
    if listening is not None and len(listening.loudness_db):
        quiet = _quietest(listening, edges, round(QUIET_REACH_S * rate_hz))
    return Anchors(beat, other_beat, downbeat, onset, quiet)


def snap(spans: Samples, near: Anchors, around: Neighbours, rules: CutRules) -> Samples:
    """Move the edges of the spans, shape (n, 2), to the first of their anchors that there is room for.

    Parameters
    ----------
    near : anchors of all starts, then of all stops
    """
    moved = [(start, stop) for start, stop in spans.tolist()]
    wishes = near.in_order()
    for k, (start, stop) in enumerate(moved):
        room = around.room(moved, k)
        new_start = _first_fit(start, wishes[k], room.start_low, room.start_high)
        stop_low = min(stop, max(room.stop_low, new_start + rules.minimum_cut))
        moved[k] = (new_start, _first_fit(stop, wishes[len(moved) + k], stop_low, room.stop_high))
    return np.array(moved, np.int64)


def _first_fit(edge: int, wishes: tuple[int, ...], low: int, high: int) -> int:
    """Return the first wish in [low, high]; without one, or without room, the edge stays."""
    if low == high:
        return edge
    return next((wish for wish in wishes if low <= wish <= high and wish != NOWHERE), edge)


def _nearest_two(places: Samples, edges: Samples, reach: int) -> tuple[Samples, Samples]:
    """Return the nearest place to each edge and the one on its other side, if within reach."""
    after = np.searchsorted(places, edges)
    left = places[np.maximum(after - 1, 0)]
    right = places[np.minimum(after, len(places) - 1)]
    left_is_nearer = np.abs(edges - left) <= np.abs(right - edges)
    nearest, other = np.where(left_is_nearer, left, right), np.where(left_is_nearer, right, left)
    near, far = (np.where(np.abs(one - edges) <= reach, one, NOWHERE) for one in (nearest, other))
    return near, far


def _quietest(listening: Listening, edges: Samples, reach: int) -> Samples:
    """Return the middle of the quietest hop within reach of each edge; of equal ones the nearest."""
    hop = listening.hop_samples
    steps = np.arange(-(reach // hop), reach // hop + 1)
    steps = steps[np.argsort(np.abs(steps), kind="stable")]
    hops = edges[:, None] // hop + steps
    inside = (hops >= 0) & (hops < len(listening.loudness_db))
    levels = np.where(inside, listening.loudness_db[np.clip(hops, 0, len(listening.loudness_db) - 1)], np.inf)
    best = np.argmin(levels, axis=1)
    rows = np.arange(len(edges))
    return np.where(np.isfinite(levels[rows, best]), hops[rows, best] * hop + hop // 2, NOWHERE)


def _last_at_or_before(places: Samples, edges: Samples, otherwise: int) -> list[int]:
    padded = np.concatenate([np.full(1, otherwise, np.int64), places])
    found: list[int] = padded[np.searchsorted(places, edges, side="right")].tolist()
    return found


def _first_at_or_after(places: Samples, edges: Samples, otherwise: int) -> list[int]:
    padded = np.concatenate([places, np.full(1, otherwise, np.int64)])
    found: list[int] = padded[np.searchsorted(places, edges, side="left")].tolist()
    return found


MOST = 4

AUDIBLE_S = 0.005
"""Edges closer than this sound the same, so they are not an alternative."""


def alternatives(
    spans: Samples,
    scored: Samples,
    near: Anchors,
    grid: BeatGrid | None,
    *,
    limits: Samples,
    rate_hz: int,
    minimum_cut: int,
) -> list[tuple[Alternative, ...]]:
    """Return up to four alternatives for each span, distinct from it and from each other.

    Parameters
    ----------
    spans : int64, shape (n, 2), as proposed
    scored : int64, shape (n, 2), where the score alone would put the edges
    near : anchors of all scored starts, then of all scored stops
    limits : int64, shape (n, 2), where the neighbours of each span end and begin
    """
    beat = 0
    if grid is not None and grid.tempo_bpm > 0 and len(grid.beats_samples) >= 2:
        beat = int(np.median(np.diff(grid.beats_samples)))
    ways = {
        "Whole bars": _anchored(near.downbeat, spans),
        "On the beat": _anchored(near.beat, spans),
        "A beat tighter": spans + np.array([beat, -beat], np.int64),
        "Not snapped": scored,
        "On the hits": _anchored(near.onset, spans),
        "At the quietest spots": _anchored(near.quiet, spans),
    }
    # An edge at a neighbour or at an end of the recording belongs there, whatever the other one does.
    fixed = spans == limits
    audible = AUDIBLE_S * rate_hz
    moved = [(label, np.where(fixed, spans, way).tolist()) for label, way in ways.items()]
    found = []
    for k, (span, (low, high)) in enumerate(zip(spans.tolist(), limits.tolist(), strict=True)):
        known = [span]
        chosen: list[Alternative] = []
        for label, way in moved:
            start, stop = way[k]
            fits = low <= start and stop <= high and stop - start >= max(1, minimum_cut)
            if fits and all(max(abs(start - a), abs(stop - b)) > audible for a, b in known):
                known.append([start, stop])
                chosen.append(Alternative(label, start, stop))
        found.append(tuple(chosen[:MOST]))
    return found


def _anchored(places: Samples, spans: Samples) -> Samples:
    """Return the spans with each edge at its anchor, if it has one."""
    table = places.reshape(2, -1).T
    return np.where(table != NOWHERE, table, spans)


TATUM_S = 0.5
"""Grid spacing without beats: a beat at 120 BPM."""

GAP_BEATS = 1.5
"""Gap, in median beats, above which a place is missing between two beats."""


def candidates(
    length_samples: int, listening: Listening | None, grid: BeatGrid | None, rate_hz: int, *, snap: bool
) -> Samples:
    """Return candidate edges of cuts, int64, ascending, with both ends of the recording.

    These are the beats, `ATTACK_S` early. Without beats it is a regular tatum, with each place moved to a
    nearby attack, else to the quietest moment. Without `snap` it is the tatum alone.
    """
    beats = np.zeros(0, np.int64)
    tatum = max(1, round(TATUM_S * rate_hz))
    longest = tatum
    if snap and grid is not None and grid.tempo_bpm > 0 and len(grid.beats_samples) >= 2:
        beats = grid.beats_samples - round(ATTACK_S * rate_hz)
        beats = np.unique(beats[(beats > 0) & (beats < length_samples)])
        longest = max(tatum, round(GAP_BEATS * float(np.median(np.diff(grid.beats_samples)))))
    known = np.concatenate([[0], beats, [length_samples]])
    between = [
        np.arange(start + tatum, stop, tatum)
        for start, stop in zip(known[:-1].tolist(), known[1:].tolist(), strict=True)
        if stop - start > longest
    ]
    regular = np.concatenate([np.zeros(0, np.int64), *between])
    if snap and len(regular):
        near = anchors(regular, listening, None, rate_hz)
        for one in (near.quiet, near.onset):
            regular = np.where(one != NOWHERE, one, regular)
    return np.unique(np.clip(np.concatenate([known, regular]), 0, length_samples))


def divided(profile: ScoreProfile, places: Samples, decided: DecidedSpans, rules: CutRules) -> Regions:
    """Divide the recording at places and at edges of decided spans; a cut region gains its score.

    Places too close to the edge of a decided span, with less between them than a proposal may have, are
    left out.
    """
    edges = np.sort(np.concatenate([decided.accepted.ravel(), decided.rejected.ravel()]))
    far = 2 * profile.length_samples + 1
    after = np.searchsorted(edges, places)
    padded = np.concatenate([[-far], edges, [far]])
    distance = np.minimum(places - padded[after], padded[after + 1] - places)
    free = distance >= min(rules.leftover, rules.minimum_kept)
    free &= ~inside(places, decided.accepted) & ~inside(places, decided.rejected)
    ends = np.array([0, profile.length_samples])
    borders = np.concatenate([places[free], edges, around_rejected(decided, rules), ends])
    borders = np.unique(np.clip(borders, 0, profile.length_samples))
    starts = borders[:-1]
    return Regions(
        borders,
        profile.areas(starts, borders[1:]),
        may_keep=~inside(starts, decided.accepted),
        may_cut=~inside(starts, decided.rejected),
    )
