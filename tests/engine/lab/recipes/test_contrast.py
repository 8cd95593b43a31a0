"""InfoNCE against its definition, by hand and by a plain loop."""

from __future__ import annotations

import math

import pytest
import torch

from engine.lab.recipes.contrast import info_nce


def test_neighbours_that_are_found_and_that_are_taken_for_another() -> None:
    latent = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    found = info_nce(latent, torch.eye(2), 1.0)
    mistaken = info_nce(latent, torch.eye(2).flip(0), 1.0)
    assert float(found) == pytest.approx(math.log(1.0 + math.exp(-1.0)))
    assert float(mistaken) == pytest.approx(math.log(1.0 + math.exp(1.0)))


def test_a_low_temperature_tells_apart_sharply() -> None:
    latent = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    found = info_nce(latent, torch.eye(2), 0.5)
    assert float(found) == pytest.approx(math.log(1.0 + math.exp(-2.0)))


def test_the_contrast_is_the_cross_entropy_of_finding_ones_own_partner() -> None:
    some, others = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(1))
    one, other = (v / v.norm(dim=1, keepdim=True) for v in (some, others))
    terms = []
    for k in range(5):
        there, back = (one[k] @ other.T / 0.3).exp(), (other[k] @ one.T / 0.3).exp()
        terms += [-torch.log(there[k] / there.sum()), -torch.log(back[k] / back.sum())]
    torch.testing.assert_close(info_nce(some, others, 0.3), torch.stack(terms).mean())
