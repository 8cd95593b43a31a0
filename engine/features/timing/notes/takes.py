"""Notes of a take, placed with the same sound of another take."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.features.timing.notes.onsets import Notes
from engine.features.timing.notes.placing import PlacedNotes, partners_of, to_reference
from engine.features.timing.notes.warping import Warping

Floats = NDArray[np.float64]

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
