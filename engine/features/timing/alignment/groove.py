"""Usual drum patterns, and patterns of similar bars: the prior for the lines of strokes.

Drummers repeat bars: if two bars agree elsewhere, one predicts the drums on each line of the other, and their
levels. If no bar is like another, as in a solo, all of them have little weight, and the prior for all
drummers remains.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Role
from engine.features.timing.alignment.lines import Lines
from engine.features.timing.alignment.strokes import VOICES, Strokes

Floats = NDArray[np.float64]


_FINENESS = 5
_LIKELIER: Mapping[Role, Sequence[float]] = MappingProxyType(
    {
        Role.KICK: (4.0, 2.4, 0.7, 0.7, 0.4),
        Role.SNARE: (0.9, 1.6, 1.1, 0.75, 0.4),
        Role.HAT: (1.8, 1.7, 1.5, 0.7, 0.45),
        Role.TOM: (2.0, 1.6, 1.0, 0.7, 0.35),
        Role.CYMBAL: (3.0, 1.7, 1.2, 0.7, 0.4),
    }
)
"""How much likelier than on lines at large each drum is played on downbeats, beats, halves, thirds and
quarters, and finer divisions (the training drummers of Groove MIDI)."""
RAREST, SUREST = 0.01, 0.95
_PLACES_PER_BEAT = 48


def lines_in_bar(lines: Lines) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the bar of each line, from 0, and its place in it as a number that lines of other bars share."""
    beats = np.round(lines.beats * _PLACES_PER_BEAT).astype(np.int64)
    downbeats = np.flatnonzero(lines.levels == 0)
    if len(downbeats) == 0:
        return beats // (4 * _PLACES_PER_BEAT), beats % (4 * _PLACES_PER_BEAT)
    bars = np.searchsorted(downbeats, np.arange(len(beats)), side="right")
    first = beats[downbeats[np.maximum(bars - 1, 0)]]
    # Lines before the first downbeat belong to a bar that ends with it.
    places = np.where(bars == 0, beats - beats[downbeats[0]], beats - first)
    if len(downbeats) > 1:
        length = int(np.median(np.diff(beats[downbeats])))
        places = np.where(bars == 0, places % length, places)
    return bars, places


def plain(strokes: Strokes, lines: Lines) -> Floats:
    """Return how likely each drum is on each line before anything is placed, shape (m, len(VOICES))."""
    span = _span(strokes, lines)
    rates = strokes.voices.sum(0) / max(span, 1)
    likelier = np.array([_LIKELIER[voice] for voice in VOICES]).T[_fineness(lines)]
    likely: Floats = np.clip(rates * likelier / likelier.mean(0), RAREST, SUREST)
    return likely


def _fineness(lines: Lines) -> NDArray[np.int64]:
    """Return how fine each line is: 0 for a downbeat, then beats, halves, thirds and quarters, finer ones."""
    places = np.round(lines.beats * _PLACES_PER_BEAT).astype(np.int64)
    on = [places % (_PLACES_PER_BEAT // parts) == 0 for parts in (1, 2, 3, 4)]
    fineness = np.where(on[2] | on[3], 3, _FINENESS - 1)
    fineness = np.where(on[1], 2, fineness)
    return np.where(lines.levels == 0, 0, np.where(on[0] | (lines.levels == 1), 1, fineness))


def _span(strokes: Strokes, lines: Lines) -> int:
    """Return how many lines the playing lasts."""
    if len(strokes.onsets_samples) == 0:
        return 0
    first, last = strokes.onsets_samples[[0, -1]]
    inside = (lines.positions_samples >= first) & (lines.positions_samples <= last)
    return int(np.count_nonzero(inside)) + 1


def log_odds(likely: Floats) -> Floats:
    """Return the logarithm of the odds."""
    return np.log(likely / (1.0 - likely))


_NEIGHBOUR_BARS, _MOST_BARS = 8.0, 16
_UNLIKE, _ALIKE = 1.5, 0.03
"""How much less a bar counts that is as unlike as bars usually are, in nats; a share that is little."""
_FEW_HITS = 2.0
_BARS_BEFORE_IT_COUNTS = 0.6
_LEVELS_BEFORE_IT_COUNTS = 2.0
_LEAST_SPREAD_DB = 1.5
_MOST_TOLD = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Repetition:
    """Likely drums and levels on each line.

    Attributes
    ----------
    likely : float64, shape (m, len(VOICES)), the probability that each drum sounds there
    levels_db, spreads_db : float64, the same shape, how loud it is there if so, and its standard deviation
    usual_db, usual_spreads_db : float64, shape (len(VOICES),), the same of the whole performance
    """

    likely: Floats
    levels_db: Floats
    spreads_db: Floats
    usual_db: Floats
    usual_spreads_db: Floats

    def likelier_by_level(self, lines: NDArray[np.int64], levels_db: NDArray[np.floating]) -> Floats:
        """Return the log likelihood ratio of a level on given lines to its average, in nats.

        Parameters
        ----------
        lines : any shape
        levels_db : the same and len(VOICES), or one for all; -inf for a silent drum, which is neutral
        """
        sounds = levels_db > -np.inf
        heard = np.where(sounds, levels_db, 0.0)
        there = _log_normal(heard - self.levels_db[lines], self.spreads_db[lines])
        anywhere = _log_normal(heard - self.usual_db, self.usual_spreads_db)
        return np.where(sounds, np.clip(there - anywhere, -_MOST_TOLD, _MOST_TOLD), 0.0)


def _log_normal(away: Floats, spread: Floats) -> Floats:
    return -0.5 * (away / spread) ** 2 - np.log(spread)


def repeated(strokes: Strokes, lines: Lines, numbers: NDArray[np.int64], shares: Floats) -> Repetition:
    """Return the likely drums and levels on each line, predicted from the other bars.

    The own bar is excluded: a wrongly placed stroke is not evidence for itself.

    Parameters
    ----------
    numbers : shape (s, c), the lines that each stroke may be on, -1 for none
    shares : shape (s, c), how likely it is on each
    """
    bars, places = lines_in_bar(lines)
    _, columns = np.unique(places, return_inverse=True)
    shape = (int(bars.max()) + 1, int(columns.max()) + 1)
    usual_db, spreads_db = _usual(strokes)
    sounds = strokes.voices[:, None, :] * (shares * (numbers >= 0))[..., None]
    louder_db = np.where(strokes.voices, strokes.levels_db - usual_db, 0.0)[:, None, :]
    heard = np.zeros((len(lines.beats), 3, len(VOICES)))
    np.add.at(heard, numbers, np.stack([sounds, sounds * louder_db, sounds * louder_db**2], axis=2))
    heard /= np.maximum(heard[:, :1], 1.0)
    in_bars = np.zeros((*shape, 3, len(VOICES)))
    in_bars[bars, columns] = heard
    passed = np.zeros(shape)
    passed[bars, columns] = _inside(strokes, lines)
    sums, played = _weighed(in_bars, passed)
    sounding, loud, loud_squared = np.moveaxis(sums[bars, columns], 1, 0)
    few = _BARS_BEFORE_IT_COUNTS
    likely = (sounding + few * plain(strokes, lines)) / (played[bars, columns][:, None] + few)
    weight = sounding + _LEVELS_BEFORE_IT_COUNTS
    mean = loud / weight
    spread = (loud_squared + _LEVELS_BEFORE_IT_COUNTS * spreads_db**2) / weight - mean**2
    return Repetition(
        np.clip(likely, RAREST, SUREST),
        usual_db + mean,
        np.sqrt(np.maximum(spread, _LEAST_SPREAD_DB**2)),
        usual_db,
        spreads_db,
    )


def _inside(strokes: Strokes, lines: Lines) -> NDArray[np.bool_]:
    onsets = strokes.onsets_samples
    if not len(onsets):
        return np.zeros(len(lines.beats), np.bool_)
    inside: NDArray[np.bool_] = (lines.positions_samples >= onsets[0] - 1) & (
        lines.positions_samples <= onsets[-1] + 1
    )
    return inside


def _usual(strokes: Strokes) -> tuple[Floats, Floats]:
    """Return how loud each drum is in the whole performance, and how much that varies."""
    usual, spreads = np.zeros(len(VOICES)), np.ones(len(VOICES))
    for voice in range(len(VOICES)):
        heard = strokes.levels_db[strokes.voices[:, voice], voice].astype(np.float64)
        if len(heard):
            usual[voice], spreads[voice] = heard.mean(), heard.std()
    return usual, np.maximum(spreads, 2.0 * _LEAST_SPREAD_DB)


def _weighed(in_bars: Floats, passed: Floats) -> tuple[Floats, Floats]:
    """Return the sums of other bars at each place, weighted by their similarity.

    Parameters
    ----------
    in_bars : shape (bars, places, 3, len(VOICES)), how much sounds, and that times its level and its square
    passed : shape (bars, places), 1 where the performance has that place at all

    Returns
    -------
    sums : the same shape as `in_bars`
    played : shape (bars, places)
    """
    sums, played = np.zeros_like(in_bars), np.zeros_like(passed)
    for apart, weight in _likeness(in_bars[:, :, 0], passed):
        sums[:-apart] += weight[..., None, None] * in_bars[apart:]
        sums[apart:] += weight[..., None, None] * in_bars[:-apart]
        played[:-apart] += weight * passed[apart:]
        played[apart:] += weight * passed[:-apart]
    return sums, played


def _likeness(counts: Floats, passed: Floats) -> Iterator[tuple[int, Floats]]:
    """Yield the mutual weight of bars at a distance, for each place, from their agreement elsewhere.

    The place itself and its neighbours are excluded: a stroke placed one line off would bias them. The
    difference of two bars is relative to the usual difference here: if none is like another, all count.
    """
    unlike = []
    for apart in range(1, min(_MOST_BARS, len(counts) - 1) + 1):
        both = passed[:-apart] * passed[apart:]
        differs = np.abs(counts[:-apart] - counts[apart:]).sum(2) * both
        size = (counts[:-apart] + counts[apart:]).sum(2) * both / 2.0
        unlike.append(_elsewhere(differs) / (_elsewhere(size) + _FEW_HITS))
    usual = float(np.mean(np.concatenate(unlike))) + _ALIKE if unlike else 1.0
    for apart, share in enumerate(unlike, start=1):
        yield apart, np.exp(-_UNLIKE * share / usual - 0.5 * (apart / _NEIGHBOUR_BARS) ** 2)


def _elsewhere(values: Floats) -> Floats:
    """Return the sum over each bar without a place and its neighbours."""
    near = values.copy()
    near[:, 1:] += values[:, :-1]
    near[:, :-1] += values[:, 1:]
    elsewhere: Floats = values.sum(1, keepdims=True) - near
    return elsewhere
