"""The critic: its loss by hand, the gradient it sends back turned, and no trace left of the raw."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from engine.analysis.learning.loop import seeded
from engine.lab.recipes.segments.autoencoder import build
from engine.lab.recipes.slicer.critic import Critic, critic_loss, reversed_gradient
from engine.lab.recipes.slicer.fitting import Apprentice, SlicerLoss, batch_statistics_only
from engine.lab.recipes.slicer.settings import SlicerConfig

SMALL = {"hidden_dims": [2, 4], "latent_dim": 3, "segment_frames": 16, "mel": {"n_mels": 8}}


class Loudness(nn.Module):
    """A critic that takes loud segments for edited."""

    def forward(self, segments: Tensor) -> Tensor:
        return segments.mean(dim=(1, 2, 3))


def test_the_loss_by_hand() -> None:
    edited, rebuilt = torch.full((2, 1, 4, 4), 1.0), torch.full((2, 1, 4, 4), -2.0)
    expected = 0.5 * (math.log(1.0 + math.exp(-1.0)) + math.log(1.0 + math.exp(-2.0)))
    assert float(critic_loss(Loudness(), edited, rebuilt)) == pytest.approx(expected)


def test_a_value_passes_and_its_gradient_comes_back_turned() -> None:
    value = torch.tensor([1.0, -3.0], requires_grad=True)
    passed = reversed_gradient(value)
    assert torch.equal(passed, value)
    (passed * torch.tensor([2.0, 5.0])).sum().backward()
    assert value.grad is not None
    assert value.grad.tolist() == [-2.0, -5.0]


def test_one_step_makes_the_critic_better_and_the_rebuilt_harder_to_tell() -> None:
    with seeded(0):
        critic = Critic()
        edited, rebuilt = torch.randn(8, 1, 16, 16) + 1.0, torch.randn(8, 1, 16, 16) - 1.0
    rebuilt.requires_grad_()
    before = critic_loss(critic, edited, rebuilt)
    before.backward()
    assert rebuilt.grad is not None
    with torch.no_grad():
        harder = rebuilt - 10.0 * rebuilt.grad  # what an optimiser does with any gradient
        assert critic_loss(critic, edited, harder) > before
        for weight in critic.parameters():
            assert weight.grad is not None
            weight -= 0.1 * weight.grad
        assert critic_loss(critic, edited, rebuilt) < before


def test_raw_leaves_no_trace_in_what_is_normalised_with_later() -> None:
    with seeded(0):
        network = build(SlicerConfig.model_validate(SMALL)).train()
        raw = 3.0 + torch.randn(8, 1, 8, 16)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with batch_statistics_only(network):
        normalised_by_itself = network(raw)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.allclose(network(raw), normalised_by_itself)
    assert not torch.equal(network.state_dict()["squeeze.1.running_mean"], before["squeeze.1.running_mean"])


def test_the_whole_loss_is_the_error_and_the_weighted_terms() -> None:
    config = SlicerConfig.model_validate({**SMALL, "critic_weight": 0.5, "contrast": "edited"})
    with seeded(0):
        apprentice = Apprentice(build(config), Critic())
        edited, raw = torch.randn(6, 1, 8, 16), torch.randn(6, 1, 8, 16)
    loss = SlicerLoss(config)
    apprentice.eval()
    alone = loss(apprentice, (edited,))
    torch.testing.assert_close(alone, (apprentice.autoencoder(edited) - edited).square().mean())
    without_critic = SlicerLoss(config.model_copy(update={"critic_weight": 0.0}))
    plain = Apprentice(apprentice.autoencoder, None).eval()
    with_contrast = without_critic(plain, (edited, raw))
    assert apprentice.critic is not None
    critical = critic_loss(apprentice.critic, edited, apprentice.autoencoder(raw))
    torch.testing.assert_close(loss(apprentice, (edited, raw)), with_contrast + 0.5 * critical)
    assert with_contrast > alone
