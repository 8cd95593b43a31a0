"""Rows and clips that move with edited clips: proposals, decisions, markers, and with ripple later clips.

An edit of one track goes with its clips to another track. An edit of some tracks moves if every clip that
plays inside its span on those tracks moved by the same distance; an edit of all tracks if that holds on all
of them. Else it stays where it is.

Where an edit closes time, as with ripple, other sound comes to the place of removed sound. Rows about removed
sound alone go with it; others keep the part that is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import common, united
from engine.document.kinds import KINDS
from engine.document.proposals import Decision, Proposal
from engine.document.settings import Ripple
from engine.document.state import DocumentState, Marker, Row
from engine.document.tracks import Clip, Track, Visible, visible_in_time


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift of time after an edit: clips that begin at a position or later move by a distance."""

    at_samples: int
    by_samples: int


Shifts = Callable[[Sequence[Clip]], Sequence[Shift]]
"""Finds the shifts of time after an edit, from all clips of the tracks that it edits."""


def following(
    state: DocumentState, clip_ids: Collection[str], ripple: Ripple, shifts: Shifts, *, also_own: bool = False
) -> dict[str, int] | None:
    """Return how far each clip moves that follows an edit, by id; None without ripple.

    A clip follows if it begins at or after the position from which the edit shifts time:

    - of moved clips, the start of the first (`of_move`)
    - of a trimmed clip, its end (`of_trim`)
    - of copies, the place of the first (`of_copies`)
    - of removed clips, the end of each span in which they alone played (`of_removal`)

    Where the next clip overlaps such an end, as in a crossfade, the position is the start of that clip, so
    that it follows too. All positions are those before the edit.

    With `Ripple.TRACK`, each track with edited clips finds its own positions and moves its own clips. With
    `Ripple.ALL`, these tracks find the positions together, and the clips of all tracks move.

    Parameters
    ----------
    clip_ids : the edited clips
    shifts : of the edit
    also_own : whether edited clips may follow, as when a copy is placed before them
    """
    if ripple is Ripple.OFF:
        return None
    keys = frozenset(clip_ids)
    edited = [track for track in state.tracks if any(clip.id in keys for clip in track.clips)]
    together = ripple is Ripple.ALL and bool(edited)
    every = [(edited, state.tracks)] if together else [([track], (track,)) for track in edited]
    found: dict[str, int] = {}
    for own, tracks in every:
        made = shifts([clip for track in own for clip in track.clips])
        for clip in (clip for track in tracks for clip in track.clips):
            by = sum(shift.by_samples for shift in made if clip.start_samples >= shift.at_samples)
            if by and (also_own or clip.id not in keys):
                found[clip.id] = by
    return found


def of_move(clip_ids: Collection[str], by_samples: int) -> Shifts:
    """Return the shift of time after a move of clips."""
    keys = frozenset(clip_ids)

    def shifts(clips: Sequence[Clip]) -> list[Shift]:
        return [Shift(min(clip.start_samples for clip in clips if clip.id in keys), by_samples)]

    return shifts


def of_trim(trimmed: Clip, length_samples: int) -> Shifts:
    """Return the shift of time after a clip gets another length."""

    def shifts(clips: Sequence[Clip]) -> list[Shift]:
        at = _end(clips, {trimmed.id})
        # an overlapping clip comes to the start of the trimmed one at most
        by = max(length_samples - trimmed.length_samples, trimmed.start_samples - at)
        return [Shift(at, by)]

    return shifts


def of_copies(clip_ids: Collection[str], by_samples: int) -> Shifts:
    """Return the shift of time after copies of clips.

    Parameters
    ----------
    by_samples : how much later than the clips they are placed
    """
    keys = frozenset(clip_ids)

    def shifts(clips: Sequence[Clip]) -> list[Shift]:
        own = [clip for clip in clips if clip.id in keys]
        start, stop = min(clip.start_samples for clip in own), max(clip.stop_samples for clip in own)
        at = start + by_samples
        return [Shift(_end(clips, keys) if at == stop else at, stop - start)]

    return shifts


def of_removal(clip_ids: Collection[str]) -> Shifts:
    """Return the shifts of time after the removal of clips."""
    keys = frozenset(clip_ids)

    def shifts(clips: Sequence[Clip]) -> list[Shift]:
        spans = np.array([(clip.start_samples, clip.stop_samples) for clip in clips], np.int64)
        is_gone = np.array([clip.id in keys for clip in clips])
        gone, left = united(spans[is_gone]), united(spans[~is_gone])
        silent = united(np.concatenate([[0], left.ravel(), [spans.max()]]))
        return [Shift(stop, start - stop) for start, stop in common(gone, silent).tolist()]

    return shifts


def _end(clips: Sequence[Clip], clip_ids: Collection[str]) -> int:
    """Return where some of these clips end, or where the next one begins if it overlaps that end."""
    own = [clip for clip in clips if clip.id in clip_ids]
    start, stop = min(clip.start_samples for clip in own), max(clip.stop_samples for clip in own)
    others = (clip for clip in clips if clip.id not in clip_ids)
    overlapping = (
        clip.start_samples for clip in others if start < clip.start_samples < stop < clip.stop_samples
    )
    return min(overlapping, default=stop)


Pair = tuple[Row | None, Row | None]
Positions = NDArray[np.int64]
_GONE = np.iinfo(np.int64).min
"""Instead of a distance: the sound was removed, and its time closed."""


def moved_along(state: DocumentState, after: Sequence[Track], *, closes: bool = False) -> Iterator[Pair]:
    """Yield the rows before and after that move with the clips of tracks.

    Parameters
    ----------
    after : the tracks of the state with their clips at their new places
    closes : whether the time of sound that was removed closes
    """
    shifts = _Shifts(state, after, closes=closes)
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
    for place in sorted({*np.flatnonzero(moved.any(axis=1)).tolist(), *taken}):
        before, (by, stop_by) = proposals[place], moved[place].tolist()
        decision = state.decisions.get(before.id)
        if by == _GONE:
            yield from ((row, None) for row in (before, decision) if row is not None)
            continue
        move = _Move(shifts, before, by, stop_by)
        after_it = move.proposal() if by or stop_by else before
        yield before, replace(after_it, tracks=(taken[place],)) if place in taken else after_it
        if decision is not None and (by or stop_by):
            yield decision, move.decision(decision)
    yield from _moved_markers(list(state.markers.values()), shifts)


def _moved_markers(markers: Sequence[Marker], shifts: _Shifts) -> Iterator[Pair]:
    edges = [(one.start_samples, max(one.stop_samples, one.start_samples + 1)) for one in markers]
    moved = shifts.of([()] * len(markers), np.array(edges, np.int64).reshape(-1, 2))
    for place in np.flatnonzero(moved.any(axis=1)).tolist():
        before, (by, stop_by) = markers[place], moved[place].tolist()
        if by == _GONE:
            yield before, None
            continue
        start = max(before.start_samples + by, 0)
        stop = max(before.stop_samples + (stop_by if before.is_region else by), start)
        yield before, replace(before, start_samples=start, stop_samples=stop)


class _Shifts:
    """How far the clips of each track moved.

    Parameters
    ----------
    closes : whether removed sound is `_GONE`; else it did not move
    """

    def __init__(self, state: DocumentState, after: Sequence[Track], *, closes: bool) -> None:
        places = {clip.id: clip for track in after for clip in track.clips}
        holders = {clip.id: track.id for track in after for clip in track.clips}
        self._tracks: dict[str, tuple[Positions, Positions, Positions, Positions]] = {}
        self._holders: dict[str, tuple[str, ...]] = {}
        self.any = False
        for track in state.tracks:
            shown = [
                (one.clip, *part)
                for one in visible_in_time(track.clips)
                for part in _parts(one, places.get(one.clip.id), closes=closes)
            ]
            starts, stops, by = np.array([part for _, *part in shown], np.int64).T
            changes = np.concatenate([[0], np.cumsum(by[1:] != by[:-1])])
            self._tracks[track.id] = starts, stops, by, changes
            self._holders[track.id] = tuple(holders.get(clip.id, track.id) for clip, *_ in shown)
            self.any = self.any or bool(by.any()) or set(self._holders[track.id]) != {track.id}

    def of(self, tracks: Sequence[tuple[str, ...]], spans: Positions) -> Positions:
        """Return how far the start and the stop of each span of some tracks move, shape (n, 2).

        No tracks are all. Both are 0 where a span stays, and `_GONE` where all its sound was removed.
        """
        by, is_set = np.zeros(len(spans), np.int64), np.zeros(len(spans), bool)
        stays, loses = np.zeros(len(spans), bool), np.zeros(len(spans), bool)
        for key, (starts, stops, shifts, changes) in self._tracks.items():
            own = np.array([not some or key in some for some in tracks], bool)
            first = np.searchsorted(stops, spans[:, 0], "right")
            last = np.searchsorted(starts, spans[:, 1], "left")
            has = own & (first < last)
            low, high = np.minimum(first, len(shifts) - 1), np.maximum(last - 1, 0)
            stays |= has & (changes[low] != changes[high])
            stays |= has & is_set & (by != shifts[low])
            by, is_set = np.where(has & ~is_set, shifts[low], by), is_set | has
            gone = np.concatenate([[0], np.cumsum(shifts == _GONE)])
            loses |= has & (gone[last] > gone[first])
        moved = np.repeat(np.where(stays, 0, by)[:, None], 2, axis=1)
        for place in np.flatnonzero(stays & loses).tolist():
            start, stop = spans[place].tolist()
            left = self._left(tracks[place], start, stop)
            moved[place] = left[0] - start, left[1] - stop
        return moved

    def _left(self, tracks: tuple[str, ...], start: int, stop: int) -> tuple[int, int]:
        """Return the new place of a span that loses a part of its sound; the span where that is not clear."""
        found = set()
        for key, (starts, stops, shifts, _) in self._tracks.items():
            here = np.arange(np.searchsorted(stops, start, "right"), np.searchsorted(starts, stop, "left"))
            kept = here[shifts[here] != _GONE]
            if (not tracks or key in tracks) and len(kept):
                first, last = kept[0], kept[-1]
                edges = max(start, starts[first]) + shifts[first], min(stop, stops[last]) + shifts[last]
                found.add((int(edges[0]), int(edges[1])))
        place = found.pop() if len(found) == 1 else (start, stop)
        return place if place[0] < place[1] else (start, stop)

    def taken_to(self, track_id: str, start: int, stop: int) -> str:
        """Return the track to which all clips of a span were taken from a track; empty without one."""
        if track_id not in self._tracks:
            return ""
        starts, stops, _, _ = self._tracks[track_id]
        here = slice(int(np.searchsorted(stops, start, "right")), int(np.searchsorted(starts, stop, "left")))
        found = set(self._holders[track_id][here])
        return found.pop() if len(found) == 1 and track_id not in found else ""

    def at(self, tracks: tuple[str, ...], position: float) -> int | None:
        """Return how far a position of some tracks moves; None if no clip is there, or it was removed."""
        found = set()
        for key, (starts, stops, shifts, _) in self._tracks.items():
            place = int(np.searchsorted(stops, position, "right"))
            if (not tracks or key in tracks) and place < len(starts) and starts[place] <= position:
                found.add(int(shifts[place]))
        found.discard(_GONE)
        if len(found) > 1:
            return 0
        return found.pop() if found else None


def _parts(one: Visible, after: Clip | None, *, closes: bool) -> Iterator[tuple[int, int, int]]:
    """Yield the start and the stop of each part of a visible clip, and how far it moves.

    Parameters
    ----------
    after : the clip after the edit; None if it was removed
    """
    start, stop = one.start_samples, one.stop_samples
    by = 0 if after is None else after.shift_samples - one.clip.shift_samples
    if not closes:
        yield start, stop, by
        return
    first, last = stop, stop
    if after is not None:
        first, last = (min(max(edge - by, start), stop) for edge in (after.start_samples, after.stop_samples))
    for begin, end, shift in ((start, first, _GONE), (first, last, by), (last, stop, _GONE)):
        if begin < end:
            yield begin, end, shift


@dataclass(frozen=True, slots=True)
class _Move:
    """The rows of one proposal, its edges later by some samples."""

    shifts: _Shifts
    one: Proposal
    by: int
    stop_by: int

    def proposal(self) -> Proposal:
        """Return the proposal; it has the same id, so that decisions and notes stay with it."""
        alternatives = tuple(
            replace(
                other,
                start_samples=other.start_samples + self.by,
                stop_samples=self._stop(other.start_samples, other.stop_samples),
                payload=self._payload(other.payload),
            )
            for other in self.one.alternatives
        )
        return replace(
            self.one,
            start_samples=max(self.one.start_samples + self.by, 0),
            stop_samples=max(self._stop(self.one.start_samples, self.one.stop_samples), 0),
            alternatives=alternatives,
            payload=self._payload(self.one.payload),
        )

    def decision(self, decision: Decision) -> Decision:
        """Return its decision."""
        start, stop, payload = decision.start_samples, decision.stop_samples, decision.payload
        return replace(
            decision,
            start_samples=None if start is None else max(start + self.by, 0),
            stop_samples=None if stop is None else max(stop + self.stop_by, 0),
            payload=None if payload is None else self._payload(payload),
        )

    def _stop(self, start: int, stop: int) -> int:
        """Return the new stop of a span, after its new start."""
        return max(stop + self.stop_by, start + self.by + 1)

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
        by = None if is_inside and self.by == self.stop_by else self.shifts.at(self.one.tracks, position)
        return position + (self.by if by is None else by)
