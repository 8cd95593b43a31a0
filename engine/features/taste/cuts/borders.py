"""The places where a cut may begin or end when the whole recording is divided at once."""

from __future__ import annotations

import numpy as np

from engine.core.spans import Samples, inside
from engine.document.analysis import BeatGrid, Listening
from engine.features.taste.cuts.edges import ATTACK_S, NOWHERE, anchors
from engine.features.taste.cuts.profile import ScoreProfile
from engine.features.taste.cuts.regions import CutRules, DecidedSpans, Regions, around_rejected

TATUM_S = 0.5
"""Grid spacing without beats: a beat at 120 BPM."""

GAP_BEATS = 1.5
"""Gap, in median beats, above which a place is missing between two beats."""


def candidates(
    length_samples: int, listening: Listening | None, grid: BeatGrid | None, rate_hz: int, *, snap: bool
) -> Samples:
    """Return candidate edges of cuts, int64, ascending, with both ends of the recording.

    These are the beats, `ATTACK_S` early. Without beats it is a regular tatum, with each place moved to a
    nearby attack, else to the quietest moment. Without `snap` it is the tatum alone.
    """
    beats = np.zeros(0, np.int64)
    tatum = max(1, round(TATUM_S * rate_hz))
    longest = tatum
    if snap and grid is not None and grid.tempo_bpm > 0 and len(grid.beats_samples) >= 2:
        beats = grid.beats_samples - round(ATTACK_S * rate_hz)
        beats = np.unique(beats[(beats > 0) & (beats < length_samples)])
        longest = max(tatum, round(GAP_BEATS * float(np.median(np.diff(grid.beats_samples)))))
    known = np.concatenate([[0], beats, [length_samples]])
    between = [
        np.arange(start + tatum, stop, tatum)
        for start, stop in zip(known[:-1].tolist(), known[1:].tolist(), strict=True)
        if stop - start > longest
    ]
    regular = np.concatenate([np.zeros(0, np.int64), *between])
    if snap and len(regular):
        near = anchors(regular, listening, None, rate_hz)
        regular = np.where(
            near.onset != NOWHERE, near.onset, np.where(near.quiet != NOWHERE, near.quiet, regular)
        )
    places: Samples = np.unique(np.clip(np.concatenate([known, regular]), 0, length_samples))
    return places


def divided(profile: ScoreProfile, places: Samples, decided: DecidedSpans, rules: CutRules) -> Regions:
    """Divide the recording at places and at edges of decided spans; a cut region gains its score.

    Places too close to the edge of a decided span, with less between them than a proposal may have, are
    left out.
    """
    edges = np.sort(np.concatenate([decided.accepted.ravel(), decided.rejected.ravel()]))
    far = 2 * profile.length_samples + 1
    after = np.searchsorted(edges, places)
    padded = np.concatenate([[-far], edges, [far]])
    distance = np.minimum(places - padded[after], padded[after + 1] - places)
    free = distance >= min(rules.leftover, rules.minimum_kept)
    free &= ~inside(places, decided.accepted) & ~inside(places, decided.rejected)
    ends = np.array([0, profile.length_samples])
    borders = np.concatenate([places[free], edges, around_rejected(decided, rules), ends])
    borders = np.unique(np.clip(borders, 0, profile.length_samples))
    starts = borders[:-1]
    return Regions(
        borders,
        profile.areas(starts, borders[1:]),
        may_keep=~inside(starts, decided.accepted),
        may_cut=~inside(starts, decided.rejected),
    )
