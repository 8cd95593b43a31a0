"""Lines that `offcut evaluate timing ... --json` printed, as Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown

_FIGURES: Mapping[str, tuple[str, float, int]] = {
    "wrong_place": ("wrong place %", 100.0, 2),
    "off_target_ms_median": ("off target ms", 1.0, 2),
    "off_target_ms_p95": ("95 % within ms", 1.0, 1),
    "grace_notes_kept": ("flams, drags kept %", 100.0, 1),
    "ghosts_kept": ("ghosts kept %", 100.0, 1),
    "faulty_flams_f": ("faulty flams F", 1.0, 2),
    "faulty_flams_fixed": ("fixed %", 100.0, 1),
    "beside_extra_wrong": ("wrong beside one too many %", 100.0, 1),
    "beside_missing_wrong": ("wrong beside a missing one %", 100.0, 1),
}


def table_of(results: Path) -> str:
    """Return the lines of a file as tables.

    Raises
    ------
    UsageError : it cannot be read, or is none
    """
    try:
        lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines() if line]
        placed = [line for line in lines if "row" in line]
        measured = [line for line in lines if "metric" in line]
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"{shown(results)} holds no results: keep there what 'offcut evaluate timing' prints with --json."
        ) from error
    return "\n\n".join([*_placed(placed), *([_measured(measured)] if measured else [])])


def _placed(lines: Sequence[Mapping[str, object]]) -> list[str]:
    """Return a table for each displacement, of true and of found hits."""
    keys = dict.fromkeys((str(line["hits"]), str(line["displacement"])) for line in lines)
    tables = []
    for hits, displacement in keys:
        own = [line for line in lines if (line["hits"], line["displacement"]) == (hits, displacement)]
        head = f"**{hits.capitalize()} hits, {displacement}** ({own[0]['n']} performances)"
        columns = ["", *(words for words, _, _ in _FIGURES.values())]
        rows = [[str(line["row"]), *(_of(line, name) for name in _FIGURES)] for line in own]
        tables.append(f"{head}\n\n{_markdown(columns, rows)}")
    return tables


def _measured(lines: Sequence[Mapping[str, object]]) -> str:
    columns = ["", "value", "± between seeds", "baseline", "n"]
    rows = [
        [
            str(line["metric"]).replace("_", " "),
            *(_number(line.get(name), 3) for name in ("value", "deviation", "baseline")),
            str(line.get("n", "")),
        ]
        for line in lines
    ]
    return _markdown(columns, rows)


def _of(line: Mapping[str, object], name: str) -> str:
    _, times, digits = _FIGURES[name]
    value = line.get(name)
    return _number(value * times if isinstance(value, int | float) else None, digits)


def _number(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) and isfinite(value) else ""


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
