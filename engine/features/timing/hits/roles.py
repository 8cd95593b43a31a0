"""Role of each microphone: from the user, else from its name, else from its sound.

A microphone without a name may have recorded no drum kit at all. A kit has few sounds, struck again and
again, and evenly; steps, knocks, laughter, falling and breaking objects differ each time, come at any moment,
and some follow each other far sooner than playing allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import Floats
from engine.document.analysis import Role
from engine.features.timing.hits.candidates import Candidates
from engine.features.timing.hits.drums import all_octaves_db, lateness_ms, new_db
from engine.features.timing.hits.evidence import ROLE_WEIGHTS, network_of
from engine.features.timing.hits.strokes import SURE, Struck
from engine.recordings.stated.names import is_other_instrument, role_of_name

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
    likely = [_likeness(candidates.take(rows), rate_hz) for rows in spans if len(rows) >= _LEAST_HITS]
    return bool(likely) and float(np.median(likely)) >= _LIMIT


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


HEARD_ROLES = (Role.KICK, Role.SNARE, Role.HAT, Role.TOM, Role.CYMBAL, Role.OVERHEAD, Role.ROOM)
"""In the order of the outputs of the network."""
_BY_NAME, _BY_ARRIVAL = 0.95, 0.9
_FAR_MS, _ROOM_MS, _AFTER_OVERHEADS_MS = 3.8, 5.5, 2.0
"""Overheads are up to 4.4 ms later than the nearest drum, rooms from 4 ms on: the range of both."""
_MAYBE = 0.3
_LEAST_HEARD = 4
_OCTAVES = 5
_STRONG_QUANTILE = 0.8
EVIDENCE = (
    *(f"level {octave}" for octave in range(_OCTAVES)),
    *(f"spread {octave}" for octave in range(_OCTAVES)),
    "strength",
    "strength, spread",
    "clear of others",
    "clear of others at best",
    "share first",
    "late",
    "late, spread",
    "rate",
    "level",
    "level, spread",
)
"""Columns of `evidence_of_microphones`."""


@dataclass(frozen=True, slots=True)
class GuessedRole:
    """A role and its confidence, 0 to 1; 1 from the user."""

    role: Role
    confidence: float


_UNKNOWN = GuessedRole(Role.OTHER, 0.0)


def guess_roles(
    names: Sequence[str], given: Sequence[Role | None], candidates: Candidates, rate_hz: int
) -> tuple[GuessedRole, ...]:
    """Guess the role of each microphone.

    Parameters
    ----------
    names : how they are called
    given : the user's roles, None where not given
    candidates : their rises
    """
    known = [_by_name(name, role) for name, role in zip(names, given, strict=True)]
    if all(guess is not None for guess in known):
        return tuple(guess for guess in known if guess is not None)
    return _with_sound(known, candidates, rate_hz)


def _by_name(name: str, given: Role | None) -> GuessedRole | None:
    if given is not None:
        return GuessedRole(given, 1.0)
    named = role_of_name(name)
    if named is not None:
        return GuessedRole(named, _BY_NAME)
    return GuessedRole(Role.OTHER, _BY_NAME) if is_other_instrument(name) else None


def _with_sound(
    known: Sequence[GuessedRole | None], candidates: Candidates, rate_hz: int
) -> tuple[GuessedRole, ...]:
    evidence, is_heard = evidence_of_microphones(candidates, rate_hz)
    # One microphone alone has no reference for its delay and level: it records everything.
    if len(known) < 2 or not is_heard.any():
        return tuple(guess or _UNKNOWN for guess in known)
    logits = network_of(ROLE_WEIGHTS).outputs(evidence)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    late_ms = lateness_ms(candidates, rate_hz)
    powers[late_ms < _FAR_MS, HEARD_ROLES.index(Role.ROOM)] = 0.0
    likely = powers / powers.sum(axis=1, keepdims=True)
    distant = _distant(known, likely[:, HEARD_ROLES.index(Role.OVERHEAD)], late_ms)
    return tuple(
        guess or distant.get(track) or (_likeliest(likely[track]) if is_heard[track] else _UNKNOWN)
        for track, guess in enumerate(known)
    )


def _likeliest(likely: Floats) -> GuessedRole:
    return GuessedRole(HEARD_ROLES[int(likely.argmax())], float(likely.max()))


def _distant(
    known: Sequence[GuessedRole | None], overhead: Floats, late_ms: NDArray[np.float64]
) -> dict[int, GuessedRole]:
    """Return the roles of microphones that pick up all drums late: rooms, or overheads without nearer ones.

    Parameters
    ----------
    overhead : shape (tracks,), the probability that each is an overhead by its sound
    """
    is_overhead = [
        late_ms[track] < _FAR_MS and overhead[track] >= _MAYBE
        if guess is None
        else guess.role is Role.OVERHEAD
        for track, guess in enumerate(known)
    ]
    nearest_ms = np.min(late_ms[is_overhead], initial=np.inf, where=~np.isnan(late_ms[is_overhead]))
    is_room = (late_ms >= _ROOM_MS) | (late_ms >= np.maximum(_FAR_MS, nearest_ms + _AFTER_OVERHEADS_MS))
    return {
        track: GuessedRole(Role.ROOM if is_room[track] else Role.OVERHEAD, _BY_ARRIVAL)
        for track in np.flatnonzero(late_ms >= _FAR_MS).tolist()
    }


def evidence_of_microphones(candidates: Candidates, rate_hz: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the features of each microphone's sound that indicate its role.

    Distribution of its loud moments over octaves, and its rises and delay relative to the others.

    Returns
    -------
    evidence : float32, shape (tracks, len(EVIDENCE))
    is_heard : bool, shape (tracks,), whether it has enough rises
    """
    count = candidates.strengths_db.shape[1]
    evidence = np.zeros((count, len(EVIDENCE)), np.float32)
    is_heard = np.zeros(count, bool)
    loudest_db = all_octaves_db(candidates.levels_db).max(axis=0) if len(candidates) else np.zeros(count)
    span_s = max(1.0, float(np.ptp(candidates.positions_samples)) / rate_hz) if len(candidates) else 1.0
    for track in range(count):
        own = np.flatnonzero(candidates.tracks == track)
        if len(own) < _LEAST_HEARD:
            continue
        strength = candidates.strengths_db[own, track]
        own = own[strength >= np.quantile(strength, _STRONG_QUANTILE)]
        is_heard[track] = True
        evidence[track] = _of_microphone(candidates.take(own), track, rate_hz, float(loudest_db.max()))
        evidence[track, EVIDENCE.index("rate")] = np.log2(len(own) / span_s)
    return evidence, is_heard


def _of_microphone(strong: Candidates, track: int, rate_hz: int, loudest_db: float) -> Floats:
    """Return the evidence of one microphone from its strong rises."""
    level_db = new_db(strong)[:, track]
    total_db = all_octaves_db(level_db)
    octaves = np.minimum(np.arange(_OCTAVES), level_db.shape[1] - 1)
    beside = (level_db - total_db[:, None])[:, octaves]
    others = np.delete(strong.strengths_db, track, axis=1)
    lags_ms = np.delete(strong.lags_samples, track, axis=1) / rate_hz * 1000.0
    own = strong.strengths_db[:, track]
    clear = own - others.max(axis=1, initial=0.0)
    # Delay relative to the microphone that rises most: the negative is the lead of that one.
    most = others.argmax(axis=1) if others.shape[1] else np.zeros(len(own), np.int64)
    late_ms = -np.nan_to_num(lags_ms[np.arange(len(own)), most]) if others.shape[1] else np.zeros(len(own))
    earliest_ms = np.where(others > 0.5 * own[:, None], np.nan_to_num(lags_ms), 0.0).min(axis=1, initial=0.0)
    low, middle, high = np.quantile(late_ms, (0.25, 0.5, 0.75))
    values = [
        *np.median(beside, axis=0) / 10.0,
        *(np.quantile(beside, 0.9, axis=0) - np.quantile(beside, 0.1, axis=0)) / 10.0,
        np.median(own) / 10.0,
        (np.quantile(own, 0.9) - np.quantile(own, 0.1)) / 10.0,
        np.median(clear) / 10.0,
        np.quantile(clear, 0.95) / 10.0,
        np.mean(earliest_ms > -0.3),
        middle,
        high - low,
        0.0,
        (total_db.max() - loudest_db) / 10.0,
        (np.quantile(total_db, 0.9) - np.quantile(total_db, 0.1)) / 10.0,
    ]
    return np.clip(np.array(values, np.float32), -8.0, 8.0)
