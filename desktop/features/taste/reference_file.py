"""Reference recordings, made ready for playback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from desktop.shell.work.work import Work
from engine.core.files.safe_write import shown
from engine.recordings.reference_recording import ReferenceRequest, prepare_reference


def fetch_reference(work: Work, request: ReferenceRequest, take: Callable[[Path], None]) -> None:
    """Make a reference recording ready for playback, and hand over its file."""
    work.read(prepare_reference, request, f"Fetching {shown(request.path.name)}", take)
