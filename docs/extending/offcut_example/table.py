"""The export format ".tsv": a row for each accepted edit, for spreadsheets."""

import csv

from engine.core.files.safe_write import replacing, shown
from engine.core.progress import Progress
from engine.core.timebase import samples_to_s
from engine.core.wording import counted
from engine.exchange.export.formats import Format
from engine.exchange.export.request import Exported, ExportRequest, accepted_edits, edit_figures

COLUMNS = ("start_s", "stop_s", "kind", "score", "maker", "reason")


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the table; nothing stands under its name before it is whole."""
    progress.check_cancelled()
    edits, rate_hz = accepted_edits(request.state), request.state.rate_hz
    with (
        replacing(request.out, overwrite=request.overwrite) as part,
        part.open("w", encoding="utf-8") as stream,
    ):
        table = csv.writer(stream, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        for edit in edits:
            span_s = (samples_to_s(at, rate_hz) for at in (edit.start_samples, edit.stop_samples))
            made = edit.proposal
            table.writerow([*span_s, made.kind, made.score, made.maker, made.reason])
    sentence = f"Wrote {counted(len(edits), 'row')} to {shown(request.out.name)}."
    return Exported(request.out, sentence, edit_figures(edits))


TABLE = Format(
    ".tsv", "Table", "a row for each edit, for spreadsheets", __name__, names_media=False, edit_bytes=120
)
