"""Bars of several takes: where each begins in each take, just before its first attack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import finite
from engine.analysis.signal.octaves import Octaves, octave_energies
from engine.features.takes.comping.following import Followed
from engine.features.timing.notes.onsets import ReadMono

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
    take: Followed,
    at: NDArray[np.float64],
    edges: NDArray[np.int64],
    span: tuple[int, int],
    rate_hz: int,
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
