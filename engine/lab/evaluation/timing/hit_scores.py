"""How well the hits of a performance were found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import ORNAMENTS, Hits, Ornament, Role
from engine.lab.evaluation.timing.matching import Rows, f_measure, matched
from engine.lab.simulated.performances.performance import Performance

WITHIN_MS = 5.0
_GRACES = (ORNAMENTS.index(Ornament.FLAM), ORNAMENTS.index(Ornament.DRAG))
_GHOST = ORNAMENTS.index(Ornament.GHOST)
_LATE = ORNAMENTS.index(Ornament.LATE_VOICE)
_VOICES = tuple(role for role in Role if role.is_close)


@dataclass(frozen=True, slots=True, eq=False)
class HitScore:
    """Detection results of one performance, or of several.

    Attributes
    ----------
    counts : of each role of microphones: how many are right, true and found
    errors_ms : float64, shape (k,), delay of correct detections, at close microphones
    any_drum : number of true hits with a detected one within 5 ms, of any drum, and of all; the same of the
        detected
    ghosts, graces, graces_told, late_voices : how many are right, true and found
    """

    counts: Mapping[Role, NDArray[np.int64]]
    errors_ms: NDArray[np.float64]
    any_drum: NDArray[np.int64]
    ghosts: NDArray[np.int64]
    graces: NDArray[np.int64]
    graces_told: NDArray[np.int64]
    late_voices: NDArray[np.int64]

    def figures(self) -> dict[str, float]:
        """Return its figures by name; NaN where there was nothing to find."""
        close = sum((self.counts[role] for role in _VOICES), np.zeros(3, np.int64))
        every = close + self.counts[Role.OVERHEAD]
        errors_ms = np.abs(self.errors_ms)
        late = self.errors_ms
        return {
            "f_close": _f(close),
            "precision_close": _share(close[0], close[2]),
            "recall_close": _share(close[0], close[1]),
            **{f"f_{role}": _f(self.counts[role]) for role in _VOICES},
            "f_cymbals_in_overheads": _f(self.counts[Role.OVERHEAD]),
            "f_all": _f(every),
            "f_any_drum": _harmonic(
                _share(self.any_drum[0], self.any_drum[1]), _share(self.any_drum[2], self.any_drum[3])
            ),
            "onset_error_ms_median": float(np.median(errors_ms)) if len(late) else float("nan"),
            "onset_error_ms_p95": float(np.quantile(errors_ms, 0.95)) if len(late) else float("nan"),
            "onset_late_ms_median": float(np.median(late)) if len(late) else float("nan"),
            "ghosts_found": _share(self.ghosts[0], self.ghosts[1]),
            "grace_notes_found": _share(self.graces[0], self.graces[1]),
            "grace_notes_told_f": _f(self.graces_told),
            "faulty_flams_f": _f(self.late_voices),
        }


def hit_score(performance: Performance, hits: Hits) -> HitScore:
    """Compare hits that were found with those that are true, within 5 ms at the microphone of their drum."""
    true_role, found_role = _roles(performance, hits)
    rows, others = _pairs(performance, hits, true_role, found_role)
    truth = performance.truth
    counts = {}
    for role in (*_VOICES, Role.OVERHEAD):
        right = sum(true_role[row] is role for row in rows)
        counts[role] = np.array([right, true_role.count(role), found_role.count(role)])
    is_close = np.array([true_role[row].is_close for row in rows], bool)
    late = hits.onsets_samples[others] - truth.onsets_samples[rows]
    return HitScore(
        counts=counts,
        errors_ms=late[is_close] / performance.rate_hz * 1000.0,
        any_drum=_any_drum(
            truth.onsets_samples, hits.onsets_samples, WITHIN_MS / 1000.0 * performance.rate_hz
        ),
        ghosts=_told(truth.ornaments, hits.ornaments, rows, others, (_GHOST,), (_GHOST,), any_told=True),
        graces=_told(truth.ornaments, hits.ornaments, rows, others, _GRACES, _GRACES, any_told=True),
        graces_told=_told(truth.ornaments, hits.ornaments, rows, others, _GRACES, _GRACES),
        late_voices=_told(truth.ornaments, hits.ornaments, rows, others, (_LATE,), (_LATE,)),
    )


def together(scores: Iterable[HitScore]) -> HitScore:
    """Return the score of all performances as of one.

    Raises
    ------
    ValueError : the list is empty
    """
    every = list(scores)
    if not every:
        raise ValueError("There is no score.")
    return HitScore(
        counts={role: _sum([one.counts[role] for one in every]) for role in every[0].counts},
        errors_ms=np.concatenate([one.errors_ms for one in every]),
        any_drum=_sum([one.any_drum for one in every]),
        ghosts=_sum([one.ghosts for one in every]),
        graces=_sum([one.graces for one in every]),
        graces_told=_sum([one.graces_told for one in every]),
        late_voices=_sum([one.late_voices for one in every]),
    )


def rows_found(performance: Performance, hits: Hits) -> Rows:
    """Return the row of the truth for each hit, shape (n,); -1 for false hits."""
    true_role, found_role = _roles(performance, hits)
    rows, others = _pairs(performance, hits, true_role, found_role)
    found = np.full(len(hits.onsets_samples), -1, np.int64)
    found[others] = rows
    return found


def _roles(performance: Performance, hits: Hits) -> tuple[list[Role], list[Role]]:
    """Return the role of the microphone of each hit; of cymbals that only overheads pick up, `OVERHEAD`."""
    roles = list(performance.roles.values())
    return (
        [roles[microphone] for microphone in performance.truth.microphones],
        [role if role.is_close else Role.OVERHEAD for role in hits.voices],
    )


def _pairs(
    performance: Performance, hits: Hits, true_role: Sequence[Role], found_role: Sequence[Role]
) -> tuple[Rows, Rows]:
    """Pair hits of the same drum: of toms and cymbals by their microphone, of all else by its role."""
    names = list(performance.microphones)
    true_drum = [
        names[track] if role in (Role.TOM, Role.CYMBAL) else role
        for track, role in zip(performance.truth.microphones, true_role, strict=True)
    ]
    found_drum = [
        hits.track_ids[track] if role in (Role.TOM, Role.CYMBAL) else role
        for track, role in zip(hits.tracks, found_role, strict=True)
    ]
    within = WITHIN_MS / 1000.0 * performance.rate_hz
    rows: list[Rows] = [np.zeros(0, np.int64)]
    others: list[Rows] = [np.zeros(0, np.int64)]
    for drum in set(true_drum):
        own = np.array([row for row, one in enumerate(true_drum) if one == drum], np.int64)
        found = np.array([row for row, one in enumerate(found_drum) if one == drum], np.int64)
        pairs = matched(performance.truth.onsets_samples[own], hits.onsets_samples[found], within)
        rows.append(own[pairs[0]])
        others.append(found[pairs[1]])
    return np.concatenate(rows), np.concatenate(others)


def _told(
    true: NDArray[np.int8],
    found: NDArray[np.int8],
    rows: Rows,
    others: Rows,
    true_codes: Sequence[int],
    found_codes: Sequence[int],
    *,
    any_told: bool = False,
) -> NDArray[np.int64]:
    """Return the number of right, true and found ornaments (of any kind with `any_told`)."""
    is_true, is_found = np.isin(true, true_codes), np.isin(found, found_codes)
    right = is_true[rows] & (any_told | is_found[others])
    return np.array([right.sum(), is_true.sum(), is_found.sum()])


def _any_drum(true: NDArray[np.float64], found: NDArray[np.float64], within: float) -> NDArray[np.int64]:
    near = (
        (np.abs(true[:, None] - found[None, :]) <= within) if len(found) else np.zeros((len(true), 0), bool)
    )
    return np.array([near.any(axis=1).sum(), len(true), near.any(axis=0).sum(), len(found)])


def _harmonic(one: float, other: float) -> float:
    return 2.0 * one * other / (one + other) if one + other > 0.0 else 0.0


def _sum(counts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    total: NDArray[np.int64] = np.sum(counts, axis=0)
    return total


def _f(counts: NDArray[np.int64]) -> float:
    return f_measure(int(counts[0]), int(counts[1]), int(counts[2]))


def _share(part: int, whole: int) -> float:
    return float(part) / float(whole) if whole else float("nan")
