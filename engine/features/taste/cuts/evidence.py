"""Evidence of a fault in a cut: a rule found it, or the taste names a kind of fault.

Music that is merely unlike the training data is not a fault.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.span_means import means_of
from engine.core.spans import Samples, runs, united
from engine.document.analysis import (
    FRAGMENT,
    LONG_PAUSE,
    OTHER_LEVEL,
    OTHER_TEMPO,
    PHRASE_LEVEL,
    RESTART,
    ScoreCurve,
)
from engine.review.part_wording import NOT_FAULTS, RHYTHM, UNLIKE_REST, fault_parts

PART_S = 10.0
_UNLIKE_REST = 1.2
"""Times the highest distance of the training data from the rest of itself; clean places have up to 1.1."""
_FOREIGN, _INNER = 2.0, 0.25
"""Times the highest values in the training data: voices and rooms of their own have at most 1.6 times."""
_MOSTLY_FOUND = 0.4
"""Rules have found at least this share of a part."""

_PLAIN_PARTS = 3
"""This number of parts in a row without evidence of a fault is not cut."""
_MOSTLY_NEW = 0.5
_USUAL_FROM_S = 60.0
"""The sound of new songs is known from this much of them on; a shorter one can be a fault as a whole."""
_CERTAIN = 1.2
"""A part of the score this many times its highest value in the training data is certain evidence."""
_EXACT = (OTHER_LEVEL, PHRASE_LEVEL, LONG_PAUSE)
_OF_A_RULE = 0.5
"""The evidence of a rule that is wrong now and then; dead air and levels are exact."""


def share_in(spans: Samples, found: Samples) -> NDArray[np.float64]:
    """Return the share of each span, shape (n, 2), inside others, shape (k, 2), ascending and disjoint."""
    edges = np.append(found.ravel(), np.iinfo(np.int64).max)
    upto = np.append(0, np.cumsum(np.diff(found)[:, 0]))

    def before(positions: NDArray[np.int64]) -> NDArray[np.int64]:
        number = np.searchsorted(found[:, 1], positions, side="right")
        inside: NDArray[np.int64] = upto[number] + np.maximum(0, positions - edges[2 * number])
        return inside

    shares: NDArray[np.float64] = (before(spans[:, 1]) - before(spans[:, 0])) / np.diff(spans)[:, 0]
    return shares


def are_faults(
    spans: Samples, curve: ScoreCurve, found: Samples, rate_hz: int, least: float = 1.0
) -> NDArray[np.bool_]:
    """Return whether there is evidence of faults in most of each span; True where it cannot be known.

    Spans, shape (n, 2), are divided into equal parts of about `PART_S`, since a long one has several kinds of
    fault. In each of them, the mean of a part of the score above its highest value in the training data is
    evidence.

    Parameters
    ----------
    found : spans that rules found, shape (k, 2), ascending and disjoint
    least : times the highest value in the training data
    """
    if not len(curve.part_limits) or not len(spans):
        return np.ones(len(spans), bool)
    parts, counts = _parts_of(spans, rate_hz)
    return _mostly(_are_evident(parts, curve, found, rate_hz, least), counts)


def without_plain_music(spans: Samples, curve: ScoreCurve, found: Samples, rate_hz: int) -> Samples:
    """Return spans, shape (n, 2), without long passages that have no evidence of faults; see `are_faults`."""
    if not len(curve.part_limits) or not len(spans):
        return spans
    parts, counts = _parts_of(spans, rate_hz)
    is_evident = _are_evident(parts, curve, found, rate_hz)
    rest: list[tuple[int, int]] = []
    ends = np.cumsum(counts)
    for first, last in zip((ends - counts).tolist(), ends.tolist(), strict=True):
        plain = [
            (first + start, first + stop)
            for start, stop in runs(~is_evident[first:last]).tolist()
            if stop - start >= _PLAIN_PARTS
        ]
        edges = [first, *(edge for one in plain for edge in one), last]
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            if stop > start:
                rest.append((int(parts[start, 0]), int(parts[stop - 1, 1])))
    return np.array(rest, np.int64).reshape(-1, 2)


def are_unlike_rest(spans: Samples, curve: ScoreCurve, rate_hz: int) -> NDArray[np.bool_]:
    """Return whether most of each span, shape (n, 2), is further from the recording's rest than edits are."""
    if UNLIKE_REST not in curve.part_names or not len(curve.part_limits) or not len(spans):
        return np.zeros(len(spans), bool)
    parts, counts = _parts_of(spans, rate_hz)
    return _mostly(
        _relative(parts, curve, [curve.part_names.index(UNLIKE_REST)])[:, 0] >= _UNLIKE_REST, counts
    )


def _are_evident(
    parts: Samples, curve: ScoreCurve, found: Samples, rate_hz: int, least: float = 1.0
) -> NDArray[np.bool_]:
    """Return of each part of a span whether rules found most of it, or a kind of fault scores high there."""
    high = _highest_parts(parts, curve, rate_hz) >= least
    evident: NDArray[np.bool_] = high | (share_in(parts, found) >= _MOSTLY_FOUND)
    return evident


def _mostly(are_true: NDArray[np.bool_], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return of each span whether at least half of its parts are true."""
    true = np.add.reduceat(are_true.astype(np.int64), np.cumsum(counts) - counts)
    mostly: NDArray[np.bool_] = 2 * true >= counts
    return mostly


def are_certain(spans: Samples, curve: ScoreCurve, dead_air: Samples, rate_hz: int) -> NDArray[np.bool_]:
    """Return whether there is certain evidence in all of each span, shape (n, 2); True if it is not known.

    A part of the score far above the training data is certain, or exact rules are, or two signs together.
    """
    if not len(curve.part_limits) or not len(spans):
        return np.ones(len(spans), bool)
    parts, counts = _parts_of(spans, rate_hz)
    kinds = np.array(curve.fault_kinds)
    exact = united(np.concatenate([dead_air, curve.faults_samples[np.isin(kinds, _EXACT)]]))
    others = [united(curve.faults_samples[kinds == kind]) for kind in (FRAGMENT, OTHER_TEMPO, RESTART)]
    certainty = _highest_parts(parts, curve, rate_hz) / _CERTAIN
    for found in (united(curve.false_starts_samples[:, :2]), *others):
        certainty += _OF_A_RULE * (share_in(parts, found) >= _MOSTLY_FOUND)
    is_certain = (certainty >= 1.0) | (share_in(parts, exact) >= _MOSTLY_FOUND)
    everywhere: NDArray[np.bool_] = np.logical_and.reduceat(is_certain, np.cumsum(counts) - counts)
    return everywhere


def _parts_of(spans: Samples, rate_hz: int) -> tuple[Samples, NDArray[np.int64]]:
    """Return spans in equal parts of about `PART_S`, shape (k, 2), and the number of parts of each."""
    counts = np.maximum(1, np.rint(np.diff(spans)[:, 0] / (PART_S * rate_hz)).astype(np.int64))
    edges = [
        np.linspace(start, stop, count + 1)
        for (start, stop), count in zip(spans.tolist(), counts.tolist(), strict=True)
    ]
    parts = np.rint(np.concatenate([np.stack([one[:-1], one[1:]], axis=1) for one in edges])).astype(np.int64)
    return parts, counts


def are_foreign(spans: Samples, curve: ScoreCurve) -> NDArray[np.bool_]:
    """Return whether most of each span, shape (n, 2), is far from the edits and the rest of the recording.

    A voice or a room that a recording has again and again is like its rest.
    """
    unlike = [number for number, name in enumerate(curve.part_names) if name in NOT_FAULTS]
    if not len(curve.part_limits) or len(unlike) < len(NOT_FAULTS):
        return np.zeros(len(spans), bool)
    least = (curve.parts[:, unlike] / curve.part_limits[unlike]).min(axis=1)
    first, last = (np.searchsorted(curve.times_samples, spans[:, edge]) for edge in (0, 1))
    here = (least[start:stop] for start, stop in zip(first.tolist(), last.tolist(), strict=True))
    # The sound before and after is scored together with a phrase: its ends say little.
    return np.array([len(one) > 0 and np.quantile(one, _INNER) >= _FOREIGN for one in here], bool)


def _highest_parts(spans: Samples, curve: ScoreCurve, rate_hz: int) -> NDArray[np.float64]:
    """Return the highest part of the score of each span, relative to its highest value in the edits.

    A song that no edit plays has a rhythm of its own, and its kit or an instrument can resemble a fault
    throughout: over a minute of such songs, a part counts by how far it is above its median there.
    """
    faults = fault_parts(curve.part_names)
    values = _relative(spans, curve, faults)
    is_rhythm = np.array([curve.part_names[number] == RHYTHM for number in faults], bool)
    is_new = share_in(spans, curve.unfamiliar_samples) >= _MOSTLY_NEW
    values[np.ix_(is_new, is_rhythm)] = 0.0
    if np.diff(curve.unfamiliar_samples).sum() >= _USUAL_FROM_S * rate_hz:
        values[is_new] -= np.maximum(_medians_in_new_songs(curve, faults), 0.0)
    highest: NDArray[np.float64] = values.max(axis=1, initial=0.0)
    return highest


def _medians_in_new_songs(curve: ScoreCurve, numbers: list[int]) -> NDArray[np.float64]:
    """Return the medians of parts of the score in songs that no edit plays, shape (k,), as `_relative`."""
    is_new = np.zeros(len(curve.times_samples), bool)
    for start, stop in curve.unfamiliar_samples.tolist():
        is_new |= (curve.times_samples >= start) & (curve.times_samples < stop)
    medians: NDArray[np.float64] = np.median(curve.parts[is_new][:, numbers], axis=0)
    return medians / curve.part_limits[numbers]


def _relative(spans: Samples, curve: ScoreCurve, numbers: list[int]) -> NDArray[np.float64]:
    """Return the means of parts of the score in spans, shape (n, k), relative to the highest in the edits."""
    limits = curve.part_limits[numbers].astype(np.float64)
    first, last = (np.searchsorted(curve.times_samples, spans[:, edge]) for edge in (0, 1))
    return means_of(curve.parts[:, numbers] / limits, first, last)
