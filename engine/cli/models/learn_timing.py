"""``offcut learn-timing --raw RAW... --edited EDITED... --out T.groove``: learn how drums are put in time."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.grid_flags import add_grid_flags, check_grid, wanted_grid
from engine.cli.output import Verb, VerbOutput
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress

_PAIRS = {
    "raw": "a file for each microphone, or their folder; can be repeated for more performances",
    "edited": "the edited files, with equal names or in the same order",
}


def add_learn_timing_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    for name, about in _PAIRS.items():
        parser.add_argument(
            f"--{name}",
            type=Path,
            nargs="+",
            action="append",
            required=True,
            metavar=name.upper(),
            help=about,
        )
    parser.add_argument("--out", type=Path, required=True, metavar="T.groove", help="the new groove")
    add_grid_flags(parser, is_required=False)
    parser.add_argument("--division", metavar="1/16", help="1/4, 1/8, 1/16, 1/32, 1/8t or 1/16t; else found")
    parser.add_argument("--force", action="store_true", help="replace an existing groove")


def run_learn_timing(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Compare, learn, and write the groove."""
    from engine.features.timing.alignment.learning.groove_file import SUFFIX, is_learned
    from engine.features.timing.alignment.lines import read_division
    from engine.features.timing.finders.timing.learn_timing import (
        LearnTimingRequest,
        learn_timing_file,
        paired,
    )

    check_grid(options)
    if not is_learned(str(options.out)):
        raise UsageError(f"{shown(options.out)} is not the name of a groove file: use the suffix {SUFFIX}.")
    if len(options.raw) != len(options.edited):
        raise UsageError("Give --raw and --edited as often: once for each performance.")
    pairs = tuple(paired(raw, edited) for raw, edited in zip(options.raw, options.edited, strict=True))
    division = None if options.division is None else read_division(options.division)
    request = LearnTimingRequest(pairs, wanted_grid(options), division)
    learned = learn_timing_file(request, options.out, options.force, progress)
    told = [
        f"{shown(', '.join(pair.raw))}: {pair.found:,} of {pair.hits:,} hits found in the edited file."
        for pair in learned.pairs
    ]
    yield VerbOutput(
        {
            "groove": str(options.out),
            **learned.model_dump(exclude={"format", "version"}),
            "unknown": learned.unknown,
        },
        "\n".join([*told, f"Learned into {shown(options.out)}", *learned.words()]),
    )


LEARN_TIMING = Verb(add_learn_timing_arguments, run_learn_timing)
