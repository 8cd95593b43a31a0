"""A training that was stopped goes on as if it had not been."""

from pathlib import Path

import pytest
import torch
from torch import nn

from engine.analysis.learning.loop import with_weights
from engine.lab.half_precision import save_half
from engine.lab.training.resumable import Resumable, falling_rate


def begun() -> Resumable[nn.Sequential]:
    """Return a small training with a buffer in it, whose mean must follow as well."""
    return Resumable(made, seed=3, learning_rate=0.1, weight_decay=0.0, averaging=0.9)


def made() -> nn.Sequential:
    """Return a network that normalises."""
    return nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Conv2d(2, 1, 1))


def learned(training: Resumable[nn.Sequential], steps: range) -> None:
    """Learn to answer with ones."""
    training.network.train()
    for number in steps:
        drawn = torch.Generator().manual_seed(number)
        heard = torch.randn(4, 1, 3, 3, generator=drawn)
        training.step((training.network(heard) - 1.0).square().mean(), 0.05, number, most_gradient=1.0)


def test_what_goes_on_ends_where_it_would_have(tmp_path: Path) -> None:
    """Weights, means and history are the same, whether it was stopped between or not."""
    whole, first = begun(), begun()
    learned(whole, range(12))
    learned(first, range(6))
    first.history.append({"epoch": 1})
    first.save(tmp_path, save_half, "made.safetensors")
    second = begun()
    second.resume(tmp_path)
    assert second.history == [{"epoch": 1}]
    learned(second, range(6, 12))
    for one, two in zip(
        whole.averaged.state_dict().values(), second.averaged.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(one, two, rtol=0.0, atol=0.0)


def test_what_ships_is_the_mean_at_half_precision(tmp_path: Path) -> None:
    """It is read into single precision, within what half keeps."""
    training = begun()
    learned(training, range(5))
    training.save(tmp_path, save_half, "made.safetensors")
    read = with_weights(made(), tmp_path / "made.safetensors", "ones")
    for one, two in zip(training.averaged.state_dict().values(), read.state_dict().values(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-3)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(training.network[0].weight, training.averaged[0].weight)


def test_the_rate_rises_then_falls() -> None:
    """Over its first steps, then to a hundredth."""
    rates = [falling_rate(3e-3, step, 1000) for step in range(1000)]
    assert rates.index(max(rates)) == pytest.approx(199, abs=2)
    assert rates[-1] < 0.02 * 3e-3
