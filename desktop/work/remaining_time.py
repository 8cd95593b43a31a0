"""How long a job still takes, from its pace so far: a time that falls second by second."""

from __future__ import annotations

from collections import deque

FROM_FRACTION = 0.02
FROM_S = 4.0
"""Before this share is done and this time has passed, nothing is known of the pace."""
LEAST_LEFT_S = 1.0
_ALIKE = 1.5
"""How far the pace of the second half of the time so far may differ from that of all of it, as a ratio. A
job that loads a model first, or reports its first step only after it, has another pace at its start."""
_SILENT_S = 5.0
"""How long the time left falls without a report."""


class RemainingTime:
    """Continues at the pace of the whole job so far, once that of the second half of its time agrees.

    Parameters
    ----------
    started_s : when the job began; all times are of one monotonic clock, in seconds
    """

    def __init__(self, started_s: float) -> None:
        self._started_s = self._reported_s = started_s
        self._left_s: float | None = None
        self._course = deque([(started_s, 0.0)])  # from the middle of the time so far on

    def report(self, fraction: float, now_s: float) -> None:
        """Add a progress report, 0 to 1."""
        elapsed_s = now_s - self._started_s
        known = self._left_s is not None
        if not known:
            self._course.append((now_s, fraction))
        if fraction < FROM_FRACTION or elapsed_s < FROM_S or not (known or self._is_steady(fraction, now_s)):
            return
        self._left_s = elapsed_s * (1.0 - fraction) / fraction
        self._reported_s = now_s

    def _is_steady(self, fraction: float, now_s: float) -> bool:
        """Return whether the second half of the time so far has the pace of all of it."""
        half_s = (self._started_s + now_s) / 2
        while len(self._course) > 1 and self._course[1][0] <= half_s:
            self._course.popleft()
        return 1.0 / _ALIKE <= 2 * (fraction - self._course[0][1]) / fraction <= _ALIKE

    def left_s(self, now_s: float) -> float | None:
        """Return the remaining seconds; None if unknown, and at least one.

        The number stays as it is during a long step without reports.
        """
        if self._left_s is None:
            return None
        return max(self._left_s - min(now_s - self._reported_s, _SILENT_S), LEAST_LEFT_S)
