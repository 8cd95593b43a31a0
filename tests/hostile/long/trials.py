"""Hands batches to a worker, sees what becomes of each case, and starts another worker where one dies."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from tests.hostile.long.worker import Batch, Tried, work

CASES_OF_A_BATCH = 50
PATIENCE_S = 30.0  # for one case, which takes milliseconds
START_S = 120.0  # for a worker that imports torch on a busy machine
OUTCOMES = ("refused", "read", "crash", "hang", "foreign")


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that neither was read nor refused; `name` tries it again."""

    name: str
    outcome: str
    about: str
    changes: str

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome}: {self.about}\n    {self.changes}"


@dataclass(slots=True)
class Counts:
    """What became of all cases, by kind."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """How many were tried."""
        return self.outcomes.total()

    def add(self, batch: Batch, tried: Tried, changes: str) -> None:
        """Count a case."""
        self.outcomes[batch.kind, tried.outcome] += 1
        if tried.outcome not in ("read", "refused"):
            name = f"{batch.kind.replace(' ', '-')}:{batch.seed}:{tried.number}:{batch.cases}"
            self.failures.append(Failure(name, tried.outcome, tried.about, changes))

    def table(self) -> str:
        """Return a line a kind."""
        lines = [f"{'kind':<18}{'cases':>8}" + "".join(f"{outcome:>10}" for outcome in OUTCOMES)]
        for kind in (*dict.fromkeys(kind for kind, _ in self.outcomes), "all"):
            row = [
                sum(n for (name, o), n in self.outcomes.items() if o == one and kind in (name, "all"))
                for one in OUTCOMES
            ]
            lines.append(f"{kind:<18}{sum(row):>8}" + "".join(f"{count:>10}" for count in row))
        return "\n".join(lines)


class Trials:
    """One worker at a time; used as a context manager."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.counts = Counts()
        self._patience_s = patience_s
        self._context = multiprocessing.get_context("spawn")
        self._process: SpawnProcess | None = None
        self._tasks: Connection | None = None

    def __enter__(self) -> Trials:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tasks is not None and self._process is not None:
            self._tasks.send(None)
            self._process.join(START_S)
        self._end()

    def run(self, batch: Batch) -> None:
        """Try a batch to its end, whatever happens to workers on the way."""
        while True:
            last, changes, outcome = self._run_some(batch)
            if outcome is None:
                return
            if last < 0 or last < batch.first:
                raise RuntimeError(f"A worker could not prepare '{batch.kind}': {outcome.about}.")
            self.counts.add(batch, outcome, changes)
            if batch.only >= 0:
                return
            batch = replace(batch, first=last + 1)

    def _run_some(self, batch: Batch) -> tuple[int, str, Tried | None]:
        """Return the case under way when the worker was lost, and how; None where the batch was done."""
        tasks = self._worker()
        tasks.send(batch)
        last, changes = -1, ""
        for tried in self._told(tasks):
            if tried.outcome == "done":
                return last, changes, None
            if tried.outcome == "begun":
                last, changes = tried.number, tried.about
            elif tried.number < 0:
                return last, changes, replace(tried, number=last)
            else:
                self.counts.add(batch, tried, changes)
        raise AssertionError("a worker ends with a word")

    def _told(self, tasks: Connection) -> Iterator[Tried]:
        patience_s = START_S
        while True:
            try:
                if not tasks.poll(patience_s):
                    self._end()
                    yield Tried(-1, "hang", f"no end within {patience_s:.0f} s")
                    return
                tried = tasks.recv()
                patience_s = self._patience_s if tried.outcome == "begun" else START_S
                yield tried
            except (EOFError, ConnectionError):
                assert self._process is not None
                self._process.join(START_S)
                code = self._process.exitcode
                self._end()
                yield Tried(-1, "crash", f"the process ended with {code}")
                return

    def _worker(self) -> Connection:
        if self._tasks is None:
            self._tasks, theirs = self._context.Pipe()
            self._process = self._context.Process(target=work, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
        return self._tasks

    def _end(self) -> None:
        if self._process is not None and self._tasks is not None:
            self._process.kill()
            self._process.join()
            self._tasks.close()
        self._process = self._tasks = None


def batches(kinds: tuple[str, ...], first_seed: int, cases: int | None = None) -> Iterator[Batch]:
    """Yield batches of all kinds in turn, the same for the same seed; no number of cases means no end."""
    left, seed = cases, first_seed
    while left is None or left > 0:
        for kind in kinds:
            count = CASES_OF_A_BATCH if left is None else min(CASES_OF_A_BATCH, left)
            if count <= 0:
                return
            yield Batch(kind, seed, count)
            left = None if left is None else left - count
        seed += 1
