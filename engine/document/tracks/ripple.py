"""Ripple: the clips that follow an edit of clips before them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.core.spans import common, united
from engine.document.settings import RIPPLE as RIPPLE
from engine.document.settings import Ripple as Ripple
from engine.document.settings import ripple_of as ripple_of
from engine.document.state import DocumentState
from engine.document.tracks.clip import Clip
from engine.document.tracks.track import Track


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
        for clip in _clips(tracks):
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


def _clips(tracks: Sequence[Track]) -> Iterator[Clip]:
    return (clip for track in tracks for clip in track.clips)
