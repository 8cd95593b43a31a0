"""Evidence that a rise is a hit of the drum at its microphone, and not bleed or ringing.

A small network rates each rise by itself. A second one rates it again with all drums together, when the
likely hits show how each drum sounds in every microphone, and which rises of others it explains.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import Floats
from engine.core.build import RESOURCES
from engine.document.analysis import Role
from engine.features.timing.hits.candidates import Candidates
from engine.features.timing.hits.drums import (
    CLEAR_STRENGTH_DB,
    Bleed,
    Drum,
    LoudRises,
    all_octaves_db,
    expected_db,
    played,
)

_ROLES = (Role.KICK, Role.SNARE, Role.HAT, Role.TOM, Role.CYMBAL, Role.OVERHEAD)
_LIKE = {Role.CYMBAL: Role.HAT}
"""A ride with a microphone of its own is judged as a hi-hat is: no kit to learn from has one."""
_OCTAVES = 5
_FAR_S = 1.0
_LIMIT_DB = 40.0
_HEARS_NOTHING_DB = -65.0
_ECHO_S, _SAME_ECHO_S = 0.045, 0.001
_LEAST_LOUD = 3

NAMES = (
    *(f"rise {octave}" for octave in range(_OCTAVES)),
    *(f"above bleed {octave}" for octave in range(_OCTAVES)),
    "above bleed, least",
    "above bleed, mean",
    "strength",
    "clear of others",
    "strongest other",
    "strongest other, when",
    "others rising",
    "below loud",
    "overheads beside typical",
    "is played",
    "clear at best",
    "peak",
    "since before",
    "before, level",
    "before, strength",
    "until next",
    "next, level",
    "next, strength",
    "echoes",
    "since a clear rise",
    "level after a clear rise",
    *(f"below loud {octave}" for octave in range(_OCTAVES)),
    "loudest other below loud",
    "clear of loudest other",
    "overheads below loud",
    *(str(role) for role in _ROLES),
)
"""Of the columns of `evidence_of`."""


def evidence_of(
    candidates: Candidates,
    new: Floats,
    drums: Sequence[Drum],
    bleed: Bleed,
    loud: Sequence[LoudRises],
    which: int,
    rate_hz: int,
) -> tuple[NDArray[np.int64], Floats]:
    """Return the candidate rows of a drum, and the evidence for each.

    Parameters
    ----------
    new : float32, shape (n, tracks, octaves), of `engine.features.timing.hits.drums.new_db`
    loud : of each drum, of `engine.features.timing.hits.drums.loud_rises`
    which : the place of the drum in `drums`

    Returns
    -------
    rows : int64, shape (m,), in the order of time
    evidence : float32, shape (m, len(NAMES))
    """
    drum, own = drums[which], drums[which].tracks[0]
    rows = np.flatnonzero(candidates.tracks == own)
    of, new = candidates.take(rows), new[rows]
    octaves = np.minimum(np.arange(_OCTAVES), new.shape[2] - 1)
    level_db = all_octaves_db(new[:, own])
    above = (new[:, own] - expected_db(new, drums, bleed, which))[:, octaves]
    strength = of.strengths_db[:, own]
    is_played = played(bleed)[which]
    beside = level_db - bleed.typical_db[which] if is_played else np.zeros(len(rows))
    peak_db = 20.0 * np.log10(np.maximum(of.peaks, 1e-6))
    loud_db = float(np.quantile(peak_db, 0.95)) if len(peak_db) else 0.0
    columns = [
        *of.rises_db[:, octaves].T,
        *above.T,
        above.min(axis=1),
        np.clip(above, -_LIMIT_DB, _LIMIT_DB).mean(axis=1),
        strength,
        *_others(of, drum, drums, rate_hz),
        beside,
        _overheads(new, level_db, drums, bleed, which) if is_played else np.zeros(len(rows)),
        np.full(len(rows), float(is_played)) * _LIMIT_DB,
        np.full(len(rows), bleed.contrast_db[which]),
        peak_db - loud_db,
        *_neighbour(of.positions_samples, level_db, strength, rate_hz, -1),
        *_neighbour(of.positions_samples, level_db, strength, rate_hz, 1),
        *_echoes(of.positions_samples, peak_db, strength, rate_hz),
        *_below_loud(new, drums, loud, which),
        *(np.full(len(rows), float(_LIKE.get(drum.role, drum.role) is role) * _LIMIT_DB) for role in _ROLES),
    ]
    return rows, np.clip(np.stack(columns, axis=1), -_LIMIT_DB, _LIMIT_DB).astype(np.float32)


def _others(of: Candidates, drum: Drum, drums: Sequence[Drum], rate_hz: int) -> list[Floats]:
    """Return how clear of the other drums each rises, how far and when the strongest does, how many do."""
    tracks = [other.tracks[0] for other in drums if other is not drum and other.role.is_close]
    own = of.strengths_db[:, drum.tracks[0]]
    nothing = np.zeros(len(own), np.float32)
    if not tracks:
        return [own, nothing, nothing, nothing]
    others = of.strengths_db[:, tracks]
    strongest = others.argmax(axis=1)
    lag_ms = np.nan_to_num(of.lags_samples[np.arange(len(own)), np.array(tracks)[strongest]]) / rate_hz * 1e3
    rising = (others > 10.0).sum(axis=1).astype(np.float32)
    return [own - others.max(axis=1), others.max(axis=1), lag_ms, rising]


def _overheads(new: Floats, level_db: Floats, drums: Sequence[Drum], bleed: Bleed, which: int) -> Floats:
    """Return the level of the overheads relative to the drum's microphone, compared with a typical hit."""
    tracks = [
        drum.tracks[0]
        for drum in drums
        if drum.role is Role.OVERHEAD
        and drum is not drums[which]
        and all_octaves_db(bleed.heard_db[which, drum.tracks[0]]) > _HEARS_NOTHING_DB
    ]
    if not tracks:
        return np.zeros(len(new), np.float32)
    beside = (
        all_octaves_db(new[:, tracks]) - level_db[:, None] - all_octaves_db(bleed.heard_db[which, tracks])
    )
    least: Floats = beside.min(axis=1)
    return least


def _echoes(
    positions: NDArray[np.int64], peak_db: NDArray[np.floating], strength: Floats, rate_hz: int
) -> list[NDArray[np.float64]]:
    """Return how usual the distance from the clear rise before is, that distance, and the relative level.

    Wires and shells answer each hit of their drum after the same few ms; a drummer does not play so evenly.
    The first is the share of the clear rises that another one follows after the same distance, times 40.
    """
    count, clear = len(positions), np.flatnonzero(strength > CLEAR_STRENGTH_DB)
    before = np.searchsorted(clear, np.arange(count)) - 1
    known = before >= 0
    of = clear[np.maximum(before, 0)] if len(clear) else np.zeros(count, np.int64)
    apart_s = np.where(known, (positions - positions[of]) / rate_hz, _FAR_S)
    near = apart_s < _ECHO_S
    sorted_s = np.sort(apart_s[near])
    first, last = (np.searchsorted(sorted_s, apart_s + by_s) for by_s in (-_SAME_ECHO_S, _SAME_ECHO_S))
    echoes = np.where(near, np.minimum((last - first) / max(1, len(clear)), 1.0), 0.0) * _LIMIT_DB
    octaves = np.log2(np.clip(apart_s, 0.001, _FAR_S) / 0.001)
    return [echoes, octaves, np.where(known, peak_db - peak_db[of], -_LIMIT_DB)]


def _below_loud(new: Floats, drums: Sequence[Drum], loud: Sequence[LoudRises], which: int) -> list[Floats]:
    """Return the levels of each rise relative to the loud ones of its microphone, by octave.

    Then the level of the loudest other drum in all octaves, how far its own is above it, and the overheads'.
    """
    own = drums[which].tracks[0]
    octaves = np.minimum(np.arange(_OCTAVES), new.shape[2] - 1)
    nothing = np.full(len(new), -_LIMIT_DB, np.float32)

    def loudest_of(is_wanted: Callable[[Role], bool]) -> Floats:
        levels = [
            all_octaves_db(new[:, drum.tracks[0]]) - rises.loud_db
            for other, (drum, rises) in enumerate(zip(drums, loud, strict=True))
            if other != which and len(rises.rows) >= _LEAST_LOUD and is_wanted(drum.role)
        ]
        return np.clip(np.max(levels, axis=0), -_LIMIT_DB, _LIMIT_DB) if levels else nothing

    if len(loud[which].rows) < _LEAST_LOUD:
        return [np.zeros(len(new), np.float32)] * (_OCTAVES + 3)
    by_octave = (new[:, own] - loud[which].octaves_db)[:, octaves]
    level_db = all_octaves_db(new[:, own]) - loud[which].loud_db
    others_db = loudest_of(lambda role: role.is_close)
    overheads_db = loudest_of(lambda role: role is Role.OVERHEAD)
    return [*by_octave.T, others_db, level_db - others_db, overheads_db]


def _neighbour(
    positions: NDArray[np.int64], level_db: Floats, strength: Floats, rate_hz: int, step: int
) -> list[Floats]:
    """Return how far the rise before (step -1) or after (1) in the same microphone is, and how much louder.

    In octaves of 1 ms; and how much steeper it is.
    """
    count = len(positions)
    apart_s, louder, steeper = np.full(count, _FAR_S), np.full(count, -_LIMIT_DB), np.full(count, -_LIMIT_DB)
    if count > 1:
        gaps_s = np.diff(positions) / rate_hz
        here, there = (slice(1, None), slice(None, -1)) if step < 0 else (slice(None, -1), slice(1, None))
        apart_s[here] = np.clip(gaps_s, 0.001, _FAR_S)
        louder[here] = level_db[there] - level_db[here]
        steeper[here] = strength[there] - strength[here]
    octaves = np.log2(apart_s / 0.001)
    return [np.asarray(one, np.float32) for one in (octaves, louder, steeper)]


_MODELS = RESOURCES / "models"
HIT_WEIGHTS = _MODELS / "hits.safetensors"
SECOND_LOOK_WEIGHTS = _MODELS / "hits_second_look.safetensors"
ORNAMENT_WEIGHTS = _MODELS / "ornaments.safetensors"
ROLE_WEIGHTS = _MODELS / "microphone_roles.safetensors"
"""Their model cards are in the same folder."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Layers of a perceptron with rectified units between them.

    Attributes
    ----------
    mean, spread : float32, shape (inputs,), by which inputs are standardised
    layers : weights of shape (outputs, inputs) and biases of shape (outputs,) of each
    limit : of a standardised input
    """

    mean: Floats
    spread: Floats
    layers: tuple[tuple[Floats, Floats], ...]
    limit: float = inf

    def outputs(self, evidence: Floats) -> Floats:
        """Return the outputs for each row of evidence, shape (n, outputs): logits."""
        values: Floats = np.clip((evidence - self.mean) / self.spread, -self.limit, self.limit)
        for number, (weights, biases) in enumerate(self.layers, start=1):
            values = values @ weights.T + biases
            if number < len(self.layers):
                values = np.maximum(values, 0.0)
        return values

    def likelihoods(self, evidence: Floats) -> NDArray[np.float32]:
        """Return the probability of each row from a network with one output, float32, shape (n,), 0 to 1."""
        logits = np.clip(self.outputs(evidence)[:, 0], -60.0, 60.0)
        return (1.0 / (1.0 + np.exp(-logits))).astype(np.float32)


@lru_cache(maxsize=4)
def network_of(path: Path) -> Network:
    """Read a network that is shipped."""
    from safetensors.numpy import load_file

    stored = load_file(path)
    count = sum(name.startswith("weights") for name in stored)
    layers = tuple((stored[f"weights{number}"], stored[f"biases{number}"]) for number in range(count))
    limit = float(stored["limit"][0]) if "limit" in stored else inf
    return Network(stored["mean"], stored["spread"], layers, limit)


_SURE, _LIKELY, _FEWEST = 0.7, 0.3, 3
_ALONE = 0.2
_LEAST_SPREAD_DB, _MOST_SPREADS, _AUDIBLE_DB = 2.5, 4.0, -75.0
_SPREAD_OF_MEDIAN = 1.4826
_EARLIER_S, _LATER_S = 0.010, 0.006
_LIMIT, _FAR_MS, _NEAR_MS = 40.0, 1000.0, 0.3

SECOND_NAMES = (
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
    """Return further evidence for the rises of each drum, shape (rises, len(SECOND_NAMES)) each.

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
    return values[:, columns].mean(axis=1) if columns.any() else np.zeros(len(values), np.float32)


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
