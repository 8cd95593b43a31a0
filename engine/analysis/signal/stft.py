"""Short-time spectra of a stream, and what is computed of each: power in mel bands, and tuning; on torch.

The definitions are those of `librosa.feature.melspectrogram`: Slaney's mel scale, a periodic Hann window,
power, and zeros for half a window before and after the whole stream; librosa itself would compile for seconds
when first called. Tuning is the deviation of partials from the semitones of equal temperament at A 440 Hz: a
spectral peak is placed by a parabola through the logarithm of its three bins (J. O. Smith and X. Serra,
"PARSHL", ICMC 1987). A band in tune has one narrow peak; a passage at another tape speed has it elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.signal.bands import MelSettings, mel_filter_bank

FRAMES_PER_PIECE = 512
_FRAMES_AT_ONCE = 64  # their spectra stay in the second cache
POWER_FLOOR = 1e-10  # librosa's amin: digital silence reads -100 dB


def framed_pieces(
    blocks: Iterable[NDArray[np.float32]],
    n_fft: int,
    hop_samples: int,
    frames_per_piece: int = FRAMES_PER_PIECE,
) -> Iterator[NDArray[np.float32]]:
    """Cut a stream, padded by half a window of zeros on both sides, into pieces that frames fit into whole.

    The pieces are the same however the stream is cut into blocks. A stream of n samples has
    1 + n // hop_samples frames in all; the middle of frame i is sample i * hop_samples.

    Parameters
    ----------
    blocks : float32, each of shape (n,)
    n_fft : length of a frame in samples
    """
    advance = frames_per_piece * hop_samples
    length = advance - hop_samples + n_fft
    margin = np.zeros(n_fft // 2, np.float32)
    waiting = [margin]
    held = margin.size
    for block in blocks:
        waiting.append(block)
        held += block.size
        if held < length:
            continue
        stream = np.concatenate(waiting)
        start = 0
        while stream.size - start >= length:
            yield stream[start : start + length]
            start += advance
        waiting, held = [stream[start:]], stream.size - start
    rest = np.concatenate([*waiting, margin])
    for start in range(0, rest.size - n_fft + 1, advance):
        stop = min(start + length, rest.size)
        yield rest[start:stop]


def spectra(samples: torch.Tensor, n_fft: int, hop_samples: int) -> torch.Tensor:
    """Return complex spectra under a periodic Hann window, shape (..., n_fft // 2 + 1, frames).

    Parameters
    ----------
    samples : shape (..., n), at least one frame; frame i begins at sample i * hop_samples
    """
    window = torch.hann_window(n_fft, periodic=True)
    return torch.stft(samples, n_fft, hop_samples, window=window, center=False, return_complex=True)


def spectra_blocks(
    blocks: Iterable[NDArray[np.float32]],
    n_fft: int,
    hop_samples: int,
    frames_per_piece: int = FRAMES_PER_PIECE,
) -> Iterator[torch.Tensor]:
    """Yield the complex spectra of a stream, shape (n_fft // 2 + 1, frames); see `framed_pieces`."""
    for piece in framed_pieces(blocks, n_fft, hop_samples, frames_per_piece):
        # A copy of its own: numpy's memory is aligned differently from run to run, and sums with it.
        yield spectra(torch.tensor(piece), n_fft, hop_samples)


def power_of(spectrum: torch.Tensor) -> torch.Tensor:
    """Return the squared magnitude of each value of a complex spectrum, of the same shape."""
    return spectrum.real.square() + spectrum.imag.square()


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
    window = torch.hann_window(n_fft, periodic=True)
    for piece in framed_pieces(blocks, n_fft, hop_samples):
        frames = torch.tensor(piece).unfold(0, n_fft, hop_samples)  # a copy: see `spectra_blocks`
        powers = (
            power_of(torch.fft.rfft(some * window)) @ bank for some in torch.split(frames, _FRAMES_AT_ONCE)
        )
        yield torch.cat(list(powers)).numpy()


def log_mel_blocks(
    blocks: Iterable[NDArray[np.float32]], settings: MelSettings
) -> Iterator[NDArray[np.float32]]:
    """Yield the mel power of a mono stream in dB, in blocks of shape (frames, n_mels); silence is -100 dB."""
    for power in mel_power_blocks(blocks, settings):
        yield (10.0 * np.log10(np.maximum(power, np.float32(POWER_FLOOR)))).astype(np.float32)


TUNING_BINS = 20
_N_FFT = 4096
_LOWEST_HZ, _HIGHEST_HZ = 100.0, 2500.0
_FRAMES_PER_PIECE = 64


def tuning_blocks(
    blocks: Iterable[NDArray[np.float32]], rate_hz: int, hop_samples: int
) -> Iterator[NDArray[np.float32]]:
    """Yield histograms of the tuning of a mono stream, in blocks of shape (frames, TUNING_BINS).

    Each frame sums to 1, or to 0 in silence. The middle of frame i is sample i * hop_samples.

    Parameters
    ----------
    blocks : float32, each of shape (n,), at `rate_hz`
    """
    first, last = (round(hz * _N_FFT / rate_hz) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    for spectrum in spectra_blocks(blocks, _N_FFT, hop_samples, _FRAMES_PER_PIECE):
        magnitude = spectrum[first - 1 : last + 2].abs()
        below, here, above = magnitude[:-2], magnitude[1:-1], magnitude[2:]
        is_peak = (here > below) & (here >= above)
        low, middle, high = (torch.log(part + 1e-9) for part in (below, here, above))
        offset = 0.5 * (low - high) / (low - 2.0 * middle + high - 1e-9)
        bins = torch.arange(first, first + len(here))[:, None] + offset.clamp(-0.5, 0.5)
        semitones = 12.0 * torch.log2(bins * (rate_hz / _N_FFT) / 440.0)
        fraction = semitones - torch.round(semitones) + 0.5
        places = (fraction * TUNING_BINS).long().clamp(0, TUNING_BINS - 1)
        weights = torch.where(is_peak, here.sqrt(), 0.0)
        counted = torch.zeros(TUNING_BINS, here.shape[1]).scatter_add_(0, places, weights)
        yield (counted / (counted.sum(dim=0, keepdim=True) + 1e-6)).T.numpy()
