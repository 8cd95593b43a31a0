"""The separators that come with Offcut: a network over the window, its surroundings and the prompt.

A U-Net estimates a mask over bands; its bottleneck and decoder are modulated by the prompt (FiLM: E. Perez
et al., AAAI 2018; X. Liu et al., "Separate what you describe", Interspeech 2022). The surroundings are
input, too: mean and deviation of each band outside join the condition, and the deviation of each moment from
that mean is an image. Speech has a network of its own, which also estimates how likely there is speech in a
window.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.detection.detector import WIDTHS as SOUND_WIDTHS
from engine.analysis.detection.detector import Detector, SoundNetwork
from engine.analysis.detection.spectra import (
    MEL,
    SPEECH_WEIGHTS,
    Spectra,
    SpeechNetwork,
    band_centres_hz,
    speech_network,
    speech_shares,
)
from engine.analysis.learning.loop import few_threads, with_weights
from engine.analysis.sound_names.prompts import SIZE
from engine.core.build import RESOURCES
from engine.core.progress import check_heeded
from engine.features.repair.separation.separator import (
    Mask,
    Prompt,
    Stretch,
    around,
    example_prompt,
    surrounds,
)

Floats = NDArray[np.float32]


VIEW_FRAMES = 256
"""Frames per view: 4.1 s."""
WIDTHS = (16, 32, 64, 128)
DEEPEST = 192
_CONDITION = 256
_IMAGES = 4
_EARS = SOUND_WIDTHS[1:4]
_USUAL_POWER = 0.02
"""Approximate mean power of bands in the training data of the network of `engine.analysis.detection`."""
_QUIETEST = 1e-6
"""Power relative to the mean of the view below which bands are equal: -60 dB."""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkInput:
    """Input of the network, a batch of views; one view may be shared by all prompts.

    Attributes
    ----------
    power : mel power, shape (batch, VIEW_FRAMES, bands)
    inside : 1 in the window, 0 outside, shape (batch, VIEW_FRAMES)
    around : mean and deviation of the logarithm of the power outside the window, shape (batch, 2, bands)
    surrounded : 1 where something sounds around the window, else 0, shape (batch,)
    prompt : vectors of length 1, shape (batch, SIZE)
    example : 1 where the prompt is a sound, 0 where it is words, shape (batch,)
    features : features of the view from the network of `engine.analysis.detection`, see `listened`
    likeness : cosine between the prompt and its embedding, of all bands and of each, see `listened`
    """

    power: Tensor
    inside: Tensor
    around: Tensor
    surrounded: Tensor
    prompt: Tensor
    example: Tensor
    features: tuple[Tensor, ...]
    likeness: Tensor


@torch.no_grad()
def listened(ears: SoundNetwork, power: Tensor, prompt: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
    """Return the features of views from the network of `engine.analysis.detection`, and their cosines to the
    prompt.

    The second is an image of shape (batch, 2, steps, bands / 16): by all bands together, and by each alone,
    which hints at its place in the spectrum. Views are brought to one level first, so that the recording's
    loudness has no effect.

    Parameters
    ----------
    power : mel power, shape (batch, VIEW_FRAMES, bands), or of one view for all prompts
    prompt : vectors of length 1 or 0, shape (batch, SIZE)
    """
    mean = power.mean(dim=(1, 2), keepdim=True).clamp(min=1e-12)
    features = ears.features(torch.log(_USUAL_POWER * power / mean + _QUIETEST * _USUAL_POWER))
    together = functional.normalize(ears.embedded(features[-1])[0], dim=2) @ prompt[..., None]
    each = functional.normalize(ears.vectors_by_band(features[-1]), dim=3) @ prompt[:, None, :, None]
    bands = MEL.n_mels // 16
    by_band = each[..., 0].repeat_interleave(bands // each.shape[2], dim=2)
    return tuple(features[1:4]), torch.stack([together.expand(-1, -1, bands), by_band], dim=1)


class _Block(nn.Module):
    """Two convolutions around which the input is carried, modulated where there is a condition."""

    def __init__(self, narrow: int, wide: int, *, stride: int = 1, modulated: bool = False) -> None:
        super().__init__()
        self.first = nn.Conv2d(narrow, wide, 3, padding=1, stride=stride, bias=False)
        self.first_norm = nn.BatchNorm2d(wide)
        self.second = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(wide)
        self.film = nn.Linear(_CONDITION, 2 * wide) if modulated else None

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        carried = functional.relu(self.first_norm(self.first(image)))
        change = self.second_norm(self.second(carried))
        if self.film is not None:
            gain, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)
            change = change * (1.0 + gain) + shift
        return functional.relu(carried + change)


class SeparationNetwork(nn.Module):
    """Estimates the share of each band that the prompt means.

    Parameters
    ----------
    dropout : share of the deepest features left out while learning
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Sequential(nn.Linear(SIZE + 1, 192), nn.ReLU(), nn.Dropout(dropout))
        self.around = nn.Sequential(nn.Linear(2 * MEL.n_mels + 1, 192), nn.ReLU())
        self.condition = nn.Sequential(nn.Linear(2 * 192, _CONDITION), nn.ReLU())
        self.stem = nn.Conv2d(_IMAGES, WIDTHS[0], 3, padding=1)
        self.down = nn.ModuleList(
            _Block(narrow, wide, stride=2)
            for narrow, wide in zip(WIDTHS, (*WIDTHS[1:], DEEPEST), strict=True)
        )
        self.hear = nn.ModuleList(
            nn.Conv2d(narrow, wide, 1, bias=False)
            for narrow, wide in zip(_EARS, (*WIDTHS[2:], DEEPEST), strict=True)
        )
        self.like = nn.Conv2d(2, DEEPEST, 1)
        self.place = nn.Parameter(torch.zeros(1, MEL.n_mels // 16, DEEPEST))
        self.deep = _Block(DEEPEST, DEEPEST, modulated=True)
        self.across = nn.TransformerEncoderLayer(
            DEEPEST, 4, 2 * DEEPEST, dropout=dropout, batch_first=True, norm_first=True
        )
        self.tag = nn.Linear(DEEPEST, SIZE)
        wider = (*WIDTHS[1:], DEEPEST)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(wide, narrow, 2, stride=2) for narrow, wide in zip(WIDTHS, wider, strict=True)
        )
        self.merge = nn.ModuleList(_Block(width, width, modulated=True) for width in WIDTHS[1:])
        self.film = nn.Linear(_CONDITION, 2 * WIDTHS[0])
        self.last = nn.Conv2d(WIDTHS[0], WIDTHS[0], 3, padding=1)
        self.out = nn.Conv2d(WIDTHS[0], 1, 1)

    def forward(self, heard: NetworkInput) -> tuple[Tensor, Tensor]:
        """Return logits of the shares, shape (batch, VIEW_FRAMES, bands), and the estimated sound.

        The latter are vectors of length 1, shape (batch, SIZE), which only learning looks at.
        """
        image, around = images(heard)
        words = self.words(torch.cat([heard.prompt * 16.0, heard.example[:, None]], dim=1))
        beside = self.around(torch.cat([around.flatten(1), heard.surrounded[:, None]], dim=1))
        # One view may serve all prompts; a sum, since the exported graph has no `expand` to a free size.
        beside = beside + torch.zeros_like(words)
        condition = self.condition(torch.cat([words, beside], dim=1))
        image = functional.relu(self.stem(image.contiguous(memory_format=torch.channels_last)))
        skipped = []
        for level, down in enumerate(self.down):
            skipped.append(image)
            image = down(image, condition)
            if level:
                image = image + self.hear[level - 1](heard.features[level - 1])
        tags = functional.normalize(self.tag(image.mean(dim=(2, 3))), dim=1)
        image = self._across(self.deep(image + self.like(heard.likeness), condition))
        for level in range(len(WIDTHS) - 1, 0, -1):
            image = self.merge[level - 1](self.up[level](image) + skipped[level], condition)
        gain, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)
        image = self.up[0](image) + skipped[0]
        image = functional.relu(self.last(image) * (1.0 + gain) + shift)
        return self.out(image)[:, 0], tags

    def _across(self, image: Tensor) -> Tensor:
        batch, width, steps, bands = image.shape
        tokens = image.permute(0, 2, 3, 1) + self.place[:, None] + _moments(steps, width)[None, :, None]
        answered: Tensor = self.across(tokens.reshape(batch, steps * bands, width))
        return answered.reshape(batch, steps, bands, width).permute(0, 3, 1, 2)


def _moments(steps: int, width: int) -> Tensor:
    """Return sinusoidal position encodings, shape (steps, width)."""
    rates = torch.exp(torch.arange(width // 2) * (-4.0 / (width // 2)))
    angles = torch.arange(steps)[:, None] * rates
    return 0.3 * torch.cat([angles.sin(), angles.cos()], dim=1)


def images(heard: NetworkInput) -> tuple[Tensor, Tensor]:
    """Return the input images, shape (batch, _IMAGES, frames, bands), and the scaled surroundings.

    Independent of the recording's loudness: levels are relative to the mean of the view.
    """
    mean = heard.power.mean(dim=(1, 2), keepdim=True).clamp(min=1e-12)
    levels = torch.log(heard.power / mean + _QUIETEST)
    usual = heard.around[:, :1] - torch.log(mean)
    usual = torch.logaddexp(usual, torch.full_like(usual, _QUIETEST).log())
    spread = heard.around[:, 1:].clamp(min=0.3)
    there = heard.surrounded[:, None, None]
    above = (levels - usual) * there
    inside = heard.inside[..., None].expand_as(levels)
    stack = torch.stack(
        [(levels + 3.0) / 4.0, above / 4.0, (above / spread / 3.0).clamp(-4.0, 4.0), inside], dim=1
    )
    return stack, torch.cat([(usual + 3.0) / 4.0, spread / 2.0], dim=1) * there


WEIGHTS = RESOURCES / "models" / "separation" / "separation.safetensors"
HOP_S = MEL.hop_samples / MEL.rate_hz
_DETECTOR_FILE = "sounds.safetensors"
_ROUNDING_S = 0.001
_STEP_FRAMES = VIEW_FRAMES // 2
_ONE_VIEW_FRAMES = VIEW_FRAMES * 3 // 4


@dataclass(frozen=True, slots=True, eq=False)
class NetworkSeparator:
    """See `Separator`."""

    network: SeparationNetwork
    ears: SoundNetwork
    name: str = "offcut-separation-2"

    @torch.inference_mode()
    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt."""
        with few_threads():
            spectra = Spectra()
            power = spectra.power(spectra.spectrum(torch.tensor(stretch.samples)[None]))[0]
            inside = inside_frames(stretch.windows_s, len(power))
            outside, flag = around(power, inside), surrounds(power, inside)

            def answer(first: int) -> torch.Tensor:
                answered: torch.Tensor = self.network(
                    self._heard(power, inside, first, outside, flag, prompts)
                )[0]
                return torch.sigmoid(answered)

            shares = shares_by_views(inside, (len(prompts), MEL.n_mels), answer)
        centres = band_centres_hz()
        return tuple(Mask(each.numpy(), 0.0, HOP_S, centres) for each in shares)

    def _heard(
        self,
        power: torch.Tensor,
        inside: torch.Tensor,
        first: int,
        outside: torch.Tensor,
        flag: bool,
        prompts: Sequence[Prompt],
    ) -> NetworkInput:
        view = view_of(power, first)
        vectors = torch.tensor(np.stack([prompt.vector for prompt in prompts]))
        return NetworkInput(
            view[None],
            view_of(inside.float(), first)[None],
            outside[None],
            torch.tensor([float(flag)]),
            vectors,
            torch.tensor([float(prompt.example) for prompt in prompts]),
            *listened(self.ears, view[None], vectors),
        )


@cache
def network_separator(weights: Path = WEIGHTS) -> NetworkSeparator:
    """Return the separator that comes with Offcut, or one of other weights.

    The embedding network that it was trained with is stored next to it: another one has other features.

    Raises
    ------
    OffcutError : weights of either are missing or damaged
    """
    ears = with_weights(SoundNetwork(), weights.with_name(_DETECTOR_FILE), "sounds")
    return NetworkSeparator(with_weights(SeparationNetwork(), weights, "named sounds"), ears)


def like_span(samples: NDArray[np.float32], span: tuple[int, int], text: str) -> Prompt:
    """Return a prompt for sounds like a span, embedded by the separator that comes with Offcut.

    Parameters
    ----------
    samples : mono, at the rate of `engine.analysis.detection.spectra.MEL`, the span and its context
    span : [start, stop) of the samples

    Raises
    ------
    UsageError : nothing sounds in it
    OffcutError : its weights are missing or damaged
    """
    return example_prompt(Detector(network_separator().ears).vector(samples, span), text)


def shares_by_views(
    inside: torch.Tensor, shape: tuple[int, int], answer: Callable[[int], torch.Tensor]
) -> torch.Tensor:
    """Return shares of all frames, shape (prompts, frames, bands): 0 outside the views of all windows.

    Views overlap by half and are faded over each other, so that a window of any length has no seam.

    Parameters
    ----------
    inside : whether each frame is within a window, bool, shape (frames,)
    shape : prompts and bands
    answer : shares of the view that begins at a frame, shape (prompts, VIEW_FRAMES, bands)
    """
    shares = torch.zeros(shape[0], len(inside), shape[1])
    weights = torch.zeros(len(inside))
    curve = torch.hann_window(VIEW_FRAMES + 2, periodic=False)[1:-1]
    for first in views(inside):
        check_heeded()
        answered = answer(first)
        here = slice(max(0, first), min(len(inside), first + VIEW_FRAMES))
        cut = slice(here.start - first, here.stop - first)
        shares[:, here] += answered[:, cut] * curve[cut, None]
        weights[here] += curve[cut]
    return shares / weights.clamp(min=1e-6)[:, None]


def view_of(values: torch.Tensor, first: int) -> torch.Tensor:
    """Return a view of values of frames, shape (VIEW_FRAMES, ...), zeros beyond either end."""
    view = torch.zeros(VIEW_FRAMES, *values.shape[1:])
    here = slice(max(0, first), min(len(values), first + VIEW_FRAMES))
    view[here.start - first : here.stop - first] = values[here]
    return view


def inside_frames(windows_s: Sequence[tuple[float, float]], frames: int) -> torch.Tensor:
    """Return whether each frame is within a window, bool, shape (frames,)."""
    places_s = torch.arange(frames) * HOP_S
    inside = torch.zeros(frames, dtype=torch.bool)
    for start_s, stop_s in windows_s:
        inside |= (places_s >= start_s) & (places_s <= stop_s)
    return inside


def whole_windows_s(stretch: Stretch) -> tuple[tuple[float, float], ...]:
    """Return the windows of a segment without those that reach beyond it."""
    length_s = len(stretch.samples) / MEL.rate_hz + _ROUNDING_S
    return tuple(each for each in stretch.windows_s if each[0] >= -_ROUNDING_S and each[1] <= length_s)


def views(inside: torch.Tensor) -> list[int]:
    """Return the first frames of views that cover every window; several overlap by half."""
    places = np.flatnonzero(inside.numpy())
    if not len(places):
        return []
    firsts: list[int] = []
    breaks = np.flatnonzero(np.diff(places) > 1)
    starts = np.concatenate([places[:1], places[breaks + 1]])
    stops = np.concatenate([places[breaks], places[-1:]]) + 1
    for run in _gathered([(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]):
        length = run[1] - run[0]
        count = 1 if length <= _ONE_VIEW_FRAMES else 1 + math.ceil(length / _STEP_FRAMES)
        begin = (run[0] + run[1]) / 2 - ((count - 1) * _STEP_FRAMES + VIEW_FRAMES) / 2
        firsts += [round(begin) + number * _STEP_FRAMES for number in range(count)]
    return firsts


def _gathered(runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return runs as spans of views: those that one view has room for are seen together."""
    spans: list[tuple[int, int]] = []
    for start, stop in runs:
        if spans and stop - spans[-1][0] <= _ONE_VIEW_FRAMES:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((start, stop))
    return spans


_LEAST_SHARE, _LEAST_POWER = 1e-3, 1e-12
_SLOPE, _OFFSET = 1.86, 4.0
"""Fitted on 240 mixtures of voices that are trained on over backgrounds that are not, and on 240 without."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeechSeparator:
    """See `Separator`; the masks are those of speech for any prompt."""

    network: SpeechNetwork
    name: str = "offcut-speech-1"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt."""
        with few_threads():
            shares = speech_shares(self.network, _power(stretch)).numpy()
        return (Mask(shares, 0.0, HOP_S, band_centres_hz()),) * len(prompts)

    def probabilities(self, stretch: Stretch) -> NDArray[np.float64]:
        """Return the probability of speech in each window of a segment, shape (windows,).

        A logistic regression of the share of power that the mask covers, in the fifth of the frames in which
        it covers most. The segment is analysed as a whole, as it was when the regression was fitted. Windows
        that reach beyond the segment are left out.
        """
        with torch.inference_mode(), few_threads():
            analysed = _power(stretch)
            shares = torch.sigmoid(self.network(analysed[None])[0])[0].numpy()
            power = analysed.numpy()
        fullest = [
            _fullest(shares[inside], power[inside])
            for inside in (inside_frames((each,), len(power)).numpy() for each in whole_windows_s(stretch))
        ]
        odds = _SLOPE * np.log(np.array(fullest) + _LEAST_SHARE) + _OFFSET
        return np.where(np.array(fullest) > 0.0, 1.0 / (1.0 + np.exp(-odds)), 0.0)


def _fullest(shares: Floats, power: Floats) -> float:
    """Return the covered share of power in the fifth of the frames in which it is highest; 0 in silence."""
    total = power.sum(axis=1)
    if not total.any():
        return 0.0
    covered = np.sort((shares * power).sum(axis=1) / np.maximum(total, _LEAST_POWER))
    return float(covered[-max(1, len(covered) // 5) :].mean())


@cache
def speech_separator(weights: Path = SPEECH_WEIGHTS) -> SpeechSeparator:
    """Return the separator of speech that comes with Offcut, or one with other weights.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    """
    return SpeechSeparator(speech_network(weights))


def _power(stretch: Stretch) -> Tensor:
    """Return mel power, shape (frames, bands)."""
    spectra = Spectra()
    return spectra.power(spectra.spectrum(torch.tensor(stretch.samples)[None]))[0]
