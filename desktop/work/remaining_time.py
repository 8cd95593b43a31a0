"""How long a job still takes, from its pace so far: a time that falls second by second."""

from __future__ import annotations

from collections import deque
from math import exp

FROM_FRACTION = 0.02
FROM_S = 2.0
"""Before this share is done and this time has passed, nothing is known of the pace."""
LEAST_LEFT_S = 1.0
_ALIKE = 1.5
"""How far the pace of the second half of the time so far may differ from that of all of it, as a ratio. A
job that loads a model first, or reports its first step only after it, has another pace at its start."""
_STEADY_S, _STEADY_SHARE = 2.0, 0.1
"""How long both have to agree, in seconds and as a share of the time so far."""
_SILENT_S, _SILENT_SHARE = 5.0, 0.1
"""How long the time left falls without a report, in seconds or as a share of the time so far."""
_SETTLES_S = 4.0
_LAST_SHARE = 0.5
_BELIEF_LATELY = 0.35
"""How much the pace of late counts: more jumps about while other programs come and go."""

_APART_S, _LATELY_S, _LEAST_REPORTS = 0.5, 20.0, 4


class RemainingTime:
    """Believes in an end once the pace is steady, and moves it slowly to where the newest pace puts it.

    Parameters
    ----------
    started_s : when the job began; all times are of one monotonic clock, in seconds
    """

    def __init__(self, started_s: float) -> None:
        self._reports = deque([(started_s, 0.0)])
        self._started_s = self._reported_s = started_s
        self._ends_s: float | None = None
        self._course: list[tuple[float, float]] = []  # until an estimate is shown
        self._steady_since_s: float | None = None

    def report(self, fraction: float, now_s: float) -> None:
        """Add a progress report, 0 to 1."""
        elapsed_s = now_s - self._started_s
        if self._ends_s is None:
            self._course.append((now_s, fraction))
        pace = self._pace_lately(fraction, now_s)
        if fraction < FROM_FRACTION or elapsed_s < FROM_S:
            return
        left_s = elapsed_s * (1.0 - fraction) / fraction
        lately_s = (1.0 - fraction) / pace
        ends_s = now_s + (1.0 - _BELIEF_LATELY) * left_s + _BELIEF_LATELY * lately_s
        if self._ends_s is None:
            if self._is_steady(fraction, now_s):
                self._ends_s = ends_s
                self._course.clear()
        else:
            turned = 1.0 - exp(-(now_s - self._reported_s) / _SETTLES_S)
            # Near the end the newest pace is right, and there is no time left to turn slowly.
            share = max(turned, (fraction - _LAST_SHARE) / (1.0 - _LAST_SHARE))
            self._ends_s += share * (ends_s - self._ends_s)
        self._reported_s = now_s

    def _is_steady(self, fraction: float, now_s: float) -> bool:
        """Return whether the second half of the time so far has long enough had the pace of all of it."""
        elapsed_s = now_s - self._started_s
        half_s = now_s - elapsed_s / 2
        before = max((done for at_s, done in self._course if at_s <= half_s), default=0.0)
        if not 1.0 / _ALIKE <= 2 * (fraction - before) / fraction <= _ALIKE:
            self._steady_since_s = None
            return False
        if self._steady_since_s is None:
            self._steady_since_s = now_s
        return now_s - self._steady_since_s >= max(_STEADY_S, _STEADY_SHARE * elapsed_s)

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
        """Return the remaining seconds; None if unknown, and at least one.

        The number stays as it is during a long step without reports.
        """
        if self._ends_s is None:
            return None
        falls_s = max(_SILENT_S, _SILENT_SHARE * (self._reported_s - self._started_s))
        return max(self._ends_s - min(now_s, self._reported_s + falls_s), LEAST_LEFT_S)
