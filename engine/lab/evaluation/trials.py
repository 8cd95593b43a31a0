"""Train a row on one case, and measure it on unseen recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import perf_counter

from engine.core.progress import Progress
from engine.lab.evaluation.figures import by_kind, of_files, of_moments
from engine.lab.evaluation.materials.case import Case, MaterialKind
from engine.lab.evaluation.results import Key, Measured, Results, Trial
from engine.lab.evaluation.rows import ComparisonRow
from engine.lab.evaluation.scoring import Scorer, Tastes, scorer_of
from engine.lab.simulated.recordings import data_digest

_LEARNING_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Plan:
    """Request of trials: each row on each material with each seed."""

    rows: Sequence[ComparisonRow]
    materials: Sequence[MaterialKind]
    seeds: Sequence[int]


def run(
    plan: Plan, data_dir: Path, results: Results, progress: Progress
) -> Iterator[tuple[ComparisonRow, tuple[Trial, ...]]]:
    """Run missing trials; yield each complete row, with all trials up to it.

    Raises
    ------
    UsageError : the data are not there, or the results cannot be written
    """
    digests = {material.name: data_digest(data_dir, material.folders) for material in plan.materials}
    total = len(plan.rows) * len(plan.materials) * len(plan.seeds)
    done: list[Trial] = []
    learned: Tastes = {}
    for row in plan.rows:
        for seed, material in product(plan.seeds, plan.materials):
            key = Key(row.name, row.digest, material.name, digests[material.name], seed)
            found = results.of(key)
            if found is None:
                share = progress.step(len(done), total)
                found = trial(key, row, material.make(data_dir, seed), share, learned)
                results.add(found)
            done.append(found)
        yield row, tuple(done)


def trial(
    key: Key, row: ComparisonRow, case: Case, progress: Progress, learned: Tastes | None = None
) -> Trial:
    """Learn, and measure.

    Parameters
    ----------
    learned : cache of trained models: materials with the same training data share one
    """
    began_s = perf_counter()
    scorer = scorer_of(row, case, key.seed, progress.part(0.0, _LEARNING_SHARE), learned)
    learned_s = perf_counter() - began_s
    return Trial(key, case.group, round(learned_s, 1), tuple(_measured(case, scorer, progress)))


def _measured(case: Case, scorer: Scorer, progress: Progress) -> Iterator[Measured]:
    clean = (
        () if any(not one.faults for one in case.tested) else [one.without_faults() for one in case.tested]
    )
    for tested in (*case.tested, *clean):
        progress.check_cancelled()
        curve = scorer(tested.audio)
        yield Measured(tested.name, _rounded(of_moments(curve, tested)), _rounded(by_kind(curve, tested)))
    if case.files:
        means = []
        for file in case.files:
            progress.check_cancelled()
            means.append(float(scorer(file.audio).scores.mean(dtype=float)))
        yield Measured("whole files", _rounded(of_files(means, case.files)))


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}
