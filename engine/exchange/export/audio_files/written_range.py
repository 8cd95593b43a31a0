"""Map a span of the recording to a range of the exported material."""

from __future__ import annotations

from engine.core.errors import ExportError
from engine.exchange.export.audio_files.audio_plan import played_edit_list
from engine.exchange.export.request import ExportRequest


def written_range(request: ExportRequest, span: tuple[int, int]) -> tuple[int, int]:
    """Return the range from the first playback of its first sample to the next playback of its last.

    The window draws and plays the same range. Everything in between is included, even spans moved there from
    elsewhere.

    Parameters
    ----------
    span : [start, stop) in samples of the recording

    Raises
    ------
    ExportError : none of it is in the result
    """
    start, stop = played_edit_list(request).result_span(*span)
    if start < stop:
        return start, stop
    if request.options.removed:
        raise ExportError("This range has no cuts: choose another one.")
    raise ExportError("This range is cut completely: choose another one, or write the removed audio.")
