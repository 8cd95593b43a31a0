"""The loss of the separator follows from inner products; here from the separated spectra themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.lab.evaluation.separation.measures import ratio_db, si_sdr_db
from engine.lab.training.separation.loss import Products, Truth


def parts(spectra: torch.Tensor) -> np.ndarray:
    """Return real and imaginary parts side by side: an inner product of these is real."""
    return torch.view_as_real(spectra).numpy().astype(np.float64)


def test_distortion_is_that_of_the_separated_spectra() -> None:
    """Kept and left by a mask, with a sound that is asked for; the windows hold half of the frames."""
    generator = torch.Generator().manual_seed(1)
    rest, meant = torch.randn(2, 3, 30, 20, dtype=torch.complex64, generator=generator)
    whole = rest + meant
    inside = torch.zeros(3, 20)
    inside[:, 5:15] = 1.0
    ideal = meant.abs() / (meant.abs() + rest.abs())
    shares = 0.8 * ideal + 0.2 * torch.rand(3, 30, 20, generator=generator)
    truth = Truth.of(whole, meant, inside)
    products = Products.of(shares, truth)
    for row in range(3):
        one, two = (each[row] * inside[row] for each in (whole, meant))
        kept, left = (
            si_sdr_db(parts(share * one), parts(true))
            for share, true in ((shares[row], two), (1.0 - shares[row], one - two))
        )
        error = ratio_db(parts(shares[row] * one - two), parts(one))
        assert -0.5 * (kept + left) == pytest.approx(float(products.distortion_db()[row]), abs=0.2)
        assert error == pytest.approx(float(products.error_db()[row]), abs=0.1)


def test_in_doubt_half_is_worth_more_than_nothing() -> None:
    """Of a quiet sound nothing is the smaller error, but the greater distortion."""
    generator = torch.Generator().manual_seed(2)
    background, meant = torch.randn(2, 1, 30, 20, dtype=torch.complex64, generator=generator)
    truth = Truth.of(background + 0.5 * meant, 0.5 * meant, torch.ones(1, 20))
    nothing, half = (Products.of(torch.full((1, 30, 20), share), truth) for share in (1e-4, 0.5))
    assert float(nothing.error_db()) < float(half.error_db())
    assert float(nothing.distortion_db()) > float(half.distortion_db())
