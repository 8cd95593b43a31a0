"""Reference examples of cuts: the most similar passage of the reference recordings."""

from __future__ import annotations

import numpy as np

from engine.core.spans import Samples
from engine.document.analysis import NearestReference
from engine.document.proposals import ReferenceExample

LONGEST_EXAMPLE_S = 8.0


def nearest_examples(
    spans: Samples, nearest: NearestReference | None, rate_hz: int
) -> list[ReferenceExample | None]:
    """Return the reference example of each span, shape (n, 2); None if unknown.

    Uses the segment of a span with the smallest distance; for a span shorter than a segment, the one around
    its middle. The example is as long as the span, up to `LONGEST_EXAMPLE_S`, with that segment at the same
    place in both.
    """
    if nearest is None or not len(nearest.starts_samples):
        return [None] * len(spans)
    starts, length = nearest.starts_samples, nearest.length_samples
    firsts = np.searchsorted(starts, spans[:, 0]).tolist()
    lasts = np.searchsorted(starts, spans[:, 1] - length, side="right").tolist()
    around = np.clip(np.searchsorted(starts, (spans.sum(axis=1) - length) // 2), 0, len(starts) - 1).tolist()
    found: list[ReferenceExample | None] = []
    for k, (start, stop) in enumerate(spans.tolist()):
        inside = nearest.distances[firsts[k] : lasts[k]]
        at = firsts[k] + int(inside.argmin()) if len(inside) else around[k]
        found.append(_example(nearest, at, start, stop, rate_hz))
    return found


def _example(nearest: NearestReference, at: int, start: int, stop: int, rate_hz: int) -> ReferenceExample:
    """Return the example of one segment, with as much context as the span has."""
    recording, kept_s = int(nearest.recordings[at]), float(nearest.kept_starts_s[at])
    before_s = (int(nearest.starts_samples[at]) - start) / rate_hz
    length_s = nearest.length_samples / rate_hz
    more_s = max(0.0, min((stop - start) / rate_hz, LONGEST_EXAMPLE_S) - length_s)
    after_s = max(0.0, (stop - start) / rate_hz - before_s - length_s)
    lead_s = min(max(0.0, before_s), max(more_s / 2, more_s - after_s), kept_s)
    end_s = min(kept_s + length_s + more_s - lead_s, float(nearest.durations_s[recording]))
    return ReferenceExample(
        path=nearest.paths[recording],
        start_s=kept_s - lead_s,
        stop_s=end_s,
        distance=float(nearest.distances[at]),
        offset_s=before_s - lead_s,
    )
