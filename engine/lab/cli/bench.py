"""``offcut bench [PART...]``: speed of the parts, each against a peer in the same run."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import asdict

from engine.cli.arguments import finite
from engine.cli.output import VerbOutput
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.lab.bench.in_program import measured_in_program
from engine.lab.bench.measured import Measured

PARTS = ("peaks", "timeline", "open", "render", "playback", "learn", "score", "separate", "prepare", "soak")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("part", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default all")
    parser.add_argument(
        "--minutes",
        type=finite,
        default=1.0,
        help="of playback and soak, default 1; of prepare and the longest file of separate, 10 or more",
    )


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Print a metric a line as it is measured."""
    unknown = [part for part in options.part if part not in PARTS]
    if unknown:
        raise UsageError(f"There is no part {unknown[0]!r} to measure; name some of {', '.join(PARTS)}.")
    if options.minutes <= 0:
        raise UsageError(f"Nothing can be measured for {options.minutes:g} minutes; give more than 0.")
    parts = options.part or PARTS
    for number, part in enumerate(parts):
        for measured in _measure(part, options.minutes, progress.step(number, len(parts))):
            beside = "" if measured.baseline is None else f"  (beside {measured.baseline:.4g})"
            yield VerbOutput(asdict(measured), f"{measured.metric:<42} {measured.value:10.4g}{beside}")


def _measure(part: str, minutes: float, progress: Progress) -> Iterator[Measured]:
    if part in ("timeline", "open"):
        yield from _in_a_window("desktop.bench", part)
    elif part in ("playback", "soak"):
        yield from _in_a_window(f"desktop.bench.{part}", str(minutes))
    elif part == "peaks":
        from engine.lab.bench.peaks import measure as measure_peaks

        yield from measure_peaks(progress)
    elif part == "render":
        from engine.lab.bench.render import measure as measure_render

        yield from measure_render(progress)
    elif part == "score":
        from engine.lab.bench.score import measure as measure_score

        yield from measure_score(progress)
    elif part == "separate":
        from engine.lab.bench.separate import measure as measure_separate

        yield from measure_separate(minutes, progress)
    elif part == "prepare":
        from engine.lab.bench.prepare import measure as measure_prepare

        yield from measure_prepare(minutes, progress)
    else:
        from engine.lab.bench.learn import measure as measure_learn

        yield from measure_learn(progress)


def _in_a_window(module: str, argument: str) -> Iterator[Measured]:
    """Measure the parts that need Qt, which the engine does not import."""
    platform = os.environ.get("QT_QPA_PLATFORM", "offscreen")
    return measured_in_program(module, argument, environment={"QT_QPA_PLATFORM": platform})
