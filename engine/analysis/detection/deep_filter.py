"""DeepFilterNet3: speech without noise, as a complex spectrum of the recording.

H. Schröter, T. Rosenkranz, A. N. Escalante-B. and A. Maier, "DeepFilterNet: Perceptually motivated real-time
speech enhancement" (Interspeech 2023). Gains of 32 bands on the ERB scale; below 4.8 kHz a filter over five
frames for each frequency. The weights are the published ones, at half precision; decision 40 compares
this with a package that has them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import lfilter
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.learning.loop import with_weights
from engine.analysis.signal.stft import power_of
from engine.core.build import RESOURCES
from engine.core.progress import check_heeded

RATE_HZ = 48_000
N_FFT, HOP = 960, 480
BINS = N_FFT // 2 + 1
DEEP_FILTER_WEIGHTS = RESOURCES / "deep_filter" / "deep_filter.safetensors"
_BANDS, _LEAST_BINS = 32, 2
_FILTERED, _ORDER, _AHEAD = 96, 5, 2
_CHANNELS, _STATE, _JOINED = 64, 256, 512
_DECAY = 0.99
"""Of the running means that scale the input: a second."""
_SCALE = 1.0 / (N_FFT**2 / (2 * HOP))
_VIEW_FRAMES = 300
"""Frames between two checks for a cancellation; states are carried from one view to the next."""
_BEFORE = 2 + _ORDER - 1
"""Frames before a view that its convolutions reach."""
States = tuple[Tensor, Tensor, Tensor] | tuple[None, None, None]


class _Grouped(nn.Module):
    """A linear layer of several groups of features, without offset."""

    def __init__(self, groups: int, narrow: int, wide: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(groups, narrow, wide))

    def forward(self, values: Tensor) -> Tensor:
        groups, narrow, _ = self.weight.shape
        parts = values.reshape(*values.shape[:2], groups, narrow)
        return torch.einsum("btgi,gih->btgh", parts, self.weight).flatten(2)


class _Recurrent(nn.Module):
    """Grouped linear layers around recurrent units."""

    def __init__(self, into: _Grouped, layers: int, out: _Grouped | None) -> None:
        super().__init__()
        self.into, self.out = into, out
        self.over_time = nn.GRU(_STATE, _STATE, layers, batch_first=True)

    def forward(self, values: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        found, after = self.over_time(functional.relu(self.into(values)), before)
        return (found if self.out is None else functional.relu(self.out(found))), after


def _across(stride: int = 1) -> nn.Sequential:
    """Return a convolution over bands, each channel alone, and one over channels."""
    return nn.Sequential(
        nn.Conv2d(_CHANNELS, _CHANNELS, (1, 3), (1, stride), padding=(0, 1), groups=_CHANNELS, bias=False),
        nn.Conv2d(_CHANNELS, _CHANNELS, 1),
    )


def _wider() -> nn.Sequential:
    """Return a transposed convolution that doubles the bands, and a convolution over channels."""
    return nn.Sequential(
        nn.ConvTranspose2d(
            *(_CHANNELS, _CHANNELS, (1, 3), (1, 2), (0, 1), (0, 1)), groups=_CHANNELS, bias=False
        ),
        nn.Conv2d(_CHANNELS, _CHANNELS, 1),
    )


class DeepFilterNetwork(nn.Module):
    """Levels and a scaled spectrum to gains of bands and coefficients of filters."""

    def __init__(self) -> None:
        super().__init__()
        self.bands = nn.ModuleList(
            (nn.Conv2d(1, _CHANNELS, 3, padding=(0, 1)), _across(2), _across(2), _across())
        )
        self.bins = nn.ModuleList(
            (
                nn.Sequential(
                    nn.Conv2d(2, _CHANNELS, 3, padding=(0, 1), groups=2, bias=False),
                    nn.Conv2d(_CHANNELS, _CHANNELS, 1),
                ),
                _across(2),
            )
        )
        self.gather = _Grouped(32, 96, 16)
        self.deepest = _Recurrent(_Grouped(16, 32, 16), 1, _Grouped(16, 16, 32))
        self.gains = _Recurrent(_Grouped(16, 32, 16), 2, _Grouped(16, 16, 32))
        self.beside = nn.ModuleList(nn.Conv2d(_CHANNELS, _CHANNELS, 1, groups=_CHANNELS) for _ in range(4))
        self.up = nn.ModuleList((_across(), _wider(), _wider()))
        self.gain = nn.Conv2d(_CHANNELS, 1, (1, 3), padding=(0, 1))
        self.filters = _Recurrent(_Grouped(8, 64, 32), 2, None)
        self.around = _Grouped(16, 32, 16)
        self.filter = _Grouped(16, 16, _FILTERED * _ORDER * 2 // 16)
        self.taps = nn.Sequential(
            nn.Conv2d(_CHANNELS, 2 * _ORDER, (_ORDER, 1), groups=2, bias=False),
            nn.Conv2d(2 * _ORDER, 2 * _ORDER, 1),
        )

    def forward(self, levels: Tensor, scaled: Tensor, before: States) -> tuple[Tensor, Tensor, States]:
        """Return gains, shape (frames, bands), coefficients, complex, (frames, bins, order), and states.

        Parameters
        ----------
        levels : shape (frames + `_BEFORE`, bands)
        scaled : complex, shape (frames + `_BEFORE`, bins)
        before : states that the view before returned
        """
        relu, late = functional.relu, _ORDER - 1
        fine = relu(self.bins[0](torch.view_as_real(scaled).permute(2, 0, 1)[None]))
        coarse = relu(self.bins[1](fine[:, :, late:]))
        skipped = [relu(self.bands[0](levels[None, None, late:]))]
        for convolution in list(self.bands)[1:]:
            skipped.append(relu(convolution(skipped[-1])))
        joined = _flat(skipped[-1]) + relu(self.gather(_flat(coarse)))
        deepest, first = self.deepest(joined, before[0])
        image, second = self.gains(deepest, before[1])
        image = image.reshape(1, -1, _BANDS // 4, _CHANNELS).permute(0, 3, 1, 2)
        for beside, skip, up in zip(self.beside, skipped[::-1], (*self.up, self.gain), strict=True):
            image = up(relu(beside(skip)) + image)
            image = relu(image) if up is not self.gain else torch.sigmoid(image)
        states, third = self.filters(deepest, before[2])
        taps = relu(self.taps(fine))[0].permute(1, 2, 0)
        filters = torch.tanh(self.filter(states + self.around(deepest)))
        coefficients = filters.reshape(-1, _FILTERED, 2 * _ORDER) + taps
        pairs = coefficients.reshape(-1, _FILTERED, _ORDER, 2)
        return image[0, 0], torch.view_as_complex(pairs), (first, second, third)


def _flat(image: Tensor) -> Tensor:
    """Return the bands and channels of each frame in a row, shape (1, frames, bands * channels)."""
    return image.permute(0, 2, 3, 1).flatten(2)


@cache
def deep_filter_network(weights: Path = DEEP_FILTER_WEIGHTS) -> DeepFilterNetwork:
    """Return the network that comes with Offcut.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    """
    return with_weights(DeepFilterNetwork(), weights, "speech")


def spectrum_of(samples: NDArray[np.float32]) -> Tensor:
    """Return the complex spectrum at `RATE_HZ`, shape (frames, bins); frame i is around sample i * HOP."""
    return torch.stft(
        torch.from_numpy(np.pad(samples, (HOP, HOP + -len(samples) % HOP))),
        N_FFT,
        HOP,
        window=_window(),
        center=False,
        return_complex=True,
    ).T


def samples_of(spectrum: Tensor, length: int) -> NDArray[np.float32]:
    """Return the samples of a spectrum, shape (length,)."""
    frames = torch.fft.irfft(spectrum, N_FFT) * _window()
    whole = torch.zeros((len(frames) + 1) * HOP)
    whole[:-HOP] += frames[:, :HOP].flatten()
    whole[HOP:] += frames[:, HOP:].flatten()
    found: NDArray[np.float32] = whole[HOP : HOP + length].numpy()
    return found


@torch.inference_mode()
def speech_spectrum(network: DeepFilterNetwork, spectrum: Tensor) -> Tensor:
    """Return the spectrum of the speech in a recording, of the shape of `spectrum`, (frames, bins).

    Parameters
    ----------
    spectrum : as `spectrum_of` returns it
    """
    levels, scaled = _input(spectrum * _SCALE)
    around = functional.pad(spectrum[:, :_FILTERED], (0, 0, _AHEAD, _AHEAD))
    found, states = torch.empty_like(spectrum), cast("States", (None, None, None))
    for start in range(0, len(spectrum), _VIEW_FRAMES):
        check_heeded()
        stop = min(len(spectrum), start + _VIEW_FRAMES)
        # The network answers for a frame when it knows the two after it.
        known = slice(start + _AHEAD, stop + _AHEAD + _BEFORE)
        gains, coefficients, states = network(levels[known], scaled[known], states)
        found[start:stop] = spectrum[start:stop] * (gains @ _in_band().T)
        frames = around[start : stop + 2 * _AHEAD].unfold(0, _ORDER, 1)
        found[start:stop, :_FILTERED] = (frames * coefficients).sum(dim=2)
    return found


def _input(spectrum: Tensor) -> tuple[Tensor, Tensor]:
    """Return levels and the scaled spectrum between `_BEFORE` and `_AHEAD` silent frames."""
    power = power_of(spectrum) @ _in_band() / _in_band().sum(dim=0)
    levels = 10.0 * torch.log10(power + 1e-10)
    magnitudes = spectrum[:, :_FILTERED].abs()
    usual, size = (
        _running(values, torch.linspace(*ends, values.shape[1]))
        for values, ends in ((levels, (-60.0, -90.0)), (magnitudes, (0.001, 0.0001)))
    )
    scaled = spectrum[:, :_FILTERED] / size.sqrt()
    silent = (0, 0, _BEFORE, _AHEAD)
    return functional.pad((levels - usual) / 40.0, silent), functional.pad(scaled, silent)


def _running(values: Tensor, begin: Tensor) -> Tensor:
    """Return the mean of each column that forgets, up to each row, of the shape of `values`."""
    state = _DECAY * begin.numpy()[None]
    means, _ = lfilter([1.0 - _DECAY], [1.0, -_DECAY], values.numpy(), axis=0, zi=state)
    return torch.from_numpy(np.asarray(means, np.float32))


@cache
def _window() -> Tensor:
    """Return the window of Vorbis, whose squares add up to 1."""
    sine = np.sin(np.pi * (np.arange(N_FFT) + 0.5) / N_FFT)
    return torch.from_numpy(np.sin(0.5 * np.pi * sine**2).astype(np.float32))


@cache
def _in_band() -> Tensor:
    """Return whether a bin is in each band of the ERB scale, shape (bins, bands)."""
    highest = 9.265 * np.log1p(RATE_HZ / 2 / (24.7 * 9.265))
    edges_hz = 24.7 * 9.265 * np.expm1(np.arange(1, _BANDS + 1) * highest / _BANDS / 9.265)
    widths, before, over = [], 0, 0
    for edge in np.round(edges_hz * N_FFT / RATE_HZ).astype(int).tolist():
        width = max(_LEAST_BINS, edge - before - over)
        over = width - (edge - before - over)
        widths.append(width)
        before = edge
    widths[-1] += BINS - sum(widths)
    return functional.one_hot(torch.repeat_interleave(torch.tensor(widths))).float()
