"""The jobs of the window: plain functions for a worker, importing the models only when they run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.panels.arrangement.pair_progress import PairProgress
from engine.document.analysis import Analysis, BeatGrid, Listening, NearestReference, ScoreCurve
from engine.document.change import Edit
from engine.document.drums.pickup import StrokePickup
from engine.document.edits import move_sources
from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.extensions import standing_of_all
from engine.files.part_files import sweep
from engine.files.safe_write import shown
from engine.finders.cuts.propose import Proposed, propose
from engine.own_process import run_in_own_process
from engine.progress import Progress
from engine.recordings import import_ahead
from engine.recordings.import_audio import Imported, ImportRequest
from engine.taste.improve import Improved, ImproveRequest, improve
from engine.taste.learn import TasteRequest, TasteWritten, learn_taste_file
from engine.wording import counted
from widgets.forms.taste.learn_panel import LearnRequest

if TYPE_CHECKING:
    from engine.edl.export import Exported, ExportRequest
    from engine.edl.export.audio_files.clipping import Clipping
    from engine.edl.export.placing.frame_rates import FrameRate
    from engine.edl.imports.proposals.edit import ImportedEdit
    from engine.edl.imports.proposals.requests import ReadEditsRequest
    from engine.finders.arrangement.learn_edits_requests import EditorWritten, LearnEditsRequest, PairQuality
    from engine.finders.finder import FinderRequest
    from engine.finders.registry import FoundEdits
    from engine.finders.repair.requests import PreviewRequest, RepairPreview
    from engine.recordings.analyses import AnalysisRequest, FoundAnalyses
    from engine.recordings.detect_sounds import FoundSounds
    from engine.recordings.find_sections import FoundSections
    from engine.recordings.line_up import LineUpRequest
    from engine.recordings.placement.placements import Placements
    from engine.recordings.spans import SpanRequest
    from engine.review.sounds_in_cuts import DetectedWord


def import_recordings(request: ImportRequest, progress: Progress) -> Imported:
    """Import recordings; waits for an import that started before the window."""
    from engine.recordings.kit import import_with_kit

    import_ahead.finish(progress)
    return import_with_kit(request, progress)


def copy_recordings(
    state: DocumentState, media: Mapping[str, Path], folder: Path, progress: Progress
) -> Edit:
    """Copy the recordings of a document into a folder; the edit has the document read the copies."""
    from engine.edl.export.collected import copy_recordings as copy

    copies = copy(tuple(state.sources.values()), media, folder, progress)
    if not copies:
        raise UsageError(f"All recordings are in {shown(folder)} already.")
    label = f"Copied {counted(len(copies), 'recording')} to {shown(folder)}"
    return replace(move_sources(state, {key: str(path) for key, path in copies.items()}), label=label)


def compare_tracks(state: DocumentState, media: Mapping[str, Path], progress: Progress) -> StrokePickup:
    """Measure which tracks were recorded together."""
    from engine.recordings.kit import PickupRequest
    from engine.recordings.kit import compare_tracks as compare

    return compare(PickupRequest(state, media), progress)


def propose_again(request: LineUpRequest, progress: Progress) -> Placements:
    """Propose places for recordings of a document."""
    from engine.recordings.line_up import places_again

    return places_again(request, progress)


def learn_taste(asked: LearnRequest, out: Path, overwrite: bool, progress: Progress) -> TasteWritten:
    """Learn from edited recordings with the default recipe, in a process of its own."""
    edited = tuple(Path(path) for path in asked.edited)
    request = TasteRequest(edited, asked.recipe, asked.epochs, asked.seed, out, overwrite)
    try:
        return run_in_own_process(learn_taste_file, (request,), progress)
    finally:
        sweep(out.parent)  # a process that is killed while it writes leaves half a file


def improve_taste(request: ImproveRequest, progress: Progress) -> Improved:
    """Retrain a taste with decisions, in a separate process."""
    try:
        return run_in_own_process(improve, (request,), progress)
    except BaseException:
        shutil.rmtree(request.material, ignore_errors=True)  # a process that is killed leaves it behind
        raise
    finally:
        sweep(request.out.parent)


def listen_to(
    state: DocumentState,
    media: Mapping[str, Path],
    taste: Path | None,
    known: Mapping[str, Analysis],
    progress: Progress,
) -> FoundAnalyses:
    """Find beats and onsets and, with a taste, scores; and run the analyses of packages."""
    from engine.recordings.analyses import AnalysisRequest
    from engine.recordings.listen import listen_to_document

    return listen_to_document(AnalysisRequest(state, media, taste, known), progress)


def propose_at(
    state: DocumentState,
    curve: ScoreCurve | None,
    grid: BeatGrid | None,
    listening: Listening | None,
    settings: Mapping[str, object],
    nearest: NearestReference | None,
    progress: Progress,
) -> Proposed:
    """Propose cuts as `engine.finders.cuts.propose.propose` does."""
    progress.check_cancelled()
    return propose(state, curve, grid, listening, settings, nearest=nearest)


def find_edits(request: FinderRequest, progress: Progress) -> FoundEdits:
    """Have a finder find edits."""
    from engine.finders import registry

    return registry.find_edits(request, progress)


def left_out_extensions(progress: Progress) -> tuple[str, ...]:
    """Load the extensions that the window shows, and report unusable ones."""
    progress.check_cancelled()
    return tuple(one.trouble for one in standing_of_all(only_light=True) if one.trouble)


def guess_frame_rate(request: ReadEditsRequest, progress: Progress) -> FrameRate | None:
    """Guess the frame rate of a list without one; None for a list that has one."""
    from engine.edl.imports.proposals.read import guessed_rate

    return guessed_rate(request, progress)


def import_edits(request: ReadEditsRequest, progress: Progress) -> ImportedEdit:
    """Compute the changes that the edits in a file make to a document."""
    from engine.edl.imports.proposals.read import read_into

    return read_into(request, progress)


def learn_editor(
    out: Path,
    overwrite: bool,
    found: Callable[[PairQuality], None],
    request: LearnEditsRequest,
    progress: Progress,
) -> EditorWritten:
    """Learn an editor in a separate process; `found` is called for each matched pair."""
    from engine.finders.arrangement.learn_editor_file import learn_editor_file

    pair_progress = PairProgress(progress, found)
    try:
        return run_in_own_process(learn_editor_file, (request, out, overwrite), pair_progress)
    finally:
        sweep(out.parent)  # a process that is killed while it writes leaves half a file


def preview_repair(request: PreviewRequest, progress: Progress) -> RepairPreview:
    """Render a repair for playback."""
    from engine.finders.repair import preview as job

    return job.preview_repair(request, progress)


def words_in_span(request: SpanRequest, progress: Progress) -> tuple[DetectedWord, ...]:
    """Rank the known sound names by probability."""
    from engine.finders.repair import find_sounds

    return find_sounds.words_in_span(request, progress)


def detect_sounds(request: SpanRequest, progress: Progress) -> FoundSounds:
    """Detect sounds in a document, by name."""
    from engine.recordings import detect_sounds as job

    return job.detect_sounds(request, progress)


def find_sections(request: AnalysisRequest, progress: Progress) -> FoundSections:
    """Find the sections of a document."""
    from engine.recordings import find_sections as job

    return job.find_sections(request, progress)


def export_files(
    requests: tuple[ExportRequest, ...], written: list[Exported], progress: Progress
) -> tuple[Exported, ...]:
    """Write every file asked for; `written` grows by each that is done."""
    from engine.edl.export.plan import export_all

    return export_all(requests, progress, written)


def clipping_of(requests: tuple[ExportRequest, ...], progress: Progress) -> Clipping | None:
    """Check whether an export would clip."""
    from engine.edl.export.audio_files.clipping import find_clipping

    return find_clipping(requests, progress)
