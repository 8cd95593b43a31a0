"""Flags that name the grid of drums."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.numbers import finite, whole
from engine.core.errors import UsageError

if TYPE_CHECKING:
    from engine.features.timing.finders.timing.find_grid import WantedGrid


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
    from engine.document.grid.edits import USUAL_BEATS_IN_BAR
    from engine.features.timing.finders.timing.find_grid import WantedGrid

    bar = USUAL_BEATS_IN_BAR if options.beats_in_bar is None else options.beats_in_bar
    start_s = options.start_s or 0.0
    return WantedGrid(options.bpm, start_s, bar, options.click, options.midi, options.beats)
