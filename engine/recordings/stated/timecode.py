"""Timecode of field recorders: the time reference leads where all files of a device have one.

Timecode need not be the time of day: it is set by hand, counts from one hour, or runs a thousandth slow
(23.976 frames a second). The origination time, which is that of the recorder's clock, then differs from it by
about the same amount in all files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import median

from engine.recordings.stated.file_head import FileHead
from engine.recordings.stated.stated_times import Doubt, StatedTime, TimeField

_SAME_TIME_S = 5.0
_STEADY_S, _SLOW = 15.0, 0.0011
"""How far the difference may vary: clocks are read late, and timecode runs slow."""


def with_timecode(heads: Sequence[FileHead]) -> tuple[FileHead, ...]:
    """Return headers whose time references are compared with the origination times of their device.

    Where the difference varies, as of timecode that stops between takes, a reference that differs is doubted.
    """
    devices: dict[object, list[FileHead]] = defaultdict(list)
    for head in heads:
        if _times(head) is not None:
            devices[_device(head)].append(head)
    steady = {key: _steady_off_s(files) for key, files in devices.items()}
    return tuple(
        head if (times := _times(head)) is None else _with_off(head, times, steady[_device(head)])
        for head in heads
    )


def _device(head: FileHead) -> tuple[str, int, Path | None]:
    return head.device, head.rate_hz, None if head.device else head.path.parent


def _times(head: FileHead) -> tuple[datetime, datetime] | None:
    """Return the times of the first sample by the time reference and by the origination; None without one."""
    found = {one.field: one.start for one in head.stated}
    times = found.get(TimeField.TIME_REFERENCE), found.get(TimeField.ORIGINATION)
    return None if times[0] is None or times[1] is None else (times[0], times[1])


def _off_s(times: tuple[datetime, datetime]) -> float:
    return (times[1] - times[0]).total_seconds()


def _steady_off_s(files: Sequence[FileHead]) -> float | None:
    """Return how far the time of day is from the timecode of a device; None if that varies.

    Of files with one reference and one length, which were exported one after another, the first one counts.
    """
    found = {(one.reference_samples, one.frames): _times(one) for one in reversed(files)}
    times = [one for one in found.values() if one is not None]
    offs = [_off_s(one) for one in times]
    starts = [one for one, _ in times]
    span_s = (max(starts) - min(starts)).total_seconds()
    return median(offs) if max(offs) - min(offs) <= _STEADY_S + _SLOW * span_s else None


def _with_off(head: FileHead, times: tuple[datetime, datetime], steady_s: float | None) -> FileHead:
    """Return a header whose reference is that far from the time of day, or doubted if that varies."""
    own_s = _off_s(times) if steady_s is None else steady_s
    is_same = abs(own_s) <= _SAME_TIME_S
    is_doubted = steady_s is None and not is_same
    off_s = 0.0 if is_same or is_doubted else own_s

    def of(one: StatedTime) -> StatedTime:
        if one.field is not TimeField.TIME_REFERENCE:
            return one
        others = tuple(doubt for doubt in one.doubts if doubt is not Doubt.FIELDS_DISAGREE)
        doubts = (*others, Doubt.FIELDS_DISAGREE) if is_doubted else others
        return replace(one, doubts=doubts, clock_off_s=off_s)

    return replace(head, stated=tuple(map(of, head.stated)))
