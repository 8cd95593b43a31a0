"""Input of sound networks: levels in mel bands."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor

from engine.analysis.signal.framing import power_of
from engine.analysis.signal.mel import mel_filter_bank
from engine.analysis.signal.mel_settings import MelSettings

MEL = MelSettings(rate_hz=16_000, n_fft=1024, hop_samples=256, n_mels=128)
"""A frame is 64 ms long and 16 ms from the next."""
LEAST_POWER = 1e-7
"""Lower limit of a band's power: about the quantisation noise of 16 bits."""


class Spectra(torch.nn.Module):
    """Samples to spectra and levels; holds the window and the bands, and learns nothing."""

    window: Tensor
    bank: Tensor

    def __init__(self) -> None:
        super().__init__()
        window = torch.hann_window(MEL.n_fft, periodic=True)
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("bank", torch.tensor(mel_filter_bank(MEL)).T.contiguous(), persistent=False)

    def spectrum(self, samples: Tensor) -> Tensor:
        """Return the complex spectrum, shape (batch, bins, frames), of samples, shape (batch, samples)."""
        return torch.stft(
            samples,
            MEL.n_fft,
            MEL.hop_samples,
            window=self.window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )

    def power(self, spectrum: Tensor) -> Tensor:
        """Return mel power, shape (batch, frames, bands), of a spectrum."""
        return power_of(spectrum).transpose(1, 2) @ self.bank

    def levels(self, spectrum: Tensor) -> Tensor:
        """Return levels, natural logarithms of mel power, shape (batch, frames, bands), of a spectrum."""
        return levels_of(self.power(spectrum))


def levels_of(power: Tensor) -> Tensor:
    """Return natural logarithms of mel power, of the same shape."""
    return torch.log(power.clamp(min=LEAST_POWER))


@cache
def band_centres_hz() -> np.ndarray:
    """Return the middle of each mel band in Hz, shape (bands,), read-only."""
    bank = mel_filter_bank(MEL)
    bins_hz = np.arange(bank.shape[1]) * (MEL.rate_hz / MEL.n_fft)
    centres_hz = np.asarray((bank @ bins_hz) / bank.sum(axis=1))
    centres_hz.setflags(write=False)
    return centres_hz
