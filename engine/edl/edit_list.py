"""What remains to be heard, as spans of the source timeline laid end to end.

Conventions: spans are half-open, positions are integer samples at the document's rate. "Source" positions
count on the document's timeline before any cut, "result" positions count in what the user will hear. Two
neighbouring segments overlap by the length of their crossfade, centred on the cut, so that taking a
crossfade away or changing its length moves nothing: the result is as long as the kept material, always.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of the source timeline that is heard, with the material that its fades need.

    Attributes
    ----------
    start_samples, stop_samples : source span, overlaps included
    result_start_samples : where it begins in the result: where the overlap with the segment before begins
    fade_in_samples, fade_out_samples : length of the crossfade with the neighbour, or of the fade of an
        exposed edge where there is none (the first segment's start, the last one's stop); 0 for a hard edge
    """

    start_samples: int
    stop_samples: int
    result_start_samples: int
    fade_in_samples: int = 0
    fade_out_samples: int = 0

    @property
    def result_stop_samples(self) -> int:
        """Where it ends in the result, the overlap with the next segment included."""
        return self.result_start_samples + self.stop_samples - self.start_samples


@dataclass(frozen=True)
class EditList:
    """Segments in the order they are heard, at rising source positions.

    Attributes
    ----------
    rate_hz : the document's rate
    length_samples : length of the result
    source_length_samples : length of the document's timeline
    """

    segments: tuple[Segment, ...]
    rate_hz: int
    length_samples: int
    source_length_samples: int

    @cached_property
    def kept_starts_samples(self) -> Positions:
        """Source position where each segment takes over: the middle of its crossfade. Shape (n,)."""
        return np.array(
            [s.start_samples + (s.fade_in_samples // 2 if i else 0) for i, s in enumerate(self.segments)],
            np.int64,
        )

    @cached_property
    def kept_stops_samples(self) -> Positions:
        """Source position where each segment hands over. Shape (n,)."""
        last = len(self.segments) - 1
        return np.array(
            [
                s.stop_samples - (s.fade_out_samples - s.fade_out_samples // 2 if i < last else 0)
                for i, s in enumerate(self.segments)
            ],
            np.int64,
        )

    @cached_property
    def seams_samples(self) -> Positions:
        """Result position where each segment takes over; the inner ones are the cuts. Shape (n,)."""
        lengths = self.kept_stops_samples - self.kept_starts_samples
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])[: len(lengths)]

    @property
    def removed_spans(self) -> tuple[tuple[int, int], ...]:
        """Source spans that are not heard, ascending."""
        starts = [0, *self.kept_stops_samples.tolist()]
        stops = [*self.kept_starts_samples.tolist(), self.source_length_samples]
        return tuple((start, stop) for start, stop in zip(starts, stops, strict=True) if start < stop)

    def to_source(self, result_samples: int) -> int:
        """Return the source position heard at a result position (see `to_source_array`)."""
        return int(self.to_source_array([result_samples])[0])

    def to_result(self, source_samples: int) -> int:
        """Return the result position where a source position is heard (see `to_result_array`)."""
        return int(self.to_result_array([source_samples])[0])

    def to_source_array(self, result_samples: ArrayLike) -> Positions:
        """Map result positions, shape (n,), to source positions, shape (n,).

        A seam maps to the start of what follows it, the end of the result to the end of the last segment.
        Positions outside the result map to its nearest end; an empty result maps to 0.
        """
        positions = np.asarray(result_samples, np.int64)
        if not self.segments:
            return np.zeros_like(positions)
        positions = np.clip(positions, 0, self.length_samples)
        index = np.searchsorted(self.seams_samples, positions, side="right") - 1
        mapped: Positions = self.kept_starts_samples[index] + positions - self.seams_samples[index]
        return mapped

    def to_result_array(self, source_samples: ArrayLike) -> Positions:
        """Map source positions, shape (n,), to result positions, shape (n,); inside a cut lies the seam."""
        positions = np.asarray(source_samples, np.int64)
        if not self.segments:
            return np.zeros_like(positions)
        index = np.maximum(np.searchsorted(self.kept_starts_samples, positions, side="right") - 1, 0)
        kept = np.clip(positions, self.kept_starts_samples[index], self.kept_stops_samples[index])
        mapped: Positions = self.seams_samples[index] + kept - self.kept_starts_samples[index]
        return mapped
