"""One training by two processes of this machine learns as one process does."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.features.taste.anomaly.taste import load_taste

ROOT = Path(__file__).resolve().parents[4]
RATE_HZ = 22_050
TINY = "recipe: slicer-ae\nhidden_dims: [4, 8]\nlatent_dim: 8\nepochs: 3\nsegments_per_epoch: 33\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    at_s = np.arange(20 * RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(1).normal(0.0, 0.05, len(at_s))
    soundfile.write(
        tmp_path / "kept.wav", 0.2 * np.sin(2e3 * at_s * (1 + 0.1 * np.sin(at_s))) + noise, RATE_HZ
    )
    (tmp_path / "tiny.yaml").write_text(TINY)
    return tmp_path


def learn(folder: Path, *flags: str) -> list[str]:
    out = folder / f"{len(flags)}.taste"
    return [
        "learn",
        str(folder / "kept.wav"),
        "--config",
        str(folder / "tiny.yaml"),
        "--out",
        str(out),
        *flags,
    ]


@pytest.mark.skipif(
    importlib.util.find_spec("lightning_fabric") is None, reason="the extra 'distributed' is not installed"
)
def test_two_processes_have_the_loss_curve_of_one(folder: Path) -> None:
    assert main(learn(folder)) == 0
    done = subprocess.run(
        [sys.executable, "-m", "desktop.launch", *learn(folder, "--devices", "2", "--json")],
        cwd=ROOT,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    (answer,) = done.stdout.splitlines()  # the first process alone answers
    assert json.loads(answer)["epochs"] == 3
    alone, together = (load_taste(folder / f"{flags}.taste").history for flags in (0, 3))
    # The same sums in another order, in float32, over three epochs of steps that follow from each other.
    for one, other in zip(alone, together, strict=True):
        assert other.loss == pytest.approx(one.loss, rel=1e-3)
        assert other.validation == pytest.approx(one.validation, rel=1e-3)
    assert alone[0].loss > alone[-1].loss


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--devices", "0"), "Give one device and one machine or more"),
        (("--nodes", "2", "--node-rank", "2"), "count machines from 0"),
        (("--nodes", "2"), "Several machines need --main-address HOST:PORT"),
    ],
)
def test_machines_that_cannot_be_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], said: str
) -> None:
    assert main(learn(folder, *flags)) == 2
    assert said in capsys.readouterr().err
    assert not list(folder.glob("*.taste"))
