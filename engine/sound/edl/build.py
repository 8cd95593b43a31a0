"""Build the edit list from decisions.

It depends only on which proposals are accepted, never on their order: each proposal becomes operations, and
each class of operations has one place, `engine.sound.edl.programme` for timing,
`engine.document.tracks.switches` for takes and `engine.sound.edl.tracks.patches` for sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.core.latest import found_once
from engine.document.change import Edit
from engine.document.decisions import Verdict
from engine.document.file.storage import apply_rows
from engine.document.kinds.operations import Drop, Patching, Raise, Reclock, Replace, Sounding
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.document.tracks.switches import in_fixed_order
from engine.document.tracks.track import Track
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.gathered import Gathered, gathered, gathered_accepted
from engine.sound.edl.own_programmes import programme_of
from engine.sound.edl.programme import EDGE_FADE_MS, NO_HOLDS, NO_ORDERS, programme, what_drops
from engine.sound.edl.tracks.patches import NO_PATCHES, Patches, patches_by_track


@found_once
def build(state: DocumentState) -> EditList:
    """Return the edit list with the accepted proposals applied."""
    return _compiled(state, gathered_accepted(state))


def preview(state: DocumentState, proposal_id: str) -> EditList:
    """Return the edit list as it would be if this proposal were accepted as well."""
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED)
    chosen[table.made.places[proposal_id]] = True
    return _compiled(state, gathered(state, chosen))


def without(state: DocumentState, proposal_id: str) -> EditList:
    """Return the edit list as it would be if this proposal were not accepted."""
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED)
    chosen[table.made.places[proposal_id]] = False
    return _compiled(state, gathered(state, chosen))


@found_once
def played_tracks(state: DocumentState) -> tuple[Track, ...]:
    """Return the tracks as accepted switches of takes let them play, see `EditList.as_played`."""
    edit_list = build(state)
    return tuple(edit_list.as_played(track) for track in state.tracks)


def heard_samples(state: DocumentState) -> int:
    """Return the length of the result."""
    return build(state).length_samples


def heard_samples_after(state: DocumentState, edit: Edit) -> int:
    """Return the length of the result after an edit.

    Raises
    ------
    DocumentError : the edit is not valid in a document
    """
    after = apply_rows(state, edit.changes)
    return programme_of(after, gathered_accepted(after)).length_samples


def heard_samples_of_all_but(state: DocumentState, left_out: NDArray[np.bool_]) -> int:
    """Return the length if all proposals of known kinds were accepted except some, shape (n,)."""
    return programme_of(state, gathered(state, ~left_out & table_of(state).made.is_known)).length_samples


def dropped(state: DocumentState, done: Gathered) -> NDArray[np.int64]:
    """Return the spans that gathered operations remove altogether, shape (m, 2), ascending and disjoint."""
    starts, stops, _ = what_drops(
        done.drop_starts,
        done.drop_stops,
        done.crossfades_ms,
        done.holds,
        state.length_samples,
        state.rate_hz,
    )
    return np.column_stack([starts, stops])


def whole(state: DocumentState) -> EditList:
    """Return the edit list of no edit: the recording as it came."""
    return _uncut(state.length_samples, state.rate_hz)


@lru_cache(maxsize=4)
def _uncut(length_samples: int, rate_hz: int) -> EditList:
    return cut([], length_samples=length_samples, rate_hz=rate_hz)


def in_place(state: DocumentState) -> EditList:
    """Return the recording in its own order and length, with the accepted edits of its sound."""
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED) & ~table.made.drops & table.made.is_known
    return _sounding(whole(state), state, gathered(state, chosen).sounding)


@found_once
def repaired(state: DocumentState) -> Mapping[str, Patches]:
    """Return the accepted repairs of each track's recording, and its clock; by track id.

    Mutes are left out: a repair under a mute is audible again when the mute is removed.
    """
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED) & ~table.made.drops & table.made.is_known
    lowest = tuple(
        one
        for one in gathered(state, chosen).sounding
        if isinstance(one, Reclock) or (isinstance(one, Replace) and one.stored is not None)
    )
    return patches_by_track(lowest, tuple(track.id for track in state.tracks), state.rate_hz)


def removed_only(state: DocumentState, proposal_id: str) -> EditList:
    """Return the edit list that plays only the span of a proposal, faded at both ends."""
    start, stop = state.span(proposal_id)
    length = state.length_samples
    outside = [Drop(0, start, EDGE_FADE_MS), Drop(stop, length, EDGE_FADE_MS)]
    return cut(outside, length_samples=length, rate_hz=state.rate_hz)


def cut(drops: Iterable[Drop], *, length_samples: int, rate_hz: int) -> EditList:
    """Return the edit list of a timeline of `length_samples` without the drops.

    United drops take the longest crossfade among them.
    """
    starts, stops, fades_ms = _columns(drops)
    return programme(starts, stops, fades_ms, NO_HOLDS, NO_ORDERS, length_samples, rate_hz)


def _columns(
    drops: Iterable[Drop],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    listed = [(drop.start_samples, drop.stop_samples, drop.crossfade_ms) for drop in drops]
    starts, stops, fades_ms = np.array(listed, np.float64).reshape(-1, 3).T
    return starts.astype(np.int64), stops.astype(np.int64), fades_ms


def _compiled(state: DocumentState, done: Gathered) -> EditList:
    """Compile gathered operations into an edit list."""
    return _sounding(programme_of(state, done), state, done.sounding)


def _sounding(edit_list: EditList, state: DocumentState, sounding: tuple[Sounding, ...]) -> EditList:
    if not sounding:
        return edit_list
    tracks = tuple(track.id for track in state.tracks)
    patching = tuple(one for one in sounding if not isinstance(one, Raise))
    raises = _raises(tuple(one for one in sounding if isinstance(one, Raise)), tracks)
    return replace(edit_list, patches=_patches(patching, tracks, state.rate_hz), raises=raises)


_Raised = tuple[tuple[Raise, ...], tuple[str, ...]]
_latest_raises: tuple[_Raised, Mapping[str, tuple[Raise, ...]]] | None = None


def _raises(raises: tuple[Raise, ...], tracks: tuple[str, ...]) -> Mapping[str, tuple[Raise, ...]]:
    """Return the switches of each track; cached, so that equal ones are the same objects."""
    global _latest_raises
    asked, known = (in_fixed_order(raises), tracks), _latest_raises
    if known is None or known[0] != asked:
        near = {} if known is None else known[1]
        found = {
            track: tuple(one for one in asked[0] if not one.tracks or track in one.tracks) for track in tracks
        }
        shared = {
            track: near[track] if near.get(track) == own else own for track, own in found.items() if own
        }
        _latest_raises = known = asked, shared
    return known[1]


_Patched = tuple[tuple[Patching, ...], tuple[str, ...], int]
_latest: tuple[_Patched, Mapping[str, Patches]] | None = None


def _patches(sounding: tuple[Patching, ...], tracks: tuple[str, ...], rate_hz: int) -> Mapping[str, Patches]:
    """Return the patches of each track; cached, since most decisions change few or none."""
    global _latest
    asked, known = (sounding, tracks, rate_hz), _latest
    if known is None or known[0] != asked:
        near = NO_PATCHES if known is None or known[0][2] != rate_hz else known[1]
        _latest = known = asked, patches_by_track(sounding, tracks, rate_hz, near)
    return known[1]
