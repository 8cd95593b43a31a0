"""Count right and wrong detections in interviews, and occurrences that are found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.analysis.detection.what_sounds import Candidate
from engine.lab.evaluation.separation.events import matched
from engine.lab.evaluation.separation.recordings import Occurrence


@dataclass(slots=True)
class Counted:
    """Detections of one prompt by one method, an entry for each interview.

    Attributes
    ----------
    right, proposed : numbers of detections
    found : of each interview, whether each occurrence was found
    over_speech : whether each occurrence was found, by whether it is over speech
    """

    right: list[int] = field(default_factory=list)
    proposed: list[int] = field(default_factory=list)
    found: list[list[bool]] = field(default_factory=list)
    over_speech: dict[bool, list[bool]] = field(default_factory=lambda: defaultdict(list))

    def add(self, detections: Sequence[Candidate], asked: Sequence[tuple[Occurrence, bool]]) -> None:
        """Count one interview."""
        truth = [one for one, _ in asked]
        right, hits = matched(detections, truth, truth)
        self.right.append(len(right))
        self.proposed.append(len(detections))
        self.found.append(hits)
        for hit, (_, is_over) in zip(hits, asked, strict=True):
            self.over_speech[is_over].append(hit)

    def __iadd__(self, other: Counted) -> Counted:
        """Add the interviews of another prompt."""
        self.right += other.right
        self.proposed += other.proposed
        self.found += other.found
        for is_over, hits in other.over_speech.items():
            self.over_speech[is_over] += hits
        return self

    @property
    def precision(self) -> float:
        """Mean over the interviews in which anything was detected."""
        shares = [right / count for right, count in zip(self.right, self.proposed, strict=True) if count]
        return float(np.mean(shares)) if shares else 0.0

    @property
    def recall(self) -> float:
        """Mean over the interviews in which the sound occurs."""
        shares = [float(np.mean(hits)) for hits in self.found if hits]
        return float(np.mean(shares)) if shares else 0.0

    @property
    def pooled(self) -> tuple[float, float]:
        """Precision and recall over all detections and occurrences."""
        hits = [hit for each in self.found for hit in each]
        return sum(self.right) / max(1, sum(self.proposed)), float(np.mean(hits or [False]))
