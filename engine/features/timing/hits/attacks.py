"""Onsets refined by the usual attack of each drum, since ringing or bleed may hide the start of a hit.

A hit that rises out of near silence is found to the sample. One that does not is held against those of the
same microphone that do: it is where one of them is most like it (normalised cross-correlation of steps, so
that the low tones that ring on count little).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import finite
from engine.analysis.signal.octaves import Floats
from engine.core.progress import SILENT, Progress

_SEGMENT_S = 20.0
_LEAD_S, _TAIL_S, _REACH_S = 0.001, 0.004, 0.006
_QUIET_S, _JUST_BEFORE_S, _ATTACK_LENGTH_S = 0.008, 0.0015, 0.015
_CLEAR = 0.05
_MOST_ALIKE = 24
_ALIKE = 0.55
_UNSURE_S = 0.004


class Read(Protocol):
    """Reads a span [start, stop) of all microphones, shape (microphones, stop - start)."""

    def __call__(self, start_samples: int, stop_samples: int, /) -> Floats:
        """Return it; zeros outside a recording."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Steadied:
    """Onsets that were found again.

    Attributes
    ----------
    positions_samples : int64, shape (n,)
    unsure_samples : float32, shape (n,), how far off each may be
    """

    positions_samples: NDArray[np.int64]
    unsure_samples: Floats


@dataclass(eq=False)
class _Attacks:
    """Sounds of one microphone's hits; the clearest rises separately."""

    clear: list[tuple[float, int, Floats]] = field(default_factory=list)
    others: list[tuple[int, Floats]] = field(default_factory=list)


def steadied(
    read: Read,
    positions: NDArray[np.int64],
    tracks: NDArray[np.int16],
    is_sure: NDArray[np.bool_],
    rate_hz: int,
    progress: Progress = SILENT,
) -> Steadied:
    """Find onsets again that do not rise clearly, 20 s of all microphones at a time.

    Parameters
    ----------
    positions : int64, shape (n,), ascending
    tracks : int16, shape (n,), the microphone of each
    is_sure : bool, shape (n,), which are hits without doubt: only they show how a drum rises

    Raises
    ------
    Cancelled : the user asked for it
    """
    attacks: dict[int, _Attacks] = {}
    for hit, sound in _sounds(read, positions, tracks, rate_hz, progress):
        own = attacks.setdefault(int(tracks[hit]), _Attacks())
        loud_before = _loud_before(sound, rate_hz)
        if loud_before >= _CLEAR:
            own.others.append((hit, _steps(sound, rate_hz, _REACH_S)))
        elif is_sure[hit]:
            own.clear.append((loud_before, hit, _steps(sound, rate_hz, 0.0)))
            if len(own.clear) > 2 * _MOST_ALIKE:
                own.clear = sorted(own.clear, key=lambda one: one[0])[:_MOST_ALIKE]
    found, unsure = positions.copy(), np.zeros(len(positions), np.float32)
    for own in attacks.values():
        clearest = sorted(own.clear, key=lambda one: one[0])[:_MOST_ALIKE]
        shapes = _normalised(np.array([steps for _, _, steps in clearest]))
        for hit, steps in own.others:
            alike, later = _best(steps, shapes) if len(shapes) else (0.0, 0)
            if alike >= _ALIKE:
                found[hit] = max(0, positions[hit] + later - round(_REACH_S * rate_hz))
            else:
                unsure[hit] = _UNSURE_S * rate_hz
    return Steadied(found, unsure)


def _sounds(
    read: Read, positions: NDArray[np.int64], tracks: NDArray[np.int16], rate_hz: int, progress: Progress
) -> Iterator[tuple[int, Floats]]:
    """Yield each hit and its sound, from `_QUIET_S` before it to `_ATTACK_LENGTH_S` after it."""
    before, after = round(_QUIET_S * rate_hz), round(_ATTACK_LENGTH_S * rate_hz)
    segment = round(_SEGMENT_S * rate_hz)
    segments = positions // segment
    for number in np.unique(segments).tolist():
        progress.check_cancelled()
        first = number * segment - before
        heard = finite(read(first, first + before + segment + after))
        for hit in np.flatnonzero(segments == number).tolist():
            at = int(positions[hit]) - first
            yield hit, heard[tracks[hit], at - before : at + after]


def _loud_before(sound: Floats, rate_hz: int) -> float:
    """Return the level before a hit relative to its attack."""
    at = round(_QUIET_S * rate_hz)
    level = np.abs(sound - sound[: at // 2].mean())
    before = level[: at - round(_JUST_BEFORE_S * rate_hz)].max(initial=0.0)
    return float(before / max(level[at:].max(initial=0.0), 1e-9))


def _steps(sound: Floats, rate_hz: int, reach_s: float) -> Floats:
    at = round(_QUIET_S * rate_hz)
    lead, tail, reach = (round(seconds * rate_hz) for seconds in (_LEAD_S, _TAIL_S, reach_s))
    steps: Floats = np.diff(sound[at - lead - reach - 1 : at + tail + reach])
    return steps


def _normalised(shapes: Floats) -> Floats:
    if not len(shapes):
        return shapes
    normalised: Floats = shapes / np.maximum(np.sqrt(np.square(shapes).sum(axis=1, keepdims=True)), 1e-12)
    return normalised


def _best(steps: Floats, shapes: Floats) -> tuple[float, int]:
    """Return how alike a sound is to the most alike of some shapes, -1 to 1, and where in it that begins."""
    # A copy, because numpy multiplies overlapping rows four times as slowly.
    places = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(steps, shapes.shape[1]))
    alike = (places @ shapes.T) / np.maximum(np.sqrt(np.square(places).sum(axis=1)), 1e-12)[:, None]
    best = int(alike.max(axis=1).argmax())
    return float(alike[best].max()), best
