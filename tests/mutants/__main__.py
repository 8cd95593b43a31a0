"""``python -m tests.mutants FOLDER... [--faults N] [--seed S] [--minutes M]``: how many faults tests notice.

Puts one small fault at a time into a module of a folder of the engine, in a copy of the checkout. The tests
of the folders, and what is quick of those that name a module of them or try whole programs, run once without
a fault, to see which lines each reaches; a fault is then tried on those that reach its line, the quickest
first and those of whole programs last, until one fails. A fault with which tests do not end is noticed; one
on a line that no test reaches is not. Nobody looks into processes that tests start, and tests are left out
that are marked alone or plays, or ask for more time than others. Prints what became of each fault, and
the share of those that were noticed with its 95 % interval. A line with `# no fault:` and a reason is left
alone.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.bench import ROOT, Bench
from tests.mutants.faults import Fault, faults_of
from tests.mutants.reach import Reach

SPARED = "# no fault:"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a sample of faults; return 1 where fewer than the asked share were noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="as engine/review")
    parser.add_argument("--faults", type=int, default=300, help="so many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, help="stop after so long; the sample is that much smaller")
    parser.add_argument("--share", type=float, default=0.85, help="that must be noticed")
    parser.add_argument("--at-once", type=int, default=1, help="so many faults at a time")
    options = parser.parse_args(arguments)
    os.environ.update(QT_QPA_PLATFORM="offscreen", OMP_NUM_THREADS="1")
    drawn = sample(options.folders, options.faults, options.seed)
    stop_s = math.inf if options.minutes is None else time.monotonic() + 60 * options.minutes
    noticed, survived = 0, 0
    folders = tuple(one.rstrip("/") for one in options.folders)
    with tempfile.TemporaryDirectory() as folder:
        benches = [Bench(Path(folder))]
        benches[0].look_on(folders)
        _tell(benches[0].reach)
        benches += [
            benches[0].another(Path(tempfile.mkdtemp(dir=folder))) for _ in range(options.at_once - 1)
        ]
        for bench in benches:
            bench.serve(folders)
        for path, fault, by in _all_tried(benches, drawn, stop_s):
            noticed, survived = noticed + bool(by), survived + (not by)
            told = f"noticed ({by})" if by else "survived"
            print(f"{path}:{fault.line}: {fault.what}  {told}", flush=True)
        for bench in benches:
            bench.close()
    tried = noticed + survived
    low, high = interval(noticed, tried)
    print(f"{noticed} of {tried} faults noticed: {noticed / tried:.1%} (95 %: {low:.1%} to {high:.1%})")
    return 0 if noticed >= options.share * tried else 1


def _tell(reach: Reach) -> None:
    print(f"{len(reach.seconds)} tests, {sum(reach.seconds.values()):.0f} s, looked on", flush=True)
    for what, tests in (("failing", reach.failing), ("not begun", reach.passed_over)):
        for test in tests:
            print(f"left out, as {what} without a fault: {test}", flush=True)


def sample(folders: Sequence[str], count: int, seed: int) -> list[tuple[Path, Fault]]:
    """Draw faults from all that could be put into the modules of some folders."""
    every = []
    for path in sorted(one for folder in folders for one in (ROOT / folder).rglob("*.py")):
        source = path.read_text("utf-8")
        spared = {number for number, line in enumerate(source.splitlines(), 1) if SPARED in line}
        every += [(path.relative_to(ROOT), one) for one in faults_of(source) if one.line not in spared]
    return random.Random(seed).sample(every, min(count, len(every)))


def interval(noticed: int, tried: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927)."""
    z, share = 1.96, noticed / tried
    middle = (share + z * z / (2 * tried)) / (1 + z * z / tried)
    half = z * math.sqrt(share * (1 - share) / tried + z * z / (4 * tried * tried)) / (1 + z * z / tried)
    return middle - half, middle + half


def _all_tried(
    benches: Sequence[Bench], drawn: Sequence[tuple[Path, Fault]], stop_s: float
) -> Iterator[tuple[Path, Fault, str]]:
    """Yield faults and what noticed each, as many at a time as there are benches, until time is up."""
    free: SimpleQueue[Bench] = SimpleQueue()
    for bench in benches:
        free.put(bench)

    def tried(one: tuple[Path, Fault]) -> str | None:
        bench = free.get()
        try:
            return None if time.monotonic() > stop_s else bench.notices(*one)
        finally:
            free.put(bench)

    with ThreadPoolExecutor(len(benches)) as workers:
        for (path, fault), by in zip(drawn, workers.map(tried, drawn), strict=True):
            if by is not None:
                yield path, fault, by


if __name__ == "__main__":
    sys.exit(main())
