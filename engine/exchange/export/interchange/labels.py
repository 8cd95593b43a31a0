"""The accepted edits and the markers as an Audacity label track, on the recording's own timeline.

One line a label: start and end in seconds and the text, separated by tabs
(https://manual.audacityteam.org/man/importing_and_exporting_labels.html).
"""

from __future__ import annotations

from engine.core.files.safe_write import replacing, shown
from engine.core.progress import Progress
from engine.core.timebase import samples_to_s
from engine.core.wording import counted
from engine.exchange.export.request import AcceptedEdit, Exported, ExportRequest, accepted_edits, edit_figures


def write_labels(request: ExportRequest, progress: Progress) -> Exported:
    """Write one label for each accepted edit and each marker, ascending."""
    progress.check_cancelled()
    edits, markers = accepted_edits(request.state), request.state.markers.values()
    labels = [(edit.start_samples, edit.stop_samples, _words(edit)) for edit in edits]
    labels += [(marker.start_samples, marker.stop_samples, marker.name) for marker in markers]
    lines = [_line(*label, request.state.rate_hz) for label in sorted(labels)]
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_text("".join(lines), encoding="utf-8", newline="\n")
    progress.report(1.0, "Writing labels")
    sentence = f"Wrote {counted(len(lines), 'label')} to {shown(request.out.name)}."
    return Exported(request.out, sentence, {**edit_figures(edits), "markers": float(len(markers))})


def _words(edit: AcceptedEdit) -> str:
    return f"{edit.proposal.kind}: {edit.proposal.reason}"


def _line(start_samples: int, stop_samples: int, words: str, rate_hz: int) -> str:
    """Return the line of a label; a tab or a line break in its words would end the field."""
    start_s, stop_s = samples_to_s(start_samples, rate_hz), samples_to_s(stop_samples, rate_hz)
    text = " ".join(words.split())
    return f"{start_s:.9f}\t{stop_s:.9f}\t{text}\n"
