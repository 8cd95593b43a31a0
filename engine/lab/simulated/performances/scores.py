"""Score of a human performance: its notes on the lines of a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import ORNAMENTS, Ornament, Role
from engine.lab.simulated.performances.grooves import Groove
from engine.lab.simulated.performances.pieces import ROLE_OF_PIECE, Piece

Rows = NDArray[np.int64]

_GRACE_S = (0.01, 0.045)
_GRACE_SOFTER = 0.8
_GHOST_VELOCITY = 0.35
_GHOST_SOFTER = 0.5
_TERNARY_FITS_BETTER = 0.75
_CROWDED = 0.1
_BARE = 0.1
_NARROWEST_S = 0.06
_WITH_GRACE = (Role.SNARE, Role.TOM)


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """A faultless performance, a row for each hit, in the order of time.

    Attributes
    ----------
    divisions : lines a beat
    lines : int64, shape (n,), counted from the first beat, which begins a bar
    leads_s : float64, shape (n,), how long before its line a grace note sounds; 0 for all else
    pieces : length n
    velocities : float32, shape (n,), 0 to 1
    ornaments : int8, shape (n,), places in `ORNAMENTS`; of a flam or drag, its grace notes
    played_s : float64, shape (n,), when the drummer played it
    """

    name: str
    beat_s: float
    beats_in_bar: int
    divisions: int
    lines: Rows
    leads_s: NDArray[np.float64]
    pieces: tuple[Piece, ...]
    velocities: NDArray[np.float32]
    ornaments: NDArray[np.int8]
    played_s: NDArray[np.float64]

    @property
    def line_s(self) -> float:
        """How far apart lines are."""
        return self.beat_s / self.divisions

    @property
    def targets_s(self) -> NDArray[np.float64]:
        """When each hit sounds, shape (n,)."""
        targets: NDArray[np.float64] = self.lines * self.line_s - self.leads_s
        return targets

    def taken(self, rows: Rows) -> Score:
        """Return some of its hits, in the order of time."""
        return self.picked(rows[np.argsort(self.targets_s[rows], kind="stable")])

    def picked(self, rows: Rows) -> Score:
        """Return some of its hits, in the order of the rows."""
        return Score(
            self.name,
            self.beat_s,
            self.beats_in_bar,
            self.divisions,
            self.lines[rows],
            self.leads_s[rows],
            tuple(self.pieces[row] for row in rows),
            self.velocities[rows],
            self.ornaments[rows],
            self.played_s[rows],
        )

    def excerpt(self, first_bar: int, longest_s: float) -> Score:
        """Return the notes from a bar on, with its start as time 0."""
        lines_in_bar = self.beats_in_bar * self.divisions
        first = first_bar * lines_in_bar
        last = first + max(lines_in_bar, int(longest_s / self.line_s / lines_in_bar) * lines_in_bar)
        kept = self.taken(np.flatnonzero((self.lines >= first) & (self.lines < last)))
        start_s = first * self.line_s
        return Score(
            self.name,
            self.beat_s,
            self.beats_in_bar,
            self.divisions,
            kept.lines - first,
            kept.leads_s,
            kept.pieces,
            kept.velocities,
            kept.ornaments,
            kept.played_s - start_s,
        )


def score_of(groove: Groove, microphones: Mapping[Piece, int]) -> Score:
    """Return the score of a performance through a kit.

    A softer note of the same drum shortly before another is a grace note. All others go to the nearest line
    of eighths, sixteenths, thirty-seconds, triplets or sextuplets, whichever fits, after subtraction of the
    mean deviation of the drummer; of two on the same line and microphone, the louder stays.

    Parameters
    ----------
    microphones : the place of the microphone at each piece
    """
    owns = np.array([microphones[piece] for piece in groove.pieces])
    leads_s, mains = _grace_notes(groove, owns)
    divisions = _divisions_of(groove, mains, owns)
    line_s = groove.beat_s / divisions
    lines = _nearest(groove, divisions)[mains]
    kept = _loudest_of_each(lines, leads_s, owns, groove.velocities, mains)
    ornaments = _ornaments(groove, leads_s, mains, owns)
    score = Score(
        name=groove.file.name,
        beat_s=groove.beat_s,
        beats_in_bar=groove.file.beats_in_bar,
        divisions=divisions,
        lines=lines,
        leads_s=np.minimum(leads_s, 0.45 * line_s * 2),
        pieces=groove.pieces,
        velocities=groove.velocities,
        ornaments=ornaments,
        played_s=groove.times_s,
    )
    return score.taken(kept[lines[kept] >= 0])


def _grace_notes(groove: Groove, owns: Rows) -> tuple[NDArray[np.float64], Rows]:
    """Return how long before its main note each sounds, 0 for a main note, and the row of that note."""
    leads_s = np.zeros(len(owns))
    mains = np.arange(len(owns))
    for own in np.unique(owns):
        rows = np.flatnonzero(owns == own)
        if not len(rows) or ROLE_OF_PIECE[groove.pieces[rows[0]]] not in _WITH_GRACE:
            continue
        for row, after in zip(rows[-2::-1], rows[:0:-1], strict=True):
            gap_s = groove.times_s[after] - groove.times_s[row]
            is_softer = groove.velocities[row] <= _GRACE_SOFTER * groove.velocities[mains[after]]
            if _GRACE_S[0] <= gap_s <= _GRACE_S[1] and is_softer:
                mains[row] = mains[after]
                leads_s[row] = leads_s[after] + gap_s
    return leads_s, mains


def _divisions_of(groove: Groove, mains: Rows, owns: Rows) -> int:
    is_main = mains == np.arange(len(mains))
    halves = 4 * 4 // groove.file.beat_unit if groove.file.beat_unit > 4 else 4
    spread = {n: _spread(groove.times_s[is_main], groove.beat_s / n) for n in (halves, 3)}
    best = 3 if spread[3] < _TERNARY_FITS_BETTER * spread[halves] else halves
    line_s = groove.beat_s / best
    times_s, at = groove.times_s[is_main], owns[is_main]
    gaps_s = np.concatenate([np.diff(times_s[at == own]) for own in np.unique(at)])
    crowded = np.count_nonzero((gaps_s > 0.35 * line_s) & (gaps_s < 0.7 * line_s)) / max(1, len(times_s))
    if crowded > _CROWDED and line_s / 2 >= _NARROWEST_S:
        return 2 * best
    between = np.mean(_nearest(groove, best)[is_main] % 2) if best % 2 == 0 else 1.0
    return best // 2 if between < _BARE and line_s < 2 * _NARROWEST_S else best


def _spread(times_s: NDArray[np.float64], line_s: float) -> float:
    """Return the distance of notes from lines relative to chance, without their common offset."""
    turns = np.exp(2j * np.pi * times_s / line_s)
    return float(1.0 - np.abs(turns.mean())) if len(turns) else 1.0


def _nearest(groove: Groove, divisions: int) -> Rows:
    line_s = groove.beat_s / divisions
    off_s = (groove.times_s + line_s / 2) % line_s - line_s / 2
    early_s = float(np.clip(np.median(off_s), -0.04, 0.04)) if len(off_s) else 0.0
    lines: Rows = np.rint((groove.times_s - early_s) / line_s).astype(np.int64)
    return lines


def _loudest_of_each(
    lines: Rows, leads_s: NDArray[np.float64], owns: Rows, velocities: NDArray[np.float32], mains: Rows
) -> Rows:
    """Return the rows that stay: the loudest main note of each line and microphone, with its grace notes."""
    by_loudness = np.argsort(-velocities, kind="stable")
    by_loudness = by_loudness[leads_s[by_loudness] == 0.0]
    _, first = np.unique(np.stack([lines[by_loudness], owns[by_loudness]]), axis=1, return_index=True)
    return np.flatnonzero(np.isin(mains, by_loudness[first]))


def _ornaments(groove: Groove, leads_s: NDArray[np.float64], mains: Rows, owns: Rows) -> NDArray[np.int8]:
    ornaments = np.zeros(len(owns), np.int8)
    is_snare = np.array([ROLE_OF_PIECE[piece] is Role.SNARE for piece in groove.pieces], bool)
    if is_snare.any():
        loud = float(np.quantile(groove.velocities[is_snare], 0.8))
        limit = min(_GHOST_VELOCITY, _GHOST_SOFTER * loud)
        ornaments[is_snare & (groove.velocities <= limit)] = ORNAMENTS.index(Ornament.GHOST)
    graces = np.bincount(mains[leads_s > 0], minlength=len(owns))[mains]
    ornaments[(leads_s > 0) & (graces == 1)] = ORNAMENTS.index(Ornament.FLAM)
    ornaments[(leads_s > 0) & (graces > 1)] = ORNAMENTS.index(Ornament.DRAG)
    return ornaments
