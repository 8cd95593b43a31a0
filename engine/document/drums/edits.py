"""Drum hits with the user's changes: confirmed hits, and roles of microphones.

Detected hits are an analysis that the next detection replaces. The user's confirmed hits are a separate
analysis, `promoted`, and the role of a microphone is that of its track, so that neither is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted
from engine.document.analysis import Analysis
from engine.document.change import Edit
from engine.document.document import analysis_id
from engine.document.drums.confirmed import confirmed, taken, with_microphones_of
from engine.document.drums.hits import Hits, Role
from engine.document.edits import set_analyses
from engine.document.state import DocumentState

PROMOTED = "promoted"
DRUMS = "drums"
"""The role of a track with drums in general."""


def role_of(role: str) -> Role | None:
    """Return the role that the user gave a microphone; None if the track's role is not one of a drum."""
    try:
        return Role(role)
    except ValueError:
        return None


def drum_tracks(
    state: DocumentState, chosen: Sequence[str] = (), recorded: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the ids of the drum microphones: the chosen tracks, else those with a drum role.

    If no track has a role, all tracks.

    Parameters
    ----------
    recorded : tracks that the audio shows to be one kit, used instead of all if no track has a role

    Raises
    ------
    UsageError : the document has no drums
    """
    if not state.tracks:
        raise UsageError("There is nothing to align because nothing is imported: import audio first.")
    if chosen:
        return tuple(track.id for track in state.tracks if track.id in chosen)
    if not any(track.role for track in state.tracks):
        return tuple(track.id for track in state.tracks if not recorded or track.id in recorded)
    told = tuple(track.id for track in state.tracks if track.role == DRUMS or role_of(track.role) is not None)
    if not told:
        raise UsageError("No track has the role of a drum or of drums: give one, or name the tracks.")
    return told


def promote(
    state: DocumentState, hits: Hits, promoted: Hits | None, rows: NDArray[np.int64]
) -> tuple[Edit, Mapping[str, Analysis]]:
    """Return the edit that confirms some rows of hits, and the analysis that it refers to by id."""
    chosen = taken(hits, rows)
    before = taken(hits, rows[:0]) if promoted is None else with_microphones_of(promoted, hits)
    after = confirmed(before, chosen, state.rate_hz)
    where = ""
    if len(rows) == 1:
        where = f" at {format_time(samples_to_s(int(chosen.onsets_samples[0]), state.rate_hz))}"
    label = f"Confirmed {counted(len(rows), 'hit')}{where}"
    if len(after.onsets_samples) == len(before.onsets_samples):
        return Edit(label, ()), {}
    content = blake2b(after.onsets_samples.tobytes() + after.tracks.tobytes(), digest_size=16).hexdigest()
    key = analysis_id(PROMOTED, content)
    return set_analyses(state, {PROMOTED: key}, label), {key: after}
