"""Rows of the comparison that know no network: copying, removing rubbish, and the nearest neighbour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.features.arrangement.network import Pair
from engine.features.arrangement.rules.outline import runs_of
from engine.features.arrangement.step_features import HAS_BEAT, TAKES, StepFeatures
from engine.features.arrangement.steps import Order, order_of, spans_of

_FALSE_START = TAKES.start + 16
_LEAST_S = 8.0


def without_rubbish(heard: StepFeatures) -> Order:
    """Play all runs of playing of at least eight seconds, without false starts and rests."""
    edges = heard.steps.edges_s
    kept = [
        (first, last)
        for first, last in runs_of(heard)
        if edges[last] - edges[first] >= _LEAST_S
        and heard.features[first:last, _FALSE_START].mean() < 0.5
        and heard.features[first:last, HAS_BEAT].mean() > 0.5
    ]
    return order_of(kept or [(0, len(heard))])


def of_nearest(heard: StepFeatures, pairs: Sequence[Pair]) -> Order:
    """Carry the edit of the most similar recording over, section by section."""
    pair = min(pairs, key=lambda one: float(np.abs(_outline(one.heard) - _outline(heard)).mean()))
    carry = _carried(pair.heard, heard)
    spans = [(int(carry[first]), int(carry[last])) for first, last in spans_of(pair.order)]
    return order_of(span for span in spans if span[1] > span[0])


def _outline(heard: StepFeatures) -> NDArray[np.float64]:
    """Return the course of loudness, and of where sections begin, over the length of a recording."""
    at = np.linspace(0, max(len(heard) - 1, 0), 60).astype(int)
    starts = np.zeros(len(heard))
    for one in heard.sections:
        starts[one.first] = 1.0
    smooth = np.convolve(starts, np.ones(9), "same")
    return np.concatenate([heard.features[at, 0].astype(np.float64), smooth[at]])


def _carried(source: StepFeatures, target: StepFeatures) -> NDArray[np.int64]:
    """Return for each edge of steps of one recording the place in another.

    Sections are paired by label and occurrence, as they appear, from the start; else by their place.
    """
    pairs = [(0, 0), (len(source), len(target))]
    own, others = _named(source), _named(target)
    for name, (first, last) in own.items():
        if name in others:
            pairs += [(first, others[name][0]), (last, others[name][1])]
    at, to = np.array(sorted(dict(pairs).items())).T
    to = np.maximum.accumulate(to)
    return np.round(np.interp(np.arange(len(source) + 1), at, to)).astype(np.int64)


def _named(heard: StepFeatures) -> dict[tuple[int, int], tuple[int, int]]:
    """Return the sections by label and occurrence."""
    counts: dict[int, int] = {}
    found = {}
    for one in heard.sections:
        number = counts[one.label] = counts.get(one.label, -1) + 1
        found[one.label, number] = (one.first, one.last)
    return found
