"""The perceptual error: its embedding by the definition, what it forgives and what it does not."""

from __future__ import annotations

import numpy as np
import torch

from engine.analysis.learning.loop import seeded
from engine.lab.recipes.segments.autoencoder import rebuild_errors
from engine.lab.recipes.slicer.perceptual import (
    errors_with_modulation,
    modulation_embedding,
    perceptual_errors,
)


def segments(seed: int, frames: int = 64) -> torch.Tensor:
    return torch.randn(3, 1, 8, frames, generator=torch.Generator().manual_seed(seed))


def test_the_embedding_equals_numpy() -> None:
    given = segments(0)
    found = modulation_embedding(given)
    bands = given.numpy()[:, 0].reshape(3, 2, 4, 64).mean(axis=2)
    for window, ours in zip((16, 32, 64), found, strict=True):
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
        starts = range(0, 64 - window + 1, window // 2)
        spectra = [np.fft.rfft(bands[:, :, at : at + window] * hann, norm="ortho") for at in starts]
        expected = np.stack([(np.abs(one) ** 2 + 1e-4) ** 0.25 for one in spectra], axis=3)
        np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-4)


def test_a_short_segment_is_one_window() -> None:
    assert [tuple(one.shape) for one in modulation_embedding(segments(0, frames=8))] == [(3, 2, 5, 1)]


def test_what_is_the_same_has_no_error_and_a_slope_of_nothing() -> None:
    given = segments(1)
    rebuilt = given.clone().requires_grad_()
    errors = perceptual_errors(rebuilt, given)
    errors.sum().backward()
    assert errors.tolist() == [0.0, 0.0, 0.0]
    assert rebuilt.grad is not None
    assert torch.isfinite(rebuilt.grad).all()


def test_a_shifted_pulse_is_forgiven_and_a_blurred_one_is_not() -> None:
    pulse = torch.zeros(1, 1, 8, 64)
    pulse[..., 4::8] = 3.0
    shifted = pulse.roll(1, dims=3)
    blurred = torch.full_like(pulse, 3.0 / 8.0)
    flat = (blurred - pulse).square().mean()
    assert (shifted - pulse).square().mean() > 1.5 * flat  # frame by frame the shifted one is worse
    assert perceptual_errors(shifted, pulse) < 0.2 * perceptual_errors(blurred, pulse)


def test_it_is_added_to_the_error_of_frames() -> None:
    given = segments(2)
    with seeded(0):
        model = torch.nn.Conv2d(1, 1, 3, padding=1)
    rebuilt = model(given)
    plain, perceived = rebuild_errors(rebuilt, given), perceptual_errors(rebuilt, given)
    torch.testing.assert_close(errors_with_modulation(rebuilt, given, 0.5), plain + 0.5 * perceived)
    torch.testing.assert_close(errors_with_modulation(rebuilt, given, 0.0), plain)
