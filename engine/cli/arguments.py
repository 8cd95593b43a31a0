"""Arguments that several verbs share: numbers with limits, and the flags of a grid."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.core.errors import UsageError
from engine.core.timebase import samples_to_s
from engine.document.proposals import Proposal

if TYPE_CHECKING:
    from engine.features.timing.finders.timing.find_grid import WantedGrid


class _Span(Protocol):
    @property
    def start_samples(self) -> int: ...

    @property
    def stop_samples(self) -> int: ...


LARGEST = 1_000_000_000
"""Largest number of a flag, in either direction: 31 years in seconds; samples of it fit every integer."""
_SHOWN = 30
"""Characters of a wrong value in a message."""


def finite(text: str) -> float:
    """Read the number of a flag; Python also accepts "nan", "inf" and 1e308.

    Raises
    ------
    argparse.ArgumentTypeError : it is not a number, or too large
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise argparse.ArgumentTypeError(f"{_brief(text)} is not a number")
    _require_size(number, text)
    return number + 0.0  # a minus sign before a zero means nothing


def whole(text: str) -> int:
    """Read the whole number of a flag.

    Raises
    ------
    argparse.ArgumentTypeError : it is not a whole number, or too large
    """
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{_brief(text)} is not a whole number") from None
    _require_size(number, text)
    return number


def whole_from_0(text: str) -> int:
    """Read a whole number that is not negative, such as a seed or a port.

    Raises
    ------
    argparse.ArgumentTypeError : see `whole`; or it is negative
    """
    number = whole(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{_brief(text)} is below 0")
    return number


def _require_size(number: float, text: str) -> None:
    if abs(number) > LARGEST:
        limits = f"give a number from {-LARGEST:,} to {LARGEST:,}"
        raise argparse.ArgumentTypeError(f"{_brief(text)} is out of range: {limits}")


def _brief(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def require_loudness(loudness_lufs: float | None) -> None:
    """Refuse a loudness that no programme has; None passes.

    Raises
    ------
    UsageError : it is out of range
    """
    if loudness_lufs is not None and not -70 < loudness_lufs <= 0:
        raise UsageError(f"--loudness {loudness_lufs:g} is not between -70 and 0 LUFS: -16 is usual.")


def span_s(one: _Span, rate_hz: int) -> dict[str, float]:
    """Return start and stop in seconds, as rows of verbs have them."""
    return {
        "start_s": samples_to_s(one.start_samples, rate_hz),
        "stop_s": samples_to_s(one.stop_samples, rate_hz),
    }


def proposal_row(one: Proposal, rate_hz: int, *names: str) -> dict[str, object]:
    """Return the id of a proposal, its span in seconds, and the attributes that are named."""
    return {"id": one.id, **span_s(one, rate_hz), **{name: getattr(one, name) for name in names}}


def add_grid_flags(parser: argparse.ArgumentParser, *, is_required: bool) -> None:
    """Declare the flags of the grid; exactly one is given, or at most one."""
    grid = parser.add_mutually_exclusive_group(required=is_required)
    grid.add_argument("--bpm", type=finite, metavar="X", help="an even grid")
    grid.add_argument(
        "--click",
        nargs="?",
        const="",
        metavar="FILE",
        help="a click track, or the name of one of the tracks; without a name the one that is a click",
    )
    grid.add_argument("--midi", type=Path, metavar="FILE", help="the tempo map of a MIDI file")
    grid.add_argument("--beats", type=Path, metavar="F.json", help='as "offcut beats --json" prints them')
    grid.add_argument("--auto", action="store_true", help="the document's grid, else the detected beats")
    parser.add_argument(
        "--start-s", type=finite, metavar="S", help="first beat, with --bpm or --midi; default 0"
    )
    parser.add_argument("--beats-in-bar", type=whole, metavar="N", help="with --bpm; default 4")


def check_grid(options: argparse.Namespace) -> None:
    """Refuse flags that do not go together.

    Raises
    ------
    UsageError : there are some
    """
    if options.start_s is not None and options.bpm is None and options.midi is None:
        raise UsageError("--start-s goes with --bpm or --midi.")
    if options.beats_in_bar is not None and options.bpm is None:
        raise UsageError("--beats-in-bar goes with --bpm: any other grid has its own bars.")


def wanted_grid(options: argparse.Namespace) -> WantedGrid:
    """Return the grid that the flags name."""
    from engine.document.grid_edits import USUAL_BEATS_IN_BAR
    from engine.features.timing.finders.timing.find_grid import WantedGrid

    bar = USUAL_BEATS_IN_BAR if options.beats_in_bar is None else options.beats_in_bar
    start_s = options.start_s or 0.0
    return WantedGrid(options.bpm, start_s, bar, options.click, options.midi, options.beats)
