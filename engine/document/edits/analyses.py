"""Ids of analyses by their input, and edits of those that the user corrects: sections, and drum hits.

The same sound gives analyses with the same ids. The next detection replaces detected hits; confirmed hits are
a separate analysis, `promoted`, and the role of a microphone is that of its track, so that neither is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted
from engine.document.analysis import (
    BY_HAND,
    DAY,
    SECTIONS,
    TAKES,
    TAKES_MAKER,
    WORDS,
    Analysis,
    Hits,
    Role,
    StoredDay,
    StoredSections,
    Transcript,
    analysis_id,
    confirmed,
    taken,
    with_microphones_of,
)
from engine.document.edits.markers import LONGEST_NAME
from engine.document.edits.proposals import set_analyses
from engine.document.state import DocumentState, Edit
from engine.document.tracks import Track, audible

LISTENING_MAKER = "offcut-listening-2"
"""The maker of `Listening` and beats; the first detected no dead air and no faults of channels."""


def mix_inputs(state: DocumentState) -> list[tuple[object, ...]]:
    """Return the inputs of the analysed mix."""
    return [(*state.recorded(track), track.gain_db) for track in audible(state.tracks)]


def listening_ids(state: DocumentState) -> dict[str, str]:
    """Return the ids of the beats and the onsets that listening to the document as it is gives."""
    return {kind: analysis_id(kind, mix_inputs(state)) for kind in ("beats", "listening")}


def takes_id(state: DocumentState) -> str:
    """Return the id of the takes that a search of the document as it is finds."""
    return analysis_id(TAKES, TAKES_MAKER, mix_inputs(state))


NOT_YET = "Sections not found yet. Find them first ‹sections.find›."


def sound_key(state: DocumentState) -> str:
    """Return the key of the analysed mix: sections belong to one mix and stay after its beats are edited."""
    return analysis_id("sound", mix_inputs(state))


def known_sections(state: DocumentState, stored: Analysis | None) -> StoredSections | None:
    """Return the stored sections if they belong to the tracks as they are; else None."""
    if not isinstance(stored, StoredSections) or stored.of_sound != sound_key(state):
        return None
    return stored


def set_sections(
    state: DocumentState, sections: StoredSections, label: str
) -> tuple[Edit, dict[str, Analysis]]:
    """Return the edit that makes sections the current ones, and the analysis it refers to."""
    content = (sections.spans_samples.tolist(), list(sections.labels), sections.confidences.tolist())
    key = analysis_id(SECTIONS, sections.maker, sections.of_sound, *content)
    return set_analyses(state, {SECTIONS: key}, label), {key: sections}


def known_day(state: DocumentState, stored: Analysis | None) -> StoredDay | None:
    """Return the stored day if it belongs to the tracks as they are; else None."""
    if not isinstance(stored, StoredDay) or stored.of_sound != sound_key(state):
        return None
    return stored


def set_day(state: DocumentState, day: StoredDay, label: str) -> tuple[Edit, dict[str, Analysis]]:
    """Return the edit that makes a day the current one, and the analysis it refers to."""
    return _set_by_content(state, DAY, day, label)


def tracks_key(state: DocumentState) -> str:
    """Return the keys of the recorded tracks, with spaces; a transcript is of recordings at any gain."""
    return " ".join(sorted(_track_key(state, track) for track in audible(state.tracks)))


def known_transcript(state: DocumentState, stored: Analysis | None) -> Transcript | None:
    """Return the stored transcript if its tracks are still there, among others; else None."""
    if not isinstance(stored, Transcript):
        return None
    known = {_track_key(state, track) for track in state.tracks if track.clips}
    return stored if set(stored.of_sound.split()) <= known else None


def _track_key(state: DocumentState, track: Track) -> str:
    return analysis_id("track", [state.recorded(track)])


def set_transcript(
    state: DocumentState, transcript: Transcript, label: str
) -> tuple[Edit, dict[str, Analysis]]:
    """Return the edit that makes a transcript the current one, and the analysis it refers to."""
    return _set_by_content(state, WORDS, transcript, label)


def transcript_id(transcript: Transcript) -> str:
    """Return the id of a transcript, which encodes all its values."""
    return _content_id(WORDS, transcript)


def _set_by_content(
    state: DocumentState, kind: str, analysis: StoredDay | Transcript, label: str
) -> tuple[Edit, dict[str, Analysis]]:
    """Return the edit that makes an analysis the current one of its kind."""
    key = _content_id(kind, analysis)
    return set_analyses(state, {kind: key}, label), {key: analysis}


def _content_id(kind: str, analysis: StoredDay | Transcript) -> str:
    values = (getattr(analysis, one.name) for one in fields(analysis))
    content = [value if isinstance(value, str) else np.asarray(value).tolist() for value in values]
    return analysis_id(kind, *content)


def rename_label(
    state: DocumentState, sections: StoredSections, label: str, name: str
) -> tuple[Edit, dict[str, Analysis]]:
    """Return the edit that gives all sections with a label another one, such as "Chorus".

    Raises
    ------
    UsageError : the name is empty, too long, or unchanged, or no section has the label
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise UsageError(f"A label has 1 to {LONGEST_NAME} characters: give another name.")
    if label not in sections.labels:
        raise UsageError(f"No section has the label {label}.")
    if name == label:
        raise UsageError(f"The label is {label} already.")
    labels = [name if one == label else one for one in sections.labels]
    changed = replace(sections, labels=labels, maker=BY_HAND)
    return set_sections(state, changed, f"Renamed label {label} to {name}")


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
    drums = tuple(
        track.id for track in state.tracks if track.role == DRUMS or role_of(track.role) is not None
    )
    if not drums:
        raise UsageError("No track has the role of a drum or of drums: give one, or name the tracks.")
    return drums


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
