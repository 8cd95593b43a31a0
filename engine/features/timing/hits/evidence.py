"""Evidence that a rise is a hit of the drum at its microphone, and not bleed or ringing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.octaves import Floats
from engine.document.drums.hits import Role
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
        loudest: Floats = np.clip(np.max(levels, axis=0), -_LIMIT_DB, _LIMIT_DB) if levels else nothing
        return loudest

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
