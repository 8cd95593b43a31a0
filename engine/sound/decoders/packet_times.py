"""The exact length of a track from the times of its packets, without decoding them.

The child process of PyAV imports this, so it imports little itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Times = Sequence[tuple[int | None, int | None]]


def length_of_packets(packets: Times, time_base: Fraction, rate_hz: int, frame_samples: int) -> int:
    """Return the number of samples in packets, from their times alone; 0 if these are not exact.

    Only packets of one length, the last one excepted, that follow each other are counted.

    Parameters
    ----------
    packets : start and duration of each, in units of `time_base` seconds; before 0 is the encoder's delay
    frame_samples : samples per packet
    """
    if not packets or time_base != Fraction(1, rate_hz) or frame_samples <= 0:
        return 0
    first = packets[0][0]
    if first is None or first > 0:
        return 0
    for number, (start, duration) in enumerate(packets):
        is_last = number == len(packets) - 1
        if start != first + number * frame_samples or duration is None:
            return 0
        if not 0 < duration <= frame_samples or (duration < frame_samples and not is_last):
            return 0
    start, duration = packets[-1]
    return max(0, (start or 0) + (duration or 0))
