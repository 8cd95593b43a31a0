"""The import format ".spans": a line a cut, its start and its end in seconds and why."""

from engine.core.progress import Progress
from engine.document.edits.markers import NamedSpan
from engine.exchange.imports import EditsFile
from engine.exchange.imports.described import ImportedEdits, LabelsAs
from engine.exchange.imports.formats import ImportFormat
from engine.exchange.imports.values import seconds_of


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the cuts at the rate of the document; what is damaged is refused with the name of the file."""
    spans = []
    for line in file.content().decode("utf-8", "replace").splitlines():
        progress.check_cancelled()
        words = line.split(maxsplit=2)
        if not words:
            continue
        try:
            start, stop = (max(0, round(seconds_of(word) * file.rate_hz)) for word in words[:2])
        except ValueError as error:
            raise file.refused(f"{line[:40]!r} is not a cut") from error
        spans.append(NamedSpan(start, max(start, stop), words[2] if len(words) > 2 else ""))
    return ImportedEdits(file.name, file.form.name, labels=tuple(spans), labels_as=LabelsAs.CUTS)


SPANS = ImportFormat(".spans", "Spans to cut", __name__)
