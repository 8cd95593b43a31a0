"""A Standard MIDI File with the tempo map of the beat grid, a marker at every cut and the user's own.

Some programs, such as Ardour, take markers only from a track that also holds MIDI events, so it begins and
ends with all notes off. One beat is one quarter note, in whole microseconds: the difference of two rounded
positions, so every beat stays within half a microsecond.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import mido

from engine.core.files.safe_write import replacing, shown
from engine.core.progress import Progress
from engine.core.wording import counted
from engine.exchange.export.placing.marks import TICKS_PER_QUARTER, TempoMap, result_us, seams, tempo_map
from engine.exchange.export.request import (
    Exported,
    ExportRequest,
    accepted_edits,
    counted_edits,
    edit_figures,
)
from engine.sound.edl.edit_list import EditList, placed_markers

_ALL_NOTES_OFF = 123

_Timed = tuple[int, int, mido.Message | mido.MetaMessage]
"""Tick, order among those of one tick, and message."""


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the tempo map; without a beat grid the markers use 120 beats a minute."""
    progress.check_cancelled()
    edit_list = request.edit_list
    tempo, beats = tempo_map(request.grid, edit_list)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, charset="utf-8")
    file.tracks.append(_track(request, edit_list, tempo))
    with replacing(request.out, overwrite=request.overwrite) as part, part.open("wb") as stream:
        file.save(file=stream)
    progress.report(1.0, "Writing the tempo map")
    edits = accepted_edits(request.state)
    held = counted(beats, "beat") if beats else "no beats (none detected),"
    sentence = f"Wrote {held} and {counted_edits(edits)} to {shown(request.out.name)}."
    return Exported(request.out, sentence, {"beats": float(beats), **edit_figures(edits)})


def _track(request: ExportRequest, edit_list: EditList, tempo: TempoMap) -> mido.MidiTrack:
    """Return the messages in order, each with its distance from the one before."""
    timed: list[_Timed] = [(0, 0, mido.MetaMessage("track_name", name=_text(request.title)))]
    timed.append((0, 2, _notes_off()))
    for quarter, length in tempo.bars():
        bar = mido.MetaMessage("time_signature", numerator=length, denominator=4)
        timed.append((quarter * TICKS_PER_QUARTER, 1, bar))
    for quarter, length_us in tempo.tempi():
        timed.append((quarter * TICKS_PER_QUARTER, 2, mido.MetaMessage("set_tempo", tempo=length_us)))
    timed += [(tick, 3, message) for tick, message in _markers(request, edit_list, tempo)]
    end = max(tempo.tick(result_us(edit_list.length_samples, edit_list)), max(tick for tick, _, _ in timed))
    timed += [(end, 4, _notes_off()), (end, 5, mido.MetaMessage("end_of_track"))]
    timed.sort(key=lambda each: each[:2])
    track = mido.MidiTrack([timed[0][2]])
    track.extend(after[2].copy(time=after[0] - before[0]) for before, after in pairwise(timed))
    return track


def _markers(
    request: ExportRequest, edit_list: EditList, tempo: TempoMap
) -> Iterator[tuple[int, mido.MetaMessage]]:
    """Yield one marker for each tick, as Ardour keeps no second one; the user's own names come first."""
    placed = placed_markers(request.state.markers.values(), edit_list)
    named = [(marker.start_samples, marker.name) for marker in placed]
    named += [(seam.position_samples, seam.label) for seam in seams(request.state, edit_list)]
    names: dict[int, dict[str, None]] = {}
    for position, name in named:
        names.setdefault(tempo.tick(result_us(position, edit_list)), {})[_text(name)] = None
    for tick, there in names.items():
        yield tick, mido.MetaMessage("marker", text=" / ".join(there))


def _notes_off() -> mido.Message:
    return mido.Message("control_change", control=_ALL_NOTES_OFF, value=0)


def _text(text: str) -> str:
    return " ".join(text.split()).encode("utf-8", "replace").decode("utf-8")
