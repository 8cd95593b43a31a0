"""Which part of the result a span of the recording is."""

from __future__ import annotations

from engine.document.state import DocumentState
from engine.edl.export.audio_plan import heard_edit_list
from engine.errors import ExportError


def heard_range(state: DocumentState, span: tuple[int, int], *, removed: bool = False) -> tuple[int, int]:
    """Return from where its first sample is heard first to where its last is heard after that.

    So it is drawn and played.
    What is heard in between is in it, wherever it lies in the recording, such as a span that was moved there.

    Parameters
    ----------
    span : [start, stop) in samples of the recording
    removed : count in what was cut, not in what is left

    Raises
    ------
    ExportError : nothing of it is heard, or its end is heard before its start
    """
    edit_list = heard_edit_list(state, removed=removed)
    start, stop = edit_list.result_span(*span)
    if start < stop:
        return start, stop
    if removed:
        raise ExportError("Nothing was cut in this range: choose another one.")
    raise ExportError("Nothing of this range is left: choose another one, or write what was cut.")
