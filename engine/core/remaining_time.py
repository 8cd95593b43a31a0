"""Remaining time of a job, estimated from the pace of its progress."""

from __future__ import annotations

from collections import deque
from math import sqrt

FROM_FRACTION = 1 / 3
FROM_S = 4.0
"""Before this share is done, and this time after the first report, too little is known of the pace."""
LEAST_LEFT_S = 1.0
EARLY_S, _EARLY_STEADY = 10.0, 0.2
"""After this time a smaller share is enough, if the end moves less than the second share of the time left."""
_STEADY = 0.4
"""How far the end foretold may have moved in the last quarter of the time, as a share of the time left."""
_SILENT_S = 5.0
"""How long the time left falls without progress, and how long it stays at least."""
_EACH_SHARE = 0.001
"""Reports are used at this distance, as a share of the time so far."""


class RemainingTime:
    """Foretells the end from the pace since the first report, and is silent while that end moves.

    A job has steps of different pace, and other programs change all of them. The pace is the geometric mean
    of that of the whole time and that of its second half. Loading before the first report does not count.

    Parameters
    ----------
    started_s : when the job began; all times are of one monotonic clock, in seconds
    """

    def __init__(self, started_s: float) -> None:
        self._first = self._last = (started_s, 0.0)
        self._course: deque[tuple[float, float]] = deque()  # from the middle of the time so far on
        self._ends: deque[tuple[float, float]] = deque()  # foretold in the last quarter of it
        self._left_s: float | None = None

    def report(self, fraction: float, now_s: float) -> None:
        """Add a progress report, 0 to 1."""
        if fraction <= self._last[1] or now_s - self._last[0] < _EACH_SHARE * (now_s - self._first[0]):
            return
        self._last = now_s, fraction
        self._course.append(self._last)
        if len(self._course) == 1:
            self._first = self._last
            return
        elapsed_s, done = now_s - self._first[0], fraction - self._first[1]
        _drop_before(self._course, now_s - elapsed_s / 2)
        since_s, since = self._course[0]
        lately = (fraction - since) * elapsed_s / max(now_s - since_s, 1e-6)
        self._ends.append((now_s, now_s + (1.0 - fraction) * elapsed_s / sqrt(done * lately)))
        _drop_before(self._ends, now_s - elapsed_s / 4)
        ends_s = [end_s for _, end_s in self._ends]
        left_s = ends_s[-1] - now_s
        has_much = fraction >= FROM_FRACTION
        is_steady = max(ends_s) - min(ends_s) <= (_STEADY if has_much else _EARLY_STEADY) * left_s
        is_known = elapsed_s >= (FROM_S if has_much else EARLY_S) and is_steady
        self._left_s = left_s if is_known else None

    def left_s(self, now_s: float) -> float | None:
        """Return the remaining seconds, at least one; None while the pace is not known, as in a long step."""
        silent_s = now_s - self._last[0]
        if self._left_s is None or silent_s > max(_SILENT_S, (self._last[0] - self._first[0]) / 4):
            return None
        return max(self._left_s - min(silent_s, _SILENT_S), LEAST_LEFT_S)


def _drop_before(course: deque[tuple[float, float]], at_s: float) -> None:
    """Remove the entries before a time, except the latest of them."""
    while len(course) > 1 and course[1][0] <= at_s:
        course.popleft()
