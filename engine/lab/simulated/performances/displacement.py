"""How a performance departs from its score."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import ORNAMENTS, Ornament, Role
from engine.lab.simulated.performances.pieces import ROLE_OF_PIECE
from engine.lab.simulated.performances.scores import Rows, Score

LATE_VOICE_MS = (12.0, 60.0)
_DRIFT_S = 8.0
_GHOSTS_FROM_LINES = 2


@dataclass(frozen=True, slots=True)
class Displacement:
    """How far and how often hits are off; by itself, nothing is.

    Attributes
    ----------
    own_timing : factor of the drummer's own deviations, 1 for the times as they were played; the other
        displacements of time come on top
    jitter_ms : standard deviation of a stroke
    tails : share of strokes that are three times as far off
    voice_jitter_ms : standard deviation of a voice within its stroke
    drift_ms : standard deviation of a walk that returns within some 8 s
    pull_ms : how late one voice always is; negative for early
    rush, rush_ms : share of fourth bars whose second half is rushed, and how early its end is
    past_half : share of strokes that are nearer to another line than to their own
    faulty_flams : share of strokes of several voices with one that is 12 to 60 ms off
    flams, drags : share of loud lone hits on snare and toms that get one or two grace notes
    ghosts : share of empty places that get a soft snare
    missing : share of hits that are left out
    doubles : share of hits after which there is one too many
    """

    own_timing: float = 0.0
    jitter_ms: float = 0.0
    tails: float = 0.0
    voice_jitter_ms: float = 0.0
    drift_ms: float = 0.0
    pull_ms: float = 0.0
    rush: float = 0.0
    rush_ms: float = 0.0
    past_half: float = 0.0
    faulty_flams: float = 0.0
    flams: float = 0.0
    drags: float = 0.0
    ghosts: float = 0.0
    missing: float = 0.0
    doubles: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Displaced:
    """A score as it is played, a row for each hit.

    Attributes
    ----------
    score : with the added ornaments and without the missing hits; for an extra hit, a copy of the row it
        follows
    times_s : float64, shape (n,)
    is_extra : bool, shape (n,)
    missing_s : float64, shape (k,), times of the missing hits
    ornaments : int8, shape (n,), those of the score and late voices
    """

    score: Score
    times_s: NDArray[np.float64]
    is_extra: NDArray[np.bool_]
    missing_s: NDArray[np.float64]
    ornaments: NDArray[np.int8]


def displaced(score: Score, by: Displacement, microphones: Rows, rng: np.random.Generator) -> Displaced:
    """Play a score with displacements, the same for the same generator.

    Parameters
    ----------
    microphones : int64, shape (n,), of the hits of the score
    """
    score, microphones = _ornamented(score, by, microphones, rng)
    late_s, voice_s = _late_s(score, by, microphones, rng)
    ornaments = score.ornaments.copy()
    ornaments[_is_late_voice(score, voice_s, microphones)] = ORNAMENTS.index(Ornament.LATE_VOICE)
    times_s = score.targets_s + late_s + voice_s
    is_kept = ~_left_out(score, by, microphones, rng)
    missing_s = score.targets_s[~is_kept]
    rows = np.flatnonzero(is_kept)
    times_s, ornaments, microphones = times_s[rows], ornaments[rows], microphones[rows]
    extra, extra_s = _too_many(times_s, microphones, by, rng)
    rows = np.concatenate([rows, rows[extra]])
    times_s = np.concatenate([times_s, extra_s])
    ornaments = np.concatenate([ornaments, np.zeros(len(extra), np.int8)])
    is_extra = np.arange(len(rows)) >= len(rows) - len(extra)
    order = np.argsort(times_s, kind="stable")
    played = score.picked(rows[order])
    softer = np.where(is_extra[order], rng.uniform(0.35, 0.9, len(order)), 1.0)
    played = replace(played, velocities=(played.velocities * softer).astype(np.float32))
    return Displaced(played, times_s[order], is_extra[order], missing_s, ornaments[order])


def drawn(rng: np.random.Generator) -> Displacement:
    """Draw how a performance departs from its score: from not at all to badly."""
    jitter_ms = float(np.exp(rng.uniform(np.log(3.0), np.log(40.0))))
    return Displacement(
        own_timing=float(rng.random() < 0.25),
        jitter_ms=jitter_ms if rng.random() < 0.85 else 0.0,
        tails=float(rng.choice((0.0, 0.02, 0.08))),
        voice_jitter_ms=float(rng.uniform(0.0, 2.0)),
        drift_ms=float(rng.choice((0.0, 5.0, 15.0, 30.0))),
        pull_ms=float(rng.normal(0.0, 8.0)) if rng.random() < 0.3 else 0.0,
        rush=float(rng.choice((0.0, 0.5))),
        rush_ms=float(rng.uniform(10.0, 60.0)),
        past_half=float(rng.choice((0.0, 0.01, 0.05))),
        faulty_flams=float(rng.choice((0.0, 0.02, 0.08))),
        flams=float(rng.choice((0.0, 0.05, 0.15))),
        drags=float(rng.choice((0.0, 0.02, 0.08))),
        ghosts=float(rng.choice((0.0, 0.02, 0.1))),
        missing=float(rng.choice((0.0, 0.02, 0.06))),
        doubles=float(rng.choice((0.0, 0.01, 0.04))),
    )


def _ornamented(
    score: Score, by: Displacement, microphones: Rows, rng: np.random.Generator
) -> tuple[Score, Rows]:
    """Return the score with flams, drags and ghost notes added, and the microphones of its hits."""
    rows, leads_s, lines, codes, soft = (
        [np.arange(len(score.lines))],
        [score.leads_s],
        [score.lines],
        [score.ornaments],
        [np.ones(len(score.lines))],
    )

    def add(
        of: Rows, lead_s: NDArray[np.float64], at: Rows, ornament: Ornament, softer: NDArray[np.float64]
    ) -> None:
        rows.append(of)
        leads_s.append(lead_s)
        lines.append(at)
        codes.append(np.full(len(of), ORNAMENTS.index(ornament), np.int8))
        soft.append(softer)

    lone = _lone_loud(score, microphones)
    draw = rng.random(len(lone))
    flams, drags = lone[draw < by.flams], lone[(draw >= by.flams) & (draw < by.flams + by.drags)]
    near_s = rng.uniform(0.015, 0.04, len(flams))
    add(flams, near_s, score.lines[flams], Ornament.FLAM, rng.uniform(0.3, 0.7, len(flams)))
    apart_s = rng.uniform(0.018, 0.032, len(drags))
    for times in (1, 2):
        add(drags, times * apart_s, score.lines[drags], Ornament.DRAG, rng.uniform(0.25, 0.6, len(drags)))
    like, at = _places_for_ghosts(score, microphones, by, rng)
    velocities = rng.uniform(0.08, 0.25, len(at)) / np.maximum(score.velocities[like], 1e-3)
    add(like, np.zeros(len(at)), at, Ornament.GHOST, velocities)
    of, lead, line = np.concatenate(rows), np.concatenate(leads_s), np.concatenate(lines)
    moved_s = (line - score.lines[of]) * score.line_s - (lead - score.leads_s[of])
    everything = replace(
        score.picked(of),
        lines=line,
        leads_s=lead,
        ornaments=np.concatenate(codes),
        velocities=(score.velocities[of] * np.concatenate(soft)).astype(np.float32),
        played_s=score.played_s[of] + moved_s,
    )
    order = np.argsort(everything.targets_s, kind="stable")
    return everything.picked(order), microphones[of][order]


def _lone_loud(score: Score, microphones: Rows) -> Rows:
    """Return the hits that can have grace notes: loud, on snare or tom, with nothing just before."""
    can = np.array([ROLE_OF_PIECE[piece] in (Role.SNARE, Role.TOM) for piece in score.pieces], bool)
    can &= (score.velocities >= 0.5) & (score.leads_s == 0.0)
    for row in np.flatnonzero(can):
        gap_s = score.targets_s[row] - score.targets_s[:row][microphones[:row] == microphones[row]]
        can[row] = not np.any(gap_s < 0.09)
    return np.flatnonzero(can)


def _places_for_ghosts(
    score: Score, microphones: Rows, by: Displacement, rng: np.random.Generator
) -> tuple[Rows, Rows]:
    """Return a snare hit similar to each ghost note, and its line: without neighbours of snare hits."""
    snares = np.array([ROLE_OF_PIECE[piece] is Role.SNARE for piece in score.pieces], bool) & (
        score.leads_s == 0
    )
    rows = np.flatnonzero(snares)
    if not len(rows) or by.ghosts <= 0.0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    taken = score.lines[np.isin(microphones, np.unique(microphones[rows]))]
    beside = (taken[:, None] + np.arange(1 - _GHOSTS_FROM_LINES, _GHOSTS_FROM_LINES)[None, :]).ravel()
    free = np.setdiff1d(np.arange(int(score.lines.max())), beside)
    free = free[rng.random(len(free)) < by.ghosts]
    free = free[np.concatenate([[True], np.diff(free) >= _GHOSTS_FROM_LINES])] if len(free) else free
    return rows[rng.integers(0, len(rows), len(free))], free


def _late_s(
    score: Score, by: Displacement, microphones: Rows, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how late the stroke of each hit is, and how much later the hit within it, shape (n,) each."""
    lines, stroke = np.unique(score.lines, return_inverse=True)
    at_s = lines.astype(np.float64) * score.line_s
    sigma = np.where(rng.random(len(lines)) < by.tails, 3.0, 1.0) * by.jitter_ms / 1000
    late_s = rng.normal(size=len(lines)) * sigma + _drift_s(at_s, by.drift_ms / 1000, rng)
    late_s += _rush_s(score, at_s, by, rng)
    is_past = rng.random(len(lines)) < by.past_half
    past_s = rng.choice((-1.0, 1.0), len(lines)) * rng.uniform(0.53, 0.8, len(lines)) * score.line_s
    late_s = np.where(is_past, past_s, late_s)
    voice_s = _voice_late_s(by, stroke, microphones, rng)
    if by.own_timing:
        own_s = by.own_timing * (score.played_s - score.targets_s)
        common_s = np.array([np.median(own_s[stroke == one]) for one in range(len(lines))])
        late_s += common_s
        voice_s += own_s - common_s[stroke]
    return _in_order(at_s, late_s, score.line_s)[stroke], voice_s


def _voice_late_s(
    by: Displacement, stroke: Rows, microphones: Rows, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return how late hits are within their strokes; grace notes go with the hit that they belong to."""
    last = int(microphones.max(initial=0)) + 1
    voices, voice = np.unique(stroke * last + microphones, return_inverse=True)
    late_s = rng.normal(size=len(voices)) * by.voice_jitter_ms / 1000
    pulled = rng.choice(microphones) if len(microphones) else 0
    late_s += np.where(voices % last == pulled, by.pull_ms / 1000, 0.0)
    of_stroke = voices // last
    for one in np.flatnonzero(np.bincount(of_stroke) > 1):
        off_s = rng.uniform(*LATE_VOICE_MS) / 1000 * (1.0 if rng.random() < 0.7 else -1.0)
        which = rng.choice(np.flatnonzero(of_stroke == one))
        late_s[which] += off_s if rng.random() < by.faulty_flams else 0.0
    return late_s[voice]


def _is_late_voice(score: Score, voice_s: NDArray[np.float64], microphones: Rows) -> NDArray[np.bool_]:
    last = int(microphones.max(initial=0)) + 1
    pairs = np.unique(score.lines * last + microphones)
    lines, counts = np.unique(pairs // last, return_counts=True)
    has_others = np.isin(score.lines, lines[counts > 1])
    is_late: NDArray[np.bool_] = (
        has_others & (np.abs(voice_s) >= LATE_VOICE_MS[0] / 1000) & (score.leads_s == 0.0)
    )
    return is_late


def _drift_s(at_s: NDArray[np.float64], sigma_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a walk that returns (Ornstein-Uhlenbeck), shape (n,)."""
    walk = np.zeros(len(at_s))
    kept = np.exp(-np.diff(at_s) / _DRIFT_S)
    steps = rng.normal(size=len(at_s)) * sigma_s
    for row, keeps in enumerate(kept, start=1):
        walk[row] = walk[row - 1] * keeps + steps[row] * np.sqrt(1.0 - keeps * keeps)
    return walk


def _rush_s(
    score: Score, at_s: NDArray[np.float64], by: Displacement, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return how late (that is, early) the second half of rushed fourth bars is, shape (n,)."""
    bars = at_s / (score.beat_s * score.beats_in_bar)
    rushed = rng.random(int(bars.max(initial=0.0)) // 4 + 1) < by.rush
    into = np.clip((bars % 1.0 - 0.5) / 0.5, 0.0, 1.0)
    is_fourth = np.floor(bars).astype(int) % 4 == 3
    late_s: NDArray[np.float64] = (
        -into * is_fourth * rushed[np.floor(bars / 4).astype(int)] * by.rush_ms / 1000
    )
    return late_s


def _in_order(at_s: NDArray[np.float64], late_s: NDArray[np.float64], line_s: float) -> NDArray[np.float64]:
    """Return how late strokes are once none overtakes the one before it."""
    gap_s = min(0.03, 0.4 * line_s)
    times_s = at_s + late_s
    for row in range(1, len(times_s)):
        times_s[row] = max(times_s[row], times_s[row - 1] + gap_s)
    return times_s - at_s


def _left_out(
    score: Score, by: Displacement, microphones: Rows, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return which hits are left out: none that has grace notes, and no grace note alone."""
    last = int(microphones.max(initial=0)) + 1
    voice = score.lines * last + microphones
    is_plain = ~np.isin(voice, voice[score.leads_s > 0.0])
    left_out: NDArray[np.bool_] = is_plain & (rng.random(len(voice)) < by.missing)
    return left_out


def _too_many(
    times_s: NDArray[np.float64], microphones: Rows, by: Displacement, rng: np.random.Generator
) -> tuple[Rows, NDArray[np.float64]]:
    """Return after which hits there is one too many, and when: where the drum is free for 55 ms."""
    rows = np.flatnonzero(rng.random(len(times_s)) < by.doubles)
    at_s = times_s[rows] + rng.uniform(0.06, 0.25, len(rows))
    is_free = np.array(
        [
            not np.any(np.abs(times_s[microphones == microphones[row]] - time_s) < 0.055)
            for row, time_s in zip(rows, at_s, strict=True)
        ],
        bool,
    )
    return rows[is_free], at_s[is_free]
