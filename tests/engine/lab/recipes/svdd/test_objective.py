"""Deep SVDD against its definition (Ruff et al., ICML 2018), on tensors small enough for pencil and paper."""

from __future__ import annotations

import pytest
import torch

from engine.lab.recipes.svdd.objective import (
    CENTRE_EPS,
    centre_of,
    fitting_radius,
    one_class_loss,
    soft_boundary_loss,
    squared_distances,
)

CODES = torch.tensor([[3.0, 0.0], [0.0, 4.0], [1.0, 1.0], [0.0, 0.0]])
ORIGIN = torch.zeros(2)


def test_the_score_is_the_squared_euclidean_distance() -> None:
    assert squared_distances(CODES, ORIGIN).tolist() == [9.0, 16.0, 2.0, 0.0]
    assert squared_distances(CODES, torch.tensor([1.0, 1.0])).tolist() == [5.0, 10.0, 0.0, 2.0]


def test_the_one_class_loss_is_the_mean_of_squared_distances() -> None:
    assert one_class_loss(squared_distances(CODES, ORIGIN)).item() == pytest.approx((9 + 16 + 2 + 0) / 4)


def test_the_gradient_draws_every_code_towards_the_centre() -> None:
    codes = CODES.clone().requires_grad_()
    centre = torch.tensor([1.0, 2.0])
    one_class_loss(squared_distances(codes, centre)).backward()
    assert codes.grad is not None
    torch.testing.assert_close(codes.grad, 2.0 * (CODES - centre) / len(CODES))


def test_the_soft_boundary_loss_counts_only_what_is_outside() -> None:
    # R = 3: of 9, 16, 2 and 0 only 16 is outside of 9, by 7; 9 + (7 / 4) / 0.5
    loss = soft_boundary_loss(squared_distances(CODES, ORIGIN), torch.tensor(3.0), nu=0.5)
    assert loss.item() == pytest.approx(9.0 + 7.0 / 4.0 / 0.5)


@pytest.mark.parametrize("nu", [0.05, 0.1, 0.3, 0.5])
def test_the_radius_makes_the_soft_boundary_loss_least(nu: float) -> None:
    squared = torch.rand(2001, generator=torch.Generator().manual_seed(1)) * 9.0
    radius = fitting_radius(squared, nu)
    assert ((squared.sqrt() > radius).float().mean() - nu).abs() < 1e-3  # a share of ν stays outside
    least = soft_boundary_loss(squared, radius, nu)
    tried = torch.stack([soft_boundary_loss(squared, one, nu) for one in torch.linspace(0.0, 3.5, 701)])
    assert least <= tried.min() + 1e-3  # no radius on a fine grid is better


def test_the_centre_is_the_mean_of_the_codes() -> None:
    torch.testing.assert_close(centre_of(torch.tensor([[1.0, -4.0], [3.0, -2.0]])), torch.tensor([2.0, -3.0]))


def test_a_centre_keeps_away_from_zero_on_its_own_side() -> None:
    mean = torch.tensor([0.05, -0.05, 0.0, 0.1, -0.1, 0.2, -0.3])
    pushed = centre_of(mean.repeat(4, 1))
    torch.testing.assert_close(pushed, torch.tensor([0.1, -0.1, 0.1, 0.1, -0.1, 0.2, -0.3]))
    assert (pushed.abs() >= CENTRE_EPS - 1e-7).all()
