"""Levels in mel bands, the input of sound networks, and the share of each moment and band that is speech.

The network of speech has convolutions over time and bands with recurrent units over time at the deepest
level, as in K. Tan and D. Wang, "A convolutional recurrent neural network for real-time speech enhancement"
(Interspeech 2018); here the units run both ways, since the whole recording is available.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engine.analysis.learning.loop import with_weights
from engine.analysis.signal.bands import MelSettings, mel_filter_bank
from engine.analysis.signal.stft import power_of
from engine.core.build import RESOURCES
from engine.core.progress import check_heeded

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


SPEECH_WEIGHTS = RESOURCES / "models" / "speech.safetensors"
_VIEW_FRAMES = 192
"""Frames that are analysed at once, 3.1 s: the network was trained on 2.5 s and is worse on long inputs."""
FAST_STEP_FRAMES = _VIEW_FRAMES * 5 // 6
"""Steps between views where shares are not played."""
_AT_ONCE = 8
"""Views of a batch: recurrent units take little longer for many views than for one."""
WIDTHS = (24, 32, 48)
"""Channels at a half, a quarter and an eighth of the bands."""
_STATE = 96
_CARRIED = 192
_QUIETEST = 1e-6
"""Power relative to the mean of a recording below which bands are equal: -60 dB."""


class _Block(nn.Module):
    """Two convolutions around which the input is carried; a stride halves the number of bands."""

    def __init__(self, narrow: int, wide: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(narrow, wide, 3, padding=1, stride=(1, stride), bias=False)
        self.first_norm = nn.BatchNorm2d(wide)
        self.second = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(wide)

    def forward(self, image: Tensor) -> Tensor:
        carried = functional.relu(self.first_norm(self.first(image)))
        return functional.relu(carried + self.second_norm(self.second(carried)))

    def fold(self) -> None:
        """Make the normalisations part of the convolutions; the network no longer learns."""
        self.first = fuse_conv_bn_eval(self.first, self.first_norm)
        self.second = fuse_conv_bn_eval(self.second, self.second_norm)
        self.first_norm = self.second_norm = nn.Identity()  # type: ignore[assignment]


class SpeechNetwork(nn.Module):
    """Mel power, shape (batch, frames, bands), to logits of the shares that are speech."""

    def __init__(self) -> None:
        super().__init__()
        deepest = WIDTHS[-1] * MEL.n_mels // 2 ** len(WIDTHS)
        self.stem = nn.Conv2d(2, WIDTHS[0], (3, 4), padding=1, stride=(1, 2))
        self.down = nn.ModuleList(_Block(narrow, wide, 2) for narrow, wide in pairwise(WIDTHS))
        self.gather = nn.Linear(deepest, _CARRIED)
        self.over_time = nn.GRU(_CARRIED, _STATE, 2, batch_first=True, bidirectional=True)
        self.spread = nn.Linear(2 * _STATE, deepest)
        self.is_speech = nn.Linear(2 * _STATE, 1)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(wide, narrow, (1, 2), stride=(1, 2)) for narrow, wide in pairwise(WIDTHS)
        )
        self.merge = nn.ModuleList(_Block(width, width) for width in WIDTHS[:-1])
        self.out = nn.ConvTranspose2d(WIDTHS[0], 1, (1, 2), stride=(1, 2))

    def fold(self) -> None:
        """Make normalisations part of convolutions; inference takes a third less time, and learning ends."""
        for block in (*self.down, *self.merge):
            block.fold()

    def forward(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of the shares, of the shape of `power`, and log odds of speech, (batch, frames).

        Only learning looks at the latter.
        """
        mean = power.mean(dim=(1, 2), keepdim=True).clamp(min=1e-12)
        levels = torch.log(power / mean + _QUIETEST)
        usual = levels.mean(dim=1, keepdim=True)
        image = torch.stack([(levels + 3.0) / 4.0, (levels - usual) / 4.0], dim=1)
        image = functional.relu(self.stem(image.contiguous(memory_format=torch.channels_last)))
        skipped = []
        for down in self.down:
            check_heeded()
            skipped.append(image)
            image = down(image)
        batch, width, frames, bands = image.shape
        gathered = functional.relu(self.gather(image.permute(0, 2, 1, 3).flatten(2)))
        states = self.over_time(gathered)[0]
        image = image + self.spread(states).reshape(batch, frames, width, bands).permute(0, 2, 1, 3)
        for level in reversed(range(len(skipped))):
            check_heeded()
            image = self.merge[level](functional.relu(self.up[level](image)) + skipped[level])
        return self.out(image)[:, 0], self.is_speech(states)[..., 0]


@cache
def speech_network(weights: Path = SPEECH_WEIGHTS) -> SpeechNetwork:
    """Return the network of speech that comes with Offcut, or one with other weights.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    """
    network = with_weights(SpeechNetwork(), weights, "speech")
    network.fold()
    return network


@torch.inference_mode()
def speech_shares(network: SpeechNetwork, power: Tensor, step_frames: int = _VIEW_FRAMES // 2) -> Tensor:
    """Return the shares of the amplitude that are speech, 0 to 1, of the shape of `power`.

    Views overlap and are crossfaded.

    Parameters
    ----------
    power : mel power, shape (frames, bands)
    step_frames : from one view to the next; half a view is best, more is faster
    """
    shares, weights = torch.zeros_like(power), torch.zeros(len(power), 1)
    frames = min(_VIEW_FRAMES, len(power))
    curve = torch.hann_window(_VIEW_FRAMES + 2, periodic=False)[1:-1, None][:frames]
    last = max(0, len(power) - _VIEW_FRAMES)
    starts = [*range(0, last, step_frames), last]
    for number in range(0, len(starts), _AT_ONCE):
        check_heeded()
        some = starts[number : number + _AT_ONCE]
        found = network(torch.stack([power[first : first + frames] for first in some]))[0]
        for first, logits in zip(some, found, strict=True):
            here = slice(first, first + frames)
            shares[here] += torch.sigmoid(logits) * curve
            weights[here] += curve
    return shares / weights
