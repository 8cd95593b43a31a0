"""The command that trains the networks of the comparison."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import save_file

from engine.core.errors import UsageError
from engine.lab.training.timing.networks import Placer
from engine.lab.training.timing.runs import every_network, trained_networks

ROOT = Path(__file__).resolve().parents[5]


@pytest.fixture
def with_validation(data_dir: Path, tmp_path: Path) -> Path:
    """Recordings in which a drummer of the tests plays for the validation, too."""
    shutil.copytree(data_dir / "multimic" / "midi", tmp_path / "data" / "multimic" / "midi")
    (tmp_path / "data" / "multimic" / "kit_muldjord").symlink_to(data_dir / "multimic" / "kit_muldjord")
    table = tmp_path / "data" / "multimic" / "midi" / "info.csv"
    table.write_text(table.read_text("utf-8").replace("\ndrummer8,", "\ndrummer6,"), "utf-8")
    return tmp_path / "data"


@pytest.mark.parametrize("inputs", ["symbolic", "audio"])
def test_the_command_trains_what_is_missing(inputs: str, with_validation: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine.lab.training.timing", "--data", str(with_validation)]
    command += ["--out", str(tmp_path / "nets"), "--performances", "4", "--held-back", "2"]
    command += ["--seeds", "1", "--epochs", "1", "--inputs", inputs]
    wanted = list(every_network(inputs, 1))
    assert len(wanted) == 12
    there = wanted[0]
    (tmp_path / "nets").mkdir()
    save_file(Placer(there.kind, there.view).state_dict(), tmp_path / "nets" / f"{there.name}.safetensors")

    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)

    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(line["name"] for line in printed) == sorted(one.name for one in wanted[1:])
    assert {line["epochs"] for line in printed} == {1}
    assert list(trained_networks(tmp_path / "nets", 1)) == wanted


def test_a_folder_without_networks_and_a_damaged_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"engine\.lab\.training\.timing"):
        trained_networks(tmp_path, 1)
    name = f"{next(iter(every_network('symbolic', 1))).name}.safetensors"
    (tmp_path / name).write_bytes(b"damaged")
    with pytest.raises(UsageError, match=name):
        trained_networks(tmp_path, 1)
