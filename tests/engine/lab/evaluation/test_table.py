"""Means, deviations and tables say what the trials say."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lab.evaluation.results import Key, Measured, Trial
from engine.lab.evaluation.table import figure, lines, markdown, mean_over_materials, means


def trial(row: str, material: str, seed: int, *aucs: float, kinds: dict[str, float] | None = None) -> Trial:
    measured = tuple(
        Measured(f"take {k}", {"auc": auc, "time_iou": auc / 2}, kinds or {}) for k, auc in enumerate(aucs)
    )
    return Trial(Key(row, "d", material, "data", seed), f"group {seed}", 1.0, measured)


TRIALS = [
    trial("default", "band", 0, 0.9, 0.8, kinds={"talk": 0.95}),
    trial("default", "band", 1, 0.7, kinds={"talk": 0.85, "noise": 0.6}),
    trial("default", "loops", 0, 1.0),
    trial("default", "halves", 0, 0.1),
    trial("own-faults without talk", "band", 0, 0.6, kinds={"talk": 0.77}),
    trial("chance", "band", 0, 0.5, 0.5),
    trial("chance", "loops", 0, 0.5),
    trial("energy", "band", 0, 0.6, 0.6),
]


def test_a_figure_is_a_mean_over_recordings_that_spreads_over_seeds() -> None:
    found = figure(TRIALS[:2], "auc")
    assert found is not None
    assert found.value == pytest.approx(np.mean([0.9, 0.8, 0.7]))
    assert found.std == pytest.approx(np.std([0.85, 0.7]))
    assert (found.n, found.seeds) == (3, 2)
    assert figure(TRIALS, "auc_of_files") is None


def test_each_material_counts_the_same_and_extras_not_at_all() -> None:
    found = mean_over_materials(TRIALS, "default", "auc")
    assert found is not None
    assert found.value == pytest.approx((0.8 + 1.0) / 2)
    assert (found.n, found.seeds) == (4, 1)


def test_lines_stand_beside_the_baselines_and_say_that_nobody_edited() -> None:
    found = {(line["metric"], str(line["about"]).partition(" (")[0]): line for line in
             lines(TRIALS, "default", "band")}  # fmt: skip
    assert found["auc", "band"]["baseline"] == {"chance": 0.5, "energy": 0.6}
    assert found["auc", "band, talk"]["value"] == pytest.approx(np.mean([0.95, 0.95, 0.85]))
    assert found["auc", "band, noise"]["n"] == 1
    assert all("no edits made by people" in str(line["about"]) for line in found.values())
    overall = next(means(TRIALS, "default"))
    assert overall["metric"] == "auc"
    assert overall["value"] == pytest.approx(0.9)


def test_tables_show_every_row_and_the_kind_that_was_left_out() -> None:
    text = markdown(TRIALS)
    assert "### Means over materials" in text
    assert (
        "| default | 0.900 |  | 0.450 |  |  |  | 4 / 1 |  |" in text
    )  # a measure that nobody took is left empty
    assert "| default | 0.800 ± 0.08 |" in text  # a deviation stands beside what has several seeds
    # Chance was tried with one seed: beside it stands the default there, 0.85 on the band and 1.0 on loops.
    assert "| chance | 0.500 |  | 0.250 |  |  |  | 3 / 1 | 0.925 |" in text
    over_all = text[: text.index("### A band's takes")]
    assert "without talk" not in over_all  # it was not tried on loops
    head = next(line for line in text.splitlines() if line.startswith("| row | noise | talk |"))
    assert text[text.index(head) :].splitlines()[2] == "| chance |  |  |"
    assert "| talk | 0.770 | 0.950 | 1 |" in text  # left out, beside the default on the same recordings
    for block in text.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in rows}) <= 1
