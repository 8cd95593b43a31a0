"""Notes: bass, guitar, keys, voice and other instruments, moved onto a grid or to another track."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.core.errors import TimingError, UsageError
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples
from engine.core.wording import counted, listed, quoted
from engine.document.analysis import Analysis, BeatGrid, Role
from engine.document.edits.analyses import DRUMS, listening_ids, role_of
from engine.document.edits.proposals import is_held
from engine.document.kinds.kind import CROSSFADE_MS, real
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.kinds.timing import AFTER_SAMPLES, HIT_CROSSFADE_MS, LINE, NOTE, ONSET_SAMPLES
from engine.document.proposals import Proposal
from engine.document.pulse import free_notice, is_free
from engine.document.tracks import Track
from engine.features.timing.alignment.fitting import agreement
from engine.features.timing.alignment.lines import line_words, lines_of, read_division
from engine.features.timing.alignment.settings import AlignmentSettings
from engine.features.timing.finders.timing.hit_proposals import adjacent_lines, milliseconds, score_of
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found, track_name

if TYPE_CHECKING:
    from engine.features.timing.alignment.lines import Lines
    from engine.features.timing.notes.onsets import Notes
    from engine.features.timing.notes.placing import PlacedNotes
    from engine.features.timing.notes.warping import Warping
    from engine.recordings.track_audio import Microphones


_PAD_S = 0.01
_UNCLEAR_S, _UNCLEAR_OF_TAKES_S = 0.01, 0.02
"""Notes that swell or flutter for longer than this begin nowhere in particular, and stay. Two takes swell
alike, and are farther apart than playing from a grid."""
_LEAST_CONFIDENCE = 0.4
_FAINT_APART_S = 0.1
"""Nearer to a note, a faint one is part of it."""
_LEAST_CLEAR, _MOST_FAINT = 0.28, 5.0
"""Share of notes with a clear onset, and faint notes for each other. With fewer or more, moves are further
off than playing (cello, flute, choir and strings of FluidR3)."""
_BY_CHANCE = 4.0
"""Of 50 free performances, one agrees as much with a grid."""
_SAME_NOTE_S = 0.005


class NotesSettings(FinderSettings):
    """The target of notes, and the limits of their moves."""

    move: str = track_name("Selected tracks", "Move", "the track to move; the selected ones if it is empty")
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
class Target:
    """The target of notes: lines of a grid, or the notes of a track.

    Attributes
    ----------
    lines : of the grid; None for a track
    grid : that they are of
    notes : of the track; None for a grid
    name : of the track
    where : names a line or a note of the track by its index
    analyses : those found on the way, by kind
    """

    where: Callable[[int], str]
    lines: Lines | None = None
    grid: BeatGrid | None = None
    notes: Notes | None = None
    name: str = ""
    analyses: Mapping[str, tuple[str, Analysis]] = field(default_factory=dict)


def settings_of(request: FinderRequest) -> NotesSettings:
    """Return the settings of a request of the finder."""
    assert isinstance(request.settings, NotesSettings)
    return request.settings


def moves_of(
    request: FinderRequest, track: Track, notes: Notes, target: Target, warping: Warping | None = None
) -> tuple[list[Proposal], str]:
    """Return the moves of a track, and a notice about notes that stay; "" for none.

    Parameters
    ----------
    warping : to the track that is the target; None for a grid
    """
    from engine.features.timing.notes.placing import are_alike, on_grid, to_reference

    settings, rate_hz = settings_of(request), request.state.rate_hz
    if not len(notes.onsets_samples):
        return [], f"No note was detected in {quoted(track.name)}: raise the sensitivity."
    if warping is not None and are_alike(notes, warping):
        return _by_sound(request, track, notes, target, warping)
    most_s = _UNCLEAR_OF_TAKES_S if target.lines is None else _UNCLEAR_S
    is_clear = (notes.unsure_samples <= most_s * rate_hz) & (notes.confidences >= _LEAST_CONFIDENCE)
    is_wanted = (
        np.ones(len(is_clear), np.bool_)
        if target.grid is None
        else ~is_free(target.grid, notes.onsets_samples)
    )
    if target.lines is not None:
        # Few onsets of strings, choirs and pads are clear.
        if bool(is_clear.mean() < _LEAST_CLEAR or len(notes.faint_samples) > _MOST_FAINT * len(is_clear)):
            return [], f"{track.name} stays: most of its notes swell, so that their onsets are unclear."
        placed = _on_lines(settings, notes, target.lines, is_wanted)
        if placed is None:
            return [], f"{track.name} does not follow the grid and stays: check tempo and division."
        is_wanted &= ~on_grid(notes, target.lines, placed, is_clear)
    else:
        others = np.zeros(0) if target.notes is None else target.notes.onsets_samples
        placed = to_reference(notes.onsets_samples, others, rate_hz, settings.most_ms, settings.strength)
    left = int(np.count_nonzero((placed.shifts_samples != 0.0) & is_wanted & ~is_clear))
    made = list(_moves(request, track, notes, placed, is_wanted & is_clear, target))
    notices = [f"{counted(left, 'note')} of {track.name} without a clear onset not moved."] if left else []
    if target.grid is not None:
        notices.append(free_notice(target.grid, notes.onsets_samples, rate_hz, "notes"))
    if warping is not None and made:
        notices.append(f"{track.name} sounds unlike {target.name}: notes are matched by their times.")
    return made, " ".join(filter(None, notices))


def _by_sound(
    request: FinderRequest, track: Track, notes: Notes, target: Target, warping: Warping
) -> tuple[list[Proposal], str]:
    """Return the moves of a take to the same sounds of another take, and a notice about notes that stay."""
    from engine.features.timing.notes.placing import to_take

    assert target.notes is not None
    settings, rate_hz = settings_of(request), request.state.rate_hz
    found = to_take(notes, target.notes, warping, rate_hz, settings.most_ms, settings.strength)
    where = target.where
    target = replace(target, where=lambda place: where(place) or f"the same sound of {target.name}")
    made = list(_moves(request, track, found.notes, found.placed, found.is_movable, target))
    left = int(np.count_nonzero(~found.is_movable))
    notice = f"{counted(left, 'note')} of {track.name} without the same sound in {target.name} not moved."
    return made, notice if left else ""


def _distances(
    onsets_samples: NDArray[np.float64], others_samples: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distance of each onset from the nearest of others, infinite without any; shape (n,)."""
    ends = np.concatenate([[-np.inf], others_samples, [np.inf]])
    after = np.searchsorted(ends, onsets_samples)
    found: NDArray[np.float64] = np.minimum(onsets_samples - ends[after - 1], ends[after] - onsets_samples)
    return found


def _on_lines(
    settings: NotesSettings, notes: Notes, lines: Lines, has_pulse: NDArray[np.bool_]
) -> PlacedNotes | None:
    """Return the places of notes on lines; None where they agree with them only as by chance.

    Tested by the mean of the phases of those with a pulse (Rayleigh's test).
    """
    from engine.features.timing.notes.placing import to_lines

    onsets = notes.onsets_samples[has_pulse]
    mean = agreement(onsets, lines)
    if mean is not None and len(onsets) * abs(mean) ** 2 < _BY_CHANCE:
        return None
    limits = AlignmentSettings(
        settings.strength, 1.0, 0.0, settings.most_ms, settings.own_feel, fix_flams=False
    )
    return to_lines(notes, lines, limits)


def _moves(
    request: FinderRequest,
    track: Track,
    notes: Notes,
    placed: PlacedNotes,
    is_wanted: NDArray[np.bool_],
    target: Target,
) -> Iterator[Proposal]:
    rate_hz, onsets, lines = request.state.rate_hz, notes.onsets_samples, target.lines
    is_wanted = is_wanted & (_distances(onsets, _answered_samples(request, track)) > _SAME_NOTE_S * rate_hz)
    strength = settings_of(request).strength
    pads = np.minimum(s_to_samples(_PAD_S, rate_hz), np.diff(onsets, prepend=-onsets[0]) / 2.0)
    starts = np.maximum(np.floor(onsets - pads), 0).astype(np.int64)
    stops = np.append(starts[1:], max(track.stop_samples, int(starts[-1]) + 1))
    first, last = _faint(notes, rate_hz)
    stops = np.fmin(stops, np.floor(first - s_to_samples(_PAD_S, rate_hz))).astype(np.int64)
    after = np.fmax(np.concatenate([[np.nan], onsets[:-1]]), last)
    for row in np.flatnonzero((placed.shifts_samples != 0.0) & is_wanted).tolist():
        shift, place = float(placed.shifts_samples[row]), int(placed.places[row])
        payload: dict[str, object] = {
            BY_SAMPLES: shift,
            ONSET_SAMPLES: float(onsets[row]),
            CROSSFADE_MS: HIT_CROSSFADE_MS,
            **({} if lines is None else {LINE: place}),
            **({} if np.isnan(after[row]) else {AFTER_SAMPLES: float(after[row])}),
        }
        start, stop = int(starts[row]), int(stops[row])
        reason = note_reason(shift, rate_hz, target.where(place))
        score = score_of(shift, rate_hz)
        made = request.proposal(NOTE.name, start, stop, score, reason, payload, (track.id,))
        if lines is not None:
            others = adjacent_lines(lines, place, float(onsets[row]), strength, target.where, (start, stop))
            made = replace(made, alternatives=tuple(others))
        yield made


def _faint(notes: Notes, rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the first faint note after each note, and the last one before it; NaN for none.

    Faint notes stay: a note that moves ends before them, and begins after them.
    """
    onsets, known = notes.onsets_samples, np.concatenate([[np.nan], notes.faint_samples, [np.nan]])
    apart = s_to_samples(_FAINT_APART_S, rate_hz)
    first = known[np.searchsorted(notes.faint_samples, onsets + apart) + 1]
    last = known[np.searchsorted(notes.faint_samples, onsets - apart, "right")]
    return first, last


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


def _answered_samples(request: FinderRequest, track: Track) -> NDArray[np.float64]:
    """Return the onsets of the notes of a track whose moves the user answered, ascending."""
    state = request.state
    return np.sort(
        [
            real(one.payload, ONSET_SAMPLES, one.start_samples)
            for key, one in state.proposals.items()
            if one.kind == NOTE.name and track.id in one.tracks and is_held(state.decisions.get(key))
        ]
    )


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
    """Return the tracks to move: the named one, else the selected ones, else for a grid all but drums."""
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
    """Detect the notes of each track, and propose where they go."""
    from engine.recordings.track_audio import Microphones

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
    # Earlier moves of tracks that are not asked for now stay.
    ids = {track.id for track in tracks}
    earlier = [one for one in request.state.proposals.values() if one.kind == NOTE.name]
    return Found(
        [*proposals, *(one for one in earlier if not ids.intersection(one.tracks))],
        " ".join([f"Proposed to move {moved} in {counted(len(tracks), 'track')}.", *notices]),
        target.analyses,
        label=f"Proposed to move {moved}",
    )


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
    from engine.recordings.track_audio import Microphones

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
