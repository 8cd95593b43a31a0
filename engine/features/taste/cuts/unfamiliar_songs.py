"""Songs that the training data lacks, by their notes: a question each, without the cuts at their ends.

They sound like the training data, so faults in them are found as in any music. A question about a song
therefore keeps no cut away: it may contain some.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.spans import Samples, outside
from engine.document.analysis import BeatGrid, Listening, ScoreCurve
from engine.document.grid.steady import has_music, steady_spans
from engine.features.taste.cuts.evidence import share_in
from engine.features.taste.cuts.unfamiliar import HOLE_S, LEAST_ATTACKS_PER_S, WINDOW_S

_MOSTLY = 0.5
_LEAST_S = WINDOW_S
_SLIVER_S = 3.0
"""A shorter part between a cut and an end of a song belongs to the cut."""


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """A recording: its scores, attacks and beats, see `engine.features.taste.cuts.propose.propose_cuts`."""

    curve: ScoreCurve
    listening: Listening | None
    grid: BeatGrid | None
    length_samples: int
    rate_hz: int


def familiar_songs(curve: ScoreCurve, familiar: Samples) -> Samples:
    """Return the playing, shape (k, 2), ascending, with the music of passages that are familiar by now.

    Parameters
    ----------
    familiar : passages [start, stop), shape (n, 2), ascending and disjoint
    """
    played, songs = curve.unfamiliar_samples, curve.unfamiliar_songs
    return played[np.isin(songs, songs[share_in(played, familiar) >= _MOSTLY])]


def unfamiliar_songs(sounds: Sounds, cut: Samples, answered: Samples) -> Samples:
    """Return the unfamiliar playing to ask about, shape (k, 2), ascending and disjoint; none without beats.

    Parameters
    ----------
    cut : spans [start, stop), shape (n, 2), ascending and disjoint, that are proposed or accepted
    answered : spans [start, stop) that stay or are familiar, the same
    """
    curve, rate_hz = sounds.curve, sounds.rate_hz
    if sounds.grid is None or not has_music(sounds.grid):
        return curve.unfamiliar_samples[:0]
    pulse = steady_spans(sounds.grid, round(HOLE_S * rate_hz))
    played = np.minimum(curve.unfamiliar_samples, sounds.length_samples)
    played = played[share_in(played, answered) < _MOSTLY]
    songs = []
    for start, stop in played.tolist():
        inner = np.clip(cut, start, stop)
        parts = outside(inner[inner[:, 1] > inner[:, 0]], start, stop)
        parts = parts[np.diff(parts)[:, 0] >= _SLIVER_S * rate_hz]
        lengths = np.diff(parts)[:, 0]
        left = int(lengths.sum())
        if left < max(_LEAST_S * rate_hz, _MOSTLY * (stop - start)):
            continue
        has_pulse = float(share_in(parts, pulse) @ lengths) >= _MOSTLY * left
        if has_pulse and _attacks(sounds.listening, parts) >= LEAST_ATTACKS_PER_S * left / rate_hz:
            songs.append((parts[0, 0], parts[-1, 1]))
    return np.array(songs, np.int64).reshape(-1, 2)


def _attacks(listening: Listening | None, parts: Samples) -> float:
    """Count the attacks in some spans; without listening there are enough."""
    if listening is None:
        return np.inf
    first, last = (np.searchsorted(listening.onsets_samples, parts[:, edge]) for edge in (0, 1))
    return float((last - first).sum())


def without_songs(passages: Samples, songs: Samples, rate_hz: int) -> Samples:
    """Return unfamiliar passages, shape (n, 2), without the songs in them, and without short remains."""
    parts = [passages[:0]]
    for start, stop in passages.tolist():
        inner = np.clip(songs, start, stop)
        found = outside(inner[inner[:, 1] > inner[:, 0]], start, stop)
        whole = len(found) == 1 and bool(np.all(found == (start, stop)))
        parts.append(found if whole else found[np.diff(found)[:, 0] >= _LEAST_S * rate_hz])
    return np.concatenate(parts)
