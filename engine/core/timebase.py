"""Time: every conversion between samples, seconds and frames, and arrays of spans [start, stop).

The document counts in integer samples at its own rate. Seconds exist at the edges: labels, models, JSON.
"""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

Samples = NDArray[np.int64]

_WHOLE_WITHIN = 1e-4
_SIXTY = 60
_DAY_HOURS = 24
_LONGEST_TEXT = 40
_TIMECODE = re.compile(r"(\d{1,3}):(\d\d):(\d\d)([:;.])(\d{1,3})")
_TIME = re.compile(r"(?:(?:(?P<hours>\d{1,4}):)?(?P<minutes>\d{1,4}):)?(?P<seconds>\d{1,9}(?:\.\d*)?)")


def inside(positions: NDArray[np.integer] | NDArray[np.float64], spans: Samples) -> NDArray[np.bool_]:
    """Return which positions are in one of the sorted, disjoint spans [start, stop), shape (k, 2)."""
    found: NDArray[np.bool_] = np.searchsorted(spans[:, 0], positions, side="right") > np.searchsorted(
        spans[:, 1], positions, side="right"
    )
    return found


def within(some: Samples, spans: Samples) -> NDArray[np.bool_]:
    """Return which spans, shape (n, 2), are inside one of the sorted, disjoint ones, shape (k, 2)."""
    if not len(spans):
        return np.zeros(len(some), np.bool_)
    near = np.searchsorted(spans[:, 0], some[:, 0], side="right") - 1
    found: NDArray[np.bool_] = (near >= 0) & (some[:, 1] <= spans[near, 1])
    return found


def runs(flags: NDArray[np.bool_], least: int = 1) -> Samples:
    """Return runs of at least `least` set flags, shape (n,), as [start, stop), shape (k, 2)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))).reshape(-1, 2)
    found: Samples = edges[np.diff(edges)[:, 0] >= least]
    return found


def united(spans: ArrayLike, gap: int = 0) -> Samples:
    """Return spans [start, stop), shape (n, 2) in any order, as one where they overlap or touch, ascending.

    Empty ones are left out.

    Parameters
    ----------
    gap : the longest rest between two spans that become one

    Returns
    -------
    spans : shape (k, 2)
    """
    table = np.asarray(spans, np.int64).reshape(-1, 2)
    table = table[table[:, 0] < table[:, 1]]
    if not len(table):
        return table
    table = table[np.argsort(table[:, 0], kind="stable")]
    reached = np.maximum.accumulate(table[:, 1])
    first = np.concatenate([[True], table[1:, 0] > reached[:-1] + gap])
    last = np.concatenate([first[1:], [True]])
    return np.stack([table[first, 0], reached[last]], axis=1)


def outside(spans: ArrayLike, start: int, stop: int) -> Samples:
    """Return the parts of [start, stop) in none of the spans inside it, shape (n, 2) in any order.

    Returns
    -------
    spans : shape (k, 2), sorted and separate
    """
    return united(np.concatenate([[start], united(spans).ravel(), [stop]]))


def common(some: Samples, others: Samples) -> Samples:
    """Return where spans of two tables meet, each sorted and separate, shape (n, 2) and (m, 2).

    Returns
    -------
    spans : shape (k, 2), sorted and separate
    """
    first = np.searchsorted(others[:, 1], some[:, 0], side="right")
    last = np.searchsorted(others[:, 0], some[:, 1], side="left")
    counts = np.maximum(last - first, 0)
    own = np.repeat(np.arange(len(some)), counts)
    other = np.arange(len(own)) - np.repeat(np.cumsum(counts) - counts, counts) + first[own]
    starts = np.maximum(some[own, 0], others[other, 0])
    return np.stack([starts, np.minimum(some[own, 1], others[other, 1])], axis=1)


def samples_to_s(samples: int, rate_hz: int) -> float:
    """Convert a position in samples to seconds."""
    return samples / rate_hz


def s_to_samples(seconds: float, rate_hz: int) -> int:
    """Convert seconds to the nearest sample."""
    return round(seconds * rate_hz)


def whole_where_near(samples: float) -> float:
    """Return a number of samples, whole where it is meant so: seconds, or steps of a tenth, come near it."""
    return float(round(samples)) if abs(samples - round(samples)) < _WHOLE_WITHIN else samples


def s_to_samples_array(seconds: ArrayLike, rate_hz: int) -> NDArray[np.int64]:
    """Convert times in seconds, shape (n,), to the nearest samples, shape (n,)."""
    return np.rint(np.asarray(seconds, dtype=np.float64) * rate_hz).astype(np.int64)


def samples_to_s_array(samples: ArrayLike, rate_hz: int) -> NDArray[np.float64]:
    """Convert positions in samples, shape (n,), to seconds, shape (n,)."""
    return np.asarray(samples, dtype=np.float64) / rate_hz


def convert_samples(samples: int, from_hz: int, to_hz: int) -> int:
    """Convert a position or length counted at one rate to another, rounded half up in integer arithmetic."""
    return (2 * samples * to_hz + from_hz) // (2 * from_hz)


def samples_to_video_frames(samples: int, rate_hz: int, frame_rate: Fraction) -> int:
    """Return the video frame nearest to a position, rounded half up in integer arithmetic."""
    return (2 * samples * frame_rate.numerator + rate_hz * frame_rate.denominator) // (
        2 * rate_hz * frame_rate.denominator
    )


def timecode_frames(text: str, nominal: int) -> int:
    """Return the frame that a timecode counts; one with a semicolon drops frames at 30 and 60.

    Raises
    ------
    ValueError : it is not a timecode of this rate
    """
    found = _TIMECODE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:_LONGEST_TEXT]!r} is not a timecode")
    hours, minutes, seconds, frames = (int(found[group]) for group in (1, 2, 3, 5))
    if frames >= nominal or seconds > 59 or minutes > 59:
        raise ValueError(f"{text!r} is not a timecode of {nominal} frames a second")
    total = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    if found[4] == ";" and nominal % 30 == 0:
        all_minutes = hours * 60 + minutes
        total -= _dropped(nominal) * (all_minutes - all_minutes // 10)
    return total


def timecode(frame: int, nominal: int, *, drops_frames: bool = False) -> str:
    """Write a frame number as hours:minutes:seconds:frames of a day.

    Parameters
    ----------
    nominal : frames that a second of timecode counts
    drops_frames : whether numbers are left out at the start of each minute but every tenth, so that the
        timecode follows the clock at 29.97 and 59.94 frames a second; a semicolon marks it
    """
    if drops_frames:
        dropped = _dropped(nominal)
        tens, rest = divmod(frame, 600 * nominal - 9 * dropped)
        minutes = max(0, rest - dropped) // (60 * nominal - dropped)
        frame += dropped * (9 * tens + minutes)
    seconds, frames = divmod(frame, nominal)
    minutes, seconds = divmod(seconds, _SIXTY)
    hours, minutes = divmod(minutes, _SIXTY)
    return f"{hours % _DAY_HOURS:02d}:{minutes:02d}:{seconds:02d}{';' if drops_frames else ':'}{frames:02d}"


def _dropped(nominal: int) -> int:
    """Return how many frame numbers a minute of drop frame timecode leaves out."""
    return nominal // 30 * 2


def format_time(seconds: float, decimals: int = 3) -> str:
    """Write a time the way a transport shows it: ``3:17.052``, or ``1:03:17.1`` past an hour."""
    units = round(abs(seconds) * 10**decimals)
    whole_s, fraction = divmod(units, 10**decimals)
    minutes, secs = divmod(whole_s, 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if seconds < 0 and units else ""
    head = f"{sign}{hours}:{minutes:02d}:{secs:02d}" if hours else f"{sign}{minutes}:{secs:02d}"
    return f"{head}.{fraction:0{decimals}d}" if decimals else head


def read_time(text: str) -> float | None:
    """Return the seconds of a time as `format_time` writes it, or of a plain number of seconds; else None."""
    found = _TIME.fullmatch(text.strip().replace(",", "."))
    if found is None:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.group("hours", "minutes", "seconds"))
    if (found["minutes"] and seconds >= _SIXTY) or (found["hours"] and minutes >= _SIXTY):
        return None
    return (hours * _SIXTY + minutes) * _SIXTY + seconds
