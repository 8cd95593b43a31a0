"""Ghost notes, flams and drags played on purpose, distinguished from early or late voices."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.octaves import Floats
from engine.document.drums.hits import ORNAMENTS, Hits, Ornament, Role
from engine.features.timing.hits.judge import ORNAMENT_WEIGHTS, network_of

_GRACE_S = 0.055
_NEAR_S, _FAR_S = 0.003, 0.5
_SOFTER_DB = 2.0
_LOUD_QUANTILE = 0.8
_LIMIT_DB = 30.0
_LEAST_FOR_HABIT = 5
_FAR_MS = 80.0
_EVEN_S = 0.006

EVIDENCE = (
    "snare",
    "tom",
    "kick",
    "beside loud",
    "until next",
    "next, level",
    "since before",
    "before, level",
    "until the one after next",
    "after next, level",
    "voices",
    "off",
    "off, size",
    "off beside habit",
    "habitual spread",
    "until next stroke",
    "since stroke before",
    "odd",
)
"""Columns of `evidence_of_ornaments`."""


def with_ornaments(hits: Hits, rate_hz: int) -> Hits:
    """Return hits with the most likely ornament of each.

    If the playing is even, simple limits detect late voices, too: much of the network's training data is
    uneven, and it is cautious there.
    """
    told = ornament_likelihoods(hits, rate_hz).argmax(axis=1).astype(np.int8)
    if is_even(hits, rate_hz):
        late = ORNAMENTS.index(Ornament.LATE_VOICE)
        told[(by_rule(hits, rate_hz) == late) & (told == ORNAMENTS.index(Ornament.NONE))] = late
    return replace(hits, ornaments=told)


def ornament_likelihoods(hits: Hits, rate_hz: int) -> NDArray[np.float32]:
    """Return the probability of each of `ORNAMENTS` for each hit, float32, shape (n, len(ORNAMENTS)).

    From strength and spacing, and from the usual spread of the voices in this drummer's strokes. Pure: needs
    `Hits` alone.
    """
    evidence = evidence_of_ornaments(hits, rate_hz)
    logits = network_of(ORNAMENT_WEIGHTS).outputs(evidence)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    likely: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return likely


def evidence_of_ornaments(hits: Hits, rate_hz: int) -> Floats:
    """Return the features that distinguish ornaments from mistakes, float32, shape (n, len(EVIDENCE))."""
    count = len(hits.onsets_samples)
    if not count:
        return np.zeros((0, len(EVIDENCE)), np.float32)
    times_s = played_s(hits, rate_hz)
    voices = hits.voices
    around = _own_drum(hits, times_s)
    off = _off(hits, times_s, around.is_grace)
    first_s = np.full(int(hits.strokes[-1]) + 1, np.inf)
    np.minimum.at(first_s, hits.strokes, times_s)
    until = np.append(np.diff(first_s), _FAR_S)[hits.strokes]
    since = np.insert(np.diff(first_s), 0, _FAR_S)[hits.strokes]
    columns = [
        *(np.array([voice is role for voice in voices], float) for role in (Role.SNARE, Role.TOM, Role.KICK)),
        around.beside_loud_db / 10.0,
        *around.columns,
        off.voices,
        off.ms / 20.0,
        np.abs(off.ms) / 20.0,
        off.beside_habit_ms / 20.0,
        off.spread_ms / 10.0,
        _octaves(until),
        _octaves(since),
        off.is_odd,
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def is_even(hits: Hits, rate_hz: int) -> bool:
    """Return whether consecutive strokes of similar note values are evenly spaced, within 6 ms.

    Only then is a distance of some hundredths of a second within a stroke certainly a mistake: elsewhere two
    close hits may be separate on purpose.
    """
    if not len(hits.strokes):
        return False
    first_s = np.full(int(hits.strokes[-1]) + 1, np.inf)
    np.minimum.at(first_s, hits.strokes, played_s(hits, rate_hz))
    before, after = np.diff(first_s)[:-1], np.diff(first_s)[1:]
    is_row = (after < 1.5 * before) & (before < 1.5 * after)
    return bool(is_row.any()) and float(np.median(np.abs(after - before)[is_row])) / 2.0 <= _EVEN_S


def played_s(hits: Hits, rate_hz: int) -> NDArray[np.float64]:
    """Return when each hit was played, in seconds, shape (n,): without the delay of its microphone."""
    return (hits.onsets_samples - hits.delays_samples[hits.tracks]) / rate_hz


@dataclass(frozen=True, slots=True, eq=False)
class _OwnDrum:
    """Other sounds on the drum of each hit."""

    beside_loud_db: NDArray[np.float64]
    is_grace: NDArray[np.bool_]
    columns: tuple[NDArray[np.float64], ...]


def _own_drum(hits: Hits, times_s: NDArray[np.float64]) -> _OwnDrum:
    count = len(times_s)
    beside, is_grace = np.zeros(count), np.zeros(count, bool)
    columns = tuple(np.zeros(count) for _ in range(6))
    strengths = hits.strengths_db.astype(np.float64)
    for track in np.unique(hits.tracks):
        own = np.flatnonzero(hits.tracks == track)
        level, at_s = strengths[own], times_s[own]
        beside[own] = np.clip(level - np.quantile(level, _LOUD_QUANTILE), -_LIMIT_DB, _LIMIT_DB)
        for (gap, louder), step in zip((columns[0:2], columns[2:4], columns[4:6]), (1, -1, 2), strict=True):
            away_s, more_db = _stepped(at_s, level, step)
            gap[own], louder[own] = _octaves(away_s), more_db / 10.0
            if step > 0:
                is_grace[own] |= (away_s <= _GRACE_S) & (more_db >= _SOFTER_DB)
    return _OwnDrum(beside, is_grace, columns)


def _stepped(
    at_s: NDArray[np.float64], level_db: NDArray[np.float64], step: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far each hit's neighbour is, and how much louder."""
    away_s, more_db = np.full(len(at_s), _FAR_S), np.full(len(at_s), -_LIMIT_DB)
    size = abs(step)
    if len(at_s) > size:
        here, there = (slice(None, -size), slice(size, None))
        if step < 0:
            here, there = there, here
        away_s[here] = np.abs(at_s[there] - at_s[here])
        more_db[here] = np.clip(level_db[there] - level_db[here], -_LIMIT_DB, _LIMIT_DB)
    return away_s, more_db


def _octaves(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    octaves: NDArray[np.float64] = np.log2(np.clip(seconds, _NEAR_S, _FAR_S) / _NEAR_S)
    return octaves


@dataclass(frozen=True, slots=True, eq=False)
class _Off:
    """Deviation of each hit from the other voices of its stroke.

    Attributes
    ----------
    voices : how many other voices there are
    ms : delay relative to their middle; 0 alone
    beside_habit_ms : the same relative to the usual delay of its voice
    spread_ms : how far voices usually are from each other in this performance
    is_odd : 1 where it is the one of its stroke that is most off
    """

    voices: NDArray[np.float64]
    ms: NDArray[np.float64]
    beside_habit_ms: NDArray[np.float64]
    spread_ms: NDArray[np.float64]
    is_odd: NDArray[np.float64]


def _off(hits: Hits, times_s: NDArray[np.float64], is_grace: NDArray[np.bool_]) -> _Off:
    count = len(times_s)
    voices, ms, odd = np.zeros(count), np.zeros(count), np.zeros(count)
    main = np.flatnonzero(~is_grace)
    borders = np.flatnonzero(np.diff(hits.strokes[main], prepend=-1, append=np.iinfo(np.int32).max))
    for start, stop in itertools.pairwise(borders):
        rows = main[start:stop]
        tracks = np.unique(hits.tracks[rows])
        if len(tracks) < 2:
            continue
        for row in rows:
            others = rows[hits.tracks[rows] != hits.tracks[row]]
            ms[row] = 1000.0 * (times_s[row] - np.median(times_s[others]))
            voices[row] = len(tracks) - 1
        # Of two alike the later: voices come late more often than early.
        odd[rows[np.argmax(np.abs(ms[rows]) + 1e-3 * ms[rows])]] = 1.0
    ms = np.clip(ms, -_FAR_MS, _FAR_MS)
    habit = np.zeros(count)
    for track in np.unique(hits.tracks):
        own = (hits.tracks == track) & (voices > 0)
        if own.sum() >= _LEAST_FOR_HABIT:
            habit[hits.tracks == track] = np.median(ms[own])
    with_others = np.abs(ms - habit)[voices > 0]
    spread = float(np.median(with_others)) if len(with_others) else 0.0
    return _Off(voices, ms, np.abs(ms - habit), np.full(count, spread), odd)


def by_rule(hits: Hits, rate_hz: int) -> NDArray[np.int8]:
    """Return the ornaments found by simple limits, int8, shape (n,): the network's baseline."""
    times_s = played_s(hits, rate_hz)
    if not len(times_s):
        return np.zeros(0, np.int8)
    around = _own_drum(hits, times_s)
    off = _off(hits, times_s, around.is_grace)
    told = np.zeros(len(times_s), np.int8)
    can = np.array([voice in (Role.SNARE, Role.TOM) for voice in hits.voices], bool)
    snare = np.array([voice is Role.SNARE for voice in hits.voices], bool)
    told[snare & (around.beside_loud_db <= -10.0)] = ORNAMENTS.index(Ornament.GHOST)
    late = (off.is_odd > 0) & (np.abs(off.ms) >= np.maximum(10.5, 3.0 * off.spread_ms))
    told[late] = ORNAMENTS.index(Ornament.LATE_VOICE)
    grace = can & around.is_grace
    told[grace] = ORNAMENTS.index(Ornament.FLAM)
    for track in np.unique(hits.tracks):
        own = np.flatnonzero((hits.tracks == track) & grace)
        near = np.flatnonzero(np.diff(times_s[own]) <= _GRACE_S)
        told[own[near]] = told[own[near + 1]] = ORNAMENTS.index(Ornament.DRAG)
    return told
