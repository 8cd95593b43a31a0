"""Contents of the Taste page, as frozen values; light, so that widgets can draw them without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.features.taste.anomaly.kept_curve import KeptCurve

HIGH_PERCENTILE = 95.0
"""Percentile of a recording's scores: its most anomalous passages, without a single cough."""


class Origin(StrEnum):
    """Where a recording comes from."""

    KEPT = "kept"
    DOCUMENT = "document"
    SOURCE = "source"
    FILE = "file"


class SegmentState(IntEnum):
    """State of a segment: training data, or its decision in the document."""

    KEPT = 0
    REST = 1
    UNDECIDED = 2
    ACCEPTED = 3
    REJECTED = 4


@dataclass(frozen=True, slots=True)
class MethodStep:
    """A box of the diagram: a step, and its numbers."""

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
    """Facts of a taste.

    Attributes
    ----------
    steps : from the input to the score
    recordings : empty where the taste keeps no examples
    settings, figures : (name, value) as they are shown; a sentence has no value
    training, validation : the loss after each epoch
    n_parameters : how many numbers were learned
    rebuilds : whether it can show a reconstruction of its input
    keeps_last : whether it has the weights of the last epoch, independent of the losses
    kept_curve : None in an older taste
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
    kept_curve: KeptCurve | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NearestStretches:
    """The nearest training segment of each segment of a recording.

    Attributes
    ----------
    starts_s : float64, shape (n,), starts of the segments, ascending
    length_s : of every segment
    paths : of the training recordings
    recordings : int32, shape (n,), in which of `paths` the nearest stretch is
    kept_starts_s : float64, shape (n,), where it begins there
    """

    starts_s: NDArray[np.float64]
    length_s: float
    paths: tuple[str, ...]
    recordings: NDArray[np.int32]
    kept_starts_s: NDArray[np.float64]

    def at(self, at_s: float) -> tuple[str, float] | None:
        """Return recording and start of the training segment nearest to a moment; None without one."""
        if not len(self.starts_s):
            return None
        nearest = int(np.abs(self.starts_s + self.length_s / 2 - at_s).argmin())
        return self.paths[int(self.recordings[nearest])], float(self.kept_starts_s[nearest])


@dataclass(frozen=True, eq=False)
class ScoredRecording:
    """Anomaly score of each moment of a recording.

    Attributes
    ----------
    name : as it is shown
    path : the file; None for the mix of the document
    content_hash : of the file; empty where it is not known
    times_s : float64, shape (n,), the middle of the audio of each score
    scores : float32, shape (n,), 0 to 1
    level_db : its level, which a taste subtracts
    parts : components of the scores by name, each float32, shape (n,)
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
        """Its unique key."""
        return "" if self.path is None else str(self.path)

    @cached_property
    def mean(self) -> float:
        """The mean score; 0 for a recording without any."""
        return float(self.scores.mean()) if len(self.scores) else 0.0

    @cached_property
    def high(self) -> float:
        """95th percentile of its scores; 0 for a recording without scores."""
        return float(np.percentile(self.scores, HIGH_PERCENTILE)) if len(self.scores) else 0.0

    def share_above(self, threshold: float) -> float:
        """Return how much of it scores at or above a threshold, 0 to 1."""
        return float(np.mean(self.scores >= threshold)) if len(self.scores) else 0.0

    def score_at(self, at_s: float) -> float:
        """Return the score at a moment; the neutral 0.5 for a recording without scores."""
        return float(np.interp(at_s, self.times_s, self.scores)) if len(self.scores) else 0.5


@dataclass(frozen=True, slots=True, eq=False)
class SegmentMap:
    """Segments of sound on a plane: neighbours sound alike.

    Attributes
    ----------
    points : float32, shape (n, 2), 0 to 1
    recording : int32, shape (n,), index of the segment's recording in `recordings`
    starts_s : float64, shape (n,), where it begins there
    length_s : of every segment
    scores : float32, shape (n,), in its middle
    recordings : (key, origin) of each, see `ScoredRecording.key`
    explained : share of the segments' variance that the plane shows, 0 to 1
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
    """A few seconds of a taste's input, and its reconstruction.

    Attributes
    ----------
    start_s, stop_s : in its recording
    at_s : the moment it is about
    heard_db : float32, shape (frames, n_mels), log-mel relative to the recording's level
    rebuilt_db : of the same shape; None with a taste that rebuilds nothing
    times_s, scores : float64 and float32, shape (n,), of the scores within
    score : at the moment
    parts : components of the score by displayed name, in standard deviations above the typical one
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
    """A passage that two tastes score differently: the share of the recording each scores lower, 0 to 1."""

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
    agreement : share of the recording with the same result if each cuts that share
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
