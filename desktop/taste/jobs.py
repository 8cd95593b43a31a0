"""The jobs of the Taste page: plain functions for a worker, importing the models only when they run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.overview.results import Comparison, Moment, ScoredRecording, TasteFacts
from engine.progress import Progress
from engine.taste.requests import Survey, SurveyRequest
from engine.taste.sounds import Sound


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
    from engine.taste.view import look_at

    return look_at(taste, progress)


def survey_recordings(request: SurveyRequest, progress: Progress) -> Survey:
    """Score recordings and place them on the map."""
    from engine.taste.view import survey

    return survey(request, progress)


def show_moment(request: MomentRequest, progress: Progress) -> Moment:
    """Compute the features of a taste around a position."""
    from engine.taste.view import look_at_moment

    return look_at_moment(request.taste, request.sound, request.scored, request.at_s, progress)


def compare_on(request: CompareRequest, progress: Progress) -> Comparison:
    """Compare two tastes on a recording."""
    from engine.taste.view import compare_tastes

    return compare_tastes(
        request.first, request.scored, request.second, request.sound, request.threshold, progress
    )
