"""Short-time spectra of a stream of samples, cut into overlapping pieces of whole frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

FRAMES_PER_PIECE = 512


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
