"""Rows that move with the clips they are about: proposals, decisions and markers.

An edit of one track goes with its clips to another track. An edit of some tracks moves if every clip that
plays inside its span on those tracks moved by the same distance; an edit of all tracks if that holds on all
of them. Else it stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.change import Row
from engine.document.decisions import Decision
from engine.document.kinds import KINDS
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.document.tracks.clip import visible_in_time
from engine.document.tracks.track import Track

Pair = tuple[Row | None, Row | None]
Positions = NDArray[np.int64]


def moved_along(state: DocumentState, after: Sequence[Track]) -> Iterator[Pair]:
    """Yield the rows before and after that move with the clips of tracks.

    Parameters
    ----------
    after : the tracks of the state with their clips at their new places
    """
    shifts = _Shifts(state, after)
    if not shifts.any:
        return
    proposals = list(state.proposals.values())
    spans = np.array([state.span(one.id) for one in proposals], np.int64).reshape(-1, 2)
    moved = shifts.of([one.tracks for one in proposals], spans)
    taken = {
        place: track
        for place, one in enumerate(proposals)
        if len(one.tracks) == 1 and (track := shifts.taken_to(one.tracks[0], *spans[place].tolist()))
    }
    for place in sorted({*np.flatnonzero(moved).tolist(), *taken}):
        before, move = proposals[place], _Move(shifts, proposals[place], int(moved[place]))
        after_it = move.proposal() if move.by else before
        yield before, replace(after_it, tracks=(taken[place],)) if place in taken else after_it
        decision = state.decisions.get(before.id)
        if decision is not None and move.by:
            yield decision, move.decision(decision)
    markers = list(state.markers.values())
    edges = [(one.start_samples, max(one.stop_samples, one.start_samples + 1)) for one in markers]
    moved = shifts.of([()] * len(markers), np.array(edges, np.int64).reshape(-1, 2))
    for place in np.flatnonzero(moved).tolist():
        before_marker, by = markers[place], int(moved[place])
        start, stop = before_marker.start_samples + by, before_marker.stop_samples + by
        yield before_marker, replace(before_marker, start_samples=max(start, 0), stop_samples=max(stop, 0))


class _Shifts:
    """How far the clips of each track moved."""

    def __init__(self, state: DocumentState, after: Sequence[Track]) -> None:
        places = {clip.id: clip.shift_samples for track in after for clip in track.clips}
        holders = {clip.id: track.id for track in after for clip in track.clips}
        self._tracks: dict[str, tuple[Positions, Positions, Positions, Positions]] = {}
        self._holders: dict[str, tuple[str, ...]] = {}
        self.any = False
        for track in state.tracks:
            shown = visible_in_time(track.clips)
            by = np.array(
                [places.get(one.clip.id, one.clip.shift_samples) - one.clip.shift_samples for one in shown],
                np.int64,
            )
            starts = np.array([one.start_samples for one in shown], np.int64)
            stops = np.array([one.stop_samples for one in shown], np.int64)
            changes = np.concatenate([[0], np.cumsum(by[1:] != by[:-1])])
            self._tracks[track.id] = starts, stops, by, changes
            self._holders[track.id] = tuple(holders.get(one.clip.id, track.id) for one in shown)
            self.any = self.any or bool(by.any()) or set(self._holders[track.id]) != {track.id}

    def of(self, tracks: Sequence[tuple[str, ...]], spans: Positions) -> Positions:
        """Return how far each span of some tracks moves, none being all, shape (n,); 0 where it stays."""
        by, is_set = np.zeros(len(spans), np.int64), np.zeros(len(spans), bool)
        stays = np.zeros(len(spans), bool)
        for key, (starts, stops, shifts, changes) in self._tracks.items():
            own = np.array([not some or key in some for some in tracks], bool)
            first = np.searchsorted(stops, spans[:, 0], "right")
            last = np.searchsorted(starts, spans[:, 1], "left")
            has = own & (first < last)
            low, high = np.minimum(first, len(shifts) - 1), np.maximum(last - 1, 0)
            stays |= has & (changes[low] != changes[high])
            stays |= has & is_set & (by != shifts[low])
            by, is_set = np.where(has & ~is_set, shifts[low], by), is_set | has
        return np.where(stays, 0, by)

    def taken_to(self, track_id: str, start: int, stop: int) -> str:
        """Return the track to which all clips of a span were taken from a track; empty without one."""
        if track_id not in self._tracks:
            return ""
        starts, stops, _, _ = self._tracks[track_id]
        here = slice(int(np.searchsorted(stops, start, "right")), int(np.searchsorted(starts, stop, "left")))
        found = set(self._holders[track_id][here])
        return found.pop() if len(found) == 1 and track_id not in found else ""

    def at(self, tracks: tuple[str, ...], position: float) -> int | None:
        """Return how far a position of some tracks moves; None if no clip is there."""
        found = set()
        for key, (starts, stops, shifts, _) in self._tracks.items():
            place = int(np.searchsorted(stops, position, "right"))
            if (not tracks or key in tracks) and place < len(starts) and starts[place] <= position:
                found.add(int(shifts[place]))
        if len(found) > 1:
            return 0
        return found.pop() if found else None


@dataclass(frozen=True, slots=True)
class _Move:
    """The rows of one proposal, later by some samples."""

    shifts: _Shifts
    one: Proposal
    by: int

    def proposal(self) -> Proposal:
        """Return the proposal; it has the same id, so that decisions and notes stay with it."""
        alternatives = tuple(
            replace(
                other,
                start_samples=other.start_samples + self.by,
                stop_samples=other.stop_samples + self.by,
                payload=self._payload(other.payload),
            )
            for other in self.one.alternatives
        )
        return replace(
            self.one,
            start_samples=max(self.one.start_samples + self.by, 0),
            stop_samples=max(self.one.stop_samples + self.by, 0),
            alternatives=alternatives,
            payload=self._payload(self.one.payload),
        )

    def decision(self, decision: Decision) -> Decision:
        """Return its decision."""
        start, stop, payload = decision.start_samples, decision.stop_samples, decision.payload
        return replace(
            decision,
            start_samples=None if start is None else max(start + self.by, 0),
            stop_samples=None if stop is None else max(stop + self.by, 0),
            payload=None if payload is None else self._payload(payload),
        )

    def _payload(self, payload: Mapping[str, object]) -> dict[str, object]:
        kind = KINDS.get(self.one.kind)
        positions = () if kind is None else kind.positions
        return {
            name: self._position(value) if name in positions and isinstance(value, int | float) else value
            for name, value in payload.items()
        }

    def _position(self, position: float) -> float:
        """Return a position, such as that of room tone: it moves with the clip that it is in."""
        is_inside = self.one.start_samples <= position <= self.one.stop_samples
        by = None if is_inside else self.shifts.at(self.one.tracks, position)
        return position + (self.by if by is None else by)
