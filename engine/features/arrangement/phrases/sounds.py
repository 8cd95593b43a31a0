"""The sound of spans of a recording, so that two of them can be compared at any level, tone and tempo.

Each span is divided into the same number of slots and centred, so that neither a level nor the tone of an
equaliser counts, nor a tempo that is a little faster throughout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.span_means import running_sums, sums_at
from engine.features.takes.features import FRAMES_PER_S, STEPS_PER_S, Frames
from engine.features.takes.structure.similarity import below_loud, standing_out

Floats = NDArray[np.float32]
Sums = NDArray[np.float64]
Seconds = NDArray[np.float64]

_PITCH_COLUMNS = 20
"""Principal components of the semitones; the others hardly differ."""
_RANGE_DB = 50.0
_SLOTS = 32
_AT_ONCE = 1024
"""Spans whose sound is held in memory in full."""
_SHIFTS_S = (-0.2, -0.1, 0.0, 0.1, 0.2)
"""The borders of spans are right within this."""
_SAME_LENGTH, _LEAST_LENGTH, _NO_TAIL = 0.94, 0.7, 0.985
"""Spans of this ratio of lengths are compared as wholes. Others, and those with a possible tail, are compared
as the shorter one with the start of the longer one."""
_PART_COSTS = 0.05
_MOST_PITCH, _MOST_BAND = 3.0, 1.5
"""Deviations are limited to these multiples of their mean, so that a bar played wrongly does not decide."""


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """Running sums of the sound of a recording.

    Attributes
    ----------
    pitches : shape (n + 1, columns), `FRAMES_PER_S` rows a second
    bands : shape (m + 1, bands), in dB, `STEPS_PER_S` rows a second
    """

    pitches: Sums
    bands: Sums

    @classmethod
    def of(cls, frames: Frames) -> Sounds:
        """Return the sound of analysed frames, at least one."""
        pitches = standing_out(frames.notes_db)
        centred = pitches - pitches.mean(axis=0)
        _, axes = np.linalg.eigh(centred.T @ centred)
        bands = _RANGE_DB * below_loud(frames.bands_db)
        return cls(running_sums(pitches @ axes[:, -_PITCH_COLUMNS:]), running_sums(bands))

    def vectors(self, starts_s: Seconds, stops_s: Seconds, slots: int = _SLOTS) -> Floats:
        """Return unit vectors of spans, shape (k, dimensions): their products are similarities, -1 to 1.

        Parameters
        ----------
        starts_s, stops_s : shape (k,)
        slots : into which spans are divided, twice as many for rhythm
        """
        if len(starts_s) > _AT_ONCE:
            parts = (
                self.vectors(starts_s[one], stops_s[one], slots) for one in blocks(len(starts_s), _AT_ONCE)
            )
            return np.concatenate(list(parts))
        pitches = _unit_rows(self.pitches, FRAMES_PER_S, starts_s, stops_s, slots, _MOST_PITCH)
        bands = _unit_rows(self.bands, STEPS_PER_S, starts_s, stops_s, 2 * slots, _MOST_BAND)
        return np.concatenate([np.sqrt(0.5) * pitches, np.sqrt(0.5) * bands], axis=1).astype(np.float32)

    def pitch_vectors(self, starts_s: Seconds, stops_s: Seconds, slots: int) -> Floats:
        """Return unit vectors of the pitches of spans, shape (k, dimensions)."""
        return _unit_rows(self.pitches, FRAMES_PER_S, starts_s, stops_s, slots, _MOST_PITCH).astype(
            np.float32
        )

    def of_halves(self, starts_s: Seconds, stops_s: Seconds) -> NDArray[np.float64]:
        """Return how alike the halves of each span are, shape (k,), -1 to 1."""
        middles_s = (starts_s + stops_s) / 2.0
        found = np.zeros(len(starts_s))
        for one in blocks(len(starts_s), _AT_ONCE):
            first = self.vectors(starts_s[one], middles_s[one], slots=_SLOTS // 2)
            second = self.vectors(middles_s[one], stops_s[one], slots=_SLOTS // 2)
            found[one] = np.einsum("nd,nd->n", first, second)
        return found

    def similarities(self, starts_s: Seconds, stops_s: Seconds) -> NDArray[np.float64]:
        """Return how alike spans are, shape (k, k), -1 to 1; -1 where their lengths differ much."""
        lengths = stops_s - starts_s
        plain = self.vectors(starts_s, stops_s)
        alike: NDArray[np.float64] = np.full((len(starts_s), len(starts_s)), -1.0)
        for shift_s in _SHIFTS_S:
            alike = np.maximum(alike, plain @ self.vectors(starts_s + shift_s, stops_s + shift_s).T)
        alike = np.maximum(alike, alike.T)
        ratios = np.minimum(lengths[:, None], lengths) / np.maximum(lengths[:, None], lengths)
        for one, other in np.argwhere(np.triu(ratios < _NO_TAIL, 1)).tolist():
            found = float(alike[one, other]) if ratios[one, other] >= _SAME_LENGTH else -1.0
            if ratios[one, other] >= _LEAST_LENGTH:
                shorter_s = float(lengths[[one, other]].min())
                found = max(found, self.begin_alike(starts_s[one], starts_s[other], shorter_s) - _PART_COSTS)
            alike[one, other] = alike[other, one] = found
        return alike

    def begin_alike(self, one_s: float, other_s: float, length_s: float) -> float:
        """Return how alike the first seconds of two spans are, -1 to 1."""
        starts_s = np.array([one_s, *(other_s + shift_s for shift_s in _SHIFTS_S)])
        vectors = self.vectors(starts_s, starts_s + length_s)
        return float(np.max(vectors[1:] @ vectors[0]))

    def tone_db(self, starts_s: Seconds, stops_s: Seconds) -> NDArray[np.float64]:
        """Return the mean level of each band in spans, shape (k, bands)."""
        first, last = starts_s * STEPS_PER_S, stops_s * STEPS_PER_S
        lengths = np.maximum(last - first, 1e-3)
        means: Sums = (sums_at(self.bands, last) - sums_at(self.bands, first)) / lengths[:, None]
        return means


def blocks(count: int, size: int) -> list[slice]:
    """Return slices of `size` rows, to be computed one after another."""
    return [slice(at, min(at + size, count)) for at in range(0, count, size)]


def _unit_rows(
    sums: Sums, rate_hz: float, starts_s: Seconds, stops_s: Seconds, slots: int, limit: float
) -> Sums:
    """Return the means of spans in slots as unit vectors, shape (k, slots * columns).

    Parameters
    ----------
    limit : the largest deviation, as a multiple of the mean one
    """
    places = (starts_s[:, None] + (stops_s - starts_s)[:, None] * np.arange(slots + 1) / slots) * rate_hz
    rows = _centred(np.diff(sums_at(sums, places), axis=1) / np.diff(places, axis=1)[..., None])
    most = limit * np.abs(rows).mean(axis=(1, 2), keepdims=True)
    rows = _centred(np.clip(rows, -most, most)).reshape(len(places), slots * sums.shape[1])
    unit: Sums = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return unit


def _centred(rows: Sums) -> Sums:
    centred: Sums = rows - rows.mean(axis=1, keepdims=True)
    return centred
