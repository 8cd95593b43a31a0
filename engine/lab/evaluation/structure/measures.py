"""Measures of sections against a truth, by mir_eval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Span = tuple[float, float, str]

_NONE = "none"
_LEAST_S = 0.05


@dataclass(frozen=True, slots=True)
class Scores:
    """F of one song: boundaries within 0.5 s and 2 s without both ends of the song, and pairwise labels."""

    near: float
    wide: float
    labels: float


def scored(truth: Sequence[Span], found: Sequence[Span]) -> Scores:
    """Return the scores of found sections.

    Boundaries are those of C. Turnbull et al., ISMIR 2007, labels the pairwise clustering of M. Levy and M.
    Sandler, IEEE TASLP 16 (2008).
    """
    import mir_eval

    start_s, stop_s = truth[0][0], truth[-1][1]
    of, labels_of = _covering(truth, start_s, stop_s)
    said, labels_said = _covering(found, start_s, stop_s)

    def at(window_s: float) -> float:
        if len(said) < 2:  # no boundary within
            return 0.0
        return float(mir_eval.segment.detection(of, said, window=window_s, trim=True)[2])

    return Scores(at(0.5), at(2.0), float(mir_eval.segment.pairwise(of, labels_of, said, labels_said)[2]))


def _covering(spans: Sequence[Span], start_s: float, stop_s: float) -> tuple[np.ndarray, list[str]]:
    """Return intervals from the start of a song, and labels: time in no section has a label of its own."""
    edges: list[float] = [start_s]
    labels: list[str] = []

    def add(last_s: float, label: str) -> None:
        if last_s - edges[-1] > _LEAST_S:
            edges.append(last_s)
            labels.append(label)

    for first_s, last_s, label in spans:
        add(min(first_s, stop_s), _NONE)
        add(min(last_s, stop_s), label)
    add(stop_s, _NONE)
    edges[-1] = stop_s
    found = np.stack([edges[:-1], edges[1:]], axis=1) - start_s
    return found, labels
