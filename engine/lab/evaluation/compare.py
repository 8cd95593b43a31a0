"""``offcut evaluate anomaly``: choose rows, materials and seeds, run missing trials, report the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.lab.evaluation.materials.all import MATERIALS
from engine.lab.evaluation.materials.case import MaterialKind
from engine.lab.evaluation.results import Results
from engine.lab.evaluation.rows import BASELINES, BY_NAME, DEFAULT, ComparisonRow, shortened
from engine.lab.evaluation.table import by_share, lines, markdown, means
from engine.lab.evaluation.trials import Plan, run

SEEDS = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Request of a comparison.

    Attributes
    ----------
    rows, materials : by name; empty means the default row, and every material except extras
    config : a recipe to compare instead of a named row
    results : a file of finished trials to go on from
    short : one seed, and rows that learn little, to see that it works
    """

    rows: Sequence[str] = ()
    materials: Sequence[str] = ()
    seeds: int = SEEDS
    config: RecipeConfig | None = None
    results: Path | None = None
    short: bool = False


def evaluate(data_dir: Path, asked: Comparison, progress: Progress) -> Iterator[dict[str, object]]:
    """Yield figures, a line each: of each row as it is done, by material and as means over them.

    Parameters
    ----------
    data_dir : holds `music/`, `loops/`, `mdbdrums/`, `multimic/` and `esc50/`, as far as the materials need

    Raises
    ------
    UsageError : a row or material is unknown, the data are not there, or the results cannot be used
    """
    plan = _plan(asked)
    results = Results(asked.results)
    for row, trials in run(plan, data_dir, results, progress):
        if row in BASELINES:
            continue
        for material in plan.materials:
            yield from lines(trials, row.name, material.name)
        yield from by_share(trials, row.name)
        yield from means(trials, row.name)


def table_of(results: Path) -> str:
    """Return the tables of a file of finished trials, in Markdown.

    Raises
    ------
    UsageError : the file cannot be read, or holds no trial
    """
    trials = Results(results).trials()
    if not trials:
        raise UsageError(f"{results} holds no finished trial: run the evaluation with --results first.")
    return markdown(trials)


def _plan(asked: Comparison) -> Plan:
    if asked.seeds < 1:
        raise UsageError(f"The number of seeds cannot be {asked.seeds}: give 1 or more.")
    rows = [_row(name) for name in asked.rows or ([] if asked.config else [DEFAULT])]
    if asked.config is not None:
        rows.append(
            ComparisonRow("config", "the settings that were given", asked.config, asked.config.needs_raw)
        )
    if asked.short:
        rows = [shortened(row) for row in rows]
    names = asked.materials or [name for name, one in MATERIALS.items() if not one.is_asked_for]
    baselines = [row for row in BASELINES if row not in rows]
    return Plan(
        [*baselines, *rows], [_material(name) for name in names], range(1 if asked.short else asked.seeds)
    )


def _row(name: str) -> ComparisonRow:
    if name not in BY_NAME:
        raise UsageError(f"There is no row '{name}': choose among {_listed(BY_NAME)}.")
    return BY_NAME[name]


def _material(name: str) -> MaterialKind:
    if name not in MATERIALS:
        raise UsageError(f"There is no material '{name}': choose among {_listed(MATERIALS)}.")
    return MATERIALS[name]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
