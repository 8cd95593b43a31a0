"""Lines along which an edited file and a raw recording run together: a raw recording and an offset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.features.match.searching.places import Places

_SAME_WITHIN_SAMPLES = 0.8


@dataclass(frozen=True, slots=True)
class Diagonal:
    """A raw recording at an offset, for its detected duration; in samples at the rate of the search.

    Attributes
    ----------
    offset : delay in the raw recording relative to the edited file
    start, stop : range of the edited file in which it was detected
    score : the highest of the scores of its places
    """

    raw: int
    offset: float
    start: float
    stop: float
    score: float


def diagonals(found: Places, stretch_samples: float, longest_gap_samples: float) -> list[Diagonal]:
    """Unite places of the same raw recording and offset that follow each other."""
    order = np.lexsort((found.at, found.offset, found.raw))
    raw, offset = found.raw[order], found.offset[order]
    breaks = np.flatnonzero((np.diff(raw) != 0) | (np.diff(offset) > _SAME_WITHIN_SAMPLES)) + 1
    lines = []
    for group in np.split(order, breaks):
        if not len(group):
            continue
        by_time = group[np.argsort(found.at[group], kind="stable")]
        gaps = np.flatnonzero(np.diff(found.at[by_time]) > longest_gap_samples) + 1
        for run in np.split(by_time, gaps):
            best = run[found.score[run] >= 0.8 * found.score[run].max()]
            lines.append(
                Diagonal(
                    int(found.raw[run[0]]),
                    float(np.median(found.offset[best])),
                    float(found.at[run[0]] - stretch_samples / 2),
                    float(found.at[run[-1]] + stretch_samples / 2),
                    float(found.score[run].max()),
                )
            )
    return sorted(lines, key=lambda line: line.start)
