"""Candidates of hits: every rise in a drum microphone, with the levels of all others at that time.

A sound starts where any octave rises in one microphone; then the sample at which it begins is found. Ringing
or bleed may hide the start of a hit, so unclear onsets are refined by the clear ones of the same microphone:
a hit is where one of them is most like it (normalised cross-correlation of steps, so that low tones that
ring on count little).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from engine.analysis.signal.loudness import Floats, Octaves, finite, octave_energies
from engine.core.progress import SILENT, Progress

_SEGMENT_S = 20.0
_LEAD_S, _TAIL_S, _REACH_S = 0.001, 0.004, 0.006
_QUIET_S, _JUST_BEFORE_S, _ATTACK_LENGTH_S = 0.008, 0.0015, 0.015
_CLEAR = 0.05
_MOST_ALIKE = 24
_ALIKE = 0.55
_UNSURE_S = 0.004


class Read(Protocol):
    """Reads a span [start, stop) of all microphones, shape (microphones, stop - start)."""

    def __call__(self, start_samples: int, stop_samples: int, /) -> Floats:
        """Return it; zeros outside a recording."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Steadied:
    """Onsets that were found again.

    Attributes
    ----------
    positions_samples : int64, shape (n,)
    unsure_samples : float32, shape (n,), how far off each may be
    """

    positions_samples: NDArray[np.int64]
    unsure_samples: Floats


@dataclass(eq=False)
class _Attacks:
    """Sounds of one microphone's hits; the clearest rises separately."""

    clear: list[tuple[float, int, Floats]] = field(default_factory=list)
    others: list[tuple[int, Floats]] = field(default_factory=list)


def steadied(
    read: Read,
    positions: NDArray[np.int64],
    tracks: NDArray[np.int16],
    is_sure: NDArray[np.bool_],
    rate_hz: int,
    progress: Progress = SILENT,
) -> Steadied:
    """Find onsets again that do not rise clearly, 20 s of all microphones at a time.

    Parameters
    ----------
    positions : int64, shape (n,), ascending
    tracks : int16, shape (n,), the microphone of each
    is_sure : bool, shape (n,), which are hits without doubt: only they show how a drum rises

    Raises
    ------
    Cancelled : the user asked for it
    """
    attacks: dict[int, _Attacks] = {}
    for hit, sound in _sounds(read, positions, tracks, rate_hz, progress):
        own = attacks.setdefault(int(tracks[hit]), _Attacks())
        # The level before a hit relative to its attack.
        at = round(_QUIET_S * rate_hz)
        level = np.abs(sound - sound[: at // 2].mean())
        before = level[: at - round(_JUST_BEFORE_S * rate_hz)].max(initial=0.0)
        loud_before = float(before / max(level[at:].max(initial=0.0), 1e-9))
        if loud_before >= _CLEAR:
            own.others.append((hit, _steps(sound, rate_hz, _REACH_S)))
        elif is_sure[hit]:
            own.clear.append((loud_before, hit, _steps(sound, rate_hz, 0.0)))
            if len(own.clear) > 2 * _MOST_ALIKE:
                own.clear = sorted(own.clear, key=lambda one: one[0])[:_MOST_ALIKE]
    found, unsure = positions.copy(), np.zeros(len(positions), np.float32)
    for own in attacks.values():
        clearest = sorted(own.clear, key=lambda one: one[0])[:_MOST_ALIKE]
        shapes = _normalised(np.array([steps for _, _, steps in clearest]))
        for hit, steps in own.others:
            alike, later = _best(steps, shapes) if len(shapes) else (0.0, 0)
            if alike >= _ALIKE:
                found[hit] = max(0, positions[hit] + later - round(_REACH_S * rate_hz))
            else:
                unsure[hit] = _UNSURE_S * rate_hz
    return Steadied(found, unsure)


def _sounds(
    read: Read, positions: NDArray[np.int64], tracks: NDArray[np.int16], rate_hz: int, progress: Progress
) -> Iterator[tuple[int, Floats]]:
    """Yield each hit and its sound, from `_QUIET_S` before it to `_ATTACK_LENGTH_S` after it."""
    before, after = round(_QUIET_S * rate_hz), round(_ATTACK_LENGTH_S * rate_hz)
    segment = round(_SEGMENT_S * rate_hz)
    segments = positions // segment
    for number in np.unique(segments).tolist():
        progress.check_cancelled()
        first = number * segment - before
        heard = finite(read(first, first + before + segment + after))
        for hit in np.flatnonzero(segments == number).tolist():
            at = int(positions[hit]) - first
            yield hit, heard[tracks[hit], at - before : at + after]


def _steps(sound: Floats, rate_hz: int, reach_s: float) -> Floats:
    at = round(_QUIET_S * rate_hz)
    lead, tail, reach = (round(seconds * rate_hz) for seconds in (_LEAD_S, _TAIL_S, reach_s))
    return np.diff(sound[at - lead - reach - 1 : at + tail + reach])


def _normalised(shapes: Floats) -> Floats:
    if not len(shapes):
        return shapes
    normalised: Floats = shapes / np.maximum(np.sqrt(np.square(shapes).sum(axis=1, keepdims=True)), 1e-12)
    return normalised


def _best(steps: Floats, shapes: Floats) -> tuple[float, int]:
    """Return how alike a sound is to the most alike of some shapes, -1 to 1, and where in it that begins."""
    # A copy, because numpy multiplies overlapping rows four times as slowly.
    places = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(steps, shapes.shape[1]))
    alike = (places @ shapes.T) / np.maximum(np.sqrt(np.square(places).sum(axis=1)), 1e-12)[:, None]
    best = int(alike.max(axis=1).argmax())
    return float(alike[best].max()), best


BEFORE_S, AFTER_S = 0.005, 0.003
_APART_S = 0.004
_LEAST_RISE_DB = 4.0
_LASTS_S, _GOES_ON = 0.3, 0.2
_SILENCE = 1e-12
_EDGE_BEFORE_S, _EDGE_EARLY_S, _EDGE_SURE_S, _EDGE_AFTER_S, _ATTACK_S = 0.008, 0.005, 0.0015, 0.004, 0.015
_ABOVE_BEFORE, _OF_TOP, _AT_MOST_OF_TOP, _QUIET_OF_TOP = 1.5, 0.1, 0.7, 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Rises:
    """Where sounds start in one microphone, in the order of time.

    Attributes
    ----------
    positions_samples : int64, shape (n,), the sample at which the sound rises
    steepest_samples : int64, shape (n,), the hop around which it rises most: coarser, but steadier where it
        rises little
    strengths_db : float32, shape (n,), how much louder the 3 ms after are than the 5 ms before, the mean of
        the two octaves that rise most
    rises_db : float32, shape (n, octaves), the same of each octave
    """

    positions_samples: NDArray[np.int64]
    steepest_samples: NDArray[np.int64]
    strengths_db: Floats
    rises_db: Floats


def find_rises(samples: Floats, energies: Floats, octaves: Octaves) -> Rises:
    """Find the starts of sounds in a segment of one microphone.

    Parameters
    ----------
    samples : float32, shape (n,)
    energies : float32, shape (octaves, hops), of the same samples (`octave_energies`)
    """
    rises_db = rises_of(energies, octaves)
    # The two octaves that rise most: a single one also rises by chance, in noise or between two tones.
    strength = np.partition(rises_db, -2, axis=0)[-2:].mean(axis=0) if len(rises_db) > 1 else rises_db[0]
    around = maximum_filter1d(strength, 2 * octaves.hops(_APART_S) + 1, mode="constant")
    hops = np.flatnonzero((strength == around) & (strength > _LEAST_RISE_DB))
    near = hops * octaves.hop_samples
    positions = _rising_edges(samples, near, octaves.rate_hz)
    retained = np.concatenate([[True], np.diff(positions) > 0])[: len(positions)]
    hops, near, positions = hops[retained], near[retained], positions[retained]
    return Rises(positions, near, strength[hops], rises_db[:, hops].T.astype(np.float32))


def rises_of(energies: Floats, octaves: Octaves) -> Floats:
    """Return how much louder each octave is just after than just before each hop, in dB, as `energies`."""
    before, after = octaves.hops(BEFORE_S), octaves.hops(AFTER_S)
    total = np.zeros((energies.shape[0], energies.shape[1] + before + after))
    np.cumsum(energies, axis=1, out=total[:, before : before + energies.shape[1]])
    total[:, before + energies.shape[1] :] = total[:, before + energies.shape[1] - 1, None]
    here = total[:, before - 1 : before - 1 + energies.shape[1]]
    later = total[:, before - 1 + after : before - 1 + after + energies.shape[1]]
    earlier = np.zeros_like(here)
    earlier[:, before:] = here[:, :-before]
    earlier_mean = np.maximum(here - earlier, 0.0) / before
    # Steady sound at the start of a recording is not a hit: it is compared with the level after it.
    first = (later - here)[:, : octaves.hops(_LASTS_S)] / after
    goes_on = np.quantile(first, _GOES_ON, axis=1) if first.size else np.zeros(len(first))
    earlier_mean[:, :before] = np.maximum(earlier_mean[:, :before], goes_on[:, None])
    floor = 0.02 * np.median(energies, axis=1, keepdims=True) + _SILENCE if energies.size else _SILENCE
    ratio = ((later - here) / after + floor) / (earlier_mean + floor)
    rises_db: Floats = 10.0 * np.log10(ratio.astype(np.float32))
    return rises_db


def _rising_edges(samples: Floats, near: NDArray[np.int64], rate_hz: int) -> NDArray[np.int64]:
    """Return the sample at which the sound begins to rise around each place, shape (n,).

    It is the first one at a tenth of the peak of the attack, or at up to three tenths where as much sounds
    before already; where more does, the first whose step is larger than the steps before, and than a tenth of
    those that come.
    """
    if not len(near):
        return near
    back, ahead, attack = (max(2, round(s * rate_hz)) for s in (_EDGE_BEFORE_S, _EDGE_AFTER_S, _ATTACK_S))
    early = max(1, back - round(_EDGE_EARLY_S * rate_hz))
    sure = max(early, back - round(_EDGE_SURE_S * rate_hz))
    levels = np.lib.stride_tricks.sliding_window_view(np.pad(samples, (back, attack)), back + attack)[near]
    levels = np.abs(levels - levels[:, :early].mean(axis=1, keepdims=True))  # a constant offset
    top = levels[:, early:].max(axis=1)
    # A ringing drum swings to a tenth now and then: the limit is above the sound until just before.
    ringing = _ABOVE_BEFORE * levels[:, :sure].max(axis=1)
    was_quiet = ringing < _QUIET_OF_TOP * top
    limit = np.where(was_quiet, np.maximum(ringing, _OF_TOP * top), _OF_TOP * top)
    by_level = early + (levels[:, early : back + ahead] >= limit[:, None]).argmax(axis=1)
    steps = np.abs(np.diff(samples, prepend=samples[:1]))
    steps = np.lib.stride_tricks.sliding_window_view(np.pad(steps, (back, ahead)), back + ahead)[near]
    before, top = steps[:, :sure].max(axis=1), steps.max(axis=1)
    limit = np.minimum(np.maximum(_ABOVE_BEFORE * before, _OF_TOP * top), _AT_MOST_OF_TOP * top)
    by_step = sure + (steps[:, sure:] >= limit[:, None]).argmax(axis=1)
    edges: NDArray[np.int64] = near - back + np.where(was_quiet, by_level, by_step)
    return np.maximum(edges, 0)


HEARD_S = 0.008
_BEFORE_S = 0.008
_CLEAR_S = 0.001
EARLY_S, LATE_S = 0.004, 0.008
SILENCE_DB = -120.0
_PEAK_S = 0.010


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Rises of all microphones, in the order of time, and the levels of every microphone at each.

    Attributes
    ----------
    positions_samples : int64, shape (n,), ascending
    tracks : int16, shape (n,), the microphone that rose
    rises_db : float32, shape (n, octaves), how far it rose
    levels_db : float32, shape (n, tracks, octaves), how loud the 8 ms are in each microphone after it rises
        itself, about then
    before_db : float32, shape (n, tracks, octaves), the same of the 8 ms before
    strengths_db : float32, shape (n, tracks), how much the other microphones rise about then, 0 where they
        do not
    lags_samples : float32, shape (n, tracks), how much later than here they do, NaN where they do not
    peaks : float32, shape (n,), the largest sample of the 10 ms after the rise
    """

    positions_samples: NDArray[np.int64]
    tracks: NDArray[np.int16]
    rises_db: Floats
    levels_db: Floats
    before_db: Floats
    strengths_db: Floats
    lags_samples: Floats
    peaks: Floats

    def __len__(self) -> int:
        return len(self.positions_samples)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Candidates:
        """Return some of them."""
        return Candidates(
            self.positions_samples[chosen],
            self.tracks[chosen],
            self.rises_db[chosen],
            self.levels_db[chosen],
            self.before_db[chosen],
            self.strengths_db[chosen],
            self.lags_samples[chosen],
            self.peaks[chosen],
        )


def candidates_of(samples: Floats, octaves: Octaves, start: int, stop: int, offset: int) -> Candidates:
    """Find candidates of hits in a segment of all microphones.

    Parameters
    ----------
    samples : float32, shape (tracks, n), at least one track, with context before and after [start, stop)
    start, stop : those of its positions that count
    offset : start of the segment in the recording
    """
    # A constant in a recording would make the energy of its lowest octave swing.
    energies = [
        octave_energies(one - one.mean(), octaves) if len(one) else octave_energies(one, octaves)
        for one in samples
    ]
    rises = [find_rises(one, energy, octaves) for one, energy in zip(samples, energies, strict=True)]
    positions = np.concatenate([one.positions_samples for one in rises])
    order = np.argsort(positions, kind="stable")
    order = order[(positions[order] >= start) & (positions[order] < stop)]
    at = positions[order]
    by = np.repeat(np.arange(len(rises), dtype=np.int16), [len(one.positions_samples) for one in rises])[
        order
    ]
    steepest = np.concatenate([one.steepest_samples for one in rises])[order]
    strengths_db, lags = _elsewhere(steepest, rises, octaves.rate_hz)
    rows = np.arange(len(at))
    strengths_db[rows, by] = np.concatenate([one.strengths_db for one in rises])[order]
    lags[rows, by] = 0.0
    arrivals = steepest[:, None] + np.nan_to_num(lags).astype(np.int64)
    levels_db, before_db = _levels_at(arrivals, energies, octaves)
    return Candidates(
        positions_samples=at + offset,
        tracks=by,
        rises_db=np.concatenate([one.rises_db for one in rises])[order],
        levels_db=levels_db,
        before_db=before_db,
        strengths_db=strengths_db,
        lags_samples=lags,
        peaks=_peaks(samples, at, by, octaves.rate_hz),
    )


def joined(parts: Sequence[Candidates]) -> Candidates:
    """Return the candidates of consecutive stretches as one."""
    return Candidates(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Candidates.__slots__)
    )


def _levels_at(
    arrivals: NDArray[np.int64], energies: Sequence[Floats], octaves: Octaves
) -> tuple[Floats, Floats]:
    """Return the levels after and before each arrival, shape (n, tracks), in its microphone."""
    hops = arrivals // octaves.hop_samples
    after, before, clear = (octaves.hops(seconds) for seconds in (HEARD_S, _BEFORE_S, _CLEAR_S))
    levels_db = np.empty((*arrivals.shape, octaves.count), np.float32)
    before_db = np.empty_like(levels_db)
    for track, energy in enumerate(energies):
        total = np.zeros((octaves.count, energy.shape[1] + 1))
        np.cumsum(energy, axis=1, out=total[:, 1:])
        hop = hops[:, track]
        levels_db[:, track] = _mean_db(total, hop, hop + after)
        before_db[:, track] = _mean_db(total, hop - clear - before, hop - clear)
    return levels_db, before_db


def _mean_db(total: NDArray[np.float64], start: NDArray[np.int64], stop: NDArray[np.int64]) -> Floats:
    last = total.shape[1] - 1
    low, high = np.clip(start, 0, last), np.clip(stop, 0, last)
    mean = (total[:, high] - total[:, low]) / np.maximum(high - low, 1)
    mean_db: Floats = 10.0 * np.log10(np.maximum(mean, 10.0 ** (SILENCE_DB / 10.0))).T.astype(np.float32)
    return mean_db


def _elsewhere(at: NDArray[np.int64], rises: Sequence[Rises], rate_hz: int) -> tuple[Floats, Floats]:
    """Return how far each microphone rises about each moment, and when: the strongest rise that is near."""
    strengths = np.zeros((len(at), len(rises)), np.float32)
    lags = np.full((len(at), len(rises)), np.nan, np.float32)
    for track, one in enumerate(rises):
        found, strength = one.steepest_samples, one.strengths_db
        if not len(found):
            continue
        after = np.searchsorted(found, at)
        for step in range(-2, 3):
            index = np.clip(after + step, 0, len(found) - 1)
            lag = found[index] - at
            better = (
                (lag >= -EARLY_S * rate_hz)
                & (lag <= LATE_S * rate_hz)
                & (strength[index] > strengths[:, track])
            )
            strengths[better, track], lags[better, track] = strength[index][better], lag[better]
    return strengths, lags


def _peaks(samples: Floats, at: NDArray[np.int64], by: NDArray[np.int16], rate_hz: int) -> Floats:
    peaks = np.zeros(len(at), np.float32)
    long = max(1, round(_PEAK_S * rate_hz))
    for index, (position, track) in enumerate(zip(at, by, strict=True)):
        peaks[index] = np.abs(samples[track, position : position + long]).max(initial=0.0)
    return peaks
