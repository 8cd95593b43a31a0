"""The comparison of networks with the decoder and with simple methods."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.cli.main import main
from engine.lab.evaluation.timing.alignment import DISPLACEMENTS
from engine.lab.evaluation.timing.networks import WITH_NETWORKS
from engine.lab.training.timing.networks import Placer
from engine.lab.training.timing.runs import every_network

SIMPLE = ["nearest line", "Beat Detective 75%", "whole performance"]
SHOWN = ("tcn none", "pointer none", "transformer metronome", "tcn metronome", "tcn metronome + decoder")
WITH_AUDIO = ("audio tcn none", "audio pointer metronome", "tcn metronome, rendered performances")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Networks that learned nothing."""
    torch.manual_seed(0)
    for one in (*every_network("symbolic", 1), *every_network("audio", 1)):
        save_file(Placer(one.kind, one.view).state_dict(), tmp_path / f"{one.name}.safetensors")
    return tmp_path


def test_each_aligner_has_a_line_for_each_displacement(
    data_dir: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["evaluate", "timing", "networks", "--short", "--json", "--data", str(data_dir)]

    assert main([*asked, "--weights", str(weights)]) == 0

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for displacement in DISPLACEMENTS:
        own = {line["row"]: line for line in lines if line["displacement"] == displacement}
        assert [*own][:3] == SIMPLE
        assert len(own) == 3 + 12 + 12 + 1
        assert {*SHOWN, *WITH_AUDIO, WITH_NETWORKS} <= own.keys()
        assert {line["n"] for line in own.values()} == {2}
        assert all(
            0.0 <= line["wrong_place_median"] <= line["wrong_place_worst_decile"] for line in own.values()
        )
        assert own["whole performance"]["wrong_place"] <= own["tcn none"]["wrong_place"]
        assert own["tcn none"]["parameters"] > 0


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (["networks"], "--weights"),
        (["networks", "--weights", "nowhere"], "nowhere"),
        (["alignment", "--rows", "trained"], "timing networks"),
    ],
    ids=["no weights", "no networks", "trained rows of before"],
)
def test_missing_networks_are_named(
    asked: list[str], named: str, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "timing", *asked, "--data", str(data_dir), "--short"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert named in err
