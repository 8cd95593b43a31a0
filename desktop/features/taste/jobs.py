"""The jobs of tastes: plain functions for a worker, importing the models only when they run."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from desktop.features.taste.widgets.forms.learn_panel import LearnRequest
from engine.core.files.part_files import sweep
from engine.core.processes.own_process import run_in_own_process
from engine.core.progress import Progress
from engine.features.taste.improve import Improved, ImproveRequest, improve
from engine.features.taste.learn import TasteRequest, TasteWritten, learn_taste_file
from engine.features.taste.overview.results import Comparison, Moment, ScoredRecording, TasteFacts
from engine.features.taste.requests import Survey, SurveyRequest
from engine.features.taste.sounds import Sound


@dataclass(frozen=True, slots=True)
class MomentRequest:
    """A position of a recording that was scored with a taste."""

    taste: Path
    sound: Sound
    scored: ScoredRecording
    at_s: float


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """A second taste to ask about a recording that the first one scored."""

    first: Path
    scored: ScoredRecording
    second: Path
    sound: Sound
    threshold: float


def read_facts(taste: Path, progress: Progress) -> TasteFacts:
    """Read the facts of a taste."""
    from engine.features.taste.view import look_at

    return look_at(taste, progress)


def survey_recordings(request: SurveyRequest, progress: Progress) -> Survey:
    """Score recordings and place them on the map."""
    from engine.features.taste.view import survey

    return survey(request, progress)


def show_moment(request: MomentRequest, progress: Progress) -> Moment:
    """Compute the features of a taste around a position."""
    from engine.features.taste.view import look_at_moment

    return look_at_moment(request.taste, request.sound, request.scored, request.at_s, progress)


def compare_on(request: CompareRequest, progress: Progress) -> Comparison:
    """Compare two tastes on a recording."""
    from engine.features.taste.view import compare_tastes

    return compare_tastes(
        request.first, request.scored, request.second, request.sound, request.threshold, progress
    )


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
