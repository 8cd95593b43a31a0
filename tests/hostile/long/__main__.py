"""``python -m tests.hostile.long (--minutes M | --cases N | --only NAME) [--seed S] [--kinds A,B]``.

Breaks files of every kind and reads them with the program. Prints how many cases there were, how many were
refused with a sentence, were read, crashed, hung or raised what no user should see, and each failure with the
name that ``--only`` tries again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from tests.hostile.long.kinds.all import KINDS
from tests.hostile.long.trials import Trials, batches
from tests.hostile.long.worker import Batch


def main(arguments: Sequence[str] | None = None) -> int:
    """Try what is asked for; return 1 where anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.long", description=__doc__)
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--minutes", type=float, help="go on for so long")
    asked.add_argument("--cases", type=int, help="try so many")
    asked.add_argument("--only", metavar="NAME", help="try one case again, as 'audio:7:12:50'")
    parser.add_argument("--seed", type=int, default=0, help="0 unless told; another gives other cases")
    parser.add_argument("--kinds", default=",".join(KINDS), help=f"of {', '.join(KINDS)}")
    options = parser.parse_args(arguments)
    stop_s = time.monotonic() + 60.0 * (options.minutes or 0.0)
    told = 0
    with Trials() as trials:
        for batch in _batches(options):
            trials.run(batch)
            for failure in trials.counts.failures[told:]:
                print(failure, flush=True)
            told = len(trials.counts.failures)
            if options.minutes is not None and time.monotonic() >= stop_s:
                break
    print(trials.counts.table())
    return 1 if trials.counts.failures else 0


def _batches(options: argparse.Namespace) -> Sequence[Batch] | object:
    if options.only is not None:
        kind, seed, number, cases = options.only.split(":")
        return [Batch(kind.replace("-", " "), int(seed), int(cases), only=int(number))]
    return batches(tuple(options.kinds.split(",")), options.seed, options.cases)


if __name__ == "__main__":
    sys.exit(main())
