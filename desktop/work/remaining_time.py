"""How long a job still takes, from its pace so far: a time that falls second by second."""

from __future__ import annotations

from collections import deque
from math import exp

# Before so much is done and so long has passed, the time left is a guess that jumps about.
FROM_FRACTION = 0.01
FROM_S = 1.0
LEAST_LEFT_S = 1.0
_SETTLES_S = 4.0
_LAST_SHARE = 0.5
_BELIEF_LATELY = 0.35
"""How much the pace of late counts: more jumps about while other programs come and go."""

_APART_S, _LATELY_S, _LEAST_REPORTS = 0.5, 20.0, 4


class RemainingTime:
    """Believes in an end, and moves it slowly to where the newest pace puts it.

    Parameters
    ----------
    started_s : when the job began; all times are of one monotonic clock, in seconds
    """

    def __init__(self, started_s: float) -> None:
        self._reports = deque([(started_s, 0.0)])
        self._started_s = self._reported_s = started_s
        self._ends_s: float | None = None

    def report(self, fraction: float, now_s: float) -> None:
        """Add a progress report, 0 to 1."""
        elapsed_s = now_s - self._started_s
        if fraction < FROM_FRACTION or elapsed_s < FROM_S:
            return
        left_s = elapsed_s * (1.0 - fraction) / fraction
        lately_s = (1.0 - fraction) / self._pace_lately(fraction, now_s)
        ends_s = now_s + (1.0 - _BELIEF_LATELY) * left_s + _BELIEF_LATELY * lately_s
        if self._ends_s is None:
            self._ends_s = ends_s
        else:
            turned = 1.0 - exp(-(now_s - self._reported_s) / _SETTLES_S)
            # Near the end the newest pace is right, and there is no time left to turn slowly.
            share = max(turned, (fraction - _LAST_SHARE) / (1.0 - _LAST_SHARE))
            self._ends_s += share * (ends_s - self._ends_s)
        self._reported_s = now_s

    def _pace_lately(self, fraction: float, now_s: float) -> float:
        """Return the fraction done per second recently: the start may have been slower or faster."""
        before_s, before = self._reports[-1]
        if now_s - before_s >= _APART_S and fraction > before:
            self._reports.append((now_s, fraction))
        while len(self._reports) > _LEAST_REPORTS and now_s - self._reports[1][0] > _LATELY_S:
            self._reports.popleft()
        since_s, since = self._reports[0]
        if fraction > since and now_s - since_s >= FROM_S:
            return (fraction - since) / (now_s - since_s)
        return fraction / (now_s - self._started_s)

    def left_s(self, now_s: float) -> float | None:
        """Return the remaining seconds; None if unknown, and at least one."""
        return None if self._ends_s is None else max(self._ends_s - now_s, LEAST_LEFT_S)
