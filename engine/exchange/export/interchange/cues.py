"""The cuts and the markers of a result as the cue points of its files."""

from __future__ import annotations

from dataclasses import dataclass

from engine.document.marks.markers import Marker
from engine.exchange.export.placing.seams import Seam, removed_pieces, seams
from engine.exchange.export.request import ExportRequest
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.placed_markers import placed_markers
from engine.sound.headers.bwf import CuePoint


@dataclass(frozen=True, slots=True)
class Cues:
    """Cues for a file, in samples of the whole result."""

    marks: tuple[Seam, ...]
    markers: tuple[Marker, ...]

    def within(self, span: tuple[int, int]) -> tuple[CuePoint, ...]:
        """Return those inside a span, counted from its start; regions are cut to it."""
        start, stop = span
        cues = [
            CuePoint(mark.position_samples - start, mark.label)
            for mark in self.marks
            if start <= mark.position_samples < stop
        ]
        for marker in self.markers:
            first, last = max(marker.start_samples, start), min(marker.stop_samples, stop)
            if first < last or (not marker.is_region and start <= marker.start_samples <= stop):
                cues.append(CuePoint(first - start, marker.name, last - first))
        return tuple(sorted(cues, key=lambda cue: cue.position_samples))


def find_cues(request: ExportRequest, edit_list: EditList) -> Cues:
    """Return the cuts, or the removed pieces, and the markers at their places in the result."""
    is_removed = request.options.removed
    find = removed_pieces if is_removed else seams
    markers = placed_markers(request.state.markers.values(), edit_list, onto_seams=not is_removed)
    return Cues(find(request.state, edit_list), markers)
