"""``offcut bench [PART...]``: how fast the parts work, each beside a peer doing the same in the same run."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict

from engine.bench.measured import Measured
from engine.cli.answer import Answer
from engine.errors import OffcutError, UsageError
from engine.progress import Progress

PARTS = ("peaks", "timeline", "open", "render", "learn")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("part", nargs="*", metavar=f"{{{','.join(PARTS)}}}", help="all where none is named")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[Answer]:
    """Print a metric a line as it is measured."""
    unknown = [part for part in options.part if part not in PARTS]
    if unknown:
        raise UsageError(f"There is no part {unknown[0]!r} to measure; name some of {', '.join(PARTS)}.")
    parts = options.part or PARTS
    for number, part in enumerate(parts):
        for measured in _measure(part, progress.step(number, len(parts))):
            beside = "" if measured.baseline is None else f"  (beside {measured.baseline:.4g})"
            yield Answer(asdict(measured), f"{measured.metric:<42} {measured.value:10.4g}{beside}")


def _measure(part: str, progress: Progress) -> Iterator[Measured]:
    if part in ("timeline", "open"):
        yield from _in_a_window(part)
    elif part == "peaks":
        from engine.bench.peaks import measure as measure_peaks

        yield from measure_peaks(progress)
    elif part == "render":
        from engine.bench.render import measure as measure_render

        yield from measure_render(progress)
    else:
        from engine.bench.learn import measure as measure_learn

        yield from measure_learn(progress)


def _in_a_window(part: str) -> Iterator[Measured]:
    """Run a measurement that needs Qt in a program of its own: the engine knows no window."""
    command = [sys.executable, "-m", "desktop.bench", part]
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise OffcutError(f"The window could not be measured: {reason}.")
    for line in done.stdout.splitlines():
        yield Measured(**json.loads(line))
