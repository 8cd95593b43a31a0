"""The cost of each bar of each take: the probability of a fault, by comparison with the other takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features.takes.comping.differences import ASPECTS, LEVEL, TIMING, Differences

Values = NDArray[np.float64]

_SMALL_DB = 0.5
_LOWEST, _HIGHEST = -1.0, 2.0
"""Limits of a contrast, a ratio in logarithms: beyond them bars are as bad or as good as at the limit."""
_BELOW, _LEAST_SPREAD, _MOST_SPREADS = 0.159, 0.05, 8.0
"""Bars without faults spread from the median to this quantile as far as a standard deviation."""
MORE, LESS = "more", "less"
SIBLINGS, PASSAGE = "siblings", "passage"
Key = tuple[str, str, str]
"""An aspect, whether a take has more of it or less, and compared with what."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression of the probability of a fault.

    Attributes
    ----------
    of : the weight of each difference
    price : of a usual seam, in costs of bars: 0.2 is that of a bar whose probability of a fault is 18 %
    """

    of: Mapping[Key, float]
    offset: float
    price: float = 0.0


ONE_TRACK = Weights(
    {
        ("attack", MORE, SIBLINGS): 0.48,
        ("attack", MORE, PASSAGE): 0.25,
        ("attack", LESS, SIBLINGS): 0.12,
        ("stroke", MORE, SIBLINGS): 0.32,
        ("stroke", MORE, PASSAGE): 0.08,
        ("stroke", LESS, SIBLINGS): 0.26,
        ("stroke", LESS, PASSAGE): 0.22,
        ("sound", LESS, SIBLINGS): 0.15,
        ("sound", LESS, PASSAGE): 0.02,
        ("tuning", MORE, SIBLINGS): 0.85,
        ("tuning", MORE, PASSAGE): 0.47,
        ("tuning", LESS, SIBLINGS): 1.31,
        ("tuning", LESS, PASSAGE): 0.06,
        ("timing", MORE, SIBLINGS): 1.19,
        ("timing", MORE, PASSAGE): 0.22,
        ("level", MORE, SIBLINGS): 1.31,
        ("level", MORE, PASSAGE): 0.17,
        ("entry", MORE, SIBLINGS): 0.66,
        ("entry", MORE, PASSAGE): 0.01,
        ("entry", LESS, SIBLINGS): 1.3,
        ("entry", LESS, PASSAGE): 0.39,
    },
    -2.71,
    price=0.2,
)
SEVERAL_TRACKS = Weights(
    {
        ("attack", MORE, SIBLINGS): 0.02,
        ("attack", MORE, PASSAGE): 0.02,
        ("stroke", MORE, SIBLINGS): 0.26,
        ("stroke", MORE, PASSAGE): 0.38,
        ("sound", LESS, PASSAGE): 0.34,
        ("tuning", MORE, SIBLINGS): 0.73,
        ("tuning", MORE, PASSAGE): 0.72,
        ("tuning", LESS, SIBLINGS): 1.58,
        ("tuning", LESS, PASSAGE): 0.01,
        ("timing", MORE, SIBLINGS): 2.14,
        ("timing", MORE, PASSAGE): 0.22,
        ("level", MORE, SIBLINGS): 0.87,
        ("level", MORE, PASSAGE): 0.24,
        ("entry", MORE, SIBLINGS): 0.19,
        ("entry", LESS, SIBLINGS): 2.25,
        ("entry", LESS, PASSAGE): 0.08,
    },
    -4.32,
    price=0.13,
)
"""Fitted to faults in bands that no report has (`engine.lab.evaluation.comping.fit`)."""
_WORDS = {
    **{(one.name, MORE): one.more for one in (*ASPECTS, TIMING, LEVEL)},
    **{(one.name, LESS): one.less for one in (*ASPECTS, TIMING, LEVEL)},
}
UNPLAYED = 50.0
"""Cost of a bar that a take does not play: more than all others together."""


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """Costs of bars.

    Attributes
    ----------
    probabilities : float64, shape (takes, bars), that a bar has a fault, 0 to 1
    costs : float64, shape (takes, bars), -log(1 - probability); sums are those of whole passages
    faults : shape (takes, bars), the likeliest fault in words
    price : of a usual seam
    """

    probabilities: Values
    costs: Values
    faults: NDArray[np.str_]
    price: float


def deviations(found: Differences) -> dict[Key, Values]:
    """Return how far each bar is from others, aspect by aspect, shape (tracks, takes, bars).

    It is compared with its siblings, the same bar of the other takes, and their differences from each other;
    and with all bars of the passage and their differences from their siblings.
    """
    made = {}
    for name, more in found.more.items():
        levels = np.log(more + _SMALL_DB)
        for way in (MORE, LESS) if name not in (LEVEL.name, TIMING.name) else (MORE,):
            turned = levels if way == MORE else levels.swapaxes(1, 2)
            tracks = [_of_track(one) for one in turned]
            made[name, way, SIBLINGS] = np.stack([siblings for siblings, _ in tracks])
            made[name, way, PASSAGE] = np.stack([passage for _, passage in tracks])
    return made


def odds_of(tracks: Values) -> Values:
    """Return the logits of faults from those of each track, shape (tracks, ...): a soft maximum."""
    most = tracks.max(axis=0)
    odds: Values = most + np.log(np.exp(tracks - most).mean(axis=0))
    return odds


def _of_track(levels: Values) -> tuple[Values, Values]:
    """Return the deviations of one track, from the logarithms of its differences, shape (takes, bars) each.

    A bar is as far from its siblings as from the half of them that is nearest, so that one of these may have
    a fault of its own.
    """
    takes = len(levels)
    own, among = np.empty((2, takes, levels.shape[2]))
    for take in range(takes):
        others = [one for one in range(takes) if one != take]
        own[take] = np.sort(levels[take, others], axis=0)[max((takes - 2) // 2, 0)]
        pairs = [levels[one, other] for one in others for other in others if one != other]
        among[take] = np.median(pairs, axis=0) if pairs else np.median(own[take])
    usual = float(np.median(own))
    spread = max(usual - float(np.quantile(own, _BELOW)), _LEAST_SPREAD)
    return np.clip(own - among, _LOWEST, _HIGHEST), np.clip((own - usual) / spread, _LOWEST, _MOST_SPREADS)


def costs_of(found: Differences, is_played: NDArray[np.bool_]) -> Costs:
    """Return the cost of each bar of each take.

    Parameters
    ----------
    is_played : bool, shape (takes, bars)
    """
    weights = ONE_TRACK if len(found.more[LEVEL.name]) == 1 else SEVERAL_TRACKS
    parts: dict[tuple[str, str], Values] = {}
    for (name, way, against), values in deviations(found).items():
        weighted = weights.of.get((name, way, against), 0.0) * values
        parts[name, way] = parts.get((name, way), 0.0) + weighted
    stacked = np.stack(list(parts.values()))
    odds = weights.offset + odds_of(stacked.sum(axis=0))
    words = np.array([_WORDS[name] for name in parts])[stacked.max(axis=1).argmax(axis=0)]
    return Costs(
        np.where(is_played, 1.0 / (1.0 + np.exp(-odds)), 1.0),
        np.where(is_played, np.logaddexp(0.0, odds), UNPLAYED),
        words,
        weights.price,
    )
