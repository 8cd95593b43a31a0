"""Hits grouped into strokes: hits meant to sound together, with the ornaments that are played on purpose.

Ghost notes, flams and drags are distinguished from early or late voices.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import Floats
from engine.document.analysis import ORNAMENTS, Hits, Ornament, Role
from engine.features.timing.hits.candidates import Candidates
from engine.features.timing.hits.drums import Drum, all_octaves_db
from engine.features.timing.hits.evidence import ORNAMENT_WEIGHTS, network_of

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
    codes = ornament_likelihoods(hits, rate_hz).argmax(axis=1).astype(np.int8)
    if is_even(hits, rate_hz):
        late = ORNAMENTS.index(Ornament.LATE_VOICE)
        codes[(by_rule(hits, rate_hz) == late) & (codes == ORNAMENTS.index(Ornament.NONE))] = late
    return replace(hits, ornaments=codes)


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
    return np.log2(np.clip(seconds, _NEAR_S, _FAR_S) / _NEAR_S)


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
    codes = np.zeros(len(times_s), np.int8)
    can = np.array([voice in (Role.SNARE, Role.TOM) for voice in hits.voices], bool)
    snare = np.array([voice is Role.SNARE for voice in hits.voices], bool)
    codes[snare & (around.beside_loud_db <= -10.0)] = ORNAMENTS.index(Ornament.GHOST)
    late = (off.is_odd > 0) & (np.abs(off.ms) >= np.maximum(10.5, 3.0 * off.spread_ms))
    codes[late] = ORNAMENTS.index(Ornament.LATE_VOICE)
    grace = can & around.is_grace
    codes[grace] = ORNAMENTS.index(Ornament.FLAM)
    for track in np.unique(hits.tracks):
        own = np.flatnonzero((hits.tracks == track) & grace)
        near = np.flatnonzero(np.diff(times_s[own]) <= _GRACE_S)
        codes[own[near]] = codes[own[near + 1]] = ORNAMENTS.index(Ornament.DRAG)
    return codes


SURE = 0.5
_ALIKE_S = 0.004
_OVERHEADS_ALIKE_S = 0.008
_TOGETHER_S, _NEVER_TOGETHER_S = 0.025, 0.062
_OF_PULSE = 0.45
_BEGINS_S, _FAR_LOUDER_DB = 0.013, 12.0
_RATTLES_S, _LOUDER_DB = 0.012, 3.0
_ECHO_S, _ECHO_WITHIN_S, _ECHO_SHARE, _FEWEST_ECHOES = 0.03, 0.002, 0.3, 5
_PULSE_QUANTILE = 0.1
_EARLIER_S, _ON_ITS_WAY_S = 0.001, 0.010
_CLEAR_OF_BLEED_DB, _FAINT_DB, _DOUBTED = 3.0, -30.0, 0.5
_LEAST_FOR_DELAY = 3


@dataclass(frozen=True, slots=True, eq=False)
class Struck:
    """Rows of candidates that are taken for hits, in the order of time.

    Attributes
    ----------
    rows : int64, shape (n,)
    drums : int64, shape (n,), the place of its drum
    likelihoods : float32, shape (n,)
    """

    rows: NDArray[np.int64]
    drums: NDArray[np.int64]
    likelihoods: NDArray[np.float32]

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Struck:
        """Return some of them."""
        return Struck(self.rows[chosen], self.drums[chosen], self.likelihoods[chosen])


def doubting_bleed(
    struck: Struck,
    above_db: Floats,
    below_db: Floats,
    candidates: Candidates,
    drums: Sequence[Drum],
    rate_hz: int,
) -> Struck:
    """Lower the confidence of overhead cymbals that are faint, or hardly louder than a confident hit's bleed.

    A missed cymbal next to a hit costs nothing, as that hit moves it too; a false one is in the way. Faint
    sounds in overheads are bounces of a beater or the drummer.

    Parameters
    ----------
    above_db : float32, shape (n,), level of each above the expected bleed of other drums
    below_db : float32, shape (n,), level of each relative to the loud rises of its microphone
    """
    of_cymbals = np.array([drum.role is Role.OVERHEAD for drum in drums], bool)[struck.drums]
    positions = candidates.positions_samples[struck.rows]
    sure = positions[~of_cymbals & (struck.likelihoods >= SURE)]
    first = np.searchsorted(sure, positions - _ON_ITS_WAY_S * rate_hz)
    last = np.searchsorted(sure, positions + _EARLIER_S * rate_hz, side="right")
    is_bleed = (last > first) & (above_db < _CLEAR_OF_BLEED_DB)
    is_doubted = of_cymbals & (is_bleed | (below_db < _FAINT_DB))
    likelihoods = np.where(is_doubted, np.float32(_DOUBTED) * struck.likelihoods, struck.likelihoods)
    return Struck(struck.rows, struck.drums, likelihoods)


def without_doubles(struck: Struck, candidates: Candidates, drums: Sequence[Drum], rate_hz: int) -> Struck:
    """Leave out the less likely of two rises of one drum that are too close to be two hits.

    All overheads count as one drum here: they pick up the same cymbal one after the other, and the first is
    nearer. A rise shortly before a far louder one is the beginning of that; one shortly after a hit that is
    hardly louder is its wires, its shell or its stick: no drummer plays as fast.
    """
    far = np.array([drum.role is Role.OVERHEAD for drum in drums])[struck.drums]
    key = np.where(far, -1, struck.drums)
    positions = candidates.positions_samples[struck.rows]
    levels_db = strengths_db(candidates, struck.rows)
    heard_db = all_octaves_db(candidates.levels_db[struck.rows, candidates.tracks[struck.rows]])
    retained = np.ones(len(key), bool)
    for drum in np.unique(key):
        own = np.flatnonzero(key == drum)
        begins = np.diff(positions[own]) <= _BEGINS_S * rate_hz
        begins &= np.diff(levels_db[own]) >= _FAR_LOUDER_DB
        retained[own[:-1]] = ~begins
        own = own[retained[own]]
        if drum >= 0:
            retained[own] = ~_rattles(positions[own], heard_db[own], struck.likelihoods[own], rate_hz)
            own = own[retained[own]]
            retained[own] = ~_echoes(positions[own], struck.likelihoods[own], rate_hz)
            own = own[retained[own]]
        near = (_OVERHEADS_ALIKE_S if drum < 0 else _ALIKE_S) * rate_hz
        for one in own[np.argsort(-struck.likelihoods[own], kind="stable")]:
            left, right = np.searchsorted(positions[own], positions[one] + np.array([-near, near]))
            others = own[left:right]
            others = others[retained[others] & (others != one)]
            if retained[one]:
                retained[others] = False
    return struck.take(retained)


def apart(
    positions: NDArray[np.int64], tracks: NDArray[np.int16], likelihoods: NDArray[np.float32], rate_hz: int
) -> NDArray[np.bool_]:
    """Leave out the less likely of two hits of one microphone that turn out to be at one place."""
    retained = np.ones(len(positions), bool)
    for track in np.unique(tracks):
        own = np.flatnonzero(tracks == track)
        own = own[np.argsort(positions[own], kind="stable")]
        for before, after in itertools.pairwise(own.tolist()):
            if positions[after] - positions[before] <= _ALIKE_S * rate_hz:
                retained[before if likelihoods[before] < likelihoods[after] else after] = False
    return retained


def _rattles(
    positions: NDArray[np.int64], heard_db: Floats, likelihoods: NDArray[np.float32], rate_hz: int
) -> NDArray[np.bool_]:
    """Return whether each rise of a drum follows a confident hit too soon, bool, shape (n,)."""
    rattles = np.zeros(len(positions), bool)
    last = -1
    for row in range(len(positions)):
        if last >= 0 and positions[row] - positions[last] <= _RATTLES_S * rate_hz:
            rattles[row] = heard_db[row] <= heard_db[last] + _LOUDER_DB
        if likelihoods[row] >= SURE and not rattles[row]:
            last = row
    return rattles


def _echoes(
    positions: NDArray[np.int64], likelihoods: NDArray[np.float32], rate_hz: int
) -> NDArray[np.bool_]:
    """Return whether each rise of a drum answers a hit after its usual few ms, as loose wires do, shape (n,).

    Grace notes are never as even, and not at every other hit.
    """
    sure = np.flatnonzero(likelihoods >= SURE)
    gaps = np.diff(positions[sure]) / rate_hz
    near_s = np.sort(gaps[gaps < _ECHO_S])
    echoes = np.zeros(len(positions), np.bool_)
    if len(near_s) < _FEWEST_ECHOES:
        return echoes
    alike = np.searchsorted(near_s, near_s + _ECHO_WITHIN_S, "right") - np.arange(len(near_s))
    first_s = float(near_s[alike.argmax()])
    answers = (gaps >= first_s) & (gaps <= first_s + _ECHO_WITHIN_S)
    if answers.sum() >= _ECHO_SHARE * (len(sure) - answers.sum()):
        echoes[sure[1:][answers]] = True
    return echoes


def delays_of(candidates: Candidates, struck: Struck, drums: Sequence[Drum]) -> NDArray[np.float64]:
    """Return how much later a hit arrives at each microphone than at its own, float64, shape (tracks,).

    The median over confident hits of the drums with microphones of their own; 0 at those.
    """
    tracks = candidates.strengths_db.shape[1]
    delays = np.zeros(tracks)
    at_drums = {track for drum in drums if drum.role.is_close for track in drum.tracks}
    close = np.array([drum.role.is_close for drum in drums], bool)[struck.drums]
    sure = struck.rows[close & (struck.likelihoods >= SURE)]
    for track in range(tracks):
        lags = candidates.lags_samples[sure, track]
        lags = lags[~np.isnan(lags) & (lags >= 0.0)]
        if track not in at_drums and len(lags) >= _LEAST_FOR_DELAY:
            delays[track] = np.median(lags)
    return delays


def strokes_of(
    times_samples: NDArray[np.float64], is_sure: NDArray[np.bool_], rate_hz: int
) -> NDArray[np.int32]:
    """Return the stroke of each hit, int32, shape (n,), from 0 in the order of time.

    Confident hits belong to one stroke if their distance is less than half the shortest usual distance
    between strokes; 25 ms always do, 62 ms never. Any other joins the nearest confident one within this
    distance, or is a stroke of its own.

    Parameters
    ----------
    times_samples : float64, shape (n,), ascending, without the delays of microphones
    """
    sure_s = times_samples[is_sure] / rate_hz
    gaps_s = np.diff(sure_s)
    apart_s = gaps_s[gaps_s > _NEVER_TOGETHER_S]
    pulse_s = float(np.quantile(apart_s, _PULSE_QUANTILE)) if len(apart_s) else 1.0
    limit_s = min(max(_OF_PULSE * pulse_s, _TOGETHER_S), _NEVER_TOGETHER_S)
    begins = np.concatenate([[True], gaps_s > limit_s])[: len(sure_s)]
    of_sure_s = sure_s[begins][np.cumsum(begins) - 1] if len(sure_s) else sure_s
    first_s = times_samples / rate_hz
    if len(sure_s):
        after = np.searchsorted(sure_s, first_s).clip(1, max(1, len(sure_s) - 1))
        before = after - 1
        after = np.minimum(after, len(sure_s) - 1)
        nearest = np.where(first_s - sure_s[before] <= sure_s[after] - first_s, before, after)
        is_near = np.abs(sure_s[nearest] - first_s) <= limit_s
        first_s = np.where(is_near, of_sure_s[nearest], first_s)
    first_s[is_sure] = of_sure_s
    _, strokes = np.unique(first_s, return_inverse=True)
    return strokes.astype(np.int32)


def numbered_in_order(strokes: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return strokes that never step back, numbered from 0, int32, shape (n,).

    By its delay a doubtful hit may arrive after the next stroke has begun: it is of that one then.
    """
    _, numbered = np.unique(np.maximum.accumulate(strokes), return_inverse=True)
    return numbered.astype(np.int32)


def strengths_db(candidates: Candidates, rows: NDArray[np.int64]) -> Floats:
    """Return the peaks of hits in dB full scale, float32, shape (n,)."""
    peaks = np.maximum(candidates.peaks[rows], np.float32(1e-6))
    return np.asarray(20.0 * np.log10(peaks), np.float32)
