"""What the Taste page asks for and gets back; light, so that the window can ask without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.jobs.repairs.sounds import Sound
from engine.overview.results import LearnedFrom, Origin, ScoredRecording, SegmentMap


@dataclass(frozen=True, slots=True)
class ReferencesScored:
    """The kept recordings with their scores, and a sentence for each that is not there any more."""

    recordings: tuple[ScoredRecording, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A recording to score and to place on the map; `scored` is what is known already."""

    sound: Sound
    origin: Origin
    scored: ScoredRecording | None = None


@dataclass(frozen=True, slots=True)
class SurveyRequest:
    """What to find out with a taste.

    Attributes
    ----------
    learned_from : the recordings of the taste, to be scored unless `kept` is known
    folders : where they are looked for, see `engine.jobs.recordings.reference_recording`
    """

    taste: Path
    learned_from: tuple[LearnedFrom, ...]
    folders: tuple[Path, ...]
    kept: ReferencesScored | None = None
    others: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """How everything scores, and where it lies on the map.

    Attributes
    ----------
    others : those that could be read, in the order they were asked for
    warnings : one sentence for each that could not
    """

    kept: ReferencesScored
    others: tuple[ScoredRecording, ...]
    shown: SegmentMap
    warnings: tuple[str, ...] = ()
