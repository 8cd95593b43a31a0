"""What was played more than once in a document, and which of it is proposed to be cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.jobs.listen import mono_blocks
from engine.progress import Progress
from engine.takes.find import find_takes
from engine.takes.takes import FoundTakes


@dataclass(frozen=True, slots=True)
class TakesRequest:
    """What to listen to.

    Attributes
    ----------
    media : where each source is now, by source id
    """

    state: DocumentState
    media: Mapping[str, Path]


def takes_in_document(request: TakesRequest, progress: Progress) -> FoundTakes:
    """Find what was played more than once in the unedited mix.

    Raises
    ------
    SourceError : a recording cannot be read
    UsageError : there is none
    Cancelled : the user asked for it
    """
    state = request.state
    if not state.tracks:
        raise UsageError("There is nothing to listen to yet; import a recording first ‹file.import›.")
    return find_takes(mono_blocks(state, request.media), state.rate_hz, state.length_samples, progress)
