"""Notes: bass, guitar, keys, voice and other instruments, moved onto a grid or to another track."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import exp
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from engine.alignment.division import read_division
from engine.alignment.fitting import agreement
from engine.alignment.lines import line_words, lines_of
from engine.alignment.reasons import milliseconds
from engine.alignment.settings import AlignmentSettings
from engine.document.analysis import Analysis, BeatGrid
from engine.document.drums.edits import DRUMS, role_of
from engine.document.drums.hits import Role
from engine.document.kinds.hit import AFTER_SAMPLES, HIT_CROSSFADE_MS, LINE, ONSET_SAMPLES
from engine.document.kinds.note import NOTE
from engine.document.kinds.payload import CROSSFADE_MS
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.listening_ids import listening_ids
from engine.document.proposals import Proposal
from engine.document.tracks.track import Track
from engine.errors import TimingError, UsageError
from engine.finders.finder import Finder, FinderRequest, Found
from engine.finders.settings import FinderSettings, track_name
from engine.progress import Progress
from engine.timebase import format_time, s_to_samples
from engine.wording import counted, listed, quoted

if TYPE_CHECKING:
    from engine.alignment.placement import Lines
    from engine.notes.onsets import Notes
    from engine.notes.placing import PlacedNotes

_PAD_S = 0.01
_UNCLEAR_S, _UNCLEAR_OF_TAKES_S = 0.01, 0.02
"""Notes that swell or flutter for longer than this begin nowhere in particular, and stay. Two takes swell
alike, and are farther apart than playing from a grid."""
_LEAST_CONFIDENCE = 0.4
_TIGHT_S, _NEAR_S, _FEWEST_ON_GRID = 0.0025, 0.01, 8
"""Playing with half of its notes as near to their lines is on the grid, and then so is a note that near."""
_FAINT_APART_S = 0.1
"""Nearer to a note, a faint one is part of it."""
_BY_CHANCE = 4.0
"""Of 50 free performances, one agrees as much with a grid."""
_TYPICAL_MS = 25.0


class NotesSettings(FinderSettings):
    """The target of notes, and the limits of their moves."""

    to: str = track_name("The grid", "Align to", "the name of another track; the grid if it is empty")
    bpm: float | None = Field(None, title="Tempo", description="tempo of an even grid in beats per minute")
    first_beat_s: float | None = Field(None, title="First beat", description="of an even grid")
    division: str = Field("1/16", title="Division", description="of the grid: 1/4, 1/8, 1/16, 1/8t, 1/16t")
    strength: float = Field(
        1.0, ge=0.0, le=1.0, title="Strength", description="how far each note moves, 0 to 1"
    )
    sensitivity: float = Field(
        0.5, ge=0.0, le=1.0, title="Sensitivity", description="higher detects softer notes, too"
    )
    most_ms: float = Field(
        120.0, ge=1.0, le=500.0, title="Largest distance", description="notes that are off by more stay"
    )
    own_feel: bool = Field(
        False,
        title="Keep push and pull",
        description="keep how far the player is ahead or behind for a while",
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    """The target of notes: lines of a grid, or the notes of a track."""

    grid: BeatGrid | None = None
    track: Track | None = None
    onsets_samples: np.ndarray = field(default_factory=lambda: np.zeros(0))
    analyses: Mapping[str, tuple[str, Analysis]] | None = None


def _settings(request: FinderRequest) -> NotesSettings:
    assert isinstance(request.settings, NotesSettings)
    return request.settings


def _check(request: FinderRequest) -> None:
    settings = _settings(request)
    read_division(settings.division)
    _tracks(request, _reference(request))


def _reference(request: FinderRequest) -> Track | None:
    name = _settings(request).to
    if not name:
        return None
    named = [track for track in request.state.tracks if track.name == name]
    if not named:
        names = listed([track.name for track in request.state.tracks], "or")
        raise UsageError(f"No track is named {quoted(name)}: give {names}, or nothing for the grid.")
    return named[0]


def _tracks(request: FinderRequest, reference: Track | None) -> list[Track]:
    """Return the tracks whose notes are moved: the selected ones, else all but drums and the reference."""
    others = [track for track in request.state.tracks if reference is None or track.id != reference.id]
    chosen = [track for track in others if track.id in request.tracks]
    found = chosen or [track for track in others if not request.tracks and not _is_drum(track)]
    if not found:
        raise UsageError(
            "No track is left to move: select one that is not the reference and not of the drums."
        )
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
    with Microphones(state, request.media, [track.id for track in tracks]) as microphones:
        for number, track in enumerate(tracks):
            share = progress.part(0.3 + 0.7 * number / len(tracks), 0.3 + 0.7 * (number + 1) / len(tracks))
            notes = _notes(request, microphones, number, share)
            made, notice = _proposed(request, track, notes, target)
            proposals += made
            notices += [notice] if notice else []
    if not proposals and notices:
        raise TimingError(" ".join(notices))
    moved = counted(len(proposals), "note")
    return Found(
        proposals,
        " ".join([f"Proposed to move {moved} in {counted(len(tracks), 'track')}.", *notices]),
        target.analyses or {},
        label=f"Proposed to move {moved}",
    )


def _notes(request: FinderRequest, microphones: object, row: int, progress: Progress) -> Notes:
    from engine.notes.onsets import find_notes
    from engine.recordings.microphones import Microphones

    assert isinstance(microphones, Microphones)

    def read(start: int, stop: int) -> np.ndarray:
        return microphones.read_one(row, start, stop)

    state = request.state
    return find_notes(read, state.length_samples, state.rate_hz, _settings(request).sensitivity, progress)


def _target(request: FinderRequest, reference: Track | None, progress: Progress) -> _Target:
    from engine.finders.timing.find_grid import WantedGrid, find_grid
    from engine.recordings.microphones import Microphones

    state = request.state
    if reference is None:
        known = request.analyses.get("beats")
        in_force = known if isinstance(known, BeatGrid) else None
        settings = _settings(request)
        wanted = WantedGrid(settings.bpm, settings.first_beat_s or 0.0)
        found = find_grid(wanted, state, request.media, in_force, progress)
        fresh = {"beats": (listening_ids(state)["beats"], found.grid)} if found.is_heard else None
        return _Target(found.grid, analyses=fresh)
    with Microphones(state, request.media, [reference.id]) as microphones:
        notes = _notes(request, microphones, 0, progress)
    if not len(notes.onsets_samples):
        raise TimingError(f"No note was detected in {quoted(reference.name)}: raise the sensitivity.")
    return _Target(track=reference, onsets_samples=notes.onsets_samples)


def _proposed(
    request: FinderRequest, track: Track, notes: Notes, target: _Target
) -> tuple[list[Proposal], str]:
    """Return the moves of a track, and a notice about notes that stay; see `_find`."""
    from engine.notes.placing import to_lines, to_reference

    settings, rate_hz = _settings(request), request.state.rate_hz
    if not len(notes.onsets_samples):
        return [], f"No note was detected in {quoted(track.name)}: raise the sensitivity."
    most_s = _UNCLEAR_OF_TAKES_S if target.grid is None else _UNCLEAR_S
    is_clear = (notes.unsure_samples <= most_s * rate_hz) & (notes.confidences >= _LEAST_CONFIDENCE)
    if target.grid is not None:
        lines = lines_of(target.grid, read_division(settings.division), rate_hz)
        if _is_free(notes, lines):
            return [], f"{track.name} does not follow the grid and stays: check tempo and division."
        limits = AlignmentSettings(
            settings.strength, 1.0, 0.0, settings.most_ms, settings.own_feel, fix_flams=False
        )
        placed = to_lines(notes, lines, limits)
        beats = lines.beats
        is_on_grid = _is_on_grid(notes, lines, placed, is_clear)
    else:
        placed = to_reference(
            notes.onsets_samples, target.onsets_samples, rate_hz, settings.most_ms, settings.strength
        )
        beats = None
        is_on_grid = np.zeros(len(is_clear), np.bool_)
    left = int(np.count_nonzero((placed.shifts_samples != 0.0) & ~is_clear & ~is_on_grid))
    made = list(_moves(request, track, notes, placed, is_clear & ~is_on_grid, target, beats))
    notice = f"{counted(left, 'note')} of {track.name} without a clear onset not moved." if left else ""
    return made, notice


def _is_free(notes: Notes, lines: Lines) -> bool:
    """Return whether notes are placed between lines as they would be by chance (Rayleigh's test)."""
    mean = agreement(notes.onsets_samples, lines)
    return mean is not None and len(notes.onsets_samples) * abs(mean) ** 2 < _BY_CHANCE


def _is_on_grid(notes: Notes, lines: Lines, placed: PlacedNotes, is_clear: np.ndarray) -> np.ndarray:
    """Return which notes are on their lines as far as onsets are known; none in playing that strays.

    Onsets of notes are some ms off, by about the same for one instrument. So notes that are all as late as
    each other were played by a machine, or cannot be improved.
    """
    known = placed.places >= 0
    off = np.where(known, lines.positions_samples[placed.places], 0.0) - notes.onsets_samples
    typical = off[known & is_clear]
    if len(typical) < _FEWEST_ON_GRID:
        return np.zeros(len(off), np.bool_)
    strays = np.abs(off - np.median(typical)) / lines.rate_hz
    tight_s, late_s = float(np.median(strays[known & is_clear])), float(np.median(typical)) / lines.rate_hz
    is_near: np.ndarray = known & (strays < _NEAR_S)
    return is_near if tight_s < _TIGHT_S and abs(late_s) < _NEAR_S else np.zeros(len(off), np.bool_)


def _moves(
    request: FinderRequest,
    track: Track,
    notes: Notes,
    placed: PlacedNotes,
    is_clear: np.ndarray,
    target: _Target,
    beats: np.ndarray | None,
) -> Iterator[Proposal]:
    rate_hz, onsets = request.state.rate_hz, notes.onsets_samples
    pads = np.minimum(s_to_samples(_PAD_S, rate_hz), np.diff(onsets, prepend=-onsets[0]) / 2.0)
    starts = np.maximum(np.floor(onsets - pads), 0).astype(np.int64)
    stops = np.append(starts[1:], max(track.stop_samples, int(starts[-1]) + 1))
    first, last = _faint(notes, rate_hz)
    stops = np.fmin(stops, np.floor(first - s_to_samples(_PAD_S, rate_hz))).astype(np.int64)
    after = np.fmax(np.concatenate([[np.nan], onsets[:-1]]), last)
    for row in np.flatnonzero((placed.shifts_samples != 0.0) & is_clear).tolist():
        shift, place = float(placed.shifts_samples[row]), int(placed.places[row])
        payload: dict[str, object] = {
            BY_SAMPLES: shift,
            ONSET_SAMPLES: float(onsets[row]),
            CROSSFADE_MS: HIT_CROSSFADE_MS,
        }
        if beats is not None:
            payload[LINE] = place
        if not np.isnan(after[row]):
            payload[AFTER_SAMPLES] = float(after[row])
        where = _where(target, place, _settings(request), beats, rate_hz)
        score = 1.0 - exp(-abs(shift) / rate_hz * 1000.0 / _TYPICAL_MS)
        yield request.proposal(
            NOTE.name,
            int(starts[row]),
            int(stops[row]),
            score,
            note_reason(shift, rate_hz, where),
            payload,
            (track.id,),
        )


def _faint(notes: Notes, rate_hz: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first faint note after each note, and the last one before it; NaN for none.

    Faint notes stay: a note that moves ends before them, and begins after them.
    """
    onsets, known = notes.onsets_samples, np.concatenate([[np.nan], notes.faint_samples, [np.nan]])
    apart = s_to_samples(_FAINT_APART_S, rate_hz)
    first = known[np.searchsorted(notes.faint_samples, onsets + apart) + 1]
    last = known[np.searchsorted(notes.faint_samples, onsets - apart, "right")]
    return first, last


def _where(
    target: _Target, place: int, settings: NotesSettings, beats: np.ndarray | None, rate_hz: int
) -> str:
    if place < 0:
        return ""
    if target.grid is not None and beats is not None:
        return line_words(target.grid, read_division(settings.division), float(beats[place]))
    assert target.track is not None
    at_s = float(target.onsets_samples[place]) / rate_hz
    return f"the note of {target.track.name} at {format_time(at_s, 2)}"


def note_reason(shift_samples: float, rate_hz: int, where: str) -> str:
    """Describe a move, such as "The note is 14 ms late for beat 3 of bar 12."

    Parameters
    ----------
    where : its place in words; empty for a note that moves with its neighbours
    """
    far = milliseconds(shift_samples, rate_hz)
    if not where:
        return f"The note moves with its neighbours, {far} {'later' if shift_samples > 0 else 'earlier'}."
    return f"The note is {far} {'early' if shift_samples > 0 else 'late'} for {where}."


NOTES = Finder(
    "Timing of notes",
    "Moves the notes of bass, guitar, keys, voice or others onto a grid or to another track.",
    _find,
    NotesSettings,
    check=_check,
    maker="notes",
    replaces=(NOTE.name,),
)
