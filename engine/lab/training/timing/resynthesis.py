"""Resynthesise everything: a network that takes sound and a metronome and returns the sound in time.

The comparison it is, and no way of alignment that is offered. A micro-TCN (Steinmetz and Reiss, Efficient
neural networks for real-time modeling of analog dynamic range compression, 2022) that sees both ways, trained
on the spectra of its output at three resolutions (Yamamoto and others 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.analysis.learning.loop import Batch, TrainSettings, fit, seeded
from engine.core.progress import SILENT, Progress

RATE_HZ = 16_000
_SEGMENT = 16_384
_BATCH = 4
_WINDOWS = (256, 1024, 4096)
SETTINGS = TrainSettings(epochs=3, learning_rate=2e-3, weight_decay=0.0, patience=None)


@dataclass(frozen=True, slots=True, eq=False)
class SoundPair:
    """Sound as it was played and as it was meant, float32, shape (n,) each at `RATE_HZ`.

    Attributes
    ----------
    metronome : float32, shape (n,), 1 on each line and falling to 0 at the next
    """

    played: NDArray[np.float32]
    metronome: NDArray[np.float32]
    meant: NDArray[np.float32]


class MicroTcn(nn.Module):
    """Dilated convolutions that see 0.15 s to either side; takes (batch, 2, n), returns (batch, 1, n)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        sizes = [2, width, width, width, width]
        self.layers = nn.ModuleList(
            nn.Conv1d(before, after, 13, padding=6 * 7**depth, dilation=7**depth)
            for depth, (before, after) in enumerate(pairwise(sizes))
        )
        self.leave = nn.Conv1d(width, 1, 1)

    def forward(self, heard: Tensor) -> Tensor:
        values = heard
        for layer in self.layers:
            made = torch.tanh(layer(values))
            values = made + values if made.shape == values.shape else made
        return cast(Tensor, self.leave(values))


def metronome(lines_samples: NDArray[np.float64], frames: int, rate_hz: float) -> NDArray[np.float32]:
    """Return the phase between lines as a falling ramp at `RATE_HZ`, shape (frames,)."""
    at = np.arange(frames) * rate_hz / RATE_HZ
    phase = np.interp(at, lines_samples, np.arange(len(lines_samples), dtype=np.float64))
    ramp: NDArray[np.float32] = (1.0 - phase % 1.0).astype(np.float32)
    return ramp


def train(
    pairs: Sequence[SoundPair],
    held_back: Sequence[SoundPair],
    seed: int,
    settings: TrainSettings = SETTINGS,
    progress: Progress = SILENT,
) -> MicroTcn:
    """Train on segments of a second."""
    training, validation = _batches(pairs), _batches(held_back)
    rng = np.random.default_rng(seed)
    with seeded(seed):
        model = MicroTcn()
        fit(
            model,
            _loss,
            lambda: [training[place] for place in rng.permutation(len(training))],
            validation,
            settings,
            progress,
        )
    return model


def resynthesised(model: nn.Module, pair: SoundPair) -> NDArray[np.float32]:
    """Return the output of the network for the played audio, float32, shape (n,)."""
    with torch.no_grad():
        heard = torch.from_numpy(np.stack([pair.played, pair.metronome])[None])
        made: NDArray[np.float32] = model(heard)[0, 0].numpy()
    return made


def spectral_distance_db(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the log-spectral distance of two sounds: the RMS over bands of decibels, meant over frames."""
    levels = [
        20.0 * torch.log10(_spectrum(torch.from_numpy(sound)[None], _WINDOWS[1]) + 1e-3)
        for sound in (one, other)
    ]
    return float(((levels[0] - levels[1]) ** 2).mean(1).sqrt().mean())


def _batches(pairs: Sequence[SoundPair]) -> list[Batch]:
    cut = [
        (
            np.stack([pair.played[at : at + _SEGMENT], pair.metronome[at : at + _SEGMENT]]),
            pair.meant[at : at + _SEGMENT],
        )
        for pair in pairs
        for at in range(0, len(pair.played) - _SEGMENT + 1, _SEGMENT)
    ]
    return [
        (
            torch.from_numpy(np.stack([heard for heard, _ in cut[at : at + _BATCH]])),
            torch.from_numpy(np.stack([meant for _, meant in cut[at : at + _BATCH]])),
        )
        for at in range(0, len(cut), _BATCH)
    ]


def _loss(model: nn.Module, batch: Batch) -> Tensor:
    heard, meant = batch
    made = model(heard)[:, 0]
    distances = []
    for window in _WINDOWS:
        found, wanted = _spectrum(made, window), _spectrum(meant, window)
        distances.append((found - wanted).norm() / (wanted.norm() + 1e-6))
        distances.append((torch.log(found + 1e-3) - torch.log(wanted + 1e-3)).abs().mean())
    return torch.stack(distances).mean()


def _spectrum(sound: Tensor, window: int) -> Tensor:
    shape = torch.hann_window(window)
    return torch.stft(sound, window, window // 4, window=shape, return_complex=True).abs()
