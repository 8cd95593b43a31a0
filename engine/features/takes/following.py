"""Where the music of one take is in the others, from its beginning to its end, and its bars.

A bar begins in each take just before its first attack.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import Octaves, finite, octave_energies
from engine.core.progress import SILENT, Progress
from engine.features.timing.notes.onsets import ReadMono
from engine.features.timing.notes.warping import Warping, find_warping

Positions = NDArray[np.float64]


HOP_S = 0.005
_SEGMENT_S, _AROUND_S = 3.0, 0.75
"""Takes are compared segment by segment: the tempo of one may drift a second from that of another."""
_FIRST_S, _FIRST_MS, _MOST_MS = 8.0, 300.0, 120.0
"""The largest lag at the beginning, from each of some places, and then beyond the one expected: less than a
beat, so that repeated beats are not confused."""
_BEGINS_S = (-0.5, 0.0, 0.5)
"""Borders of takes are known to some tenths of a second: the beginning that agrees best is followed."""
_IN_TIME_MS = 60.0
"""The largest lag of takes that were played to the same sound: a later note is a fault."""
_STEADY_S, FASTEST = 0.5, 0.08
"""How long the tempo of a take hardly changes, and by how much takes differ in tempo at most."""
_END_S, _INNER_S, _OFF_S = 1.2, 4.0, 0.05
"""Within the first of an end, lags that differ more than the third from the next seconds are replaced."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A take, at every hop of the reference take.

    Attributes
    ----------
    hop_samples : distance of two values in the reference take
    places_samples : float64, shape (hops,), where it has the same music, in samples of the recording
    alike : float64, shape (hops,), correlation of spectra, -1 to 1; 0 in silence
    """

    hop_samples: int
    places_samples: Positions
    alike: Positions

    def hops_at(self, places_samples: NDArray[np.int64]) -> Positions:
        """Return places in this take, if it is the reference take, in hops from its start, shape (n,)."""
        hops: Positions = (places_samples - self.places_samples[0]) / self.hop_samples
        return hops


def follow(
    read: ReadMono,
    spans_samples: Sequence[tuple[int, int]],
    reference: int,
    rate_hz: int,
    progress: Progress = SILENT,
    *,
    are_in_time: bool = False,
) -> tuple[Followed, ...]:
    """Align each take of a recording to the reference take.

    Parameters
    ----------
    spans_samples : of the takes, [start, stop); all begin with the same music
    reference : index of the reference take
    are_in_time : whether all takes were played to the same sound, so that their tempo is the same

    Raises
    ------
    Cancelled : the user asked for it
    """
    start, stop = spans_samples[reference]
    hop = round(HOP_S * rate_hz)
    hops = max(1, -(-(stop - start) // hop))
    own = start + np.arange(hops, dtype=np.float64) * hop
    found = []
    for number, span in enumerate(spans_samples):
        if number == reference:
            found.append(Followed(hop, own, np.ones(hops)))
            continue
        part = progress.step(number, len(spans_samples))
        found.append(_followed(read, own, span[0] - start, hop, rate_hz, part, are_in_time=are_in_time))
    return tuple(found)


def _followed(
    read: ReadMono,
    own: Positions,
    later: int,
    hop: int,
    rate_hz: int,
    progress: Progress,
    *,
    are_in_time: bool,
) -> Followed:
    """Return one take, `later` samples after the reference where both begin."""
    segment, around = round(_SEGMENT_S / HOP_S), round(_AROUND_S / HOP_S)
    places, alike = np.empty(len(own)), np.empty(len(own))
    most_ms = _IN_TIME_MS if are_in_time else _MOST_MS
    ahead = float(later) if are_in_time else max(_beginnings(read, own, later, hop, rate_hz))[1]
    for first in range(0, len(own), segment):
        progress.check_cancelled()
        progress.report(first / len(own), "Aligning takes")
        last = min(first + segment, len(own))
        begin, end = max(first - around, 0), min(last + around, len(own))
        by = round(ahead)
        warping = _lags(read, int(own[begin]), by, (end - begin) * hop, rate_hz, most_ms)
        inner: Positions = np.arange(first - begin, last - begin, dtype=np.float64) * hop
        lags = warping.lags_at(inner)
        places[first:last], alike[first:last] = own[first:last] + by + lags, warping.alike_at(inner)
        if not are_in_time:
            ahead = by + float(np.median(lags[-around:])) + _drift(lags, hop)
    return Followed(hop, np.maximum.accumulate(_straight_ends(places, own)), alike)


def _beginnings(
    read: ReadMono, own: Positions, later: int, hop: int, rate_hz: int
) -> Iterator[tuple[float, float]]:
    """Yield how alike two takes are from each beginning, and how much later the other one is, in samples.

    The second half of the first seconds counts: there may be silence before. Its line leads back to the
    middle of the first segment.
    """
    length = min(round(_FIRST_S / HOP_S), len(own))
    inner = own[:length] - own[0]
    for begins_s in _BEGINS_S:
        by = later + round(begins_s * rate_hz)
        warping = _lags(read, int(own[0]), by, length * hop, rate_hz, _FIRST_MS)
        lags = warping.lags_at(inner)[length // 2 :]
        slope, offset = np.polyfit(np.arange(length // 2, length), lags, 1)
        alike = float(warping.alike_at(inner)[length // 2 :].mean())
        yield alike, by + float(offset + slope * round(_SEGMENT_S / HOP_S) / 2)


def _straight_ends(places: Positions, own: Positions) -> Positions:
    """Return places with the tempo of the sound next to them at both ends: silence may be anywhere."""
    lags, end, inner = places - own, round(_END_S / HOP_S), round(_INNER_S / HOP_S)
    if len(lags) < 2 * (end + inner):
        return places
    for rows in (np.arange(end + inner), np.arange(len(lags) - end - inner, len(lags))):
        is_end = np.arange(end + inner) < end if rows[0] == 0 else np.arange(end + inner) >= inner
        slope, offset = np.polyfit(rows[~is_end], lags[rows[~is_end]], 1)
        expected = offset + slope * rows
        is_off = is_end & (np.abs(lags[rows] - expected) > _OFF_S / HOP_S * (own[1] - own[0]))
        lags[rows[is_off]] = expected[is_off]
    return own + lags


def _lags(read: ReadMono, start: int, by: int, length: int, rate_hz: int, most_ms: float) -> Warping:
    """Return the lags of a span that begins `by` samples after the same music at `start`."""
    own, other = _from(read, start), _from(read, start + by)
    return find_warping(own, other, length, rate_hz, most_ms, steady_s=_STEADY_S)


def _from(read: ReadMono, origin: int) -> ReadMono:
    def shifted(start_samples: int, stop_samples: int) -> NDArray[np.float32]:
        return read(origin + start_samples, origin + stop_samples)

    return shifted


def _drift(lags: Positions, hop: int) -> float:
    """Return by how much the lag grows until the middle of the next segment, in samples."""
    if len(lags) < 2:
        return 0.0
    slope = np.polyfit(np.arange(len(lags)) * hop, lags, 1)[0]
    return float(np.clip(slope, -FASTEST, FASTEST)) * len(lags) * hop / 2


LEAD_S = 0.007
"""A seam is this long before the first attack of its bar: longer than half of a crossfade of 10 ms."""
_BEFORE_S, _AFTER_S = 0.05, 0.05
"""How far from the place by alignment the attack of a bar is looked for."""
_RISE_S, _HELD_S = 0.004, 0.02
_BEGUN = 0.25
"""Share of the largest rise in dB at which the first attack begins: musicians do not attack together."""
_LEAST_RISE_DB = 4.0
_FARTHEST_S = 0.03
"""An attack farther than this from where the reference take has it is another one."""
_ALIKE = 0.15
"""Correlation of spectra below which a take does not play the bar."""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Bars of takes.

    Attributes
    ----------
    edges_samples : int64, shape (takes, bars + 1), where bars begin and the last one ends
    is_played : bool, shape (takes, bars)
    reference : the number of the take from which bars were taken
    """

    edges_samples: NDArray[np.int64]
    is_played: NDArray[np.bool_]
    reference: int

    def __len__(self) -> int:
        """Return how many bars there are."""
        return int(self.edges_samples.shape[1]) - 1


def bars_of_takes(
    read: ReadMono,
    takes: Sequence[Followed],
    reference: int,
    lines_samples: NDArray[np.int64],
    spans_samples: Sequence[tuple[int, int]],
    rate_hz: int,
) -> Bars:
    """Return the bars of takes at given lines of the reference take.

    Parameters
    ----------
    takes : each aligned with the reference take
    lines_samples : int64, shape (bars + 1,), ascending, in the reference take
    spans_samples : of the takes, [start, stop): bars outside are not played
    """
    own = takes[reference].places_samples
    at = takes[reference].hops_at(lines_samples)
    hops = np.arange(len(own))
    leads = _attack(read, lines_samples, rate_hz)
    edges = np.empty((len(takes), len(lines_samples)), np.int64)
    is_played = np.zeros((len(takes), len(lines_samples) - 1), np.bool_)
    for number, take in enumerate(takes):
        places = np.interp(at, hops, take.places_samples)
        # Both takes are compared around the attack of the reference, where alignment is most exact.
        near = places + np.where(np.isnan(leads), 0.0, leads)
        found = near if number == reference else near + _attack(read, near.astype(np.int64), rate_hz)
        is_near = np.abs(found - near) <= _FARTHEST_S * rate_hz  # False for NaN
        edges[number] = np.floor(np.where(is_near, found, near) - LEAD_S * rate_hz)
        edges[number] = np.maximum.accumulate(edges[number])
        is_played[number] = _is_played(take, at, edges[number], spans_samples[number], rate_hz)
    return Bars(edges, is_played, reference)


def _is_played(
    take: Followed, at: NDArray[np.float64], edges: NDArray[np.int64], span: tuple[int, int], rate_hz: int
) -> NDArray[np.bool_]:
    within = 0.5 * rate_hz
    first = np.clip(at[:-1].astype(int), 0, len(take.alike) - 1)
    spans = zip(first.tolist(), np.maximum(at[1:].astype(int), first + 1).tolist(), strict=True)
    alike = np.array([take.alike[start:stop].mean() for start, stop in spans])
    is_inside = (edges[:-1] >= span[0] - within) & (edges[1:] <= span[1] + 2 * within)
    return is_inside & (alike >= _ALIKE) & (np.diff(edges) > 0)


def _attack(read: ReadMono, places: NDArray[np.int64], rate_hz: int) -> NDArray[np.float64]:
    """Return how far from each place the first attack near it begins, in samples; NaN without a clear one."""
    octaves = Octaves(rate_hz)
    hop = octaves.hop_samples
    before, after = octaves.hops(_BEFORE_S), octaves.hops(_AFTER_S)
    rise, held = octaves.hops(_RISE_S), octaves.hops(_HELD_S)
    found = np.full(len(places), np.nan)
    for number, place in enumerate(places.tolist()):
        sound = finite(read(place - (before + held) * hop, place + (after + rise) * hop))
        energies = octave_energies(sound, octaves).astype(np.float64)
        smooth = np.cumsum(np.pad(energies, ((0, 0), (1, 0))), axis=1)
        means = (smooth[:, rise:] - smooth[:, :-rise]) / rise
        level_db = 10.0 * np.log10(means + 0.01 * means.max(axis=1, keepdims=True) + 1e-14)
        count = before + after
        rows = np.arange(count)[:, None] + np.arange(held - rise)
        earlier = level_db[:, rows].max(axis=2)
        gains = np.maximum(level_db[:, held : held + count] - earlier, 0.0)
        weights = np.sqrt(means.max(axis=1))
        rises = weights @ gains / max(float(weights.sum()), 1e-12)
        if rises.max() < _LEAST_RISE_DB:
            continue
        # `means` at a hop holds the sound from it on: the rise begins where they first contain the attack.
        begins = int(np.argmax(rises >= _BEGUN * rises.max()))
        found[number] = (begins + rise - 1 - before) * hop
    return found
