"""The drums at the microphones, their bleed in others, and their delays, learned from the recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import Floats
from engine.document.analysis import Role
from engine.features.timing.hits.candidates import SILENCE_DB, Candidates

_ONE_DRUM = (Role.KICK, Role.SNARE, Role.HAT)
CLEAR_STRENGTH_DB = 12.0
_FIRST_S = 0.001
_HIDDEN_DB = 3.0
_ONE_ALONE_DB = 20.0
_RINGS_ON = 0.9
_LEAST_TYPICAL, _TYPICAL_SHARE = 3, 0.3
_UNKNOWN_BLEED_DB = -60.0
_LOUD, _LOUD_WITHIN_DB = 0.9, 15.0


@dataclass(frozen=True, slots=True)
class Drum:
    """A sound source: one of the kit's drums, or the cymbals picked up by one overhead alone.

    Attributes
    ----------
    tracks : its microphones, such as above and below a snare, the earliest first
    """

    role: Role
    tracks: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Bleed:
    """Bleed of each drum into all microphones, from its hits alone.

    Attributes
    ----------
    heard_db : float32, shape (drums, tracks, octaves), relative to the level of the drum at its own
        microphone
    typical_db : float32, shape (drums,), that level of loud hits
    contrast_db : float32, shape (drums,), how much further than any other drum's its microphone rises where
        it does so most but once, and less 20 dB where it does so most: a drum may be struck once alone; next
        to nothing where the drum is not played
    """

    heard_db: Floats
    typical_db: Floats
    contrast_db: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LoudRises:
    """The clear rises of a drum's microphone, whichever drum they are of.

    Attributes
    ----------
    rows : int64, shape (n,), of the candidates
    levels_db : float32, shape (n,), of the new sound in all octaves
    loud_db, octaves_db : the level of the loud ones, in all octaves and in each, float64, shape (octaves,)
    """

    rows: NDArray[np.int64]
    levels_db: Floats
    loud_db: float
    octaves_db: NDArray[np.float64]


def drums_of(roles: Sequence[Role], candidates: Candidates, rate_hz: int) -> tuple[Drum, ...]:
    """Return the drums of a kit, from the roles of all microphones and their rises.

    Several microphones at the kick, the snare or the hi-hat share one drum; each one at a tom or a cymbal has
    its own. Sounds in overheads alone are cymbals; without close microphones overheads are the only source.
    """
    drums = [
        Drum(role, _first_first(_with(roles, role), candidates, rate_hz))
        for role in _ONE_DRUM
        if role in roles
    ]
    drums += [Drum(role, (track,)) for track, role in enumerate(roles) if role in (Role.TOM, Role.CYMBAL)]
    far = _with(roles, Role.OVERHEAD)
    if not drums and not far:
        far = _with(roles, Role.ROOM) or tuple(range(len(roles)))
    return (*drums, *(Drum(Role.OVERHEAD, (track,)) for track in far))


def _first_first(tracks: tuple[int, ...], candidates: Candidates, rate_hz: int) -> tuple[int, ...]:
    """Return the microphones of one drum, the one with the earliest rises before the others.

    Of those within a millisecond one that rises far less is last: below a snare its wires hide soft hits. Of
    the others the one that rises clearly least often is first: below a snare its wires rattle on after each
    hit and at hits of other drums, and outside a kick all other drums bleed in.
    """
    if len(tracks) < 2 or not len(candidates):
        return tracks
    strengths_db = candidates.strengths_db[:, list(tracks)]
    strong = np.isin(candidates.tracks, tracks) & (strengths_db.min(axis=1) > CLEAR_STRENGTH_DB)
    if not strong.any():
        return tracks
    lags = np.median(candidates.lags_samples[strong][:, list(tracks)], axis=0)
    is_later = lags > lags.min() + _FIRST_S * rate_hz
    rises_db = np.median(strengths_db[strong], axis=0)
    is_hidden = rises_db < rises_db.max() - _HIDDEN_DB
    rises = [
        np.sum((candidates.tracks == track) & (strengths_db[:, place] > CLEAR_STRENGTH_DB))
        for place, track in enumerate(tracks)
    ]
    return tuple(tracks[place] for place in np.lexsort((rises, is_hidden, np.where(is_later, lags, 0.0))))


def _with(roles: Sequence[Role], role: Role) -> tuple[int, ...]:
    return tuple(track for track, one in enumerate(roles) if one is role)


def rise_at_all(candidates: Candidates, drums: Sequence[Drum]) -> NDArray[np.bool_]:
    """Return whether each drum's microphone rises further than noise does, bool, shape (drums,).

    In a minute of noise the furthest rise is some 10 dB; where a drum is struck it is more than 17 dB.
    """
    return np.array(
        [
            candidates.strengths_db[candidates.tracks == own, own].max(initial=0.0) > CLEAR_STRENGTH_DB
            for own in (drum.tracks[0] for drum in drums)
        ],
        bool,
    )


def new_db(candidates: Candidates) -> Floats:
    """Return the level of the new sound at each candidate, without ringing, shape (n, tracks, octaves)."""
    power = 10.0 ** (candidates.levels_db / 10.0) - _RINGS_ON * 10.0 ** (candidates.before_db / 10.0)
    level_db = 10.0 * np.log10(np.maximum(power, np.float32(10.0 ** (SILENCE_DB / 10.0))))
    return np.asarray(level_db, np.float32)


def all_octaves_db(levels_db: Floats) -> Floats:
    """Return the level of all octaves together, over the last axis."""
    total: Floats = 10.0 * np.log10((10.0 ** (levels_db / 10.0)).sum(axis=-1))
    return total


def contrasts_db(candidates: Candidates, drum: Drum, drums: Sequence[Drum]) -> Floats:
    """Return how much further a drum's microphones rise at each candidate than those of any other drum."""
    others = [track for other in drums if other is not drum for track in other.tracks if other.role.is_close]
    own: Floats = candidates.strengths_db[:, list(drum.tracks)].max(axis=1)
    return own - candidates.strengths_db[:, others].max(axis=1) if others else own


def loud_rises(candidates: Candidates, new: Floats, drum: Drum) -> LoudRises:
    """Return the clear rises of a drum's microphone, and how loud they get.

    Parameters
    ----------
    new : float32, shape (n, tracks, octaves), of `new_db`
    """
    own = drum.tracks[0]
    rows = np.flatnonzero((candidates.tracks == own) & (candidates.strengths_db[:, own] > CLEAR_STRENGTH_DB))
    if not len(rows):
        return LoudRises(rows, np.zeros(0, np.float32), SILENCE_DB, np.full(new.shape[2], SILENCE_DB))
    levels_db = all_octaves_db(new[rows, own])
    octaves_db = np.quantile(new[rows, own], _LOUD, axis=0)
    return LoudRises(rows, levels_db, float(np.quantile(levels_db, _LOUD)), octaves_db)


def learn_bleed(
    candidates: Candidates, new: Floats, drums: Sequence[Drum], loud: Sequence[LoudRises]
) -> Bleed:
    """Learn the bleed of each drum into each microphone, from its loud hits with the softest other drums.

    Levels relative to the loud rises of a microphone are compared: in a quiet room every drum rises far in
    every microphone.

    Parameters
    ----------
    new : float32, shape (n, tracks, octaves), of `new_db`
    loud : of each drum, of `loud_rises`
    """
    count, (_, tracks, octaves) = len(drums), new.shape
    heard = np.full((count, tracks, octaves), _UNKNOWN_BLEED_DB, np.float32)
    typical, contrast = np.full(count, SILENCE_DB, np.float32), np.zeros(count, np.float32)
    for index, (drum, rises) in enumerate(zip(drums, loud, strict=True)):
        clear = np.sort(contrasts_db(candidates, drum, drums)[rises.rows])[::-1]
        if len(clear):
            contrast[index] = max(clear[min(1, len(clear) - 1)], clear[0] - _ONE_ALONE_DB)
        is_loud = rises.levels_db >= rises.loud_db - _LOUD_WITHIN_DB
        rows, own_db = rises.rows[is_loud], rises.levels_db[is_loud]
        if len(rows) < _LEAST_TYPICAL - 1:
            continue
        others = [
            all_octaves_db(new[rows, drums[other].tracks[0]]) - loud[other].loud_db
            for other in range(count)
            if other != index and drums[other].role.is_close and len(loud[other].rows)
        ]
        above_db = own_db - rises.loud_db - (np.max(others, axis=0) if others else 0.0)
        alone = np.argsort(-above_db, kind="stable")
        alone = alone[: max(_LEAST_TYPICAL, round(_TYPICAL_SHARE * len(alone)))]
        typical[index] = rises.loud_db
        beside_db = new[rows[alone]] - own_db[alone, None, None]
        # Not the mean of the middle two: between hits and loud wires it would be the bleed of neither.
        heard[index] = np.quantile(beside_db, 0.5, axis=0, method="higher")
    return Bleed(heard, typical, contrast)


def expected_db(new: Floats, drums: Sequence[Drum], bleed: Bleed, but: int) -> Floats:
    """Return the expected level of all other drums in the microphone of a drum, shape (n, octaves).

    Parameters
    ----------
    but : the drum of whose own sound nothing is expected
    """
    own = drums[but].tracks[0]
    power = np.full((len(new), new.shape[2]), 10.0 ** (SILENCE_DB / 10.0), np.float32)
    for index, drum in enumerate(drums):
        if index != but and drum.role.is_close:
            level_db = all_octaves_db(new[:, drum.tracks[0]])[:, None] + bleed.heard_db[index, own]
            power += 10.0 ** (level_db / 10.0)
    return np.asarray(10.0 * np.log10(power), np.float32)


def played(bleed: Bleed) -> NDArray[np.bool_]:
    """Return whether each drum is played at all, shape (drums,)."""
    return bleed.typical_db > SILENCE_DB


_STRONG_QUANTILE = 0.8
_APART_S, _EARLY_S, _LATEST_S = 0.03, 0.001, 0.025
"""A room microphone at 8 m is 25 ms late."""
_LEAST_RISE_DB = 6.0
_MOST_STROKES, _LEAST_STROKES, _LEAST_SHARE = 1_000, 8, 0.4
_QUANTILE = 0.25


def lateness_ms(candidates: Candidates, rate_hz: int) -> NDArray[np.float64]:
    """Measure how much later than the first microphone each one picks up strokes.

    Returns
    -------
    late_ms : float64, shape (tracks,), the lower quartile over strokes; NaN for a microphone that picks up
        fewer than 40 % of them, or fewer than 8: one drum alone does not show a distance
    """
    tracks = candidates.strengths_db.shape[1]
    strengths_db = candidates.strengths_db[np.arange(len(candidates)), candidates.tracks]
    strokes = _strokes(candidates, strengths_db, rate_hz)
    late_ms = np.full(tracks, np.nan)
    for track in range(tracks):
        rows = np.flatnonzero((candidates.tracks == track) & (strengths_db >= _LEAST_RISE_DB))
        found = _furthest(candidates.positions_samples[rows], strengths_db[rows], strokes, rate_hz)
        if len(found) >= max(_LEAST_STROKES, _LEAST_SHARE * len(strokes)):
            late_ms[track] = np.quantile(found, _QUANTILE) / rate_hz * 1000.0
    return late_ms


def _strokes(candidates: Candidates, strengths_db: NDArray[np.float32], rate_hz: int) -> NDArray[np.int64]:
    """Return where the first microphone picks up each stroke, of up to 1,000 over the whole recording."""
    is_strong = strengths_db >= CLEAR_STRENGTH_DB
    for track in np.unique(candidates.tracks):
        own = candidates.tracks == track
        is_strong[own] &= strengths_db[own] >= np.quantile(strengths_db[own], _STRONG_QUANTILE)
    positions = candidates.positions_samples[is_strong]
    first = positions[np.diff(positions, prepend=-rate_hz) > _APART_S * rate_hz]
    return first[:: max(1, len(first) // _MOST_STROKES)]


def _furthest(
    positions: NDArray[np.int64], strengths_db: NDArray[np.float32], strokes: NDArray[np.int64], rate_hz: int
) -> NDArray[np.int64]:
    """Return how many samples after each stroke a microphone rises most, of the strokes at which it does."""
    starts = np.searchsorted(positions, strokes - round(_EARLY_S * rate_hz))
    stops = np.searchsorted(positions, strokes + round(_LATEST_S * rate_hz))
    late = [
        positions[start + strengths_db[start:stop].argmax()] - stroke
        for start, stop, stroke in zip(starts, stops, strokes, strict=True)
        if stop > start
    ]
    return np.array(late, np.int64)
