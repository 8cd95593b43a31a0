"""Read a file of edits and compare it with a document: the whole of an import but for storing it."""

from __future__ import annotations

from engine.core.progress import Progress
from engine.document.recorded import require_recording
from engine.exchange.export.placing.frame_rates import FrameRate
from engine.exchange.imports import read_edits
from engine.exchange.imports.proposals.edit import ImportedEdit, ImportRequest, imported_edit
from engine.exchange.imports.proposals.requests import ReadEditsRequest


def guessed_rate(request: ReadEditsRequest, progress: Progress) -> FrameRate | None:
    """Return the frame rate assumed for a list without one; None if the list specifies it.

    Raises
    ------
    EditsError : the file cannot be read
    Cancelled : the user asked for it
    """
    imported = read_edits(request.path, request.state.rate_hz, progress=progress)
    return FrameRate(str(imported.frame_rate)) if imported.is_rate_guessed else None


def read_into(request: ReadEditsRequest, progress: Progress) -> ImportedEdit:
    """Return the changes to a document from the edits of a file.

    Raises
    ------
    EditsError : the file cannot be read, or is of other recordings
    UsageError : the document holds no recording
    Cancelled : the user asked for it
    """
    require_recording(request.state, "import edits into")
    imported = read_edits(
        request.path,
        request.state.rate_hz,
        labels_as=request.labels_as,
        frame_rate=request.frame_rate,
        progress=progress.part(0.0, 0.5),
    )
    return imported_edit(ImportRequest(request.state, request.media, imported), progress.part(0.5, 1.0))
