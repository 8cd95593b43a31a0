"""Perceptual reconstruction error of a segment for rhythm and timbre.

The mean squared error of frames asks for each attack at its exact place. This term compares how fast each
part of the spectrum swings: the magnitudes of short spectra over time in each band, in windows of several
lengths. A shift within a window hardly moves them, a blurred attack or a missing pulse does.

A perceptual loss is the error over a frozen embedding: J. Johnson, A. Alahi and L. Fei-Fei, "Perceptual
losses for real-time style transfer and super-resolution", ECCV 2016. Modulation spectra distinguish textures:
J. McDermott and E. Simoncelli, "Sound texture perception via statistics of the auditory periphery", Neuron 71
(2011).
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.lab.recipes.segments.autoencoder import rebuild_errors

WINDOWS_FRAMES = (16, 32, 64)
BANDS_TOGETHER = 4
_LEAST = 1e-4


def modulation_embedding(segments: Tensor) -> tuple[Tensor, ...]:
    """Return the modulation of segments, shape (batch, 1, n_mels, frames), for every window that fits.

    Returns
    -------
    embedding : each of shape (batch, n_mels / BANDS_TOGETHER, window / 2 + 1, places), the root of magnitude,
        so that loud swings do not count for everything
    """
    bands = torch.nn.functional.avg_pool2d(segments, (BANDS_TOGETHER, 1))[:, 0]
    return tuple(_modulation(bands, window) for window in _fitting(segments.shape[3]))


def perceptual_errors(rebuilt: Tensor, segments: Tensor) -> Tensor:
    """Return the mean squared difference of the embeddings of segments, shape (batch,)."""
    pairs = zip(modulation_embedding(rebuilt), modulation_embedding(segments), strict=True)
    each = [(ours - theirs).square().flatten(1).mean(dim=1) for ours, theirs in pairs]
    return torch.stack(each).mean(dim=0)


def errors_with_modulation(rebuilt: Tensor, segments: Tensor, weight: float) -> Tensor:
    """Return the mean squared error of segments, and `weight` of that of their modulation, shape (batch,)."""
    errors = rebuild_errors(rebuilt, segments)
    return errors + weight * perceptual_errors(rebuilt, segments) if weight > 0.0 else errors


def _fitting(frames: int) -> tuple[int, ...]:
    return tuple(window for window in WINDOWS_FRAMES if window <= frames) or (frames,)


def _modulation(bands: Tensor, window: int) -> Tensor:
    pieces = bands.unfold(2, window, max(1, window // 2)) * torch.hann_window(window, periodic=True)
    spectrum = torch.fft.rfft(pieces, norm="ortho")
    power = spectrum.real.square() + spectrum.imag.square()
    # The fourth root of power; a root at zero has no slope to learn by.
    magnitude: Tensor = (power + _LEAST).pow(0.25)
    return magnitude.transpose(2, 3)
