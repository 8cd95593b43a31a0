"""Windows of a recording, and the gate that lets a change through inside them alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.timebase import samples_to_s

FADE_MS = 70.0
"""How long a change takes to come and go, inside its window."""
SHORTEST_S = 0.02
_Span = tuple[int, int]


def joined(windows: Sequence[_Span], length_samples: int, rate_hz: int) -> tuple[_Span, ...]:
    """Return windows in the order of time, touching ones joined.

    Parameters
    ----------
    windows : [start, stop) in samples

    Raises
    ------
    UsageError : no window is given, or one ends before it begins, is too short, or is beyond the recording
    """
    if not windows:
        raise UsageError("No window is given: give the span of the sound.")
    for start, stop in windows:
        first_s, last_s = samples_to_s(start, rate_hz), samples_to_s(stop, rate_hz)
        if stop <= start:
            raise UsageError(f"The window from {first_s:g} s to {last_s:g} s ends before it begins.")
        if last_s - first_s < SHORTEST_S:
            raise UsageError(
                f"The window from {first_s:g} s to {last_s:g} s is too short: "
                f"give it {1000 * SHORTEST_S:.0f} ms."
            )
        if start < 0 or stop > length_samples:
            end_s = samples_to_s(length_samples, rate_hz)
            raise UsageError(
                f"The window from {first_s:g} s to {last_s:g} s exceeds the recording, "
                f"which is from 0 to {end_s:g} s."
            )
    united: list[_Span] = []
    for start, stop in sorted(windows):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(stop, united[-1][1]))
        else:
            united.append((start, stop))
    return tuple(united)


def neighbourhood(windows: tuple[_Span, ...], window: _Span, longest: int, reach: int) -> _Span:
    """Return the span of the windows that are analysed together with one, itself where it is alone.

    Parameters
    ----------
    windows : as `joined` returns them
    window : one of them, or a part of one
    longest : how long a neighbourhood may be, in samples
    reach : how far apart neighbours may be, in samples
    """
    spans = _neighbourhoods(windows, longest, reach)
    found = spans[max(0, bisect_right(spans, window[0], key=itemgetter(0)) - 1)] if spans else window
    return found if found[0] <= window[0] and window[1] <= found[1] <= found[0] + longest else window


@lru_cache(maxsize=4)
def _neighbourhoods(windows: tuple[_Span, ...], longest: int, reach: int) -> tuple[_Span, ...]:
    """Divide windows in the order of time into as few spans as are no longer than allowed."""
    spans: list[_Span] = []
    for start, stop in windows:
        if spans and start - spans[-1][1] <= reach and stop - spans[-1][0] <= longest:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((start, stop))
    return tuple(spans)


def gate(length_samples: int, fade_samples: int, first: int, last: int) -> NDArray[np.float32]:
    """Return how much of a change is let through samples [first, last) of a window, by raised cosines.

    Fades of a window that is shorter than both meet in its middle.
    """
    fade = max(0.5, min(fade_samples, length_samples // 2))
    from_edge = np.minimum(np.arange(first, last), length_samples - 1 - np.arange(first, last)) + 0.5
    shut = np.cos(np.pi * np.clip(from_edge / fade, 0.0, 1.0))
    return np.asarray(0.5 - 0.5 * shut, np.float32)
