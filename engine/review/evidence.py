"""Evidence: the features of each proposal from which its probability is estimated.

All are scaled so that 0 is neutral and 1 is large, in any recording, so that weights learned in one document
apply to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.span_means import means_of
from engine.document.analysis import BeatGrid, Listening, NearestReference, ScoreCurve

Numbers = NDArray[np.float64]
Positions = NDArray[np.int64]

OWN = (
    "score",
    "lasting",
    "standing out",
    "length",
    "loudness",
    "evenness",
    "hits",
    "off beat",
    "downbeats",
    "distance",
    "jumps",
)
"""Features of every proposal, for any recipe of the taste."""

PART = "part "
"""Before the name of a part: on the whole, and `PEAK` where it is highest."""

PEAK = "peak "

_LONGEST_LOGIT = 7.0
_USUAL_LENGTH_S = 6.0
_SURROUNDINGS_S = 6.0
_PART_BEND = 2.0
_FEW_HITS_PER_S = 0.2
_QUIETEST_DB = -80.0
_USUAL_DEVIATION_DB = 6.0
_MOST = 3.0


@dataclass(frozen=True, slots=True)
class Analyses:
    """The current analyses of a document; missing ones are None.

    Two are equal if they hold the same objects: analyses are never changed.
    """

    curve: ScoreCurve | None = None
    listening: Listening | None = None
    grid: BeatGrid | None = None
    nearest: NearestReference | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Features of n spans.

    Attributes
    ----------
    names : of the columns: `OWN`, then `PART` and `PEAK` of every part of the taste's scores
    rows : float64, shape (n, len(names))
    """

    names: tuple[str, ...]
    rows: Numbers


def evidence(spans: Positions, scores: Numbers, rate_hz: int, analyses: Analyses) -> Evidence:
    """Weigh spans, shape (n, 2), in samples, with the scores they were proposed for, shape (n,)."""
    lengths_s = np.maximum(np.diff(spans)[:, 0], 1) / rate_hz
    columns = [
        logit(scores),
        *_shape(spans, scores, rate_hz, analyses.curve),
        np.log2(lengths_s / _USUAL_LENGTH_S) / 2.0,
        *_sound(spans, analyses.listening),
        _hits(spans, analyses.listening),
        *_on_the_grid(spans, analyses.grid),
        *_references(spans, analyses.nearest),
    ]
    part_names, parts = _parts(spans, analyses.curve)
    rows = np.clip(np.concatenate([np.stack(columns[1:], axis=1), parts], axis=1), -_MOST, _MOST)
    return Evidence((*OWN, *part_names), np.concatenate([columns[0][:, None], rows], axis=1))


def logit(scores: Numbers) -> Numbers:
    """Return scores from 0 to 1 as log odds, clipped to finite values."""
    inside = np.clip(scores, 1e-6, 1.0 - 1e-6)
    found: Numbers = np.clip(np.log(inside / (1.0 - inside)), -_LONGEST_LOGIT, _LONGEST_LOGIT)
    return found


def _shape(
    spans: Positions, scores: Numbers, rate_hz: int, curve: ScoreCurve | None
) -> tuple[Numbers, Numbers]:
    """Return how near a span stays to its peak, and how far it is above its surroundings, as log odds."""
    if curve is None or not len(curve.times_samples):
        return np.zeros(len(spans)), np.zeros(len(spans))
    odds, reach = logit(curve.scores.astype(np.float64)), round(_SURROUNDINGS_S * rate_hz)
    here, before, after = (
        means_of(odds, *_inside(curve.times_samples, np.stack(part, axis=1)))
        for part in (
            (spans[:, 0], spans[:, 1]),
            (spans[:, 0] - reach, spans[:, 0]),
            (spans[:, 1], spans[:, 1] + reach),
        )
    )
    return here - logit(scores), (here - (before + after) / 2.0) / 2.0


def _sound(spans: Positions, listening: Listening | None) -> tuple[Numbers, Numbers]:
    """Return the level against that of the recording, in tens of dB, and how much it varies."""
    if listening is None or not len(listening.loudness_db):
        return np.zeros(len(spans)), np.zeros(len(spans))
    levels_db = np.maximum(listening.loudness_db.astype(np.float64), _QUIETEST_DB)
    first, last = _inside(np.arange(len(levels_db)) * listening.hop_samples, spans)
    means = means_of(levels_db, first, last)
    deviations = np.sqrt(np.maximum(means_of(levels_db**2, first, last) - means**2, 0.0))
    return (means - np.median(levels_db)) / 10.0, (deviations - _USUAL_DEVIATION_DB) / 5.0


def _hits(spans: Positions, listening: Listening | None) -> Numbers:
    """Return how many times more hits a second than in the whole recording, as a power of two."""
    if listening is None or len(listening.onsets_samples) < 2 or not len(listening.loudness_db):
        return np.zeros(len(spans))
    onsets = listening.onsets_samples
    seconds = len(listening.loudness_db) * listening.hop_samples
    usual = len(onsets) / seconds
    first, last = np.searchsorted(onsets, spans[:, 0]), np.searchsorted(onsets, spans[:, 1])
    here = (last - first) / np.maximum(np.diff(spans)[:, 0], 1)
    few = _FEW_HITS_PER_S * usual
    found: Numbers = np.log2((here + few) / (usual + few))
    return found


def _on_the_grid(spans: Positions, grid: BeatGrid | None) -> tuple[Numbers, Numbers]:
    """Return how far the edges are from beats (0: on one, 1: midway), and the share of them on downbeats."""
    if grid is None or len(grid.beats_samples) < 2:
        return np.zeros(len(spans)), np.zeros(len(spans))
    beats = grid.beats_samples
    before = np.clip(np.searchsorted(beats, spans, side="right") - 1, 0, len(beats) - 2)
    phases = (spans - beats[before]) / np.maximum(beats[before + 1] - beats[before], 1)
    off = 2.0 * np.abs(phases - np.rint(np.clip(phases, 0.0, 1.0))).clip(0.0, 0.5)
    nearest = before + (phases > 0.5)
    downbeats = (grid.bar_positions[nearest] == 1) & (off < 0.2)
    return off.mean(axis=1), downbeats.mean(axis=1)


def _references(spans: Positions, nearest: NearestReference | None) -> tuple[Numbers, Numbers]:
    """Return the distance of spans from the reference audio, and the share of jumps in their nearest matches.

    The distance is log2 of its ratio to the median here; a jump is a nearest match that does not continue as
    the recording does.
    """
    if nearest is None or len(nearest.starts_samples) < 2:
        return np.zeros(len(spans)), np.zeros(len(spans))
    distances = np.maximum(nearest.distances.astype(np.float64), 1e-3)
    middles = nearest.starts_samples + nearest.length_samples // 2
    first, last = _inside(middles, spans)
    far = np.log2(distances / np.median(distances))
    hop_s = float(np.median(np.diff(nearest.kept_starts_s))) if len(nearest.kept_starts_s) else 0.0
    moved_s = np.diff(nearest.kept_starts_s, prepend=nearest.kept_starts_s[:1])
    other = np.diff(nearest.recordings, prepend=nearest.recordings[:1]) != 0
    jumps = ((np.abs(moved_s - hop_s) > 1.0) | other).astype(np.float64)
    return means_of(far, first, last), 2.0 * (means_of(jumps, first, last) - jumps.mean())


def _parts(spans: Positions, curve: ScoreCurve | None) -> tuple[tuple[str, ...], Numbers]:
    """Return each part of the scores on the whole, and how much more it is where it is highest."""
    if curve is None or not len(curve.times_samples) or not len(curve.part_names):
        return (), np.zeros((len(spans), 0))
    first, last = _inside(curve.times_samples, spans)
    bent = np.arcsinh(curve.parts.astype(np.float64) / _PART_BEND)
    names: list[str] = []
    columns: list[Numbers] = []
    for name, values in zip(curve.part_names, bent.T, strict=True):
        mean = means_of(values, first, last)
        names += [PART + name, PEAK + name]
        columns += [mean, _highest(values, first, last) - mean]
    return tuple(names), np.stack(columns, axis=1)


def _inside(times_samples: Positions, spans: Positions) -> tuple[Positions, Positions]:
    """Return the range of ascending moments in each span; of a span without any the one nearest to it."""
    first = np.searchsorted(times_samples, spans[:, 0])
    last = np.searchsorted(times_samples, spans[:, 1])
    near = np.clip(np.searchsorted(times_samples, spans.sum(axis=1) // 2), 0, len(times_samples) - 1)
    empty = first >= last
    return np.where(empty, near, first), np.where(empty, near + 1, last)


def _highest(values: Numbers, first: Positions, last: Positions) -> Numbers:
    if not len(first):
        return np.zeros(0)
    borders = np.stack([first, last], axis=1).ravel()
    # Of `reduceat` every other range is one of ours; a range that ends at the very end needs one value more.
    found: Numbers = np.maximum.reduceat(np.append(values, values[-1:]), borders)[::2]
    return found
