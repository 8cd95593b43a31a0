"""Kept recordings made ready to be played."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from desktop.work import Work
from engine.files.safe_write import shown
from engine.jobs.recordings.reference_recording import ReferenceRequest, prepare_reference


def fetch_kept(work: Work, request: ReferenceRequest, take: Callable[[Path], None]) -> None:
    """Make a kept recording ready to be played, and hand its file over."""
    work.read(prepare_reference, request, f"Fetching {shown(request.path.name)}", take)
