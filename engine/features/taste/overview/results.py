"""Contents of the Taste page, as frozen values; light, so that widgets can draw them without torch.

They are facts of a taste, scores of recordings, a map of segments with their decisions, a comparison of two
tastes on the same recording, and a summary in a sentence or two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import format_time, s_to_samples_array
from engine.core.wording import counted, percent
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.features.taste.anomaly.threshold import HeldOutCurve, expectation

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
    held_out_curve : None in an older taste
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
    held_out_curve: HeldOutCurve | None = None


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
    input_db : float32, shape (frames, n_mels), log-mel relative to the recording's level
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
    input_db: NDArray[np.float32]
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


_EDGE = 0.5
"""Percent at each side of each axis that do not set its scale: one outlier would compress all others."""


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Points, shape (n, 2), 0 to 1, and the share of the segments' variance they explain."""

    points: NDArray[np.float32]
    explained: float


def principal_plane(embeddings: NDArray[np.float32]) -> Plane:
    """Project onto the two directions in which embeddings, shape (n, d), differ most.

    The same embeddings always give the same picture: each direction points to where its largest weight is
    positive (principal components are free in their sign).
    """
    count = len(embeddings)
    if count < 2:
        return Plane(np.full((count, 2), 0.5, np.float32), 1.0)
    centred = embeddings - embeddings.mean(axis=0)
    spread, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    first = directions[:, ::-1][:, :2]
    first = first * np.sign(first[np.abs(first).argmax(axis=0), np.arange(first.shape[1])])
    projected = centred @ first.astype(np.float32)
    if projected.shape[1] < 2:
        projected = np.column_stack([projected, np.zeros(count, np.float32)])
    total = float(spread.sum())
    explained = float(spread[-2:].sum()) / total if total > 0.0 else 1.0
    # Both axes at one scale, so that distances can be compared.
    low, high = np.percentile(projected, [_EDGE, 100.0 - _EDGE], axis=0)
    placed = 0.5 + 0.92 * (projected - (low + high) / 2) / max(float((high - low).max()), 1e-9)
    return Plane(np.clip(placed, 0.0, 1.0).astype(np.float32), explained)


PASSAGE_S = 4.0
"""Length of a passage on which two tastes differ: long enough for a listener."""

MOST_DIFFERENCES = 8

Numbers = NDArray[np.float64]


def compare(
    first_name: str, first: ScoredRecording, second_name: str, second: ScoredRecording, threshold: float
) -> Comparison:
    """Compare the scores of two tastes for one recording, by the order of its moments.

    Scores of two tastes have no common scale, so both cut the same share: that of the first one at
    `threshold`.
    """
    aligned = replace(
        second,
        times_s=first.times_s,
        scores=np.interp(first.times_s, second.times_s, second.scores).astype(np.float32)
        if len(second.scores)
        else np.full(len(first.scores), 0.5, np.float32),
        parts={},
    )
    ranks, others = _ranks(first.scores), _ranks(aligned.scores)
    differ = len(ranks) > 1 and ranks.std() > 0.0 and others.std() > 0.0
    share = first.share_above(threshold)
    same = (ranks >= 1.0 - share) == (others >= 1.0 - share)
    return Comparison(
        first_name,
        second_name,
        first,
        aligned,
        float(np.corrcoef(ranks, others)[0, 1]) if differ else 0.0,
        share,
        float(same.mean()) if len(same) else 1.0,
        _differences(first.times_s, ranks, others),
    )


def _ranks(scores: NDArray[np.float32]) -> Numbers:
    """Return how much of the recording scores less than each moment, 0 to 1; equal scores share a rank."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - (counts + 1) / 2
    return (below / max(len(scores) - 1, 1))[inverse]


def _differences(times_s: Numbers, ranks: Numbers, others: Numbers) -> tuple[Difference, ...]:
    """Return the passages whose mean ranks differ most, none overlapping another."""
    if len(times_s) < 2:
        return ()
    hop_s = float(times_s[1] - times_s[0])
    width = min(max(1, round(PASSAGE_S / hop_s)), len(times_s))
    windows = np.stack([np.concatenate([[0.0], np.cumsum(one)]) for one in (ranks, others)])
    means = (windows[:, width:] - windows[:, :-width]) / width
    gaps = np.abs(means[0] - means[1])
    found: list[Difference] = []
    while len(found) < MOST_DIFFERENCES and gaps.max() > 0.0:
        at = int(gaps.argmax())
        start_s = max(0.0, float(times_s[at]) - hop_s / 2)
        found.append(Difference(start_s, start_s + width * hop_s, float(means[0, at]), float(means[1, at])))
        gaps[max(0, at - width + 1) : at + width] = 0.0
    return tuple(found)


_OF_VERDICT = (
    (Verdict.UNDECIDED, SegmentState.UNDECIDED),
    (Verdict.REJECTED, SegmentState.REJECTED),
    (Verdict.ACCEPTED, SegmentState.ACCEPTED),
)
"""In the order of their strength: where proposals overlap, the one that is accepted counts."""


def segment_states(shown: SegmentMap, state: DocumentState) -> NDArray[np.uint8]:
    """Return the `SegmentState` of each segment, shape (n,): that of the proposal around its middle."""
    origins = np.array([origin for _key, origin in shown.recordings])
    of_each = origins[shown.recording] if len(origins) else np.zeros(0, str)
    states = np.where(of_each == Origin.KEPT, SegmentState.KEPT, SegmentState.REST).astype(np.uint8)
    here = np.flatnonzero(of_each == Origin.DOCUMENT)
    if not len(here) or not state.proposals:
        return states
    middles = s_to_samples_array(shown.starts_s[here] + shown.length_s / 2, state.rate_hz)
    order = np.argsort(middles, kind="stable")
    here, middles = here[order], middles[order]
    verdicts = {key: state.verdict(key) for key in state.proposals}
    for verdict, segment_state in _OF_VERDICT:
        for key, given in verdicts.items():
            if given is verdict:
                first, last = np.searchsorted(middles, state.span(key))
                states[here[first:last]] = segment_state
    return states


_WHOLE_MINUTES_FROM_S = 600.0
_MINUTE_S = 60.0
NO_RECORDING = "Import a recording, or drop one here, to see the cuts of this taste."


@dataclass(frozen=True, slots=True)
class WouldCut:
    """Length that the cuts of the open recording would remove, rejected ones and open questions left out."""

    cut_s: float
    count: int
    questions: int = 0


def verdict(
    scored: ScoredRecording,
    odd: float,
    threshold: float,
    would_cut: WouldCut | None,
    curve: HeldOutCurve | None = None,
) -> str:
    """Describe the length that would be cut from a recording, its typical share, and the expected cuts.

    Parameters
    ----------
    odd : scores up to this are like the training data
    would_cut : of the open recording, if its cuts come from this taste; else the threshold is used
    curve : of the taste, for the expected share of cuts; None from an older one
    """
    parts = [_of_this(scored, odd, threshold, would_cut)]
    if would_cut is not None and would_cut.questions:
        parts.append(f"Unfamiliar sound: {counted(would_cut.questions, 'question')}.")
    return " ".join(filter(None, (*parts, expectation(curve, threshold))))


def _of_this(scored: ScoredRecording, odd: float, threshold: float, would_cut: WouldCut | None) -> str:
    length_s = scored.duration_s
    like = percent(float(np.mean(scored.scores <= odd)) if len(scored.scores) else 0.0)
    if scored.origin is Origin.KEPT:
        return f"One of your edits: {like} of it sounds as this taste expects."
    if would_cut is None:
        odd_s = length_s * scored.share_above(threshold)
        return f"{part_of(odd_s, length_s)} sound unlike your edits."
    if not would_cut.count or would_cut.cut_s <= 0.0:
        return f"Nothing of {_length(length_s)} would be cut. {like} of it sounds like your edits."
    cuts = "one cut" if would_cut.count == 1 else f"{would_cut.count:,} cuts"
    goes = f"{part_of(would_cut.cut_s, length_s)} would be cut, in {cuts}."
    return f"{goes} {like} of the recording sounds like your edits."


def part_of(part_s: float, whole_s: float) -> str:
    """Return "12 of 90 minutes", of a short recording "1:58 of 4:02 minutes"."""
    if whole_s < _WHOLE_MINUTES_FROM_S:
        return f"{format_time(part_s, 0)} of {format_time(whole_s, 0)} minutes"
    if 0.0 < part_s < _MINUTE_S:
        return f"{part_s:.0f} seconds of {_length(whole_s)}"
    return f"{part_s / _MINUTE_S:.0f} of {_length(whole_s)}"


def _length(seconds: float) -> str:
    if seconds < _WHOLE_MINUTES_FROM_S:
        return f"{format_time(seconds, 0)} minutes"
    return f"{seconds / _MINUTE_S:.0f} minutes"
