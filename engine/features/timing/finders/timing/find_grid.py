"""The grid and the groove that hits are moved to.

The grid is the user's own, the document's, or a detected one. The groove is learned, or the feel of a MIDI
file, a track or a recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.analysis.signal.streams import mono_of
from engine.core.errors import TimingError
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples
from engine.document.analysis import BeatGrid, sure_enough
from engine.document.grid_edits import USUAL_BEATS_IN_BAR, require_beats_in_bar, steady
from engine.document.state import DocumentState
from engine.document.tracks import Track
from engine.features.timing.alignment.groove_file import is_learned, read_groove
from engine.features.timing.alignment.lines import Division, Groove, groove_of_hits
from engine.features.timing.click_track import Clicks, click_among, find_clicks, follow_click, grid_of
from engine.features.timing.hits.find import HeldMicrophones, find_hits
from engine.features.timing.own_grid import OwnGrid, read_beats, read_midi_grid, read_midi_groove
from engine.recordings.track_audio import Microphones
from engine.sound.reader import SourceReader

CLICK_ROLE = "click"


@dataclass(frozen=True, slots=True)
class WantedGrid:
    """The requested grid; without a name, the grid of the document or a detected one.

    Attributes
    ----------
    bpm : an even grid, in bars of `beats_in_bar`
    start_s : where its first beat is, or where the MIDI file begins
    click : the name of a track, or a file; empty for the one among the tracks that is a click
    midi, beats : files
    """

    bpm: float | None = None
    start_s: float = 0.0
    beats_in_bar: int = USUAL_BEATS_IN_BAR
    click: str | None = None
    midi: Path | None = None
    beats: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FoundGrid:
    """A grid, a notice about it, and the track it comes from: a click is not a drum.

    Attributes
    ----------
    is_heard : whether analysing the unchanged document gives this grid
    """

    grid: BeatGrid
    notice: str = ""
    click_track: str = ""
    is_heard: bool = False


def find_grid(
    wanted: WantedGrid,
    state: DocumentState,
    media: Mapping[str, Path],
    in_force: BeatGrid | None,
    progress: Progress,
) -> FoundGrid:
    """Return the grid that is wanted.

    Raises
    ------
    UsageError : the request does not describe a valid grid
    SourceError : a file cannot be read
    TimingError : nothing was found
    """
    rate_hz, length = state.rate_hz, state.length_samples
    if wanted.bpm is not None:
        require_beats_in_bar(wanted.beats_in_bar)
        first = s_to_samples(wanted.start_s, rate_hz)
        return FoundGrid(
            steady(wanted.bpm, first, rate_hz=rate_hz, length_samples=length, bar=wanted.beats_in_bar)
        )
    if wanted.midi is not None:
        return _own(read_midi_grid(wanted.midi, rate_hz, length, wanted.start_s))
    if wanted.beats is not None:
        return _own(read_beats(wanted.beats, rate_hz, length))
    if wanted.click is not None:
        return _click(wanted.click, state, media, progress)
    if in_force is not None and len(in_force.beats_samples):
        return FoundGrid(in_force)
    return _detected(state, media, progress)


def _own(own: OwnGrid, click_track: str = "") -> FoundGrid:
    return FoundGrid(own.grid, own.notice, click_track)


def _detected(state: DocumentState, media: Mapping[str, Path], progress: Progress) -> FoundGrid:
    # Both take a second to import, and a grid that the user brings needs neither.
    from engine.analysis.beats.listen import listen
    from engine.recordings.listen import mono_blocks

    grid = listen(mono_blocks(state, media), state.rate_hz, state.length_samples, progress).grid
    if not len(grid.beats_samples):
        raise TimingError("No steady pulse was found in these recordings: give --bpm, or a click.")
    return FoundGrid(grid, is_heard=True)


def _click(name: str, state: DocumentState, media: Mapping[str, Path], progress: Progress) -> FoundGrid:
    named = [track for track in state.tracks if track.name == name or (not name and track.role == CLICK_ROLE)]
    if named:
        return _of_track(named[0], state, media)
    if not name:
        return _among_tracks(state, media, progress)
    path = Path(name)
    with SourceReader(path) as reader:
        own = follow_click(mono_of(reader, state.rate_hz), state.rate_hz, state.length_samples, path.name)
    same = [
        one.id
        for one in state.tracks
        if any(Path(state.sources[key].path) == path.absolute() for key in one.source_ids)
    ]
    return _own(own, same[0] if same else "")


def _of_track(track: Track, state: DocumentState, media: Mapping[str, Path]) -> FoundGrid:
    with Microphones(state, media, [track.id]) as microphones:
        blocks = microphones.one(track.id)
        return _own(follow_click(blocks, state.rate_hz, state.length_samples, track.name), track.id)


def _among_tracks(state: DocumentState, media: Mapping[str, Path], progress: Progress) -> FoundGrid:
    """Find the click by how evenly it comes: no hand plays like that."""
    names = {track.id: track.name for track in state.tracks}
    found: dict[str, Clicks] = {}
    with Microphones(state, media, tuple(names)) as microphones:
        for number, key in enumerate(names):
            progress.report(number / len(names), "Looking for the click")
            progress.check_cancelled()
            found[key] = find_clicks(microphones.one(key), state.rate_hz)
    click = click_among(found)
    if click is None:
        raise TimingError("None of the tracks is a click: name it with --click FILE, or give --bpm.")
    own = grid_of(found[click], state.rate_hz, state.length_samples, names[click])
    used = f"{names[click]} is used as the click."
    return FoundGrid(own.grid, f"{used} {own.notice}".rstrip(), click)


MIDI_SUFFIXES = (".mid", ".midi", ".smf")
_SURE = 0.5


def find_groove(
    name: str,
    grid: BeatGrid,
    division: Division,
    state: DocumentState,
    media: Mapping[str, Path],
    progress: Progress,
) -> Groove:
    """Take the feel of something that was played to a grid.

    Parameters
    ----------
    name : a file of `offcut learn-timing` or a MIDI file, which have bars of their own; the name of a track;
        or a recording that begins where the document does

    Raises
    ------
    SourceError : the file cannot be read
    UsageError : it has too few hits
    """
    named = [track.id for track in state.tracks if track.name == name]
    if named:
        with Microphones(state, media, named) as microphones:
            hits = find_hits(microphones, progress=progress)
    elif is_learned(name):
        return read_groove(Path(name)).groove
    elif Path(name).suffix.lower() in MIDI_SUFFIXES:
        return read_midi_groove(Path(name), division)
    else:
        with SourceReader(Path(name)) as reader:
            heard = np.concatenate([np.zeros(0, np.float32), *mono_of(reader, state.rate_hz)])
        hits = find_hits(HeldMicrophones({Path(name).stem: heard}, state.rate_hz), progress=progress)
    return groove_of_hits(sure_enough(hits, _SURE).onsets_samples, grid, division, state.rate_hz)
