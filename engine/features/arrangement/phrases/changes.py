"""Changes of level and tone at the edges of steps, where another rendition may begin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.features.arrangement.orders import Span
from engine.features.arrangement.phrases.sounds import Floats, Seconds, Sounds, blocks

_LEAST_AROUND_S, _MOST_AROUND_S = 1.2, 3.5
_LEAST_CHANGE_DB = 0.5
_SLOTS = 16
_MOST_ALIKE, _LEAST_ALIKE = 8, 0.5
"""The number of places that an edge is compared with, and how alike they are at least."""
_SEVERAL = 4
"""Of this number of places, one has the same change by chance."""
_AT_ONCE = 512


def _bar_s(edges_s: Seconds, bar_steps: int) -> float:
    """Return the usual length of a bar, within limits."""
    return float(np.clip(np.median(np.diff(edges_s)) * bar_steps, _LEAST_AROUND_S, _MOST_AROUND_S))


def changes_of(sounds: Sounds, edges_s: NDArray[np.float64], bar_steps: int) -> NDArray[np.float64]:
    """Return how much level and tone change at the edges of a run, as deviations from usual, shape (n,).

    The bar before each edge is compared with the bar after it.

    Parameters
    ----------
    edges_s : of the steps of a run of playing, shape (n,), ascending
    """
    found = np.zeros(len(edges_s))
    if len(edges_s) < 12:
        return found
    bar_s = _bar_s(edges_s, bar_steps)
    inner = edges_s[2:-2]
    before = sounds.tone_db(np.maximum(inner - bar_s, edges_s[0]), inner)
    after = sounds.tone_db(inner, np.minimum(inner + bar_s, edges_s[-1]))
    changes = np.abs(after - before).mean(axis=1)
    usual = float(np.median(changes))
    deviation = 1.4826 * float(np.median(np.abs(changes - usual))) + _LEAST_CHANGE_DB
    found[2:-2] = (changes - usual) / deviation
    return found


def unrepeated_changes_db(
    sounds: Sounds, edges_s: Seconds, playing: Sequence[Span], bar_steps: int
) -> NDArray[np.float64]:
    """Return by how many dB the level changes at edges as it does nowhere else where the same is played.

    A change that is part of the music comes again with each repetition. Where another rendition begins, at
    its own level and tone, it does not.

    Parameters
    ----------
    edges_s : of steps, shape (n,)
    playing : runs of music that are compared

    Returns
    -------
    float64, shape (n,): the median difference over the bands; NaN where the same is not played again, and
    within a bar of the ends of runs
    """
    found = np.full(len(edges_s), np.nan)
    bar_s = _bar_s(edges_s, bar_steps)
    inner = [
        first + np.flatnonzero((run_s - run_s[0] >= bar_s) & (run_s[-1] - run_s >= bar_s))
        for first, run_s in ((first, edges_s[first : last + 1]) for first, last in playing)
    ]
    places = np.concatenate([np.zeros(0, np.int64), *inner])
    at_s = edges_s[places]
    vectors = sounds.pitch_vectors(at_s - bar_s, at_s + bar_s, _SLOTS)
    half_s = bar_s / 2.0
    changes = sounds.tone_db(at_s, at_s + half_s) - sounds.tone_db(at_s - half_s, at_s)
    most = min(_MOST_ALIKE, len(places))
    for block in blocks(len(places), _AT_ONCE):
        alike: Floats = vectors[block] @ vectors.T
        alike[np.abs(at_s[block, None] - at_s) <= bar_s] = -1.0
        others = np.argpartition(-alike, most - 1, axis=1)[:, :most]
        apart = np.median(np.abs(changes[block, None] - changes[others]), axis=2)
        apart[np.take_along_axis(alike, others, axis=1) <= _LEAST_ALIKE] = np.inf
        ranked = np.sort(apart, axis=1)
        several = np.isfinite(ranked).sum(axis=1) >= _SEVERAL
        found[places[block]] = ranked[np.arange(len(ranked)), several.astype(np.int64)]
    found[np.isinf(found)] = np.nan
    return found
