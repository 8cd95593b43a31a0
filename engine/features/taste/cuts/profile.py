"""The score curve made smooth and even, so that thresholds, areas and peaks are plain array work.

Spans with exact edges, as of dead air, are smoothed apart from the rest, and cuts keep to these edges.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.dead_air import HISS, HUM, ROOM, SILENCE
from engine.core.timebase import Samples, inside, united
from engine.core.wording import level_text
from engine.document.analysis import OTHER_TEMPO, Listening, ScoreCurve
from engine.features.taste.anomaly.threshold import SMOOTHING_S, SURELY_ODD

Numbers = NDArray[np.float64]

CELL_S = 0.1
"""Below the hop of any recipe, and finer than a user places a cut before it snaps."""

OPTIMISED_SMOOTHING_S = 1.0
"""The same for cuts of a target length, whose search weighs the gains of single segments itself."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreProfile:
    """The smoothed score over equal cells that tile the recording.

    Attributes
    ----------
    scores : shape (n,), one per cell
    edges_samples : int64, shape (n + 1,), where the cells begin and end
    area : shape (n + 1,), score times samples from the start of the recording to each cell edge
    """

    scores: Numbers
    edges_samples: Samples
    area: Numbers

    @property
    def length_samples(self) -> int:
        """The end of the last cell."""
        return int(self.edges_samples[-1])

    def areas(self, starts: Samples, stops: Samples) -> Numbers:
        """Return score times samples over spans, shape (k,)."""
        ends = np.stack([starts, stops])
        upto: Numbers = np.interp(ends.ravel(), self.edges_samples, self.area).reshape(ends.shape)
        between: Numbers = upto[1] - upto[0]
        return between

    def peaks(self, starts: Samples, stops: Samples) -> tuple[Numbers, Samples]:
        """Return the highest score in each span, shape (k,), and the first cell that has it, shape (k,).

        A cell belongs to a span that holds any part of it.
        """
        first = np.searchsorted(self.edges_samples, starts, side="right") - 1
        last = np.maximum(np.searchsorted(self.edges_samples, stops, side="left"), first + 1)
        spans = zip(first.tolist(), last.tolist(), strict=True)
        at = np.array([a + int(np.argmax(self.scores[a:b])) for a, b in spans], np.int64)
        return self.scores[at], at


def smooth(
    curve: ScoreCurve,
    *,
    length_samples: int,
    rate_hz: int,
    width_s: float = SMOOTHING_S,
    sharp: Samples | None = None,
) -> ScoreProfile:
    """Smooth a curve of at least one point over a recording of at least one sample.

    Parameters
    ----------
    sharp : spans [start, stop), shape (k, 2), ascending and disjoint, with exact edges; scores inside and
        outside are smoothed separately
    """
    cells = max(1, math.ceil(length_samples / (CELL_S * rate_hz)))
    edges = np.rint(np.linspace(0, length_samples, min(cells, length_samples) + 1)).astype(np.int64)
    known = np.zeros((0, 2), np.int64) if sharp is None else np.clip(sharp, 0, length_samples)
    edges = np.union1d(edges, known.ravel())
    middles = (edges[1:] + edges[:-1]) / 2
    here = inside(middles, known)
    points = inside(curve.times_samples, known)
    scores = np.zeros(len(middles))
    for side in (False, True):
        cells_here, points_here = here == side, points == side
        if not cells_here.any():
            continue
        # Too short a side to hold a point of the curve takes what the curve says around it.
        use = points_here if points_here.any() else np.ones_like(points_here)
        even = np.interp(middles, curve.times_samples[use], curve.scores[use].astype(np.float64))
        scores[cells_here] = _smoothed(even, cells_here, width_s)[cells_here]
    area = np.concatenate([np.zeros(1), np.cumsum(scores * np.diff(edges))])
    return ScoreProfile(scores, edges, area)


def _smoothed(even: Numbers, counts: NDArray[np.bool_], width_s: float) -> Numbers:
    """Return the weighted means of those cells around each that count."""
    half = round(width_s / 2 / CELL_S)
    window = np.bartlett(2 * half + 1)[1:-1]
    weights = np.pad(counts.astype(np.float64), half - 1, mode="edge")
    padded = np.pad(even, half - 1, mode="edge") * weights
    total = np.convolve(weights, window, mode="valid")
    smooth = np.convolve(padded, window, mode="valid") / np.maximum(total, 1e-9)
    # The clip undoes rounding, so that a flat curve stays flat and no score exceeds what was measured.
    return np.clip(smooth, even[counts].min(), even[counts].max())


PAUSES = "pauses"
"""The maker of cuts that are proposed without a taste."""

_CALLED: Mapping[str, str] = {
    HISS: "hiss",
    HUM: "mains hum",
    ROOM: "an empty room",
    SILENCE: "digital silence",
}
_MINOR = 0.1

_NEARLY_ALL = 0.9
_BLURRED_S = 3.0


def surely_dead(curve: ScoreCurve, listening: Listening | None) -> Samples:
    """Return the dead air, shape (k, 2), that the score takes for such throughout: cuts keep to its edges."""
    if listening is None:
        return np.zeros((0, 2), np.int64)
    spans = listening.dead_air_samples
    first, last = np.searchsorted(curve.times_samples, spans).T
    odd = np.concatenate([[0], np.cumsum(curve.scores >= np.float32(SURELY_ODD))])
    sure: Samples = spans[(last > first) & (odd[last] - odd[first] >= _NEARLY_ALL * (last - first))]
    return sure


def exact_spans(curve: ScoreCurve, listening: Listening | None) -> Samples:
    """Return dead air and the faults whose edges rules know, shape (k, 2): cuts keep to their edges."""
    has_edges = np.array([kind != OTHER_TEMPO for kind in curve.fault_kinds], bool)
    return united(np.concatenate([surely_dead(curve, listening), curve.faults_samples[has_edges]]))


def ending_with(spans: Samples, dead: Samples, rate_hz: int) -> Samples:
    """Return cuts, shape (n, 2), that end with dead air, unless scores beyond stay high for seconds.

    The sound shortly before and after dead air is scored together with it.
    """
    moved = spans.copy()
    if not len(dead) or not len(spans):
        return moved
    reach = round(_BLURRED_S * rate_hz)
    starts, stops = dead[:, 0], dead[:, 1]
    after = np.minimum(np.searchsorted(starts, spans[:, 0]), len(starts) - 1)
    first = starts[after]
    begins = (first > spans[:, 0]) & (first - spans[:, 0] < reach) & (first < spans[:, 1])
    before = np.maximum(np.searchsorted(stops, spans[:, 1], side="right") - 1, 0)
    last = stops[before]
    ends = (last < spans[:, 1]) & (spans[:, 1] - last < reach) & (last > spans[:, 0])
    moved[begins, 0] = first[begins]
    moved[ends, 1] = last[ends]
    return moved


def curve_of_pauses(listening: Listening, length_samples: int) -> ScoreCurve:
    """Return a score curve that knows dead air alone: 1 in it and 0 elsewhere."""
    edges = listening.dead_air_samples.ravel()
    levels = np.tile([0.0, SURELY_ODD], len(edges) // 2 + 1)[: len(edges) + 1]
    # Two points at every edge, so that the curve steps there.
    times = np.concatenate([[0], np.repeat(edges, 2), [length_samples]])
    times[1:-1:2] -= 1
    return ScoreCurve(np.maximum(times, 0), np.repeat(levels, 2).astype(np.float32), PAUSES)


@dataclass(frozen=True, slots=True)
class DeadAirIn:
    """The dead air in a cut.

    Attributes
    ----------
    seconds, share : its duration and its share of the cut
    words : its kind, such as "hiss at −62 dBFS"; empty without any
    """

    seconds: float = 0.0
    share: float = 0.0
    words: str = ""


def dead_air_in(spans: Samples, listening: Listening, rate_hz: int) -> list[DeadAirIn]:
    """Return the dead air in each span, shape (n, 2)."""
    starts, stops = listening.dead_air_samples.T
    found = []
    for start, stop in spans.tolist():
        first, last = int(np.searchsorted(stops, start, "right")), int(np.searchsorted(starts, stop, "left"))
        lengths = np.minimum(stops[first:last], stop) - np.maximum(starts[first:last], start)
        if first >= last:
            found.append(DeadAirIn())
            continue
        dead = int(lengths.sum())
        words = _called(listening.dead_air_kinds[first:last], listening.dead_air_db[first:last], lengths)
        found.append(DeadAirIn(dead / rate_hz, dead / (stop - start), words))
    return found


def _called(kinds: Sequence[str], levels_db: NDArray[np.float32], lengths: Samples) -> str:
    """Name the kinds, the longest first, and the level if there is one kind with a level."""
    of_kind: dict[str, int] = {}
    for kind, length in zip(kinds, lengths.tolist(), strict=True):
        of_kind[kind] = of_kind.get(kind, 0) + length
    least = _MINOR * sum(of_kind.values())
    named = [kind for kind in sorted(of_kind, key=lambda one: -of_kind[one]) if of_kind[kind] >= least]
    if len(named) > 1 or named[0] == SILENCE:
        return " and ".join(_CALLED.get(kind, kind) for kind in named[:2])
    longest = int(np.argmax(np.where(np.array(kinds) == named[0], lengths, 0)))
    return f"{_CALLED.get(named[0], named[0])} at {level_text(float(levels_db[longest]), 'dBFS')}"
