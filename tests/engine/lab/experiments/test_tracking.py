"""Weights & Biases, where the user has it: a module of that name stands in for the service's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.lab.experiments.recordings import PreparedRecordings
from engine.lab.experiments.run import run
from engine.lab.experiments.settings import Experiment, load_experiment

STAND_IN = '''
"""Writes what it is told to a file, as the library does in offline mode."""
import json, os, pathlib

class Run:
    def __init__(self, **said):
        self.path = pathlib.Path(said["dir"]) / "offline-run.jsonl"
        self.log({"init": {k: said[k] for k in ("project", "name")}, "epochs": said["config"]["epochs"]})
    def log(self, figures):
        with self.path.open("a") as stream:
            stream.write(json.dumps(figures) + "\\n")
    def finish(self):
        self.log({"finished": True})

def init(**said):
    assert os.environ["WANDB_MODE"] == "offline"
    return Run(**said)
'''


@pytest.fixture
def asking(experiment_path: Path) -> Experiment:
    """An experiment of one network that asks for Weights & Biases."""
    experiment = load_experiment(experiment_path)
    return experiment.model_copy(update={"wandb": True, "networks": {"AE": {}}})


def test_figures_are_told_epoch_by_epoch(
    asking: Experiment, material: PreparedRecordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stand_in").mkdir()
    (tmp_path / "stand_in" / "wandb.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(tmp_path / "stand_in")
    monkeypatch.delitem(sys.modules, "wandb", raising=False)
    monkeypatch.setenv("WANDB_MODE", "offline")
    (trained,) = run(asking, material, tmp_path / "run", SILENT).trained
    monkeypatch.delitem(sys.modules, "wandb")
    lines = (tmp_path / "run" / "AE" / "offline-run.jsonl").read_text().splitlines()
    said = [json.loads(line) for line in lines]
    assert said[0] == {"init": {"project": "offcut", "name": "AE"}, "epochs": 4}
    assert [list(row) for row in said[1:5]] == [["pretraining/loss", "pretraining/validation"]] * 4
    assert [list(row) for row in said[5:9]] == [["loss", "validation"]] * 4
    assert said[9:] == [{"planted_auc": trained.planted_auc}, {"finished": True}]
    history = json.loads((trained.folder / "history.json").read_text())["objective"]
    assert [row["validation"] for row in said[5:9]] == [row["validation"] for row in history]


def test_where_it_is_not_installed_nothing_is_trained(
    asking: Experiment, material: PreparedRecordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(UsageError, match=r"pip install 'offcut\[wandb\]', or set 'wandb: false'"):
        run(asking, material, tmp_path / "run", SILENT)
    assert not (tmp_path / "run").exists()
