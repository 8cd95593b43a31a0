"""From finished trials to figures: means, how far they spread, and one table in Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.core.wording import begun
from engine.lab.evaluation.materials.all import MATERIALS
from engine.lab.evaluation.materials.idle import IDLE
from engine.lab.evaluation.results import Trial
from engine.lab.evaluation.rows import BY_NAME, CHANCE, DEFAULT, ENERGY

NO_HUMAN_EDITS = "planted faults; the data hold no edits made by people"
_COLUMNS = {"auc": "AUC", "average_precision": "AP", "time_iou": "IoU", "time_iou_kept": "IoU kept",
            "time_iou_smoothed": "IoU 3 s", "time_iou_proposed": "IoU cuts"}  # fmt: skip
_ANSWERED_COLUMNS = {"auc_before_answers": "all, before", "auc_of_rest": "undecided after, by score",
                     "auc_of_rest_taught": "as taught", "auc_gained": "gained by teaching"}  # fmt: skip
_PROPOSED_COLUMNS = {"auc": "AUC", "iou_automatic": "IoU of cuts", "bad_proposed": "of the bad",
                     "good_proposed": "of the good", "clean_proposed": "of recordings without a fault",
                     "pauses_proposed": "of pauses"}  # fmt: skip
_FILE_COLUMNS = {"auc_of_files": "AUC of files", "auc_of_files_altered": "with altered ones"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over recordings.

    Attributes
    ----------
    std : of the means of the seeds
    n : how many recordings
    seeds : how many seeds
    """

    value: float
    std: float
    n: int
    seeds: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ± {self.std:.2f}" if self.seeds > 1 else f"{self.value:.3f}"


def figure(trials: Iterable[Trial], measure: str, *, kind: bool = False) -> Figure | None:
    """Return the mean of a measure, or of the AUC of a kind of fault; None where no trial has it."""
    by_seed: dict[int, list[float]] = defaultdict(list)
    for trial in trials:
        for one in trial.measured:
            values = one.kinds if kind else one.figures
            if measure in values:
                by_seed[trial.key.seed].append(values[measure])
    if not by_seed:
        return None
    every = [value for values in by_seed.values() for value in values]
    means = [float(np.mean(values)) for values in by_seed.values()]
    return Figure(float(np.mean(every)), float(np.std(means)), len(every), len(by_seed))


def lines(trials: Sequence[Trial], row: str, material: str) -> Iterator[dict[str, object]]:
    """Yield the figures of a row on a material, a line each, with chance and loudness."""
    of = {name: _some(trials, name, material) for name in (row, CHANCE.name, ENERGY.name)}
    for is_kind, measures in ((False, _measures(of[row])), (True, _kinds(of[row]))):
        for measure in measures:
            found = {name: figure(some, measure, kind=is_kind) for name, some in of.items()}
            value = found.pop(row)
            if value is not None:
                about = f"{material}, {measure}" if is_kind else material
                yield _line("auc" if is_kind else measure, row, about, value, found)


def by_share(trials: Sequence[Trial], row: str) -> Iterator[dict[str, object]]:
    """Yield the figures of a row on `idle` for each share without music, a line each."""
    of = {name: _some(trials, name, IDLE.name) for name in (row, CHANCE.name, ENERGY.name)}
    for share in _shares(of[row]):
        some = {name: [_of_share(trial, share) for trial in found] for name, found in of.items()}
        for is_kind, measures in ((False, _measures(some[row])), (True, _kinds(some[row]))):
            for measure in measures:
                found = {name: figure(one, measure, kind=is_kind) for name, one in some.items()}
                value = found.pop(row)
                if value is not None:
                    about = f"{IDLE.name}, {share}" + (f", {measure}" if is_kind else "")
                    yield _line("auc" if is_kind else measure, row, about, value, found)


def _shares(trials: Iterable[Trial]) -> list[str]:
    """Return the shares that recordings are named by, the least first."""
    return sorted({one.name.rpartition(", ")[2] for trial in trials for one in trial.measured})


def _of_share(trial: Trial, share: str) -> Trial:
    return replace(trial, measured=tuple(one for one in trial.measured if one.name.endswith(share)))


def means(trials: Sequence[Trial], row: str) -> Iterator[dict[str, object]]:
    """Yield the figures of a row as means over the materials it was tried on, a line each."""
    names = (row, CHANCE.name, ENERGY.name)
    for measure in (*_COLUMNS, *_ANSWERED_COLUMNS):
        found = {name: mean_over_materials(trials, name, measure) for name in names}
        value = found.pop(row, None)
        if value is not None:
            yield _line(measure, row, "mean over materials", value, found)


def mean_over_materials(trials: Sequence[Trial], row: str, measure: str) -> Figure | None:
    """Return the mean of a measure in which each material counts the same, extras left out."""
    materials = {t.key.material for t in trials if t.key.row == row and not _is_extra(t.key.material)}
    found = [figure(_some(trials, row, material), measure) for material in sorted(materials)]
    there = [one for one in found if one is not None]
    if not there:
        return None
    return Figure(
        float(np.mean([one.value for one in there])),
        float(np.sqrt(np.mean([one.std**2 for one in there]) / len(there))),
        sum(one.n for one in there),
        min(one.seeds for one in there),
    )


def markdown(trials: Sequence[Trial]) -> str:
    """Return every table that the trials allow."""
    known = {trial.key.row for trial in trials}
    names = [name for name in BY_NAME if name in known] + sorted(known - BY_NAME.keys())
    materials = [name for name in MATERIALS if any(t.key.material == name for t in trials)]
    parts = [_mean_table(trials, names), *(_material_table(trials, names, name) for name in materials)]
    parts += [_proposed_table(trials), _share_table(trials)]
    parts += [_files_table(trials, names), _answered_table(trials, names), _kinds_table(trials, names)]
    parts += [_left_out_table(trials), _group_table(trials)]
    return "\n".join(part for part in parts if part)


def _mean_table(trials: Sequence[Trial], names: Sequence[str]) -> str:
    """Return the means of complete rows, with the default on the same recordings."""
    counted = {trial.key.material for trial in trials if not _is_extra(trial.key.material)}
    body = []
    for name in names:
        if not counted <= {trial.key.material for trial in trials if trial.key.row == name}:
            continue
        found = [mean_over_materials(trials, name, measure) for measure in _COLUMNS]
        if found[0] is not None:
            there = mean_over_materials(_where_tried(trials, name, DEFAULT), DEFAULT, "auc")
            same = there is not None and name != DEFAULT and there.n == found[0].n
            beside = _cell(there) if same else ""
            body.append([name, *(_cell(one) for one in found), f"{found[0].n} / {found[0].seeds}", beside])
    head = ["row", *_COLUMNS.values(), "n / seeds", "AUC of the default there"]
    return _table("Means over materials", head, body)


def _where_tried(trials: Sequence[Trial], row: str, other: str) -> list[Trial]:
    """Return the trials of another row on the recordings that a row was tried on."""
    tried = {(t.key.material, t.key.seed) for t in trials if t.key.row == row}
    return [t for t in trials if t.key.row == other and (t.key.material, t.key.seed) in tried]


def _material_table(trials: Sequence[Trial], names: Sequence[str], material: str) -> str:
    body = []
    for name in names:
        found = [figure(_some(trials, name, material), measure) for measure in _COLUMNS]
        if found[0] is not None:
            body.append([name, *(_cell(one) for one in found), f"{found[0].n} / {found[0].seeds}"])
    about = MATERIALS[material].about
    return _table(begun(about), ["row", *_COLUMNS.values(), "n / seeds"], body)


def _proposed_table(trials: Sequence[Trial]) -> str:
    """Return the default proposals, by material."""
    body = []
    for material in MATERIALS:
        found = [figure(_some(trials, DEFAULT, material), measure) for measure in _PROPOSED_COLUMNS]
        if any(one is not None for one in found):
            body.append([material, *(_cell(one) for one in found)])
    return _table("What is proposed before anything is set", ["material", *_PROPOSED_COLUMNS.values()], body)


def _share_table(trials: Sequence[Trial]) -> str:
    """Return the figures of the default on `idle` by share, and by kind of idle sound."""
    idle = _some(trials, DEFAULT, IDLE.name)
    kinds, measures = _kinds(idle), ("auc", "iou_automatic", "good_proposed", "clean_proposed")
    body = []
    for share in _shares(idle):
        some = [_of_share(trial, share) for trial in idle]
        found = [figure(some, measure) for measure in measures]
        found += [figure(some, kind, kind=True) for kind in kinds]
        body.append([share, *("" if one is None else f"{one.value:.3f}" for one in found)])
    head = [
        "share",
        "AUC",
        "IoU of cuts",
        "of the good",
        "without a fault",
        *(f"AUC, {kind}" for kind in kinds),
    ]
    return _table("Days of recording, by how much of them nobody plays", head, body)


def _files_table(trials: Sequence[Trial], names: Sequence[str]) -> str:
    body = []
    for name in names:
        found = [figure([t for t in trials if t.key.row == name], measure) for measure in _FILE_COLUMNS]
        if found[0] is not None:
            body.append([name, *(_cell(one) for one in found), str(found[0].seeds)])
    return _table("Whole loops", ["row", *_FILE_COLUMNS.values(), "seeds"], body)


def _answered_table(trials: Sequence[Trial], names: Sequence[str]) -> str:
    body = []
    for name in names:
        found = [mean_over_materials(trials, name, measure) for measure in _ANSWERED_COLUMNS]
        if found[0] is not None:
            body.append([name, *(_cell(one) for one in found), f"{found[0].n} / {found[0].seeds}"])
    return _table("After 20 answers from the truth", ["row", *_ANSWERED_COLUMNS.values(), "n / seeds"], body)


def _kinds_table(trials: Sequence[Trial], names: Sequence[str]) -> str:
    """Return the AUC by kind, all materials but the extras together."""
    counted = [trial for trial in trials if not _is_extra(trial.key.material)]
    kinds = _kinds(counted)
    body = []
    for name in names:
        found = [figure([t for t in counted if t.key.row == name], kind, kind=True) for kind in kinds]
        body.append([name, *("" if one is None else f"{one.value:.2f}" for one in found)])
    return _table("AUC by kind of fault", ["row", *(kind.replace("_", " ") for kind in kinds)], body)


def _left_out_table(trials: Sequence[Trial]) -> str:
    """Return the AUC of each kind from the row trained without it, and from the full row.

    Both are measured on the same recordings.
    """
    body = []
    for row in (one for one in BY_NAME.values() if one.left_out):
        without = [t for t in trials if t.key.row == row.name]
        practised = _where_tried(trials, row.name, DEFAULT)
        found = figure(without, row.left_out, kind=True)
        if found is not None:
            beside = figure(practised, row.left_out, kind=True)
            body.append([row.left_out.replace("_", " "), _cell(found), _cell(beside), str(found.n)])
    return _table("Kinds left out of practice", ["kind", "left out", "practised", "n"], body)


def _group_table(trials: Sequence[Trial]) -> str:
    groups = sorted({(t.key.material, t.group) for t in trials if t.key.row == "default"})
    body = []
    for material, group in groups:
        some = [
            t for t in trials if t.key.row == "default" and (t.key.material, t.group) == (material, group)
        ]
        found = [figure(some, measure) for measure in _COLUMNS]
        if found[0] is not None:
            body.append([material, group, *(_cell(one) for one in found), str(found[0].n)])
    return _table("The default, by whose recordings", ["material", "of", *_COLUMNS.values(), "n"], body)


def _cell(found: Figure | None) -> str:
    return "" if found is None else str(found)


def _table(title: str, head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    if not body:
        return ""
    rows = [head, ["---"] * len(head), *body]
    return f"### {title}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _line(
    metric: str, row: str, about: str, value: Figure, baseline: Mapping[str, Figure | None]
) -> dict[str, object]:
    return {
        "metric": metric,
        "row": row,
        "about": f"{about} ({NO_HUMAN_EDITS})",
        "value": value.value,
        "std": value.std,
        "baseline": {name: one.value for name, one in baseline.items() if one is not None},
        "n": value.n,
        "seeds": value.seeds,
    }


def _some(trials: Iterable[Trial], row: str, material: str) -> list[Trial]:
    return [trial for trial in trials if (trial.key.row, trial.key.material) == (row, material)]


def _is_extra(material: str) -> bool:
    return material in MATERIALS and MATERIALS[material].is_extra


def _measures(trials: Iterable[Trial]) -> list[str]:
    return list(dict.fromkeys(name for t in trials for one in t.measured for name in one.figures))


def _kinds(trials: Iterable[Trial]) -> list[str]:
    return sorted({kind for trial in trials for one in trial.measured for kind in one.kinds})
