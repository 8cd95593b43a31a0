"""Windows of a recording, and the gate that lets a change through inside them alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.timebase import samples_to_s

FADE_MS = 70.0
"""How long a change takes to come and go, inside its window."""
SHORTEST_S = 0.02
_Span = tuple[int, int]


def joined(windows: Sequence[_Span], length_samples: int, rate_hz: int) -> tuple[_Span, ...]:
    """Return windows in the order of time, those that meet as one.

    Parameters
    ----------
    windows : [start, stop) in samples

    Raises
    ------
    UsageError : there is none, or one ends before it begins, is too short, or lies beyond the recording
    """
    if not windows:
        raise UsageError("No window is given: say where the sound is.")
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
                f"The window from {first_s:g} s to {last_s:g} s lies beyond the recording, "
                f"which is from 0 to {end_s:g} s."
            )
    united: list[_Span] = []
    for start, stop in sorted(windows):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(stop, united[-1][1]))
        else:
            united.append((start, stop))
    return tuple(united)


def gate(length_samples: int, fade_samples: int, first: int, last: int) -> NDArray[np.float32]:
    """Return how much of a change is let through samples [first, last) of a window, by raised cosines.

    Fades of a window that is shorter than both meet in its middle.
    """
    fade = max(0.5, min(fade_samples, length_samples // 2))
    from_edge = np.minimum(np.arange(first, last), length_samples - 1 - np.arange(first, last)) + 0.5
    shut = np.cos(np.pi * np.clip(from_edge / fade, 0.0, 1.0))
    return np.asarray(0.5 - 0.5 * shut, np.float32)
