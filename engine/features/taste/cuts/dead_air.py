"""Dead air and other spans with exact edges in cuts, and names of dead air."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.dead_air import HISS, HUM, ROOM, SILENCE
from engine.core.spans import Samples, united
from engine.core.wording import level_text
from engine.document.analysis import OTHER_TEMPO, Listening, ScoreCurve
from engine.features.taste.anomaly.dead_air import SURELY_ODD

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
    first, last = (np.searchsorted(curve.times_samples, spans[:, edge]) for edge in (0, 1))
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
