"""Which part of what is written a span of the recording is."""

from __future__ import annotations

from engine.edl.export.audio_files.audio_plan import played_edit_list
from engine.edl.export.request import ExportRequest
from engine.errors import ExportError


def written_range(request: ExportRequest, span: tuple[int, int]) -> tuple[int, int]:
    """Return from where its first sample is heard first to where its last is heard after that.

    So it is drawn and played. What is heard in between is in it, wherever it lies in the recording, such as
    a span that was moved there.

    Parameters
    ----------
    span : [start, stop) in samples of the recording

    Raises
    ------
    ExportError : nothing of it is heard
    """
    start, stop = played_edit_list(request).result_span(*span)
    if start < stop:
        return start, stop
    if request.options.removed:
        raise ExportError("Nothing was cut in this range: choose another one.")
    raise ExportError("Nothing of this range is left: choose another one, or write what was cut.")
