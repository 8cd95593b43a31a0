"""Notes: bass, guitar, keys, voice and other instruments, moved onto a grid or to another track."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from engine.core.errors import TimingError, UsageError
from engine.core.progress import Progress
from engine.core.timebase import format_time
from engine.core.wording import counted, listed, quoted
from engine.document.analysis import BeatGrid
from engine.document.drums.edits import DRUMS, role_of
from engine.document.drums.hits import Role
from engine.document.kinds.note import NOTE
from engine.document.listening_ids import listening_ids
from engine.document.proposals import Proposal
from engine.document.tracks.track import Track
from engine.features.timing.alignment.division import read_division
from engine.features.timing.alignment.lines import line_words, lines_of
from engine.features.timing.finders.notes.moves import NotesSettings, Target, moves_of, settings_of
from engine.review.finders.finder import Finder, FinderRequest, Found

if TYPE_CHECKING:
    from engine.features.timing.notes.onsets import Notes
    from engine.features.timing.notes.warping import Warping
    from engine.recordings.microphones import Microphones


def _check(request: FinderRequest) -> None:
    settings = settings_of(request)
    read_division(settings.division)
    _tracks(request, _reference(request))


def _reference(request: FinderRequest) -> Track | None:
    name = settings_of(request).to
    return _named(request, name) if name else None


def _named(request: FinderRequest, name: str) -> Track:
    named = [track for track in request.state.tracks if track.name == name]
    if not named:
        names = listed([track.name for track in request.state.tracks], "or")
        raise UsageError(f"No track is named {quoted(name)}: give {names}, or nothing.")
    return named[0]


def _tracks(request: FinderRequest, reference: Track | None) -> list[Track]:
    """Return the tracks to move: the named one, else the selected ones, else for a grid all but drums.

    Raises
    ------
    UsageError : none is left
    """
    name, every = settings_of(request).move, request.state.tracks
    if name:
        chosen = [_named(request, name)]
    elif request.tracks:
        chosen = [track for track in every if track.id in request.tracks]
    elif reference is None:
        chosen = [track for track in every if not _is_drum(track)]
    else:
        chosen = list(every) if len(every) == 2 else []
    found = [track for track in chosen if reference is None or track.id != reference.id]
    if not found:
        raise UsageError("No track is left to move: select one other than the reference, or name it.")
    return found


def _is_drum(track: Track) -> bool:
    return track.role in (DRUMS, "click") or role_of(track.role) not in (None, Role.OTHER)


def _find(request: FinderRequest, progress: Progress) -> Found:
    """Detect the notes of each track, and propose where they go.

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    TimingError : the document has no grid, or no note was found
    UsageError : the track to align to does not exist, or none is left
    """
    from engine.recordings.microphones import Microphones

    reference = _reference(request)
    tracks = _tracks(request, reference)
    target = _target(request, reference, progress.part(0.0, 0.3))
    state, proposals, notices = request.state, list[Proposal](), list[str]()
    read = [*tracks, *([] if reference is None else [reference])]
    with Microphones(state, request.media, [track.id for track in read]) as microphones:
        for number, track in enumerate(tracks):
            share = progress.part(0.3, 1.0).step(number, len(tracks))
            notes = _notes(request, microphones, number, share.part(0.0, 0.5))
            warping = None
            if reference is not None:
                warping = _warping(request, microphones, number, share.part(0.5, 1.0))
            made, notice = moves_of(request, track, notes, target, warping)
            proposals += made
            notices += [notice] if notice else []
    if not proposals and notices:
        raise TimingError(" ".join(notices))
    moved = counted(len(proposals), "note")
    return Found(
        [*proposals, *_of_other_tracks(request, tracks)],
        " ".join([f"Proposed to move {moved} in {counted(len(tracks), 'track')}.", *notices]),
        target.analyses,
        label=f"Proposed to move {moved}",
    )


def _of_other_tracks(request: FinderRequest, tracks: Sequence[Track]) -> list[Proposal]:
    """Return the earlier moves of tracks that are not asked for now: they stay."""
    ids = {track.id for track in tracks}
    earlier = request.state.proposals.values()
    return [one for one in earlier if one.kind == NOTE.name and not ids.intersection(one.tracks)]


def _notes(request: FinderRequest, microphones: Microphones, row: int, progress: Progress) -> Notes:
    from engine.features.timing.notes.onsets import find_notes

    state, read = request.state, partial(microphones.read_one, row)
    return find_notes(read, state.length_samples, state.rate_hz, settings_of(request).sensitivity, progress)


def _warping(request: FinderRequest, microphones: Microphones, row: int, progress: Progress) -> Warping:
    """Return where the sound of a track is in the reference, the last of the microphones."""
    from engine.features.timing.notes.warping import find_warping

    state = request.state
    read, read_other = (partial(microphones.read_one, one) for one in (row, len(microphones.track_ids) - 1))
    most_ms = settings_of(request).most_ms
    return find_warping(read, read_other, state.length_samples, state.rate_hz, most_ms, progress)


def _target(request: FinderRequest, reference: Track | None, progress: Progress) -> Target:
    from engine.features.timing.finders.timing.find_grid import WantedGrid, find_grid
    from engine.recordings.microphones import Microphones

    state = request.state
    if reference is None:
        known = request.analyses.get("beats")
        in_force = known if isinstance(known, BeatGrid) else None
        settings = settings_of(request)
        wanted = WantedGrid(settings.bpm, settings.first_beat_s or 0.0)
        found = find_grid(wanted, state, request.media, in_force, progress)
        grid, division = found.grid, read_division(settings.division)
        lines = lines_of(grid, division, state.rate_hz)
        fresh = {"beats": (listening_ids(state)["beats"], grid)} if found.is_heard else {}

        def line(place: int) -> str:
            return "" if place < 0 else line_words(grid, division, float(lines.beats[place]))

        return Target(line, lines, grid, analyses=fresh)
    with Microphones(state, request.media, [reference.id]) as microphones:
        notes = _notes(request, microphones, 0, progress)
    if not len(notes.onsets_samples):
        raise TimingError(f"No note was detected in {quoted(reference.name)}: raise the sensitivity.")

    def note(place: int) -> str:
        if place < 0:
            return ""
        at_s = float(notes.onsets_samples[place]) / state.rate_hz
        return f"the note of {reference.name} at {format_time(at_s, 2)}"

    return Target(note, notes=notes, name=reference.name)


NOTES = Finder(
    "Timing of notes",
    "Moves the notes of bass, guitar, keys, voice or others onto a grid or to another track.",
    _find,
    NotesSettings,
    check=_check,
    replaces=(NOTE.name,),
)
