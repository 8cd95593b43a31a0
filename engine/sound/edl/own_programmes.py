"""Programmes of single tracks, for cuts and inserts that do not apply to all of them.

All positions are those of the recording, so an edit applies to its own sound: a cut of all tracks removes
the same moment of each, wherever it plays. The result is as long as the programme of all tracks, or longer
where a track with its own timing ends later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.document.kinds.operations import Drop
from engine.document.state import DocumentState
from engine.document.tracks.track import Track
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.gathered import Gathered, OfTracks, OrderOfTracks
from engine.sound.edl.inserts import AFTER_THE_LAST
from engine.sound.edl.programme import Orders, programme


def programme_of(state: DocumentState, done: Gathered) -> EditList:
    """Return the timing of gathered operations: the programme of all tracks, and those of single tracks.

    Tracks without cuts and inserts of their own share the programme of all. Where every track has some, the
    first track's programme is that of all.
    """
    if not done.own:
        return _timed(state, done, ())
    own_edits = _own_edits(state, done.own)
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
    return replace(
        shared,
        starts_samples=np.append(shared.starts_samples, start),
        stops_samples=np.append(shared.stops_samples, stop),
        result_starts_samples=np.append(shared.result_starts_samples, shared.length_samples - fade),
        fades_in_samples=np.append(shared.fades_in_samples, fade),
        fades_out_samples=np.append(shared.fades_out_samples, 0),
        length_samples=length_samples,
    )


def without_rest(edit_list: EditList) -> EditList:
    """Return an edit list up to where the tracks end that share its timing."""
    if edit_list.is_empty or edit_list.starts_samples[-1] < AFTER_THE_LAST:
        return edit_list
    return replace(
        edit_list,
        starts_samples=edit_list.starts_samples[:-1],
        stops_samples=edit_list.stops_samples[:-1],
        result_starts_samples=edit_list.result_starts_samples[:-1],
        fades_in_samples=edit_list.fades_in_samples[:-1],
        fades_out_samples=edit_list.fades_out_samples[:-1],
        length_samples=int(edit_list.result_starts_samples[-1] + edit_list.fades_in_samples[-1]),
    )


def _own_edits(state: DocumentState, own: Sequence[OfTracks]) -> Mapping[str, tuple[OfTracks, ...]]:
    """Return the edits of each track alone, by track id."""
    return {track.id: tuple(one for one in own if track.id in one.tracks) for track in state.tracks}


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
