"""Scores of edited audio by models that have not learned it, and the share of such audio above a limit.

Both answers come from conformal prediction (V. Vovk, A. Gammerman & G. Shafer, "Algorithmic Learning in a
Random World", Springer 2005), which assumes one thing: blocks of `BLOCK_S` of new audio that the user would
leave in are exchangeable with blocks of the edits. Then

- a moment of such audio has a p-value of at most a with a chance of at most a, if it is compared with one
  moment of each block of one recording. Over all moments and recordings the mean of p-values is taken, which
  can be too small by a factor of two (V. Vovk & R. Wang, "Combining p-values via averaging", Biometrika 107,
  2020);
- the share of such audio above a limit is on average at most the expected share (A. N. Angelopoulos et al.,
  "Conformal risk control", ICLR 2024).

Moments next to each other score alike, so blocks are counted, not moments. Other players, another room or a
song unlike all edits break the assumption: nothing is guaranteed there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.threshold import HIGHEST_LIMIT, USUAL_LIMIT, score_of
from engine.wording import percent

Numbers = NDArray[np.float64]

BLOCK_S = 4.0
"""Scores this far apart are hardly correlated: by 0.05 to 0.14 in songs and drums."""

QUANTILES = 200
_PLACES = 1.0 - np.square(np.linspace(1.0, 0.0, QUANTILES))
"""Closer to each other towards the highest scores: at 1 % they are 0.1 % apart."""

_OF_ONE = 1.5

MOST_CUT = 0.01
"""This share of the edits is above the default limit, or one block of them where they have less than 100."""


@dataclass(frozen=True, slots=True, eq=False)
class KeptCurve:
    """Scores of edited recordings by models that had not learned them, smoothed as before cuts are found.

    Attributes
    ----------
    scores : float32, shape (recordings, 1 + parts, QUANTILES), ascending: the score from 0 to 1, then its
        parts in standard deviations
    lengths_s : float32, shape (recordings,), how much of each was scored
    """

    scores: NDArray[np.float32]
    lengths_s: NDArray[np.float32]

    @property
    def blocks(self) -> NDArray[np.int64]:
        """How many blocks each recording has, shape (recordings,)."""
        counts: NDArray[np.int64] = np.maximum(1, self.lengths_s // BLOCK_S).astype(np.int64)
        return counts

    @property
    def is_sufficient(self) -> bool:
        """Whether the blocks suffice to estimate a share of `MOST_CUT`."""
        return bool(MOST_CUT * (1 + self.blocks.sum()) >= 1.0)

    def p_values(self, scores: Numbers, column: int = 0) -> Numbers:
        """Return the p-values of scores, shape (n,): the means of those by each recording.

        Parameters
        ----------
        column : 0 for the score, then the parts
        """
        blocks = self.blocks[:, None]
        found: Numbers = ((1 + blocks * self._at_least(scores, column)) / (1 + blocks)).mean(axis=0)
        return found

    def expected_cut_share(self, limit: float) -> float:
        """Return an upper bound of the mean share of edited audio that scores at least `limit`."""
        blocks = self.blocks
        above = float(blocks @ self._at_least(np.array([limit]), 0)[:, 0])
        return (1.0 + above) / (1.0 + float(blocks.sum()))

    @property
    def default_limit(self) -> float:
        """The score above which cuts are proposed by default; of few minutes no less than the usual one."""
        count = 1.0 + float(self.blocks.sum())
        found = self.limit_for((1.0 + max(MOST_CUT, 1.0 / count) * (count - 1.0)) / count)
        return min(found if self.is_sufficient else max(found, score_of(USUAL_LIMIT)), HIGHEST_LIMIT)

    def limit_for(self, share: float) -> float:
        """Return the lowest stored score with an expected share of at most `share`, or the highest of all."""
        every = np.unique(self.scores[:, 0])
        first, last = 0, len(every) - 1
        while first < last:
            middle = (first + last) // 2
            if self.expected_cut_share(float(every[middle])) <= share:
                last = middle
            else:
                first = middle + 1
        return float(every[first])

    @property
    def part_limits(self) -> NDArray[np.float32]:
        """The highest value of each part of the score, shape (parts,), at least a standard deviation.

        A new block of such audio exceeds that of one part with a chance of one in one plus the blocks. One
        recording does not show how recordings differ, so its values are raised.
        """
        highest = np.maximum(self.scores[:, 1:, -1].max(axis=0), np.float32(1.0))
        limits: NDArray[np.float32] = highest * np.float32(1.0 if len(self.scores) > 1 else _OF_ONE)
        return limits

    def _at_least(self, scores: Numbers, column: int) -> Numbers:
        """Return the share of each recording at or above scores, shape (recordings, n)."""
        # Between two quantiles the lower one counts: the share is never understated.
        shares = np.append([1.0], np.append(1.0 - _PLACES[:-1], 0.0))
        return np.stack([shares[np.searchsorted(row[column], scores)] for row in self.scores])


def kept_curve(recordings: Sequence[Numbers], hop_s: float) -> KeptCurve:
    """Return the curve of recordings' scores and their parts, each of shape (n, 1 + parts), smoothed."""
    scores = [np.quantile(one, _PLACES, axis=0, method="inverted_cdf").T for one in recordings]
    lengths_s = [len(one) * hop_s for one in recordings]
    return KeptCurve(np.ascontiguousarray(scores, np.float32), np.array(lengths_s, np.float32))


def expectation(curve: KeptCurve | None, limit: float) -> str:
    """Return a sentence about the share of edited audio above a limit; "" without a curve."""
    if curve is None:
        return ""
    if not curve.is_sufficient:
        return "The training audio is too short to estimate the cuts in audio you would keep."
    return f"Expected to cut {percent(curve.expected_cut_share(limit), 1)} of the audio you would keep."
