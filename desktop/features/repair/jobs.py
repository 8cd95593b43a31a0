"""The jobs of repairs: plain functions for a worker, importing the models only when they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.progress import Progress

if TYPE_CHECKING:
    from engine.features.repair.finders.repair.requests import PreviewRequest, RepairPreview
    from engine.recordings.detect_sounds import FoundSounds
    from engine.recordings.spans import SpanRequest
    from engine.review.sounds_in_cuts import DetectedWord


def preview_repair(request: PreviewRequest, progress: Progress) -> RepairPreview:
    """Render a repair for playback."""
    from engine.features.repair.finders.repair import separate as job

    return job.preview_repair(request, progress)


def words_in_span(request: SpanRequest, progress: Progress) -> tuple[DetectedWord, ...]:
    """Rank the known sound names by probability."""
    from engine.features.repair.finders.repair import find_sounds

    return find_sounds.words_in_span(request, progress)


def detect_sounds(request: SpanRequest, progress: Progress) -> FoundSounds:
    """Detect sounds in a document, by name."""
    from engine.recordings import detect_sounds as job

    return job.detect_sounds(request, progress)
