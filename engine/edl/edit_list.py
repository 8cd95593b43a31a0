"""What remains to be heard, as spans of the source timeline laid end to end.

Conventions: spans are half-open, positions are integer samples at the document's rate. "Source" positions
count on the document's timeline before any cut, "result" positions count in what the user will hear. Two
neighbouring segments overlap by the length of their crossfade, centred on the cut, so that taking a
crossfade away or changing its length moves nothing: the result is as long as the kept material, always.
"""

from __future__ import annotations

from collections.abc import Iterable
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


@dataclass(frozen=True, eq=False)
class EditList:
    """Segments in the order they are heard, at rising source positions.

    They are arrays of shape (n,), so that thousands cost no more than a few; `segments` spells them out.

    Attributes
    ----------
    starts_samples, stops_samples, result_starts_samples, fades_in_samples, fades_out_samples : of each
        segment, what `Segment` says of one
    rate_hz : the document's rate
    length_samples : length of the result
    source_length_samples : length of the document's timeline
    """

    starts_samples: Positions
    stops_samples: Positions
    result_starts_samples: Positions
    fades_in_samples: Positions
    fades_out_samples: Positions
    rate_hz: int
    length_samples: int
    source_length_samples: int

    @classmethod
    def of(
        cls, segments: Iterable[Segment], rate_hz: int, length_samples: int, source_length_samples: int
    ) -> EditList:
        """Return the edit list of segments."""
        rows = [
            (s.start_samples, s.stop_samples, s.result_start_samples, s.fade_in_samples, s.fade_out_samples)
            for s in segments
        ]
        starts, stops, results, fades_in, fades_out = np.array(rows, np.int64).reshape(-1, 5).T.copy()
        return cls(
            starts, stops, results, fades_in, fades_out, rate_hz, length_samples, source_length_samples
        )

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """Each segment by itself."""
        return tuple(Segment(*row) for row in np.stack(self._columns, axis=1).tolist())

    @property
    def _columns(self) -> tuple[Positions, ...]:
        return (
            self.starts_samples,
            self.stops_samples,
            self.result_starts_samples,
            self.fades_in_samples,
            self.fades_out_samples,
        )

    @property
    def _lengths(self) -> tuple[int, int, int]:
        return self.rate_hz, self.length_samples, self.source_length_samples

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EditList):
            return NotImplemented
        return self is other or (
            self._lengths == other._lengths and all(map(np.array_equal, self._columns, other._columns))
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is heard."""
        return not len(self.starts_samples)

    @cached_property
    def kept_starts_samples(self) -> Positions:
        """Source position where each segment takes over: the middle of its crossfade. Shape (n,)."""
        kept = self.starts_samples + self.fades_in_samples // 2
        kept[:1] = self.starts_samples[:1]  # the edge of the first fades within itself
        return kept

    @cached_property
    def kept_stops_samples(self) -> Positions:
        """Source position where each segment hands over. Shape (n,)."""
        kept = self.stops_samples - (self.fades_out_samples - self.fades_out_samples // 2)
        kept[-1:] = self.stops_samples[-1:]
        return kept

    @cached_property
    def bounds_samples(self) -> Positions:
        """Result positions where seams and what is heard of one segment alone begin, and the end.

        Shape (2 n + 2,): from 2 i on runs the seam at which segment i takes over, from 2 i + 1 on what is
        heard of it alone; from 2 n on runs the fade of the end.
        """
        bounds = np.empty(2 * len(self.starts_samples) + 2, np.int64)
        bounds[0:-2:2] = self.result_starts_samples
        bounds[1:-2:2] = self.result_starts_samples + self.fades_in_samples
        bounds[-2] = self.length_samples - int(self.fades_out_samples[-1:].sum())
        bounds[-1] = self.length_samples
        return bounds

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
        if self.is_empty:
            return np.zeros_like(positions)
        positions = np.clip(positions, 0, self.length_samples)
        index = np.searchsorted(self.seams_samples, positions, side="right") - 1
        mapped: Positions = self.kept_starts_samples[index] + positions - self.seams_samples[index]
        return mapped

    def to_result_array(self, source_samples: ArrayLike) -> Positions:
        """Map source positions, shape (n,), to result positions, shape (n,); inside a cut lies the seam."""
        positions = np.asarray(source_samples, np.int64)
        if self.is_empty:
            return np.zeros_like(positions)
        index = np.maximum(np.searchsorted(self.kept_starts_samples, positions, side="right") - 1, 0)
        kept = np.clip(positions, self.kept_starts_samples[index], self.kept_stops_samples[index])
        mapped: Positions = self.seams_samples[index] + kept - self.kept_starts_samples[index]
        return mapped
