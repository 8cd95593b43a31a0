"""Streaming log-mel spectrograms with librosa's definitions, on torch.

Slaney's mel scale and area normalisation (M. Slaney, Auditory Toolbox, 1998), a periodic Hann window, power,
and zeros for half a window before and after the whole stream, as `librosa.feature.melspectrogram` has them.
librosa itself would compile for seconds when first called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.signal.filter_banks import triangles_between
from engine.analysis.signal.framing import power_of, spectra_blocks
from engine.analysis.signal.mel_settings import MelSettings

POWER_FLOOR = 1e-10  # librosa's amin: digital silence reads -100 dB
_HZ_PER_MEL = 200.0 / 3.0  # Slaney's scale is linear up to 1 kHz, then logarithmic
_LOG_FROM_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert frequencies in Hz, shape (n,), to Slaney's mel."""
    logarithmic = _LOG_FROM_HZ / _HZ_PER_MEL + np.log(np.maximum(hz, _LOG_FROM_HZ) / _LOG_FROM_HZ) / _LOG_STEP
    return np.where(hz < _LOG_FROM_HZ, hz / _HZ_PER_MEL, logarithmic)


def mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert Slaney's mel, shape (n,), to frequencies in Hz."""
    bend = _LOG_FROM_HZ / _HZ_PER_MEL
    logarithmic = _LOG_FROM_HZ * np.exp(_LOG_STEP * np.maximum(mel - bend, 0.0))
    return np.where(mel < bend, mel * _HZ_PER_MEL, logarithmic)


def mel_filter_bank(settings: MelSettings) -> NDArray[np.float32]:
    """Return the triangles that gather FFT bins into mel bands, shape (n_mels, n_fft // 2 + 1)."""
    bins_hz = np.arange(settings.n_fft // 2 + 1) * (settings.rate_hz / settings.n_fft)
    ends = hz_to_mel(np.array([0.0, settings.rate_hz / 2]))
    edges_hz = mel_to_hz(np.linspace(ends[0], ends[1], settings.n_mels + 2))
    area = 2.0 / (edges_hz[2:] - edges_hz[:-2])
    return (triangles_between(bins_hz, edges_hz) * area[:, None]).astype(np.float32)


def mel_power_blocks(
    blocks: Iterable[NDArray[np.float32]], settings: MelSettings
) -> Iterator[NDArray[np.float32]]:
    """Yield the mel power of a mono stream, in blocks of shape (frames, n_mels).

    The frames are the same bit for bit however the stream is cut into blocks: it is cut again here, always at
    the same places. A stream of n samples has 1 + n // hop_samples frames; the middle of frame i is sample
    i * hop_samples.
    """
    yield from band_power_blocks(blocks, _mel_bank(settings), settings.n_fft, settings.hop_samples)


@cache
def _mel_bank(settings: MelSettings) -> torch.Tensor:
    return bank_tensor(mel_filter_bank(settings))


def bank_tensor(filter_bank: NDArray[np.float32]) -> torch.Tensor:
    """Return a filter bank, shape (bands, bins), as `band_power_blocks` takes it, shape (bins, bands)."""
    return torch.tensor(filter_bank).T.contiguous()


def band_power_blocks(
    blocks: Iterable[NDArray[np.float32]], bank: torch.Tensor, n_fft: int, hop_samples: int
) -> Iterator[NDArray[np.float32]]:
    """Yield the power of a mono stream in any bands, in blocks of shape (frames, bands).

    Frames are placed as in `mel_power_blocks`.

    Parameters
    ----------
    bank : float32, shape (n_fft // 2 + 1, bands), the share of each FFT bin in each band, see `bank_tensor`
    """
    for spectrum in spectra_blocks(blocks, n_fft, hop_samples):
        yield (power_of(spectrum).T @ bank).numpy()


def log_mel_blocks(
    blocks: Iterable[NDArray[np.float32]], settings: MelSettings
) -> Iterator[NDArray[np.float32]]:
    """Yield the mel power of a mono stream in dB, in blocks of shape (frames, n_mels); silence is -100 dB."""
    for power in mel_power_blocks(blocks, settings):
        yield (10.0 * np.log10(np.maximum(power, np.float32(POWER_FLOOR)))).astype(np.float32)
