"""Symbolic performances with simulated detection errors: cheap training data for aligners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import ORNAMENTS, BeatGrid, Hits, Ornament
from engine.features.timing.alignment.lines import PARTS, Division, Lines, lines_of
from engine.lab.simulated.performances.performance import Truth
from engine.lab.simulated.performances.scores import Rows
from engine.lab.simulated.performances.takes import Take

_LOUDEST_DB = -3.0
_DB_BY_VELOCITY = 30.0
_FAR_DELAY_SAMPLES = 140.0
_STROKE_MS = 25.0


@dataclass(frozen=True, slots=True)
class FinderErrors:
    """Errors of a hit detector; none by default.

    Attributes
    ----------
    missed, missed_ghosts : share of hits that are not found, of ghosts more
    spurious : hits found that are none, as a share of all: bleed, mostly with another hit
    timing_ms : standard deviation of detected times
    is_grouped : whether strokes are grouped by time alone, without flams, drags and late voices
    """

    missed: float = 0.0
    missed_ghosts: float = 0.0
    spurious: float = 0.0
    timing_ms: float = 0.0
    is_grouped: bool = False


TYPICAL_ERRORS = FinderErrors(0.01, 0.08, 0.01, 0.3, is_grouped=True)


@dataclass(frozen=True, slots=True, eq=False)
class Symbolic:
    """A performance as a hit detector reports it.

    Attributes
    ----------
    rows : int64, shape (n,), the row of the truth for each hit; -1 for false hits
    """

    hits: Hits
    truth: Truth
    rows: Rows
    lines: Lines


def told(take: Take, errors: FinderErrors, rng: np.random.Generator) -> Symbolic:
    """Simulate the detection of hits in a take."""
    truth, rate_hz = take.truth(), take.kit.rate_hz
    rows = _found(truth, errors, rng)
    beside = rng.integers(0, len(rows), rng.poisson(errors.spurious * len(rows)))
    near_s = np.where(rng.random(len(beside)) < 0.7, rng.normal(0.0, 0.004, len(beside)), 0.1)
    at = truth.onsets_samples[np.concatenate([rows, rows[beside]])]
    at[: len(rows)] += rng.normal(size=len(rows)) * errors.timing_ms / 1000 * rate_hz
    at[len(rows) :] += near_s * rate_hz
    tracks = np.concatenate([truth.microphones[rows], rng.permutation(truth.microphones)[: len(beside)]])
    velocities = np.concatenate([truth.velocities[rows], 0.4 * truth.velocities[rows[beside]]])
    rows = np.concatenate([rows, np.full(len(beside), -1)])
    order = np.argsort(at, kind="stable")
    hits = _hits(take, rows[order], at[order], tracks[order], velocities[order], errors, rng)
    lines = true_lines(take.grid(), take.played.score.divisions, rate_hz)
    return Symbolic(hits, truth, rows[order], lines)


def _hits(
    take: Take,
    rows: Rows,
    at: NDArray[np.float64],
    tracks: NDArray[np.int16],
    velocities: NDArray[np.float32],
    errors: FinderErrors,
    rng: np.random.Generator,
) -> Hits:
    truth, roles = take.truth(), tuple(take.kit.roles.values())
    loudness_db = _LOUDEST_DB - _DB_BY_VELOCITY * (1.0 - velocities) + rng.normal(size=len(at))
    return Hits(
        onsets_samples=at,
        tracks=tracks.astype(np.int16),
        strengths_db=loudness_db.astype(np.float32),
        strokes=_strokes(truth, rows, at, take.kit.rate_hz, errors),
        ornaments=_told_ornaments(truth, rows, errors),
        confidences=np.where(rows < 0, 0.6, 0.95).astype(np.float32),
        track_ids=tuple(take.kit.roles),
        roles=roles,
        delays_samples=np.array([0.0 if role.is_close else _FAR_DELAY_SAMPLES for role in roles]),
        maker="symbolic",
    )


def true_lines(grid: BeatGrid, divisions: int, rate_hz: int) -> Lines:
    """Return the lines on which a performance is meant to be."""
    name = next(name for name, parts in PARTS.items() if parts == divisions)
    return lines_of(grid, Division(name), rate_hz)


def _found(truth: Truth, errors: FinderErrors, rng: np.random.Generator) -> Rows:
    is_ghost = truth.ornaments == ORNAMENTS.index(Ornament.GHOST)
    missed = np.where(is_ghost, errors.missed_ghosts, errors.missed)
    return np.flatnonzero(rng.random(len(missed)) >= missed)


def _strokes(
    truth: Truth, rows: Rows, at: NDArray[np.float64], rate_hz: int, errors: FinderErrors
) -> NDArray[np.int32]:
    if errors.is_grouped or (rows < 0).any():
        gaps_ms = np.diff(at, prepend=-np.inf) / rate_hz * 1000
        return (np.cumsum(gaps_ms > _STROKE_MS) - 1).astype(np.int32)
    own = truth.strokes[rows]
    _, first, numbers = np.unique(own, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[numbers].astype(np.int32)


def _told_ornaments(truth: Truth, rows: Rows, errors: FinderErrors) -> NDArray[np.int8]:
    """Return the detected type of each hit: with errors, only ghosts are detected."""
    ornaments = np.where(rows < 0, 0, truth.ornaments[rows]).astype(np.int8)
    if errors.is_grouped:
        ornaments[ornaments != ORNAMENTS.index(Ornament.GHOST)] = 0
    return ornaments
