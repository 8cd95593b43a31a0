"""Weights that ship at half precision are those that were learned, and such as are no numbers are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from engine.analysis.learning.loop import with_weights
from engine.core.errors import OffcutError, UsageError
from engine.lab.half_precision import save_half
from engine.lab.training.mean_weights import mean_weights


def test_variances_too_large_for_half_precision_stay(tmp_path: Path) -> None:
    learned = nn.BatchNorm2d(3)
    assert learned.running_var is not None
    learned.running_var[:] = torch.tensor([1e8, 0.5, 7e4])
    save_half(learned, tmp_path / "weights.safetensors")
    found = with_weights(nn.BatchNorm2d(3), tmp_path / "weights.safetensors", "sounds")
    assert torch.equal(found.running_var, learned.running_var)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    path = tmp_path / "weights.safetensors"
    network = nn.Linear(2, 1)
    save_file(network.state_dict() | {"bias": torch.tensor([value])}, path)
    with pytest.raises(OffcutError, match="has invalid weights"):
        with_weights(network, path, "sounds")


def test_the_mean_of_two_trainings_lies_between_them(tmp_path: Path) -> None:
    torch.manual_seed(0)
    paths, networks = [tmp_path / f"{name}.safetensors" for name in ("one", "other", "out")], []
    for path in paths[:2]:
        networks.append(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)))
        save_half(networks[-1], path)
    mean_weights(*paths, 0.75)
    mean = with_weights(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), paths[2], "means")
    for name, value in mean.state_dict().items():
        one, other = (network.state_dict()[name] for network in networks)
        torch.testing.assert_close(value.float(), 0.25 * one + 0.75 * other, atol=1e-3, rtol=0.0)
    save_half(nn.Linear(3, 5), paths[1])
    with pytest.raises(UsageError, match="not of the same network"):
        mean_weights(*paths, 0.75)
    with pytest.raises(UsageError, match="choose 0 to 1"):
        mean_weights(*paths, 1.5)
