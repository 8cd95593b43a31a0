"""Import with the roles of a drum kit: tracks are compared by their audio, and files are placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.core.progress import Progress
from engine.core.wording import listed
from engine.document.analysis import StrokePickup
from engine.document.edits.analyses import DRUMS
from engine.document.edits.tracks import add_tracks
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.features.placement.known import known_files, media_to_read
from engine.features.placement.plan import propose_places
from engine.features.timing.hits.find import HeldMicrophones
from engine.features.timing.hits.membership import kit_roles
from engine.features.timing.hits.stroke_pickup import MOST_TRACKS, measure_pickup
from engine.recordings.import_audio import Imported, ImportRequest, import_audio, new_tracks
from engine.recordings.stated.file_head import FileHead, read_heads
from engine.recordings.stated.names import numbered
from engine.recordings.stated.placements import Mode
from engine.recordings.track_audio import Microphones

_TOGETHER_S, _SAME_LENGTH_S = 1.0, 0.02
_SHORT_S = 20.0


@dataclass(frozen=True, slots=True)
class PickupRequest:
    """Which document's tracks to compare.

    Attributes
    ----------
    media : where each source is now, by source id
    """

    state: DocumentState
    media: Mapping[str, Path] = field(default_factory=dict)


def compare_tracks(request: PickupRequest, progress: Progress) -> StrokePickup:
    """Measure which tracks of a document pick up the same strokes.

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    """
    state = request.state
    ids = [track.id for track in state.tracks]
    if not 2 <= len(ids) <= MOST_TRACKS:
        return measure_pickup(HeldMicrophones({}, state.rate_hz), progress)
    with Microphones(state, request.media, ids, progress.part(0.0, 0.1)) as microphones:
        return measure_pickup(microphones, progress.part(0.1, 1.0))


def import_with_kit(request: ImportRequest, progress: Progress) -> Imported:
    """Import recordings, with their pickup and with the roles of those that are a drum kit.

    Raises
    ------
    SourceError : see `engine.recordings.import_audio.import_audio`
    """
    imported = import_audio(request, progress.part(0.0, 0.8))
    placed = _placed(imported, request, progress.part(0.8, 0.9))
    return _with_kit(placed, progress.part(0.9, 1.0))


def _placed(imported: Imported, request: ImportRequest, progress: Progress) -> Imported:
    """Return imported recordings with their headers and proposed places."""
    mode, state = request.place, request.into
    heads = read_heads([Path(source.path) for source in imported.sources])
    if mode is Mode.ZERO or (len(imported.sources) < 2 and mode is Mode.AUTO and not state.tracks):
        return replace(imported, heads=heads)
    if mode is Mode.AUTO and not _may_share_sound(imported, state, heads):
        mode = Mode.TIME
    paths = imported.media.paths
    media = {paths[key]: conformed for key, conformed in imported.media.conformed.items()}
    if mode in (Mode.AUTO, Mode.SOUND):
        media |= media_to_read(state, request.media)
    known = known_files(state, request.media)
    places = propose_places(
        heads, mode, rate_hz=imported.rate_hz, media=media, progress=progress, known=known
    )
    is_found = places.has_evidence or not state.tracks or request.place is not Mode.AUTO
    return replace(imported, places=places if is_found else None, heads=heads)


def _may_share_sound(imported: Imported, state: DocumentState, heads: Sequence[FileHead]) -> bool:
    """Return whether sound is compared: not of tracks of one session, which are equally long.

    Short recordings are not compared either: the whole document would have to be read.
    """
    added, there = (
        [one.frames / one.rate_hz for one in some] for some in (imported.sources, state.sources.values())
    )
    if there and max(added) < _SHORT_S:
        return False
    others = there or added
    apart_s = _SAME_LENGTH_S if not there and len({_recorded_by(one) for one in heads}) > 1 else _TOGETHER_S
    return any(abs(one - other) > apart_s for one in added for other in others)


def _recorded_by(head: FileHead) -> tuple[object, ...]:
    """Return the properties that distinguish files of two recorders."""
    name = numbered(head.path.stem)
    named = name.leading_word if name.names_device else ""
    return head.path.parent, head.format, head.rate_hz, head.device, named


def _with_kit(imported: Imported, progress: Progress) -> Imported:
    """Return imported recordings with their pickup and with the roles of those that are a drum kit."""
    if len(imported.sources) < 2:
        return imported
    empty = DocumentState()
    apart = [
        replace(track, track_id="", starts_samples=(0,) * len(track.sources))
        for track in new_tracks(imported)
    ]
    edit = add_tracks(empty, apart, imported.rate_hz)
    request = PickupRequest(apply_rows(empty, edit.changes), imported.media.paths)
    pickup = compare_tracks(request, progress)
    names = {track.id: track.name for track in request.state.tracks}
    roles = kit_roles(names, pickup)
    kit = {
        source_id: roles[track.id]
        for track in request.state.tracks
        if track.id in roles
        for source_id in track.source_ids
    }
    joined = [names[key] for key, role in roles.items() if role == DRUMS]
    grouped = (f"Grouped with the drums by sound: {listed(joined)}.",) if joined else ()
    return replace(imported, warnings=(*imported.warnings, *grouped), kit=kit, pickup=pickup)
