"""The accepted cuts as an Audacity label track, on the timeline of the recording before any cut.

One line a label: start and end in seconds and the text, separated by tabs
(https://manual.audacityteam.org/man/importing_and_exporting_labels.html).
"""

from __future__ import annotations

from engine.edl.export.request import AcceptedCut, Exported, ExportRequest, accepted_cuts
from engine.progress import Progress
from engine.safe_write import replacing, shown
from engine.timebase import samples_to_s
from engine.wording import counted


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write one label for each accepted cut."""
    progress.check_cancelled()
    cuts = accepted_cuts(request.state)
    lines = [_line(cut, request.state.rate_hz) for cut in cuts]
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_text("".join(lines), encoding="utf-8", newline="\n")
    progress.report(1.0, "Writing labels")
    sentence = f"Wrote {counted(len(cuts), 'label')} to {shown(request.out.name)}."
    return Exported(request.out, sentence, {"cuts": float(len(cuts))})


def _line(cut: AcceptedCut, rate_hz: int) -> str:
    """Return the line of a cut; a tab or a line break in the reason would end the field."""
    start_s, stop_s = samples_to_s(cut.start_samples, rate_hz), samples_to_s(cut.stop_samples, rate_hz)
    text = " ".join(f"{cut.proposal.kind}: {cut.proposal.reason}".split())
    return f"{start_s:.9f}\t{stop_s:.9f}\t{text}\n"
