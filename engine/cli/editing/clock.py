"""``offcut edit PROJECT clock --time 14:03:11``: the time of day of a moment of the timeline."""

from __future__ import annotations

import argparse
from dataclasses import replace

from engine.cli.documents import opened
from engine.cli.output import VerbOutput
from engine.core.errors import UsageError
from engine.core.timebase import s_to_samples
from engine.document.marks.time_of_day import (
    TIME_FORM,
    TimeOfDay,
    read_day,
    read_time_of_day,
    set_time_of_day,
    starts_at,
    time_of_day_at,
)
from engine.document.recorded import require_recording
from engine.document.state import DocumentState

CLOCK = "clock"
_NONE = "none"


def run_clock(options: argparse.Namespace) -> VerbOutput:
    """Set or remove the time of day, as one step of the document's history."""
    with opened(options.project) as document:
        state = document.state
        require_recording(state, "set the time of day of")
        at = s_to_samples(options.at_s or 0.0, state.rate_hz)
        edit = set_time_of_day(state, at, _asked(options, state, at))
        document.apply(edit)
        start = starts_at(document.state)
    return VerbOutput({"starts_at": start.iso if start else None}, f"{edit.label}.")


def _asked(options: argparse.Namespace, state: DocumentState, at_samples: int) -> TimeOfDay | None:
    """Return the given time, without --date on the date that the moment has already; None to remove it."""
    if options.time == _NONE:
        if options.date is not None:
            raise UsageError("--date goes with a time, not with --time none.")
        return None
    time = read_time_of_day(options.time)
    if time is None:
        raise UsageError(f"--time {options.time!r} is not a time of day: give {TIME_FORM}, or none.")
    before = time_of_day_at(state, at_samples)
    day = before.day if before else None
    if options.date is not None:
        day = read_day(options.date)
        if day is None:
            raise UsageError(f"--date {options.date!r} is not a date: give one such as 2026-05-02.")
    return replace(time, day=day)
