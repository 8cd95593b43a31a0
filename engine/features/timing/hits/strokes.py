"""Hits grouped into strokes: hits meant to sound together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.octaves import Floats
from engine.document.drums.hits import Role
from engine.features.timing.hits.candidates import Candidates
from engine.features.timing.hits.drums import Drum, all_octaves_db

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
    kept = np.ones(len(key), bool)
    for drum in np.unique(key):
        own = np.flatnonzero(key == drum)
        begins = np.diff(positions[own]) <= _BEGINS_S * rate_hz
        begins &= np.diff(levels_db[own]) >= _FAR_LOUDER_DB
        kept[own[:-1]] = ~begins
        own = own[kept[own]]
        if drum >= 0:
            kept[own] = ~_rattles(positions[own], heard_db[own], struck.likelihoods[own], rate_hz)
            own = own[kept[own]]
            kept[own] = ~_echoes(positions[own], struck.likelihoods[own], rate_hz)
            own = own[kept[own]]
        near = (_OVERHEADS_ALIKE_S if drum < 0 else _ALIKE_S) * rate_hz
        for one in own[np.argsort(-struck.likelihoods[own], kind="stable")]:
            left, right = np.searchsorted(positions[own], positions[one] + np.array([-near, near]))
            others = own[left:right]
            others = others[kept[others] & (others != one)]
            if kept[one]:
                kept[others] = False
    return struck.take(kept)


def apart(
    positions: NDArray[np.int64], tracks: NDArray[np.int16], likelihoods: NDArray[np.float32], rate_hz: int
) -> NDArray[np.bool_]:
    """Leave out the less likely of two hits of one microphone that turn out to be at one place."""
    kept = np.ones(len(positions), bool)
    for track in np.unique(tracks):
        own = np.flatnonzero(tracks == track)
        own = own[np.argsort(positions[own], kind="stable")]
        for before, after in itertools.pairwise(own.tolist()):
            if positions[after] - positions[before] <= _ALIKE_S * rate_hz:
                kept[before if likelihoods[before] < likelihoods[after] else after] = False
    return kept


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
    numbered: NDArray[np.int32] = strokes.astype(np.int32)
    return numbered


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
