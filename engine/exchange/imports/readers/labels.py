"""Texts: Audacity's labels, spans of the recording that mark cuts or keeps; or a session of Pro Tools."""

from __future__ import annotations

from engine.core.errors import EditsError, SourceError
from engine.core.progress import Progress
from engine.document.marks.label_file import is_session_text, read_labels
from engine.exchange.imports import EditsFile
from engine.exchange.imports.described import ImportedEdits, LabelsAs
from engine.exchange.imports.readers.session_text import read_session


def read_text(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read labels at the rate of the document, or a session of Pro Tools.

    Raises
    ------
    EditsError : the file cannot be read, or a line is not a label
    """
    progress.check_cancelled()
    content = file.content()
    if is_session_text(content):
        return read_session(file, content, progress)
    try:
        labels = read_labels(file.path, file.rate_hz)
    except SourceError as error:
        raise EditsError(str(error)) from error
    return ImportedEdits(
        file.name,
        file.form.name,
        labels=labels,
        labels_as=file.labels_as or LabelsAs.CUTS,
        has_own_labels=True,
        rate_hz=file.rate_hz,
    )
