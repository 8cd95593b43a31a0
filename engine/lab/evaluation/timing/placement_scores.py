"""Accuracy of the placement of hits, as audible in the result.

The final position of each hit counts: a missed hit moves with its slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import ORNAMENTS, Hits, Ornament
from engine.features.timing.alignment.lines import Lines, Placement
from engine.lab.evaluation.timing.baselines.simple_aligners import nearest_lines
from engine.lab.evaluation.timing.matching import Rows, f_measure
from engine.lab.simulated.performances.performance import Truth

Counts = NDArray[np.int64]

NEAR_MS = 3.0
_PAD_MS = 5.0
_BESIDE_S = 0.2
_BESIDE_LINES = 1.1
_MOVED_SAMPLES = 0.5
GRACES = (ORNAMENTS.index(Ornament.FLAM), ORNAMENTS.index(Ornament.DRAG))
_GHOST = ORNAMENTS.index(Ornament.GHOST)
_LATE = ORNAMENTS.index(Ornament.LATE_VOICE)


@dataclass(frozen=True, slots=True, eq=False)
class PlacementScore:
    """Placement results of one performance, or of several.

    Attributes
    ----------
    off_ms : float64, shape (k,), how far from its target each hit is that was moved
    wrong : how many hits are nearer to another line than their own, and of how many
    beside_extra_wrong, beside_missing_wrong : the same next to a false hit, and next to a missing one
    graces_kept : how many grace notes are as far before their note as they were, and of how many
    ghosts_kept : how many ghost notes are on their line, and of how many
    flams_fixed : how many late voices are within 3 ms of their target, and of how many
    flams_told : of strokes with a late voice, how many are right, true and found
    """

    off_ms: NDArray[np.float64]
    wrong: Counts
    beside_extra_wrong: Counts
    beside_missing_wrong: Counts
    graces_kept: Counts
    ghosts_kept: Counts
    flams_fixed: Counts
    flams_told: Counts

    def figures(self) -> dict[str, float]:
        """Return its figures by name; NaN where there was nothing to do."""
        off_ms = self.off_ms
        told = self.flams_told
        return {
            "wrong_place": _share(self.wrong),
            "off_target_ms_median": float(np.median(off_ms)) if len(off_ms) else float("nan"),
            "off_target_ms_p95": float(np.quantile(off_ms, 0.95)) if len(off_ms) else float("nan"),
            "grace_notes_kept": _share(self.graces_kept),
            "ghosts_kept": _share(self.ghosts_kept),
            "faulty_flams_f": f_measure(int(told[0]), int(told[1]), int(told[2])),
            "faulty_flams_fixed": _share(self.flams_fixed),
            "beside_extra_wrong": _share(self.beside_extra_wrong),
            "beside_missing_wrong": _share(self.beside_missing_wrong),
        }


def placement_score(
    truth: Truth, hits: Hits, rows: Rows, placement: Placement, lines: Lines
) -> PlacementScore:
    """Compare where hits are put with where they belong.

    Parameters
    ----------
    rows : int64, shape (n,), the row of the truth for each hit; -1 for false hits
    """
    rate_hz = lines.rate_hz
    ends = ends_of(truth, hits, rows, placement, rate_hz)
    is_grace = np.isin(truth.ornaments, GRACES)
    is_meant = ~np.isnan(truth.targets_samples)
    targets = np.where(is_meant, truth.targets_samples, 0.0)
    is_wrong = nearest_lines(ends, lines) != nearest_lines(targets, lines)
    is_main = is_meant & ~is_grace
    is_moved = is_main & (np.abs(ends - truth.onsets_samples) > _MOVED_SAMPLES)
    off_ms = np.abs(ends - targets) / rate_hz * 1000.0
    is_late = truth.ornaments == _LATE
    is_ghost = truth.ornaments == _GHOST
    return PlacementScore(
        off_ms=off_ms[is_moved],
        wrong=_of(is_wrong, is_main),
        beside_extra_wrong=_of(is_wrong, is_main & _beside_extra(truth, rate_hz)),
        beside_missing_wrong=_of(is_wrong, is_main & _beside_missing(truth, lines)),
        graces_kept=_of(_is_kept(truth, ends, rate_hz), is_grace),
        ghosts_kept=_of(~is_wrong, is_ghost & is_meant),
        flams_fixed=_of(off_ms <= NEAR_MS, is_late & is_meant),
        flams_told=_told(truth, rows, placement),
    )


def together(scores: Sequence[PlacementScore]) -> PlacementScore:
    """Return the score of all performances as of one.

    Raises
    ------
    ValueError : the list is empty
    """
    if not scores:
        raise ValueError("There is no score.")
    counts = {
        field.name: np.sum([getattr(one, field.name) for one in scores], axis=0)
        for field in fields(PlacementScore)
        if field.name != "off_ms"
    }
    return PlacementScore(off_ms=np.concatenate([one.off_ms for one in scores]), **counts)


def ends_of(truth: Truth, hits: Hits, rows: Rows, placement: Placement, rate_hz: int) -> NDArray[np.float64]:
    """Return where every true hit ends up, shape (n of the truth,)."""
    ends = truth.onsets_samples.astype(np.float64)
    if len(hits.onsets_samples):
        whole = placement.targets_samples - hits.onsets_samples + np.nan_to_num(placement.flams_samples)
        starts = hits.onsets_samples - _PAD_MS / 1000.0 * rate_hz
        slices = np.searchsorted(starts, ends, side="right") - 1
        ends = ends + np.where(slices >= 0, whole[np.maximum(slices, 0)], 0.0)
    known = rows >= 0
    moves = placement.targets_samples - hits.onsets_samples
    ends[rows[known]] = truth.onsets_samples[rows[known]] + moves[known]
    return ends


def _is_kept(truth: Truth, ends: NDArray[np.float64], rate_hz: int) -> NDArray[np.bool_]:
    """Return a mask of grace notes with an unchanged distance to their main note."""
    kept = np.zeros(len(ends), bool)
    is_grace = np.isin(truth.ornaments, GRACES)
    for row in np.flatnonzero(is_grace):
        own = (truth.strokes == truth.strokes[row]) & (truth.microphones == truth.microphones[row])
        mains = np.flatnonzero(own & ~is_grace)
        if len(mains):
            moved = (ends[row] - truth.onsets_samples[row]) - (
                ends[mains[0]] - truth.onsets_samples[mains[0]]
            )
            kept[row] = abs(moved) <= NEAR_MS / 1000.0 * rate_hz
    return kept


def _beside_extra(truth: Truth, rate_hz: int) -> NDArray[np.bool_]:
    extra = truth.onsets_samples[np.isnan(truth.targets_samples)]
    away = np.abs(truth.onsets_samples[:, None] - extra[None, :])
    return np.asarray(np.any(away <= _BESIDE_S * rate_hz, axis=1), np.bool_)


def _beside_missing(truth: Truth, lines: Lines) -> NDArray[np.bool_]:
    spacing = float(np.median(np.diff(lines.positions_samples))) if len(lines.beats) > 1 else 0.0
    targets = np.nan_to_num(truth.targets_samples, nan=-np.inf)
    away = np.abs(targets[:, None] - truth.missing_samples[None, :])
    return np.asarray(np.any(away <= _BESIDE_LINES * spacing, axis=1), np.bool_)


def _told(truth: Truth, rows: Rows, placement: Placement) -> Counts:
    """Return of strokes with a late voice how many are right, true and found."""
    told = ~np.isnan(placement.flams_samples)
    of = np.unique(truth.strokes[rows[told & (rows >= 0)]])
    true = np.unique(truth.strokes[truth.ornaments == _LATE])
    return np.array([len(np.intersect1d(of, true)), len(true), len(of) + np.count_nonzero(told & (rows < 0))])


def _of(is_so: NDArray[np.bool_], among: NDArray[np.bool_]) -> Counts:
    return np.array([np.count_nonzero(is_so & among), np.count_nonzero(among)])


def _share(counts: Counts) -> float:
    return float(counts[0]) / float(counts[1]) if counts[1] else float("nan")
