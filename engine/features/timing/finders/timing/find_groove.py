"""The groove that hits are moved to: learned, or the feel of a MIDI file, a track or a recording."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.analysis.signal.mono import mono_of
from engine.core.progress import Progress
from engine.document.analysis import BeatGrid
from engine.document.drums.confirmed import sure_enough
from engine.document.state import DocumentState
from engine.features.timing.alignment.division import Division
from engine.features.timing.alignment.groove_template import Groove, groove_of_hits
from engine.features.timing.alignment.learning.groove_file import is_learned, read_groove
from engine.features.timing.grids.midi_file import read_midi_groove
from engine.features.timing.hits.find import HeldMicrophones, find_hits
from engine.recordings.microphones import Microphones
from engine.sound.reader import SourceReader

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
