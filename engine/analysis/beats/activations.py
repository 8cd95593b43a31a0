"""Probabilities of beats and downbeats, 50 times a second: input and network of the learned tracker.

The input is levels in 64 bands, 13 Hz apart at the bottom and by a share of the frequency at the top, as on
auditory scales (H. Traunmüller, "Analytical expressions for the tonotopic sensory scale", JASA 1990). A small
temporal convolutional network follows M. E. P. Davies and S. Böck, "Temporal convolutional networks for
musical audio beat tracking" (EUSIPCO 2019), and S. Böck and M. E. P. Davies, "Deconstruct, analyse,
reconstruct" (ISMIR 2020): convolutions over time and frequency, then dilated, non-causal ones over time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.learning.loop import few_threads, with_weights
from engine.analysis.signal.bands import triangles_between
from engine.analysis.signal.stft import band_power_blocks, bank_tensor
from engine.analysis.signal.streams import resampled
from engine.core.build import RESOURCES
from engine.core.progress import SILENT, Progress, gathered

FRAMES_PER_S = 50.0
BANDS = 64
RATE_HZ = 22_050
HOP_SAMPLES = 441
N_FFT = 2048
FLOOR_DB = -100.0
LOWEST_HZ, HIGHEST_HZ = 30.0, 10_000.0
_BEND_HZ = 200.0

LOUD_SHARE = 0.95
QUIETEST_LOUD_DB = -40.0
RANGE_DB = 60.0

Levels = NDArray[np.float16]


def filter_bank() -> NDArray[np.float32]:
    """Return the triangles that gather FFT bins into bands, shape (BANDS, N_FFT // 2 + 1).

    A sine of full scale in the middle of a band reads about 0 dB.
    """
    ends = np.log([LOWEST_HZ + _BEND_HZ, HIGHEST_HZ + _BEND_HZ])
    edges_hz = np.exp(np.linspace(ends[0], ends[1], BANDS + 2)) - _BEND_HZ
    bins_hz = np.arange(N_FFT // 2 + 1) * (RATE_HZ / N_FFT)
    full_scale = (N_FFT / 4.0) ** 2  # the square of half the sum of a Hann window
    return (triangles_between(bins_hz, edges_hz) / full_scale).astype(np.float32)


def band_levels(
    blocks: Iterable[NDArray[np.float32]], rate_hz: int, total_samples: int = 0, progress: Progress = SILENT
) -> Levels:
    """Return the levels of a mono stream in dB of full scale, float16, shape (frames, BANDS).

    The middle of frame i is at i / FRAMES_PER_S seconds. The result is the same bit for bit for any block
    size, but for the rounding of the resampler; an hour takes 23 MB.

    Parameters
    ----------
    blocks : mono float32 at `rate_hz`, each of shape (n,); non-finite samples count as silence
    total_samples : how many are expected, for the progress

    Raises
    ------
    Cancelled : the user asked for it
    """
    expected = total_samples / rate_hz * FRAMES_PER_S
    pieces = gathered(level_blocks(blocks, rate_hz), expected, "Detecting beats", progress)
    return np.concatenate(pieces) if pieces else np.zeros((0, BANDS), np.float16)


def level_blocks(blocks: Iterable[NDArray[np.float32]], rate_hz: int) -> Iterator[Levels]:
    """Yield the levels of `band_levels` as the stream passes, each block of shape (frames, BANDS)."""
    bank = bank_tensor(filter_bank())
    for power in band_power_blocks(resampled(blocks, rate_hz, RATE_HZ), bank, N_FFT, HOP_SAMPLES):
        floored = np.maximum(power, np.float32(10.0 ** (FLOOR_DB / 10.0)))
        yield (10.0 * np.log10(floored)).astype(np.float16)


def reference_db(levels: Levels) -> float:
    """Return the level of the loud moments of a recording, in dB; the tracker's input is relative to it.

    Never below `QUIETEST_LOUD_DB`: hiss alone stays quiet.
    """
    loudest = levels.max(axis=1)
    sounding = loudest[loudest > FLOOR_DB + 10.0]
    if not len(sounding):
        return QUIETEST_LOUD_DB
    return max(QUIETEST_LOUD_DB, float(np.quantile(sounding.astype(np.float32), LOUD_SHARE)))


def network_input(levels: Levels, loud_db: float) -> NDArray[np.float32]:
    """Return levels as the network takes them: 0 at `RANGE_DB` below the reference and less, 3 at it."""
    relative = (levels.astype(np.float32) - np.float32(loud_db - RANGE_DB)) * np.float32(3.0 / RANGE_DB)
    scaled: NDArray[np.float32] = np.clip(relative, 0.0, 4.0)
    return scaled


LAYERS = 9
KERNEL = 5
CONTEXT_FRAMES = (KERNEL // 2) * (2**LAYERS - 1) + 2
"""Receptive field of the network to either side: 20.5 s."""


class BeatNetwork(nn.Module):
    """Levels, shape (batch, frames, BANDS), to logits of beat and downbeat, shape (batch, frames, 2).

    Parameters
    ----------
    channels : width of the dilated part
    dropout : share of channels left out while learning
    """

    def __init__(self, channels: int = 48, dropout: float = 0.0) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 12, (1, 8), padding=(0, 4))
        self.third = nn.Conv2d(12, 24, 3, padding=1)
        pooled = ((BANDS // 3) + 1) // 3
        self.gather = nn.Conv1d(24 * pooled, channels, 1)
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, KERNEL, padding=KERNEL // 2 * 2**layer, dilation=2**layer)
            for layer in range(LAYERS)
        )
        self.pointwise = nn.ModuleList(nn.Conv1d(channels, channels, 1) for _ in range(LAYERS))
        self.drop = nn.Dropout1d(dropout)
        self.out = nn.Conv1d(channels, 2, 1)
        assert self.out.bias is not None
        nn.init.constant_(self.out.bias, -3.0)  # most frames are not a beat

    def forward(self, levels: Tensor) -> Tensor:
        """Return logits, shape (batch, frames, 2)."""
        image = levels[:, None]
        image = functional.elu(_highest_of_three(self.first(image)), inplace=True)
        image = functional.elu(_highest_of_three(self.second(image)), inplace=True)
        image = functional.elu(self.third(image), inplace=True)
        stream = functional.elu(self.gather(image.permute(0, 1, 3, 2).flatten(1, 2)))
        stream = self.drop(stream)
        for dilated, pointwise in zip(self.dilated, self.pointwise, strict=True):
            stream = stream + pointwise(self.drop(functional.elu(dilated(stream))))
        logits: Tensor = self.out(functional.elu(stream)).transpose(1, 2)
        return logits


def _highest_of_three(image: Tensor) -> Tensor:
    """Pool three bands, as `max_pool2d` does in five times as long; before an ELU, which only rises."""
    bands = image.shape[-1] // 3 * 3
    low, middle, high = (image[..., place:bands:3] for place in range(3))
    return torch.maximum(torch.maximum(low, middle), high)


@torch.no_grad()
def chunked_probabilities(
    network: BeatNetwork,
    levels: Tensor | _AtSpeed,
    chunk_frames: int = 15_000,
    progress: Progress = SILENT,
) -> Tensor:
    """Return probabilities of beat and downbeat, shape (frames, 2), of levels of any length.

    Chunks overlap by the receptive field, so that the result equals that of the whole recording.

    Parameters
    ----------
    levels : shape (frames, BANDS), of `network_input`

    Raises
    ------
    Cancelled : the user asked for it
    """
    pieces = []
    for start in range(0, len(levels), chunk_frames):
        progress.check_cancelled()
        progress.report(start / len(levels), "Detecting the beats")
        stop = min(len(levels), start + chunk_frames)
        first, last = max(0, start - CONTEXT_FRAMES), min(len(levels), stop + CONTEXT_FRAMES)
        logits = network(levels[first:last][None])[0]
        pieces.append(torch.sigmoid(logits[start - first : stop - first]))
    return torch.cat(pieces) if pieces else torch.zeros(0, 2)


_SPEEDS = (1.0, 0.93, 1.08)
"""Speeds of analysis: a pulse that is faint at one is often clear at another."""
_FAVOURS_CLEAR = 2.0
_LEAST = 1e-5
WEIGHTS = RESOURCES / "models" / "beats.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class Activations:
    """Network output of each frame; the middle of frame i is at i / frames_per_s seconds.

    Attributes
    ----------
    beat, downbeat : float32, shape (n,), 0 to 1; a downbeat is a beat too
    """

    frames_per_s: float
    beat: NDArray[np.float32]
    downbeat: NDArray[np.float32]


def activations(
    blocks: Iterable[NDArray[np.float32]], rate_hz: int, total_samples: int = 0, progress: Progress = SILENT
) -> Activations:
    """Return the probabilities of beats and downbeats of a mono stream, in one pass.

    Parameters
    ----------
    blocks : mono float32 at `rate_hz`, each of shape (n,), of any lengths
    total_samples : how many are expected, for the progress

    Raises
    ------
    OffcutError : the weights are missing or damaged
    Cancelled : the user asked for it
    """
    levels = band_levels(blocks, rate_hz, total_samples, progress.part(0.0, 0.6))
    return activations_of(levels, progress.part(0.6, 1.0))


def activations_of(levels: Levels, progress: Progress = SILENT) -> Activations:
    """Return the activations for levels of `band_levels`, shape (frames, BANDS).

    The network analyses the recording as it is, slower and faster. Its odds are averaged as a root mean
    square, because it misses a beat more often than it adds one.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    Cancelled : the user asked for it
    """
    network = trained_network(WEIGHTS)
    loud_db = reference_db(levels)
    summed = np.zeros((len(levels), 2))
    with few_threads():
        for done, speed in enumerate(_SPEEDS):
            played = _AtSpeed(levels, loud_db, round(len(levels) / speed))
            share = progress.step(done, len(_SPEEDS))
            found = _resampled(chunked_probabilities(network, played, progress=share).numpy(), len(levels))
            progress.check_cancelled()
            likely = np.clip(found.astype(np.float64), _LEAST, 1.0 - _LEAST)
            summed += (likely / (1.0 - likely)) ** _FAVOURS_CLEAR
            progress.report((done + 1) / len(_SPEEDS), "Detecting the beats")
    odds = (summed / len(_SPEEDS)) ** (1.0 / _FAVOURS_CLEAR)
    both = (odds / (1.0 + odds)).astype(np.float32)
    return Activations(FRAMES_PER_S, both[:, 0].copy(), both[:, 1].copy())


@dataclass(frozen=True, slots=True, eq=False)
class _AtSpeed:
    """Levels at another speed as the network takes them, computed for the chunk that is asked for.

    Attributes
    ----------
    loud_db : see `network_input`
    count : number of frames over the same time
    """

    levels: Levels
    loud_db: float
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, span: slice) -> Tensor:
        before, after, share = _neighbours(len(self.levels), self.count, span.start, span.stop)
        first, last = int(before[0]), int(after[-1]) + 1
        scaled = network_input(self.levels[first:last], self.loud_db)
        return torch.from_numpy(_between(scaled, before - first, after - first, share))


def _neighbours(
    length: int, count: int, start: int, stop: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return of some of `count` frames those before and after among `length`, and the share of the latter."""
    at = np.linspace(0.0, length - 1.0, count)[start:stop]
    before = np.clip(at.astype(np.int64), 0, max(0, length - 2))
    return before, np.minimum(before + 1, length - 1), (at - before)[:, None].astype(np.float32)


def _between(
    frames: NDArray[np.float32],
    before: NDArray[np.int64],
    after: NDArray[np.int64],
    share: NDArray[np.float32],
) -> NDArray[np.float32]:
    found: NDArray[np.float32] = frames[before] * (1.0 - share) + frames[after] * share
    return found


def _resampled(frames: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return frames, shape (n, columns), interpolated to `count` frames over the same time."""
    return frames if count == len(frames) else _between(frames, *_neighbours(len(frames), count, 0, count))


@cache
def trained_network(path: Path) -> BeatNetwork:
    """Load a network of beats.

    Raises
    ------
    OffcutError : the file is missing or damaged
    """
    return with_weights(BeatNetwork(), path, "beats")
