"""Place one recording against another by their sound: any start, partial overlap, clocks that drift.

Rises at a hundred frames a second give the candidate lags. At each of them, windows of both are correlated
by phase (`engine.analysis.signal.second_recorder.phase_peak`), and a line through their lags is sought. If
the waveforms differ too much, as of microphones in two rooms, the lag of the rises is the place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb, log10, sqrt

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.second_recorder import SecondRecorder, phase_peak
from engine.core.progress import SILENT, Progress
from engine.features.placement.sounds import Envelope, LagPeak, TakeSound, lag_peaks

Doubles = NDArray[np.float64]

_LEAST_SCORE = 6.0
_MOST_PLACES = 4
"""Candidates that are examined closely."""
_APART_S, _MOST_PPM = 0.1, 500.0
_WINDOWS, _FEW_WINDOWS, _WINDOW_S, _REACH_S = 48, 16, 0.7, 0.05
_LEAST_PEAK = 5.5
_NEAR_S = (0.0002, 0.0015)
"""How close lags are to a line: of microphones at one place, and of those metres apart."""
_LEAST_AGREEING = 4
_LEAST_STEP_S, _LEAST_BESIDE_STEP, _ONE_LINE = 0.004, 5, 0.85
"""A step is searched where one line explains fewer windows; at least this number agree on each side of it."""
_CHANCE = -5.0
"""The logarithm of the probability that windows agree by chance, below which a place is found."""
_SURE_CHANCE = -7.0
_SURE_SHARE = 0.5
_SURE_DRIFT = 5.0
"""A drift counts if it is this many times its standard error, and its effect that many times the spread."""
_SURE_STRENGTH, _LEAST_STRENGTH, _SURE_S = 8.0, 3.0, 10.0
"""Strength that is certain for an overlap of 10 s; less is enough for a longer one.

Loops that share drum samples reach 6 for 7 s; a phone with much noise 20; in a room 12 dB above the direct
sound 4.
"""
_CLEARLY = 2.0
"""A place is ambiguous unless it is this many times as strong as every other one."""
_LEAST_CLEAR_SCORE, _CLEAR = 12.0, 2.0
"""Score of the best lag, and its ratio to the second: unrelated up to 9 and 1.5, one room from 14 and 2.7."""
_CLEAR_CONFIDENCE, _MOST_OF_GUESS = 0.7, 0.2
_RISES_ACCURACY_S = 0.01
_REPEATED_PEAK, _MOST_REPEATED = 18.0, 0.5
"""Peak of a window that is repeated to the sample, and the share of such windows that leaves a place clear.

On average parts that are played again reach 15, loops 30 to 70.
"""


@dataclass(frozen=True, slots=True)
class SoundPlace:
    """One place of a recording, measured by sound.

    Attributes
    ----------
    relation : offset and drift of the other recording
    confidence : 0 to 1
    agreeing, windows : how many windows agree, of how many; 0 of 0 for a place that only rises support
    strength : mean height of the peaks of all windows, those that do not agree counted as 0
    overlap_s : how much of the two recordings it compares
    step : where the offset jumps, in seconds of the first recording, and by how many; None if it is one
    """

    relation: SecondRecorder
    confidence: float
    agreeing: int = 0
    windows: int = 0
    strength: float = 0.0
    overlap_s: float = 0.0
    step: tuple[float, float] | None = None

    @property
    def is_sure(self) -> bool:
        """Return whether it can neither be chance nor a few shared samples."""
        total = self.strength * sqrt(self.overlap_s / _SURE_S)
        is_strong = self.strength >= _LEAST_STRENGTH and total >= _SURE_STRENGTH
        return is_strong and self.confidence >= 1.0 - 10.0 ** (_SURE_CHANCE / 2)

    def is_rival_of(self, best: SoundPlace) -> bool:
        """Return whether a better place is not clearly better: by window, or by window and in total."""
        if best.strength >= _CLEARLY * self.strength:
            return False
        both = self.strength * self.overlap_s, best.strength * best.overlap_s
        return best.strength < self.strength or both[1] < _CLEARLY * both[0]


@dataclass(frozen=True, slots=True)
class SoundMatch:
    """Where one recording is in another one.

    Attributes
    ----------
    best : the place that most of the sound supports
    others : further places, the most confident first
    is_certain : whether it cannot be chance and no other place is nearly as good
    """

    best: SoundPlace
    others: tuple[SoundPlace, ...] = ()
    is_certain: bool = False


def match_sounds(
    near: TakeSound, far: TakeSound, envelopes: tuple[Envelope, Envelope], progress: Progress = SILENT
) -> SoundMatch | None:
    """Find where two recordings hold the same sound.

    Parameters
    ----------
    envelopes : of both, as `envelope_of` returns them

    Returns
    -------
    found : a moment at `t` samples of `near` is at ``offset_samples + t * (1 + drift_ppm / 1e6)`` of `far`;
        None if they share no sound

    Raises
    ------
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    clusters = _clustered([one for one in lag_peaks(*envelopes) if one.score >= _LEAST_SCORE])
    rough: list[tuple[SoundPlace, _Cluster]] = []
    for cluster in clusters[:_MOST_PLACES]:
        progress.check_cancelled()
        place = _measured(near, far, envelopes, cluster, _FEW_WINDOWS)
        if place is not None:
            rough.append((place, cluster))
    rough.sort(key=lambda one: -one[0].strength)
    first = rough[0][1] if rough else clusters[0] if clusters else None
    best = None if first is None else _measured(near, far, envelopes, first, _WINDOWS)
    if best is None:
        return _by_rises(clusters, near.rate_hz)
    places = [best, *(place for place, _ in rough[1:])]
    shares = [one.strength for one in places]
    is_ambiguous = any(one.is_rival_of(best) for one in places[1:])
    is_ambiguous = is_ambiguous or (best.is_sure and _is_repeated(near, far, envelopes, best))
    is_certain = best.is_sure and not is_ambiguous and best.step is None
    shared = [replace(one, confidence=share / sum(shares)) for one, share in zip(places, shares, strict=True)]
    if not is_ambiguous:
        shared[0] = replace(best, confidence=min(0.99 if is_certain else 0.5, best.confidence))
    return SoundMatch(shared[0], tuple(shared[1:]), is_certain)


@dataclass(frozen=True, slots=True)
class _Cluster:
    """Lags of several segments that are one place: at most a drift apart."""

    peaks: tuple[LagPeak, ...]

    @property
    def score(self) -> float:
        return float(np.sqrt(sum(one.score**2 for one in self.peaks)))

    def line(self) -> tuple[float, float]:
        """Return slope and lag at 0 s."""
        at = np.array([one.at_s for one in self.peaks])
        lags = np.array([one.lag_s for one in self.peaks])
        if len(at) < 3:
            best = max(self.peaks, key=lambda one: one.score)
            return 0.0, best.lag_s
        first, second = np.triu_indices(len(at), 1)
        slope = float(np.median((lags[second] - lags[first]) / np.maximum(at[second] - at[first], 1e-9)))
        return slope, float(np.median(lags - slope * at))


def _clustered(peaks: Sequence[LagPeak]) -> list[_Cluster]:
    """Group the lags of segments that one clock explains, the strongest group first."""
    groups: list[list[LagPeak]] = []
    for peak in sorted(peaks, key=lambda one: -one.score):
        for group in groups:
            best = group[0]
            within_s = _APART_S + _MOST_PPM / 1e6 * abs(peak.at_s - best.at_s)
            if abs(peak.lag_s - best.lag_s) <= within_s and all(one.at_s != peak.at_s for one in group):
                group.append(peak)
                break
        else:
            groups.append([peak])
    found = [_Cluster(tuple(sorted(group, key=lambda one: one.at_s))) for group in groups]
    return sorted(found, key=lambda one: -one.score)


def _measured(
    near: TakeSound, far: TakeSound, envelopes: tuple[Envelope, Envelope], cluster: _Cluster, windows: int
) -> SoundPlace | None:
    """Measure a place with a number of windows of both; None if they do not agree on it."""
    rate_hz = near.rate_hz
    slope, begin_s = cluster.line()
    window, reach = round(_WINDOW_S * rate_hz), round(_REACH_S * rate_hz)
    starts = _window_starts(envelopes, slope, begin_s, windows)
    at_s, lags_s, heights = [], [], []
    for start_s in starts:
        start = round(start_s * rate_hz)
        there = start + round((begin_s + slope * start_s) * rate_hz)
        piece, other = near.read(start, start + window), far.read(there - reach, there + window + reach)
        peak = phase_peak(piece, other, rate_hz, _LEAST_PEAK)
        if peak is not None:
            at_s.append(start_s + _WINDOW_S / 2)
            lags_s.append((there - reach + peak.lag_samples - start) / rate_hz)
            heights.append(peak.height)
    peaks = np.array([at_s, lags_s, heights])
    for near_s in _NEAR_S:
        place = _place(peaks, len(starts), near_s, rate_hz)
        if place is not None:
            place = _with_step(place, peaks, near_s, rate_hz)
            return replace(place, overlap_s=starts[-1] - starts[0] + _WINDOW_S)
    return None


def _with_step(place: SoundPlace, peaks: Doubles, near_s: float, rate_hz: int) -> SoundPlace:
    """Return a place; that before the step where two lines explain clearly more windows than one.

    A recorder that loses samples has one offset before and another one after it.
    """
    at_s, lags_s = peaks[:2]
    if place.agreeing >= _ONE_LINE * len(at_s) or len(at_s) < 2 * _LEAST_BESIDE_STEP:
        return place
    found: list[tuple[int, int, NDArray[np.bool_], NDArray[np.bool_]]] = []
    for first in range(_LEAST_BESIDE_STEP, len(at_s) - _LEAST_BESIDE_STEP + 1):
        before, after = (
            _agreeing(at_s[part], lags_s[part], near_s) for part in (slice(first), slice(first, None))
        )
        found.append((int(before.sum() + after.sum()), first, before, after))
    agreeing, first, before, after = max(found, key=lambda one: one[0])
    if min(before.sum(), after.sum()) < _LEAST_BESIDE_STEP or agreeing < place.agreeing + _LEAST_BESIDE_STEP:
        return place
    slope, begin_s, spread_s = _settled(at_s[:first][before], lags_s[:first][before])
    then, later_s, _ = _settled(at_s[first:][after], lags_s[first:][after])
    middle_s = float(at_s[first - 1 : first + 1].mean())
    by_s = later_s + then * middle_s - begin_s - slope * middle_s
    if abs(by_s) < _LEAST_STEP_S:
        return place
    relation = SecondRecorder(begin_s * rate_hz, slope * 1e6, agreeing / place.windows, spread_s)
    return replace(place, relation=relation, agreeing=agreeing, step=(middle_s, by_s))


def _is_repeated(
    near: TakeSound, far: TakeSound, envelopes: tuple[Envelope, Envelope], best: SoundPlace
) -> bool:
    """Return whether a place rests on sound that one of the two repeats elsewhere to the sample, as loops do.

    It is then one of several, even where the other recording ends before it repeats.
    """
    rate_hz = near.rate_hz
    slope, begin_s = best.relation.drift_ppm / 1e6, best.relation.offset_samples / rate_hz
    starts = _window_starts(envelopes, slope, begin_s, _FEW_WINDOWS)
    there = [begin_s + (1.0 + slope) * start_s for start_s in starts]
    sides = (near, envelopes[0], starts), (far, envelopes[1], there)
    return any(_repeated_share(*side) > _MOST_REPEATED for side in sides)


def _repeated_share(sound: TakeSound, envelope: Envelope, starts_s: Sequence[float]) -> float:
    """Return how many of some windows of a recording are also at one distance from there."""
    rate_hz, frame_s = sound.rate_hz, envelope.frame_s
    first, stop = max(0, round(starts_s[0] / frame_s)), round((starts_s[-1] + _WINDOW_S) / frame_s)
    shared = Envelope(envelope.rises[:, first:stop], frame_s)
    peaks = [one for one in lag_peaks(shared, envelope) if abs(one.lag_s - first * frame_s) > _APART_S]
    distances_s = [one.line()[1] - first * frame_s for one in _clustered(peaks)[:_MOST_PLACES]]
    window, reach = round(_WINDOW_S * rate_hz), round(_REACH_S * rate_hz)

    def is_also_at(start: int, distance_s: float) -> bool:
        other = start + round(distance_s * rate_hz) - reach
        there = sound.read(other, other + window + 2 * reach)
        return phase_peak(sound.read(start, start + window), there, rate_hz, _REPEATED_PEAK) is not None

    starts = [round(start_s * rate_hz) for start_s in starts_s]
    shares = (sum(is_also_at(start, one) for start in starts) / len(starts) for one in distances_s)
    return max(shares, default=0.0)


def _place(peaks: Doubles, windows: int, near_s: float, rate_hz: int) -> SoundPlace | None:
    """Return the place that most windows support.

    Parameters
    ----------
    peaks : shape (3, n): middle of each window in s, its lag in s, and the height of its peak
    """
    at_s, lags_s, heights = peaks
    if len(at_s) < _LEAST_AGREEING:
        return None
    is_near = _agreeing(at_s, lags_s, near_s)
    agreeing = int(is_near.sum())
    chance = _chance(agreeing, len(at_s), near_s / _REACH_S)
    if agreeing < _LEAST_AGREEING or chance > _CHANCE:
        return None
    slope, begin_s, spread_s = _settled(at_s[is_near], lags_s[is_near])
    share = agreeing / len(at_s)
    relation = SecondRecorder(begin_s * rate_hz, slope * 1e6, agreeing / windows, spread_s)
    confidence = (1.0 - 10.0 ** (chance / 2)) * min(1.0, share / _SURE_SHARE)
    return SoundPlace(relation, confidence, agreeing, windows, float(heights[is_near].sum()) / windows)


def _window_starts(
    envelopes: tuple[Envelope, Envelope], slope: float, begin_s: float, windows: int
) -> list[float]:
    """Return where windows of the first begin: in equal parts of the overlap, where both are most active."""
    near, far = envelopes
    frame_s, width = near.frame_s, round(_WINDOW_S / near.frame_s)
    first_s = max(0.0, -begin_s / (1.0 + slope))
    stop_s = min(near.frames * frame_s, (far.frames * frame_s - begin_s) / (1.0 + slope))
    first, stop = round(first_s / frame_s), round(stop_s / frame_s) - width
    if stop <= first:
        return []
    one, other = _activity(near, width), _activity(far, width)
    there = np.arange(first, stop) + round((begin_s + slope * (first_s + stop_s) / 2) / frame_s)
    both = one[first:stop] * other[np.clip(there, 0, len(other) - 1)]
    parts = np.array_split(np.arange(stop - first), max(1, min(windows, (stop - first) // width)))
    return [(first + int(part[np.argmax(both[part])])) * frame_s for part in parts if len(part)]


def _activity(envelope: Envelope, width: int) -> Doubles:
    """Return how much rises from each frame on, within a window."""
    rises = np.maximum(envelope.rises, 0.0).sum(axis=0, dtype=np.float64)
    summed = np.concatenate([[0.0], np.cumsum(rises)])
    summed = np.concatenate([summed, np.full(width, summed[-1])])
    found: Doubles = np.sqrt(summed[width : width + len(rises)] - summed[: len(rises)])
    return found


def _agreeing(at_s: Doubles, lags_s: Doubles, near_s: float) -> NDArray[np.bool_]:
    """Return which lags are on the line that most of them support: each pair is tried, and each one level."""
    first, second = np.triu_indices(len(at_s), 1)
    span = at_s[second] - at_s[first]
    usable = span > 1e-6
    slopes = (lags_s[second] - lags_s[first])[usable] / span[usable]
    possible = np.abs(slopes) <= _MOST_PPM / 1e6
    slopes = np.concatenate([slopes[possible], np.zeros(len(at_s))])
    begins = np.concatenate(
        [lags_s[first][usable][possible] - slopes[: -len(at_s)] * at_s[first][usable][possible], lags_s]
    )
    off = np.abs(lags_s[None, :] - begins[:, None] - slopes[:, None] * at_s[None, :])
    support = (off <= near_s).sum(axis=1) - np.minimum(off, near_s).mean(axis=1) / near_s
    best = int(np.argmax(support))
    found: NDArray[np.bool_] = off[best] <= near_s
    return found


def _chance(agreeing: int, windows: int, share: float) -> float:
    """Return the logarithm of the probability that unrelated windows agree; two of them set the line."""
    more, left = agreeing - 2, windows - 2
    if more < 1:
        return 0.0
    return log10(comb(left, more)) + more * log10(min(1.0, share)) + log10(max(1, comb(windows, 2)))


def _settled(at_s: Doubles, lags_s: Doubles) -> tuple[float, float, float]:
    """Return slope, beginning and spread of the lags that agree; a slope that is not significant is 0."""
    middle = float(np.median(lags_s))
    level_s = float(np.median(np.abs(lags_s - middle)))
    if len(at_s) < 3 or np.ptp(at_s) <= 0.0:
        return 0.0, middle, level_s
    slope, begin_s = (float(value) for value in np.polyfit(at_s, lags_s, 1))
    off = lags_s - begin_s - slope * at_s
    error = float(np.sqrt(np.sum(off**2) / max(1, len(at_s) - 2) / np.sum((at_s - at_s.mean()) ** 2)))
    spread_s = float(np.median(np.abs(off)))
    if abs(slope) <= max(_SURE_DRIFT * error, _SURE_DRIFT * spread_s / float(np.ptp(at_s))):
        return 0.0, middle, level_s
    return slope, begin_s, spread_s


def _by_rises(clusters: Sequence[_Cluster], rate_hz: int) -> SoundMatch | None:
    """Return the lags at which rises agree; one that is much higher is a place to some 0.02 s."""
    places = [_guess(one, clusters, rate_hz) for one in clusters[:_MOST_PLACES]]
    if not places:
        return None
    second = clusters[1].score if len(clusters) > 1 else 0.0
    if clusters[0].score >= max(_LEAST_CLEAR_SCORE, _CLEAR * second):
        places[0] = replace(places[0], confidence=_CLEAR_CONFIDENCE)
    return SoundMatch(places[0], tuple(places[1:]))


def _guess(cluster: _Cluster, clusters: Sequence[_Cluster], rate_hz: int) -> SoundPlace:
    slope, begin_s = cluster.line()
    share = cluster.score / sum(one.score for one in clusters[:_MOST_PLACES])
    relation = SecondRecorder(begin_s * rate_hz, slope * 1e6, 0.0, _RISES_ACCURACY_S)
    return SoundPlace(relation, min(_MOST_OF_GUESS, share))
