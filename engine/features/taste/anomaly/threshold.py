"""Scores from 0 to 1, the default limit of cuts among them, and scores of faults that rules find.

The limit comes from scores of edited audio by models that have not learned it. Conformal prediction assumes
one thing: blocks of `BLOCK_S` of new audio that the user would leave in are exchangeable with blocks of the
edits. Then the share of such audio above a limit is on average at most the expected share (A. N. Angelopoulos
et al., "Conformal risk control", ICLR 2024). Moments next to each other score alike, so blocks are counted,
not moments. Other players, another room or a song unlike all edits break the assumption: nothing is
guaranteed there.

By default, a cut also has evidence of a fault: the mean of a part of the score is above its highest value in
the edits. How often that happens in good audio is estimated by leaving out one recording at a time: its parts
are compared with those of the others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import LIKELY, FalseStart
from engine.analysis.signal.dead_air import DeadAir
from engine.core.timebase import inside
from engine.core.wording import percent

Numbers = NDArray[np.float64]
Scores = NDArray[np.floating]
Labels = NDArray[np.bool_]

USUAL_LIMIT = 1.9
"""The standard score at which anomalies begin, for a taste without its own."""

HIGHEST_LIMIT = 0.975
"""Dead air scores more, and false starts are raised above: a limit never keeps them."""

SMOOTHING_S = 2.0
"""Width of the triangular window over scores before cuts are found in them. Shorter lets single segments cut,
longer blurs a dropped bar away."""

_LINEAR_Z = 3.0


def to_scores(standard: Numbers) -> Numbers:
    """Return scores from 0 to 1 of standard scores, shape (n,); the mean of the training data is 0.5.

    Far from the mean they follow a logarithm, since a plain logistic function rounds everything past 17
    standard deviations to 1 in float32, and the highest scores would be equal.
    """
    bent = _LINEAR_Z * np.arcsinh(standard / _LINEAR_Z)
    return 1.0 / (1.0 + np.exp(-bent))


def score_of(standard: float) -> float:
    """Return the score of one standard score."""
    return float(to_scores(np.array([standard]))[0])


def to_standard(scores: Numbers) -> Numbers:
    """Return the standard scores of scores from 0 to 1, shape (n,)."""
    within = np.clip(scores, 1e-9, 1.0 - 1e-9)
    return _LINEAR_Z * np.sinh(np.log(within / (1.0 - within)) / _LINEAR_Z)


def smoothed(scores: Scores, width: int) -> NDArray[np.float64]:
    """Return the moving mean over `width` moments, shape (n,); at the ends over those that are there."""
    width = min(width, len(scores))
    kernel = np.ones(width)
    sums = np.convolve(scores, kernel, "same")
    return sums / np.convolve(np.ones(len(scores)), kernel, "same")


def as_cuts_see(scores: Numbers, hop_s: float) -> Numbers:
    """Return scores or parts of them, shape (n, k), smoothed as they are before cuts are found in them.

    Two moving means over half the width of a triangle are the triangle.
    """
    half_s = SMOOTHING_S / 2.0
    return moving_means(moving_means(scores, half_s, hop_s), half_s, hop_s)


def moving_means(scores: Numbers, length_s: float, hop_s: float) -> Numbers:
    """Return the moving mean of each column, shape (n, k), over about `length_s`."""
    if not len(scores):
        return scores
    width = 1 + 2 * round((length_s / hop_s - 1.0) / 2.0) if hop_s < length_s else 1
    return np.column_stack([smoothed(one, width) for one in scores.T])


def auc(bad: Labels, scores: Scores) -> float:
    """Return the area under the ROC curve: the share of bad moments scored above good ones, ties as half.

    It is scikit-learn's `roc_auc_score`, ties included.

    Parameters
    ----------
    bad : shape (n,), some true and some false
    scores : shape (n,)
    """
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[group]
    positives = int(bad.sum())
    negatives = len(bad) - positives
    return float((ranks[bad].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


BLOCK_S = 4.0
"""Scores this far apart are hardly correlated: by 0.05 to 0.14 in songs and drums."""

QUANTILES = 200
_PLACES = 1.0 - np.square(np.linspace(1.0, 0.0, QUANTILES))
"""Closer to each other towards the highest scores: at 1 % they are 0.1 % apart."""

OF_ONE = 1.5
"""The highest values of a single recording count as much more: it does not show how recordings differ."""
_SAME = 1e-4
_EVIDENT_S = 5.0
"""A usual cut: its evidence is the mean of a part over it."""

MOST_CUT, MOST_ODD = 0.01, 0.03
"""This share of the edits is above the default limit with and without evidence of a fault, or one block of
them where they have too few."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutCurve:
    """Scores of edited recordings by models that had not learned them, smoothed as before cuts are found.

    Attributes
    ----------
    scores : float32, shape (recordings, 1 + parts, QUANTILES), ascending: the score from 0 to 1, then its
        parts in standard deviations
    lengths_s : float32, shape (recordings,), how much of each was scored
    evident : float32, shape (recordings, QUANTILES), ascending: the score where there is evidence of a fault,
        else 0; None in an older taste
    """

    scores: NDArray[np.float32]
    lengths_s: NDArray[np.float32]
    evident: NDArray[np.float32] | None = None

    @property
    def blocks(self) -> NDArray[np.int64]:
        """How many blocks each recording has, shape (recordings,)."""
        counts: NDArray[np.int64] = np.maximum(1, self.lengths_s // BLOCK_S).astype(np.int64)
        return counts

    @property
    def is_sufficient(self) -> bool:
        """Whether the blocks suffice to estimate a share of `MOST_CUT`."""
        return bool(MOST_CUT * (1 + self.blocks.sum()) >= 1.0)

    def expected_cut_share(self, limit: float, *, by_default: bool = False) -> float:
        """Return an upper bound of the mean share of edited audio that scores at least `limit`.

        Parameters
        ----------
        by_default : only where there is evidence of a fault, if that is known
        """
        return (1.0 + self._above(limit, by_default)) / (1.0 + float(self.blocks.sum()))

    def estimated_cut_share(self, limit: float, *, by_default: bool = False) -> float:
        """Return the mean share itself, which the bound exceeds by half a block (Jeffreys' prior)."""
        return (0.5 + self._above(limit, by_default)) / (1.0 + float(self.blocks.sum()))

    def _above(self, limit: float, by_default: bool) -> float:
        """Return how many blocks are above a limit."""
        table = self._table(by_default=by_default)
        # Between two quantiles the lower one counts: the share is never understated.
        shares = np.append([1.0], np.append(1.0 - _PLACES[:-1], 0.0))
        return float(self.blocks @ shares[[int(np.searchsorted(row, limit)) for row in table]])

    def _table(self, *, by_default: bool) -> NDArray[np.float32]:
        return self.evident if by_default and self.evident is not None else self.scores[:, 0]

    @property
    def default_limit(self) -> float:
        """The score above which cuts are proposed by default; of few minutes no less than the usual one."""
        found = self.limit_for(self._bound(MOST_ODD if self.evident is not None else MOST_CUT))
        if self.evident is not None:
            found = max(found, self.limit_for(self._bound(MOST_CUT), by_default=True))
        return min(found if self.is_sufficient else max(found, score_of(USUAL_LIMIT)), HIGHEST_LIMIT)

    def _bound(self, share: float) -> float:
        """Return the expected share if this share of the blocks, or one of them, is above a limit."""
        count = 1.0 + float(self.blocks.sum())
        return (1.0 + max(share, 1.0 / count) * (count - 1.0)) / count

    def limit_for(self, share: float, *, by_default: bool = False) -> float:
        """Return the lowest stored score with an expected share of at most `share`, or the highest of all."""
        every = np.unique(self._table(by_default=by_default))

        def is_enough(number: int) -> bool:
            return self.expected_cut_share(float(every[number]), by_default=by_default) <= share

        return float(every[bisect_left(range(len(every) - 1), True, key=is_enough)])

    @property
    def part_limits(self) -> NDArray[np.float32]:
        """The highest value of each part of the score, shape (parts,), at least a standard deviation.

        A new block of such audio exceeds that of one part with a chance of one in one plus the blocks. One
        recording does not show how recordings differ, so its values are raised.
        """
        highest = part_limits(self.scores[:, 1:, -1].astype(np.float64))
        return (highest * (1.0 if len(self.scores) > 1 else OF_ONE)).astype(np.float32)


def held_out_curve(recordings: Sequence[Numbers], hop_s: float, faults: Sequence[int] = ()) -> HeldOutCurve:
    """Return the curve of recordings' scores and their parts, each of shape (n, 1 + parts), smoothed.

    Parameters
    ----------
    faults : numbers of the parts that are kinds of fault
    """
    scores = [np.quantile(one, _PLACES, axis=0, method="inverted_cdf").T for one in recordings]
    lengths_s = [len(one) * hop_s for one in recordings]
    evident = None
    if faults:
        every = _evident(recordings, hop_s, faults)
        evident = np.array([np.quantile(one, _PLACES, method="inverted_cdf") for one in every], np.float32)
    return HeldOutCurve(np.ascontiguousarray(scores, np.float32), np.array(lengths_s, np.float32), evident)


def _evident(recordings: Sequence[Numbers], hop_s: float, faults: Sequence[int]) -> Iterator[Numbers]:
    """Yield the scores of each recording where a part is above its limit in the others, else 0."""
    columns = [1 + one for one in faults]
    for number, scores in enumerate(recordings):
        parts = scores[:, columns]
        means = moving_means(parts, _EVIDENT_S, hop_s)
        if len(recordings) > 1:
            others = [one[:, columns] for other, one in enumerate(recordings) if other != number]
            is_fault = (means >= part_limits(np.concatenate(others))).any(axis=1)
        else:  # each half by the other one
            limits = [OF_ONE * part_limits(half) for half in reversed(np.array_split(parts, 2))]
            pairs = zip(np.array_split(means, 2), limits, strict=True)
            is_fault = np.concatenate([(half >= limit).any(axis=1) for half, limit in pairs])
        yield np.where(is_fault, scores[:, 0], 0.0)


def part_limits(parts: Numbers) -> Numbers:
    """Return the highest value of each part, shape (n, parts), at least a standard deviation."""
    limits: Numbers = np.maximum(parts.max(axis=0, initial=1.0), 1.0)
    return limits


def expectation(curve: HeldOutCurve | None, limit: float) -> str:
    """Return a sentence about the share of edited audio that is cut at a limit; "" without a curve.

    At the default limit, cuts have evidence of a fault.
    """
    if curve is None:
        return ""
    if not curve.is_sufficient:
        return "The training audio is too short to estimate the cuts in audio you would keep."
    by_default = abs(limit - curve.default_limit) <= _SAME
    share = curve.estimated_cut_share(limit, by_default=by_default)
    return f"Expected to cut {percent(share, 1)} of the audio you would keep."


SURELY_ODD = 0.98
"""Minimum score of dead air; higher scores of a taste stay."""

_LEAST_FAULT = 0.95
"""Minimum score of a fault that a rule has found."""
_LONGER_TIMES = 1.25


def least_above(limit: float) -> float:
    """Return the least score of a fault that a rule has found, above the default limit of a taste."""
    return float(np.clip(limit + SURELY_ODD - HIGHEST_LIMIT, _LEAST_FAULT, SURELY_ODD))


def longer_than(found: DeadAir, longest_s: float, rate_hz: int) -> DeadAir:
    """Return the dead air that is clearly longer than the longest pause of the training data.

    A taste is unreliable there. A comparison with the rest of the recording takes dead air as usual if it is
    frequent, and the network may not know a hiss of this colour.
    """
    long = np.diff(found.spans)[:, 0] > _LONGER_TIMES * longest_s * rate_hz
    kinds = tuple(kind for kind, is_long in zip(found.kinds, long.tolist(), strict=True) if is_long)
    return DeadAir(found.spans[long], kinds, found.levels_db[long])


def raised_in(
    scores: NDArray[np.float32], positions_samples: NDArray[np.float64], dead: DeadAir
) -> NDArray[np.float32]:
    """Return scores, shape (n,), no lower than `SURELY_ODD` at the positions, shape (n,), in dead air."""
    return np.where(inside(positions_samples, dead.spans), np.maximum(scores, np.float32(SURELY_ODD)), scores)


_LIKELIER = 0.1
_BACK_WITHIN_S = 30.0
"""Players return to a broken-off passage within this time; later, the same music continues."""


def likelier_than(found: Sequence[FalseStart], likeliest: float) -> tuple[FalseStart, ...]:
    """Return the false starts that are clearly likelier than the likeliest in the training data, 0 for none.

    A taste analyses a few seconds at a time, and an attempt sounds like the training data. Its sign is that
    the same music begins again afterwards, within half a minute, and continues.
    """
    least = max(LIKELY, likeliest + _LIKELIER if likeliest else 0.0)
    return tuple(
        one for one in found if one.likelihood >= least and one.begins_again_s - one.stop_s <= _BACK_WITHIN_S
    )


def raised_over(
    scores: NDArray[np.float32], times_s: NDArray[np.float64], found: Sequence[FalseStart], limit: float
) -> NDArray[np.float32]:
    """Return scores, shape (n,), no lower over false starts than these are likely, and above the limit.

    Parameters
    ----------
    times_s : of the scores, shape (n,)
    limit : the highest score that is not proposed by default, at most `HIGHEST_LIMIT`
    """
    raised, lowest = scores, least_above(limit)
    for one in found:
        share = (one.likelihood - LIKELY) / (1.0 - LIKELY)
        least = np.float32(lowest + share * (SURELY_ODD - lowest))
        over = (times_s >= one.start_s) & (times_s < one.stop_s)
        raised = np.where(over, np.maximum(raised, least), raised)
    return raised
