"""Whether a microphone without a name has recorded a drum kit at all.

A kit has few sounds, struck again and again, and evenly; steps, knocks, laughter, falling and breaking
objects differ each time, come at any moment, and some follow each other far sooner than playing allows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.octaves import Floats
from engine.features.timing.hits.candidates import Candidates
from engine.features.timing.hits.drums import all_octaves_db, new_db
from engine.features.timing.hits.strokes import SURE, Struck

_DRUMS_RISE_DB = 15.5
_SPAN_S = 20.0
_LEAST_HITS, _NEIGHBOURS = 4, 3
_UNHEARD_DB, _LEAST_DB = -40.0, 0.3
_PULSES_S = np.geomspace(0.1, 0.6, 400)
_BY_CHANCE = 6.0
_SHORTEST_S, _SHORT_S = 0.03, 0.09
_OF_REPEATS, _OF_PULSE, _OF_SHORT, _LIMIT = 2.4, 3.5, 4.4, 3.5


def is_of_a_kit(struck: Struck, candidates: Candidates, rate_hz: int) -> bool:
    """Return whether confident hits have the median rise of drums, and the regularity of a kit.

    In some recordings without drums (pianos, strings, guitars, voices) the false hits rise by 9 to 14 dB; in
    loops of drums, the softest of brushes and of a samba, hits rise by 17 to 39 dB. Regularity is measured 20
    s at a time, and half of these have to be like a kit.
    """
    sure = struck.rows[struck.likelihoods >= SURE]
    rises_db = candidates.strengths_db[sure, candidates.tracks[sure]]
    if not len(sure) or float(np.median(rises_db)) < _DRUMS_RISE_DB:
        return False
    at_s = candidates.positions_samples[sure] / rate_hz
    number = (at_s // _SPAN_S).astype(np.int64)
    spans = [sure[number == one] for one in np.unique(number)]
    told = [_likeness(candidates.take(rows), rate_hz) for rows in spans if len(rows) >= _LEAST_HITS]
    return bool(told) and float(np.median(told)) >= _LIMIT


def _likeness(hits: Candidates, rate_hz: int) -> float:
    """Return how much some hits are like those of a kit, by weights of a logistic regression."""
    at_s = hits.positions_samples / rate_hz
    gaps_s = np.diff(at_s)
    gaps_s = gaps_s[gaps_s > _SHORTEST_S]
    short = float(np.mean(gaps_s < _SHORT_S)) if len(gaps_s) else 0.0
    return _OF_REPEATS * _repeats(hits) + _OF_PULSE * _pulse(at_s) - _OF_SHORT * short


def _repeats(hits: Candidates) -> float:
    """Return the difference between hits relative to that between the most similar ones, in octaves."""
    rows = np.arange(len(hits))
    new: Floats = new_db(hits)[rows, hits.tracks]
    balance_db = np.maximum(new - all_octaves_db(new)[:, None], _UNHEARD_DB)
    apart_db = np.sqrt(np.square(balance_db[:, None] - balance_db[None]).mean(axis=-1))
    in_the_middle = float(np.median(apart_db[np.triu_indices(len(hits), 1)]))
    alike_db = np.sort(apart_db + np.diag(np.full(len(hits), np.inf)), axis=1)
    nearest = float(np.median(alike_db[:, : min(_NEIGHBOURS, len(hits) - 1)].mean(axis=1)))
    return float(np.log2(max(in_the_middle, _LEAST_DB) / max(nearest, _LEAST_DB)))


def _pulse(at_s: NDArray[np.float64]) -> float:
    """Return how evenly hits are struck, 0 to 1: how well any pulse goes with them beyond chance."""
    turns = np.exp(2j * np.pi * at_s[:, None] / _PULSES_S).mean(axis=0)
    return max(0.0, float(np.square(np.abs(turns)).max()) - _BY_CHANCE / len(at_s))
