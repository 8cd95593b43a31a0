"""Forecast of a separation's improvement, and the strength of the separation that follows from it.

Masks of one window are blended: the network with and without words, factors of the surroundings (NMF), and
spectral subtraction. Their weights, and the share of the recording that stays, follow from the agreement of
the masks and from the surroundings. The less they agree, the closer the result stays to the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import erf, sqrt
from typing import Protocol, runtime_checkable

import numpy as np

from engine.core.errors import NotCredibleError
from engine.features.repair.separation.separator import (
    NOTHING_MEANT,
    Mask,
    Mode,
    Prompt,
    Separator,
    Stretch,
    united,
)

LEAST_EXPECTED_DB = 0.0
"""A result is refused if its expected improvement is below this.

Of sounds that are present this refuses 1.6 %; if the words name the background instead, 40 %. The lowest
forecast (5 %) does not distinguish these, nor does it predict the few results that are far too low.
"""
_NAMED_SHARE = 0.15
_Z_LOW = 1.645


@dataclass(frozen=True, slots=True)
class Forecast:
    """SI-SDR improvement over the unchanged recording, in dB.

    Attributes
    ----------
    low_db, expected_db, high_db : quantiles of 5, 50 and 95 %
    """

    low_db: float
    expected_db: float
    high_db: float

    @property
    def credibility(self) -> float:
        """Probability that the result is at least as good as the recording, 0 to 1."""
        deviation = max(0.1, (self.expected_db - self.low_db) / _Z_LOW)
        return 0.5 * (1.0 + erf(self.expected_db / deviation / sqrt(2.0)))


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A mask of a window, its methods, and its forecast.

    Attributes
    ----------
    mask : share of each moment and band that is meant
    weights : weight of each method in the mask, by name; they add up to 1
    unchanged : share of the recording that stays unchanged in the isolated sound, and in the rest
    keep, remove : forecast of either mode; None where nothing was estimated
    """

    mask: Mask
    weights: tuple[tuple[str, float], ...]
    unchanged: tuple[float, float] = (0.0, 0.0)
    keep: Forecast | None = None
    remove: Forecast | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods that count, the most important first."""
        ordered = sorted(self.weights, key=lambda each: -each[1])
        return tuple(name for name, weight in ordered if weight >= _NAMED_SHARE)

    def forecast(self, mode: Mode) -> Forecast | None:
        """Return the forecast of a mode."""
        return self.keep if mode is Mode.KEEP else self.remove

    def is_credible(self, mode: Mode) -> bool:
        """Return whether the result of a mode is expected to be at least as good as the recording.

        Only that result is rated: a loud sound over a faint background cannot gain by being isolated, and can
        still be removed.
        """
        found = self.forecast(mode)
        return found is None or found.expected_db >= LEAST_EXPECTED_DB

    def mask_for(self, mode: Mode) -> Mask:
        """Return the mask with the unchanged share of the recording in it."""
        kept, left = self.unchanged
        if mode is Mode.KEEP:
            shares = kept + (1.0 - kept) * self.mask.shares
        else:
            shares = (1.0 - left) * self.mask.shares
        return replace(self.mask, shares=np.asarray(shares, np.float32))

    def require_credible(self, prompts: Sequence[Prompt], mode: Mode) -> None:
        """Refuse a result that is expected to be worse than the recording.

        Raises
        ------
        NotCredibleError : the expected improvement is below `LEAST_EXPECTED_DB`
        """
        forecast = self.forecast(mode)
        if forecast is not None and not self.is_credible(mode):
            raise NotCredibleError(", ".join(prompt.text for prompt in prompts), forecast.expected_db)


NOTHING_ESTIMATED = Outcome(NOTHING_MEANT, ())
"""Outcome of a mask that is painted alone."""


def combined(outcomes: Sequence[Outcome], stays: Sequence[bool] = ()) -> Outcome:
    """Return the outcome of several prompts together: masks add up, the worst forecast counts."""
    mask = united([each.mask for each in outcomes], stays)
    if len(outcomes) == 1:
        return replace(outcomes[0], mask=mask)
    names = dict.fromkeys(name for each in outcomes for name, _ in each.weights)
    weights = {name: sum(dict(each.weights).get(name, 0.0) for each in outcomes) for name in names}
    kept, left = (max(each.unchanged[side] for each in outcomes) for side in (0, 1))
    return Outcome(
        mask,
        tuple((name, weight / len(outcomes)) for name, weight in weights.items()),
        (kept, left),
        _worst([each.keep for each in outcomes]),
        _worst([each.remove for each in outcomes]),
    )


def _worst(forecasts: Sequence[Forecast | None]) -> Forecast | None:
    found = [each for each in forecasts if each is not None]
    return min(found, key=lambda each: each.expected_db) if found else None


@runtime_checkable
class Judging(Protocol):
    """A separator that forecasts the improvement of its masks."""

    def outcomes(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Outcome, ...]:
        """Return an outcome for each prompt, over all of the segment."""


def outcome_of(stretch: Stretch, prompts: Sequence[Prompt], separator: Separator) -> Outcome:
    """Return the outcome of all prompts together; without a forecast if the separator makes none."""
    if not prompts:
        return NOTHING_ESTIMATED
    return combined(outcomes_of(stretch, prompts, separator), [prompt.stays for prompt in prompts])


def outcomes_of(stretch: Stretch, prompts: Sequence[Prompt], separator: Separator) -> tuple[Outcome, ...]:
    """Return an outcome for each prompt; without a forecast if the separator makes none."""
    if isinstance(separator, Judging):
        return separator.outcomes(stretch, prompts)
    return tuple(Outcome(mask, ((separator.name, 1.0),)) for mask in separator.masks(stretch, prompts))
