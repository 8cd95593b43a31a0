"""Where notes belong: on the lines of a grid, with notes of another track, or with another take.

In another take, a note goes to the place of the same sound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Hits, Role
from engine.features.timing.alignment.lines import Lines
from engine.features.timing.alignment.moves import whole_performance
from engine.features.timing.alignment.settings import AlignmentSettings
from engine.features.timing.notes.onsets import Notes
from engine.features.timing.notes.warping import Warping

Floats = NDArray[np.float64]


_TIGHT_S, _NEAR_S, _FEWEST_ON_GRID = 0.0025, 0.01, 8
"""Playing with half of its notes as near to their lines is on the grid, and then so is a note that near."""
_ALONG_S = 1.0
"""A note without a place of its own moves with its neighbours, if both are as near as this."""
_DRIFT_S = 1.0
_ROUNDING = 1e-9
_AT_ONCE = 2_000
_PASSED_OVER = 0.75
"""Cost of a note without a partner, as a share of the farthest distance."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedNotes:
    """Where the notes of a track go.

    Attributes
    ----------
    shifts_samples : float64, shape (n,), whole numbers: how much later each is to sound; 0 where it stays
    places : int64, shape (n,), the line or the note of the reference that it belongs to; -1 for none
    """

    shifts_samples: Floats
    places: NDArray[np.int64]


def to_lines(notes: Notes, lines: Lines, settings: AlignmentSettings) -> PlacedNotes:
    """Place notes on lines, with the decoder that places drum strokes."""
    placement = whole_performance(settings)(hits_of(notes), lines)
    moved = placement.targets_samples - notes.onsets_samples
    return PlacedNotes(np.where(moved == 0.0, 0.0, np.floor(moved + 0.5)), placement.lines)


def on_grid(
    notes: Notes, lines: Lines, placed: PlacedNotes, is_clear: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the notes that are on their lines as far as onsets are known, shape (n,); none if they stray.

    Onsets of notes are some ms off, by about the same for one instrument. So notes that are all as late as
    each other were played by a machine, or cannot be improved.
    """
    known = placed.places >= 0
    off = np.where(known, lines.positions_samples[placed.places], 0.0) - notes.onsets_samples
    typical = off[known & is_clear]
    if len(typical) < _FEWEST_ON_GRID:
        return np.zeros(len(off), np.bool_)
    strays_s = np.abs(off - np.median(typical)) / lines.rate_hz
    late_s = float(np.median(typical)) / lines.rate_hz
    is_tight = float(np.median(strays_s[known & is_clear])) < _TIGHT_S and abs(late_s) < _NEAR_S
    is_near: NDArray[np.bool_] = known & (strays_s < _NEAR_S)
    return is_near if is_tight else np.zeros(len(off), np.bool_)


def hits_of(notes: Notes) -> Hits:
    """Return notes as hits of one microphone."""
    count = len(notes.onsets_samples)
    return Hits(
        onsets_samples=notes.onsets_samples,
        tracks=np.zeros(count, np.int16),
        strengths_db=notes.strengths_db,
        strokes=np.arange(count, dtype=np.int32),
        ornaments=np.zeros(count, np.int8),
        confidences=notes.confidences,
        track_ids=("notes",),
        roles=(Role.OTHER,),
        delays_samples=np.zeros(1),
        maker="notes",
        unsure_samples=notes.unsure_samples,
    )


def to_reference(
    onsets_samples: Floats, reference_samples: Floats, rate_hz: int, most_ms: float, strength: float
) -> PlacedNotes:
    """Place notes with those of another track: each with at most one, in the same order.

    Parameters
    ----------
    onsets_samples, reference_samples : ascending
    most_ms : notes farther apart do not belong together
    """
    most = most_ms / 1000.0 * rate_hz
    partners = partners_of(onsets_samples, reference_samples, most)
    # Players drift: the second time, distances are measured from where the notes around have their partners.
    drift = _drift(onsets_samples, reference_samples, partners, rate_hz)
    partners = partners_of(onsets_samples + drift, reference_samples, most)
    has_partner = partners >= 0
    shifts = np.zeros(len(onsets_samples))
    shifts[has_partner] = reference_samples[partners[has_partner]] - onsets_samples[has_partner]
    shifts[~has_partner] = _along(onsets_samples, shifts, has_partner, rate_hz)
    return PlacedNotes(np.floor(shifts * strength + 0.5), partners)


def _drift(onsets: Floats, reference: Floats, partners: NDArray[np.int64], rate_hz: int) -> Floats:
    """Return how much later the partners of the notes near each note are, in the median; 0 without any."""
    known = np.flatnonzero(partners >= 0)
    late = reference[partners[known]] - onsets[known]
    first, last = (np.searchsorted(onsets[known], onsets + by * _DRIFT_S * rate_hz) for by in (-1, 1))
    return np.array([np.median(late[a:b]) if b > a else 0.0 for a, b in zip(first, last, strict=True)])


def partners_of(onsets: Floats, reference: Floats, most: float, at_once: int = _AT_ONCE) -> NDArray[np.int64]:
    """Return the note of the reference for each note, -1 for none, of one passage at a time.

    Passages end in the longest of the pauses between notes of either.

    Parameters
    ----------
    at_once : the number of notes of both in a passage, at most
    """
    every = np.sort(np.concatenate([onsets, reference]))
    ends, first = [-np.inf], 0
    while len(every) - first > at_once:
        pauses = np.diff(every[first + at_once // 2 : first + at_once])
        last = first + at_once // 2 + int(pauses.argmax())
        ends.append(float(every[last : last + 2].mean()))
        first = last + 1
    partners = np.full(len(onsets), -1, np.int64)
    for start, stop in pairwise([*ends, np.inf]):
        own, others = (np.flatnonzero((times >= start) & (times < stop)) for times in (onsets, reference))
        found = _matched(onsets[own], reference[others], most)
        partners[own[found >= 0]] = others[found[found >= 0]]
    return partners


def _matched(onsets: Floats, reference: Floats, most: float) -> NDArray[np.int64]:
    """Return the note of the reference for each note, -1 for none: the least total distance, in order.

    A dynamic programme over both (as for sequences, Needleman and Wunsch 1970), in which a note without a
    partner costs a fixed part of the farthest distance.
    """
    size = len(reference)
    if not len(onsets) or not size or most <= 0.0:
        return np.full(len(onsets), -1, np.int64)
    passed = _PASSED_OVER / 2.0
    costs = passed * np.arange(size + 1, dtype=np.float64)
    took = np.zeros((len(onsets), size), np.bool_)
    left = np.zeros((len(onsets), size + 1), np.bool_)
    steps = passed * np.arange(size + 1)
    for row, onset in enumerate(onsets):
        apart = np.abs(reference - onset) / most
        together = costs[:-1] + np.where(apart <= 1.0, apart, np.inf)
        alone = costs + passed
        took[row] = together < alone[1:]
        best = np.concatenate([alone[:1], np.minimum(together, alone[1:])])
        # Passing over notes of the reference: the least of all before, and what lies between costs.
        running = np.minimum.accumulate(best - steps) + steps
        left[row] = running < best - _ROUNDING
        costs = running
    partners = np.full(len(onsets), -1, np.int64)
    column = size
    for row in range(len(onsets) - 1, -1, -1):
        while column and left[row, column]:
            column -= 1
        if column and took[row, column - 1]:
            column -= 1
            partners[row] = column
    return partners


def _along(onsets: Floats, shifts: Floats, has_partner: NDArray[np.bool_], rate_hz: int) -> Floats:
    """Return the shifts of notes without a partner: between those of near neighbours that have one."""
    alone, known = onsets[~has_partner], onsets[has_partner]
    if not len(known):
        return np.zeros(len(alone))
    after = np.searchsorted(known, alone)
    is_between = (after > 0) & (after < len(known))
    before, after = np.maximum(after - 1, 0), np.minimum(after, len(known) - 1)
    near = _ALONG_S * rate_hz
    is_between &= (alone - known[before] <= near) & (known[after] - alone <= near)
    return np.where(is_between, np.interp(alone, known, shifts[has_partner]), 0.0)


_SURE, _UNLIKE = 0.5, 0.25
"""Correlation from which on both takes have the same sound at a note, and below which they have not. Between
them, times count. One voice twice: 0.7 to 1; two speakers: 0.5 to 0.8; other words: 0 to 0.4."""
_LEAST_SURE = 0.7
"""Share of such notes in takes that are alike. Others, such as bass and kick, are matched by times alone:
trumpet and saxophone have 0.2 (one draw 0.67), nylon and clean guitar 0.45; picked and finger bass 0.74, two
speakers 0.88, one voice twice 0.98."""
_FAINT_SURE = 0.7
"""Correlation from which on faint notes move with the others, and do not limit them."""
_PARTNER_S, _EXACT_S, _CLEAR_S = 0.03, 0.005, 0.02
"""Onsets nearer to the path than the first are partners. Nearer than the second, and both as clear as the
third, they are more exact than the path."""

_NEIGHBOURS_S, _SAME_SHIFT_S = 0.3, 0.003
"""Notes within the first of each other move by the same, if their shifts differ by less than the second."""


@dataclass(frozen=True, slots=True, eq=False)
class NotesOfTake:
    """The notes of a take, and where they go.

    Attributes
    ----------
    is_movable : bool, shape (n,), whether the place of each in the other take is known
    """

    notes: Notes
    placed: PlacedNotes
    is_movable: NDArray[np.bool_]


def are_alike(notes: Notes, warping: Warping) -> bool:
    """Return whether two takes sound alike, so that notes are matched by sound."""
    return bool(np.mean(warping.alike_at(notes.onsets_samples) >= _SURE) >= _LEAST_SURE)


def to_take(
    notes: Notes, reference: Notes, warping: Warping, rate_hz: int, most_ms: float, strength: float
) -> NotesOfTake:
    """Place notes where the other take has the same sound; those of other sounds stay.

    Parameters
    ----------
    most_ms : notes farther from their sound stay
    """
    is_faint = warping.alike_at(notes.faint_samples) < _FAINT_SURE
    notes = replace(notes, faint_samples=notes.faint_samples[is_faint])
    onsets, others = notes.onsets_samples, reference.onsets_samples
    alike, is_clear = warping.alike_at(onsets), notes.unsure_samples <= _CLEAR_S * rate_hz
    is_sure = alike >= _SURE
    partners = np.full(len(onsets), -1, np.int64)
    shifts = np.zeros(len(onsets))
    shifts[is_sure], partners[is_sure] = _by_sound(
        onsets[is_sure], is_clear[is_sure], reference, warping, rate_hz
    )
    by_time = ~is_sure & (alike >= _UNLIKE) & is_clear
    free = np.setdiff1d(np.arange(len(others)), partners)
    placed = to_reference(onsets[by_time], others[free], rate_hz, most_ms, 1.0)
    shifts[by_time] = placed.shifts_samples
    partners[by_time] = np.append(free, -1)[placed.places]
    is_movable = by_time | (is_sure & (np.abs(shifts) <= most_ms / 1000.0 * rate_hz))
    return NotesOfTake(notes, PlacedNotes(np.floor(shifts * strength + 0.5), partners), is_movable)


def _by_sound(
    onsets: Floats, is_clear: NDArray[np.bool_], reference: Notes, warping: Warping, rate_hz: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the shift of each note along the path, and its partner there; -1 for none."""
    lags = warping.lags_at(onsets)
    partners = partners_of(onsets + lags, reference.onsets_samples, _PARTNER_S * rate_hz)
    # The last value is that of a note without a partner.
    apart = np.append(reference.onsets_samples, np.inf)[partners] - onsets
    others_clear = np.append(reference.unsure_samples <= _CLEAR_S * rate_hz, False)[partners]
    is_exact = (np.abs(apart - lags) <= _EXACT_S * rate_hz) & is_clear & others_clear
    return _together(onsets, np.where(is_exact, apart, lags), rate_hz), partners


def _together(onsets: Floats, shifts: Floats, rate_hz: int) -> Floats:
    """Return shifts in which notes just after each other move by the same, if nearly so: without a seam."""
    near, same = _NEIGHBOURS_S * rate_hz, _SAME_SHIFT_S * rate_hz
    found = shifts.tolist()
    for row, apart in enumerate(np.diff(onsets).tolist()):
        if apart <= near and abs(found[row + 1] - found[row]) <= same:
            found[row + 1] = found[row]
    return np.array(found, np.float64)
