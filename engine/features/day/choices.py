"""Choices of the user about a day: stars, the takes that stay, and the names of songs.

Each is an edit of the document, and one step of undo. The regions of takes carry the names of their songs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.core.errors import UsageError
from engine.core.wording import counted
from engine.document.analysis import BY_HAND, MOST_STARS, Analysis, StoredDay
from engine.document.edits.analyses import set_day
from engine.document.edits.markers import LONGEST_NAME
from engine.document.state import DocumentState, Edit, RowChange
from engine.features.day.day import DayKind, numbered

Applied = tuple[Edit, Mapping[str, Analysis]]
"""An edit, and the analyses that it refers to by id."""

RETAINED, PASSED_OVER = 1, -1
"""Values of `StoredDay.retained` of the take that the user keeps, and of the others of its song."""


def give_stars(state: DocumentState, day: StoredDay, row: int, stars: int) -> Applied:
    """Return the edit that gives a take stars, 0 to `MOST_STARS`; the same number again takes them off."""
    if not 0 <= stars <= MOST_STARS:
        raise UsageError(f"A take has 0 to {MOST_STARS} stars, not {stars}.")
    given = day.stars.copy()
    given[row] = 0 if given[row] == stars else stars
    label = f"{counted(int(given[row]), 'star')} for {name_of(day, row)}"
    return set_day(state, replace(day, stars=given, maker=BY_HAND), label)


def retain(state: DocumentState, day: StoredDay, row: int) -> Applied:
    """Return the edit that keeps a take and marks the others of its song; again: the one that undoes this."""
    retained = day.retained.copy()
    takes = day.takes_of(int(day.songs[row]))
    is_undone = retained[row] == RETAINED
    retained[takes] = 0 if is_undone else PASSED_OVER
    retained[row] = 0 if is_undone else RETAINED
    label = f"{'No longer keep' if is_undone else 'Keep'} {name_of(day, row)}"
    return set_day(state, replace(day, retained=retained, maker=BY_HAND), label)


def retain_suggested(state: DocumentState, day: StoredDay, suggested: Iterable[int]) -> Applied:
    """Return the edit that keeps the suggested take, if complete, or the only take of songs without a choice.

    Parameters
    ----------
    suggested : rows of takes, see `engine.features.day.suggest`

    Raises
    ------
    UsageError : each song has a take that stays, or nothing is suggested for it
    """
    rows, retained, count = set(suggested), day.retained.copy(), 0
    for song in range(len(day.names)):
        takes = day.takes_of(song)
        wanted = [row for row in takes.tolist() if day.are_complete[row] and (len(takes) == 1 or row in rows)]
        if wanted and not (day.retained[takes] == RETAINED).any():
            retained[takes] = PASSED_OVER
            retained[wanted] = RETAINED
            count += 1
    if not count:
        raise UsageError("Each song has a take that you keep, or no complete one: keep takes one by one.")
    label = f"Keep the suggested takes of {counted(count, 'song')}"
    return set_day(state, replace(day, retained=retained, maker=BY_HAND), label)


def rename_song(state: DocumentState, day: StoredDay, song: int, name: str) -> Applied:
    """Return the edit that names a song, its takes and their regions; an existing name joins both songs.

    Raises
    ------
    UsageError : the name is empty, too long, or unchanged
    """
    name, former = " ".join(name.split()), day.names[song]
    if not 0 < len(name) <= LONGEST_NAME:
        raise UsageError(f"A song has a name of 1 to {LONGEST_NAME} characters: give another name.")
    if name == former:
        raise UsageError(f"The name is {former} already.")
    other = next((at for at, one in enumerate(day.names) if one == name and at != song), None)
    if other is None:
        names = tuple(name if at == song else one for at, one in enumerate(day.names))
        renamed = replace(day, names=names, maker=BY_HAND)
        label = f"Renamed {former} to {name}"
    else:
        renamed = joined(day, other, song)
        label = f"{former} is {name}: joined {counted(len(day.takes_of(song)), 'take')} to it"
    edit, analyses = set_day(state, renamed, label)
    return replace(edit, changes=(*edit.changes, *_regions(state, day, renamed))), analyses


def change_kind(state: DocumentState, day: StoredDay, kind: DayKind) -> Applied:
    """Return the edit that takes a day for one of another kind; of an interview, no region names a take.

    Raises
    ------
    UsageError : it is of this kind
    """
    if kind == day.kind:
        raise UsageError(f"The day is of the kind {kind.noun} already.")
    changed = replace(day, kind=str(kind), maker=BY_HAND)
    edit, analyses = set_day(state, changed, f"Kind of the day: {kind.noun}")
    gone: list[RowChange] = []
    if kind is DayKind.INTERVIEW:
        named = {(*span, name_of(day, row)) for row, span in enumerate(day.spans_samples.tolist())}
        gone = [
            RowChange(one, None)
            for one in state.markers.values()
            if (one.start_samples, one.stop_samples, one.name) in named
        ]
    return replace(edit, changes=(*edit.changes, *gone), merges_as=kind_step(kind)), analyses


def kind_step(kind: DayKind) -> str:
    """Return the name of the step of undo of another kind, to which its proposals belong."""
    return f"day kind {kind}"


def joined(day: StoredDay, into: int, song: int) -> StoredDay:
    """Return a day in which the takes of one song belong to another, in the order they were played."""
    songs = np.where(day.songs == song, into, day.songs)
    songs -= songs > song
    order = np.lexsort((day.spans_samples[:, 0], songs))
    names = tuple(one for at, one in enumerate(day.names) if at != song)
    return replace(
        day,
        names=names,
        are_known=np.delete(day.are_known, song),
        songs=songs[order],
        spans_samples=day.spans_samples[order],
        are_complete=day.are_complete[order],
        semitones=day.semitones[order],
        speeds=day.speeds[order],
        tunings_cents=day.tunings_cents[order],
        stars=day.stars[order],
        retained=day.retained[order],
        maker=BY_HAND,
    )


def name_of(day: StoredDay, row: int) -> str:
    """Return the name of a take, such as "Song 2 – take 1"."""
    song = int(day.songs[row])
    takes = day.takes_of(song).tolist()
    return numbered(day.names[song], takes.index(row) + 1, len(takes))


def _regions(state: DocumentState, before: StoredDay, after: StoredDay) -> Sequence[RowChange]:
    """Return the changes of the regions that have the names of takes."""
    named = {tuple(span): name_of(after, row) for row, span in enumerate(after.spans_samples.tolist())}
    former = {tuple(span): name_of(before, row) for row, span in enumerate(before.spans_samples.tolist())}
    changes = []
    for marker in state.markers.values():
        span = marker.start_samples, marker.stop_samples
        if span in named and marker.name == former.get(span) and marker.name != named[span]:
            changes.append(RowChange(marker, replace(marker, name=named[span])))
    return changes
