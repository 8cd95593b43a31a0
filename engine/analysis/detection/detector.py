"""The network that embeds sounds in the space of words, and its features of recordings.

Residual convolutions over time and frequency, as in Q. Kong et al., "PANNs: large-scale pretrained audio
neural networks" (2020) on a small scale; the space is that of `engine.analysis.sound_names.prompts`, as in
CLAP (Y. Wu et al., ICASSP 2023), but learned from sounds with names only. A recording is analysed in several
versions: the network was trained at many speeds, so its mean over some is more accurate than its answer at
one, and without speech a sound over a sentence is analysed like one in a pause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import tee, zip_longest
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.detection.spectra import (
    FAST_STEP_FRAMES,
    MEL,
    Spectra,
    SpeechNetwork,
    levels_of,
    speech_network,
    speech_shares,
)
from engine.analysis.learning.loop import few_threads, with_weights
from engine.analysis.signal.streams import overlapping_pieces, resampled
from engine.analysis.sound_names.prompts import SIZE, text_encoder
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.core.build import RESOURCES

Samples = NDArray[np.float32]
Odds = NDArray[np.float32]
Words = NDArray[np.float32]

SOUND_WEIGHTS = RESOURCES / "models" / "sounds.safetensors"
WIDTHS = (24, 48, 96, 192, 256)
FRAMES_EACH = 2 ** (len(WIDTHS) - 1)
"""Frames of levels for each vector: 16, 0.256 s."""
STEP_SAMPLES = FRAMES_EACH * MEL.hop_samples
"""Samples for each vector."""
STEP_S = STEP_SAMPLES / MEL.rate_hz
"""From one vector to the next: 0.256 s."""
CONTEXT_S = 2.0
"""Context before and after a span."""
LEVEL_BANDS = 32
OTHER_SOUND = 0.6
"""Names whose cosine to a prompt is below this name another sound."""
_PARTS = 4
"""The highest of a step is that of its parts of 64 ms."""
_PIECE_STEPS = 120
_MARGIN_STEPS = 8
"""Overlap of pieces of a long recording: the receptive field of the network."""
_MEAN, _SPREAD = -9.0, 4.5
"""About the mean and deviation of levels of recordings whose peaks are near full scale."""


class _Block(nn.Module):
    def __init__(self, narrow: int, wide: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.first = nn.Conv2d(narrow, wide, 3, padding=1, stride=stride, bias=False)
        self.first_norm = nn.BatchNorm2d(wide)
        self.second = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(wide)

    def forward(self, image: Tensor) -> Tensor:
        carried = functional.relu(self.first_norm(self.first(image)))
        return functional.relu(carried + self.second_norm(self.second(carried)))


class SoundNetwork(nn.Module):
    """Levels, shape (batch, frames, bands), to vectors, shape (batch, frames / FRAMES_EACH, SIZE).

    Parameters
    ----------
    dropout : share of features dropped in training
    """

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        strides = [(2, 2)] * (len(WIDTHS) - 1) + [(1, 2)]
        self.blocks = nn.Sequential(
            *(
                _Block(narrow, wide, stride)
                for narrow, wide, stride in zip((1, *WIDTHS[:-1]), WIDTHS, strides, strict=True)
            )
        )
        bands = MEL.n_mels // 2 ** len(WIDTHS)
        self.gather = nn.Linear(WIDTHS[-1] * bands, 384)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(384, SIZE)
        self.loudness = nn.Linear(384, 1)
        self.sharpness = nn.Parameter(torch.tensor(10.0))
        self.rarity = nn.Parameter(torch.tensor(-4.0))

    def forward(self, levels: Tensor) -> tuple[Tensor, Tensor]:
        """Return vectors, shape (batch, steps, SIZE), and their pooling weights, shape (batch, steps)."""
        return self.embedded(self.features(levels)[-1])

    def features(self, levels: Tensor) -> list[Tensor]:
        """Return the output of each block, images of shape (batch, width, frames, bands), ever coarser."""
        image = ((levels - _MEAN) / _SPREAD)[:, None].to(memory_format=torch.channels_last)
        found = []
        for block in self.blocks:
            image = block(image)
            found.append(image)
        return found

    def embedded(self, deepest: Tensor) -> tuple[Tensor, Tensor]:
        """Return vectors and pooling weights, as `forward` does, from the output of the last block."""
        gathered = functional.relu(self.gather(self.drop(deepest.permute(0, 2, 1, 3).flatten(2))))
        return self.out(self.drop(gathered)), self.loudness(gathered)[..., 0]

    def vectors_by_band(self, deepest: Tensor) -> Tensor:
        """Return the vectors that each band alone would give, shape (batch, steps, bands, SIZE)."""
        bands = deepest.shape[3]
        weights = self.gather.weight.view(-1, WIDTHS[-1], bands)
        alone = torch.einsum("bwtf,owf->btfo", deepest, weights) + self.gather.bias
        vectors: Tensor = self.out(functional.relu(alone))
        return vectors

    def pooled(self, vectors: Tensor, pooling: Tensor, within: Tensor | None = None) -> Tensor:
        """Return a weighted mean vector of length 1 for each segment, shape (batch, SIZE).

        Parameters
        ----------
        within : bool, shape (batch, steps), the steps to use; all by default
        """
        if within is not None:
            pooling = pooling.masked_fill(~within, -30.0)
        shares = torch.softmax(pooling, dim=1)
        return functional.normalize((vectors * shares[..., None]).sum(dim=1), dim=1)

    def logits(self, vectors: Tensor, words: Tensor) -> Tensor:
        """Return log odds of words, shape (..., prompts).

        Parameters
        ----------
        vectors : of sounds, of length 1, shape (..., SIZE)
        words : vectors of prompts of length 1, shape (prompts, SIZE)
        """
        return self.sharpness * (vectors @ words.T) * 2.0 + self.rarity


@dataclass(frozen=True, slots=True, eq=False)
class SoundFeatures:
    """Network features of a recording.

    Attributes
    ----------
    vectors : float32, shape (steps, SIZE), one for each `STEP_S`
    pooling : weight of each of them in a mean, shape (steps,)
    levels : mean and highest of each of `LEVEL_BANDS` bands in each step, shape (steps, 2 * LEVEL_BANDS)
    """

    vectors: NDArray[np.float32]
    pooling: NDArray[np.float32]
    levels: NDArray[np.float32]

    def within(self, from_s: float, count_samples: int) -> SoundFeatures:
        """Return the features of a number of samples from a time on; one step at least."""
        first = round(from_s / STEP_S)
        steps = slice(first, first + max(1, round(count_samples / STEP_SAMPLES)))
        return SoundFeatures(self.vectors[steps], self.pooling[steps], self.levels[steps])


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """Embeds sounds in the space of words."""

    network: SoundNetwork

    def analysed(self, blocks: Iterable[NDArray[np.float32]]) -> SoundFeatures:
        """Analyse a stream of any length, mono, at the rate of `engine.analysis.detection.spectra.MEL`.

        Pieces overlap by the network's receptive field, so that the features hardly depend on their edges.
        """
        with few_threads():
            return joined(self.pieces(blocks))

    def pieces(
        self, blocks: Iterable[NDArray[np.float32]], speech: SpeechNetwork | None = None
    ) -> Iterator[SoundFeatures]:
        """Yield the features of a stream piece by piece; see `analysed`.

        Parameters
        ----------
        speech : removes the detected speech before the analysis
        """
        step, margin = _PIECE_STEPS * STEP_SAMPLES, _MARGIN_STEPS * STEP_SAMPLES
        for piece, before, samples in overlapping_pieces(blocks, step, margin):
            first = before // STEP_SAMPLES
            yield self._of_piece(piece, slice(first, first - (-samples // STEP_SAMPLES)), speech)

    @torch.inference_mode()
    def _of_piece(
        self, piece: NDArray[np.float32], steps: slice, speech: SpeechNetwork | None
    ) -> SoundFeatures:
        spectra = Spectra()
        power = spectra.power(spectra.spectrum(torch.tensor(piece)[None]))
        if speech is not None:
            power = power * (1.0 - speech_shares(speech, power[0], FAST_STEP_FRAMES)) ** 2
        levels = levels_of(power)
        vectors, pooling = self.network(levels)
        count = steps.stop - steps.start
        frames = levels[0, steps.start * FRAMES_EACH : steps.stop * FRAMES_EACH]
        frames = torch.cat([frames, frames[-1:].expand(count * FRAMES_EACH - len(frames), -1)])
        parts = frames.reshape(count, _PARTS, FRAMES_EACH // _PARTS, LEVEL_BANDS, -1).mean(dim=(2, 4))
        coarse = torch.cat([parts.mean(dim=1), parts.amax(dim=1)], dim=1)
        return SoundFeatures(vectors[0, steps].numpy(), pooling[0, steps].numpy(), coarse.numpy())

    def vector(
        self, samples: NDArray[np.float32], span: tuple[int, int] | None = None
    ) -> NDArray[np.float32]:
        """Return the embedding of a span, of length 1, shape (SIZE,); zeros for digital silence.

        Its context is `CONTEXT_S` of the given samples, padded with silence: the network was trained on
        segments of 4 s, and misclassifies short ones.

        Parameters
        ----------
        samples : mono, shape (frames,), the span and its context
        span : [start, stop) of the samples; all by default
        """
        start, stop = (0, len(samples)) if span is None else span
        if not np.any(samples[start:stop]):
            return np.zeros(SIZE, np.float32)
        reach = round(CONTEXT_S * MEL.rate_hz)
        first, last = max(0, start - reach), min(len(samples), stop + reach)
        before, after = reach - (start - first), reach - (last - stop)
        padded = np.pad(samples[first:last], (before, after))
        found = self.analysed([padded]).within(CONTEXT_S, stop - start)
        return pooled(found.vectors, found.pooling)

    @torch.inference_mode()
    def odds(self, vectors: NDArray[np.float32], words: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return log odds of words for each vector, shape (n, prompts)."""
        found: NDArray[np.float32] = self.network.logits(torch.tensor(vectors), torch.tensor(words)).numpy()
        return found


@cache
def detector(weights: Path = SOUND_WEIGHTS) -> Detector:
    """Return the detector that comes with Offcut.

    Raises
    ------
    OffcutError : its weights are missing or damaged
    """
    return Detector(with_weights(SoundNetwork(), weights, "sounds"))


def joined(pieces: Iterable[SoundFeatures]) -> SoundFeatures:
    """Return the pieces of a stream as one."""
    every = list(pieces)
    if not every:
        return SoundFeatures(*(np.zeros(shape, np.float32) for shape in ((0, SIZE), 0, (0, 2 * LEVEL_BANDS))))
    rows = ((one.vectors, one.pooling, one.levels) for one in every)
    return SoundFeatures(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def pooled(vectors: NDArray[np.float32], pooling: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return one vector of length 1 for a segment; see `SoundNetwork.pooled`."""
    if not len(vectors):
        return np.zeros(SIZE, np.float32)
    shares = np.exp(pooling - pooling.max())
    mean = (vectors * (shares / shares.sum())[:, None]).sum(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)


@dataclass(frozen=True, slots=True)
class Version:
    """How a recording is changed before the network analyses it.

    Attributes
    ----------
    speed : below 1 it is slower and lower
    has_speech : False where speech is left out
    """

    speed: float
    has_speech: bool


VERSIONS = (Version(1.0, has_speech=True), Version(0.89, has_speech=False), Version(1.12, has_speech=False))
"""Compared with others on interviews that no table reports. The first is the recording as it is."""


def analysed_versions(hearing: Detector, blocks: Iterable[Samples]) -> tuple[SoundFeatures, ...]:
    """Analyse each of `VERSIONS` of a stream, mono, at the rate of `engine.analysis.detection.spectra.MEL`.

    All advance together, so that memory does not grow with the stream but by their results.
    """
    streams = tee(blocks, len(VERSIONS))
    with few_threads():
        pieces = [
            hearing.pieces(
                resampled(stream, MEL.rate_hz, round(MEL.rate_hz / version.speed)),
                None if version.has_speech else speech_network(),
            )
            for version, stream in zip(VERSIONS, streams, strict=True)
        ]
        rows = list(zip_longest(*pieces))
    columns = zip(*rows, strict=True) if rows else [()] * len(VERSIONS)
    return tuple(joined(piece for piece in column if piece is not None) for column in columns)


def within(versions: Sequence[SoundFeatures], from_s: float, count_samples: int) -> tuple[SoundFeatures, ...]:
    """Return the features of a number of samples from a time on; see `SoundFeatures.within`."""
    return tuple(
        one.within(from_s / version.speed, round(count_samples / version.speed))
        for version, one in zip(VERSIONS, versions, strict=True)
    )


def mean_of_steps(rows: Sequence[Odds]) -> Odds:
    """Return the mean over versions of odds at the steps of the first, shape (steps, prompts)."""
    first, *others = rows
    middles_s = (np.arange(len(first)) + 0.5) * STEP_S
    total = first.astype(np.float64)
    for version, one in zip(VERSIONS[1:], others, strict=False):
        own_s = (np.arange(len(one)) + 0.5) * STEP_S * version.speed
        total += np.stack([np.interp(middles_s, own_s, column) for column in one.T], axis=1)
    return np.asarray(total / len(rows), np.float32)


def log_shares(odds: Odds, names: Odds, prompts: Sequence[Words]) -> Odds:
    """Return the logarithm of the share of each prompt in itself and all known names of other sounds.

    Parameters
    ----------
    odds : of the prompts, shape (..., prompts)
    names : odds of all known names, see `name_words`, shape (..., names)
    prompts : of each, the vectors of its phrases, shape (phrases, SIZE)
    """
    are_other = [np.all(phrases @ name_words().T < OTHER_SOUND, axis=0) for phrases in prompts]
    others = [np.logaddexp.reduce(names[..., other], axis=-1) for other in are_other]
    return np.asarray(-np.logaddexp(0.0, np.stack(others, axis=-1) - odds), np.float32)


@cache
def name_words() -> Words:
    """Return the vectors of all known names, shape (names, SIZE)."""
    return np.stack([text_encoder().encode(name) for name in vocabulary()])
