"""Rehearsals to a click as takes on lanes, and their tracks as spans of the recording."""

from __future__ import annotations

from pathlib import Path

import soundfile

from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.edits.clips import join_tracks
from engine.document.tracks import visible_in_time
from engine.lab.evaluation.comping.session import RATE_HZ, Rehearsal
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.sound.edl.build import played_tracks
from engine.sound.edl.edit_list import EditList, Segment

_LEAD_S, _TAIL_S = 0.5, 1.0
_LEAD_SAMPLES = round(_LEAD_S * RATE_HZ)


def lay_takes(one: Rehearsal, document: Document, folder: Path) -> None:
    """Import each take as a recording of its own, and put the takes of an instrument onto lanes of one track.

    The last take is on top, and plays.
    """
    length = _LEAD_SAMPLES + round((float(one.takes[0].bars_s[-1]) + _TAIL_S) * RATE_HZ)
    paths = []
    for name, sound in one.tracks.items():
        for number, begin in enumerate(one.begins_samples):
            paths.append(folder / f"{name} {number + 1}.wav")
            first = begin - _LEAD_SAMPLES
            soundfile.write(paths[-1], sound[first : first + length], RATE_HZ, subtype="FLOAT")
    document.apply(import_edit(document.state, import_audio(ImportRequest(tuple(paths)), SILENT)))
    ids = [track.id for track in document.state.tracks]
    count = len(one.takes)
    for first in range(0, len(ids), count):
        document.apply(join_tracks(document.state, ids[first], ids[first + 1 : first + count]))


def as_recorded(one: Rehearsal, document: Document) -> EditList:
    """Return the parts that the first track plays, as an edit list of the whole rehearsal."""
    track = document.state.tracks[0]
    takes = [clip.source_id for clip in track.clips]
    segments = []
    for part in visible_in_time(played_tracks(document.state)[0].clips):
        begin = one.begins_samples[takes.index(part.clip.source_id)] - _LEAD_SAMPLES
        segments.append(Segment(begin + part.start_samples, begin + part.stop_samples, part.start_samples))
    return EditList.of(segments, RATE_HZ, document.state.length_samples, len(one.mix))
