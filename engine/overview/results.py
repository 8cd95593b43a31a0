"""What the Taste page shows, as frozen values; light, so that widgets can draw them without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HIGH_PERCENTILE = 95.0
"""Of a recording's scores: its oddest passages, without the one moment that somebody coughs."""


class Origin(StrEnum):
    """Where a recording comes from."""

    KEPT = "kept"
    DOCUMENT = "document"
    SOURCE = "source"
    FILE = "file"


class SegmentState(IntEnum):
    """What became of a stretch: it was learned from, or what the document says of it."""

    KEPT = 0
    REST = 1
    UNDECIDED = 2
    ACCEPTED = 3
    REJECTED = 4


@dataclass(frozen=True, slots=True)
class MethodStep:
    """A box of the picture: what is done, and with what numbers."""

    title: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LearnedFrom:
    """A recording that a taste was learned from.

    Attributes
    ----------
    path : absolute, where it was when the taste learned
    """

    name: str
    path: Path
    content_hash: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class TasteFacts:
    """What a taste is.

    Attributes
    ----------
    steps : from what goes in to the score
    recordings : empty where the taste keeps no examples
    settings, figures : (name, value) as they are shown
    training, validation : the loss after each epoch
    n_parameters : how many numbers were learned
    rebuilds : whether it can show what it makes of what it hears
    keeps_last : whether it has the weights of the last epoch, whatever the losses were
    """

    path: Path
    name: str
    maker: str
    recipe: str
    steps: tuple[MethodStep, ...]
    recordings: tuple[LearnedFrom, ...]
    settings: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, str], ...]
    training: tuple[float, ...]
    validation: tuple[float, ...]
    n_parameters: int
    rebuilds: bool
    keeps_last: bool


@dataclass(frozen=True, slots=True, eq=False)
class NearestStretches:
    """What was kept that each stretch of a recording is most like.

    Attributes
    ----------
    starts_s : float64, shape (n,), where the stretches begin, ascending
    length_s : of every stretch
    paths : of the kept recordings
    recordings : int32, shape (n,), in which of `paths` the nearest stretch is
    kept_starts_s : float64, shape (n,), where it begins there
    """

    starts_s: NDArray[np.float64]
    length_s: float
    paths: tuple[str, ...]
    recordings: NDArray[np.int32]
    kept_starts_s: NDArray[np.float64]

    def at(self, at_s: float) -> tuple[str, float] | None:
        """Return where what a moment is most like is: its recording and its start; None where nothing is."""
        if not len(self.starts_s):
            return None
        nearest = int(np.abs(self.starts_s + self.length_s / 2 - at_s).argmin())
        return self.paths[int(self.recordings[nearest])], float(self.kept_starts_s[nearest])


@dataclass(frozen=True, eq=False)
class ScoredRecording:
    """How odd each moment of a recording is.

    Attributes
    ----------
    name : as it is shown
    path : the file; None for the mix of the document
    content_hash : of the file; empty where it is not known
    times_s : float64, shape (n,), the middle of what each score is of
    scores : float32, shape (n,), 0 to 1
    level_db : the level it is played at, which a taste hears it relative to
    parts : what the scores are made of by name, each float32, shape (n,)
    nearest : None with a taste that keeps no examples
    """

    name: str
    origin: Origin
    path: Path | None
    content_hash: str
    duration_s: float
    times_s: NDArray[np.float64]
    scores: NDArray[np.float32]
    level_db: float
    parts: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    nearest: NearestStretches | None = None

    @property
    def key(self) -> str:
        """What tells it from the others."""
        return "" if self.path is None else str(self.path)

    @cached_property
    def mean(self) -> float:
        """The mean score; 0 for a recording without any."""
        return float(self.scores.mean()) if len(self.scores) else 0.0

    @cached_property
    def high(self) -> float:
        """What the oddest twentieth of it scores at least; 0 for a recording without scores."""
        return float(np.percentile(self.scores, HIGH_PERCENTILE)) if len(self.scores) else 0.0

    def share_above(self, threshold: float) -> float:
        """Return how much of it scores at or above a threshold, 0 to 1."""
        return float(np.mean(self.scores >= threshold)) if len(self.scores) else 0.0

    def score_at(self, at_s: float) -> float:
        """Return the score at a moment; 0.5, which says nothing, for a recording without scores."""
        return float(np.interp(at_s, self.times_s, self.scores)) if len(self.scores) else 0.5


@dataclass(frozen=True, slots=True, eq=False)
class SegmentMap:
    """Stretches of sound on a plane: what is near to each other sounds alike.

    Attributes
    ----------
    points : float32, shape (n, 2), 0 to 1
    recording : int32, shape (n,), which of `recordings` a stretch is from
    starts_s : float64, shape (n,), where it begins there
    length_s : of every stretch
    scores : float32, shape (n,), in its middle
    recordings : (key, origin) of each, see `ScoredRecording.key`
    explained : how much of how the stretches differ the plane shows, 0 to 1
    """

    points: NDArray[np.float32]
    recording: NDArray[np.int32]
    starts_s: NDArray[np.float64]
    length_s: float
    scores: NDArray[np.float32]
    recordings: tuple[tuple[str, Origin], ...]
    explained: float


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A few seconds as a taste hears them, and what it makes of them.

    Attributes
    ----------
    start_s, stop_s : in its recording
    at_s : the moment it is about
    heard_db : float32, shape (frames, n_mels), log-mel relative to the recording's level
    rebuilt_db : of the same shape; None with a taste that rebuilds nothing
    times_s, scores : float64 and float32, shape (n,), of the scores within
    score : at the moment
    parts : what it is made of, as it is worded, in standard deviations above what is typical
    """

    key: str
    name: str
    at_s: float
    start_s: float
    stop_s: float
    heard_db: NDArray[np.float32]
    rebuilt_db: NDArray[np.float32] | None
    times_s: NDArray[np.float64]
    scores: NDArray[np.float32]
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """A passage that two tastes judge differently: the share of the recording each finds less odd, 0 to 1."""

    start_s: float
    stop_s: float
    first: float
    second: float


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two tastes on one recording.

    Attributes
    ----------
    first, second : the scores of each; `second` at the times of `first`
    correlation : between the ranks of both, -1 to 1 (Spearman)
    cut_share : how much the first would cut at the threshold it was compared at
    agreement : for how much of the recording both say the same where each cuts that share
    differences : where they differ most, the largest first
    """

    first_name: str
    second_name: str
    first: ScoredRecording
    second: ScoredRecording
    correlation: float
    cut_share: float
    agreement: float
    differences: tuple[Difference, ...]
