"""Find the microphones of a drum kit by their audio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.document.drums.edits import DRUMS
from engine.document.drums.pickup import StrokePickup
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.document.tracks.edits import add_tracks
from engine.hits.find import HeldMicrophones
from engine.hits.membership import kit_roles
from engine.hits.stroke_pickup import MOST_TRACKS, measure_pickup
from engine.progress import Progress
from engine.recordings.import_audio import Imported, ImportRequest, import_audio, new_tracks
from engine.recordings.microphones import Microphones
from engine.recordings.placement.file_head import read_heads
from engine.recordings.placement.placements import Mode
from engine.recordings.placement.plan import propose_places
from engine.wording import listed

_TOGETHER_S = 1.0


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
    placed = _placed(imported, request.place, progress.part(0.8, 0.9))
    return _with_kit(placed, progress.part(0.9, 1.0))


def _placed(imported: Imported, mode: Mode, progress: Progress) -> Imported:
    """Return imported recordings with their headers and proposed places.

    Raises
    ------
    SourceError : a recording cannot be read
    """
    heads = read_heads([Path(source.path) for source in imported.sources])
    if mode is Mode.ZERO or (len(imported.sources) < 2 and mode is Mode.AUTO):
        return replace(imported, heads=heads)
    if mode is Mode.AUTO and _started_together(imported):
        mode = Mode.TIME
    paths = imported.media.paths
    media = {paths[key]: conformed for key, conformed in imported.media.conformed.items()}
    places = propose_places(heads, mode, rate_hz=imported.rate_hz, media=media, progress=progress)
    return replace(imported, places=places, heads=heads)


def _started_together(imported: Imported) -> bool:
    """Return whether all recordings are equally long, as tracks of one session: no sound is compared."""
    lengths_s = [source.frames / source.rate_hz for source in imported.sources]
    return max(lengths_s) - min(lengths_s) <= _TOGETHER_S


def _with_kit(imported: Imported, progress: Progress) -> Imported:
    """Return imported recordings with their pickup and with the roles of those that are a drum kit.

    Raises
    ------
    SourceError : a recording cannot be read
    """
    if len(imported.sources) < 2:
        return imported
    empty = DocumentState()
    edit = add_tracks(empty, new_tracks(imported), imported.rate_hz)
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
    told = (f"Grouped with the drums by sound: {listed(joined)}.",) if joined else ()
    return replace(imported, warnings=(*imported.warnings, *told), kit=kit, pickup=pickup)
