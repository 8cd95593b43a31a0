"""The network: convolutions over the spectrum, then dilated ones over forty seconds of time.

Its inputs are log-mel frames, and the tuning at every eighth frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, tee

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.stft import TUNING_BINS, log_mel_blocks, tuning_blocks
from engine.features.taste.anomaly.recipes.recipe import Passing

STEP_FRAMES = 8
"""Log-mel frames a score: three layers of the network halve the time."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameFeatures:
    """A segment of sound as the network's input.

    Attributes
    ----------
    mel_db : float32, shape (STEP_FRAMES * steps, n_mels)
    tuning : float32, shape (steps, TUNING_BINS)
    """

    mel_db: NDArray[np.float32]
    tuning: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.tuning)

    def part(self, start: int, stop: int) -> FrameFeatures:
        """Return steps [start, stop)."""
        return FrameFeatures(self.mel_db[start * STEP_FRAMES : stop * STEP_FRAMES], self.tuning[start:stop])

    def levels_db(self) -> NDArray[np.float32]:
        """Return how loud each step is over all bands, shape (steps,)."""
        power = np.exp(self.mel_db * np.float32(np.log(10.0) / 10.0)).sum(axis=1)
        by_step = power.reshape(-1, STEP_FRAMES).mean(axis=1)
        levels: NDArray[np.float32] = np.float32(10.0) * np.log10(np.maximum(by_step, np.float32(1e-12)))
        return levels


def frame_features(
    blocks: Iterable[NDArray[np.float32]], mel: MelSettings, passing: Passing = iter
) -> Iterator[FrameFeatures]:
    """Yield the features of a mono stream at the analysis rate, in pieces of whole steps.

    Parameters
    ----------
    blocks : float32, each of shape (n,)
    passing : sees the log-mel frames on their way
    """
    for_mel, for_tuning = tee(blocks)  # both are read at the same pace, so that little is held
    mels = passing(log_mel_blocks(for_mel, mel))
    frames = np.zeros((0, mel.n_mels), np.float32)
    for tuning in tuning_blocks(for_tuning, mel.rate_hz, STEP_FRAMES * mel.hop_samples):
        wanted = len(tuning) * STEP_FRAMES
        while len(frames) < wanted and (block := next(mels, None)) is not None:
            frames = np.concatenate([frames, block])
        steps = min(len(tuning), len(frames) // STEP_FRAMES)
        yield FrameFeatures(frames[: steps * STEP_FRAMES], tuning[:steps])
        frames = frames[steps * STEP_FRAMES :]


def joined(pieces: Iterable[FrameFeatures], n_mels: int) -> FrameFeatures:
    """Return pieces as one."""
    every = list(pieces)
    mel_db = [piece.mel_db for piece in every] or [np.zeros((0, n_mels), np.float32)]
    tuning = [piece.tuning for piece in every] or [np.zeros((0, TUNING_BINS), np.float32)]
    return FrameFeatures(np.concatenate(mel_db), np.concatenate(tuning))


_CHANNELS = (1, 16, 32, 48)
DILATIONS = (1, 2, 4, 8, 16, 32, 64)
"""Of the layers over time."""

SHORT_LAYERS = 5
"""This number of layers sees 5 s to both sides."""

_DROPOUT = 0.2
REACH_STEPS = sum(DILATIONS) + 1
"""Receptive field to one side, in steps; one more for the convolutions below."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a network is built.

    Attributes
    ----------
    width : channels over time
    parts : number of kinds of fault
    layers : of those in `DILATIONS`, how many
    first_is_normed : whether there is a normalisation after the first convolution, as in a network of before;
        its input is standardised, and that layer is the largest: learning takes a fifth less without
    """

    n_mels: int
    width: int
    parts: int
    layers: int = len(DILATIONS)
    first_is_normed: bool = False


def stored_form(weights: Mapping[str, Tensor], n_mels: int, width: int, parts: int) -> Form:
    """Return how the networks were built whose weights these are."""
    layers = len({name.split(".")[3] for name in weights if name.startswith("members.0.time.")})
    return Form(n_mels, width, parts, layers, first_is_normed="members.0.spectrum.0.1.weight" in weights)


class OwnDropout(nn.Module):
    """Dropout with a generator of its own, so that networks on several threads repeat their results.

    Attributes
    ----------
    generator : None for the one that all of torch shares
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self._retained = 1.0 - share
        self.generator: torch.Generator | None = None

    def forward(self, values: Tensor) -> Tensor:
        """Return the values, some of them 0 and the others larger while learning."""
        if not self.training:
            return values
        mask = torch.empty_like(values).bernoulli_(self._retained, generator=self.generator)
        return values * mask.div_(self._retained)


class FaultTagger(nn.Module):
    """Detects faults at every step, and their kinds.

    Takes standardised log-mel frames, shape (batch, STEP_FRAMES * steps, n_mels), and tuning, shape (batch,
    steps, TUNING_BINS); returns logits, shape (batch, 1 + parts, steps), higher for anomalies: of any fault,
    then of each part's faults. An older network has no parts.
    """

    def __init__(self, form: Form) -> None:
        super().__init__()
        sizes = list(pairwise(_CHANNELS))
        self.spectrum = nn.Sequential(
            _halving(*sizes[0], is_normed=form.first_is_normed), *(_halving(*two) for two in sizes[1:])
        )
        inputs = _CHANNELS[-1] * (form.n_mels // STEP_FRAMES) + TUNING_BINS
        self.step = nn.Sequential(nn.Conv1d(inputs, form.width, 1), *_finish(form.width))
        self.time = nn.ModuleList(
            nn.Sequential(nn.Conv1d(form.width, form.width, 3, padding=by, dilation=by), *_finish(form.width))
            for by in DILATIONS[: form.layers]
        )
        self.out = nn.Conv1d(form.width, 1 + form.parts, 1)

    def forward(self, mel: Tensor, tuning: Tensor) -> Tensor:
        """Return logits, shape (batch, 1 + parts, steps)."""
        image = mel.unsqueeze(1).transpose(2, 3)
        steps = self.step(torch.cat([self.spectrum(image).flatten(1, 2), tuning.transpose(1, 2)], dim=1))
        for layer in self.time:
            steps = steps + layer(steps)
        logits: Tensor = self.out(steps)
        return logits

    def draw_from(self, generator: torch.Generator) -> None:
        """Let all dropout of this network draw from a generator."""
        for module in self.modules():
            if isinstance(module, OwnDropout):
                module.generator = generator


class QuickTagger:
    """Logits of a tagger that no longer learns, in less than half the time; see `FaultTagger.forward`.

    Each normalisation is folded into its convolution once, and channels are laid out last.
    """

    @torch.inference_mode()
    def __init__(self, tagger: FaultTagger) -> None:
        folded = [_folded(layer) for layer in tagger.spectrum]
        self._spectrum = [
            (weight.contiguous(memory_format=torch.channels_last), bias) for weight, bias in folded
        ]
        self._step = _folded(tagger.step)
        self._time = [(by, *_folded(layer)) for by, layer in zip(DILATIONS, tagger.time, strict=False)]
        self._out = tagger.out

    @torch.inference_mode()
    def __call__(self, mel: Tensor, tuning: Tensor) -> Tensor:
        """Return logits, shape (batch, 1 + parts, steps)."""
        image = mel.unsqueeze(1).transpose(2, 3)
        for weight, bias in self._spectrum:
            image = nn.functional.conv2d(image, weight, bias, stride=2, padding=1).relu_()
        inputs = torch.cat([image.flatten(1, 2), tuning.transpose(1, 2)], dim=1)
        steps = nn.functional.conv1d(inputs, *self._step).relu_()
        for by, weight, bias in self._time:
            steps += nn.functional.conv1d(steps, weight, bias, padding=by, dilation=by).relu_()
        logits: Tensor = self._out(steps)
        return logits


def _folded(layer: nn.Module) -> tuple[Tensor, Tensor]:
    """Return weights and biases of a convolution with any following normalisation folded in."""
    assert isinstance(layer, nn.Sequential)
    convolution, norm = layer[0], layer[1]
    assert isinstance(convolution, nn.Conv1d | nn.Conv2d)
    if isinstance(norm, nn.ReLU):
        assert convolution.bias is not None
        return convolution.weight, convolution.bias
    assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    return fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )


class Committee(nn.Module):
    """Several networks that learn from different recordings; together they depend less on chance."""

    def __init__(self, form: Form, members: int) -> None:
        super().__init__()
        self.form = form
        self.members = nn.ModuleList(FaultTagger(form) for _ in range(members))

    def of(self, numbers: Iterable[int]) -> Committee:
        """Return a committee of some of its members, which share their weights."""
        some = Committee(self.form, 0)
        some.members.extend(self.members[number] for number in numbers)
        return some


def _halving(before: int, after: int, *, is_normed: bool = True) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1)
    norm = (nn.BatchNorm2d(after),) if is_normed else ()
    return nn.Sequential(convolution, *norm, nn.ReLU(inplace=True))


def _finish(width: int) -> tuple[nn.Module, ...]:
    return nn.BatchNorm1d(width), nn.ReLU(inplace=True), OwnDropout(_DROPOUT)
