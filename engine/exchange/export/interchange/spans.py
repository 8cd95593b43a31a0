"""Lists of spans on the recording's own timeline: Audacity labels (.txt), LosslessCut (.csv, .llc), SubRip.

- Labels: the edits and markers, a line each
  (https://manual.audacityteam.org/man/importing_and_exporting_labels.html)
- Segments: the played spans (https://github.com/mifi/lossless-cut/blob/master/docs.md)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.core.files.safe_write import replacing, shown
from engine.core.progress import Progress
from engine.core.timebase import samples_to_s
from engine.core.wording import counted
from engine.document.state import DocumentState
from engine.exchange.captions import Caption, srt
from engine.exchange.export.request import Exported, ExportRequest, accepted_edits, edit_figures
from engine.sound.edl.build import without_rest
from engine.sound.edl.edit_list import EditList

_LLC_VERSION = 2
_Spans = Sequence[tuple[float, ...]]


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write labels of the edits and markers (.txt), or the played segments."""
    if request.out.suffix.lower() == ".txt":
        return write_labels(request, progress)
    return write_segments(request, progress)


def write_labels(request: ExportRequest, progress: Progress) -> Exported:
    """Write one label for each accepted edit and each marker, ascending."""
    progress.check_cancelled()
    edits, markers = accepted_edits(request.state), request.state.markers.values()
    labels = [
        (edit.start_samples, edit.stop_samples, f"{edit.proposal.kind}: {edit.proposal.reason}")
        for edit in edits
    ]
    labels += [(marker.start_samples, marker.stop_samples, marker.name) for marker in markers]
    lines = [_line(*label, request.state.rate_hz) for label in sorted(labels)]
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_text("".join(lines), encoding="utf-8", newline="\n")
    progress.report(1.0, "Writing labels")
    sentence = f"Wrote {counted(len(lines), 'label')} to {shown(request.out.name)}."
    return Exported(request.out, sentence, {**edit_figures(edits), "markers": float(len(markers))})


def _line(start_samples: int, stop_samples: int, words: str, rate_hz: int) -> str:
    """Return the line of a label; a tab or a line break in its words would end the field."""
    start_s, stop_s = samples_to_s(start_samples, rate_hz), samples_to_s(stop_samples, rate_hz)
    text = " ".join(words.split())
    return f"{start_s:.9f}\t{stop_s:.9f}\t{text}\n"


def write_segments(request: ExportRequest, progress: Progress) -> Exported:
    """Write one segment for each span that plays, in the order of the result."""
    progress.check_cancelled()
    rate_hz = request.state.rate_hz
    spans = [tuple(samples_to_s(at, rate_hz) for at in span) for span in played_spans(request.edit_list)]
    text = _WRITERS[request.out.suffix.lower()](spans, only_recording(request.state))
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    progress.report(1.0, "Writing segments")
    sentence = f"Wrote {counted(len(spans), 'segment')} to {shown(request.out.name)}."
    if inserts := int(np.count_nonzero(without_rest(request.edit_list).inserted)):
        sentence += f" {counted(inserts, 'insert')} left out: such lists hold no silence."
    if own := len(request.edit_list.own):
        sentence += (
            f" Cuts and inserts of {counted(own, 'track')} alone left out: such lists are of all tracks."
        )
    figures = {"segments": float(len(spans)), **edit_figures(accepted_edits(request.state))}
    return Exported(request.out, sentence, figures)


def played_spans(edit_list: EditList) -> list[tuple[int, int]]:
    """Return the spans that play, without crossfades and inserts; spans that continue each other are one."""
    found: list[tuple[int, int]] = []
    starts, stops = edit_list.kept_starts_samples, edit_list.kept_stops_samples
    recorded = ~edit_list.inserted  # silence is in no recording
    for start, stop in zip(starts[recorded].tolist(), stops[recorded].tolist(), strict=True):
        if found and found[-1][1] == start:
            found[-1] = found[-1][0], stop
        elif start < stop:
            found.append((start, stop))
    return found


def only_recording(state: DocumentState) -> str:
    """Return the name of the one file that the document plays from its start; "" for several."""
    clips = [clip for track in state.tracks for clip in track.clips]
    if len({clip.source_id for clip in clips}) == 1 and not any(clip.shift_samples for clip in clips):
        return Path(state.sources[clips[0].source_id].path).name
    return ""


def _csv(spans: _Spans, _name: str) -> str:
    return "".join(f"{start:.9f},{stop:.9f},\n" for start, stop in spans)


def _srt(spans: _Spans, _name: str) -> str:
    return srt([Caption(start, stop, f"Segment {number}") for number, (start, stop) in enumerate(spans, 1)])


def _llc(spans: _Spans, name: str) -> str:
    segments = [{"start": start, "end": stop, "name": ""} for start, stop in spans]
    content = {"version": _LLC_VERSION, "mediaFileName": name, "cutSegments": segments}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


_WRITERS = {".csv": _csv, ".srt": _srt, ".llc": _llc}
