"""Evidence that takes all drums together, once each rise has been judged by itself.

By then the hits of each drum are known well enough to show how it sounds in every microphone, and which rises
of others they explain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.octaves import Floats
from engine.document.drums.hits import Role
from engine.features.timing.hits.candidates import Candidates
from engine.features.timing.hits.drums import Drum, all_octaves_db

_SURE, _LIKELY, _FEWEST = 0.7, 0.3, 3
_ALONE = 0.2
_LEAST_SPREAD_DB, _MOST_SPREADS, _AUDIBLE_DB = 2.5, 4.0, -75.0
_SPREAD_OF_MEDIAN = 1.4826
_EARLIER_S, _LATER_S = 0.010, 0.006
_LIMIT, _FAR_MS, _NEAR_MS = 40.0, 1000.0, 0.3
_OCTAVES = 5

NAMES = (
    *("own octaves, less", "own octaves, more", "others, less", "others, more", "least other", "far, less"),
    *("far, more", "level among its hits", "first look"),
    *(f"above likely others {octave}" for octave in range(_OCTAVES)),
    *("above likely others, least", "above likely others, most", "above likely others, mean"),
    *("likeliest other", "likeliest close other", "likely others", "likeliest other, when"),
    *("since its hit", "level after it", "until its hit", "level before it"),
    *("number of its hits", "share of its hits"),
)
"""Of the columns of `second_evidence`."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The rises of a drum's microphone after the first look.

    Attributes
    ----------
    drum : its place
    rows : int64, shape (n,), of the candidates, in the order of time
    evidence : float32, shape (n, columns of `engine.features.timing.hits.evidence`)
    likelihoods : float32, shape (n,)
    """

    drum: int
    rows: NDArray[np.int64]
    evidence: Floats
    likelihoods: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Rises:
    """The rises of a drum with the common pattern of its likeliest hits.

    Attributes
    ----------
    own : its microphone
    positions : int64, shape (n,)
    levels_db : float32, shape (n,), of the new sound at its microphone
    likelihoods : float32, shape (n,)
    pattern_db, spread_db : float32, shape (tracks, octaves), levels relative to that of its microphone
    bleed_db : float32, shape (tracks, octaves), the same where the other drums of a stroke are softest
    typical_db : level of its hits
    count : number of hits that show this
    """

    own: int
    role: Role
    positions: NDArray[np.int64]
    levels_db: Floats
    likelihoods: NDArray[np.float32]
    pattern_db: Floats
    spread_db: Floats
    bleed_db: Floats
    typical_db: float
    count: int


def second_evidence(
    candidates: Candidates,
    new: Floats,
    drums: Sequence[Drum],
    roles: Sequence[Role],
    judged: Sequence[Judged],
    rate_hz: int,
) -> list[Floats]:
    """Return further evidence for the rises of each drum, shape (rises, len(NAMES)) each.

    Parameters
    ----------
    new : float32, shape (n, tracks, octaves), of `engine.features.timing.hits.drums.new_db`
    roles : of the microphones
    """
    rises = [_rises(candidates, new, drums[one.drum], one) for one in judged]
    return [_evidence_of(new[one.rows], roles, rises, which, rate_hz) for which, one in enumerate(judged)]


def _rises(candidates: Candidates, new: Floats, drum: Drum, judged: Judged) -> _Rises:
    own, likely = drum.tracks[0], judged.likelihoods
    levels_db = all_octaves_db(new[judged.rows, own])
    best = np.argsort(-likely, kind="stable")[: max(_FEWEST, int((likely > _SURE).sum()))]
    if (likely[best] > _LIKELY).sum() >= _FEWEST:
        best = best[likely[best] > _LIKELY]
    patterns = new[judged.rows[best]] - levels_db[best, None, None]
    pattern = np.median(patterns, axis=0)
    spread = _SPREAD_OF_MEDIAN * np.median(np.abs(patterns - pattern), axis=0)
    return _Rises(
        own=own,
        role=drum.role,
        positions=candidates.positions_samples[judged.rows],
        levels_db=levels_db,
        likelihoods=likely,
        pattern_db=pattern,
        spread_db=np.maximum(spread, np.float32(_LEAST_SPREAD_DB)),
        bleed_db=np.quantile(patterns, _ALONE, axis=0).astype(np.float32),
        typical_db=float(np.median(levels_db[best])),
        count=len(best),
    )


def _evidence_of(
    new: Floats, roles: Sequence[Role], rises: Sequence[_Rises], which: int, rate_hz: int
) -> Floats:
    of = rises[which]
    likely = np.clip(of.likelihoods, 1e-4, 1.0 - 1e-4)
    hits = np.flatnonzero(of.likelihoods > 0.5)
    every = np.ones(len(new))
    columns = [
        *_from_pattern(new, roles, of),
        of.levels_db - of.typical_db,
        np.log(likely / (1.0 - likely)),
        *_explained(new, rises, which, rate_hz),
        *_from_hits(of, hits, np.searchsorted(hits, np.arange(len(new))) - 1, rate_hz),
        *_from_hits(of, hits, np.searchsorted(hits, np.arange(len(new)), "right"), rate_hz),
        every * np.log2(of.count + 1.0),
        every * np.log2(of.count / len(new)),
    ]
    evidence: Floats = np.clip(np.stack(columns, axis=1), -_LIMIT, _LIMIT).astype(np.float32)
    return evidence


def _from_pattern(new: Floats, roles: Sequence[Role], of: _Rises) -> list[Floats]:
    """Return how many spreads less, and more, each rise has than the drum's hits, by microphones.

    Only microphones and octaves count in which those are audible. Other drums add sound; nothing removes it.
    """
    is_audible = of.pattern_db + of.typical_db > _AUDIBLE_DB
    away = (new - of.levels_db[:, None, None] - of.pattern_db) / of.spread_db
    away = np.where(is_audible, np.clip(away, -_MOST_SPREADS, _MOST_SPREADS), 0.0)
    octaves = np.maximum(is_audible.sum(axis=1), 1)
    less, more = np.minimum(away, 0.0).sum(axis=2) / octaves, np.maximum(away, 0.0).sum(axis=2) / octaves
    is_other = is_audible.any(axis=1) & (np.arange(len(roles)) != of.own)
    is_far = is_other & np.array([role in (Role.OVERHEAD, Role.ROOM) for role in roles], bool)
    return [
        less[:, of.own],
        more[:, of.own],
        _mean(less, is_other),
        _mean(more, is_other),
        less[:, is_other].min(axis=1) if is_other.any() else np.zeros(len(new), np.float32),
        _mean(less, is_far),
        _mean(more, is_far),
    ]


def _mean(values: Floats, columns: NDArray[np.bool_]) -> Floats:
    mean: Floats = values[:, columns].mean(axis=1) if columns.any() else np.zeros(len(values), np.float32)
    return mean


def _explained(new: Floats, rises: Sequence[_Rises], which: int, rate_hz: int) -> list[NDArray[np.float64]]:
    """Return how far each rise is above the bleed of other drums' likely hits, and how likely those are."""
    of = rises[which]
    power = np.full((len(new), new.shape[2]), 1e-12)
    best, close, total = np.zeros(len(new)), np.zeros(len(new)), np.zeros(len(new))
    when_ms = np.full(len(new), _LIMIT)
    for other, one in enumerate(rises):
        if other == which:
            continue
        found, likely = _likeliest(of.positions, one, rate_hz)
        level_db = one.levels_db[found][:, None] + one.bleed_db[of.own]
        power += np.where(likely > 0.0, likely, 0.0)[:, None] * 10.0 ** (level_db / 10.0)
        later = likely > best
        when_ms[later] = ((of.positions - one.positions[found]) / rate_hz * 1000.0)[later]
        best, total = np.maximum(best, likely), total + likely
        close = np.maximum(close, likely) if one.role.is_close else close
    above = np.clip(new[:, of.own] - 10.0 * np.log10(power), -_LIMIT, _LIMIT)
    octaves = np.minimum(np.arange(_OCTAVES), above.shape[1] - 1)
    by_octave = above[:, octaves].T
    return [
        *by_octave,
        above.min(axis=1),
        above.max(axis=1),
        above.mean(axis=1),
        best * 10.0,
        close * 10.0,
        total * 5.0,
        when_ms,
    ]


def _likeliest(
    positions: NDArray[np.int64], other: _Rises, rate_hz: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the likeliest rise of another drum about each position, and its likelihood, 0 without any."""
    first = np.searchsorted(other.positions, positions - _EARLIER_S * rate_hz)
    last = np.searchsorted(other.positions, positions + _LATER_S * rate_hz, "right")
    found, likely = np.zeros(len(positions), np.int64), np.zeros(len(positions))
    for step in range(int((last - first).max(initial=0))):
        index = np.minimum(first + step, len(other.positions) - 1)
        better = (first + step < last) & (other.likelihoods[index] > likely)
        found[better], likely[better] = index[better], other.likelihoods[index][better]
    return found, likely


def _from_hits(
    of: _Rises, hits: NDArray[np.int64], which: NDArray[np.int64], rate_hz: int
) -> list[NDArray[np.float64]]:
    """Return how far each rise is from a hit of its drum, in octaves of 1 ms, and its relative level."""
    known = (which >= 0) & (which < len(hits))
    hit = hits[np.clip(which, 0, max(0, len(hits) - 1))] if len(hits) else np.zeros(len(which), np.int64)
    apart_ms = np.abs(of.positions - of.positions[hit]) / rate_hz * 1000.0
    apart_ms = np.where(known, np.clip(apart_ms, _NEAR_MS, _FAR_MS), _FAR_MS)
    return [np.log2(apart_ms), np.where(known, of.levels_db - of.levels_db[hit], 0.0)]
