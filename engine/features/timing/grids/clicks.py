"""Single clicks of a track, each to the sample, found while the track streams past."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]

_BEFORE_MS, _AFTER_MS = 20, 5
"""A click is louder within the second than anything within the first."""
_RISE = 4.0
_PEAK_MS = 15
_APART_MS = 40
_AUDIBLE = 10.0 ** (-60 / 20)
_START_SHARE = 0.05
_FLOOR_TIMES = 2.0
_CARRIED_MS = 100
_QUIETEST_SHARE = 0.1
"""Share of the loud click level; quieter clicks are crosstalk."""


@dataclass(frozen=True, slots=True, eq=False)
class Clicks:
    """Clicks in a track.

    Attributes
    ----------
    onsets_samples : int64, shape (n,), the first sample of each, ascending
    peaks : float64, shape (n,), the largest absolute sample of each
    brightness : float64, shape (n,), the share of samples at which the sound changes its sign
    """

    onsets_samples: NDArray[np.int64]
    peaks: NDArray[np.float64]
    brightness: NDArray[np.float64]


def find_clicks(blocks: Iterable[Sound], rate_hz: int) -> Clicks:
    """Find all sudden sounds of a track that are about as loud as the others.

    Parameters
    ----------
    blocks : mono, shape (n,) each
    """
    hop = max(1, rate_hz // 1000)
    carried_samples = _CARRIED_MS * hop
    held: Sound = np.zeros(carried_samples, np.float32)
    first, last = -carried_samples, -_APART_MS * hop
    found: list[tuple[int, float, float]] = []
    for block in chain(blocks, [np.zeros(carried_samples, np.float32)]):
        held = np.concatenate([held, block])
        settled = (len(held) - carried_samples // 2) // hop
        for at in _rises(held, hop, settled):
            onset, peak, brightness = _click(held, at * hop, hop)
            if first + onset - last >= _APART_MS * hop:
                last = first + onset
                found.append((last, peak, brightness))
        keep_from = max(0, (settled - _CARRIED_MS // 2) * hop)
        held, first = held[keep_from:], first + keep_from
    rows = np.array(found, np.float64).reshape(-1, 3)
    loud = rows[:, 1] >= _QUIETEST_SHARE * np.percentile(rows[:, 1], 90) if len(rows) else np.zeros(0, bool)
    onsets, peaks, brightness = rows[loud].T
    return Clicks(onsets.astype(np.int64), peaks, brightness)


def _rises(held: Sound, hop: int, settled: int) -> NDArray[np.int64]:
    """Return the hops, each a millisecond, right before which it was far quieter than right after."""
    hops = len(held) // hop
    envelope = np.abs(held[: hops * hop]).reshape(hops, hop).max(axis=1)
    if hops <= _BEFORE_MS + _AFTER_MS:
        return np.zeros(0, np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(envelope, _BEFORE_MS + _AFTER_MS)
    before, after = windows[:, :_BEFORE_MS].max(axis=1), windows[:, _BEFORE_MS:].max(axis=1)
    rising = (after > _RISE * before) & (after > _AUDIBLE)
    starts = np.flatnonzero(rising & ~np.concatenate([[False], rising[:-1]])) + _BEFORE_MS
    inside: NDArray[np.int64] = starts[(starts >= _CARRIED_MS // 2) & (starts < settled)]
    return inside


def _click(held: Sound, at: int, hop: int) -> tuple[int, float, float]:
    """Return the first sample of a click, how loud it is and how bright."""
    heard = np.abs(held[at : at + _PEAK_MS * hop])
    floor = float(np.abs(held[max(0, at - 10 * hop) : at]).max(initial=0.0))
    peak = float(heard.max(initial=0.0))
    onset = at + int(np.argmax(heard > max(_START_SHARE * peak, min(_FLOOR_TIMES * floor, 0.5 * peak))))
    rung = np.signbit(held[onset : onset + 10 * hop])
    return onset, peak, float(np.mean(rung[1:] != rung[:-1])) if len(rung) > 1 else 0.0
