"""Short-time spectra equal those of single frames, however the stream is cut."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.analysis.signal.stft import power_of, spectra, spectra_blocks

N_FFT, HOP = 64, 16


def test_each_spectrum_is_that_of_its_windowed_frame(rng: np.random.Generator) -> None:
    samples = rng.standard_normal((2, 160)).astype(np.float32)
    found = spectra(torch.tensor(samples), N_FFT, HOP).numpy()
    assert found.shape == (2, N_FFT // 2 + 1, 7)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    for frame in range(7):
        expected = np.fft.rfft(samples[:, frame * HOP : frame * HOP + N_FFT] * window)
        np.testing.assert_allclose(found[:, :, frame], expected, atol=1e-5)


def test_power_is_the_squared_magnitude() -> None:
    found = power_of(torch.tensor([[3.0 + 4.0j, -2.0j]]))
    np.testing.assert_array_equal(found.numpy(), [[25.0, 4.0]])


@pytest.mark.parametrize("block_samples", [7, 100, 1000])
def test_a_stream_has_the_same_spectra_in_any_blocks(block_samples: int, rng: np.random.Generator) -> None:
    samples = rng.standard_normal(1000).astype(np.float32)
    whole = torch.cat(list(spectra_blocks([samples], N_FFT, HOP, 8)), dim=1)
    blocks = [samples[start : start + block_samples] for start in range(0, 1000, block_samples)]
    found = torch.cat(list(spectra_blocks(blocks, N_FFT, HOP, 8)), dim=1)
    np.testing.assert_array_equal(found.numpy(), whole.numpy())
    padded = torch.tensor(np.pad(samples, N_FFT // 2))
    np.testing.assert_array_equal(whole.numpy(), spectra(padded, N_FFT, HOP).numpy())
