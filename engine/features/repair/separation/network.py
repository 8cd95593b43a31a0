"""A U-Net that estimates a mask over bands from a window, its surroundings, and a prompt.

The recipe is that of text-guided separation by feature-wise modulation (FiLM: E. Perez et al., AAAI 2018; X.
Liu et al., "Separate what you describe", Interspeech 2022): bottleneck and decoder of a U-Net over the
spectrogram are modulated by the prompt. In an editor, the recording around the window is available, too: mean
and deviation of each band outside join the words in the condition, and the deviation of each moment from that
mean is an input image.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.detection.network import WIDTHS as SOUND_WIDTHS
from engine.analysis.detection.network import SoundNetwork
from engine.analysis.detection.spectra import MEL
from engine.analysis.words.text import SIZE

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
    together = functional.normalize(ears.told(features[-1])[0], dim=2) @ prompt[..., None]
    each = functional.normalize(ears.told_by_band(features[-1]), dim=3) @ prompt[:, None, :, None]
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
        kept = []
        for level, down in enumerate(self.down):
            kept.append(image)
            image = down(image, condition)
            if level:
                image = image + self.hear[level - 1](heard.features[level - 1])
        tags = functional.normalize(self.tag(image.mean(dim=(2, 3))), dim=1)
        image = self._across(self.deep(image + self.like(heard.likeness), condition))
        for level in range(len(WIDTHS) - 1, 0, -1):
            image = self.merge[level - 1](self.up[level](image) + kept[level], condition)
        gain, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)
        image = self.up[0](image) + kept[0]
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
