"""Build the edit list from decisions.

It depends only on which proposals are accepted, never on their order: each proposal becomes operations, and
each class of operations has one place, `engine.sound.edl.programme` for timing,
`engine.document.edits.takes` for takes and `engine.sound.edl.tracks.patches` for sound.

Cuts and inserts of some tracks give these a programme of their own. All positions are those of the
recording, so an edit applies to its own sound: a cut of all tracks removes the same moment of each,
wherever it plays. The result is as long as the programme of all tracks, or longer where a track with its
own timing ends later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.core.latest import found_once
from engine.document.edits.takes import in_fixed_order
from engine.document.file.storage import apply_rows
from engine.document.kinds.operations import Drop, Patching, Raise, Reclock, Replace, Sounding
from engine.document.proposals import Verdict
from engine.document.state import DocumentState, Edit
from engine.document.table import table_of
from engine.document.tracks import Track
from engine.sound.edl.edit_list import AFTER_THE_LAST, EditList
from engine.sound.edl.gathered import Gathered, OfTracks, OrderOfTracks, gathered, gathered_accepted
from engine.sound.edl.programme import EDGE_FADE_MS, NO_HOLDS, NO_ORDERS, Orders, programme, what_drops
from engine.sound.edl.tracks.patches import NO_PATCHES, Patches, patches_by_track


@found_once
def build(state: DocumentState) -> EditList:
    """Return the edit list with the accepted proposals applied."""
    return _compiled(state, gathered_accepted(state))


def preview(state: DocumentState, proposal_id: str) -> EditList:
    """Return the edit list as it would be if this proposal were accepted as well."""
    return _with_verdict(state, proposal_id, is_accepted=True)


def without(state: DocumentState, proposal_id: str) -> EditList:
    """Return the edit list as it would be if this proposal were not accepted."""
    return _with_verdict(state, proposal_id, is_accepted=False)


def _with_verdict(state: DocumentState, proposal_id: str, *, is_accepted: bool) -> EditList:
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED)
    chosen[table.made.places[proposal_id]] = is_accepted
    return _compiled(state, gathered(state, chosen))


@found_once
def played_tracks(state: DocumentState) -> tuple[Track, ...]:
    """Return the tracks as accepted switches of takes let them play, see `EditList.as_played`."""
    edit_list = build(state)
    return tuple(edit_list.as_played(track) for track in state.tracks)


def played_samples(state: DocumentState) -> int:
    """Return the length of the result."""
    return build(state).length_samples


def played_samples_after(state: DocumentState, edit: Edit) -> int:
    """Return the length of the result after an edit.

    Raises
    ------
    DocumentError : the edit is not valid in a document
    """
    after = apply_rows(state, edit.changes)
    return programme_of(after, gathered_accepted(after)).length_samples


def played_samples_of_all_but(state: DocumentState, left_out: NDArray[np.bool_]) -> int:
    """Return the length if all proposals of known kinds were accepted except some, shape (n,)."""
    return programme_of(state, gathered(state, ~left_out & table_of(state).made.is_known)).length_samples


def programme_of(state: DocumentState, done: Gathered) -> EditList:
    """Return the timing of gathered operations: the programme of all tracks, and those of single tracks.

    Tracks without cuts and inserts of their own share the programme of all. Where every track has some, the
    first track's programme is that of all.
    """
    if not done.own:
        return _timed(state, done, ())
    own_edits = {track.id: tuple(one for one in done.own if track.id in one.tracks) for track in state.tracks}
    made = {edits: _timed(state, done, edits) for edits in {(), *own_edits.values()}}
    sounding = [track for track in state.tracks if track.clips]
    edits = () if not all(own_edits[one.id] for one in sounding) else own_edits[sounding[0].id]
    own = {key: made[one] for key, one in own_edits.items() if one != edits}
    longest = max((_end(made[own_edits[one.id]], one) for one in sounding), default=0)
    return replace(_with_rest(made[edits], longest), own=own)


def _with_rest(shared: EditList, length_samples: int) -> EditList:
    """Return a programme with silence up to a length, in which longer tracks end."""
    rest = length_samples - shared.length_samples
    if rest <= 0:
        return shared
    fade = int(shared.fades_out_samples[-1:].sum())
    start, stop = AFTER_THE_LAST, AFTER_THE_LAST + fade + rest
    row = start, stop, shared.length_samples - fade, fade, 0
    columns = [np.append(column, value) for column, value in zip(shared.columns, row, strict=True)]
    return shared.with_columns(columns, length_samples)


def without_rest(edit_list: EditList) -> EditList:
    """Return an edit list up to where the tracks end that share its timing."""
    if edit_list.is_empty or edit_list.starts_samples[-1] < AFTER_THE_LAST:
        return edit_list
    end = int(edit_list.result_starts_samples[-1] + edit_list.fades_in_samples[-1])
    return edit_list.with_columns([column[:-1] for column in edit_list.columns], end)


def _timed(state: DocumentState, done: Gathered, own: Sequence[OfTracks]) -> EditList:
    """Return the programme of the edits of all tracks and of some."""
    drops = [one for one in own if isinstance(one, Drop)]
    orders = Orders.of([one.order for one in own if isinstance(one, OrderOfTracks)])
    return programme(
        np.append(done.drop_starts, [one.start_samples for one in drops]).astype(np.int64),
        np.append(done.drop_stops, [one.stop_samples for one in drops]).astype(np.int64),
        np.append(done.crossfades_ms, [one.crossfade_ms for one in drops]),
        done.holds,
        done.orders.and_those(orders) if len(orders.ats) else done.orders,
        state.length_samples,
        state.rate_hz,
    )


def _end(timing: EditList, track: Track) -> int:
    """Return where a track ends in the result."""
    starts = timing.kept_starts_samples
    lengths = np.minimum(timing.kept_stops_samples, track.stop_samples) - starts
    is_played = (lengths > 0) & ~timing.inserted
    return int((timing.seams_samples + lengths)[is_played].max(initial=0))


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
    return _sounding(whole(state), state, _accepted_sounding(state))


@found_once
def repaired(state: DocumentState) -> Mapping[str, Patches]:
    """Return the accepted repairs of each track's recording, and its clock; by track id.

    Mutes are left out: a repair under a mute is audible again when the mute is removed.
    """
    lowest = tuple(
        one
        for one in _accepted_sounding(state)
        if isinstance(one, Reclock) or (isinstance(one, Replace) and one.stored is not None)
    )
    return patches_by_track(lowest, tuple(track.id for track in state.tracks), state.rate_hz)


def _accepted_sounding(state: DocumentState) -> tuple[Sounding, ...]:
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED) & ~table.made.drops & table.made.is_known
    return gathered(state, chosen).sounding


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
    listed = [(drop.start_samples, drop.stop_samples, drop.crossfade_ms) for drop in drops]
    starts, stops, fades_ms = np.array(listed, np.float64).reshape(-1, 3).T
    drop_spans = starts.astype(np.int64), stops.astype(np.int64)
    return programme(*drop_spans, fades_ms, NO_HOLDS, NO_ORDERS, length_samples, rate_hz)


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
    wanted, known = (in_fixed_order(raises), tracks), _latest_raises
    if known is None or known[0] != wanted:
        near, found = {} if known is None else known[1], {}
        for track in tracks:
            if own := tuple(one for one in wanted[0] if not one.tracks or track in one.tracks):
                found[track] = near[track] if near.get(track) == own else own
        _latest_raises = known = wanted, found
    return known[1]


_Patched = tuple[tuple[Patching, ...], tuple[str, ...], int]
_latest: tuple[_Patched, Mapping[str, Patches]] | None = None


def _patches(sounding: tuple[Patching, ...], tracks: tuple[str, ...], rate_hz: int) -> Mapping[str, Patches]:
    """Return the patches of each track; cached, since most decisions change few or none."""
    global _latest
    wanted, known = (sounding, tracks, rate_hz), _latest
    if known is None or known[0] != wanted:
        near = NO_PATCHES if known is None or known[0][2] != rate_hz else known[1]
        _latest = known = wanted, patches_by_track(sounding, tracks, rate_hz, near)
    return known[1]
