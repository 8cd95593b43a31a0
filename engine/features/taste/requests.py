"""Requests and results of the Taste page; light, so that the window needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.features.taste.overview.results import LearnedFrom, Origin, ScoredRecording, SegmentMap
from engine.features.taste.sounds import Sound


@dataclass(frozen=True, slots=True)
class ReferencesScored:
    """The training recordings with their scores, and a message for each missing one."""

    recordings: tuple[ScoredRecording, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A recording to score and to place on the map; `scored` is its result if already available."""

    sound: Sound
    origin: Origin
    scored: ScoredRecording | None = None


@dataclass(frozen=True, slots=True)
class SurveyRequest:
    """Recordings to score with a taste.

    Attributes
    ----------
    learned_from : the training recordings of the taste, scored unless `kept` is given
    folders : where they are looked for, see `engine.recordings.reference_recording`
    """

    taste: Path
    learned_from: tuple[LearnedFrom, ...]
    folders: tuple[Path, ...]
    kept: ReferencesScored | None = None
    others: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Scores of all recordings, and their positions on the map.

    Attributes
    ----------
    others : those that could be read, in the order they were asked for
    warnings : one sentence for each that could not
    """

    kept: ReferencesScored
    others: tuple[ScoredRecording, ...]
    shown: SegmentMap
    warnings: tuple[str, ...] = ()
