"""Audacity's labels: spans of the recording that mark cuts or keeps."""

from __future__ import annotations

from engine.document.marks.label_file import read_labels
from engine.edl.imports import EditsFile
from engine.edl.imports.described import ImportedEdits, LabelsAs
from engine.errors import EditsError, SourceError
from engine.progress import Progress


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the labels at the rate of the document.

    Raises
    ------
    EditsError : the file cannot be read, or a line is not a label
    """
    progress.check_cancelled()
    try:
        labels = read_labels(file.path, file.rate_hz)
    except SourceError as error:
        raise EditsError(str(error)) from error
    return ImportedEdits(
        file.name,
        file.form.name,
        labels=labels,
        labels_as=file.labels_as or LabelsAs.CUTS,
        rate_hz=file.rate_hz,
    )
