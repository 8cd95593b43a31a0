"""The jobs of the window: plain functions for a worker, importing the models only when they run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.errors import UsageError
from engine.core.extensions import standing_of_all
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.wording import counted
from engine.document.analysis import DAY, Analysis, StrokePickup
from engine.document.edits.proposals import move_sources
from engine.document.state import DocumentState, Edit
from engine.features.day.day import IMPORTED
from engine.recordings import import_ahead
from engine.recordings.import_audio import Imported, ImportRequest

if TYPE_CHECKING:
    from engine.exchange.export import Exported, ExportRequest
    from engine.exchange.export.levels import Clipping
    from engine.features.registry import FoundEdits
    from engine.recordings.analyses import FoundAnalyses
    from engine.review.finders import FinderRequest


def import_recordings(request: ImportRequest, progress: Progress, *, of_day: bool = False) -> Imported:
    """Import recordings; waits for an import that started before the window.

    Parameters
    ----------
    of_day : whether it is the first step of preparing a day, whose progress goes on with `listen_to`
    """
    from engine.features.timing.kit import import_with_kit

    import_ahead.finish(progress)
    return import_with_kit(request, progress.part(0.0, IMPORTED) if of_day else progress)


def copy_recordings(
    state: DocumentState, media: Mapping[str, Path], folder: Path, progress: Progress
) -> Edit:
    """Copy the recordings of a document into a folder; the edit has the document read the copies."""
    from engine.exchange.export.placing.media_files import copy_recordings as copy

    copies = copy(tuple(state.sources.values()), media, folder, progress)
    if not copies:
        raise UsageError(f"All recordings are in {shown(folder)} already.")
    label = f"Copied {counted(len(copies), 'recording')} to {shown(folder)}"
    return replace(move_sources(state, {key: str(path) for key, path in copies.items()}), label=label)


def compare_tracks(state: DocumentState, media: Mapping[str, Path], progress: Progress) -> StrokePickup:
    """Measure which tracks were recorded together."""
    from engine.features.timing.kit import PickupRequest
    from engine.features.timing.kit import compare_tracks as compare

    return compare(PickupRequest(state, media), progress)


def listen_to(
    state: DocumentState,
    media: Mapping[str, Path],
    taste: Path | None,
    known: Mapping[str, Analysis],
    progress: Progress,
    *,
    of_day: bool = False,
) -> FoundAnalyses:
    """Find beats and onsets and, with a taste, scores; and run the analyses of packages.

    Parameters
    ----------
    of_day : whether songs are found, too, after `import_recordings`
    """
    from engine.recordings.analyses import AnalysisRequest
    from engine.recordings.listen import listen_to_document

    request = AnalysisRequest(state, media, taste, known)
    if of_day:
        return listen_to_document(request, progress.part(IMPORTED, 1.0), (DAY,))
    return listen_to_document(request, progress)


def find_edits(request: FinderRequest, progress: Progress) -> FoundEdits:
    """Have a finder find edits."""
    from engine.features import registry

    return registry.find_edits(request, progress)


def left_out_extensions(progress: Progress) -> tuple[str, ...]:
    """Load the extensions that the window shows, and report unusable ones."""
    progress.check_cancelled()
    return tuple(one.trouble for one in standing_of_all(only_light=True) if one.trouble)


def export_files(
    requests: tuple[ExportRequest, ...], written: list[Exported], progress: Progress
) -> tuple[Exported, ...]:
    """Write every file asked for; `written` grows by each that is done."""
    from engine.exchange.export.plan import export_all

    return export_all(requests, progress, written)


def clipping_of(requests: tuple[ExportRequest, ...], progress: Progress) -> Clipping | None:
    """Check whether an export would clip."""
    from engine.exchange.export.levels import find_clipping

    return find_clipping(requests, progress)
